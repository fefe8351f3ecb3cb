#include "../parser/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#define BYTES(literal) (literal), sizeof(literal) - 1

static jmp_buf escape;

static int setup(void **state)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena == NULL)
        return -1;
    arena->escape = &escape;
    *state = arena;
    return 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    free(*state);
    return 0;
}

/* What must hold of any text: valid UTF-8, a 0 behind it, a map that rises from 0 to the source's size. */
static void check_text(const struct text *text)
{
    uint32_t point;
    size_t length = 0, last = 0;
    for (size_t at = 0; at < text->size; at += length) {
        length = text_next(text->at, text->size, at, &point);
        assert_true(length > 0);
        assert_true(point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF));
    }
    assert_int_equal(text->at[text->size], 0);
    assert_int_equal(text_next(text->at, text->size, text->size, &point), 0);
    for (size_t at = 0; at <= text->size; at++) {
        size_t source = text_source(text, at);
        assert_true(source >= last && source <= text->source_size);
        last = source;
    }
    assert_int_equal(text_source(text, 0), 0);
    if (text->size > 0)
        assert_int_equal(text_source(text, text->size), text->source_size);
}

static void check_bad(const struct text *text)
{
    assert_int_equal(text->damaged, text->bad_total > 0);
    assert_int_equal(text->bad_count, text->bad_total < TEXT_BAD ? text->bad_total : TEXT_BAD);
    for (size_t i = 0; i < text->bad_count; i++) {
        assert_true(text->bad[i] < text->source_size);
        assert_true(i == 0 || text->bad[i] > text->bad[i - 1]);
    }
}

/* Reads a copy that ends where it ends, so that the sanitizers see a byte too many. */
static struct text read_bytes(struct arena *arena, const void *bytes, size_t size)
{
    struct text text;
    char *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    if (size > 0)
        memcpy(copy, bytes, size);
    text_read(arena, size > 0 ? copy : NULL, size, &text);
    free(copy);
    assert_int_equal(text.source_size, size);
    check_text(&text);
    check_bad(&text);
    return text;
}

static void check_read(struct arena *arena, const char *bytes, size_t size, const char *encoding, const char *want,
                       size_t want_size, size_t bad)
{
    struct text text = read_bytes(arena, bytes, size);
    assert_string_equal(text.encoding, encoding);
    assert_int_equal(text.size, want_size);
    assert_memory_equal(text.at, want, want_size);
    assert_int_equal(text.bad_total, bad);
}

/* `utf8` in another encoding, in the arena. */
static char *convert(struct arena *arena, const char *utf8, const char *encoding, size_t *size)
{
    size_t in = strlen(utf8), room = 4 * in + 8, out = room;
    char *copy = arena_copy(arena, utf8, in), *bytes = arena_take(arena, room, 1), *to = bytes;
    iconv_t handle = iconv_open(encoding, "UTF-8");
    assert_true(handle != (iconv_t)-1);
    size_t result = iconv(handle, &copy, &in, &to, &out);
    iconv_close(handle);
    assert_int_equal(result, 0);
    *size = room - out;
    return bytes;
}

static void check_encoded(struct arena *arena, const char *utf8, const char *encoding)
{
    size_t size;
    char *bytes = convert(arena, utf8, encoding, &size);
    check_read(arena, bytes, size, encoding, utf8, strlen(utf8), 0);
}

static void test_empty(void **state)
{
    check_read(*state, BYTES(""), "UTF-8", BYTES(""), 0);
}

static void test_ascii(void **state)
{
    check_read(*state, BYTES("Outgoing No. 8924\r\n"), "UTF-8", BYTES("Outgoing No. 8924\r\n"), 0);
    struct text text = read_bytes(*state, BYTES("CABLE"));
    assert_int_equal(text.run_count, 1);
    assert_int_equal(text_source(&text, 3), 3);
}

static void test_utf8(void **state)
{
    check_read(*state, BYTES("Исх. № 8924 — МОЛНИЯ \U0001F4E8"), "UTF-8", BYTES("Исх. № 8924 — МОЛНИЯ \U0001F4E8"), 0);
    struct text text = read_bytes(*state, BYTES("Исх. № 8924"));
    assert_int_equal(text.run_count, 1);
    assert_int_equal(text_source(&text, 6), 6);
}

