#define _POSIX_C_SOURCE 200809L

#include "accept.h"
#include "batch.h"
#include "command.h"
#include "fix.h"
#include "message.h"
#include "options.h"
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] = "Usage: depesha check [OPTION]... [FILE|DIR|-]...\n"
                           "Print what in transcriptions of cables is doubtful, as lines\n"
                           "NAME:LINE:COLUMN: SEVERITY: MESSAGE [RULE].\n"
                           "\n"
                           "  -s, --severity LEVEL  note, warning or error: print nothing below, and fail\n"
                           "                        from there on; else all is printed, warnings fail\n"
                           "      --only RULES      look for these only; commas between their names\n"
                           "      --disable RULES   do not look for these\n"
                           "      --explain RULE    what a rule questions, and what to do; all: list them\n"
                           "      --diff            show as a patch what --fix would do\n"
                           "      --fix             mend what has one right answer, in the files\n"
                           "  -f, --format FORMAT   text (default), json, github, junit or sarif\n"
                           "  -g, --grammar FILE    use this grammar instead of the built-in one\n"
                           "  -o, --output FILE     write to FILE, once all is done\n"
                           "      --max-bytes SIZE  refuse larger inputs (default 256M)\n"
                           "  -j, --jobs N          so many threads (default: one a core); also --from,\n"
                           "                        --files-from, --summary, --progress, --no-sandbox\n"
                           "  -h, --help            print this help\n"
                           "\n"
                           "Without FILE, or with -, standard input is read; of a DIR all text files.\n"
                           "A line RULE [LINE or \"TEXT\"]: REASON in FILE.accept accepts a finding.\n"
                           "\n"
                           "Exit status: 0 nothing that fails, 1 something did, 2 something could not\n"
                           "be done. Example: depesha check --severity error cables/\n";

static const char *const formats[] = {"text", "json", "github", "junit", "sarif", NULL};
static const struct writer *const writers[] = {&writer_text, &writer_json, &writer_github, &writer_junit,
                                               &writer_sarif};

static const char stale_rule[] = "acceptance-stale";

/* A finding with strings of its own: those of a document are gone when it is asked for the next record. */
struct copy {
    depesha_finding finding;
    struct copy *next;
    char texts[]; /* message, text and mend */
};

/* A finding that no document has. */
struct stale {
    depesha_finding finding;
    char *message; /* owned */
    struct stale *next;
};

struct check {
    struct batch batch;
    struct report report;
    const struct writer *writer;
    size_t format;
    size_t severity;           /* as asked for, or SEVERITY_COUNT */
    size_t shown;              /* the least severity that is printed */
    size_t failed;             /* the least one that fails */
    const char *only, *except; /* names of rules */
    const char *explained;
    bool fix, diff;
    depesha_batch *together;
    struct acceptances *kept;          /* that await the findings of the whole batch */
    struct acceptances accepted;       /* of the present input */
    struct stale *stale;               /* findings that are made here; owned */
    struct copy *copies;               /* those of the present input; owned */
    depesha_document *mended_document; /* of the present input, once it is mended; owned */
    struct file mended;                /* its bytes; owned */
    struct shown *list;                /* what is to be written; owned */
    size_t count, room;
};

static void *grow(void *at, size_t *room, size_t want, size_t size)
{
    if (want <= *room)
        return at;
    size_t more = *room ? 2 * *room : 32;
    void *grown = realloc(at, more * size);
    if (grown)
        *room = more;
    return grown;
}

/* A line about the present input. */
__attribute__((format(printf, 2, 3))) static void say(struct check *check, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    batch_say(&check->batch, check->batch.name, text);
}

static void lack_memory(struct check *check)
{
    say(check, "out of memory");
    batch_worsen(&check->batch, STATUS_FAILED);
}

/* ---- which rules ---------------------------------------------------------------------------- */

/* Whether a name is one of those with commas between. */
static bool lists(const char *names, const char *name)
{
    size_t size = strlen(name);
    while (*names) {
        size_t length = strcspn(names, ",");
        if (length == size && strncmp(names, name, size) == 0)
            return true;
        names += length + (names[length] == ',');
    }
    return false;
}

static bool is_looked_for(const struct check *check, const char *rule)
{
    return (!check->only || lists(check->only, rule)) && (!check->except || !lists(check->except, rule));
}

static bool find_rule(const depesha_grammar *grammar, const char *id, depesha_rule *rule)
{
    for (size_t i = 0; i < depesha_rule_count(grammar); i++) {
        *rule = depesha_rule_at(grammar, i);
        if (strcmp(rule->id, id) == 0)
            return true;
    }
    return false;
}

