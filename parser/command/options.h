/*
 * Options of a command: a table says what there is, options_read fills in the variables it names.
 *
 * Options and operands mix freely; "--" ends the options, "-" is an operand. --help is understood
 * everywhere.
 */
#ifndef DEPESHA_OPTIONS_H
#define DEPESHA_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum option_kind {
    OPTION_FLAG,   /* bool */
    OPTION_TEXT,   /* const char *, into the command line */
    OPTION_NUMBER, /* size_t, at least 1 */
    OPTION_SIZE,   /* size_t, at least 1; K, M and G are understood */
    OPTION_CHOICE  /* size_t: which of the choices */
};

struct option_row {
    const char *name; /* the long name; NULL ends the table */
    char letter;      /* the short one, or 0 */
    enum option_kind kind;
    void *variable;             /* of the type that the kind says */
    const char *const *choices; /* of OPTION_CHOICE; NULL ends them */
};

struct usage {
    const char *command; /* its name, "" for depesha itself */
    const char *help;
    const struct option_row *options;
};

/*
 * Reads the `*count` words. The operands are moved to the front and *count becomes their number.
 * False if the command ends here, with *status: help was given, or a word is wrong.
 */
bool options_read(const struct usage *usage, int *count, char **words, int *status);

/* Collects the candidate that a mistyped word most likely stood for. */
struct guess {
    const char *word;
    const char *best; /* NULL: none is near */
    size_t distance;  /* of the best */
};

void guess_try(struct guess *guess, const char *candidate);

#endif
