#include "value.h"

#include "pattern.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- texts --------------------------------------------------------------------------------- */

/* The size of the blank at `at`: ASCII, no-break and the like. 0: none. */
static size_t blank_size(const char *at, size_t size)
{
    unsigned char c = (unsigned char)*at;
    if (c <= ' ')
        return 1;
    if (size >= 2 && c == 0xC2 && (unsigned char)at[1] == 0xA0)
        return 2;
    if (size >= 3 && c == 0xE2 && (unsigned char)at[1] == 0x80 &&
        ((unsigned char)at[2] <= 0x8B || (unsigned char)at[2] == 0xAF))
        return 3;
    return 0;
}

bool next_word(const char *text, size_t size, size_t *at, struct span *word)
{
    size_t blank, start = *at;
    while (start < size && (blank = blank_size(text + start, size - start)) > 0)
        start += blank;
    size_t end = start;
    while (end < size && blank_size(text + end, size - end) == 0)
        end++;
    *word = (struct span){(uint32_t)start, (uint32_t)end};
    *at = end;
    return start < end;
}

static void add_folded(struct buffer *buffer, const char *at, size_t size)
{
    bool gap = buffer->size > 0 && buffer->at[buffer->size - 1] != ' ';
    bool pending = false;
    for (size_t i = 0; i < size;) {
        size_t blank = blank_size(at + i, size - i);
        if (blank > 0) {
            pending = true;
            i += blank;
            continue;
        }
        if (pending && (gap || buffer->size > 0) && buffer->at[buffer->size - 1] != ' ')
            buffer_puts(buffer, " ");
        pending = false;
        buffer_add(buffer, at + i, 1);
        i++;
    }
    if (pending && buffer->size > 0 && buffer->at[buffer->size - 1] != ' ')
        buffer_puts(buffer, " ");
}

static bool is_letter_byte(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0xC3;
}

/* Adds a span without what `drop` matches. A drop never begins inside a word. */
static void add_without(struct buffer *buffer, struct matcher *matcher, const struct pattern *drop, struct span span)
{
    const char *text = matcher->text->at;
    size_t done = span.start, from = span.start;
    struct span found;
    while (from < span.end && matcher_match(matcher, drop, from, span.end, &found)) {
        bool inside = found.start > span.start && is_letter_byte((unsigned char)text[found.start]) &&
                      (is_letter_byte((unsigned char)text[found.start - 1]) ||
                       ((unsigned char)text[found.start - 1] & 0xC0) == 0x80) &&
                      !at_boundary(matcher->text, found.start);
        if (found.end == found.start || inside) {
            from = found.start + 1;
            while (from < span.end && ((unsigned char)text[from] & 0xC0) == 0x80)
                from++;
            continue;
        }
        add_folded(buffer, text + done, found.start - done);
        done = from = found.end;
    }
    add_folded(buffer, text + done, span.end - done);
}

static void trim_end(struct buffer *buffer)
{
    while (buffer->size > 0 && buffer->at[buffer->size - 1] == ' ')
        buffer->at[--buffer->size] = '\0';
}

const char *folded(struct matcher *matcher, struct span span)
{
    struct buffer buffer = {.arena = matcher->arena};
    buffer_puts(&buffer, "");
    add_folded(&buffer, matcher->text->at + span.start, span.end - span.start);
    trim_end(&buffer);
    return buffer.at;
}

/* Room for a text, until the next one is made. */
static struct buffer *cleared(struct values *values, struct matcher *matcher, size_t n)
{
    struct buffer *buffer = &values->words[n];
    buffer->arena = matcher->arena;
    buffer->size = 0;
    buffer_puts(buffer, "");
    return buffer;
}

/* The text of a span without what the type drops, which for all but plain texts includes damage. */
static char *without(struct values *values, struct matcher *matcher, const struct type *type, struct span span)
{
    struct buffer *buffer = cleared(values, matcher, 0);
    add_without(buffer, matcher, &type->drop, span);
    trim_end(buffer);
    return buffer->at;
}

/* A copy that lasts. */
static const char *keep_text(struct values *values, struct matcher *matcher, const char *text)
{
    enum { POOL = 1024 };
    size_t size = strlen(text) + 1, hash = size;
    for (size_t i = 0; i + 1 < size; i++)
        hash = hash * 31 + (unsigned char)text[i];
    const char **held = &values->texts[(hash ^ hash >> 8) % TEXTS_HELD];
    if (*held != NULL && strcmp(*held, text) == 0)
        return *held;
    if (size > POOL)
        return *held = arena_copy(matcher->arena, text, size - 1);
    if (size > values->pool_left) {
        values->pool = arena_take(matcher->arena, POOL, 1);
        values->pool_left = POOL;
    }
    char *copy = memcpy(values->pool, text, size);
    values->pool += size;
    values->pool_left -= size;
    return *held = copy;
}

