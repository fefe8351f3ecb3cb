/*
 * What lies ready of the built-in grammar (its image, patterns and states) changes nothing that is read: records,
 * leaves and the grammar itself are held against those of the grammar that is read from its text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "frozen.h"
#include "image.h"

static depesha_grammar *anew;

static depesha_grammar *compiled(const char *name, bool from_text)
{
    depesha_grammar *grammar = NULL;
    size_t size;
    const char *text = depesha_builtin("soviet", &size);
    assert_int_equal(grammar_compile(name, text, size, NULL, NULL, from_text, &grammar, NULL), DEPESHA_OK);
    return grammar;
}

static int set_up(void **state)
{
    (void)state;
    anew = compiled("soviet", true);
    return anew == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    depesha_grammar_free(anew);
    return 0;
}

/* Else nothing here would be tested. */
static void test_is_there(void **state)
{
    (void)state;
    assert_true(image_is_there());
    assert_true(depesha_frozen.plain.state_count > 1000);
    assert_true(depesha_frozen.flat.state_count > 1000);
    assert_int_equal(depesha_frozen.single.gate_count, anew->field_count);
}

static void test_grammar(void **state)
{
    (void)state;
    depesha_grammar *ready = compiled("soviet", false);
    char *texts[4];
    size_t examples[2];
    texts[0] = depesha_grammar_list(anew);
    texts[1] = depesha_grammar_list(ready);
    assert_int_equal(depesha_grammar_show(anew, NULL, &texts[2]), DEPESHA_OK);
    assert_int_equal(depesha_grammar_show(ready, NULL, &texts[3]), DEPESHA_OK);
    assert_string_equal(texts[0], texts[1]);
    assert_string_equal(texts[2], texts[3]);
    for (size_t i = 0; i < 4; i++)
        depesha_free(texts[i]);
    assert_int_equal(depesha_grammar_check(anew, &examples[0], NULL), DEPESHA_OK);
    assert_int_equal(depesha_grammar_check(ready, &examples[1], NULL), DEPESHA_OK);
    assert_int_equal(examples[0], examples[1]);
    depesha_grammar_free(ready);
}

/* The name is the caller's. */
static void test_name(void **state)
{
    (void)state;
    depesha_grammar *ready = compiled("mine", false), *read = compiled("mine", true);
    assert_string_equal(ready->sources->name, "mine");
    assert_string_equal(ready->name, read->name);
    assert_ptr_equal(ready->sources->text, read->sources->text);
    depesha_grammar_free(ready);
    depesha_grammar_free(read);
}

static char *record_of(const depesha_grammar *grammar, const char *text, size_t size)
{
    depesha_document *document = NULL;
    assert_int_equal(depesha_parse(grammar, "text", text, size, &document), DEPESHA_OK);
    char *json = depesha_document_json(document, 0, DEPESHA_EVIDENCE);
    assert_non_null(json);
    depesha_document_free(document);
    return json;
}

static void hold_against(const depesha_grammar *ready, const char *text, size_t size)
{
    char *one = record_of(anew, text, size), *other = record_of(ready, text, size);
    assert_string_equal(one, other);
    depesha_free(one);
    depesha_free(other);
}

/* A grammar that is new for every few texts, for once enough is missed in the tables they are not asked any more. */
static void test_records(void **state)
{
    (void)state;
    enum { TEXTS = 8 };
    for (const struct language *language = anew->languages; language != NULL; language = language->next)
        for (int damage = 0; damage < 9; damage += 4) {
            const depesha_recipe recipe = {.language = language->name, .seed = 1950, .damage = damage};
            depesha_grammar *ready = compiled("soviet", false);
            depesha_generator *generator = NULL;
            assert_int_equal(depesha_generator_new(anew, &recipe, &generator), DEPESHA_OK);
            for (size_t i = 0; i < TEXTS; i++) {
                char *text = NULL;
                size_t size = 0;
                if (depesha_generate(generator, &text, &size, NULL) == DEPESHA_OK) {
                    hold_against(ready, text, size);
                    for (size_t at = 0; at < size; at++) /* as if lines had been joined */
                        text[at] = text[at] == '\n' ? ' ' : text[at];
                    hold_against(ready, text, size);
                }
                depesha_free(text);
            }
            depesha_generator_free(generator);
            depesha_grammar_free(ready);
        }
}

/* Each with tables that nothing has been missed in so far. */
static void test_strange_texts(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "\n\n",
        "TOP \u017FECRET\n\u65E5\u672C\u8A9E Received at 0450, 8 May 1946",
        "\u201CTo where TEHRAN to whom TO SADCHIKOV\u201D",
        "\U0001F600 Copy No. 1 \u4E00\u4E01\u4E02\u4E03",
        "From: PYONGYANG\r\nTo: MOSCOW, VKP(b) CC, to Cdes. MOLOTOV, BERIA\r\n",
        "\u0418\u0437 \u041F\u0435\u043A\u0438\u043D\u0430 \u2116 8924\n\u0421\u0420\u041E\u0427\u041D\u041E",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        depesha_grammar *ready = compiled("soviet", false);
        hold_against(ready, texts[i], strlen(texts[i]));
        depesha_grammar_free(ready);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_there), cmocka_unit_test(test_grammar),       cmocka_unit_test(test_name),
        cmocka_unit_test(test_records),  cmocka_unit_test(test_strange_texts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
