#include "document.h"

#include "column.h"
#include "html.h"
#include "running.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* In UTF-8 a text is at most three times as long, so offsets have 32 bits. */
enum { MAX_INPUT = 0x3FFFFFFF, FLAT_GAIN = 12 };

static const double MENDED_WORD = 0.8, MENDED_DIGITS = 0.5;

void document_position(const struct depesha_document *d, size_t offset, size_t *line, size_t *column)
{
    struct cursor cursor = {0};
    cursor_position(&cursor, d, offset, line, column);
}

struct span document_shown(const struct depesha_document *d, size_t start, size_t end)
{
    if (d->repairs.count == 0)
        return (struct span){start, end};
    return (struct span){text_at_source(&d->shown, text_source(&d->text, start)),
                         text_at_source(&d->shown, text_source(&d->text, end))};
}

struct span document_source(const struct depesha_document *d, const struct text *text, struct span span)
{
    return order_source(&d->order, text_source(text, span.start), text_source_end(text, span.start, span.end));
}

/* Where an offset of the text is in the page. */
static size_t page_offset(const struct depesha_document *d, size_t offset)
{
    size_t source = text_source(&d->text, offset);
    return text_at_source(&d->page, order_source(&d->order, source, source).start);
}

/* To an offset of the page. */
static void cursor_move(struct cursor *cursor, const struct depesha_document *d, size_t offset)
{
    size_t n = line_at(&d->page_lines, offset);
    if (cursor->line != n + 1 || offset < cursor->offset)
        *cursor = (struct cursor){n + 1, d->page_lines.at[n].start, 1};
    cursor->column += character_count(&d->page, cursor->offset, offset);
    cursor->offset = offset;
}

void cursor_position(struct cursor *cursor, const struct depesha_document *d, size_t offset, size_t *line,
                     size_t *column)
{
    cursor_move(cursor, d, page_offset(d, offset));
    *line = cursor->line;
    *column = cursor->column;
}

void document_place(const struct depesha_document *d, size_t source, size_t *line, size_t *column)
{
    struct cursor cursor = {0};
    cursor_move(&cursor, d, text_at_source(&d->page, source));
    *line = cursor.line;
    *column = cursor.column;
}

size_t document_line(const struct depesha_document *d, size_t offset)
{
    return line_at(&d->page_lines, page_offset(d, offset)) + 1;
}

/* Values as the public header shows them. */
static void publish(struct depesha_document *d, struct record *record)
{
    const struct values *values = &record->values;
    struct cursor cursor = {0};
    record->public_values = arena_take(&d->arena, values->count + 1, sizeof *record->public_values);
    for (size_t i = 0; i < values->count; i++) {
        const struct value *value = &values->at[i];
        depesha_value *shown = &record->public_values[i];
        struct span span = document_shown(d, value->span.start, value->span.end);
        struct span source = document_source(d, &d->text, value->span);
        *shown = (depesha_value){
            .path = value->pointer,
            .value = value->text,
            .text = arena_copy(&d->arena, d->shown.at + span.start, span.end - span.start),
            .production = value->field->name,
            .start = source.start,
            .end = source.end,
            .certainty = value->certainty,
        };
        cursor_position(&cursor, d, value->span.start, &shown->line, &shown->column);
    }
}

/* What one way of reading has made of the text. */
struct reading {
    struct path path;
    struct leaf *leaves;
    struct record *records;
    size_t leaf_count, leaf_room, record_count, record_room;
    struct text text;
    struct lines lines;
    struct repairs repairs;
};

static struct reading reading_of(const struct depesha_document *d)
{
    return (struct reading){d->path,         d->leaves,      d->records, d->leaf_count, d->leaf_room,
                            d->record_count, d->record_room, d->text,    d->lines,      d->repairs};
}

