#define _POSIX_C_SOURCE 200809L

#include "source.h"

#include "message.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A path that is read as an archive, unless all are. */
static bool names_archive(const char *path)
{
    static const char *const ends[] = {".tar", ".tar.bz2", ".tar.gz", ".tar.xz", ".tar.zst", ".tgz", ".txz"};
    size_t size = strlen(path);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t end = strlen(ends[i]);
        if (size > end && strcmp(path + size - end, ends[i]) == 0)
            return true;
    }
    return false;
}

size_t source_most(const struct source *source)
{
    bool many = source->kind != SOURCE_TEXT;
    for (size_t i = 0; !many && i < source->inputs->count; i++)
        many = names_archive(source->inputs->at[i]);
    return many ? SIZE_MAX : source->inputs->count;
}

/* Its name in "NAME:LINE", for a line that has none of its own. */
static char *line_name(const struct source *source)
{
    char number[32];
    char *input = inputs_name(source->inputs->at[source->next - 1]);
    size_t room = input ? strlen(input) + sizeof number : 0;
    char *name = input ? malloc(room) : NULL;
    if (name)
        snprintf(name, room, "%s:%zu", input, source->reader.line);
    free(input);
    return name;
}

static char *id_name(const struct source *source, const cJSON *id)
{
    char number[32];
    if (cJSON_IsString(id) && id->valuestring[0])
        return inputs_visible(id->valuestring);
    if (!cJSON_IsNumber(id))
        return line_name(source);
    snprintf(number, sizeof number, "%.15g", id->valuedouble);
    return strdup(number);
}

/* cJSON ends a text where \u0000 stands. */
static bool has_nul(const char *line, size_t size)
{
    if (memchr(line, '\0', size))
        return true;
    for (const char *at = line; (at = strchr(at, '\\')) != NULL; at += at[1] ? 2 : 1)
        if (strncmp(at + 1, "u0000", 5) == 0)
            return true;
    return false;
}

/* Takes the text over from the object: it may be long. */
static void take_text(const struct source *source, cJSON *text, struct task *task)
{
    task->file = (struct file){.bytes = text->valuestring, .size = strlen(text->valuestring)};
    text->valuestring = NULL;
    if (task->file.size > source->limit)
        task_fail(task, "cannot read: %s", file_error(EFBIG));
}

static void read_line(const struct source *source, const char *line, size_t size, struct task *task)
{
    const char *end = NULL;
    cJSON *object = has_nul(line, size) ? NULL : cJSON_ParseWithLengthOpts(line, size, &end, 0);
    cJSON *text = cJSON_GetObjectItemCaseSensitive(object, "text");
    task->name = cJSON_IsObject(object) ? id_name(source, cJSON_GetObjectItemCaseSensitive(object, "id")) : NULL;
    if (!task->name)
        task->name = line_name(source);
    while (end && end < line + size && strchr(" \t\r", *end))
        end++;
    if (!object && !end)
        task_fail(task, "holds a NUL character (\\u0000), which no text has: remove it");
    else if (!object)
        task_fail(task, "not JSON from byte %zu on: each line is an object {\"id\": ..., \"text\": ...}",
                  (size_t)(end - line) + 1);
    else if (end < line + size)
        task_fail(task, "more than one JSON value: each line is an object {\"id\": ..., \"text\": ...}");
    else if (!cJSON_IsString(text))
        task_fail(task, "has no \"text\": each line is an object {\"id\": ..., \"text\": ...}");
    else
        take_text(source, text, task);
    cJSON_Delete(object);
}

static bool next_line(struct source *source, struct task *task)
{
    char *line = NULL;
    size_t size = 0;
    for (;;) {
        enum reader_state state = reader_next(&source->reader, &line, &size);
        if (state == READER_END)
            return false;
        if (state == READER_ERROR || state == READER_LONG) {
            task->name = line_name(source);
            task_fail(task, "cannot read: %s", file_error(state == READER_LONG ? EFBIG : errno));
            return true;
        }
        if (size > strspn(line, " \t\r"))
            break;
    }
    read_line(source, line, size, task);
    return true;
}

/* Goes into an input that holds many. False if the task has failed over it. */
static bool enter(struct source *source, const char *path, struct task *task)
{
    int error = 0;
    if (source->kind == SOURCE_NDJSON) {
        source->reading = reader_open(&source->reader, path, source->limit, &error);
        if (error)
            task_fail(task, "cannot read: %s", file_error(error));
    } else {
        source->tar = tar_open(path, task);
    }
    return !error && (source->reading || source->tar);
}

/* What is left of the input that holds many, if there is one. */
static bool next_inside(struct source *source, struct task *task)
{
    if (source->reading) {
        if (next_line(source, task))
            return true;
        reader_close(&source->reader);
        source->reading = false;
    }
    if (source->tar) {
        if (tar_next(source->tar, source->limit, task))
            return true;
        tar_close(source->tar);
        source->tar = NULL;
    }
    return false;
}

/* Inputs count alike, however large; inside one that holds many only its size tells how far it is. */
static double place_of(const struct source *source)
{
    double part = 1;
    if (source->reading && source->reader.file_size)
        part = (double)source->reader.next / (double)source->reader.file_size;
    else if (source->reading || source->tar)
        return -1;
    return ((double)(source->next - 1) + part) / (double)source->inputs->count;
}

bool source_next(struct source *source, struct task *task)
{
    while (!next_inside(source, task)) {
        if (source->next == source->inputs->count)
            return false;
        const char *path = source->inputs->at[source->next++];
        bool many = source->kind != SOURCE_TEXT || names_archive(path);
        if (strcmp(path, "-") == 0 && isatty(STDIN_FILENO))
            message_say(NULL, "reading from the terminal; end with Ctrl-D");
        if (many && enter(source, path, task))
            continue;
        task->path = many ? NULL : path;
        task->name = inputs_name(path);
        break;
    }
    task->place = place_of(source);
    if (!task->name)
        task_fail(task, "out of memory");
    return true;
}

bool source_is_ready(const struct source *source)
{
    return !source->reading || reader_is_ready(&source->reader);
}

void source_close(struct source *source)
{
    if (source->reading)
        reader_close(&source->reader);
    if (source->tar)
        tar_close(source->tar);
    source->reading = false;
    source->tar = NULL;
}
