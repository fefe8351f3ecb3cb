#include "automaton.h"
#include "document.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_INSIDE = 3 }; /* a value in a value in a value */

static struct record *open_record(struct depesha_document *d, size_t start)
{
    d->records =
        arena_grow(&d->arena, d->records, d->record_count, &d->record_room, d->record_count + 1, sizeof *d->records);
    struct record *record = &d->records[d->record_count++];
    *record = (struct record){.body = {.arena = &d->arena}, .span = {start, start}};
    values_open(&record->values, &d->matcher);
    record->seen = arena_take(&d->arena, d->grammar->field_count + 1, sizeof *record->seen);
    buffer_puts(&record->body, "");
    return record;
}

/* Leaves follow one another without gap; empty ones are left out, alike ones join. */
static void add_leaf(struct depesha_document *d, size_t end, const char *kind, const struct key *key,
                     const struct field *field)
{
    size_t start = d->leaf_count == 0 ? 0 : d->leaves[d->leaf_count - 1].span.end;
    /* What was put in, by mending or for a web page, may be no byte of the source. */
    if (end <= start || text_source(&d->text, end) <= text_source(&d->text, start))
        return;
    struct leaf *last = d->leaf_count == 0 ? NULL : &d->leaves[d->leaf_count - 1];
    if (last != NULL && last->kind == kind && key == NULL && last->key == NULL && last->field == field) {
        last->span.end = end;
        return;
    }
    d->leaves = arena_grow(&d->arena, d->leaves, d->leaf_count, &d->leaf_room, d->leaf_count + 1, sizeof *d->leaves);
    d->leaves[d->leaf_count++] = (struct leaf){.span = {start, end}, .kind = kind, .key = key, .field = field};
}

static const char BODY[] = "body", LABEL[] = "label", VALUE[] = "value", ANNOTATION[] = "annotation", NOISE[] = "noise",
                  UNPARSED[] = "unparsed";

static bool is_annotation(const struct field *field)
{
    for (size_t i = 0; i < field->slot_count; i++)
        if (strncmp(field->slots[i].key->path, "annotations", strlen("annotations")) == 0)
            return true;
    return false;
}

/* Where the slot that begins next in a mark is, from `at` on; slots may stand in any order. */
static size_t next_slot(const struct mark *mark, size_t at)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < mark->field->slot_count; i++)
        if (mark->slots[i].start >= at && mark->slots[i].start < mark->slots[i].end &&
            (best == SIZE_MAX || mark->slots[i].start < mark->slots[best].start))
            best = i;
    return best;
}

/* A mark's bytes: values in their slots, labels between them. */
static void mark_leaves(struct depesha_document *d, const struct mark *mark, const char *between)
{
    if (is_annotation(mark->field)) {
        add_leaf(d, mark->end, ANNOTATION, NULL, mark->field);
        return;
    }
    for (size_t at = mark->start;;) {
        size_t slot = next_slot(mark, at);
        if (slot == SIZE_MAX)
            break;
        add_leaf(d, mark->slots[slot].start, between, NULL, between == LABEL ? mark->field : NULL);
        add_leaf(d, mark->slots[slot].end, VALUE, mark->field->slots[slot].key, mark->field);
        at = mark->slots[slot].end;
    }
    add_leaf(d, mark->end, between, NULL, between == LABEL ? mark->field : NULL);
}

static void take_mark(struct depesha_document *d, struct record *record, const struct mark *mark)
{
    record->seen[mark->field->index] = true;
    values_add(&record->values, &d->matcher, mark);
}

/* The body is what the document says, never what was mended. */
static void add_body(struct depesha_document *d, struct record *record, size_t start, size_t end)
{
    struct span span = document_shown(d, start, end);
    buffer_add(&record->body, d->shown.at + span.start, span.end - span.start);
}

/* A mark within the body: it stays text, unless it is a note that somebody added, or the page's own. */
static void body_mark(struct depesha_document *d, struct record *record, const struct mark *mark)
{
    bool text = mark->field->slot_count > 0; /* a page number fills nothing, and is no text */
    if (text && !is_annotation(mark->field))
        add_body(d, record, mark->start, mark->end);
    take_mark(d, record, mark);
    mark_leaves(d, mark, text ? BODY : NOISE);
}

static bool is_small(char c)
{
    return c >= 'a' && c <= 'z';
}

/* Of two bytes; without yo. */
static bool is_small_russian(const char *at)
{
    unsigned char first = (unsigned char)at[0], second = (unsigned char)at[1];
    return (first == 0xD0 && second >= 0xB0 && second < 0xC0) || (first == 0xD1 && second >= 0x80 && second < 0x90);
}

/* A blank behind a word begins nothing either. */
static bool begins_word(const struct text *text, size_t at)
{
    unsigned char before = at == 0 ? ' ' : (unsigned char)text->at[at - 1], byte = (unsigned char)text->at[at];
    bool behind_word = is_small((char)before) || (before >= 'A' && before <= 'Z') || before >= 0x80 ||
                       (before >= '0' && before <= '9');
    return !behind_word || (byte != ' ' && at_boundary(text, at));
}

