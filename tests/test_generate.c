/* What the grammar writes it reads again: every production alone, and whole cables. The rates are printed. */
#include "phrase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXTS = 12, SERIES = 180 };

static depesha_grammar *grammar;

static int open_grammar(void **state)
{
    size_t size;
    const char *text = depesha_builtin("soviet", &size);
    (void)state;
    return depesha_grammar_compile("soviet", text, size, NULL, NULL, &grammar, NULL) == DEPESHA_OK ? 0 : -1;
}

static int close_grammar(void **state)
{
    (void)state;
    depesha_grammar_free(grammar);
    return 0;
}

/* ---- productions ---------------------------------------------------------------------------- */

struct rates {
    size_t wanted, written, tries, ambiguous;
};

static void write_all(struct inventor *inventor, struct rates *rates)
{
    for (const struct field *field = grammar->fields; field != NULL; field = field->next) {
        size_t own = 0;
        for (size_t i = 0; i < TEXTS; i++) {
            const int n = (int)i;
            const struct choice choice = {.moment = {1923 + n * 5, 1 + n, 3 + n * 2, n * 2, 4 * n}};
            struct phrase phrase;
            inventor->chance = i * 1000003 + field->index;
            inventor->language = i % 2 == 0 ? grammar->languages : grammar->languages->next;
            own += phrase_write(inventor, &choice, field, &phrase);
            rates->tries += phrase.tries;
            rates->ambiguous += phrase.other;
            arena_free(inventor->scratch);
        }
        if (own == 0)
            fail_msg("%s cannot be written", field->name);
        rates->written += own;
        rates->wanted += TEXTS;
    }
}

/* Every production can be written, and says what it was made from. */
static void test_productions(void **state)
{
    jmp_buf escape;
    struct arena arena = {.escape = &escape}, scratch = {.escape = &escape};
    static struct inventor inventor;
    static struct rates rates;
    (void)state;
    if (setjmp(escape) != 0)
        fail_msg("no memory");
    inventor_open(&inventor, grammar, &arena);
    inventor.scratch = &scratch;
    write_all(&inventor, &rates);
    print_message("productions: %zu of %zu texts written and read as meant, %zu tries; read as another value: %zu\n",
                  rates.written, rates.wanted, rates.tries, rates.ambiguous);
    assert_true(rates.written * 1000 >= rates.wanted * 995);
    assert_true(rates.ambiguous * 100 <= rates.tries);
    arena_free(&arena);
}

/* ---- cables --------------------------------------------------------------------------------- */

struct tally {
    size_t cables, forms, wanted, back, extra;
};

static void compare(const depesha_document *meant, const depesha_document *read, struct tally *tally)
{
    size_t back = 0, wanted = depesha_value_count(meant, 0), got = depesha_value_count(read, 0);
    const char *form = depesha_document_form(read, 0);
    for (size_t i = 0; i < wanted; i++) {
        const depesha_value *value = depesha_value_at(meant, 0, i);
        const depesha_value *other = depesha_value_find(read, 0, value->path);
        back += other != NULL && strcmp(other->value, value->value) == 0;
    }
    tally->cables++;
    tally->forms += form != NULL && strcmp(form, depesha_document_form(meant, 0)) == 0;
    tally->wanted += wanted;
    tally->back += back;
    tally->extra += got > back ? got - back : 0;
}

static struct tally run_series(const depesha_recipe *recipe, size_t count)
{
    struct tally tally = {0};
    depesha_generator *generator;
    assert_int_equal(depesha_generator_new(grammar, recipe, &generator), DEPESHA_OK);
    for (size_t i = 0; i < count; i++) {
        depesha_document *meant, *read;
        char *text;
        size_t size;
        assert_int_equal(depesha_generate(generator, &text, &size, &meant), DEPESHA_OK);
        assert_int_equal(depesha_parse(grammar, "generated", text, size, &read), DEPESHA_OK);
        compare(meant, read, &tally);
        depesha_document_free(read);
        depesha_document_free(meant);
        depesha_free(text);
    }
    depesha_generator_free(generator);
    return tally;
}

