/* Writes what the library has ready of the built-in grammar as a C file. Runs while the library is built. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "builtin.h"
#include "freeze.h"
#include "image.h"
#include "pattern.h"
#include "precompiled.h"

/* Texts of a language and of an amount of damage. */
enum { GENERATED = 5 };

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
        if (cell->pattern->kind != PATTERN_FIELD && cell->pattern->kind != PATTERN_FLAT) /* they are rarely needed */
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

/* ---- the automata, as far as samples and generated texts take them ------------------------------ */

static void read_bytes(const depesha_grammar *grammar, const char *bytes, size_t size)
{
    depesha_document *document = NULL;
    depesha_parse(grammar, "", bytes, size, &document);
    depesha_document_free(document);
}

static void read_file(const depesha_grammar *grammar, const char *path)
{
    enum { MOST = 1 << 20 };
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(MOST);
    if (file != NULL && bytes != NULL)
        read_bytes(grammar, bytes, fread(bytes, 1, MOST, file));
    free(bytes);
    if (file != NULL)
        fclose(file);
}

static void read_generated(const depesha_grammar *grammar, const depesha_recipe *recipe, size_t count, bool joined)
{
    depesha_generator *generator = NULL;
    depesha_generator_new(grammar, recipe, &generator);
    for (size_t i = 0; generator != NULL && i < count; i++) {
        char *text = NULL;
        size_t size = 0;
        if (depesha_generate(generator, &text, &size, NULL) == DEPESHA_OK) {
            for (size_t at = 0; joined && at < size; at++)
                if (text[at] == '\n')
                    text[at] = ' ';
            read_bytes(grammar, text, size);
        }
        depesha_free(text);
    }
    depesha_generator_free(generator);
}

/* Letters and marks that any text may have. */
static void meet_characters(struct automaton *automaton)
{
    for (uint32_t c = 0xA0; c < 0x100; c++)
        automaton_letter(automaton, c);
    for (uint32_t c = 0x2010; c < 0x2040; c++)
        automaton_letter(automaton, c);
}

static void warm_up(const depesha_grammar *grammar, char **paths)
{
    for (; *paths != NULL; paths++)
        read_file(grammar, *paths);
    for (const struct language *language = grammar->languages; language != NULL; language = language->next)
        for (int damage = 0; damage < 3; damage++) {
            const depesha_recipe recipe = {.language = language->name, .seed = 1, .damage = damage};
            read_generated(grammar, &recipe, GENERATED, false);
            read_generated(grammar, &recipe, GENERATED / 10, true);
        }
}

static void write_numbers(const char *type, const char *name, size_t which, const void *at, size_t count, size_t size)
{
    printf("static const %s %s%zu[] = {", type, name, which);
    for (size_t i = 0; i < count; i++)
        printf("%s%" PRIu32 ",", i % 32 == 0 ? "\n" : "",
               size == sizeof(uint16_t) ? ((const uint16_t *)at)[i] : ((const uint32_t *)at)[i]);
    printf("};\n");
}

static void write_frozen(const struct frozen *f, size_t which)
{
    write_numbers("uint16_t", "starts", which, f->starts, f->gate_count, sizeof *f->starts);
    write_numbers("uint16_t", "exits", which, f->exits, f->state_count * FROZEN_EXITS, sizeof *f->exits);
    write_numbers("uint16_t", "rows", which, f->rows, f->row_count * FROZEN_ROW, sizeof *f->rows);
    write_numbers("uint32_t", "matched", which, f->matched, f->state_count, sizeof *f->matched);
    write_numbers("uint32_t", "alive", which, f->alive, f->state_count, sizeof *f->alive);
    write_numbers("uint16_t", "lists", which, f->lists, f->list_size, sizeof *f->lists);
    write_numbers("uint32_t", "rare", which, f->rare, RARE_COUNT, sizeof *f->rare);
}

static void write_automata(const depesha_grammar *grammar, struct automaton *single, struct arena *arena)
{
    struct frozen frozen[3];
    freeze(grammar->automaton, grammar->field_count, FROZEN_STATES - 1, false, arena, &frozen[0]);
    freeze(grammar->flat, grammar->field_count, FROZEN_STATES / 2, false, arena, &frozen[1]);
    freeze(single, grammar->field_count, FROZEN_STATES - 1, true, arena, &frozen[2]);
    for (size_t i = 0; i < 3; i++)
        write_frozen(&frozen[i], i);
    printf("const struct frozen_all depesha_frozen = {\n");
    for (size_t i = 0; i < 3; i++)
        printf("{%zu, %zu, %zu, %zu, starts%zu, exits%zu, rows%zu, matched%zu, alive%zu, lists%zu, rare%zu},\n",
               frozen[i].gate_count, frozen[i].state_count, frozen[i].row_count, frozen[i].list_size, i, i, i, i, i, i,
               i);
    printf("{0}};\n");
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

int main(int count, char **arguments)
{
    (void)count;
    jmp_buf escape;
    struct arena arena = {.escape = &escape};
    depesha_grammar *grammar = compile(&depesha_builtins[0]), *other = compile(&depesha_builtins[0]);
    volatile int status = 1;
    if (grammar != NULL && other != NULL && setjmp(escape) == 0) {
        printf("/* From make, of the built-in grammar. */\n#include \"frozen.h\"\n#include \"image.h\"\n#include "
               "\"precompiled.h\"\n");
        write_image(grammar, other, &arena); /* before either is used */
        write_patterns(grammar, &arena);
        struct automaton *single = automaton_single(other);
        if (single != NULL) {
            meet_characters(other->automaton);
            meet_characters(other->flat);
            meet_characters(single);
            for (size_t gate = 0; gate < automaton_gates(single); gate++)
                automaton_start(single, gate, true);
            warm_up(other, arguments + 1);
            write_automata(other, single, &arena);
            status = fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
        }
    }
    arena_free(&arena);
    depesha_grammar_free(grammar);
    depesha_grammar_free(other);
    return status;
}
