/*
 * The documents of a run, one after the other: an input is one itself, or it holds many.
 */
#ifndef DEPESHA_SOURCE_H
#define DEPESHA_SOURCE_H

#include "inputs.h"
#include "reader.h"
#include "tar.h"
#include "task.h"

enum source_kind {
    SOURCE_TEXT,   /* each input is a document; one with the name of an archive holds many */
    SOURCE_NDJSON, /* each line is a document: {"id": ..., "text": ...} */
    SOURCE_TAR     /* each input is an archive */
};

struct source {
    const struct paths *inputs;
    size_t kind;  /* source_kind */
    size_t limit; /* bytes of a document */
    size_t next;  /* of the inputs */
    struct tar *tar;
    struct reader reader;
    bool reading; /* the reader is in use */
};

/* How many documents there will be at most: SIZE_MAX if nobody can know. */
size_t source_most(const struct source *source);

/*
 * The next document: its name, and its bytes, or the path they are at, or a fault. False at the end.
 * One thread at a time.
 */
bool source_next(struct source *source, struct task *task);

/* Whether the next document can be had without waiting for another program. */
bool source_is_ready(const struct source *source);

void source_close(struct source *source);

#endif
