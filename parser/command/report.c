#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE

#include "report.h"

#include "terminal.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const severity_names[] = {"note", "warning", "error", NULL};

void report_open(struct report *report, struct output *output, const depesha_grammar *grammar)
{
    report->output = output;
    report->grammar = grammar;
    report->columns = isatty(fileno(output->file)) ? terminal_columns(fileno(output->file)) : 0;
    const char *plain = getenv("NO_COLOR"), *kind = getenv("TERM");
    report->colours = report->columns > 0 && !(plain && *plain) && kind && strcmp(kind, "dumb") != 0;
}

/* ---- text ----------------------------------------------------------------------------------- */

static void write_line(struct report *report, const struct shown *shown)
{
    const depesha_finding *finding = shown->finding;
    output_inline(report->output, shown->source);
    output_format(report->output, ":%zu:%zu: %s: ", finding->line, finding->column, severity_names[finding->severity]);
    output_inline(report->output, finding->message);
    output_format(report->output, " [%s]\n", finding->rule);
}

static void write_text(struct report *report, const char *source, const struct shown *shown, size_t count)
{
    (void)source;
    for (size_t i = 0; i < count; i++)
        if (report->columns > 0)
            terminal_show(report, &shown[i]);
        else
            write_line(report, &shown[i]);
}

const struct writer writer_text = {NULL, write_text, NULL};

/* ---- JSON ----------------------------------------------------------------------------------- */

void report_cjson(struct report *report, cJSON *json)
{
    char *text = json ? cJSON_PrintUnformatted(json) : NULL;
    cJSON_Delete(json);
    if (text)
        output_text(report->output, text);
    else
        report->failed = true;
    cJSON_free(text);
}

static cJSON *finding_json(const struct shown *shown)
{
    const depesha_finding *finding = shown->finding;
    cJSON *object = cJSON_CreateObject();
    bool good = object && cJSON_AddStringToObject(object, "source", shown->source) &&
                cJSON_AddStringToObject(object, "rule", finding->rule) &&
                cJSON_AddStringToObject(object, "severity", severity_names[finding->severity]) &&
                cJSON_AddNumberToObject(object, "line", (double)finding->line) &&
                cJSON_AddNumberToObject(object, "column", (double)finding->column) &&
                cJSON_AddNumberToObject(object, "start", (double)finding->start) &&
                cJSON_AddNumberToObject(object, "end", (double)finding->end) &&
                cJSON_AddStringToObject(object, "message", finding->message) &&
                (!finding->mend || cJSON_AddStringToObject(object, "mend", finding->mend));
    if (good)
        return object;
    cJSON_Delete(object);
    return NULL;
}

static void write_json(struct report *report, const char *source, const struct shown *shown, size_t count)
{
    (void)source;
    for (size_t i = 0; i < count; i++) {
        output_text(report->output, report->count + i == 0 ? "[\n" : ",\n");
        report_cjson(report, finding_json(&shown[i]));
    }
}

static void end_json(struct report *report)
{
    if (report->inputs > 0)
        output_text(report->output, report->count > 0 ? "\n]\n" : "[]\n");
}

const struct writer writer_json = {NULL, write_json, end_json};

/* ---- annotations of GitHub Actions ---------------------------------------------------------- */

/* Its escapes; a colon and a comma only matter in the properties. */
static void write_escaped(struct output *output, const char *text, bool property)
{
    for (; *text; text++)
        if (*text == '%' || *text == '\n' || *text == '\r' || (property && (*text == ':' || *text == ',')))
            output_format(output, "%%%02X", (unsigned)*text);
        else
            output_bytes(output, text, 1);
}

static void write_github(struct report *report, const char *source, const struct shown *shown, size_t count)
{
    static const char *const commands[] = {"notice", "warning", "error"};
    (void)source;
    for (size_t i = 0; i < count; i++) {
        const depesha_finding *finding = shown[i].finding;
        output_format(report->output, "::%s file=", commands[finding->severity]);
        write_escaped(report->output, shown[i].source, true);
        output_format(report->output, ",line=%zu,col=%zu,title=%s::", finding->line, finding->column, finding->rule);
        write_escaped(report->output, finding->message, false);
        output_text(report->output, "\n");
    }
}

const struct writer writer_github = {NULL, write_github, NULL};
