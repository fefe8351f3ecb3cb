/* The grammar's compiler: what it says of a wrong grammar, and where; and that a user's grammar extends the built-in.
 */
#include "depesha.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Five lines that every short grammar here begins with; a case's own text begins on line 6. */
#define BASE                                                                                                           \
    "grammar t\n"                                                                                                      \
    "zone z starts line -4\n"                                                                                          \
    "type word text reads /\\w+/\n"                                                                                    \
    "key k = word\n"                                                                                                   \
    "field base in z = \"base\" {k} eg \"base x\" -> \"x\"\n"

enum { MAX_EXPECTED = 6 };

/* A wrong grammar, and how each complaint about it begins. */
struct wrong {
    const char *text;
    const char *expected[MAX_EXPECTED];
    bool more; /* other complaints may stand beside these */
};

struct file {
    const char *name, *text;
};

/* Finds included grammars in a list of files. */
static char *load(void *context, const char *from, const char *name, size_t *size)
{
    assert_non_null(from);
    for (const struct file *file = context; file != NULL && file->name != NULL; file++)
        if (strcmp(file->name, name) == 0) {
            *size = strlen(file->text);
            char *copy = malloc(*size + 1);
            assert_non_null(copy);
            memcpy(copy, file->text, *size + 1);
            return copy;
        }
    return NULL;
}

/* A complaint is three lines: the message, the line of the grammar, the caret. */
static size_t count_complaints(const char *messages)
{
    size_t lines = 0;
    for (const char *p = messages; *p != '\0'; p++)
        lines += *p == '\n';
    return lines / 3;
}

static bool has_line(const char *messages, const char *beginning)
{
    size_t size = strlen(beginning);
    for (const char *line = messages; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, beginning, size) == 0)
            return true;
    }
    return false;
}

static char *messages_of(const char *text, struct file *files)
{
    depesha_grammar *grammar;
    char *messages;
    depesha_status status = depesha_grammar_compile("t", text, strlen(text), load, files, &grammar, &messages);
    if (status == DEPESHA_OK) {
        depesha_grammar_free(grammar);
        return NULL;
    }
    assert_int_equal(status, DEPESHA_BAD_GRAMMAR);
    assert_null(grammar);
    assert_non_null(messages);
    return messages;
}

static bool holds(const struct wrong *wrong, const char *messages)
{
    size_t expected = 0;
    for (; expected < MAX_EXPECTED && wrong->expected[expected] != NULL; expected++)
        if (messages == NULL || !has_line(messages, wrong->expected[expected]))
            return false;
    return wrong->more || count_complaints(messages) == expected;
}

static void check_all(const struct wrong *wrongs, size_t count)
{
    size_t failed = 0;
    for (size_t i = 0; i < count; i++) {
        char *messages = messages_of(wrongs[i].text, NULL);
        if (!holds(&wrongs[i], messages)) {
            failed++;
            print_error("---- of this grammar\n%s\n---- this is said\n%s---- and this should be\n", wrongs[i].text,
                        messages == NULL ? "nothing\n" : messages);
            for (size_t n = 0; n < MAX_EXPECTED && wrongs[i].expected[n] != NULL; n++)
                print_error("%s\n", wrongs[i].expected[n]);
        }
        depesha_free(messages);
    }
    assert_int_equal(failed, 0);
}

#define CHECK_ALL(wrongs) check_all(wrongs, sizeof(wrongs) / sizeof *(wrongs))

static depesha_grammar *compiled_with(const char *text, struct file *files)
{
    depesha_grammar *grammar;
    char *messages;
    depesha_status status = depesha_grammar_compile("t", text, strlen(text), load, files, &grammar, &messages);
    if (status != DEPESHA_OK)
        print_error("%s", messages == NULL ? "no message\n" : messages);
    assert_int_equal(status, DEPESHA_OK);
    assert_null(messages);
    assert_non_null(grammar);
    return grammar;
}

/* ---- what is wrong is said, with its place --------------------------------------------------------------------- */

static void test_tokens(void **state)
{
    (void)state;
    static const struct wrong wrongs[] = {
        {BASE "token A = \"one\n", {"t:6:11: this quotation is not closed on its line; add a \""}, false},
        {BASE "token A = 'one\n", {"t:6:11: this quotation is not closed on its line; add a '"}, false},
        {BASE "token A = /one\n", {"t:6:11: this pattern is not closed on its line; add a /"}, false},
        {BASE "token A = \"\"\n", {"t:6:11: empty quotation: it would match nothing"}, false},
        {BASE "token A = //\n", {"t:6:11: empty quotation: it would match nothing"}, false},
        {BASE "token A = \"\\u00zz\"\n", {"t:6:11: \\u00zz is no character"}, true},
        {BASE "token A = \"x\" \"\\ud800\"\n", {"t:6:15: \\ud800 is no character"}, true},
        /* Columns are counted in characters. */
        {BASE "token A = \"ёж\" 'ёж\n", {"t:6:16: this quotation is not closed"}, false},
        {BASE "token A = \"\\u41\"\n", {"t:6:11: \\u41 is no character; write the four hexadecimal digits"}, true},
        {BASE "token A = \"\\u4z00\"\n", {"t:6:11: \\u4z00 is no character"}, true},
        {BASE "token A = \"\\u0000\"\n", {"t:6:11: \\u0000 is no character"}, true},
        /* A backslash takes the sign behind it along, but not the end of the line, nor of the file. */
        {BASE "token A = \"one\\\"\n", {"t:6:11: this quotation is not closed"}, false},
        {BASE "token A = \"one\\\n", {"t:6:11: this quotation is not closed"}, false},
        {BASE "token A = /one\\", {"t:6:11: this pattern is not closed"}, true},
        {BASE "token A = /one[/", {"t:6:11: this pattern is not closed"}, true},
        {BASE "token A = -", {"t:6:11: '-' has no place in an expression"}, true},
        {BASE "token A = - -1\n", {"t:6:11: '-' has no place in an expression"}, true},
        {BASE "token A = -x\n", {"t:6:11: '-' has no place in an expression"}, true},
    };
    CHECK_ALL(wrongs);
}

static void test_expressions(void **state)
{
    (void)state;
    static const struct wrong wrongs[] = {
        {BASE "token A = : \"x\"\n", {"t:6:11: ':' has no place in an expression; expected \"words\""}, false},
        {BASE "token A = \"x\" § \"y\"\n", {"t:6:15: '§' has no place in an expression"}, false},
        {BASE "token A = \"x\" | | \"y\"\n", {"t:6:17: an expression is missing here: found '|'"}, false},
        {BASE "token A = (\"x\" ]\n", {"t:6:16: expected ')' to close the bracket, found ']'"}, true},
        {BASE "token A = [\"x\" )\n", {"t:6:16: expected ']' to close the bracket, found ')'"}, true},
        {BASE "token A = {day \"x\" ]\n", {"t:6:20: expected '}' to close the slot, found ']'"}, true},
        {BASE "token A = {\"x\"}\n", {"t:6:12: the path of the record that this slot fills is missing here"}, true},
        {BASE "token A = \"x\" )\n",
         {"t:6:15: ')' was not expected here; a new statement begins at the margin"},
         false},
        {BASE "token A \"x\"\n", {"t:6:9: expected '=' before the expression, found '\"x\"'"}, false},
        {BASE "token A = \"x\" -> \"y\"\n", {"t:6:15: '->' was not expected here"}, false},
        {BASE "token A = \"x\" = \"y\"\n", {"t:6:15: '=' was not expected here"}, false},
        {BASE "token A = {: word}\n", {"t:6:12: the path of the record that this slot fills is missing here"}, true},
        {BASE "token A = {k : }\n", {"t:6:16: the type that this slot has here is missing here: found '}'"}, true},
        {BASE "damage |\n", {"t:6:8: an expression is missing here: found '|'"}, true},
        {BASE "noise )\n", {"t:6:7: an expression is missing here: found ')'"}, true},
        /* Of what is found instead the beginning is enough. */
        {BASE "token A \"a very long text that nobody would want to read twice\"\n",
         {"t:6:9: expected '=' before the expression, found '\"a very long text that nobody would want'"},
         false},
        {BASE "token A \"текст, который никто не прочтёт\"\n",
         {"t:6:9: expected '=' before the expression, found '\"текст, который никто '"},
         false},
    };
    CHECK_ALL(wrongs);
}

