/*
 * What holds for every text: generated cables, samples, and both with bytes changed. Of these a sample is tried; all
 * the more if THOROUGH is set in the environment.
 */
#define _POSIX_C_SOURCE 200809L

#include "depesha.h"
#include "grammar.h"
#include "text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <glob.h>
#include <iconv.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 16, MOST_TEXTS = 8192, SEEDS = 1, THOROUGH_SEEDS = 40, FORM_LIMIT = 40 };

struct sample {
    char *bytes;
    size_t size;
    bool changed; /* some of its bytes were */
    bool clean;   /* written by the grammar, without damage */
    bool sample;  /* one of samples/ */
};

static depesha_grammar *grammar;
static struct sample texts[MOST_TEXTS];
static size_t text_count;

/* ---- texts ---------------------------------------------------------------------------------- */

static uint64_t chance = 1946;

static size_t chance_below(size_t limit)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return limit == 0 ? 0 : (size_t)(chance % limit);
}

static void add_text(const char *bytes, size_t size, bool changed, bool clean)
{
    if (text_count == MOST_TEXTS)
        return;
    struct sample *text = &texts[text_count++];
    *text = (struct sample){.bytes = malloc(size + 1), .size = size, .changed = changed, .clean = clean};
    assert_non_null(text->bytes);
    memcpy(text->bytes, bytes, size);
    text->bytes[size] = '\0';
}

/* Bytes are replaced, doubled or lost, pieces are moved. */
static void add_changed(const struct sample *from)
{
    size_t size = from->size, count = 1 + chance_below(12);
    char *bytes = malloc(2 * size + 64);
    assert_non_null(bytes);
    memcpy(bytes, from->bytes, size);
    for (size_t i = 0; i < count && size > 8; i++) {
        size_t at = chance_below(size), other = chance_below(size), length = chance_below(size / 8) + 1;
        length = at + length > size ? size - at : length;
        length = other + length > size ? size - other : length;
        switch (chance_below(4)) {
        case 0:
            bytes[at] = (char)chance_below(256);
            break;
        case 1:
            memmove(bytes + at, bytes + other, length);
            break;
        case 2:
            memmove(bytes + at, bytes + at + length, size - at - length);
            size -= length;
            break;
        default:
            bytes[at] = "\n\t[]{}\"\\\xD0\xFF\0 "[chance_below(12)];
        }
    }
    add_text(bytes, size, true, false);
    free(bytes);
}

