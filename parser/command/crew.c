#define _GNU_SOURCE /* sched_getaffinity */

#include "crew.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#endif

/* Tasks for each thread: enough that one long document does not idle the others. Bytes that may wait for it. */
enum { TASKS_EACH = 32, MOST_THREADS = 256, MOST_HELD = 8 << 20 };

/* A document takes a few times the memory of its text. */
enum { DOCUMENT_FACTOR = 8 };

size_t crew_cores(void)
{
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return (size_t)CPU_COUNT(&set);
#endif
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (size_t)count : 1;
}

static size_t weight(const struct task *task)
{
    return task->size + (task->document ? task->bytes * DOCUMENT_FACTOR : 0);
}

static bool may_fetch(const struct crew *crew)
{
    return crew->fetched - crew->taken < crew->room && crew->held < MOST_HELD;
}

/* A place in the ring, once there is one; false if there is to be no more work. */
static bool find_room(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    while (!crew->stopped && !crew->ended && !may_fetch(crew))
        pthread_cond_wait(&crew->moved, &crew->lock);
    bool found = !crew->stopped && !crew->ended;
    pthread_mutex_unlock(&crew->lock);
    return found;
}

/* The next task, in its slot; NULL if there is none. Fetching may take long, and only fetching waits for it. */
static struct task *fetch(struct crew *crew)
{
    struct task *task = NULL;
    pthread_mutex_lock(&crew->fetching);
    if (find_room(crew)) {
        task = &crew->ring[crew->fetched % crew->room];
        bool found = crew->fetch(crew->context, task);
        pthread_mutex_lock(&crew->lock);
        crew->fetched += found;
        crew->ended = !found;
        if (!found)
            task = NULL;
        pthread_mutex_unlock(&crew->lock);
    }
    pthread_mutex_unlock(&crew->fetching);
    return task;
}

/* The life of a thread. */
static void *run(void *argument)
{
    struct crew *crew = argument;
    struct task *task;
    while ((task = fetch(crew))) {
        size_t slot = (size_t)(task - crew->ring);
        crew->work(crew->context, task);
        pthread_mutex_lock(&crew->lock);
        crew->ready[slot] = true;
        crew->held += weight(task);
        if (slot == crew->taken % crew->room)
            pthread_cond_signal(&crew->done);
        pthread_mutex_unlock(&crew->lock);
    }
    pthread_mutex_lock(&crew->lock);
    pthread_cond_signal(&crew->done);
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

static void start_threads(struct crew *crew, size_t count)
{
    crew->threads = calloc(count, sizeof *crew->threads);
    if (!crew->threads)
        return;
    /* One that the system does not grant is done without. */
    while (crew->count < count && pthread_create(&crew->threads[crew->count], NULL, run, crew) == 0)
        crew->count++;
}

bool crew_open(struct crew *crew, size_t count)
{
    if (count > MOST_THREADS)
        count = MOST_THREADS;
    crew->room = count > 1 ? count * TASKS_EACH : 1;
    crew->ring = calloc(crew->room, sizeof *crew->ring);
    crew->ready = calloc(crew->room, sizeof *crew->ready);
    if (!crew->ring || !crew->ready) {
        free(crew->ring);
        free(crew->ready);
        return false;
    }
    pthread_mutex_init(&crew->fetching, NULL);
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->moved, NULL);
    pthread_cond_init(&crew->done, NULL);
    if (count > 1)
        start_threads(crew, count);
    return true;
}

static struct timespec later(unsigned milliseconds)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    long nanoseconds = time.tv_nsec + (long)(milliseconds % 1000) * 1000000;
    time.tv_sec += (time_t)(milliseconds / 1000) + nanoseconds / 1000000000;
    time.tv_nsec = nanoseconds % 1000000000;
    return time;
}

/* The slot of the task that was taken last goes back to the threads. */
static void give_back(struct crew *crew)
{
    size_t slot = crew->taken % crew->room;
    if (!crew->lent)
        return;
    crew->lent = false;
    size_t less = weight(&crew->ring[slot]);
    task_clear(&crew->ring[slot]);
    pthread_mutex_lock(&crew->lock);
    crew->ready[slot] = false;
    crew->held -= less;
    crew->taken++;
    pthread_cond_signal(&crew->moved);
    pthread_mutex_unlock(&crew->lock);
}

/* Under the lock. */
static enum crew_state wait_for_task(struct crew *crew, unsigned milliseconds)
{
    struct timespec end = later(milliseconds);
    for (;;) {
        if (crew->ready[crew->taken % crew->room])
            return CREW_TASK;
        if (crew->ended && crew->taken == crew->fetched)
            return CREW_END;
        int error = milliseconds ? pthread_cond_timedwait(&crew->done, &crew->lock, &end)
                                 : pthread_cond_wait(&crew->done, &crew->lock);
        if (error == ETIMEDOUT)
            return CREW_WAIT;
    }
}

static enum crew_state work_now(struct crew *crew)
{
    struct task *task = &crew->ring[0];
    if (crew->ended || !crew->fetch(crew->context, task)) {
        crew->ended = true;
        return CREW_END;
    }
    crew->work(crew->context, task);
    crew->ready[0] = true;
    crew->held += weight(task);
    crew->fetched++;
    return CREW_TASK;
}

enum crew_state crew_next(struct crew *crew, unsigned milliseconds, struct task **task)
{
    enum crew_state state;
    give_back(crew);
    if (crew->count == 0) {
        state = work_now(crew);
    } else {
        pthread_mutex_lock(&crew->lock);
        state = wait_for_task(crew, milliseconds);
        pthread_mutex_unlock(&crew->lock);
    }
    crew->lent = state == CREW_TASK;
    *task = crew->lent ? &crew->ring[crew->taken % crew->room] : NULL;
    return state;
}

void crew_close(struct crew *crew)
{
    if (!crew->ring)
        return;
    pthread_mutex_lock(&crew->lock);
    crew->stopped = true;
    pthread_cond_broadcast(&crew->moved);
    pthread_mutex_unlock(&crew->lock);
    for (size_t i = 0; i < crew->count; i++)
        pthread_join(crew->threads[i], NULL);
    for (size_t i = 0; i < crew->room; i++)
        task_free(&crew->ring[i]);
    pthread_mutex_destroy(&crew->fetching);
    pthread_mutex_destroy(&crew->lock);
    pthread_cond_destroy(&crew->moved);
    pthread_cond_destroy(&crew->done);
    free(crew->threads);
    free(crew->ring);
    free(crew->ready);
    *crew = (struct crew){0};
}
