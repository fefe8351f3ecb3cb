#define _POSIX_C_SOURCE 200809L

#include "reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_ROOM = 1 << 17, KEPT_ROOM = 1 << 20 };

bool reader_open(struct reader *reader, const char *path, size_t limit, int *error)
{
    bool standard = strcmp(path, "-") == 0;
    struct stat status;
    *reader = (struct reader){.limit = limit};
    *error = 0;
    reader->descriptor = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (reader->descriptor < 0 || fstat(reader->descriptor, &status) != 0)
        *error = errno;
    else if (S_ISDIR(status.st_mode))
        *error = EISDIR;
    else if (S_ISREG(status.st_mode))
        reader->file_size = (size_t)status.st_size;
    if (*error)
        reader_close(reader);
    return *error == 0;
}

static void drop_lines(struct reader *reader)
{
    if (reader->start > 0)
        memmove(reader->bytes, reader->bytes + reader->start, reader->end - reader->start);
    reader->end -= reader->start;
    reader->start = 0;
}

/* Reads on behind `end`; what is before `start` goes. False at the end (errno 0) and after an error. */
static bool fill(struct reader *reader)
{
    drop_lines(reader);
    if (reader->room - reader->end < 2) {
        size_t room = reader->room ? reader->room * 2 : FIRST_ROOM;
        char *bytes = realloc(reader->bytes, room);
        if (!bytes)
            return false;
        reader->bytes = bytes;
        reader->room = room;
    }
    ssize_t got;
    do {
        got = read(reader->descriptor, reader->bytes + reader->end, reader->room - reader->end - 1);
    } while (got < 0 && errno == EINTR);
    if (got > 0)
        reader->end += (size_t)got;
    if (got == 0)
        errno = 0;
    return got > 0;
}

static enum reader_state end_of(struct reader *reader, size_t size)
{
    reader->ended = true;
    if (errno)
        return READER_ERROR;
    return size > 0 ? READER_TORN : READER_END;
}

/* What one long line needed is not kept for all the others. */
static void shrink(struct reader *reader)
{
    if (reader->room <= KEPT_ROOM || reader->end - reader->start >= FIRST_ROOM)
        return;
    drop_lines(reader);
    char *bytes = realloc(reader->bytes, FIRST_ROOM);
    if (bytes) {
        reader->bytes = bytes;
        reader->room = FIRST_ROOM;
    }
}

enum reader_state reader_next(struct reader *reader, char **line, size_t *size)
{
    size_t seen = 0, passed = 0; /* bytes of this line that hold no break; those given up */
    enum reader_state state = READER_LINE;
    char *stop = NULL;
    if (reader->ended)
        return READER_END;
    shrink(reader);
    for (;;) {
        size_t there = reader->end - reader->start;
        stop = there > seen ? memchr(reader->bytes + reader->start + seen, '\n', there - seen) : NULL;
        seen = stop ? (size_t)(stop - reader->bytes) - reader->start : there;
        if (seen > reader->limit) {
            state = READER_LONG;
            passed += seen;
            reader->start += seen;
            seen = 0;
        }
        if (stop)
            break;
        if (!fill(reader)) {
            enum reader_state end = end_of(reader, seen + passed);
            state = end == READER_TORN && state == READER_LONG ? READER_LONG : end;
            break;
        }
    }
    *line = reader->bytes ? reader->bytes + reader->start : NULL;
    *size = seen;
    if (*line)
        (*line)[seen] = '\0';
    reader->start += seen + (stop != NULL);
    reader->line++;
    reader->offset = reader->next;
    reader->next += passed + seen + (stop != NULL);
    return state;
}

bool reader_is_ready(const struct reader *reader)
{
    if (reader->file_size || reader->ended)
        return true;
    size_t there = reader->end - reader->start;
    struct pollfd poll_one = {.fd = reader->descriptor, .events = POLLIN};
    return (there && memchr(reader->bytes + reader->start, '\n', there)) || poll(&poll_one, 1, 0) != 0;
}

void reader_close(struct reader *reader)
{
    free(reader->bytes);
    if (reader->descriptor > STDERR_FILENO)
        close(reader->descriptor);
    *reader = (struct reader){.descriptor = -1};
}
