/*
 * The lines of a file, one after the other, of whatever length up to a limit; "-" is standard input.
 */
#ifndef DEPESHA_READER_H
#define DEPESHA_READER_H

#include <stdbool.h>
#include <stddef.h>

struct reader {
    int descriptor;
    size_t limit; /* of a line */
    char *bytes;  /* owned */
    size_t start, end, room;
    size_t line;      /* number of the last one, from 1 */
    size_t offset;    /* in the file, of the last one */
    size_t next;      /* in the file, behind the last one */
    size_t file_size; /* of a regular file; else 0 */
    bool ended;
};

enum reader_state { READER_LINE, READER_TORN, READER_LONG, READER_END, READER_ERROR };

/* False, with the errno in *error. */
bool reader_open(struct reader *reader, const char *path, size_t limit, int *error);

/*
 * The next line, without its break, in *line and *size; both are the reader's, valid until the next
 * call. READER_TORN: the file ends in a line without a break. READER_LONG: the line was over the
 * limit, and passed over. READER_ERROR: errno tells; there are no more.
 */
enum reader_state reader_next(struct reader *reader, char **line, size_t *size);

/* Whether the next line can be had without waiting for somebody to write it. */
bool reader_is_ready(const struct reader *reader);

void reader_close(struct reader *reader);

#endif
