/* A grammar from any bytes: it compiles, or there are messages; what compiles can be listed, checked, shown, and used.
 */
#include "harness.h"

#include <string.h>

static void use(const depesha_grammar *grammar, const uint8_t *bytes, size_t size)
{
    char *messages = NULL, *list = depesha_grammar_list(grammar), *shown = NULL;
    size_t examples = 0;
    depesha_status status = depesha_grammar_check(grammar, &examples, &messages);
    harness_require((status == DEPESHA_OK) == (messages == NULL), "a check that fails says why");
    harness_require(list != NULL, "a grammar can be listed");
    depesha_free(messages);
    depesha_free(list);
    depesha_grammar_show(grammar, NULL, &shown);
    depesha_free(shown);
    depesha_document *document = NULL;
    harness_require(depesha_parse(grammar, "itself", bytes, size, &document) == DEPESHA_OK, "it reads its own text");
    size_t end =
        depesha_leaf_count(document) == 0 ? 0 : depesha_leaf_at(document, depesha_leaf_count(document) - 1).end;
    harness_require(end == size, "leaves end with the text");
    depesha_document_free(document);
    const depesha_recipe recipe = {.seed = size};
    depesha_generator *generator = NULL;
    char *text = NULL;
    harness_require(depesha_generator_new(grammar, &recipe, &generator) == DEPESHA_OK, "it may write");
    status = depesha_generate(generator, &text, &size, NULL);
    harness_require((status == DEPESHA_OK) == (text != NULL), "it writes, or says that it does not");
    depesha_free(text);
    depesha_generator_free(generator);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    depesha_grammar *grammar = NULL;
    char *messages = NULL;
    depesha_status status = depesha_grammar_compile("fuzz", (const char *)bytes, size, NULL, NULL, &grammar, &messages);
    harness_require((status == DEPESHA_OK) == (grammar != NULL), "there is a grammar, or none");
    harness_require((status == DEPESHA_BAD_GRAMMAR) == (messages != NULL), "messages are for what is wrong");
    harness_require(messages == NULL || strncmp(messages, "fuzz:", 5) == 0 || strstr(messages, ": ") != NULL,
                    "messages have their place");
    if (grammar != NULL)
        use(grammar, bytes, size);
    depesha_free(messages);
    depesha_grammar_free(grammar);
    return 0;
}
