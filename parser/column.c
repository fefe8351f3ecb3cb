#include "column.h"

#include "line.h"

#include <string.h>

/*
 * A gutter is two blanks, one below the other, through all lines of a block: on either side of it stands prose. Forms,
 * tables and lists have few words in a cell, or more cells in a row, and are left as they are.
 */
enum {
    WIDTH = 240,     /* columns of a line that are looked at */
    PAGE = 200,      /* lines of a page; it ends with a form feed too */
    LEAST_PAIRS = 6, /* lines of a block that have prose on both sides */
    LEAST_WORDS = 3, /* of a line's piece that is prose */
    MEAN_WORDS = 4,
    MEAN_WIDTH = 20
};

struct row {
    size_t start, next;     /* bytes of the text */
    size_t first, last;     /* columns of its text: from, to; the same if it is blank */
    size_t gaps, wide;      /* between words: of two blanks or more, of three or more */
    unsigned char *is_text; /* for each column */
    unsigned char *words;   /* how many begin before each column */
};

struct page {
    struct row rows[PAGE];
    size_t count;
};

struct block {
    size_t first, end; /* rows */
    size_t gutter;     /* a column that is blank in all of them, as is the next */
    size_t pairs;
};

/* A part of the text, in the order of reading. */
struct slice {
    struct span span;
    size_t blanks; /* so many bytes at its end */
    bool broken;   /* a line break takes their place, even if there are none */
};

struct slices {
    struct arena *arena;
    struct slice *at;
    size_t count, room;
    size_t done; /* bytes of the text up to here are in slices */
};

/* ---- rows ----------------------------------------------------------------------------------- */

static size_t next_column(const struct text *text, size_t at)
{
    for (at++; at < text->size && ((unsigned char)text->at[at] & 0xC0) == 0x80;)
        at++;
    return at;
}

static bool is_break(char c)
{
    return c == '\n' || c == '\r';
}

/* What a line that is no row of columns looks like: text from one side to the other. */
static void fill(struct row *row)
{
    memset(row->is_text, 1, WIDTH);
    memset(row->words, 0, WIDTH);
    row->first = 0;
    row->last = WIDTH;
}

static void measure(const struct text *text, struct row *row)
{
    size_t column = 0, gap = 0;
    unsigned char words = 0;
    row->gaps = row->wide = row->first = row->last = 0;
    memset(row->is_text, 0, WIDTH);
    for (size_t at = row->start; at < row->next && !is_break(text->at[at]); at = next_column(text, at)) {
        if (text->at[at] == '\f')
            continue;
        if (column == WIDTH || text->at[at] == '\t') {
            fill(row);
            return;
        }
        row->words[column] = words;
        if (text->at[at] == ' ') {
            gap++;
        } else {
            bool begins = row->last == 0 || gap > 0;
            row->first = row->last == 0 ? column : row->first;
            row->gaps += row->last > 0 && gap >= 2;
            row->wide += row->last > 0 && gap >= 3;
            words += begins;
            gap = 0;
            row->is_text[column] = 1;
            row->last = column + 1;
        }
        column++;
    }
    memset(row->words + column, words, WIDTH - column);
}

/* The next page from `start` on. Returns where it ends. */
static size_t read_page(const struct text *text, size_t start, struct page *page)
{
    for (page->count = 0; page->count < PAGE && start < text->size;) {
        struct row *row = &page->rows[page->count];
        if (page->count > 0 && text->at[start] == '\f')
            break;
        row->start = start;
        size_t end;
        row->next = start = line_next(text->at, text->size, start, &end);
        measure(text, row);
        page->count++;
    }
    return start;
}

/* ---- blocks --------------------------------------------------------------------------------- */

static bool is_blank(const struct row *row)
{
    return row->first == row->last;
}

static bool crosses(const struct row *row, size_t gutter)
{
    return row->is_text[gutter] || row->is_text[gutter + 1];
}

static bool is_pair(const struct row *row, size_t gutter)
{
    return row->first < gutter && row->last > gutter + 1 && !is_blank(row);
}

static size_t left_words(const struct row *row, size_t gutter)
{
    return row->words[gutter];
}

static size_t right_words(const struct row *row, size_t gutter)
{
    return row->words[WIDTH - 1] - row->words[gutter];
}

static bool is_prose_pair(const struct row *row, size_t gutter)
{
    return is_pair(row, gutter) && row->wide <= 1 && left_words(row, gutter) >= LEAST_WORDS &&
           right_words(row, gutter) >= LEAST_WORDS;
}

