/* The lines of a text. */
#ifndef DEPESHA_LINE_H
#define DEPESHA_LINE_H

#include "grammar.h"
#include "text.h"

/* Offsets are bytes of the text. */
struct line {
    uint32_t start, first, end,
        next; /* first: behind blanks, damage and noise; end: before the break; next: behind it */
    bool blank, prose;
};

struct lines {
    struct line *at;
    size_t count; /* at least 1: an empty text is one empty line */
};

/* The line of `size` bytes that begins at `start`: where it ends, before its break. Returns where the next begins. */
size_t line_next(const char *at, size_t size, size_t start, size_t *end);

void lines_read(struct arena *arena, const struct text *text, struct lines *lines);

/* The line that holds an offset of the text. */
size_t line_at(const struct lines *lines, size_t offset);

/* How many characters lie between two offsets of the text. */
size_t character_count(const struct text *text, size_t start, size_t end);

#endif
