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
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
    SETTLE = 16 /* points: what fuzzers try is short */
#else
    SETTLE = 4096
#endif
};

#define NONE UINT32_MAX

/* The best way to be in a zone at a point. */
struct arrival {
    int score;
    uint32_t from, mark;           /* the point before, or what is past; what was found there */
    unsigned char kind, from_zone; /* enum step_kind */
    bool past;
};

/* A place where something can begin. Offsets fit, for larger inputs are refused. */
struct point {
    uint32_t offset, line;
    uint32_t next; /* the next point of the line, or NONE */
};

/* An arrival that only matters as part of a way; later ones have higher numbers. */
struct past {
    uint32_t before, offset, mark; /* before: NONE where ways begin */
    unsigned char kind, zone;
};

struct numbers {
    uint32_t *at;
    size_t count, room;
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
    struct past *past;
    size_t past_count, past_room, past_limit; /* the limit: so much is looked through for what is certain */
    struct numbers way, heads, places, taken; /* taken: the marks of the steps; the others are for a while */
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
                    zones[next] = (struct arrival){score + grammar->zones[next].enter, p, NONE, STEP_SWITCH, z, false};
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
            struct arrival arrival = {arrivals_at(s, p)[z].score + gain, p, index, STEP_MARK, z, false};
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
            struct arrival arrival = {arrivals_at(s, p)[z].score + cost, p, NONE, STEP_LINE, z, false};
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
        struct arrival arrival = {arrivals_at(s, p)[z].score + s->grammar->zones[z].word, p, NONE, STEP_WORD, z, false};
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

/* ---- what is past ----------------------------------------------------------------------------- */

static void add_number(struct search *s, struct numbers *numbers, uint32_t number)
{
    numbers->at = arena_grow(s->matcher->arena, numbers->at, numbers->count, &numbers->room, numbers->count + 1,
                             sizeof *numbers->at);
    numbers->at[numbers->count++] = number;
}

static void clear_numbers(struct search *s, struct numbers *numbers, size_t count)
{
    numbers->at = arena_grow(s->matcher->arena, numbers->at, 0, &numbers->room, count, sizeof *numbers->at);
    numbers->count = count;
    memset(numbers->at, 0, count * sizeof *numbers->at);
}

/* The number in the past of an arrival, which with all before it becomes past. `places` holds what has become so, + 1.
 */
static uint32_t remember(struct search *s, uint32_t p, size_t zone)
{
    size_t zones = s->grammar->zone_count;
    uint32_t before = NONE;
    for (s->way.count = 0;;) {
        const struct arrival *arrival = &arrivals_at(s, p)[zone];
        before = s->places.at[p * zones + zone] - 1; /* NONE where it has not */
        if (before != NONE)
            break;
        add_number(s, &s->way, p);
        add_number(s, &s->way, (uint32_t)zone);
        before = arrival->past ? arrival->from : NONE;
        if (arrival->past || arrival->kind == STEP_START)
            break;
        p = arrival->from;
        zone = arrival->from_zone;
    }
    while (s->way.count > 0) {
        zone = s->way.at[--s->way.count];
        p = s->way.at[--s->way.count];
        const struct arrival *arrival = &arrivals_at(s, p)[zone];
        s->past =
            arena_grow(s->matcher->arena, s->past, s->past_count, &s->past_room, s->past_count + 1, sizeof *s->past);
        s->past[s->past_count] =
            (struct past){before, s->points[p].offset, arrival->mark, arrival->kind, (unsigned char)zone};
        before = (uint32_t)s->past_count++;
        s->places.at[p * zones + zone] = before + 1;
    }
    return before;
}

/* Keeps only the points from a line on. */
static void drop_points(struct search *s, size_t line)
{
    size_t zones = s->grammar->zone_count, count = 0, last = line;
    uint32_t *now = s->places.at;
    for (size_t p = 0; p < s->point_count; p++) {
        now[p] = s->points[p].line >= line ? (uint32_t)count++ : NONE;
        last = s->points[p].line > last ? s->points[p].line : last;
    }
    for (size_t p = 0; p < s->point_count; p++) {
        if (now[p] == NONE)
            continue;
        struct point point = s->points[p];
        point.next = point.next == NONE ? NONE : now[point.next];
        s->points[now[p]] = point;
        memmove(arrivals_at(s, now[p]), arrivals_at(s, p), zones * sizeof *s->arrivals);
    }
    for (size_t n = line; n <= last; n++)
        if (s->first[n] != NONE)
            s->first[n] = now[s->first[n]];
    s->point_count = count;
    s->here = NONE;
}

/* The steps of a way, from its beginning on. */
static void add_steps(struct search *s, uint32_t end)
{
    struct path *path = s->path;
    s->way.count = 0;
    for (uint32_t n = end; s->past[n].before != NONE; n = s->past[n].before)
        add_number(s, &s->way, n);
    for (size_t i = s->way.count; i > 0; i--) {
        const struct past *to = &s->past[s->way.at[i - 1]];
        path->steps = arena_grow(s->matcher->arena, path->steps, path->count, &s->step_room, path->count + 1,
                                 sizeof *path->steps);
        path->steps[path->count++] =
            (struct step){.kind = to->kind, .start = s->past[to->before].offset, .end = to->offset, .zone = to->zone};
        if (to->kind == STEP_MARK)
            add_number(s, &s->taken, to->mark);
    }
}

/* Where the ways to all heads part; NONE if they began apart. The heads are taken back to there. */
static uint32_t find_fork(struct search *s)
{
    struct numbers *heads = &s->heads;
    while (heads->count > 1) {
        size_t latest = 0;
        for (size_t i = 1; i < heads->count; i++)
            if (heads->at[i] > heads->at[latest])
                latest = i;
        uint32_t before = s->past[heads->at[latest]].before;
        if (before == NONE)
            return NONE;
        heads->at[latest] = before;
        for (size_t i = 0; i < heads->count; i++)
            if (i != latest && heads->at[i] == before) {
                heads->at[latest] = heads->at[--heads->count];
                break;
            }
    }
    return heads->count == 0 ? NONE : heads->at[0];
}

/* Of the past only the ways to living arrivals are kept, from the fork on. */
static void drop_past(struct search *s, uint32_t fork)
{
    size_t nodes = s->point_count * s->grammar->zone_count, count = 0;
    clear_numbers(s, &s->places, s->past_count);
    uint32_t *now = s->places.at;
    for (size_t i = 0; i < nodes; i++)
        for (uint32_t n = s->arrivals[i].past ? s->arrivals[i].from : NONE; n != NONE && now[n] == 0;
             n = n == fork ? NONE : s->past[n].before)
            now[n] = 1;
    for (size_t n = 0; n < s->past_count; n++) {
        if (now[n] == 0)
            continue;
        struct past past = s->past[n];
        past.before = n == fork || past.before == NONE ? NONE : now[past.before];
        now[n] = (uint32_t)count;
        s->past[count++] = past;
    }
    for (size_t i = 0; i < nodes; i++)
        if (s->arrivals[i].past)
            s->arrivals[i].from = now[s->arrivals[i].from];
    s->past_count = count;
}

/* What lies before a line is past, and what all ways through it have in common is certain. */
static void settle(struct search *s, size_t line)
{
    size_t zones = s->grammar->zone_count;
    if (s->point_count < SETTLE)
        return;
    clear_numbers(s, &s->places, s->point_count * zones);
    for (uint32_t p = 0; p < s->point_count; p++)
        for (size_t z = 0; z < zones && s->points[p].line >= line; z++) {
            struct arrival *arrival = &arrivals_at(s, p)[z];
            if (arrival->score == DEAD || arrival->past || arrival->kind == STEP_START)
                continue;
            arrival->from = remember(s, arrival->from, arrival->from_zone);
            arrival->past = true;
        }
    drop_points(s, line);
    if (s->past_count < s->past_limit)
        return;
    s->heads.count = 0;
    for (size_t i = 0; i < s->point_count * zones; i++)
        if (s->arrivals[i].past)
            add_number(s, &s->heads, s->arrivals[i].from);
    uint32_t fork = find_fork(s);
    if (fork != NONE)
        add_steps(s, fork);
    drop_past(s, fork);
    s->past_limit = s->past_count > SETTLE ? 2 * s->past_count : (size_t)2 * SETTLE;
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
    clear_numbers(s, &s->places, s->point_count * s->grammar->zone_count);
    add_steps(s, remember(s, last, zone));
    for (size_t i = 0; i < path->count; i++)
        if (path->steps[i].kind == STEP_MARK)
            path->steps[i].mark = &path->marks[s->taken.at[taken++]];
    if (path->count > 0)
        path->steps[0].start = 0;
}

void path_find(struct matcher *matcher, bool flat, struct path *path)
{
    const struct lines *lines = matcher->lines;
    *path = (struct path){0};
    struct search s = {.matcher = matcher, .grammar = matcher->grammar, .path = path, .here = NONE, .flat = flat};
    s.past_limit = (size_t)2 * SETTLE;
    s.first = arena_take(matcher->arena, lines->count + 1, sizeof *s.first);
    s.counts = arena_take(matcher->arena, lines->count + 1, sizeof *s.counts);
    for (size_t i = 0; i <= lines->count; i++)
        s.first[i] = NONE;
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
