#include "automaton.h"

#include "frozen.h"
#include "shape.h"
#include "text.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROW = 16,           /* letters */
    MAX_STATES = 12000, /* and one for each gate: links have 16 bits, as have the numbers of rows */
    MAX_ROWS = 65536,
    CHUNK = 1024,
    MAX_POSITIONS = 500000
};

#define NONE UINT32_MAX

/* Productions as a tree: those that begin with the same elements share a branch. */
struct branch {
    const struct node *node; /* the element that leads here */
    bool led;
    struct shape *shape, *self;
    struct branch *first, *next;
    const struct field **fields; /* that end here */
    size_t count, room;
    unsigned stamp;
};

/* A place in the productions: what follows, and the position behind it. */
struct position {
    struct shape *shape;
    struct branch *owner; /* all that can come of it; NULL if that is more than one branch */
    uint32_t *reach;      /* the characters and conditions that it leads to, once needed */
    uint32_t reach_count;
    uint32_t next, same_hash;
    unsigned seen, worked, taken; /* by what was last done */
};

/* Characters that are in the same atoms lead the same way. */
struct move {
    struct move *next;
    struct state *to;
    bool at_end;
    uint64_t bits[];
};

/*
 * What following a text looks at, a line of the cache each: where a state leads is a row for each 16 letters, and in
 * that a link for each letter. Rows are known by their numbers; the number 0 is of none.
 */
struct row {
    _Atomic uint16_t to[ROW]; /* links, or further rows */
};

struct exits {
    _Atomic uint16_t rows[RARE / ROW];
    _Atomic uint16_t rare; /* the row of the rows of rare letters */
    _Atomic uint16_t end;  /* a link */
};

/* A link is 4 times the number of the state, and what must be known of it. 0: not made yet. */
enum { MATCHED = 1, LAST = 2, LINK = 4 };

struct alive;

/* A set of positions, and what has matched on the way there. */
struct state {
    const struct field **matched;
    uint32_t *set;
    struct atom **atoms; /* that decide on the way from here; the first is that of all letters */
    struct move *moves;
    struct state *same_hash;
    _Atomic(struct alive *) alive;
    uint32_t matched_count, set_count, atom_count;
    uint32_t link;
    bool behind_letter; /* if that matters */
};

/* What can still match from a state on, once needed. */
struct alive {
    const struct field **fields;
    size_t count;
};

struct list_of_positions {
    uint32_t *at;
    size_t count, room;
};

struct automaton {
    pthread_mutex_t lock;
    struct arena arena;
    jmp_buf escape;
    const struct depesha_grammar *grammar;
    struct shapes shapes;
    struct position **chunks; /* of positions, which stay where they are */
    size_t chunk_count, chunk_room, position_count;
    uint32_t *position_hash; /* a position + 1; 0: none */
    struct state **state_hash;
    struct state **states; /* by number, as are the exits */
    struct exits *exits;
    struct row *rows;
    size_t state_count, state_room, row_count;
    unsigned stamp;
    struct list_of_positions stack, found, work, out;
    struct branch **done;
    struct atom **atoms;
    size_t done_count, done_room, atom_count, atom_room;
    _Atomic uint16_t *starts; /* links, by gate */
    struct branch **roots;    /* likewise */
    _Atomic uint32_t rare[RARE_COUNT];
    size_t gate_count;
    bool single;              /* gates are single productions, by their numbers */
    struct automaton *beside; /* such a one, which follows the same texts, for both to be written down */
    const struct field **beside_found;
    const struct frozen *frozen, *frozen_single; /* states that lie ready, or NULL */
    atomic_bool full;                            /* no state is made any more: what the others do not know may match */
    atomic_size_t missed;                        /* productions that were let pass where they do not reach */
};

enum { POSITION_HASH = 1 << 15, STATE_HASH = 1 << 13 };

size_t gate_any(bool at_start)
{
    return at_start;
}

size_t gate_zone(size_t zone, bool at_start)
{
    return 2 + 2 * zone + at_start;
}

enum { ZONE_GATES = 2 + 2 * MAX_ZONES };

size_t gate_key(const struct key *key)
{
    return ZONE_GATES + key->index;
}

/* ---- the tree of productions ------------------------------------------------------------------ */

static const struct node *inside(const struct node *node)
{
    return node->kind == NODE_SLOT && node->reads != NULL ? node->reads : node->first;
}

