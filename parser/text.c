#include "text.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_UCHARDET
#include <dlfcn.h>
#include <uchardet/uchardet.h>
#endif

enum { SAMPLE = 64 * 1024, NAME = 32, DETECTOR_ROOM = 1024 * 1024 };

/* PCRE2's machine code reads texts by whole words: so many zeros are behind each. */
enum { BEHIND = 64 };

/* What a run can have as one step, in bytes. */
enum { LONGEST_STEP = 1 << 29 };

#define INVALID UINT32_MAX

/* ---- UTF-8 ---------------------------------------------------------------------------------- */

static inline bool continues(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/* How many bytes the sequence that `byte` begins would have; 0 if it begins none. */
static inline size_t utf8_length(unsigned char byte)
{
    if (byte < 0x80)
        return 1;
    if (byte < 0xC2 || byte > 0xF4)
        return 0;
    return byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

/* The code point at `at`, of whose `left` bytes there is at least one. Returns its length, 0 if it is not valid. */
static inline size_t utf8_decode(const unsigned char *at, size_t left, uint32_t *point)
{
    size_t length = utf8_length(at[0]);
    if (length == 0 || length > left)
        return 0;
    uint32_t value = length == 1 ? at[0] : at[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if (!continues(at[i]))
            return 0;
        value = value << 6 | (at[i] & 0x3F);
    }
    if (length == 3 && (value < 0x800 || (value >= 0xD800 && value < 0xE000)))
        return 0;
    if (length == 4 && (value < 0x10000 || value > 0x10FFFF))
        return 0;
    *point = value;
    return length;
}

static inline size_t utf8_size(uint32_t point)
{
    return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

/* Writes a code point of `length` bytes. */
static void utf8_encode(char *at, uint32_t point, size_t length)
{
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length - 1; i > 0; i--) {
        at[i] = (char)(0x80 | (point & 0x3F));
        point >>= 6;
    }
    at[0] = (char)(lead[length] | point);
}

/* The first offset from `from` on that is not ASCII; `size` if there is none. */
static size_t skip_ascii(const unsigned char *at, size_t size, size_t from)
{
    uint64_t word;
    while (size - from >= sizeof word) {
        memcpy(&word, at + from, sizeof word);
        if ((word & UINT64_C(0x8080808080808080)) != 0)
            break;
        from += sizeof word;
    }
    while (from < size && at[from] < 0x80)
        from++;
    return from;
}

static bool utf8_valid(const unsigned char *at, size_t size)
{
    uint32_t point;
    size_t length = 1;
    for (size_t i = skip_ascii(at, size, 0); i < size && length > 0; i += length) {
        /* A single blank between words is not worth the leap. */
        if (at[i] < 0x80 && i + 1 < size && at[i + 1] < 0x80)
            length = skip_ascii(at, size, i) - i;
        else
            length = utf8_decode(at + i, size - i, &point);
    }
    return length > 0;
}

size_t text_decode(const char *at, size_t size, size_t offset, uint32_t *point)
{
    *point = TEXT_REPLACEMENT;
    return offset < size ? utf8_decode((const unsigned char *)at + offset, size - offset, point) : 0;
}

/* ---- decoding ------------------------------------------------------------------------------- */

/* What each byte of an encoding with one byte a character stands for, INVALID where nothing. */
struct page {
    char name[NAME];
    uint32_t points[256];
};

struct source {
    const unsigned char *at;
    size_t size;
    const struct page *page;
};

/* The code point at `at` (before the end), or INVALID. Returns how many bytes of the source it takes: 1 or more. */
typedef size_t reader(const struct source *source, size_t at, uint32_t *point);

static size_t read_utf8(const struct source *source, size_t at, uint32_t *point)
{
    size_t length = utf8_decode(source->at + at, source->size - at, point);
    if (length > 0)
        return length;
    *point = INVALID;
    return 1;
}

static size_t read_page(const struct source *source, size_t at, uint32_t *point)
{
    *point = source->page->points[source->at[at]];
    return 1;
}

static inline uint32_t pair(const unsigned char *at, bool big)
{
    return big ? (uint32_t)at[0] << 8 | at[1] : (uint32_t)at[1] << 8 | at[0];
}

static inline size_t read_16(const struct source *source, size_t at, uint32_t *point, bool big)
{
    size_t left = source->size - at;
    *point = INVALID;
    if (left < 2)
        return left;
    uint32_t unit = pair(source->at + at, big);
    if (unit < 0xD800 || unit > 0xDFFF) {
        *point = unit;
        return 2;
    }
    uint32_t low = unit < 0xDC00 && left >= 4 ? pair(source->at + at + 2, big) : 0;
    if (low < 0xDC00 || low > 0xDFFF)
        return 2;
    *point = 0x10000 + ((unit - 0xD800) << 10 | (low - 0xDC00));
    return 4;
}

static inline size_t read_32(const struct source *source, size_t at, uint32_t *point, bool big)
{
    size_t left = source->size - at;
    *point = INVALID;
    if (left < 4)
        return left;
    uint32_t first = pair(source->at + at, big), second = pair(source->at + at + 2, big);
    uint32_t value = big ? first << 16 | second : second << 16 | first;
    if (value < 0xD800 || (value > 0xDFFF && value <= 0x10FFFF))
        *point = value;
    return 4;
}

static size_t read_16le(const struct source *source, size_t at, uint32_t *point)
{
    return read_16(source, at, point, false);
}

static size_t read_16be(const struct source *source, size_t at, uint32_t *point)
{
    return read_16(source, at, point, true);
}

static size_t read_32le(const struct source *source, size_t at, uint32_t *point)
{
    return read_32(source, at, point, false);
}

static size_t read_32be(const struct source *source, size_t at, uint32_t *point)
{
    return read_32(source, at, point, true);
}

/* Where characters go. While `at` is NULL they are only counted, so that one run of the same code finds the room. */
struct sink {
    char *at;
    struct text_run *runs;
    size_t *bad;
    size_t size, run_count, bad_total;
    uint32_t text_step, source_step;
};

static void pour_run(struct sink *sink, size_t offset, size_t text_step, size_t source_step)
{
    /* Characters as long here as there need no boundaries: all of valid UTF-8 is one run. */
    uint32_t text = text_step == source_step ? 1 : (uint32_t)text_step;
    uint32_t source = text_step == source_step ? 1 : (uint32_t)source_step;
    if (sink->run_count > 0 && sink->text_step == text && sink->source_step == source)
        return;
    sink->text_step = text;
    sink->source_step = source;
    if (sink->at != NULL)
        sink->runs[sink->run_count] = (struct text_run){sink->size, offset, text, source};
    sink->run_count++;
}

/* A code point that the source has in `length` bytes at `offset`. */
static void pour(struct sink *sink, size_t offset, size_t length, uint32_t point)
{
    if (point == INVALID) {
        if (sink->at != NULL && sink->bad_total < TEXT_BAD)
            sink->bad[sink->bad_total] = offset;
        sink->bad_total++;
        point = TEXT_REPLACEMENT;
    }
    size_t size = utf8_size(point);
    pour_run(sink, offset, size, length);
    if (sink->at != NULL)
        utf8_encode(sink->at + sink->size, point, size);
    sink->size += size;
}

static void pour_all(struct sink *sink, const struct source *source, size_t skip, reader *read)
{
    uint32_t point;
    size_t length;
    for (size_t at = skip; at < source->size; at += length) {
        length = read(source, at, &point);
        pour(sink, at, length, point);
    }
}

/* Decodes the source from `skip` on into *text. */
static void convert(struct arena *arena, const struct source *source, size_t skip, reader *read, struct text *text)
{
    struct sink count = {0};
    if (source->size > SIZE_MAX / 4)
        arena_fail(arena);
    pour_all(&count, source, skip, read);
    size_t listed = count.bad_total < TEXT_BAD ? count.bad_total : TEXT_BAD;
    struct sink sink = {0};
    sink.runs = arena_take(arena, count.run_count, sizeof *sink.runs);
    sink.bad = arena_take(arena, listed, sizeof *sink.bad);
    sink.at = arena_take(arena, count.size + BEHIND, 1);
    pour_all(&sink, source, skip, read);
    text->at = sink.at;
    text->size = sink.size;
    text->runs = sink.runs;
    text->run_count = sink.run_count;
    text->bad = sink.bad;
    text->bad_count = listed;
    text->bad_total = sink.bad_total;
    text->damaged = sink.bad_total > 0;
}

/* ---- which code page ------------------------------------------------------------------------ */

/*
 * Every page is tried, and the one wins under which the text looks most like a language: its letters
 * are frequent ones, stand in words of one alphabet, and no capital follows a small letter. This
 * tells apart what uchardet confuses, short texts and texts in capitals; so uchardet is asked only
 * about what does not read as Russian.
 */

enum script { NO_SCRIPT, LATIN, CYRILLIC, OTHER_SCRIPT };

static enum script script_of(uint32_t point)
{
    if (point < 0x80)
        return (point | 0x20) >= 'a' && (point | 0x20) <= 'z' ? LATIN : NO_SCRIPT;
    if (point >= 0xC0 && point < 0x250)
        return point == 0xD7 || point == 0xF7 ? NO_SCRIPT : LATIN;
    if (point >= 0x400 && point < 0x530)
        return CYRILLIC;
    bool other = (point >= 0x370 && point < 0x400) || (point >= 0x530 && point < 0x1000);
    return other ? OTHER_SCRIPT : NO_SCRIPT;
}

static bool is_upper(uint32_t point)
{
    return (point >= 'A' && point <= 'Z') || (point >= 0xC0 && point <= 0xDE) || (point >= 0x400 && point < 0x430) ||
           point == 0x490;
}

static bool is_lower(uint32_t point)
{
    return (point >= 'a' && point <= 'z') || (point >= 0xDF && point <= 0xFF) || (point >= 0x430 && point < 0x460) ||
           point == 0x491;
}

static bool is_listed(const uint16_t *list, size_t count, uint32_t point)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == point)
            return true;
    return false;
}

