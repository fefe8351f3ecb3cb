/*
 * Texts that a /pattern/ of a grammar matches, invented: the way from an expression back to writing. It knows the
 * part of PCRE2's syntax that grammars use; what a class holds, and whether all of it came out right, PCRE2 says
 * itself.
 */
#ifndef DEPESHA_INVENT_H
#define DEPESHA_INVENT_H

#include "grammar.h"

struct invented; /* what has been compiled so far */

struct inventor {
    const struct depesha_grammar *grammar;
    struct arena *arena;             /* for what is kept from cable to cable */
    struct arena *scratch;           /* for what is not */
    uint64_t chance;                 /* the state of the random numbers: the same ones lead to the same texts */
    const struct language *language; /* that letters shall be of, or NULL */
    struct invented *known[256];
    pcre2_match_data *data;
    pcre2_match_context *limits;
};

/* May leave by either arena. */
void inventor_open(struct inventor *inventor, const struct depesha_grammar *grammar, struct arena *arena);

/* A number below `limit` (0 if that is 0); true in `percent` of 100 cases. */
size_t chance_below(struct inventor *inventor, size_t limit);
bool chance_of(struct inventor *inventor, unsigned percent);

/* Adds a text that the /pattern/ matches, as far as that can be said of it alone. False: it has something unknown. */
bool invent_pattern(struct inventor *inventor, struct buffer *out, const struct node *node);

/* Adds `size` made-up letters: a word. */
void invent_word(struct inventor *inventor, struct buffer *out, size_t size, bool capital);

/* Whether an expression matches the whole of a text. */
bool invent_fits(struct inventor *inventor, const struct node *node, const char *text, size_t size);

/* Whether a text has letters, and none but those of the inventor's language; without a language any will do. */
bool invent_is_native(struct inventor *inventor, const char *text, size_t size);

#endif
