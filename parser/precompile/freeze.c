#include "freeze.h"

#include <string.h>

enum { HASH = 1 << 18, DEEP = 12 };

struct freezing {
    struct automaton *automaton;
    struct arena *arena;
    const struct field **found; /* room for what states yield */
    size_t most;
    uint16_t *starts, *exits, *rows, *lists;
    uint32_t *matched, *alive, *rare;
    uint8_t *depth;                 /* of a state: how many characters lead there */
    bool *wide;                     /* all letters lead on */
    uint32_t *row_hash, *list_hash; /* where one is, + 1; 0: none */
    size_t row_size, row_room, list_size, list_room;
};

static size_t number_of(uint32_t link)
{
    return link / FROZEN_LINK;
}

/* ---- tables of what comes again -------------------------------------------------------------- */

static size_t hash_of(const uint16_t *at, size_t count)
{
    uint64_t hash = count;
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001B3);
    return (size_t)(hash ^ hash >> 29) % HASH;
}

/* Where in *all there is what is at `at`, or is put. */
static size_t place_of(struct freezing *f, uint16_t **all, size_t *size, size_t *room, uint32_t *hash,
                       const uint16_t *at, size_t count)
{
    size_t slot = hash_of(at, count);
    for (; *all != NULL && hash[slot] != 0; slot = (slot + 1) % HASH)
        if (*size - (hash[slot] - 1) >= count && memcmp(*all + hash[slot] - 1, at, count * sizeof *at) == 0)
            return hash[slot] - 1;
    *all = arena_grow(f->arena, *all, *size, room, *size + count, sizeof **all);
    memcpy(*all + *size, at, count * sizeof *at);
    hash[slot] = (uint32_t)*size + 1;
    *size += count;
    return *size - count;
}

/* The number of a row; 0 if all of it is 0, or there are too many. */
static uint16_t row_of(struct freezing *f, const uint16_t *row)
{
    if (f->row_size / FROZEN_ROW > UINT16_MAX)
        return 0;
    return (uint16_t)(place_of(f, &f->rows, &f->row_size, &f->row_room, f->row_hash, row, FROZEN_ROW) / FROZEN_ROW);
}

/* Where the list of what a state yields is. */
static uint32_t list_of(struct freezing *f, uint32_t link, bool alive)
{
    size_t count;
    if (!automaton_yields(f->automaton, link, alive, f->found, &count))
        arena_fail(f->arena);
    uint16_t *list = arena_take(f->arena, count + 1, sizeof *list);
    list[0] = (uint16_t)count;
    for (size_t i = 0; i < count; i++)
        list[1 + i] = (uint16_t)f->found[i]->index;
    return (uint32_t)place_of(f, &f->lists, &f->list_size, &f->list_room, f->list_hash, list, count + 1);
}

/* ---- which states ---------------------------------------------------------------------------- */

static void reach(struct freezing *f, uint32_t link, size_t depth)
{
    size_t n = number_of(link);
    if (n > 0 && n < FROZEN_STATES && f->depth[n] > depth)
        f->depth[n] = (uint8_t)depth;
}

static void find_depths(struct freezing *f)
{
    memset(f->depth, UINT8_MAX, FROZEN_STATES);
    for (size_t gate = 0; gate < automaton_gates(f->automaton); gate++)
        reach(f, automaton_start(f->automaton, gate, false), 0);
    for (size_t depth = 0; depth < DEEP; depth++)
        for (size_t n = 1; n <= automaton_states(f->automaton) && n < FROZEN_STATES; n++)
            for (size_t letter = 0; f->depth[n] == depth && letter <= LETTERS; letter++)
                reach(f, automaton_next(f->automaton, automaton_state(f->automaton, n), letter, false), depth + 1);
}

/* Follows all letters from a state, whether texts have met them there or not. */
static void widen(struct freezing *f, size_t n)
{
    uint32_t link = automaton_state(f->automaton, n);
    size_t before = automaton_states(f->automaton);
    f->wide[n] = true;
    for (size_t letter = 0; !(link & FROZEN_LAST) && letter <= LETTERS; letter++)
        automaton_next(f->automaton, link, letter, true);
    for (size_t i = before + 1; i <= automaton_states(f->automaton) && i < FROZEN_STATES; i++)
        f->depth[i] = (uint8_t)(f->depth[n] + 1); /* at most DEEP + 1 */
}

