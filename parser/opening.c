#include "opening.h"

#include "pattern.h"
#include "text.h"

#include <string.h>

static bool open_node(struct depesha_grammar *grammar, struct opening *opening, const struct node *node);

/* ---- bytes ----------------------------------------------------------------------------------- */

static void add_byte(unsigned char *set, unsigned byte)
{
    set[byte / 8] |= (unsigned char)(1U << (byte % 8));
}

/* Nothing is known: anything may stand there. */
static void add_all(struct opening *opening)
{
    memset(opening->first, 0xFF, sizeof opening->first);
    memset(opening->loose, 0xFF, sizeof opening->loose);
}

static void add_set(unsigned char *set, const unsigned char *more)
{
    for (size_t i = 0; i < 32; i++)
        set[i] |= more[i];
}

static bool is_cyrillic(uint32_t c)
{
    return c >= 0x400 && c < 0x460;
}

/* The lead bytes of a character in either case. A few letters have a third case: the Kelvin sign, the long s. */
static void add_character(unsigned char *set, uint32_t c)
{
    uint32_t small = c | 0x20;
    if (c < 0x80) {
        add_byte(set, c);
        if (small < 'a' || small > 'z')
            return;
        add_byte(set, c ^ 0x20);
        if (small == 'k')
            add_byte(set, 0xE2);
        if (small == 's')
            add_byte(set, 0xC5);
        return;
    }
    if (is_cyrillic(c)) {
        add_byte(set, 0xD0);
        add_byte(set, 0xD1);
        add_byte(set, 0xE1);
        return;
    }
    for (unsigned byte = 0xC2; byte < 0xF5; byte++)
        add_byte(set, byte);
    add_byte(set, 'k');
    add_byte(set, 'K');
    add_byte(set, 's');
    add_byte(set, 'S');
}

/* ---- words ----------------------------------------------------------------------------------- */

/* The group of characters that are alike to this one, or NULL. */
static const char *group_of(const struct depesha_grammar *grammar, const char *at, size_t size, uint32_t c)
{
    if (c < ALIKE_CHARACTERS)
        return grammar->alike_group[c] == 0 ? NULL : grammar->alike[grammar->alike_group[c] - 1];
    return pattern_alike(grammar, at, size);
}

static void add_words(struct depesha_grammar *grammar, struct opening *opening, const struct node *node)
{
    uint32_t c = 0;
    size_t n = text_next(node->text, node->size, 0, &c);
    if (n == 0 || c == ' ' || c == '\n') {
        add_all(opening);
        return;
    }
    const char *group = group_of(grammar, node->text, n, c);
    if (group == NULL)
        add_character(opening->first, c);
    for (size_t at = 0, size = group == NULL ? 0 : strlen(group); at < size; at += n) {
        n = text_next(group, size, at, &c);
        if (n == 0) {
            add_all(opening);
            return;
        }
        add_character(opening->first, c);
    }
    opening->words = arena_grow(&grammar->arena, opening->words, opening->count, &opening->room, opening->count + 1,
                                sizeof(struct node *));
    opening->words[opening->count++] = node;
}

static uint32_t small_letter(uint32_t c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 0x410 && c <= 0x42F))
        return c + 0x20;
    return c >= 0x400 && c <= 0x40F ? c + 0x50 : c;
}

/* Neither ASCII nor plain Cyrillic: what the cases of such letters are is left to PCRE2. */
static bool is_unusual(uint32_t c)
{
    return c >= 0x80 && !is_cyrillic(c);
}

/* Whether a character of a text may be this one of a grammar's words. */
static bool may_be(const struct depesha_grammar *grammar, const char *at, size_t size, uint32_t c, uint32_t there)
{
    if (is_unusual(there) || small_letter(c) == small_letter(there))
        return true;
    const char *group = group_of(grammar, at, size, c);
    if (group == NULL)
        return is_unusual(c);
    size_t length = strlen(group);
    for (size_t i = 0, n = 1; i < length; i += n) {
        n = text_next(group, length, i, &c);
        if (n == 0 || is_unusual(c) || small_letter(c) == small_letter(there))
            return true;
    }
    return false;
}