/* Quotes, brackets and punctuation around a name are not part of it; the dot of an initial is. In place. */
static char *trimmed_name(char *text)
{
    static const char *const edges[] = {" ",
                                        ",",
                                        ";",
                                        ":",
                                        "\"",
                                        "'",
                                        "(",
                                        ")",
                                        "*",
                                        "_",
                                        "/",
                                        "\xE2\x80\x9C",
                                        "\xE2\x80\x9D",
                                        "\xE2\x80\x9E",
                                        "\xC2\xAB",
                                        "\xC2\xBB",
                                        "\xE2\x80\x99",
                                        "\xE2\x80\x98",
                                        "-",
                                        "\xE2\x80\x93",
                                        "\xE2\x80\x94",
                                        "|"};
    size_t start = 0, end = strlen(text);
    for (bool more = true; more && start < end;) {
        more = false;
        for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
            size_t n = strlen(edges[i]);
            bool parenthesis = *edges[i] == ')' && memchr(text + start, '(', end - start) != NULL;
            if (end - start < n)
                continue;
            if (text[start] == *edges[i] && memcmp(text + start, edges[i], n) == 0) {
                start += n;
                more = true;
            } else if (text[end - n] == *edges[i] && !parenthesis && memcmp(text + end - n, edges[i], n) == 0) {
                end -= n;
                more = true;
            }
        }
        bool initial = end - start >= 2 && (end - start < 3 || text[end - 3] == ' ' || text[end - 3] == '.' ||
                                            ((unsigned char)text[end - 2] >= 0x80 && end - start >= 4 &&
                                             (text[end - 4] == ' ' || text[end - 4] == '.')));
        if (end > start && (text[end - 1] == '.' || text[end - 1] == '!') && !(initial && text[end - 1] == '.')) {
            end--;
            more = true;
        }
    }
    text[end] = '\0';
    return text + start;
}

/* S H T Y K O V: single letters with blanks between them are one word. In place. */
static const char *joined_letters(char *text)
{
    size_t letters = 0;
    for (const char *p = text; *p != '\0';) {
        size_t n = 1;
        while (((unsigned char)p[n] & 0xC0) == 0x80)
            n++;
        if (!is_letter_byte((unsigned char)*p) || (p[n] != ' ' && p[n] != '\0'))
            return text;
        letters++;
        p += n + (p[n] == ' ');
    }
    if (letters < 3)
        return text;
    size_t kept = 0;
    for (const char *p = text; *p != '\0'; p++)
        if (*p != ' ')
            text[kept++] = *p;
    text[kept] = '\0';
    return text;
}

/* Numbers lose the blanks around their signs: "484 - 487" is "484-487". */
static const char *closed_number(struct buffer *buffer, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == ' ' && (p[1] == '-' || p[1] == '/' || (p > text && (p[-1] == '-' || p[-1] == '/'))))
            continue;
        if (*p == ' ' && strncmp(p + 1, "\xE2\x80\x93", 3) == 0)
            continue;
        if (*p == ' ' && p - text >= 3 && strncmp(p - 3, "\xE2\x80\x93", 3) == 0)
            continue;
        buffer_add(buffer, p, 1);
    }
    while (buffer->size > 0 && strchr(".,;: ", buffer->at[buffer->size - 1]) != NULL)
        buffer->at[--buffer->size] = '\0';
    return buffer->at;
}

/* ---- parts --------------------------------------------------------------------------------- */

/* The code of the enumeration that a span is, or NULL. */
static const char *code_of(struct matcher *matcher, const struct definition *enumeration, struct span span)
{
    struct span found;
    if (enumeration == NULL || !matcher_match(matcher, &enumeration->codes, span.start, span.end, &found))
        return NULL;
    const char *name = (const char *)pcre2_get_mark(matcher->data);
    long n = name == NULL ? 0 : strtol(name, NULL, 10);
    const struct entry *entry = enumeration->entries;
    while (n-- > 0 && entry != NULL)
        entry = entry->next;
    return entry == NULL ? NULL : entry->code;
}

/* A number in digits, or in words that the enumeration of the part's name knows; -1: neither. */
static int number_of(struct matcher *matcher, const char *part, struct span span)
{
    long number = 0;
    size_t digits = 0;
    for (size_t i = span.start; i < span.end; i++) {
        char c = matcher->text->at[i];
        if (c >= '0' && c <= '9' && number < 100000) {
            number = number * 10 + (c - '0');
            digits++;
        } else {
            digits = 0;
            break;
        }
    }
    if (digits > 0)
        return (int)number;
    const char *code = code_of(matcher, find_definition(matcher->grammar, part, strlen(part)), span);
    return code == NULL ? -1 : (int)strtol(code, NULL, 10);
}

