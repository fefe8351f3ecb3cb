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
    WORDS_BYTES = 4096
};

#define NONE SIZE_MAX

/* The best way to be in a zone at a point. */
struct arrival {
    int score;
    enum step_kind kind;
    size_t from, from_zone; /* the point and zone before */
    size_t mark;
};

/* A place where something can begin. */
struct point {
    size_t offset, line;
    size_t next;           /* the next point of the line, or NONE */
    struct arrival *zones; /* one a zone */
};

struct search {
    struct matcher *matcher;
    const struct depesha_grammar *grammar;
    struct path *path;
    struct point *points;
    size_t point_count, point_room, mark_room;
    size_t *first;  /* of each line, and of the end */
    size_t *counts; /* of the points of each line */
    size_t here;    /* the point that is followed; what is reached lies behind it */
    bool flat;      /* long lines may be several that were joined */
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

static size_t point_at(struct search *s, size_t line, size_t offset)
{
    bool on_line = s->here != NONE && s->points[s->here].line == line;
    size_t *link = on_line ? &s->points[s->here].next : &s->first[line];
    if (on_line && s->points[s->here].offset == offset)
        return s->here;
    while (*link != NONE && s->points[*link].offset < offset)
        link = &s->points[*link].next;
    if (*link != NONE && s->points[*link].offset == offset)
        return *link;
    if (s->counts[line] >= (is_flat(s, line) ? MAX_POINTS_FLAT : MAX_POINTS_A_LINE))
        return NONE;
    s->counts[line]++;
    size_t next = *link, index = s->point_count;
    bool of_point = link != &s->first[line];
    size_t owner = of_point ? (size_t)((char *)link - (char *)s->points) / sizeof *s->points : 0;
    s->points = arena_grow(s->matcher->arena, s->points, s->point_count, &s->point_room, index + 1, sizeof *s->points);
    if (of_point) /* the array may have moved */
        link = &s->points[owner].next;
    struct point *point = &s->points[s->point_count++];
    *point = (struct point){.offset = offset, .line = line, .next = next};
    point->zones = arena_take(s->matcher->arena, s->grammar->zone_count, sizeof *point->zones);
    for (size_t z = 0; z < s->grammar->zone_count; z++)
        point->zones[z].score = DEAD;
    *link = index;
    return index;
}

static void relax(struct search *s, size_t to, size_t zone, const struct arrival *arrival)
{
    if (to != NONE && arrival->score > s->points[to].zones[zone].score)
        s->points[to].zones[zone] = *arrival;
}

/* The point where the next thing can begin once `offset` is reached: behind noise, or on the next line. */
static size_t point_behind(struct search *s, size_t offset, size_t from_line)
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

static void switch_zones(struct search *s, size_t p)
{
    const struct depesha_grammar *grammar = s->grammar;
    bool changed = true;
    for (size_t round = 0; changed && round < grammar->zone_count; round++) {
        changed = false;
        for (size_t z = 0; z < grammar->zone_count; z++) {
            const struct zone *zone = &grammar->zones[z];
            int score = s->points[p].zones[z].score;
            for (size_t n = 0; score > DEAD && n < zone->next_count; n++) {
                struct arrival arrival = {score + grammar->zones[zone->next[n]].enter, STEP_SWITCH, p, z, NONE};
                if (arrival.score > s->points[p].zones[zone->next[n]].score) {
                    s->points[p].zones[zone->next[n]] = arrival;
                    changed = true;
                }
            }
        }
    }
}

/* Ways that cannot win any more are not followed. */
static uint32_t living_zones(struct search *s, size_t p)
{
    struct arrival *zones = s->points[p].zones;
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

static void follow_mark(struct search *s, size_t p, uint32_t living, const struct mark *mark)
{
    size_t index = s->path->mark_count;
    s->path->marks =
        arena_grow(s->matcher->arena, s->path->marks, index, &s->mark_room, index + 1, sizeof *s->path->marks);
    s->path->marks[s->path->mark_count++] = *mark;
    size_t to = point_behind(s, mark->end, s->points[p].line);
    int gain = mark->field->weight - (is_flat(s, s->points[p].line) ? FLAT_COST : 0);
    for (size_t z = 0; z < s->grammar->zone_count; z++)
        if ((living & mark->field->zones) >> z & 1) {
            struct arrival arrival = {s->points[p].zones[z].score + gain, STEP_MARK, p, z, index};
            relax(s, to, mark->field->leads ? mark->field->then : z, &arrival);
        }
}

static void follow_marks(struct search *s, size_t p, uint32_t living)
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

/* What it costs to leave the rest of the line unexplained. */
static int rest_cost(const struct search *s, const struct zone *zone, const struct point *point)
{
    const struct line *line = &s->matcher->lines->at[point->line];
    if (line->blank)
        return 0;
    if (point->offset == line->first)
        return line->prose ? zone->prose : zone->line;
    int cost = zone->reading ? zone->word * words_between(s->matcher->text, point->offset, line->end) : zone->line;
    return zone->prose < 0 && cost < zone->prose ? zone->prose : cost;
}

static void follow_rest(struct search *s, size_t p, uint32_t living)
{
    const struct lines *lines = s->matcher->lines;
    size_t line = s->points[p].line;
    size_t to = point_at(s, line + 1, line + 1 < lines->count ? lines->at[line + 1].first : s->matcher->text->size);
    for (size_t z = 0; z < s->grammar->zone_count; z++)
        if (living >> z & 1) {
            int cost = rest_cost(s, &s->grammar->zones[z], &s->points[p]);
            struct arrival arrival = {s->points[p].zones[z].score + cost, STEP_LINE, p, z, NONE};
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

static void follow_word(struct search *s, size_t p, uint32_t living)
{
    const struct line *line = &s->matcher->lines->at[s->points[p].line];
    size_t offset = s->points[p].offset;
    bool flat = is_flat(s, s->points[p].line);
    bool whole = is_long(s, s->points[p].line) || line->prose;
    if (offset >= line->end || (whole && !flat && offset == line->first))
        return;
    size_t to = NONE;
    for (size_t z = 0; z < s->grammar->zone_count; z++) {
        if (!(living >> z & 1) || !(s->grammar->zones[z].reading || flat))
            continue;
        if (to == NONE)
            to = point_behind(s, word_end(s->matcher->text, offset, line->end), s->points[p].line);
        struct arrival arrival = {s->points[p].zones[z].score + s->grammar->zones[z].word, STEP_WORD, p, z, NONE};
        relax(s, to, z, &arrival);
    }
}

static void expand(struct search *s, size_t p)
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

/* From the best arrival at the end back to the start. */
static void trace(struct search *s, size_t last)
{
    struct path *path = s->path;
    size_t zone = 0;
    switch_zones(s, last);
    for (size_t z = 1; z < s->grammar->zone_count; z++)
        if (s->points[last].zones[z].score > s->points[last].zones[zone].score)
            zone = z;
    path->score = s->points[last].zones[zone].score;
    size_t room = 0;
    for (size_t p = last; p != NONE;) {
        const struct arrival *arrival = &s->points[p].zones[zone];
        if (arrival->kind == STEP_START)
            break;
        path->steps =
            arena_grow(s->matcher->arena, path->steps, path->count, &room, path->count + 1, sizeof *path->steps);
        path->steps[path->count++] = (struct step){
            .kind = arrival->kind,
            .start = s->points[arrival->from].offset,
            .end = s->points[p].offset,
            .zone = zone,
            .mark = arrival->mark == NONE ? NULL : &path->marks[arrival->mark],
        };
        p = arrival->from;
        zone = arrival->from_zone;
    }
    for (size_t i = 0; i < path->count / 2; i++) {
        struct step step = path->steps[i];
        path->steps[i] = path->steps[path->count - 1 - i];
        path->steps[path->count - 1 - i] = step;
    }
    if (path->count > 0)
        path->steps[0].start = 0;
}

void path_find(struct matcher *matcher, bool flat, struct path *path)
{
    const struct lines *lines = matcher->lines;
    *path = (struct path){0};
    struct search s = {.matcher = matcher, .grammar = matcher->grammar, .path = path, .here = NONE, .flat = flat};
    s.first = arena_take(matcher->arena, lines->count + 1, sizeof *s.first);
    s.counts = arena_take(matcher->arena, lines->count + 1, sizeof *s.counts);
    for (size_t i = 0; i <= lines->count; i++)
        s.first[i] = NONE;
    size_t start = point_at(&s, 0, lines->at[0].first);
    for (size_t z = 0; start != NONE && z < s.grammar->zone_count; z++)
        if (s.grammar->zones[z].starts)
            s.points[start].zones[z] = (struct arrival){.score = 0, .kind = STEP_START};
    for (size_t line = 0; line < lines->count; line++)
        for (size_t p = s.first[line]; p != NONE; p = s.points[p].next)
            expand(&s, p);
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
