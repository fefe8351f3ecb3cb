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

static void show_yield(struct buffer *buffer, const struct depesha_document *d, const struct mark *mark)
{
    bool first = true;
    for (size_t r = 0; r < d->record_count; r++)
        for (size_t i = 0; i < d->records[r].values.count; i++) {
            const struct value *value = &d->records[r].values.at[i];
            if (value->field != mark->field || value->span.start < mark->start || value->span.end > mark->end)
                continue;
            buffer_format(buffer, "%s %s \"%.*s\"", first ? " ->" : ",", value->key->path, (int)brief_size(value->text),
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
static void show_rivals(struct buffer *buffer, const struct depesha_document *d, const struct mark *taken, size_t low)
{
    bool first = true;
    for (size_t i = low; i < d->path.mark_count && d->path.marks[i].start <= taken->start; i++) {
        const struct mark *mark = &d->path.marks[i];
        if (mark->start != taken->start || mark == taken || begins_another(d->grammar, mark->field))
            continue;
        buffer_format(buffer, "%s %s (%d)", first ? "\n                 also:" : ",", mark->field->name,
                      mark->field->weight);
        first = false;
    }
}

static void show_step(struct buffer *buffer, const struct depesha_document *d, const struct step *step, size_t low)
{
    size_t line = line_at(&d->lines, step->start);
    if (step->kind == STEP_SWITCH)
        return;
    if (step->kind == STEP_LINE && d->lines.at[line].blank)
        return;
    buffer_format(buffer, "%5zu %-10s ", document_line(d, step->start), d->grammar->zones[step->zone].name);
    if (step->kind == STEP_MARK) {
        show_text(buffer, &d->text, step->mark->start, step->mark->end);
        buffer_format(buffer, "\n                 %s (%d)", step->mark->field->name, step->mark->field->weight);
        show_yield(buffer, d, step->mark);
        show_rivals(buffer, d, step->mark, low);
    } else {
        size_t end = step->end < d->lines.at[line].end ? step->end : d->lines.at[line].end;
        show_text(buffer, &d->text, step->start, end);
        if (!d->grammar->zones[step->zone].body)
            buffer_puts(buffer, "\n                 nothing explains this");
    }
    buffer_puts(buffer, "\n");
}

static void show_forms(struct buffer *buffer, const struct depesha_document *d)
{
    for (size_t r = 0; r < d->record_count; r++) {
        const struct record *record = &d->records[r];
        buffer_format(buffer, "\nforms%s\n", r == 0 ? "" : " of the next cable");
        for (size_t i = 0; i < record->fit_count; i++) {
            const struct fit *fit = &record->fits[i];
            const char *lacks = form_lacks(buffer->arena, d->grammar, record, fit->form);
            buffer_format(buffer, "%s %-24s %3d  %s\n", fit->form == record->form ? " *" : "  ", fit->form->id,
                          fit->score, lacks == NULL ? "fits" : lacks);
        }
        if (record->form == NULL)
            buffer_puts(buffer, "   none fits: this is not recognised as a cable\n");
    }
}

static void show_document(struct buffer *buffer, const struct depesha_document *d)
{
    size_t low = 0;
    for (size_t i = 0; i < d->path.count; i++) {
        const struct step *step = &d->path.steps[i];
        while (low < d->path.mark_count && d->path.marks[low].start < step->start)
            low++;
        show_step(buffer, d, step, low);
    }
    show_forms(buffer, d);
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
    show_text(buffer, &d->text, reach->end, d->lines.at[line_at(&d->lines, reach->end)].end);
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
        for (size_t at = d->lines.at[n].first; at < d->lines.at[n].end; at++) {
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