/* A cable's values come back when it is read, but for the few that its other words contradict. */
static void test_values_return(void **state)
{
    (void)state;
    for (const struct language *language = grammar->languages; language != NULL; language = language->next) {
        struct tally t = run_series(&(depesha_recipe){.language = language->name, .seed = 1946}, SERIES);
        print_message("cables (%s): %zu, form right %zu, values %zu, back %zu (%.1f %%), other values %zu\n",
                      language->name, t.cables, t.forms, t.wanted, t.back, 100.0 * (double)t.back / (double)t.wanted,
                      t.extra);
        assert_true(t.wanted > 5 * t.cables);
        assert_true(t.back * 100 >= t.wanted * 94);
        assert_true(t.extra * 100 <= t.wanted * 6);
        assert_true(t.forms * 100 >= t.cables * 90);
    }
}

static void test_every_form(void **state)
{
    (void)state;
    for (const struct form *form = grammar->forms; form != NULL; form = form->next) {
        struct tally t = run_series(&(depesha_recipe){.form = form->id, .seed = 8}, 10);
        if (t.forms < 7)
            fail_msg("%s: only %zu of 10 cables are recognised", form->id, t.forms);
    }
}

/* Damage makes it worse, and more damage not better. */
static void test_damage(void **state)
{
    static const double damages[] = {0, 2, 10, 100};
    size_t before = SIZE_MAX;
    (void)state;
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        struct tally t = run_series(&(depesha_recipe){.seed = 5, .damage = damages[i]}, 60);
        print_message("damage %3.0f %%: values back %zu of %zu\n", damages[i], t.back, t.wanted);
        assert_true(t.back < before);
        before = t.back;
    }
}

static char *first_text(const depesha_recipe *recipe, size_t skip)
{
    depesha_generator *generator;
    char *text = NULL;
    size_t size;
    assert_int_equal(depesha_generator_new(grammar, recipe, &generator), DEPESHA_OK);
    for (size_t i = 0; i <= skip; i++) {
        depesha_free(text);
        assert_int_equal(depesha_generate(generator, &text, &size, NULL), DEPESHA_OK);
        assert_int_equal(strlen(text), size);
    }
    depesha_generator_free(generator);
    return text;
}

/* The same recipe gives the same texts, whatever was written before; another seed others. */
static void test_same_again(void **state)
{
    const depesha_recipe recipe = {.seed = 3, .damage = 5}, other = {.seed = 4, .damage = 5};
    (void)state;
    char *a = first_text(&recipe, 4), *b = first_text(&recipe, 4), *c = first_text(&other, 4);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    depesha_free(a);
    depesha_free(b);
    depesha_free(c);
}

static void test_language(void **state)
{
    (void)state;
    for (size_t i = 0; i < 20; i++) {
        char *text = first_text(&(depesha_recipe){.seed = 100 + i, .language = "en", .production = "received_at"}, 0);
        for (const char *p = text; *p != '\0'; p++) /* no letter of U+0400 to U+04FF */
            assert_false((unsigned char)*p >= 0xD0 && (unsigned char)*p <= 0xD3);
        depesha_free(text);
    }
}

static void test_bad_names(void **state)
{
    depesha_generator *generator;
    (void)state;
    assert_int_equal(depesha_generator_new(grammar, &(depesha_recipe){.form = "no-such"}, &generator),
                     DEPESHA_BAD_NAME);
    assert_null(generator);
    assert_int_equal(depesha_generator_new(grammar, &(depesha_recipe){.language = "xx"}, &generator), DEPESHA_BAD_NAME);
    assert_int_equal(depesha_generator_new(grammar, &(depesha_recipe){.production = "xx"}, &generator),
                     DEPESHA_BAD_NAME);
    depesha_generator_free(NULL);
}