static void test_deep_brackets(void **state)
{
    (void)state;
    char text[sizeof BASE + 300] = BASE "token A = ";
    size_t at = strlen(text);
    memset(text + at, '(', 70);
    memcpy(text + at + 70, "\"x\"", 3);
    memset(text + at + 73, ')', 70);
    memcpy(text + at + 143, "\n", 2);
    struct wrong wrong = {text, {"t:6:76: brackets are nested more than 64 deep; name a part as a token"}, true};
    check_all(&wrong, 1);
}

static void test_statements(void **state)
{
    (void)state;
    static const struct wrong wrongs[] = {
        {BASE "fieldd a in z = \"x\"\n", {"t:6:1: 'fieldd' begins no statement; statements are grammar, "}, false},
        {BASE "\"field\"\n", {"t:6:1: '\"field\"' begins no statement"}, false},
        {BASE "token\nkey q = word\n", {"t:7:1: 'token' is not followed by anything"}, false},
        {BASE "token \"x\"\n", {"t:6:7: the token is missing here: found '\"x\"'"}, false},
        {BASE "grammar \"x\"\n", {"t:6:9: the grammar's name is missing here"}, true},
        {BASE "period 1917 soon\n", {"t:6:13: the last year is a whole number from 1917 to 9999, not 'soon'"}, false},
        {BASE "period 1950 1940\n", {"t:6:13: the last year is a whole number from 1950 to 9999, not '1940'"}, false},
        {BASE "period 99999 1\n", {"t:6:8: the first year is a whole number from 1 to 9999, not '99999'"}, false},
        {BASE "period 1917\nkey q = word\n", {"t:6:12: the last year is missing here: found 'key'"}, false},
        {BASE "token A =\n\nkey q = word\n", {"t:6:10: an expression is missing here"}, false},
        {BASE "token A = \"x\"\n| \"y\"\n", {"t:7:1: '|' begins no statement"}, false},
        {BASE "token A = \"x\" |\n\"y\"\n", {"t:6:16: an expression is missing here"}, true},
        {BASE "token A = (\"x\"\n) \"y\"\n", {"t:6:15: expected ')' to close the bracket, found ')'"}, true},
        {BASE "token A = \"x\"\n+\n", {"t:7:1: '+' begins no statement"}, false},
        {BASE "field a in z = \"x\" eg \"x\"\n-> \"\"\n", {"t:6:26: an example gives the value it yields"}, true},
        {BASE "field a in z = \"x\" eg \"x\" ->\n\"\"\n", {"t:6:29: the example's value is missing"}, true},
        {BASE "form f needs k\n, k\n", {"t:7:1: ',' begins no statement"}, false},
        {BASE "token eg = \"x\"\n", {"t:6:7: 'eg' is a word of the language; choose another name"}, false},
        {BASE "enum break\n    a = \"x\"\n", {"t:6:6: 'break' is a word of the language"}, false},
        {BASE "token A = \"\xD1\x91\xFF\"\n", {"t:6:13: this byte is not UTF-8; save the grammar as UTF-8"}, true},
        {BASE "rule odd note when unclosed \"[\" says \"x\"\n",
         {"t:6:33: these come in pairs: add the other one of the pair"},
         true},
        {BASE "alike \"1\" \"2\" \"3\" \"4\" \"5\" \"6\" \"7\" \"8\" \"9\" \"a\" \"b\" \"c\" \"d\" \"e\" \"f\" \"g\" "
              "\"h\"\n",
         {"t:6:71: too many groups of characters that are alike"},
         false},
        {"grammar t\n", {"t:1:1: the grammar has no zone; include \"soviet\" or declare zones"}, false},
        {"", {"t:1:1: the grammar has no zone"}, false},
        {"zone a line 1\n", {"t:1:6: no zone starts a document; add the word starts to one"}, false},
        /* At the margin another statement begins, whatever the word. */
        {BASE "form f needs k\nlikes k\n", {"t:7:1: 'likes' begins no statement"}, false},
        {BASE "enum e\na = \"x\"\n", {"t:6:6: enumeration 'e' has no entry", "t:7:1: 'a' begins no statement"}, false},
        {BASE "grammar t 1 \"title\" \"subtitle\"\n", {"t:6:21: '\"subtitle\"' was not expected here"}, false},
        {BASE "language \"ru\"\n", {"t:6:10: the language's name is missing here: found '\"ru\"'"}, false},
        {BASE "language ru\n", {"t:6:12: an expression is missing here"}, false},
        {BASE "language ru /x/\nlanguage en /y/\nlanguage ru /z/\n",
         {"t:8:10: language 'ru' is defined already at t:6"},
         false},
        {BASE "twins \"AB\"\n", {"t:6:7: twins are two strings with as many letters"}, false},
        {BASE "twins \"AB\" \"АВС\"\n", {"t:6:7: twins are two strings with as many letters"}, false},
        {BASE "twins \"AB\" \"АВ\" \"CD\"\n", {"t:6:17: '\"CD\"' was not expected here"}, false},
        {BASE "shapes \"a\" \"b\" \"c\" \"d\" \"e\" \"f\" \"g\" \"h\" \"i\" \"j\" \"k\" \"l\" \"m\" \"n\" \"o\" \"p\"\n"
              "shapes \"a\" \"b\" \"c\" \"d\" \"e\" \"f\" \"g\" \"h\" \"i\" \"j\" \"k\" \"l\" \"m\" \"n\" \"o\" \"p\" "
              "\"q\"\n",
         {"t:7:72: too many groups of shapes; join some"},
         false},
    };
    CHECK_ALL(wrongs);
}

