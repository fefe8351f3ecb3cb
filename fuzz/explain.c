/* Explanations: of the whole, and of one production (chosen by the first byte) on one line (by the second). */
#include "harness.h"

#include "grammar.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const uint8_t none[2] = {0, 0}, *choice = size < 2 ? none : bytes;
    depesha_document *document = harness_parse(bytes, size);
    char *text = depesha_explain(document);
    harness_require(text != NULL && harness_is_utf8(text, strlen(text)), "an explanation is UTF-8");
    depesha_free(text);
    const struct field *field = harness_grammar()->fields;
    for (size_t i = 0; i < choice[0] && field->next != NULL; i++)
        field = field->next;
    depesha_status status = depesha_why_not(document, field->name, choice[1] % 8, &text);
    harness_require((status == DEPESHA_OK) == (text != NULL), "there is a text, or a reason why not");
    harness_require(text == NULL || harness_is_utf8(text, strlen(text)), "the reason is UTF-8");
    depesha_free(text);
    depesha_document_free(document);
    return 0;
}
