#include "resolve.h"

#include "automaton.h"
#include "builtin.h"
#include "lexicon.h"
#include "pattern.h"
#include "rule.h"
#include "walk.h"

#include <string.h>

/* What is being resolved, and for whom. */
struct resolution {
    struct depesha_grammar *grammar;
    struct complaints *complaints;
    struct field *field; /* whose slots stand for values; NULL: slots are parts of a token */
    bool has_parts;
};

static void resolve_node(struct resolution *r, struct node *node, bool repeated);

/* ---- names --------------------------------------------------------------------------------- */

static size_t hash_of(const char *name, size_t size)
{
    size_t hash = 5381;
    for (size_t i = 0; i < size; i++)
        hash = hash * 33 + (unsigned char)name[i];
    return hash % 256;
}

const struct definition *find_definition(const struct depesha_grammar *grammar, const char *name, size_t size)
{
    for (const struct definition *d = grammar->by_hash[hash_of(name, size)]; d != NULL; d = d->same_hash)
        if (strncmp(d->name, name, size) == 0 && d->name[size] == '\0')
            return d;
    return NULL;
}

const struct type *find_type(const struct depesha_grammar *grammar, const char *name)
{
    for (const struct type *type = grammar->types; type != NULL; type = type->next)
        if (strcmp(type->name, name) == 0)
            return type;
    return NULL;
}

const struct key *find_key(const struct depesha_grammar *grammar, const char *path)
{
    for (const struct key *key = grammar->keys; key != NULL; key = key->next)
        if (strcmp(key->path, path) == 0)
            return key;
    return NULL;
}

struct rule *find_rule(const struct depesha_grammar *grammar, const char *id)
{
    for (struct rule *rule = grammar->rules; rule != NULL; rule = rule->next)
        if (strcmp(rule->id, id) == 0)
            return rule;
    return NULL;
}

const struct field *find_field(const struct depesha_grammar *grammar, const char *name)
{
    const struct field *field = grammar->fields_by_hash[hash_of(name, strlen(name))];
    while (field != NULL && strcmp(field->name, name) != 0)
        field = field->same_hash;
    return field;
}

void field_add(struct depesha_grammar *grammar, struct field *field)
{
    struct field **same = &grammar->fields_by_hash[hash_of(field->name, strlen(field->name))];
    struct field **last = grammar->last_field == NULL ? &grammar->fields : &grammar->last_field->next;
    field->same_hash = *same;
    *same = *last = grammar->last_field = field;
}

/* How many letters must change to make one name of the other; names are short. */
static size_t distance(const char *a, const char *b)
{
    size_t row[64];
    size_t m = strlen(a), n = strlen(b);
    if (m > 60 || n > 60)
        return 60;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; i <= m; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t cost = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            size_t shift = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = cost < shift ? cost : shift;
        }
    }
    return row[n];
}

struct suggestion {
    const char *wanted, *best;
    size_t distance;
};

static void suggest(struct suggestion *s, const char *name)
{
    size_t d = distance(s->wanted, name);
    if (d < s->distance) {
        s->distance = d;
        s->best = name;
    }
}

static const char *did_you_mean(struct arena *arena, const struct suggestion *s, const char *otherwise)
{
    if (s->best == NULL)
        return otherwise;
    return arena_format(arena, "did you mean '%s'?", s->best);
}

static struct suggestion suggestion_for(const char *wanted)
{
    return (struct suggestion){wanted, NULL, strlen(wanted) / 3 + 2};
}

/* ---- expressions --------------------------------------------------------------------------- */

static void resolve_definition(struct depesha_grammar *grammar, struct complaints *complaints, struct definition *d)
{
    struct resolution r = {.grammar = grammar, .complaints = complaints};
    d->state = UNDER_WAY;
    resolve_node(&r, d->node, false);
    d->has_parts = r.has_parts;
    d->state = RESOLVED;
}

static void resolve_name(struct resolution *r, struct node *node)
{
    struct depesha_grammar *grammar = r->grammar;
    struct definition *d = (struct definition *)find_definition(grammar, node->text, node->size);
    if (d == NULL) {
        char *name = arena_copy(&grammar->arena, node->text, node->size);
        struct suggestion s = suggestion_for(name);
        for (const struct definition *o = grammar->definitions; o != NULL; o = o->next)
            suggest(&s, o->name);
        complain(r->complaints, node->place, "there is no token or enumeration '%s'; %s", name,
                 did_you_mean(&grammar->arena, &s, "define it, or quote it if it is a word of the cable"));
        return;
    }
    if (d->state == UNDER_WAY) {
        complain(r->complaints, node->place, "'%s' contains itself; a token may only use others", d->name);
        return; /* without definition: so nothing goes round for ever */
    }
    if (d->state == NOT_YET)
        resolve_definition(grammar, r->complaints, d);
    node->definition = d;
    r->has_parts = r->has_parts || d->has_parts;
}