static void test_utf8_bounds(void **state)
{
    /* The first and the last code point of each length, and those beside the surrogates. */
    static const char text[] = "й\x7F\xC2\x80\u07FF\u0800\uD7FF\uE000\uFFFF\U00010000\U0010FFFF";
    check_read(*state, BYTES(text), "UTF-8", BYTES(text), 0);
}

static void test_mark(void **state)
{
    check_read(*state,
               BYTES("\xEF\xBB\xBF"
                     "Копия"),
               "UTF-8", BYTES("Копия"), 0);
    struct text text = read_bytes(*state, BYTES("\xEF\xBB\xBF"
                                                "ab"));
    assert_int_equal(text_source(&text, 0), 0);
    assert_int_equal(text_source(&text, 1), 4);
    assert_int_equal(text_source(&text, 2), 5);
}

static void test_mark_alone(void **state)
{
    check_read(*state, BYTES("\xEF\xBB\xBF"), "UTF-8", BYTES("\uFEFF"), 0);
    check_read(*state, BYTES("\xFF\xFE"), "UTF-16LE", BYTES("\uFEFF"), 0);
    check_read(*state, BYTES("\xFE\xFF"), "UTF-16BE", BYTES("\uFEFF"), 0);
    check_read(*state, BYTES("\xFF\xFE\x00\x00"), "UTF-32LE", BYTES("\uFEFF"), 0);
    check_read(*state, BYTES("\x00\x00\xFE\xFF"), "UTF-32BE", BYTES("\uFEFF"), 0);
}

static void test_mark_before_damage(void **state)
{
    struct text text = read_bytes(*state, BYTES("\xEF\xBB\xBF\xFFx"));
    assert_string_equal(text.at, "\uFFFDx");
    assert_int_equal(text.bad_count, 1);
    assert_int_equal(text.bad[0], 3);
    assert_int_equal(text_source(&text, 3), 4);
}

static void test_wide_marked(void **state)
{
    static const char *const encodings[] = {"UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"};
    for (size_t i = 0; i < 4; i++) {
        size_t size;
        char *bytes = convert(*state, "\uFEFFМосква \U0001F4E8 №1", encodings[i], &size);
        check_read(*state, bytes, size, encodings[i], BYTES("Москва \U0001F4E8 №1"), 0);
    }
}

static void test_wide_unmarked(void **state)
{
    static const char *const texts[] = {"Outgoing No. 8924", "Совершенно секретно", "МОСКВА", "to",
                                        "FROM: ПХЕНЬЯН — «№ 600428»\r\n\r\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        check_encoded(*state, texts[i], "UTF-16LE");
        check_encoded(*state, texts[i], "UTF-16BE");
    }
}

static void test_wide_map(void **state)
{
    struct text text = read_bytes(*state, BYTES("\xFF\xFE"
                                                "a\0\x16\x21\x3D\xD8\xE8\xDC"
                                                "b\0"));
    assert_string_equal(text.at, "a№\U0001F4E8b");
    static const size_t offsets[] = {0, 1, 4, 8, 9}, sources[] = {0, 4, 6, 10, 12};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(text_source(&text, offsets[i]), sources[i]);
}

static void test_wide_damaged(void **state)
{
    /* A low surrogate, a high one before a letter, one cut off, half a unit. */
    check_read(*state, BYTES("\xFF\xFE\x00\xDC\x61\x00"), "UTF-16LE", BYTES("\uFFFDa"), 1);
    check_read(*state, BYTES("\xFF\xFE\x00\xD8\x61\x00"), "UTF-16LE", BYTES("\uFFFDa"), 1);
    check_read(*state, BYTES("\xFE\xFF\x00\x61\xD8\x00"), "UTF-16BE", BYTES("a\uFFFD"), 1);
    check_read(*state, BYTES("\xFE\xFF\x00\x61\xD8\x00\xDC"), "UTF-16BE", BYTES("a\uFFFD\uFFFD"), 2);
    check_read(*state, BYTES("\xFF\xFE\x00\x00\x00\xD8\x00\x00\x00\x00\x11\x00"), "UTF-32LE", BYTES("\uFFFD\uFFFD"), 2);
    check_read(*state, BYTES("\xFF\xFE\x00\x00\x61\x00\x00\x00\x62\x00\x00"), "UTF-32LE", BYTES("a\uFFFD"), 1);
}

