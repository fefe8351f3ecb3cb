/* Web pages: any bytes, read as a page, are text with a way back to each byte. */
#include "html.h"

#include "harness.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static jmp_buf escape;
    static struct arena arena;
    static struct text text, page;
    arena = (struct arena){.escape = &escape};
    harness_require(setjmp(escape) == 0, "there is memory");
    text_read(&arena, bytes, size, &text);
    page = text;
    (void)html_is(&text);
    const char *why = html_read(&arena, &text);
    harness_require(why == NULL || (*why != '\0' && text.at == page.at && text.size == page.size),
                    "a page that cannot be read stays as it was");
    harness_require(text.source_size == size, "the size is kept");
    harness_require(harness_is_utf8(text.at, text.size) && text.at[text.size] == '\0', "what a page shows is UTF-8");
    harness_require(memchr(text.at, '\0', text.size) == NULL || why != NULL, "and has no NUL in it");
    size_t before = 0;
    for (size_t at = 0; at <= text.size; at++) {
        size_t source = text_source(&text, at);
        harness_require(source >= before && source <= size, "offsets never fall");
        harness_require(text_source_end(&text, at, text.size) >= source, "a stretch ends behind its start");
        before = source;
    }
    arena_free(&arena);
    return 0;
}
