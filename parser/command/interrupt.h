/*
 * Ctrl-C and the like, answered by a thread of its own: other threads are never cut short by them,
 * and nothing has to be asked for again and again. A second one ends the process at once.
 */
#ifndef DEPESHA_INTERRUPT_H
#define DEPESHA_INTERRUPT_H

struct interrupt;

/*
 * From now on, also for threads that are made later, such a signal leads to a call of `answer`, which
 * is to end the process. NULL without memory or threads: all stays as it was.
 */
struct interrupt *interrupt_begin(void (*answer)(void *context, int signal), void *context);

/* NULL is allowed. */
void interrupt_end(struct interrupt *interrupt);

#endif
