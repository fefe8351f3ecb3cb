#include "automaton.h"
#include "document.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_INSIDE = 3 }; /* a value in a value in a value */

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

/* The production of the zone that explains a place in running text best: of the heaviest, the longest. Its slots are
 * put into `slots`. */
static bool find_mark(struct depesha_document *d, size_t zone, size_t line, size_t at, size_t end, struct mark *mark)
{
    bool found = false;
    struct mark other;
    size_t gate = gate_zone(zone, begins_cell(&d->matcher, line, at)), count;
    if (automaton_fails(d->grammar->automaton, gate, d->text.at, at, line_of(&d->lines, line)->end))
        return false;
    size_t to = mark_horizon(&d->matcher, line, at);
    const struct field *const *fields = mark_find(&d->matcher, gate, at, to, false, &count);
    for (size_t i = 0; i < count; i++) {
        if (!mark_try(&d->matcher, fields[i], at, to, false, &other) || other.end > end ||
            (found && !is_better(&other, mark)))
            continue;
        *mark = other;
        mark->slots = d->slots + d->slot_most;
        memcpy(mark->slots, other.slots, other.field->slot_count * sizeof *other.slots);
        found = true;
    }
    return found;
}

/* ---- the path in full ------------------------------------------------------------------------ */

/* The path as it is written. */
struct growth {
    struct depesha_document *d;
    struct arena *arena;
    struct passage last; /* of the record */
};

static void open_portion(struct growth *g, uint32_t start)
{
    struct depesha_document *d = g->d;
    path_end(g->arena, &d->path);
    d->portions = arena_grow(g->arena, d->portions, d->portion_count, &d->portion_room, d->portion_count + 1,
                             sizeof *d->portions);
    d->portions[d->portion_count++] = (struct portion){.at = d->path.size, .start = start, .end = start};
    g->last = (struct passage){0};
}

static void add_step(struct growth *g, const struct step *step)
{
    path_add(g->arena, &g->d->path, step);
}

static void add_part(struct growth *g, unsigned char kind, size_t zone, size_t start, size_t end)
{
    if (start < end)
        add_step(g, &(struct step){
                        .kind = kind, .zone = (unsigned char)zone, .start = (uint32_t)start, .end = (uint32_t)end});
}

/* Running text, with what productions find in it. */
static void grow_text(struct growth *g, const struct step *step)
{
    struct depesha_document *d = g->d;
    size_t line = line_at(&d->lines, step->start), done = step->start, at = step->start, end = step->end;
    while ((at = next_beginning(&d->text, at, end)) < end) {
        struct step found = {.kind = STEP_MARK, .zone = step->zone};
        while (line + 1 < d->lines.count && line_of(&d->lines, line + 1)->start <= at)
            line++;
        if (!find_mark(d, step->zone, line, at, end, &found.mark)) {
            at++;
            continue;
        }
        add_part(g, STEP_TEXT, step->zone, done, found.mark.start);
        found.start = found.mark.start;
        found.end = found.mark.end;
        add_step(g, &found);
        done = at = found.mark.end;
    }
    add_part(g, STEP_TEXT, step->zone, done, end);
}

/* Lines that nothing explains: words of one line are one passage, even with noise between. */
static void grow_lines(struct growth *g, const struct step *step)
{
    struct depesha_document *d = g->d;
    const struct line *line = line_of(&d->lines, line_at(&d->lines, step->start));
    size_t end = step->end < line->end ? step->end : line->end, start = step->start;
    if (start < end)
        start = matcher_lead(&d->matcher, step->start, end);
    bool joined = start < end && g->last.span.end > g->last.span.start && g->last.span.start >= line->start &&
                  g->last.span.end <= start &&
                  (g->last.span.end == start || matcher_lead(&d->matcher, g->last.span.end, start) == start);
    add_part(g, STEP_NOISE, step->zone, step->start, start);
    if (start < end)
        g->last.span = (struct span){joined ? g->last.span.start : (uint32_t)start, (uint32_t)end};
    add_part(g, joined ? STEP_JOINED : STEP_LINE, step->zone, start, step->end);
    if (step->end <= line->next)
        return;
    /* It goes on: the last of its passages counts for what follows. */
    line = line_of(&d->lines, line_at(&d->lines, step->end - 1));
    end = step->end < line->end ? step->end : line->end;
    if (line->first < end)
        g->last.span = (struct span){line->first, (uint32_t)end};
    else
        g->last.span = (struct span){0};
}