/* Whether two expressions become the same pattern. */
static bool is_same(const struct node *a, const struct node *b)
{
    if (a == b)
        return true;
    if (a == NULL || b == NULL || a->kind != b->kind)
        return false;
    if (a->kind == NODE_NAME)
        return a->definition == b->definition;
    if (a->kind != NODE_SLOT && (a->size != b->size || (a->size > 0 && memcmp(a->text, b->text, a->size) != 0)))
        return false;
    if (a->kind == NODE_SLOT)
        return is_same(inside(a), inside(b));
    const struct node *left = a->first, *right = b->first;
    while (left != NULL && right != NULL && is_same(left, right)) {
        left = left->next;
        right = right->next;
    }
    return left == NULL && right == NULL;
}

static struct branch *new_branch(struct automaton *a, const struct node *node, bool led)
{
    struct branch *branch = arena_take(&a->arena, 1, sizeof *branch);
    branch->node = node;
    branch->led = led;
    branch->self = shape_new(&a->shapes, SHAPE_BRANCH, NULL, NULL);
    branch->self->branch = branch;
    return branch;
}

static struct branch *grow(struct automaton *a, struct branch *branch, const struct node *node, bool led)
{
    struct branch **last = &branch->first;
    for (; *last != NULL; last = &(*last)->next)
        if ((*last)->led == led && is_same((*last)->node, node))
            return *last;
    return *last = new_branch(a, node, led);
}

static void plant_field(struct automaton *a, struct branch *root, const struct field *field)
{
    const struct node *node = field->node->kind == NODE_SEQUENCE ? field->node->first : field->node;
    struct branch *branch = root;
    bool led = false;
    for (; node != NULL; node = field->node->kind == NODE_SEQUENCE ? node->next : NULL) {
        if (node->kind == NODE_START)
            continue;
        branch = grow(a, branch, node, led);
        led = led || !(node->kind == NODE_OPTION || node->kind == NODE_MANY || node->kind == NODE_END);
    }
    branch->fields =
        arena_grow(&a->arena, branch->fields, branch->count, &branch->room, branch->count + 1, sizeof(struct field *));
    branch->fields[branch->count++] = field;
}

static bool passes(const struct field *field, size_t gate)
{
    if (field->pattern.kind == PATTERN_NONE)
        return false;
    if (gate >= ZONE_GATES) {
        const struct key_list *inside = field->inside;
        while (inside != NULL && inside->key->index != gate - ZONE_GATES)
            inside = inside->next;
        return inside != NULL;
    }
    if (field->at_start && gate % 2 == 0)
        return false;
    return gate < 2 ? field->zones != 0 : field->zones >> ((gate - 2) / 2) & 1;
}

static struct branch *root_of(struct automaton *a, size_t gate)
{
    struct branch *root = new_branch(a, NULL, false);
    for (const struct field *field = a->grammar->fields; field != NULL; field = field->next)
        if (a->single ? field->index == gate && field->pattern.kind != PATTERN_NONE : passes(field, gate))
            plant_field(a, root, field);
    return root;
}

/* The branch where all that goes on from here ends; NULL if there are several. */
static struct branch *only_end(struct branch *branch)
{
    while (branch->count == 0 && branch->first != NULL && branch->first->next == NULL)
        branch = branch->first;
    return branch->first == NULL ? branch : NULL;
}

/* ---- positions -------------------------------------------------------------------------------- */

static struct position *at(const struct automaton *a, uint32_t p)
{
    return &a->chunks[p / CHUNK][p % CHUNK];
}

static uint32_t position_of(struct automaton *a, struct shape *shape, uint32_t next)
{
    size_t hash = (((uintptr_t)shape >> 4) * 31 + (uintptr_t)next * 2654435761U) % POSITION_HASH;
    for (uint32_t p = a->position_hash[hash]; p != 0; p = at(a, p - 1)->same_hash)
        if (at(a, p - 1)->shape == shape && at(a, p - 1)->next == next)
            return p - 1;
    uint32_t p = (uint32_t)a->position_count;
    if (p / CHUNK == a->chunk_count) {
        a->chunks = arena_grow(&a->arena, a->chunks, a->chunk_count, &a->chunk_room, a->chunk_count + 1,
                               sizeof(struct position *));
        a->chunks[a->chunk_count] = arena_take(&a->arena, CHUNK, sizeof(struct position));
        a->chunk_count++;
    }
    *at(a, p) = (struct position){.shape = shape, .next = next, .same_hash = a->position_hash[hash]};
    at(a, p)->owner = next != NONE ? at(a, next)->owner : only_end(shape->branch);
    a->position_count++;
    a->position_hash[hash] = p + 1;
    return p;
}

static void add(struct automaton *a, struct list_of_positions *list, uint32_t p)
{
    list->at = arena_grow(&a->arena, list->at, list->count, &list->room, list->count + 1, sizeof *list->at);
    list->at[list->count++] = p;
}

