/* Findings: each has its rule, a place in the input, and a message on one line. */
#include "harness.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    depesha_document *document = harness_parse(bytes, size);
    for (size_t n = 0; n < depesha_document_count(document); n++)
        for (size_t i = 0; i < depesha_finding_count(document, n); i++) {
            const depesha_finding *finding = depesha_finding_at(document, n, i);
            harness_require(finding->rule != NULL && *finding->rule != '\0', "a finding has a rule");
            harness_require(finding->start <= finding->end && finding->end <= size, "a finding has its place");
            harness_require(finding->line > 0 && finding->column > 0, "a finding has a line and a column");
            harness_require(harness_is_utf8(finding->message, strlen(finding->message)), "a message is UTF-8");
        }
    depesha_document_free(document);
    return 0;
}
