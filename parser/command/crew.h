/*
 * Threads that work on tasks; who asks gets the tasks in the order in which they were fetched.
 *
 * The tasks stand in a ring: threads fetch (one at a time) and work (all at once) ahead of who takes,
 * but no farther than the ring is long, and not at all while they are ahead by much memory. A crew
 * without threads does the same when it is asked.
 */
#ifndef DEPESHA_CREW_H
#define DEPESHA_CREW_H

#include "task.h"

#include <pthread.h>

struct crew {
    /* set before crew_open */
    bool (*fetch)(void *context, struct task *task); /* the next task; false if there is none. One thread at a time */
    void (*work)(void *context, struct task *task);  /* any thread */
    void *context;

    pthread_mutex_t fetching; /* whose turn it is to fetch */
    pthread_mutex_t lock;     /* guards what follows */
    pthread_cond_t moved;     /* a task was taken */
    pthread_cond_t done;      /* a task was worked on */
    pthread_t *threads;
    size_t count; /* of threads; 0: who takes does the work */
    struct task *ring;
    bool *ready; /* which of the ring can be taken */
    size_t room;
    size_t fetched, taken; /* how many so far */
    size_t held;           /* bytes of memory in tasks that were worked on, about */
    bool lent;             /* the next to be counted as taken is in use by who takes */
    bool ended, stopped;
};

enum crew_state { CREW_TASK, CREW_WAIT, CREW_END };

/* A crew of at most `count` threads; with 1 or fewer there is none. False without memory. */
bool crew_open(struct crew *crew, size_t count);

/*
 * The next task in *task; it stays valid until the next call. CREW_END: there are no more. CREW_WAIT:
 * it will take longer than `milliseconds` (0: waits as long as it takes).
 */
enum crew_state crew_next(struct crew *crew, unsigned milliseconds, struct task **task);

/* Lets the threads end what they are at, and frees all. */
void crew_close(struct crew *crew);

/* How many threads can run at once here. */
size_t crew_cores(void);

#endif
