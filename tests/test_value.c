/* What becomes of a text: dates that there are and that there are not, numbers in digits and words, names, pieces; and
 * what rules find in values. By a grammar of its own, in which each line gives one value. */
#include "depesha.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static const char rules[] =
    "grammar v 1\n"
    "zone z starts line -4\n"
    "period 1917 1991\n"
    "damage \"\xE2\x96\xA1\"\n"
    "enum month\n    1 = \"January\"\n    2 = \"February\"\n    5 = \"May\"\n"
    "enum half\n    0 = \"a.m.\"\n    12 = \"p.m.\"\n"
    "enum tally\n    3 = \"three\"\n    4 = \"four\"\n"
    "enum colour\n    red = \"red\"\n    green = \"green\"\n"
    "token NUM = /\\d+/\n"
    "token CLOCK = {hour NUM} \":\" {minute NUM} [{half half}]\n"
    "token DATE = CLOCK | {year /\\d{4}/} /-/ {month NUM} /-/ {day NUM} | {day NUM} /[.\\/]/ {month NUM} /[.\\/]/ "
    "{year NUM} "
    "[CLOCK]\n"
    "    | {day NUM} [{month month}] [{year /\\d{2,4}/}] [CLOCK]\n"
    "type date date reads DATE\n"
    "type tally integer reads (NUM | tally | \"many\" | /\\d+-fold/)\n"
    "type worded integer reads tally\n"
    "token TALLIED = \"of\" {tally (NUM | tally | \"some\")}\n"
    "type tallied integer reads TALLIED\n"
    "type number number reads /[\\d \\-\\/\xE2\x80\x93.,]+/\n"
    "type name name reads /.+/ drops \"Cde\"\n"
    "type note text reads /.+/\n"
    "type colour code reads colour\n"
    "token ITEM = {name /[A-Z]\\w+/} [\"-\" {count NUM}]\n"
    "type items name reads /.+/ splits /, |;/ into ITEM\n"
    "type people name reads /.+/ splits /,/\n"
    "type pieces text reads /.+/ splits /,*/\n"
    "key day = date\nkey other = date\nkey page = date\nkey tally = tally\nkey tallied = tallied\nkey number = number\n"
    "key name = name\nkey note = note\nkey colour = colour\nkey list.name = items\nkey list.count = tally\nlist list\n"
    "key signed = people\nkey count = tally\nkey pieces = pieces\nkey alone = items\nkey worded = worded\n"
    "field day in z = start \"day\" {day} end eg \"day 5.5.1946\" -> \"1946-05-05\"\n"
    "field other in z = start \"other\" {other} end eg \"other 5.5.1946\" -> \"1946-05-05\"\n"
    "field page in z = start \"page\" {page} end eg \"page 5.5.1946\" -> \"1946-05-05\"\n"
    "field tally in z = start \"tally\" {tally} end eg \"tally 3\" -> \"3\"\n"
    "field tallied in z = start \"tallied\" {tallied} end eg \"tallied of 3\" -> \"3\"\n"
    "field number in z = start \"number\" {number} end eg \"number 3\" -> \"3\"\n"
    "field name in z = start \"name\" {name} end eg \"name A B\" -> \"A B\"\n"
    "field note in z = start \"note\" {note} end eg \"note x\" -> \"x\"\n"
    "field colour in z = start \"colour\" {colour} end eg \"colour red\" -> \"red\"\n"
    "field list in z = start \"list\" {list.name} end eg \"list Ab-2, Cd\" -> list.name \"Ab\", list.count \"2\", "
    "list.name \"Cd\"\n"
    "field signed in z = start \"signed\" {signed} end eg \"signed Ab, Cd\" -> \"Ab, Cd\"\n"
    "field pieces in z = start \"pieces\" {pieces} end eg \"pieces a,b\" -> \"a, b\"\n"
    "field alone in z = start \"alone\" {alone} end eg \"alone ab\" -> \"ab\"\n"
    "field worded in z = start \"worded\" {worded} end eg \"worded three\" -> \"3\"\n"
    "form f needs day | tally | tallied | number | name | note | colour | list.name | signed | pieces | other | page\n"
    "rule x-in-note warning when found (/x\xC3\xA9?/) within note mend \"y\" says \"{text} is found, {mend} is "
    "meant\"\n"
    "rule backwards warning when reversed number says \"{value} {why}\"\n"
    "rule whole note when found (/z?/) within note says \"{text}\"\n";

