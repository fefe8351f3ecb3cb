#define _POSIX_C_SOURCE 200809L

#include "tar.h"

#include "inputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef HAVE_LIBARCHIVE

#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>
#include <fcntl.h>

static const size_t chunk = 1 << 16;

#ifdef __APPLE__
static const char library_name[] = "libarchive.dylib";
#else
static const char library_name[] = "libarchive.so.13";
#endif

/* What is used of the library. */
#define FUNCTIONS(X)                                                                                                   \
    X(archive_read_new)                                                                                                \
    X(archive_read_free)                                                                                               \
    X(archive_read_support_filter_bzip2)                                                                               \
    X(archive_read_support_filter_gzip)                                                                                \
    X(archive_read_support_filter_xz)                                                                                  \
    X(archive_read_support_filter_zstd)                                                                                \
    X(archive_read_support_format_tar)                                                                                 \
    X(archive_read_open_fd)                                                                                            \
    X(archive_read_next_header)                                                                                        \
    X(archive_read_data)                                                                                               \
    X(archive_error_string)                                                                                            \
    X(archive_entry_filetype)                                                                                          \
    X(archive_entry_pathname)                                                                                          \
    X(archive_entry_pathname_utf8)

struct tar {
    void *library;
    struct archive *archive;
    const char *path;
    int descriptor;
    bool ended;
#define FUNCTION(name) __typeof__ (&(name))(name);
    FUNCTIONS(FUNCTION)
#undef FUNCTION
};

const char *tar_feature(void)
{
    return ", libarchive";
}

/* A function that is in the table, by way of memory: ISO C does not convert it from an object's address. */
static bool find(struct tar *tar, const char *name, void *function)
{
    void *address = dlsym(tar->library, name);
    memcpy(function, &address, sizeof address);
    return address != NULL;
}

static bool load(struct tar *tar, struct task *task)
{
    tar->library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
    bool found = tar->library != NULL;
#define FUNCTION(name) found = found && find(tar, #name, &tar->name);
    FUNCTIONS(FUNCTION)
#undef FUNCTION
    if (!found)
        task_fail(task, "cannot read archives: %s is missing: install libarchive, or unpack it first", library_name);
    return found;
}

static bool open_archive(struct tar *tar, struct task *task)
{
    tar->descriptor = strcmp(tar->path, "-") == 0 ? STDIN_FILENO : open(tar->path, O_RDONLY | O_CLOEXEC);
    if (tar->descriptor < 0) {
        task_fail(task, "cannot read: %s", strerror(errno));
        return false;
    }
    tar->archive = tar->archive_read_new();
    if (!tar->archive) {
        task_fail(task, "out of memory");
        return false;
    }
    tar->archive_read_support_filter_bzip2(tar->archive);
    tar->archive_read_support_filter_gzip(tar->archive);
    tar->archive_read_support_filter_xz(tar->archive);
    tar->archive_read_support_filter_zstd(tar->archive);
    tar->archive_read_support_format_tar(tar->archive);
    if (tar->archive_read_open_fd(tar->archive, tar->descriptor, chunk) == ARCHIVE_OK)
        return true;
    task_fail(task, "cannot read this archive: %s", tar->archive_error_string(tar->archive));
    return false;
}

struct tar *tar_open(const char *path, struct task *task)
{
    struct tar *tar = calloc(1, sizeof *tar);
    if (!tar) {
        task_fail(task, "out of memory");
        return NULL;
    }
    tar->path = path;
    tar->descriptor = -1;
    if (load(tar, task) && open_archive(tar, task))
        return tar;
    tar_close(tar);
    return NULL;
}

void tar_close(struct tar *tar)
{
    if (tar->archive)
        tar->archive_read_free(tar->archive);
    if (tar->descriptor > STDERR_FILENO)
        close(tar->descriptor);
    if (tar->library)
        dlclose(tar->library);
    free(tar);
}

/* "a/b.txt" of cables.tar is "cables.tar/a/b.txt". */
static char *name_of(const struct tar *tar, const char *member)
{
    bool standard = strcmp(tar->path, "-") == 0;
    size_t size = strlen(tar->path) + strlen(member) + 2;
    char *path = malloc(size);
    char *name = NULL;
    while (strncmp(member, "./", 2) == 0)
        member += 2;
    if (path) {
        snprintf(path, size, "%s%s%s", standard ? "" : tar->path, standard ? "" : "/", member);
        name = inputs_visible(path);
    }
    free(path);
    return name;
}

static void read_member(struct tar *tar, size_t limit, struct task *task)
{
    struct file *file = &task->file;
    size_t room = 0;
    for (;;) {
        if (file->size + chunk >= room) {
            room = room ? room * 2 : chunk * 2;
            char *bytes = realloc(file->bytes, room);
            if (!bytes) {
                task_fail(task, "out of memory");
                return;
            }
            file->bytes = bytes;
        }
        la_ssize_t got = tar->archive_read_data(tar->archive, file->bytes + file->size, room - file->size - 1);
        if (got < 0) {
            task_fail(task, "damaged archive: %s", tar->archive_error_string(tar->archive));
            return;
        }
        file->size += (size_t)got;
        file->bytes[file->size] = '\0';
        if (file->size > limit) {
            task_fail(task, "cannot read: %s", file_error(EFBIG));
            return;
        }
        if (got == 0)
            return;
    }
}

bool tar_next(struct tar *tar, size_t limit, struct task *task)
{
    struct archive_entry *entry = NULL;
    while (!tar->ended) {
        int state = tar->archive_read_next_header(tar->archive, &entry);
        if (state == ARCHIVE_EOF)
            break;
        if (state < ARCHIVE_WARN) {
            tar->ended = true;
            task->name = inputs_name(tar->path);
            task_fail(task, "damaged archive: %s", tar->archive_error_string(tar->archive));
            return true;
        }
        const char *member = tar->archive_entry_pathname_utf8(entry);
        if (!member)
            member = tar->archive_entry_pathname(entry);
        if (!member || tar->archive_entry_filetype(entry) != AE_IFREG || !inputs_seems_text(member))
            continue;
        task->name = name_of(tar, member);
        read_member(tar, limit, task);
        return true;
    }
    tar->ended = true;
    return false;
}

#else

const char *tar_feature(void)
{
    return "";
}

struct tar *tar_open(const char *path, struct task *task)
{
    task_fail(task, "this depesha was built without libarchive: unpack %s first",
              strcmp(path, "-") == 0 ? "the archive" : path);
    return NULL;
}

bool tar_next(struct tar *tar, size_t limit, struct task *task)
{
    return false;
}

void tar_close(struct tar *tar)
{
}

#endif
