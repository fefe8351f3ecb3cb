#define _XOPEN_SOURCE 700

#include "output.h"

#include "command.h"
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER_SIZE = 1 << 18 };

static void forget(struct output *output)
{
    free(output->buffer);
    free(output->name);
    free(output->target);
    free(output->temporary);
    *output = (struct output){0};
}

static bool refuse(struct output *output, const char *why)
{
    message_say(output->name ? output->name : "output", "cannot write: %s", why);
    forget(output);
    return false;
}

static void identify(struct output *output, const struct stat *status)
{
    output->regular = S_ISREG(status->st_mode);
    output->device = status->st_dev;
    output->inode = status->st_ino;
}

/* mkstemp makes files that only their owner reads; results are to be as readable as any other file. */
static mode_t usual_mode(void)
{
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

static bool open_temporary(struct output *output, mode_t mode)
{
    static const char suffix[] = ".tmpXXXXXX";
    size_t size = strlen(output->target) + sizeof suffix;
    output->temporary = malloc(size);
    if (!output->temporary)
        return false;
    snprintf(output->temporary, size, "%s%s", output->target, suffix);
    int descriptor = mkstemp(output->temporary);
    if (descriptor < 0)
        return false;
    if (fchmod(descriptor, mode) == 0)
        output->file = fdopen(descriptor, "w");
    if (!output->file) {
        int error = errno;
        close(descriptor);
        unlink(output->temporary);
        errno = error;
    }
    return output->file != NULL;
}

/* `status` is that of the file to replace, or NULL if there is none yet. */
static bool open_file(struct output *output, const char *path, const struct stat *status)
{
    /* Through a symbolic link, its target is replaced and the link stays. */
    output->target = status ? realpath(path, NULL) : strdup(path);
    if (!output->target || (status && access(output->target, W_OK) != 0))
        return false;
    return open_temporary(output, status ? status->st_mode & 0777 : usual_mode());
}

static bool open_path(struct output *output, const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0) {
        identify(output, &status);
        if (output->regular)
            return open_file(output, path, &status);
        output->file = fopen(path, "w");
        return output->file != NULL;
    }
    /* A link to nothing is somebody's mistake: neither to be replaced nor to be followed. */
    if (errno != ENOENT || lstat(path, &status) == 0)
        return false;
    return open_file(output, path, NULL);
}

/* Without memory for it the smaller buffer of the C library does. A terminal stays line by line. */
static void add_buffer(struct output *output)
{
    if (!isatty(fileno(output->file)) && (output->buffer = malloc(BUFFER_SIZE)))
        setvbuf(output->file, output->buffer, _IOFBF, BUFFER_SIZE);
}

bool output_open(struct output *output, const char *path)
{
    bool standard = !path || strcmp(path, "-") == 0;
    *output = (struct output){.name = strdup(standard ? "standard output" : path)};
    if (!output->name)
        return refuse(output, "out of memory");
    struct stat status;
    if (standard) {
        output->file = stdout;
        if (fstat(STDOUT_FILENO, &status) == 0)
            identify(output, &status);
    } else if (!open_path(output, path)) {
        return refuse(output, strerror(errno));
    }
    add_buffer(output);
    return true;
}

/* An existing file stays as it is, so far. */
static bool open_in_place(struct output *output, const char *path)
{
    struct stat status;
    int descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0)
        return false;
    if (fstat(descriptor, &status) == 0) {
        identify(output, &status);
        errno = EINVAL;
        output->file = output->regular ? fdopen(descriptor, "w") : NULL;
    }
    if (!output->file) {
        int error = errno;
        close(descriptor);
        errno = error;
    }
    return output->file != NULL;
}

bool output_reopen(struct output *output, const char *path)
{
    *output = (struct output){.name = strdup(path), .used = true};
    if (!output->name)
        return refuse(output, "out of memory");
    if (!open_in_place(output, path))
        return refuse(output, errno == EINVAL ? "this is no file that one could go on in" : strerror(errno));
    add_buffer(output);
    return true;
}

bool output_cut(struct output *output, size_t kept)
{
    int descriptor = fileno(output->file);
    if (ftruncate(descriptor, (off_t)kept) == 0 && lseek(descriptor, (off_t)kept, SEEK_SET) >= 0)
        return true;
    message_say(output->name, "cannot write: %s", strerror(errno));
    return false;
}

bool output_overwrites(const struct output *output, const char *path)
{
    struct stat status;
    if (!output->regular)
        return false;
    if ((strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &status) : stat(path, &status)) != 0)
        return false;
    return status.st_dev == output->device && status.st_ino == output->inode;
}

bool output_works(const struct output *output)
{
    return !output->gone && !output->error;
}

static void note_error(struct output *output, int error)
{
    if (error == EPIPE)
        output->gone = true;
    else if (!output->error)
        output->error = error ? error : EIO;
}

static void note_use(struct output *output)
{
    output->used = true;
    output->pending = true;
}

void output_bytes(struct output *output, const char *bytes, size_t size)
{
    if (!output_works(output) || size == 0)
        return;
    note_use(output);
    errno = 0;
    if (fwrite(bytes, 1, size, output->file) != size)
        note_error(output, errno);
}

void output_flush(struct output *output)
{
    errno = 0;
    if (output_works(output) && fflush(output->file) != 0)
        note_error(output, errno);
    output->pending = false;
    clock_gettime(CLOCK_MONOTONIC, &output->flushed);
}

long output_delay(const struct output *output)
{
    struct timespec now;
    if (!output->pending || clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        return 0;
    return (long)(now.tv_sec - output->flushed.tv_sec) * 1000 + (now.tv_nsec - output->flushed.tv_nsec) / 1000000;
}

void output_text(struct output *output, const char *text)
{
    output_bytes(output, text, strlen(text));
}

void output_format(struct output *output, const char *format, ...)
{
    if (!output_works(output))
        return;
    va_list arguments;
    va_start(arguments, format);
    note_use(output);
    errno = 0;
    if (vfprintf(output->file, format, arguments) < 0)
        note_error(output, errno);
    va_end(arguments);
}

void output_inline(struct output *output, const char *text)
{
    const char *start = text;
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte >= 0x20 && byte != 0x7f)
            continue;
        output_bytes(output, start, (size_t)(text - start));
        output_bytes(output, " ", 1);
        start = text + 1;
    }
    output_bytes(output, start, (size_t)(text - start));
}

/* Gives the file its name, or takes it away again. */
static void settle(struct output *output, bool keep)
{
    if (!output->temporary)
        return;
    if (keep && output_works(output)) {
        if (rename(output->temporary, output->target) == 0)
            return;
        note_error(output, errno);
    }
    unlink(output->temporary);
}

int output_close(struct output *output, bool keep)
{
    errno = 0;
    if (fclose(output->file) != 0)
        note_error(output, errno);
    settle(output, keep);
    int error = output->error;
    if (error)
        message_say(output->name, "cannot write: %s", strerror(error));
    forget(output);
    return error ? STATUS_FAILED : STATUS_GOOD;
}

int output_print(const char *text)
{
    struct output output;
    if (!output_open(&output, NULL))
        return STATUS_FAILED;
    output_text(&output, text);
    return output_close(&output, true);
}
