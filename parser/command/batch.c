#define _POSIX_C_SOURCE 200809L

#include "batch.h"

#include "command.h"
#include "message.h"
#include "sandbox.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const batch_kinds[] = {"text", "ndjson", "tar", NULL};

/* A record reaches its reader after so many milliseconds at the latest. */
enum { DELAY = 50 };

void batch_worsen(struct batch *batch, int status)
{
    if (status > batch->status)
        batch->status = status;
}

/* Messages and the line of progress share the terminal. */
void batch_say(struct batch *batch, const char *name, const char *text)
{
    progress_hide(&batch->pace);
    message_say(name, "%s", text);
}

/* A run that would read what it writes loses a transcription, or never ends. */
static bool is_safe(struct batch *batch)
{
    const char *const others[] = {batch->rules_name, batch->inputs.list};
    const char *path = NULL;
    for (size_t i = 0; !path && i < sizeof others / sizeof others[0]; i++)
        if (others[i] && output_overwrites(&batch->output, others[i]))
            path = others[i];
    for (size_t i = 0; !path && i < batch->inputs.files.count; i++)
        if (output_overwrites(&batch->output, batch->inputs.files.at[i]))
            path = batch->inputs.files.at[i];
    if (path)
        message_say(strcmp(path, "-") == 0 ? "<stdin>" : path, "is both input and output: choose another output");
    return !path;
}

/* An earlier output is looked at first, and changed only if all is well. */
static bool open_output(struct batch *batch)
{
    bool open = batch->resumed ? resume_read(&batch->before, batch->output_path) &&
                                     output_reopen(&batch->output, batch->output_path)
                               : output_open(&batch->output, batch->output_path);
    if (!open)
        return false;
    if (is_safe(batch) && (!batch->resumed || output_cut(&batch->output, batch->before.kept))) {
        batch_worsen(batch, batch->before.status);
        return true;
    }
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
    resume_free(&batch->before);
    inputs_free(&batch->inputs);
}

static bool is_one(const struct batch *batch)
{
    if (batch->inputs.files.count == 1)
        return true;
    message_say(NULL, "this command reads one input, not %zu: name one file", batch->inputs.files.count);
    return false;
}

/* ---- what the threads do ---- */

/* The next document that is still to be done. */
static bool fetch(void *context, struct task *task)
{
    struct batch *batch = context;
    while (source_next(&batch->source, task)) {
        if (!batch->resumed || !task->name || !resume_has(&batch->before, task->name))
            return true;
        batch->skipped++;
        task_clear(task);
    }
    return false;
}

static bool is_readable(const struct batch *batch, struct task *task)
{
    const struct file *file = &task->file;
    const char *binary = batch->any_bytes ? NULL : file_is_binary(file);
    if (file->size == 0)
        task_fail(task, "empty file: nothing to parse");
    else if (!batch->any_bytes && file_is_blank(file))
        task_fail(task, "empty file, only blanks: nothing to parse");
    else if (binary)
        task_fail(task, "%s", binary);
    return task->fault[0] == 0;
}

static void parse(const struct batch *batch, struct task *task)
{
    depesha_status status =
        depesha_parse(batch->grammar, task->name, task->file.bytes, task->file.size, &task->document);
    if (status != DEPESHA_OK)
        task_fail(task, "cannot parse: %s", depesha_status_text(status));
}

static void work(void *context, struct task *task)
{
    const struct batch *batch = context;
    int error = 0;
    if (task->path && !file_read(&task->file, task->path, batch->limit, &error))
        task_fail(task, "cannot read: %s", file_error(error));
    task->bytes = task->file.size;
    if (!task->fault[0] && is_readable(batch, task))
        parse(batch, task);
    if (!batch->keeps)
        file_free(&task->file);
    if (!task->document || !batch->make || !batch->make(batch, task))
        return;
    depesha_document_free(task->document);
    task->document = NULL;
}

/* ---- the run ---- */

/* Ctrl-C: what was written stays, in whole lines. A file that was to appear at the end does not. */
static void end_early(void *context, int signal)
{
    struct batch *batch = context;
    pthread_mutex_lock(&batch->writing);
    progress_hide(&batch->pace);
    if (batch->output.temporary)
        output_close(&batch->output, false);
    else
        output_flush(&batch->output);
    if (batch->resumed)
        message_say(NULL, "interrupted after %zu documents: the same call again goes on from there", batch->done);
    else
        message_say(NULL, "interrupted after %zu documents", batch->done);
    _exit(128 + signal);
}

