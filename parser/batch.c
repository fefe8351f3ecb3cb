/* Cables of a batch held against one another. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_DAYS = 8, MAX_OTHERS = 8, MAX_SAME = 64, LINE_KEPT = 240, SHORT_TERM = 1 };

/* A value that may have to be compared: a number, a name, a reference. */
struct fact {
    const struct key *key;
    const char *text;                  /* the number as written, or the name in capitals */
    const char *date;                  /* of a reference: the date that stands with it; else NULL */
    long day;                          /* of that date */
    size_t cable;                      /* whose */
    depesha_finding place;             /* where it stands; no rule and no message yet */
    const char *line;                  /* its line */
    const struct condition *condition; /* that asked for it as a reference */
};

struct cable {
    const char *source;
    long days[MAX_DAYS];
    const char *dates[MAX_DAYS];
    size_t day_count;
    int year;            /* -1: not known */
    size_t first, count; /* its facts */
};

struct depesha_batch {
    struct arena arena;
    jmp_buf escape;
    const depesha_grammar *grammar;
    struct cable *cables;
    size_t cable_count, cable_room;
    struct fact *facts;
    size_t fact_count, fact_room;
    const struct fact **sorted; /* those with numbers, by number */
    size_t sorted_count;
    depesha_batch_finding *findings;
    size_t finding_count, finding_room;
};

depesha_status depesha_batch_make(const depesha_grammar *grammar, depesha_batch **batch)
{
    *batch = calloc(1, sizeof **batch);
    if (*batch == NULL)
        return DEPESHA_NO_MEMORY;
    (*batch)->grammar = grammar;
    (*batch)->arena.escape = &(*batch)->escape;
    return DEPESHA_OK;
}

void depesha_batch_free(depesha_batch *batch)
{
    if (batch == NULL)
        return;
    arena_free(&batch->arena);
    free(batch);
}

/* ---- what is kept of a cable ----------------------------------------------------------------- */

static bool is_in(const struct key *const *keys, const struct key *key)
{
    while (*keys != NULL && *keys != key)
        keys++;
    return *keys != NULL;
}

static bool is_of_batch(const struct condition *condition)
{
    return condition->predicate == WHEN_SHARED || condition->predicate == WHEN_MISDATED;
}

/* The date that stands behind a reference. */
static void read_date(struct depesha_batch *batch, struct depesha_document *d, const struct value *value,
                      struct fact *fact)
{
    struct span found;
    struct moment moment;
    size_t from = value->span.end, to = mark_horizon(&d->matcher, line_at(&d->lines, from), from);
    while (from < to && strchr(" \t\n\r", d->text.at[from]) != NULL)
        from++;
    if (from < to && matcher_match(&d->matcher, &fact->condition->pattern, from, to, &found) &&
        moment_read(&d->matcher, fact->condition->definition, found, &moment) == NULL &&
        moment_days(&moment, &fact->day))
        fact->date = moment_text(&batch->arena, &moment);
}

static void keep_fact(struct depesha_batch *batch, struct depesha_document *d, const struct value *value,
                      const depesha_value *shown, const struct condition *reference)
{
    size_t size;
    const char *line = depesha_document_line(d, shown->line, &size);
    bool name = value->key->type->kind == KIND_NAME;
    struct fact fact = {
        .key = value->key,
        .text = name ? word_capitals(&batch->arena, value->text, strlen(value->text))
                     : arena_copy(&batch->arena, value->text, strlen(value->text)),
        .cable = batch->cable_count,
        .place = {.start = shown->start, .end = shown->end, .line = shown->line, .column = shown->column},
        .line = arena_copy(&batch->arena, line, size < LINE_KEPT ? size : LINE_KEPT),
        .condition = reference,
    };
    fact.place.text = arena_copy(&batch->arena, shown->text, strlen(shown->text));
    if (reference != NULL)
        read_date(batch, d, value, &fact);
    batch->facts = arena_grow(&batch->arena, batch->facts, batch->fact_count, &batch->fact_room, batch->fact_count + 1,
                              sizeof *batch->facts);
    batch->facts[batch->fact_count++] = fact;
}

/* Once for each condition that takes it as a reference, and once for all that compare it. */
static void keep_value(struct depesha_batch *batch, struct depesha_document *d, const struct value *value,
                       const depesha_value *shown)
{
    bool compared = false;
    for (const struct rule *rule = batch->grammar->rules; rule != NULL; rule = rule->next)
        for (const struct condition *c = rule->off ? NULL : rule->conditions; c != NULL; c = c->next) {
            if (!is_of_batch(c))
                continue;
            if (c->predicate == WHEN_MISDATED && is_in(c->keys, value->key))
                keep_fact(batch, d, value, shown, c);
            else
                compared = compared || is_in(c->keys, value->key) || is_in(c->others, value->key) ||
                           is_in(c->fellows, value->key);
        }
    if (compared)
        keep_fact(batch, d, value, shown, NULL);
}