static int open_grammar(void **state)
{
    depesha_grammar *grammar;
    char *messages = NULL;
    if (depesha_grammar_compile("v", rules, sizeof rules - 1, NULL, NULL, &grammar, &messages) != DEPESHA_OK)
        fail_msg("%s", messages);
    size_t examples;
    if (depesha_grammar_check(grammar, &examples, &messages) != DEPESHA_OK)
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
    assert_int_equal(depesha_parse(grammar, "t", text, strlen(text), &document), DEPESHA_OK);
    return document;
}

struct reading {
    const char *text, *value; /* NULL: it makes none, for which `why` is the reason */
    const char *why;
};

static bool is_told(const depesha_document *document, const char *why)
{
    for (size_t i = 0; i < depesha_finding_count(document, 0); i++)
        if (strstr(depesha_finding_at(document, 0, i)->message, why) != NULL)
            return true;
    return false;
}

/* The value at the path, or why there is none. */
static void check_readings(const depesha_grammar *grammar, const char *path, const struct reading *readings,
                           size_t count)
{
    size_t failed = 0;
    for (size_t i = 0; i < count; i++) {
        const struct reading *r = &readings[i];
        depesha_document *document = parsed(grammar, r->text);
        const depesha_value *value = depesha_value_find(document, 0, path);
        bool good = r->value == NULL ? value == NULL : value != NULL && strcmp(value->value, r->value) == 0;
        if (!good || (r->why != NULL && !is_told(document, r->why))) {
            print_error("%s is %s, not %s\n", r->text, value == NULL ? "nothing" : value->value,
                        r->value == NULL ? "nothing" : r->value);
            for (size_t n = 0; n < depesha_finding_count(document, 0); n++)
                print_error("    %s\n", depesha_finding_at(document, 0, n)->message);
            failed++;
        }
        depesha_document_free(document);
    }
    assert_int_equal(failed, 0);
}

#define CHECK(path, readings) check_readings(*state, path, readings, sizeof(readings) / sizeof *(readings))

/* What there is no day or time for is told, not guessed. */
static void test_dates(void **state)
{
    static const struct reading readings[] = {
        {"day 29.2.1948\n", "1948-02-29", NULL},
        {"day 29.2.2000\n", "2000-02-29", NULL},
        {"day 29.2.1900\n", NULL, "month 2 has no day 29"},
        {"day 29.2.1947\n", NULL, "month 2 has no day 29"},
        {"day 0.5.1946\n", NULL, "month 5 has no day 0"},
        {"day 5.0.1946\n", NULL, "there is no month 0"},
        {"day 14.13.1946\n", NULL, "there is no month 13"},
        {"day 0.13.1946\n", NULL, "there is no month 13"},
        {"day 5.13.1946\n", "1946-05-13", NULL},
        {"day 5.5.46\n", "1946-05-05", NULL},
        {"day 5.5.16\n", NULL, "no year of the period ends in these digits"},
        {"day 5.5.1946 24:00\n", "1946-05-05T24:00", NULL},
        {"day 5.5.1946 24:01\n", NULL, "there is no time 24:01"},
        {"day 5.5.1946 25:00\n", NULL, "there is no time 25:00"},
        {"day 5.5.1946 10:60\n", NULL, "there is no time 10:60"},
        {"day 5.5.1946 11:05 p.m.\n", "1946-05-05T23:05", NULL},
        {"day 5.5.1946 12:05 p.m.\n", "1946-05-05T12:05", NULL},
        {"day 5.5.1946 0:05 p.m.\n", "1946-05-05T00:05", NULL},
        {"day 5.5.1946 12:05 a.m.\n", "1946-05-05T00:05", NULL},
        {"day 5.5.1946 11:05 a.m.\n", "1946-05-05T11:05", NULL},
        {"day 5 May 1946\n", "1946-05-05", NULL},
        {"day 5 1946\n", NULL, "its month is missing"},
        {"day 5\n", NULL, "this is no date"},
        {"day 10:05\n", NULL, "no date says of which day this time is"},
    };
    CHECK("/cable/day", readings);
}

