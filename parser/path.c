#include "path.h"

#include "automaton.h"

#include <limits.h>
#include <string.h>

/*
 * A way that is this much worse than the best at the same place is given up. Within a joined line a production is
 * worth less, for nothing says that it has its place there.
 */
enum {
    BEAM = 60,
    DEAD = INT_MIN / 2,
    MAX_POINTS_A_LINE = 96,
    MAX_POINTS_FLAT = 4096,
    LONG_LINE = 400,
    FLAT_COST = 2,
    WORDS_BYTES = 4096,
    SETTLE = 4096 /* points */
};

#define NONE UINT32_MAX

/* The best way to be in a zone at a point. */
struct arrival {
    int score;
    uint32_t from, mark;          /* the point before; what was found there */
    unsigned char kind, from_zone; /* enum step_kind */
};

/* A place where something can begin. Offsets fit, for larger inputs are refused. */
struct point {
    uint32_t offset, line;
    uint32_t next; /* the next point of the line, or NONE */
};

struct search {
    struct matcher *matcher;
    const struct depesha_grammar *grammar;
    struct path *path;
    struct point *points;
    struct arrival *arrivals; /* one a zone, for each point */
    size_t point_count, point_room, arrival_room, mark_room, step_room;
    uint32_t *first;  /* of each line, and of the end */
    uint16_t *counts; /* of the points of each line */
    uint32_t here;    /* the point that is followed; what is reached lies behind it */
    bool flat;        /* long lines may be several that were joined */
    size_t settle_at; /* so many points are too many to keep */
    uint32_t *way, *places, *taken; /* for settling; taken: the marks of the steps */
    size_t way_count, way_room, place_room, taken_count, taken_room;
};

static bool is_long(const struct search *s, size_t line)
{
    const struct line *at = &s->matcher->lines->at[line];
    return at->end - at->start > LONG_LINE;
}

/* A line that is read word by word, for a head may stand in the midst of it. */
static bool is_flat(const struct search *s, size_t line)
{
    return s->flat && line < s->matcher->lines->count && is_long(s, line);
}

static struct arrival *arrivals_at(const struct search *s, size_t p)
{
    return s->arrivals + p * s->grammar->zone_count;
}

static uint32_t new_point(struct search *s, size_t line, size_t offset, uint32_t next)
{
    size_t index = s->point_count++, zones = s->grammar->zone_count;
    s->points = arena_grow(s->matcher->arena, s->points, index, &s->point_room, index + 1, sizeof *s->points);
    s->arrivals = arena_grow(s->matcher->arena, s->arrivals, index * zones, &s->arrival_room, (index + 1) * zones,
                             sizeof *s->arrivals);
    s->points[index] = (struct point){(uint32_t)offset, (uint32_t)line, next};
    for (size_t z = 0; z < zones; z++)
        arrivals_at(s, index)[z] = (struct arrival){.score = DEAD};
    return (uint32_t)index;
}

static uint32_t point_at(struct search *s, size_t line, size_t offset)
{
    bool on_line = s->here != NONE && s->points[s->here].line == line;
    if (on_line && s->points[s->here].offset == offset)
        return s->here;
    uint32_t before = on_line ? s->here : NONE, next = on_line ? s->points[s->here].next : s->first[line];
    while (next != NONE && s->points[next].offset < offset) {
        before = next;
        next = s->points[next].next;
    }
    if (next != NONE && s->points[next].offset == offset)
        return next;
    if (s->counts[line] >= (is_flat(s, line) ? MAX_POINTS_FLAT : MAX_POINTS_A_LINE))
        return NONE;
    s->counts[line]++;
    uint32_t index = new_point(s, line, offset, next);
    *(before == NONE ? &s->first[line] : &s->points[before].next) = index;
    return index;
}

static void relax(struct search *s, uint32_t to, size_t zone, const struct arrival *arrival)
{
    if (to != NONE && arrival->score > arrivals_at(s, to)[zone].score)
        arrivals_at(s, to)[zone] = *arrival;
}

/* The point where the next thing can begin once `offset` is reached: behind noise, or on the next line. */
static uint32_t point_behind(struct search *s, size_t offset, size_t from_line)
{
    const struct lines *lines = s->matcher->lines;
    size_t line = from_line;
    while (line + 1 < lines->count && lines->at[line + 1].start <= offset)
        line++;
    offset = matcher_lead(s->matcher, offset, lines->at[line].end);
    if (offset >= lines->at[line].end)
        return point_at(s, line + 1, line + 1 < lines->count ? lines->at[line + 1].first : s->matcher->text->size);
    return point_at(s, line, offset);
}

