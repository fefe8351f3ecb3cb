/*
 * The automaton says which productions can match at a place, and may name too many, never too few; what it names is
 * walked along the text. Here both are held against PCRE2, which is asked for the whole pattern of every production.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "automaton.h"
#include "document.h"
#include "walk.h"

static depesha_grammar *soviet;
static bool anew; /* without the states that lie ready */
static struct arena arena;
static jmp_buf escape;
static size_t walks;

static depesha_grammar *compiled(const char *name, const char *text, size_t size)
{
    depesha_grammar *grammar = NULL;
    char *messages = NULL;
    if (grammar_compile(name, text, size, NULL, NULL, anew, &grammar, &messages) != DEPESHA_OK)
        print_error("%s\n", messages == NULL ? "no message" : messages);
    depesha_free(messages);
    return grammar;
}

static int set_up(void **state)
{
    (void)state;
    size_t size;
    const char *text = depesha_builtin("soviet", &size);
    arena.escape = &escape;
    if (setjmp(escape) != 0)
        return 1;
    soviet = compiled("soviet", text, size);
    return soviet == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    depesha_grammar_free(soviet);
    return 0;
}

static bool is_found(struct matcher *matcher, const struct field *field, size_t gate, size_t at, size_t to)
{
    size_t count, last = 0;
    bool is = false;
    const struct field *const *found = mark_find(matcher, gate, at, to, false, &count);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || found[i]->index > last); /* in order, and each once */
        last = found[i]->index;
        is = is || found[i] == field;
    }
    return is;
}

/* A walk comes to the same end by the same slots, or says that it is lost. */
static void hold_walk(struct matcher *matcher, const struct field *field, size_t at, size_t to)
{
    struct span span, slots[16], theirs[16];
    size_t end = 0;
    bool matches = matcher_match(matcher, &field->pattern, at, to, &span);
    assert_true(field->slot_count <= 16);
    for (size_t i = 0; matches && i < field->slot_count; i++)
        theirs[i] = matcher_group(matcher, i + 1);
    enum walked walked = walk_field(matcher, field, at, to, slots, &end);
    if (walked == WALK_LOST)
        return;
    bool same = matches == (walked == WALK_MATCHED) && (!matches || end == span.end);
    for (size_t i = 0; matches && same && i < field->slot_count; i++)
        same = (slots[i].start > slots[i].end && theirs[i].start > theirs[i].end) ||
               (slots[i].start == theirs[i].start && slots[i].end == theirs[i].end);
    if (!same) {
        print_error("%s is walked to %zu of '%.*s'\n", field->name, walked == WALK_MATCHED ? end - at : 0,
                    (int)(to - at), matcher->text->at + at);
        fail();
    }
    walks++;
}

/* Every production at every place where a word may begin. Returns how many match. */
static size_t hold_against(const depesha_grammar *grammar, const char *bytes, size_t size)
{
    struct text text;
    struct lines lines;
    struct matcher matcher;
    size_t matches = 0;
    struct arena own = {.escape = arena.escape};
    text_read(&own, bytes, size, &text);
    matcher_open(&matcher, &own, grammar, &text);
    matcher_lines(&matcher, &lines);
    for (size_t line = 0; line < lines.count; line++)
        for (size_t at = line_of(&lines, line)->start; at < line_of(&lines, line)->end; at++) {
            if (((unsigned char)text.at[at] & 0xC0) == 0x80 || !at_boundary(&text, at))
                continue;
            size_t to = mark_horizon(&matcher, line, at);
            for (const struct field *field = grammar->fields; field != NULL; field = field->next) {
                struct span span;
                hold_walk(&matcher, field, at, to);
                if (!matcher_match(&matcher, &field->pattern, at, to, &span) || span.end <= at)
                    continue;
                matches++;
                if (field->zones == 0 || is_found(&matcher, field, gate_any(true), at, to))
                    continue;
                print_error("%s is kept from matching '%.*s'\n", field->name, (int)(span.end - at), text.at + at);
                fail();
            }
        }
    arena_free(&own);
    return matches;
}

static void test_examples(void **state)
{
    (void)state;
    size_t matches = 0, count = 0;
    walks = 0;
    for (const struct field *field = soviet->fields; field != NULL; field = field->next)
        for (const struct example *example = field->examples; example != NULL; example = example->next, count++)
            matches += hold_against(soviet, example->text, example->size);
    assert_true(count > 100);
    assert_true(matches >= count);
    assert_true(walks > 100 * count);
}