/* The key that a slot of a field fills; NULL with a complaint if there is none. */
static const struct key *slot_key(struct resolution *r, const struct node *node)
{
    char *path = arena_copy(&r->grammar->arena, node->text, node->size);
    const struct key *key = find_key(r->grammar, path);
    if (key == NULL) {
        struct suggestion s = suggestion_for(path);
        for (const struct key *k = r->grammar->keys; k != NULL; k = k->next)
            suggest(&s, k->path);
        complain(r->complaints, node->place, "the record has no key '%s'; %s", path,
                 did_you_mean(&r->grammar->arena, &s, "declare it: key NAME = TYPE"));
    }
    return key;
}

/* Its type: the key's, unless the slot names another. */
static const struct type *slot_type(struct resolution *r, const struct node *node, const struct key *key)
{
    if (node->type_name == NULL)
        return key->type;
    const struct type *type = find_type(r->grammar, node->type_name);
    if (type == NULL)
        complain(r->complaints, node->place, "there is no type '%s'", node->type_name);
    return type;
}

/* Slots are found in the order in which their groups open in the pattern. */
static void resolve_slot(struct resolution *r, struct node *node, bool repeated)
{
    struct field *field = r->field;
    const struct key *key = slot_key(r, node);
    const struct type *type = key == NULL ? NULL : slot_type(r, node, key);
    if (repeated)
        complain(
            r->complaints, node->place,
            "a slot cannot stand in a repeated part, for only its last text would be kept; use a type that splits");
    node->reads = node->first != NULL || type == NULL ? node->first : type->reads;
    node->slot = field->slot_count;
    if (node->reads == NULL)
        return;
    field->slots = arena_grow(&r->grammar->arena, field->slots, field->slot_count, &field->slot_room,
                              field->slot_count + 1, sizeof *field->slots);
    r->field = NULL;
    resolve_node(r, node->first, repeated);
    r->field = field;
    field->slots[field->slot_count++] = (struct slot){
        .key = key,
        .type = type,
        .reader = node->reads->kind == NODE_NAME ? node->reads->definition : NULL,
        .place = node->place,
    };
}

static void resolve_part(struct resolution *r, struct node *node, bool repeated)
{
    if (node->first == NULL)
        complain(r->complaints, node->place, "a part of a token says what it reads: {%.*s EXPRESSION}", (int)node->size,
                 node->text);
    node->part = arena_copy(&r->grammar->arena, node->text, node->size);
    r->has_parts = true;
    resolve_node(r, node->first, repeated);
}

static void resolve_node(struct resolution *r, struct node *node, bool repeated)
{
    if (node == NULL)
        return;
    if (node->kind == NODE_NAME) {
        resolve_name(r, node);
    } else if (node->kind == NODE_SLOT && r->field != NULL) {
        resolve_slot(r, node, repeated);
    } else if (node->kind == NODE_SLOT) {
        resolve_part(r, node, repeated);
    } else {
        repeated = repeated || node->kind == NODE_SOME || node->kind == NODE_MANY;
        for (struct node *child = node->first; child != NULL; child = child->next)
            resolve_node(r, child, repeated);
    }
}

static void resolve_plain(struct depesha_grammar *grammar, struct complaints *complaints, struct node *node)
{
    struct resolution r = {.grammar = grammar, .complaints = complaints};
    resolve_node(&r, node, false);
}

/* ---- what can be wrong with a pattern ------------------------------------------------------- */

/* The statements of the built-in grammars are known to be right: they are compiled when they are needed. */
static bool is_built_in(struct place place)
{
    for (size_t i = 0; place.source != NULL && i < depesha_builtin_count; i++)
        if (place.source->text == depesha_builtins[i].text)
            return true;
    return false;
}

/* Finds which /pattern/ of an expression PCRE2 refuses, and where. */
static void check_leaves(const struct depesha_grammar *grammar, struct complaints *complaints, const struct node *node)
{
    if (node == NULL)
        return;
    if (node->kind == NODE_PATTERN) {
        int error = 0;
        size_t offset = 0;
        bool captures = false;
        if (!pattern_reads(grammar, node, complaints->arena, &error, &offset, &captures)) {
            char message[160] = "";
            if (error == PCRE2_ERROR_HEAP_FAILED)
                arena_fail(complaints->arena);
            pcre2_get_error_message(error, (PCRE2_UCHAR *)message, sizeof message);
            struct place place = {node->place.source, node->place.offset + 1 + offset, 1};
            complain(complaints, place, "PCRE2 cannot read this pattern: %s", message);
        } else if (captures) {
            complain(complaints, node->place,
                     "a pattern has no groups with names; write (?:...), and {PATH /.../} for what the record gets");
        }
    }
    for (const struct node *child = node->first; child != NULL; child = child->next)
        check_leaves(grammar, complaints, child);
}