struct part {
    const char *name;
    struct span span;
};

/* To be given back with leave_parts. */
struct parts {
    struct part *at;
    size_t count, room;
};

static void leave_parts(struct matcher *matcher, const struct parts *parts)
{
    arena_leave(matcher->arena, parts->at, parts->room * sizeof *parts->at);
}

static bool is_filled(struct span group)
{
    return group.start < group.end;
}

/* Takes a text apart by the pattern of its token. */
static struct parts take_apart(struct matcher *matcher, const struct definition *reader, struct span span)
{
    struct parts parts = {0};
    struct span found;
    if (reader == NULL || !matcher_match(matcher, &reader->parts, span.start, span.end, &found))
        return parts;
    const struct compiled *compiled = pattern_compiled(matcher->grammar, &reader->parts, matcher->own);
    parts.at = arena_grow(matcher->arena, NULL, 0, &parts.room, compiled->part_count + 1, sizeof *parts.at);
    for (size_t i = 0; i < compiled->part_count; i++)
        if (is_filled(matcher_group(matcher, i + 1)))
            parts.at[parts.count++] = (struct part){compiled->part_names[i], matcher_group(matcher, i + 1)};
    return parts;
}

/* ---- dates --------------------------------------------------------------------------------- */

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && (year < 0 || is_leap(year)) ? 29 : days[month - 1];
}

/* 46 is the year of the grammar's period that ends so; -2: there is none. */
static int full_year(const struct depesha_grammar *grammar, int year)
{
    if (year < 0 || year > 99)
        return year;
    for (int y = grammar->first_year; y <= grammar->last_year; y++)
        if (y % 100 == year)
            return y;
    return -2;
}

enum { MOMENT_ROOM = 80 }; /* five numbers at their longest */

static void write_moment(char *to, const struct moment *m)
{
    size_t at = 0;
    if (m->year >= 0)
        at += (size_t)snprintf(to, MOMENT_ROOM, "%04d", m->year);
    else
        at += (size_t)snprintf(to, MOMENT_ROOM, "XXXX");
    if (m->month > 0)
        at += (size_t)snprintf(to + at, MOMENT_ROOM - at, "-%02d", m->month);
    if (m->month > 0 && m->day > 0)
        at += (size_t)snprintf(to + at, MOMENT_ROOM - at, "-%02d", m->day);
    if (m->day > 0 && m->hour >= 0)
        snprintf(to + at, MOMENT_ROOM - at, "T%02d:%02d", m->hour, m->minute < 0 ? 0 : m->minute);
}

const char *moment_text(struct arena *arena, const struct moment *m)
{
    char text[MOMENT_ROOM];
    write_moment(text, m);
    return arena_copy(arena, text, strlen(text));
}

static struct packed_moment packed(const struct moment *m)
{
    return (struct packed_moment){m->year, m->month, m->day, m->hour, m->minute, (unsigned)m->order};
}

/* A date's text; `open` where it is a guess. */
static void set_moment(struct values *values, struct matcher *matcher, struct value *value, const struct moment *m,
                       bool open)
{
    char text[MOMENT_ROOM + 1];
    write_moment(text, m);
    if (open)
        memcpy(text + strlen(text), "?", 2);
    value->moment = packed(m);
    value->text = keep_text(values, matcher, text);
}

int moment_compare(const struct packed_moment *a, const struct packed_moment *b)
{
    const int left[] = {a->year, a->month, a->day, a->hour, a->minute};
    const int right[] = {b->year, b->month, b->day, b->hour, b->minute};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        if (left[i] < 0 || right[i] < 0)
            return 0;
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    }
    return 0;
}

/* Says what is wrong with a moment, or NULL. */
static const char *impossible(struct arena *arena, const struct moment *m)
{
    if (m->year == -2)
        return "no year of the period ends in these digits";
    if (m->day >= 0 && m->month < 0)
        return "its month is missing";
    if (m->month == 0 || m->month > 12)
        return arena_format(arena, "there is no month %d", m->month);
    if (m->day == 0 || (m->month > 0 && m->day > days_in(m->year, m->month)))
        return arena_format(arena, "month %d has no day %d", m->month, m->day);
    if (m->hour > 24 || m->minute > 59 || (m->hour == 24 && m->minute > 0))
        return arena_format(arena, "there is no time %d:%02d", m->hour, m->minute);
    return NULL;
}

static void swap_day(struct moment *m)
{
    int day = m->month;
    m->month = m->day;
    m->day = day;
}

