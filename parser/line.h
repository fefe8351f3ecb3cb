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

/* Of all lines a byte is kept, and of each LINE_BLOCK where they begin; those that were asked for last are made out. */
enum { LINE_BLOCK = 64, LINE_BLOCKS = 16 };

struct line_block {
    size_t number;
    struct line at[LINE_BLOCK];
};

/* The line of `size` bytes that begins at `start`: where it ends, before its break. Returns where the next begins. */
size_t line_next(const char *at, size_t size, size_t start, size_t *end);

/* Where a line has its first character, if that is far behind its start. */
struct far_first {
    uint32_t line, first;
};

struct lines {
    const char *text; /* `size` bytes */
    size_t size;
    size_t count;         /* at least 1: an empty text is one empty line */
    uint32_t *starts;     /* of the blocks */
    unsigned char *kinds; /* of the lines: blank, prose, how far it is to `first`; NULL where nobody looked */
    struct far_first *far;
    size_t far_count;
    struct line_block *blocks[LINE_BLOCKS]; /* by their numbers */
};

/* Fills in what lines_read leaves open: first, blank and prose. */
typedef void line_look(struct line *line, void *context);

/* `look` may be NULL. */
void lines_read(struct arena *arena, const struct text *text, line_look *look, void *context, struct lines *lines);

/* For line_of. */
struct line_block *lines_make_out(const struct lines *lines, size_t block);

/* Line n. It stays there while no line far from it is asked for: some hundreds. */
static inline const struct line *line_of(const struct lines *lines, size_t n)
{
    const struct line_block *block = lines->blocks[n / LINE_BLOCK % LINE_BLOCKS];
    if (block->number != n / LINE_BLOCK)
        block = lines_make_out(lines, n / LINE_BLOCK);
    return &block->at[n % LINE_BLOCK];
}

/* The line that holds an offset of the text. */
size_t line_at(const struct lines *lines, size_t offset);

/* How many characters lie between two offsets of the text. */
size_t character_count(const struct text *text, size_t start, size_t end);

#endif