/* Compiles a pattern now. False with a complaint if that fails, unless there is one that explains it already. */
static bool check_pattern(const struct depesha_grammar *grammar, struct complaints *complaints,
                          const struct pattern *pattern, struct place place)
{
    if (pattern->kind == PATTERN_NONE)
        return false;
    const struct compiled *compiled = pattern_compiled(grammar, pattern, complaints->arena);
    if (compiled->code == NULL && complaints->count == 0) {
        char message[160] = "";
        pcre2_get_error_message(compiled->error, (PCRE2_UCHAR *)message, sizeof message);
        complain(complaints, place, "PCRE2 cannot compile what this becomes: %s", message);
    }
    return compiled->code != NULL;
}

/* Whether it matches the text from its beginning; *end is where. */
static bool matches_probe(const struct depesha_grammar *grammar, struct arena *arena, const pcre2_code *code,
                          const char *text, uint32_t options, size_t *end)
{
    pcre2_match_data *data = pattern_room(grammar, 1);
    int result = data == NULL ? PCRE2_ERROR_NOMEMORY
                              : pcre2_match(code, (PCRE2_SPTR)text, strlen(text), 0,
                                            options | PCRE2_ANCHORED | PCRE2_NO_UTF_CHECK, data, NULL);
    *end = result < 0 ? 0 : pcre2_get_ovector_pointer(data)[1];
    pcre2_match_data_free(data);
    if (result == PCRE2_ERROR_NOMEMORY)
        arena_fail(arena);
    return result >= 0;
}

/* A production that matches whatever it is given explains nothing. */
static bool matches_everything(const struct depesha_grammar *grammar, struct arena *arena, const pcre2_code *code)
{
    static const char *const probes[] = {"a b, c.", "7 (x)!", "\xD0\x96 \xD0\xB6: 1/2", "zq zq zq zq"};
    bool all = true;
    size_t end;
    for (size_t i = 0; all && i < sizeof probes / sizeof *probes; i++)
        all = matches_probe(grammar, arena, code, probes[i], PCRE2_ENDANCHORED, &end);
    return all;
}

/* PCRE2's own word on this errs to the safe side where tokens are called; so it is tried. */
static bool matches_nothing(const struct depesha_grammar *grammar, struct arena *arena, const pcre2_code *code)
{
    static const char *const probes[] = {"", "a", "7", "(", "\n"};
    bool any = false;
    size_t end;
    for (size_t i = 0; !any && i < sizeof probes / sizeof *probes; i++)
        any = matches_probe(grammar, arena, code, probes[i], 0, &end) && end == 0;
    return any;
}

/* Whether a slot of the field can fill a path: its own, or one beside it if its pieces are taken apart. */
static bool fills(const struct field *field, const char *path)
{
    const char *dot = strrchr(path, '.');
    size_t size = dot == NULL ? 0 : (size_t)(dot - path) + 1;
    for (size_t i = 0; i < field->slot_count; i++) {
        const struct slot *slot = &field->slots[i];
        if (slot->key == NULL || strcmp(slot->key->path, path) == 0)
            return true;
        if (slot->type != NULL && slot->type->item != NULL && strncmp(slot->key->path, path, size) == 0 &&
            strchr(slot->key->path + size, '.') == NULL)
            return true;
    }
    return false;
}

static void check_examples(const struct depesha_grammar *grammar, struct complaints *complaints,
                           const struct field *field)
{
    for (const struct example *example = field->examples; example != NULL; example = example->next)
        for (const struct expectation *expect = example->expect; expect != NULL; expect = expect->next) {
            if (!expect->named || fills(field, expect->path))
                continue;
            if (find_key(grammar, expect->path) == NULL)
                complain(complaints, expect->place, "the record has no key '%s', which this example names",
                         expect->path);
            else
                complain(complaints, expect->place, "field '%s' has no slot for '%s'; add {%s}, or correct the example",
                         field->name, expect->path, expect->path);
        }
}

static void check_field(const struct depesha_grammar *grammar, struct complaints *complaints, const struct field *field)
{
    size_t before = complaints->count;
    check_leaves(grammar, complaints, field->node);
    if (complaints->count > before || !check_pattern(grammar, complaints, &field->pattern, field->place))
        return;
    const pcre2_code *code = pattern_compiled(grammar, &field->pattern, complaints->arena)->code;
    if (matches_nothing(grammar, complaints->arena, code))
        complain(complaints, field->place, "field '%s' can match nothing at all; let at least one part be required",
                 field->name);
    else if (field->weight > 0 && matches_everything(grammar, complaints->arena, code))
        complain(complaints, field->place, "field '%s' matches any text; begin it with a label or a narrower pattern",
                 field->name);
    check_examples(grammar, complaints, field);
}

static void check_definition(const struct depesha_grammar *grammar, struct complaints *complaints,
                             const struct definition *d)
{
    size_t before = complaints->count;
    check_leaves(grammar, complaints, d->node);
    if (complaints->count > before)
        return;
    if (d->is_enumeration)
        check_pattern(grammar, complaints, &d->codes, d->place);
    check_pattern(grammar, complaints, &d->parts, d->place);
}