/* How much is missed where a state ends: what is open, and how many texts come by. */
static size_t worth(struct freezing *f, size_t n, bool evenly)
{
    uint32_t link = automaton_state(f->automaton, n);
    size_t count = 1;
    if (link & FROZEN_LAST || f->depth[n] > DEEP)
        return 0;
    if (!evenly && !automaton_yields(f->automaton, link, true, f->found, &count))
        arena_fail(f->arena);
    return count << (DEEP - f->depth[n]);
}

static void widen_all(struct freezing *f, size_t field_count, bool evenly)
{
    find_depths(f);
    for (size_t least = field_count << DEEP; least > 0; least = least * 3 / 4)
        for (size_t n = 1; n <= automaton_states(f->automaton) && n < f->most; n++) {
            if (f->wide[n] || worth(f, n, evenly) < least)
                continue;
            if (automaton_states(f->automaton) >= f->most)
                return;
            widen(f, n);
        }
}

/* ---- writing them ---------------------------------------------------------------------------- */

static uint16_t link_of(uint32_t link)
{
    return number_of(link) < FROZEN_STATES ? (uint16_t)link : 0;
}

static void write_state(struct freezing *f, size_t n)
{
    uint32_t link = automaton_state(f->automaton, n);
    uint16_t links[LETTERS + 1], rows[LETTERS / FROZEN_ROW], *exits = f->exits + n * FROZEN_EXITS;
    f->matched[n] = list_of(f, link, false);
    if (link & FROZEN_LAST)
        return;
    f->alive[n] = list_of(f, link, true);
    for (size_t letter = 0; letter <= LETTERS; letter++)
        links[letter] = link_of(automaton_next(f->automaton, link, letter, f->wide[n]));
    for (size_t i = 0; i < LETTERS / FROZEN_ROW; i++)
        rows[i] = row_of(f, links + i * FROZEN_ROW);
    memcpy(exits, rows, FROZEN_RARE * sizeof *rows);
    exits[FROZEN_RARE] = row_of(f, rows + FROZEN_RARE);
    exits[FROZEN_END] = links[END_OF_TEXT];
}

void freeze(struct automaton *automaton, size_t field_count, size_t most, bool evenly, struct arena *arena,
            struct frozen *frozen)
{
    struct freezing f = {.automaton = automaton, .arena = arena, .most = most};
    const uint16_t none[FROZEN_ROW] = {0};
    size_t gates = automaton_gates(automaton), states;
    f.found = arena_take(arena, field_count + 1, sizeof(struct field *));
    f.row_hash = arena_take(arena, HASH, sizeof *f.row_hash);
    f.list_hash = arena_take(arena, HASH, sizeof *f.list_hash);
    f.exits = arena_take(arena, FROZEN_STATES * (size_t)FROZEN_EXITS, sizeof *f.exits);
    f.matched = arena_take(arena, FROZEN_STATES, sizeof *f.matched);
    f.alive = arena_take(arena, FROZEN_STATES, sizeof *f.alive);
    f.rare = arena_take(arena, RARE_COUNT, sizeof *f.rare);
    f.starts = arena_take(arena, gates + 1, sizeof *f.starts);
    f.depth = arena_take(arena, FROZEN_STATES, sizeof *f.depth);
    f.wide = arena_take(arena, FROZEN_STATES, sizeof *f.wide);
    row_of(&f, none);
    for (size_t gate = 0; gate < gates; gate++)
        f.starts[gate] = link_of(automaton_start(automaton, gate, false));
    widen_all(&f, field_count, evenly);
    states = automaton_states(automaton) + 1 < FROZEN_STATES ? automaton_states(automaton) + 1 : FROZEN_STATES;
    for (size_t n = 1; n < states; n++)
        write_state(&f, n);
    for (size_t letter = RARE; letter < LETTERS; letter++)
        f.rare[letter - RARE] = automaton_character(automaton, letter);
    *frozen = (struct frozen){
        gates,   states, f.row_size / FROZEN_ROW, f.list_size, f.starts, f.exits, f.rows, f.matched, f.alive,
        f.lists, f.rare};
}