static void guess_rule(struct guess *guess, const depesha_grammar *grammar)
{
    for (size_t i = 0; i < depesha_rule_count(grammar); i++)
        guess_try(guess, depesha_rule_at(grammar, i).id);
}

static int say_unknown(const depesha_grammar *grammar, const char *id)
{
    struct guess guess = {.word = id};
    guess_rule(&guess, grammar);
    if (guess.best)
        return message_usage("check", "there is no rule '%s': did you mean '%s'?", id, guess.best);
    return message_usage("check", "there is no rule '%s': --explain all lists them", id);
}

static bool are_known(const depesha_grammar *grammar, const char *names)
{
    depesha_rule rule;
    while (names && *names) {
        size_t size = strcspn(names, ",");
        char *id = strndup(names, size);
        bool known = id && (size == 0 || find_rule(grammar, id, &rule));
        if (!known && id)
            say_unknown(grammar, id);
        free(id);
        if (!known)
            return false;
        names += size + (names[size] == ',');
    }
    return true;
}

/* ---- explaining ----------------------------------------------------------------------------- */

static int list_rules(const depesha_grammar *grammar)
{
    struct output output;
    if (!output_open(&output, NULL))
        return STATUS_FAILED;
    for (size_t i = 0; i < depesha_rule_count(grammar); i++) {
        depesha_rule rule = depesha_rule_at(grammar, i);
        output_format(&output, "%-24s %s\n", rule.id, rule.off ? "off" : severity_names[rule.severity]);
    }
    return output_close(&output, true);
}

static int explain(const depesha_grammar *grammar, const char *id)
{
    char *text = NULL;
    if (strcmp(id, "all") == 0)
        return list_rules(grammar);
    depesha_status status = depesha_rule_explain(grammar, id, &text);
    if (status == DEPESHA_BAD_NAME)
        return say_unknown(grammar, id);
    if (status != DEPESHA_OK) {
        message_say(NULL, "%s", depesha_status_text(status));
        return STATUS_FAILED;
    }
    int printed = output_print(text);
    depesha_free(text);
    return printed;
}

static int command_explain_rule(const struct check *check)
{
    struct rules rules;
    if (!rules_read(&rules, check->batch.rules_name))
        return STATUS_FAILED;
    depesha_grammar *grammar = rules_compile(&rules);
    int status = grammar ? explain(grammar, check->explained) : STATUS_FAILED;
    depesha_grammar_free(grammar);
    rules_free(&rules);
    return status;
}

/* ---- what is written ------------------------------------------------------------------------ */

static void add_shown(struct check *check, const struct shown *shown)
{
    struct shown *list = grow(check->list, &check->room, check->count + 1, sizeof *list);
    if (!list) {
        lack_memory(check);
        return;
    }
    check->list = list;
    check->list[check->count++] = *shown;
}

/* Whether a finding is to be written; it may fail all the same. */
static bool counts(struct check *check, const depesha_finding *finding)
{
    if (finding->severity >= check->failed)
        batch_worsen(&check->batch, STATUS_DOUBTFUL);
    return finding->severity >= check->shown;
}

static void write_list(struct check *check, const char *source)
{
    struct report *report = &check->report;
    check->writer->input(report, source, check->list, check->count);
    for (size_t i = 0; i < check->count; i++)
        report->by_severity[check->list[i].finding->severity]++;
    report->count += check->count;
    report->documents += source && check->count > 0;
    report->inputs += source != NULL;
    check->count = 0;
}

static const char *copy_text(char **to, const char *text)
{
    char *copy = *to;
    if (!text)
        return NULL;
    size_t size = strlen(text) + 1;
    memcpy(copy, text, size);
    *to += size;
    return copy;
}

/* Kept until what was found in the input is written. NULL without memory. */
static const depesha_finding *keep(struct check *check, const depesha_finding *finding)
{
    size_t size = strlen(finding->message) + (finding->text ? strlen(finding->text) : 0) +
                  (finding->mend ? strlen(finding->mend) : 0) + 3;
    struct copy *copy = malloc(sizeof *copy + size);
    if (!copy)
        return NULL;
    char *to = copy->texts;
    copy->finding = *finding;
    copy->finding.message = copy_text(&to, finding->message);
    copy->finding.text = copy_text(&to, finding->text);
    copy->finding.mend = copy_text(&to, finding->mend);
    copy->next = check->copies;
    check->copies = copy;
    return &copy->finding;
}