static void *kept(struct automaton *a, const void *things, size_t count, size_t size)
{
    void *copy = arena_take(&a->arena, count + 1, size);
    if (count > 0)
        memcpy(copy, things, count * size);
    return copy;
}

static void push_shape(struct automaton *a, struct shape *shape, uint32_t next);

static void push_branch(struct automaton *a, struct branch *branch)
{
    for (struct branch *child = branch->first; child != NULL; child = child->next) {
        bool led = child->led;
        if (child->shape == NULL)
            child->shape = shape_element(&a->shapes, child->node, &led);
        push_shape(a, child->shape, position_of(a, child->self, NONE));
    }
}

/* What is at the end of all productions here is followed; elsewhere it would keep what follows from being read. */
static bool is_last(const struct automaton *a, uint32_t p)
{
    return at(a, p)->shape->kind == SHAPE_BRANCH && at(a, p)->shape->branch->first == NULL;
}

/* Only what is a position of its own is made one: a character, a condition, a repeat. */
static void push_shape(struct automaton *a, struct shape *shape, uint32_t next)
{
    for (;;)
        switch (shape->kind) {
        case SHAPE_NOTHING:
            add(a, &a->stack, next);
            return;
        case SHAPE_BOTH:
            next = position_of(a, shape->b, next);
            shape = shape->a;
            break;
        case SHAPE_EITHER:
            push_shape(a, shape->a, next);
            shape = shape->b;
            break;
        case SHAPE_AHEAD:
            if (!is_last(a, next)) {
                add(a, &a->stack, next);
                return;
            }
            shape = shape->a;
            break;
        case SHAPE_TOKEN:
            if (shape->a == NULL)
                shape->a = shape_of(&a->shapes, shape->node);
            shape = shape->a;
            break;
        case SHAPE_MANY:
        case SHAPE_BRANCH:
        case SHAPE_ATOM:
        case SHAPE_NEXT:
        case SHAPE_NOT:
        case SHAPE_LAST:
        case SHAPE_PART:
            add(a, &a->stack, position_of(a, shape, next));
            return;
        }
}

/* One step towards characters. True if the position is one, or a condition, or where a production ends. */
static bool follow(struct automaton *a, uint32_t p)
{
    struct shape *shape = at(a, p)->shape;
    uint32_t next = at(a, p)->next;
    switch (shape->kind) {
    case SHAPE_MANY:
        add(a, &a->stack, next);
        push_shape(a, shape->a, p);
        return false;
    case SHAPE_BRANCH:
        push_branch(a, shape->branch);
        return shape->branch->count > 0;
    case SHAPE_ATOM:
    case SHAPE_NEXT:
    case SHAPE_NOT:
    case SHAPE_LAST:
    case SHAPE_PART:
        return true;
    case SHAPE_NOTHING:
    case SHAPE_BOTH:
    case SHAPE_EITHER:
    case SHAPE_AHEAD:
    case SHAPE_TOKEN:
        push_shape(a, shape, next);
        return false;
    }
    return false;
}

/* Finds the characters and conditions that come first behind a position. */
static void reach(struct automaton *a, uint32_t start)
{
    if (at(a, start)->reach != NULL)
        return;
    unsigned stamp = ++a->stamp;
    a->stack.count = a->found.count = 0;
    add(a, &a->stack, start);
    while (a->stack.count > 0) {
        uint32_t p = a->stack.at[--a->stack.count];
        if (at(a, p)->seen == stamp)
            continue;
        at(a, p)->seen = stamp;
        if (follow(a, p))
            add(a, &a->found, p);
    }
    at(a, start)->reach = kept(a, a->found.at, a->found.count, sizeof *a->found.at);
    at(a, start)->reach_count = (uint32_t)a->found.count;
}

/* ---- states ----------------------------------------------------------------------------------- */

static void add_work(struct automaton *a, uint32_t p, unsigned stamp)
{
    if (at(a, p)->worked == stamp)
        return;
    at(a, p)->worked = stamp;
    add(a, &a->work, p);
}

static unsigned begin_work(struct automaton *a, const struct state *state)
{
    unsigned stamp = ++a->stamp;
    a->work.count = 0;
    for (size_t i = 0; i < state->set_count; i++)
        add_work(a, state->set[i], stamp);
    return stamp;
}

/* What lies behind a condition that holds is looked at with the same character. */
static void add_behind(struct automaton *a, uint32_t p, unsigned stamp)
{
    uint32_t next = at(a, p)->next;
    reach(a, next);
    for (uint32_t i = 0; i < at(a, next)->reach_count; i++)
        add_work(a, at(a, next)->reach[i], stamp);
}

