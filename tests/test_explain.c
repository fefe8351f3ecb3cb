/* Explanations: what was read line by line, what else could have been, what each form lacks, and why a production does
 * not match. By a grammar of its own. */
#include "depesha.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static const char rules[] =
    "grammar e 1\n"
    "zone head starts opens enter -1 line -4 word -1 next text head\n"
    "zone text body next head\n"
    "type word text reads /\\S+/\n"
    "key k = word\nkey n = word\n"
    "field k in head = start \"key\" {k} end eg \"key x\" -> \"x\"\n"
    "field key_x in head weight 2 = start \"key\" \"x\" eg \"key x\" -> \"\"\n"
    "field n in head = start \"number\" [\"of\"] {n /\\d+/} \"and\" \"so\" eg \"number 3 and so\" -> \"3\"\n"
    "field alone in head = /o+ps/ eg \"oops\" -> \"\"\n"
    "form f needs k\n"
    "form g needs k, n\n";

static int open_grammar(void **state)
{
    depesha_grammar *grammar;
    char *messages = NULL;
    if (depesha_grammar_compile("e", rules, sizeof rules - 1, NULL, NULL, &grammar, &messages) != DEPESHA_OK)
        fail_msg("%s", messages);
    *state = grammar;
    return 0;
}

static int close_grammar(void **state)
{
    depesha_grammar_free(*state);
    return 0;
}

static depesha_document *parsed(const depesha_grammar *grammar, const char *text)
{
    depesha_document *document;
    assert_int_equal(depesha_parse(grammar, NULL, text, strlen(text), &document), DEPESHA_OK);
    return document;
}

/* What an explanation has to say of a text. */
static void test_documents(void **state)
{
    static const struct {
        const char *text, *says[4];
    } cases[] = {
        {"key x\n", {"    1 head       key x\n", "k (4)", " * f ", "   g "}},
        {"key x\nsome words of text\nkey y\n", {"forms\n", "forms of the next cable\n"}},
        {"nothing\n", {"none fits: this is not recognised as a cable"}},
        {"odd\x01\x02words\n", {"odd  words"}},
        {"odd\xC2\xA0words \xD0\xB6\xF0\x9F\x93\x9C\n", {"odd\xC2\xA0words \xD0\xB6\xF0\x9F\x93\x9C"}},
        {"", {"none fits"}},
        {"key \xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6"
         "\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\n",
         {"k (4)"}},
        {"key a\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6"
         "\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\xD0\xB6\n",
         {"k (4)"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        depesha_document *document = parsed(*state, cases[i].text);
        char *text = depesha_explain(document);
        assert_non_null(text);
        for (size_t n = 0; n < sizeof cases[i].says / sizeof *cases[i].says && cases[i].says[n] != NULL; n++)
            if (strstr(text, cases[i].says[n]) == NULL)
                fail_msg("of %s is not said %s:\n%s", cases[i].text, cases[i].says[n], text);
        depesha_free(text);
        depesha_document_free(document);
    }
}

/* How far a production gets, and what it lacks there. */
static void test_why_not(void **state)
{
    static const struct {
        const char *text, *production;
        size_t line;
        const char *says;
    } cases[] = {
        {"key x\n", "n", 0, "and stops at 1:1, where it expects \"number\" and finds \"key x\""},
        {"number x\n", "n", 0, "where it expects {n"},
        {"number 3 or\n", "n", 1, "\"and\""},
        {"number 3 and\n", "n", 1, "\"so\""},
        {"number\nnumber 3 and\nnumber 4\n", "n", 0, "\"so\""},
        {"key y\n", "key_x", 1, "\"x\""},
        {"op\n", "alone", 0, "alone does not begin anywhere there"},
        {"", "alone", 0, "alone does not begin anywhere there"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        depesha_document *document = parsed(*state, cases[i].text);
        char *text;
        assert_int_equal(depesha_why_not(document, cases[i].production, cases[i].line, &text), DEPESHA_OK);
        if (strstr(text, cases[i].says) == NULL)
            fail_msg("of %s in %s is not said %s:\n%s", cases[i].production, cases[i].text, cases[i].says, text);
        depesha_free(text);
        depesha_document_free(document);
    }
}

static void test_bad_names(void **state)
{
    depesha_document *document = parsed(*state, "key x\n");
    char *text;
    size_t size = 1;
    assert_int_equal(depesha_why_not(document, "none", 0, &text), DEPESHA_BAD_NAME);
    assert_null(text);
    assert_int_equal(depesha_why_not(document, "k", 99, &text), DEPESHA_BAD_NAME);
    assert_null(text);
    depesha_document_free(document);
    /* Nothing is asked of nothing. */
    assert_null(depesha_document_encoding(NULL));
    assert_null(depesha_document_line(NULL, 1, &size));
    assert_int_equal(size, 0);
    assert_null(depesha_rule_at(NULL, 0).id);
    assert_int_equal(depesha_rule_explain(*state, NULL, &text), DEPESHA_BAD_NAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_why_not),
        cmocka_unit_test(test_bad_names),
    };
    return cmocka_run_group_tests_name("explain", tests, open_grammar, close_grammar);
}
