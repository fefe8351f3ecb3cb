/*
 * Shapes: what an expression of the grammar or a /pattern/ can match at most, in a form that an automaton can follow
 * character by character. A shape may match more than its expression, and never less: what cannot be followed that way
 * (what stands before, far looks ahead, ways back that PCRE2 cuts off) is left out, and the rest of a pattern that is
 * not understood is anything.
 */
#ifndef DEPESHA_SHAPE_H
#define DEPESHA_SHAPE_H

#include "grammar.h"

enum shape_kind {
    SHAPE_NOTHING, /* matches at once */
    SHAPE_ATOM,    /* one character */
    SHAPE_NEXT,    /* the next character is one of these */
    SHAPE_NOT,     /* it is none of these, or there is none */
    SHAPE_LAST,    /* there is no next character */
    SHAPE_PART,    /* not between two letters */
    SHAPE_BOTH,    /* a, then b */
    SHAPE_EITHER,  /* a or b */
    SHAPE_MANY,    /* any number of a */
    SHAPE_AHEAD,   /* a follows, and is not consumed */
    SHAPE_TOKEN,   /* a token; a: its shape, once needed */
    SHAPE_BRANCH   /* of the tree of productions */
};

/* A set of characters. Those of the first LETTERS that were met are remembered. */
enum { LETTERS = 480, LETTER_SETS = LETTERS / 8 };

struct atom {
    const char *text; /* a pattern for one character */
    size_t size;
    bool caseless;
    uint32_t plain;   /* the character, if it is a plain one of ASCII or Cyrillic; else 0 */
    pcre2_code *code; /* once needed */
    unsigned char known[LETTER_SETS], in[LETTER_SETS];
    unsigned stamp; /* by what was last done with it */
    bool holds;     /* for the character at hand */
    struct atom *next;
};

struct shape {
    enum shape_kind kind;
    struct shape *a;
    union {
        struct shape *b;
        struct atom *atom; /* of what is, must be or must not be a character */
        const struct node *node;
        struct branch *branch;
    };
};

/* The atom of a shape that has one, or NULL. */
static inline struct atom *shape_atom(const struct shape *shape)
{
    return shape->kind == SHAPE_ATOM || shape->kind == SHAPE_NEXT || shape->kind == SHAPE_NOT ? shape->atom : NULL;
}

/* Where shapes are made. */
struct shapes {
    const struct depesha_grammar *grammar;
    bool flat; /* of patterns for lines that were joined */
    struct arena *arena;
    struct atom *by_hash[256];
    struct shape **called; /* by the definitions' indexes */
    pcre2_match_data *data;
    struct shape *gap, *between, *lead, *line_break; /* once made */
};

struct shape *shape_new(struct shapes *shapes, enum shape_kind kind, struct shape *a, struct shape *b);

/* All letters. */
struct atom *shape_letters(struct shapes *shapes);

/* The shape of an expression; its tokens' are made when they are needed. */
struct shape *shape_of(struct shapes *shapes, const struct node *node);

/*
 * The shape of one element of a sequence. `*led`: whether something that must be there stands before it;
 * then whether something stands before the next one.
 */
struct shape *shape_element(struct shapes *shapes, const struct node *node, bool *led);

/* Whether a character is one of an atom. `letter` is its number if it is to be remembered, or LETTERS. */
bool atom_has(struct shapes *shapes, struct atom *atom, uint32_t character, size_t letter);

void shapes_release(struct shapes *shapes);

#endif