static void switch_zones(struct search *s, uint32_t p)
{
    const struct depesha_grammar *grammar = s->grammar;
    struct arrival *zones = arrivals_at(s, p);
    bool changed = true;
    for (size_t round = 0; changed && round < grammar->zone_count; round++) {
        changed = false;
        for (size_t z = 0; z < grammar->zone_count; z++) {
            const struct zone *zone = &grammar->zones[z];
            int score = zones[z].score;
            for (size_t n = 0; score > DEAD && n < zone->next_count; n++) {
                size_t next = zone->next[n];
                if (score + grammar->zones[next].enter > zones[next].score) {
                    zones[next] = (struct arrival){score + grammar->zones[next].enter, p, NONE, STEP_SWITCH, z};
                    changed = true;
                }
            }
        }
    }
}

/* Ways that cannot win any more are not followed. */
static uint32_t living_zones(struct search *s, uint32_t p)
{
    struct arrival *zones = arrivals_at(s, p);
    int best = DEAD;
    uint32_t living = 0;
    for (size_t z = 0; z < s->grammar->zone_count; z++)
        if (zones[z].score > best)
            best = zones[z].score;
    for (size_t z = 0; z < s->grammar->zone_count; z++) {
        if (zones[z].score > DEAD && zones[z].score >= best - BEAM)
            living |= UINT32_C(1) << z;
        else
            zones[z].score = DEAD;
    }
    return living;
}

static void follow_mark(struct search *s, uint32_t p, uint32_t living, const struct mark *mark)
{
    uint32_t index = (uint32_t)s->path->mark_count;
    s->path->marks =
        arena_grow(s->matcher->arena, s->path->marks, index, &s->mark_room, index + 1, sizeof *s->path->marks);
    s->path->marks[s->path->mark_count++] = *mark;
    uint32_t to = point_behind(s, mark->end, s->points[p].line);
    int gain = mark->field->weight - (is_flat(s, s->points[p].line) ? FLAT_COST : 0);
    for (size_t z = 0; z < s->grammar->zone_count; z++)
        if ((living & mark->field->zones) >> z & 1) {
            struct arrival arrival = {arrivals_at(s, p)[z].score + gain, p, index, STEP_MARK, z};
            relax(s, to, mark->field->leads ? mark->field->then : z, &arrival);
        }
}

static void follow_marks(struct search *s, uint32_t p, uint32_t living)
{
    size_t offset = s->points[p].offset, line = s->points[p].line, count;
    bool flat = is_flat(s, line), at_start = flat || begins_cell(s->matcher, line, offset);
    if (offset >= s->matcher->lines->at[line].end)
        return;
    size_t to = mark_horizon(s->matcher, line, offset);
    const struct field *const *found = mark_find(s->matcher, gate_any(at_start), offset, to, flat, &count);
    for (size_t i = 0; i < count; i++) {
        struct mark mark;
        if ((found[i]->zones & living) != 0 && mark_try(s->matcher, found[i], offset, to, flat, &mark))
            follow_mark(s, p, living, &mark);
    }
}

/* As far as it can matter: of a line without blanks, too, which may be without end. */
static int words_between(const struct text *text, size_t start, size_t end)
{
    int words = 0;
    for (size_t i = start; i < end && i < start + WORDS_BYTES && words < 100; i++)
        if (text->at[i] != ' ' && (i == start || text->at[i - 1] == ' '))
            words++;
    return words;
}

/* What it costs to leave the rest of the line unexplained, which has so many words. */
static int rest_cost(const struct search *s, const struct zone *zone, const struct point *point, int words)
{
    const struct line *line = &s->matcher->lines->at[point->line];
    if (line->blank)
        return 0;
    if (point->offset == line->first)
        return line->prose ? zone->prose : zone->line;
    int cost = zone->reading ? zone->word * words : zone->line;
    return zone->prose < 0 && cost < zone->prose ? zone->prose : cost;
}

static void follow_rest(struct search *s, uint32_t p, uint32_t living)
{
    const struct lines *lines = s->matcher->lines;
    size_t line = s->points[p].line;
    bool whole = s->points[p].offset == lines->at[line].first;
    int words = whole ? 0 : words_between(s->matcher->text, s->points[p].offset, lines->at[line].end);
    uint32_t to = point_at(s, line + 1, line + 1 < lines->count ? lines->at[line + 1].first : s->matcher->text->size);
    for (size_t z = 0; z < s->grammar->zone_count; z++)
        if (living >> z & 1) {
            int cost = rest_cost(s, &s->grammar->zones[z], &s->points[p], words);
            struct arrival arrival = {arrivals_at(s, p)[z].score + cost, p, NONE, STEP_LINE, z};
            relax(s, to, z, &arrival);
        }
}

