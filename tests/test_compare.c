/* What rules hold against one another in a record, and look for in its text: each predicate by a grammar that has
 * nothing else, so that what is found, and what is not, has one reason. */
#include "depesha.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define HEAD                                                                                                           \
    "grammar c 1\nperiod 1917 1991\nzone z starts line -4 word -2 next t\nzone t body line 0\n"                        \
    "enum rank\n    high = \"SECRET\"\n    low = \"CONFIDENTIAL\"\n"                                                   \
    "token PART = {year /\\d{4}/} [/-/ {month /\\d\\d/} [/-/ {day /\\d\\d/}]]\n"                                       \
    "type date date reads PART\ntype count integer reads /\\d+/\ntype name name reads /[^\\d\\n]+/\n"                  \
    "type note text reads /.+/\ntype number number reads /[\\d\\-\xE2\x80\x93]+/\n"                                    \
    "key a = date\nkey b = date\nkey c = date\nkey n = count\nkey m = count\nkey who.name = name\n"                    \
    "key who.count = count\nkey by = name\nkey note = note\nkey rank = rank\nkey no = number\nlist who\n"              \
    "field a in z = start \"a\" {a} end eg \"a 1946\" -> \"1946\"\n"                                                   \
    "field b in z = start \"b\" {b} end eg \"b 1946\" -> \"1946\"\n"                                                   \
    "field c in z = start \"c\" {c} end eg \"c 1946\" -> \"1946\"\n"                                                   \
    "field n in z = start \"n\" {n} end eg \"n 3\" -> \"3\"\n"                                                         \
    "field m in z = start \"m\" {m} end eg \"m 3\" -> \"3\"\n"                                                         \
    "field who in z = start \"who\" {who.name} [{who.count}] end eg \"who Berg\" -> \"Berg\"\n"                        \
    "field by in z = start \"by\" {by} end eg \"by Berg\" -> \"Berg\"\n"                                               \
    "field note in z = start \"note\" {note} end eg \"note x\" -> \"x\"\n"                                             \
    "field no in z = start \"no\" {no} eg \"no 3\" -> \"3\"\n"                                                         \
    "field rank in z = {rank} eg \"SECRET\" -> \"high\"\n"                                                             \
    "form f needs a | b | c | n | m | who.name | by | note | no | rank\n"

struct looked {
    const char *rule; /* what it looks for */
    const char *text;
    const char *found; /* what is said, in order, or "" */
};

static void found_in(const char *rule, const char *text, char *said, size_t room)
{
    char rules[4096], *messages = NULL;
    depesha_grammar *grammar;
    depesha_document *document;
    size_t used = 0;
    int size = snprintf(rules, sizeof rules, "%srule r warning when %s\n", HEAD, rule);
    assert_in_range(size, 1, sizeof rules - 1);
    if (depesha_grammar_compile("c", rules, (size_t)size, NULL, NULL, &grammar, &messages) != DEPESHA_OK)
        fail_msg("%s", messages);
    assert_int_equal(depesha_parse(grammar, "t", text, strlen(text), &document), DEPESHA_OK);
    *said = '\0';
    for (size_t i = 0; i < depesha_finding_count(document, 0); i++) {
        const depesha_finding *finding = depesha_finding_at(document, 0, i);
        if (strcmp(finding->rule, "r") == 0 && used < room)
            used += (size_t)snprintf(said + used, room - used, "%s%s", used > 0 ? "; " : "", finding->message);
    }
    depesha_document_free(document);
    depesha_grammar_free(grammar);
}

static void check_all(const struct looked *cases, size_t count)
{
    size_t failed = 0;
    for (size_t i = 0; i < count; i++) {
        char said[512];
        found_in(cases[i].rule, cases[i].text, said, sizeof said);
        if (strcmp(said, cases[i].found) != 0) {
            print_error("%s\n---- in\n%s---- says\n%s\n---- and not\n%s\n", cases[i].rule, cases[i].text, said,
                        cases[i].found);
            failed++;
        }
    }
    assert_int_equal(failed, 0);
}

#define CHECK(cases) check_all(cases, sizeof(cases) / sizeof *(cases))

