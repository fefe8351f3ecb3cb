#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "pattern.h"

enum { SHOWN = 64, BRIEF = 80 }; /* characters, bytes */

/* One line's text, cut to fit a terminal. */
static void show_text(struct buffer *buffer, const struct text *text, size_t start, size_t end)
{
    size_t at = start, characters = 0;
    uint32_t c;
    while (at < end && characters < SHOWN) {
        size_t n = text_next(text->at, text->size, at, &c);
        if (c == '\n' || c == '\r')
            buffer_puts(buffer, "\xE2\x8F\x8E");
        else if (c < ' ')
            buffer_puts(buffer, " ");
        else
            buffer_add(buffer, text->at + at, n == 0 ? 1 : n);
        at += n == 0 ? 1 : n;
        characters++;
    }
    if (at < end)
        buffer_puts(buffer, "\xE2\x80\xA6");
}

/* So many bytes of a value as are shown: whole characters. */
static size_t brief_size(const char *text)
{
    size_t size = strlen(text);
    if (size <= BRIEF)
        return size;
    for (size = BRIEF; size > 0 && ((unsigned char)text[size] & 0xC0) == 0x80;)
        size--;
    return size;
}

/* The document, and what a search finds in it once more. */
struct explained {
    const struct depesha_document *d;
    const struct record *record; /* the one at hand */
    struct marks marks;
    size_t low; /* the first of them that begins where the step does, or behind */
    struct buffer *buffer;
};

/* Without memory it leaves by the buffer's arena. */
static void show_record(struct explained *e, size_t n)
{
    e->record = document_open(e->d, n);
    if (e->record == NULL)
        arena_fail(e->buffer->arena);
}

static void show_yield(const struct explained *e, const struct mark *mark)
{
    const struct values *values = &e->record->values;
    bool first = true;
    for (size_t i = 0; i < values->count; i++) {
        const struct value *value = &values->at[i];
        if (value->field != mark->field->index || value->span.start < mark->start || value->span.end > mark->end)
            continue;
        buffer_format(e->buffer, "%s %s \"%.*s\"", first ? " ->" : ",", value->key->path, (int)brief_size(value->text),
                      value->text);
        first = false;
    }
}

/* What only tells where another cable begins is no other reading of this one. */
static bool begins_another(const struct depesha_grammar *grammar, const struct field *field)
{
    for (size_t z = 0; z < grammar->zone_count; z++)
        if ((field->zones >> z & 1) && !grammar->zones[z].opens)
            return false;
    return true;
}

/* Productions that match at the same place and were not taken. */
static void show_rivals(const struct explained *e, const struct mark *taken)
{
    bool first = true;
    for (size_t i = e->low; i < e->marks.count && e->marks.at[i].start <= taken->start; i++) {
        const struct mark *mark = &e->marks.at[i];
        if (mark->start != taken->start || mark->field == taken->field || begins_another(e->d->grammar, mark->field))
            continue;
        buffer_format(e->buffer, "%s %s (%d)", first ? "\n                 also:" : ",", mark->field->name,
                      mark->field->weight);
        first = false;
    }
}

static void show_mark(const struct explained *e, const struct step *step)
{
    const struct depesha_document *d = e->d;
    buffer_format(e->buffer, "%5zu %-10s ", document_line(d, step->start), d->grammar->zones[step->zone].name);
    show_text(e->buffer, &d->text, step->mark.start, step->mark.end);
    buffer_format(e->buffer, "\n                 %s (%d)", step->mark.field->name, step->mark.field->weight);
    show_yield(e, &step->mark);
    show_rivals(e, &step->mark);
    buffer_puts(e->buffer, "\n");
}