static void free_copies(struct check *check)
{
    while (check->copies) {
        struct copy *next = check->copies->next;
        free(check->copies);
        check->copies = next;
    }
}

static void add_finding(struct check *check, const depesha_finding *finding)
{
    struct shown shown = {.source = check->batch.name};
    if (!is_looked_for(check, finding->rule) || accept_takes(&check->accepted, finding) || !counts(check, finding))
        return;
    shown.finding = keep(check, finding);
    if (!shown.finding) {
        lack_memory(check);
        return;
    }
    shown.line = depesha_document_line(check->batch.document, finding->line, &shown.size);
    if (finding->end_line > finding->line && finding->end_column > 1)
        shown.last = depesha_document_line(check->batch.document, finding->end_line, &shown.last_size);
    add_shown(check, &shown);
}

static void collect(struct check *check)
{
    const depesha_document *document = check->batch.document;
    check->count = 0;
    for (size_t n = 0; n < depesha_document_count(document); n++) {
        if (depesha_document_open(document, n) != DEPESHA_OK) {
            lack_memory(check);
            return;
        }
        for (size_t i = 0; i < depesha_finding_count(document, n); i++)
            add_finding(check, depesha_finding_at(document, n, i));
    }
}

/* ---- acceptances that nothing needs ---------------------------------------------------------- */

/* A message with {rule} replaced. NULL without memory. */
static char *stale_message(const char *says, const char *rule)
{
    const char *slot = strstr(says, "{rule}");
    size_t size = strlen(says) + strlen(rule) + 1;
    char *message = malloc(size);
    if (message && slot)
        snprintf(message, size, "%.*s%s%s", (int)(slot - says), says, rule, slot + strlen("{rule}"));
    else if (message)
        snprintf(message, size, "%s", says);
    return message;
}

/* Of an acceptance whose rule there is not. NULL without memory. */
static char *unknown_message(const depesha_grammar *grammar, const char *id)
{
    struct guess guess = {.word = id};
    guess_rule(&guess, grammar);
    const char *start = "there is no rule '", *middle = guess.best ? "' to accept: did you mean '" : "' to accept";
    const char *best = guess.best ? guess.best : "", *end = guess.best ? "'?" : "";
    size_t size = strlen(start) + strlen(id) + strlen(middle) + strlen(best) + strlen(end) + 1;
    char *message = malloc(size);
    if (message)
        snprintf(message, size, "%s%s%s%s%s", start, id, middle, best, end);
    return message;
}

/* NULL without memory. */
static struct stale *make_stale(const struct acceptance *acceptance, const depesha_rule *rule, char *message,
                                struct stale *next)
{
    struct stale *stale = message ? calloc(1, sizeof *stale) : NULL;
    if (!stale) {
        free(message);
        return NULL;
    }
    stale->message = message;
    stale->next = next;
    stale->finding = (depesha_finding){.rule = stale_rule,
                                       .severity = rule->severity,
                                       .line = acceptance->line,
                                       .column = 1,
                                       .message = stale->message};
    return stale;
}

static void add_stale(struct check *check, const struct acceptances *accepted, const struct acceptance *acceptance,
                      const depesha_rule *rule, bool known)
{
    char *message =
        known ? stale_message(rule->says, acceptance->rule) : unknown_message(check->batch.grammar, acceptance->rule);
    struct stale *stale = make_stale(acceptance, rule, message, check->stale);
    if (!stale) {
        lack_memory(check);
        return;
    }
    check->stale = stale;
    struct shown shown = {.source = acceptance->beside ? accepted->sidecar : accepted->source,
                          .finding = &check->stale->finding};
    if (!acceptance->beside && check->batch.document)
        shown.line = depesha_document_line(check->batch.document, acceptance->line, &shown.size);
    if (counts(check, shown.finding))
        add_shown(check, &shown);
}

static void add_stales(struct check *check, const struct acceptances *accepted, bool of_batch)
{
    depesha_rule stale, rule;
    if (!find_rule(check->batch.grammar, stale_rule, &stale) || stale.off || !is_looked_for(check, stale_rule))
        return;
    for (size_t i = 0; i < accepted->count; i++) {
        const struct acceptance *acceptance = &accepted->at[i];
        bool known = find_rule(check->batch.grammar, acceptance->rule, &rule);
        bool looked = !known || (!rule.off && is_looked_for(check, rule.id));
        if (!acceptance->used && looked && (known && rule.of_batch) == of_batch)
            add_stale(check, accepted, acceptance, &stale, known);
    }
}

