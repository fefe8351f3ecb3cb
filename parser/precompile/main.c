/* Writes the table of parser/precompiled.h as a C file. Runs while the library is built. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "builtin.h"
#include "pattern.h"
#include "precompiled.h"

/* While the table is made there is none. */
const struct precompiled depesha_precompiled[] = {{0, NULL}};
const size_t depesha_precompiled_count = 0;

static size_t write_pattern(const pcre2_code *code, size_t index)
{
    uint8_t *bytes;
    PCRE2_SIZE size;
    if (code == NULL || pcre2_serialize_encode(&code, 1, &bytes, &size, NULL) != 1)
        return 0;
    printf("static const uint8_t p%zu[] = {", index);
    for (size_t i = 0; i < size; i++)
        printf("%s%u,", i % 32 == 0 ? "\n" : "", bytes[i]);
    printf("};\n");
    pcre2_serialize_free(bytes);
    return size;
}

static int write_table(const depesha_grammar *grammar, struct arena *arena)
{
    size_t *sizes = arena_take(arena, grammar->pattern_count + 1, sizeof *sizes);
    printf("/* From make, of the built-in grammar. */\n#include \"precompiled.h\"\n");
    for (const struct cell *cell = grammar->cells; cell != NULL; cell = cell->next)
        if (cell->pattern->kind != PATTERN_FLAT) /* they are rarely needed */
            sizes[cell->pattern->index] =
                write_pattern(pattern_compiled(grammar, cell->pattern, arena)->code, cell->pattern->index);
    printf("const struct precompiled depesha_precompiled[] = {\n");
    for (size_t i = 0; i < grammar->pattern_count; i++)
        if (sizes[i] > 0)
            printf("{%zu, p%zu},\n", sizes[i], i);
        else
            printf("{0, 0},\n");
    printf("{0, 0}};\nconst size_t depesha_precompiled_count = %zu;\n", grammar->pattern_count);
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}

int main(void)
{
    depesha_grammar *grammar = NULL;
    char *messages = NULL;
    jmp_buf escape;
    struct arena arena = {.escape = &escape};
    const struct builtin *builtin = &depesha_builtins[0];
    if (depesha_grammar_compile(builtin->name, builtin->text, builtin->size, NULL, NULL, &grammar, &messages) !=
        DEPESHA_OK) {
        fprintf(stderr, "%s", messages == NULL ? "out of memory\n" : messages);
        return 1;
    }
    int status = setjmp(escape) == 0 ? write_table(grammar, &arena) : 1;
    arena_free(&arena);
    depesha_grammar_free(grammar);
    return status;
}
