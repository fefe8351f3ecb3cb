#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "phrase.h"

enum { CABLES = 40, MOST_ITEMS = 64, WIDTH = 68, LONGEST_WORD = 9, PERCENT = 100 };

struct depesha_generator {
    struct arena arena, scratch;
    jmp_buf escape;
    const struct depesha_grammar *grammar;
    depesha_recipe recipe;
    const struct language *language;
    const struct form *form;
    const struct field *field;
    struct inventor inventor;
    size_t order[MAX_ZONES], zone_count; /* zones as they may follow one another */
    unsigned long long made;
};

/* A production of the cable, or (phrase.field NULL) its body. */
struct item {
    struct phrase phrase;
    size_t zone;
    size_t start; /* in the text */
    bool joined;  /* on the line of the one before it */
};

/* A cable that is being written. */
struct cable {
    struct depesha_generator *generator;
    const struct form *form;
    struct choice choice;
    struct item items[MOST_ITEMS];
    size_t count;
    bool native;         /* all of it in one language; some forms have productions in one only */
    bool *filled, *used; /* keys, fields */
    struct buffer text;
    bool broken; /* a production does not read in the text what it reads alone */
};

/* ---- zones ---------------------------------------------------------------------------------- */

/* Every zone before those that it leads to. Where another cable would begin, this one ends. */
static void visit(struct depesha_generator *g, size_t zone, bool *seen)
{
    const struct zone *z = &g->grammar->zones[zone];
    if (seen[zone] || z->opens)
        return;
    seen[zone] = true;
    for (size_t i = 0; i < z->next_count; i++)
        visit(g, z->next[i], seen);
    g->order[MAX_ZONES - ++g->zone_count] = zone;
}

static void order_zones(struct depesha_generator *g)
{
    bool seen[MAX_ZONES] = {false};
    for (size_t z = g->grammar->zone_count; z > 0; z--)
        if (g->grammar->zones[z - 1].starts)
            visit(g, z - 1, seen);
    memmove(g->order, g->order + MAX_ZONES - g->zone_count, g->zone_count * sizeof *g->order);
}

/* A zone of the field in which it can stand by itself, or SIZE_MAX. */
static size_t zone_of(struct depesha_generator *g, const struct field *field)
{
    size_t found = SIZE_MAX, seen = 0;
    for (size_t i = 0; i < g->zone_count; i++) {
        size_t z = g->order[i];
        if ((field->zones >> z & 1) && !g->grammar->zones[z].body && chance_below(&g->inventor, ++seen) == 0)
            found = z;
    }
    return found;
}

/* ---- what the cable has to have ------------------------------------------------------------- */

static bool has_path(const struct field *field, const char *path, size_t size)
{
    for (size_t i = 0; i < field->slot_count; i++)
        if (strncmp(field->slots[i].key->path, path, size) == 0 && field->slots[i].key->path[size] == '\0')
            return true;
    return false;
}

/* Whether a phrase fills "path", or "path=code" with that code, or is of the field of that name. */
static bool phrase_meets(const struct phrase *phrase, const char *name)
{
    const char *equals = strchr(name, '=');
    size_t size = equals == NULL ? strlen(name) : (size_t)(equals - name);
    if (equals == NULL && strcmp(phrase->field->name, name) == 0)
        return true;
    for (size_t i = 0; i < phrase->field->slot_count; i++) {
        const char *path = phrase->field->slots[i].key->path;
        if (strncmp(path, name, size) == 0 && path[size] == '\0' && phrase->slots[i].start < phrase->slots[i].end &&
            (equals == NULL || (phrase->chosen[i] != NULL && strcmp(phrase->chosen[i], equals + 1) == 0)))
            return true;
    }
    return false;
}

static bool demand_meets(const struct demand *demand, const struct phrase *phrase)
{
    for (const struct name_list *name = demand->any; name != NULL; name = name->next)
        if (phrase_meets(phrase, name->name))
            return true;
    return false;
}

static bool is_met(const struct cable *cable, const struct demand *demand)
{
    for (size_t i = 0; i < cable->count; i++)
        if (cable->items[i].phrase.field != NULL && demand_meets(demand, &cable->items[i].phrase))
            return true;
    return false;
}

