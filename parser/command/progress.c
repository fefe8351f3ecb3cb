#define _POSIX_C_SOURCE 200809L

#include "progress.h"

#include "command.h"
#include "message.h"

#include <stdio.h>

/* Seconds between two writings of the line; before that nobody can say how long it will take. */
static const double interval = 0.2, settling = 1;

static double since(const struct timespec *then)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - then->tv_sec) + (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

void progress_begin(struct progress *progress)
{
    clock_gettime(CLOCK_MONOTONIC, &progress->start);
    progress->last = progress->start;
}

/* "1:02:03" or "2:03" */
static void write_duration(char *text, size_t room, double seconds)
{
    unsigned long whole = (unsigned long)(seconds + 0.5);
    if (whole >= 3600)
        snprintf(text, room, "%lu:%02lu:%02lu", whole / 3600, whole / 60 % 60, whole % 60);
    else
        snprintf(text, room, "%lu:%02lu", whole / 60, whole % 60);
}

/* "12 %, 1:23 left", or nothing while that is not known. */
static void write_rest(char *text, size_t room, const struct progress *progress, double place, double seconds)
{
    char left[32];
    double gone = place - progress->place;
    *text = 0;
    if (place < 0 || progress->place < 0 || gone <= 0 || seconds < settling)
        return;
    write_duration(left, sizeof left, seconds * (1 - place) / gone);
    snprintf(text, room, ", %.0f %%, %s left", place * 100, left);
}

static void show(struct progress *progress, double place)
{
    char rest[64];
    double seconds = since(&progress->start);
    write_rest(rest, sizeof rest, progress, place, seconds);
    /* Back to the line's beginning, and what was there is cleared. */
    fprintf(stderr, "\r\033[K%zu documents, %.0f/s, %.1f MB/s%s", progress->documents,
            (double)progress->documents / seconds, (double)progress->bytes / 1e6 / seconds, rest);
    fflush(stderr);
    progress->visible = progress->seen = true;
}

void progress_note(struct progress *progress, const struct task *task)
{
    if (progress->documents++ == 0)
        progress->place = task->place;
    progress->bytes += task->bytes;
    progress->failed += task->status == STATUS_FAILED;
    progress->doubtful += task->status == STATUS_DOUBTFUL;
    if (!progress->shown || since(&progress->last) < interval)
        return;
    clock_gettime(CLOCK_MONOTONIC, &progress->last);
    show(progress, task->place);
}

void progress_hide(struct progress *progress)
{
    if (progress->visible)
        fputs("\r\033[K", stderr);
    progress->visible = false;
}

void progress_sum_up(struct progress *progress, size_t skipped)
{
    char duration[32], before[64] = "";
    double seconds = since(&progress->start);
    double divisor = seconds > 0 ? seconds : 1;
    write_duration(duration, sizeof duration, seconds);
    if (skipped > 0)
        snprintf(before, sizeof before, " (and %zu before)", skipped);
    message_say(NULL, "%zu documents%s, %zu not recognised, %zu failed; %.1f MB in %s, %.0f/s, %.1f MB/s",
                progress->documents, before, progress->doubtful, progress->failed, (double)progress->bytes / 1e6,
                duration, (double)progress->documents / divisor, (double)progress->bytes / 1e6 / divisor);
}
