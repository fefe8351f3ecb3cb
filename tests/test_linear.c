/*
 * Work grows no faster than the input, whatever the input. No clock is asked: the linker leads the calls of PCRE2's
 * match and of malloc here, which are counted. `make adversarial` measures time, and more families.
 */
#include "depesha.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL = 32 * 1024, TIMES = 4, MATCHES_MORE = 500, MEMORY_MORE = 1024 * 1024 };

/* The promise: a document and the text of its records take so many times the input at most, and so much more. */
enum { LARGE = 2 * 1024 * 1024, MEMORY_TIMES = 8, MEMORY_BESIDE = 16 * 1024 * 1024 };

/* What four times the input may take: four times as much, and a tenth. */
static const double GROWTH = 4.4;

static struct {
    size_t matches, bytes;
    size_t held, most; /* bytes */
} work;

int __real_pcre2_match_8(const pcre2_code *code, PCRE2_SPTR subject, PCRE2_SIZE size, PCRE2_SIZE start,
                         uint32_t options, pcre2_match_data *data, pcre2_match_context *context);
int __wrap_pcre2_match_8(const pcre2_code *code, PCRE2_SPTR subject, PCRE2_SIZE size, PCRE2_SIZE start,
                         uint32_t options, pcre2_match_data *data, pcre2_match_context *context);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void __real_free(void *old);
void __wrap_free(void *old);
void *__wrap_realloc(void *old, size_t size);

int __wrap_pcre2_match_8(const pcre2_code *code, PCRE2_SPTR subject, PCRE2_SIZE size, PCRE2_SIZE start,
                         uint32_t options, pcre2_match_data *data, pcre2_match_context *context)
{
    work.matches++;
    return __real_pcre2_match_8(code, subject, size, start, options, data, context);
}

static void *hold(void *thing)
{
    work.held += malloc_usable_size(thing);
    work.most = work.held > work.most ? work.held : work.most;
    return thing;
}

void *__wrap_malloc(size_t size)
{
    work.bytes += size;
    return hold(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return hold(__real_calloc(count, size));
}

void __wrap_free(void *old)
{
    work.held -= malloc_usable_size(old);
    __real_free(old);
}

/* What is added. */
void *__wrap_realloc(void *old, size_t size)
{
    size_t before = old == NULL ? 0 : malloc_usable_size(old);
    work.bytes += size > before ? size - before : 0;
    work.held -= before;
    return hold(__real_realloc(old, size));
}

static const char *const families[] = {
    "a",
    "\n",
    "a\n",
    "[",
    "> \"«",
    "Copy No. 1\n",
    "TOP SECRET\n",
    "□",
    "-",
    "[handwritten: ",
    "MOLOTOV, VYSHINSKY, ",
    "The answer will be given in a few days, as was agreed upon.\n\n",
    "1. Cde. Ivanov\n",
    "Your No. 811, 812-813\n",
    "| a | b |\n",
    "TOP □□CRET Outgoing № 1□2\n[illegible] Sent at 08□0, 8 M□y 1946 [...]\n",
    "NKID\nOutgoing № 7315\nSent at 2315, 3 March 1946\nTOP SECRET\nto where ANKARA to whom TO VINOGRADOV\n\nText.\n\n",
};

static depesha_grammar *grammar;

static void fill(char *bytes, size_t size, const char *unit)
{
    size_t length = strlen(unit);
    for (size_t i = 0; i < size; i++)
        bytes[i] = unit[i % length];
}

static void parse(const char *unit, size_t size, size_t *matches, size_t *memory)
{
    depesha_document *document;
    char *bytes = __real_malloc(size);
    fill(bytes, size, unit);
    work.matches = work.bytes = 0;
    assert_int_equal(depesha_parse(grammar, "text", bytes, size, &document), DEPESHA_OK);
    *matches = work.matches;
    *memory = work.bytes;
    depesha_document_free(document);
    free(bytes);
}

static void test_growth(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        size_t matches, memory, more_matches, more_memory;
        parse(families[i], TIMES * SMALL, &matches, &memory); /* what the grammar remembers is in place now */
        parse(families[i], SMALL, &matches, &memory);
        parse(families[i], TIMES * SMALL, &more_matches, &more_memory);
        print_message("%6zu and %7zu matches, %6.1f and %6.1f MB: %.*s\n", matches, more_matches,
                      (double)memory / 1048576, (double)more_memory / 1048576, (int)strcspn(families[i], "\n"),
                      families[i]);
        assert_true((double)more_matches <= GROWTH * (double)matches + MATCHES_MORE);
        assert_true((double)more_memory <= GROWTH * (double)memory + MEMORY_MORE);
    }
}

static bool forget(void *context, const char *text, size_t size)
{
    (void)context;
    (void)text;
    (void)size;
    return true;
}

/* Arrays that grow have room for twice what is in them, which the system gives only as it is used: counted is all. */
static void test_memory(void **state)
{
    char *bytes = __real_malloc(LARGE);
    (void)state;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        depesha_document *document;
        fill(bytes, LARGE, families[i]);
        size_t before = work.held;
        work.most = work.held;
        assert_int_equal(depesha_parse(grammar, "text", bytes, LARGE, &document), DEPESHA_OK);
        for (size_t n = 0; n < depesha_document_count(document); n++)
            assert_int_equal(depesha_document_write(document, n, DEPESHA_EVIDENCE, forget, NULL), DEPESHA_OK);
        size_t leaves = depesha_leaf_count(document);
        print_message("%6.1f times, %8zu leaves: %.*s\n", (double)(work.most - before) / LARGE, leaves,
                      (int)strcspn(families[i], "\n"), families[i]);
        assert_true(work.most - before <= (size_t)MEMORY_TIMES * LARGE + MEMORY_BESIDE);
        depesha_document_free(document);
    }
    __real_free(bytes);
}

/* All ways to divide a word, for what stands before (which no automaton follows): the match has limits, the finding
 * names the production, and it is given up. */
static void test_hostile_grammar(void **state)
{
    static const char rules[] = "grammar mine 1 \"Mine\"\ninclude \"soviet\"\nfield hostile in header weight 5\n"
                                "    = start /(?:a|aa|a+|b)+(?<=bb)/\n    eg \"aabb\" -> \"\"\n";
    static const char line[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac\n";
    depesha_grammar *mine;
    depesha_document *document;
    char text[200 * sizeof line];
    bool named = false;
    (void)state;
    fill(text, sizeof text, line);
    assert_int_equal(depesha_grammar_compile("mine", rules, sizeof rules - 1, NULL, NULL, &mine, NULL), DEPESHA_OK);
    assert_int_equal(depesha_parse(mine, "text", text, sizeof text, &document), DEPESHA_OK);
    for (size_t i = 0; i < depesha_finding_count(document, 0); i++) {
        const depesha_finding *finding = depesha_finding_at(document, 0, i);
        named = named || (strcmp(finding->rule, "match-limit") == 0 && strstr(finding->message, "hostile") != NULL);
    }
    depesha_document_free(document);
    depesha_grammar_free(mine);
    assert_true(named);
}

static int open_all(void **state)
{
    size_t size;
    const char *rules = depesha_builtin("soviet", &size);
    (void)state;
    return depesha_grammar_compile("soviet", rules, size, NULL, NULL, &grammar, NULL) == DEPESHA_OK ? 0 : -1;
}

static int close_all(void **state)
{
    (void)state;
    depesha_grammar_free(grammar);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_growth), cmocka_unit_test(test_memory),
                                       cmocka_unit_test(test_hostile_grammar)};
    return cmocka_run_group_tests(tests, open_all, close_all);
}