static bool is_condition(const struct shape *shape)
{
    return shape->kind == SHAPE_NEXT || shape->kind == SHAPE_NOT || shape->kind == SHAPE_LAST ||
           shape->kind == SHAPE_PART;
}

static void add_atom(struct automaton *a, struct atom *atom, unsigned stamp)
{
    if (atom == NULL || atom->stamp == stamp)
        return;
    atom->stamp = stamp;
    a->atoms = arena_grow(&a->arena, a->atoms, a->atom_count, &a->atom_room, a->atom_count + 1, sizeof(struct atom *));
    a->atoms[a->atom_count++] = atom;
}

/* The atoms that decide on the way from a state. */
static void find_atoms(struct automaton *a, struct state *state)
{
    unsigned stamp = begin_work(a, state);
    a->atom_count = 0;
    add_atom(a, shape_letters(&a->shapes), stamp);
    for (size_t i = 0; i < a->work.count; i++) {
        const struct shape *shape = at(a, a->work.at[i])->shape;
        if (is_condition(shape))
            add_behind(a, a->work.at[i], stamp);
        add_atom(a, shape_atom(shape), stamp);
    }
    state->atoms = kept(a, a->atoms, a->atom_count, sizeof(struct atom *));
    state->atom_count = a->atom_count;
}

/* Whether a state has the positions of `out`, which are marked with the stamp, and the fields of `done`. */
static bool is_it(const struct automaton *a, const struct state *state, bool behind_letter, size_t fields,
                  unsigned stamp)
{
    if (state->behind_letter != behind_letter || state->set_count != a->out.count || state->matched_count != fields)
        return false;
    for (size_t i = 0; i < state->set_count; i++)
        if (at(a, state->set[i])->taken != stamp)
            return false;
    for (size_t i = 0, n = 0; i < a->done_count; n += a->done[i++]->count)
        if (state->matched[n] != a->done[i]->fields[0])
            return false;
    return true;
}

static int by_place(const void *left, const void *right)
{
    const struct branch *a = *(const struct branch *const *)left, *b = *(const struct branch *const *)right;
    return (a->fields[0]->index > b->fields[0]->index) - (a->fields[0]->index < b->fields[0]->index);
}

/* The state with the positions of `out` and the fields of the branches in `done`. */
static struct state *state_of(struct automaton *a, bool behind_letter, unsigned stamp)
{
    size_t hash = 0, fields = 0;
    bool matters = false;
    if (a->done_count > 1)
        qsort(a->done, a->done_count, sizeof(struct branch *), by_place);
    for (size_t i = 0; i < a->out.count; i++) {
        hash += a->out.at[i] * UINT64_C(0x9E3779B97F4A7C15) >> 7;
        matters = matters || (behind_letter && is_condition(at(a, a->out.at[i])->shape));
    }
    for (size_t i = 0; i < a->done_count; i++) {
        hash = hash * 31 + a->done[i]->fields[0]->index;
        fields += a->done[i]->count;
    }
    struct state **first = &a->state_hash[(hash ^ hash >> 17) % STATE_HASH];
    for (struct state *state = *first; state != NULL; state = state->same_hash)
        if (is_it(a, state, matters, fields, stamp))
            return state;
    struct state *state = arena_take(&a->arena, 1, sizeof *state);
    state->set = kept(a, a->out.at, a->out.count, sizeof *a->out.at);
    state->set_count = a->out.count;
    state->behind_letter = matters;
    state->matched = arena_take(&a->arena, fields + 1, sizeof(struct field *));
    for (size_t i = 0; i < a->done_count; i++)
        for (size_t n = 0; n < a->done[i]->count; n++)
            state->matched[state->matched_count++] = a->done[i]->fields[n];
    if (state->set_count > 0)
        find_atoms(a, state);
    state->same_hash = *first;
    *first = state;
    a->states[++a->state_count] = state;
    state->link = (uint32_t)a->state_count * LINK + (fields > 0 ? MATCHED : 0) + (state->set_count == 0 ? LAST : 0);
    return state;
}

static void set_done(struct automaton *a, struct branch *branch, unsigned stamp)
{
    if (branch->stamp == stamp)
        return;
    branch->stamp = stamp;
    a->done = arena_grow(&a->arena, a->done, a->done_count, &a->done_room, a->done_count + 1, sizeof(struct branch *));
    a->done[a->done_count++] = branch;
}

