/* Values of one record held against one another. */
#include "check.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ENTRIES = 256, WIDE_RANGE = 100 }; /* longer lists are none, wider ranges are slips */

/* The first value of a key, or NULL. */
static const struct value *value_of(const struct finder *f, const struct key *key)
{
    for (size_t i = 0; i < f->record->values.count; i++)
        if (f->record->values.at[i].key == key)
            return &f->record->values.at[i];
    return NULL;
}

/* ---- dates ---------------------------------------------------------------------------------- */

bool moment_days(const struct moment *moment, long *days)
{
    if (moment->year < 0 || moment->month < 1 || moment->day < 1)
        return false;
    /* Years that begin with March have their odd day at the end. */
    long year = moment->month > 2 ? moment->year : moment->year - 1;
    long month = (moment->month + 9) % 12;
    *days = 365 * year + year / 4 - year / 100 + year / 400 + (month * 306 + 5) / 10 + moment->day - 1;
    return true;
}

bool value_days(const struct value *value, long *days)
{
    const struct moment moment = value_moment(value);
    return moment_days(&moment, days);
}

static bool is_outside(const struct finder *f, const struct value *value)
{
    const struct depesha_grammar *grammar = f->d->grammar;
    int year = value->moment.year;
    if (year < 0)
        return false;
    if (year < grammar->first_year || year > grammar->last_year)
        return true;
    return f->untimely != NULL && (year < f->untimely->first_year || year > f->untimely->last_year);
}

/* A date of the key that other dates can be held against: a day that can be right. */
static const struct value *day_of(const struct finder *f, const struct key *key, long *days)
{
    const struct value *value = value_of(f, key);
    if (value == NULL || is_outside(f, value) || !value_days(value, days))
        return NULL;
    return value;
}

void find_outside(struct finder *f)
{
    for (size_t i = 0; i < f->record->values.count; i++) {
        const struct value *value = &f->record->values.at[i];
        if (value->key->type->kind != KIND_DATE || value->inferred ||
            f->d->grammar->by_index[value->field]->certainty < 1 || !is_outside(f, value))
            continue;
        const struct depesha_grammar *grammar = f->d->grammar;
        bool ever = value->moment.year >= grammar->first_year && value->moment.year <= grammar->last_year;
        int first = ever ? f->untimely->first_year : grammar->first_year;
        int last = ever ? f->untimely->last_year : grammar->last_year;
        find(f, value->span, NULL,
             (const struct telling[]){{"key", value->key->path},
                                      {"value", value->text},
                                      {"what", ever ? f->untimely->id : grammar->name},
                                      {"first", arena_format(&f->d->work, "%d", first)},
                                      {"last", arena_format(&f->d->work, "%d", last)},
                                      {0}});
    }
}

/* A value that does not go with another one, of which `text` is what matters. */
static void find_beside(struct finder *f, const struct value *value, const struct value *other, const char *text,
                        const char *days)
{
    find(f, value->span, NULL,
         (const struct telling[]){{"key", value->key->path},
                                  {"value", value->text},
                                  {"other.key", other->key->path},
                                  {"other", text},
                                  {"line", line_text(f, other->span.start)},
                                  {"days", days},
                                  {0}});
}

static void find_pair(struct finder *f, const struct value *value, const struct value *other, const char *days)
{
    find_beside(f, value, other, other->text, days);
}

/* The stages of the form come one after another; a day that was taken from another stage says nothing. */
void find_disordered(struct finder *f)
{
    if (f->record->form == NULL)
        return;
    const struct value *before = NULL;
    for (const struct name_list *stage = f->record->form->order; stage != NULL; stage = stage->next) {
        const struct value *value = values_find(&f->record->values, stage->name);
        if (value == NULL || value->undated || is_outside(f, value))
            continue;
        if (before != NULL && moment_compare(&before->moment, &value->moment) > 0 &&
            !is_found(f, shown_span(f, value->span)) && !is_found(f, shown_span(f, before->span)))
            find_pair(f, value, before, "");
        before = value;
    }
}