static void test_pages(void **state)
{
    static const char *const texts[] = {"Москва, товарищу Молотову",
                                        "СОВЕРШЕННО СЕКРЕТНО",
                                        "Шифртелеграмма из Пекина",
                                        "ТЕГЕРАН, САДЧИКОВУ",
                                        "Сталин",
                                        "совершенно секретно",
                                        "Снятие копий воспрещается\r\nЭкз. 1\r\n\r\nСообщите Мао Цзэдуну."};
    static const char *const pages[] = {"WINDOWS-1251", "KOI8-R", "IBM866", "ISO-8859-5"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (size_t j = 0; j < sizeof pages / sizeof *pages; j++)
            check_encoded(*state, texts[i], pages[j]);
}

static void test_mixed_pages(void **state)
{
    check_encoded(*state, "Outgoing № 8924", "WINDOWS-1251");
    check_encoded(*state, "Telegram: «Сов. секретно» (top secret)", "WINDOWS-1251");
    check_encoded(*state, "Товарищу Филиппову — «Я согласен с Вашим мнением»", "MAC-CYRILLIC");
    check_encoded(*state, "Цілком таємно. Шифртелеграма з Києва: прошу негайно передати", "KOI8-U");
    check_encoded(*state, "“Outgoing” No. 8924 — the Ambassador’s reply…", "WINDOWS-1252");
    check_encoded(*state, "Délégation soviétique à Genève", "WINDOWS-1252");
    check_encoded(*state, "It cost £5½", "WINDOWS-1252");
}

static void test_other_page(void **state)
{
#ifdef HAVE_UCHARDET
    check_encoded(*state, "Ściśle tajne. Proszę niezwłocznie przekazać następującą wiadomość.", "WINDOWS-1250");
#else
    (void)state;
    skip();
#endif
}

static void test_ruled_page(void **state)
{
    check_encoded(*state, "════════════\r\nТЕЛЕГРАММА\r\n════════════\r\n", "IBM866");
    check_encoded(*state, "────────────\r\nТелеграмма\r\n────────────\r\n", "KOI8-R");
}

static void test_page_map(void **state)
{
    size_t size;
    char *bytes = convert(*state, "Исх. № 8924 — Москва", "WINDOWS-1251", &size);
    struct text text = read_bytes(*state, bytes, size);
    uint32_t point;
    size_t characters = 0;
    for (size_t at = 0; at < text.size; at += text_next(text.at, text.size, at, &point))
        assert_int_equal(text_source(&text, at), characters++);
    assert_int_equal(characters, size);
    assert_int_equal(text_source(&text, 1), 0);
    assert_int_equal(text.run_count, 7);
}

static void test_page_hole(void **state)
{
    /* WINDOWS-1251 has nothing at 0x98. */
    size_t size;
    char *bytes = convert(*state, "Товарищу Сталину? лично", "WINDOWS-1251", &size);
    *(char *)memchr(bytes, '?', size) = '\x98';
    check_read(*state, bytes, size, "WINDOWS-1251", BYTES("Товарищу Сталину\uFFFD лично"), 1);
}

static void test_late_page(void **state)
{
    /* The sample is taken where there is something to see. */
    size_t size, ascii = 100000;
    char *bytes = convert(*state, "Совершенно секретно", "KOI8-R", &size);
    char *long_bytes = arena_take(*state, ascii + size, 1);
    memset(long_bytes, '-', ascii);
    memcpy(long_bytes + ascii, bytes, size);
    struct text text = read_bytes(*state, long_bytes, ascii + size);
    assert_string_equal(text.encoding, "KOI8-R");
    assert_string_equal(text.at + ascii, "Совершенно секретно");
}

static void test_damaged_utf8(void **state)
{
    struct text text = read_bytes(*state, BYTES("Москва\xFF, товарищу \x80Молотову"));
    assert_string_equal(text.encoding, "UTF-8");
    assert_string_equal(text.at, "Москва\uFFFD, товарищу \uFFFDМолотову");
    assert_int_equal(text.bad_count, 2);
    assert_int_equal(text.bad[0], 12);
    assert_int_equal(text.bad[1], 32);
    assert_int_equal(text.run_count, 5);
    assert_int_equal(text_source(&text, 12), 12);
    assert_int_equal(text_source(&text, 14), 12);
    assert_int_equal(text_source(&text, 15), 13);
}

static void test_few_characters(void **state)
{
    /* English with little that is not ASCII, and damaged. */
    check_read(*state, BYTES("Outgoing № 8924 of 8\xFE May, \xC0 copy"), "UTF-8",
               BYTES("Outgoing № 8924 of 8\uFFFD May, \uFFFD copy"), 2);
}

static void test_invalid_sequences(void **state)
{
    static const char *const sequences[] = {
        "\xC0\xAF",         "\xE0\x80\xAF",     "\xF0\x80\x80\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF",
        "\xED\xA0\x80",     "\xED\xBF\xBF",     "\xF4\x90\x80\x80", "\xFE",     "\xFF\xFF",     "\x80",
        "\xF8\x88\x80\x80", "\xED\xA0\xBD\xED", "\xE2\x82",         "\xF0\x9F", "\xF0\x9F\x93", "\xD0"};
    static const char frame[] = "Товарищу Молотову и товарищу Вышинскому: ";
    for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++) {
        struct buffer bytes = {.arena = *state}, want = {.arena = *state};
        buffer_format(&bytes, "%s%s %s", frame, sequences[i], frame);
        buffer_puts(&want, frame);
        for (size_t j = 0; j < strlen(sequences[i]); j++)
            buffer_puts(&want, "\uFFFD");
        buffer_format(&want, " %s", frame);
        check_read(*state, bytes.at, bytes.size, "UTF-8", want.at, want.size, strlen(sequences[i]));
    }
}