static void add_out(struct automaton *a, uint32_t from, unsigned stamp)
{
    reach(a, from);
    for (uint32_t i = 0; i < at(a, from)->reach_count; i++) {
        uint32_t p = at(a, from)->reach[i];
        if (at(a, p)->taken == stamp)
            continue;
        at(a, p)->taken = stamp;
        if (at(a, p)->shape->kind == SHAPE_BRANCH) {
            set_done(a, at(a, p)->shape->branch, stamp);
            continue;
        }
        add(a, &a->out, p);
    }
}

/* What has matched need not be followed any further. */
static void drop_done(struct automaton *a, unsigned stamp)
{
    size_t left = 0;
    for (size_t i = 0; i < a->out.count; i++) {
        const struct branch *owner = at(a, a->out.at[i])->owner;
        if (owner == NULL || owner->stamp != stamp)
            a->out.at[left++] = a->out.at[i];
        else
            at(a, a->out.at[i])->taken = 0;
    }
    a->out.count = left;
}

static struct state *step(struct automaton *a, const struct state *state, const uint64_t *bits, bool at_end)
{
    unsigned work = begin_work(a, state), out = ++a->stamp;
    a->out.count = a->done_count = 0;
    for (size_t i = 0; i < state->atom_count; i++)
        state->atoms[i]->holds = bits[i / 64] >> (i % 64) & 1;
    for (size_t i = 0; i < a->work.count; i++) {
        uint32_t p = a->work.at[i];
        const struct shape *shape = at(a, p)->shape;
        const struct atom *atom = shape_atom(shape);
        bool in = atom != NULL && atom->holds;
        if (shape->kind == SHAPE_BRANCH)
            set_done(a, shape->branch, out);
        else if (shape->kind == SHAPE_ATOM && in)
            add_out(a, at(a, p)->next, out);
        else if ((shape->kind == SHAPE_NEXT && in) || (shape->kind == SHAPE_NOT && !in) ||
                 (shape->kind == SHAPE_LAST && at_end) ||
                 (shape->kind == SHAPE_PART && !(state->behind_letter && state->atoms[0]->holds)))
            add_behind(a, p, work);
    }
    drop_done(a, out);
    return state_of(a, bits[0] & 1, out);
}

/* ---- following a text ------------------------------------------------------------------------- */

/* The number of a character; NO_LETTER if there are too many. */
static size_t letter_of(struct automaton *a, uint32_t c)
{
    if (c < ASCII)
        return c;
    if (c >= CYRILLIC && c < CYRILLIC_END)
        return ASCII + c - CYRILLIC;
    for (uint32_t i = 0; i < RARE_TRIES; i++) {
        size_t slot = rare_slot(c, i);
        uint32_t there = atomic_load_explicit(&a->rare[slot], memory_order_relaxed);
        if (there == 0 && atomic_compare_exchange_strong(&a->rare[slot], &there, c))
            there = c;
        if (there == c)
            return RARE + slot;
    }
    return NO_LETTER;
}

/* The row that a number tells, made if need be; NULL if there are too many. */
static struct row *row_of(struct automaton *a, _Atomic uint16_t *number)
{
    uint32_t row = atomic_load_explicit(number, memory_order_relaxed);
    if (row == 0 && a->row_count + 1 < MAX_ROWS) {
        row = (uint32_t)++a->row_count;
        atomic_store_explicit(number, (uint16_t)row, memory_order_release);
    }
    return row == 0 ? NULL : &a->rows[row];
}

/* Where the link of a letter is, for what is made to be found again. */
static _Atomic uint16_t *place_of(struct automaton *a, uint32_t link, size_t letter)
{
    struct exits *exits = &a->exits[link / LINK];
    struct row *rare = NULL, *row = NULL;
    if (letter == END_OF_TEXT)
        return &exits->end;
    if (letter < RARE)
        row = row_of(a, &exits->rows[letter / ROW]);
    else if ((rare = row_of(a, &exits->rare)) != NULL)
        row = row_of(a, &rare->to[(letter - RARE) / ROW]);
    return row == NULL ? NULL : &row->to[letter % ROW];
}

/* The link to the state that a character leads to from another, made if need be. 0: there are too many. */
static uint32_t make_next(struct automaton *a, uint32_t link, uint32_t c, size_t letter)
{
    struct state *state = a->states[link / LINK];
    bool at_end = letter == END_OF_TEXT;
    size_t words = state->atom_count / 64 + 1;
    struct move *move = arena_take(&a->arena, 1, sizeof *move + words * sizeof(uint64_t));
    move->at_end = at_end;
    for (size_t i = 0; !at_end && i < state->atom_count; i++)
        if (atom_has(&a->shapes, state->atoms[i], c, letter))
            move->bits[i / 64] |= UINT64_C(1) << (i % 64);
    struct move *same = state->moves;
    while (same != NULL && !(same->at_end == at_end && memcmp(same->bits, move->bits, words * sizeof(uint64_t)) == 0))
        same = same->next;
    if (same == NULL) {
        if (a->state_count >= MAX_STATES || a->position_count >= MAX_POSITIONS) {
            atomic_store_explicit(&a->full, true, memory_order_relaxed);
            return 0;
        }
        move->to = step(a, state, move->bits, at_end);
        move->next = state->moves;
        state->moves = same = move;
    }
    _Atomic uint16_t *place = letter == NO_LETTER ? NULL : place_of(a, link, letter);
    if (place != NULL)
        atomic_store_explicit(place, (uint16_t)same->to->link, memory_order_release);
    return same->to->link;
}