void tree_grow(struct depesha_document *d, const struct path *path)
{
    struct growth g = {.d = d, .arena = d->matcher.arena};
    struct path_reader reader = path_from(path, d->grammar, 0, 0, d->slots);
    struct step step;
    d->path = (struct path){.score = path->score};
    open_portion(&g, 0);
    while (path_next(&reader, &step)) {
        if (step.kind == STEP_SWITCH && d->grammar->zones[step.zone].opens)
            open_portion(&g, step.start);
        if (step.kind == STEP_LINE && d->grammar->zones[step.zone].body)
            grow_text(&g, &step);
        else if (step.kind == STEP_LINE)
            grow_lines(&g, &step);
        else
            add_step(&g, &step);
        d->portions[d->portion_count - 1].end = step.end;
    }
    path_end(g.arena, &d->path);
}

/* The steps of the document from a record on; the one that opens it is left out. */
static struct path_reader steps_from(const struct depesha_document *d, size_t record, struct span *slots)
{
    const struct portion *portion = &d->portions[record];
    struct path_reader reader = path_from(&d->path, d->grammar, portion->at, portion->start, slots);
    struct step step;
    if (record > 0)
        path_next(&reader, &step);
    return reader;
}

/* The next step of a record. */
static bool next_of_record(const struct depesha_document *d, struct path_reader *reader, struct step *step)
{
    return path_next(reader, step) && !(step->kind == STEP_SWITCH && d->grammar->zones[step->zone].opens);
}

/* ---- values and body --------------------------------------------------------------------------- */

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

