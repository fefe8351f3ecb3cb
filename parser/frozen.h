/*
 * The states of the automaton of the built-in grammar (automaton.h), as far as texts reached them when the library was
 * built. Numbers only: nothing has to be set up, and of the tables only what is looked at is loaded.
 */
#ifndef DEPESHA_FROZEN_H
#define DEPESHA_FROZEN_H

#include "shape.h"

/* Letters are the characters that automata have numbers for. */
enum {
    ASCII = 0x80,
    CYRILLIC = 0x400,
    CYRILLIC_END = 0x460,
    RARE = ASCII + CYRILLIC_END - CYRILLIC, /* the first number of all other characters, in a hash of these */
    RARE_COUNT = LETTERS - RARE,
    RARE_TRIES = 16,
    END_OF_TEXT = LETTERS,
    NO_LETTER,
    FAR = 256,            /* characters; what has not failed by then may match */
    FAR_FROM_START = 1024 /* likewise, where a line or cell begins */
};

static inline size_t rare_slot(uint32_t c, uint32_t try)
{
    return (c * UINT32_C(2654435761) / 0x10000 + try) % RARE_COUNT;
}

enum {
    FROZEN_ROW = 16,                /* letters */
    FROZEN_EXITS = 16,              /* of a state */
    FROZEN_RARE = FROZEN_EXITS - 2, /* the exit that is the row of the rows of rare letters */
    FROZEN_END = FROZEN_EXITS - 1,  /* the one that is the link at the end of the text */
    FROZEN_MATCHED = 1,
    FROZEN_LAST = 2,
    FROZEN_LINK = 4, /* a link is 4 times a state, and what must be known of it */
    FROZEN_STATES = (UINT16_MAX + 1) / FROZEN_LINK
};

struct frozen {
    size_t gate_count, state_count, row_count, list_size; /* 0: nothing lies ready */
    const uint16_t *starts;                               /* links by gate, as they are in automaton.c; 0: not made */
    const uint16_t *exits;           /* FROZEN_EXITS of a state: the rows of its letters; 0: none */
    const uint16_t *rows;            /* FROZEN_ROW links each */
    const uint32_t *matched, *alive; /* of a state: where in the lists that of its productions begins */
    const uint16_t *lists;           /* how many, and their indexes, in order */
    const uint32_t *rare;            /* the rare letters */
};

/*
 * As automaton_find does, without its states; no more than `far` characters are followed. Where the tables end, what
 * may still match is asked of the tables of single productions; where these end, too, it is let pass, and counted in
 * *missed. False if the gate is not in the tables.
 */
bool frozen_find(const struct frozen *frozen, const struct frozen *single, const struct field *const *by_index,
                 size_t gate, size_t far, const char *text, size_t at, size_t to, const struct field **found,
                 size_t *count, size_t *missed);

/* Puts a production among those that were found, in the order of the grammar, each once. */
void found_add(const struct field **found, size_t *count, const struct field *field);

/*
 * Of the first built-in grammar: the automaton, that for lines that were joined, which are rarer, and that of single
 * productions. Made by make with parser/precompile.
 */
struct frozen_all {
    struct frozen plain, flat, single, none;
};
extern const struct frozen_all depesha_frozen;

#endif