static void test_truncated(void **state)
{
    check_read(*state, BYTES("Мос\xD0"), "UTF-8", BYTES("Мос\uFFFD"), 1);
    check_read(*state, BYTES("№\xE2\x84"), "UTF-8", BYTES("№\uFFFD\uFFFD"), 2);
}

static void test_nul(void **state)
{
    check_read(*state, BYTES("Copy\0No. 1\0"), "UTF-8", BYTES("Copy\0No. 1\0"), 0);
    check_read(*state, BYTES("\0\0\0\0"), "UTF-8", BYTES("\0\0\0\0"), 0);
    size_t size;
    char *bytes = convert(*state, "Товарищу? Молотову", "WINDOWS-1251", &size);
    *(char *)memchr(bytes, '?', size) = '\0';
    check_read(*state, bytes, size, "WINDOWS-1251", BYTES("Товарищу\0 Молотову"), 0);
}

static void test_binary(void **state)
{
    check_read(*state,
               BYTES("\x7F"
                     "ELF\x02\x01\x01\0\0\0\0\0\xFF\xFE\x03\0"),
               "binary",
               BYTES("\x7F"
                     "ELF\x02\x01\x01\0\0\0\0\0\uFFFD\uFFFD\x03\0"),
               2);
}

static void test_bad_limit(void **state)
{
    enum { SIZE = 1000 };
    char bytes[SIZE + 3] = "\xEF\xBB\xBF";
    memset(bytes + 3, '\xFF', SIZE);
    struct text text = read_bytes(*state, bytes, sizeof bytes);
    assert_int_equal(text.bad_total, SIZE);
    assert_int_equal(text.bad_count, TEXT_BAD);
    assert_int_equal(text.bad[TEXT_BAD - 1], 3 + TEXT_BAD - 1);
}

static uint32_t random_next(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 16;
}

