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

void lines_read(struct arena *arena, const struct text *text, struct lines *lines)
{
    size_t room = 0, start = 0;
    *lines = (struct lines){0};
    do {
        size_t end, next = line_next(text->at, text->size, start, &end);
        lines->at = arena_grow(arena, lines->at, lines->count, &room, lines->count + 1, sizeof *lines->at);
        struct line *line = &lines->at[lines->count++];
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