static void test_enumerations_and_types(void **state)
{
    (void)state;
    static const struct wrong wrongs[] = {
        {BASE "enum e\n", {"t:6:6: enumeration 'e' has no entry; add lines such as: code = \"word\""}, false},
        {BASE "enum \"e\"\n", {"t:6:6: the enumeration is missing here: found '\"e\"'"}, false},
        {BASE "enum e\n    a =\n",
         {"t:7:8: an expression is missing here", "t:6:6: enumeration 'e' has no entry"},
         false},
        {BASE "enum e\n    a\t= \"x\"\n    b", {"t:8:5: there is no token or enumeration 'b'"}, false},
        {BASE "type \"t\" text\n", {"t:6:6: the type's name is missing here"}, true},
        {BASE "type t \"text\"\n", {"t:6:8: the type's kind is missing here"}, false},
        {BASE "key \"q\" = word\n", {"t:6:5: the path is missing here"}, true},
        {BASE "key q.a23456789012345678901234567890123456789012345678901234567890123456.b = word\n",
         {"t:6:5: a name in a path has at most 63 letters"},
         false},
        {BASE "type t banana reads /x/\n", {"t:6:8: there is no kind 'banana'; the kinds are text, name, "}, false},
        {BASE "type t text\n", {"t:6:6: type 't' says nothing of what it reads; add: reads EXPRESSION"}, false},
        {BASE "type t code reads /x/\n", {"t:6:6: type 't' is a code and reads an enumeration"}, false},
        {BASE "type t text reads /x/ splits /,/ into PIECE\n",
         {"t:6:6: there is no token 'PIECE' for the pieces of"},
         false},
        {BASE "key q = wrod\n", {"t:6:5: there is no type or enumeration 'wrod'; did you mean 'word'?"}, false},
        {BASE "key q = something_else\n",
         {"t:6:5: there is no type or enumeration 'something_else'; declare it"},
         false},
        {BASE "token W = \"w\"\nkey q = W\n", {"t:7:5: there is no type or enumeration 'W'"}, false},
        {BASE "type q text reads NOSUCHTHING\n", {"t:6:19: there is no token or enumeration 'NOSUCHTHING'"}, false},
        {BASE "key q = word\nform f needs k\n    order z\n", {"t:8:11: 'z' is no key of the record"}, false},
        {BASE "key q = wrod\nform f needs k\n    order q\n", {"t:6:5: there is no type or enumeration 'wrod'"}, false},
        {BASE "key q word\n", {"t:6:7: expected '=' before the path's type, found 'word'"}, false},
        {BASE "key q = \"word\"\n", {"t:6:9: the path's type is missing here: found '\"word\"'"}, false},
    };
    CHECK_ALL(wrongs);
}

static void test_zones(void **state)
{
    (void)state;
    static const struct wrong wrongs[] = {
        {BASE "zone y next x\n", {"t:6:6: zone 'y' is followed by 'x', which is no zone"}, false},
        {BASE "zone y\n    line far\n",
         {"t:7:10: what an unexplained line costs is a whole number from -99 to 99, not 'far'"},
         false},
        {BASE "zone y line -100\n", {"t:6:13: what an unexplained line costs is a whole number from -99 to 99"}, false},
        {BASE "zone \"y\"\n", {"t:6:6: the zone's name is missing here"}, false},
        {BASE "zone y next z z z z z z z z z z z z z\n", {"t:6:37: a zone has line, prose, word, enter, body, "}, true},
        {BASE "zone y next z\n    z\n",
         {"t:7:5: a zone has line, prose, word, enter, body, starts, opens and next; 'z'"},
         true},
        {BASE "zone y\n    cost\n",
         {"t:7:5: a zone has line, prose, word, enter, body, starts, opens and next; 'cost' is"},
         false},
        {BASE "zone a\nzone b\nzone c\nzone d\nzone e\nzone f\nzone g\nzone h\nzone i\nzone j\nzone k\nzone l\n",
         {"t:17:6: a grammar has at most 12 zones"},
         false},
    };
    CHECK_ALL(wrongs);
}

static void test_fields(void **state)
{
    (void)state;
    static const struct wrong wrongs[] = {
        {BASE "field a in z = \"x\"\n",
         {"t:6:7: field 'a' has no example; add a line: eg \"text\" -> \"value\""},
         false},
        {BASE "field a = \"x\" eg \"x\" -> \"\"\n",
         {"t:6:7: field 'a' says in no zone; write: field a in header"},
         false},
        {BASE "field a in zone_z = \"x\" eg \"x\" -> \"\"\n",
         {"t:6:12: there is no zone 'zone_z'; name a zone"},
         false},
        {BASE "field a in z weight heavy = \"x\" eg \"x\" -> \"\"\n",
         {"t:6:21: the weight is a whole number from 0 to 99, not 'heavy'"},
         true},
        {BASE "field a in z weight 100 = \"x\" eg \"x\" -> \"\"\n",
         {"t:6:21: the weight is a whole number from 0 to 99, not '100'"},
         false},
        {BASE "field a in z certainty 101 = \"x\" eg \"x\" -> \"\"\n",
         {"t:6:24: the certainty in percent is a whole number from 0 to 100, not '101'"},
         true},
        {BASE "key q = word\nfield a in z = \"x\" {k} eg \"x y\" -> q \"y\"\n",
         {"t:7:36: field 'a' has no slot for 'q'; add {q}, or correct the example"},
         false},
        {BASE "field a in z = \"x\" {k} eg \"x y\" -> k \"y\", other \"y\"\n",
         {"t:6:43: the record has no key 'other', which this example names"},
         false},
        {BASE "field a in z = \"x\" eg x\n", {"t:6:23: an example begins with a quoted text, found 'x'"}, false},
        {BASE "field a in z = \"x\" eg \"x\" \"y\"\n", {"t:6:27: an example gives the value it yields"}, true},
        {BASE "field a in z = \"x\" eg \"x\" -> /y/\n", {"t:6:30: the example's value is missing: quote it"}, true},
        {BASE "field a in z = \"x\" eg \"x\" -> \"\" stray\n", {"t:6:33: 'stray' does not belong to field 'a'"}, false},
        {BASE "field a in z then q = \"x\" eg \"x\" -> \"\"\n", {"t:6:19: there is no zone 'q' to go on in"}, false},
        {BASE "field a in z = [\"x\"] eg \"x\" -> \"\"\n", {"t:6:7: field 'a' can match nothing at all"}, false},
        {BASE "field a in z = \"x\"* eg \"x\" -> \"\"\n", {"t:6:7: field 'a' can match nothing at all"}, false},
        {BASE "field a in z = start end eg \"x\" -> \"\"\n", {"t:6:7: field 'a' can match nothing at all"}, false},
        {BASE "field a in z = /.+/ eg \"x\" -> \"\"\n",
         {"t:6:7: field 'a' matches any text; begin it with a label"},
         false},
        {BASE "field a in z = {k /\\S.*/} eg \"x\" -> \"x\"\n", {"t:6:7: field 'a' matches any text"}, false},
        {BASE "field \"a\"\n", {"t:6:7: the production's name is missing here"}, false},
        {BASE
         "field a in z, z_of_a_name_that_is_far_too_long_to_be_meant_for_another_one_that_is_there = \"x\" eg \"x\" -> "
         "\"\"\n",
         {"t:6:15: there is no zone 'z_of_a_name_that_is_far_too_long_to_be_meant_for_another_one_that_is_there'; "
          "name"},
         false},
        {BASE "field a in z = | eg \"x\" -> \"y\"\n", {"t:6:16: an expression is missing here"}, true},
        {BASE "field a certainty half in z = \"x\" eg \"x\" -> \"\"\n",
         {"t:6:19: the certainty in percent is a whole number from 0 to 100, not 'half'"},
         true},
    };
    CHECK_ALL(wrongs);
}

