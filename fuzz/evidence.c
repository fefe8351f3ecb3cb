/* Evidence: one entry for each value, its text found in the input where it says. */
#include "harness.h"

#include <cjson/cJSON.h>
#include <string.h>

static size_t number(const cJSON *entry, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(entry, name);
    harness_require(cJSON_IsNumber(item), "an entry has its numbers");
    return (size_t)item->valuedouble;
}

static bool may_be_page(const uint8_t *bytes, size_t size)
{
    size_t at = 0;
    while (at < size && memchr(" \t\r\n\f", bytes[at], 5) != NULL)
        at++;
    return at < size && bytes[at] == '<';
}

/* Lines of a column of print: what they cite has the other column's between them. */
static bool is_in_column(const char *text, const char *bytes, size_t size)
{
    if (strchr(text, '\n') == NULL || strlen(text) >= size)
        return false;
    for (const char *end; *text != '\0'; text = *end == '\0' ? end : end + 1) {
        size_t at = 0, length = strcspn(text, "\r\n");
        end = text + length;
        while (at + length <= size && memcmp(bytes + at, text, length) != 0)
            at++;
        if (at + length > size)
            return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    depesha_document *document = harness_parse(bytes, size);
    for (size_t n = 0; n < depesha_document_count(document); n++) {
        cJSON *record = depesha_document_cjson(document, n, DEPESHA_EVIDENCE);
        harness_require(record != NULL, "a record with evidence can be made");
        const cJSON *list = cJSON_GetObjectItemCaseSensitive(record, "evidence"), *entry;
        size_t count = 0;
        cJSON_ArrayForEach(entry, list)
        {
            size_t start = number(entry, "start"), end = number(entry, "end");
            const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "text"));
            harness_require(start <= end && end <= size && text != NULL, "an entry cites the input");
            /* Only of UTF-8 without NUL are the bytes the text, and not of a web page. */
            if (size > 0 && !may_be_page(bytes, size) && harness_is_utf8((const char *)bytes, size) &&
                memchr(bytes, 0, size) == NULL && !(size >= 3 && bytes[0] == 0xEF))
                harness_require((end - start == strlen(text) && memcmp(bytes + start, text, end - start) == 0) ||
                                    is_in_column(text, (const char *)bytes + start, end - start),
                                "an entry's text is what the bytes say");
            count++;
        }
        harness_require(count == depesha_value_count(document, n), "each value has its evidence");
        cJSON_Delete(record);
    }
    depesha_document_free(document);
    return 0;
}
