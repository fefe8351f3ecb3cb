#include "mark.h"

#include "automaton.h"
#include "pattern.h"
#include "walk.h"

#include <string.h>

enum { TOKENS = 512 };

enum { HORIZON_LINES = 24, FIRST_GROUPS = 32, FLUSH = 128, FIRST_JIT_STACK = 32 * 1024, JIT_STACK = 1024 * 1024 };

static const size_t HORIZON_BYTES = 4096;

/* Long texts are searched piece by piece, each of which reaches into the next, in bytes. */
enum { PIECE = 16 * 1024, BESIDE = 1024, LONG_PIECE = 8 * PIECE };

/* A pattern that reaches its limits so often, and once more for each so many bytes, is given up for the document. */
enum { EXCESSES = 8, BYTES_AN_EXCESS = 64 * 1024 };

/* How often each pattern was tried, as far as the grammar has not been told. */
struct tries {
    const struct depesha_grammar *grammar;
    unsigned char *counts; /* by the patterns' indexes */
    uint32_t *excesses;    /* likewise: how often it reached a limit */
    struct cell **cells;
};

static void release_data(void *data)
{
    pcre2_match_data_free(data);
}

static void release_limits(void *limits)
{
    pcre2_match_context_free(limits);
}

static void release_stack(void *stack)
{
    pcre2_jit_stack_free(stack);
}

/* What a short document has tried counts, too. */
static void tell_tries(void *thing)
{
    struct tries *tries = thing;
    for (size_t i = 0; i < tries->grammar->pattern_count; i++)
        if (tries->counts[i] > 0)
            pattern_tried(tries->grammar, tries->cells[i], tries->counts[i]);
}

static void count_try(struct tries *tries, const struct pattern *pattern)
{
    tries->cells[pattern->index] = pattern->cell;
    if (++tries->counts[pattern->index] < FLUSH)
        return;
    tries->counts[pattern->index] = 0;
    pattern_tried(tries->grammar, pattern->cell, FLUSH);
}

static void make_room(struct matcher *matcher, uint32_t groups)
{
    matcher->data = pattern_room(matcher->grammar, groups);
    arena_keep(matcher->own, matcher->data, release_data);
    matcher->groups = groups;
}

/* Each end of a token is told; where the first one is enough, that is the match. Room for them is made beforehand. */
static int note_end(pcre2_callout_block *block, void *context)
{
    struct matcher *matcher = context;
    if (!matcher->ends.wanted)
        return 0;
    for (size_t i = matcher->ends.from; i < matcher->ends.count; i++)
        if (matcher->ends.at[i] == block->current_position)
            return 1;
    if (matcher->ends.count == matcher->ends.most)
        return PCRE2_ERROR_CALLOUT;
    matcher->ends.at[matcher->ends.count++] = block->current_position;
    return 1;
}

static void note_blanks(struct matcher *matcher, const struct pattern *pattern, unsigned char flag)
{
    if (pattern->kind == PATTERN_NONE)
        return;
    const unsigned char *bytes = pattern_compiled(matcher->grammar, pattern, matcher->arena)->begins;
    for (size_t i = 0; i < 256; i++)
        if (bytes[i / 8] >> (i % 8) & 1)
            matcher->blanks[i] |= flag;
}

/* With which bytes blanks that are no ASCII, damage and noise may begin. */
static void open_blanks(struct matcher *matcher)
{
    static const unsigned char wide[] = {0xC2, 0xE1, 0xE2, 0xE3}; /* of all that \h matches beyond ASCII */
    for (size_t i = 0; i < sizeof wide; i++)
        matcher->blanks[wide[i]] = BLANK_WIDE;
    note_blanks(matcher, &matcher->grammar->damaged, BLANK_DAMAGE | BLANK_NOISE);
    note_blanks(matcher, &matcher->grammar->noisy, BLANK_NOISE);
}

void matcher_open(struct matcher *matcher, struct arena *arena, const struct depesha_grammar *grammar,
                  const struct text *text)
{
    *matcher = (struct matcher){.grammar = grammar, .text = text, .own = arena, .arena = arena};
    make_room(matcher, FIRST_GROUPS);
    matcher->tries = arena_take(arena, 1, sizeof *matcher->tries);
    matcher->tries->grammar = grammar;
    matcher->tries->counts = arena_take(arena, grammar->pattern_count + 1, 1);
    matcher->tries->excesses = arena_take(arena, grammar->pattern_count + 1, sizeof *matcher->tries->excesses);
    matcher->tries->cells = arena_take(arena, grammar->pattern_count + 1, sizeof(struct cell *));
    arena_keep(arena, matcher->tries, tell_tries);
    matcher->limits = pattern_limits(grammar);
    arena_keep(arena, matcher->limits, release_limits);
    pcre2_set_callout(matcher->limits, note_end, matcher);
    matcher->tokens = arena_take(arena, TOKENS, sizeof *matcher->tokens);
    open_blanks(matcher);
}

