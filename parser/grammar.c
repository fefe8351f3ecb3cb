#include "grammar.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "automaton.h"
#include "builtin.h"
#include "image.h"
#include "pattern.h"
#include "resolve.h"
#include "rule.h"
#include "syntax.h"
#include "value.h"

/* ---- the library itself -------------------------------------------------------------------- */

const char *depesha_status_text(depesha_status status)
{
    switch (status) {
    case DEPESHA_OK:
        return "no error";
    case DEPESHA_NO_MEMORY:
        return "out of memory";
    case DEPESHA_BAD_GRAMMAR:
        return "the grammar has errors";
    case DEPESHA_BAD_NAME:
        return "there is nothing of that name";
    case DEPESHA_TOO_LARGE:
        return "the input is larger than 1 GiB";
    case DEPESHA_UNWRITTEN:
        return "no text was found that reads as it should";
    }
    return "unknown status";
}

const char *depesha_version(void)
{
    return DEPESHA_VERSION;
}

#define QUOTED(x) #x
#define VERSION_OF(a, b) QUOTED(a) "." QUOTED(b)

const char *depesha_features(void)
{
    return "PCRE2 " VERSION_OF(PCRE2_MAJOR, PCRE2_MINOR) ", cJSON " VERSION_OF(CJSON_VERSION_MAJOR, CJSON_VERSION_MINOR)
#ifdef HAVE_UCHARDET
        ", uchardet"
#else
        ", no uchardet: 8-bit encodings are told apart by their letters alone"
#endif
        ;
}

void depesha_free(char *text)
{
    free(text);
}

const char *depesha_builtin(const char *name, size_t *size)
{
    for (size_t i = 0; i < depesha_builtin_count; i++)
        if (strcmp(depesha_builtins[i].name, name) == 0) {
            *size = depesha_builtins[i].size;
            return depesha_builtins[i].text;
        }
    return NULL;
}

/* ---- messages ------------------------------------------------------------------------------ */

void source_position(const struct source *source, size_t offset, size_t *line, size_t *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < offset && i < source->size; i++) {
        if (source->text[i] == '\n') {
            (*line)++;
            *column = 1;
        } else if (((unsigned char)source->text[i] & 0xC0) != 0x80) {
            (*column)++;
        }
    }
}

/* "FILE:LINE:COL: message", the line, and a caret below the place. */
static void show_complaint(struct buffer *buffer, struct place place, const char *message)
{
    size_t line, column;
    const struct source *source = place.source;
    source_position(source, place.offset, &line, &column);
    buffer_format(buffer, "%s:%zu:%zu: %s\n", source->name, line, column, message);
    size_t start = place.offset < source->size ? place.offset : source->size;
    size_t end = start;
    while (start > 0 && source->text[start - 1] != '\n')
        start--;
    while (end < source->size && source->text[end] != '\n' && source->text[end] != '\r')
        end++;
    buffer_puts(buffer, "    ");
    buffer_add(buffer, source->text + start, end - start);
    buffer_puts(buffer, "\n    ");
    for (size_t i = start; i < place.offset && i < end; i++)
        if (((unsigned char)source->text[i] & 0xC0) != 0x80)
            buffer_puts(buffer, source->text[i] == '\t' ? "\t" : " ");
    buffer_puts(buffer, "^\n");
}

static char *show_complaints(struct arena *arena, const struct complaints *complaints)
{
    struct buffer buffer = {.arena = arena};
    for (const struct complaint *c = complaints->first; c != NULL; c = c->next)
        show_complaint(&buffer, c->place, c->message);
    return buffer_give(&buffer);
}

/* ---- compilation --------------------------------------------------------------------------- */

/* A copy of the text; of a built-in grammar's, that itself. */
static const char *own_text(struct arena *arena, const char *text, size_t size)
{
    for (size_t i = 0; i < depesha_builtin_count; i++)
        if (depesha_builtins[i].size == size && memcmp(depesha_builtins[i].text, text, size) == 0)
            return depesha_builtins[i].text;
    return arena_copy(arena, text, size);
}

static bool is_builtin(const char *text, size_t size)
{
    const struct builtin *builtin = &depesha_builtins[0];
    return builtin->text != NULL && size == builtin->size &&
           (text == builtin->text || memcmp(text, builtin->text, size) == 0);
}

/* Reads the text and ties it together. */
static void read_text(struct depesha_grammar *g, const char *text, size_t size, depesha_loader *loader, void *context,
                      struct complaints *complaints)
{
    struct source *source = arena_take(&g->arena, 1, sizeof *source);
    source->name = g->name;
    source->text = own_text(&g->arena, text, size);
    source->size = size;
    g->last_year = 9999;
    syntax_read(g, source, loader, context, complaints);
    resolve_grammar(g, complaints);
}