/* Nothing is said twice, nothing that the form never has, and nothing in another language. */
static bool is_welcome(const struct cable *cable, const struct phrase *phrase)
{
    const struct field *field = phrase->field;
    if (cable->native && !invent_is_native(&cable->generator->inventor, phrase->text, phrase->size))
        return false;
    for (size_t i = 0; i < field->slot_count; i++)
        if (phrase->slots[i].start < phrase->slots[i].end && cable->filled[field->slots[i].key->index])
            return false;
    for (const struct demand *never = cable->form->never; never != NULL; never = never->next)
        if (demand_meets(never, phrase))
            return false;
    return !cable->used[field->index];
}

/* The place of a zone in the order. */
static size_t rank(const struct depesha_generator *g, size_t zone)
{
    for (size_t i = 0; i < g->zone_count; i++)
        if (g->order[i] == zone)
            return i;
    return g->zone_count;
}

/* Puts a phrase behind those of its zone; what leads out of a zone ends it. */
static bool add_item(struct cable *cable, const struct phrase *phrase, size_t zone)
{
    struct depesha_generator *g = cable->generator;
    size_t at = 0;
    if (cable->count == MOST_ITEMS)
        return false;
    while (at < cable->count && rank(g, cable->items[at].zone) <= rank(g, zone))
        at++;
    const struct item *before = at == 0 ? NULL : &cable->items[at - 1];
    if (before != NULL && before->zone == zone && before->phrase.field != NULL && before->phrase.field->leads) {
        if (phrase->field != NULL && phrase->field->leads)
            return false;
        at--;
    }
    memmove(&cable->items[at + 1], &cable->items[at], (cable->count - at) * sizeof *cable->items);
    cable->items[at] = (struct item){.phrase = *phrase, .zone = zone};
    cable->count++;
    return true;
}

static bool add_field(struct cable *cable, const struct field *field)
{
    struct depesha_generator *g = cable->generator;
    size_t zone = zone_of(g, field);
    struct phrase phrase;
    if (zone == SIZE_MAX || cable->used[field->index] || !phrase_write(&g->inventor, &cable->choice, field, &phrase) ||
        !is_welcome(cable, &phrase) || !add_item(cable, &phrase, zone))
        return false;
    cable->used[field->index] = true;
    for (size_t i = 0; i < field->slot_count; i++)
        if (phrase.slots[i].start < phrase.slots[i].end)
            cable->filled[field->slots[i].key->index] = true;
    return true;
}

/* Any field for the name: that field, or one that fills the path. */
static void add_named(struct cable *cable, const char *name)
{
    struct depesha_generator *g = cable->generator;
    const char *equals = strchr(name, '=');
    size_t size = equals == NULL ? strlen(name) : (size_t)(equals - name), seen = 0;
    const struct field *chosen = equals == NULL ? find_field(g->grammar, name) : NULL;
    bool own = chosen != NULL && chance_of(&g->inventor, 60);
    for (const struct field *field = g->grammar->fields; field != NULL && !own; field = field->next)
        if (has_path(field, name, size) && !field->weak && zone_of(g, field) != SIZE_MAX &&
            chance_below(&g->inventor, ++seen) == 0)
            chosen = field;
    if (chosen == NULL)
        return;
    cable->choice.code = NULL;
    if (equals != NULL) {
        cable->choice.code = equals + 1;
        for (size_t i = 0; i < chosen->slot_count; i++)
            if (strncmp(chosen->slots[i].key->path, name, size) == 0 && chosen->slots[i].key->path[size] == '\0')
                cable->choice.key = chosen->slots[i].key;
    }
    add_field(cable, chosen);
    cable->choice.code = NULL;
}

static void add_demanded(struct cable *cable, const struct demand *demand)
{
    struct inventor *inventor = &cable->generator->inventor;
    for (size_t i = 0; i < CABLES && !is_met(cable, demand); i++) {
        const struct name_list *name = NULL;
        size_t seen = 0;
        for (const struct name_list *any = demand->any; any != NULL; any = any->next)
            if (chance_below(inventor, ++seen) == 0)
                name = any;
        if (name != NULL)
            add_named(cable, name->name);
    }
}

