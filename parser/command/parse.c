#include "batch.h"
#include "command.h"
#include "message.h"
#include "options.h"

#include <cjson/cJSON.h>

static const char help[] = "Usage: depesha parse [OPTION]... [FILE|DIR|-]...\n"
                           "Read transcriptions of cables and print what they say as JSON records.\n"
                           "\n"
                           "  -f, --format FORMAT   json: one cable as a readable object, several as one\n"
                           "                        object a line (default); ndjson: always one a line;\n"
                           "                        leaves: every byte of the input, one leaf a line\n"
                           "      --evidence        add the bytes that each value was read from\n"
                           "  -g, --grammar FILE    use this grammar instead of the built-in one\n"
                           "  -o, --output FILE     write to FILE, once all is done\n"
                           "      --max-bytes SIZE  refuse larger inputs (default 256M)\n"
                           "  -h, --help            print this help\n"
                           "\n"
                           "Without FILE, or with -, standard input is read; of a DIR all text files.\n"
                           "\n"
                           "Exit status: 0 all inputs were recognised as cables, 1 some were not (what\n"
                           "could be read is printed all the same), 2 something could not be done.\n"
                           "\n"
                           "Example:\n"
                           "  depesha parse --evidence cable.txt\n"
                           "  depesha parse -f ndjson cables/ | jq -r '[.source.name, .cable.date] | @tsv'\n";

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
    const char *name = batch->inputs.files.count > 1 ? batch->name : NULL;
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

static void print_records(struct batch *batch, unsigned flags)
{
    size_t count = depesha_document_count(batch->document);
    for (size_t n = 0; n < count && output_works(&batch->output); n++) {
        char *text = depesha_document_json(batch->document, n, flags);
        bool good = text != NULL;
        batch_write(batch, text);
        if (good)
            output_text(&batch->output, "\n");
    }
}

static void note_form(struct batch *batch)
{
    for (size_t n = 0; n < depesha_document_count(batch->document); n++)
        if (!depesha_document_form(batch->document, n))
            batch_worsen(batch, STATUS_DOUBTFUL);
}

int command_parse(int count, char **words)
{
    struct batch batch = BATCH_DEFAULTS;
    size_t format = FORMAT_JSON;
    bool evidence = false;
    const struct option_row options[] = {
        {"format", 'f', OPTION_CHOICE, &format, formats},
        {"evidence", 0, OPTION_FLAG, &evidence, NULL},
        BATCH_OPTIONS(batch),
        {0},
    };
    const struct usage usage = {.command = "parse", .help = help, .options = options};
    int status = STATUS_FAILED;
    if (!options_read(&usage, &count, words, &status))
        return status;
    batch.any_bytes = format == FORMAT_LEAVES; /* no input is without leaves */
    if (!batch_open(&batch, count, words))
        return STATUS_FAILED;
    while (batch_next(&batch)) {
        bool alone = batch.inputs.files.count == 1 && depesha_document_count(batch.document) == 1;
        unsigned flags = evidence ? DEPESHA_EVIDENCE : 0;
        flags |= alone && format == FORMAT_JSON ? DEPESHA_PRETTY : 0;
        if (format == FORMAT_LEAVES)
            print_leaves(&batch);
        else
            print_records(&batch, flags);
        note_form(&batch);
    }
    return batch_close(&batch);
}