static void free_stales(struct check *check)
{
    while (check->stale) {
        struct stale *next = check->stale->next;
        free(check->stale->message);
        free(check->stale);
        check->stale = next;
    }
}

static bool awaits_batch(const struct check *check)
{
    depesha_rule rule;
    for (size_t i = 0; i < check->accepted.count; i++)
        if (find_rule(check->batch.grammar, check->accepted.at[i].rule, &rule) && rule.of_batch)
            return true;
    return false;
}

/* Those that accept findings of the batch are needed until its end. */
static void put_away(struct check *check)
{
    struct acceptances *kept = awaits_batch(check) ? malloc(sizeof *kept) : NULL;
    if (kept) {
        *kept = check->accepted;
        kept->next = check->kept;
        check->kept = kept;
        check->accepted = (struct acceptances){0};
    } else {
        accept_free(&check->accepted);
    }
}

/* ---- mending -------------------------------------------------------------------------------- */

static bool is_mendable(struct check *check)
{
    size_t mends = 0;
    for (size_t i = 0; i < check->count; i++)
        mends += check->list[i].finding->mend != NULL;
    if (mends == 0)
        return false;
    const char *encoding = depesha_document_encoding(check->batch.document);
    const char *why = NULL;
    if (strcmp(encoding, "UTF-8") != 0)
        why = "is not UTF-8, and only that is rewritten: convert it first";
    else if (check->fix && !check->batch.path)
        why = "cannot be rewritten: name a file, or use --diff";
    if (why)
        say(check, "%zu fault%s could be mended, but this %s", mends, mends == 1 ? "" : "s", why);
    return !why;
}

/* Reads the mended bytes. NULL, with a message, if a value would change that is not one of those that were mended. */
static depesha_document *read_mended(struct check *check, const struct file *mended)
{
    struct batch *batch = &check->batch;
    depesha_document *document = NULL;
    if (depesha_parse(batch->grammar, batch->name, mended->bytes, mended->size, &document) != DEPESHA_OK) {
        lack_memory(check);
        return NULL;
    }
    if (fix_keeps_values(batch->document, document, check->list, check->count))
        return document;
    say(check, "not mended: other values would change with it. Mend it by hand");
    batch_worsen(batch, STATUS_FAILED);
    depesha_document_free(document);
    return NULL;
}

/* The mended file takes the place of the input, which it was read from. */
static void take_mended(struct check *check, struct file *mended, depesha_document *document)
{
    check->batch.document = check->mended_document = document;
    check->mended = *mended;
    *mended = (struct file){0};
}

/* `before` is the status without the findings of this input: what is mended does not count against the run. */
static void mend(struct check *check, int before)
{
    struct batch *batch = &check->batch;
    struct file mended;
    size_t places = 0;
    batch->status = check->diff ? before : batch->status;
    if (!is_mendable(check))
        return;
    if (!fix_apply(batch->file, check->list, check->count, &mended, &places)) {
        lack_memory(check);
        return;
    }
    depesha_document *document = read_mended(check, &mended);
    if (document && check->diff) {
        fix_show(&batch->output, batch->name, batch->file, &mended);
        batch_worsen(batch, STATUS_DOUBTFUL);
        depesha_document_free(document);
    } else if (document && fix_write(batch->path, &mended)) {
        say(check, "%zu fault%s mended", places, places == 1 ? "" : "s");
        take_mended(check, &mended, document);
        batch->status = before;
        collect(check);
    } else if (document) {
        batch_worsen(batch, STATUS_FAILED);
        depesha_document_free(document);
    }
    file_free(&mended);
}

/* ---- the run -------------------------------------------------------------------------------- */

static void check_document(struct check *check)
{
    struct batch *batch = &check->batch;
    if (!accept_read(&check->accepted, batch->document, batch->path, batch->name))
        batch_worsen(batch, STATUS_FAILED);
    int before = batch->status;
    collect(check);
    if (check->fix || check->diff)
        mend(check, before);
    if (check->diff) {
        check->count = 0;
    } else {
        if (depesha_batch_add(check->together, batch->document) != DEPESHA_OK)
            lack_memory(check);
        add_stales(check, &check->accepted, false);
        write_list(check, batch->name);
    }
    free_stales(check);
    free_copies(check);
    put_away(check);
    depesha_document_free(check->mended_document);
    check->mended_document = NULL;
    file_free(&check->mended);
}