/* Between slashes the order of day and month is not certain; with dots and before a year it is. */
static bool is_slashed(const struct text *text, const struct parts *parts)
{
    bool slashed = false;
    for (size_t i = 0; i < parts->count; i++) {
        const struct part *part = &parts->at[i];
        unsigned char first = (unsigned char)text->at[part->span.start];
        if (strcmp(part->name, "month") == 0)
            slashed = first >= '0' && first <= '9' && part->span.start > 0 && text->at[part->span.start - 1] == '/' &&
                      part->span.end < text->size && text->at[part->span.end] == '/';
        else if (strcmp(part->name, "year") == 0 && i == 0)
            return false;
    }
    return slashed;
}

const char *moment_read(struct matcher *matcher, const struct definition *reader, struct span span, struct moment *m)
{
    struct parts parts = take_apart(matcher, reader, span);
    *m = (struct moment){-1, -1, -1, -1, -1, ORDER_PLAIN};
    bool slashed = is_slashed(matcher->text, &parts);
    int half = -1;
    for (size_t i = 0; i < parts.count; i++) {
        const struct {
            const char *name;
            int *field;
        } fields[] = {{"year", &m->year}, {"month", &m->month},   {"day", &m->day},
                      {"hour", &m->hour}, {"minute", &m->minute}, {"half", &half}};
        for (size_t f = 0; f < sizeof fields / sizeof *fields; f++)
            if (strcmp(parts.at[i].name, fields[f].name) == 0)
                *fields[f].field = number_of(matcher, parts.at[i].name, parts.at[i].span);
    }
    leave_parts(matcher, &parts);
    if (m->year < 0 && m->month < 0 && (m->hour < 0 || m->day >= 0))
        return "this is no date";
    m->year = full_year(matcher->grammar, m->year);
    if (m->month > 12 && m->day >= 1 && m->day <= 12) { /* the American order */
        swap_day(m);
        m->order = slashed ? ORDER_MONTH_FIRST : ORDER_PLAIN;
    } else if (slashed && m->day != m->month) {
        m->order = m->day > 12 ? ORDER_DAY_FIRST : ORDER_OPEN;
    }
    if (half == 12 && m->hour >= 1 && m->hour < 12)
        m->hour += 12;
    else if (half == 0 && m->hour == 12)
        m->hour = 0;
    return impossible(matcher->arena, m);
}

/* ---- values -------------------------------------------------------------------------------- */

static void misread(struct values *values, struct matcher *matcher, const struct key *key, struct span span,
                    const char *why)
{
    values->wrong = arena_grow(matcher->arena, values->wrong, values->wrong_count, &values->wrong_room,
                               values->wrong_count + 1, sizeof *values->wrong);
    values->wrong[values->wrong_count++] = (struct misreading){key, span, why};
}

static struct value *new_value(struct values *values, struct matcher *matcher)
{
    values->at =
        arena_grow(matcher->arena, values->at, values->count, &values->room, values->count + 1, sizeof *values->at);
    struct value *value = &values->at[values->count++];
    *value = (struct value){.depth = values->depth & 7};
    return value;
}

/* Blanks at the ends of a span are not part of it. */
static struct span trimmed(const struct text *text, struct span span)
{
    while (span.start < span.end) {
        size_t blank = blank_size(text->at + span.start, span.end - span.start);
        if (blank == 0)
            break;
        span.start += blank;
    }
    while (span.end > span.start) {
        size_t last = span.end - 1;
        while (last > span.start && ((unsigned char)text->at[last] & 0xC0) == 0x80)
            last--;
        if (blank_size(text->at + last, span.end - last) != span.end - last)
            break;
        span.end = last;
    }
    return span;
}

struct capture {
    const struct mark *mark;
    const struct key *key;
    const struct type *type;
    const struct definition *reader;
    size_t entry;
};