static void test_slots(void **state)
{
    (void)state;
    static const struct wrong wrongs[] = {
        {BASE "key sent_on = word\nfield a in z = \"x\" {sent_at} eg \"x y\" -> \"y\"\n",
         {"t:7:21: the record has no key 'sent_at'; did you mean 'sent_on'?"},
         false},
        {BASE "field a in z = \"x\" {completely.other /y/} eg \"x y\" -> \"y\"\n",
         {"t:6:21: the record has no key 'completely.other'; declare it: key NAME = TYPE"},
         false},
        {BASE "field a in z = \"x\" {k : nosuch} eg \"x y\" -> \"y\"\n", {"t:6:21: there is no type 'nosuch'"}, false},
        {BASE "field a in z = \"x\" {k}+ eg \"x y\" -> \"y\"\n",
         {"t:6:21: a slot cannot stand in a repeated part"},
         true},
        {BASE "field a in z = \"x\" (\",\" {k})* eg \"x, y\" -> \"y\"\n",
         {"t:6:26: a slot cannot stand in a repeated part"},
         true},
        {BASE "token A = {day} \"x\"\nfield a in z = A eg \"x\" -> \"\"\n",
         {"t:6:12: a part of a token says what it reads: {day EXPRESSION}"},
         true},
    };
    CHECK_ALL(wrongs);
}

static void test_names(void **state)
{
    (void)state;
    static const struct wrong wrongs[] = {
        {BASE "token DIGITS = /\\d+/\nfield a in z = \"x\" DIGIT eg \"x 1\" -> \"\"\n",
         {"t:7:20: there is no token or enumeration 'DIGIT'; did you mean 'DIGITS'?"},
         false},
        {BASE "field a in z = Outgoing {k} eg \"Outgoing x\" -> \"x\"\n",
         {"t:6:16: there is no token or enumeration 'Outgoing'; define it, or quote it"},
         false},
        {BASE "token A = \"a\" B\ntoken B = \"b\" A\nfield a in z = A eg \"a\" -> \"\"\n",
         {"t:7:15: 'A' contains itself; a token may only use others"},
         false},
        {BASE "token A = \"a\" [A]\nfield a in z = A eg \"a\" -> \"\"\n", {"t:6:16: 'A' contains itself"}, false},
    };
    CHECK_ALL(wrongs);
}

/* PCRE2's offset becomes a column of the file. */
static void test_patterns(void **state)
{
    (void)state;
    static const struct wrong wrongs[] = {
        {BASE "field a in z = /a(b/ eg \"ab\" -> \"\"\n",
         {"t:6:20: PCRE2 cannot read this pattern: missing closing parenthesis"},
         false},
        {BASE "field a in z = \"ёж\" /ab)c/ eg \"ab\" -> \"\"\n",
         {"t:6:24: PCRE2 cannot read this pattern: unmatched closing parenthesis"},
         false},
        {BASE "token A = \"x\" /ёж(/\nfield a in z = \"b\" A eg \"b x\" -> \"\"\n",
         {"t:6:19: PCRE2 cannot read this pattern: missing closing parenthesis"},
         false},
        {BASE "enum e\n    one = /(/\nkey c = e\n", {"t:7:13: PCRE2 cannot read this pattern: missing closing"}, false},
        {BASE "type q text reads /x/ drops /(/ splits /)/\n",
         {"t:6:31: PCRE2 cannot read this pattern: ", "t:6:41: PCRE2 cannot read this pattern: "},
         false},
        /* Each stands for itself: it neither closes brackets that are not its own nor reaches over its end. */
        {BASE "field a in z = \"q\" /x)|(y/ eg \"q x\" -> \"\"\n",
         {"t:6:22: PCRE2 cannot read this pattern: unmatched closing"},
         false},
        {BASE "token A = /x\\Qab/\n", {"t:6:17: PCRE2 cannot read this pattern: missing closing"}, false},
        {BASE "token A = /(?x)a # b/\n", {"t:6:21: PCRE2 cannot read this pattern: missing closing"}, false},
        /* Groups would be taken for slots. */
        {BASE "field a in z = \"q\" /(?<g>x)/ {k} eg \"q x y\" -> \"y\"\n",
         {"t:6:20: a pattern has no groups with names; write (?:...), and"},
         false},
        {BASE "token A = /(?P<g>x)/\ntoken B = /(?'g'x)/\ntoken C = /(?-n)(x)/\n"
              "token D = /\\(?<g>x|[(?<]x|(?<=a)b(?<!c)/\n",
         {"t:6:11: a pattern has no groups", "t:7:11: a pattern has no groups", "t:8:11: a pattern has no groups"},
         false},
        /* What no field uses is read all the same. */
        {BASE "token A = NOSUCHTHING\ntoken B = /(/\nenum e\n    a = NOTHINGEITHER\n",
         {"t:6:11: there is no token or enumeration 'NOSUCHTHING'", "t:7:13: PCRE2 cannot read this pattern",
          "t:9:9: there is no token or enumeration 'NOTHINGEITHER'"},
         false},
        {BASE "damage /(/\nprose /)/\n",
         {"t:6:10: PCRE2 cannot read this pattern: missing", "t:7:8: PCRE2 cannot read this pattern: unmatched"},
         true},
    };
    CHECK_ALL(wrongs);
}

static void test_duplicates(void **state)
{
    (void)state;
    static const struct wrong wrongs[] = {
        {BASE "field base in z = \"y\" eg \"y\" -> \"\"\n", {"t:6:7: field 'base' is defined already at t:5"}, false},
        {BASE "key k = word\n", {"t:6:5: key 'k' is defined already at t:4; give this one another name"}, false},
        {BASE "type word text reads /x/\n", {"t:6:6: type 'word' is defined already at t:3"}, false},
        {BASE "zone z line 1\n", {"t:6:6: zone 'z' is defined already at t:2"}, false},
        {BASE "token A = \"a\"\ntoken A = \"b\"\n", {"t:7:7: the token 'A' is defined already at t:6"}, false},
        {BASE "enum e\n    a = \"b\"\nenum e\n    c = \"d\"\n",
         {"t:8:6: the enumeration 'e' is defined already at t:6"},
         false},
        {BASE "token A = \"a\"\nenum A\n    c = \"d\"\n",
         {"t:7:6: the enumeration 'A' is defined already at t:6"},
         false},
        {BASE "form f needs k\nform f needs k\n", {"t:7:6: form 'f' is defined already at t:6"}, false},
    };
    CHECK_ALL(wrongs);
}

