/* Encodings: any bytes become UTF-8, with a way back to each byte. */
#include "text.h"

#include "harness.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static jmp_buf escape;
    static struct arena arena;
    static struct text text;
    arena = (struct arena){.escape = &escape};
    harness_require(setjmp(escape) == 0, "there is memory");
    text_read(&arena, bytes, size, &text);
    harness_require(text.source_size == size, "the size is kept");
    harness_require(harness_is_utf8(text.at, text.size) && text.at[text.size] == '\0', "a text is UTF-8");
    harness_require(text.encoding != NULL && *text.encoding != '\0', "its encoding has a name");
    harness_require(text_source(&text, 0) == 0, "the text begins where the input does");
    harness_require(text.size == 0 || text_source(&text, text.size) == size, "and ends where it ends");
    size_t before = 0;
    for (size_t at = 0; at <= text.size; at++) {
        size_t source = text_source(&text, at);
        harness_require(source >= before && source <= size, "offsets never fall");
        before = source;
    }
    harness_require(text.bad_count <= TEXT_BAD && text.bad_count <= text.bad_total, "bad places are counted");
    harness_require(text.damaged == (text.bad_total > 0), "and told");
    for (size_t i = 0; i < text.bad_count; i++)
        harness_require(text.bad[i] < size && (i == 0 || text.bad[i] > text.bad[i - 1]), "bad places rise");
    arena_free(&arena);
    return 0;
}