/* One value from one text; false if the text makes none. */
static bool add_one(struct values *values, struct matcher *matcher, const struct capture *capture, struct span span)
{
    const struct type *type = capture->type;
    struct moment moment = {-1, -1, -1, -1, -1, ORDER_PLAIN};
    char short_text[MOMENT_ROOM];
    const char *text = NULL, *why = NULL;
    span = trimmed(matcher->text, span);
    switch (type->kind) {
    case KIND_TEXT:
        text = without(values, matcher, type, span);
        break;
    case KIND_NAME:
        text = joined_letters(trimmed_name(without(values, matcher, type, span)));
        break;
    case KIND_NUMBER:
        text = closed_number(cleared(values, matcher, 1), without(values, matcher, type, span));
        break;
    case KIND_INTEGER: {
        struct parts parts = take_apart(matcher, capture->reader, span);
        int number = parts.count > 0 ? number_of(matcher, parts.at[0].name, parts.at[0].span)
                                     : number_of(matcher, type->enumeration ? type->enumeration->name : "", span);
        leave_parts(matcher, &parts);
        if (number < 0) {
            why = "this is no number";
            break;
        }
        snprintf(short_text, sizeof short_text, "%d", number);
        text = short_text;
        break;
    }
    case KIND_DATE:
        why = moment_read(matcher, capture->reader, span, &moment);
        if (why != NULL)
            break;
        write_moment(short_text, &moment);
        text = short_text;
        break;
    case KIND_CODE:
        text = code_of(matcher,
                       capture->reader != NULL && capture->reader->is_enumeration ? capture->reader : type->enumeration,
                       span);
        why = "this is none of the words that the grammar knows";
        break;
    }
    if (text == NULL || *text == '\0') {
        if (why != NULL)
            misread(values, matcher, capture->key, span, why);
        return false;
    }
    struct value *value = new_value(values, matcher);
    value->key = capture->key;
    value->field = capture->mark->field->index & 0x7FFFFF;
    value->weak = capture->mark->field->weak;
    value->span = span;
    value->text = type->kind == KIND_CODE ? text : keep_text(values, matcher, text);
    value->entry = (uint32_t)capture->entry;
    value->moment = packed(&moment);
    return true;
}

/* The key beside another: "copies.distribution.copies" beside "copies.distribution.name". */
static const struct key *sibling(struct matcher *matcher, const struct key *key, const char *name)
{
    const char *dot = strrchr(key->path, '.');
    size_t size = dot == NULL ? 0 : (size_t)(dot - key->path) + 1;
    return find_key(matcher->grammar, arena_format(matcher->arena, "%.*s%s", (int)size, key->path, name));
}

static bool add_piece(struct values *values, struct matcher *matcher, const struct capture *capture, struct span span)
{
    span = trimmed(matcher->text, span);
    struct parts parts = take_apart(matcher, capture->type->item, span);
    if (parts.count == 0) {
        leave_parts(matcher, &parts);
        return add_one(values, matcher, capture, span);
    }
    const char *dot = strrchr(capture->key->path, '.');
    const char *own = dot == NULL ? capture->key->path : dot + 1;
    bool added = false;
    for (size_t i = 0; i < parts.count; i++)
        if (strcmp(parts.at[i].name, own) == 0)
            added = add_one(values, matcher, capture, parts.at[i].span) || added;
    for (size_t i = 0; added && i < parts.count; i++) {
        const struct key *key =
            strcmp(parts.at[i].name, own) == 0 ? NULL : sibling(matcher, capture->key, parts.at[i].name);
        if (key != NULL)
            add_one(values, matcher,
                    &(struct capture){capture->mark, key, key->type, key->type->definition, capture->entry},
                    parts.at[i].span);
    }
    leave_parts(matcher, &parts);
    return added;
}

/* Where a key is no list, the pieces are one value: the two who signed. */
static void join_pieces(struct values *values, struct matcher *matcher, size_t first)
{
    struct buffer *buffer = cleared(values, matcher, 0);
    for (size_t i = first; i < values->count; i++) {
        buffer_puts(buffer, i > first ? ", " : "");
        buffer_puts(buffer, values->at[i].text);
    }
    values->at[first].text = keep_text(values, matcher, buffer->at);
    values->at[first].span.end = values->at[values->count - 1].span.end;
    values->count = first + 1;
}

/* All values of one capture; returns how many entries of a list they take. */
static size_t add_capture(struct values *values, struct matcher *matcher, struct capture capture, struct span span)
{
    const struct type *type = capture.type;
    size_t added = 0, from = span.start, begin = span.start, first = values->count;
    struct span found;
    if (type->split.kind != PATTERN_NONE) {
        while (from < span.end && matcher_match(matcher, &type->split, from, span.end, &found)) {
            if (found.end <= found.start) {
                from = found.start + 1;
                continue;
            }
            if (add_piece(values, matcher, &capture, (struct span){begin, found.start})) {
                added++;
                capture.entry++;
            }
            begin = from = found.end;
        }
    }
    added += add_piece(values, matcher, &capture, (struct span){begin, span.end});
    if (capture.key->list == 0 && values->count > first + 1)
        join_pieces(values, matcher, first);
    return added;
}

void values_open(struct values *values, struct matcher *matcher)
{
    *values = (struct values){0};
    values->lengths = arena_take(matcher->arena, matcher->grammar->list_count + 1, sizeof *values->lengths);
    values->before = arena_take(matcher->arena, matcher->grammar->list_count + 1, sizeof *values->before);
    values->held = arena_take(matcher->arena, matcher->grammar->key_count + 1, sizeof *values->held);
}

