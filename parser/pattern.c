#include "pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Limits of every match: a pattern that needs more is reported, never waited for. */
enum { MATCH_LIMIT = 200000, DEPTH_LIMIT = 20000, HEAP_LIMIT_KIB = 16 * 1024, MAX_PATTERN = 256 * 1024 };

enum capture { NO_CAPTURE, CAPTURE_SLOTS, CAPTURE_PARTS };

/* An expression on its way to a pattern. */
struct emission {
    const struct depesha_grammar *grammar;
    struct complaints *complaints; /* NULL: known to be right */
    struct buffer out;
    enum capture capture;
    bool repeated;
    struct slot *slots; /* of a field */
    const char **parts; /* of a definition */
    size_t count, room;
};

static void emit(struct emission *e, const struct node *node);

/* ---- names --------------------------------------------------------------------------------- */

const struct definition *find_definition(const struct depesha_grammar *grammar, const char *name, size_t size)
{
    for (const struct definition *d = grammar->definitions; d != NULL; d = d->next)
        if (strlen(d->name) == size && memcmp(d->name, name, size) == 0)
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

const struct field *find_field(const struct depesha_grammar *grammar, const char *name)
{
    for (const struct field *field = grammar->fields; field != NULL; field = field->next)
        if (strcmp(field->name, name) == 0)
            return field;
    return NULL;
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

/* ---- expressions to PCRE2 ------------------------------------------------------------------- */

static void emit_gap(struct emission *e)
{
    buffer_puts(&e->out, "(?:\\h");
    if (e->grammar->damage != NULL) {
        enum capture capture = e->capture;
        e->capture = NO_CAPTURE;
        buffer_puts(&e->out, "|");
        emit(e, e->grammar->damage);
        e->capture = capture;
    }
    buffer_puts(&e->out, ")*+");
}

/* Blanks, damage and noise, where a line begins or ends. */
static void emit_lead(struct emission *e)
{
    enum capture capture = e->capture;
    e->capture = NO_CAPTURE;
    buffer_puts(&e->out, "(?:\\h");
    if (e->grammar->damage != NULL) {
        buffer_puts(&e->out, "|");
        emit(e, e->grammar->damage);
    }
    if (e->grammar->noise != NULL) {
        buffer_puts(&e->out, "|");
        emit(e, e->grammar->noise);
    }
    buffer_puts(&e->out, ")*+");
    e->capture = capture;
}

static size_t character_size(const char *at, size_t size)
{
    size_t n = 1;
    while (n < size && ((unsigned char)at[n] & 0xC0) == 0x80)
        n++;
    return n;
}

static bool is_ascii_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void emit_escaped(struct emission *e, const char *at, size_t size)
{
    unsigned char c = (unsigned char)*at;
    if (size == 1 && !is_ascii_letter(c) && !(c >= '0' && c <= '9'))
        buffer_puts(&e->out, "\\");
    buffer_add(&e->out, at, size);
}

static const char *alike_group(const struct depesha_grammar *grammar, const char *at, size_t size)
{
    for (size_t i = 0; i < grammar->alike_count; i++)
        for (const char *p = grammar->alike[i]; *p != '\0'; p += character_size(p, strlen(p)))
            if (strncmp(p, at, size) == 0)
                return grammar->alike[i];
    return NULL;
}

static void emit_character(struct emission *e, const char *at, size_t size)
{
    const char *group = alike_group(e->grammar, at, size);
    if (group == NULL) {
        emit_escaped(e, at, size);
        return;
    }
    buffer_puts(&e->out, "[");
    for (const char *p = group; *p != '\0';) {
        size_t n = character_size(p, strlen(p));
        emit_escaped(e, p, n);
        p += n;
    }
    buffer_puts(&e->out, "]");
}

/* Quoted words: blanks are any gap, and a word ends where its letters end. */
static void emit_words(struct emission *e, const struct node *node)
{
    buffer_puts(&e->out, node->kind == NODE_WORDS ? "(?i:" : "(?:");
    const char *last = "";
    size_t last_size = 0;
    for (size_t i = 0; i < node->size;) {
        size_t n = character_size(node->text + i, node->size - i);
        last = node->text + i;
        last_size = n;
        if (n == 1 && *last == ' ') {
            emit_gap(e);
        } else if (n == 1 && *last == '\n') {
            buffer_puts(&e->out, "\\R");
        } else {
            emit_character(e, last, n);
        }
        i += n;
    }
    unsigned char c = (unsigned char)*last;
    if (last_size == 1 && c >= '0' && c <= '9')
        buffer_puts(&e->out, "(?!\\pN)");
    else if ((last_size == 1 && is_ascii_letter(c)) || (last_size == 2 && c >= 0xC3 && c <= 0xD4))
        buffer_puts(&e->out, "(?!\\pL)");
    buffer_puts(&e->out, ")");
}

static void emit_name(struct emission *e, const struct node *node)
{
    struct definition *d = (struct definition *)find_definition(e->grammar, node->text, node->size);
    if (d == NULL) {
        if (e->complaints == NULL)
            return;
        char *name = arena_copy(e->out.arena, node->text, node->size);
        struct suggestion s = suggestion_for(name);
        for (const struct definition *o = e->grammar->definitions; o != NULL; o = o->next)
            suggest(&s, o->name);
        complain(e->complaints, node->place, "there is no token or enumeration '%s'; %s", name,
                 did_you_mean(e->out.arena, &s, "define it, or quote it if it is a word of the cable"));
        return;
    }
    if (e->complaints != NULL && d->state == 1) {
        complain(e->complaints, node->place, "'%s' contains itself; a token may only use others", d->name);
        return;
    }
    if (e->out.size > MAX_PATTERN || d->node == NULL)
        return;
    if (e->complaints == NULL) { /* a compiled grammar is only read, and has no cycle */
        emit(e, d->node);
        return;
    }
    d->state = 1;
    emit(e, d->node);
    d->state = 0;
}

/* A token's own slots are parts of a value, and no values of the record. */
static void emit_named(struct emission *e, const struct node *node)
{
    enum capture capture = e->capture;
    if (capture == CAPTURE_SLOTS)
        e->capture = NO_CAPTURE;
    emit_name(e, node);
    e->capture = capture;
}

static bool is_optional(const struct node *node)
{
    return node->kind == NODE_OPTION || node->kind == NODE_MANY;
}

static bool is_zero_width(const struct node *node)
{
    return node->kind == NODE_START || node->kind == NODE_END;
}

/* Between two elements: blanks and damage, and never the middle of a word. */
static void emit_between(struct emission *e)
{
    emit_gap(e);
    buffer_puts(&e->out, "(?:(?<!\\pL)|(?!\\pL))");
}

/* Elements one after another, with a gap between each two that are there. */
static void emit_sequence(struct emission *e, const struct node *first, size_t count)
{
    bool led = false; /* something that is always there has come */
    for (const struct node *node = first; node != NULL && count > 0; node = node->next, count--) {
        if (!is_optional(node)) {
            if (led && !is_zero_width(node))
                emit_between(e);
            emit(e, node);
            led = led || !is_zero_width(node);
            continue;
        }
        buffer_puts(&e->out, "(?:");
        if (led)
            emit_between(e);
        bool repeated = e->repeated;
        if (node->kind == NODE_MANY) {
            e->repeated = true;
            buffer_puts(&e->out, "(?:");
            emit(e, node->first);
            buffer_puts(&e->out, ")(?:");
            emit_between(e);
            emit(e, node->first);
            buffer_puts(&e->out, ")*");
        } else {
            emit(e, node->first);
        }
        e->repeated = repeated;
        if (!led)
            emit_between(e);
        buffer_puts(&e->out, ")?");
    }
}

static void emit_break(struct emission *e)
{
    emit_lead(e);
    buffer_puts(&e->out, "(?:\\R");
    emit_lead(e);
    buffer_puts(&e->out, ")++");
}

/* The key that a slot of a field fills; NULL with a complaint if there is none. */
static const struct key *slot_key(struct emission *e, const struct node *node)
{
    char *path = arena_copy(e->out.arena, node->text, node->size);
    const struct key *key = find_key(e->grammar, path);
    if (key == NULL && e->complaints != NULL) {
        struct suggestion s = suggestion_for(path);
        for (const struct key *k = e->grammar->keys; k != NULL; k = k->next)
            suggest(&s, k->path);
        complain(e->complaints, node->place, "the record has no key '%s'; %s", path,
                 did_you_mean(e->out.arena, &s, "declare it: key NAME = TYPE"));
    }
    return key;
}

/* Its type: the key's, unless the slot names another. */
static const struct type *slot_type(struct emission *e, const struct node *node, const struct key *key)
{
    if (node->type_name == NULL)
        return key->type;
    const struct type *type = find_type(e->grammar, node->type_name);
    if (type == NULL && e->complaints != NULL)
        complain(e->complaints, node->place, "there is no type '%s'", node->type_name);
    return type;
}

static void emit_field_slot(struct emission *e, const struct node *node)
{
    const struct key *key = slot_key(e, node);
    const struct type *type = key == NULL ? NULL : slot_type(e, node, key);
    const struct node *expression = node->first != NULL || type == NULL ? node->first : type->reads;
    if (e->repeated && e->complaints != NULL)
        complain(
            e->complaints, node->place,
            "a slot cannot stand in a repeated part, for only its last text would be kept; use a type that splits");
    if (expression == NULL)
        return;
    e->slots = arena_grow(e->out.arena, e->slots, e->count, &e->room, e->count + 1, sizeof *e->slots);
    struct slot *slot = &e->slots[e->count++];
    *slot = (struct slot){.key = key, .type = type, .place = node->place};
    if (expression->kind == NODE_NAME)
        slot->reader = find_definition(e->grammar, expression->text, expression->size);
    buffer_format(&e->out, "(?<s%zu>", e->count);
    e->capture = NO_CAPTURE;
    emit(e, expression);
    e->capture = CAPTURE_SLOTS;
    buffer_puts(&e->out, ")");
}

static void emit_part(struct emission *e, const struct node *node)
{
    if (node->first == NULL) {
        if (e->complaints != NULL)
            complain(e->complaints, node->place, "a part of a token says what it reads: {%.*s EXPRESSION}",
                     (int)node->size, node->text);
        return;
    }
    if (e->capture == NO_CAPTURE) {
        buffer_puts(&e->out, "(?:");
    } else {
        e->parts = arena_grow(e->out.arena, e->parts, e->count, &e->room, e->count + 1, sizeof *e->parts);
        e->parts[e->count++] = arena_copy(e->out.arena, node->text, node->size);
        buffer_format(&e->out, "(?<s%zu>", e->count);
    }
    emit(e, node->first);
    buffer_puts(&e->out, ")");
}

static void emit(struct emission *e, const struct node *node)
{
    switch (node->kind) {
    case NODE_WORDS:
    case NODE_EXACT:
        emit_words(e, node);
        break;
    case NODE_PATTERN:
        buffer_puts(&e->out, "(?:");
        buffer_add(&e->out, node->text, node->size);
        buffer_puts(&e->out, ")");
        break;
    case NODE_NAME:
        emit_named(e, node);
        break;
    case NODE_SLOT:
        if (e->capture == CAPTURE_SLOTS)
            emit_field_slot(e, node);
        else
            emit_part(e, node);
        break;
    case NODE_SEQUENCE:
        buffer_puts(&e->out, "(?:");
        emit_sequence(e, node->first, SIZE_MAX);
        buffer_puts(&e->out, ")");
        break;
    case NODE_CHOICE:
        buffer_puts(&e->out, "(?:");
        for (const struct node *child = node->first; child != NULL; child = child->next) {
            emit(e, child);
            if (child->next != NULL)
                buffer_puts(&e->out, "|");
        }
        buffer_puts(&e->out, ")");
        break;
    case NODE_OPTION:
    case NODE_MANY: {
        struct node alone = *node;
        alone.next = NULL;
        emit_sequence(e, &alone, 1);
        break;
    }
    case NODE_SOME: {
        bool repeated = e->repeated;
        e->repeated = true;
        buffer_puts(&e->out, "(?:");
        emit(e, node->first);
        buffer_puts(&e->out, "(?:");
        emit_gap(e);
        emit(e, node->first);
        buffer_puts(&e->out, ")*)");
        e->repeated = repeated;
        break;
    }
    case NODE_BREAK:
        emit_break(e);
        break;
    case NODE_START:
        break;
    case NODE_END:
        buffer_puts(&e->out, "(?=");
        emit_lead(e);
        buffer_puts(&e->out, "(?:\\R|\\z))");
        break;
    }
}

/* ---- compilation --------------------------------------------------------------------------- */

static void release_code(void *code)
{
    pcre2_code_free(code);
}

static pcre2_code *compile(const struct depesha_grammar *grammar, const char *text, size_t size, int *error,
                           size_t *offset)
{
    uint32_t options = PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_NO_AUTO_CAPTURE | PCRE2_MULTILINE;
    return pcre2_compile((PCRE2_SPTR)text, size, options, error, offset, grammar->compile_context);
}

/* Finds which /pattern/ of an expression PCRE2 refuses, and where. */
static bool complain_about_patterns(struct depesha_grammar *grammar, struct complaints *complaints,
                                    const struct node *node)
{
    bool found = false;
    for (; node != NULL; node = node->next) {
        if (node->kind == NODE_PATTERN) {
            int error;
            size_t offset;
            pcre2_code *code = compile(grammar, node->text, node->size, &error, &offset);
            if (code == NULL) {
                char message[160] = "";
                pcre2_get_error_message(error, (PCRE2_UCHAR *)message, sizeof message);
                struct place place = {node->place.source, node->place.offset + 1 + offset, 1};
                complain(complaints, place, "PCRE2 cannot read this pattern: %s", message);
                found = true;
            }
            pcre2_code_free(code);
        } else if (node->kind == NODE_NAME) {
            struct definition *d = (struct definition *)find_definition(grammar, node->text, node->size);
            if (d != NULL && d->state == 0) {
                d->state = 2; /* each token is looked at once */
                found = complain_about_patterns(grammar, complaints, d->node) || found;
            } else if (d != NULL && d->state == 2) {
                found = true;
            }
        }
        found = complain_about_patterns(grammar, complaints, node->first) || found;
    }
    return found;
}

static struct pattern finish(struct depesha_grammar *grammar, struct complaints *complaints, struct emission *e,
                             const struct node *node, struct place place)
{
    struct pattern pattern = {NULL, e->out.at};
    if (complaints->count > 0 && e->out.at == NULL)
        return pattern;
    int error;
    size_t offset;
    size_t before = complaints->count;
    pattern.code = compile(grammar, e->out.at, e->out.size, &error, &offset);
    if (pattern.code != NULL) {
        arena_keep(&grammar->arena, pattern.code, release_code);
    } else if (error == PCRE2_ERROR_HEAP_FAILED) {
        arena_fail(&grammar->arena);
    } else if (!complain_about_patterns(grammar, complaints, node) && before == 0) {
        char message[160] = "";
        pcre2_get_error_message(error, (PCRE2_UCHAR *)message, sizeof message);
        complain(complaints, place, "PCRE2 cannot compile what this becomes: %s", message);
    }
    return pattern;
}

static struct emission emission(struct depesha_grammar *grammar, struct complaints *complaints, enum capture capture)
{
    return (struct emission){
        .grammar = grammar, .complaints = complaints, .out = {.arena = &grammar->arena}, .capture = capture};
}

static struct pattern compile_plain(struct depesha_grammar *grammar, struct complaints *complaints,
                                    const struct node *node, const char *before, const char *after)
{
    struct emission e = emission(grammar, complaints, NO_CAPTURE);
    buffer_puts(&e.out, before);
    emit(&e, node);
    buffer_puts(&e.out, after);
    return finish(grammar, complaints, &e, node, node->place);
}

static bool has_slot(const struct depesha_grammar *grammar, const struct node *node)
{
    for (; node != NULL; node = node->next) {
        if (node->kind == NODE_SLOT || has_slot(grammar, node->first))
            return true;
        if (node->kind == NODE_NAME) {
            struct definition *d = (struct definition *)find_definition(grammar, node->text, node->size);
            if (d == NULL || d->state != 0)
                continue;
            d->state = 1;
            bool found = has_slot(grammar, d->node);
            d->state = 0;
            if (found)
                return true;
        }
    }
    return false;
}

/* The pattern by which a value's text is taken apart. */
static void compile_parts(struct depesha_grammar *grammar, struct complaints *complaints, struct definition *d)
{
    if (d == NULL || d->parts.text != NULL || d->node == NULL || !has_slot(grammar, d->node))
        return;
    struct emission e = emission(grammar, complaints, CAPTURE_PARTS);
    d->state = 1;
    emit(&e, d->node);
    d->state = 0;
    d->parts = finish(grammar, complaints, &e, d->node, d->place);
    d->part_names = e.parts;
    d->part_count = e.count;
}

static void compile_codes(struct depesha_grammar *grammar, struct complaints *complaints, struct definition *d)
{
    struct emission e = emission(grammar, complaints, NO_CAPTURE);
    size_t n = 0;
    for (const struct entry *entry = d->entries; entry != NULL; entry = entry->next, n++) {
        buffer_format(&e.out, "%s(?:", n > 0 ? "|" : "");
        if (entry->node != NULL)
            emit(&e, entry->node);
        buffer_format(&e.out, ")(*MARK:%zu)", n);
    }
    if (n > 0)
        d->codes = finish(grammar, complaints, &e, d->node, d->place);
}

/* What a type drops; for all but plain texts that includes damage. */
static void compile_drop(struct depesha_grammar *grammar, struct complaints *complaints, struct type *type)
{
    const struct node *damage = type->kind == KIND_TEXT ? NULL : grammar->damage;
    if (type->drops == NULL && damage == NULL)
        return;
    struct emission e = emission(grammar, complaints, NO_CAPTURE);
    if (type->drops != NULL)
        emit(&e, type->drops);
    if (type->drops != NULL && damage != NULL)
        buffer_puts(&e.out, "|");
    if (damage != NULL)
        emit(&e, damage);
    type->drop = finish(grammar, complaints, &e, type->drops != NULL ? type->drops : damage, type->place);
}

static void compile_type(struct depesha_grammar *grammar, struct complaints *complaints, struct type *type)
{
    if (type->reads != NULL && type->reads->kind == NODE_NAME) {
        type->definition = find_definition(grammar, type->reads->text, type->reads->size);
        if (type->definition != NULL && type->definition->is_enumeration)
            type->enumeration = type->definition;
        compile_parts(grammar, complaints, (struct definition *)type->definition);
    }
    if (type->item_name != NULL) {
        type->item = find_definition(grammar, type->item_name, strlen(type->item_name));
        if (type->item == NULL)
            complain(complaints, type->place, "there is no token '%s' for the pieces of type '%s'", type->item_name,
                     type->name);
        compile_parts(grammar, complaints, (struct definition *)type->item);
    }
    if (type->kind == KIND_CODE && type->enumeration == NULL)
        complain(complaints, type->place, "type '%s' is a code and reads an enumeration: reads NAME", type->name);
    if (type->reads == NULL)
        complain(complaints, type->place, "type '%s' says nothing of what it reads; add: reads EXPRESSION", type->name);
    compile_drop(grammar, complaints, type);
    if (type->splits != NULL)
        type->split = compile_plain(grammar, complaints, type->splits, "", "");
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
        while (field->then < grammar->zone_count && strcmp(grammar->zones[field->then].name, field->then_name->name) != 0)
            field->then++;
        field->leads = field->then < grammar->zone_count;
        if (!field->leads)
            complain(complaints, field->then_name->place, "there is no zone '%s' to go on in", field->then_name->name);
    }
    if (field->in == NULL)
        complain(complaints, field->place, "field '%s' says in no zone; write: field %s in header", field->name,
                 field->name);
}

/* Which bytes a match can begin with, from what PCRE2 found out. */
static void first_bytes(struct field *field)
{
    uint32_t type = 0, unit = 0;
    const uint8_t *map = NULL;
    pcre2_pattern_info(field->pattern.code, PCRE2_INFO_FIRSTCODETYPE, &type);
    pcre2_pattern_info(field->pattern.code, PCRE2_INFO_FIRSTCODEUNIT, &unit);
    pcre2_pattern_info(field->pattern.code, PCRE2_INFO_FIRSTBITMAP, &map);
    for (unsigned b = 0; b < 256; b++) {
        bool can = true;
        if (type == 1) /* may be caseless, which PCRE2 does not tell */
            can = unit >= 0x80 ? b >= 0x80 : b == unit || ((b ^ unit) == 0x20 && is_ascii_letter((unsigned char)b));
        else if (map != NULL)
            can = (map[b / 8] >> (b % 8)) & 1;
        if (can)
            field->first[b / 8] |= (unsigned char)(1U << (b % 8));
    }
}

/* A production that matches whatever it is given explains nothing. */
static bool matches_everything(const struct field *field)
{
    static const char *const probes[] = {"a b, c.", "7 (x)!", "\xD0\x96 \xD0\xB6: 1/2", "zq zq zq zq"};
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(field->pattern.code, NULL);
    bool all = data != NULL;
    for (size_t i = 0; all && i < sizeof probes / sizeof *probes; i++)
        all = pcre2_match(field->pattern.code, (PCRE2_SPTR)probes[i], strlen(probes[i]), 0,
                          PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NO_UTF_CHECK, data, NULL) > 0;
    pcre2_match_data_free(data);
    return all;
}

static const struct node *first_element(const struct node *node)
{
    while (node != NULL && node->kind == NODE_SEQUENCE)
        node = node->first;
    return node;
}

static void compile_field(struct depesha_grammar *grammar, struct complaints *complaints, struct field *field)
{
    field->index = grammar->field_count++;
    resolve_in(grammar, complaints, field);
    if (field->node == NULL)
        return;
    const struct node *first = first_element(field->node);
    field->at_start = first != NULL && first->kind == NODE_START;
    struct emission e = emission(grammar, complaints, CAPTURE_SLOTS);
    size_t before = complaints->count;
    emit(&e, field->node);
    field->slots = e.slots;
    field->slot_count = e.count;
    if (complaints->count > before)
        return;
    field->pattern = finish(grammar, complaints, &e, field->node, field->place);
    for (size_t i = 0; i < field->slot_count; i++)
        compile_parts(grammar, complaints, (struct definition *)field->slots[i].reader);
    if (field->pattern.code == NULL)
        return;
    uint32_t empty = 0;
    pcre2_pattern_info(field->pattern.code, PCRE2_INFO_MATCHEMPTY, &empty);
    if (empty)
        complain(complaints, field->place, "field '%s' can match nothing at all; let at least one part be required",
                 field->name);
    else if (field->weight > 0 && matches_everything(field))
        complain(complaints, field->place, "field '%s' matches any text; begin it with a label or a narrower pattern",
                 field->name);
    first_bytes(field);
}

static void index_fields(struct depesha_grammar *grammar)
{
    struct arena *arena = &grammar->arena;
    grammar->by_index = arena_take(arena, grammar->field_count + 1, sizeof(struct field *));
    for (const struct field *field = grammar->fields; field != NULL; field = field->next)
        grammar->by_index[field->index] = field;
    for (size_t b = 0; b < 256; b++) {
        size_t n = 0;
        grammar->starters[b] = arena_take(arena, grammar->field_count + 1, sizeof(struct field *));
        for (const struct field *field = grammar->fields; field != NULL; field = field->next)
            if ((field->first[b / 8] >> (b % 8)) & 1 && field->zones != 0) {
                grammar->starters[b][n++] = field;
                for (size_t zone = 0; zone < grammar->zone_count; zone++)
                    if ((field->zones >> zone) & 1)
                        grammar->zone_first[zone][b] = 1;
            }
    }
}

static void check_demands(struct depesha_grammar *grammar, struct complaints *complaints, const struct demand *demand)
{
    for (; demand != NULL; demand = demand->next)
        for (const struct name_list *name = demand->any; name != NULL; name = name->next) {
            size_t size = strcspn(name->name, "=");
            char *path = arena_copy(&grammar->arena, name->name, size);
            if (find_key(grammar, path) != NULL || find_field(grammar, path) != NULL)
                continue;
            struct suggestion s = suggestion_for(path);
            for (const struct key *key = grammar->keys; key != NULL; key = key->next)
                suggest(&s, key->path);
            complain(complaints, name->place, "'%s' is neither a key of the record nor a field; %s", path,
                     did_you_mean(&grammar->arena, &s, "see `depesha grammar list`"));
        }
}

void pattern_compile_all(struct depesha_grammar *grammar, struct complaints *complaints)
{
    grammar->compile_context = pcre2_compile_context_create(NULL);
    if (grammar->compile_context == NULL)
        arena_fail(&grammar->arena);
    arena_keep(&grammar->arena, grammar->compile_context, (void (*)(void *))pcre2_compile_context_free);
    pcre2_set_newline(grammar->compile_context, PCRE2_NEWLINE_ANYCRLF);
    pcre2_set_bsr(grammar->compile_context, PCRE2_BSR_ANYCRLF);
    resolve_keys(grammar, complaints);
    resolve_zones(grammar, complaints);
    for (struct definition *d = grammar->definitions; d != NULL; d = d->next)
        if (d->is_enumeration)
            compile_codes(grammar, complaints, d);
    for (struct type *type = grammar->types; type != NULL; type = type->next)
        compile_type(grammar, complaints, type);
    struct emission gap = emission(grammar, complaints, NO_CAPTURE);
    emit_gap(&gap);
    struct place start = {grammar->sources, 0, 0};
    grammar->gap = finish(grammar, complaints, &gap, grammar->damage, start);
    struct emission lead = emission(grammar, complaints, NO_CAPTURE);
    emit_lead(&lead);
    grammar->lead = finish(grammar, complaints, &lead, grammar->noise, start);
    if (grammar->prose != NULL)
        grammar->prose_line = compile_plain(grammar, complaints, grammar->prose, "", "");
    for (struct field *field = grammar->fields; field != NULL; field = field->next)
        compile_field(grammar, complaints, field);
    index_fields(grammar);
    for (const struct form *form = grammar->forms; form != NULL; form = form->next) {
        check_demands(grammar, complaints, form->needs);
        check_demands(grammar, complaints, form->likes);
        check_demands(grammar, complaints, form->never);
    }
    if (grammar->zone_count == 0 && complaints->count == 0)
        complain(complaints, start, "the grammar has no zone; include \"soviet\" or declare zones");
    bool starts = grammar->zone_count == 0;
    for (size_t i = 0; i < grammar->zone_count; i++)
        starts = starts || grammar->zones[i].starts;
    if (!starts)
        complain(complaints, grammar->zones[0].place, "no zone starts a document; add the word starts to one");
}

/* ---- for explanations ---------------------------------------------------------------------- */

static const struct node *elements_of(const struct field *field)
{
    return field->node->kind == NODE_SEQUENCE ? field->node->first : field->node;
}

size_t pattern_elements(const struct field *field)
{
    size_t count = 0;
    if (field->node->kind != NODE_SEQUENCE)
        return 1;
    for (const struct node *node = elements_of(field); node != NULL; node = node->next)
        count++;
    return count;
}

pcre2_code *pattern_prefix(const struct depesha_grammar *grammar, struct arena *arena, const struct field *field,
                           size_t count)
{
    struct emission e = {.grammar = grammar, .out = {.arena = arena}, .capture = NO_CAPTURE};
    buffer_puts(&e.out, "");
    struct node whole = *field->node;
    whole.next = NULL;
    emit_sequence(&e, field->node->kind == NODE_SEQUENCE ? field->node->first : &whole, count);
    int error;
    size_t offset;
    return compile(grammar, e.out.at, e.out.size, &error, &offset);
}

static void print_list(struct buffer *buffer, const struct node *node, const char *between)
{
    for (; node != NULL; node = node->next) {
        pattern_print(buffer, node);
        if (node->next != NULL)
            buffer_puts(buffer, between);
    }
}

void pattern_print(struct buffer *buffer, const struct node *node)
{
    switch (node->kind) {
    case NODE_WORDS:
        buffer_format(buffer, "\"%.*s\"", (int)node->size, node->text);
        break;
    case NODE_EXACT:
        buffer_format(buffer, "'%.*s'", (int)node->size, node->text);
        break;
    case NODE_PATTERN:
        buffer_format(buffer, "/%.*s/", (int)node->size, node->text);
        break;
    case NODE_NAME:
        buffer_add(buffer, node->text, node->size);
        break;
    case NODE_SLOT:
        buffer_puts(buffer, "{");
        buffer_add(buffer, node->text, node->size);
        if (node->first != NULL)
            buffer_puts(buffer, " ");
        print_list(buffer, node->first, " ");
        buffer_puts(buffer, "}");
        break;
    case NODE_SEQUENCE:
        print_list(buffer, node->first, " ");
        break;
    case NODE_CHOICE:
        buffer_puts(buffer, "(");
        print_list(buffer, node->first, " | ");
        buffer_puts(buffer, ")");
        break;
    case NODE_OPTION:
        buffer_puts(buffer, "[");
        print_list(buffer, node->first, " ");
        buffer_puts(buffer, "]");
        break;
    case NODE_SOME:
    case NODE_MANY:
        buffer_puts(buffer, "(");
        print_list(buffer, node->first, " ");
        buffer_puts(buffer, node->kind == NODE_SOME ? ")+" : ")*");
        break;
    case NODE_BREAK:
        buffer_puts(buffer, "break");
        break;
    case NODE_START:
        buffer_puts(buffer, "start");
        break;
    case NODE_END:
        buffer_puts(buffer, "end");
        break;
    }
}

pcre2_match_context *pattern_limits(void)
{
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    if (context == NULL)
        return NULL;
    pcre2_set_match_limit(context, MATCH_LIMIT);
    pcre2_set_depth_limit(context, DEPTH_LIMIT);
    pcre2_set_heap_limit(context, HEAP_LIMIT_KIB);
    return context;
}