/* What the threads read is foreign; what they need beside it is open by now, but for the files of the run. */
static void give_up_rights(struct batch *batch)
{
    const struct paths *files = &batch->inputs.files;
    if (!batch->no_sandbox)
        sandbox_enter(batch->output.target, files->at, batch->mends ? files->count : 0);
}

static bool start(struct batch *batch)
{
    give_up_rights(batch);
    size_t most = source_most(&batch->source);
    size_t jobs = batch->jobs ? batch->jobs : crew_cores();
    batch->alone = most == 1 && !batch->resumed;
    if (batch->alone)
        batch->make = NULL; /* what is made need not be kept for its turn */
    batch->pace.shown =
        !batch->alone && !batch->no_progress && (batch->progress || (isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO)));
    progress_begin(&batch->pace);
    pthread_mutex_init(&batch->writing, NULL);
    pthread_mutex_lock(&batch->writing);
    if (!batch->alone || batch->output.temporary)
        batch->interrupt = interrupt_begin(end_early, batch);
    batch->crew = (struct crew){.fetch = fetch, .work = work, .context = batch};
    if (crew_open(&batch->crew, most < jobs ? most : jobs))
        return true;
    message_say(NULL, "out of memory");
    batch_worsen(batch, STATUS_FAILED);
    batch_close(batch);
    return false;
}

bool batch_open(struct batch *batch, int count, char **operands)
{
    /* The text files of a directory are neither lines of JSON nor archives. */
    batch->inputs.flat = batch->from != SOURCE_TEXT;
    if (!inputs_list(&batch->inputs, (size_t)count, operands))
        return false;
    if (batch->inputs.failed)
        batch_worsen(batch, STATUS_FAILED);
    batch->source = (struct source){.inputs = &batch->inputs.files, .kind = batch->from, .limit = batch->limit};
    bool any = batch->inputs.files.count > 0; /* else a message has said why not */
    if (any && (!batch->single || is_one(batch)) && open_rules(batch) && open_output(batch))
        return start(batch);
    forget(batch);
    return false;
}

/* The next task; its predecessor's results are on their way. NULL at the end. */
static struct task *await(struct batch *batch)
{
    struct output *output = &batch->output;
    struct task *task = NULL;
    enum crew_state state;
    do {
        bool threads = batch->crew.count > 0;
        if (output_delay(output) >= DELAY || (output->pending && !threads && !source_is_ready(&batch->source)))
            output_flush(output);
        pthread_mutex_unlock(&batch->writing);
        state = crew_next(&batch->crew, output->pending ? DELAY : 0, &task);
        pthread_mutex_lock(&batch->writing);
    } while (state == CREW_WAIT);
    return task;
}

bool batch_next(struct batch *batch)
{
    struct task *task = NULL;
    batch->document = NULL;
    batch->name = NULL;
    while (output_works(&batch->output) && (task = await(batch))) {
        progress_note(&batch->pace, task);
        batch_worsen(batch, task->status);
        if (task->fault[0]) {
            batch_say(batch, task->name, task->fault);
            continue;
        }
        batch->done++;
        batch->document = task->document;
        batch->name = task->name;
        batch->path = task->path && strcmp(task->path, "-") != 0 ? task->path : NULL;
        batch->file = &task->file;
        output_bytes(&batch->output, task->text, task->size);
        return true;
    }
    return false;
}

void batch_write(struct batch *batch, char *text)
{
    if (text) {
        output_text(&batch->output, text);
    } else {
        batch_say(batch, batch->name, "out of memory");
        batch_worsen(batch, STATUS_FAILED);
    }
    depesha_free(text);
}

/* What is to be told when all is written, or nothing more can be. */
static void end_output(struct batch *batch)
{
    bool keep = batch->output.used || batch->status != STATUS_FAILED;
    bool gone = batch->output.gone;
    progress_hide(&batch->pace);
    batch_worsen(batch, output_close(&batch->output, keep));
    if (batch->summary || (batch->pace.seen && !gone))
        progress_sum_up(&batch->pace, batch->skipped);
}

int batch_close(struct batch *batch)
{
    bool early = !output_works(&batch->output);
    pthread_mutex_unlock(&batch->writing);
    interrupt_end(batch->interrupt);
    end_output(batch);
    if (early && batch->crew.count > 0)
        _exit(batch->status); /* a thread may be waiting for input that never comes */
    crew_close(&batch->crew);
    source_close(&batch->source);
    pthread_mutex_destroy(&batch->writing);
    forget(batch);
    return batch->status;
}
