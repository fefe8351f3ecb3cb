#include "word.h"

#include "text.h"

#include <string.h>

enum { LONGEST = 64 };

size_t word_length(const char *word, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < size; i++)
        length += ((unsigned char)word[i] & 0xC0) != 0x80;
    return length;
}

static uint32_t capital(uint32_t point)
{
    if (point >= 'a' && point <= 'z')
        return point - 0x20;
    if (point == 0x451 || point == 0x401) /* yo is written as ye */
        return 0x415;
    if (point >= 0x430 && point <= 0x44F)
        return point - 0x20;
    return point;
}

/* No letter has more bytes as a capital, and a blank takes the place of something. */
void word_capitals_in(struct buffer *buffer, const char *text, size_t size)
{
    uint32_t point;
    bool gap = false;
    if (size == SIZE_MAX)
        arena_fail(buffer->arena);
    buffer->at = arena_grow(buffer->arena, buffer->at, 0, &buffer->room, size + 1, 1);
    char *to = buffer->at;
    for (size_t at = 0, n; at < size; at += n) {
        n = text_next(text, size, at, &point);
        n += n == 0;
        bool kept = word_script(point) != SCRIPT_NONE || (point >= '0' && point <= '9');
        gap = gap || !kept;
        if (!kept)
            continue;
        if (gap && to > buffer->at)
            *to++ = ' ';
        gap = false;
        uint32_t upper = capital(point);
        if (upper >= 0x80)
            *to++ = (char)(0xC0 | (upper >> 6));
        *to++ = (char)(upper < 0x80 ? upper : 0x80 | (upper & 0x3F));
    }
    *to = '\0';
    buffer->size = (size_t)(to - buffer->at);
}

char *word_capitals(struct arena *arena, const char *text, size_t size)
{
    struct buffer buffer = {.arena = arena};
    word_capitals_in(&buffer, text, size);
    return buffer.at;
}

uint32_t word_letters(const char *word)
{
    size_t size = strlen(word);
    uint32_t letters = 0, point;
    for (size_t at = 0, n; at < size; at += n) {
        n = text_next(word, size, at, &point);
        n += n == 0;
        letters |= UINT32_C(1) << (point & 31);
    }
    return letters;
}

/* One letter changed is at most one that only the one word has, and one that only the other has. */
bool words_differ(uint32_t letters, uint32_t others, size_t limit)
{
    uint32_t alone = letters ^ others;
    for (size_t i = 0; i < 2 * limit; i++)
        alone &= alone - 1;
    return alone != 0;
}

static size_t read_points(const char *word, uint32_t *points)
{
    size_t size = strlen(word), count = 0;
    for (size_t at = 0, n; at < size && count < LONGEST; at += n) {
        n = text_next(word, size, at, &points[count++]);
        n += n == 0;
    }
    return count;
}

size_t word_distance(const char *a, const char *b, size_t limit)
{
    uint32_t left[LONGEST], right[LONGEST];
    size_t rows[3][LONGEST + 1];
    size_t m = read_points(a, left), n = read_points(b, right);
    if ((m > n ? m - n : n - m) > limit || m == LONGEST || n == LONGEST)
        return limit + 1;
    for (size_t j = 0; j <= n; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= m; i++) {
        size_t *row = rows[i % 3], *above = rows[(i - 1) % 3], *before = rows[(i + 1) % 3];
        size_t least = row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t cost = above[j - 1] + (left[i - 1] != right[j - 1]);
            size_t shift = (above[j] < row[j - 1] ? above[j] : row[j - 1]) + 1;
            row[j] = cost < shift ? cost : shift;
            bool exchanged = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
            if (exchanged && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
            if (row[j] < least)
                least = row[j];
        }
        if (least > limit)
            return limit + 1;
    }
    size_t distance = rows[m % 3][n];
    return distance > limit ? limit + 1 : distance;
}

size_t word_slip(size_t letters)
{
    return letters < 3 ? 0 : letters < 6 ? 1 : 2;
}
