#include "check.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_SHOWN = 160 }; /* bytes of what was found, in the finding */

/* ---- findings ------------------------------------------------------------------------------- */

const char *line_text(struct finder *f, size_t offset)
{
    size_t line, column;
    document_position(f->d, offset, &line, &column);
    return arena_format(&f->d->work, "%zu", line);
}

struct span shown_span(const struct finder *f, struct span span)
{
    return document_shown(f->d, span.start, span.end);
}

size_t matched_offset(const struct finder *f, size_t shown)
{
    return f->d->repairs.count == 0 ? shown : text_at_source(&f->d->text, text_source(&f->d->shown, shown));
}

bool match_shown(struct finder *f, const struct pattern *pattern, struct span span, struct span *found)
{
    struct matcher *matcher = &f->d->matcher;
    const struct text *text = matcher->text;
    matcher->text = &f->d->shown;
    bool matches = matcher_search(matcher, pattern, span.start, span.end, found);
    matcher->text = text;
    return matches;
}

const char *shown_text(struct finder *f, struct span span)
{
    struct matcher *matcher = &f->d->matcher;
    const struct text *text = matcher->text;
    matcher->text = &f->d->shown;
    const char *folds = folded(matcher, span);
    matcher->text = text;
    return folds;
}

bool is_found(const struct finder *f, struct span span)
{
    struct span bytes = document_source(f->d, &f->d->shown, span);
    for (size_t i = 0; i < f->record->finding_count; i++)
        if (f->record->findings[i].start < bytes.end && bytes.start < f->record->findings[i].end)
            return true;
    return false;
}

/* Whether the file has what it shows there in the same characters, so that others can take their place. */
static bool is_written(const struct depesha_document *d, struct span span)
{
    struct span bytes = document_source(d, &d->shown, span);
    size_t start = text_at_source(&d->page, bytes.start), end = text_at_source(&d->page, bytes.end);
    return end - start == span.end - span.start &&
           memcmp(d->page.at + start, d->shown.at + span.start, end - start) == 0;
}

void find_shown(struct finder *f, struct span span, const char *mend, const struct telling *tellings)
{
    struct depesha_document *d = f->d;
    struct record *record = f->record;
    if (f->count == MAX_FINDINGS)
        return;
    f->count++;
    size_t shown = span.end - span.start < TEXT_SHOWN ? span.end : span.start + TEXT_SHOWN;
    while (shown < span.end && ((unsigned char)d->shown.at[shown] & 0xC0) == 0x80)
        shown--;
    record->findings = arena_grow(&d->of_record, record->findings, record->finding_count, &record->finding_room,
                                  record->finding_count + 1, sizeof *record->findings);
    depesha_finding *finding = &record->findings[record->finding_count++];
    struct span bytes = document_source(d, &d->shown, span);
    const char *shown_there = shown_text(f, (struct span){span.start, (uint32_t)shown});
    *finding = (depesha_finding){
        .rule = f->rule->id,
        .severity = f->rule->severity,
        .start = bytes.start,
        .end = bytes.end,
        .text = arena_copy(&d->of_record, shown_there, strlen(shown_there)),
        .mend = mend != NULL && is_written(d, span) ? arena_copy(&d->of_record, mend, strlen(mend)) : NULL,
        .message = rule_message(&d->of_record, f->rule->says, tellings),
    };
    document_place(d, finding->start, &finding->line, &finding->column);
    document_place(d, finding->end, &finding->end_line, &finding->end_column);
}

void find(struct finder *f, struct span span, const char *mend, const struct telling *tellings)
{
    find_shown(f, shown_span(f, span), mend, tellings);
}

/* ---- what reading itself has found ---------------------------------------------------------- */

static void find_undecoded(struct finder *f)
{
    const struct text *text = &f->d->shown;
    if (!text->damaged || f->record->number > 0)
        return;
    size_t start = text_at_source(text, order_place(&f->d->order, text->bad[0])), size = strlen("\xEF\xBF\xBD");
    if (text->size - start < size || memcmp(text->at + start, "\xEF\xBF\xBD", size) != 0)
        size = 0; /* it is in what a web page does not show */
    const char *places = text->bad_total == 1 ? "1 place" : arena_format(&f->d->work, "%zu places", text->bad_total);
    find_shown(f, (struct span){start, start + size}, NULL,
               (const struct telling[]){{"places", places}, {"encoding", text->encoding}, {0}});
}

