#include "document.h"

#include "column.h"
#include "html.h"
#include "running.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* In UTF-8 a text is at most three times as long, so offsets have 32 bits. */
enum { MAX_INPUT = 0x3FFFFFFF, FLAT_GAIN = 12 };

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
        *cursor = (struct cursor){n + 1, line_of(&d->page_lines, n)->start, 1};
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

const depesha_value *record_values(struct depesha_document *d, struct record *record)
{
    const struct values *values = &record->values;
    struct cursor cursor = {0};
    if (record->public_values != NULL)
        return record->public_values;
    depesha_value *made = arena_take(&d->of_record, values->count + 1, sizeof *made);
    for (size_t i = 0; i < values->count; i++) {
        const struct value *value = &values->at[i];
        struct span span = document_shown(d, value->span.start, value->span.end);
        struct span source = document_source(d, &d->text, value->span);
        made[i] = (depesha_value){
            .path = value_pointer(&d->of_record, value),
            .value = value->text,
            .text = arena_copy(&d->of_record, d->shown.at + span.start, span.end - span.start),
            .production = d->grammar->by_index[value->field]->name,
            .start = source.start,
            .end = source.end,
            .certainty = value_certainty(d->grammar, value),
        };
        cursor_position(&cursor, d, value->span.start, &made[i].line, &made[i].column);
    }
    return record->public_values = made;
}

/* ---- ways of reading --------------------------------------------------------------------------- */

/* What one way of reading has made of the text. */
struct reading {
    struct path path;
    struct portion *portions;
    size_t portion_count, portion_room;
    struct text text;
    struct lines lines;
    struct repairs repairs;
    enum reading_kind kind;
};

static struct reading reading_of(const struct depesha_document *d)
{
    return (struct reading){d->path, d->portions, d->portion_count, d->portion_room,
                            d->text, d->lines,    d->repairs,       d->reading};
}

static void reading_restore(struct depesha_document *d, const struct reading *reading)
{
    d->path = reading->path;
    d->portions = reading->portions;
    d->portion_count = reading->portion_count;
    d->portion_room = reading->portion_room;
    d->text = reading->text;
    d->lines = reading->lines;
    d->repairs = reading->repairs;
    d->reading = reading->kind;
}

/* Another way of reading: what is made from now on is its own. */
static void reading_begin(struct depesha_document *d, enum reading_kind kind)
{
    d->matcher.arena = &d->readings[kind];
    d->portions = NULL;
    d->portion_count = d->portion_room = 0;
    d->reading = kind;
}

/* The values of a record, and its form. */
static void read_record(struct depesha_document *d, size_t n)
{
    struct arena *arena = d->matcher.arena;
    struct portion *portion = &d->portions[n];
    struct record *record = &d->record;
    if (d->has_record && record->number == n && record->reading == d->reading)
        return;
    d->has_record = false;
    arena_empty(&d->of_record);
    d->matcher.arena = &d->of_record;
    *record = (struct record){.reading = d->reading, .number = n, .span = {portion->start, portion->end}};
    tree_read(d, record);
    form_choose(d, record);
    d->matcher.arena = arena;
    portion->form = record->form;
    portion->is_read = d->has_record = true;
}

static bool is_recognised(struct depesha_document *d)
{
    for (size_t i = 0; i < d->portion_count; i++) {
        if (!d->portions[i].is_read)
            read_record(d, i);
        if (d->portions[i].form != NULL)
            return true;
    }
    return false;
}

/* Reads the mended text; the plain one's reading goes if that is better. */
static bool read_better(struct depesha_document *d, struct path *plain)
{
    struct path path;
    d->matcher.arena = &d->readings[READING_MENDED];
    matcher_lines(&d->matcher, &d->lines);
    d->matcher.arena = &d->ways;
    path_find(&d->matcher, false, &d->work, NULL, &path);
    if (path.score <= plain->score)
        return false;
    reading_begin(d, READING_MENDED);
    tree_grow(d, &path);
    return true;
}