/* A place that stands once before several persons is the place of each. */
static void share(struct values *values, struct matcher *matcher, size_t first, const struct mark *mark,
                  const size_t *before)
{
    size_t end = values->count;
    for (size_t i = first; i < end; i++) {
        const struct key *key = values->at[i].key;
        size_t own = 0;
        for (size_t s = 0; s < mark->field->slot_count; s++)
            own += mark->field->slots[s].key == key && mark->slots[s].start < mark->slots[s].end;
        if (key->list == 0 || key->path[key->list] == '\0' || key->type->split.kind != PATTERN_NONE || own != 1)
            continue;
        for (size_t entry = before[key->list_index] + 1; entry < values->lengths[key->list_index]; entry++) {
            struct value copy = values->at[i];
            copy.entry = (uint32_t)entry;
            *new_value(values, matcher) = copy;
        }
    }
}

static bool is_listed_code(const struct key *key)
{
    return key->list > 0 && key->path[key->list] == '\0' && key->type->kind == KIND_CODE;
}

static size_t code_slot(const struct value *value)
{
    return (value->key->index * 7 + strlen(value->text) * 3 + (unsigned char)*value->text) % CODES_HELD;
}

/* Whether a value says nothing beside one of its key that is held: drop_superseded would drop it without a word. */
static bool is_double(const struct values *values, const struct value *value)
{
    const struct value *held;
    if (value->key->readers != NULL)
        return false;
    if (is_listed_code(value->key)) {
        uint32_t code = values->codes[code_slot(value)];
        held = code == 0 ? NULL : &values->at[code - 1];
        return held != NULL && held->key == value->key && strcmp(held->text, value->text) == 0 &&
               (!held->weak || value->weak);
    }
    if (value->key->list > 0 || values->held[value->key->index] == 0)
        return false;
    held = &values->at[values->held[value->key->index] - 1];
    return value->weak ||
           (!held->weak && (value->key->root || value->depth > 0 || strcmp(held->text, value->text) == 0));
}

static void hold(struct values *values, size_t n)
{
    const struct value *value = &values->at[n];
    uint32_t *held = &values->held[value->key->index];
    if (is_listed_code(value->key))
        values->codes[code_slot(value)] = (uint32_t)n + 1;
    else if (value->key->list == 0 && (*held == 0 || (values->at[*held - 1].weak && !value->weak)))
        *held = (uint32_t)n + 1;
}

/* Of what a mark has added. */
static void drop_doubles(struct values *values, size_t first)
{
    size_t kept = first;
    for (size_t i = first; i < values->count; i++) {
        if (is_double(values, &values->at[i]))
            continue;
        values->at[kept] = values->at[i];
        hold(values, kept++);
    }
    values->count = kept;
}

void values_add(struct values *values, struct matcher *matcher, const struct mark *mark)
{
    const struct field *field = mark->field;
    size_t first = values->count;
    size_t *before = values->before;
    memcpy(before, values->lengths, matcher->grammar->list_count * sizeof *before);
    for (size_t i = 0; i < field->slot_count; i++) {
        const struct slot *slot = &field->slots[i];
        if (mark->slots[i].start >= mark->slots[i].end)
            continue;
        size_t list = slot->key->list_index, base = 0;
        if (slot->key->list > 0) {
            /* Entries that this mark has begun go on, unless it fills the same key again. */
            bool beside =
                values->outer != NULL && values->outer->key->list > 0 && values->outer->key->list_index == list;
            base = beside ? values->outer->entry : before[list];
            for (size_t j = first; j < values->count; j++)
                if (values->at[j].key == slot->key)
                    base = values->lengths[list];
        }
        const struct definition *reader = slot->reader;
        if (reader == NULL)
            reader = slot->type->definition;
        size_t added =
            add_capture(values, matcher, (struct capture){mark, slot->key, slot->type, reader, base}, mark->slots[i]);
        if (slot->key->list > 0 && base + added > values->lengths[list])
            values->lengths[list] = base + added;
    }
    share(values, matcher, first, mark, before);
    drop_doubles(values, first);
}

const struct value *values_find(const struct values *values, const char *path)
{
    for (size_t i = 0; i < values->count; i++)
        if (strcmp(values->at[i].key->path, path) == 0)
            return &values->at[i];
    return NULL;
}

/* Codes that a list has already, by key and text: a table with open addressing. */
struct codes {
    const struct value **at;
    size_t mask;
};

static struct codes open_codes(const struct values *values, struct arena *arena)
{
    size_t count = 0, room = 16;
    for (size_t i = 0; i < values->count; i++)
        count += values->at[i].key->list > 0 && values->at[i].key->type->kind == KIND_CODE;
    while (room / 2 < count)
        room *= 2;
    return (struct codes){arena_take(arena, room, sizeof(struct value *)), room - 1};
}