/* Whether words may stand at a place of a text, as far as the first blank of the words. */
static bool words_allow(const struct depesha_grammar *grammar, const struct node *words, const char *text, size_t size,
                        size_t at)
{
    for (size_t i = 0; i < words->size && words->text[i] != ' ' && words->text[i] != '\n';) {
        uint32_t c, there;
        size_t n = text_next(words->text, words->size, i, &c);
        size_t m = at < size ? text_next(text, size, at, &there) : 0;
        if (at >= size)
            return false;
        if (n == 0 || m == 0)
            return true;
        if (!may_be(grammar, words->text + i, n, c, there))
            return false;
        if (is_unusual(there) || is_unusual(c))
            return true;
        i += n;
        at += m;
    }
    return true;
}

bool opening_allows(const struct depesha_grammar *grammar, const struct opening *opening, const char *text, size_t size,
                    size_t at)
{
    unsigned char byte = (unsigned char)text[at];
    if (opening->loose[byte / 8] >> (byte % 8) & 1)
        return true;
    if (!(opening->first[byte / 8] >> (byte % 8) & 1))
        return false;
    for (size_t i = 0; i < opening->count; i++)
        if (words_allow(grammar, opening->words[i], text, size, at))
            return true;
    return false;
}

/* ---- expressions ----------------------------------------------------------------------------- */

/* What PCRE2 finds out about a pattern. Returns whether it may match nothing. */
static bool add_pattern(struct depesha_grammar *grammar, struct opening *opening, const struct node *node)
{
    unsigned char set[32] = {0};
    bool empty = pattern_first(grammar, &grammar->arena, node, set);
    add_set(opening->first, set);
    add_set(opening->loose, set);
    return empty;
}

static bool add_definition(struct depesha_grammar *grammar, struct opening *opening,
                           const struct definition *definition)
{
    struct definition *d = (struct definition *)definition;
    if (d == NULL || d->node == NULL) {
        add_all(opening);
        return true;
    }
    if (d->opening == NULL) {
        struct opening *own = arena_take(&grammar->arena, 1, sizeof *own);
        own->empty = open_node(grammar, own, d->node);
        d->opening = own;
    }
    add_set(opening->first, d->opening->first);
    add_set(opening->loose, d->opening->loose);
    opening->words = arena_grow(&grammar->arena, opening->words, opening->count, &opening->room,
                                opening->count + d->opening->count, sizeof(struct node *));
    if (d->opening->count > 0)
        memcpy(opening->words + opening->count, d->opening->words, d->opening->count * sizeof(struct node *));
    opening->count += d->opening->count;
    return d->opening->empty;
}

/* Elements up to the first that must be there. Behind one that may be empty the gap is what comes first. */
static bool open_sequence(struct depesha_grammar *grammar, struct opening *opening, const struct node *node)
{
    for (; node != NULL; node = node->next) {
        if (node->kind == NODE_START || node->kind == NODE_END)
            continue;
        if (node->kind == NODE_OPTION || node->kind == NODE_MANY) {
            if (open_node(grammar, opening, node->first))
                add_all(opening);
            continue;
        }
        if (!open_node(grammar, opening, node))
            return false;
        add_all(opening);
    }
    return true;
}

/* Returns whether the expression may match nothing. */
static bool open_node(struct depesha_grammar *grammar, struct opening *opening, const struct node *node)
{
    if (node == NULL)
        return true;
    switch (node->kind) {
    case NODE_WORDS:
    case NODE_EXACT:
        add_words(grammar, opening, node);
        return node->size == 0 || *node->text == ' ';
    case NODE_PATTERN:
        return add_pattern(grammar, opening, node);
    case NODE_NAME:
        return add_definition(grammar, opening, node->definition);
    case NODE_SLOT:
        return open_node(grammar, opening, node->reads != NULL ? node->reads : node->first);
    case NODE_SEQUENCE:
        return open_sequence(grammar, opening, node->first);
    case NODE_CHOICE: {
        bool empty = false;
        for (const struct node *child = node->first; child != NULL; child = child->next)
            empty = open_node(grammar, opening, child) || empty;
        return empty;
    }
    case NODE_SOME:
        if (!open_node(grammar, opening, node->first))
            return false;
        add_all(opening);
        return true;
    case NODE_OPTION:
    case NODE_MANY:
        if (open_node(grammar, opening, node->first))
            add_all(opening);
        return true;
    case NODE_BREAK:
        add_all(opening);
        return false;
    case NODE_START:
    case NODE_END:
        return true;
    }
    return true;
}

void opening_of_field(struct depesha_grammar *grammar, struct field *field)
{
    field->opening.empty = open_node(grammar, &field->opening, field->node);
    if (field->opening.empty)
        add_all(&field->opening);
}
