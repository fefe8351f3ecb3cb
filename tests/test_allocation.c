/*
 * The n-th allocation fails, and from the n-th on all of them fail, for n = 1, 2, ... until the work succeeds: each
 * time the answer is "out of memory" or the right one, and nothing is leaked (under the address sanitizer). The linker
 * leads the library's calls of malloc here; PCRE2 has its memory from the library, cJSON by its hooks. Of many
 * allocations only some are tried: all if THOROUGH is set in the environment, else the first 60, or as many as
 * ALLOCATIONS says, and ever fewer of the others.
 */
#include "arena.h"
#include "depesha.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1000000, EACH = 60, PART = 6 };

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

/* The n-th allocation fails, counted from 1, and if `on` all behind it; 0: none. */
static struct {
    size_t nth, seen;
    bool on;
} failure;

static bool fails(void)
{
    if (failure.nth == 0)
        return false;
    failure.seen++;
    return failure.on ? failure.seen >= failure.nth : failure.seen == failure.nth;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

/* ---- what is done --------------------------------------------------------------------------- */

static const char own_rules[] = "grammar mine 1 \"Mine\"\n"
                                "include \"soviet\"\n"
                                "include \"beside\"\n"
                                "key register.number = number\n"
                                "field register_number in header weight 6\n"
                                "    = start (\"Register\" | \"Реестр\") NO {register.number}\n"
                                "    eg \"Register № 204\" -> \"204\"\n"
                                "form consulate \"consulate\"\n"
                                "    needs register_number\n";
static const char wrong_rules[] =
    "grammar wrong 1\nzone a starts line -4 next b\nfield f in a = \"x\" {k\nform\nkey k = t\n"
    "token A = /(/ | B\ntype t number reads /\\d+/\n";
static const char cable[] = "NKID\n10TH DEPARTMENT\nOutgoing № 7315  Form № 18\nReceived at 2140, 3 March 1946\n"
                            "Sent at 2315, 31 February 1946\nTOP SECRET  Spets. № 212-214\n"
                            "to where ANKARA to whom TO VINOGRADOV, PETROV and SIDOROV\n\n"
                            "Your No. 406. Say that the answer will be given in Moscow [and so on.\n\nV. DEKANOZOV\n\n"
                            "2 copies Ks\n3 March 1946\n1. Cde. Molotov\n2. 10th department\n";

static depesha_grammar *grammar;
static depesha_document *document, *several;
static char *several_json; /* all its records */

/* A piece of work: its result as a text that free() frees, or NULL if there was no memory. */
typedef char *working(void);

static char *beside(void *context, const char *from, const char *name, size_t *size)
{
    static const char text[] = "grammar beside 1\nenum precedence\n    urgent = \"PRESSING\"\n";
    (void)context;
    (void)from;
    if (strcmp(name, "beside") != 0)
        return NULL;
    char *copy = malloc(sizeof text);
    *size = sizeof text - 1;
    return copy == NULL ? NULL : memcpy(copy, text, sizeof text);
}

static char *copied(const char *text)
{
    return strcpy(__real_malloc(strlen(text) + 1), text);
}

static char *compile(const char *rules, size_t size)
{
    depesha_grammar *made;
    char *messages;
    depesha_status status = depesha_grammar_compile("rules", rules, size, beside, NULL, &made, &messages);
    char *result = status == DEPESHA_NO_MEMORY ? NULL : messages != NULL ? copied(messages) : copied("compiled");
    assert_true((status == DEPESHA_OK) == (made != NULL));
    depesha_free(messages);
    depesha_grammar_free(made);
    return result;
}

static char *compile_builtin(void)
{
    size_t size;
    const char *rules = depesha_builtin("soviet", &size);
    return compile(rules, size);
}

static char *compile_own(void)
{
    char *result = compile(own_rules, sizeof own_rules - 1);
    /* A loader without memory has no text to give, and that is what is said. */
    if (result != NULL && strstr(result, "there is no grammar 'beside'") != NULL) {
        free(result);
        return NULL;
    }
    return result;
}

static char *compile_wrong(void)
{
    return compile(wrong_rules, sizeof wrong_rules - 1);
}

static char *check_grammar(void)
{
    size_t examples;
    char *messages;
    depesha_status status = depesha_grammar_check(grammar, &examples, &messages);
    assert_true(status == DEPESHA_OK || status == DEPESHA_NO_MEMORY);
    return status == DEPESHA_NO_MEMORY ? NULL : copied("good");
}

static char *check_cables(void)
{
    depesha_batch *batch;
    if (depesha_batch_make(grammar, &batch) != DEPESHA_OK)
        return NULL;
    depesha_status status = DEPESHA_OK;
    for (size_t i = 0; i < 2 && status == DEPESHA_OK; i++)
        status = depesha_batch_add(batch, document);
    if (status == DEPESHA_OK)
        status = depesha_batch_check(batch);
    assert_true(status == DEPESHA_OK || status == DEPESHA_NO_MEMORY);
    char line[80];
    snprintf(line, sizeof line, "%zu findings", depesha_batch_finding_count(batch));
    depesha_batch_free(batch);
    return status == DEPESHA_OK ? copied(line) : NULL;
}

static char *explain_rule(void)
{
    char *text;
    assert_true((depesha_rule_explain(grammar, "bracket-unclosed", &text) == DEPESHA_OK) == (text != NULL));
    return text;
}

static char *list_grammar(void)
{
    return depesha_grammar_list(grammar);
}

static char *show_grammar(void)
{
    char *text;
    assert_true((depesha_grammar_show(grammar, "sent_at", &text) == DEPESHA_OK) == (text != NULL));
    return text;
}

static char *parse(const void *bytes, size_t size)
{
    depesha_document *made;
    depesha_status status = depesha_parse(grammar, "cable", bytes, size, &made);
    assert_true((status == DEPESHA_OK) == (made != NULL));
    assert_true(status == DEPESHA_OK || status == DEPESHA_NO_MEMORY);
    char line[200];
    if (made == NULL)
        return NULL;
    snprintf(line, sizeof line, "%s %zu values %zu findings %zu leaves", depesha_document_form(made, 0),
             depesha_value_count(made, 0), depesha_finding_count(made, 0), depesha_leaf_count(made));
    depesha_document_free(made);
    return copied(line);
}

static char *parse_cable(void)
{
    return parse(cable, sizeof cable - 1);
}

/* Once there is memory again, what failed before has left nothing behind in the grammar. */
static void parse_again(const char *result)
{
    size_t nth = failure.nth;
    failure.nth = 0;
    char *again = parse_cable();
    assert_non_null(again);
    if (result != NULL)
        assert_string_equal(again, result);
    free(again);
    failure.nth = nth;
}

/* With a grammar of its own, in which every pattern is still to be made. */
static char *parse_afresh(void)
{
    depesha_grammar *shared = grammar;
    size_t size;
    const char *rules = depesha_builtin("soviet", &size);
    char *result = NULL;
    if (depesha_grammar_compile("soviet", rules, size, NULL, NULL, &grammar, NULL) == DEPESHA_OK) {
        result = parse_cable();
        parse_again(result);
    }
    depesha_grammar_free(grammar);
    grammar = shared;
    return result;
}

static char *parse_code_page(void)
{
    static const unsigned char bytes[] =
        "\xD8\xC8\xD4\xD0\xD2\xC5\xCB\xC5\xC3\xD0\xC0\xCC\xCC\xC0\r\n\xD1\xF0\xEE\xF7\xED\xEE\r\n";
    return parse(bytes, sizeof bytes - 1);
}

static char *print_record(void)
{
    return depesha_document_json(document, 0, 0);
}

static char *print_evidence(void)
{
    return depesha_document_json(document, 0, DEPESHA_EVIDENCE | DEPESHA_PRETTY);
}

static bool add_piece(void *context, const char *text, size_t size)
{
    size_t *left = context;
    (void)text;
    assert_true(size <= *left);
    *left -= size;
    return true;
}

/* The records of a document of several, each read when it is asked for: written to the end, or not begun. */
static char *write_several(void)
{
    size_t size = strlen(several_json);
    for (size_t n = 0; n < depesha_document_count(several); n++) {
        size_t left = size;
        depesha_status status = depesha_document_write(several, n, DEPESHA_EVIDENCE, add_piece, &left);
        assert_true(status == DEPESHA_OK || status == DEPESHA_NO_MEMORY);
        if (status == DEPESHA_NO_MEMORY) {
            assert_int_equal(left, size);
            return NULL;
        }
        size = left;
    }
    assert_int_equal(size, 0);
    return copied("written");
}

static char *values_of_several(void)
{
    size_t last = depesha_document_count(several) - 1;
    for (size_t n = 0; n <= last; n++)
        if (depesha_document_open(several, n) != DEPESHA_OK)
            return NULL;
    const depesha_value *value = depesha_value_find(several, last, "/cable/outgoing_number");
    return value == NULL ? NULL : copied(value->text);
}

static char *explain(void)
{
    return depesha_explain(document);
}

static char *why_not(void)
{
    char *text;
    assert_true((depesha_why_not(document, "sent_at", 0, &text) == DEPESHA_OK) == (text != NULL));
    return text;
}

static char *generate(const depesha_recipe *recipe)
{
    depesha_generator *generator;
    depesha_document *meant = NULL;
    char *text = NULL;
    size_t size;
    if (depesha_generator_new(grammar, recipe, &generator) == DEPESHA_OK) {
        depesha_status status = depesha_generate(generator, &text, &size, &meant);
        assert_true((status == DEPESHA_OK) == (text != NULL) && (text != NULL) == (meant != NULL));
        assert_true(status == DEPESHA_OK || status == DEPESHA_NO_MEMORY);
    }
    depesha_document_free(meant);
    depesha_generator_free(generator);
    return text;
}

static char *generate_cable(void)
{
    return generate(&(depesha_recipe){.form = "nkid-outgoing", .language = "en", .seed = 3, .damage = 3});
}

static char *generate_phrase(void)
{
    return generate(&(depesha_recipe){.production = "received_at", .seed = 3});
}

/* ---- failures ------------------------------------------------------------------------------- */

/* The first ones each, then ever fewer. */
static size_t step(size_t n)
{
    const char *wanted = getenv("ALLOCATIONS");
    size_t each = wanted == NULL ? EACH : strtoul(wanted, NULL, 10);
    return n < each || n < PART || getenv("THOROUGH") != NULL ? 1 : n / PART;
}

/* Returns how many failures were tried. */
static size_t fail_each(const char *name, working *work, bool on)
{
    char *right = work();
    assert_non_null(right);
    size_t tried = 0;
    for (size_t n = 1;; n += step(n), tried++) {
        failure.nth = n;
        failure.seen = 0;
        failure.on = on;
        char *result = work();
        failure.nth = 0;
        bool reached = failure.seen >= n;
        if (result != NULL && strcmp(result, right) != 0)
            fail_msg("%s, allocation %zu fails: another result:\n%.300s", name, n, result);
        free(result);
        if (!reached && result == NULL)
            fail_msg("%s: no memory, but no allocation failed", name);
        if (!reached)
            break;
        assert_true(n < MOST);
    }
    free(right);
    assert_true(tried > 0);
    return tried;
}

static const struct {
    const char *name;
    working *work;
} works[] = {
    {"compile the built-in grammar", compile_builtin},
    {"compile one's own", compile_own},
    {"compile a wrong one", compile_wrong},
    {"check a grammar", check_grammar},
    {"explain a rule", explain_rule},
    {"check a batch", check_cables},
    {"list it", list_grammar},
    {"show it", show_grammar},
    {"parse", parse_cable},
    {"parse with a fresh grammar", parse_afresh},
    {"parse a code page", parse_code_page},
    {"record", print_record},
    {"evidence", print_evidence},
    {"write several", write_several},
    {"values of several", values_of_several},
    {"explain", explain},
    {"why not", why_not},
    {"generate a cable", generate_cable},
    {"generate a phrase", generate_phrase},
};

static void test_failures(void **state)
{
    size_t all = 0;
    (void)state;
    for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
        size_t once = fail_each(works[i].name, works[i].work, false);
        size_t on = fail_each(works[i].name, works[i].work, true);
        print_message("%-30s %6zu failures, %6zu lasting ones\n", works[i].name, once, on);
        all += once + on;
    }
    print_message("%zu allocation failures, each of them answered\n", all);
}

