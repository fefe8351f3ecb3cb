#include "mark.h"

#include "pattern.h"

#include <string.h>

enum { HORIZON_LINES = 24, HORIZON_BYTES = 4096, MAX_GROUPS = 512 };

static void release_data(void *data)
{
    pcre2_match_data_free(data);
}

static void release_limits(void *limits)
{
    pcre2_match_context_free(limits);
}

void matcher_open(struct matcher *matcher, struct arena *arena, const struct depesha_grammar *grammar,
                  const struct text *text)
{
    *matcher = (struct matcher){.grammar = grammar, .text = text, .arena = arena};
    matcher->data = pcre2_match_data_create(MAX_GROUPS, NULL);
    arena_keep(arena, matcher->data, release_data);
    matcher->limits = pattern_limits();
    arena_keep(arena, matcher->limits, release_limits);
}

void matcher_lines(struct matcher *matcher, struct lines *lines)
{
    struct span span;
    lines_read(matcher->arena, matcher->text, lines);
    matcher->lines = lines;
    for (size_t i = 0; i < lines->count; i++) {
        struct line *line = &lines->at[i];
        line->first = matcher_lead(matcher, line->start, line->end);
        line->blank = line->first >= line->end;
        line->prose = !line->blank && matcher_match(matcher, matcher->grammar->prose_line.code, line->first, line->end,
                                                    PCRE2_ANCHORED, &span);
    }
}

bool matcher_match(struct matcher *matcher, const pcre2_code *code, size_t from, size_t to, uint32_t options,
                   struct span *span)
{
    if (code == NULL || from > to)
        return false;
    int result = pcre2_match(code, (PCRE2_SPTR)matcher->text->at, to, from, options | PCRE2_NO_UTF_CHECK, matcher->data,
                             matcher->limits);
    if (result == PCRE2_ERROR_NOMEMORY)
        arena_fail(matcher->arena);
    if (result == PCRE2_ERROR_MATCHLIMIT || result == PCRE2_ERROR_DEPTHLIMIT || result == PCRE2_ERROR_HEAPLIMIT ||
        result == PCRE2_ERROR_JIT_STACKLIMIT)
        matcher->exceeded_at = from + 1; /* 0 is none */
    if (result < 0)
        return false;
    const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(matcher->data);
    *span = (struct span){offsets[0], offsets[1]};
    return true;
}

struct span matcher_group(const struct matcher *matcher, size_t n)
{
    const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(matcher->data);
    if (n >= pcre2_get_ovector_count(matcher->data) || offsets[2 * n] == PCRE2_UNSET)
        return (struct span){1, 0};
    return (struct span){offsets[2 * n], offsets[2 * n + 1]};
}

size_t matcher_lead(struct matcher *matcher, size_t from, size_t to)
{
    struct span span;
    unsigned char c = from < to ? (unsigned char)matcher->text->at[from] : 'a';
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return from;
    if (!matcher_match(matcher, matcher->grammar->lead.code, from, to, PCRE2_ANCHORED, &span))
        return from;
    return span.end;
}

enum character { OTHER, UPPER, LOWER, DIGIT };

/* Enough of Unicode for where words join: ASCII, and letters with two bytes in UTF-8. */
static enum character class_at(const struct text *text, size_t offset)
{
    uint32_t c;
    if (text_next(text->at, text->size, offset, &c) == 0)
        return OTHER;
    if (c >= '0' && c <= '9')
        return DIGIT;
    if ((c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE) || (c >= 0x400 && c <= 0x42F))
        return UPPER;
    if ((c >= 'a' && c <= 'z') || (c >= 0xDF && c <= 0xFF) || (c >= 0x430 && c <= 0x45F))
        return LOWER;
    return c >= 0x100 && c < 0x2000 ? LOWER : OTHER;
}

static enum character class_before(const struct text *text, size_t offset)
{
    if (offset == 0)
        return OTHER;
    do
        offset--;
    while (offset > 0 && ((unsigned char)text->at[offset] & 0xC0) == 0x80);
    return class_at(text, offset);
}

/* Joined words part where a capital follows a small letter or a digit: "2005HIGHEST". */
bool at_boundary(const struct text *text, size_t offset)
{
    enum character before = class_before(text, offset);
    enum character after = offset < text->size ? class_at(text, offset) : OTHER;
    if (before == OTHER || after == OTHER)
        return true;
    return after == UPPER && before != UPPER;
}

size_t mark_horizon(const struct lines *lines, size_t line, size_t at)
{
    size_t last = line + HORIZON_LINES < lines->count ? line + HORIZON_LINES : lines->count - 1;
    while (last > line && lines->at[last].end > at + HORIZON_BYTES)
        last--;
    return lines->at[last].end;
}

bool mark_try(struct matcher *matcher, const struct field *field, size_t line, size_t at, struct mark *mark)
{
    size_t to = mark_horizon(matcher->lines, line, at);
    if (to > at + 16 * HORIZON_BYTES) { /* a line without end */
        to = at + 16 * HORIZON_BYTES;
        while (((unsigned char)matcher->text->at[to] & 0xC0) == 0x80)
            to--;
    }
    struct span span;
    matcher->exceeded_at = 0;
    bool matched = matcher_match(matcher, field->pattern.code, at, to, PCRE2_ANCHORED, &span);
    if (matcher->exceeded_at != 0 && matcher->exceeded == NULL)
        matcher->exceeded = field;
    if (!matched || span.end <= at || !at_boundary(matcher->text, span.end))
        return false;
    *mark = (struct mark){.field = field, .start = at, .end = span.end};
    mark->slots = arena_take(matcher->arena, field->slot_count + 1, sizeof *mark->slots);
    for (size_t i = 0; i < field->slot_count; i++)
        mark->slots[i] = matcher_group(matcher, i + 1);
    return true;
}
