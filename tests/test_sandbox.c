/* What the command gives up before it reads: each right is tried before and behind it, in a process of its own. */
#define _GNU_SOURCE

#include "command/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/depesha-sandbox-XXXXXX";
static char inside[sizeof folder + 16], output[sizeof folder + 16], outside[sizeof folder + 16];

static bool can_make(const char *path)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (descriptor >= 0)
        close(descriptor);
    return descriptor >= 0;
}

static bool can_make_inside(void)
{
    return can_make(inside);
}

static bool can_make_outside(void)
{
    return can_make(outside);
}

static bool can_rename_inside(void)
{
    return can_make(inside) && rename(inside, output) == 0 && unlink(output) == 0;
}

static bool can_read(void)
{
    int descriptor = open("/proc/self/status", O_RDONLY);
    if (descriptor >= 0)
        close(descriptor);
    return descriptor >= 0;
}

static bool can_start(void)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "exit 7", (char *)NULL);
        _exit(1);
    }
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7;
}

/* Nobody listens there: refused is not the same as forbidden. */
static bool can_connect(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(1)};
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool forbidden = connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0 && errno == EACCES;
    close(descriptor);
    return !forbidden;
}

static bool can_signal(void)
{
    return kill(getppid(), 0) == 0;
}

enum outcome { CANNOT = 10, CAN, NO_SANDBOX };

static enum outcome outcome_of(bool (*can)(void), bool sandboxed)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        if (sandboxed && !sandbox_enter(output, NULL, 0))
            _exit(NO_SANDBOX);
        _exit(can() ? CAN : CANNOT);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return (enum outcome)WEXITSTATUS(status);
}

static void stays(bool (*can)(void), bool may)
{
    assert_int_equal(outcome_of(can, false), CAN);
    enum outcome outcome = outcome_of(can, true);
    if (outcome == NO_SANDBOX)
        skip();
    assert_int_equal(outcome, may ? CAN : CANNOT);
}

static void test_files(void **state)
{
    (void)state;
    stays(can_read, true);
    stays(can_make_inside, true);
    stays(can_rename_inside, true);
    stays(can_make_outside, false);
}

static void test_programs(void **state)
{
    (void)state;
    stays(can_start, false);
}

/* These need newer kernels: where they are not to be had, the sandbox is without them. */
static void test_others(void **state)
{
    (void)state;
    if (outcome_of(can_connect, true) == CAN || outcome_of(can_signal, true) == CAN)
        skip();
    stays(can_connect, false);
    stays(can_signal, false);
}

static int open_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(output, sizeof output, "%s/in/out", folder);
    snprintf(inside, sizeof inside, "%s/in/made", folder);
    snprintf(outside, sizeof outside, "%s/made", folder);
    char within[sizeof output];
    snprintf(within, sizeof within, "%s/in", folder);
    return mkdir(within, 0700);
}

static int close_folder(void **state)
{
    (void)state;
    char within[sizeof output];
    snprintf(within, sizeof within, "%s/in", folder);
    unlink(inside);
    unlink(output);
    unlink(outside);
    rmdir(within);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_files), cmocka_unit_test(test_programs),
                                       cmocka_unit_test(test_others)};
    return cmocka_run_group_tests(tests, open_folder, close_folder);
}
