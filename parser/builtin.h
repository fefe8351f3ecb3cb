/* The grammars that are compiled into the library as text; the Makefile makes the table from grammars/. */
#ifndef DEPESHA_BUILTIN_H
#define DEPESHA_BUILTIN_H

#include <stddef.h>

struct builtin {
    const char *name, *text;
    size_t size;
};

extern const struct builtin depesha_builtins[];
extern const size_t depesha_builtin_count;

#endif