/* Adds a code; false if it is there. */
static bool add_code(struct codes *codes, const struct value *value)
{
    size_t hash = value->key->index;
    for (const char *p = value->text; *p != '\0'; p++)
        hash = hash * 33 + (unsigned char)*p;
    for (size_t i = hash & codes->mask;; i = (i + 1) & codes->mask) {
        const struct value *other = codes->at[i];
        if (other == NULL) {
            codes->at[i] = value;
            return true;
        }
        if (other->key == value->key && strcmp(other->text, value->text) == 0)
            return false;
    }
}

static void note_conflict(struct values *values, struct matcher *matcher, size_t kept, const struct value *value)
{
    /* A catalogue's page may name other documents, and what is read weakly or within a value proves nothing. */
    if (value->key->root || value->weak || value->depth > 0 || strcmp(values->at[kept].text, value->text) == 0)
        return;
    values->conflicts = arena_grow(matcher->arena, values->conflicts, values->conflict_count, &values->conflict_room,
                                   values->conflict_count + 1, sizeof *values->conflicts);
    values->conflicts[values->conflict_count++] = (struct conflict){kept, value->span, value->text};
}

/* Of several values for one key: the first that is not weak, else the first. Lists keep each code once. */
static void drop_superseded(struct values *values, struct matcher *matcher)
{
    size_t keys = matcher->grammar->key_count;
    bool *strong = arena_take(matcher->arena, keys + 1, sizeof *strong);
    size_t *taken = arena_take(matcher->arena, keys + 1, sizeof *taken); /* which is kept, and 1 */
    struct codes codes = open_codes(values, matcher->arena);
    size_t kept = 0;
    for (size_t i = 0; i < values->count; i++)
        strong[values->at[i].key->index] = strong[values->at[i].key->index] || !values->at[i].weak;
    for (size_t i = 0; i < values->count; i++) {
        const struct value *value = &values->at[i];
        size_t key = value->key->index;
        if (value->weak && strong[key])
            continue;
        if (value->key->list == 0 && taken[key] > 0) {
            note_conflict(values, matcher, taken[key] - 1, value);
            continue;
        }
        taken[key] = kept + 1;
        values->at[kept] = *value;
        if (!is_listed_code(value->key) || add_code(&codes, &values->at[kept]))
            kept++;
    }
    values->count = kept;
}

/* Whether a date is within two weeks of one whose order is certain; months are taken for equally long. */
static bool is_near(const struct values *values, const struct moment *m)
{
    enum { MONTH = 31, YEAR = 12 * MONTH, WEEKS = 14 };
    for (size_t i = 0; i < values->count; i++) {
        const struct packed_moment *other = &values->at[i].moment;
        if (values->at[i].key->type->kind != KIND_DATE || other->order == ORDER_OPEN || other->day < 0)
            continue;
        int days = (m->year - other->year) * YEAR + (m->month - other->month) * MONTH + m->day - other->day;
        if (days >= -WEEKS && days <= WEEKS)
            return true;
    }
    return false;
}

/* "5/6/50" is read as the document's other dates are, or so that it is near to them; else it stays open. */
static void settle_orders(struct values *values, struct matcher *matcher)
{
    bool day_first = false, month_first = false;
    for (size_t i = 0; i < values->count; i++) {
        day_first = day_first || values->at[i].moment.order == ORDER_DAY_FIRST;
        month_first = month_first || values->at[i].moment.order == ORDER_MONTH_FIRST;
    }
    for (size_t i = 0; i < values->count; i++) {
        struct value *value = &values->at[i];
        if (value->key->type->kind != KIND_DATE || value->moment.order != ORDER_OPEN)
            continue;
        struct moment moment = value_moment(value), swapped = moment;
        swap_day(&swapped);
        bool near = is_near(values, &moment), swapped_near = is_near(values, &swapped);
        if (day_first != month_first ? month_first : swapped_near && !near)
            moment = swapped;
        else if (day_first == month_first && near == swapped_near)
            value->open = true;
        set_moment(values, matcher, value, &moment,
                   day_first == month_first && near == swapped_near && moment.hour < 0);
    }
}

/* The date that stands nearest to a time without one; dates of the cable come before those of a page around it. */
static const struct value *nearest_date(const struct values *values, const struct value *time)
{
    const struct value *nearest = NULL;
    size_t least = 0;
    for (size_t i = 0; i < values->count; i++) {
        const struct value *value = &values->at[i];
        if (value->key->type->kind != KIND_DATE || value->moment.day < 0)
            continue;
        size_t far = value->span.start > time->span.start ? value->span.start - time->span.start
                                                          : time->span.start - value->span.start;
        bool better = nearest == NULL || (nearest->key->root && !value->key->root) ||
                      (nearest->key->root == value->key->root && far < least);
        if (better) {
            nearest = value;
            least = far;
        }
    }
    return nearest;
}

