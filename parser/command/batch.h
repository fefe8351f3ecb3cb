/*
 * One run over all inputs: grammar, documents in their order, and the output for what is made of them.
 *
 *     struct batch batch = BATCH_DEFAULTS;          then the options fill in the settings
 *     if (!batch_open(&batch, count, operands))
 *         return STATUS_FAILED;
 *     while (batch_next(&batch))
 *         ... batch.document, batch.name, &batch.output ...
 *     return batch_close(&batch);
 *
 * Several threads read and parse ahead; between two calls of batch_next the run belongs to the
 * caller. What can be made of a document without looking at the others is best made by batch.make,
 * which those threads call; it is written before batch_next returns.
 */
#ifndef DEPESHA_BATCH_H
#define DEPESHA_BATCH_H

#include "crew.h"
#include "depesha.h"
#include "file.h"
#include "inputs.h"
#include "interrupt.h"
#include "output.h"
#include "progress.h"
#include "resume.h"
#include "rules.h"
#include "source.h"

struct batch {
    /* settings */
    const char *rules_name;  /* -g */
    const char *output_path; /* -o */
    size_t limit;            /* --max-bytes */
    struct inputs inputs;    /* --files-from, --null */
    size_t from;             /* --from: source_kind */
    size_t jobs;             /* -j; 0: as many as there are cores */
    bool progress, no_progress;
    bool summary;
    bool resumed;    /* --resume */
    bool no_sandbox; /* --no-sandbox */
    bool mends;      /* inputs are replaced, too */
    bool any_bytes;  /* even what is no text is read */
    bool keeps;      /* the bytes of the present document are kept */
    bool single;     /* there is to be one input only */
    /*
     * Any thread: adds to task->text what is to be written for task->document, and sets
     * task->status. The document is gone after it: batch.document is NULL. False if it has done
     * neither, for it would be much: the document is written in its turn. NULL: nothing is made.
     */
    bool (*make)(const struct batch *batch, struct task *task);
    const void *context; /* for make */

    /* the run */
    struct rules rules;
    depesha_grammar *grammar;
    struct output output;
    struct source source;
    struct resume before;
    struct crew crew;
    struct progress pace;
    struct interrupt *interrupt;
    pthread_mutex_t writing; /* held by the caller, given up while batch_next waits */
    bool alone;              /* one document, as far as one can know before it is read */
    size_t skipped;          /* documents that an earlier run has done */
    size_t done;             /* inputs that became documents */
    int status;              /* the worst so far */

    /* the present document; of the batch, until the next one */
    depesha_document *document;
    const char *name;
    const char *path;        /* of the file that it is; NULL: it is none, or standard input */
    const struct file *file; /* its bytes, if they are kept */
};

/* clang-format off */
#define BATCH_DEFAULTS {.limit = FILE_LIMIT}

/* Rows of a table of options that every such command has, ... */
#define BATCH_OPTIONS(batch) \
    {"grammar", 'g', OPTION_TEXT, &(batch).rules_name, NULL}, \
    {"output", 'o', OPTION_TEXT, &(batch).output_path, NULL}, \
    {"max-bytes", 0, OPTION_SIZE, &(batch).limit, NULL}, \
    {"no-sandbox", 0, OPTION_FLAG, &(batch).no_sandbox, NULL}

/* ... and those of one that reads many inputs. */
#define BATCH_MANY_OPTIONS(batch) \
    {"from", 0, OPTION_CHOICE, &(batch).from, batch_kinds}, \
    {"files-from", 0, OPTION_TEXT, &(batch).inputs.list, NULL}, \
    {"null", '0', OPTION_FLAG, &(batch).inputs.null, NULL}, \
    {"jobs", 'j', OPTION_NUMBER, &(batch).jobs, NULL}, \
    {"progress", 0, OPTION_FLAG, &(batch).progress, NULL}, \
    {"no-progress", 0, OPTION_FLAG, &(batch).no_progress, NULL}, \
    {"summary", 0, OPTION_FLAG, &(batch).summary, NULL}
/* clang-format on */

/* What an input holds, in the order of source_kind. */
extern const char *const batch_kinds[];

/* False, with a message, if the run cannot begin; there is nothing to close then. */
bool batch_open(struct batch *batch, int count, char **operands);

/* The next document. An input that cannot be read gets its message and is passed over. */
bool batch_next(struct batch *batch);

/* A message about the present document, or about nothing in particular if `name` is NULL. */
void batch_say(struct batch *batch, const char *name, const char *text);

/* Makes the status at least as bad. */
void batch_worsen(struct batch *batch, int status);

/* Writes a text of the library, and frees it. NULL counts as no memory: a message, STATUS_FAILED. */
void batch_write(struct batch *batch, char *text);

/* Returns the exit status. An output to which nothing could be written does not replace its file. */
int batch_close(struct batch *batch);

#endif