/* Between slashes the order of day and month is that of other dates, or near to them, or open. */
static void test_orders(void **state)
{
    static const struct reading readings[] = {
        {"day 5/6/1946\n", "1946-06-05?", NULL},
        {"day 5/5/1946\n", "1946-05-05", NULL},
        {"day 5/6/1946 10:05\n", "1946-06-05T10:05", NULL},
        {"day 25/6/1946\n", "1946-06-25", NULL},
        {"day 6/25/1946\n", "1946-06-25", NULL},
        {"day 5/6/1946\nother 12/30/1950\n", "1946-05-06", NULL},
        {"day 5/6/1946\nother 30/12/1950\n", "1946-06-05", NULL},
        {"day 5/6/1946\nother 7.5.1946\n", "1946-05-06", NULL},
        {"day 5/6/1946\nother 7.6.1946\n", "1946-06-05", NULL},
        {"day 5/6/1946\nother 21.5.1946\n", "1946-06-05?", NULL},
        {"day 1946-6-5\n", "1946-06-05", NULL},
        {"day 5/6/1946\nother 12/30/1950\npage 30/12/1950\n", "1946-06-05?", NULL},
        {"day 5/6/1946\nother 7.5.1946\npage 7.6.1946\n", "1946-06-05?", NULL},
        {"day 10:05\nother 7.6.1946\npage 8.6.1946\n", "1946-06-07T10:05", NULL},
        {"other 9.6.1946\npage 8.6.1946\nday 10:05\n", "1946-06-08T10:05", NULL},
        {"day 10:05\nother 7.6.1946\n", "1946-06-07T10:05", NULL},
        {"day 5 May\nother 7.6.1946\n", "1946-05-05", NULL},
    };
    CHECK("/cable/day", readings);
}

static void test_integers(void **state)
{
    static const struct reading tallies[] = {
        {"tally 12\n", "12", NULL},
        {"tally three\n", NULL, "this is no number"},
        {"tally many\n", NULL, "this is no number"},
        {"tally 3-fold\n", NULL, "this is no number"},
        {"tally 100000\n", "100000", NULL},
        {"tally 1234567890123\n", NULL, "this is no number"},
    };
    static const struct reading worded[] = {{"worded three\n", "3", NULL}, {"worded 3\n", NULL, NULL}};
    static const struct reading tallied[] = {
        {"tallied of 12\n", "12", NULL},
        {"tallied of four\n", "4", NULL},
        {"tallied of some\n", NULL, "this is no number"},
    };
    CHECK("/cable/tally", tallies);
    CHECK("/cable/tallied", tallied);
    CHECK("/cable/worded", worded);
}

/* Numbers are closed up; a range has two ends, the second of which may be short, and no third. */
static void test_numbers(void **state)
{
    static const struct reading readings[] = {
        {"number 484 - 487\n", "484-487", NULL},
        {"number 12 /5\n", "12/5", NULL},
        {"number 12/ 5\n", "12/5", NULL},
        {"number 484 \xE2\x80\x93 487\n",
         "484\xE2\x80\x93"
         "487",
         NULL},
        {"number 12 13\n", "12 13", NULL},
        {"number 12.,.\n", "12", NULL},
        {"number 9\xE2\x80\x93"
         "3\n",
         "9\xE2\x80\x93"
         "3",
         "runs backwards"},
        {"number 5-5\n", "5-5", "has the same number at both ends"},
        {"number 1-2-3\n", "1-2-3", "has more than two ends"},
        {"number 1-99999\n", "1-99999", "takes in 99999 numbers"},
        {"number 12345678901-2\n", "12345678901-2", NULL},
        {"number 1-12345678901\n", "1-12345678901", NULL},
        {"number 12--\n", "12--", NULL},
        {"number - .\n", "-", NULL},
        {"number . .\n", NULL, NULL},
    };
    CHECK("/cable/number", readings);
}

static void test_names(void **state)
{
    static const struct reading readings[] = {
        {"name Cde Petrov,\n", "Petrov", NULL},
        {"name \"Petrov!\"\n", "Petrov", NULL},
        {"name (Petrov)\n", "Petrov", NULL},
        {"name Petrov (A.)\n", "Petrov (A.)", NULL},
        {"name Petrov A.\n", "Petrov A.", NULL},
        {"name Petrov A.B.\n", "Petrov A.B.", NULL},
        {"name Petrov \xD0\x90.\n", "Petrov \xD0\x90.", NULL},
        {"name \xD0\x90.\xD0\x91.\n", "\xD0\x90.\xD0\x91.", NULL},
        {"name Petrov.\n", "Petrov", NULL},
        {"name Petrov A!\n", "Petrov A", NULL},
        {"name P.\n", "P.", NULL},
        {"name S H T Y K O V\n", "SHTYKOV", NULL},
        {"name \xD0\xA8 \xD0\xA2 \xD0\xAB\n", "\xD0\xA8\xD0\xA2\xD0\xAB", NULL},
        {"name A B\n", "A B", NULL},
        {"name Pet\xE2\x96\xA1rov\n", "Petrov", NULL},
        {"name Mccde Cdes\n", "Mccde Cdes", NULL},
        {"name ,;\n", NULL, NULL},
        {"name Petrov\xE2\x80\x83 and \xC2\xA0Ivanov\n", "Petrov and Ivanov", NULL},
    };
    static const struct reading notes[] = {{"note Pet\xE2\x96\xA1rov\n", "Pet\xE2\x96\xA1rov", NULL}};
    CHECK("/cable/name", readings);
    CHECK("/cable/note", notes);
}

