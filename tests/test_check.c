/* Rules: what the grammar language says of wrong ones, what they find and where, and the batch of the library. */
#include "depesha.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "word.h"

/* ---- the statement -------------------------------------------------------------------------- */

/* Five lines; a case's own text begins on line 6. */
#define BASE                                                                                                           \
    "grammar t\n"                                                                                                      \
    "zone z starts line -4\n"                                                                                          \
    "type word text reads /\\w+/\n"                                                                                    \
    "key k = word\n"                                                                                                   \
    "field base in z = \"base\" {k} eg \"base x\" -> \"x\"\n"

/* What is said of a wrong statement: the beginning of the first message. */
static void test_wrong_rules(void **state)
{
    static const struct {
        const char *text, *message;
    } wrongs[] = {
        {"rule a loud\n", "t:6:8: a rule is an error, a warning or a note, or off; 'loud' is none of them"},
        {"rule a note\n", "t:6:6: there is no rule 'a' to change; to add one, say what it looks for"},
        {"rule times-ordr off\n", "t:6:6: there is no rule 'times-ordr' to change; did you mean 'times-order'?"},
        {"rule a note when odd says \"x\"\n", "t:6:18: a rule cannot look for 'odd', only for what is unrecognised,"},
        {"rule a note when disordered\n", "t:6:6: rule 'a' has no message; add a line: says \"text\""},
        {"rule a note when disordered says \"{x}\"\n", "t:6:6: the message of rule 'a' has {x}, which"},
        {"rule a note when disordered says \"x\" maybe k\n",
         "t:6:38: a rule has when, for, if, unless, says, about and eg"},
        {"rule a note when apart many k says \"x\"\n",
         "t:6:24: the number is a whole number from 0 to 9999, not 'many'"},
        {"rule a note when above k says \"x\"\n", "t:6:26: expected 'against' and paths, found 'says'"},
        {"rule a note when above k against q says \"x\"\n", "t:6:34: 'q' is no key of the record;"},
        {"rule a note when found \"x\" says \"x\"\n", "t:6:24: expected '(' before the expression, found '\"x\"'"},
        {"rule a note when found (/(/) says \"x\"\n", "t:6:27: PCRE2 cannot read this pattern:"},
        {"rule a note when found (NO) says \"x\"\n", "t:6:25: there is no token or enumeration 'NO'"},
        {"rule a note when found (/x/) in y says \"x\"\n", "t:6:33: there is no zone 'y'"},
        {"rule a note when nearly k says \"x\"\n", "t:6:18: there is no token or enumeration 'k'"},
        {"rule a note for f when disordered says \"x\"\n", "t:6:17: there is no form 'f'"},
        {"rule a note when mixed \"a\" says \"x\"\n", "t:6:28: these come in pairs: add the other one of the pair"},
        {"rule a note when disordered says \"x\"\nrule a note when disordered says \"x\"\n",
         "t:7:6: rule 'a' is defined already at t:6; give this one another name"},
        {"rule a note when disordered says \"x\" eg \"y\" eg \"z\"\n",
         "t:6:48: rule 'a' has an example already; a rule has one"},
    };
    (void)state;
    size_t failed = 0;
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        char text[1024];
        depesha_grammar *grammar = NULL;
        char *messages = NULL;
        int size = snprintf(text, sizeof text, "%s%s", BASE, wrongs[i].text);
        assert_in_range(size, 1, sizeof text - 1);
        depesha_grammar_compile("t", text, (size_t)size, NULL, NULL, &grammar, &messages);
        if (messages == NULL || strncmp(messages, wrongs[i].message, strlen(wrongs[i].message)) != 0) {
            print_error("of %s is said\n%sand this should be\n%s\n", wrongs[i].text,
                        messages == NULL ? "nothing\n" : messages, wrongs[i].message);
            failed++;
        }
        depesha_free(messages);
        depesha_grammar_free(grammar);
    }
    assert_int_equal(failed, 0);
}

