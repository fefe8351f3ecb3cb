/* A record as JSON, piece by piece: once it is begun nothing can fail but who takes it. */
#include <cjson/cJSON.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"

/* Of a text so many bytes are given to cJSON at once; each becomes six characters at most. */
enum { PIECE = 512, PRINTED = 6 * PIECE + 16, WAITS = 8192 };

struct writer {
    const struct depesha_document *d;
    const struct record *record;
    depesha_sink *sink;
    void *context;
    bool pretty, refused;
    bool first; /* nothing stands yet in the list or object at hand */
    unsigned depth;
    size_t size; /* of what waits */
    char waits[WAITS];
};

/* ---- JSON --------------------------------------------------------------------------------------- */

static void flush(struct writer *w)
{
    w->refused = w->refused || (w->size > 0 && !w->sink(w->context, w->waits, w->size));
    w->size = 0;
}

static void put(struct writer *w, const char *text, size_t size)
{
    if (size > WAITS - w->size)
        flush(w);
    if (size > WAITS) {
        w->refused = w->refused || !w->sink(w->context, text, size);
        return;
    }
    memcpy(w->waits + w->size, text, size);
    w->size += size;
}

static void put_sign(struct writer *w, char sign)
{
    put(w, &sign, 1);
}

/* What cJSON makes of an item. */
static size_t print(cJSON *item, char *printed)
{
    if (!cJSON_PrintPreallocated(item, printed, PRINTED, 0))
        return 0;
    return strlen(printed);
}

/* Part of a string, without quotes. It ends before a 0. */
static void put_text(struct writer *w, const char *text, size_t size)
{
    char piece[PIECE + 1], printed[PRINTED];
    cJSON item = {.type = cJSON_String, .valuestring = piece};
    const char *zero = memchr(text, 0, size);
    size = zero == NULL ? size : (size_t)(zero - text);
    for (size_t at = 0, n; at < size; at += n) {
        n = size - at < PIECE ? size - at : PIECE;
        memcpy(piece, text + at, n);
        piece[n] = '\0';
        size_t length = print(&item, printed);
        if (length > 2)
            put(w, printed + 1, length - 2);
    }
}

static void put_tabs(struct writer *w)
{
    put_sign(w, '\n');
    for (unsigned i = 0; i < w->depth; i++)
        put_sign(w, '\t');
}

/* What parts an item of a list from the one before. */
static void part(struct writer *w)
{
    if (!w->first)
        put(w, ", ", w->pretty ? 2 : 1);
    w->first = false;
}

static void put_name(struct writer *w, const char *name, size_t size)
{
    if (!w->first)
        put_sign(w, ',');
    if (w->pretty)
        put_tabs(w);
    put_sign(w, '"');
    put_text(w, name, size);
    put(w, "\":\t", w->pretty ? 3 : 2);
    w->first = false;
}

static void begin(struct writer *w, char sign)
{
    put_sign(w, sign);
    w->depth++;
    w->first = true;
}

static void end(struct writer *w, char sign)
{
    w->depth--;
    if (w->pretty && sign == '}')
        put_tabs(w);
    put_sign(w, sign);
    w->first = false;
}

static void begin_member(struct writer *w, const char *name, char sign)
{
    put_name(w, name, strlen(name));
    begin(w, sign);
}

static void put_string(struct writer *w, const char *text, size_t size)
{
    put_sign(w, '"');
    put_text(w, text, size);
    put_sign(w, '"');
}

static void put_number(struct writer *w, double number)
{
    char printed[PRINTED];
    cJSON item = {.type = cJSON_Number, .valuedouble = number};
    item.valueint = number >= INT_MAX ? INT_MAX : number <= INT_MIN ? INT_MIN : (int)number;
    printed[0] = '\0';
    size_t size = print(&item, printed);
    put(w, printed, size);
}

static void add_text(struct writer *w, const char *name, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    put_name(w, name, strlen(name));
    put_string(w, text, strlen(text));
}

static void add_number(struct writer *w, const char *name, double number)
{
    put_name(w, name, strlen(name));
    put_number(w, number);
}

/* ---- values where their keys say ------------------------------------------------------------------ */

static void put_value(struct writer *w, const struct value *value)
{
    if (value->key->type->kind == KIND_INTEGER)
        put_number(w, (double)strtol(value->text, NULL, 10));
    else
        put_string(w, value->text, strlen(value->text));
}