/* A grammar of one's own, without languages; what cannot be written is said to be so. */
static void test_own_grammar(void **state)
{
    static const char rules[] = "grammar small 1\n"
                                "zone head starts line -4 word -2 next text\n"
                                "zone text starts body line 0\n"
                                "type number number reads /\\d+/\n"
                                "key number = number\n"
                                "key never = number\n"
                                "field number in head = start \"Number\" {number} end\n"
                                "    eg \"Number 412\" -> \"412\"\n"
                                "field never in head = start \"Never\" {never /(?!\\d)\\d|5(?<=4|5)/} end\n"
                                "    eg \"Never 5\" -> \"5\"\n"
                                "field always in head = start /(?<=x)y|z\\X/ end\n"
                                "    eg \"zz\" -> \"\"\n"
                                "form numbered \"A numbered text\"\n"
                                "    needs number\n";
    depesha_grammar *own;
    char *messages = NULL, *text;
    depesha_document *meant;
    depesha_generator *generator;
    size_t size;
    (void)state;
    if (depesha_grammar_compile("small", rules, sizeof rules - 1, NULL, NULL, &own, &messages) != DEPESHA_OK)
        fail_msg("%s", messages);
    assert_int_equal(depesha_generator_new(own, &(depesha_recipe){.seed = 1}, &generator), DEPESHA_OK);
    assert_int_equal(depesha_generate(generator, &text, &size, &meant), DEPESHA_OK);
    assert_true(strstr(text, "Number") != NULL || strstr(text, "NUMBER") != NULL);
    assert_non_null(depesha_value_find(meant, 0, "/cable/number"));
    assert_string_equal(depesha_document_form(meant, 0), "numbered");
    depesha_document_free(meant);
    depesha_free(text);
    depesha_generator_free(generator);
    assert_int_equal(depesha_generator_new(own, &(depesha_recipe){.production = "always"}, &generator), DEPESHA_OK);
    assert_int_equal(depesha_generate(generator, &text, &size, &meant), DEPESHA_UNWRITTEN);
    assert_null(text);
    assert_null(meant);
    depesha_generator_free(generator);
    depesha_grammar_free(own);
}

/* Marks of damage are those of the grammar's patterns, or there are none; what is alike takes the place of what it is
 * like. Whatever comes out can be read, and the years are the form's. */
static void test_own_damage(void **state)
{
    static const char *const damages[] = {"", "damage \"#\"\n", "damage /#+/\n", "alike \"13\" \"\u0436\u0448\"\n"};
    (void)state;
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        char text[1024], *written;
        depesha_grammar *own;
        depesha_generator *generator;
        depesha_document *read;
        size_t size, marks = 0, total = 0;
        snprintf(text, sizeof text,
                 "grammar d 1\nperiod 1900 1990\nzone z starts line -4\n%s"
                 "token DATE = {year /\\d{4}/} /-/ {month /\\d\\d?/} /-/ {day /\\d\\d?/}\n"
                 "type day date reads DATE\nkey day = day\n"
                 "field day in z = start \"\u0436\u0448 day\" {day} end eg \"\u0436\u0448 day 1946-05-05\" -> "
                 "\"1946-05-05\"\n"
                 "form f needs day\n    years 1950 1951\nform g needs day\n    years 1850 1995\n",
                 damages[i]);
        char *messages = NULL;
        if (depesha_grammar_compile("d", text, strlen(text), NULL, NULL, &own, &messages) != DEPESHA_OK)
            fail_msg("%s", messages);
        const depesha_recipe recipe = {.form = "f", .seed = 1, .damage = 30}, clean = {.form = "f", .seed = 1};
        assert_int_equal(depesha_generator_new(own, &recipe, &generator), DEPESHA_OK);
        for (size_t n = 0; n < 40; n++) {
            assert_int_equal(depesha_generate(generator, &written, &size, NULL), DEPESHA_OK);
            assert_int_equal(depesha_parse(own, "d", written, size, &read), DEPESHA_OK);
            for (size_t at = 0; at < size; at++)
                marks += written[at] == '#';
            total += size;
            depesha_document_free(read);
            depesha_free(written);
        }
        depesha_generator_free(generator);
        assert_true(total > 0 && (marks > 0) == (strchr(damages[i], '/') != NULL));
        assert_int_equal(depesha_generator_new(own, &clean, &generator), DEPESHA_OK);
        for (size_t n = 0; n < 10; n++) {
            assert_int_equal(depesha_generate(generator, &written, &size, &read), DEPESHA_OK);
            const char *day = depesha_value_find(read, 0, "/cable/day")->value;
            assert_true(strncmp(day, "1950", 4) == 0 || strncmp(day, "1951", 4) == 0);
            depesha_document_free(read);
            depesha_free(written);
        }
        depesha_generator_free(generator);
        depesha_grammar_free(own);
    }
}

