/*
 * Mending: what a finding says should stand there is put in its place, in the bytes of the input.
 */
#ifndef DEPESHA_FIX_H
#define DEPESHA_FIX_H

#include "file.h"
#include "report.h"

/* The bytes with all that can be mended; *count is how many places were. False without memory. */
bool fix_apply(const struct file *file, const struct shown *shown, size_t count, struct file *mended, size_t *places);

/* Whether each value that no mending touched is there as before: else something was taken for what it is not. */
bool fix_keeps_values(const depesha_document *before, const depesha_document *after, const struct shown *shown,
                      size_t count);

/* The changes as a patch. Mending changes no line's end, so line n is line n. */
void fix_show(struct output *output, const char *name, const struct file *before, const struct file *after);

/* Replaces the file, all at once. False, with a message, if that fails: then it is as it was. */
bool fix_write(const char *path, const struct file *mended);

#endif