/* Small ones are copied, large ones enlarged where they are. */
static void test_arrays_stay(void **state)
{
    static const size_t wants[] = {100, 100000};
    static jmp_buf escape;
    (void)state;
    for (volatile size_t i = 0; i < sizeof wants / sizeof *wants; i++) {
        static struct arena arena;
        static size_t room;
        static char *at;
        arena = (struct arena){.escape = &escape};
        room = 0;
        if (setjmp(escape) == 0) {
            at = arena_grow(&arena, NULL, 0, &room, wants[i], 1);
            failure.nth = 1;
            failure.seen = 0;
            at = arena_grow(&arena, at, 1, &room, 1000 * wants[i], 1);
            fail_msg("there was no memory");
        }
        failure.nth = 0;
        assert_true(room >= wants[i] && room < 1000 * wants[i]);
        at[wants[i] - 1] = 'a';
        arena_free(&arena);
    }
}

static bool open_several(void)
{
    enum { COPIES = 3, LINES = 600 };
    static const char line[] = "The answer will be given in a few days, as was agreed upon.\n";
    static char text[COPIES * (sizeof cable + LINES * sizeof line)]; /* too much for the memory that is kept at hand */
    size_t size = 0, all = 0, head = (size_t)(strstr(cable, "Your No.") - cable);
    for (size_t i = 0; i < COPIES; i++) {
        memcpy(text + size, cable, head);
        size += head;
        for (size_t n = 0; n < LINES; n++, size += sizeof line - 1)
            memcpy(text + size, line, sizeof line - 1);
        memcpy(text + size, cable + head, sizeof cable - 1 - head);
        size += sizeof cable - 1 - head;
        text[size++] = '\n';
    }
    if (depesha_parse(grammar, "several", text, size, &several) != DEPESHA_OK || depesha_document_count(several) < 2)
        return false;
    several_json = calloc(1, 1);
    for (size_t n = 0; n < depesha_document_count(several); n++) {
        char *json = depesha_document_json(several, n, DEPESHA_EVIDENCE);
        several_json = realloc(several_json, all + strlen(json) + 1);
        memcpy(several_json + all, json, strlen(json) + 1);
        all += strlen(json);
        depesha_free(json);
    }
    return true;
}

static int open_all(void **state)
{
    size_t size;
    const char *rules = depesha_builtin("soviet", &size);
    cJSON_Hooks hooks = {__wrap_malloc, free};
    (void)state;
    cJSON_InitHooks(&hooks);
    if (depesha_grammar_compile("soviet", rules, size, NULL, NULL, &grammar, NULL) != DEPESHA_OK)
        return -1;
    return depesha_parse(grammar, "cable", cable, sizeof cable - 1, &document) == DEPESHA_OK && open_several() ? 0 : -1;
}

static int close_all(void **state)
{
    (void)state;
    depesha_document_free(several);
    free(several_json);
    depesha_document_free(document);
    depesha_grammar_free(grammar);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_arrays_stay), cmocka_unit_test(test_failures)};
    return cmocka_run_group_tests(tests, open_all, close_all);
}