depesha_status grammar_compile(const char *name, const char *text, size_t size, depesha_loader *loader, void *context,
                               bool anew, depesha_grammar **grammar, char **messages)
{
    *grammar = NULL;
    if (messages != NULL)
        *messages = NULL;
    bool read = anew || !is_builtin(text, size) || !image_is_there();
    depesha_grammar *g = read ? calloc(1, sizeof *g) : image_load();
    if (g == NULL)
        return DEPESHA_NO_MEMORY;
    g->arena.escape = &g->escape;
    if (setjmp(g->escape) != 0) {
        depesha_grammar_free(g);
        return DEPESHA_NO_MEMORY;
    }
    struct complaints complaints = {.arena = &g->arena};
    name = arena_copy(&g->arena, name, strlen(name));
    if (read) {
        g->name = name;
        g->is_builtin = is_builtin(text, size);
        g->arena.clean = anew;
        read_text(g, text, size, loader, context, &complaints);
    } else {
        g->sources->name = name;
        pattern_open(g);
    }
    automaton_open(g, g->is_builtin && !anew);
    if (complaints.count > 0) {
        char *shown = messages == NULL ? NULL : show_complaints(&g->arena, &complaints);
        depesha_status status = messages != NULL && shown == NULL ? DEPESHA_NO_MEMORY : DEPESHA_BAD_GRAMMAR;
        if (messages != NULL)
            *messages = shown;
        depesha_grammar_free(g);
        return status;
    }
    *grammar = g;
    return DEPESHA_OK;
}

depesha_status depesha_grammar_compile(const char *name, const char *text, size_t size, depesha_loader *loader,
                                       void *context, depesha_grammar **grammar, char **messages)
{
    return grammar_compile(name, text, size, loader, context, false, grammar, messages);
}

void depesha_grammar_free(depesha_grammar *grammar)
{
    if (grammar == NULL)
        return;
    arena_free(&grammar->arena);
    free(grammar);
}

/* ---- examples ------------------------------------------------------------------------------ */

/* What a production makes of an example: "path value" for each value, in the order of the keys. */
static const char *yield_of(const struct depesha_grammar *grammar, struct arena *arena, const struct field *field,
                            const struct example *example, struct values *values)
{
    struct text *text = arena_take(arena, 1, sizeof *text);
    struct lines *lines = arena_take(arena, 1, sizeof *lines);
    struct matcher matcher;
    struct mark mark;
    text_read(arena, example->text, example->size, text);
    matcher_open(&matcher, arena, grammar, text);
    matcher_lines(&matcher, lines);
    size_t start = matcher_lead(&matcher, 0, text->size);
    if (!mark_try(&matcher, field, start, mark_horizon(&matcher, 0, start), false, &mark))
        return "the production does not match it";
    if (mark.end != text->size && matcher_lead(&matcher, mark.end, text->size) != text->size)
        return arena_format(arena, "the production stops before '%s'", text->at + mark.end);
    values_open(values, &matcher);
    values_add(values, &matcher, &mark);
    if (values->wrong_count > 0)
        return values->wrong[0].why;
    values_settle(values, &matcher);
    return NULL;
}

static const char *compare(struct arena *arena, const struct example *example, const struct values *values)
{
    struct buffer got = {.arena = arena};
    size_t expected = 0, met = 0;
    bool *used = arena_take(arena, values->count + 1, sizeof *used);
    for (const struct expectation *e = example->expect; e != NULL; e = e->next) {
        if (*e->path == '\0' && *e->value == '\0')
            continue; /* -> "": no value at all */
        expected++;
        for (size_t i = 0; i < values->count; i++)
            if (!used[i] && strcmp(values->at[i].key->path, e->path) == 0 &&
                strcmp(values->at[i].text, e->value) == 0) {
                used[i] = true;
                met++;
                break;
            }
    }
    if (met == expected && values->count == expected)
        return NULL;
    for (size_t i = 0; i < values->count; i++)
        buffer_format(&got, "%s%s \"%s\"", i > 0 ? ", " : "", values->at[i].key->path, values->at[i].text);
    return arena_format(arena, "it yields %s", got.size == 0 ? "nothing" : got.at);
}

depesha_status depesha_grammar_check(const depesha_grammar *grammar, size_t *examples, char **messages)
{
    jmp_buf escape;
    struct arena *arena = calloc(1, sizeof *arena);
    *examples = 0;
    if (messages != NULL)
        *messages = NULL;
    if (arena == NULL)
        return DEPESHA_NO_MEMORY;
    arena->escape = &escape;
    if (setjmp(escape) != 0) {
        arena_free(arena);
        free(arena);
        return DEPESHA_NO_MEMORY;
    }
    struct buffer *buffer = arena_take(arena, 1, sizeof *buffer);
    buffer->arena = arena;
    struct complaints complaints = {.arena = arena};
    resolve_check(grammar, true, &complaints);
    for (const struct complaint *c = complaints.first; c != NULL; c = c->next)
        show_complaint(buffer, c->place, c->message);
    for (const struct field *field = grammar->fields; field != NULL; field = field->next)
        for (const struct example *example = field->examples; example != NULL; example = example->next) {
            struct values *values = arena_take(arena, 1, sizeof *values);
            const char *wrong = yield_of(grammar, arena, field, example, values);
            (*examples)++;
            if (wrong == NULL)
                wrong = compare(arena, example, values);
            if (wrong != NULL)
                show_complaint(buffer, example->place,
                               arena_format(arena, "this example of '%s' does not hold: %s", field->name, wrong));
        }
    /* What is included has been tried as a grammar of its own. */
    for (const struct rule *rule = grammar->rules; rule != NULL; rule = rule->next) {
        if (rule->place.source->from != NULL || rule->example == NULL || rule->off)
            continue;
        const char *wrong = rule_try(grammar, rule, arena);
        (*examples)++;
        if (wrong != NULL)
            show_complaint(buffer, rule->place,
                           arena_format(arena, "the example of rule '%s' does not hold: %s", rule->id, wrong));
    }
    depesha_status status = buffer->size > 0 ? DEPESHA_BAD_GRAMMAR : DEPESHA_OK;
    if (status != DEPESHA_OK && messages != NULL && (*messages = buffer_give(buffer)) == NULL)
        status = DEPESHA_NO_MEMORY;
    arena_free(arena);
    free(arena);
    return status;
}

