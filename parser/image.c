#define _DEFAULT_SOURCE

#include "image.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "builtin.h"

/* What a pointer is of: the image, or the n-th built-in text. */
enum { KIND_BITS = 2, OF_IMAGE = 0, OF_TEXT = 1, KINDS = 1 << KIND_BITS };

bool image_is_there(void)
{
    return depesha_image.size > 0;
}

/* All at once is cheaper than each when it is first written. */
static void ask_for_pages(void *memory, size_t size)
{
#ifdef MADV_POPULATE_WRITE
    enum { PAGE = 4096 };
    size_t before = PAGE - (uintptr_t)memory % PAGE;
    if (size > before)
        madvise((char *)memory + before, (size - before) / PAGE * PAGE, MADV_POPULATE_WRITE);
#else
    (void)memory;
    (void)size;
#endif
}

struct depesha_grammar *image_load(void)
{
    uintptr_t *words = malloc(depesha_image.size);
    if (words == NULL)
        return NULL;
    ask_for_pages(words, depesha_image.size);
    memcpy(words, depesha_image.words, depesha_image.size);
    uintptr_t bases[KINDS] = {(uintptr_t)words};
    for (size_t i = 0; i < depesha_builtin_count && OF_TEXT + i < KINDS; i++)
        bases[OF_TEXT + i] = (uintptr_t)depesha_builtins[i].text;
    uintptr_t *word = words;
    for (size_t i = 0; i < depesha_image.pointer_count; i++) {
        word += depesha_image.gaps[i];
        *word = bases[*word % KINDS] + (*word >> KIND_BITS);
    }
    return (struct depesha_grammar *)words;
}

/* ---- making it --------------------------------------------------------------------------------- */

/* A stretch of memory that both grammars have, and where it is in the image. */
struct part {
    const unsigned char *one, *other;
    size_t size, at;
};

struct maker {
    struct arena *arena;
    struct part *parts;
    size_t count, room;
    uintptr_t *words;
    uint16_t *gaps;
    size_t word_count, gap_count, gap_room, last;
};

static void add_part(struct maker *m, const void *one, const void *other, size_t size)
{
    size_t at = m->word_count * sizeof(uintptr_t), unit = _Alignof(max_align_t);
    size_t whole = (size + unit - 1) / unit * unit;
    m->parts = arena_grow(m->arena, m->parts, m->count, &m->room, m->count + 1, sizeof *m->parts);
    m->parts[m->count++] = (struct part){one, other, size, at};
    m->word_count += whole / sizeof(uintptr_t);
}

/* Without what belongs to the grammar at hand alone, and is made anew. */
static struct depesha_grammar *head_of(const struct depesha_grammar *grammar, struct arena *arena)
{
    struct depesha_grammar *head = arena_take(arena, 1, sizeof *head);
    memcpy(head, grammar, sizeof *head);
    memset(&head->arena, 0, sizeof head->arena);
    memset(&head->escape, 0, sizeof head->escape);
    head->memory = NULL;
    head->compile_context = NULL;
    head->automaton = head->flat = NULL;
    return head;
}

static const struct part *part_of(const struct maker *m, uintptr_t word)
{
    for (size_t i = 0; i < m->count; i++)
        if (word - (uintptr_t)m->parts[i].one <= m->parts[i].size)
            return &m->parts[i];
    return NULL;
}

/* Whether a word may be a pointer to what is no part: something of the program or of the C library. */
static bool is_near(uintptr_t word)
{
    enum { FAR = 1 << 26 };
    const uintptr_t known[] = {(uintptr_t)&depesha_image, (uintptr_t)&malloc, (uintptr_t)&known};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (word - known[i] + FAR < 2 * (uintptr_t)FAR)
            return true;
    return false;
}

static bool is_text(uintptr_t word, size_t *n)
{
    for (*n = 0; *n < depesha_builtin_count; ++*n)
        if (word - (uintptr_t)depesha_builtins[*n].text <= depesha_builtins[*n].size)
            return OF_TEXT + *n < KINDS;
    return false;
}

static bool add_pointer(struct maker *m, size_t at, uintptr_t offset, size_t kind)
{
    if (at - m->last > UINT16_MAX)
        return false;
    m->gaps = arena_grow(m->arena, m->gaps, m->gap_count, &m->gap_room, m->gap_count + 1, sizeof *m->gaps);
    m->gaps[m->gap_count++] = (uint16_t)(at - m->last);
    m->last = at;
    m->words[at] = offset << KIND_BITS | kind;
    return true;
}

static bool add_word(struct maker *m, size_t at, uintptr_t one, uintptr_t other)
{
    size_t text;
    const struct part *part = part_of(m, one);
    if (part != NULL && one - (uintptr_t)part->one == other - (uintptr_t)part->other)
        return add_pointer(m, at, part->at + (one - (uintptr_t)part->one), OF_IMAGE);
    if (one != other)
        return false;
    if (is_text(one, &text))
        return add_pointer(m, at, one - (uintptr_t)depesha_builtins[text].text, OF_TEXT + text);
    m->words[at] = one;
    return !is_near(one);
}

static bool add_words(struct maker *m, const void *one, const void *other, const struct part *part)
{
    for (size_t i = 0; i < part->size; i += sizeof(uintptr_t)) {
        uintptr_t words[2] = {0, 0};
        size_t size = part->size - i < sizeof(uintptr_t) ? part->size - i : sizeof(uintptr_t);
        memcpy(&words[0], (const unsigned char *)one + i, size);
        memcpy(&words[1], (const unsigned char *)other + i, size);
        if (!add_word(m, (part->at + i) / sizeof(uintptr_t), words[0], words[1]))
            return false;
    }
    return true;
}

const char *image_make(const struct depesha_grammar *one, const struct depesha_grammar *other, struct arena *arena,
                       struct image *image)
{
    struct maker m = {.arena = arena};
    size_t sizes[2];
    add_part(&m, one, other, sizeof *one);
    for (size_t n = 0;; n++) {
        const void *left = arena_block(&one->arena, n, &sizes[0]), *right = arena_block(&other->arena, n, &sizes[1]);
        if (sizes[0] != sizes[1] || (left == NULL) != (right == NULL))
            return "the two do not take the same memory";
        if (left == NULL)
            break;
        add_part(&m, left, right, sizes[0]);
    }
    m.words = arena_take(arena, m.word_count, sizeof *m.words);
    for (size_t i = 0; i < m.count; i++)
        if (!add_words(&m, i == 0 ? head_of(one, arena) : (const void *)m.parts[i].one,
                       i == 0 ? head_of(other, arena) : (const void *)m.parts[i].other, &m.parts[i]))
            return arena_format(arena, "something in block %zu is neither a number nor a pointer into the grammar", i);
    *image = (struct image){m.word_count * sizeof *m.words, m.words, m.gaps, m.gap_count};
    return NULL;
}
