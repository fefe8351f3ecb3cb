#define _POSIX_C_SOURCE 200809L

#include "resume.h"

#include "command.h"
#include "file.h"
#include "message.h"
#include "reader.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct done {
    char *name;
    size_t offset; /* in the file, of its first record */
    double start;  /* in the input, of its last record; below 0 if it has only one */
    int status;
    bool used;
};

static bool add(struct resume *resume, const struct done *done)
{
    if (resume->count == resume->room) {
        size_t room = resume->room ? resume->room * 2 : 256;
        struct done *more = realloc(resume->at, room * sizeof *more);
        if (!more)
            return false;
        resume->at = more;
        resume->room = room;
    }
    struct done *last = &resume->at[resume->count];
    *last = *done;
    last->name = strdup(done->name);
    resume->count += last->name != NULL;
    return last->name != NULL;
}

/* A document with several records says of each where it starts. */
static bool note_record(struct resume *resume, const struct done *record)
{
    struct done *last = resume->count > 0 ? &resume->at[resume->count - 1] : NULL;
    if (!last || last->start < 0 || record->start <= last->start || strcmp(last->name, record->name) != 0)
        return add(resume, record);
    last->start = record->start;
    if (record->status > last->status)
        last->status = record->status;
    return true;
}

static bool read_record(struct resume *resume, const struct reader *reader, const char *line, size_t size,
                        const char *path)
{
    cJSON *object = cJSON_ParseWithLength(line, size);
    const cJSON *source = cJSON_GetObjectItemCaseSensitive(object, "source");
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(source, "name");
    const cJSON *start = cJSON_GetObjectItemCaseSensitive(source, "start");
    const cJSON *form = cJSON_GetObjectItemCaseSensitive(object, "form");
    bool good = cJSON_IsString(name) && form;
    if (!good) {
        message_say(path, "line %zu is no record of depesha: name the output of an earlier run", reader->line);
    } else {
        struct done record = {.name = name->valuestring,
                              .offset = reader->offset,
                              .start = cJSON_IsNumber(start) ? start->valuedouble : -1,
                              .status = cJSON_IsNull(form) ? STATUS_DOUBTFUL : STATUS_GOOD};
        good = note_record(resume, &record);
        if (!good)
            message_say(path, "out of memory");
    }
    cJSON_Delete(object);
    return good;
}

/* A file that only looks torn may be precious: it is not cut. */
static bool begins_record(const char *line, size_t size)
{
    static const char beginning[] = "{\"depesha\":";
    size_t most = sizeof beginning - 1;
    return memcmp(line, beginning, size < most ? size : most) == 0;
}

static bool read_records(struct resume *resume, struct reader *reader, const char *path)
{
    for (;;) {
        char *line = NULL;
        size_t size = 0;
        switch (reader_next(reader, &line, &size)) {
        case READER_LINE:
            if (!read_record(resume, reader, line, size, path))
                return false;
            break;
        case READER_TORN:
            if (begins_record(line, size))
                return true;
            message_say(path, "line %zu is no record of depesha: name the output of an earlier run", reader->line);
            return false;
        case READER_END:
            return true;
        default:
            message_say(path, "cannot read what an earlier run wrote: %s", file_error(errno));
            return false;
        }
    }
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct done *)a)->name, ((const struct done *)b)->name);
}

static void leave_out_last(struct resume *resume)
{
    if (resume->count == 0)
        return;
    resume->count--;
    resume->kept = resume->at[resume->count].offset;
    free(resume->at[resume->count].name);
}

bool resume_read(struct resume *resume, const char *path)
{
    struct reader reader;
    int error = 0;
    *resume = (struct resume){0};
    if (!reader_open(&reader, path, SIZE_MAX / 4, &error)) {
        if (error == ENOENT)
            return true;
        message_say(path, "cannot read what an earlier run wrote: %s", file_error(error));
        return false;
    }
    bool good = read_records(resume, &reader, path);
    reader_close(&reader);
    if (!good) {
        resume_free(resume);
        return false;
    }
    leave_out_last(resume);
    for (size_t i = 0; i < resume->count; i++)
        if (resume->at[i].status > resume->status)
            resume->status = resume->at[i].status;
    if (resume->count > 0)
        qsort(resume->at, resume->count, sizeof *resume->at, compare);
    return true;
}

bool resume_has(struct resume *resume, const char *name)
{
    struct done wanted = {.name = (char *)name};
    struct done *found = resume->count > 0 ? bsearch(&wanted, resume->at, resume->count, sizeof wanted, compare) : NULL;
    if (!found)
        return false;
    while (found > resume->at && strcmp(found[-1].name, name) == 0)
        found--;
    const struct done *end = resume->at + resume->count;
    for (; found < end && strcmp(found->name, name) == 0; found++) {
        if (found->used)
            continue;
        found->used = true;
        return true;
    }
    return false;
}

void resume_free(struct resume *resume)
{
    for (size_t i = 0; i < resume->count; i++)
        free(resume->at[i].name);
    free(resume->at);
    *resume = (struct resume){0};
}
