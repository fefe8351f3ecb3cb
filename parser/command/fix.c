#include "fix.h"

#include "command.h"

#include <stdlib.h>
#include <string.h>

enum { CONTEXT = 3, NEAR = 2 * CONTEXT + 1 };

/* Findings come by their place; of two that overlap the first is mended now. */
static bool is_mendable(const struct shown *shown, size_t from, size_t size)
{
    return shown->finding->mend && shown->finding->start >= from && shown->finding->end <= size;
}

bool fix_apply(const struct file *file, const struct shown *shown, size_t count, struct file *mended, size_t *places)
{
    size_t size = file->size, done = 0;
    for (size_t i = 0; i < count; i++)
        size += shown[i].finding->mend ? strlen(shown[i].finding->mend) : 0;
    *places = 0;
    *mended = (struct file){.bytes = malloc(size + 1)};
    if (!mended->bytes)
        return false;
    char *at = mended->bytes;
    for (size_t i = 0; i < count; i++) {
        const depesha_finding *finding = shown[i].finding;
        if (!is_mendable(&shown[i], done, file->size))
            continue;
        memcpy(at, file->bytes + done, finding->start - done);
        at += finding->start - done;
        memcpy(at, finding->mend, strlen(finding->mend));
        at += strlen(finding->mend);
        done = finding->end;
        ++*places;
    }
    memcpy(at, file->bytes + done, file->size - done);
    at += file->size - done;
    *at = 0;
    mended->size = (size_t)(at - mended->bytes);
    return true;
}

static bool is_touched(const depesha_value *value, const struct shown *shown, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (shown[i].finding->mend && shown[i].finding->start < value->end && value->start < shown[i].finding->end)
            return true;
    return false;
}

/* The same path but for the numbers of list entries, which move when one is read that was not before. */
static bool same_path(const char *a, const char *b)
{
    while (*a && *b) {
        a += strspn(a, "0123456789");
        b += strspn(b, "0123456789");
        if (*a != *b)
            return false;
        a += *a != 0;
        b += *b != 0;
    }
    return *a == *b;
}

static bool has_value(const depesha_document *document, const depesha_value *value)
{
    for (size_t n = 0; n < depesha_document_count(document); n++)
        for (size_t i = 0; i < depesha_value_count(document, n); i++) {
            const depesha_value *other = depesha_value_at(document, n, i);
            if (same_path(value->path, other->path) && strcmp(value->value, other->value) == 0)
                return true;
        }
    return false;
}

bool fix_keeps_values(const depesha_document *before, const depesha_document *after, const struct shown *shown,
                      size_t count)
{
    if (depesha_document_count(before) != depesha_document_count(after))
        return false;
    for (size_t n = 0; n < depesha_document_count(before); n++)
        for (size_t i = 0; i < depesha_value_count(before, n); i++) {
            const depesha_value *value = depesha_value_at(before, n, i);
            if (!is_touched(value, shown, count) && !has_value(after, value))
                return false;
        }
    return true;
}

/* ---- the patch ------------------------------------------------------------------------------ */

/* A file line by line, from its first. */
struct reader {
    const char *line, *next, *end; /* the present line, and behind it */
    size_t number;                 /* from 1 */
};

static void next_line(struct reader *reader)
{
    reader->line = reader->next;
    const char *feed =
        reader->line < reader->end ? memchr(reader->line, '\n', (size_t)(reader->end - reader->line)) : NULL;
    reader->next = feed ? feed + 1 : reader->end;
    reader->number++;
}

static struct reader open_reader(const struct file *file)
{
    struct reader reader = {.next = file->bytes, .end = file->bytes + file->size};
    next_line(&reader);
    return reader;
}

static bool is_same(const struct reader *a, const struct reader *b)
{
    size_t size = (size_t)(a->next - a->line);
    return size == (size_t)(b->next - b->line) && memcmp(a->line, b->line, size) == 0;
}

static void write_line(struct output *output, char sign, const struct reader *reader)
{
    output_bytes(output, &sign, 1);
    output_bytes(output, reader->line, (size_t)(reader->next - reader->line));
    if (reader->next > reader->line && reader->next[-1] != '\n')
        output_text(output, "\n\\ No newline at end of file\n");
}

/* Changed lines of one stretch: the old ones, then the new ones. */
static void write_changes(struct output *output, struct reader *old, struct reader *new)
{
    struct reader first = *new;
    size_t count = 0;
    for (; old->line < old->end && !is_same(old, new); count++) {
        write_line(output, '-', old);
        next_line(old);
        next_line(new);
    }
    for (; count > 0; count--) {
        write_line(output, '+', &first);
        next_line(&first);
    }
}

/* The last line of a stretch of changes: no two of them are further apart than their contexts reach. */
static size_t last_change(struct reader old, struct reader new)
{
    size_t last = old.number;
    for (; old.line < old.end && old.number <= last + NEAR; next_line(&old), next_line(&new))
        if (!is_same(&old, &new))
            last = old.number;
    return last;
}

static void write_hunk(struct output *output, struct reader *start_old, struct reader *start_new, size_t last)
{
    struct reader *old = start_old, *new = start_new, count = *old;
    size_t lines = 0;
    for (; count.line < count.end && count.number <= last + CONTEXT; next_line(&count))
        lines++;
    output_format(output, "@@ -%zu,%zu +%zu,%zu @@\n", old->number, lines, new->number, lines);
    while (old->line < old->end && old->number <= last + CONTEXT)
        if (is_same(old, new)) {
            write_line(output, ' ', old);
            next_line(old);
            next_line(new);
        } else {
            write_changes(output, old, new);
        }
}

void fix_show(struct output *output, const char *name, const struct file *before, const struct file *after)
{
    struct reader old = open_reader(before), new = open_reader(after);
    struct reader back_old[CONTEXT], back_new[CONTEXT]; /* the lines before, for context */
    size_t behind = 0;
    output_text(output, "--- ");
    output_inline(output, name);
    output_text(output, "\n+++ ");
    output_inline(output, name);
    output_text(output, "\n");
    while (old.line < old.end) {
        if (is_same(&old, &new)) {
            if (behind == CONTEXT) {
                memmove(back_old, back_old + 1, (CONTEXT - 1) * sizeof *back_old);
                memmove(back_new, back_new + 1, (CONTEXT - 1) * sizeof *back_new);
                behind--;
            }
            back_old[behind] = old;
            back_new[behind++] = new;
            next_line(&old);
            next_line(&new);
            continue;
        }
        size_t last = last_change(old, new);
        if (behind > 0) {
            old = back_old[0];
            new = back_new[0];
        }
        write_hunk(output, &old, &new, last);
        behind = 0;
    }
}

bool fix_write(const char *path, const struct file *mended)
{
    struct output output;
    if (!output_open(&output, path))
        return false;
    output_bytes(&output, mended->bytes, mended->size);
    return output_close(&output, true) == STATUS_GOOD;
}