static void check_type(const struct depesha_grammar *grammar, struct complaints *complaints, const struct type *type)
{
    size_t before = complaints->count;
    check_leaves(grammar, complaints, type->reads);
    check_leaves(grammar, complaints, type->drops);
    check_leaves(grammar, complaints, type->splits);
    if (complaints->count > before)
        return;
    check_pattern(grammar, complaints, &type->drop, type->place);
    check_pattern(grammar, complaints, &type->split, type->place);
}

static void check_rule(const struct depesha_grammar *grammar, struct complaints *complaints, const struct rule *rule)
{
    for (const struct condition *condition = rule->conditions; condition != NULL; condition = condition->next) {
        size_t before = complaints->count;
        check_leaves(grammar, complaints, condition->node);
        if (complaints->count == before)
            check_pattern(grammar, complaints, &condition->pattern, condition->place);
    }
}

static bool is_checked(const struct definition *d, bool all)
{
    bool checked = all || !is_built_in(d->place);
    for (const struct entry *entry = d->entries; !checked && entry != NULL; entry = entry->next)
        checked = entry->node != NULL && !is_built_in(entry->node->place);
    return checked;
}

static bool has_foreign(const struct node *choice)
{
    for (const struct node *node = choice == NULL ? NULL : choice->first; node != NULL; node = node->next)
        if (!is_built_in(node->place))
            return true;
    return false;
}

void resolve_check(const struct depesha_grammar *grammar, bool all, struct complaints *complaints)
{
    const struct place start = {grammar->sources, 0, 0};
    enum { SHARED = 3 };
    const struct node *const shared[SHARED] = {grammar->damage, grammar->noise, grammar->prose};
    bool changed = all;
    for (size_t i = 0; i < SHARED; i++)
        if (all || has_foreign(shared[i])) {
            check_leaves(grammar, complaints, shared[i]);
            changed = true;
        }
    for (const struct language *language = grammar->languages; language != NULL; language = language->next)
        if (all || !is_built_in(language->place))
            check_leaves(grammar, complaints, language->node);
    if (changed) {
        check_pattern(grammar, complaints, &grammar->lead, start);
        check_pattern(grammar, complaints, &grammar->prose_line, start);
    }
    for (const struct definition *d = grammar->definitions; d != NULL; d = d->next)
        if (is_checked(d, all))
            check_definition(grammar, complaints, d);
    for (const struct type *type = grammar->types; type != NULL; type = type->next)
        if (all || !is_built_in(type->place))
            check_type(grammar, complaints, type);
    for (const struct field *field = grammar->fields; field != NULL; field = field->next)
        if (all || !is_built_in(field->place))
            check_field(grammar, complaints, field);
    for (const struct rule *rule = grammar->rules; rule != NULL; rule = rule->next)
        if (all || !is_built_in(rule->place))
            check_rule(grammar, complaints, rule);
}

/* ---- statements ----------------------------------------------------------------------------- */

/* The pattern by which a value's text is taken apart. */
static void resolve_parts(struct depesha_grammar *grammar, const struct definition *reader)
{
    struct definition *d = (struct definition *)reader;
    if (d != NULL && d->parts.kind == PATTERN_NONE && d->node != NULL && d->has_parts)
        pattern_add(grammar, &d->parts, PATTERN_PARTS, d->node);
}

/* What a type drops; for all but plain texts that includes damage. */
static void resolve_drop(struct depesha_grammar *grammar, struct type *type)
{
    const struct node *damage = type->kind == KIND_TEXT ? NULL : grammar->damage;
    if (type->drops == NULL || damage == NULL) {
        if (type->drops != NULL || damage != NULL)
            pattern_add(grammar, &type->drop, PATTERN_PLAIN, type->drops != NULL ? type->drops : damage);
        return;
    }
    struct node *both = arena_take(&grammar->arena, 3, sizeof *both);
    both[0] = (struct node){.kind = NODE_CHOICE, .place = type->drops->place, .first = &both[1]};
    both[1] = *type->drops;
    both[1].next = &both[2];
    both[2] = *damage;
    both[2].next = NULL;
    pattern_add(grammar, &type->drop, PATTERN_PLAIN, &both[0]);
}

static void resolve_type(struct depesha_grammar *grammar, struct complaints *complaints, struct type *type)
{
    resolve_plain(grammar, complaints, type->reads);
    resolve_plain(grammar, complaints, type->drops);
    resolve_plain(grammar, complaints, type->splits);
    if (type->reads != NULL && type->reads->kind == NODE_NAME) {
        type->definition = type->reads->definition;
        if (type->definition != NULL && type->definition->is_enumeration)
            type->enumeration = type->definition;
        resolve_parts(grammar, type->definition);
    }
    if (type->item_name != NULL) {
        type->item = find_definition(grammar, type->item_name, strlen(type->item_name));
        if (type->item == NULL)
            complain(complaints, type->place, "there is no token '%s' for the pieces of type '%s'", type->item_name,
                     type->name);
        resolve_parts(grammar, type->item);
    }
    if (type->kind == KIND_CODE && type->enumeration == NULL)
        complain(complaints, type->place, "type '%s' is a code and reads an enumeration: reads NAME", type->name);
    if (type->reads == NULL)
        complain(complaints, type->place, "type '%s' says nothing of what it reads; add: reads EXPRESSION", type->name);
    resolve_drop(grammar, type);
    if (type->splits != NULL)
        pattern_add(grammar, &type->split, PATTERN_PLAIN, type->splits);
}

