#define _POSIX_C_SOURCE 200809L

#include "interrupt.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct interrupt {
    void (*answer)(void *context, int signal);
    void *context;
    sigset_t signals, before;
    pthread_t thread;
};

static void *wait_for_signal(void *argument)
{
    struct interrupt *interrupt = argument;
    int signal = 0;
    if (sigwait(&interrupt->signals, &signal) != 0)
        return NULL;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    pthread_sigmask(SIG_UNBLOCK, &interrupt->signals, NULL);
    interrupt->answer(interrupt->context, signal);
    return NULL;
}

/* What the parent had ignored (nohup, a job in the background) stays ignored. */
static void add_signal(sigset_t *signals, int signal)
{
    struct sigaction action;
    if (sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_DFL)
        sigaddset(signals, signal);
}

struct interrupt *interrupt_begin(void (*answer)(void *context, int signal), void *context)
{
    struct interrupt *interrupt = calloc(1, sizeof *interrupt);
    if (!interrupt)
        return NULL;
    interrupt->answer = answer;
    interrupt->context = context;
    sigemptyset(&interrupt->signals);
    add_signal(&interrupt->signals, SIGINT);
    add_signal(&interrupt->signals, SIGTERM);
    add_signal(&interrupt->signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &interrupt->signals, &interrupt->before);
    if (pthread_create(&interrupt->thread, NULL, wait_for_signal, interrupt) == 0)
        return interrupt;
    pthread_sigmask(SIG_SETMASK, &interrupt->before, NULL);
    free(interrupt);
    return NULL;
}

void interrupt_end(struct interrupt *interrupt)
{
    if (!interrupt)
        return;
    pthread_cancel(interrupt->thread);
    pthread_join(interrupt->thread, NULL);
    pthread_sigmask(SIG_SETMASK, &interrupt->before, NULL);
    free(interrupt);
}