/* Something that the form does not ask for: what occurs often, by its weight, more often. */
static void add_any(struct cable *cable, size_t zone)
{
    struct depesha_generator *g = cable->generator;
    const struct field *chosen = NULL;
    size_t seen = 0;
    bool weak = chance_of(&g->inventor, 10);
    for (const struct field *field = g->grammar->fields; field != NULL; field = field->next) {
        size_t share = (field->zones >> zone & 1) == 0 || field->weight < 2 ? 0 : field->weak ? weak : 1;
        seen += share;
        if (share > 0 && chance_below(&g->inventor, seen) == 0)
            chosen = field;
    }
    if (chosen != NULL)
        add_field(cable, chosen);
}

/* ---- the text ------------------------------------------------------------------------------- */

/* A paragraph of made-up words, in lines; perhaps with a phrase that the body's productions read. */
static void write_paragraph(struct cable *cable)
{
    struct inventor *inventor = &cable->generator->inventor;
    struct buffer *out = &cable->text;
    size_t line = out->size;
    for (size_t sentences = 1 + chance_below(inventor, 4); sentences > 0; sentences--) {
        size_t words = 6 + chance_below(inventor, 9);
        for (size_t i = 0; i < words; i++) {
            bool wrap = out->size - line > WIDTH;
            if (out->size > line)
                buffer_puts(out, wrap ? "\n" : " ");
            if (wrap)
                line = out->size;
            invent_word(inventor, out, 4 + chance_below(inventor, LONGEST_WORD - 4), i == 0);
        }
        buffer_puts(out, ".");
    }
    buffer_puts(out, "\n");
}

static void write_body(struct cable *cable, size_t zone)
{
    struct depesha_generator *g = cable->generator;
    for (size_t n = 1 + chance_below(&g->inventor, 4); n > 0; n--) {
        const struct field *chosen = NULL;
        size_t seen = 0;
        for (const struct field *field = g->grammar->fields; field != NULL; field = field->next)
            if ((field->zones >> zone & 1) && field->slot_count > 0 && !field->weak &&
                chance_below(&g->inventor, ++seen) == 0)
                chosen = field;
        struct phrase phrase;
        if (chosen != NULL && chance_of(&g->inventor, 25) &&
            phrase_write(&g->inventor, &cable->choice, chosen, &phrase) &&
            invent_is_native(&g->inventor, phrase.text, phrase.size)) {
            buffer_add(&cable->text, phrase.text, phrase.size);
            buffer_puts(&cable->text, chance_of(&g->inventor, 50) ? ". " : "\n");
        }
        write_paragraph(cable);
        buffer_puts(&cable->text, "\n");
    }
}

static bool may_join(struct cable *cable, size_t at)
{
    const struct item *item = &cable->items[at], *before = at == 0 ? NULL : item - 1;
    return before != NULL && before->zone == item->zone && before->phrase.field != NULL &&
           !item->phrase.field->at_start && memchr(item->phrase.text, '\n', item->phrase.size) == NULL &&
           chance_of(&cable->generator->inventor, 15);
}

static void write_cable(struct cable *cable, bool joining)
{
    struct inventor *inventor = &cable->generator->inventor;
    buffer_puts(&cable->text, "");
    for (size_t i = 0; i < cable->count; i++) {
        struct item *item = &cable->items[i];
        item->joined = item->phrase.field != NULL && joining && may_join(cable, i);
        if (item->joined) {
            cable->text.at[--cable->text.size] = '\0';
            buffer_puts(&cable->text, "   ");
        } else if (i > 0 && (item->zone != cable->items[i - 1].zone || chance_of(inventor, 10))) {
            buffer_puts(&cable->text, "\n");
        }
        item->start = cable->text.size;
        if (item->phrase.field == NULL) {
            write_body(cable, item->zone);
        } else {
            buffer_add(&cable->text, item->phrase.text, item->phrase.size);
            buffer_puts(&cable->text, "\n");
        }
    }
}

/* ---- the document that is meant ------------------------------------------------------------- */