/* A key may name an enumeration for its type. */
static const struct type *type_of_enumeration(struct depesha_grammar *grammar, const struct key *key)
{
    const struct definition *d = find_definition(grammar, key->type_name, strlen(key->type_name));
    if (d == NULL || !d->is_enumeration)
        return NULL;
    struct node *name = arena_take(&grammar->arena, 1, sizeof *name);
    *name = (struct node){.kind = NODE_NAME, .place = key->place, .text = d->name, .size = strlen(d->name)};
    struct type *type = arena_take(&grammar->arena, 1, sizeof *type);
    *type = (struct type){.name = d->name,
                          .place = key->place,
                          .kind = KIND_CODE,
                          .reads = name,
                          .definition = d,
                          .enumeration = d,
                          .next = grammar->types};
    grammar->types = type;
    return type;
}

static void resolve_keys(struct depesha_grammar *grammar, struct complaints *complaints)
{
    for (struct key *key = grammar->keys; key != NULL; key = key->next) {
        key->index = grammar->key_count++;
        if (grammar->key_count == MAX_KEYS + 1)
            complain(complaints, key->place, "a record can have %d keys at most", (int)MAX_KEYS);
        key->type = find_type(grammar, key->type_name);
        if (key->type == NULL)
            key->type = type_of_enumeration(grammar, key);
        if (key->type == NULL) {
            struct suggestion s = suggestion_for(key->type_name);
            for (const struct type *type = grammar->types; type != NULL; type = type->next)
                suggest(&s, type->name);
            complain(complaints, key->place, "there is no type or enumeration '%s'; %s", key->type_name,
                     did_you_mean(&grammar->arena, &s, "declare it: type NAME KIND reads TOKEN"));
        }
        for (const struct list *list = grammar->lists; list != NULL; list = list->next) {
            size_t size = strlen(list->path);
            if (strncmp(key->path, list->path, size) == 0 && (key->path[size] == '\0' || key->path[size] == '.')) {
                key->list = size;
                key->list_index = list->index;
            }
        }
    }
}

static void resolve_zones(struct depesha_grammar *grammar, struct complaints *complaints)
{
    for (size_t i = 0; i < grammar->zone_count; i++) {
        struct zone *zone = &grammar->zones[i];
        for (size_t n = 0; n < zone->next_count; n++) {
            size_t j = 0;
            while (j < grammar->zone_count && strcmp(grammar->zones[j].name, zone->next_names[n]) != 0)
                j++;
            zone->next[n] = j;
            if (j == grammar->zone_count) {
                complain(complaints, zone->place, "zone '%s' is followed by '%s', which is no zone", zone->name,
                         zone->next_names[n]);
                zone->next[n] = i;
            }
        }
    }
}

/* A field that names a key twice is read once. */
static void add_reader(struct depesha_grammar *grammar, struct key *key, const struct field *field)
{
    struct field_list **last = &key->readers;
    for (; *last != NULL; last = &(*last)->next)
        if ((*last)->field == field)
            return;
    *last = arena_take(&grammar->arena, 1, sizeof **last);
    (*last)->field = field;
}

static void resolve_in(struct depesha_grammar *grammar, struct complaints *complaints, struct field *field)
{
    for (const struct name_list *in = field->in; in != NULL; in = in->next) {
        const struct key *key = find_key(grammar, in->name);
        size_t zone = 0;
        while (zone < grammar->zone_count && strcmp(grammar->zones[zone].name, in->name) != 0)
            zone++;
        if (zone < grammar->zone_count)
            field->zones |= UINT32_C(1) << zone;
        else if (key != NULL) {
            struct key_list *inside = arena_take(&grammar->arena, 1, sizeof *inside);
            *inside = (struct key_list){key, field->inside};
            field->inside = inside;
            add_reader(grammar, (struct key *)key, field);
        } else {
            struct suggestion s = suggestion_for(in->name);
            for (size_t i = 0; i < grammar->zone_count; i++)
                suggest(&s, grammar->zones[i].name);
            complain(
                complaints, in->place, "there is no zone '%s'; %s", in->name,
                did_you_mean(&grammar->arena, &s, "name a zone of the grammar, or a key whose text is to be read"));
        }
    }
    if (field->then_name != NULL) {
        while (field->then < grammar->zone_count &&
               strcmp(grammar->zones[field->then].name, field->then_name->name) != 0)
            field->then++;
        field->leads = field->then < grammar->zone_count;
        if (!field->leads)
            complain(complaints, field->then_name->place, "there is no zone '%s' to go on in", field->then_name->name);
    }
    if (field->in == NULL)
        complain(complaints, field->place, "field '%s' says in no zone; write: field %s in header", field->name,
                 field->name);
}