static void keep_day(struct depesha_batch *batch, struct cable *cable, const struct value *value)
{
    if (value->key->root || value->moment.year < 0)
        return;
    cable->year = cable->year < 0 ? value->moment.year : cable->year;
    if (cable->day_count == MAX_DAYS || !value_days(value, &cable->days[cable->day_count]))
        return;
    cable->dates[cable->day_count++] = arena_copy(&batch->arena, value->text, strlen(value->text));
}

static void keep_cable(struct depesha_batch *batch, struct depesha_document *d, struct record *record)
{
    if (record->form == NULL)
        return;
    const depesha_value *values = record_values(d, record);
    struct cable cable = {.source = arena_copy(&batch->arena, d->name, strlen(d->name)), .year = -1};
    cable.first = batch->fact_count;
    for (size_t i = 0; i < record->values.count; i++) {
        const struct value *value = &record->values.at[i];
        if (value->key->type->kind == KIND_DATE)
            keep_day(batch, &cable, value);
        else
            keep_value(batch, d, value, &values[i]);
    }
    cable.count = batch->fact_count - cable.first;
    batch->cables = arena_grow(&batch->arena, batch->cables, batch->cable_count, &batch->cable_room,
                               batch->cable_count + 1, sizeof *batch->cables);
    batch->cables[batch->cable_count++] = cable;
}

depesha_status depesha_batch_add(depesha_batch *batch, const depesha_document *document)
{
    struct depesha_document *d = (struct depesha_document *)document;
    size_t cables = batch->cable_count, facts = batch->fact_count;
    if (setjmp(batch->escape) != 0) {
        batch->cable_count = cables;
        batch->fact_count = facts;
        return DEPESHA_NO_MEMORY;
    }
    if (setjmp(d->escape) != 0) { /* reading the date of a reference needs the document's memory */
        batch->cable_count = cables;
        batch->fact_count = facts;
        return DEPESHA_NO_MEMORY;
    }
    for (size_t i = 0; i < d->portion_count; i++)
        if (!d->portions[i].is_read || d->portions[i].form != NULL)
            keep_cable(batch, d, document_record(d, i));
    return DEPESHA_OK;
}

/* ---- comparing ------------------------------------------------------------------------------- */

static void report(struct depesha_batch *batch, const struct rule *rule, const struct fact *fact,
                   const struct telling *tellings)
{
    batch->findings = arena_grow(&batch->arena, batch->findings, batch->finding_count, &batch->finding_room,
                                 batch->finding_count + 1, sizeof *batch->findings);
    depesha_batch_finding *found = &batch->findings[batch->finding_count++];
    *found = (depesha_batch_finding){fact->place, batch->cables[fact->cable].source, fact->line};
    found->finding.rule = rule->id;
    found->finding.severity = rule->severity;
    found->finding.message = rule_message(&batch->arena, rule->says, tellings);
}

/* A day that two cables have both, or nearly: they may be one. True too if one of them has none. */
static bool agree_on_day(const struct cable *a, const struct cable *b)
{
    for (size_t i = 0; i < a->day_count; i++)
        for (size_t j = 0; j < b->day_count; j++)
            if (labs(a->days[i] - b->days[j]) <= SHORT_TERM)
                return true;
    return a->day_count == 0 || b->day_count == 0;
}

/* What two cables have under the same keys: 1 something in common, -1 nothing, 0 one of them has none. */
static int compare_names(const struct depesha_batch *batch, const struct key *const *keys, const struct cable *a,
                         const struct cable *b, bool across)
{
    bool any = false;
    for (size_t i = a->first; i < a->first + a->count; i++)
        for (size_t j = b->first; is_in(keys, batch->facts[i].key) && j < b->first + b->count; j++) {
            const struct fact *left = &batch->facts[i], *right = &batch->facts[j];
            if (!is_in(keys, right->key) || (!across && left->key != right->key))
                continue;
            /* The same place in two languages looks like two. */
            if (((unsigned char)left->text[0] < 0x80) != ((unsigned char)right->text[0] < 0x80))
                return 0;
            any = true;
            if (strcmp(left->text, right->text) == 0)
                return 1;
        }
    return any ? -1 : 0;
}

static bool is_another(const struct depesha_batch *batch, const struct condition *condition, const struct fact *a,
                       const struct fact *b)
{
    const struct cable *left = &batch->cables[a->cable], *right = &batch->cables[b->cable];
    if (a->cable == b->cable || (left->year >= 0 && right->year >= 0 && left->year != right->year))
        return false;
    if (*condition->fellows != NULL && compare_names(batch, condition->fellows, left, right, false) != 1)
        return false;
    return !agree_on_day(left, right) ||
           (*condition->others != NULL && compare_names(batch, condition->others, left, right, false) < 0);
}

