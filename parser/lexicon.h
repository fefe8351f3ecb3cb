/* The words that a grammar writes out, and what damaged print makes of their letters. */
#ifndef DEPESHA_LEXICON_H
#define DEPESHA_LEXICON_H

#include "grammar.h"

enum { MAX_WORD = 24, MIN_WORD = 4 };

/* A word, folded: small letters, as code points. One with more than MAX_WORD is of no use. */
struct word {
    uint32_t at[MAX_WORD];
    uint32_t looks[MAX_WORD]; /* of each letter: bit n: it looks like the others of group n */
    size_t count;
    uint64_t letters;  /* which it has: letter_bit */
    const char *exact; /* as the grammar writes it, if its case matters; NULL otherwise */
    size_t exact_size;
};

/* To be called once the grammar is read. */
void lexicon_open(struct depesha_grammar *grammar);

void word_add(const struct depesha_grammar *grammar, struct word *word, uint32_t c);

/* The same word, or NULL. */
const struct word *lexicon_find(const struct depesha_grammar *grammar, const struct word *word);

/* The one word that is nearest; NULL if none is near, or two are as near. */
const struct word *lexicon_nearest(const struct depesha_grammar *grammar, const struct word *word);

/* The digit that a character looks like, or 0. */
uint32_t lexicon_digit(const struct depesha_grammar *grammar, uint32_t c);

/* The letter that a digit looks like, in the case and the alphabet of the one beside it, or 0. */
uint32_t lexicon_letter(const struct depesha_grammar *grammar, uint32_t c, uint32_t beside);

/* The letter of the other alphabet that looks the same, or 0. */
uint32_t lexicon_twin(const struct depesha_grammar *grammar, uint32_t c);

/* Latin and Russian letters: small ones, and whether it is one at all, or a capital. */
static inline uint32_t letter_fold(uint32_t c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 0x410 && c <= 0x42F))
        return c + 32;
    return c == 0x401 || c == 0x451 ? 0x435 : c;
}

static inline bool is_letter(uint32_t c)
{
    return c < 0x80 ? (c | 32) >= 'a' && (c | 32) <= 'z' : c >= 0x400 && c <= 0x45F;
}

static inline bool is_capital(uint32_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 0x410 && c <= 0x42F) || c == 0x401;
}

#endif
