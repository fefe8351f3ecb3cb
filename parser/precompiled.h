/*
 * The patterns of the built-in grammar as PCRE2 compiled them when the library was built: reading them back takes a
 * hundredth of the time. Where PCRE2 is another than that one it refuses them, and they are compiled as others are.
 */
#ifndef DEPESHA_PRECOMPILED_H
#define DEPESHA_PRECOMPILED_H

#include <stddef.h>
#include <stdint.h>

struct precompiled {
    size_t size; /* 0: there is none */
    const uint8_t *bytes;
};

/* By the number of the pattern. Of the first built-in grammar. Made by make with parser/precompile. */
extern const struct precompiled depesha_precompiled[];
extern const size_t depesha_precompiled_count;

#endif
