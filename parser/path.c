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
    AHEAD = 64, /* lines that a way can reach from another: those that mark_horizon allows, and a few */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
    SETTLE = 16, /* points: what fuzzers try is short */
    LEAST_MARKS = 256
#else
    SETTLE = 4096,
    LEAST_MARKS = 1 << 16 /* bytes */
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

/* Marks that ways may take: each its size, or where it has moved, and then what a path has of it. */
struct pool {
    unsigned char *at;
    size_t size, room, limit; /* the limit: when it is looked through for what nobody needs any more */
};

struct search {
    struct matcher *matcher;
    const struct depesha_grammar *grammar;
    struct arena *work;
    struct path *path;
    struct marks *rivals; /* or NULL */
    struct pool marks;
    struct point *points;
    struct arrival *arrivals; /* one a zone, for each point */
    size_t point_count, point_room, arrival_room;
    uint32_t first[AHEAD];  /* of each line at hand, and of the end; by the line's number */
    uint16_t counts[AHEAD]; /* of the points of each line */
    uint32_t here;          /* the point that is followed; what is reached lies behind it */
    bool flat;              /* long lines may be several that were joined */
    struct past *past;
    size_t past_count, past_room, past_limit; /* the limit: so much is looked through for what is certain */
    struct numbers way, heads, places;        /* for a while */
};

/* ---- steps in few bytes ------------------------------------------------------------------------ */

/* A number takes a byte for each seven bits: at most so many. */
enum { NUMBER = 5, ZONE_BITS = 4 };

static size_t put_number(unsigned char *at, uint32_t number)
{
    size_t size = 0;
    for (; number >= 0x80; number >>= 7)
        at[size++] = (unsigned char)(number | 0x80);
    at[size++] = (unsigned char)number;
    return size;
}

static inline uint32_t take_number(const unsigned char **at)
{
    uint32_t number = *(*at)++;
    if (number < 0x80)
        return number;
    number &= 0x7F;
    for (unsigned shift = 7;; shift += 7) {
        uint32_t byte = *(*at)++;
        number |= (byte & 0x7F) << shift;
        if (byte < 0x80)
            return number;
    }
}

/* Slots may lie before or behind the mark: what looks around can capture. */
static uint32_t fold_sign(uint32_t number)
{
    return (number << 1) ^ (number >> 31 != 0 ? UINT32_MAX : 0);
}

static uint32_t unfold_sign(uint32_t number)
{
    return (number >> 1) ^ (number & 1 ? UINT32_MAX : 0);
}

static size_t mark_most(const struct mark *mark)
{
    return NUMBER * (2 + 2 * mark->field->slot_count);
}

/* A slot is its size, 0 if it is not filled, and where it begins. */
static size_t put_mark(unsigned char *at, const struct mark *mark)
{
    size_t size = put_number(at, (uint32_t)mark->field->index);
    size += put_number(at + size, mark->end - mark->start);
    for (size_t i = 0; i < mark->field->slot_count; i++) {
        struct span slot = mark->slots[i];
        size += put_number(at + size, slot.start < slot.end ? slot.end - slot.start : 0);
        if (slot.start < slot.end)
            size += put_number(at + size, fold_sign(slot.start - mark->start));
    }
    return size;
}

static void take_mark(const struct depesha_grammar *grammar, const unsigned char **at, struct span *slots,
                      struct mark *mark)
{
    mark->field = grammar->by_index[take_number(at)];
    mark->end = mark->start + take_number(at);
    mark->slots = slots;
    for (size_t i = 0; i < mark->field->slot_count; i++) {
        struct span slot = {1, 0};
        uint32_t size = take_number(at);
        if (size > 0) {
            slot.start = mark->start + unfold_sign(take_number(at));
            slot.end = slot.start + size;
        }
        if (slots != NULL)
            slots[i] = slot;
    }
}

/* A step's head; of a mark, the bytes that it takes in a pool may follow. */
static void put_step(struct arena *arena, struct path *path, const struct step *step, size_t more)
{
    path->at = arena_grow(arena, path->at, path->size, &path->room, path->size + 1 + (size_t)2 * NUMBER + more, 1);
    path->at[path->size++] = (unsigned char)(step->kind << ZONE_BITS | step->zone);
    path->size += put_number(path->at + path->size, step->end - step->start);
    if (step->kind == STEP_MARK)
        path->size += put_number(path->at + path->size, step->mark.start - step->start);
}