/*
 * Weights are in quarters of a bit: 4 is twice as likely in a text of this language as in noise,
 * IMPOSSIBLE is what no reading of a text of any length should have often.
 */
enum { IMPOSSIBLE = -24, RARE = -12, ODD = -8 };

/* How frequent a letter is in Russian. */
static int weigh_russian(uint32_t point)
{
    static const signed char letters[] = {7, -2, 4, -1, 2,   8,  -5, -2, 7,  -3,  3,   4,  2,  6,   9,  1,
                                          4, 5,  6, 1,  -12, -5, -9, -2, -6, -10, -14, -1, -1, -11, -7, 0};
    /* Yo, and what Ukrainian and Byelorussian add. */
    static const uint16_t rare[] = {0x401, 0x404, 0x406, 0x407, 0x40E, 0x451, 0x454, 0x456, 0x457, 0x45E, 0x490, 0x491};
    if (point >= 0x410 && point < 0x450)
        return letters[(point - 0x410) % 32];
    return is_listed(rare, sizeof rare / sizeof *rare, point) ? ODD : IMPOSSIBLE;
}

/* How well a Cyrillic letter follows what stands before it: vowels and consonants like to alternate. */
static int weigh_pair(uint32_t before, uint32_t point)
{
    /* By the alphabet: vowel, consonant, sign. */
    static const char sounds[] = "vccccvccvcccccvccccvccccccsvsvvv";
    enum { HARD_SIGN = 26, SOFT_SIGN = 28 };
    uint32_t letter = (point - 0x410) % 32;
    char sound = sounds[letter], last = sounds[(before - 0x410) % 32];
    /* No word begins with a sign, or with the vowel between them. */
    if (script_of(before) != CYRILLIC)
        return letter >= HARD_SIGN && letter <= SOFT_SIGN ? IMPOSSIBLE : 0;
    if (sound == 's')
        return last == 'c' ? 0 : IMPOSSIBLE;
    if (sound != last)
        return 3;
    return sound == 'v' ? -5 : -3;
}