/* The same number as in one of the cables before. */
static void find_shared(struct depesha_batch *batch, const struct rule *rule, const struct condition *condition)
{
    const struct fact *before[MAX_OTHERS];
    size_t count = 0;
    for (size_t i = 0; i < batch->sorted_count; i++) {
        const struct fact *fact = batch->sorted[i], *other = NULL;
        if (!is_in(condition->keys, fact->key))
            continue;
        if (count > 0 && strcmp(before[0]->text, fact->text) != 0)
            count = 0;
        for (size_t n = 0; n < count && other == NULL; n++)
            if (is_another(batch, condition, fact, before[n]))
                other = before[n];
        if (other != NULL)
            report(batch, rule, fact,
                   (const struct telling[]){{"key", fact->key->path},
                                            {"value", fact->text},
                                            {"source", batch->cables[other->cable].source},
                                            {"line", arena_format(&batch->arena, "%zu", other->place.line)},
                                            {0}});
        if (count < MAX_OTHERS)
            before[count++] = fact;
    }
}

/* The first fact with a number, or where it would be. */
static size_t lower_bound(const struct depesha_batch *batch, const char *number)
{
    size_t low = 0, high = batch->sorted_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(batch->sorted[middle]->text, number) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool has_day(const struct cable *cable, long day)
{
    for (size_t i = 0; i < cable->day_count; i++)
        if (labs(cable->days[i] - day) <= SHORT_TERM)
            return true;
    return cable->day_count == 0;
}

/* The cable that is referred to has another date: unless there is another of its number that has the right one. */
static void find_misdated(struct depesha_batch *batch, const struct rule *rule, const struct condition *condition,
                          const struct fact *reference)
{
    const struct fact *other = NULL;
    const struct cable *own = &batch->cables[reference->cable];
    for (size_t i = lower_bound(batch, reference->text), n = 0;
         i < batch->sorted_count && n < MAX_SAME && strcmp(batch->sorted[i]->text, reference->text) == 0; i++, n++) {
        const struct fact *fact = batch->sorted[i];
        const struct cable *cable = &batch->cables[fact->cable];
        if (!is_in(condition->others, fact->key) || fact->cable == reference->cable)
            continue;
        if (*condition->fellows != NULL && compare_names(batch, condition->fellows, own, cable, true) != 1)
            continue;
        if (has_day(cable, reference->day))
            return;
        other = other == NULL ? fact : other;
    }
    if (other != NULL)
        report(batch, rule, reference,
               (const struct telling[]){{"value", reference->text},
                                        {"date", reference->date},
                                        {"other", batch->cables[other->cable].dates[0]},
                                        {"source", batch->cables[other->cable].source},
                                        {"line", arena_format(&batch->arena, "%zu", other->place.line)},
                                        {0}});
}

static int compare_facts(const void *left, const void *right)
{
    const struct fact *a = *(const struct fact *const *)left, *b = *(const struct fact *const *)right;
    int order = strcmp(a->text, b->text);
    return order != 0 ? order : a < b ? -1 : a > b;
}

static void sort_numbers(struct depesha_batch *batch)
{
    batch->sorted = arena_take(&batch->arena, batch->fact_count + 1, sizeof(struct fact *));
    for (size_t i = 0; i < batch->fact_count; i++)
        if (batch->facts[i].key->type->kind == KIND_NUMBER && batch->facts[i].condition == NULL)
            batch->sorted[batch->sorted_count++] = &batch->facts[i];
    qsort(batch->sorted, batch->sorted_count, sizeof(struct fact *), compare_facts);
}

depesha_status depesha_batch_check(depesha_batch *batch)
{
    if (setjmp(batch->escape) != 0)
        return DEPESHA_NO_MEMORY;
    sort_numbers(batch);
    for (const struct rule *rule = batch->grammar->rules; rule != NULL; rule = rule->next)
        for (const struct condition *c = rule->off ? NULL : rule->conditions; c != NULL; c = c->next) {
            if (c->predicate == WHEN_SHARED)
                find_shared(batch, rule, c);
            for (size_t i = 0; c->predicate == WHEN_MISDATED && i < batch->fact_count; i++)
                if (batch->facts[i].condition == c && batch->facts[i].date != NULL)
                    find_misdated(batch, rule, c, &batch->facts[i]);
        }
    return DEPESHA_OK;
}

size_t depesha_batch_finding_count(const depesha_batch *batch)
{
    return batch == NULL ? 0 : batch->finding_count;
}

const depesha_batch_finding *depesha_batch_finding_at(const depesha_batch *batch, size_t index)
{
    return index < depesha_batch_finding_count(batch) ? &batch->findings[index] : NULL;
}