/* A heading in the one column, prose in the other. */
static bool is_half_prose(const struct row *row, size_t gutter)
{
    size_t left = left_words(row, gutter), right = right_words(row, gutter);
    return is_pair(row, gutter) && row->wide <= 1 && (left > right ? left : right) >= MEAN_WORDS;
}

/* Where text ends left of the gutter, and begins right of it. */
static size_t left_end(const struct row *row, size_t gutter)
{
    while (gutter > 0 && !row->is_text[gutter - 1])
        gutter--;
    return gutter;
}

static size_t right_start(const struct row *row, size_t gutter)
{
    while (gutter < row->last && !row->is_text[gutter])
        gutter++;
    return gutter;
}

/* The rows from the first with prose on both sides to the last, if this is a block of columns. */
static bool judge(const struct page *page, size_t first, size_t last, size_t gutter, struct block *block)
{
    size_t pairs = 0, lines = 0, words[2] = {0}, widths[2] = {0};
    for (size_t r = first; r <= last; r++) {
        const struct row *row = &page->rows[r];
        lines += !is_blank(row);
        if (!is_prose_pair(row, gutter))
            continue;
        pairs++;
        words[0] += left_words(row, gutter);
        words[1] += right_words(row, gutter);
        widths[0] += left_end(row, gutter) - row->first;
        widths[1] += row->last - right_start(row, gutter);
    }
    *block = (struct block){first, last + 1, gutter, pairs};
    return pairs >= LEAST_PAIRS && 2 * pairs >= lines && words[0] >= MEAN_WORDS * pairs &&
           words[1] >= MEAN_WORDS * pairs && widths[0] >= MEAN_WIDTH * pairs && widths[1] >= MEAN_WIDTH * pairs;
}

/* The longest block whose rows leave this gutter free, from row `from` on. */
static void find_at(const struct page *page, size_t from, size_t gutter, struct block *best)
{
    size_t first = PAGE, last = 0, pairs = 0;
    for (size_t r = from; r <= page->count; r++) {
        if (r < page->count && !crosses(&page->rows[r], gutter)) {
            if (!is_prose_pair(&page->rows[r], gutter))
                continue;
            first = pairs == 0 ? r : first;
            last = r;
            pairs++;
            continue;
        }
        struct block block;
        if (pairs >= LEAST_PAIRS && pairs > best->pairs && judge(page, first, last, gutter, &block))
            *best = block;
        pairs = 0;
    }
}

/* Lines above of which one side is prose belong to them; and below those that go on with one, if they are as long. */
static void widen(const struct page *page, size_t from, struct block *block)
{
    size_t gutter = block->gutter, left = 0;
    for (size_t r = block->first, blanks = 0; r-- > from && blanks < 2 && !crosses(&page->rows[r], gutter);) {
        blanks = is_blank(&page->rows[r]) ? blanks + 1 : 0;
        if (is_half_prose(&page->rows[r], gutter))
            block->first = r;
    }
    for (size_t r = block->first; r < block->end; r++)
        if (left_end(&page->rows[r], gutter) > left)
            left = left_end(&page->rows[r], gutter);
    bool goes_on = true;
    for (size_t r = block->end; r < page->count && !crosses(&page->rows[r], gutter); r++) {
        const struct row *row = &page->rows[r];
        bool alone = row->last <= gutter;
        goes_on = !is_blank(row) && (goes_on || !alone || 10 * (row->last - row->first) >= 7 * left);
        if (goes_on)
            block->end = r + 1;
    }
}

static bool may_have_columns(const struct page *page, size_t from)
{
    size_t rows = 0;
    for (size_t r = from; r < page->count; r++)
        rows += page->rows[r].gaps > 0 && page->rows[r].words[WIDTH - 1] >= 2 * LEAST_WORDS;
    return rows >= LEAST_PAIRS;
}

static bool find_block(const struct page *page, size_t from, struct block *block)
{
    *block = (struct block){0};
    if (!may_have_columns(page, from))
        return false;
    for (size_t gutter = LEAST_WORDS; gutter + LEAST_WORDS < WIDTH; gutter++)
        find_at(page, from, gutter, block);
    if (block->pairs > 0)
        widen(page, from, block);
    return block->pairs > 0;
}

/* ---- slices --------------------------------------------------------------------------------- */

static void add_slice(struct slices *slices, struct slice slice)
{
    slices->at =
        arena_grow(slices->arena, slices->at, slices->count, &slices->room, slices->count + 1, sizeof *slices->at);
    slices->at[slices->count++] = slice;
    if (slice.span.end > slices->done)
        slices->done = slice.span.end;
}