static void find_unshown(struct finder *f)
{
    if (f->d->unread != NULL && f->record->number == 0)
        find_shown(f, (struct span){0, 0}, NULL, (const struct telling[]){{"why", f->d->unread}, {0}});
}

static void find_misread(struct finder *f, bool dates)
{
    for (size_t i = 0; i < f->record->values.wrong_count; i++) {
        const struct misreading *wrong = &f->record->values.wrong[i];
        if ((wrong->key->type->kind == KIND_DATE) == dates)
            find(f, wrong->span, NULL,
                 (const struct telling[]){{"key", wrong->key->path},
                                          {"text", shown_text(f, shown_span(f, wrong->span))},
                                          {"why", wrong->why},
                                          {0}});
    }
}

static void find_impossible(struct finder *f)
{
    find_misread(f, true);
}

static void find_unreadable(struct finder *f)
{
    find_misread(f, false);
}

/* A key that has one value, and another somewhere else; not where words were picked out of joined lines. */
static void find_conflicting(struct finder *f)
{
    if (f->d->flat)
        return;
    for (size_t i = 0; i < f->record->values.conflict_count; i++) {
        const struct conflict *conflict = &f->record->values.conflicts[i];
        const struct value *kept = &f->record->values.at[conflict->kept];
        if (is_found(f, shown_span(f, kept->span)) || is_found(f, shown_span(f, conflict->span)))
            continue; /* one of them is known to be wrong */
        find(f, conflict->span, NULL,
             (const struct telling[]){{"key", kept->key->path},
                                      {"value", conflict->text},
                                      {"other", kept->text},
                                      {"line", line_text(f, kept->span.start)},
                                      {0}});
    }
}

/* Whether a date was found wrong: if but for its year a form would fit, that says it all. */
static bool is_date_found(const struct finder *f)
{
    for (size_t i = 0; i < f->record->values.count; i++) {
        const struct value *value = &f->record->values.at[i];
        if (value->key->type->kind == KIND_DATE && is_found(f, shown_span(f, value->span)))
            return true;
    }
    return false;
}

/* Which form came nearest, for a text that is none. */
static void find_unrecognised(struct finder *f)
{
    const struct record *record = f->record;
    if (record->form != NULL)
        return;
    const struct fit *nearest = NULL;
    bool untimely = false;
    for (size_t i = 0; i < record->fit_count; i++) {
        untimely = untimely || record->fits[i].untimely;
        if (nearest == NULL || record->fits[i].score > nearest->score)
            nearest = &record->fits[i];
    }
    if (untimely && is_date_found(f))
        return;
    const char *why = "";
    if (nearest != NULL && nearest->score > 0)
        why = arena_format(&f->d->work, ": the nearest form, %s, %s", nearest->form->id,
                           form_lacks(&f->d->work, f->d->grammar, record, nearest->form));
    find(f, (struct span){record->span.start, record->span.start}, NULL, (const struct telling[]){{"why", why}, {0}});
}

static void find_exceeded(struct finder *f)
{
    const struct field *field = f->d->matcher.exceeded;
    if (field != NULL && f->record->number == 0)
        find(f, (struct span){0, 0}, NULL, (const struct telling[]){{"production", field->name}, {0}});
}

/* For rules that look at more than one record. */
static void find_nothing(struct finder *f)
{
    (void)f;
}