static void test_forms(void **state)
{
    (void)state;
    static const struct wrong wrongs[] = {
        {BASE "form f \"a form\"\n    likes k\n", {"t:6:6: form 'f' needs nothing and would fit every text"}, false},
        {BASE "form f\n    needs kk, k | other_thing=1\n",
         {"t:7:11: 'kk' is neither a key of the record nor a field; did you mean 'k'?",
          "t:7:19: 'other_thing' is neither a key of the record nor a field; see"},
         false},
        {BASE "form f\n    needs k\n    likes nothing_such\n    never nothing_else\n",
         {"t:8:11: 'nothing_such' is neither a key", "t:9:11: 'nothing_else' is neither a key"},
         false},
        {BASE "form f\n    needs k\n    wants\n",
         {"t:8:5: a form has needs, likes, never, order and years; 'wants'"},
         false},
        {BASE "form f\n    needs k, \"k\"\n", {"t:7:14: a path or a production is missing here: found '\"k\"'"}, true},
        {BASE "form f\n    needs k=, k\n", {"t:7:13: a code is missing here: found ','"}, true},
        {BASE "form f\n    needs k\n    years 1943 soon\n",
         {"t:8:16: the last year is a whole number from 1943 to 9999, not 'soon'"},
         false},
        {BASE "form f\n    needs k\n    years 1950 1943\n",
         {"t:8:16: the last year is a whole number from 1950 to 9999, not '1943'"},
         false},
        {BASE "enum colour\n    red = \"RED\"\nkey c = colour\nform f\n    needs c=reed, c=red, c=something\n    never "
              "base=x\n",
         {"t:10:11: 'c' is never 'reed'; did you mean 'red'?",
          "t:10:26: 'c' is never 'something'; the codes are those of enum colour",
          "t:11:11: 'base' is a field, which has no codes"},
         false},
        {BASE "form f\n    needs k\n    order k, kk, other_thing\n",
         {"t:8:11: 'k' is no date; order takes keys whose type is a date",
          "t:8:14: 'kk' is no key of the record; did you mean 'k'?",
          "t:8:18: 'other_thing' is no key of the record; see"},
         false},
        {BASE "form \"f\"\n", {"t:6:6: the form's id is missing here: found '\"f\"'"}, false},
    };
    CHECK_ALL(wrongs);
}

static void test_rules(void **state)
{
    (void)state;
    static const struct wrong wrongs[] = {
        {BASE "rule \"r\" note\n", {"t:6:6: the rule's name is missing here"}, false},
        {BASE "rule r\nkey q = word\n", {"t:6:7: the severity is missing here: found 'key'"}, false},
        {BASE "rule r grave\n", {"t:6:8: a rule is an error, a warning or a note, or off; 'grave' is none"}, false},
        {BASE "rule r note when \"x\" says \"x\"\n", {"t:6:18: what the rule looks for is missing here"}, true},
        {BASE "rule r note when unclosed \"[\" \"]\" says\n", {"t:6:39: a quoted text is missing here"}, true},
        {BASE "rule r note when unclosed \"[\" \"]\" says \"x\" eg\n",
         {"t:6:46: a quoted text is missing here"},
         false},
        {BASE "rule r note when unclosed says \"x\"\n", {"t:6:27: these come in pairs"}, true},
        {BASE "rule r note when unclosed \"1\" \"2\" \"3\" \"4\" \"5\" \"6\" \"7\" \"8\" \"9\" says \"x\"\n",
         {"t:6:59: too many texts"},
         true},
        {BASE "rule r note for \"f\" when unclosed \"[\" \"]\" says \"x\"\n", {"t:6:17: a form is missing here"}, true},
        {BASE "rule r note when unclosed \"[\" \"]\" says \"x\"\nrule r note when unclosed \"(\" \")\" says \"y\"\n",
         {"t:7:6: rule 'r' is defined already at t:6"},
         false},
        {BASE "token W = \"x\"\nrule r note when nearly W says \"x\"\n", {"t:7:18: 'W' is no enumeration"}, false},
    };
    CHECK_ALL(wrongs);
}

/* Every error of a file is reported, those of its parts and those of its patterns. */
static void test_several(void **state)
{
    (void)state;
    static const struct wrong wrongs[] = {
        {BASE "token A = \"one\n"
              "field a in z = \"x\" NOSUCHTHING eg \"x\" -> \"\"\n"
              "field b in z = \"x\"\n"
              "type t banana reads /x/\n"
              "form f\n    likes k\n",
         {"t:6:11: this quotation is not closed", "t:7:20: there is no token or enumeration 'NOSUCHTHING'",
          "t:8:7: field 'b' has no example", "t:9:8: there is no kind 'banana'", "t:10:6: form 'f' needs nothing"},
         false},
    };
    CHECK_ALL(wrongs);
}

/* The line stands below its message, and a caret below the place, with tabs kept. */
static void test_caret(void **state)
{
    (void)state;
    char *messages = messages_of(BASE "field a in z =\t\"ёж\" NOSUCHTHING\r\n    eg \"x\" -> \"\"\r\n", NULL);
    assert_non_null(messages);
    assert_string_equal(strchr(messages, '\n'),
                        "\n    field a in z =\t\"ёж\" NOSUCHTHING\n                  \t     ^\n");
    depesha_free(messages);
}

static void test_no_messages_wanted(void **state)
{
    (void)state;
    depesha_grammar *grammar;
    assert_int_equal(depesha_grammar_compile("t", "x", 1, NULL, NULL, &grammar, NULL), DEPESHA_BAD_GRAMMAR);
    assert_null(grammar);
    depesha_grammar_free(NULL);
}

/* ---- includes -------------------------------------------------------------------------------------------------- */

static void test_include_missing(void **state)
{
    (void)state;
    static const struct wrong wrongs[] = {
        {BASE "include \"nowhere.grammar\"\n",
         {"t:6:9: there is no grammar 'nowhere.grammar'; name a built-in"},
         false},
        {BASE "include soviet\n", {"t:6:9: include takes a quoted name, such as \"soviet\""}, false},
        {BASE "include \"t\"\n", {"t:6:9: 't' includes itself; remove one of the includes"}, false},
    };
    CHECK_ALL(wrongs);
    depesha_grammar *grammar;
    char *messages;
    static const char text[] = BASE "include \"other\"\n";
    assert_int_equal(depesha_grammar_compile("t", text, strlen(text), NULL, NULL, &grammar, &messages),
                     DEPESHA_BAD_GRAMMAR);
    assert_true(has_line(messages, "t:6:9: there is no grammar 'other'"));
    depesha_free(messages);
}

static void test_include_cycle(void **state)
{
    (void)state;
    struct file files[] = {{"a", "token A = \"a\"\ninclude \"b\"\n"}, {"b", "\ninclude \"a\"\n"}, {NULL, NULL}};
    char *messages = messages_of(BASE "include \"a\"\n", files);
    assert_non_null(messages);
    assert_true(has_line(messages, "b:2:9: 'a' includes itself"));
    assert_int_equal(count_complaints(messages), 1);
    depesha_free(messages);
}

/* Each includes the next, for ever: no file includes itself, and it must end all the same. */
static char *load_endless(void *context, const char *from, const char *name, size_t *size)
{
    (void)from;
    (void)name;
    size_t *count = context;
    char *text = malloc(64);
    assert_non_null(text);
    *size = (size_t)snprintf(text, 64, "include \"file-%zu\"\n", ++*count);
    return text;
}

static void test_include_endless(void **state)
{
    (void)state;
    size_t count = 0;
    depesha_grammar *grammar;
    char *messages;
    static const char text[] = BASE "include \"file\"\n";
    assert_int_equal(depesha_grammar_compile("t", text, strlen(text), load_endless, &count, &grammar, &messages),
                     DEPESHA_BAD_GRAMMAR);
    assert_true(count < 100);
    depesha_free(messages);
}