/* ---- what is found -------------------------------------------------------------------------- */

static int open_grammar(void **state)
{
    size_t size;
    const char *text = depesha_builtin("soviet", &size);
    depesha_grammar *grammar = NULL;
    int status = text == NULL ? 1 : depesha_grammar_compile("soviet", text, size, NULL, NULL, &grammar, NULL);
    *state = grammar;
    return status;
}

static int close_grammar(void **state)
{
    depesha_grammar_free(*state);
    return 0;
}

/* A head to which a line is added, and what is found in it: "rule line:column", in order. */
#define HEAD "NKID\n10TH DEPARTMENT\nOutgoing \xE2\x84\x96 7315\nForm \xE2\x84\x96 18\nto where OSLO to whom TO BERG\n"

static void found_in(const depesha_grammar *grammar, const char *text, char *list, size_t room)
{
    depesha_document *document;
    size_t used = 0;
    assert_int_equal(depesha_parse(grammar, "t", text, strlen(text), &document), DEPESHA_OK);
    list[0] = '\0';
    for (size_t n = 0; n < depesha_document_count(document); n++)
        for (size_t i = 0; i < depesha_finding_count(document, n) && used < room; i++) {
            const depesha_finding *finding = depesha_finding_at(document, n, i);
            assert_non_null(finding->text);
            assert_true(finding->end <= strlen(text));
            used += (size_t)snprintf(list + used, room - used, "%s%s %zu:%zu", used > 0 ? ", " : "", finding->rule,
                                     finding->line, finding->column);
        }
    depesha_document_free(document);
}

static void test_places(void **state)
{
    static const struct {
        const char *text, *found;
    } cases[] = {
        {HEAD "Sent at 2215, 3 March 1946\n", ""},
        {HEAD "Sent at 2215, 31 April 1946\n", "date-impossible 6:9"},
        {HEAD "Sent at 2215, 29 February 1947\n", "date-impossible 6:9"},
        {HEAD "Sent at 2215, 29 February 1948\n", ""},
        {HEAD "Sent at 2575, 3 March 1946\n", "time-impossible 6:9"},
        {HEAD "Spets. \xE2\x84\x96 484-487\nSent at 2215, 3 March 1946\n", ""},
        {HEAD "Spets. \xE2\x84\x96 1643-44\nSent at 2215, 3 March 1946\n", ""},
        {HEAD "Spets. \xE2\x84\x96 998-1001\nSent at 2215, 3 March 1946\n", ""},
        {HEAD "Spets. \xE2\x84\x96 487-484\nSent at 2215, 3 March 1946\n", "range-malformed 6:10"},
        {HEAD "Spets. \xE2\x84\x96 484-484\nSent at 2215, 3 March 1946\n", "range-malformed 6:10"},
        {HEAD "Spets. \xE2\x84\x96 484-4870\nSent at 2215, 3 March 1946\n", "range-malformed 6:10"},
        {HEAD "Spets. \xE2\x84\x96 484-\nSent at 2215, 3 March 1946\n", "range-malformed 6:10"},
        {HEAD "Sent at 2215, 3 March 1946\n\nIn Oslo: \xE2\x80\x9Cone.\n\n\xE2\x80\x9CTwo.\xE2\x80\x9D\n", ""},
        {HEAD "Sent at 2215, 3 March 1946\n\nIn Oslo: \xE2\x80\x9Cone.\n\nTwo.\xE2\x80\x9D\n", ""},
        {HEAD "Sent at 2215, 3 March 1946\n\nIn Oslo: \xE2\x80\x9Cone.\n\nTwo.\n", "quote-unclosed 8:10"},
        {HEAD "Sent at 2215, 3 March 1946\n\n1) One. b) Two (and c).\n", ""},
        {HEAD "Sent at 2215, 3 March 1946\n\nOne (two) three) four.\n", "parenthesis-unclosed 8:16"},
        {HEAD "Sent at 2215, 3 March 1946\n\nOne [two]] four.\n", "bracket-unclosed 8:10"},
        /* Names of a few letters, and endings, are no spellings. */
        {"March 3, 1946\n\nTelegram from Oslo to Berg\n\nTELEGRAM\n\nTo Cde. Borg.\n\nNo talks.\n", ""},
    };
    size_t failed = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char found[512];
        found_in(*state, cases[i].text, found, sizeof found);
        if (strcmp(found, cases[i].found) != 0) {
            print_error("---- in\n%s---- is found\n%s\n---- and not\n%s\n", cases[i].text, found, cases[i].found);
            failed++;
        }
    }
    assert_int_equal(failed, 0);
}

