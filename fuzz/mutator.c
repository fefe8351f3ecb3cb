/*
 * Changes a cable as its keepers did: by productions. A line gives way to one that some production reads, a production
 * is put between others or behind them on the line, lines are swapped, doubled and lost, a whole cable is written anew;
 * now and then the fuzzer's own changes of bytes.
 */
#include "harness.h"
#include "phrase.h"

#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

/* The grammar and what has been learned of it: kept from call to call. */
struct workshop {
    struct arena arena, scratch;
    jmp_buf escape;
    struct inventor inventor;
    bool open;
};

static struct workshop workshop;

static void open_workshop(void)
{
    workshop.arena.escape = workshop.scratch.escape = &workshop.escape;
    harness_require(setjmp(workshop.escape) == 0, "there is memory");
    inventor_open(&workshop.inventor, harness_grammar(), &workshop.arena);
    workshop.inventor.scratch = &workshop.scratch;
    workshop.open = true;
}

/* A text that a random production reads; "" if none came out. */
static size_t write_phrase(const char **text)
{
    struct inventor *inventor = &workshop.inventor;
    const struct depesha_grammar *grammar = inventor->grammar;
    const struct field *field = grammar->fields;
    for (size_t n = chance_below(inventor, grammar->field_count); n > 0; n--)
        field = field->next;
    struct phrase phrase;
    const struct choice choice = {.moment = {1917 + (int)chance_below(inventor, 75),
                                             1 + (int)chance_below(inventor, 12), 1 + (int)chance_below(inventor, 28),
                                             (int)chance_below(inventor, 20), (int)chance_below(inventor, 60)}};
    inventor->language = chance_of(inventor, 50) ? grammar->languages : grammar->languages->next;
    *text = "";
    if (!phrase_write(inventor, &choice, field, &phrase))
        return 0;
    *text = phrase.text;
    return phrase.size;
}

static size_t write_whole(uint8_t *data, size_t max_size, unsigned seed)
{
    const depesha_recipe recipe = {.seed = seed, .damage = seed % 3 == 0 ? seed % 7 : 0};
    depesha_generator *generator = NULL;
    char *text = NULL;
    size_t size = 0;
    if (depesha_generator_new(harness_grammar(), &recipe, &generator) == DEPESHA_OK &&
        depesha_generate(generator, &text, &size, NULL) == DEPESHA_OK) {
        size = size < max_size ? size : max_size;
        memcpy(data, text, size);
    }
    depesha_free(text);
    depesha_generator_free(generator);
    return size;
}

/* Bytes from start to end give way to others, as far as there is room. */
static size_t replace(uint8_t *data, size_t size, size_t max_size, size_t start, size_t end, const char *with,
                      size_t length)
{
    if (size - (end - start) + length > max_size)
        length = max_size - (size - (end - start));
    memmove(data + start + length, data + end, size - end);
    memcpy(data + start, with, length);
    return size - (end - start) + length;
}

/* A random line, with its end. */
static void pick_line(const uint8_t *data, size_t size, size_t *start, size_t *end)
{
    *start = chance_below(&workshop.inventor, size + 1);
    while (*start > 0 && data[*start - 1] != '\n')
        --*start;
    *end = *start;
    while (*end < size && data[*end] != '\n')
        ++*end;
    *end += *end < size;
}

static size_t mutate(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    struct inventor *inventor = &workshop.inventor;
    size_t start, end, from, to, length;
    const char *text;
    pick_line(data, size, &start, &end);
    switch (chance_below(inventor, 10)) {
    case 0: /* a production gives way to another */
        length = write_phrase(&text);
        end -= end > start && data[end - 1] == '\n';
        return replace(data, size, max_size, start, end, text, length);
    case 1:
    case 2: /* one more line */
        length = write_phrase(&text);
        size = replace(data, size, max_size, start, start, "\n", 1);
        return replace(data, size, max_size, start, start, text, length);
    case 3: /* joined to a line */
        length = write_phrase(&text);
        end -= end > start && data[end - 1] == '\n';
        size = replace(data, size, max_size, end, end, text, length);
        return replace(data, size, max_size, end, end, "  ", 2);
    case 4: /* lost */
        return replace(data, size, max_size, start, end, "", 0);
    case 5: { /* doubled somewhere else */
        char *copy = arena_copy(&workshop.scratch, (const char *)data + start, end - start);
        pick_line(data, size, &from, &to);
        return replace(data, size, max_size, from, from, copy, end - start);
    }
    case 6: /* joined to the next */
        if (end > start && data[end - 1] == '\n')
            data[end - 1] = ' ';
        return size;
    case 7:
        return chance_of(inventor, 20) ? write_whole(data, max_size, seed) : LLVMFuzzerMutate(data, size, max_size);
    default:
        return LLVMFuzzerMutate(data, size, max_size);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    if (!workshop.open)
        open_workshop();
    harness_require(setjmp(workshop.escape) == 0, "there is memory");
    workshop.inventor.chance = seed;
    size = mutate(data, size, max_size, seed);
    arena_free(&workshop.scratch);
    return size;
}