/* Begins where a line of the cache does. */
static void *zeroes(struct automaton *a, size_t count, size_t size)
{
    enum { LINE = 64 };
    char *memory = calloc(count + LINE / size + 1, size);
    arena_keep(&a->arena, memory, free);
    return memory + (LINE - (uintptr_t)memory % LINE);
}

/* Rooms for all that there may be, for they must stay where they are. What is not used costs no memory. */
static void make_room(struct automaton *a)
{
    if (a->shapes.called == NULL)
        a->shapes.called = arena_take(&a->arena, a->grammar->definition_count + 1, sizeof(struct shape *));
    if (a->position_hash == NULL)
        a->position_hash = arena_take(&a->arena, POSITION_HASH, sizeof *a->position_hash);
    if (a->state_hash == NULL)
        a->state_hash = arena_take(&a->arena, STATE_HASH, sizeof(struct state *));
    if (a->states == NULL)
        a->states = zeroes(a, a->state_room, sizeof(struct state *));
    if (a->exits == NULL)
        a->exits = zeroes(a, a->state_room, sizeof *a->exits);
    if (a->rows == NULL)
        a->rows = zeroes(a, MAX_ROWS, sizeof *a->rows);
}

static uint32_t make_start(struct automaton *a, size_t gate)
{
    uint32_t start = atomic_load_explicit(&a->starts[gate], memory_order_relaxed);
    if (start != 0)
        return start;
    make_room(a);
    a->roots[gate] = root_of(a, gate);
    a->out.count = a->done_count = 0;
    unsigned stamp = ++a->stamp;
    add_out(a, position_of(a, a->roots[gate]->self, NONE), stamp);
    start = state_of(a, false, stamp)->link;
    atomic_store_explicit(&a->starts[gate], (uint16_t)start, memory_order_release);
    return start;
}

/* The same under the lock. *made is left as it is where there is no memory. */
static bool locked_start(struct automaton *a, size_t gate, uint32_t *made)
{
    pthread_mutex_lock(&a->lock);
    bool ok = setjmp(a->escape) == 0;
    if (ok)
        *made = make_start(a, gate);
    pthread_mutex_unlock(&a->lock);
    return ok;
}

static bool locked_next(struct automaton *a, uint32_t c, size_t letter, uint32_t *link)
{
    pthread_mutex_lock(&a->lock);
    bool ok = setjmp(a->escape) == 0;
    if (ok)
        *link = make_next(a, *link, c, letter);
    pthread_mutex_unlock(&a->lock);
    return ok;
}

static uint32_t known(const _Atomic uint16_t *number)
{
    return atomic_load_explicit(number, memory_order_acquire);
}

static uint32_t known_next(const struct automaton *a, uint32_t link, size_t letter)
{
    const struct exits *exits = &a->exits[link / LINK];
    uint32_t row;
    if (letter < RARE)
        row = known(&exits->rows[letter / ROW]);
    else if (letter >= LETTERS)
        return letter == END_OF_TEXT ? known(&exits->end) : 0;
    else if ((row = known(&exits->rare)) != 0)
        row = known(&a->rows[row].to[(letter - RARE) / ROW]);
    return row == 0 ? 0 : known(&a->rows[row].to[letter % ROW]);
}

static void collect(struct automaton *a, struct alive *alive, size_t *room, struct branch *branch, unsigned stamp)
{
    if (branch->stamp == stamp)
        return;
    branch->stamp = stamp;
    alive->fields =
        arena_grow(&a->arena, alive->fields, alive->count, room, alive->count + branch->count, sizeof(struct field *));
    for (size_t i = 0; i < branch->count; i++)
        alive->fields[alive->count++] = branch->fields[i];
    for (struct branch *child = branch->first; child != NULL; child = child->next)
        collect(a, alive, room, child, stamp);
}