static const struct node *first_element(const struct node *node)
{
    while (node != NULL && node->kind == NODE_SEQUENCE)
        node = node->first;
    return node;
}

static void resolve_field(struct depesha_grammar *grammar, struct complaints *complaints, struct field *field)
{
    field->index = grammar->field_count++;
    resolve_in(grammar, complaints, field);
    if (field->node == NULL)
        return;
    const struct node *first = first_element(field->node);
    field->at_start = first != NULL && first->kind == NODE_START;
    struct resolution r = {.grammar = grammar, .complaints = complaints, .field = field};
    size_t before = complaints->count;
    resolve_node(&r, field->node, false);
    if (complaints->count > before)
        return;
    for (size_t i = 0; i < field->slot_count; i++)
        resolve_parts(grammar, field->slots[i].reader);
    pattern_add(grammar, &field->pattern, PATTERN_FIELD, field->node);
    pattern_add(grammar, &field->flat, PATTERN_FLAT, field->node);
    walk_prepare(grammar, field);
}

static void index_fields(struct depesha_grammar *grammar)
{
    grammar->by_index = arena_take(&grammar->arena, grammar->field_count + 1, sizeof(struct field *));
    for (const struct field *field = grammar->fields; field != NULL; field = field->next)
        grammar->by_index[field->index] = field;
}

/* The key of a path that may be nearly right. */
static const char *nearest_key(struct depesha_grammar *grammar, const char *path)
{
    struct suggestion s = suggestion_for(path);
    for (const struct key *key = grammar->keys; key != NULL; key = key->next)
        suggest(&s, key->path);
    return did_you_mean(&grammar->arena, &s, "see `depesha grammar list`");
}

static bool has_code(const struct definition *enumeration, const char *code)
{
    for (const struct entry *entry = enumeration->entries; entry != NULL; entry = entry->next)
        if (strcmp(entry->code, code) == 0)
            return true;
    return false;
}

/* Whether a key can get a code: by its own type, or by the one that it has in a slot. */
static bool can_be(const struct depesha_grammar *grammar, const struct key *key, const char *code)
{
    const struct type *type = key->type;
    if (type == NULL || type->kind != KIND_CODE || type->enumeration == NULL || has_code(type->enumeration, code))
        return true;
    for (const struct field *field = grammar->fields; field != NULL; field = field->next)
        for (size_t i = 0; i < field->slot_count; i++) {
            const struct slot *slot = &field->slots[i];
            if (slot->key == key && slot->type != NULL && slot->type != type &&
                (slot->type->enumeration == NULL || has_code(slot->type->enumeration, code)))
                return true;
        }
    return false;
}

static void resolve_asked(struct depesha_grammar *grammar, struct complaints *complaints, struct name_list *name)
{
    size_t size = strcspn(name->name, "=");
    const char *path = arena_copy(&grammar->arena, name->name, size);
    const char *code = name->name[size] == '=' ? name->name + size + 1 : NULL;
    const struct key *key = find_key(grammar, path);
    const struct field *field = find_field(grammar, path);
    if (key == NULL && field == NULL) {
        complain(complaints, name->place, "'%s' is neither a key of the record nor a field; %s", path,
                 nearest_key(grammar, path));
    } else if (key == NULL && code != NULL) {
        complain(complaints, name->place, "'%s' is a field, which has no codes; name a key, or the field alone", path);
    } else if (code != NULL && !can_be(grammar, key, code)) {
        struct suggestion s = suggestion_for(code);
        for (const struct entry *entry = key->type->enumeration->entries; entry != NULL; entry = entry->next)
            suggest(&s, entry->code);
        complain(complaints, name->place, "'%s' is never '%s'; %s", path, code,
                 did_you_mean(
                     &grammar->arena, &s,
                     arena_format(&grammar->arena, "the codes are those of enum %s", key->type->enumeration->name)));
    }
    name->key = key;
    name->code = code;
    name->field = code == NULL ? field : NULL;
}

static void resolve_demands(struct depesha_grammar *grammar, struct complaints *complaints, const struct demand *demand)
{
    for (; demand != NULL; demand = demand->next)
        for (struct name_list *name = demand->any; name != NULL; name = name->next)
            resolve_asked(grammar, complaints, name);
}

/* The stages of a form have dates. */
static void check_order(struct depesha_grammar *grammar, struct complaints *complaints, const struct name_list *stage)
{
    for (; stage != NULL; stage = stage->next) {
        const struct key *key = find_key(grammar, stage->name);
        if (key == NULL)
            complain(complaints, stage->place, "'%s' is no key of the record; %s", stage->name,
                     nearest_key(grammar, stage->name));
        else if (key->type != NULL && key->type->kind != KIND_DATE)
            complain(complaints, stage->place, "'%s' is no date; order takes keys whose type is a date", stage->name);
    }
}

