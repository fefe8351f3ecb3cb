/*
 * Batches: cables that follow one another in the input, each document between two form feeds, and the first once more.
 * What is found has its rule, which can be explained, and its place.
 */
#include "harness.h"

#include <string.h>

enum { MOST = 16 };

static void look_at(const depesha_batch_finding *found, size_t size)
{
    char *text = NULL;
    const depesha_finding *finding = &found->finding;
    harness_require(found->source != NULL && found->line_text != NULL, "a finding names a document and shows a line");
    harness_require(harness_is_utf8(finding->message, strlen(finding->message)), "a message is UTF-8");
    harness_require(finding->start <= finding->end && finding->end <= size, "a finding has its place");
    harness_require(finding->line > 0 && finding->column > 0, "a finding has a line and a column");
    harness_require(depesha_rule_explain(harness_grammar(), finding->rule, &text) == DEPESHA_OK,
                    "its rule can be explained");
    harness_require(harness_is_utf8(text, strlen(text)), "an explanation is UTF-8");
    depesha_free(text);
}

static void add(depesha_batch *batch, const uint8_t *bytes, size_t size)
{
    depesha_document *document = harness_parse(bytes, size);
    harness_require(depesha_batch_add(batch, document) == DEPESHA_OK, "a document can be added");
    depesha_document_free(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    depesha_batch *batch = NULL;
    size_t first = size, count = 0;
    harness_require(depesha_batch_make(harness_grammar(), &batch) == DEPESHA_OK, "there is memory");
    for (size_t at = 0; at < size && count < MOST; count++) {
        const uint8_t *end = memchr(bytes + at, '\f', size - at);
        size_t length = end == NULL ? size - at : (size_t)(end - bytes) - at;
        add(batch, bytes + at, length);
        first = count == 0 ? length : first;
        at += length + 1;
    }
    add(batch, bytes, first);
    harness_require(depesha_batch_check(batch) == DEPESHA_OK, "a batch can be checked");
    for (size_t i = 0; i < depesha_batch_finding_count(batch); i++)
        look_at(depesha_batch_finding_at(batch, i), size);
    harness_require(depesha_batch_finding_at(batch, depesha_batch_finding_count(batch)) == NULL, "findings end");
    depesha_batch_free(batch);
    return 0;
}