static struct alive *make_alive(struct automaton *a, struct state *state)
{
    struct alive *alive = arena_take(&a->arena, 1, sizeof *alive);
    unsigned stamp = ++a->stamp;
    size_t room = 0;
    for (size_t i = 0; i < state->set_count; i++) {
        uint32_t p = state->set[i];
        while (at(a, p)->next != NONE)
            p = at(a, p)->next;
        collect(a, alive, &room, at(a, p)->shape->branch, stamp);
    }
    atomic_store_explicit(&state->alive, alive, memory_order_release);
    return alive;
}

static bool locked_alive(struct automaton *a, struct state *state, struct alive **alive)
{
    *alive = atomic_load_explicit(&state->alive, memory_order_acquire);
    if (*alive != NULL)
        return true;
    pthread_mutex_lock(&a->lock);
    bool ok = setjmp(a->escape) == 0;
    if (ok)
        *alive = make_alive(a, state);
    pthread_mutex_unlock(&a->lock);
    return ok;
}

static void add_found(const struct field **found, size_t *count, const struct field **fields, size_t field_count)
{
    for (size_t i = 0; i < field_count; i++)
        found_add(found, count, fields[i]);
}

/* Follows what is known of ASCII, as long as nothing matches, or is left over; that is most of the way. */
static uint32_t follow_known(const struct automaton *a, uint32_t link, const char *text, size_t *at, size_t to)
{
    const struct exits *exits = a->exits;
    const struct row *rows = a->rows;
    size_t here = *at;
    while (here < to && (unsigned char)text[here] < ASCII) {
        unsigned char c = (unsigned char)text[here];
        uint32_t next = known(&rows[known(&exits[link / LINK].rows[c / ROW])].to[c % ROW]);
        if (next == 0 || (next & (MATCHED | LAST)) != 0)
            break;
        link = next;
        here++;
    }
    *at = here;
    return link;
}

bool automaton_fails(const struct automaton *a, size_t gate, const char *text, size_t at, size_t to)
{
    uint32_t link = known(&a->starts[gate]);
    if (link == 0)
        return false;
    link = follow_known(a, link, text, &at, to);
    unsigned char c = at < to ? (unsigned char)text[at] : ASCII;
    return c < ASCII && (known_next(a, link, c) & (MATCHED | LAST)) == LAST;
}

static bool follow_beside(struct automaton *a, size_t gate, const char *text, size_t at, size_t to);

/* Where the states that lie ready end, what may come of the last one is let pass; so many and others are made. */
enum { MISSED_BEFORE_MADE = 2048 };

bool automaton_find(struct automaton *a, size_t gate, const char *text, size_t at, size_t to,
                    const struct field **found, size_t *count)
{
    size_t far = gate < ZONE_GATES && gate % 2 == 1 ? FAR_FROM_START : FAR;
    if (a->frozen != NULL && atomic_load_explicit(&a->missed, memory_order_relaxed) < MISSED_BEFORE_MADE) {
        size_t missed = 0;
        if (frozen_find(a->frozen, a->frozen_single, a->grammar->by_index, gate, far, text, at, to, found, count,
                        &missed)) {
            if (missed > 0)
                atomic_fetch_add_explicit(&a->missed, missed, memory_order_relaxed);
            return true;
        }
    }
    uint32_t link = known(&a->starts[gate]);
    size_t limit = to - at > far ? at + far : to;
    *count = 0;
    if (link == 0 && !locked_start(a, gate, &link))
        return false;
    if (a->beside != NULL && !follow_beside(a, gate, text, at, to))
        return false;
    while (!(link & LAST)) {
        link = follow_known(a, link, text, &at, limit);
        bool at_end = at >= to;
        uint32_t c = at_end ? 0 : (unsigned char)text[at];
        size_t n = c < ASCII ? 1 : text_next(text, to, at, &c);
        size_t letter = at_end ? (size_t)END_OF_TEXT : letter_of(a, c);
        bool is_far = at >= limit && !at_end;
        uint32_t next = is_far ? 0 : known_next(a, link, letter);
        if (next == 0 && !is_far && !atomic_load_explicit(&a->full, memory_order_relaxed)) {
            next = link;
            if (!locked_next(a, c, letter, &next))
                return false;
        }
        if (next == 0) {
            struct alive *alive;
            if (!locked_alive(a, a->states[link / LINK], &alive))
                return false;
            add_found(found, count, alive->fields, alive->count);
            return true;
        }
        link = next;
        if (link & MATCHED) {
            const struct state *state = a->states[link / LINK];
            add_found(found, count, state->matched, state->matched_count);
        }
        if (at_end)
            break;
        at += n == 0 ? 1 : n;
    }
    return true;
}

/* ---- for who writes it down -------------------------------------------------------------------- */

size_t automaton_gates(const struct automaton *a)
{
    return a->gate_count;
}