/* Bytes of one of several kinds, so that each decoder gets its share. */
static void random_fill(char *bytes, size_t size, uint32_t *seed)
{
    static const char *const marks[] = {"", "\xEF\xBB\xBF", "\xFF\xFE", "\xFE\xFF", "\xFF\xFE\0\0", "\0\0\xFE\xFF"};
    static const size_t lengths[] = {0, 3, 2, 2, 4, 4};
    uint32_t kind = random_next(seed) % 6, spread = random_next(seed) % 3;
    for (size_t i = 0; i < size; i++) {
        uint32_t value = random_next(seed);
        if (spread == 1)
            value = value % 3 == 0 ? 0xD0 : value % 3 == 1 ? 0x80 + value / 3 % 64 : 0x20 + value / 3 % 96;
        if (spread == 2)
            value = value % 4 == 0 ? 0x20 : 0xA0 + value / 4 % 96;
        bytes[i] = (char)value;
    }
    memcpy(bytes, marks[kind], lengths[kind] < size ? lengths[kind] : size);
}

static void test_random(void **state)
{
    uint32_t seed = 1946;
    for (size_t round = 0; round < 3000; round++) {
        char bytes[200];
        size_t size = random_next(&seed) % sizeof bytes;
        random_fill(bytes, size, &seed);
        read_bytes(*state, bytes, size);
    }
}

static void test_next(void **state)
{
    (void)state;
    uint32_t point;
    assert_int_equal(text_next(BYTES("a№"), 0, &point), 1);
    assert_int_equal(point, 'a');
    assert_int_equal(text_next(BYTES("a№"), 1, &point), 3);
    assert_int_equal(point, 0x2116);
    assert_int_equal(text_next(BYTES("a№"), 2, &point), 0);
    assert_int_equal(point, TEXT_REPLACEMENT);
    assert_int_equal(text_next(BYTES("a№"), 4, &point), 0);
    assert_int_equal(text_next("№", 2, 0, &point), 0);
    assert_int_equal(text_next(NULL, 0, 0, &point), 0);
}

static struct text end_edit(struct text_edit *edit)
{
    struct text text;
    text_edit_end(edit, &text);
    check_text(&text);
    return text;
}

static void test_edit(void **state)
{
    struct text old = read_bytes(*state, BYTES("a&amp;b<i>c</i>d"));
    struct text_edit edit;
    text_edit_begin(&edit, *state, &old);
    text_edit_keep(&edit, 0, 1);
    text_edit_put(&edit, 1, 6, BYTES("&"));
    text_edit_keep(&edit, 6, 7);
    text_edit_put(&edit, 7, 10, BYTES(""));
    text_edit_keep(&edit, 10, 11);
    text_edit_put(&edit, 11, 15, BYTES("[*]"));
    text_edit_keep(&edit, 15, 16);
    struct text text = end_edit(&edit);
    assert_string_equal(text.at, "a&bc[*]d");
    static const size_t sources[] = {0, 1, 6, 10, 11, 11, 11, 15, 16};
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        assert_int_equal(text_source(&text, i), sources[i]);
    assert_string_equal(text.encoding, "UTF-8");
    assert_int_equal(text.source_size, 16);
}

static void test_edit_ends(void **state)
{
    struct text old = read_bytes(*state, BYTES("\xEF\xBB\xBF"
                                               "abc"));
    struct text_edit edit;
    /* An insertion before the mark, a drop at the end. */
    text_edit_begin(&edit, *state, &old);
    text_edit_put(&edit, 0, 0, BYTES("xy"));
    text_edit_keep(&edit, 0, 2);
    struct text text = end_edit(&edit);
    assert_string_equal(text.at, "xyab");
    assert_int_equal(text_source(&text, 1), 0);
    assert_int_equal(text_source(&text, 2), 3);
    assert_int_equal(text_source(&text, 4), 6);
    /* Nothing left. */
    text_edit_begin(&edit, *state, &old);
    text = end_edit(&edit);
    assert_int_equal(text.size, 0);
    /* All put at the very end, into the old text itself. */
    text_edit_begin(&edit, *state, &old);
    text_edit_put(&edit, 3, 3, BYTES("№"));
    text_edit_end(&edit, &old);
    check_text(&old);
    assert_string_equal(old.at, "№");
}

static void test_edit_misuse(void **state)
{
    struct text old = read_bytes(*state, BYTES("abcdef"));
    struct text_edit edit;
    text_edit_begin(&edit, *state, &old);
    text_edit_keep(&edit, 0, 3);
    text_edit_keep(&edit, 1, 2);
    text_edit_keep(&edit, 2, 4);
    text_edit_keep(&edit, 5, 99);
    text_edit_keep(&edit, 99, 7);
    assert_string_equal(end_edit(&edit).at, "abcdf");
}