/* However much there is to find, a rule says no more than 64 times. */
static void test_bounded(void **state)
{
    enum { COUNT = 20000 };
    char *text = test_calloc(COUNT + 1, 1);
    memset(text, '[', COUNT);
    depesha_document *document;
    assert_int_equal(depesha_parse(*state, "t", text, COUNT, &document), DEPESHA_OK);
    assert_in_range(depesha_finding_count(document, 0), 1, 200);
    depesha_document_free(document);
    test_free(text);
}

static void test_mends(void **state)
{
    static const char text[] = HEAD "Sent at 2215, 3 March 1946\n\nWait [ Illegible ] for it.\n";
    depesha_document *document;
    assert_int_equal(depesha_parse(*state, "t", text, sizeof text - 1, &document), DEPESHA_OK);
    assert_int_equal(depesha_finding_count(document, 0), 1);
    const depesha_finding *finding = depesha_finding_at(document, 0, 0);
    assert_string_equal(finding->mend, "[illegible]");
    assert_string_equal(finding->text, "[ Illegible ]");
    assert_int_equal(finding->end - finding->start, strlen("[ Illegible ]"));
    size_t size;
    const char *line = depesha_document_line(document, finding->line, &size);
    assert_int_equal(size, strlen("Wait [ Illegible ] for it."));
    assert_memory_equal(line, "Wait [", 6);
    assert_null(depesha_document_line(document, 0, &size));
    assert_null(depesha_document_line(document, 99, &size));
    assert_string_equal(depesha_document_encoding(document), "UTF-8");
    depesha_document_free(document);
}