static void (*const finders[])(struct finder *f) = {
    [WHEN_UNRECOGNISED] = find_unrecognised,
    [WHEN_UNDECODED] = find_undecoded,
    [WHEN_UNSHOWN] = find_unshown,
    [WHEN_EXCEEDED] = find_exceeded,
    [WHEN_IMPOSSIBLE] = find_impossible,
    [WHEN_UNREADABLE] = find_unreadable,
    [WHEN_CONFLICTING] = find_conflicting,
    [WHEN_DISORDERED] = find_disordered,
    [WHEN_OUTSIDE] = find_outside,
    [WHEN_MISSING] = find_missing,
    [WHEN_APART] = find_apart,
    [WHEN_DIFFERENT] = find_different,
    [WHEN_REVERSED] = find_reversed,
    [WHEN_UNEQUAL] = find_unequal,
    [WHEN_ABOVE] = find_above,
    [WHEN_REPEATED] = find_repeated,
    [WHEN_RESPELLED] = find_respelled,
    [WHEN_UNCLOSED] = find_unclosed,
    [WHEN_NEARLY] = find_nearly,
    [WHEN_FOUND] = find_expression,
    [WHEN_BRACKETED] = find_bracketed,
    [WHEN_DAMAGED] = find_damaged,
    [WHEN_UNCERTAIN] = find_uncertain,
    [WHEN_MIXED] = find_mixed,
    [WHEN_UNEXPLAINED] = find_unexplained,
    [WHEN_REPAIRED] = find_repaired,
    [WHEN_SHARED] = find_nothing,
    [WHEN_MISDATED] = find_nothing,
    [WHEN_STALE] = find_nothing,
};

/* ---- the record ----------------------------------------------------------------------------- */

static bool is_for(const struct rule *rule, const struct form *form)
{
    for (const struct name_list *name = rule->forms; name != NULL; name = name->next)
        if (form != NULL && strcmp(name->name, form->id) == 0)
            return true;
    return rule->forms == NULL;
}

/* Whether a rule of that name has found something. */
static bool has_found(const struct record *record, const char *rule)
{
    for (size_t i = 0; i < record->finding_count; i++)
        if (strcmp(record->findings[i].rule, rule) == 0)
            return true;
    return false;
}

static bool meets_any(const struct finder *f, const struct demand *demand)
{
    for (; demand != NULL; demand = demand->next) {
        if (form_meets(f->record, demand))
            return true;
        for (const struct name_list *name = demand->any; name != NULL; name = name->next)
            if (has_found(f->record, name->name))
                return true;
    }
    return false;
}

static bool applies(const struct finder *f)
{
    const struct rule *rule = f->rule;
    return !rule->off && is_for(rule, f->record->form) && (rule->only_if == NULL || meets_any(f, rule->only_if)) &&
           !meets_any(f, rule->unless);
}

static bool is_within(int year, const struct form *form)
{
    return year >= form->first_year && year <= form->last_year;
}

/* One date out of a form's years may be a slip if another lies in them: two cables have other dates, one has not. */
static const struct form *untimely_form(const struct record *record)
{
    int best = -1;
    const struct form *untimely = NULL;
    for (size_t i = 0; i < record->fit_count; i++) {
        const struct fit *fit = &record->fits[i];
        if (fit->form == record->form)
            best = fit->score;
    }
    for (size_t i = 0; i < record->fit_count; i++) {
        const struct fit *fit = &record->fits[i];
        bool timely = false;
        for (size_t n = 0; fit->untimely && n < record->values.count; n++) {
            const struct value *value = &record->values.at[n];
            timely = timely || (value->key->type->kind == KIND_DATE && value->moment.year >= 0 &&
                                is_within(value->moment.year, fit->form));
        }
        if (timely && fit->score > best) {
            best = fit->score;
            untimely = fit->form;
        }
    }
    return untimely;
}

/* By place; at one place in the order of the rules. */
static int compare_findings(const void *left, const void *right)
{
    const depesha_finding *a = left, *b = right;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return a->end != b->end ? a->end < b->end ? -1 : 1 : strcmp(a->rule, b->rule);
}

void check_record(struct depesha_document *d, struct record *record)
{
    const struct form *untimely = untimely_form(record);
    struct buffer word = {.arena = &d->work};
    struct arena *arena = d->matcher.arena;
    d->matcher.arena = &d->work;
    for (const struct rule *rule = d->grammar->rules; rule != NULL; rule = rule->next) {
        struct finder f = {.d = d, .record = record, .rule = rule, .untimely = untimely, .word = &word};
        f.span = shown_span(&f, record->span);
        for (f.condition = rule->conditions; f.condition != NULL && applies(&f); f.condition = f.condition->next)
            finders[f.condition->predicate](&f);
    }
    d->matcher.arena = arena;
    if (record->finding_count > 1)
        qsort(record->findings, record->finding_count, sizeof *record->findings, compare_findings);
}
