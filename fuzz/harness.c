#include "harness.h"

#include "grammar.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void harness_require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

const depesha_grammar *harness_grammar(void)
{
    static depesha_grammar *grammar;
    size_t size = 0;
    const char *text = depesha_builtin("soviet", &size);
    if (grammar == NULL) {
        depesha_status status = depesha_grammar_compile("soviet", text, size, NULL, NULL, &grammar, NULL);
        harness_require(status == DEPESHA_OK, "the built-in grammar compiles");
        grammar_set_jit(grammar, JIT_ALWAYS); /* the same input goes the same way, whatever came before it */
    }
    return grammar;
}

depesha_document *harness_parse(const uint8_t *bytes, size_t size)
{
    depesha_document *document = NULL;
    depesha_status status = depesha_parse(harness_grammar(), "fuzz", bytes, size, &document);
    harness_require(status == DEPESHA_OK && document != NULL, "every input is a document");
    return document;
}

bool harness_is_utf8(const char *text, size_t size)
{
    uint32_t c;
    for (size_t at = 0, n; at < size; at += n)
        if ((n = text_next(text, size, at, &c)) == 0)
            return false;
    return true;
}