/* Errors name the file that they are in. */
static void test_include_error(void **state)
{
    (void)state;
    struct file files[] = {{"words", "# words\ntoken A = \"a\"\nkey k = word\n"}, {NULL, NULL}};
    char *messages = messages_of(BASE "include \"words\"\ntoken A = \"b\"\n", files);
    assert_non_null(messages);
    assert_true(has_line(messages, "words:3:5: key 'k' is defined already at t:4"));
    assert_true(has_line(messages, "t:7:7: the token 'A' is defined already at words:2"));
    assert_int_equal(count_complaints(messages), 2);
    depesha_free(messages);
}

/* A file that is included twice, by two ways, is read once. */
static void test_include_twice(void **state)
{
    (void)state;
    struct file files[] = {
        {"a", "include \"common\"\n"}, {"b", "include \"common\"\n"}, {"common", "token A = \"a\"\n"}, {NULL, NULL}};
    depesha_grammar_free(compiled_with(BASE "include \"a\"\ninclude \"b\"\ninclude \"common\"\n", files));
}

/* ---- examples -------------------------------------------------------------------------------------------------- */

static void test_examples(void **state)
{
    (void)state;
    depesha_grammar *grammar = compiled_with(BASE "field a in z = \"x\" {k}\n"
                                                  "    eg \"x y\" -> \"y\"\n"
                                                  "    eg \"x y\" -> \"z\"\n"
                                                  "    eg \"q\" -> \"y\"\n"
                                                  "    eg \"x y z\" -> \"y\"\n"
                                                  "    eg \"x y\" -> \"\"\n"
                                                  "field b in z = \"mark\"\n"
                                                  "    eg \"MARK\" -> \"\"\n"
                                                  "    eg \"mark\" -> \"mark\"\n",
                                             NULL);
    size_t examples;
    char *messages;
    assert_int_equal(depesha_grammar_check(grammar, &examples, &messages), DEPESHA_BAD_GRAMMAR);
    assert_int_equal(examples, 8);
    assert_int_equal(count_complaints(messages), 5);
    assert_true(has_line(messages, "t:8:8: this example of 'a' does not hold: it yields k \"y\""));
    assert_true(has_line(messages, "t:9:8: this example of 'a' does not hold: the production does not match it"));
    assert_true(has_line(messages, "t:10:8: this example of 'a' does not hold: the production stops before ' z'"));
    assert_true(has_line(messages, "t:11:8: this example of 'a' does not hold: it yields k \"y\""));
    assert_true(has_line(messages, "t:14:8: this example of 'b' does not hold: it yields nothing"));
    depesha_free(messages);
    assert_int_equal(depesha_grammar_check(grammar, &examples, NULL), DEPESHA_BAD_GRAMMAR);
    depesha_grammar_free(grammar);
}

/* A value too many is amiss as well, and one that cannot be read; a rule that is off need not find its example. */
static void test_examples_of_values(void **state)
{
    (void)state;
    depesha_grammar *grammar =
        compiled_with(BASE "token DATE = {year /\\d{4}/} /-/ {month /\\d\\d/}\ntype date date reads DATE\n"
                           "key d = date\nkey l = word\n"
                           "field a in z = \"x\" {k} {l}\n"
                           "    eg \"x y z\" -> k \"y\"\n"
                           "    eg \"x y z\" -> k \"y\", l \"z\"\n"
                           "field d in z = \"on\" {d}\n"
                           "    eg \"on 1946-13\" -> \"1946-13\"\n"
                           "rule r off when found (/never/) says \"x\" eg \"base x\"\n"
                           "rule s note when found (/never/) says \"x\" eg \"base x\"\n",
                      NULL);
    size_t examples;
    char *messages;
    assert_int_equal(depesha_grammar_check(grammar, &examples, &messages), DEPESHA_BAD_GRAMMAR);
    assert_int_equal(examples, 5);
    assert_int_equal(count_complaints(messages), 3);
    assert_true(has_line(messages, "t:11:8: this example of 'a' does not hold: it yields k \"y\", l \"z\""));
    assert_true(has_line(messages, "t:14:8: this example of 'd' does not hold: there is no month 13"));
    assert_true(has_line(messages, "t:16:6: the example of rule 's' does not hold: the rule finds nothing in it"));
    depesha_free(messages);
    depesha_grammar_free(grammar);
}

/* A grammar need not say what it is called, nor its title. */
static void test_unnamed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *line;
    } cases[] = {{"zone z starts line -4\n", "grammar t "},
                 {"grammar own\nzone z starts line -4\n", "grammar own 1"},
                 {"grammar own 2 \"Own\"\nzone z starts line -4\n", "grammar own 2: Own"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        depesha_grammar *grammar = compiled_with(cases[i].text, NULL);
        char *list = depesha_grammar_list(grammar);
        assert_true(has_line(list, cases[i].line));
        depesha_free(list);
        depesha_grammar_free(grammar);
    }
}

/* A text of the built-in grammar's size is not taken for it. */
static void test_as_large_as_builtin(void **state)
{
    (void)state;
    size_t size;
    const char *builtin = depesha_builtin("soviet", &size);
    char *text = malloc(size), *list;
    assert_non_null(text);
    memset(text, '\n', size);
    memcpy(text, BASE, strlen(BASE));
    depesha_grammar *grammar;
    assert_int_equal(depesha_grammar_compile("t", text, size, NULL, NULL, &grammar, NULL), DEPESHA_OK);
    assert_memory_not_equal(text, builtin, size);
    free(text);
    list = depesha_grammar_list(grammar);
    assert_true(has_line(list, "  base "));
    depesha_free(list);
    depesha_grammar_free(grammar);
}

static void test_good_examples(void **state)
{
    (void)state;
    depesha_grammar *grammar = compiled_with(BASE "token WORDS = /\\w+(?:, \\w+)*/\n"
                                                  "type words text reads WORDS splits /,/\n"
                                                  "key all = words\n"
                                                  "list all\n"
                                                  "field a in z = \"x\" {k} [break {all}]\n"
                                                  "    eg \"x y\" -> \"y\"\n"
                                                  "    eg \"X  y\" -> k \"y\"\n"
                                                  "    eg \"x y⏎⏎one, two\" -> k \"y\", all \"one\", all \"two\"\n"
                                                  "field b in z = 'EXACT' eg \"EXACT\" -> \"\"\n",
                                             NULL);
    size_t examples;
    char *messages;
    depesha_status status = depesha_grammar_check(grammar, &examples, &messages);
    if (messages != NULL)
        print_error("%s", messages);
    assert_int_equal(status, DEPESHA_OK);
    assert_null(messages);
    assert_int_equal(examples, 5);
    depesha_grammar_free(grammar);
}

/* ---- grammars that extend the built-in one --------------------------------------------------------------------- */

static const char mission[] =
    "grammar mission 2 \"Cables of one mission\"\n"
    "include \"soviet\"\n"
    "enum mission_volume\n"
    "    open   = \"open volume\"\n"
    "    closed = (\"closed\" | \"sealed\") \"volume\"\n"
    "key mission.number = number\n"
    "key mission.volume = mission_volume\n"
    "key mission.entered = date\n"
    "field mission_register in header weight 8\n"
    "    = start \"Mission register\" [NO] {mission.number} [COMMA] {mission.volume} {mission.entered}\n"
    "    eg \"Mission register No. 12, open volume 1 May 1946\"\n"
    "        -> mission.number \"12\", mission.volume \"open\", mission.entered \"1946-05-01\"\n"
    "form mission-copy \"Register copy\"\n"
    "    needs mission.number, mission.volume=closed\n"
    "    likes mission.entered\n";

