#define _POSIX_C_SOURCE 200809L

#include "inputs.h"

#include "file.h"
#include "message.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* Takes over `path`, which may be NULL: then, as without memory, it returns false. */
static bool add(struct paths *paths, char *path)
{
    if (path && paths->count == paths->room) {
        size_t room = paths->room ? paths->room * 2 : 16;
        char **more = realloc(paths->at, room * sizeof *more);
        if (!more) {
            free(path);
            return false;
        }
        paths->at = more;
        paths->room = room;
    }
    if (path)
        paths->at[paths->count++] = path;
    return path != NULL;
}

static void free_paths(struct paths *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        free(paths->at[i]);
    free(paths->at);
    *paths = (struct paths){0};
}

static char *join(const char *directory, const char *name)
{
    size_t length = strlen(directory);
    const char *slash = length > 0 && directory[length - 1] == '/' ? "" : "/";
    size_t size = length + strlen(name) + 2;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s%s%s", directory, slash, name);
    return path;
}

bool inputs_seems_text(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    static const char *const others[] = {
        "7z",  "accept", "avi",  "bmp",  "bz2",  "csv",   "db",  "djvu", "doc", "docx",   "epub", "gif", "grammar",
        "gz",  "jp2",    "jpeg", "jpg",  "json", "jsonl", "mov", "mp3",  "mp4", "ndjson", "odp",  "ods", "odt",
        "ogg", "pdf",    "png",  "ppt",  "pptx", "ps",    "rar", "rtf",  "svg", "tar",    "tgz",  "tif", "tiff",
        "tmp", "tsv",    "wav",  "webp", "xls",  "xlsx",  "xml", "xz",   "zip", "zst",
    };
    const char *dot = strrchr(name, '.');
    if (name[0] == 0 || name[0] == '.' || name[strlen(name) - 1] == '~')
        return false;
    for (size_t i = 0; dot && i < sizeof others / sizeof others[0]; i++)
        if (strcasecmp(dot + 1, others[i]) == 0)
            return false;
    return true;
}

/* What has been found in a directory so far, and what has yet to be looked into. */
struct walk {
    struct paths *files;
    struct paths directories;
    bool failed;
};

static bool add_entry(struct walk *walk, const char *directory, const char *name)
{
    struct stat status;
    char *path = join(directory, name);
    if (!path)
        return false;
    bool known = lstat(path, &status) == 0;
    if (known && S_ISDIR(status.st_mode))
        return add(&walk->directories, path);
    bool linked = known && S_ISLNK(status.st_mode);
    if (linked)
        known = stat(path, &status) == 0;
    /* What cannot be looked at becomes an input all the same: reading it will say what is wrong. */
    if (inputs_seems_text(name) && (!known || S_ISREG(status.st_mode)))
        return add(walk->files, path);
    free(path);
    return true;
}

static bool add_entries(struct walk *walk, const char *directory)
{
    DIR *stream = opendir(directory);
    if (!stream) {
        message_say(directory, "cannot read this directory: %s", strerror(errno));
        walk->failed = true;
        return true;
    }
    bool good = true;
    struct dirent *entry;
    while (good && (entry = readdir(stream)))
        good = entry->d_name[0] == '.' || add_entry(walk, directory, entry->d_name);
    closedir(stream);
    return good;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add_directory(struct inputs *inputs, const char *path)
{
    struct walk walk = {.files = &inputs->files};
    size_t before = inputs->files.count;
    bool good = add(&walk.directories, strdup(path));
    while (good && walk.directories.count > 0) {
        char *directory = walk.directories.at[--walk.directories.count];
        good = add_entries(&walk, directory);
        free(directory);
    }
    free_paths(&walk.directories);
    size_t found = inputs->files.count - before;
    if (found > 0)
        qsort(inputs->files.at + before, found, sizeof *inputs->files.at, compare);
    else if (good && !walk.failed)
        message_say(path, "no text files in this directory: name the files, or a directory that has some");
    inputs->failed = inputs->failed || walk.failed || found == 0;
    return good;
}

static bool add_operand(struct inputs *inputs, const char *operand)
{
    struct stat status;
    if (!inputs->flat && strcmp(operand, "-") != 0 && stat(operand, &status) == 0 && S_ISDIR(status.st_mode))
        return add_directory(inputs, operand);
    return add(&inputs->files, strdup(operand));
}

/* Each line, or what stands between NULs, is an operand. Takes the file over. */
static bool add_each(struct inputs *inputs, struct file *file)
{
    bool good = true;
    char *end = file->bytes + file->size;
    for (char *at = file->bytes, *next; good && at < end; at = next) {
        char *stop = memchr(at, inputs->null ? '\0' : '\n', (size_t)(end - at));
        next = stop ? stop + 1 : end;
        if (!stop)
            stop = end; /* where the file's own 0 is */
        if (!inputs->null && stop > at && stop[-1] == '\r')
            stop--;
        *stop = '\0';
        good = *at == '\0' || add_operand(inputs, at);
    }
    file_free(file);
    return good;
}

static bool add_listed(struct inputs *inputs)
{
    const char *list = inputs->list;
    struct file file;
    int error = 0;
    const char *name = strcmp(list, "-") == 0 ? "<stdin>" : list;
    if (!file_read(&file, list, FILE_LIMIT, &error)) {
        message_say(name, "cannot read this list of inputs: %s", file_error(error));
        inputs->failed = true;
        return true;
    }
    if (file.size == 0)
        message_say(name, "names no inputs: it is to have one on each line");
    else if (!inputs->null && memchr(file.bytes, '\0', file.size))
        message_say(name, "has NUL characters: is --null missing?");
    else
        return add_each(inputs, &file);
    inputs->failed = true;
    file_free(&file);
    return true;
}

bool inputs_list(struct inputs *inputs, size_t count, char **operands)
{
    bool good = inputs->list ? add_listed(inputs) : count > 0 || add_operand(inputs, "-");
    for (size_t i = 0; good && i < count; i++)
        good = add_operand(inputs, operands[i]);
    if (!good) {
        message_say(NULL, "out of memory");
        inputs_free(inputs);
    }
    return good;
}

void inputs_free(struct inputs *inputs)
{
    free_paths(&inputs->files);
}

/* How many bytes the UTF-8 character at `text` has; 0 if it is none. The text ends in a 0. */
static size_t character_size(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t size = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90))
        return 0; /* longer than need be */
    if ((at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf4 && at[1] > 0x8f))
        return 0; /* a surrogate, or beyond the last */
    return size;
}

char *inputs_name(const char *path)
{
    return strcmp(path, "-") == 0 ? strdup("<stdin>") : inputs_visible(path);
}

char *inputs_visible(const char *text)
{
    static const char unknown[] = "\xEF\xBF\xBD"; /* U+FFFD */
    char *name = malloc(strlen(text) * 3 + 1);
    char *end = name;
    while (name && *text) {
        size_t size = character_size(text);
        memcpy(end, size ? text : unknown, size ? size : 3);
        end += size ? size : 3;
        text += size ? size : 1;
    }
    if (name)
        *end = 0;
    return name;
}