/* Words that nothing explains may be damaged: what explains more with them mended is the better reading. */
static void read_mended(struct depesha_document *d, struct path *path)
{
    struct text text;
    struct repairs repairs;
    d->matcher.arena = &d->readings[READING_MENDED];
    bool mended = repair_text(&d->matcher, path, &d->work, &text, &repairs);
    d->matcher.arena = &d->readings[READING_PLAIN];
    if (!mended)
        return;
    bool recognised = is_recognised(d);
    const struct reading plain = reading_of(d);
    d->text = text;
    d->repairs = repairs;
    if (read_better(d, path) && (!recognised || is_recognised(d))) {
        arena_free(&d->readings[READING_PLAIN]);
        return;
    }
    reading_restore(d, &plain);
    d->matcher.arena = &d->readings[READING_PLAIN];
    arena_free(&d->readings[READING_MENDED]);
}

/* Lines may have been joined: words are read one by one. */
static void read_flat(struct depesha_document *d, bool recognised)
{
    struct arena *arena = d->matcher.arena;
    struct reading plain = reading_of(d);
    struct path path;
    d->matcher.arena = &d->ways;
    path_find(&d->matcher, true, &d->work, NULL, &path);
    reading_begin(d, READING_FLAT);
    tree_grow(d, &path);
    d->flat = is_recognised(d) && (!recognised || path.score >= plain.path.score + FLAT_GAIN);
    if (d->flat)
        return;
    reading_restore(d, &plain);
    d->matcher.arena = arena;
    arena_free(&d->readings[READING_FLAT]);
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

/* Values that were read in mended words are less certain. */
static void doubt_mended(const struct depesha_document *d, struct record *record)
{
    for (size_t i = 0; d->repairs.count > 0 && i < record->values.count; i++) {
        struct value *value = &record->values.at[i];
        size_t start = value->span.start, end = value->span.end;
        value->mended = repairs_touch(&d->repairs, &d->text, start, end, false);
        value->digits = value->mended && repairs_touch(&d->repairs, &d->text, start, end, true);
    }
}

static void make_readers(struct depesha_document *d)
{
    size_t most = 0;
    for (const struct field *field = d->grammar->fields; field != NULL; field = field->next)
        most = field->slot_count > most ? field->slot_count : most;
    d->slot_most = most;
    d->slots = arena_take(&d->arena, 3 * most + 1, sizeof *d->slots);
    d->leaves = arena_take(&d->arena, 1, sizeof *d->leaves);
    d->leaves->leaves = arena_take(&d->arena, leaf_room(d), sizeof *d->leaves->leaves);
    d->explained.leaves = arena_take(&d->arena, leaf_room(d), sizeof *d->explained.leaves);
    d->leaf_count = SIZE_MAX;
}

/* A page that reads as no cable, or much better so, may be one whose lines were joined. */
static void read_document(struct depesha_document *d, const void *bytes, size_t size, document_way *way, void *context)
{
    struct path path;
    make_readers(d);
    text_read(&d->arena, bytes, size, &d->text);
    read_page(d, way != NULL);
    matcher_open(&d->matcher, &d->arena, d->grammar, &d->text);
    matcher_lines(&d->matcher, &d->lines);
    d->shown = d->text;
    d->shown_lines = d->lines;
    d->page_lines = d->lines;
    if (d->page.at != d->shown.at)
        lines_read(&d->arena, &d->page, NULL, NULL, &d->page_lines);
    d->matcher.arena = &d->ways;
    if (way == NULL)
        path_find(&d->matcher, false, &d->work, NULL, &path);
    else
        way(d, context, &path);
    reading_begin(d, READING_PLAIN);
    tree_grow(d, &path);
    if (way == NULL) {
        read_mended(d, &path);
        arena_free(&d->ways);
        bool recognised = is_recognised(d);
        if (path_can_be_flat(&d->matcher, &d->path, recognised))
            read_flat(d, recognised);
    }
    arena_free(&d->ways);
    tree_tile(d);
    d->matcher.arena = &d->of_record;
    document_record(d, 0);
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
    d->arena.escape = d->of_record.escape = d->work.escape = d->ways.escape = &d->escape;
    for (size_t i = 0; i < READINGS; i++)
        d->readings[i].escape = &d->escape;
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
    arena_free(&document->of_record);
    arena_free(&document->work);
    arena_free(&document->ways);
    for (size_t i = 0; i < READINGS; i++)
        arena_free(&document->readings[i]);
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
    const struct line *at = line_of(&document->page_lines, line - 1);
    *size = at->end - at->start;
    return document->page.at + at->start;
}

size_t depesha_document_count(const depesha_document *document)
{
    return document == NULL ? 0 : document->portion_count;
}

/* ---- records ------------------------------------------------------------------------------------- */

struct record *document_record(struct depesha_document *d, size_t n)
{
    struct record *record = &d->record;
    read_record(d, n);
    if (record->is_complete)
        return record;
    d->has_record = false; /* until it is complete: without memory it is not there */
    d->zones.is_open = d->explains = false;
    doubt_mended(d, record);
    body_fold(record);
    check_record(d, record);
    record_arrange(d, record);
    arena_empty(&d->work);
    record->is_complete = d->has_record = true;
    return record;
}

const struct record *document_open(const struct depesha_document *document, size_t n)
{
    struct depesha_document *d = (struct depesha_document *)document; /* what it says stays the same */
    if (n >= depesha_document_count(d))
        return NULL;
    if (d->has_record && d->record.number == n && d->record.is_complete)
        return &d->record;
    if (setjmp(d->escape) != 0)
        return NULL;
    return document_record(d, n);
}

depesha_status depesha_document_open(const depesha_document *document, size_t n)
{
    if (n >= depesha_document_count(document))
        return DEPESHA_BAD_NAME;
    return document_open(document, n) == NULL ? DEPESHA_NO_MEMORY : DEPESHA_OK;
}

/* Values are made for the public when they are asked for. */
static const depesha_value *values_of(const depesha_document *document, size_t n)
{
    struct depesha_document *d = (struct depesha_document *)document;
    const struct record *record = document_open(document, n);
    if (record == NULL || record->public_values != NULL)
        return record == NULL ? NULL : record->public_values;
    return setjmp(d->escape) != 0 ? NULL : record_values(d, &d->record);
}

const char *depesha_document_form(const depesha_document *document, size_t n)
{
    if (n >= depesha_document_count(document))
        return NULL;
    struct depesha_document *d = (struct depesha_document *)document;
    if (!d->portions[n].is_read) {
        if (setjmp(d->escape) != 0)
            return NULL;
        read_record(d, n);
    }
    return document->portions[n].form == NULL ? NULL : document->portions[n].form->id;
}

size_t depesha_value_count(const depesha_document *document, size_t n)
{
    const struct record *record = document_open(document, n);
    return record == NULL ? 0 : record->values.count;
}

const depesha_value *depesha_value_at(const depesha_document *document, size_t n, size_t index)
{
    const depesha_value *values = values_of(document, n);
    return values != NULL && index < depesha_value_count(document, n) ? &values[index] : NULL;
}

const depesha_value *depesha_value_find(const depesha_document *document, size_t n, const char *path)
{
    const depesha_value *values = path == NULL ? NULL : values_of(document, n);
    for (size_t i = 0; values != NULL && i < depesha_value_count(document, n); i++)
        if (strcmp(values[i].path, path) == 0)
            return &values[i];
    return NULL;
}

size_t depesha_finding_count(const depesha_document *document, size_t n)
{
    const struct record *record = document_open(document, n);
    return record == NULL ? 0 : record->finding_count;
}

const depesha_finding *depesha_finding_at(const depesha_document *document, size_t n, size_t index)
{
    return index < depesha_finding_count(document, n) ? &document->record.findings[index] : NULL;
}

/* ---- leaves -------------------------------------------------------------------------------------- */

size_t depesha_leaf_count(const depesha_document *document)
{
    struct depesha_document *d = (struct depesha_document *)document;
    struct leaf leaf;
    if (d == NULL || d->order.count > 0)
        return d == NULL ? 0 : d->tile_count;
    if (d->leaf_count != SIZE_MAX)
        return d->leaf_count;
    leaves_open(d->leaves, d, 0, d->leaves->leaves);
    for (d->leaf_count = 0; leaf_next(d->leaves, &leaf);)
        d->leaf_count++;
    d->leaf_index = SIZE_MAX;
    return d->leaf_count;
}

/* Moves to a leaf: from the one at hand on, or from the first. */
static void move_to_leaf(struct depesha_document *d, size_t index)
{
    if (d->leaf_index == SIZE_MAX || index < d->leaf_index) {
        leaves_open(d->leaves, d, 0, d->leaves->leaves);
        leaf_next(d->leaves, &d->leaf);
        d->leaf_index = 0;
    }
    for (; d->leaf_index < index; d->leaf_index++)
        leaf_next(d->leaves, &d->leaf);
}

depesha_leaf depesha_leaf_at(const depesha_document *document, size_t index)
{
    struct depesha_document *d = (struct depesha_document *)document;
    if (index >= depesha_leaf_count(document))
        return (depesha_leaf){0};
    const struct leaf *leaf = &d->leaf;
    struct span source;
    if (d->order.count > 0) {
        leaf = &d->tiles[index];
        source = leaf->span;
    } else {
        move_to_leaf(d, index);
        source.start = (uint32_t)text_source(&d->text, leaf->span.start);
        source.end = (uint32_t)text_source(&d->text, leaf->span.end);
    }
    return (depesha_leaf){
        .start = source.start,
        .end = source.end,
        .kind = leaf->kind,
        .path = leaf->key == NULL ? NULL : leaf->key->path,
        .production = leaf->field == NULL ? NULL : leaf->field->name,
    };
}

/* ---- JSON ---------------------------------------------------------------------------------------- */

depesha_status depesha_document_write(const depesha_document *document, size_t n, unsigned flags, depesha_sink *sink,
                                      void *context)
{
    if (n >= depesha_document_count(document))
        return DEPESHA_BAD_NAME;
    const struct record *record = document_open(document, n);
    if (record == NULL)
        return DEPESHA_NO_MEMORY;
    return record_write(document, record, flags, sink, context) ? DEPESHA_OK : DEPESHA_UNWRITTEN;
}

/* A text that grows. */
struct growing {
    char *at;
    size_t size, room;
};

static bool grow_text(void *context, const char *text, size_t size)
{
    struct growing *growing = context;
    size_t room = growing->room == 0 ? 1024 : growing->room;
    while (room - growing->size <= size && room < SIZE_MAX / 2)
        room *= 2;
    char *at = room == growing->room ? growing->at : realloc(growing->at, room);
    if (at == NULL)
        return false;
    growing->at = at;
    growing->room = room;
    memcpy(at + growing->size, text, size);
    growing->size += size;
    at[growing->size] = '\0';
    return true;
}

char *depesha_document_json(const depesha_document *document, size_t n, unsigned flags)
{
    struct growing growing = {0};
    if (depesha_document_write(document, n, flags, grow_text, &growing) == DEPESHA_OK)
        return growing.at;
    free(growing.at);
    return NULL;
}

cJSON *depesha_document_cjson(const depesha_document *document, size_t n, unsigned flags)
{
    char *text = depesha_document_json(document, n, flags);
    cJSON *json = text == NULL ? NULL : cJSON_Parse(text);
    depesha_free(text);
    return json;
}
