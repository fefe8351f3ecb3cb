/* Cables that the grammar writes, by any seed, form, language and damage: they are read like any other. */
#include "harness.h"

#include "grammar.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const depesha_grammar *grammar = harness_grammar();
    uint8_t choice[8] = {0};
    memcpy(choice, bytes, size < sizeof choice ? size : sizeof choice);
    depesha_recipe recipe = {.seed = (unsigned long long)choice[0] | (unsigned long long)choice[1] << 8};
    const struct field *field = grammar->fields;
    for (size_t i = 0; i < choice[2] + 4U * (choice[3] & 1) && field->next != NULL; i++)
        field = field->next;
    if (choice[4] % 4 != 0)
        recipe.production = field->name;
    recipe.language = choice[5] % 3 == 0   ? NULL
                      : choice[5] % 3 == 1 ? grammar->languages->name
                                           : grammar->languages->next->name;
    recipe.damage = choice[6] < 128 ? 0 : choice[6] - 128;
    depesha_generator *generator = NULL;
    harness_require(depesha_generator_new(grammar, &recipe, &generator) == DEPESHA_OK, "the names are known");
    for (int i = 0; i < 2; i++) {
        char *text = NULL;
        depesha_document *meant = NULL;
        depesha_status status = depesha_generate(generator, &text, &size, &meant);
        harness_require(status == DEPESHA_OK || status == DEPESHA_UNWRITTEN, "it writes, or says that it does not");
        harness_require((status == DEPESHA_OK) == (text != NULL) && (text != NULL) == (meant != NULL),
                        "all or nothing");
        harness_require(text == NULL || harness_is_utf8(text, size), "what it writes is UTF-8");
        depesha_document_free(meant);
        depesha_free(text);
    }
    depesha_generator_free(generator);
    return 0;
}
