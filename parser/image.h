/*
 * The built-in grammar as it lay in memory when the library was built: to copy it and to make its pointers right takes
 * a hundredth of the time that reading its text takes. Where there is no image the text is read.
 */
#ifndef DEPESHA_IMAGE_H
#define DEPESHA_IMAGE_H

#include "grammar.h"

/* The words that are pointers hold an offset and, in the last bits, what of: this image, or the text of a grammar. */
struct image {
    size_t size; /* 0: there is none */
    const uintptr_t *words;
    const uint16_t *gaps; /* from one pointer to the next, in words */
    size_t pointer_count;
};

/* Of the first built-in grammar. Made by make with parser/precompile. */
extern const struct image depesha_image;

bool image_is_there(void);

/* A grammar, of which pattern_open and automaton_open have not been called. NULL without memory. */
struct depesha_grammar *image_load(void);

/*
 * Makes the image of two grammars, both compiled anew from the same text and not used yet: what differs in them by what
 * their places in memory differ is a pointer. NULL, or why there can be none. It is the arena's.
 */
const char *image_make(const struct depesha_grammar *one, const struct depesha_grammar *other, struct arena *arena,
                       struct image *image);

#endif
