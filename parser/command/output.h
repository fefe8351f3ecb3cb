/*
 * Where the results go: standard output, or a file that appears only when it is complete.
 *
 * A file is written under another name beside it and renamed at the end, so that a run that fails
 * leaves what was there before. What is no regular file (a device, a pipe) is written in place.
 * When the reader of a pipe has gone away nobody wants the rest: output.gone is set, further
 * writes do nothing, and that is no failure.
 */
#ifndef DEPESHA_OUTPUT_H
#define DEPESHA_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

struct output {
    FILE *file;
    char *buffer;    /* of the file; owned */
    char *name;      /* for messages; owned */
    char *target;    /* where the complete file goes, NULL if written in place; owned */
    char *temporary; /* what it is called until then; owned */
    bool regular;    /* a regular file is written or replaced ... */
    dev_t device;    /* ... namely this one */
    ino_t inode;
    bool used;    /* something was written */
    bool pending; /* something may not have reached its reader yet */
    struct timespec flushed;
    bool gone; /* nobody reads it any more */
    int error; /* errno of the first write that failed, or 0 */
};

/* `path` NULL or "-" is standard output. False, with a message, if it cannot be written. */
bool output_open(struct output *output, const char *path);

/* Opens the regular file `path`, or makes it, to be written in place. False, with a message. */
bool output_reopen(struct output *output, const char *path);

/* Keeps the first `kept` bytes of such a file, and goes on behind them. False, with a message. */
bool output_cut(struct output *output, size_t kept);

/* Whether writing here would overwrite the file `path` ("-": standard input). */
bool output_overwrites(const struct output *output, const char *path);

/* False if writing makes no sense any more. */
bool output_works(const struct output *output);
void output_bytes(struct output *output, const char *bytes, size_t size);
void output_text(struct output *output, const char *text);

/* What was written so far reaches its reader now. */
void output_flush(struct output *output);

/* For how many milliseconds that has been waited for; 0 if nothing waits. */
long output_delay(const struct output *output);
void output_format(struct output *output, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Text that must stay on its line: control characters become blanks. */
void output_inline(struct output *output, const char *text);

/* Ends the output; keeps the file if `keep`. STATUS_FAILED, with a message, if not all could be written. */
int output_close(struct output *output, bool keep);

/* All of a text to standard output. Returns the exit status. */
int output_print(const char *text);

#endif