static int weigh_symbol(uint32_t before, uint32_t point, uint32_t after)
{
    /*
     * No-break space, section sign, guillemets, degree sign, middle dot; dashes, quotation marks, bullet, ellipsis.
     * A ruled line counts once.
     */
    static const uint16_t usual[] = {0xA0,   0xA7,   0xAB,   0xB0,   0xB7,   0xBB,   0x2013, 0x2014,
                                     0x2018, 0x2019, 0x201C, 0x201D, 0x201E, 0x2022, 0x2026};
    enum { NUMERO = 0x2116 };
    if (point == NUMERO)
        return 4;
    if (point == before || is_listed(usual, sizeof usual / sizeof *usual, point))
        return 0;
    bool inside = script_of(before) != NO_SCRIPT && script_of(after) != NO_SCRIPT;
    return point < 0xC0 && !inside ? -4 : IMPOSSIBLE;
}

static int weigh_letter(uint32_t before, uint32_t point, uint32_t after)
{
    enum script script = script_of(point), left = script_of(before), right = script_of(after);
    if ((left != NO_SCRIPT && left != script) || (right != NO_SCRIPT && right != script))
        return IMPOSSIBLE;
    if (is_upper(point) && is_lower(before))
        return IMPOSSIBLE;
    /* A letter by itself says little for a page, but may speak against it. */
    int weight = script == CYRILLIC ? weigh_russian(point) : 0;
    if (left == NO_SCRIPT && right == NO_SCRIPT)
        return weight < 0 ? weight : 0;
    if (script == CYRILLIC)
        return weight + weigh_pair(before, point);
    if (script == LATIN)
        return left == LATIN && before >= 0x80 ? ODD : 4;
    return 0;
}