/* The next place from `at` on where a production can begin; `end` if there is none. */
static size_t next_beginning(const struct text *text, size_t at, size_t end)
{
    const char *c = text->at;
    for (; at < end; at++) {
        while (at > 0 && at < end && is_small(c[at - 1]) && (is_small(c[at]) || c[at] == ' ')) /* mostly */
            at++;
        while (at > 1 && end - at > 1 && is_small_russian(c + at - 2) && is_small_russian(c + at))
            at += 2;
        if (at < end && ((unsigned char)c[at] & 0xC0) != 0x80 && begins_word(text, at))
            break;
    }
    return at < end ? at : end;
}

static bool is_better(const struct mark *mark, const struct mark *than)
{
    if (mark->field->weight != than->field->weight)
        return mark->field->weight > than->field->weight;
    return mark->end > than->end;
}

/* The production of the zone that explains a place in running text best: of the heaviest, the longest. */
static bool find_mark(struct depesha_document *d, size_t zone, size_t line, size_t at, size_t end, struct mark *mark)
{
    bool found = false;
    struct mark other;
    size_t gate = gate_zone(zone, begins_cell(&d->matcher, line, at)), count;
    if (automaton_fails(d->grammar->automaton, gate, d->text.at, at, d->lines.at[line].end))
        return false;
    *mark = (struct mark){0};
    size_t to = mark_horizon(&d->matcher, line, at);
    const struct field *const *fields = mark_find(&d->matcher, gate, at, to, false, &count);
    for (size_t i = 0; i < count; i++) {
        if (!mark_try(&d->matcher, fields[i], at, to, false, &other) || other.end > end)
            continue;
        if (!found || is_better(&other, mark))
            *mark = other;
        found = true;
    }
    return found;
}

/* Running text, with what productions find in it. */
static void body_region(struct depesha_document *d, struct record *record, size_t zone, size_t start, size_t end)
{
    size_t line = line_at(&d->lines, start), done = start;
    size_t at = start;
    while ((at = next_beginning(&d->text, at, end)) < end) {
        struct mark mark;
        while (line + 1 < d->lines.count && d->lines.at[line + 1].start <= at)
            line++;
        if (!find_mark(d, zone, line, at, end, &mark)) {
            at++;
            continue;
        }
        add_body(d, record, done, mark.start);
        add_leaf(d, mark.start, BODY, NULL, NULL);
        body_mark(d, record, &mark);
        done = at = mark.end;
    }
    add_body(d, record, done, end);
    add_leaf(d, end, BODY, NULL, NULL);
}

/* A line, or part of one, that nothing explains: not for its blanks, and not if it is noise alone. */
static void unexplained(struct depesha_document *d, struct record *record, const struct step *step)
{
    struct line *line = &d->lines.at[line_at(&d->lines, step->start)];
    size_t end = step->end < line->end ? step->end : line->end;
    size_t start = matcher_lead(&d->matcher, step->start, end);
    add_leaf(d, start, NOISE, NULL, NULL);
    if (start >= end)
        return;
    add_leaf(d, end, UNPARSED, NULL, NULL);
    /* Words of one line are one passage. */
    struct passage *last = record->unparsed_count == 0 ? NULL : &record->unparsed[record->unparsed_count - 1];
    if (last != NULL && last->span.start >= line->start && last->span.end <= start &&
        matcher_lead(&d->matcher, last->span.end, start) == start) {
        last->span.end = end;
    } else {
        record->unparsed = arena_grow(&d->arena, record->unparsed, record->unparsed_count, &record->unparsed_room,
                                      record->unparsed_count + 1, sizeof *record->unparsed);
        record->unparsed[record->unparsed_count++] = (struct passage){.span = {start, end}, .zone = step->zone};
    }
    last = &record->unparsed[record->unparsed_count - 1];
    last->text = NULL;
}

static void take_step(struct depesha_document *d, struct record *record, const struct step *step)
{
    const struct zone *zone = &d->grammar->zones[step->zone];
    if (step->kind == STEP_MARK) {
        add_leaf(d, step->mark->start, NOISE, NULL, NULL);
        if (zone->body) {
            body_mark(d, record, step->mark);
            add_body(d, record, step->mark->end, step->end);
        } else {
            take_mark(d, record, step->mark);
            mark_leaves(d, step->mark, LABEL);
        }
    } else {
        unexplained(d, record, step);
    }
    add_leaf(d, step->end, NOISE, NULL, NULL);
}

/* A place in the text of a value where a production may begin. */
struct beginning {
    size_t at;
    const struct field *field;
};

struct beginnings {
    struct beginning *at;
    size_t count, room;
};

static void find_beginnings(struct depesha_document *d, const struct value *value, struct beginnings *found)
{
    found->count = 0;
    for (size_t at = value->span.start; (at = next_beginning(&d->text, at, value->span.end)) < value->span.end; at++) {
        size_t count;
        const struct field *const *fields =
            mark_find(&d->matcher, gate_key(value->key), at, value->span.end, false, &count);
        found->at =
            arena_grow(&d->arena, found->at, found->count, &found->room, found->count + count, sizeof *found->at);
        for (size_t i = 0; i < count; i++)
            found->at[found->count++] = (struct beginning){at, fields[i]};
    }
}