size_t automaton_states(const struct automaton *a)
{
    return a->state_count;
}

uint32_t automaton_state(const struct automaton *a, size_t n)
{
    return a->states[n]->link;
}

uint32_t automaton_start(struct automaton *a, size_t gate, bool make)
{
    uint32_t link = known(&a->starts[gate]);
    return link == 0 && make && !locked_start(a, gate, &link) ? 0 : link;
}

size_t automaton_letter(struct automaton *a, uint32_t character)
{
    return letter_of(a, character);
}

uint32_t automaton_character(const struct automaton *a, size_t letter)
{
    return letter < ASCII     ? (uint32_t)letter
           : letter < RARE    ? (uint32_t)(CYRILLIC + letter - ASCII)
           : letter < LETTERS ? atomic_load_explicit(&a->rare[letter - RARE], memory_order_relaxed)
                              : 0;
}

uint32_t automaton_next(struct automaton *a, uint32_t link, size_t letter, bool make)
{
    uint32_t next = known_next(a, link, letter), c = automaton_character(a, letter);
    if (next != 0 || !make || (c == 0 && letter >= RARE && letter < LETTERS))
        return next;
    next = link;
    return locked_next(a, c, letter, &next) ? next : 0;
}

bool automaton_yields(struct automaton *a, uint32_t link, bool alive, const struct field **found, size_t *count)
{
    const struct state *state = a->states[link / LINK];
    struct alive *all = NULL;
    *count = 0;
    if (!alive)
        add_found(found, count, state->matched, state->matched_count);
    else if (!locked_alive(a, a->states[link / LINK], &all))
        return false;
    if (all != NULL)
        add_found(found, count, all->fields, all->count);
    return true;
}

/* What two characters leave open is followed each for itself. */
static bool follow_beside(struct automaton *a, size_t gate, const char *text, size_t at, size_t to)
{
    struct alive *alive;
    uint32_t link = automaton_start(a, gate, true), c;
    for (size_t place = at, read = 0, n; link != 0 && !(link & LAST) && place < to && read < 2; place += n, read++) {
        n = text_next(text, to, place, &c);
        n = n == 0 ? 1 : n;
        link = automaton_next(a, link, letter_of(a, c), true);
    }
    if (link == 0)
        return true;
    bool ok = locked_alive(a, a->states[link / LINK], &alive);
    for (size_t i = 0, count; ok && i < alive->count; i++)
        ok = automaton_find(a->beside, alive->fields[i]->index, text, at, to, a->beside_found, &count);
    return ok;
}

/* ---- as a whole ------------------------------------------------------------------------------- */

static void release(void *automaton)
{
    struct automaton *a = automaton;
    shapes_release(&a->shapes);
    arena_free(&a->arena);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

static struct automaton *open_one(struct depesha_grammar *grammar, bool flat, bool single)
{
    struct automaton *a = calloc(1, sizeof *a);
    if (a == NULL || pthread_mutex_init(&a->lock, NULL) != 0) {
        free(a);
        arena_fail(&grammar->arena);
    }
    arena_keep(&grammar->arena, a, release);
    size_t gates = single ? grammar->field_count : ZONE_GATES + grammar->key_count;
    a->single = single;
    a->gate_count = gates;
    a->grammar = grammar;
    a->arena.escape = &grammar->escape; /* until threads share it */
    a->shapes.grammar = grammar;
    a->shapes.arena = &a->arena;
    a->starts = arena_take(&a->arena, gates, sizeof *a->starts);
    a->roots = arena_take(&a->arena, gates, sizeof(struct branch *));
    a->shapes.flat = flat;
    a->state_room = MAX_STATES + gates + 1; /* what gates begin with is always made, and none has the number 0 */
    a->arena.escape = &a->escape;
    return a;
}

struct automaton *automaton_single(struct depesha_grammar *grammar)
{
    struct automaton *a = grammar->automaton;
    if (setjmp(grammar->escape) != 0)
        return NULL;
    a->beside_found = arena_take(&grammar->arena, grammar->field_count + 1, sizeof(struct field *));
    a->beside = open_one(grammar, false, true);
    return a->beside;
}

void automaton_open(struct depesha_grammar *grammar, bool ready)
{
    grammar->automaton = open_one(grammar, false, false);
    grammar->flat = open_one(grammar, true, false);
    if (!ready)
        return;
    grammar->automaton->frozen = &depesha_frozen.plain;
    grammar->automaton->frozen_single = &depesha_frozen.single;
    grammar->flat->frozen = &depesha_frozen.flat;
    grammar->flat->frozen_single = &depesha_frozen.none;
}