/* How well a character that is not ASCII stands between its neighbours. */
static int weigh(uint32_t before, uint32_t point, uint32_t after)
{
    if (point == INVALID || point < 0xA0)
        return IMPOSSIBLE;
    if (script_of(point) == NO_SCRIPT)
        return weigh_symbol(before, point, after);
    return weigh_letter(before, point, after);
}

/* How much `size` bytes of sample look like a language if they are in `page`. */
static long page_score(const struct page *page, const unsigned char *sample, size_t size)
{
    long score = 0;
    uint32_t before = ' ';
    for (size_t i = 0; i < size; i++) {
        uint32_t point = page->points[sample[i]];
        uint32_t after = i + 1 < size ? page->points[sample[i + 1]] : ' ';
        if (sample[i] >= 0x80)
            score += weigh(before, point, after);
        before = point;
    }
    return score;
}

/* What `byte` alone stands for. Returns false if it only begins a character. */
static bool page_point(iconv_t handle, unsigned char byte, uint32_t *point)
{
    char in[1] = {(char)byte}, out[16];
    char *from = in, *to = out;
    size_t in_left = sizeof in, out_left = sizeof out;
    iconv(handle, NULL, NULL, NULL, NULL);
    size_t result = iconv(handle, &from, &in_left, &to, &out_left);
    if (result == (size_t)-1 && errno == EINVAL)
        return false;
    /* Some converters hold a letter back in case an accent follows. */
    if (result != (size_t)-1)
        result = iconv(handle, NULL, NULL, &to, &out_left);
    struct source source = {(const unsigned char *)out, 4, NULL};
    *point = INVALID;
    if (result == 0 && out_left == sizeof out - 4)
        read_32le(&source, 0, point);
    return true;
}

/* Reads the page that iconv calls `name`. Returns false if it has none, or one of several bytes a character. */
static bool page_read(struct arena *arena, const char *name, struct page *page)
{
    size_t length = strlen(name);
    if (length >= NAME)
        return false;
    memcpy(page->name, name, length + 1);
    iconv_t handle = iconv_open("UTF-32LE", name);
    if (handle == (iconv_t)-1 && errno == ENOMEM)
        arena_fail(arena);
    if (handle == (iconv_t)-1)
        return false;
    bool single = true;
    for (unsigned byte = 0; byte < 256 && single; byte++)
        single = page_point(handle, (unsigned char)byte, &page->points[byte]);
    iconv_close(handle);
    return single;
}

#ifdef HAVE_UCHARDET
/* Whether an encoding has one byte a character, by its name: iconv would load large tables to find out. */
static bool is_single(const char *name)
{
    static const char *const families[] = {"ISO-8859-", "WINDOWS-125", "MAC-", "IBM", "KOI8-", "TIS-620"};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (strncmp(name, families[i], strlen(families[i])) == 0)
            return strlen(name) < NAME;
    return false;
}

/* uchardet is loaded when it is first asked, and stays: with the library of C++ it takes longer than many a cable. */
struct detector {
    uchardet_t (*new)(void);
    int (*handle_data)(uchardet_t, const char *, size_t);
    void (*data_end)(uchardet_t);
    const char *(*get_charset)(uchardet_t);
    void (*delete)(uchardet_t);
};

/* A function, by way of memory: ISO C does not convert it from an object's address. */
static bool find_function(void *library, const char *name, void *function)
{
    void *address = dlsym(library, name);
    memcpy(function, &address, sizeof address);
    return address != NULL;
}

static bool load_detector(struct detector *d)
{
#ifdef __APPLE__
    static const char name[] = "libuchardet.0.dylib";
#else
    static const char name[] = "libuchardet.so.0";
#endif
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == NULL)
        return false;
    bool found = find_function(library, "uchardet_new", &d->new) &&
                 find_function(library, "uchardet_handle_data", &d->handle_data) &&
                 find_function(library, "uchardet_data_end", &d->data_end) &&
                 find_function(library, "uchardet_get_charset", &d->get_charset) &&
                 find_function(library, "uchardet_delete", &d->delete);
    dlclose(library);
    return found;
}
#endif