/* The day that stands alone; of two the one that stands later. */
void find_apart(struct finder *f)
{
    const struct value *at[MAX_FINDINGS];
    long days[MAX_FINDINGS];
    size_t count = 0;
    for (const struct key **key = f->condition->keys; *key != NULL && count < MAX_FINDINGS; key++)
        if ((at[count] = day_of(f, *key, &days[count])) != NULL)
            count++;
    for (size_t i = 0; i < count; i++) {
        size_t nearest = SIZE_MAX;
        for (size_t j = 0; j < count; j++)
            if (j != i && (nearest == SIZE_MAX || labs(days[j] - days[i]) < labs(days[nearest] - days[i])))
                nearest = j;
        if (nearest == SIZE_MAX || labs(days[nearest] - days[i]) <= f->condition->number ||
            (count == 2 && at[i]->span.start < at[nearest]->span.start))
            continue;
        find_pair(f, at[i], at[nearest], arena_format(&f->d->work, "%ld", labs(days[nearest] - days[i])));
    }
}

/* The days of a date, or of those that are read in a text: up to `room`. *date is the first of them. */
static size_t days_in_text(struct finder *f, const struct value *value, long *days, size_t room, const char **date)
{
    const struct condition *condition = f->condition;
    struct span span = value->span, found;
    struct moment moment;
    size_t count = 0;
    *date = value->text;
    if (value->key->type->kind == KIND_DATE)
        return is_outside(f, value) ? 0 : value_days(value, days);
    while (condition->definition != NULL && count < room && span.start < span.end &&
           matcher_match(&f->d->matcher, &condition->pattern, span.start, span.end, &found) &&
           found.end > found.start) {
        if (moment_read(&f->d->matcher, condition->definition, found, &moment) == NULL &&
            moment_days(&moment, &days[count]) && count++ == 0)
            *date = moment_text(&f->d->work, &moment);
        span.start = found.end;
    }
    return count;
}

/* None of the dates is near the other one. */
void find_different(struct finder *f)
{
    const struct value *target = NULL, *nearest = NULL;
    long wanted[8], days, best = LONG_MAX;
    const char *date = "";
    size_t count = 0;
    for (const struct key **key = f->condition->others; *key != NULL && count == 0; key++)
        if ((target = value_of(f, *key)) != NULL)
            count = days_in_text(f, target, wanted, sizeof wanted / sizeof *wanted, &date);
    for (const struct key **key = f->condition->keys; *key != NULL; key++) {
        const struct value *value = day_of(f, *key, &days);
        for (size_t i = 0; value != NULL && i < count; i++)
            if (labs(days - wanted[i]) < best) {
                best = labs(days - wanted[i]);
                nearest = value;
            }
    }
    if (nearest == NULL || best <= f->condition->number)
        return;
    const char *distance = arena_format(&f->d->work, "%ld", best);
    if (target->key->type->kind == KIND_DATE && target->span.start > nearest->span.start)
        find_pair(f, target, nearest, distance);
    else
        find_beside(f, nearest, target, date, distance);
}

/* ---- numbers -------------------------------------------------------------------------------- */

/* The dash at `at`: its size, or 0. */
static size_t dash_size(const char *at)
{
    unsigned char last = at[0] == '\xE2' && at[1] == '\x80' ? (unsigned char)at[2] : 0;
    return at[0] == '-' ? 1 : last >= 0x90 && last <= 0x95 ? 3 : 0;
}

/* What is wrong with a range of numbers, or NULL; *at is moved behind it. */
static const char *range_fault(struct arena *arena, const char **at)
{
    char *end;
    const char *start = *at;
    long first = strtol(start, &end, 10);
    size_t digits = (size_t)(end - start), dash = dash_size(end);
    *at = end;
    if (dash == 0 || end[dash] < '0' || end[dash] > '9')
        return NULL;
    const char *second = end + dash;
    long last = strtol(second, &end, 10);
    size_t last_digits = (size_t)(end - second);
    *at = end;
    if (digits > 9 || last_digits > 9)
        return NULL;
    if (dash_size(end) > 0 && end[dash_size(end)] >= '0' && end[dash_size(end)] <= '9')
        return "has more than two ends";
    /* 1643-44 is short for 1643-1644. */
    if (last_digits < digits) {
        long scale = 1;
        for (size_t i = 0; i < last_digits; i++)
            scale *= 10;
        last += first / scale * scale;
    }
    if (last == first)
        return "has the same number at both ends";
    if (last < first)
        return "runs backwards";
    return last - first > WIDE_RANGE ? arena_format(arena, "takes in %ld numbers", last - first + 1) : NULL;
}