/* The way that was taken: each production where it was written. */
static void known_way(struct depesha_document *d, void *context, struct path *path)
{
    struct cable *cable = context;
    *path = (struct path){0};
    for (size_t i = 0; i < cable->count; i++) {
        const struct item *item = &cable->items[i];
        size_t end = i + 1 < cable->count ? cable->items[i + 1].start : d->text.size;
        struct step step = {.kind = STEP_LINE, .zone = (unsigned char)item->zone};
        step.start = i == 0 ? 0 : (uint32_t)item->start;
        step.end = (uint32_t)end;
        if (item->phrase.field == NULL) {
            path_add(d->matcher.arena, path, &step);
            continue;
        }
        struct mark *mark = &step.mark;
        bool read = mark_try(&d->matcher, item->phrase.field, item->start,
                             mark_horizon(&d->matcher, line_at(&d->lines, item->start), item->start), false, mark);
        bool same = read && mark->end == item->start + item->phrase.size;
        for (size_t s = 0; same && s < item->phrase.field->slot_count; s++) {
            struct span is = mark->slots[s], was = item->phrase.slots[s];
            same = (is.start < is.end) == (was.start < was.end) &&
                   (is.start >= is.end || (is.start == was.start + item->start && is.end == was.end + item->start));
        }
        cable->broken = cable->broken || !same;
        if (same)
            step.kind = STEP_MARK;
        if (same && item->phrase.field->leads)
            step.zone = (unsigned char)item->phrase.field->then;
        path_add(d->matcher.arena, path, &step);
    }
    path_end(d->matcher.arena, path);
}

/* ---- damage --------------------------------------------------------------------------------- */

static size_t length_at(const char *text, size_t size, size_t at)
{
    uint32_t c;
    size_t n = text_next(text, size, at, &c);
    return n == 0 ? 1 : n;
}

/* Some other character that looks like this one; none: damage. */
static void add_confused(struct depesha_generator *g, struct buffer *out, const char *at, size_t size)
{
    for (size_t i = 0; i < g->grammar->alike_count; i++) {
        const char *group = g->grammar->alike[i],
                   *found = strstr(group, arena_format(&g->scratch, "%.*s", (int)size, at));
        if (found == NULL)
            continue;
        size_t length = strlen(group), other = chance_below(&g->inventor, length);
        while (other > 0 && ((unsigned char)group[other] & 0xC0) == 0x80)
            other--;
        buffer_add(out, group + other, length_at(group, length, other));
        return;
    }
    if (g->grammar->damage != NULL && g->grammar->damage->first->kind == NODE_PATTERN)
        invent_pattern(&g->inventor, out, g->grammar->damage->first);
}

static void add_damaged(struct depesha_generator *g, struct buffer *out, const char *at, size_t size)
{
    switch (chance_below(&g->inventor, 4)) {
    case 0: /* lost; of two lines one */
        if (*at == '\n')
            buffer_puts(out, " ");
        break;
    case 1: /* doubled */
        buffer_add(out, at, size);
        buffer_add(out, at, size);
        break;
    case 2: /* torn */
        buffer_add(out, at, size);
        buffer_puts(out, *at == '\n' ? "\n" : " ");
        break;
    default:
        add_confused(g, out, at, size);
    }
}

/* Chance in hundredths of a percent, so that small damage can be asked for. */
static const char *damaged(struct depesha_generator *g, const char *text, size_t *size)
{
    enum { FINE = 10000 };
    struct buffer out = {.arena = &g->scratch};
    size_t part = g->recipe.damage >= PERCENT ? FINE : g->recipe.damage <= 0 ? 0 : (size_t)(g->recipe.damage * PERCENT);
    if (part == 0)
        return text;
    buffer_puts(&out, "");
    for (size_t at = 0, n; at < *size; at += n) {
        n = length_at(text, *size, at);
        if (chance_below(&g->inventor, FINE) < part)
            add_damaged(g, &out, text + at, n);
        else
            buffer_add(&out, text + at, n);
    }
    *size = out.size;
    return out.at;
}

/* ---- the series ----------------------------------------------------------------------------- */