static void add_samples(void)
{
    glob_t found = {0};
    assert_int_equal(glob("samples/*.txt", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        static char bytes[1 << 16];
        FILE *file = fopen(found.gl_pathv[i], "rb");
        assert_non_null(file);
        size_t size = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        add_text(bytes, size, false, false);
        texts[text_count - 1].sample = true;
    }
    globfree(&found);
}

static void add_generated(unsigned long long seed, const char *language, double damage, size_t count)
{
    const depesha_recipe recipe = {.language = language, .seed = seed, .damage = damage};
    depesha_generator *generator;
    assert_int_equal(depesha_generator_new(grammar, &recipe, &generator), DEPESHA_OK);
    for (size_t i = 0; i < count; i++) {
        char *bytes;
        size_t size;
        if (depesha_generate(generator, &bytes, &size, NULL) == DEPESHA_OK)
            add_text(bytes, size, false, damage == 0);
        depesha_free(bytes);
    }
    depesha_generator_free(generator);
}

/* ---- documents ------------------------------------------------------------------------------ */

static depesha_document *parse(const depesha_grammar *with, const char *bytes, size_t size)
{
    depesha_document *document;
    assert_int_equal(depesha_parse(with, "text", bytes, size, &document), DEPESHA_OK);
    return document;
}

/* All records with their evidence. */
static char *json_of(const depesha_document *document)
{
    size_t size = 0;
    char *all = calloc(1, 1);
    for (size_t n = 0; n < depesha_document_count(document); n++) {
        char *text = depesha_document_json(document, n, DEPESHA_EVIDENCE);
        assert_non_null(text);
        size_t length = strlen(text);
        all = realloc(all, size + length + 2);
        assert_non_null(all);
        memcpy(all + size, text, length);
        memcpy(all + size + length, "\n", 2);
        size += length + 1;
        depesha_free(text);
    }
    return all;
}

static char *parsed(const depesha_grammar *with, const char *bytes, size_t size)
{
    depesha_document *document = parse(with, bytes, size);
    char *json = json_of(document);
    depesha_document_free(document);
    return json;
}

/* The form, and each value without its place; those of the header only, or all. */
static char *values_of(const char *bytes, size_t size, bool headers)
{
    static const char *const late[] = {"/cable/body", "/annotations", "/unparsed", "/cable/references"};
    depesha_document *document = parse(grammar, bytes, size);
    char *all = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&all, &length);
    for (size_t n = 0; n < depesha_document_count(document); n++) {
        const char *form = depesha_document_form(document, n);
        fprintf(file, "%s\n", form == NULL ? "no cable" : form);
        for (size_t i = 0; i < depesha_value_count(document, n); i++) {
            const depesha_value *value = depesha_value_at(document, n, i);
            bool shown = true;
            for (size_t l = 0; headers && l < sizeof late / sizeof *late; l++)
                shown = shown && strncmp(value->path, late[l], strlen(late[l])) != 0;
            if (shown)
                fprintf(file, "%s %s\n", value->path, value->value);
        }
    }
    fclose(file);
    depesha_document_free(document);
    return all;
}

static bool reached_limit(const char *json)
{
    return strstr(json, "\"match-limit\"") != NULL;
}

static void show(size_t i, const char *what)
{
    fail_msg("%s: text %zu:\n%.*s", what, i, (int)(texts[i].size < 600 ? texts[i].size : 600), texts[i].bytes);
}

/* ---- properties ----------------------------------------------------------------------------- */

static void test_leaves(void **state)
{
    (void)state;
    for (size_t i = 0; i < text_count; i++) {
        depesha_document *document = parse(grammar, texts[i].bytes, texts[i].size);
        size_t end = 0;
        for (size_t n = 0; n < depesha_leaf_count(document); n++) {
            depesha_leaf leaf = depesha_leaf_at(document, n);
            if (leaf.start != end || leaf.end <= leaf.start)
                show(i, "leaves tile the text");
            end = leaf.end;
        }
        if (end != texts[i].size)
            show(i, "leaves reach the end");
        depesha_document_free(document);
    }
}

static void test_record(void **state)
{
    (void)state;
    for (size_t i = 0; i < text_count; i++) {
        depesha_document *document = parse(grammar, texts[i].bytes, texts[i].size);
        char *json = depesha_document_json(document, 0, DEPESHA_EVIDENCE);
        uint32_t c;
        for (size_t at = 0, n, size = strlen(json); at < size; at += n)
            if ((n = text_next(json, size, at, &c)) == 0)
                show(i, "a record is UTF-8");
        cJSON *object = cJSON_ParseWithOpts(json, NULL, true);
        if (!cJSON_IsObject(object))
            show(i, "a record is JSON");
        cJSON_Delete(object);
        depesha_free(json);
        depesha_document_free(document);
    }
}

static void compare(const depesha_grammar *one, const depesha_grammar *other, const char *what)
{
    for (size_t i = 0; i < text_count; i++) {
        char *first = parsed(one, texts[i].bytes, texts[i].size);
        char *second = parsed(other, texts[i].bytes, texts[i].size);
        /* PCRE2 counts in another way in machine code. */
        if (strcmp(first, second) != 0 && !(one != other && (reached_limit(first) || reached_limit(second))))
            show(i, what);
        free(first);
        free(second);
    }
}