/* ---- showing ------------------------------------------------------------------------------- */

static void show_zones(struct buffer *buffer, const struct depesha_grammar *grammar, const struct field *field)
{
    for (size_t z = 0; z < grammar->zone_count; z++)
        if (field->zones >> z & 1)
            buffer_format(buffer, " %s", grammar->zones[z].name);
    for (const struct key_list *inside = field->inside; inside != NULL; inside = inside->next)
        buffer_format(buffer, " %s", inside->key->path);
}

static void list_all(struct buffer *buffer, const struct depesha_grammar *grammar)
{
    buffer_format(buffer, "grammar %s %s%s%s\n\nforms\n", grammar->name,
                  grammar->version == NULL ? "" : grammar->version, grammar->title == NULL ? "" : ": ",
                  grammar->title == NULL ? "" : grammar->title);
    for (const struct form *form = grammar->forms; form != NULL; form = form->next)
        buffer_format(buffer, "  %-24s %s\n", form->id, form->title);
    buffer_puts(buffer, "\nfields\n");
    for (const struct field *field = grammar->fields; field != NULL; field = field->next) {
        buffer_format(buffer, "  %-24s in", field->name);
        show_zones(buffer, grammar, field);
        buffer_puts(buffer, " ->");
        for (size_t i = 0; i < field->slot_count; i++)
            buffer_format(buffer, "%s %s", i > 0 ? "," : "", field->slots[i].key->path);
        buffer_puts(buffer, "\n");
    }
}

static void show_field(struct buffer *buffer, const struct depesha_grammar *grammar, const struct field *field)
{
    buffer_format(buffer, "field %s in", field->name);
    show_zones(buffer, grammar, field);
    buffer_format(buffer, " weight %d%s\n    = ", field->weight, field->weak ? " weak" : "");
    pattern_print(buffer, field->node);
    for (const struct example *e = field->examples; e != NULL; e = e->next) {
        buffer_puts(buffer, "\n    eg \"");
        for (size_t i = 0; i < e->size; i++)
            buffer_add(buffer, e->text[i] == '\n' ? "\xE2\x8F\x8E" : e->text + i, e->text[i] == '\n' ? 3 : 1);
        buffer_puts(buffer, "\" ->");
        for (const struct expectation *x = e->expect; x != NULL; x = x->next)
            buffer_format(buffer, "%s %s \"%s\"", x == e->expect ? "" : ",", x->path, x->value);
    }
    buffer_format(buffer, "\n    # becomes %s\n", pattern_text(grammar, &field->pattern, buffer->arena));
    if (pattern_compiled(grammar, &field->pattern, buffer->arena)->code == NULL)
        buffer_puts(buffer, "    # which PCRE2 refuses\n");
}

static depesha_status shown(const struct depesha_grammar *grammar, const char *name, bool whole, char **text)
{
    jmp_buf escape;
    struct arena *arena = calloc(1, sizeof *arena);
    *text = NULL;
    if (arena == NULL)
        return DEPESHA_NO_MEMORY;
    arena->escape = &escape;
    if (setjmp(escape) != 0) {
        arena_free(arena);
        free(arena);
        return DEPESHA_NO_MEMORY;
    }
    struct buffer *buffer = arena_take(arena, 1, sizeof *buffer);
    buffer->arena = arena;
    if (whole)
        list_all(buffer, grammar);
    for (const struct field *field = grammar->fields; !whole && field != NULL; field = field->next)
        if (name == NULL || strcmp(name, field->name) == 0)
            show_field(buffer, grammar, field);
    depesha_status status = buffer->size > 0 ? DEPESHA_OK : DEPESHA_BAD_NAME;
    if (status == DEPESHA_OK && (*text = buffer_give(buffer)) == NULL)
        status = DEPESHA_NO_MEMORY;
    arena_free(arena);
    free(arena);
    return status;
}

char *depesha_grammar_list(const depesha_grammar *grammar)
{
    char *text;
    shown(grammar, NULL, true, &text);
    return text;
}

depesha_status depesha_grammar_show(const depesha_grammar *grammar, const char *name, char **text)
{
    return shown(grammar, name, false, text);
}
