/* Records as JSON: valid, in UTF-8, the same when read back. */
#include "harness.h"

#include <cjson/cJSON.h>
#include <string.h>

static void look_at(const depesha_document *document, size_t n, unsigned flags)
{
    char *text = depesha_document_json(document, n, flags);
    harness_require(text != NULL, "a record can be printed");
    harness_require(harness_is_utf8(text, strlen(text)), "a record is UTF-8");
    harness_require((flags & DEPESHA_PRETTY) != 0 || strchr(text, '\n') == NULL, "a compact record is one line");
    cJSON *back = cJSON_Parse(text), *record = depesha_document_cjson(document, n, flags);
    harness_require(back != NULL && record != NULL && cJSON_Compare(back, record, true), "a record is valid JSON");
    cJSON_Delete(back);
    cJSON_Delete(record);
    depesha_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    depesha_document *document = harness_parse(bytes, size);
    for (size_t n = 0; n < depesha_document_count(document); n++)
        look_at(document, n, n % 2 == 0 ? 0 : DEPESHA_PRETTY);
    depesha_document_free(document);
    return 0;
}
