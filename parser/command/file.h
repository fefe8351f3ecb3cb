/*
 * A file as bytes: read whole, and told from a text by its looks.
 */
#ifndef DEPESHA_FILE_H
#define DEPESHA_FILE_H

#include <stdbool.h>
#include <stddef.h>

enum { FILE_LIMIT = 256 << 20 }; /* what is read unless another limit is asked for */

struct file {
    char *bytes; /* owned; a 0 that is not counted follows them */
    size_t size;
};

/*
 * Reads a file ("-": standard input) of at most `limit` bytes. False, with the errno in *error, if
 * that fails: EFBIG if there are more.
 */
bool file_read(struct file *file, const char *path, size_t limit, int *error);
void file_free(struct file *file);

/* A sentence for such an error, static or in errno's own buffer. */
const char *file_error(int error);

/* Nothing but blanks. */
bool file_is_blank(const struct file *file);

/* What it is and what to do, if it is no text in any encoding; NULL if it may be one. Static. */
const char *file_is_binary(const struct file *file);

#endif
