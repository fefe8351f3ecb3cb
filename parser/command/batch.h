/*
 * One run over all inputs: grammar, documents in their order, and the output for what is made of them.
 *
 *     struct batch batch = BATCH_DEFAULTS;          then the options fill in the settings
 *     if (!batch_open(&batch, count, operands))
 *         return STATUS_FAILED;
 *     while (batch_next(&batch))
 *         ... batch.document, batch.name, &batch.output ...
 *     return batch_close(&batch);
 */
#ifndef DEPESHA_BATCH_H
#define DEPESHA_BATCH_H

#include "depesha.h"
#include "file.h"
#include "inputs.h"
#include "output.h"
#include "rules.h"

struct batch {
    /* settings */
    const char *rules_name;  /* -g */
    const char *output_path; /* -o */
    size_t limit;            /* --max-bytes */
    bool any_bytes;          /* even what is no text is read */
    bool single;             /* there is to be one input only */

    /* the run */
    struct inputs inputs;
    struct rules rules;
    depesha_grammar *grammar;
    struct output output;
    size_t next; /* input */
    size_t done; /* inputs that became documents */
    int status;  /* the worst so far */

    /* the present document; of the batch, until the next one */
    depesha_document *document;
    char *name;
};

/* clang-format off */
#define BATCH_DEFAULTS {.limit = FILE_LIMIT}

/* Rows of a table of options that every such command has. */
#define BATCH_OPTIONS(batch) \
    {"grammar", 'g', OPTION_TEXT, &(batch).rules_name, NULL}, \
    {"output", 'o', OPTION_TEXT, &(batch).output_path, NULL}, \
    {"max-bytes", 0, OPTION_SIZE, &(batch).limit, NULL}
/* clang-format on */

/* False, with a message, if the run cannot begin; there is nothing to close then. */
bool batch_open(struct batch *batch, int count, char **operands);

/* The next document. An input that cannot be read gets its message and is passed over. */
bool batch_next(struct batch *batch);

/* Makes the status at least as bad. */
void batch_worsen(struct batch *batch, int status);

/* Writes a text of the library, and frees it. NULL counts as no memory: a message, STATUS_FAILED. */
void batch_write(struct batch *batch, char *text);

/* Returns the exit status. An output to which nothing could be written does not replace its file. */
int batch_close(struct batch *batch);

#endif
