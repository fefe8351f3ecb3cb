#define _GNU_SOURCE

#include "sandbox.h"

#ifdef __linux__
#include <sys/syscall.h>
#endif

#if defined(__linux__) && defined(SYS_landlock_create_ruleset) && !defined(WITHOUT_SANDBOX)

#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* The header may be older than the kernel; which rights it knows, the kernel's version says. */
struct ruleset {
    uint64_t files, network, scopes;
};

enum { TRUNCATE = 1 << 14, TCP_BOTH = 3, SCOPES_BOTH = 3 };
enum { WITH_TRUNCATE = 3, WITH_NETWORK = 4, WITH_SCOPES = 6 };

static const uint64_t all_changes =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
static const uint64_t own_changes =
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG;

static int make_ruleset(long version)
{
    struct ruleset ruleset = {
        .files = all_changes | (version >= WITH_TRUNCATE ? TRUNCATE : 0), .network = TCP_BOTH, .scopes = SCOPES_BOTH};
    size_t size = version >= WITH_SCOPES    ? sizeof ruleset
                  : version >= WITH_NETWORK ? 2 * sizeof(uint64_t)
                                            : sizeof(uint64_t);
    return (int)syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
}

/* The folder of a file, or of what a link to it means; NULL without memory. */
static char *folder_of(const char *path)
{
    char *real = realpath(path, NULL);
    char *folder = real ? real : strdup(path);
    char *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash == folder && folder)
        slash++;
    if (slash)
        *slash = '\0';
    if (folder && !slash) {
        free(folder);
        folder = strdup(".");
    }
    return folder;
}

static bool allow(int ruleset, const char *path, uint64_t rights)
{
    char *folder = folder_of(path);
    struct landlock_path_beneath_attr beneath = {.allowed_access = rights};
    beneath.parent_fd = folder ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    free(folder);
    if (beneath.parent_fd < 0)
        return true; /* where nothing can be opened nothing will be made */
    long result = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
    close(beneath.parent_fd);
    return result == 0;
}

static bool restrict_self(int ruleset)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
}

bool sandbox_enter(const char *output, char *const *files, size_t count)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    int ruleset = version < 1 ? -1 : make_ruleset(version);
    if (ruleset < 0)
        return false;
    uint64_t rights = own_changes | (version >= WITH_TRUNCATE ? TRUNCATE : 0);
    bool good = !output || allow(ruleset, output, rights);
    for (size_t i = 0; good && i < count; i++)
        good = strcmp(files[i], "-") == 0 || allow(ruleset, files[i], rights);
    good = good && restrict_self(ruleset);
    close(ruleset);
    return good;
}

#else

bool sandbox_enter(const char *output, char *const *files, size_t count)
{
    (void)output;
    (void)files;
    (void)count;
    return false;
}

#endif