/* A production is found through each of its gates: any zone, its own zones, the values that it is read in. */
static void test_gates(void **state)
{
    (void)state;
    for (const struct field *field = soviet->fields; field != NULL; field = field->next) {
        struct text text;
        struct lines lines;
        struct matcher matcher;
        const struct example *example = field->examples;
        struct arena own = {.escape = arena.escape}; /* no matcher outlives its grammar */
        text_read(&own, example->text, example->size, &text);
        matcher_open(&matcher, &own, soviet, &text);
        matcher_lines(&matcher, &lines);
        size_t at = line_of(&lines, 0)->first;
        if (field->zones != 0) {
            assert_true(is_found(&matcher, field, gate_any(true), at, text.size));
            assert_int_equal(is_found(&matcher, field, gate_any(false), at, text.size), !field->at_start);
        }
        for (size_t zone = 0; zone < soviet->zone_count; zone++) {
            bool in = field->zones >> zone & 1;
            assert_int_equal(is_found(&matcher, field, gate_zone(zone, true), at, text.size), in);
            assert_int_equal(is_found(&matcher, field, gate_zone(zone, false), at, text.size), in && !field->at_start);
        }
        arena_free(&own);
    }
}

/* Letters whose other case is far away, damage in gaps, look-alikes, texts that end early. */
static void test_strange_letters(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\u017Fecret",
        "Top \u017Fecret",
        "To\u2011the file",
        "Copy \u25A1 N\u00BA 4",
        "\u1C81\u1C80 Moscow",
        "Chec\u212A",
        "STRICTLY \u25A1\u25A1 SECRET",
        "\u0421\u0415\u041A\u0420\u0415\u0422\u041D\u041E",
        "se\u1C83ret",
        "Received at 0450,\r\n\r\n8 May\u00A01946",
        "\u0441\u043E\u0432. \u0441\u0435\u043A\u0440\u0435\u0442\u043D\u043E",
        "",
        " ",
        "\n\n",
        "a",
        "Copy\u00A0N\u00BA\u20034\r\rTOP  SECRET",
        "Received at 0450\u00B2,\r8\u00A0May 1946",
        "Stra\u00DFe, \u01C5. I. LEVITSK\u0130",
        "18\u00BD copies, 1\u0661",
        "\u2116 1",
        "\u2116",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        hold_against(soviet, texts[i], strlen(texts[i]));
}

/* Whatever PCRE2 has a sign for. What is not understood has to pass, too. */
static const char *const patterns[] = {
    "a{2,3}b",
    "a{2}",
    "(?:ab){1,}c",
    "a{0,9}c",
    "[ab]{6,7}c",
    "a+?b",
    "a*+b",
    "a?+c",
    "(?>a|ab)c",
    "a(?=b)",
    "a(?=bc)[bc]",
    "a(?!b)c?",
    "a(?!b|c)",
    "a(?!bc)b",
    "(?<!a)b",
    "(?<=a)b|c",
    "\\bab\\b",
    "[^a\\n]b",
    "[]a]c",
    "[^]]c",
    "[a\\]b]+c",
    "(?i:A(?-i:b))c",
    "(?i)Ab|bA",
    "a(?i)b|c",
    "\\p{Lu}a",
    "\\P{L}c",
    "\\pLb",
    "\\x{61}b",
    "\\x61b",
    "a\\hb",
    "a\\sb",
    "a\\Rb",
    "a\\R+",
    "a$",
    "^ab",
    "a\\z",
    "(?:a|b|)c",
    "a.c",
    "a\\Nc",
    "[[:alpha:]]b",
    "\\Qa\\Eb",
    "a(?#x)b",
    "(?|a|b)c",
    "a\\.c",
    "\\d\\Dc",
    "a{,2}|ac",
    "a{x}|bc",
    "(?:a(?:b(?:c)?)?)?c",
    "\u0430\u0431",
    "(?i:\u0410)b",
    "[\u0410-\u042F]",
    "[\u0430b]+c",
    "(?:(?=a)a|b)c$",
    "a|(?=b)b\\z",
    /* Brackets within brackets, of which PCRE2 has a kind with names. */
    "[^[:alpha:]]c",
    "[a[]c",
    "[a\\Qb\\E]c",
    "[^\\d\\n]b",
    "[a\\Eb]c",
    "\\061b",
    "a\\xg|bc",
    "a{}|bc",
    /* Escapes to the last character. */
    "a\\x6",
    "\\x623",
    "a\\tb|c",
    "c\\p{L}?",
    "\\N{U+61}b",
    "b\\Ba|\\Aa",
    "\\bc\\b",
    "\\o{141}b",
    "\\.\\?|\\Xc",
    "\\\u0430b",
    /* Numbers that are none, and a great many. */
    "a{,}|bc",
    "a{1|bc",
    "a{1,2,3}|bc",
    "a{2,",
    "(?:ab){0,7}c",
    "a{65535}|bc",
    /* What a group may begin with. */
    "(?-i:a)b",
    "(?s)a.b",
    "(?s:a.b)",
    "(*:mark)ab",
    "(a|b)c",
    "(?!(?:a|b)c)[abc]b",
    "(?i:b(?-i)c)",
    "(?=ab|ac)a",
};