static void test_dates(void **state)
{
    static const char outside[] = "outside says \"{value} {first} {last}\"",
                      apart[] = "apart 3 a, b, c says \"{value} {other} {days}\"",
                      different[] = "different 3 a against b, note reads PART says \"{value} {other} {days}\"",
                      whole[] = "different 3 a against note says \"{value} {other}\"";
    static const struct looked cases[] = {
        {outside, "a 1917-01-01\nb 1991-12-31\n", ""},
        {outside, "a 1916-12-31\n", "1916-12-31 1917 1991"},
        {outside, "a 1992\n", "1992 1917 1991"},
        {apart, "a 1946-03-03\nb 1946-03-04\nc 1946-03-06\n", ""},
        {apart, "a 1946-03-03\nb 1946-03-04\nc 1946-05-03\n", "1946-05-03 1946-03-04 60"},
        {apart, "a 1946-03-03\nb 1946-05-03\n", "1946-05-03 1946-03-03 61"},
        {apart, "a 1946-03\nb 1946-05-03\n", ""},
        {apart, "a 1946\nb 1946-05-03\n", ""},
        {apart, "a 1900-03-03\nb 1946-05-03\n", ""},
        {apart, "a 1946-03-03\n", ""},
        {different, "a 1946-03-03\nb 1946-05-03\n", "1946-05-03 1946-03-03 61"},
        {different, "a 1946-03-03\nb 1946-03-04\n", ""},
        {different, "a 1946-03-03\nb 1900-03-04\n", ""},
        {different, "a 1946-03-03\nb 1946-03\n", ""},
        {different, "a 1946-03-03\nnote of 1946-05-03 and 1946-05-04\n", "1946-03-03 1946-05-03 61"},
        {different, "a 1946-03-03\nnote of 1946-05-03 and 1946-03-04\n", ""},
        {different, "a 1946-03-03\nnote of 1946-15-33 and 1946\n", ""},
        {different, "a 1946-03-03\nnote nothing\n", ""},
        {different, "b 1946-03-03\n", ""},
        {different, "a 1946-03-03\nb 1900-01-01\nnote of 1946-05-03\n", "1946-03-03 1946-05-03 61"},
        {whole, "a 1946-03-03\nnote of 1946-05-03\n", ""},
    };
    (void)state;
    CHECK(cases);
}

static void test_counts(void **state)
{
    static const char unequal[] = "unequal n against who.name, who.count says \"{value} {other}\"",
                      above[] = "above n against m, who.count says \"{value} {other}\"";
    static const struct looked cases[] = {
        {unequal, "n 2\nwho Berg\nwho Lund\n", ""},
        {unequal, "n 3\nwho Berg\nwho Lund\n", "3 2"},
        {unequal, "n 3\nwho Berg 2\nwho Lund\n", ""},
        {unequal, "who Berg\n", ""},
        {unequal, "n 3\n", ""},
        {above, "n 3\nm 2\n", "3 2"},
        {above, "n 2\nm 3\n", ""},
        {above, "n 3\nwho Berg 1\n", "3 1"},
        {above, "n 3\n", ""},
        {above, "m 3\n", ""},
    };
    (void)state;
    CHECK(cases);
}

static void test_ranges(void **state)
{
    static const char reversed[] = "reversed no says \"{value} {why}\"";
    static const struct looked cases[] = {
        {reversed, "no 484-487\n", ""},
        {reversed, "no 487-484\n", "487-484 runs backwards"},
        {reversed, "no 1643-44\n", ""},
        {reversed, "no 1643-4\n", ""},
        {reversed, "no 1649-51\n", ""},
        {reversed, "no 1653-51\n", "1653-51 runs backwards"},
        {reversed, "no 1643-843\n", "1643-843 takes in 201 numbers"},
        {reversed, "no 484 -\n", "484 - breaks off"},
        {reversed, "no 484 \xE2\x80\x93\r\n", "484 \xE2\x80\x93 breaks off"},
        {reversed, "no 484 - x\n", ""},
        {reversed, "no 484 --5\n", "484 -- breaks off"},
        {reversed, "no 484 -- x\n", ""},
        {reversed, "no 484 \xE2\x80\xA6\n", ""},
        {reversed, "no 484  ", ""},
    };
    (void)state;
    CHECK(cases);
}