/* The code page that uchardet takes the sample for; "" if it knows none or is not there. */
static void page_hint(const unsigned char *sample, size_t size, char name[NAME])
{
    name[0] = '\0';
#ifdef HAVE_UCHARDET
    /* It is C++ and throws when memory runs out, which C cannot catch: it is asked only where there is plenty. */
    void *plenty = malloc(DETECTOR_ROOM);
    free(plenty);
    struct detector d;
    uchardet_t detector = plenty == NULL || !load_detector(&d) ? NULL : d.new();
    if (detector == NULL)
        return;
    if (d.handle_data(detector, (const char *)sample, size) == 0) {
        d.data_end(detector);
        const char *found = d.get_charset(detector);
        size_t length = is_single(found) ? strlen(found) : 0;
        memcpy(name, found, length);
        name[length] = '\0';
    }
    d.delete(detector);
#else
    (void)sample;
    (void)size;
#endif
}

/* A page and how well it suits the sample; no page while the name is "". */
struct choice {
    struct page page;
    long score;
};

/* Takes the page that iconv calls `name` if it is better than the choice by more than `lead`. */
static void page_try(struct arena *arena, struct choice *choice, const char *name, long lead,
                     const unsigned char *sample, size_t size)
{
    struct choice other;
    if (!page_read(arena, name, &other.page))
        return;
    other.score = page_score(&other.page, sample, size) - lead;
    if (choice->page.name[0] == '\0' || other.score > choice->score)
        *choice = other;
}

/* The page that suits the sample best; of equals the first. */
static void page_choose(struct arena *arena, struct choice *choice, const unsigned char *sample, size_t size)
{
    /* A rare one must be better by more than an accident. */
    static const struct {
        const char *name;
        long lead;
    } pages[] = {{"WINDOWS-1252", 0}, {"WINDOWS-1251", 0},     {"KOI8-R", 0},    {"IBM866", 0},
                 {"ISO-8859-5", 0},   {"MAC-CYRILLIC", -RARE}, {"KOI8-U", -RARE}};
    char hint[NAME];
    choice->page.name[0] = '\0';
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        page_try(arena, choice, pages[i].name, pages[i].lead, sample, size);
    /* What reads well as Russian needs no second opinion. */
    if (choice->score > 0 && strcmp(choice->page.name, pages[0].name) != 0)
        return;
    page_hint(sample, size, hint);
    if (hint[0] != '\0')
        page_try(arena, choice, hint, -RARE, sample, size);
}

/* ---- which encoding ------------------------------------------------------------------------- */

struct encoding {
    const char *name;
    reader *read;
    size_t skip; /* bytes of a mark at the start */
};

/* Returns false if there is no byte order mark. One with nothing behind it is all the text there is, and kept. */
static bool find_mark(const struct source *source, struct encoding *encoding)
{
    static const struct {
        const char *mark;
        struct encoding encoding;
    } marks[] = {{"\xEF\xBB\xBF", {"UTF-8", read_utf8, 3}},
                 {"\xFF\xFE\x00\x00", {"UTF-32LE", read_32le, 4}},
                 {"\x00\x00\xFE\xFF", {"UTF-32BE", read_32be, 4}},
                 {"\xFF\xFE", {"UTF-16LE", read_16le, 2}},
                 {"\xFE\xFF", {"UTF-16BE", read_16be, 2}}};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        size_t skip = marks[i].encoding.skip;
        if (source->size < skip || memcmp(source->at, marks[i].mark, skip) != 0)
            continue;
        *encoding = marks[i].encoding;
        if (source->size == skip)
            encoding->skip = 0;
        return true;
    }
    return false;
}

/* A character that a text in an alphabet would have. */
static bool is_usual(uint32_t unit)
{
    if (unit < 0x20)
        return unit == '\t' || unit == '\n' || unit == '\f' || unit == '\r';
    return unit < 0x7F || (unit >= 0xA0 && unit < 0x530) || (unit >= 0x2000 && unit < 0x2300);
}

/*
 * UTF-16 without a mark: nine units in ten are usual characters, half of them with a high byte of 0
 * to 5. As characters of other encodings those bytes hardly occur.
 */
static bool looks_16(const struct source *source, bool big)
{
    size_t units = (source->size < SAMPLE ? source->size : SAMPLE) / 2;
    size_t unusual = 0, low = 0;
    for (size_t i = 0; i < units && unusual <= units / 10; i++) {
        uint32_t unit = pair(source->at + 2 * i, big);
        unusual += !is_usual(unit);
        low += unit < 0x600;
    }
    return units >= 2 && unusual <= units / 10 && low >= units / 2;
}

