#define _POSIX_C_SOURCE 200809L

#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_ROOM = 1 << 16, SAMPLE_SIZE = 1 << 16 };

static bool grow(struct file *file, size_t *room, size_t most)
{
    size_t wanted = *room > most / 2 ? most : *room * 2;
    char *bytes = realloc(file->bytes, wanted);
    if (!bytes)
        return false;
    file->bytes = bytes;
    *room = wanted;
    return true;
}

/* One byte more than the limit is asked for, so that a device without end is noticed. */
static int read_all(struct file *file, int descriptor, size_t room, size_t limit)
{
    file->bytes = malloc(room);
    if (!file->bytes)
        return ENOMEM;
    for (;;) {
        if (file->size > limit)
            return EFBIG;
        if (file->size + 1 >= room && !grow(file, &room, limit + 2))
            return ENOMEM;
        ssize_t got = read(descriptor, file->bytes + file->size, room - file->size - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        if (got == 0)
            break;
        file->size += (size_t)got;
    }
    file->bytes[file->size] = 0;
    return 0;
}

static int read_descriptor(struct file *file, int descriptor, size_t limit)
{
    struct stat status;
    size_t room = limit < FIRST_ROOM ? limit + 2 : FIRST_ROOM;
    if (fstat(descriptor, &status) != 0)
        return errno;
    if (S_ISREG(status.st_mode) && status.st_size > 0) {
        if ((size_t)status.st_size > limit)
            return EFBIG;
        room = (size_t)status.st_size + 2;
    }
    return read_all(file, descriptor, room, limit);
}

bool file_read(struct file *file, const char *path, size_t limit, int *error)
{
    bool standard = strcmp(path, "-") == 0;
    *file = (struct file){0};
    int descriptor = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    *error = descriptor < 0 ? errno : read_descriptor(file, descriptor, limit);
    if (!standard && descriptor >= 0)
        close(descriptor);
    if (*error)
        file_free(file);
    return *error == 0;
}

void file_free(struct file *file)
{
    free(file->bytes);
    *file = (struct file){0};
}

const char *file_error(int error)
{
    switch (error) {
    case EFBIG:
        return "larger than the limit: raise it with --max-bytes";
    case ENOMEM:
        return "out of memory";
    default:
        return strerror(error);
    }
}

bool file_is_blank(const struct file *file)
{
    static const char blanks[] = " \t\n\v\f\r";
    static const char mark[] = "\xEF\xBB\xBF";
    size_t at = file->size >= 3 && memcmp(file->bytes, mark, 3) == 0 ? 3 : 0;
    while (at < file->size && file->bytes[at] && strchr(blanks, file->bytes[at]))
        at++;
    return at == file->size;
}

struct magic {
    const char *bytes;
    size_t size;
    const char *advice;
};

#define MAGIC(bytes, advice)                                                                                           \
    {                                                                                                                  \
        bytes, sizeof(bytes) - 1, advice                                                                               \
    }
#define IMAGE(kind) "this is " kind " image: read its text first: tesseract FILE - | depesha parse"
#define ARCHIVE(kind, tool) "this is " kind ": unpack it first: " tool

static const char *by_magic(const struct file *file)
{
    static const struct magic kinds[] = {
        MAGIC("%PDF-", "this is a PDF: extract its text first: pdftotext -layout FILE - | depesha parse"),
        MAGIC("%!PS", "this is PostScript: extract its text first: ps2ascii FILE | depesha parse"),
        MAGIC("AT&TFORM", "this is a DjVu scan: extract its text first: djvutxt FILE | depesha parse"),
        MAGIC("{\\rtf", "this is RTF: convert it first: soffice --headless --convert-to txt:Text FILE"),
        MAGIC("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
              "this is a Word file: convert it first: antiword FILE | depesha parse"),
        MAGIC("PK\3\4", "this is a ZIP archive or a Word file: unzip it, or convert it first: pandoc -t plain FILE | "
                        "depesha parse"),
        MAGIC("\x89PNG\r\n", IMAGE("a PNG")),
        MAGIC("\xFF\xD8\xFF", IMAGE("a JPEG")),
        MAGIC("GIF8", IMAGE("a GIF")),
        MAGIC("II*\0", IMAGE("a TIFF")),
        MAGIC("MM\0*", IMAGE("a TIFF")),
        MAGIC("\x1F\x8B\x08", ARCHIVE("gzip data", "gzip -dc FILE | depesha parse")),
        MAGIC("\xFD"
              "7zXZ",
              ARCHIVE("xz data", "xz -dc FILE | depesha parse")),
        MAGIC("7z\xBC\xAF\x27\x1C", ARCHIVE("a 7-Zip archive", "7z x FILE")),
        MAGIC("Rar!\x1A", ARCHIVE("a RAR archive", "unrar x FILE")),
        MAGIC("\x7F"
              "ELF",
              "this is a program, not a text"),
        MAGIC("SQLite format 3", "this is a database, not a text"),
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (file->size >= kinds[i].size && memcmp(file->bytes, kinds[i].bytes, kinds[i].size) == 0)
            return kinds[i].advice;
    return NULL;
}

static bool is_control(unsigned char byte)
{
    return byte < 0x07 || (byte > 0x0d && byte < 0x20) || byte == 0x7f;
}

/* Counts no further than to `most`. Of texts, most eights of bytes have none and are passed over at once. */
static size_t count_controls(const unsigned char *bytes, size_t size, size_t most)
{
    static const uint64_t each = UINT64_C(0x0101010101010101);
    size_t controls = 0;
    uint64_t word;
    for (size_t i = 0, next; i < size && controls < most; i = next) {
        next = size - i < sizeof word ? size : i + sizeof word;
        if (next - i == sizeof word) {
            memcpy(&word, bytes + i, sizeof word);
            uint64_t rubout = word ^ 0x7f * each;
            if (((((word - 0x20 * each) & ~word) | ((rubout - each) & ~rubout)) >> 7 & each) == 0)
                continue;
        }
        for (; i < next; i++)
            controls += is_control(bytes[i]);
    }
    return controls;
}

/*
 * UTF-16 and UTF-32 are full of control bytes, too. They begin with a mark, or else every second
 * byte of them is one of a few: the number of a script's block.
 */
static bool is_wide(const unsigned char *bytes, size_t size)
{
    if (size >= 2 && ((bytes[0] == 0xff && bytes[1] == 0xfe) || (bytes[0] == 0xfe && bytes[1] == 0xff)))
        return true;
    if (size >= 4 && memcmp(bytes, "\0\0\xfe\xff", 4) == 0)
        return true;
    size_t block[2] = {0}, zero[2] = {0};
    for (size_t i = 0; i < size; i++) {
        block[i % 2] += bytes[i] == 0x00 || bytes[i] == 0x04 || bytes[i] == 0x20 || bytes[i] == 0x21;
        zero[i % 2] += bytes[i] == 0x00;
    }
    size_t most = size / 2 - size / 20;
    return (block[0] >= most && zero[1] <= size / 40) || (block[1] >= most && zero[0] <= size / 40);
}

const char *file_is_binary(const struct file *file)
{
    const char *advice = by_magic(file);
    if (advice)
        return advice;
    const unsigned char *bytes = (const unsigned char *)file->bytes;
    size_t size = file->size < SAMPLE_SIZE ? file->size : SAMPLE_SIZE;
    /* A damaged text may hold a few; of bytes at random, one in nine is one. */
    size_t most = size / 16 > 16 ? size / 16 : 16;
    if (count_controls(bytes, size, most) < most || is_wide(bytes, size))
        return NULL;
    return "this is binary data, not a text: depesha reads plain text in any encoding";
}