/* ---- rules ---------------------------------------------------------------------------------- */

/* The keys of a list of paths; NULL behind the last. */
static const struct key **resolve_paths(struct depesha_grammar *grammar, struct complaints *complaints,
                                        const struct name_list *names)
{
    size_t count = 0, n = 0;
    for (const struct name_list *name = names; name != NULL; name = name->next)
        count++;
    const struct key **keys = arena_take(&grammar->arena, count + 1, sizeof(struct key *));
    for (const struct name_list *name = names; name != NULL; name = name->next) {
        keys[n] = find_key(grammar, name->name);
        if (keys[n++] == NULL) {
            complain(complaints, name->place, "'%s' is no key of the record; %s", name->name,
                     nearest_key(grammar, name->name));
            return keys;
        }
    }
    return keys;
}

static uint32_t resolve_zone_names(struct depesha_grammar *grammar, struct complaints *complaints,
                                   const struct name_list *names)
{
    uint32_t zones = names == NULL ? UINT32_MAX : 0;
    for (; names != NULL; names = names->next) {
        size_t zone = 0;
        while (zone < grammar->zone_count && strcmp(grammar->zones[zone].name, names->name) != 0)
            zone++;
        if (zone == grammar->zone_count)
            complain(complaints, names->place, "there is no zone '%s'", names->name);
        else
            zones |= UINT32_C(1) << zone;
    }
    return zones;
}

/* The token or enumeration that a condition names, and the pattern by which it is found. */
static void resolve_named(struct depesha_grammar *grammar, struct complaints *complaints, struct condition *condition)
{
    condition->definition = find_definition(grammar, condition->name, strlen(condition->name));
    if (condition->definition == NULL) {
        complain(complaints, condition->place, "there is no token or enumeration '%s'", condition->name);
        return;
    }
    bool nearly = condition->predicate == WHEN_NEARLY;
    if (nearly && !condition->definition->is_enumeration)
        complain(complaints, condition->place, "'%s' is no enumeration", condition->name);
    if (nearly) {
        condition->words = rule_words(&grammar->arena, condition->definition);
        return;
    }
    condition->node = arena_take(&grammar->arena, 1, sizeof *condition->node);
    *condition->node = (struct node){.kind = NODE_NAME,
                                     .place = condition->place,
                                     .text = condition->name,
                                     .size = strlen(condition->name),
                                     .definition = condition->definition};
    resolve_parts(grammar, condition->definition);
}

static void resolve_condition(struct depesha_grammar *grammar, struct complaints *complaints,
                              struct condition *condition)
{
    resolve_demands(grammar, complaints, condition->demands);
    condition->keys = resolve_paths(grammar, complaints, condition->paths);
    condition->others = resolve_paths(grammar, complaints, condition->against);
    condition->fellows = resolve_paths(grammar, complaints, condition->beside);
    condition->zones = resolve_zone_names(grammar, complaints, condition->zone_names);
    if (condition->name != NULL)
        resolve_named(grammar, complaints, condition);
    resolve_plain(grammar, complaints, condition->node);
    if (condition->node != NULL)
        pattern_add(grammar, &condition->pattern, condition->predicate == WHEN_MISDATED ? PATTERN_LINE : PATTERN_PLAIN,
                    condition->node);
}

/* Keys, fields, or other rules. */
static void resolve_guard(struct depesha_grammar *grammar, struct complaints *complaints, const struct demand *demand)
{
    for (; demand != NULL; demand = demand->next)
        for (struct name_list *name = demand->any; name != NULL; name = name->next)
            if (find_rule(grammar, name->name) == NULL)
                resolve_asked(grammar, complaints, name);
}

static void resolve_rule(struct depesha_grammar *grammar, struct complaints *complaints, struct rule *rule)
{
    const char *word = NULL;
    for (const struct name_list *name = rule->forms; name != NULL; name = name->next) {
        const struct form *form = grammar->forms;
        while (form != NULL && strcmp(form->id, name->name) != 0)
            form = form->next;
        if (form == NULL)
            complain(complaints, name->place, "there is no form '%s'; see `depesha grammar list`", name->name);
    }
    resolve_guard(grammar, complaints, rule->only_if);
    resolve_guard(grammar, complaints, rule->unless);
    for (struct condition *condition = rule->conditions; condition != NULL; condition = condition->next)
        resolve_condition(grammar, complaints, condition);
    if (rule_tells_too_much(complaints->arena, rule, &word))
        complain(complaints, rule->place, "the message of rule '%s' has {%s}, which what it looks for does not tell",
                 rule->id, word);
}