static bool is_accepted(struct check *check, const depesha_batch_finding *found)
{
    bool accepted = false;
    for (struct acceptances *kept = check->kept; kept; kept = kept->next)
        if (strcmp(kept->source, found->source) == 0 && accept_takes(kept, &found->finding))
            accepted = true;
    return accepted;
}

/* What only all inputs together show. */
static void check_together(struct check *check)
{
    if (depesha_batch_check(check->together) != DEPESHA_OK)
        lack_memory(check);
    for (size_t i = 0; i < depesha_batch_finding_count(check->together); i++) {
        const depesha_batch_finding *found = depesha_batch_finding_at(check->together, i);
        struct shown shown = {
            .source = found->source,
            .finding = &found->finding,
            .line = found->line_text,
            .size = strlen(found->line_text),
        };
        if (is_looked_for(check, found->finding.rule) && !is_accepted(check, found) && counts(check, &found->finding))
            add_shown(check, &shown);
    }
    for (const struct acceptances *kept = check->kept; kept; kept = kept->next)
        add_stales(check, kept, true);
    if (check->count > 0)
        write_list(check, NULL);
    free_stales(check);
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void sum_up(struct check *check)
{
    progress_hide(&check->batch.pace);
    const struct report *report = &check->report;
    const size_t *by = report->by_severity;
    if (report->count > 0 && !check->batch.output.gone)
        message_say(NULL, "%zu finding%s (%zu error%s, %zu warning%s, %zu note%s) in %zu of %zu input%s", report->count,
                    plural(report->count), by[DEPESHA_ERROR], plural(by[DEPESHA_ERROR]), by[DEPESHA_WARNING],
                    plural(by[DEPESHA_WARNING]), by[DEPESHA_NOTE], plural(by[DEPESHA_NOTE]), report->documents,
                    report->inputs, plural(report->inputs));
}

static void forget(struct check *check)
{
    while (check->kept) {
        struct acceptances *next = check->kept->next;
        accept_free(check->kept);
        free(check->kept);
        check->kept = next;
    }
    free(check->list);
}

static void run(struct check *check)
{
    if (!check->diff && check->writer->begin)
        check->writer->begin(&check->report);
    while (batch_next(&check->batch))
        check_document(check);
    if (check->diff)
        return;
    check_together(check);
    if (check->writer->end)
        check->writer->end(&check->report);
    if (check->report.failed)
        lack_memory(check);
    sum_up(check);
}

int command_check(int count, char **words)
{
    struct check check = {.batch = BATCH_DEFAULTS, .shown = DEPESHA_NOTE, .failed = DEPESHA_WARNING};
    check.severity = SEVERITY_COUNT;
    const struct option_row options[] = {
        {"severity", 's', OPTION_CHOICE, &check.severity, severity_names},
        {"format", 'f', OPTION_CHOICE, &check.format, formats},
        {"only", 0, OPTION_TEXT, &check.only, NULL},
        {"disable", 0, OPTION_TEXT, &check.except, NULL},
        {"explain", 0, OPTION_TEXT, &check.explained, NULL},
        {"fix", 0, OPTION_FLAG, &check.fix, NULL},
        {"diff", 0, OPTION_FLAG, &check.diff, NULL},
        BATCH_OPTIONS(check.batch),
        BATCH_MANY_OPTIONS(check.batch),
        {0},
    };
    const struct usage usage = {.command = "check", .help = help, .options = options};
    int status = STATUS_FAILED;
    if (!options_read(&usage, &count, words, &status))
        return status;
    if (check.explained)
        return command_explain_rule(&check);
    if (check.fix && check.diff)
        return message_usage("check", "--fix or --diff, not both");
    if (check.severity < SEVERITY_COUNT)
        check.shown = check.failed = check.severity;
    check.writer = writers[check.format];
    check.batch.keeps = check.fix || check.diff;
    check.batch.mends = check.fix;
    if (!batch_open(&check.batch, count, words))
        return STATUS_FAILED;
    report_open(&check.report, &check.batch.output, check.batch.grammar);
    if (!are_known(check.batch.grammar, check.only) || !are_known(check.batch.grammar, check.except) ||
        depesha_batch_make(check.batch.grammar, &check.together) != DEPESHA_OK)
        batch_worsen(&check.batch, STATUS_FAILED);
    else
        run(&check);
    depesha_batch_free(check.together);
    forget(&check);
    return batch_close(&check.batch);
}