/* Where a key is a list each piece is an entry, else they are one; a separator is more than nothing. */
static void test_pieces(void **state)
{
    static const struct reading second[] = {{"list Ab-2, Cd-three, x\n", "Cd-three", NULL},
                                            {"list Ab-2;;Ef\n", "Ef", NULL}};
    static const struct reading count[] = {{"list Ab-2, Cd\n", "2", NULL}};
    static const struct reading signs[] = {{"signed Ab, Cd\n", "Ab, Cd", NULL}, {"signed Ab\n", "Ab", NULL}};
    static const struct reading pieces[] = {{"pieces one,two\n", "one, two", NULL}};
    CHECK("/cable/list/1/name", second);
    CHECK("/cable/list/0/count", count);
    CHECK("/cable/signed", signs);
    CHECK("/cable/pieces", pieces);
}

/* A rule may look for an expression in values alone, and say what is meant. */
static void test_found_within(void **state)
{
    depesha_document *document = parsed(*state, "note ax b x\xC3\xA9 zz\nname x\n");
    static const struct {
        const char *rule, *text, *mend;
    } expected[] = {
        {"x-in-note", "x", "y"}, {"x-in-note", "x\xC3\xA9", "y"}, {"whole", "z", NULL}, {"whole", "z", NULL}};
    size_t n = 0;
    for (size_t i = 0; i < depesha_finding_count(document, 0); i++) {
        const depesha_finding *finding = depesha_finding_at(document, 0, i);
        if (strcmp(finding->rule, "x-in-note") != 0 && strcmp(finding->rule, "whole") != 0)
            continue;
        assert_true(n < sizeof expected / sizeof *expected);
        assert_string_equal(finding->rule, expected[n].rule);
        assert_string_equal(finding->text, expected[n].text);
        assert_int_equal(finding->line, 1);
        if (expected[n].mend != NULL)
            assert_string_equal(finding->mend, expected[n].mend);
        n++;
    }
    assert_int_equal(n, sizeof expected / sizeof *expected);
    depesha_document_free(document);
}

/* What is read in a value of a list stands beside it, and what was read before does not change places. */
static void test_entries(void **state)
{
    (void)state;
    static const char text[] =
        "grammar l 1\nzone z starts line -4\ntype name name reads /.+/\ntype number number reads /\\d+/\n"
        "key list.name = name\nkey list.count = number\nlist list\n"
        "field list in z = start \"list\" {list.name /[A-Z]\\w+(?:\\(\\d\\))?/} [{list.count}] end\n"
        "    eg \"list Ab 2\" -> list.name \"Ab\", list.count \"2\"\n"
        "field within in list.name = /\\(/ {list.count} eg \"(7\" -> \"7\"\n"
        "form f needs list.name\n";
    static const char lines[] = "list Ab(7)\nlist Cd 2\nlist Ef\nlist Gh(3)\n";
    depesha_grammar *grammar;
    depesha_document *document;
    assert_int_equal(depesha_grammar_compile("l", text, strlen(text), NULL, NULL, &grammar, NULL), DEPESHA_OK);
    assert_int_equal(depesha_parse(grammar, "l", lines, strlen(lines), &document), DEPESHA_OK);
    char *json = depesha_document_json(document, 0, 0);
    assert_non_null(strstr(json, "[{\"name\":\"Ab(7)\",\"count\":\"7\"},{\"name\":\"Cd\",\"count\":\"2\"},"
                                 "{\"name\":\"Ef\"},{\"name\":\"Gh(3)\",\"count\":\"3\"}]"));
    depesha_free(json);
    depesha_document_free(document);
    depesha_grammar_free(grammar);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),   cmocka_unit_test(test_orders),       cmocka_unit_test(test_integers),
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_names),        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_entries), cmocka_unit_test(test_found_within),
    };
    return cmocka_run_group_tests_name("value", tests, open_grammar, close_grammar);
}