/* Statements that change a rule: those of the file that was asked for have the last word. */
static void adjust_rules(struct depesha_grammar *grammar, struct complaints *complaints, bool included)
{
    for (const struct rule *change = grammar->adjustments; change != NULL; change = change->next) {
        struct rule *rule = find_rule(grammar, change->id);
        if ((change->place.source->from != NULL) != included)
            continue;
        if (rule == NULL) {
            struct suggestion s = suggestion_for(change->id);
            for (const struct rule *other = grammar->rules; other != NULL; other = other->next)
                suggest(&s, other->id);
            complain(complaints, change->place, "there is no rule '%s' to change; %s", change->id,
                     did_you_mean(&grammar->arena, &s, "to add one, say what it looks for: when PREDICATE"));
            continue;
        }
        rule->off = change->off;
        rule->severity = change->off ? rule->severity : change->severity;
        rule->forms = change->forms != NULL ? change->forms : rule->forms;
        rule->only_if = change->only_if != NULL ? change->only_if : rule->only_if;
        rule->unless = change->unless != NULL ? change->unless : rule->unless;
        rule->says = change->says != NULL ? change->says : rule->says;
        rule->about = change->about != NULL ? change->about : rule->about;
        rule->example = change->example != NULL ? change->example : rule->example;
        if (change->example != NULL)
            rule->place = change->place;
    }
}

static void resolve_rules(struct depesha_grammar *grammar, struct complaints *complaints)
{
    adjust_rules(grammar, complaints, true);
    adjust_rules(grammar, complaints, false);
    for (struct rule *rule = grammar->rules; rule != NULL; rule = rule->next)
        resolve_rule(grammar, complaints, rule);
}

/* Names are looked up by their hash. */
static void index_definitions(struct depesha_grammar *grammar)
{
    for (struct definition *d = grammar->definitions; d != NULL; d = d->next) {
        struct definition **last = &grammar->by_hash[hash_of(d->name, strlen(d->name))];
        while (*last != NULL)
            last = &(*last)->same_hash;
        *last = d;
        d->index = grammar->definition_count++;
    }
}

static void resolve_shared(struct depesha_grammar *grammar, struct complaints *complaints)
{
    resolve_plain(grammar, complaints, grammar->damage);
    resolve_plain(grammar, complaints, grammar->noise);
    resolve_plain(grammar, complaints, grammar->prose);
    for (struct language *language = grammar->languages; language != NULL; language = language->next)
        resolve_plain(grammar, complaints, language->node);
    static const char letters[] = "\\pL";
    struct node *letter = arena_take(&grammar->arena, 1, sizeof *letter);
    *letter = (struct node){.kind = NODE_PATTERN, .size = strlen(letters)};
    letter->text = arena_copy(&grammar->arena, letters, letter->size); /* all that a grammar points to is its own */
    pattern_add(grammar, &grammar->lead, PATTERN_LEAD, NULL);
    pattern_add(grammar, &grammar->gap, PATTERN_GAP, NULL);
    pattern_add(grammar, &grammar->letter, PATTERN_LINE, letter);
    if (grammar->damage != NULL)
        pattern_add(grammar, &grammar->damaged, PATTERN_PLAIN, grammar->damage);
    if (grammar->noise != NULL)
        pattern_add(grammar, &grammar->noisy, PATTERN_PLAIN, grammar->noise);
    if (grammar->prose != NULL)
        pattern_add(grammar, &grammar->prose_line, PATTERN_LINE, grammar->prose);
}

void resolve_grammar(struct depesha_grammar *grammar, struct complaints *complaints)
{
    pattern_open(grammar);
    index_definitions(grammar);
    resolve_keys(grammar, complaints);
    resolve_zones(grammar, complaints);
    for (struct definition *d = grammar->definitions; d != NULL; d = d->next) {
        if (d->state == NOT_YET)
            resolve_definition(grammar, complaints, d);
        if (d->entries != NULL) {
            pattern_add(grammar, &d->codes, PATTERN_CODES, d->node);
            d->codes.entries = d->entries;
        }
    }
    for (struct type *type = grammar->types; type != NULL; type = type->next)
        resolve_type(grammar, complaints, type);
    resolve_shared(grammar, complaints);
    for (struct field *field = grammar->fields; field != NULL; field = field->next)
        resolve_field(grammar, complaints, field);
    index_fields(grammar);
    lexicon_open(grammar);
    resolve_rules(grammar, complaints);
    resolve_check(grammar, false, complaints);
    for (const struct form *form = grammar->forms; form != NULL; form = form->next) {
        resolve_demands(grammar, complaints, form->needs);
        resolve_demands(grammar, complaints, form->likes);
        resolve_demands(grammar, complaints, form->never);
        check_order(grammar, complaints, form->order);
    }
    const struct place start = {grammar->sources, 0, 0};
    if (grammar->zone_count == 0 && complaints->count == 0)
        complain(complaints, start, "the grammar has no zone; include \"soviet\" or declare zones");
    bool starts = grammar->zone_count == 0;
    for (size_t i = 0; i < grammar->zone_count; i++)
        starts = starts || grammar->zones[i].starts;
    if (!starts)
        complain(complaints, grammar->zones[0].place, "no zone starts a document; add the word starts to one");
}
