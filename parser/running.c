#include "running.h"

#include <string.h>

/* Lines of a page that may be running: the first two and the last two that are not blank. */
enum { TOP, SECOND, LAST_BUT_ONE, LAST, SLOTS, MAX_DIGITS = 4, LEAST_BARE = 3, LEAST_WORDS = 3 };

struct candidate {
    struct span line; /* without its break; empty if there is none */
    struct span rest; /* what stands beside the number */
    size_t number;    /* 0 if it has none */
    bool runs;
};

struct sheet {
    struct candidate at[SLOTS];
};

struct sheets {
    struct sheet *at;
    size_t count, room;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\f';
}

/* What may stand around a page's number. */
static bool is_frame(char c)
{
    return is_space(c) || c == '-' || c == '[' || c == ']' || c == '(' || c == ')' || c == '|' || c == '.';
}

static struct span trim(const struct text *text, struct span span)
{
    while (span.start < span.end && is_space(text->at[span.start]))
        span.start++;
    while (span.end > span.start && is_space(text->at[span.end - 1]))
        span.end--;
    return span;
}

/* Reads the digits from start to end as the line's number, and leaves `rest` beside them. */
static bool read_number(const struct text *text, struct span digits, struct span rest, struct candidate *candidate)
{
    size_t number = 0;
    if (digits.start == digits.end || digits.end - digits.start > MAX_DIGITS)
        return false;
    for (size_t i = digits.start; i < digits.end; i++)
        number = number * 10 + (size_t)(text->at[i] - '0');
    candidate->number = number;
    candidate->rest = trim(text, rest);
    return number > 0;
}

/* A number at the line's start or end, apart from words; or in a frame, alone. */
static struct candidate read_line(const struct text *text, struct span line)
{
    struct candidate candidate = {.line = trim(text, line)};
    struct span bare = candidate.line, digits;
    while (bare.start < bare.end && is_frame(text->at[bare.start]))
        bare.start++;
    while (bare.end > bare.start && is_frame(text->at[bare.end - 1]))
        bare.end--;
    digits = (struct span){bare.start, bare.start};
    while (digits.end < bare.end && is_digit(text->at[digits.end]))
        digits.end++;
    if ((digits.end == bare.end || is_space(text->at[digits.end])) &&
        read_number(text, digits, (struct span){digits.end, bare.end}, &candidate))
        return candidate;
    digits = (struct span){bare.end, bare.end};
    while (digits.start > bare.start && is_digit(text->at[digits.start - 1]))
        digits.start--;
    if (digits.start > bare.start && is_space(text->at[digits.start - 1]))
        read_number(text, digits, (struct span){bare.start, digits.start}, &candidate);
    return candidate;
}

/* ---- pages ---------------------------------------------------------------------------------- */

static void add_line(struct sheet *sheet, size_t *lines, struct candidate candidate)
{
    if (*lines < 2)
        sheet->at[TOP + *lines] = candidate;
    sheet->at[LAST_BUT_ONE] = sheet->at[LAST];
    sheet->at[LAST] = candidate;
    ++*lines;
}

static struct sheet *new_sheet(struct arena *arena, struct sheets *sheets)
{
    sheets->at = arena_grow(arena, sheets->at, sheets->count, &sheets->room, sheets->count + 1, sizeof *sheets->at);
    sheets->at[sheets->count] = (struct sheet){0};
    return &sheets->at[sheets->count++];
}

static struct sheets read_sheets(struct arena *arena, const struct text *text)
{
    struct sheets sheets = {0};
    struct sheet *sheet = new_sheet(arena, &sheets);
    size_t lines = 0;
    for (size_t at = 0; at < text->size;) {
        if (text->at[at] == '\f') {
            sheet = new_sheet(arena, &sheets);
            lines = 0;
            at++;
        }
        size_t start = at;
        while (at < text->size && text->at[at] != '\n' && text->at[at] != '\r' && text->at[at] != '\f')
            at++;
        struct candidate candidate = read_line(text, (struct span){start, at});
        if (candidate.line.start < candidate.line.end)
            add_line(sheet, &lines, candidate);
        while (at < text->size && (text->at[at] == '\n' || text->at[at] == '\r'))
            at++;
    }
    return sheets;
}

/* ---- what runs ------------------------------------------------------------------------------ */

static bool is_same(const struct text *text, struct span a, struct span b)
{
    return a.end - a.start == b.end - b.start && memcmp(text->at + a.start, text->at + b.start, a.end - a.start) == 0;
}

static size_t count_words(const struct text *text, struct span span)
{
    size_t words = 0;
    for (size_t i = span.start; i < span.end; i++)
        words += !is_space(text->at[i]) && (i == span.start || is_space(text->at[i - 1]));
    return words;
}

/* Left and right pages may have heads of their own: what stands beside the number is there a page or two away. */
static bool is_repeated(const struct text *text, const struct sheets *sheets, size_t first, size_t end, size_t page,
                        size_t slot)
{
    struct span rest = sheets->at[page].at[slot].rest;
    if (rest.start == rest.end)
        return end - first >= LEAST_BARE;
    if (count_words(text, rest) < LEAST_WORDS) /* the number of a paper, with its label */
        return false;
    for (size_t other = page > first + 2 ? page - 2 : first; other < end && other <= page + 2; other++)
        if (other != page && is_same(text, rest, sheets->at[other].at[slot].rest))
            return true;
    return false;
}

static bool follows(const struct sheets *sheets, size_t page, size_t slot)
{
    size_t number = sheets->at[page].at[slot].number;
    return number > 0 && page > 0 && sheets->at[page - 1].at[slot].number + 1 == number && number > 1;
}

static size_t mark_running(const struct text *text, struct sheets *sheets, size_t slot)
{
    size_t found = 0;
    for (size_t first = 0, end; first < sheets->count; first = end) {
        for (end = first + 1; end < sheets->count && follows(sheets, end, slot);)
            end++;
        for (size_t page = first; page < end; page++) {
            struct candidate *candidate = &sheets->at[page].at[slot];
            candidate->runs = is_repeated(text, sheets, first, end, page, slot);
            found += candidate->runs;
        }
    }
    return found;
}

void running_drop(struct arena *arena, struct text *text)
{
    if (memchr(text->at, '\f', text->size) == NULL)
        return;
    struct sheets sheets = read_sheets(arena, text);
    size_t found = 0;
    for (size_t slot = 0; slot < SLOTS; slot++)
        found += mark_running(text, &sheets, slot);
    if (found == 0)
        return;
    struct text *old = arena_take(arena, 1, sizeof *old);
    struct text_edit edit;
    *old = *text;
    text_edit_begin(&edit, arena, old);
    for (size_t page = 0; page < sheets.count; page++)
        for (size_t slot = 0; slot < SLOTS; slot++) {
            const struct candidate *candidate = &sheets.at[page].at[slot];
            if (!candidate->runs || candidate->line.start < edit.done)
                continue;
            text_edit_keep(&edit, edit.done, candidate->line.start);
            text_edit_put(&edit, candidate->line.start, candidate->line.end, "", 0);
        }
    text_edit_keep(&edit, edit.done, old->size);
    text_edit_end(&edit, text);
}