/* A page number fills nothing, and is no text. */
static bool is_text(const struct mark *mark)
{
    return mark->field->slot_count > 0;
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
        found->at = arena_grow(d->matcher.arena, found->at, found->count, &found->room, found->count + count,
                               sizeof *found->at);
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

void tree_read(struct depesha_document *d, struct record *record)
{
    struct path_reader reader = steps_from(d, record->number, d->slots);
    struct step step;
    values_open(&record->values, &d->matcher);
    record->seen = arena_take(d->matcher.arena, d->grammar->field_count + 1, sizeof *record->seen);
    record->body = (struct buffer){.arena = d->matcher.arena};
    buffer_puts(&record->body, "");
    while (next_of_record(d, &reader, &step)) {
        bool body = d->grammar->zones[step.zone].body;
        if (step.kind == STEP_TEXT)
            add_body(d, record, step.start, step.end);
        if (step.kind != STEP_MARK)
            continue;
        /* A mark within the body: it stays text, unless it is a note that somebody added, or the page's own. */
        if (body && is_text(&step.mark) && !is_annotation(step.mark.field))
            add_body(d, record, step.mark.start, step.mark.end);
        take_mark(d, record, &step.mark);
        if (body)
            add_body(d, record, step.mark.end, step.end);
    }
    read_inside(d, record);
    values_settle(&record->values, &d->matcher);
}

/* ---- leaves ------------------------------------------------------------------------------------ */

/* A line yields three leaves at most, a mark one for each slot and one before each and behind all, and noise around. */
size_t leaf_room(const struct depesha_document *d)
{
    return 2 * d->slot_most + 8;
}

void leaves_open(struct leaf_reader *r, const struct depesha_document *d, size_t record, struct leaf *leaves)
{
    *r = (struct leaf_reader){.d = d, .leaves = leaves, .end = d->portions[record].start};
    r->steps =
        steps_from(d, record, leaves == d->explained.leaves ? d->slots + d->slot_most : d->slots + 2 * d->slot_most);
}

/* Leaves follow one another without gap; empty ones are left out, alike ones join. */
static void add_leaf(struct leaf_reader *r, size_t end, const char *kind, const struct key *key,
                     const struct field *field)
{
    const struct text *text = &r->d->text;
    /* What was put in, by mending or for a web page, may be no byte of the source. */
    if (end <= r->end || text_source(text, end) <= text_source(text, r->end))
        return;
    struct leaf *last = r->count == r->next ? NULL : &r->leaves[r->count - 1];
    if (last != NULL && last->kind == kind && key == NULL && last->key == NULL && last->field == field)
        last->span.end = (uint32_t)end;
    else
        r->leaves[r->count++] = (struct leaf){{r->end, (uint32_t)end}, kind, key, field};
    r->end = (uint32_t)end;
}

/* A mark's bytes: values in their slots, labels between them. */
static void mark_leaves(struct leaf_reader *r, const struct mark *mark, const char *between)
{
    if (is_annotation(mark->field)) {
        add_leaf(r, mark->end, ANNOTATION, NULL, mark->field);
        return;
    }
    for (size_t at = mark->start;;) {
        size_t slot = next_slot(mark, at);
        if (slot == SIZE_MAX)
            break;
        add_leaf(r, mark->slots[slot].start, between, NULL, between == LABEL ? mark->field : NULL);
        add_leaf(r, mark->slots[slot].end, VALUE, mark->field->slots[slot].key, mark->field);
        at = mark->slots[slot].end;
    }
    add_leaf(r, mark->end, between, NULL, between == LABEL ? mark->field : NULL);
}

/* The next line of a run that nothing explains: not for its blanks. */
static void line_leaves(struct leaf_reader *r)
{
    const struct line *line = line_of(&r->d->lines, r->line++);
    uint32_t start = r->step.start > line->first ? r->step.start : line->first;
    uint32_t end = r->step.end < line->end ? r->step.end : line->end;
    if (start < end) {
        add_leaf(r, start, NOISE, NULL, NULL);
        add_leaf(r, end, UNPARSED, NULL, NULL);
    }
    r->in_run = r->step.end > line->next;
    if (!r->in_run)
        add_leaf(r, r->step.end, NOISE, NULL, NULL);
}

static void step_leaves(struct leaf_reader *r)
{
    const struct step *step = &r->step;
    bool body = r->d->grammar->zones[step->zone].body;
    switch (step->kind) {
    case STEP_MARK:
        add_leaf(r, step->mark.start, NOISE, NULL, NULL);
        mark_leaves(r, &step->mark, !body ? LABEL : is_text(&step->mark) ? BODY : NOISE);
        add_leaf(r, step->end, NOISE, NULL, NULL);
        break;
    case STEP_TEXT:
        add_leaf(r, step->end, BODY, NULL, NULL);
        break;
    case STEP_LINE:
    case STEP_JOINED:
        r->line = line_at(&r->d->lines, step->start);
        line_leaves(r);
        break;
    default:
        add_leaf(r, step->end, NOISE, NULL, NULL);
    }
}

/* The last one that waits may still grow. */
bool leaf_next(struct leaf_reader *r, struct leaf *leaf)
{
    while (r->count - r->next < 2 && !r->ended) {
        if (r->next > 0 && r->count > r->next)
            r->leaves[0] = r->leaves[r->next];
        r->count -= r->next;
        r->next = 0;
        if (r->in_run) {
            line_leaves(r);
        } else if (path_next(&r->steps, &r->step)) {
            step_leaves(r);
        } else {
            add_leaf(r, r->d->text.size, NOISE, NULL, NULL);
            r->ended = true;
        }
    }
    if (r->next == r->count)
        return false;
    *leaf = r->leaves[r->next++];
    return true;
}

/* ---- passages ---------------------------------------------------------------------------------- */

struct passage_reader passages_of(const struct depesha_document *d, const struct record *record)
{
    return (struct passage_reader){.d = d, .steps = steps_from(d, record->number, NULL)};
}

/* What is unexplained of the next line of a run; false if nothing is. */
static bool next_in_run(struct passage_reader *r, struct passage *passage)
{
    const struct line *line = line_of(&r->d->lines, r->line++);
    uint32_t start = r->run.start > line->first ? r->run.start : line->first;
    uint32_t end = r->run.end < line->end ? r->run.end : line->end;
    r->in_run = r->run.end > line->next;
    *passage = (struct passage){{start, end}, r->run.zone};
    return start < end;
}

bool passage_next(struct passage_reader *r, struct passage *passage)
{
    struct passage next;
    while (!r->ended) {
        if (!r->in_run) {
            r->ended = !next_of_record(r->d, &r->steps, &r->run);
            if (r->ended || (r->run.kind != STEP_LINE && r->run.kind != STEP_JOINED))
                continue;
            r->line = line_at(&r->d->lines, r->run.start);
            r->first = true;
        }
        bool joined = r->first && r->run.kind == STEP_JOINED;
        r->first = false;
        if (!next_in_run(r, &next))
            continue;
        if (joined) {
            r->waits.span.end = next.span.end;
            continue;
        }
        *passage = r->waits;
        r->waits = next;
        if (passage->span.start < passage->span.end)
            return true;
    }
    *passage = r->waits;
    r->waits = (struct passage){0};
    return passage->span.start < passage->span.end;
}

/* ---- zones of lines ---------------------------------------------------------------------------- */

static bool next_zone(const struct depesha_document *d, struct zone_reader *z)
{
    z->ended = !path_next(&z->steps, &z->step);
    if (!z->ended)
        z->shown = document_shown(d, z->step.start, z->step.end);
    return !z->ended;
}

/* From the record on in which the line begins. */
static void open_zones(struct depesha_document *d, size_t record, uint32_t start)
{
    while (record > 0 && document_shown(d, d->portions[record].start, d->portions[record].start).start > start)
        record--;
    const struct portion *portion = &d->portions[record];
    d->zones = (struct zone_reader){.is_open = true};
    d->zones.steps = path_from(&d->path, d->grammar, portion->at, portion->start, NULL);
    next_zone(d, &d->zones);
}

uint32_t zones_of_line(struct depesha_document *d, const struct record *record, size_t n)
{
    struct zone_reader *z = &d->zones;
    struct line line = *line_of(&d->shown_lines, n);
    uint32_t zones = 0;
    if (!z->is_open || n < z->line)
        open_zones(d, record->number, line.start);
    z->line = n;
    while (!z->ended && z->shown.end <= line.start)
        next_zone(d, z);
    struct zone_reader ahead = *z;
    bool last = n + 1 == d->shown_lines.count;
    for (; !ahead.ended && (last || ahead.shown.start < line.next); next_zone(d, &ahead))
        if (ahead.shown.end > line.start)
            zones |= UINT32_C(1) << ahead.step.zone;
    return zones;
}

/* ---- leaves in the order of the file ------------------------------------------------------------- */

static void add_tile(struct depesha_document *d, const struct leaf *leaf, size_t start, size_t end)
{
    d->tiles =
        arena_grow(d->matcher.arena, d->tiles, d->tile_count, &d->tile_room, d->tile_count + 1, sizeof *d->tiles);
    d->tiles[d->tile_count] = *leaf;
    d->tiles[d->tile_count++].span = (struct span){(uint32_t)start, (uint32_t)end};
}

static int compare_tiles(const void *left, const void *right)
{
    const struct leaf *a = left, *b = right;
    return (a->span.start > b->span.start) - (a->span.start < b->span.start);
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
            last->span.end = leaf->span.end;
        else
            d->tiles[count++] = *leaf;
    }
    d->tile_count = count;
}

void tree_tile(struct depesha_document *d)
{
    const struct order *order = &d->order;
    struct leaf leaf;
    if (order->count == 0)
        return;
    leaves_open(d->leaves, d, 0, d->leaves->leaves);
    while (leaf_next(d->leaves, &leaf)) {
        size_t at = text_source(&d->text, leaf.span.start), end = text_source(&d->text, leaf.span.end);
        for (size_t n = order_stretch(order, at); at < end; n++) {
            size_t next = n + 1 < order->count ? order->stretches[n + 1].at : order->size,
                   stop = end < next ? end : next;
            size_t source = order->stretches[n].source + (at - order->stretches[n].at);
            add_tile(d, &leaf, source, source + (stop - at));
            at = stop;
        }
    }
    qsort(d->tiles, d->tile_count, sizeof *d->tiles, compare_tiles);
    join_tiles(d);
}
