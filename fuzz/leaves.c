/* Leaves: kinds that the contract knows, whose texts, put together, are the input. */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

static bool is_kind(const char *kind)
{
    static const char *const kinds[] = {"label", "value", "body", "annotation", "noise", "unparsed"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i], kind) == 0)
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    depesha_document *document = harness_parse(bytes, size);
    uint8_t *whole = malloc(size + 1);
    size_t done = 0;
    harness_require(whole != NULL, "there is memory");
    for (size_t i = 0; i < depesha_leaf_count(document); i++) {
        depesha_leaf leaf = depesha_leaf_at(document, i);
        harness_require(leaf.end <= size && leaf.start <= leaf.end && leaf.end - leaf.start <= size - done,
                        "a leaf lies in the input");
        harness_require(is_kind(leaf.kind), "a leaf is of a known kind");
        harness_require((leaf.path != NULL) == (strcmp(leaf.kind, "value") == 0), "values have paths");
        memcpy(whole + done, bytes + leaf.start, leaf.end - leaf.start);
        done += leaf.end - leaf.start;
    }
    harness_require(done == size && (size == 0 || memcmp(whole, bytes, size) == 0), "the leaves are the input");
    free(whole);
    depesha_document_free(document);
    return 0;
}