static const char cable[] = "STRICTLY SECRET\n"
                            "\n"
                            "Mission register No. 417, sealed volume 9 May 1946\n"
                            "\n"
                            "The minister asked for us yesterday. He said that the question of the\n"
                            "water shares will be taken up in the spring, and not before it.\n"
                            "\n"
                            "BAKULIN\n";

static const char *value_of(const depesha_document *document, const char *path)
{
    const depesha_value *value = depesha_value_find(document, 0, path);
    return value == NULL ? "(none)" : value->value;
}

static depesha_document *parsed(const depesha_grammar *grammar, const char *text)
{
    depesha_document *document;
    assert_int_equal(depesha_parse(grammar, "cable", text, strlen(text), &document), DEPESHA_OK);
    return document;
}

static void test_extension(void **state)
{
    (void)state;
    depesha_grammar *grammar = compiled_with(mission, NULL);
    depesha_document *document = parsed(grammar, cable);
    assert_int_equal(depesha_document_count(document), 1);
    assert_string_equal(depesha_document_form(document, 0), "mission-copy");
    assert_string_equal(value_of(document, "/cable/mission/number"), "417");
    assert_string_equal(value_of(document, "/cable/mission/volume"), "closed");
    assert_string_equal(value_of(document, "/cable/mission/entered"), "1946-05-09");
    assert_string_equal(value_of(document, "/cable/classification"), "strictly_secret");
    const depesha_value *number = depesha_value_find(document, 0, "/cable/mission/number");
    assert_string_equal(number->production, "mission_register");
    assert_int_equal(number->line, 3);
    assert_int_equal(number->column, 22);
    assert_memory_equal(cable + number->start, "417", number->end - number->start);
    depesha_document_free(document);
    depesha_grammar_free(grammar);
}

static void test_extension_listed(void **state)
{
    (void)state;
    depesha_grammar *grammar = compiled_with(mission, NULL);
    char *text = depesha_grammar_list(grammar);
    assert_non_null(text);
    assert_true(has_line(text, "grammar mission 2: Cables of one mission"));
    assert_true(has_line(text, "  mission-copy "));
    assert_true(has_line(text, "  mission_register "));
    depesha_free(text);
    assert_int_equal(depesha_grammar_show(grammar, "mission_register", &text), DEPESHA_OK);
    assert_true(has_line(text, "field mission_register in header weight 8"));
    depesha_free(text);
    assert_int_equal(depesha_grammar_show(grammar, "no_such_field", &text), DEPESHA_BAD_NAME);
    assert_null(text);
    depesha_grammar_free(grammar);
}

/* needs PATH=CODE: another code, and the form does not fit. */
static void test_form_needs_code(void **state)
{
    (void)state;
    depesha_grammar *grammar = compiled_with(mission, NULL);
    depesha_document *document = parsed(grammar, "Mission register No. 417, open volume 9 May 1946\n");
    assert_string_equal(value_of(document, "/cable/mission/volume"), "open");
    const char *form = depesha_document_form(document, 0);
    assert_true(form == NULL || strcmp(form, "mission-copy") != 0);
    depesha_document_free(document);
    depesha_grammar_free(grammar);
}

/*
 * What a form likes and has decides, with its needs; a form that likes nothing has no more than that it fits, and of
 * equals the first has it. Years and `never` put one out.
 */
