#include "line.h"

#include <string.h>

/* So many bytes at a time: where only the one break is used, the other is not looked for up to the text's end. */
enum { STRETCH = 512 };

/* Where the line that begins at `start` ends, before its break. */
static size_t line_end(const char *at, size_t size, size_t start)
{
    while (start < size) {
        size_t left = size - start < STRETCH ? size - start : STRETCH;
        const char *feed = memchr(at + start, '\n', left);
        size_t end = feed == NULL ? left : (size_t)(feed - (at + start));
        const char *carriage = memchr(at + start, '\r', end);
        if (carriage != NULL)
            return (size_t)(carriage - at);
        start += end;
        if (feed != NULL)
            break;
    }
    return start;
}

size_t line_next(const char *at, size_t size, size_t start, size_t *end)
{
    *end = line_end(at, size, start);
    if (*end == size)
        return size;
    return *end + (at[*end] == '\r' && size - *end > 1 && at[*end + 1] == '\n' ? 2 : 1);
}

/* A line's byte: two flags, and how far its first character is from its start, or that it is FAR. */
enum { BLANK = 0x80, PROSE = 0x40, FAR = 0x3F };

struct reading {
    struct arena *arena;
    struct lines *lines;
    size_t start_room, kind_room, far_room;
};

/* The line that begins at `start`, as far as its breaks tell. */
static struct line line_from(const struct lines *lines, size_t start)
{
    size_t end, next = line_next(lines->text, lines->size, start, &end);
    return (struct line){
        .start = (uint32_t)start, .first = (uint32_t)start, .end = (uint32_t)end, .next = (uint32_t)next};
}

static void keep_kind(struct reading *r, size_t n, const struct line *line)
{
    struct lines *lines = r->lines;
    uint32_t lead = line->first - line->start;
    lines->kinds = arena_grow(r->arena, lines->kinds, n, &r->kind_room, n + 1, 1);
    lines->kinds[n] =
        (unsigned char)((line->blank ? BLANK : 0) | (line->prose ? PROSE : 0) | (lead < FAR ? lead : FAR));
    if (lead < FAR)
        return;
    lines->far =
        arena_grow(r->arena, lines->far, lines->far_count, &r->far_room, lines->far_count + 1, sizeof *lines->far);
    lines->far[lines->far_count++] = (struct far_first){(uint32_t)n, line->first};
}

/* The block that line n begins. */
static struct line_block *begin_block(struct reading *r, size_t n, size_t start)
{
    struct lines *lines = r->lines;
    size_t number = n / LINE_BLOCK;
    struct line_block **block = &lines->blocks[number % LINE_BLOCKS];
    lines->starts = arena_grow(r->arena, lines->starts, number, &r->start_room, number + 1, sizeof *lines->starts);
    lines->starts[number] = (uint32_t)start;
    if (*block == NULL)
        *block = arena_take(r->arena, 1, sizeof **block);
    (*block)->number = number;
    return *block;
}

void lines_read(struct arena *arena, const struct text *text, line_look *look, void *context, struct lines *lines)
{
    struct reading r = {.arena = arena, .lines = lines};
    size_t start = 0;
    *lines = (struct lines){.text = text->at, .size = text->size};
    struct line_block *block = begin_block(&r, 0, 0);
    do {
        size_t n = lines->count++;
        if (n > 0 && n % LINE_BLOCK == 0)
            block = begin_block(&r, n, start);
        struct line line = line_from(lines, start);
        if (look != NULL) {
            look(&line, context);
            keep_kind(&r, n, &line);
        }
        block->at[n % LINE_BLOCK] = line;
        start = line.next;
    } while (start < text->size);
}

static uint32_t far_first(const struct lines *lines, size_t n)
{
    size_t low = 0, high = lines->far_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (lines->far[middle].line <= n)
            low = middle;
        else
            high = middle;
    }
    return lines->far[low].first;
}

struct line_block *lines_make_out(const struct lines *lines, size_t number)
{
    struct line_block *block = lines->blocks[number % LINE_BLOCKS];
    size_t n = number * LINE_BLOCK, start = lines->starts[number];
    block->number = number;
    for (size_t i = 0; i < LINE_BLOCK && n < lines->count; i++, n++) {
        struct line line = line_from(lines, start);
        unsigned char kind = lines->kinds == NULL ? 0 : lines->kinds[n];
        line.blank = (kind & BLANK) != 0;
        line.prose = (kind & PROSE) != 0;
        line.first = (kind & FAR) == FAR ? far_first(lines, n) : line.start + (kind & FAR);
        block->at[i] = line;
        start = line.next;
    }
    return block;
}

/* The block that holds an offset: lines are mostly as long as others, so the search begins where it would be then, and
 * goes on in growing steps. */
static size_t block_at(const struct lines *lines, size_t offset)
{
    const uint32_t *at = lines->starts;
    size_t last = (lines->count - 1) / LINE_BLOCK;
    size_t low = lines->size == 0 ? 0 : (size_t)((double)offset / (double)lines->size * (double)last), high, step = 1;
    if (low > last)
        low = last;
    if (at[low] <= offset) {
        for (high = low + 1; high <= last && at[high] <= offset; step *= 2) {
            low = high;
            high = last - high < step ? last + 1 : high + step;
        }
    } else {
        for (high = low; at[low] > offset; step *= 2) {
            high = low;
            low = low < step ? 0 : low - step;
        }
    }
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (at[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

size_t line_at(const struct lines *lines, size_t offset)
{
    size_t first = block_at(lines, offset) * LINE_BLOCK;
    const struct line *at = line_of(lines, first);
    size_t low = 0, high = lines->count - first < LINE_BLOCK ? lines->count - first : LINE_BLOCK;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (at[middle].start <= offset)
            low = middle;
        else
            high = middle;
    }
    return first + low;
}

size_t character_count(const struct text *text, size_t start, size_t end)
{
    size_t count = 0;
    for (size_t i = start; i < end; i++)
        count += ((unsigned char)text->at[i] & 0xC0) != 0x80;
    return count;
}