static const struct form *form_of(struct depesha_generator *g)
{
    size_t count = 0, n;
    for (const struct form *form = g->grammar->forms; form != NULL; form = form->next)
        count++;
    if (g->form != NULL || count == 0)
        return g->form;
    const struct form *form = g->grammar->forms;
    for (n = (size_t)(g->made % count); n > 0; n--)
        form = form->next;
    return form;
}

static void choose_language(struct depesha_generator *g)
{
    size_t seen = 0;
    g->inventor.language = g->language;
    for (const struct language *language = g->grammar->languages; g->language == NULL && language != NULL;
         language = language->next)
        if (chance_below(&g->inventor, ++seen) == 0)
            g->inventor.language = language;
}

/* A moment within the period and the form's years. */
static struct moment choose_moment(struct depesha_generator *g, const struct form *form)
{
    int first = g->grammar->first_year, last = g->grammar->last_year;
    if (form != NULL && form->first_year > first)
        first = form->first_year;
    if (form != NULL && form->last_year > 0 && form->last_year < last)
        last = form->last_year;
    first = first < 1000 ? 1000 : first;
    last = last < first ? first : last;
    return (struct moment){first + (int)chance_below(&g->inventor, (size_t)(last - first) + 1),
                           1 + (int)chance_below(&g->inventor, 12),
                           1 + (int)chance_below(&g->inventor, 28),
                           (int)chance_below(&g->inventor, 20),
                           (int)chance_below(&g->inventor, 60),
                           ORDER_PLAIN};
}

static void plan_cable(struct cable *cable)
{
    struct depesha_generator *g = cable->generator;
    struct inventor *inventor = &g->inventor;
    for (size_t i = 0; i < g->zone_count; i++)
        if (g->grammar->zones[g->order[i]].body)
            add_item(cable, &(struct phrase){0}, g->order[i]);
    for (const struct demand *need = cable->form->needs; need != NULL; need = need->next)
        add_demanded(cable, need);
    for (const struct demand *like = cable->form->likes; like != NULL; like = like->next)
        if (chance_of(inventor, 60) && !is_met(cable, like))
            add_named(cable, like->any->name);
    for (size_t i = 0; i < g->zone_count; i++) {
        const struct zone *zone = &g->grammar->zones[g->order[i]];
        /* Zones that cost something to enter, and the page around, are rarer than the cable's own parts. */
        unsigned percent = zone->body ? 0 : zone->line < 0 && zone->enter > -5 ? 60 : 12;
        for (size_t n = 0; n < 3 && chance_of(inventor, percent); n++)
            add_any(cable, g->order[i]);
    }
}

/* A text of one production; as a document it is read by the usual way. */
static depesha_status make_phrase(struct depesha_generator *g, const char **text, size_t *size,
                                  depesha_document **meant)
{
    struct phrase phrase;
    const struct choice choice = {.moment = choose_moment(g, NULL)};
    if (!phrase_write(&g->inventor, &choice, g->field, &phrase))
        return DEPESHA_UNWRITTEN;
    *text = phrase.text;
    *size = phrase.size;
    return meant == NULL ? DEPESHA_OK : depesha_parse(g->grammar, g->field->name, phrase.text, phrase.size, meant);
}

static depesha_status make_cable(struct depesha_generator *g, const struct form *form, bool easy, const char **text,
                                 size_t *size, depesha_document **meant)
{
    struct cable *cable = arena_take(&g->scratch, 1, sizeof *cable);
    *cable = (struct cable){.generator = g, .form = form, .native = !easy, .text = {.arena = &g->scratch}};
    cable->filled = arena_take(&g->scratch, g->grammar->key_count + 1, sizeof *cable->filled);
    cable->used = arena_take(&g->scratch, g->grammar->field_count + 1, sizeof *cable->used);
    cable->choice = (struct choice){.moment = choose_moment(g, form), .order = form->order};
    plan_cable(cable);
    write_cable(cable, !easy);
    const char *name = arena_format(&g->scratch, "%s-%llu-%llu", form->id, g->recipe.seed, g->made);
    depesha_document *document;
    depesha_status status =
        document_make(g->grammar, name, cable->text.at, cable->text.size, known_way, cable, &document);
    if (status != DEPESHA_OK)
        return status;
    const char *id = depesha_document_form(document, 0);
    if (cable->broken || id == NULL || strcmp(id, form->id) != 0) {
        depesha_document_free(document);
        return DEPESHA_UNWRITTEN;
    }
    *text = cable->text.at;
    *size = cable->text.size;
    if (meant != NULL)
        *meant = document;
    else
        depesha_document_free(document);
    return DEPESHA_OK;
}