static depesha_grammar *grammar_of_patterns(void)
{
    struct buffer text = {.arena = &arena};
    buffer_puts(&text, "grammar odd 1 \"patterns\"\nzone all \"all\" starts\nkey v = t\ntype t text reads /x/\n"
                       "damage \"?\"\nalike \"ce\"\n");
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
        buffer_format(&text, "field p%zu in all = /%s/\n    eg \"a\" -> \"\"\n", i, patterns[i]);
    buffer_puts(&text,
                "token T = \"a\" | /b/+\n"
                "field g0 in all = T /c/* end\n    eg \"a\" -> \"\"\n"
                "field g1 in all = start \"a b\" break [T] \"c\"\n    eg \"a\" -> \"\"\n"
                "field g2 in all = (\"a\" end | \"b\") \"c\"\n    eg \"a\" -> \"\"\n"
                "field g3 in all = [\"a\"] (/b/ | \"c\")+ \"1\"\n    eg \"a\" -> \"\"\n"
                "field g4 in all = T T* [\"c\" end]\n    eg \"a\" -> \"\"\n"
                "field g5 in all = 'A' /(?=b)/ T end\n    eg \"a\" -> \"\"\n"
                "field g6 in all = T T* [\"c\" end] \"1\"\n    eg \"a\" -> \"\"\n"
                "field g7 in all = {v /[ab]+/} [{v /b?/} \"c\"] {v /[abc]*?/} (\"c\" | break)\n    eg \"a\" -> \"\"\n"
                "field g8 in all = {v (T | /ab*/)} {v /[bc]*/} /c|b+/* {v /1?/} \"A\"\n    eg \"a\" -> \"\"\n"
                "field g9 in all = \"b\" ([/a?/])+ /b*/* [(\"c\" | /cb?/)+] end\n    eg \"a\" -> \"\"\n"
                "field h0 in all = /(?:a|ab|b)+/ /[^\\n]*/ \"c1\"\n    eg \"a\" -> \"\"\n"
                "field h1 in all = /a(*SKIP)b|ac/ /c?/ \"b\"\n    eg \"a\" -> \"\"\n");
    return compiled("odd", text.at, text.size);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void test_patterns(void **state)
{
    (void)state;
    static const char *const letters[] = {"a", "b", "c", "A", "B", "e", "a", "b",    "c",      " ",      "\n",
                                          "1", "?", ".", "]", "x", "{", "}", "\r\n", "\u0430", "\u0431", "\u0410"};
    depesha_grammar *grammar = grammar_of_patterns();
    uint32_t seed = 1946;
    size_t matches = 0;
    assert_non_null(grammar);
    for (size_t round = 0; round < 1500; round++) {
        struct buffer text = {.arena = &arena};
        for (size_t n = next_random(&seed) % 12; n > 0; n--)
            buffer_puts(&text, letters[next_random(&seed) % (sizeof letters / sizeof *letters)]);
        matches += hold_against(grammar, text.size == 0 ? "" : text.at, text.size);
    }
    depesha_grammar_free(grammar);
    assert_true(matches > 1000);
}

/* What is far away is not waited for. */
static void test_far(void **state)
{
    (void)state;
    static const char text[] = "grammar far 1 \"far\"\nzone all \"all\" starts\n"
                               "field a in all = \"from\" /[a-z ]*1/\n    eg \"from 1\" -> \"\"\n"
                               "field b in all = \"from\" /[a-z ]*2/\n    eg \"from 2\" -> \"\"\n"
                               "field c in all = \"from\" /[a-z ]*3/\n    eg \"from 3\" -> \"\"\n"
                               "field d in all = \"from\" /[a-z ]*4/\n    eg \"from 4\" -> \"\"\n"
                               "field e in all = \"to\"\n    eg \"to\" -> \"\"\n";
    depesha_grammar *grammar = compiled("far", text, strlen(text));
    assert_non_null(grammar);
    for (size_t size = 0; size < 2000; size = size * 2 + 1) {
        struct buffer line = {.arena = &arena};
        buffer_puts(&line, "from");
        for (size_t i = 0; i < size; i++)
            buffer_puts(&line, i % 7 == 0 ? " " : "x");
        buffer_puts(&line, " 3");
        assert_true(hold_against(grammar, line.at, line.size) >= 1);
    }
    depesha_grammar_free(grammar);
}

/* Machine code begins with a small stack; what needs more is matched all the same, at once and again. */
static void test_deep(void **state)
{
    (void)state;
    static const char text[] = "grammar deep 1 \"deep\"\nzone all \"all\" starts\n"
                               "field a in all = \"x\" /(?:a|b|ab)+c/\n    eg \"x abc\" -> \"\"\n";
    enum { SIZE = 4000 };
    static const enum jit modes[] = {JIT_NEVER, JIT_ALWAYS};
    struct buffer line = {.arena = &arena};
    buffer_puts(&line, "x ");
    for (size_t i = 0; i < SIZE; i++)
        buffer_puts(&line, i % 2 == 0 ? "a" : "b");
    buffer_puts(&line, "c");
    for (size_t mode = 0; mode < sizeof modes / sizeof *modes; mode++) {
        depesha_grammar *grammar = compiled("deep", text, strlen(text));
        assert_non_null(grammar);
        grammar_set_jit(grammar, modes[mode]);
        struct arena own = {.escape = arena.escape};
        struct matcher matcher;
        struct text read;
        struct span span;
        text_read(&own, line.at, line.size, &read);
        matcher_open(&matcher, &own, grammar, &read);
        for (int time = 0; time < 2; time++) {
            assert_true(matcher_match(&matcher, &grammar->fields->pattern, 0, read.size, &span));
            assert_int_equal(span.end, read.size);
        }
        arena_free(&own);
        depesha_grammar_free(grammar);
    }
}

static void *parse_examples(void *result)
{
    char **json = result;
    depesha_document *document;
    if (depesha_parse(soviet, "all", json[0], strlen(json[0]), &document) == DEPESHA_OK) {
        json[1] = depesha_document_json(document, 0, DEPESHA_EVIDENCE);
        depesha_document_free(document);
    }
    return NULL;
}

static char *all_examples(void)
{
    struct buffer all = {.arena = &arena};
    for (const struct field *field = soviet->fields; field != NULL; field = field->next) {
        buffer_add(&all, field->examples->text, field->examples->size);
        buffer_puts(&all, "\n");
    }
    return all.at;
}

/* Threads make its states together, machine code and interpreter read the same. */
static void test_threads_and_jit(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    static const enum jit modes[] = {JIT_NEVER, JIT_ALWAYS, JIT_AUTO};
    char *all = all_examples(), *first = NULL;
    for (size_t mode = 0; mode < sizeof modes / sizeof *modes; mode++) {
        pthread_t threads[THREADS];
        char *results[THREADS][2];
        depesha_grammar_free(soviet);
        assert_int_equal(set_up(NULL), 0);
        grammar_set_jit(soviet, modes[mode]);
        for (size_t i = 0; i < THREADS; i++) {
            results[i][0] = all;
            results[i][1] = NULL;
            assert_int_equal(pthread_create(&threads[i], NULL, parse_examples, results[i]), 0);
        }
        for (size_t i = 0; i < THREADS; i++) {
            pthread_join(threads[i], NULL);
            assert_non_null(results[i][1]);
            if (first == NULL)
                first = arena_copy(&arena, results[i][1], strlen(results[i][1]));
            assert_string_equal(results[i][1], first);
            depesha_free(results[i][1]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),        cmocka_unit_test(test_gates), cmocka_unit_test(test_strange_letters),
        cmocka_unit_test(test_patterns),        cmocka_unit_test(test_far),   cmocka_unit_test(test_deep),
        cmocka_unit_test(test_threads_and_jit),
    };
    int failed = cmocka_run_group_tests(tests, set_up, tear_down);
    anew = true;
    return failed + cmocka_run_group_tests(tests, set_up, tear_down);
}