/* What stands behind a number looks as if a range went on: a dash and no number, or two dashes. */
static bool is_broken_off(const struct finder *f, struct span *span)
{
    const struct text *text = &f->d->text;
    size_t at = span->end;
    while (at < text->size && text->at[at] == ' ')
        at++;
    size_t dash = dash_size(text->at + at), more = dash == 0 ? 0 : dash_size(text->at + at + dash);
    if (dash == 0 || (more == 0 && text->at[at + dash] != '\n' && text->at[at + dash] != '\r'))
        return false;
    if (more > 0 && !(text->at[at + dash + more] >= '0' && text->at[at + dash + more] <= '9'))
        return false;
    span->end = at + dash + more;
    return true;
}

void find_reversed(struct finder *f)
{
    const struct values *values = &f->record->values;
    for (size_t i = 0; i < values->count; i++) {
        const struct value *value = &values->at[i];
        const char *fault = NULL;
        struct span span = value->span;
        const struct key **key = f->condition->keys;
        while (*key != NULL && *key != value->key)
            key++;
        if (*key == NULL)
            continue;
        for (const char *at = value->text; fault == NULL && *at != '\0';)
            if (*at >= '0' && *at <= '9')
                fault = range_fault(&f->d->work, &at);
            else
                at++;
        if (fault == NULL && value->key->list == 0 && is_broken_off(f, &span))
            fault = "breaks off";
        if (fault != NULL)
            find(f, span, NULL,
                 (const struct telling[]){
                     {"key", value->key->path}, {"value", folded(&f->d->matcher, span)}, {"why", fault}, {0}});
    }
}

/* How many copies a list gives: an entry without a number gets one. The first of `keys` is the list's, the second its
 * numbers'. */
static long copies_of(const struct finder *f, const struct key *const *keys, const struct value **first)
{
    long sum = 0;
    *first = NULL;
    for (size_t i = 0; i < f->record->values.count; i++) {
        const struct value *value = &f->record->values.at[i];
        if (value->key == keys[0]) {
            sum++;
            *first = *first == NULL ? value : *first;
        } else if (value->key == keys[1]) {
            sum += strtol(value->text, NULL, 10) - 1;
        }
    }
    return sum;
}

void find_unequal(struct finder *f)
{
    const struct value *first, *count = value_of(f, f->condition->keys[0]);
    long sum = copies_of(f, f->condition->others, &first);
    if (count == NULL || first == NULL || sum == strtol(count->text, NULL, 10))
        return;
    find(f, count->span, NULL,
         (const struct telling[]){{"key", count->key->path},
                                  {"value", count->text},
                                  {"other.key", first->key->path},
                                  {"other", arena_format(&f->d->work, "%ld", sum)},
                                  {"line", line_text(f, first->span.start)},
                                  {0}});
}

void find_above(struct finder *f)
{
    const struct value *value = value_of(f, f->condition->keys[0]), *other = NULL;
    for (const struct key **key = f->condition->others; *key != NULL && other == NULL; key++)
        other = value_of(f, *key);
    if (value != NULL && other != NULL && strtol(value->text, NULL, 10) > strtol(other->text, NULL, 10))
        find_pair(f, value, other, "");
}

/* ---- names ---------------------------------------------------------------------------------- */

/* An entry that comes again: at once, it has two copies, as long as the list gives no numbers of copies. */
void find_repeated(struct finder *f)
{
    const struct key *key = f->condition->keys[0], *counts = f->condition->keys[1];
    struct {
        const struct value *value;
        const char *name;
    } at[MAX_ENTRIES];
    bool counted = counts != NULL && value_of(f, counts) != NULL;
    size_t count = 0;
    for (size_t i = 0; i < f->record->values.count && count < MAX_ENTRIES; i++) {
        const struct value *value = &f->record->values.at[i];
        if (value->key != key)
            continue;
        const char *name = word_capitals(&f->d->work, value->text, strlen(value->text));
        for (size_t j = 0; j < count; j++)
            if (strcmp(name, at[j].name) == 0 && (counted || j + 1 < count)) {
                find_pair(f, value, at[j].value, "");
                break;
            }
        at[count].value = value;
        at[count++].name = name;
    }
}

/* The longest word of a name is the one that counts. */
static const char *surname(struct arena *arena, const char *name)
{
    size_t longest = 0;
    const char *start = name;
    for (const char *at = name; *at != '\0';) {
        size_t size = strcspn(at, " .");
        if (size > longest) {
            longest = size;
            start = at;
        }
        at += size + strspn(at + size, " .");
    }
    return arena_copy(arena, start, longest);
}

