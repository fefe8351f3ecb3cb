/*
 * One document on its way through a run: fetched from an input, worked on by some thread, taken in its turn.
 *
 * A task belongs to one thread at a time. Its slot is used again for later documents.
 */
#ifndef DEPESHA_TASK_H
#define DEPESHA_TASK_H

#include "depesha.h"
#include "file.h"

struct task {
    char *name;       /* of the document, in records and messages: valid UTF-8; owned */
    const char *path; /* of a file that is still to be read; NULL: `file` has the bytes, or there is a fault */
    struct file file;
    double place; /* how far in the run it stands, 0 to 1; below 0 if nobody knows */

    char fault[256]; /* why there is no document; empty if there is one */
    depesha_document *document;
    char *text; /* what is to be written, ends in 0; owned, and kept for the next document */
    size_t size, room;
    size_t bytes; /* of the input */
    int status;   /* what the document is worth: an exit status */
};

/* Says why there will be no document. The first reason counts. */
void task_fail(struct task *task, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds to the text. Without memory the task fails; false then, and ever after. */
bool task_add(struct task *task, const char *text, size_t size);

/* Makes it ready for another document. */
void task_clear(struct task *task);
void task_free(struct task *task);

#endif