/* What mending makes of a value's words takes from its certainty, what it makes of a label does not. */
static void test_certainty(void **state)
{
    static const struct {
        const char *line, *value;
        double certainty;
        bool noted;
    } rows[] = {
        {"Received at 2140, 18 March 1946\n", "1946-03-18T21:40", 1, false},
        {"Rcceived at 2140, 18 March 1946\n", "1946-03-18T21:40", 1, false},
        {"Received at 2140, l8 March 1946\n", "1946-03-18T21:40", 0.5, true},
        {"Rcceived at 2l4O, 18 March 1946\n", "1946-03-18T21:40", 0.5, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        depesha_document *document;
        int size = snprintf(text, sizeof text, HEAD "%sSent at 2215, 18 March 1946\n\nWait for it.\n", rows[i].line);
        assert_int_equal(depesha_parse(*state, "t", text, (size_t)size, &document), DEPESHA_OK);
        const depesha_value *value = depesha_value_find(document, 0, "/cable/received_at");
        bool noted = false;
        for (size_t n = 0; n < depesha_finding_count(document, 0); n++)
            noted = noted || strcmp(depesha_finding_at(document, 0, n)->rule, "value-uncertain") == 0;
        assert_non_null(value);
        assert_string_equal(value->value, rows[i].value);
        assert_float_equal(value->certainty, rows[i].certainty, 0.001);
        assert_int_equal(noted, rows[i].noted);
        depesha_document_free(document);
    }
}

/* ---- rules and batches of the library -------------------------------------------------------- */

static void test_rules(void **state)
{
    const depesha_grammar *grammar = *state;
    size_t count = depesha_rule_count(grammar);
    assert_in_range(count, 30, 99);
    for (size_t i = 0; i < count; i++) {
        depesha_rule rule = depesha_rule_at(grammar, i);
        char *text;
        assert_non_null(rule.about);
        assert_int_equal(depesha_rule_explain(grammar, rule.id, &text), DEPESHA_OK);
        assert_int_equal(strncmp(text, rule.id, strlen(rule.id)), 0);
        depesha_free(text);
    }
    char *text;
    assert_null(depesha_rule_at(grammar, count).id);
    assert_int_equal(depesha_rule_explain(grammar, "none", &text), DEPESHA_BAD_NAME);
    assert_null(text);
    assert_int_equal(depesha_rule_count(NULL), 0);
}

/* A statement without condition changes what it names, and leaves the rest as it was. */
static void test_changed_rules(void **state)
{
    static const struct {
        const char *change, *found, *explained; /* NULL: nothing */
    } cases[] = {
        {"", "warning old x", "a (warning)\n\nwhy\n"},
        {"rule a error\n", "error old x", "a (error)\n\nwhy\n"},
        {"rule a off\n", NULL, "a (off)\n\nwhy\n"},
        {"rule a note says \"new {text}\"\n", "note new x", "a (note)\n\nwhy\n"},
        {"rule a note about \"this\\nthat\"\n", "note old x", "a (note)\n\nthis\n\nthat\n"},
        {"rule a note about \"this\\n\"\n", "note old x", "a (note)\n\nthis\n"},
        {"rule a note eg \"base x\"\n", "note old x", "a (note)\n\nwhy\n\n    base x\n\n> 1:6: old x\n"},
        {"rule a note eg \"base y\"\n", "note old x", "a (note)\n\nwhy\n\n    base y\n"},
        {"rule a note for f\n", "note old x", "a (note)\n\nwhy\n"},
        {"rule a note for g\n", NULL, "a (note)\n\nwhy\n"},
        {"rule a note if k\n", "note old x", "a (note)\n\nwhy\n"},
        {"rule a note if other\n", NULL, "a (note)\n\nwhy\n"},
        {"rule a note unless k\n", NULL, "a (note)\n\nwhy\n"},
        {"rule a note unless other\n", "note old x", "a (note)\n\nwhy\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static const char *const severities[] = {"note", "warning", "error"};
        char text[1024], found[128] = "", *explained, *messages = NULL;
        depesha_grammar *grammar;
        depesha_document *document;
        int size = snprintf(text, sizeof text,
                            "%skey other = word\nform f needs k\nform g needs other\n"
                            "rule a warning when found (/x/) says \"old {text}\" about \"why\"\n%s",
                            BASE, cases[i].change);
        if (depesha_grammar_compile("t", text, (size_t)size, NULL, NULL, &grammar, &messages) != DEPESHA_OK)
            fail_msg("%s", messages);
        assert_int_equal(depesha_rule_explain(grammar, "a", &explained), DEPESHA_OK);
        assert_string_equal(explained, cases[i].explained);
        assert_int_equal(depesha_parse(grammar, "t", "base x\n", 7, &document), DEPESHA_OK);
        for (size_t n = 0; n < depesha_finding_count(document, 0); n++) {
            const depesha_finding *finding = depesha_finding_at(document, 0, n);
            if (strcmp(finding->rule, "a") == 0)
                snprintf(found, sizeof found, "%s %s", severities[finding->severity], finding->message);
        }
        assert_string_equal(found, cases[i].found == NULL ? "" : cases[i].found);
        depesha_free(explained);
        depesha_document_free(document);
        depesha_grammar_free(grammar);
    }
}

static void add(depesha_batch *batch, const depesha_grammar *grammar, const char *name, const char *text)
{
    depesha_document *document;
    assert_int_equal(depesha_parse(grammar, name, text, strlen(text), &document), DEPESHA_OK);
    assert_int_equal(depesha_batch_add(batch, document), DEPESHA_OK);
    depesha_document_free(document); /* the batch keeps what it needs */
}

static void test_batch(void **state)
{
    depesha_batch *batch;
    assert_int_equal(depesha_batch_make(*state, &batch), DEPESHA_OK);
    add(batch, *state, "a", HEAD "Sent at 2215, 3 March 1946\n");
    add(batch, *state, "b", HEAD "Sent at 2215, 3 April 1946\n");
    add(batch, *state, "c", HEAD "Sent at 2215, 3 March 1946\n");
    add(batch, *state, "d", HEAD "Sent at 2215, 3 April 1948\n");
    assert_int_equal(depesha_batch_check(batch), DEPESHA_OK);
    assert_int_equal(depesha_batch_finding_count(batch), 2);
    for (size_t i = 0; i < 2; i++) {
        const depesha_batch_finding *found = depesha_batch_finding_at(batch, i);
        assert_string_equal(found->source, i == 0 ? "b" : "c");
        assert_string_equal(found->finding.rule, "number-reused");
        assert_int_equal(found->finding.line, 3);
        assert_string_equal(found->line_text, "Outgoing \xE2\x84\x96 7315");
        assert_non_null(strstr(found->finding.message, i == 0 ? "another cable, a in" : "another cable, b in"));
    }
    assert_null(depesha_batch_finding_at(batch, 2));
    depesha_batch_free(batch);
    depesha_batch_free(NULL);
    assert_int_equal(depesha_batch_finding_count(NULL), 0);
}

/* What rules of a batch compare, by a grammar that has nothing else. */
static const char compared[] =
    "grammar b 1\n"
    "zone z starts line -4\n"
    "token DATE = {year /\\d{4}/} /-/ {month /\\d\\d/} /-/ {day /\\d\\d/}\n"
    "type date date reads DATE\n"
    "type number number reads /\\d+/\n"
    "type place name reads /\\w+/\n"
    "key out = number\nkey in = number\nkey day = date\nkey at = place\nkey by = place\nkey ref = number\n"
    "list day\nlist ref\nlist out\n"
    "field out in z = start \"out\" {out} eg \"out 3\" -> \"3\"\n"
    "field in in z = start \"in\" {in} eg \"in 3\" -> \"3\"\n"
    "field day in z = start \"day\" {day} eg \"day 1946-03-03\" -> \"1946-03-03\"\n"
    "field at in z = start \"at\" {at} eg \"at Oslo\" -> \"Oslo\"\n"
    "field by in z = start \"by\" {by} eg \"by Berg\" -> \"Berg\"\n"
    "field ref in z = start \"see\" {ref} eg \"see 3\" -> \"3\"\n"
    "form f needs out | in | ref\n"
    "rule out warning when shared out against at says \"{value} {source}\"\n"
    "rule in warning when shared in beside by says \"{value} {source}\"\n"
    "rule see warning when misdated ref against out reads DATE says \"{date} {other} {source}\"\n"
    "rule see-by warning when misdated ref against in beside at, by reads DATE says \"{date} {other} {source}\"\n"
    "rule never off when shared ref says \"{value}\"\n";

static void test_compared(void **state)
{
    static const struct {
        const char *texts[6]; /* of the cables a, b, c... */
        const char *found;
    } cases[] = {
        {{"out 1\nday 1946-03-03\n", "out 1\nday 1946-03-04\n"}, ""},
        {{"out 1\nday 1946-03-03\n", "out 1\nday 1946-05-03\n"}, "b:out"},
        {{"out 1\nday 1946-03-03\n", "out 2\nday 1946-05-03\n"}, ""},
        {{"out 1\nday 1946-03-03\n", "out 1\nday 1947-05-03\n"}, ""},
        {{"out 1\nday 1946-03-03\nday 1946-05-02\n", "out 1\nday 1946-05-03\n"}, ""},
        {{"out 1\nout 1\nday 1946-03-03\n"}, ""},
        /* Without a day it is where they went to that tells them apart, unless it is in two languages. */
        {{"out 1\n", "out 1\n"}, ""},
        {{"out 1\nat Oslo\n", "out 1\nat Rome\n"}, "b:out"},
        {{"out 1\nat Oslo\nday 1946-03-03\n", "out 1\nat Rome\n"}, "b:out"},
        {{"out 1\nat Oslo\n", "out 1\nat Rome\nday 1946-03-03\n"}, "b:out"},
        {{"out 1\nat Oslo\n", "out 1\nat oslo\n"}, ""},
        {{"out 1\nat Oslo\n", "out 1\n"}, ""},
        {{"out 1\nat Oslo\n", "out 1\nat \xD0\x9E\xD1\x81\xD0\xBB\xD0\xBE\n"}, ""},
        {{"out 1\nat Oslo\nday 1946-03-03\n", "out 1\nat Rome\nday 1946-03-03\n", "out 1\nat Bonn\nday 1946-03-03\n"},
         "b:out c:out"},
        /* Beside the same name only. */
        {{"in 1\nby Berg\nday 1946-03-03\n", "in 1\nby Berg\nday 1946-05-03\n"}, "b:in"},
        {{"in 1\nby Berg\nday 1946-03-03\n", "in 1\nby Lund\nday 1946-05-03\n"}, ""},
        {{"in 1\nby Berg\nday 1946-03-03\n", "in 1\nat Berg\nday 1946-05-03\n"}, ""},
        /* The date behind a reference. */
        {{"see 1 1946-03-03\n", "out 1\nday 1946-03-03\n"}, ""},
        {{"see 1\t1946-04-03\n", "out 1\nday 1946-03-03\n"}, "a:see"},
        {{"see 1 1946-13-33\n", "out 1\nday 1946-03-03\n"}, ""},
        {{"see 1 of late\n", "out 1\nday 1946-03-03\n"}, ""},
        {{"see 1\n", "out 1\nday 1946-03-03\n"}, ""},
        {{"see 1 1946-04-03\nout 1\nday 1946-03-03\n"}, ""},
        {{"see 1 1946-04-03\n", "out 2\nday 1946-03-03\n"}, ""},
        {{"see 1 1946-04-03\n", "out 1\n"}, ""},
        {{"see 1 1946-04-03\n", "out 1\nday 1946-03-03\n", "out 1\nday 1946-03-04\n"}, "a:see"},
        {{"see 1 1946-04-03\n", "out 1\nday 1946-03-03\n", "out 1\nday 1946-04-04\n"}, "c:out"},
        {{"see 1 1946-04-03\nat Oslo\n", "in 1\nby Oslo\nday 1946-03-03\n"}, "a:see-by"},
        {{"see 1 1946-04-03\nat Oslo\n", "in 1\nby Rome\nday 1946-03-03\n"}, ""},
        {{"see 1 1946-04-03\n", "in 1\nday 1946-03-03\n"}, ""},
    };
    static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
    depesha_grammar *grammar;
    char *messages = NULL;
    size_t failed = 0;
    (void)state;
    if (depesha_grammar_compile("b", compared, strlen(compared), NULL, NULL, &grammar, &messages) != DEPESHA_OK)
        fail_msg("%s", messages);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        depesha_batch *batch;
        char found[256] = "";
        size_t used = 0;
        assert_int_equal(depesha_batch_make(grammar, &batch), DEPESHA_OK);
        for (size_t n = 0; n < sizeof names / sizeof *names && cases[i].texts[n] != NULL; n++)
            add(batch, grammar, names[n], cases[i].texts[n]);
        assert_int_equal(depesha_batch_check(batch), DEPESHA_OK);
        for (size_t n = 0; n < depesha_batch_finding_count(batch); n++) {
            const depesha_batch_finding *finding = depesha_batch_finding_at(batch, n);
            used += (size_t)snprintf(found + used, sizeof found - used, "%s%s:%s", n > 0 ? " " : "", finding->source,
                                     finding->finding.rule);
        }
        if (strcmp(found, cases[i].found) != 0) {
            print_error("%s| %s| are found: %s, not: %s\n", cases[i].texts[0],
                        cases[i].texts[1] == NULL ? "" : cases[i].texts[1], found, cases[i].found);
            failed++;
        }
        depesha_batch_free(batch);
    }
    depesha_grammar_free(grammar);
    assert_int_equal(failed, 0);
}

/* However many cables have one number, a few of them are enough to compare with. */
static void test_many_alike(void **state)
{
    enum { MANY = 400 };
    char text[64];
    depesha_grammar *grammar;
    depesha_batch *batch;
    (void)state;
    assert_int_equal(depesha_grammar_compile("b", compared, strlen(compared), NULL, NULL, &grammar, NULL), DEPESHA_OK);
    assert_int_equal(depesha_batch_make(grammar, &batch), DEPESHA_OK);
    for (size_t i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, "see 1 1946-05-05\nout 1\nday 1946-%02zu-01\n", 6 + i % 4);
        add(batch, grammar, "x", text);
    }
    static const char days[] = "out 2\nday 1946-01-01\nday 1946-01-02\nday 1946-01-03\nday 1946-01-04\n"
                               "day 1946-01-05\nday 1946-01-06\nday 1946-01-07\nday 1946-01-08\nday 1946-01-09\n"
                               "day 1946-01-10\nday 1946-01-11\nday 1946-01-12\nday 1946-01-13\nday 1946-01-14\n"
                               "day 1946-01-15\nday 1946-01-16\nday 1946-01-17\nday 1946-01-18\nday 1946-01-19\n";
    add(batch, grammar, "many days", days);
    assert_int_equal(depesha_batch_check(batch), DEPESHA_OK);
    assert_in_range(depesha_batch_finding_count(batch), MANY, 2 * MANY);
    depesha_batch_free(batch);
    depesha_grammar_free(grammar);
}