/* Bytes by what they would be in UTF-8. */
struct tally {
    size_t good, bad; /* not ASCII, in valid sequences and outside; a sequence cut off at the end is neither */
    size_t controls;
};

static bool is_control(unsigned char byte)
{
    bool usual = (byte >= '\b' && byte <= '\r') || byte == 0x1A || byte == 0x1B;
    return (byte < 0x20 && !usual) || byte == 0x7F;
}

static bool is_cut(const unsigned char *at, size_t left)
{
    if (utf8_length(at[0]) <= left)
        return false;
    for (size_t i = 1; i < left; i++)
        if (!continues(at[i]))
            return false;
    return true;
}

static struct tally count_utf8(const unsigned char *at, size_t size)
{
    struct source source = {at, size, NULL};
    struct tally tally = {0};
    uint32_t point;
    size_t length;
    for (size_t i = 0; i < size; i += length) {
        length = read_utf8(&source, i, &point);
        tally.controls += is_control(at[i]);
        if (point != INVALID)
            tally.good += length > 1 ? length : 0;
        else if (is_cut(at + i, size - i))
            break;
        else
            tally.bad++;
    }
    return tally;
}

/* How much the bytes look like damaged UTF-8, on the scale of page_score: valid sequences seldom come about by chance.
 */
static long utf8_score(const struct tally *tally)
{
    return -ODD * ((long)tally->good - (long)tally->bad);
}

/* Whether the chosen page suits the sample better than damaged UTF-8. */
static bool suits_page(const struct choice *choice, const unsigned char *sample, size_t size)
{
    struct tally tally = count_utf8(sample, size);
    return choice->page.name[0] != '\0' && (tally.good == 0 || utf8_score(&tally) <= choice->score);
}

/* Bytes that are not all valid UTF-8: damaged, or in a code page, which goes to *page. */
static struct encoding find_page(struct arena *arena, const struct source *source, struct page *page)
{
    struct encoding utf8 = {"UTF-8", read_utf8, 0}, binary = {"binary", read_utf8, 0};
    struct tally tally = count_utf8(source->at, source->size);
    if (tally.controls > 4 + source->size / 20)
        return binary;
    if (tally.good > 0 && tally.good / 9 >= tally.bad)
        return utf8;
    size_t from = skip_ascii(source->at, source->size, 0);
    /* The letter before belongs to the picture. */
    from -= from > 0;
    const unsigned char *sample = source->at + from;
    size_t size = source->size - from < SAMPLE ? source->size - from : SAMPLE;
    struct choice choice = {.score = 0};
    page_choose(arena, &choice, sample, size);
    if (!suits_page(&choice, sample, size))
        return utf8;
    *page = choice.page;
    return (struct encoding){arena_copy(arena, page->name, strlen(page->name)), read_page, 0};
}

static struct encoding find_encoding(struct arena *arena, const struct source *source, bool *valid, struct page *page)
{
    struct encoding encoding;
    *valid = false;
    if (find_mark(source, &encoding)) {
        *valid = encoding.read == read_utf8 && utf8_valid(source->at, source->size);
        return encoding;
    }
    if (looks_16(source, false))
        return (struct encoding){"UTF-16LE", read_16le, 0};
    if (looks_16(source, true))
        return (struct encoding){"UTF-16BE", read_16be, 0};
    *valid = utf8_valid(source->at, source->size);
    if (*valid)
        return (struct encoding){"UTF-8", read_utf8, 0};
    return find_page(arena, source, page);
}

/* Valid UTF-8 is the text as it stands. */
static void copy(struct arena *arena, const struct source *source, size_t skip, struct text *text)
{
    struct text_run *run = arena_take(arena, 1, sizeof *run);
    *run = (struct text_run){0, skip, 1, 1};
    text->runs = run;
    text->run_count = 1;
    text->size = source->size - skip;
    char *at = arena_take(arena, text->size + BEHIND, 1);
    memcpy(at, source->at + skip, text->size);
    text->at = at;
}

void text_read(struct arena *arena, const void *bytes, size_t size, struct text *text)
{
    struct page page;
    struct source source = {size == 0 ? (const unsigned char *)"" : bytes, size, &page};
    bool valid;
    struct encoding encoding = find_encoding(arena, &source, &valid, &page);
    *text = (struct text){.source_size = size, .encoding = encoding.name};
    if (valid)
        copy(arena, &source, encoding.skip, text);
    else
        convert(arena, &source, encoding.skip, encoding.read, text);
}

/* ---- the way back --------------------------------------------------------------------------- */

