#define _POSIX_C_SOURCE 200809L

#include "batch.h"

#include "command.h"
#include "message.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void batch_worsen(struct batch *batch, int status)
{
    if (status > batch->status)
        batch->status = status;
}

/* A run that would read what it writes loses a transcription, or never ends. */
static bool is_safe(struct batch *batch)
{
    const char *const *files = (const char *const *)batch->inputs.files.at;
    bool clash = batch->rules_name && output_overwrites(&batch->output, batch->rules_name);
    const char *path = batch->rules_name;
    for (size_t i = 0; !clash && i < batch->inputs.files.count; i++) {
        path = files[i];
        clash = output_overwrites(&batch->output, path);
    }
    if (clash)
        message_say(strcmp(path, "-") == 0 ? "<stdin>" : path, "is both input and output: choose another output");
    return !clash;
}

static bool open_output(struct batch *batch)
{
    if (!output_open(&batch->output, batch->output_path))
        return false;
    if (is_safe(batch))
        return true;
    output_close(&batch->output, false);
    return false;
}

static bool open_rules(struct batch *batch)
{
    if (rules_read(&batch->rules, batch->rules_name))
        batch->grammar = rules_compile(&batch->rules);
    return batch->grammar != NULL;
}

static void forget(struct batch *batch)
{
    depesha_grammar_free(batch->grammar);
    rules_free(&batch->rules);
    inputs_free(&batch->inputs);
}

static bool is_one(const struct batch *batch)
{
    if (batch->inputs.files.count == 1)
        return true;
    message_say(NULL, "this command reads one input, not %zu: name one file", batch->inputs.files.count);
    return false;
}

bool batch_open(struct batch *batch, int count, char **operands)
{
    if (!inputs_list(&batch->inputs, (size_t)count, operands))
        return false;
    if (batch->inputs.failed)
        batch_worsen(batch, STATUS_FAILED);
    bool any = batch->inputs.files.count > 0; /* else a message has said why not */
    if (any && (!batch->single || is_one(batch)) && open_rules(batch) && open_output(batch))
        return true;
    forget(batch);
    return false;
}

static bool read_input(const struct batch *batch, const char *path, struct file *file)
{
    int error = 0;
    if (strcmp(path, "-") == 0 && isatty(STDIN_FILENO))
        message_say(NULL, "reading from the terminal; end with Ctrl-D");
    if (file_read(file, path, batch->limit, &error))
        return true;
    message_say(batch->name, "cannot read: %s", file_error(error));
    return false;
}

static bool is_readable(const struct batch *batch, const struct file *file)
{
    const char *binary = batch->any_bytes ? NULL : file_is_binary(file);
    if (file->size == 0)
        message_say(batch->name, "empty file: nothing to parse");
    else if (!batch->any_bytes && file_is_blank(file))
        message_say(batch->name, "empty file, only blanks: nothing to parse");
    else if (binary)
        message_say(batch->name, "%s", binary);
    else
        return true;
    return false;
}

static bool parse_file(struct batch *batch, const struct file *file)
{
    if (!is_readable(batch, file))
        return false;
    depesha_status status = depesha_parse(batch->grammar, batch->name, file->bytes, file->size, &batch->document);
    if (status != DEPESHA_OK)
        message_say(batch->name, "cannot parse: %s", depesha_status_text(status));
    return status == DEPESHA_OK;
}

static bool read_document(struct batch *batch, const char *path)
{
    struct file file;
    batch->name = inputs_name(path);
    if (!batch->name) {
        message_say(NULL, "out of memory");
        return false;
    }
    bool good = read_input(batch, path, &file);
    if (good) {
        good = parse_file(batch, &file);
        file_free(&file);
    }
    return good;
}

static void drop_document(struct batch *batch)
{
    depesha_document_free(batch->document);
    free(batch->name);
    batch->document = NULL;
    batch->name = NULL;
}

bool batch_next(struct batch *batch)
{
    drop_document(batch);
    while (batch->next < batch->inputs.files.count && output_works(&batch->output)) {
        if (read_document(batch, batch->inputs.files.at[batch->next++])) {
            batch->done++;
            return true;
        }
        drop_document(batch);
        batch_worsen(batch, STATUS_FAILED);
    }
    return false;
}

void batch_write(struct batch *batch, char *text)
{
    if (text) {
        output_text(&batch->output, text);
    } else {
        message_say(batch->name, "out of memory");
        batch_worsen(batch, STATUS_FAILED);
    }
    depesha_free(text);
}

int batch_close(struct batch *batch)
{
    bool keep = batch->output.used || batch->status != STATUS_FAILED;
    drop_document(batch);
    batch_worsen(batch, output_close(&batch->output, keep));
    forget(batch);
    return batch->status;
}