static void reading_restore(struct depesha_document *d, const struct reading *reading)
{
    d->path = reading->path;
    d->leaves = reading->leaves;
    d->records = reading->records;
    d->leaf_count = reading->leaf_count;
    d->leaf_room = reading->leaf_room;
    d->record_count = reading->record_count;
    d->record_room = reading->record_room;
    d->text = reading->text;
    d->lines = reading->lines;
    d->repairs = reading->repairs;
}

static void find_path(struct depesha_document *d, bool flat)
{
    const struct reading none = {.text = d->text, .lines = d->lines, .repairs = d->repairs};
    reading_restore(d, &none);
    path_find(&d->matcher, flat, &d->path);
}

static void read_records(struct depesha_document *d)
{
    tree_grow(d);
    for (size_t i = 0; i < d->record_count; i++)
        form_choose(d, &d->records[i]);
}

static bool is_recognised(const struct depesha_document *d)
{
    for (size_t i = 0; i < d->record_count; i++)
        if (d->records[i].form != NULL)
            return true;
    return false;
}

/* Words that nothing explains may be damaged: what explains more with them mended is the better reading. */
static void read_mended(struct depesha_document *d)
{
    struct reading plain = reading_of(d);
    bool recognised = is_recognised(d);
    if (!repair_text(&d->matcher, &d->path, &d->text, &d->repairs)) {
        reading_restore(d, &plain);
        return;
    }
    matcher_lines(&d->matcher, &d->lines);
    find_path(d, false);
    bool better = d->path.score > plain.path.score;
    if (better)
        read_records(d);
    if (!better || (recognised && !is_recognised(d)))
        reading_restore(d, &plain);
}

/* What the file shows takes the place of its text, where those differ. What was generated is plain text. */
static void read_page(struct depesha_document *d, bool plain)
{
    d->page = d->text;
    if (plain)
        return;
    if (html_is(&d->page)) {
        d->unread = html_read(&d->arena, &d->text);
    } else {
        running_drop(&d->arena, &d->text);
        columns_read(&d->arena, &d->text, &d->order);
    }
}

/* Values that were read in mended words are less certain; digits most of all, since no dictionary has them. */
static void doubt_mended(const struct depesha_document *d, struct record *record)
{
    for (size_t i = 0; d->repairs.count > 0 && i < record->values.count; i++) {
        struct value *value = &record->values.at[i];
        size_t start = value->span.start, end = value->span.end;
        if (repairs_touch(&d->repairs, &d->text, start, end, true))
            value->certainty *= MENDED_DIGITS;
        else if (repairs_touch(&d->repairs, &d->text, start, end, false))
            value->certainty *= MENDED_WORD;
    }
}

/* A page that reads as no cable, or much better so, may be one whose lines were joined. */
static void read_document(struct depesha_document *d, const void *bytes, size_t size, document_way *way, void *context)
{
    text_read(&d->arena, bytes, size, &d->text);
    read_page(d, way != NULL);
    matcher_open(&d->matcher, &d->arena, d->grammar, &d->text);
    matcher_lines(&d->matcher, &d->lines);
    d->shown = d->text;
    d->shown_lines = d->lines;
    d->page_lines = d->lines;
    if (d->page.at != d->shown.at)
        lines_read(&d->arena, &d->page, &d->page_lines);
    if (way == NULL)
        find_path(d, false);
    else
        way(d, context);
    read_records(d);
    if (way == NULL)
        read_mended(d);
    bool recognised = is_recognised(d);
    if (way == NULL && path_can_be_flat(&d->matcher, &d->path, recognised)) {
        struct reading plain = reading_of(d);
        find_path(d, true);
        read_records(d);
        d->flat = is_recognised(d) && (!recognised || d->path.score >= plain.path.score + FLAT_GAIN);
        if (!d->flat)
            reading_restore(d, &plain);
    }
    for (size_t i = 0; i < d->record_count; i++) {
        body_fold(d, &d->records[i]);
        doubt_mended(d, &d->records[i]);
        check_record(d, &d->records[i]);
        publish(d, &d->records[i]);
    }
    tree_tile(d);
}