static void test_form_choice(void **state)
{
    (void)state;
    static const struct {
        const char *rest, *form;
    } cases[] = {
        {"form b needs k\n    likes n\n", "b"},
        {"form b needs k\n    likes other\n", "b"},
        {"form b needs k\n    likes n, d\nform c needs k\n    likes n\n", "b"},
        {"form b needs k\n    likes n\nform c needs k, d\n    likes n\n", "c"},
        {"form b needs k\n    likes n\nform c needs k\n    likes d\n", "b"},
        {"form b needs k, n\n", "a"},
        {"form b needs k, n\n    likes d\n    never base\n", "a"},
        {"form b needs k, other\n    likes n\n", "a"},
        {"form b needs k, d\n    likes n\n    years 1917 1940\n", "a"},
        {"form b needs k, d\n    likes n\n    years 1917 1950\n", "b"},
        {"form b needs k, other | n\n    likes d\n", "b"},
        {"form b needs base, n=7\n    likes d\n", "b"},
        {"form b needs base, n=8\n    likes d\n", "a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1024];
        snprintf(text, sizeof text, "%s%s%s%s", BASE,
                 "type count integer reads /\\d+/\n"
                 "token DAY = {year /\\d{4}/} /-/ {month /\\d\\d/} /-/ {day /\\d\\d/}\n"
                 "type day date reads DAY\n"
                 "key n = count\nkey d = day\nkey other = word\n",
                 "field count in z = \"n\" {n} eg \"n 5\" -> \"5\"\n"
                 "field day in z = \"on\" {d} eg \"on 1946-05-08\" -> \"1946-05-08\"\n"
                 "form a needs k\n",
                 cases[i].rest);
        depesha_grammar *grammar = compiled_with(text, NULL);
        depesha_document *document = parsed(grammar, "base x\nn 7\non 1946-05-08\n");
        const char *form = depesha_document_form(document, 0);
        if (form == NULL || strcmp(form, cases[i].form) != 0)
            print_error("%s: %s was chosen\n", cases[i].rest, form == NULL ? "no form" : form);
        assert_non_null(form);
        assert_string_equal(form, cases[i].form);
        depesha_document_free(document);
        depesha_grammar_free(grammar);
    }
}

/* What a form needs may be said in several lines, and be more than one thing in each. */
static void test_needs_in_lines(void **state)
{
    (void)state;
    depesha_grammar *grammar = compiled_with(BASE "key n = word\nkey o = word\n"
                                                  "field n in z = \"n\" {n} eg \"n 5\" -> \"5\"\n"
                                                  "field o in z = \"o\" {o} eg \"o 5\" -> \"5\"\n"
                                                  "form f needs k\n    needs n, o\n",
                                             NULL);
    static const struct {
        const char *text, *form;
    } cases[] = {{"base x\nn 7\no 8\n", "f"}, {"base x\nn 7\n", NULL}, {"n 7\no 8\n", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        depesha_document *document = parsed(grammar, cases[i].text);
        const char *form = depesha_document_form(document, 0);
        assert_true(cases[i].form == NULL ? form == NULL : form != NULL && strcmp(form, cases[i].form) == 0);
        depesha_document_free(document);
    }
    depesha_grammar_free(grammar);
}

/* A production may be less certain of what it reads. */
static void test_certainty(void **state)
{
    (void)state;
    depesha_grammar *grammar = compiled_with(
        BASE "field n in z certainty 80 weight 9 = \"perhaps\" {k} eg \"perhaps x\" -> \"x\"\nform f needs k\n", NULL);
    depesha_document *document = parsed(grammar, "perhaps y\n");
    const depesha_value *value = depesha_value_find(document, 0, "/cable/k");
    assert_non_null(value);
    assert_true(value->certainty > 0.79 && value->certainty < 0.81);
    depesha_document_free(document);
    depesha_grammar_free(grammar);
}

/* A file may come from an editor that marks UTF-8, and end within a comment: columns are those that one sees. */
static void test_marked_file(void **state)
{
    (void)state;
    depesha_grammar_free(compiled_with("\xEF\xBB\xBF" BASE "# the end", NULL));
    char *messages = messages_of("\xEF\xBB\xBFkey k word\n" BASE, NULL);
    assert_non_null(messages);
    assert_true(has_line(messages, "t:1:7: expected '=' before the path's type"));
    depesha_free(messages);
}

/* What stands for a sign that is hard to type; a slash within brackets does not end a pattern. */
static void test_escapes(void **state)
{
    (void)state;
    static const struct {
        const char *expression, *text;
    } cases[] = {
        {"\"\\u0042\" {k}", "b x\n"},      {"\"\\u0416\" {k}", "\u0436 x\n"}, {"\"\\u2116\" {k}", "\u2116 x\n"},
        {"\"\\uE000\" {k}", "\uE000 x\n"}, {"\"a\\\"b\" {k}", "a\"b x\n"},    {"\"a\\\\b\" {k}", "a\\b x\n"},
        {"'a\\tb' {k}", "a\tb x\n"},       {"\"a\\nb\" {k}", "a\nb x\n"},     {"\"a\u23CEb\" {k}", "a\nb x\n"},
        {"/[a/]{2}/ {k}", "a/ x\n"},       {"/a\\/b/ {k}", "a/b x\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1024];
        snprintf(text, sizeof text, "%sfield a in z = %s eg \"x\" -> \"x\"\nform f needs k\n", BASE,
                 cases[i].expression);
        depesha_grammar *grammar = compiled_with(text, NULL);
        depesha_document *document = parsed(grammar, cases[i].text);
        if (strcmp(value_of(document, "/cable/k"), "x") != 0)
            fail_msg("%s does not read %s", cases[i].expression, cases[i].text);
        depesha_document_free(document);
        depesha_grammar_free(grammar);
    }
}

/* Each pattern is good, and together they are more than PCRE2 takes. */
static void test_too_large(void **state)
{
    (void)state;
    static const struct wrong wrong = {
        BASE "token A = /(?:\\pL\\d|\\d\\pL){500}/\ntoken B = A A A A A A A A\n"
             "field a in z = \"x\" B B B B eg \"x\" -> \"\"\n",
        {"t:8:7: PCRE2 cannot compile what this becomes: regular expression is too large"},
        true};
    check_all(&wrong, 1);
}

/* Keys are counted by the automaton, in two bytes. */
static void test_too_many_keys(void **state)
{
    (void)state;
    enum { KEYS = 4001, LINE = 24 };
    static const char head[] = "grammar t 1 \"t\"\ninclude \"soviet\"\n";
    char *text = malloc(sizeof head + (size_t)KEYS * LINE), *messages = NULL;
    depesha_grammar *grammar = NULL;
    assert_non_null(text);
    size_t size = (size_t)snprintf(text, sizeof head, "%s", head);
    for (int i = 0; i < KEYS; i++)
        size += (size_t)snprintf(text + size, LINE, "key own%d = place\n", i);
    assert_int_equal(depesha_grammar_compile("t", text, size, NULL, NULL, &grammar, &messages), DEPESHA_BAD_GRAMMAR);
    assert_non_null(strstr(messages, "a record can have 4000 keys at most"));
    depesha_free(messages);
    free(text);
}

static void test_status_texts(void **state)
{
    (void)state;
    for (depesha_status status = DEPESHA_OK; status <= DEPESHA_UNWRITTEN; status++) {
        assert_string_not_equal(depesha_status_text(status), "unknown status");
        for (depesha_status other = DEPESHA_OK; other < status; other++)
            assert_string_not_equal(depesha_status_text(status), depesha_status_text(other));
    }
    assert_string_equal(depesha_status_text((depesha_status)(DEPESHA_UNWRITTEN + 1)), "unknown status");
}

/* Of equals the user's own form goes before one of a file that it includes. */
static void test_own_form(void **state)
{
    (void)state;
    struct file files[] = {{"old", BASE "form a needs k\n"}, {NULL, NULL}};
    depesha_grammar *grammar = compiled_with("grammar own\ninclude \"old\"\nform b needs k\nform c needs k\n", files);
    depesha_document *document = parsed(grammar, "base x\n");
    assert_string_equal(depesha_document_form(document, 0), "b");
    depesha_document_free(document);
    depesha_grammar_free(grammar);
}

/* Another file adds words to an enumeration: to a code that is there, and with a code of its own. */
static void test_reopened_enumeration(void **state)
{
    (void)state;
    depesha_grammar *grammar = compiled_with("grammar more\n"
                                             "include \"soviet\"\n"
                                             "enum precedence\n"
                                             "    urgent  = \"PRESSING\"\n"
                                             "    at_dawn = \"BEFORE DAYBREAK\"\n",
                                             NULL);
    depesha_document *document = parsed(grammar, "STRICTLY SECRET\nPRESSING\n");
    assert_string_equal(value_of(document, "/cable/precedence"), "urgent");
    depesha_document_free(document);
    document = parsed(grammar, "STRICTLY SECRET\nBefore daybreak\n");
    assert_string_equal(value_of(document, "/cable/precedence"), "at_dawn");
    depesha_document_free(document);
    document = parsed(grammar, "STRICTLY SECRET\nURGENT\n");
    assert_string_equal(value_of(document, "/cable/precedence"), "urgent");
    depesha_document_free(document);
    depesha_grammar_free(grammar);
}

static void test_builtin(void **state)
{
    (void)state;
    size_t size, examples;
    char *messages;
    const char *text = depesha_builtin("soviet", &size);
    assert_non_null(text);
    assert_null(depesha_builtin("no such grammar", &size));
    depesha_grammar *grammar;
    assert_int_equal(depesha_grammar_compile("soviet", text, size, NULL, NULL, &grammar, &messages), DEPESHA_OK);
    depesha_status status = depesha_grammar_check(grammar, &examples, &messages);
    if (messages != NULL)
        print_error("%s", messages);
    assert_int_equal(status, DEPESHA_OK);
    assert_true(examples > 50);
    depesha_grammar_free(grammar);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_expressions),
        cmocka_unit_test(test_deep_brackets),
        cmocka_unit_test(test_statements),
        cmocka_unit_test(test_enumerations_and_types),
        cmocka_unit_test(test_zones),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_caret),
        cmocka_unit_test(test_no_messages_wanted),
        cmocka_unit_test(test_include_missing),
        cmocka_unit_test(test_include_cycle),
        cmocka_unit_test(test_include_endless),
        cmocka_unit_test(test_include_error),
        cmocka_unit_test(test_include_twice),
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_examples_of_values),
        cmocka_unit_test(test_unnamed),
        cmocka_unit_test(test_as_large_as_builtin),
        cmocka_unit_test(test_good_examples),
        cmocka_unit_test(test_extension),
        cmocka_unit_test(test_extension_listed),
        cmocka_unit_test(test_form_needs_code),
        cmocka_unit_test(test_form_choice),
        cmocka_unit_test(test_needs_in_lines),
        cmocka_unit_test(test_certainty),
        cmocka_unit_test(test_marked_file),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_too_many_keys),
        cmocka_unit_test(test_status_texts),
        cmocka_unit_test(test_own_form),
        cmocka_unit_test(test_reopened_enumeration),
        cmocka_unit_test(test_builtin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