static void clear_scratch(struct depesha_generator *g)
{
    arena_free(&g->scratch);
    g->scratch = (struct arena){.escape = &g->escape};
}

static depesha_status generate(struct depesha_generator *g, const char **text, size_t *size, depesha_document **meant)
{
    g->inventor.chance = g->recipe.seed * 0x9E3779B97F4A7C15 + (g->made << 32);
    chance_below(&g->inventor, 2);
    const struct form *form = form_of(g);
    g->made++;
    choose_language(g);
    if (g->field != NULL)
        return make_phrase(g, text, size, meant);
    depesha_status status = DEPESHA_UNWRITTEN;
    for (size_t i = 0; i < CABLES && form != NULL && status == DEPESHA_UNWRITTEN; i++) {
        clear_scratch(g);
        status = make_cable(g, form, i >= CABLES / 2, text, size, meant);
    }
    return status;
}

/* What may leave by the escape. */
static depesha_status write_next(struct depesha_generator *g, char **text, size_t *size, depesha_document **meant)
{
    const char *written = NULL;
    depesha_status status = generate(g, &written, size, meant);
    if (status != DEPESHA_OK)
        return status;
    written = damaged(g, written, size);
    *text = malloc(*size + 1);
    if (*text == NULL)
        arena_fail(&g->scratch);
    memcpy(*text, written, *size);
    (*text)[*size] = '\0';
    return DEPESHA_OK;
}

depesha_status depesha_generate(depesha_generator *generator, char **text, size_t *size, depesha_document **meant)
{
    *text = NULL;
    *size = 0;
    if (meant != NULL)
        *meant = NULL;
    if (setjmp(generator->escape) == 0) {
        depesha_status status = write_next(generator, text, size, meant);
        clear_scratch(generator);
        return status;
    }
    if (meant != NULL) {
        depesha_document_free(*meant);
        *meant = NULL;
    }
    clear_scratch(generator);
    return DEPESHA_NO_MEMORY;
}

static bool find_names(struct depesha_generator *g)
{
    const depesha_recipe *recipe = &g->recipe;
    for (const struct form *form = g->grammar->forms; form != NULL && recipe->form != NULL; form = form->next)
        if (strcmp(form->id, recipe->form) == 0)
            g->form = form;
    for (const struct language *l = g->grammar->languages; l != NULL && recipe->language != NULL; l = l->next)
        if (strcmp(l->name, recipe->language) == 0)
            g->language = l;
    if (recipe->production != NULL)
        g->field = find_field(g->grammar, recipe->production);
    return (recipe->form == NULL || g->form != NULL) && (recipe->language == NULL || g->language != NULL) &&
           (recipe->production == NULL || g->field != NULL);
}

depesha_status depesha_generator_new(const depesha_grammar *grammar, const depesha_recipe *recipe,
                                     depesha_generator **generator)
{
    *generator = NULL;
    struct depesha_generator *g = calloc(1, sizeof *g);
    if (g == NULL)
        return DEPESHA_NO_MEMORY;
    g->grammar = grammar;
    g->recipe = *recipe;
    g->arena.escape = g->scratch.escape = &g->escape;
    if (!find_names(g)) {
        free(g);
        return DEPESHA_BAD_NAME;
    }
    if (setjmp(g->escape) != 0) {
        depesha_generator_free(g);
        return DEPESHA_NO_MEMORY;
    }
    inventor_open(&g->inventor, grammar, &g->arena);
    g->inventor.scratch = &g->scratch;
    order_zones(g);
    *generator = g;
    return DEPESHA_OK;
}

void depesha_generator_free(depesha_generator *generator)
{
    if (generator == NULL)
        return;
    arena_free(&generator->scratch);
    arena_free(&generator->arena);
    free(generator);
}