static depesha_grammar *fresh_grammar(void)
{
    size_t size;
    const char *rules = depesha_builtin("soviet", &size);
    depesha_grammar *made;
    assert_int_equal(depesha_grammar_compile("soviet", rules, size, NULL, NULL, &made, NULL), DEPESHA_OK);
    return made;
}

static void test_same_again(void **state)
{
    (void)state;
    compare(grammar, grammar, "the same text has the same record");
}

static void test_machine_code(void **state)
{
    depesha_grammar *never = fresh_grammar(), *always = fresh_grammar();
    (void)state;
    grammar_set_jit(never, JIT_NEVER);
    grammar_set_jit(always, JIT_ALWAYS);
    compare(never, always, "machine code reads as the interpreter does");
    depesha_grammar_free(never);
    depesha_grammar_free(always);
}

struct job {
    const depesha_grammar *grammar;
    size_t first;
    char **wanted;
    size_t wrong; /* 0: none; else its index and 1 */
};

static void *do_job(void *argument)
{
    struct job *job = argument;
    for (size_t k = 0; k < text_count && job->wrong == 0; k += 3) {
        size_t i = (job->first + k) % text_count;
        depesha_document *document;
        if (depesha_parse(job->grammar, "text", texts[i].bytes, texts[i].size, &document) != DEPESHA_OK)
            continue;
        char *json = json_of(document);
        depesha_document_free(document);
        if (strcmp(json, job->wanted[i]) != 0 && !reached_limit(json))
            job->wrong = i + 1;
        free(json);
    }
    return NULL;
}

