#include "batch.h"
#include "command.h"
#include "message.h"
#include "options.h"

#include <cjson/cJSON.h>
#include <string.h>

static const char help[] = "Usage: depesha parse [OPTION]... [FILE|DIR|-]...\n"
                           "Read transcriptions of cables and print what they say as JSON records.\n"
                           "  -f, --format FORMAT    json: one cable as a readable object, several as one\n"
                           "                         object a line (default); ndjson: always one a line;\n"
                           "                         leaves: every byte of the input, one leaf a line\n"
                           "      --evidence         add the bytes that each value was read from\n"
                           "  -g, --grammar FILE     use this grammar instead of the built-in one\n"
                           "  -o, --output FILE      write to FILE, once all is done\n"
                           "      --resume           write to FILE at once, behind what is there already\n"
                           "      --from KIND        inputs are text (default), ndjson (one object a line:\n"
                           "                         {\"id\": ..., \"text\": ...}) or tar\n"
                           "      --files-from LIST  read also what LIST names, one a line (-0: by NUL)\n"
                           "  -j, --jobs N           so many threads (default: one a core)\n"
                           "      --max-bytes SIZE   refuse larger texts (default 256M)\n"
                           "      --summary          say at the end what was done; --[no-]progress:\n"
                           "                         also underway (default: on a terminal)\n"
                           "      --no-sandbox       read without the sandbox\n"
                           "  -h, --help             print this help\n"
                           "Without FILE, or with -, standard input is read; of a DIR all text files.\n"
                           "Exit status: 0 all inputs were recognised as cables, 1 some were not (what\n"
                           "could be read is printed all the same), 2 something could not be done.\n"
                           "Example: depesha parse -f ndjson cables/ | jq '[.source.name, .cable.date]'\n";

static const char *const formats[] = {"json", "ndjson", "leaves", NULL};
enum { FORMAT_JSON, FORMAT_NDJSON, FORMAT_LEAVES };

/* A leaf as a line of JSON; NULL without memory. `name` only where there are several inputs. */
static char *leaf_text(const depesha_leaf *leaf, const char *name)
{
    cJSON *object = cJSON_CreateObject();
    bool good = object && (!name || cJSON_AddStringToObject(object, "source", name)) &&
                cJSON_AddNumberToObject(object, "start", (double)leaf->start) &&
                cJSON_AddNumberToObject(object, "end", (double)leaf->end) &&
                cJSON_AddStringToObject(object, "kind", leaf->kind) &&
                (!leaf->path || cJSON_AddStringToObject(object, "path", leaf->path)) &&
                (!leaf->production || cJSON_AddStringToObject(object, "production", leaf->production));
    char *text = good ? cJSON_PrintUnformatted(object) : NULL;
    cJSON_Delete(object);
    return text;
}

static void print_leaves(struct batch *batch)
{
    const char *name = batch->alone ? NULL : batch->name;
    size_t count = depesha_leaf_count(batch->document);
    for (size_t i = 0; i < count && output_works(&batch->output); i++) {
        depesha_leaf leaf = depesha_leaf_at(batch->document, i);
        char *text = leaf_text(&leaf, name);
        if (!text) {
            message_say(batch->name, "out of memory");
            batch_worsen(batch, STATUS_FAILED);
            return;
        }
        output_text(&batch->output, text);
        output_text(&batch->output, "\n");
        cJSON_free(text);
    }
}

static bool put_piece(void *context, const char *text, size_t size)
{
    struct output *output = context;
    output_bytes(output, text, size);
    return output_works(output);
}

/* A record is written as it is made, for it may be large. */
static void print_records(struct batch *batch, unsigned flags)
{
    const depesha_document *document = batch->document;
    size_t count = depesha_document_count(document);
    for (size_t n = 0; n < count && output_works(&batch->output); n++) {
        if (depesha_document_write(document, n, flags, put_piece, &batch->output) == DEPESHA_NO_MEMORY) {
            batch_say(batch, batch->name, "out of memory");
            batch_worsen(batch, STATUS_FAILED);
            continue;
        }
        output_text(&batch->output, "\n");
        if (!depesha_document_form(document, n))
            batch_worsen(batch, STATUS_DOUBTFUL);
    }
}

static int worth(const depesha_document *document)
{
    for (size_t n = 0; n < depesha_document_count(document); n++)
        if (!depesha_document_form(document, n))
            return STATUS_DOUBTFUL;
    return STATUS_GOOD;
}

/* Documents of this size are not made ready ahead of their turn. */
enum { LARGE = 1 << 18 };

static bool add_piece(void *context, const char *text, size_t size)
{
    return task_add(context, text, size);
}

/* The records of one document among many. */
static bool make_records(const struct batch *batch, struct task *task)
{
    const unsigned *flags = batch->context;
    const depesha_document *document = task->document;
    size_t count = depesha_document_count(document);
    if (task->bytes > LARGE)
        return false;
    for (size_t n = 0; n < count; n++) {
        if (depesha_document_write(document, n, *flags, add_piece, task) == DEPESHA_NO_MEMORY)
            task_fail(task, "out of memory");
        task_add(task, "\n", 1);
        if (!depesha_document_form(document, n) && task->status == STATUS_GOOD)
            task->status = STATUS_DOUBTFUL;
    }
    return true;
}

static int check_options(const struct batch *batch, size_t format)
{
    if (batch->resumed && (!batch->output_path || strcmp(batch->output_path, "-") == 0))
        return message_usage("parse", "option '--resume' needs '-o FILE'");
    if (batch->resumed && format == FORMAT_LEAVES)
        return message_usage("parse", "option '--resume' goes on with records, not with leaves");
    return STATUS_GOOD;
}

int command_parse(int count, char **words)
{
    struct batch batch = BATCH_DEFAULTS;
    size_t format = FORMAT_JSON;
    bool evidence = false;
    const struct option_row options[] = {
        {"format", 'f', OPTION_CHOICE, &format, formats},
        {"evidence", 0, OPTION_FLAG, &evidence, NULL},
        {"resume", 0, OPTION_FLAG, &batch.resumed, NULL},
        BATCH_OPTIONS(batch),
        BATCH_MANY_OPTIONS(batch),
        {0},
    };
    const struct usage usage = {.command = "parse", .help = help, .options = options};
    int status = STATUS_FAILED;
    if (!options_read(&usage, &count, words, &status))
        return status;
    if (check_options(&batch, format) != STATUS_GOOD)
        return STATUS_FAILED;
    unsigned flags = evidence ? DEPESHA_EVIDENCE : 0;
    batch.any_bytes = format == FORMAT_LEAVES; /* no input is without leaves */
    batch.make = format == FORMAT_LEAVES ? NULL : make_records;
    batch.context = &flags;
    if (!batch_open(&batch, count, words))
        return STATUS_FAILED;
    while (batch_next(&batch)) {
        if (!batch.document)
            continue; /* its records have been written */
        bool pretty = format == FORMAT_JSON && batch.alone && depesha_document_count(batch.document) == 1;
        if (format == FORMAT_LEAVES) {
            print_leaves(&batch);
            batch_worsen(&batch, worth(batch.document));
        } else {
            print_records(&batch, flags | (pretty ? DEPESHA_PRETTY : 0));
        }
    }
    return batch_close(&batch);
}
