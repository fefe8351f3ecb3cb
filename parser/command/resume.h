/*
 * What an earlier run has written already: the documents whose records an output file holds.
 *
 * Records stand in the order of the inputs, each with its source's name. The last document there
 * counts as not done, for the run may have ended between two of its records.
 */
#ifndef DEPESHA_RESUME_H
#define DEPESHA_RESUME_H

#include <stdbool.h>
#include <stddef.h>

struct done; /* a document */

struct resume {
    struct done *at; /* sorted by name; owned */
    size_t count, room;
    size_t kept; /* bytes of the file: what is behind them is to be written again */
    int status;  /* of what was written */
};

/* From the records in the file `path`; one that does not exist holds none. False, with a message. */
bool resume_read(struct resume *resume, const char *path);

/* Whether a document of that name was done; each counts for one only. */
bool resume_has(struct resume *resume, const char *name);

void resume_free(struct resume *resume);

#endif
