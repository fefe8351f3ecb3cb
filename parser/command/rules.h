/*
 * The grammar of a run: a file of the user's, or the one that the library brings along.
 */
#ifndef DEPESHA_RULES_H
#define DEPESHA_RULES_H

#include "depesha.h"
#include "file.h"

struct rules {
    char *name;       /* for messages; owned */
    const char *text; /* in the file, or in the library */
    size_t size;
    struct file file; /* of a grammar that is not built in */
};

/* `name` is a file's, "-", or that of a built-in grammar; NULL: the usual one. False, with a message. */
bool rules_read(struct rules *rules, const char *name);

/* NULL, with the messages of the library, if the grammar is broken. Freed with depesha_grammar_free. */
depesha_grammar *rules_compile(const struct rules *rules);
void rules_free(struct rules *rules);

#endif