/* What can be one step with the one before is. Returns whether it is. */
static bool join_run(struct arena *arena, struct path *path, const struct step *step)
{
    bool line = step->kind == STEP_LINE || step->kind == STEP_WORD || step->kind == STEP_JOINED;
    if (path->runs && line && step->kind != STEP_JOINED && path->run.zone == step->zone) {
        path->run.end = step->end;
        return true;
    }
    path_end(arena, path);
    if (line) {
        path->run = *step;
        path->run.kind = step->kind == STEP_JOINED ? STEP_JOINED : STEP_LINE;
        path->runs = true;
    }
    return line;
}

void path_add(struct arena *arena, struct path *path, const struct step *step)
{
    if (join_run(arena, path, step))
        return;
    put_step(arena, path, step, step->kind == STEP_MARK ? mark_most(&step->mark) : 0);
    if (step->kind == STEP_MARK)
        path->size += put_mark(path->at + path->size, &step->mark);
}

void path_end(struct arena *arena, struct path *path)
{
    if (path->runs)
        put_step(arena, path, &path->run, 0);
    path->runs = false;
}

struct path_reader path_from(const struct path *path, const struct depesha_grammar *grammar, size_t at, uint32_t offset,
                             struct span *slots)
{
    const unsigned char *first = path->at == NULL ? (const unsigned char *)"" : path->at;
    return (struct path_reader){grammar, first, first + at, first + path->size, offset, slots};
}

bool path_next(struct path_reader *reader, struct step *step)
{
    if (reader->at >= reader->end)
        return false;
    unsigned char head = *reader->at++;
    step->kind = head >> ZONE_BITS;
    step->zone = head & ((1U << ZONE_BITS) - 1);
    step->start = reader->offset;
    step->end = step->start + take_number(&reader->at);
    reader->offset = step->end;
    if (step->kind == STEP_MARK) {
        step->mark.start = step->start + take_number(&reader->at);
        take_mark(reader->grammar, &reader->at, reader->slots, &step->mark);
    }
    return true;
}

/* ---- the search -------------------------------------------------------------------------------- */

static bool is_long(const struct search *s, size_t line)
{
    const struct line *at = line_of(s->matcher->lines, line);
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
    s->points = arena_grow(s->work, s->points, index, &s->point_room, index + 1, sizeof *s->points);
    s->arrivals =
        arena_grow(s->work, s->arrivals, index * zones, &s->arrival_room, (index + 1) * zones, sizeof *s->arrivals);
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
    uint32_t before = on_line ? s->here : NONE, next = on_line ? s->points[s->here].next : s->first[line % AHEAD];
    while (next != NONE && s->points[next].offset < offset) {
        before = next;
        next = s->points[next].next;
    }
    if (next != NONE && s->points[next].offset == offset)
        return next;
    if (s->counts[line % AHEAD] >= (is_flat(s, line) ? MAX_POINTS_FLAT : MAX_POINTS_A_LINE))
        return NONE;
    s->counts[line % AHEAD]++;
    uint32_t index = new_point(s, line, offset, next);
    *(before == NONE ? &s->first[line % AHEAD] : &s->points[before].next) = index;
    return index;
}

static void relax(struct search *s, uint32_t to, size_t zone, const struct arrival *arrival)
{
    if (to != NONE && arrival->score > arrivals_at(s, to)[zone].score)
        arrivals_at(s, to)[zone] = *arrival;
}

/* The point where a line begins, or the text ends. */
static uint32_t point_on(struct search *s, size_t line)
{
    const struct lines *lines = s->matcher->lines;
    return point_at(s, line, line < lines->count ? line_of(lines, line)->first : s->matcher->text->size);
}