/* The end of the word at `offset`: a blank, or where joined words part. */
static size_t word_end(const struct text *text, size_t offset, size_t end)
{
    size_t at = offset;
    uint32_t c;
    do
        at += text_next(text->at, text->size, at, &c);
    while (at < end && text->at[at] != ' ' && text->at[at] != '\t' &&
           !(at_boundary(text, at) && c != '.' && c < 0x2000));
    return at;
}

static void follow_word(struct search *s, uint32_t p, uint32_t living)
{
    const struct line *line = &s->matcher->lines->at[s->points[p].line];
    size_t offset = s->points[p].offset;
    bool flat = is_flat(s, s->points[p].line);
    bool whole = is_long(s, s->points[p].line) || line->prose;
    if (offset >= line->end || (whole && !flat && offset == line->first))
        return;
    uint32_t to = NONE;
    for (size_t z = 0; z < s->grammar->zone_count; z++) {
        if (!(living >> z & 1) || !(s->grammar->zones[z].reading || flat))
            continue;
        if (to == NONE)
            to = point_behind(s, word_end(s->matcher->text, offset, line->end), s->points[p].line);
        struct arrival arrival = {arrivals_at(s, p)[z].score + s->grammar->zones[z].word, p, NONE, STEP_WORD, z};
        relax(s, to, z, &arrival);
    }
}

static void expand(struct search *s, uint32_t p)
{
    s->here = p;
    switch_zones(s, p);
    uint32_t living = living_zones(s, p);
    if (s->matcher->lines->at[s->points[p].line].blank) {
        follow_rest(s, p, living);
        return;
    }
    follow_marks(s, p, living);
    follow_rest(s, p, living);
    follow_word(s, p, living);
}

/* ---- ways back -------------------------------------------------------------------------------- */

/* A zone at a point, as one number: where its arrival is. */
static uint32_t node_of(const struct search *s, uint32_t p, size_t zone)
{
    return p * (uint32_t)s->grammar->zone_count + (uint32_t)zone;
}

/* The one before; NONE where the way begins. */
static uint32_t node_before(const struct search *s, uint32_t node)
{
    const struct arrival *arrival = &s->arrivals[node];
    return arrival->kind == STEP_START ? NONE : node_of(s, arrival->from, arrival->from_zone);
}

static void read_way(struct search *s, uint32_t node)
{
    for (s->way_count = 0; node != NONE; node = node_before(s, node)) {
        s->way = arena_grow(s->matcher->arena, s->way, s->way_count, &s->way_room, s->way_count + 1, sizeof *s->way);
        s->way[s->way_count++] = node;
    }
}

/* The steps of the way from its beginning to the node that is `end` from its end. */
static void add_steps(struct search *s, size_t end)
{
    struct path *path = s->path;
    struct arena *arena = s->matcher->arena;
    size_t zones = s->grammar->zone_count;
    for (size_t i = s->way_count - 1; i > end; i--) {
        uint32_t from = s->way[i], to = s->way[i - 1];
        const struct arrival *arrival = &s->arrivals[to];
        path->steps = arena_grow(arena, path->steps, path->count, &s->step_room, path->count + 1, sizeof *path->steps);
        path->steps[path->count++] = (struct step){
            .kind = arrival->kind,
            .start = s->points[from / zones].offset,
            .end = s->points[to / zones].offset,
            .zone = to % zones,
        };
        if (arrival->kind != STEP_MARK)
            continue;
        s->taken = arena_grow(arena, s->taken, s->taken_count, &s->taken_room, s->taken_count + 1, sizeof *s->taken);
        s->taken[s->taken_count++] = arrival->mark;
    }
}

/*
 * How far from its end the first way, of those that can go on from a line, shares its beginning with all others. A
 * place is that of a node on the first way, or of where it joins it, + 1.
 */
static size_t find_fork(struct search *s, size_t line)
{
    size_t nodes = s->point_count * s->grammar->zone_count, fork = 0;
    s->places = arena_grow(s->matcher->arena, s->places, 0, &s->place_room, nodes, sizeof *s->places);
    memset(s->places, 0, nodes * sizeof *s->places);
    s->way_count = 0;
    for (size_t at = 0; at < nodes; at++) {
        uint32_t node = (uint32_t)at;
        if (s->points[at / s->grammar->zone_count].line < line || s->arrivals[at].score == DEAD)
            continue;
        if (s->way_count == 0) {
            read_way(s, node);
            for (size_t i = 0; i < s->way_count; i++)
                s->places[s->way[i]] = (uint32_t)i + 1;
        }
        while (node != NONE && s->places[node] == 0)
            node = node_before(s, node);
        if (node == NONE)
            return s->way_count; /* they began in two zones */
        uint32_t place = s->places[node];
        fork = place - 1 > fork ? place - 1 : fork;
        for (node = (uint32_t)at; s->places[node] == 0; node = node_before(s, node))
            s->places[node] = place;
    }
    return fork;
}

