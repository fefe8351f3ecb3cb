#include "batch.h"
#include "command.h"
#include "message.h"
#include "options.h"

#include <cjson/cJSON.h>

static const char help[] = "Usage: depesha check [OPTION]... [FILE|DIR|-]...\n"
                           "Read transcriptions of cables and print what in them is doubtful, as lines\n"
                           "\n"
                           "  NAME:LINE:COLUMN: SEVERITY: MESSAGE [RULE]\n"
                           "\n"
                           "  -s, --severity LEVEL  note, warning or error: print nothing below, and fail\n"
                           "                        from there on; without it all is printed, and\n"
                           "                        warnings and errors fail\n"
                           "  -f, --format FORMAT   text (default), or json: one array of objects\n"
                           "  -g, --grammar FILE    use this grammar instead of the built-in one\n"
                           "  -o, --output FILE     write to FILE, once all is done\n"
                           "      --max-bytes SIZE  refuse larger inputs (default 256M)\n"
                           "  -j, --jobs N          so many threads (default: one a core); also --from,\n"
                           "                        --files-from, --summary and --progress, as of parse\n"
                           "  -h, --help            print this help\n"
                           "\n"
                           "Without FILE, or with -, standard input is read; of a DIR all text files.\n"
                           "\n"
                           "Exit status: 0 nothing that fails, 1 something did, 2 something could not\n"
                           "be done.\n"
                           "\n"
                           "Example:\n"
                           "  depesha check --severity error cables/\n";

static const char *const formats[] = {"text", "json", NULL};
enum { FORMAT_TEXT, FORMAT_JSON };

/* In the order of depesha_severity. */
static const char *const severities[] = {"note", "warning", "error", NULL};
enum { SEVERITY_COUNT = 3 };

struct report {
    struct batch batch;
    size_t format;
    size_t shown;  /* the least severity that is printed */
    size_t failed; /* the least one that fails */
    size_t count;  /* of findings that were printed */
    size_t by_severity[SEVERITY_COUNT];
    size_t documents; /* with findings that were printed */
};

static void print_text(struct report *report, const depesha_finding *finding)
{
    struct output *output = &report->batch.output;
    output_inline(output, report->batch.name);
    output_format(output, ":%zu:%zu: %s: ", finding->line, finding->column, severities[finding->severity]);
    output_inline(output, finding->message);
    output_format(output, " [%s]\n", finding->rule);
}

/* A finding as a line of JSON; NULL without memory. */
static char *finding_text(const char *name, const depesha_finding *finding)
{
    cJSON *object = cJSON_CreateObject();
    bool good = object && cJSON_AddStringToObject(object, "source", name) &&
                cJSON_AddStringToObject(object, "rule", finding->rule) &&
                cJSON_AddStringToObject(object, "severity", severities[finding->severity]) &&
                cJSON_AddNumberToObject(object, "line", (double)finding->line) &&
                cJSON_AddNumberToObject(object, "column", (double)finding->column) &&
                cJSON_AddNumberToObject(object, "start", (double)finding->start) &&
                cJSON_AddNumberToObject(object, "end", (double)finding->end) &&
                cJSON_AddStringToObject(object, "message", finding->message);
    char *text = good ? cJSON_PrintUnformatted(object) : NULL;
    cJSON_Delete(object);
    return text;
}

static void print_json(struct report *report, const depesha_finding *finding)
{
    struct output *output = &report->batch.output;
    char *text = finding_text(report->batch.name, finding);
    if (text) {
        output_text(output, report->count == 0 ? "[\n" : ",\n");
        output_text(output, text);
    } else {
        message_say(report->batch.name, "out of memory");
        batch_worsen(&report->batch, STATUS_FAILED);
    }
    cJSON_free(text);
}

static void print_finding(struct report *report, const depesha_finding *finding)
{
    if (finding->severity >= report->failed)
        batch_worsen(&report->batch, STATUS_DOUBTFUL);
    if (finding->severity < report->shown)
        return;
    if (report->format == FORMAT_JSON)
        print_json(report, finding);
    else
        print_text(report, finding);
    report->count++;
    report->by_severity[finding->severity]++;
}

static void check_document(struct report *report)
{
    const depesha_document *document = report->batch.document;
    size_t before = report->count;
    for (size_t n = 0; n < depesha_document_count(document); n++)
        for (size_t i = 0; i < depesha_finding_count(document, n); i++)
            print_finding(report, depesha_finding_at(document, n, i));
    report->documents += report->count > before;
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void end_report(struct report *report)
{
    if (report->format == FORMAT_JSON && report->batch.done > 0)
        output_text(&report->batch.output, report->count > 0 ? "\n]\n" : "[]\n");
    if (report->count == 0 || report->batch.output.gone)
        return;
    const size_t *by = report->by_severity;
    message_say(NULL, "%zu finding%s (%zu error%s, %zu warning%s, %zu note%s) in %zu of %zu input%s", report->count,
                plural(report->count), by[DEPESHA_ERROR], plural(by[DEPESHA_ERROR]), by[DEPESHA_WARNING],
                plural(by[DEPESHA_WARNING]), by[DEPESHA_NOTE], plural(by[DEPESHA_NOTE]), report->documents,
                report->batch.done, plural(report->batch.done));
}

int command_check(int count, char **words)
{
    struct report report = {.batch = BATCH_DEFAULTS, .shown = DEPESHA_NOTE, .failed = DEPESHA_WARNING};
    size_t severity = SEVERITY_COUNT;
    const struct option_row options[] = {
        {"severity", 's', OPTION_CHOICE, &severity, severities},
        {"format", 'f', OPTION_CHOICE, &report.format, formats},
        BATCH_OPTIONS(report.batch),
        BATCH_MANY_OPTIONS(report.batch),
        {0},
    };
    const struct usage usage = {.command = "check", .help = help, .options = options};
    int status = STATUS_FAILED;
    if (!options_read(&usage, &count, words, &status))
        return status;
    if (severity < SEVERITY_COUNT)
        report.shown = report.failed = severity;
    if (!batch_open(&report.batch, count, words))
        return STATUS_FAILED;
    while (batch_next(&report.batch))
        check_document(&report);
    end_report(&report);
    return batch_close(&report.batch);
}
