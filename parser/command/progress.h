/*
 * How far a long run is: a line on standard error that is written again and again, and a summary.
 */
#ifndef DEPESHA_PROGRESS_H
#define DEPESHA_PROGRESS_H

#include "task.h"

#include <time.h>

struct progress {
    bool shown; /* set before progress_begin: the line is written */
    struct timespec start, last;
    double place; /* where the first document stood, when it was done */
    size_t documents, doubtful, failed;
    size_t bytes;
    bool visible; /* the line is on the terminal now */
    bool seen;    /* it was, at some time */
};

void progress_begin(struct progress *progress);

/* Counts a document that is done; writes the line if it is time. */
void progress_note(struct progress *progress, const struct task *task);

/* Takes the line away, before something else is written to the terminal. */
void progress_hide(struct progress *progress);

/* The last line of a run: what was done, and how fast. `skipped` documents had been done before. */
void progress_sum_up(struct progress *progress, size_t skipped);

#endif