/* A production of one pattern: the text that it writes, or NULL if it says that there is none. */
static char *text_of_pattern(const char *pattern, unsigned seed)
{
    char rules[512];
    depesha_grammar *own;
    char *messages = NULL, *text;
    depesha_generator *generator;
    size_t size;
    snprintf(rules, sizeof rules,
             "grammar one 1\nzone z starts line -4\n"
             "field it in z = \"of\" /%s/\n    eg \"x\" -> \"\"\n",
             pattern);
    if (depesha_grammar_compile("one", rules, strlen(rules), NULL, NULL, &own, &messages) != DEPESHA_OK)
        fail_msg("%s", messages);
    assert_int_equal(depesha_generator_new(own, &(depesha_recipe){.production = "it", .seed = seed}, &generator),
                     DEPESHA_OK);
    depesha_status status = depesha_generate(generator, &text, &size, NULL);
    assert_true(status == (text != NULL ? DEPESHA_OK : DEPESHA_UNWRITTEN));
    depesha_generator_free(generator);
    depesha_grammar_free(own);
    return text;
}

/* Of each pattern a text that it matches (the generator has read it); of some it is known which. */
static void test_patterns(void **state)
{
    static const struct {
        const char *pattern, *text;
    } cases[] = {
        {"\\x41\\x{2116}\\x{41}", "A\u2116A"},
        {"\\x{1F4DC}\\x{10FFFF}", "\U0001F4DC\U0010FFFF"},
        {"\\x{D1}\\x7B", "\u00D1{"},
        {"\\\u2116\\\u0436", "\u2116\u0436"},
        {"[[:digit:]]{2}", NULL},
        {"[^[:alpha:] -~]", NULL},
        {"[]a]{2,}[^]]", NULL},
        {"[^\\x{20}-\\x{7E}\\pL]{1,3}?", NULL},
        {"\\pL\\p{Lu}\\P{L}\\PL\\pN?", NULL},
        {"\\d\\D\\w\\W\\S\\N\\H\\V", NULL},
        {"(?:^z|a\\.b$)", "a.b"},
        {"a{2}b{0,1}+c{1,2}?", NULL},
        {"a{x{", "a{x{"},
        {"a{20001}", NULL},
        {"a{0,20001}", NULL},
        {"(?-i:a)(?i:b)(?i)c", NULL},
        {"(?>ab)(?|c|c)(?:d)(e)", "abcde"},
        {"(?=a)a(?!c)b(?<=b)(?<!c)c", "abc"},
        {"(*:mark)a", "a"},
        {"\\ba\\b\\Bb?", NULL},
        {"(?:[ a-z]{3,20}\\b)+[.]", NULL},
        {"(?:|a(?:b|[)|]c)|\\)\\|)+d", NULL},
        {"(?i:abc \u0436\u0437\u0438 1)", NULL},
        /* What it cannot write it says. */
        {"(?#a)b", NULL},
        {"\\Qa\\E", NULL},
        {"\\X", NULL},
        {"\\o{101}", NULL},
        {"(?x: a)", NULL},
        {"[^\\x{0}-\\x{10FFFF}]", NULL},
        {"a{9999}", NULL},
    };
    size_t written = 0;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned seed = 0; seed < 6; seed++) {
            char *text = text_of_pattern(cases[i].pattern, seed);
            if (cases[i].text != NULL && (text == NULL || strstr(text, cases[i].text) == NULL))
                fail_msg("%s becomes %s", cases[i].pattern, text == NULL ? "nothing" : text);
            written += text != NULL;
            depesha_free(text);
        }
    assert_true(written > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_damage),    cmocka_unit_test(test_patterns),   cmocka_unit_test(test_productions),
        cmocka_unit_test(test_values_return), cmocka_unit_test(test_every_form), cmocka_unit_test(test_damage),
        cmocka_unit_test(test_same_again),    cmocka_unit_test(test_language),   cmocka_unit_test(test_bad_names),
        cmocka_unit_test(test_own_grammar),
    };
    return cmocka_run_group_tests(tests, open_grammar, close_grammar);
}