/* Line by line. */
static void show_run(const struct explained *e, const struct step *step)
{
    const struct depesha_document *d = e->d;
    const struct zone *zone = &d->grammar->zones[step->zone];
    for (size_t n = line_at(&d->lines, step->start); n < d->lines.count; n++) {
        const struct line line = *line_of(&d->lines, n);
        size_t start = line.start > step->start ? line.first : step->start,
               end = step->end < line.end ? step->end : line.end;
        if (line.start >= step->end)
            return;
        if (line.blank || start >= end)
            continue;
        buffer_format(e->buffer, "%5zu %-10s ", document_line(d, start), zone->name);
        show_text(e->buffer, &d->text, start, end);
        buffer_puts(e->buffer, zone->body ? "\n" : "\n                 nothing explains this\n");
    }
}

static void show_steps(struct explained *e, const struct path *path)
{
    const struct depesha_document *d = e->d;
    struct path_reader reader = path_from(path, d->grammar, 0, 0, NULL);
    struct step step;
    show_record(e, 0);
    while (path_next(&reader, &step)) {
        size_t n = e->record->number;
        if (step.kind == STEP_SWITCH && d->grammar->zones[step.zone].opens && n + 1 < d->portion_count)
            show_record(e, n + 1);
        while (e->low < e->marks.count && e->marks.at[e->low].start < step.start)
            e->low++;
        if (step.kind == STEP_MARK)
            show_mark(e, &step);
        else if (step.kind == STEP_LINE)
            show_run(e, &step);
    }
}

static void show_forms(struct explained *e)
{
    for (size_t r = 0; r < e->d->portion_count; r++) {
        show_record(e, r);
        buffer_format(e->buffer, "\nforms%s\n", r == 0 ? "" : " of the next cable");
        for (size_t i = 0; i < e->record->fit_count; i++) {
            const struct fit *fit = &e->record->fits[i];
            const char *lacks = form_lacks(e->buffer->arena, e->d->grammar, e->record, fit->form);
            buffer_format(e->buffer, "%s %-24s %3d  %s\n", fit->form == e->record->form ? " *" : "  ", fit->form->id,
                          fit->score, lacks == NULL ? "fits" : lacks);
        }
        if (e->record->form == NULL)
            buffer_puts(e->buffer, "   none fits: this is not recognised as a cable\n");
    }
}

/* The document keeps the way that was taken, and not what competed with it: the search is made once more. */
static void show_document(struct buffer *buffer, const struct depesha_document *d)
{
    struct arena *arena = buffer->arena;
    struct arena *work = arena_take(arena, 1, sizeof *work);
    struct explained *e = arena_take(arena, 1, sizeof *e);
    struct matcher *matcher = arena_take(arena, 1, sizeof *matcher);
    struct path *path = arena_take(arena, 1, sizeof *path);
    *e = (struct explained){.d = d, .buffer = buffer};
    work->escape = arena->escape;
    arena_keep(arena, work, (void (*)(void *))arena_free);
    matcher_open(matcher, arena, d->grammar, &d->text);
    matcher->lines = &d->lines;
    path_find(matcher, d->flat, work, &e->marks, path);
    show_steps(e, path);
    show_forms(e);
}

/* How far the first elements of a production get at a place. */
struct reach {
    size_t elements, end, at;
};

static void try_at(struct matcher *matcher, pcre2_code **prefixes, size_t count, size_t line, size_t at,
                   struct reach *best)
{
    size_t to = mark_horizon(matcher, line, at);
    for (size_t n = count; n > 0 && n >= best->elements; n--) {
        struct span span;
        if (!matcher_run(matcher, prefixes[n - 1], at, to, &span))
            continue;
        if (n > best->elements || span.end - span.start > best->end - best->at)
            *best = (struct reach){n, span.end, at};
        break;
    }
}

static const struct node *element(const struct field *field, size_t n)
{
    const struct node *node = field->node->kind == NODE_SEQUENCE ? field->node->first : field->node;
    while (n-- > 0 && node->next != NULL)
        node = node->next;
    return node;
}