/* Gives up all points before one, for no way goes back beyond it. `places` is taken for their new numbers. */
static void drop_points(struct search *s, uint32_t keep, size_t line)
{
    size_t zones = s->grammar->zone_count, count = 0;
    const struct point first = s->points[keep];
    uint32_t *now = s->places;
    for (size_t p = 0; p < s->point_count; p++) {
        const struct point *point = &s->points[p];
        bool kept = point->line > first.line || (point->line == first.line && point->offset >= first.offset);
        now[p] = kept ? (uint32_t)count++ : NONE;
    }
    size_t last = line;
    for (size_t p = 0; p < s->point_count; p++) {
        if (now[p] == NONE)
            continue;
        struct point *point = &s->points[now[p]];
        *point = s->points[p];
        point->next = point->next == NONE ? NONE : now[point->next];
        last = point->line > last ? point->line : last;
        for (size_t z = 0; z < zones; z++) {
            struct arrival arrival = arrivals_at(s, p)[z];
            if (arrival.score > DEAD)
                arrival.from = arrival.kind == STEP_START ? 0 : now[arrival.from];
            arrivals_at(s, now[p])[z] = arrival;
        }
    }
    for (size_t n = line; n <= last; n++)
        if (s->first[n] != NONE)
            s->first[n] = now[s->first[n]];
    s->point_count = count;
}

/* What all ways from a line on have in common is certain, and needs no points any more. */
static void settle(struct search *s, size_t line)
{
    if (s->point_count < s->settle_at)
        return;
    size_t fork = find_fork(s, line);
    if (s->way_count > fork + 1) {
        uint32_t node = s->way[fork];
        add_steps(s, fork);
        s->arrivals[node].kind = STEP_START;
        drop_points(s, node / (uint32_t)s->grammar->zone_count, line);
    }
    s->here = NONE;
    s->settle_at = s->point_count > SETTLE / 2 ? 2 * s->point_count : SETTLE;
}

/* The best way to the end. */
static void trace(struct search *s, uint32_t last)
{
    struct path *path = s->path;
    size_t zone = 0, taken = 0;
    switch_zones(s, last);
    for (size_t z = 1; z < s->grammar->zone_count; z++)
        if (arrivals_at(s, last)[z].score > arrivals_at(s, last)[zone].score)
            zone = z;
    path->score = arrivals_at(s, last)[zone].score;
    read_way(s, node_of(s, last, zone));
    add_steps(s, 0);
    for (size_t i = 0; i < path->count; i++)
        if (path->steps[i].kind == STEP_MARK)
            path->steps[i].mark = &path->marks[s->taken[taken++]];
    if (path->count > 0)
        path->steps[0].start = 0;
}

void path_find(struct matcher *matcher, bool flat, struct path *path)
{
    const struct lines *lines = matcher->lines;
    *path = (struct path){0};
    struct search s = {.matcher = matcher, .grammar = matcher->grammar, .path = path, .here = NONE, .flat = flat};
    s.settle_at = SETTLE;
    s.first = arena_take(matcher->arena, lines->count + 1, sizeof *s.first);
    s.counts = arena_take(matcher->arena, lines->count + 1, sizeof *s.counts);
    memset(s.first, 0xFF, (lines->count + 1) * sizeof *s.first); /* NONE */
    uint32_t start = point_at(&s, 0, lines->at[0].first);
    for (size_t z = 0; start != NONE && z < s.grammar->zone_count; z++)
        if (s.grammar->zones[z].starts)
            arrivals_at(&s, start)[z] = (struct arrival){.score = 0, .kind = STEP_START};
    for (size_t line = 0; line < lines->count; line++) {
        settle(&s, line);
        for (uint32_t p = s.first[line]; p != NONE; p = s.points[p].next)
            expand(&s, p);
    }
    if (s.first[lines->count] != NONE)
        trace(&s, s.first[lines->count]);
}

bool path_can_be_flat(const struct matcher *matcher, const struct path *path, bool recognised)
{
    const struct lines *lines = matcher->lines;
    for (size_t i = 0; !recognised && i < lines->count; i++)
        if (lines->at[i].end - lines->at[i].start > LONG_LINE)
            return true;
    for (size_t i = 0; recognised && i < path->count; i++) {
        const struct step *step = &path->steps[i];
        const struct line *line = &lines->at[line_at(lines, step->start)];
        if (step->kind == STEP_MARK && !matcher->grammar->zones[step->zone].body && line->end - line->start > LONG_LINE)
            return true;
    }
    return false;
}