static const struct value *value_in(const struct writer *w, const struct key_run *run, size_t n)
{
    return &w->record->values.at[run->ordered ? w->record->order[run->at + n] : run->at + n];
}

/* The name in a path behind `prefix` bytes of it. */
static size_t name_size(const char *path, size_t prefix)
{
    return strcspn(path + prefix, ".");
}

/* Whether a path goes on as another does, up to the end of a name. */
static bool is_beside(const char *path, const char *other, size_t size)
{
    return strncmp(path, other, size) == 0 && (path[size] == '.' || path[size] == '\0');
}

enum { NO_ENTRY = UINT32_MAX };

static void put_members(struct writer *w, struct key_run *runs, size_t count, const char *path, size_t prefix,
                        uint32_t entry);

/* The entries of a list, each with its values of these keys, which are sorted by their entries. */
static void put_entries(struct writer *w, struct key_run *runs, size_t count, const char *path, size_t prefix)
{
    begin(w, '[');
    for (;;) {
        uint32_t entry = NO_ENTRY;
        for (size_t i = 0; i < count; i++)
            if (is_beside(runs[i].key->path, path, prefix - 1) && runs[i].count > 0 &&
                value_in(w, &runs[i], 0)->entry < entry)
                entry = value_in(w, &runs[i], 0)->entry;
        if (entry == NO_ENTRY)
            break;
        part(w);
        begin(w, '{');
        put_members(w, runs, count, path, prefix, entry);
        end(w, '}');
    }
    end(w, ']');
}

/* All values of a key that is the last name of its path; of an entry, its own. */
static void put_values(struct writer *w, struct key_run *run, size_t prefix, uint32_t entry)
{
    const char *name = run->key->path + prefix;
    bool list = run->key->list > 0 && run->key->path[run->key->list] == '\0';
    if (list) {
        begin_member(w, name, '[');
        for (size_t i = 0; i < run->count; i++) {
            part(w);
            put_value(w, value_in(w, run, i));
        }
        run->count = 0;
        end(w, ']');
        return;
    }
    while (run->count > 0 && (entry == NO_ENTRY || value_in(w, run, 0)->entry == entry)) {
        put_name(w, name, strlen(name));
        put_value(w, value_in(w, run, 0));
        run->at++;
        run->count--;
    }
}

/* Those keys whose paths begin as `path` does, up to `prefix`: each name where it comes first. */
static void put_members(struct writer *w, struct key_run *runs, size_t count, const char *path, size_t prefix,
                        uint32_t entry)
{
    for (size_t i = 0; i < count; i++) {
        const struct key *key = runs[i].key;
        if (strncmp(key->path, path, prefix) != 0 || runs[i].count == 0)
            continue;
        size_t size = prefix + name_size(key->path, prefix);
        if (entry != NO_ENTRY && value_in(w, &runs[i], 0)->entry != entry)
            continue;
        if (key->path[size] == '\0') {
            put_values(w, &runs[i], prefix, entry);
            continue;
        }
        put_name(w, key->path + prefix, size - prefix);
        if (key->list == size) {
            put_entries(w, runs, count, key->path, size + 1);
        } else {
            begin(w, '{');
            put_members(w, runs, count, key->path, size + 1, entry);
            end(w, '}');
        }
    }
}

/* ---- the record ------------------------------------------------------------------------------------ */

static void write_source(struct writer *w)
{
    const struct depesha_document *d = w->d;
    begin_member(w, "source", '{');
    add_text(w, "name", d->name);
    add_number(w, "bytes", (double)d->text.source_size);
    add_text(w, "encoding", d->text.encoding);
    if (d->portion_count > 1) {
        struct span span = w->record->span;
        struct span bytes = order_source(&d->order, text_source(&d->text, span.start), text_source(&d->text, span.end));
        add_number(w, "start", bytes.start);
        add_number(w, "end", bytes.end);
    }
    end(w, '}');
}

static void write_form(struct writer *w)
{
    const struct form *form = w->record->form;
    if (form == NULL) {
        put_name(w, "form", strlen("form"));
        put(w, "null", strlen("null"));
        return;
    }
    begin_member(w, "form", '{');
    add_text(w, "id", form->id);
    add_text(w, "title", form->title);
    add_text(w, "grammar", w->d->grammar->name);
    end(w, '}');
}

static void write_body(struct writer *w)
{
    const struct buffer *body = &w->record->body;
    if (body->size == 0)
        return;
    begin_member(w, "body", '[');
    for (size_t at = 0; at < body->size;) {
        size_t size = strlen(body->at + at);
        part(w);
        put_string(w, body->at + at, size);
        at += size + 1;
    }
    end(w, ']');
}