/* One production, wherever it matches in the text of a value. */
static void read_span(struct depesha_document *d, struct record *record, const struct field *field, struct span span,
                      const struct beginnings *found)
{
    size_t done = span.start;
    struct mark mark;
    for (size_t i = 0; i < found->count; i++) {
        size_t at = found->at[i].at;
        if (found->at[i].field != field || at < done || (field->at_start && at != span.start) ||
            !mark_try(&d->matcher, field, at, span.end, false, &mark))
            continue;
        take_mark(d, record, &mark);
        done = mark.end;
    }
}

/* Productions that are read in the text of a value: the title of a catalogue page, and what they yield in turn. */
static void read_inside(struct depesha_document *d, struct record *record)
{
    struct values *values = &record->values;
    struct beginnings found = {0};
    for (size_t i = 0; i < values->count; i++) {
        const struct value value = values->at[i];
        if (value.key->readers == NULL || value.depth == MAX_INSIDE)
            continue;
        values->depth = value.depth + 1;
        values->outer = &value;
        find_beginnings(d, &value, &found);
        for (const struct field_list *reader = value.key->readers; reader != NULL; reader = reader->next)
            read_span(d, record, reader->field, value.span, &found);
    }
    values->outer = NULL;
}

/* Lines, or words of a line, that are the cable's text. */
static bool is_text(const struct depesha_document *d, const struct step *step)
{
    return (step->kind == STEP_LINE || step->kind == STEP_WORD) && d->grammar->zones[step->zone].body;
}

void tree_grow(struct depesha_document *d)
{
    struct record *record = open_record(d, 0);
    const struct path *path = &d->path;
    for (size_t i = 0; i < path->count; i++) {
        const struct step *step = &path->steps[i];
        if (step->kind == STEP_SWITCH) {
            if (d->grammar->zones[step->zone].opens)
                record = open_record(d, step->start);
        } else if (is_text(d, step)) {
            size_t end = step->end;
            while (i + 1 < path->count && is_text(d, &path->steps[i + 1]) && path->steps[i + 1].zone == step->zone)
                end = path->steps[++i].end;
            body_region(d, record, step->zone, step->start, end);
        } else {
            take_step(d, record, step);
        }
        record->span.end = path->steps[i].end;
    }
    add_leaf(d, d->text.size, NOISE, NULL, NULL);
    for (size_t i = 0; i < d->record_count; i++) {
        read_inside(d, &d->records[i]);
        values_settle(&d->records[i].values, &d->matcher);
        for (size_t n = 0; n < d->records[i].unparsed_count; n++)
            d->records[i].unparsed[n].text = folded(&d->matcher, d->records[i].unparsed[n].span);
    }
}

static void add_tile(struct depesha_document *d, const struct leaf *leaf, size_t start, size_t end)
{
    d->tiles = arena_grow(&d->arena, d->tiles, d->tile_count, &d->tile_room, d->tile_count + 1, sizeof *d->tiles);
    d->tiles[d->tile_count] = *leaf;
    d->tiles[d->tile_count++].source = (struct span){start, end};
}

static int compare_tiles(const void *left, const void *right)
{
    const struct leaf *a = left, *b = right;
    return (a->source.start > b->source.start) - (a->source.start < b->source.start);
}

/* Those that stand side by side and are alike are one, as leaves are. */
static void join_tiles(struct depesha_document *d)
{
    size_t count = 0;
    for (size_t i = 0; i < d->tile_count; i++) {
        struct leaf *last = count == 0 ? NULL : &d->tiles[count - 1];
        const struct leaf *leaf = &d->tiles[i];
        if (last != NULL && last->kind == leaf->kind && last->key == NULL && leaf->key == NULL &&
            last->field == leaf->field)
            last->source.end = leaf->source.end;
        else
            d->tiles[count++] = *leaf;
    }
    d->tile_count = count;
}

void tree_tile(struct depesha_document *d)
{
    const struct order *order = &d->order;
    for (size_t i = 0; i < d->leaf_count; i++) {
        struct leaf *leaf = &d->leaves[i];
        size_t at = text_source(&d->text, leaf->span.start), end = text_source(&d->text, leaf->span.end);
        leaf->source = (struct span){at, end};
        for (size_t n = order_stretch(order, at); order->count > 0 && at < end; n++) {
            size_t next = n + 1 < order->count ? order->stretches[n + 1].at : order->size,
                   stop = end < next ? end : next;
            size_t source = order->stretches[n].source + (at - order->stretches[n].at);
            add_tile(d, leaf, source, source + (stop - at));
            at = stop;
        }
    }
    if (order->count == 0) {
        d->tiles = d->leaves;
        d->tile_count = d->leaf_count;
        return;
    }
    qsort(d->tiles, d->tile_count, sizeof *d->tiles, compare_tiles);
    join_tiles(d);
}
