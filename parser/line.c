#include "line.h"

static size_t break_size(const struct text *text, size_t at)
{
    if (text->at[at] == '\r')
        return at + 1 < text->size && text->at[at + 1] == '\n' ? 2 : 1;
    return 1;
}

/* Where the line that begins at `start` ends, before its break. */
static size_t line_end(const struct text *text, size_t start)
{
    size_t end = start;
    while (end < text->size && text->at[end] != '\n' && text->at[end] != '\r')
        end++;
    return end;
}

void lines_read(struct arena *arena, const struct text *text, struct lines *lines)
{
    size_t room = 0, start = 0;
    *lines = (struct lines){0};
    do {
        size_t end = line_end(text, start);
        lines->at = arena_grow(arena, lines->at, lines->count, &room, lines->count + 1, sizeof *lines->at);
        struct line *line = &lines->at[lines->count++];
        size_t next = end < text->size ? end + break_size(text, end) : end;
        *line = (struct line){.start = start, .first = start, .end = end, .next = next};
        start = next;
    } while (start < text->size);
}

/* Lines are mostly as long as others: the search begins where the line would be then, and goes on in growing steps. */
size_t line_at(const struct lines *lines, size_t offset)
{
    const struct line *at = lines->at;
    size_t last = lines->count - 1, whole = at[last].next;
    size_t low = whole == 0 ? 0 : (size_t)((double)offset / (double)whole * (double)last), high, step = 1;
    if (low > last)
        low = last;
    if (at[low].start <= offset) {
        for (high = low + 1; high <= last && at[high].start <= offset; step *= 2) {
            low = high;
            high = last - high < step ? last + 1 : high + step;
        }
    } else {
        for (high = low; at[low].start > offset; step *= 2) {
            high = low;
            low = low < step ? 0 : low - step;
        }
    }
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (at[middle].start <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

size_t character_count(const struct text *text, size_t start, size_t end)
{
    size_t count = 0;
    for (size_t i = start; i < end; i++)
        count += ((unsigned char)text->at[i] & 0xC0) != 0x80;
    return count;
}