static void write_cable(struct writer *w, struct key_run *runs, size_t count)
{
    if (count == 0 && w->record->body.size == 0)
        return;
    begin_member(w, "cable", '{');
    put_members(w, runs, count, "", 0, NO_ENTRY);
    write_body(w);
    end(w, '}');
}

/* Words with a blank between them. */
static void put_folded(struct writer *w, const char *text, size_t size)
{
    bool first = true;
    struct span word;
    put_sign(w, '"');
    for (size_t at = 0; next_word(text, size, &at, &word); first = false) {
        if (!first)
            put_sign(w, ' ');
        put_text(w, text + word.start, word.end - word.start);
    }
    put_sign(w, '"');
}

static void write_unparsed(struct writer *w)
{
    struct passage_reader passages = passages_of(w->d, w->record);
    struct passage passage;
    bool any = false;
    while (!w->refused && passage_next(&passages, &passage)) {
        if (!any)
            begin_member(w, "unparsed", '[');
        any = true;
        part(w);
        begin(w, '{');
        add_number(w, "line", (double)document_line(w->d, passage.span.start));
        put_name(w, "text", strlen("text"));
        put_folded(w, w->d->text.at + passage.span.start, passage.span.end - passage.span.start);
        end(w, '}');
    }
    if (any)
        end(w, ']');
}

static const char *severity_name(depesha_severity severity)
{
    return severity == DEPESHA_ERROR ? "error" : severity == DEPESHA_WARNING ? "warning" : "note";
}

static void write_findings(struct writer *w)
{
    if (w->record->finding_count == 0)
        return;
    begin_member(w, "findings", '[');
    for (size_t i = 0; i < w->record->finding_count; i++) {
        const depesha_finding *finding = &w->record->findings[i];
        part(w);
        begin(w, '{');
        add_text(w, "rule", finding->rule);
        add_text(w, "severity", severity_name(finding->severity));
        add_number(w, "line", (double)finding->line);
        add_number(w, "column", (double)finding->column);
        add_text(w, "message", finding->message);
        end(w, '}');
    }
    end(w, ']');
}

/* "copies.distribution" and its entry 2 become "/cable/copies/distribution/2". */
static void put_pointer(struct writer *w, const struct value *value)
{
    const struct key *key = value->key;
    char entry[32];
    put_sign(w, '"');
    put_text(w, "/cable", key->root ? 0 : strlen("/cable"));
    for (size_t at = 0, size; at == 0 || key->path[at - 1] != '\0'; at += size + 1) {
        size = name_size(key->path, at);
        put_sign(w, '/');
        put_text(w, key->path + at, size);
        if (key->list > 0 && at + size == key->list) {
            snprintf(entry, sizeof entry, "/%lu", (unsigned long)value->entry);
            put(w, entry, strlen(entry));
        }
    }
    put_sign(w, '"');
}

static void write_evidence(struct writer *w)
{
    const struct depesha_document *d = w->d;
    struct cursor cursor = {0};
    size_t line, column;
    begin_member(w, "evidence", '[');
    for (size_t i = 0; i < w->record->values.count && !w->refused; i++) {
        const struct value *value = &w->record->values.at[i];
        struct span shown = document_shown(d, value->span.start, value->span.end);
        struct span source = document_source(d, &d->text, value->span);
        cursor_position(&cursor, d, value->span.start, &line, &column);
        part(w);
        begin(w, '{');
        put_name(w, "path", strlen("path"));
        put_pointer(w, value);
        add_number(w, "start", source.start);
        add_number(w, "end", source.end);
        add_number(w, "line", (double)line);
        add_number(w, "column", (double)column);
        put_name(w, "text", strlen("text"));
        put_string(w, d->shown.at + shown.start, shown.end - shown.start);
        add_text(w, "production", d->grammar->by_index[value->field]->name);
        add_number(w, "certainty", value_certainty(d->grammar, value));
        end(w, '}');
    }
    end(w, ']');
}

