/* Any bytes are a document: leaves that tile them, records with values that cite them. */
#include "harness.h"

#include <string.h>

static void look_at_values(const depesha_document *document, size_t n, size_t size)
{
    size_t count = depesha_value_count(document, n);
    for (size_t i = 0; i < count; i++) {
        const depesha_value *value = depesha_value_at(document, n, i);
        harness_require(value->start <= value->end && value->end <= size, "a value cites bytes of the input");
        harness_require(value->line > 0 && value->column > 0, "a value has a line and a column");
        harness_require(value->certainty > 0 && value->certainty <= 1, "a certainty is above 0, and 1 at most");
        harness_require(*value->path == '/' && *value->value != '\0' && value->production != NULL,
                        "a value has a path, a text and a production");
        harness_require(harness_is_utf8(value->value, strlen(value->value)), "a value is UTF-8");
        harness_require(depesha_value_find(document, n, value->path) != NULL, "a value is found by its path");
    }
    harness_require(depesha_value_at(document, n, count) == NULL, "values end");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    depesha_document *document = harness_parse(bytes, size);
    size_t records = depesha_document_count(document), end = 0;
    harness_require(records >= 1, "a document has a record");
    for (size_t n = 0; n < records; n++)
        look_at_values(document, n, size);
    for (size_t i = 0; i < depesha_leaf_count(document); i++) {
        depesha_leaf leaf = depesha_leaf_at(document, i);
        harness_require(leaf.start == end && leaf.end >= leaf.start, "a leaf begins where the last one ends");
        end = leaf.end;
    }
    harness_require(end == size, "the leaves end where the input ends");
    depesha_document_free(document);
    return 0;
}