/* The point where the next thing can begin once `offset` is reached: behind noise, or on the next line. */
static uint32_t point_behind(struct search *s, size_t offset, size_t from_line)
{
    const struct lines *lines = s->matcher->lines;
    size_t line = from_line;
    while (line + 1 < lines->count && line_of(lines, line + 1)->start <= offset)
        line++;
    offset = matcher_lead(s->matcher, offset, line_of(lines, line)->end);
    if (offset >= line_of(lines, line)->end)
        return point_on(s, line + 1);
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

/* Returns where in the pool it is. */
static uint32_t keep_mark(struct search *s, const struct mark *mark)
{
    struct pool *pool = &s->marks;
    uint32_t size, at = (uint32_t)pool->size;
    struct marks *rivals = s->rivals;
    if (rivals != NULL) {
        rivals->at =
            arena_grow(s->matcher->arena, rivals->at, rivals->count, &rivals->room, rivals->count + 1, sizeof *mark);
        rivals->at[rivals->count++] = *mark;
    }
    pool->at = arena_grow(s->work, pool->at, pool->size, &pool->room, pool->size + sizeof size + mark_most(mark), 1);
    size = (uint32_t)put_mark(pool->at + at + sizeof size, mark);
    memcpy(pool->at + at, &size, sizeof size);
    pool->size += sizeof size + size;
    return at;
}

static void follow_mark(struct search *s, uint32_t p, uint32_t living, const struct mark *mark)
{
    uint32_t index = keep_mark(s, mark);
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
    if (offset >= line_of(s->matcher->lines, line)->end)
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
    const struct line *line = line_of(s->matcher->lines, point->line);
    if (line->blank)
        return 0;
    if (point->offset == line->first)
        return line->prose ? zone->prose : zone->line;
    int cost = zone->reading ? zone->word * words : zone->line;
    return zone->prose < 0 && cost < zone->prose ? zone->prose : cost;
}

static void follow_rest(struct search *s, uint32_t p, uint32_t living)
{
    size_t line = s->points[p].line;
    const struct line *at = line_of(s->matcher->lines, line);
    bool whole = s->points[p].offset == at->first;
    int words = whole ? 0 : words_between(s->matcher->text, s->points[p].offset, at->end);
    uint32_t to = point_on(s, line + 1);
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
    const struct line *line = line_of(s->matcher->lines, s->points[p].line);
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
    if (line_of(s->matcher->lines, s->points[p].line)->blank) {
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
    numbers->at =
        arena_grow(s->work, numbers->at, numbers->count, &numbers->room, numbers->count + 1, sizeof *numbers->at);
    numbers->at[numbers->count++] = number;
}

static void clear_numbers(struct search *s, struct numbers *numbers, size_t count)
{
    numbers->at = arena_grow(s->work, numbers->at, 0, &numbers->room, count, sizeof *numbers->at);
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
        s->past = arena_grow(s->work, s->past, s->past_count, &s->past_room, s->past_count + 1, sizeof *s->past);
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
        if (s->first[n % AHEAD] != NONE)
            s->first[n % AHEAD] = now[s->first[n % AHEAD]];
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
        uint32_t from = s->past[to->before].offset, size = 0;
        bool first = path->size == 0 && !path->runs; /* the path begins where the text does */
        struct step step = {.kind = to->kind, .start = first ? 0 : from, .end = to->offset, .zone = to->zone};
        if (join_run(s->matcher->arena, path, &step))
            continue;
        if (to->kind == STEP_MARK)
            memcpy(&size, s->marks.at + to->mark, sizeof size);
        step.mark.start = from;
        put_step(s->matcher->arena, path, &step, size);
        if (size > 0)
            memcpy(path->at + path->size, s->marks.at + to->mark + sizeof size, size);
        path->size += size;
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

/* Counts in s->places how many ways go on from each arrival in the past, up to the fork. */
static void count_ways(struct search *s, uint32_t fork)
{
    clear_numbers(s, &s->places, s->past_count);
    for (size_t i = 0; i < s->point_count * s->grammar->zone_count; i++)
        for (uint32_t n = s->arrivals[i].past ? s->arrivals[i].from : NONE; n != NONE && s->places.at[n]++ == 0;
             n = n == fork ? NONE : s->past[n].before)
            continue;
}

static bool is_unexplained(const struct past *past)
{
    return past->kind == STEP_LINE || past->kind == STEP_WORD;
}

/* What is unexplained in one zone, and where no way branches off, is one step: else two ways that never meet would grow
 * with the text. */
static void join_past(struct search *s, uint32_t fork)
{
    for (size_t n = 0; n < s->past_count; n++) {
        struct past *past = &s->past[n];
        if (s->places.at[n] == 0 || n == fork || past->before == NONE)
            continue;
        const struct past *before = &s->past[past->before];
        if (is_unexplained(past) && is_unexplained(before) && past->zone == before->zone && past->before != fork &&
            before->before != NONE && s->places.at[past->before] == 1) {
            s->places.at[past->before] = 0;
            past->before = before->before;
        }
    }
}

/* Of the past only the ways to living arrivals are kept, from the fork on. */
static void drop_past(struct search *s, uint32_t fork)
{
    size_t count = 0;
    count_ways(s, fork);
    join_past(s, fork);
    uint32_t *now = s->places.at;
    for (size_t n = 0; n < s->past_count; n++) {
        if (now[n] == 0)
            continue;
        struct past past = s->past[n];
        past.before = n == fork || past.before == NONE ? NONE : now[past.before];
        now[n] = (uint32_t)count;
        s->past[count++] = past;
    }
    for (size_t i = 0; i < s->point_count * s->grammar->zone_count; i++)
        if (s->arrivals[i].past)
            s->arrivals[i].from = now[s->arrivals[i].from];
    s->past_count = count;
}

/* Moves a mark to the pool that is kept, unless it is there. */
static void move_mark(const struct pool *from, struct pool *to, uint32_t *mark)
{
    const uint32_t moved = UINT32_C(1) << 31;
    uint32_t size;
    memcpy(&size, from->at + *mark, sizeof size);
    if (size < moved) {
        uint32_t place = moved | (uint32_t)to->size;
        memcpy(to->at + to->size, from->at + *mark, sizeof size + size);
        to->size += sizeof size + size;
        memcpy(from->at + *mark, &place, sizeof place);
        size = place;
    }
    *mark = size & ~moved;
}

/* Marks that no way takes any more go. */
static void drop_marks(struct search *s)
{
    struct pool kept = {0};
    if (s->marks.size < s->marks.limit)
        return;
    kept.at = arena_grow(s->work, NULL, 0, &kept.room, s->marks.size, 1);
    for (size_t n = 0; n < s->past_count; n++)
        if (s->past[n].kind == STEP_MARK)
            move_mark(&s->marks, &kept, &s->past[n].mark);
    for (size_t i = 0; i < s->point_count * s->grammar->zone_count; i++)
        if (s->arrivals[i].score > DEAD && s->arrivals[i].kind == STEP_MARK)
            move_mark(&s->marks, &kept, &s->arrivals[i].mark);
    memcpy(s->marks.at, kept.at, kept.size);
    s->marks.size = kept.size;
    s->marks.limit = 2 * kept.size > LEAST_MARKS ? 2 * kept.size : LEAST_MARKS;
    arena_leave(s->work, kept.at, kept.room);
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
    if (s->past_count < s->past_limit) {
        drop_marks(s);
        return;
    }
    s->heads.count = 0;
    for (size_t i = 0; i < s->point_count * zones; i++)
        if (s->arrivals[i].past)
            add_number(s, &s->heads, s->arrivals[i].from);
    uint32_t fork = find_fork(s);
    if (fork != NONE)
        add_steps(s, fork);
    drop_past(s, fork);
    s->past_limit = s->past_count > SETTLE ? 2 * s->past_count : (size_t)2 * SETTLE;
    drop_marks(s);
}

/* The best way to the end. */
static void trace(struct search *s, uint32_t last)
{
    size_t zone = 0;
    switch_zones(s, last);
    for (size_t z = 1; z < s->grammar->zone_count; z++)
        if (arrivals_at(s, last)[z].score > arrivals_at(s, last)[zone].score)
            zone = z;
    s->path->score = arrivals_at(s, last)[zone].score;
    clear_numbers(s, &s->places, s->point_count * s->grammar->zone_count);
    add_steps(s, remember(s, last, zone));
    path_end(s->matcher->arena, s->path);
}

static void search(struct search *s)
{
    const struct lines *lines = s->matcher->lines;
    uint32_t start = point_on(s, 0);
    for (size_t z = 0; start != NONE && z < s->grammar->zone_count; z++)
        if (s->grammar->zones[z].starts)
            arrivals_at(s, start)[z] = (struct arrival){.score = 0, .kind = STEP_START};
    for (size_t line = 0; line < lines->count; line++) {
        settle(s, line);
        for (uint32_t p = s->first[line % AHEAD]; p != NONE; p = s->points[p].next)
            expand(s, p);
        s->first[line % AHEAD] = NONE;
        s->counts[line % AHEAD] = 0;
    }
    if (s->first[lines->count % AHEAD] != NONE)
        trace(s, s->first[lines->count % AHEAD]);
}

void path_find(struct matcher *matcher, bool flat, struct arena *work, struct marks *rivals, struct path *path)
{
    struct search *s = arena_take(work, 1, sizeof *s);
    *path = (struct path){0};
    *s = (struct search){.matcher = matcher, .grammar = matcher->grammar, .path = path, .here = NONE, .flat = flat};
    s->work = work;
    s->rivals = rivals;
    s->past_limit = (size_t)2 * SETTLE;
    s->marks.limit = LEAST_MARKS;
    for (size_t i = 0; i < AHEAD; i++)
        s->first[i] = NONE;
    search(s);
    arena_empty(work);
}

bool path_can_be_flat(const struct matcher *matcher, const struct path *path, bool recognised)
{
    const struct lines *lines = matcher->lines;
    struct path_reader reader = path_from(path, matcher->grammar, 0, 0, NULL);
    struct step step;
    for (size_t i = 0; !recognised && i < lines->count; i++)
        if (line_of(lines, i)->end - line_of(lines, i)->start > LONG_LINE)
            return true;
    while (recognised && path_next(&reader, &step)) {
        if (step.kind != STEP_MARK || matcher->grammar->zones[step.zone].body)
            continue;
        const struct line *line = line_of(lines, line_at(lines, step.start));
        if (line->end - line->start > LONG_LINE)
            return true;
    }
    return false;
}