static void test_names(void **state)
{
    static const char repeated[] = "repeated who.name, who.count says \"{value}\"",
                      respelled[] = "respelled by against who.name says \"{value} {other}\"";
    static const struct looked cases[] = {
        /* At once it has two copies, unless the list has numbers of copies. */
        {repeated, "who Berg\nwho Lund\nwho Berg\n", "Berg"},
        {repeated, "who Berg\nwho Berg\nwho Lund\n", ""},
        {repeated, "who Berg 1\nwho Berg\nwho Lund\n", "Berg"},
        {repeated, "who Berg\nwho Lund\n", ""},
        {respelled, "by Lundberg\nwho Lundborg\n", "Lundberg LUNDBORG"},
        {respelled, "by Lundberg\nwho Lundberg\n", ""},
        {respelled, "by A. Lundberg\nwho O. Lundborg Esq\n", "A. Lundberg LUNDBORG"},
        {respelled, "by Lundberg\nwho Lundborg\nwho Lundberg\n", "Lundberg LUNDBORG"},
        {respelled, "by Berg\nwho Borg\n", ""},
        {respelled, "by Lundberg\nwho \xD0\x9B\xD1\x83\xD0\xBD\xD0\xB4\xD0\xB1\xD0\xB5\xD1\x80\xD0\xB3\n", ""},
        {respelled, "by \xD0\x9B\xD1\x83\xD0\xBD\xD0\xB4\nwho \xD0\x9B\xD1\x83\xD0\xBD\xD0\xB4\xD1\x83\n", ""},
    };
    (void)state;
    CHECK(cases);
}

static void test_signs(void **state)
{
    static const char anywhere[] = "unclosed \"[\" \"]\" \"\xC2\xAB\" \"\xC2\xBB\" says \"{text} {why}\"",
                      in_text[] = "unclosed \"[\" \"]\" in t says \"{text} {why}\"",
                      lost[] = "unclosed \"[\" \"]\" lost (\"\xE2\x96\xA1\") says \"{text} {why}\"";
    static const struct looked cases[] = {
        {anywhere, "note [x]\n", ""},
        {anywhere, "note [x\n", "[ is never closed"},
        {anywhere, "note words]\n", "] closes nothing"},
        {anywhere, "note \xE2\x96\xA1words]\n", "] closes nothing"},
        {anywhere, "note \xC2\xABx\n\n\xC2\xABy\xC2\xBB\n", ""},
        {anywhere, "note \xC2\xABx\n\ny\n", "\xC2\xAB is never closed"},
        {anywhere, "note \xC2\xABx\n\n", "\xC2\xAB is never closed"},
        {anywhere, "note x \xC2\xAE\n", ""},
        {in_text, "note [x\n", ""},
        {lost, "note \xE2\x96\xA1 words] and more\n", ""},
        {lost, "note words] and more\n", "] closes nothing"},
        {lost, "note [x and more\n", "[ is never closed"},
    };
    (void)state;
    CHECK(cases);
}

static void test_words(void **state)
{
    static const char plain[] = "nearly rank says \"{text} {word}\"",
                      by_word[] = "nearly rank (/\\pL+/) says \"{text} {word}\"",
                      anywhere[] = "nearly rank (/\\pL+/) anywhere says \"{text} {word}\"",
                      empty[] = "nearly rank (/\\pL*/) says \"{text} {word}\"",
                      before[] = "nearly rank (/(?<=\\pL)(?= \\d)/) anywhere says \"{text} {word}\"";
    static const struct looked cases[] = {
        {plain, "note x\nSECRXT\n", "SECRXT SECRET"},
        {plain, "note x\nSECRET\n", ""},
        {plain, "note x\nodd words  SECRXT\n", "SECRXT SECRET"},
        {by_word, "note SECRXT x CONFIDENTAIL\n", "SECRXT SECRET; CONFIDENTAIL CONFIDENTIAL"},
        {by_word, "note SECRET\n", ""},
        {anywhere, "note SECRXT x\n", "SECRXT SECRET"},
        {empty, "note SECRXT\n", "SECRXT SECRET"},
        {before, "note SECRXT 7, x SECRXT\n", "SECRXT SECRET"},
    };
    (void)state;
    CHECK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates), cmocka_unit_test(test_counts), cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_names), cmocka_unit_test(test_signs),  cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
