/* JUnit's XML, as test servers read it: an input is a suite, a finding a test that failed. */
#include "report.h"

#include <string.h>

/* XML has no control characters, not the last two of the first plane, and five that it needs for itself. */
static void write_xml(struct output *output, const char *text)
{
    static const struct {
        char character;
        const char *entity;
    } entities[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&apos;"}};
    for (; *text; text++) {
        bool nothing = strncmp(text, "\xEF\xBF\xBE", 3) == 0 || strncmp(text, "\xEF\xBF\xBF", 3) == 0;
        const char *entity = (unsigned char)*text < 0x20 || *text == 0x7F || nothing ? " " : NULL;
        for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
            if (entities[i].character == *text)
                entity = entities[i].entity;
        output_bytes(output, entity ? entity : text, entity ? strlen(entity) : 1);
        text += nothing ? 2 : 0;
    }
}

static void begin(struct report *report)
{
    output_text(report->output, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"depesha check\">\n");
}

static void write_case(struct output *output, const struct shown *shown)
{
    const depesha_finding *finding = shown->finding;
    output_text(output, "    <testcase name=\"");
    output_format(output, "%s at %zu:%zu\" classname=\"", finding->rule, finding->line, finding->column);
    write_xml(output, shown->source);
    output_format(output, "\"><failure type=\"%s\" message=\"", severity_names[finding->severity]);
    write_xml(output, finding->message);
    output_text(output, "\"/></testcase>\n");
}

static void write_suite(struct report *report, const char *source, const struct shown *shown, size_t count)
{
    struct output *output = report->output;
    if (!source && count == 0)
        return;
    output_text(output, "  <testsuite name=\"");
    write_xml(output, source ? source : "all inputs together");
    output_format(output, "\" tests=\"%zu\" failures=\"%zu\">\n", count > 0 ? count : 1, count);
    for (size_t i = 0; i < count; i++)
        write_case(output, &shown[i]);
    if (count == 0) {
        output_text(output, "    <testcase name=\"check\" classname=\"");
        write_xml(output, source);
        output_text(output, "\"/>\n");
    }
    output_text(output, "  </testsuite>\n");
}

static void end(struct report *report)
{
    output_text(report->output, "</testsuites>\n");
}

const struct writer writer_junit = {begin, write_suite, end};