static void show_reach(struct buffer *buffer, const struct depesha_document *d, const struct field *field,
                       const struct reach *reach, size_t count)
{
    size_t line, column;
    if (reach->elements == 0) {
        buffer_format(buffer, "%s does not begin anywhere there: it needs ", field->name);
        struct node first = *element(field, 0);
        first.next = NULL;
        pattern_print(buffer, &first);
        buffer_puts(buffer, "\n");
        return;
    }
    document_position(d, reach->at, &line, &column);
    buffer_format(buffer, "%s at %zu:%zu matches \"", field->name, line, column);
    show_text(buffer, &d->text, reach->at, reach->end);
    buffer_puts(buffer, "\"\n");
    if (reach->elements == count) {
        buffer_puts(buffer,
                    "  all of it; if it is not in the record, another production scored better (depesha explain)\n");
        return;
    }
    document_position(d, reach->end, &line, &column);
    buffer_format(buffer, "  and stops at %zu:%zu, where it expects ", line, column);
    struct node next = *element(field, reach->elements);
    next.next = NULL;
    pattern_print(buffer, &next);
    buffer_puts(buffer, " and finds \"");
    show_text(buffer, &d->text, reach->end, line_of(&d->lines, line_at(&d->lines, reach->end))->end);
    buffer_puts(buffer, "\"\n");
}

static void why_not(struct buffer *buffer, const struct depesha_document *d, const struct field *field, size_t line)
{
    struct arena *arena = buffer->arena;
    size_t count = pattern_elements(field);
    pcre2_code **prefixes = arena_take(arena, count, sizeof(pcre2_code *));
    for (size_t n = 0; n < count; n++) {
        prefixes[n] = pattern_prefix(d->grammar, arena, field, n + 1);
        arena_keep(arena, prefixes[n], (void (*)(void *))pcre2_code_free);
    }
    struct matcher matcher;
    matcher_open(&matcher, arena, d->grammar, &d->text);
    matcher.lines = &d->lines;
    struct reach best = {0};
    for (size_t n = 0; n < d->lines.count; n++)
        for (size_t at = line_of(&d->lines, n)->first; at < line_of(&d->lines, n)->end; at++) {
            bool start = begins_cell(&matcher, n, at);
            if (line != 0 && document_line(d, at) != line)
                continue;
            if (((unsigned char)d->text.at[at] & 0xC0) == 0x80 || (!start && !at_boundary(&d->text, at)) ||
                (field->at_start && !start))
                continue;
            try_at(&matcher, prefixes, count, n, at, &best);
        }
    show_reach(buffer, d, field, &best, count);
}

/* Runs a writer with an arena of its own and gives its text to the caller. */
static char *written(void (*write)(struct buffer *, const struct depesha_document *, const struct field *, size_t),
                     const struct depesha_document *d, const struct field *field, size_t line)
{
    jmp_buf escape;
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena == NULL)
        return NULL;
    arena->escape = &escape;
    if (setjmp(escape) != 0) {
        arena_free(arena);
        free(arena);
        return NULL;
    }
    struct buffer *buffer = arena_take(arena, 1, sizeof *buffer);
    buffer->arena = arena;
    write(buffer, d, field, line);
    char *text = buffer_give(buffer);
    arena_free(arena);
    free(arena);
    return text;
}

static void write_document(struct buffer *buffer, const struct depesha_document *d, const struct field *field,
                           size_t line)
{
    (void)field;
    (void)line;
    show_document(buffer, d);
}

char *depesha_explain(const depesha_document *document)
{
    return written(write_document, document, NULL, 0);
}

depesha_status depesha_why_not(const depesha_document *document, const char *production, size_t line, char **text)
{
    const struct field *field = find_field(document->grammar, production);
    *text = NULL;
    if (field == NULL || line > document->page_lines.count)
        return DEPESHA_BAD_NAME;
    *text = written(why_not, document, field, line);
    return *text == NULL ? DEPESHA_NO_MEMORY : DEPESHA_OK;
}