/* How many letters two words have in common from the start. */
static size_t common_letters(const char *a, const char *b)
{
    size_t letters = 0;
    for (; *a != '\0' && *a == *b; a++, b++)
        letters += ((unsigned char)*a & 0xC0) != 0x80;
    return letters;
}

/* Names that are one but for a slip. Russian names end in their cases: there the end says nothing. */
static bool is_respelled(const char *a, const char *b)
{
    size_t letters = word_length(a, strlen(a)), others = word_length(b, strlen(b));
    size_t shorter = letters < others ? letters : others;
    bool cyrillic = (unsigned char)a[0] >= 0xD0;
    if (shorter < 5 || cyrillic != ((unsigned char)b[0] >= 0xD0) || strcmp(a, b) == 0)
        return false;
    if (cyrillic && common_letters(a, b) + 3 >= shorter)
        return false;
    size_t limit = shorter >= 8 ? 2 : 1;
    return word_distance(a, b, limit) <= limit;
}

/* A name of `value` that is nearly one in the other value, and no other there is just it. */
static const char *other_spelling(struct finder *f, const char *name, const struct value *other)
{
    const char *text = word_capitals(&f->d->work, other->text, strlen(other->text)), *near = NULL;
    for (const char *at = text; *at != '\0';) {
        size_t size = strcspn(at, " .");
        const char *word = arena_copy(&f->d->work, at, size);
        if (strcmp(word, name) == 0)
            return NULL;
        if (is_respelled(name, word))
            near = word;
        at += size + strspn(at + size, " .");
    }
    return near;
}

static bool is_one_of(const struct key *const *keys, const struct key *key)
{
    while (*keys != NULL && *keys != key)
        keys++;
    return *keys != NULL;
}

void find_respelled(struct finder *f)
{
    const struct values *values = &f->record->values;
    const struct value *others[MAX_ENTRIES];
    size_t count = 0;
    for (size_t i = 0; i < values->count && count < MAX_ENTRIES; i++)
        if (is_one_of(f->condition->others, values->at[i].key))
            others[count++] = &values->at[i];
    for (size_t i = 0, names = 0; i < values->count && names < MAX_ENTRIES; i++) {
        const struct value *value = &values->at[i];
        if (!is_one_of(f->condition->keys, value->key))
            continue;
        const char *name = surname(&f->d->work, word_capitals(&f->d->work, value->text, strlen(value->text)));
        const char *spelling = NULL;
        names++;
        for (size_t n = 0; n < count && spelling == NULL; n++)
            if (others[n] != value && (spelling = other_spelling(f, name, others[n])) != NULL)
                find_beside(f, value, others[n], spelling, "");
    }
}

/* ---- what is missing, and what is not certain ------------------------------------------------ */

/* Whether something stands there that makes no value: then it is not missing. */
static bool is_misread(const struct finder *f, const struct demand *demand)
{
    for (const struct name_list *name = demand->any; name != NULL; name = name->next)
        for (size_t i = 0; i < f->record->values.wrong_count; i++)
            if (strcmp(f->record->values.wrong[i].key->path, name->name) == 0)
                return true;
    return false;
}

void find_missing(struct finder *f)
{
    const struct lines *lines = &f->d->lines;
    size_t line = line_at(lines, f->record->span.start);
    while (line + 1 < lines->count && line_of(lines, line)->blank)
        line++;
    for (const struct demand *demand = f->condition->demands; demand != NULL; demand = demand->next) {
        struct buffer what = {.arena = &f->d->work};
        if (form_meets(f->record, demand) || is_misread(f, demand))
            continue;
        form_name_demand(&what, demand);
        uint32_t first = line_of(lines, line)->first;
        find(f, (struct span){first, first}, NULL,
             (const struct telling[]){
                 {"what", what.at}, {"form", f->record->form == NULL ? "" : f->record->form->title}, {0}});
    }
}

void find_uncertain(struct finder *f)
{
    for (size_t i = 0; i < f->record->values.count; i++) {
        const struct value *value = &f->record->values.at[i];
        if (value_certainty(f->d->grammar, value) * 100 < f->condition->number)
            find(f, value->span, NULL,
                 (const struct telling[]){
                     {"key", value->key->path},
                     {"value", value->text},
                     {"text", shown_text(f, shown_span(f, value->span))},
                     {"certainty", arena_format(&f->d->work, "%.0f", value_certainty(f->d->grammar, value) * 100)},
                     {0}});
    }
}