static void test_edit_runs(void **state)
{
    size_t size;
    char *bytes = convert(*state, "Исх. № 8924 — Москва, товарищу Молотову", "WINDOWS-1251", &size);
    struct text old = read_bytes(*state, bytes, size);
    struct text_edit edit;
    uint32_t point;
    text_edit_begin(&edit, *state, &old);
    for (size_t at = 0, length; at < old.size; at += length) {
        length = text_next(old.at, old.size, at, &point);
        text_edit_keep(&edit, at, at + length);
    }
    struct text text = end_edit(&edit);
    assert_string_equal(text.at, old.at);
    assert_int_equal(text.run_count, old.run_count);
    for (size_t at = 0; at <= old.size; at++)
        assert_int_equal(text_source(&text, at), text_source(&old, at));
}

/* Keeps, drops and replaces pieces of `old` at random; expected[at] is where byte `at` of the new text comes from. */
static struct text random_edit(struct arena *arena, const struct text *old, uint32_t *seed, size_t *expected)
{
    struct text_edit edit;
    uint32_t point;
    size_t count = 0, start = 0;
    text_edit_begin(&edit, arena, old);
    while (start < old->size) {
        size_t end = start, kind = random_next(seed) % 4;
        for (size_t more = random_next(seed) % 5; more > 0 && end < old->size; more--)
            end += text_next(old->at, old->size, end, &point);
        size_t put = kind == 0 ? random_next(seed) % 4 : 0;
        if (kind == 0)
            text_edit_put(&edit, start, end, "xyz", put);
        else if (kind > 1)
            text_edit_keep(&edit, start, end);
        for (size_t at = start; kind > 1 && at < end; at++)
            expected[count++] = at == 0 ? old->runs[0].source_start : text_source(old, at);
        for (size_t at = 0; at < put; at++)
            expected[count++] = text_source(old, start);
        start = end;
    }
    struct text text = end_edit(&edit);
    assert_int_equal(text.size, count);
    return text;
}

static void test_edit_random(void **state)
{
    uint32_t seed = 1950;
    for (size_t round = 0; round < 500; round++) {
        char bytes[100];
        size_t size = 1 + random_next(&seed) % (sizeof bytes - 1);
        random_fill(bytes, size, &seed);
        struct text text = read_bytes(*state, bytes, size);
        for (size_t turn = 0; turn < 3; turn++) {
            /* Each byte may become U+FFFD, and each turn may add three for each character. */
            size_t *expected = arena_take(*state, 4 * text.size + 4, sizeof *expected);
            text = random_edit(*state, &text, &seed, expected);
            for (size_t at = 1; at < text.size; at++)
                assert_int_equal(text_source(&text, at), expected[at]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ascii, setup, teardown),
        cmocka_unit_test_setup_teardown(test_utf8, setup, teardown),
        cmocka_unit_test_setup_teardown(test_utf8_bounds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mark, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mark_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mark_before_damage, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wide_marked, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wide_unmarked, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wide_map, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wide_damaged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mixed_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_page, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ruled_page, setup, teardown),
        cmocka_unit_test_setup_teardown(test_page_map, setup, teardown),
        cmocka_unit_test_setup_teardown(test_page_hole, setup, teardown),
        cmocka_unit_test_setup_teardown(test_late_page, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged_utf8, setup, teardown),
        cmocka_unit_test_setup_teardown(test_few_characters, setup, teardown),
        cmocka_unit_test_setup_teardown(test_invalid_sequences, setup, teardown),
        cmocka_unit_test_setup_teardown(test_truncated, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nul, setup, teardown),
        cmocka_unit_test_setup_teardown(test_binary, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_random, setup, teardown),
        cmocka_unit_test_setup_teardown(test_next, setup, teardown),
        cmocka_unit_test_setup_teardown(test_edit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_edit_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_edit_misuse, setup, teardown),
        cmocka_unit_test_setup_teardown(test_edit_runs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_edit_random, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