struct token *matcher_token(struct matcher *matcher, const struct pattern *leaf, size_t at, size_t to)
{
    return &matcher->tokens[(at * 31 + leaf->index * 7 + to) % TOKENS];
}

static void look_at_line(struct line *line, void *context)
{
    struct matcher *matcher = context;
    struct span span;
    line->first = (uint32_t)matcher_lead(matcher, line->start, line->end);
    line->blank = line->first >= line->end;
    line->prose = !line->blank && matcher_match(matcher, &matcher->grammar->prose_line, line->first, line->end, &span);
}

void matcher_lines(struct matcher *matcher, struct lines *lines)
{
    lines_read(matcher->arena, matcher->text, look_at_line, matcher, lines);
    matcher->lines = lines;
    memset(matcher->tokens, 0, TOKENS * sizeof *matcher->tokens); /* they were of another text */
}

static bool is_limit(int result)
{
    return result == PCRE2_ERROR_MATCHLIMIT || result == PCRE2_ERROR_DEPTHLIMIT || result == PCRE2_ERROR_HEAPLIMIT;
}

static int run(struct matcher *matcher, const pcre2_code *code, size_t from, size_t to, uint32_t options)
{
    return pcre2_match(code, (PCRE2_SPTR)matcher->text->at, to, from, options | PCRE2_NO_UTF_CHECK, matcher->data,
                       matcher->limits);
}

/* Machine code has a small stack at first, and a larger one for what comes after a match that needed more. */
static void enlarge_stack(struct matcher *matcher)
{
    if (matcher->has_stack)
        return;
    matcher->has_stack = true;
    pcre2_jit_stack *stack = pcre2_jit_stack_create(FIRST_JIT_STACK, JIT_STACK, matcher->grammar->memory);
    if (stack == NULL)
        return;
    arena_keep(matcher->own, stack, release_stack);
    pcre2_jit_stack_assign(matcher->limits, NULL, stack);
}

bool matcher_run(struct matcher *matcher, const pcre2_code *code, size_t from, size_t to, struct span *span)
{
    if (code == NULL || from > to)
        return false;
    int result = run(matcher, code, from, to, 0);
    if (result == PCRE2_ERROR_JIT_STACKLIMIT) {
        enlarge_stack(matcher);
        result = run(matcher, code, from, to, PCRE2_NO_JIT);
    }
    if (result == PCRE2_ERROR_NOMEMORY)
        arena_fail(matcher->own);
    if (is_limit(result))
        matcher->exceeded_at = from + 1; /* 0 is none */
    if (result < 0)
        return false;
    const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(matcher->data);
    *span = (struct span){offsets[0], offsets[1]};
    return true;
}

static size_t character_start(const struct text *text, size_t at)
{
    while (at > 0 && at < text->size && ((unsigned char)text->at[at] & 0xC0) == 0x80)
        at--;
    return at;
}

bool matcher_match(struct matcher *matcher, const struct pattern *pattern, size_t from, size_t to, struct span *span)
{
    if (pattern->kind == PATTERN_NONE)
        return false;
    const struct compiled *compiled = pattern_compiled(matcher->grammar, pattern, matcher->own);
    uint32_t *excesses = &matcher->tries->excesses[pattern->index];
    if (*excesses > EXCESSES + matcher->text->size / BYTES_AN_EXCESS) {
        matcher->exceeded_at = from + 1;
        return false;
    }
    count_try(matcher->tries, pattern);
    if (compiled->groups > matcher->groups)
        make_room(matcher, compiled->groups);
    size_t before = matcher->exceeded_at;
    matcher->exceeded_at = 0;
    bool matched = matcher_run(matcher, compiled->code, from, to, span);
    if (matcher->exceeded_at != 0)
        ++*excesses;
    else
        matcher->exceeded_at = before;
    return matched;
}

/*
 * A match that ends near the end of its piece is looked for once more in a longer one, for it may be another with what
 * stands behind it. What is longer than pieces overlap, or looks further, may not be found where it lies across two.
 */
bool matcher_search(struct matcher *matcher, const struct pattern *pattern, size_t from, size_t to, struct span *span)
{
    for (size_t start = from;; start = character_start(matcher->text, start + PIECE - BESIDE)) {
        bool last = to - start <= PIECE;
        size_t end = last ? to : character_start(matcher->text, start + PIECE);
        bool matched = matcher_match(matcher, pattern, start, end, span);
        if (last || (matched && span->end + BESIDE <= end))
            return matched;
        size_t further = to - start > LONG_PIECE ? character_start(matcher->text, start + LONG_PIECE) : to;
        if (matched && matcher_match(matcher, pattern, start, further, span))
            return true;
    }
}