static size_t run_source(const struct text_run *run, size_t offset)
{
    return run->source_start + (offset - run->text_start) / run->text_step * run->source_step;
}

/* The last run that begins at or before `offset`. There is one: the first begins at 0. */
static const struct text_run *find_run(const struct text *text, size_t offset)
{
    size_t low = 0, high = text->run_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (text->runs[middle].text_start <= offset)
            low = middle;
        else
            high = middle;
    }
    return &text->runs[low];
}

/* `run` is the one that `offset` is in. */
static size_t source_in(const struct text *text, const struct text_run *run, size_t offset)
{
    /* The ends are fixed, whatever was dropped there. */
    if (offset == 0)
        return 0;
    return offset >= text->size ? text->source_size : run_source(run, offset);
}

size_t text_source(const struct text *text, size_t offset)
{
    return source_in(text, find_run(text, offset), offset);
}

size_t text_source_end(const struct text *text, size_t start, size_t end)
{
    size_t from = text_source(text, start), next = text_source(text, end);
    if (end <= start || end > text->size)
        return next;
    const struct text_run *run = find_run(text, end - 1);
    /* Several characters that were put there: which bytes belong to the last of them is not known. */
    if (run->source_step == 0)
        return next;
    size_t close = run_source(run, end - 1) + run->source_step;
    return close < from ? from : close < next ? close : next;
}

size_t text_at_source(const struct text *text, size_t source)
{
    size_t low = 0, high = text->run_count;
    if (source >= text->source_size)
        return text->size;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (text->runs[middle].source_start <= source)
            low = middle;
        else
            high = middle;
    }
    const struct text_run *run = &text->runs[low];
    size_t end = low + 1 < text->run_count ? text->runs[low + 1].text_start : text->size;
    size_t offset = run->text_start;
    if (run->source_step > 0 && source > run->source_start)
        offset += (source - run->source_start) / run->source_step * run->text_step;
    return offset < end ? offset : end;
}

/* ---- edits ---------------------------------------------------------------------------------- */

void text_edit_begin(struct text_edit *edit, struct arena *arena, const struct text *old)
{
    *edit = (struct text_edit){.old = old, .buffer = {.arena = arena}};
    /* Most edits take away: with the old text's room nothing needs to grow. */
    buffer_add(&edit->buffer, "", 0);
    edit->buffer.at = arena_grow(arena, edit->buffer.at, 1, &edit->buffer.room, old->size + BEHIND + 1, 1);
    edit->runs = arena_grow(arena, NULL, 0, &edit->run_room, old->run_count, sizeof *edit->runs);
}

/* Leaves out what is dealt with or does not exist. */
static void edit_clip(const struct text_edit *edit, size_t *start, size_t *end)
{
    if (*start < edit->done)
        *start = edit->done;
    if (*start > edit->old->size)
        *start = edit->old->size;
    if (*end > edit->old->size)
        *end = edit->old->size;
    if (*end < *start)
        *end = *start;
}

/* Moves to the old run that `offset` is in: forward only, so that all moves together are linear. */
static void edit_move(struct text_edit *edit, size_t offset)
{
    const struct text *old = edit->old;
    edit->done = offset;
    while (edit->run + 1 < old->run_count && old->runs[edit->run + 1].text_start <= offset)
        edit->run++;
}

/* From here on the new text has `run`'s steps. */
static void edit_run(struct text_edit *edit, struct text_run run)
{
    struct text_run *last = edit->run_count > 0 ? &edit->runs[edit->run_count - 1] : NULL;
    if (last != NULL && last->text_step == run.text_step && last->source_step == run.source_step &&
        (run.text_start - last->text_start) % last->text_step == 0 &&
        run_source(last, run.text_start) == run.source_start)
        return;
    edit->runs = arena_grow(edit->buffer.arena, edit->runs, edit->run_count, &edit->run_room, edit->run_count + 1,
                            sizeof *edit->runs);
    edit->runs[edit->run_count++] = run;
}

/* Adds the part of the old run in use that lies between start and end. Returns where the part ends. */
static size_t edit_part(struct text_edit *edit, size_t start, size_t end)
{
    const struct text *old = edit->old;
    const struct text_run *run = &old->runs[edit->run];
    size_t next = edit->run + 1 < old->run_count ? run[1].text_start : old->size;
    size_t stop = end < next ? end : next;
    edit_run(edit, (struct text_run){edit->buffer.size, run_source(run, start), run->text_step, run->source_step});
    buffer_add(&edit->buffer, old->at + start, stop - start);
    edit_move(edit, stop);
    return stop;
}