/* All begin with a grammar of which no pattern has been made yet. */
static void test_threads(void **state)
{
    depesha_grammar *shared = fresh_grammar();
    static char *wanted[MOST_TEXTS];
    pthread_t threads[THREADS];
    struct job jobs[THREADS];
    (void)state;
    for (size_t i = 0; i < text_count; i++)
        wanted[i] = parsed(grammar, texts[i].bytes, texts[i].size);
    for (size_t t = 0; t < THREADS; t++) {
        jobs[t] = (struct job){.grammar = shared, .first = t * text_count / THREADS, .wanted = wanted};
        assert_int_equal(pthread_create(&threads[t], NULL, do_job, &jobs[t]), 0);
    }
    for (size_t t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    for (size_t t = 0; t < THREADS; t++)
        if (jobs[t].wrong > 0)
            show(jobs[t].wrong - 1, "threads read as one does");
    for (size_t i = 0; i < text_count; i++)
        free(wanted[i]);
    depesha_grammar_free(shared);
}

/* NULL if the encoding has not all of its characters. */
static char *encoded(const struct sample *text, const char *encoding, size_t *size)
{
    size_t room = text->size * 4 + 4, left = room, from_left = text->size;
    char *bytes = malloc(room), *to = bytes, *from = text->bytes;
    iconv_t conversion = iconv_open(encoding, "UTF-8");
    assert_true(conversion != (iconv_t)-1 && bytes != NULL);
    size_t result = iconv(conversion, &from, &from_left, &to, &left);
    iconv_close(conversion);
    *size = room - left;
    if (result == 0 && from_left == 0)
        return bytes;
    free(bytes);
    return NULL;
}

static void test_encodings(void **state)
{
    static const char *const encodings[] = {"UTF-16", "UTF-32", "WINDOWS-1251"};
    size_t compared[3] = {0};
    (void)state;
    for (size_t i = 0; i < text_count; i++) {
        if (!texts[i].clean)
            continue;
        char *wanted = values_of(texts[i].bytes, texts[i].size, false);
        for (size_t e = 0; e < 3; e++) {
            size_t size;
            char *bytes = encoded(&texts[i], encodings[e], &size);
            /* A code page is told by its Cyrillic letters, and a text of ASCII is no other in it. */
            char *got = bytes == NULL ? NULL : values_of(bytes, size, false);
            if (got != NULL && strcmp(got, wanted) != 0) {
                print_message("%s\n", got);
                show(i, encodings[e]);
            }
            compared[e] += got != NULL;
            free(got);
            free(bytes);
        }
        free(wanted);
    }
    print_message("compared: %zu in UTF-16, %zu in UTF-32, %zu in Windows-1251\n", compared[0], compared[1],
                  compared[2]);
    assert_true(compared[0] > 10 && compared[1] > 10 && compared[2] > 2);
}

/* Noise behind the trailer is nobody's value. */
static void test_noise(void **state)
{
    static const char noise[] = "\n\n□□□\n\n■ ■\n\n";
    size_t same = 0, all = 0;
    (void)state;
    for (size_t i = 0; i < text_count; i++) {
        if (texts[i].changed)
            continue;
        char *longer = malloc(texts[i].size + sizeof noise);
        memcpy(longer, texts[i].bytes, texts[i].size);
        memcpy(longer + texts[i].size, noise, sizeof noise);
        char *wanted = values_of(texts[i].bytes, texts[i].size, true);
        char *got = values_of(longer, texts[i].size + sizeof noise - 1, true);
        all++;
        same += strcmp(wanted, got) == 0;
        if (strcmp(wanted, got) != 0 && getenv("SHOWN") != NULL)
            print_message("---- %zu\n%s----\n%s", i, wanted, got);
        free(wanted);
        free(got);
        free(longer);
    }
    print_message("noise behind the text: %zu of %zu unchanged\n", same, all);
    assert_int_equal(same, all);
}

/* An extract from a protocol encloses a telegram, which has its own header. */
static bool encloses_another(const char *form)
{
    return strcmp(form, "politburo-extract") == 0;
}

/* The body of a sample alone says nothing that a header says. */
static void test_body_alone(void **state)
{
    size_t empty = 0, all = 0;
    (void)state;
    for (size_t i = 0; i < text_count; i++) {
        if (!texts[i].sample)
            continue;
        depesha_document *document = parse(grammar, texts[i].bytes, texts[i].size);
        char *body = malloc(texts[i].size + 1);
        size_t size = 0;
        assert_non_null(body);
        for (size_t n = 0; n < depesha_leaf_count(document); n++) {
            depesha_leaf leaf = depesha_leaf_at(document, n);
            if (strcmp(leaf.kind, "body") != 0)
                continue;
            memcpy(body + size, texts[i].bytes + leaf.start, leaf.end - leaf.start);
            size += leaf.end - leaf.start;
        }
        const char *form = depesha_document_form(document, 0);
        if (form != NULL && !encloses_another(form) && depesha_document_count(document) == 1 && size > 0) {
            char *values = values_of(body, size, true);
            all++;
            empty += strcmp(values, "no cable\n") == 0;
            if (strcmp(values, "no cable\n") != 0 && getenv("SHOWN") != NULL)
                print_message("---- %zu\n%s", i, values);
            free(values);
        }
        free(body);
        depesha_document_free(document);
    }
    print_message("bodies alone: %zu of %zu without a header's value\n", empty, all);
    assert_true(all > 20 && empty == all);
}

static int open_all(void **state)
{
    bool thorough = getenv("THOROUGH") != NULL;
    (void)state;
    grammar = fresh_grammar();
    add_samples();
    for (unsigned long long seed = 1; seed <= (thorough ? THOROUGH_SEEDS : SEEDS); seed++) {
        add_generated(seed, "en", 0, FORM_LIMIT / 2);
        add_generated(seed, "ru", 0, FORM_LIMIT / 2);
        add_generated(seed, NULL, 3, FORM_LIMIT / 4);
    }
    for (size_t i = 0, count = text_count; i < count; i++)
        add_changed(&texts[i]);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < text_count; i++)
        free(texts[i].bytes);
    depesha_grammar_free(grammar);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaves),       cmocka_unit_test(test_record),     cmocka_unit_test(test_same_again),
        cmocka_unit_test(test_machine_code), cmocka_unit_test(test_threads),    cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_noise),        cmocka_unit_test(test_body_alone),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