struct span matcher_group(const struct matcher *matcher, size_t n)
{
    const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(matcher->data);
    if (n >= pcre2_get_ovector_count(matcher->data) || offsets[2 * n] == PCRE2_UNSET)
        return (struct span){1, 0};
    return (struct span){offsets[2 * n], offsets[2 * n + 1]};
}

/* Those of \h. */
static bool is_wide_blank(uint32_t c)
{
    return c == 0xA0 || c == 0x1680 || c == 0x180E || (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x205F ||
           c == 0x3000;
}

size_t matcher_blank(const struct matcher *matcher, size_t at, size_t to)
{
    unsigned char byte = at < to ? (unsigned char)matcher->text->at[at] : 0;
    if (byte == ' ' || byte == '\t')
        return at + 1;
    uint32_t c = 0;
    size_t n = matcher->blanks[byte] & BLANK_WIDE ? text_next(matcher->text->at, to, at, &c) : 0;
    return n > 0 && is_wide_blank(c) ? at + n : at;
}

/* Mostly there are only blanks. */
size_t matcher_lead(struct matcher *matcher, size_t from, size_t to)
{
    struct span span;
    size_t at = from;
    for (size_t next; (next = matcher_blank(matcher, at, to)) > at;)
        at = next;
    if (at == to || !(matcher->blanks[(unsigned char)matcher->text->at[at]] & BLANK_NOISE))
        return at;
    return matcher_match(matcher, &matcher->grammar->lead, from, to, &span) ? span.end : from;
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

bool begins_cell(const struct matcher *matcher, size_t line, size_t at)
{
    const char *text = matcher->text->at;
    size_t first = line_of(matcher->lines, line)->first, blanks = 0;
    if (at == first)
        return true;
    while (at > first && (text[at - 1] == ' ' || text[at - 1] == '\t' || text[at - 1] == '|')) {
        if (text[--at] != ' ')
            return at > first;
        blanks++;
    }
    return at > first && blanks > 2;
}

size_t mark_horizon(const struct matcher *matcher, size_t line, size_t at)
{
    const struct lines *lines = matcher->lines;
    size_t last = line + HORIZON_LINES < lines->count ? line + HORIZON_LINES : lines->count - 1;
    while (last > line && line_of(lines, last)->end > at + HORIZON_BYTES)
        last--;
    size_t to = line_of(lines, last)->end;
    if (to > at + 16 * HORIZON_BYTES) { /* a line without end */
        to = character_start(matcher->text, at + 16 * HORIZON_BYTES);
    }
    return to;
}

const struct field *const *mark_find(struct matcher *matcher, size_t gate, size_t at, size_t to, bool flat,
                                     size_t *count)
{
    const struct depesha_grammar *grammar = matcher->grammar;
    if (matcher->found == NULL)
        matcher->found = arena_take(matcher->own, grammar->field_count + 1, sizeof(struct field *));
    struct automaton *automaton = flat ? grammar->flat : grammar->automaton;
    if (!automaton_find(automaton, gate, matcher->text->at, at, to, matcher->found, count))
        arena_fail(matcher->own);
    return matcher->found;
}

bool mark_try(struct matcher *matcher, const struct field *field, size_t at, size_t to, bool flat, struct mark *mark)
{
    struct span span;
    size_t end = at;
    matcher->slots =
        arena_grow(matcher->own, matcher->slots, 0, &matcher->slot_room, field->slot_count + 1, sizeof *matcher->slots);
    matcher->exceeded_at = 0;
    enum walked walked = flat ? WALK_LOST : walk_field(matcher, field, at, to, matcher->slots, &end);
    bool matched = walked == WALK_MATCHED;
    if (walked == WALK_LOST) {
        matched = matcher_match(matcher, flat ? &field->flat : &field->pattern, at, to, &span);
        end = matched ? span.end : at;
        for (size_t i = 0; matched && i < field->slot_count; i++)
            matcher->slots[i] = matcher_group(matcher, i + 1);
    }
    if (matcher->exceeded_at != 0 && matcher->exceeded == NULL)
        matcher->exceeded = field;
    if (!matched || end <= at || !at_boundary(matcher->text, end))
        return false;
    *mark = (struct mark){.field = field, .start = (uint32_t)at, .end = (uint32_t)end, .slots = matcher->slots};
    return true;
}