/* A time without a date is of the date that stands nearest, and no value if there is none. */
static void complete_times(struct values *values, struct matcher *matcher)
{
    size_t kept = 0;
    for (size_t i = 0; i < values->count; i++) {
        struct value *value = &values->at[i];
        if (value->key->type->kind == KIND_DATE && value->moment.month < 0 && value->moment.year < 0) {
            const struct value *date = nearest_date(values, value);
            if (date == NULL) {
                misread(values, matcher, value->key, value->span, "no date says of which day this time is");
                continue;
            }
            struct moment moment = value_moment(value);
            moment.year = date->moment.year;
            moment.month = date->moment.month;
            moment.day = date->moment.day;
            set_moment(values, matcher, value, &moment, false);
            value->undated = true;
            value->inferred = true;
        }
        values->at[kept++] = *value;
    }
    values->count = kept;
}

/* A date without its year has that of the document's other dates. */
static void complete_years(struct values *values, struct matcher *matcher)
{
    int year = -1;
    for (size_t i = 0; i < values->count && year < 0; i++)
        if (values->at[i].key->type->kind == KIND_DATE && !values->at[i].key->root)
            year = values->at[i].moment.year;
    for (size_t i = 0; i < values->count && year < 0; i++)
        if (values->at[i].key->type->kind == KIND_DATE)
            year = values->at[i].moment.year;
    for (size_t i = 0; year >= 0 && i < values->count; i++) {
        struct value *value = &values->at[i];
        if (value->key->type->kind != KIND_DATE || value->moment.year >= 0 || value->moment.month < 0)
            continue;
        struct moment moment = value_moment(value);
        moment.year = year;
        set_moment(values, matcher, value, &moment, false);
        value->inferred = true;
    }
}

/* Which entries of a list are used, a bit each, and how many are before each group of them. */
struct ranks {
    uint32_t used, before;
};

static uint32_t bits_in(uint32_t word)
{
    uint32_t bits = 0;
    for (; word != 0; word &= word - 1)
        bits++;
    return bits;
}

static bool is_in_list(const struct value *value, size_t list)
{
    return value->key->list > 0 && value->key->list_index == list;
}

/* Entries of a list are numbered anew once values have gone. */
static void number_list(struct values *values, struct matcher *matcher, size_t list)
{
    enum { BITS = 32 };
    size_t room = 0, length = values->lengths[list], groups = length / BITS + 1;
    struct ranks *ranks = arena_grow(matcher->arena, NULL, 0, &room, groups, sizeof *ranks);
    memset(ranks, 0, groups * sizeof *ranks);
    for (size_t i = 0; i < values->count; i++)
        if (is_in_list(&values->at[i], list))
            ranks[values->at[i].entry / BITS].used |= UINT32_C(1) << values->at[i].entry % BITS;
    uint32_t used = 0;
    for (size_t g = 0; g < groups; g++) {
        ranks[g].before = used;
        used += bits_in(ranks[g].used);
    }
    for (size_t i = 0; used < length && i < values->count; i++) {
        struct value *value = &values->at[i];
        if (!is_in_list(value, list))
            continue;
        const struct ranks *group = &ranks[value->entry / BITS];
        value->entry = group->before + bits_in(group->used & ((UINT32_C(1) << value->entry % BITS) - 1));
    }
    arena_leave(matcher->arena, ranks, room * sizeof *ranks);
}

static void number_entries(struct values *values, struct matcher *matcher)
{
    for (size_t list = 0; list < matcher->grammar->list_count; list++)
        if (values->lengths[list] > 0)
            number_list(values, matcher, list);
}

/* Digits that were mended are the least certain, since no dictionary has them. */
double value_certainty(const struct depesha_grammar *grammar, const struct value *value)
{
    double certainty = grammar->by_index[value->field]->certainty;
    certainty *= value->inferred ? 0.7 : 1;
    certainty *= value->open ? 0.5 : 1;
    return certainty * (value->digits ? 0.5 : value->mended ? 0.8 : 1);
}

const char *value_pointer(struct arena *arena, const struct value *value)
{
    const char *root = value->key->root ? "/" : "/cable/", *path = value->key->path;
    int list = (int)value->key->list;
    char *pointer =
        list == 0 ? arena_format(arena, "%s%s", root, path)
                  : arena_format(arena, "%s%.*s/%lu%s", root, list, path, (unsigned long)value->entry, path + list);
    for (char *dot = strchr(pointer, '.'); dot != NULL; dot = strchr(dot, '.'))
        *dot = '/';
    return pointer;
}

void values_settle(struct values *values, struct matcher *matcher)
{
    drop_superseded(values, matcher);
    complete_years(values, matcher);
    settle_orders(values, matcher);
    complete_times(values, matcher);
    number_entries(values, matcher);
}