/* ---- words ---------------------------------------------------------------------------------- */

static void test_words(void **state)
{
    (void)state;
    assert_int_equal(word_distance("SECRET", "SECRET", 2), 0);
    assert_int_equal(word_distance("SECRET", "SERCET", 2), 1); /* exchanged */
    assert_int_equal(word_distance("SECRET", "SECET", 2), 1);
    assert_int_equal(word_distance("SECRET", "SXCRXT", 2), 2);
    assert_int_equal(word_distance("SECRET", "URGENT", 2), 3);
    assert_int_equal(word_distance("", "AB", 2), 2);
    assert_int_equal(word_distance("\xD0\x9C\xD0\x90\xD0\xAF", "\xD0\x9C\xD0\x90\xD0\x99", 2), 1);
    jmp_buf escape;
    struct arena arena = {.escape = &escape};
    if (setjmp(escape) != 0)
        fail();
    assert_string_equal(word_capitals(&arena, " Cde.  I. Stalin,", 17), "CDE I STALIN");
    assert_string_equal(word_capitals(&arena, "\xD1\x91\xD0\xB6", 4), "\xD0\x95\xD0\x96");
    assert_string_equal(word_capitals(&arena, "\xFF...", 4), "");
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_rules), cmocka_unit_test(test_places),        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_mends),       cmocka_unit_test(test_certainty),     cmocka_unit_test(test_rules),
        cmocka_unit_test(test_batch),       cmocka_unit_test(test_changed_rules), cmocka_unit_test(test_compared),
        cmocka_unit_test(test_many_alike),  cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests_name("check", tests, open_grammar, close_grammar);
}
