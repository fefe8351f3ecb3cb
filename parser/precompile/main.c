/* Writes what the library has ready of the built-in grammar as a C file. Runs while the library is built. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "builtin.h"
#include "image.h"
#include "pattern.h"
#include "precompiled.h"

/* While the tables are made there are none. */
const struct precompiled depesha_precompiled[] = {{0, NULL}};
const size_t depesha_precompiled_count = 0;
const struct image depesha_image = {0, NULL, NULL, 0};

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

static void write_patterns(const depesha_grammar *grammar, struct arena *arena)
{
    size_t *sizes = arena_take(arena, grammar->pattern_count + 1, sizeof *sizes);
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
}

static void write_image(const depesha_grammar *one, const depesha_grammar *other, struct arena *arena)
{
    struct image image;
    const char *wrong = image_make(one, other, arena, &image);
    if (wrong != NULL) {
        fprintf(stderr, "no image of the grammar, it will be read at each start: %s\n", wrong);
        printf("const struct image depesha_image = {0, 0, 0, 0};\n");
        return;
    }
    printf("static const uintptr_t words[] = {");
    for (size_t i = 0; i < image.size / sizeof(uintptr_t); i++)
        printf("%s%#" PRIxPTR ",", i % 16 == 0 ? "\n" : "", image.words[i]);
    printf("};\nstatic const uint16_t gaps[] = {");
    for (size_t i = 0; i < image.pointer_count; i++)
        printf("%s%u,", i % 32 == 0 ? "\n" : "", image.gaps[i]);
    printf("};\nconst struct image depesha_image = {sizeof words, words, gaps, %zu};\n", image.pointer_count);
}

static depesha_grammar *compile(const struct builtin *builtin)
{
    depesha_grammar *grammar = NULL;
    char *messages = NULL;
    if (grammar_compile(builtin->name, builtin->text, builtin->size, NULL, NULL, true, &grammar, &messages) !=
        DEPESHA_OK)
        fprintf(stderr, "%s", messages == NULL ? "out of memory\n" : messages);
    depesha_free(messages);
    return grammar;
}

int main(void)
{
    jmp_buf escape;
    struct arena arena = {.escape = &escape};
    depesha_grammar *grammar = compile(&depesha_builtins[0]), *other = compile(&depesha_builtins[0]);
    volatile int status = 1;
    if (grammar != NULL && other != NULL && setjmp(escape) == 0) {
        printf("/* From make, of the built-in grammar. */\n#include \"image.h\"\n#include \"precompiled.h\"\n");
        write_image(grammar, other, &arena); /* before either is used */
        write_patterns(grammar, &arena);
        status = fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
    }
    arena_free(&arena);
    depesha_grammar_free(grammar);
    depesha_grammar_free(other);
    return status;
}