void text_edit_keep(struct text_edit *edit, size_t start, size_t end)
{
    edit_clip(edit, &start, &end);
    edit_move(edit, start);
    while (start < end)
        start = edit_part(edit, start, end);
}

void text_edit_put(struct text_edit *edit, size_t start, size_t end, const char *bytes, size_t size)
{
    edit_clip(edit, &start, &end);
    edit_move(edit, start);
    size_t at = edit->buffer.size, source = source_in(edit->old, &edit->old->runs[edit->run], start);
    edit_move(edit, end);
    if (size == 0)
        return;
    /* A single character is one step: nothing cuts it. */
    size_t length = source_in(edit->old, &edit->old->runs[edit->run], end) - source;
    bool step = size == utf8_length((unsigned char)*bytes) && length < LONGEST_STEP;
    edit_run(edit, (struct text_run){at, source, step ? (uint32_t)size : 1, step ? (uint32_t)length : 0});
    buffer_add(&edit->buffer, bytes, size);
}

void text_edit_end(struct text_edit *edit, struct text *text)
{
    static const char zeros[BEHIND];
    struct text new = *edit->old;
    new.size = edit->buffer.size;
    buffer_add(&edit->buffer, zeros, BEHIND);
    new.at = edit->buffer.at;
    new.runs = edit->runs;
    new.run_count = edit->run_count;
    *text = new;
}

/* ---- another order -------------------------------------------------------------------------- */

/* Adds a span of the old text, whose bytes of the source stand from `at` on in the new order. */
static void arrange_span(struct text_edit *edit, struct span span, size_t at)
{
    const struct text *old = edit->old;
    size_t source = text_source(old, span.start);
    edit->run = (size_t)(find_run(old, span.start) - old->runs);
    for (size_t from = span.start; from < span.end; edit->run++) {
        const struct text_run *run = &old->runs[edit->run];
        size_t next = edit->run + 1 < old->run_count ? run[1].text_start : old->size;
        size_t stop = next < span.end ? next : span.end;
        /* A mark of the byte order belongs to the first character, but is no part of it. */
        size_t moved = at + (run_source(run, from) - source);
        edit_run(edit, (struct text_run){edit->buffer.size, moved, run->text_step, run->source_step});
        buffer_add(&edit->buffer, old->at + from, stop - from);
        from = stop;
    }
}

void text_arrange(struct arena *arena, const struct text *old, const struct span *spans, size_t count,
                  struct text *text, struct order *order)
{
    struct stretch *stretches = arena_take(arena, count + 1, sizeof *stretches);
    struct text_edit edit;
    size_t at = 0;
    *order = (struct order){.stretches = stretches, .size = old->source_size};
    text_edit_begin(&edit, arena, old);
    for (size_t i = 0; i < count; i++) {
        size_t source = text_source(old, spans[i].start), end = text_source(old, spans[i].end);
        if (end == source)
            continue;
        stretches[order->count++] = (struct stretch){at, source};
        arrange_span(&edit, spans[i], at);
        at += end - source;
    }
    text_edit_end(&edit, text);
}

size_t order_stretch(const struct order *order, size_t at)
{
    size_t low = 0, high = order->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (order->stretches[middle].at <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static size_t stretch_end(const struct order *order, size_t n)
{
    return n + 1 < order->count ? order->stretches[n + 1].at : order->size;
}

struct span order_source(const struct order *order, size_t start, size_t end)
{
    if (order->count == 0)
        return (struct span){start, end};
    size_t n = order_stretch(order, start);
    const struct stretch *stretch = &order->stretches[n];
    struct span span = {stretch->source + (start - stretch->at), stretch->source + (start - stretch->at)};
    for (; n < order->count && order->stretches[n].at < end; n++) {
        stretch = &order->stretches[n];
        size_t from = start > stretch->at ? start : stretch->at,
               to = end < stretch_end(order, n) ? end : stretch_end(order, n);
        if (stretch->source + (from - stretch->at) < span.start)
            span.start = stretch->source + (from - stretch->at);
        if (stretch->source + (to - stretch->at) > span.end)
            span.end = stretch->source + (to - stretch->at);
    }
    return span;
}

size_t order_place(const struct order *order, size_t source)
{
    for (size_t n = 0; n < order->count; n++) {
        size_t at = order->stretches[n].at, start = order->stretches[n].source;
        if (source >= start && source - start < stretch_end(order, n) - at)
            return at + (source - start);
    }
    return source;
}