depesha_status document_make(const depesha_grammar *grammar, const char *name, const void *bytes, size_t size,
                             document_way *way, void *context, depesha_document **document)
{
    *document = NULL;
    if (size > MAX_INPUT)
        return DEPESHA_TOO_LARGE;
    struct depesha_document *d = calloc(1, sizeof *d);
    if (d == NULL)
        return DEPESHA_NO_MEMORY;
    d->grammar = grammar;
    d->arena.escape = &d->escape;
    if (setjmp(d->escape) != 0) {
        depesha_document_free(d);
        return DEPESHA_NO_MEMORY;
    }
    d->name = arena_copy(&d->arena, name == NULL ? "" : name, name == NULL ? 0 : strlen(name));
    read_document(d, bytes, size, way, context);
    *document = d;
    return DEPESHA_OK;
}

depesha_status depesha_parse(const depesha_grammar *grammar, const char *name, const void *bytes, size_t size,
                             depesha_document **document)
{
    return document_make(grammar, name, bytes, size, NULL, NULL, document);
}

void depesha_document_free(depesha_document *document)
{
    if (document == NULL)
        return;
    arena_free(&document->arena);
    free(document);
}

const char *depesha_document_encoding(const depesha_document *document)
{
    return document == NULL ? NULL : document->text.encoding;
}

const char *depesha_document_line(const depesha_document *document, size_t line, size_t *size)
{
    *size = 0;
    if (document == NULL || line == 0 || line > document->page_lines.count)
        return NULL;
    const struct line *at = &document->page_lines.at[line - 1];
    *size = at->end - at->start;
    return document->page.at + at->start;
}

size_t depesha_document_count(const depesha_document *document)
{
    return document == NULL ? 0 : document->record_count;
}

const char *depesha_document_form(const depesha_document *document, size_t n)
{
    if (n >= depesha_document_count(document) || document->records[n].form == NULL)
        return NULL;
    return document->records[n].form->id;
}

size_t depesha_value_count(const depesha_document *document, size_t n)
{
    return n < depesha_document_count(document) ? document->records[n].values.count : 0;
}

const depesha_value *depesha_value_at(const depesha_document *document, size_t n, size_t index)
{
    return index < depesha_value_count(document, n) ? &document->records[n].public_values[index] : NULL;
}

const depesha_value *depesha_value_find(const depesha_document *document, size_t n, const char *path)
{
    for (size_t i = 0; path != NULL && i < depesha_value_count(document, n); i++)
        if (strcmp(document->records[n].public_values[i].path, path) == 0)
            return &document->records[n].public_values[i];
    return NULL;
}

size_t depesha_finding_count(const depesha_document *document, size_t n)
{
    return n < depesha_document_count(document) ? document->records[n].finding_count : 0;
}

const depesha_finding *depesha_finding_at(const depesha_document *document, size_t n, size_t index)
{
    return index < depesha_finding_count(document, n) ? &document->records[n].findings[index] : NULL;
}

size_t depesha_leaf_count(const depesha_document *document)
{
    return document == NULL ? 0 : document->tile_count;
}

depesha_leaf depesha_leaf_at(const depesha_document *document, size_t index)
{
    if (index >= depesha_leaf_count(document))
        return (depesha_leaf){0};
    const struct leaf *leaf = &document->tiles[index];
    return (depesha_leaf){
        .start = leaf->source.start,
        .end = leaf->source.end,
        .kind = leaf->kind,
        .path = leaf->key == NULL ? NULL : leaf->key->path,
        .production = leaf->field == NULL ? NULL : leaf->field->name,
    };
}

cJSON *depesha_document_cjson(const depesha_document *document, size_t n, unsigned flags)
{
    return n < depesha_document_count(document) ? record_json(document, &document->records[n], flags) : NULL;
}

char *depesha_document_json(const depesha_document *document, size_t n, unsigned flags)
{
    cJSON *json = depesha_document_cjson(document, n, flags);
    char *text = json == NULL ? NULL : flags & DEPESHA_PRETTY ? cJSON_Print(json) : cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    return text;
}