bool record_write(const struct depesha_document *document, const struct record *record, unsigned flags,
                  depesha_sink *sink, void *context)
{
    struct writer w = {.d = document, .record = record, .sink = sink, .context = context};
    const size_t *counts = record->run_counts;
    struct key_run *runs = record->runs + counts[0] + counts[1] + counts[2];
    w.pretty = (flags & DEPESHA_PRETTY) != 0;
    memcpy(runs, record->runs, (counts[0] + counts[1] + counts[2]) * sizeof *runs); /* they are used up */
    begin(&w, '{');
    add_text(&w, "depesha", "1");
    write_source(&w);
    write_form(&w);
    put_members(&w, runs, counts[0], "", 0, NO_ENTRY);
    write_cable(&w, runs + counts[0], counts[1]);
    put_members(&w, runs + counts[0] + counts[1], counts[2], "", 0, NO_ENTRY);
    write_unparsed(&w);
    write_findings(&w);
    if (flags & DEPESHA_EVIDENCE)
        write_evidence(&w);
    end(&w, '}');
    flush(&w);
    return !w.refused;
}

/* ---- the order of the values ------------------------------------------------------------------------- */

/* The catalogue's, the cable's, and others of the record. */
static size_t part_of(const struct key *key)
{
    return !key->root ? 1 : is_beside(key->path, "catalog", strlen("catalog")) ? 0 : 2;
}

struct placed {
    uint32_t entry, index;
};

static int compare_placed(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;
    if (a->entry != b->entry)
        return a->entry < b->entry ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

/* Of the entries of a list by these; mostly they are in that order. */
static void sort_entries(struct arena *work, const struct values *values, uint32_t *order, size_t count)
{
    bool sorted = true;
    for (size_t i = 1; i < count && sorted; i++)
        sorted = values->at[order[i - 1]].entry <= values->at[order[i]].entry;
    if (sorted)
        return;
    size_t room = 0;
    struct placed *placed = arena_grow(work, NULL, 0, &room, count, sizeof *placed);
    for (size_t i = 0; i < count; i++)
        placed[i] = (struct placed){values->at[order[i]].entry, order[i]};
    qsort(placed, count, sizeof *placed, compare_placed);
    for (size_t i = 0; i < count; i++)
        order[i] = placed[i].index;
    arena_leave(work, placed, room * sizeof *placed);
}

/* Puts a key's values in order where they do not stand so together already. */
static void arrange(struct depesha_document *d, struct record *record, struct key_run *run, size_t *ordered)
{
    const struct values *values = &record->values;
    bool entries = run->key->list > 0 && run->key->path[run->key->list] != '\0', sorted = true;
    size_t found = 1;
    for (size_t i = run->at + 1; found < run->count; i++) {
        const struct value *value = &values->at[i];
        sorted = sorted && value->key == run->key && (!entries || value[-1].entry <= value->entry);
        found += value->key == run->key;
    }
    if (sorted)
        return;
    uint32_t *order = record->order + *ordered;
    for (size_t i = run->at, n = 0; n < run->count; i++)
        if (values->at[i].key == run->key)
            order[n++] = (uint32_t)i;
    if (entries)
        sort_entries(&d->work, values, order, run->count);
    run->at = (uint32_t)*ordered;
    run->ordered = true;
    *ordered += run->count;
}

void record_arrange(struct depesha_document *d, struct record *record)
{
    const struct values *values = &record->values;
    size_t keys = d->grammar->key_count, count = 0, ordered = 0, scattered = 0;
    struct key_run *by_key = arena_take(&d->work, keys + 1, sizeof *by_key);
    for (size_t i = 0; i < values->count; i++) {
        struct key_run *run = &by_key[values->at[i].key->index];
        if (run->count == 0)
            *run = (struct key_run){.key = values->at[i].key, .at = (uint32_t)i};
        count += run->count == 0;
        run->ordered = run->ordered || run->at + run->count != i ||
                       (run->count > 0 && values->at[i - 1].entry > values->at[i].entry);
        run->count++;
    }
    for (size_t k = 0; k < keys; k++) {
        scattered += by_key[k].ordered ? by_key[k].count : 0;
        by_key[k].ordered = false;
    }
    record->order = arena_take(&d->of_record, scattered + 1, sizeof *record->order);
    /* Twice: they are used up where they are written. */
    record->runs = arena_take(&d->of_record, 2 * count + 1, sizeof *record->runs);
    struct key_run *run = record->runs;
    for (size_t part = 0; part < 3; part++)
        for (size_t k = 0; k < keys; k++) {
            if (by_key[k].count == 0 || part_of(by_key[k].key) != part)
                continue;
            *run = by_key[k];
            arrange(d, record, run++, &ordered);
            record->run_counts[part]++;
        }
}
