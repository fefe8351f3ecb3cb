/*
 * Findings on their way out: counted, and written in one of several formats.
 */
#ifndef DEPESHA_REPORT_H
#define DEPESHA_REPORT_H

#include "depesha.h"
#include "output.h"

enum { SEVERITY_COUNT = 3 };

/* In the order of depesha_severity; NULL behind the last. */
extern const char *const severity_names[];

/* A finding and where it stands. */
struct shown {
    const char *source;
    const depesha_finding *finding;
    const char *line; /* the text of its line, `size` bytes; NULL: not known */
    size_t size;
    const char *last; /* likewise of the line in which it ends, if that is another; else NULL */
    size_t last_size;
};

struct report {
    struct output *output;
    const depesha_grammar *grammar;
    size_t columns; /* of the terminal that is written to; 0: it is none */
    bool colours;
    size_t count; /* of findings */
    size_t by_severity[SEVERITY_COUNT];
    size_t documents; /* with findings */
    size_t inputs;    /* all of them */
    bool failed;      /* something could not be written for want of memory */
};

/* A format. Each input is written at once, whether it has findings or not. */
struct writer {
    void (*begin)(struct report *report); /* or NULL */
    /* `source` NULL: what holds several inputs against one another has found. */
    void (*input)(struct report *report, const char *source, const struct shown *shown, size_t count);
    void (*end)(struct report *report); /* or NULL */
};

extern const struct writer writer_text, writer_json, writer_github, writer_junit, writer_sarif;

/* Looks at what is written to: a terminal gets lines of the text, and colours unless NO_COLOR is set. */
void report_open(struct report *report, struct output *output, const depesha_grammar *grammar);

/* Writes a cJSON tree, which it deletes, on one line. NULL is want of memory. */
struct cJSON;
void report_cjson(struct report *report, struct cJSON *json);

#endif
