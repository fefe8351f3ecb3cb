#include "document.h"

#include <string.h>

static void find(struct depesha_document *d, struct record *record, const char *rule, depesha_severity severity,
                 struct span span, const char *message)
{
    record->findings = arena_grow(&d->arena, record->findings, record->finding_count, &record->finding_room,
                                  record->finding_count + 1, sizeof *record->findings);
    depesha_finding *finding = &record->findings[record->finding_count++];
    *finding = (depesha_finding){.rule = rule,
                                 .severity = severity,
                                 .start = text_source(&d->text, span.start),
                                 .end = text_source(&d->text, span.end),
                                 .message = message};
    document_position(d, span.start, &finding->line, &finding->column);
}

/* The offset of the text that stands for a byte of the source. */
static size_t text_offset(const struct text *text, size_t source)
{
    size_t low = 0, high = text->size;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (text_source(text, middle) < source)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void check_encoding(struct depesha_document *d, struct record *record)
{
    if (!d->text.damaged || record != d->records)
        return;
    size_t start = text_offset(&d->text, d->text.bad[0]);
    find(d, record, "encoding-damaged", DEPESHA_WARNING, (struct span){start, start + strlen("\xEF\xBF\xBD")},
         arena_format(&d->arena,
                      "in %zu %s the bytes are not valid %s; the first is here. Convert the file again from its source",
                      d->text.bad_total, d->text.bad_total == 1 ? "place" : "places", d->text.encoding));
}

static void check_misread(struct depesha_document *d, struct record *record)
{
    for (size_t i = 0; i < record->values.wrong_count; i++) {
        const struct misreading *wrong = &record->values.wrong[i];
        const char *rule = wrong->key->type->kind == KIND_DATE ? "date-impossible" : "value-unreadable";
        find(d, record, rule, DEPESHA_ERROR, wrong->span,
             arena_format(&d->arena, "%s '%s' makes no value: %s. Compare it with the original", wrong->key->path,
                          folded(&d->matcher, wrong->span), wrong->why));
    }
}

/* A key that has one value, and another somewhere else. */
static void check_conflicts(struct depesha_document *d, struct record *record)
{
    for (size_t i = 0; i < record->values.conflict_count; i++) {
        const struct conflict *conflict = &record->values.conflicts[i];
        const struct value *kept = &record->values.at[conflict->kept];
        size_t line, column;
        document_position(d, kept->span.start, &line, &column);
        find(d, record, "field-twice", DEPESHA_WARNING, conflict->span,
             arena_format(&d->arena,
                          "%s is '%s' here and '%s' in line %zu, which the record has. Compare both with the original",
                          kept->key->path, conflict->text, kept->text, line));
    }
}

/* The stages of the form come one after another. */
static void check_order(struct depesha_document *d, struct record *record)
{
    if (record->form == NULL)
        return;
    const struct value *before = NULL;
    for (const struct name_list *stage = record->form->order; stage != NULL; stage = stage->next) {
        const struct value *value = values_find(&record->values, stage->name);
        if (value == NULL)
            continue;
        if (before != NULL && moment_compare(&before->moment, &value->moment) > 0)
            find(d, record, "times-order", DEPESHA_WARNING, value->span,
                 arena_format(&d->arena, "%s %s is before %s %s. Compare both with the original", value->key->path,
                              value->text, before->key->path, before->text));
        before = value;
    }
}

enum { MAX_OPEN = 64 };

static bool starts_with(const struct text *text, size_t at, size_t end, const char *what)
{
    size_t size = strlen(what);
    return end - at >= size && memcmp(text->at + at, what, size) == 0;
}

/* Every bracket that is opened is closed. */
static void check_pairs(struct depesha_document *d, struct record *record)
{
    for (size_t pair = 0; pair + 1 < d->grammar->pair_count; pair += 2) {
        const char *opener = d->grammar->pairs[pair], *closer = d->grammar->pairs[pair + 1];
        size_t open[MAX_OPEN], depth = 0;
        for (size_t at = record->span.start; at < record->span.end; at++) {
            if (starts_with(&d->text, at, record->span.end, opener)) {
                if (depth < MAX_OPEN)
                    open[depth] = at;
                depth++;
            } else if (depth > 0 && starts_with(&d->text, at, record->span.end, closer)) {
                depth--;
            }
        }
        for (size_t i = 0; i < depth && i < MAX_OPEN; i++)
            find(d, record, "bracket-unclosed", DEPESHA_WARNING, (struct span){open[i], open[i] + strlen(opener)},
                 arena_format(&d->arena, "this %s is never closed. Add the %s where the note ends", opener, closer));
    }
}

/* Which form came nearest, for a text that is none. */
static void check_form(struct depesha_document *d, struct record *record)
{
    if (record->form != NULL)
        return;
    const struct fit *nearest = NULL;
    for (size_t i = 0; i < record->fit_count; i++)
        if (nearest == NULL || record->fits[i].score > nearest->score)
            nearest = &record->fits[i];
    const char *message = "this is not recognised as a cable. See `depesha explain`";
    if (nearest != NULL && nearest->score > 0)
        message = arena_format(&d->arena,
                               "this is not recognised as a cable: the nearest form, %s, %s. See `depesha explain`",
                               nearest->form->id, nearest->lacks);
    find(d, record, "form-unknown", DEPESHA_ERROR, (struct span){record->span.start, record->span.start}, message);
}

static void check_limits(struct depesha_document *d, struct record *record)
{
    const struct field *field = d->matcher.exceeded;
    if (field != NULL && record == d->records)
        find(d, record, "match-limit", DEPESHA_WARNING, (struct span){0, 0},
             arena_format(&d->arena,
                          "production '%s' was given up where it took too long. Write it without nested repeats",
                          field->name));
}

void check_record(struct depesha_document *d, struct record *record)
{
    check_form(d, record);
    check_encoding(d, record);
    check_misread(d, record);
    check_conflicts(d, record);
    check_order(d, record);
    check_pairs(d, record);
    check_limits(d, record);
}