/* The byte at which a column of a row is. */
static size_t byte_at(const struct text *text, const struct row *row, size_t column)
{
    size_t at = row->start;
    for (; at < row->next; at = next_column(text, at)) {
        if (text->at[at] == '\f') /* takes no column */
            continue;
        if (column-- == 0)
            break;
    }
    return at;
}

static void slice_block(const struct text *text, const struct page *page, const struct block *block,
                        struct slices *slices)
{
    size_t right = WIDTH, last = block->first;
    for (size_t r = block->first; r < block->end; r++) {
        const struct row *row = &page->rows[r];
        if (row->last <= block->gutter || is_blank(row))
            continue;
        size_t start = right_start(row, block->gutter);
        right = start < right ? start : right;
        last = r;
    }
    add_slice(slices, (struct slice){.span = {slices->done, page->rows[block->first].start}});
    for (size_t r = block->first; r < block->end; r++) {
        const struct row *row = &page->rows[r];
        size_t end = row->last > block->gutter && !is_blank(row) ? byte_at(text, row, right) : row->next, blanks = 0;
        while (end < row->next && end - blanks > row->start && text->at[end - blanks - 1] == ' ')
            blanks++;
        bool breaks = end == row->next && end > row->start && is_break(text->at[end - 1]);
        add_slice(slices, (struct slice){{row->start, end}, blanks, !breaks});
    }
    for (size_t r = block->first; r <= last; r++) {
        const struct row *row = &page->rows[r];
        bool there = row->last > block->gutter && !is_blank(row);
        size_t start = there ? byte_at(text, row, right) : row->next;
        add_slice(slices, (struct slice){{start, row->next}, 0, !there});
    }
}

/* What the slices make of the text: first all of it in their order, then with line breaks for the gutters. */
static void arrange(struct arena *arena, struct text *text, const struct slices *slices, struct order *order)
{
    struct span *spans = arena_take(arena, slices->count + 1, sizeof *spans);
    struct text *moved = arena_take(arena, 1, sizeof *moved);
    struct text_edit edit;
    for (size_t i = 0; i < slices->count; i++)
        spans[i] = slices->at[i].span;
    text_arrange(arena, text, spans, slices->count, moved, order);
    text_edit_begin(&edit, arena, moved);
    size_t at = 0;
    for (size_t i = 0; i < slices->count; i++) {
        const struct slice *slice = &slices->at[i];
        size_t end = at + (slice->span.end - slice->span.start);
        text_edit_keep(&edit, at, end - slice->blanks);
        if (slice->broken)
            text_edit_put(&edit, end - slice->blanks, end, "\n", 1);
        at = end;
    }
    text_edit_end(&edit, text);
    arena_leave(arena, (char *)moved->at, moved->size + 1); /* it may be large */
}

/* Whether there are words with more than a blank between them: most texts need no more than this look. */
static bool may_have_gutters(const struct text *text)
{
    size_t gaps = 0;
    for (size_t at = 1; at < text->size && gaps < LEAST_PAIRS; at += 2) { /* one of two blanks is met */
        if (text->at[at] != ' ')
            continue;
        size_t first = text->at[at - 1] == ' ' ? at - 1 : at, end = at + 1;
        while (end < text->size && text->at[end] == ' ')
            end++;
        bool between = first > 0 && end < text->size && !is_break(text->at[first - 1]) && !is_break(text->at[end]);
        gaps += between && end - first > 1;
        at = end - 1;
    }
    return gaps >= LEAST_PAIRS;
}

void columns_read(struct arena *arena, struct text *text, struct order *order)
{
    *order = (struct order){0};
    if (!may_have_gutters(text))
        return;
    struct slices slices = {.arena = arena};
    struct page *page = arena_take(arena, 1, sizeof *page);
    unsigned char *cells = arena_take(arena, (size_t)2 * PAGE, WIDTH);
    for (size_t r = 0; r < PAGE; r++) {
        page->rows[r].is_text = cells + 2 * r * WIDTH;
        page->rows[r].words = cells + (2 * r + 1) * WIDTH;
    }
    for (size_t start = 0; start < text->size;) {
        struct block block;
        start = read_page(text, start, page);
        for (size_t from = 0; find_block(page, from, &block); from = block.end)
            slice_block(text, page, &block, &slices);
    }
    if (slices.count == 0)
        return;
    add_slice(&slices, (struct slice){.span = {slices.done, text->size}});
    arrange(arena, text, &slices, order);
}
