#include "frozen.h"

#include <string.h>

#include "text.h"

void found_add(const struct field **found, size_t *count, const struct field *field)
{
    size_t at = *count;
    while (at > 0 && found[at - 1]->index > field->index)
        at--;
    if (at > 0 && found[at - 1] == field)
        return;
    memmove(found + at + 1, found + at, (*count - at) * sizeof(struct field *));
    found[at] = field;
    ++*count;
}

static size_t letter_of(const struct frozen *f, uint32_t c)
{
    if (c < ASCII)
        return c;
    if (c >= CYRILLIC && c < CYRILLIC_END)
        return ASCII + c - CYRILLIC;
    for (uint32_t i = 0; i < RARE_TRIES; i++)
        if (f->rare[rare_slot(c, i)] == c)
            return RARE + rare_slot(c, i);
    return NO_LETTER;
}

static uint16_t next_of(const struct frozen *f, uint16_t link, size_t letter)
{
    const uint16_t *exits = f->exits + link / FROZEN_LINK * (size_t)FROZEN_EXITS;
    if (letter >= LETTERS)
        return letter == END_OF_TEXT ? exits[FROZEN_END] : 0;
    size_t row = exits[letter < RARE ? letter / FROZEN_ROW : (size_t)FROZEN_RARE];
    if (letter >= RARE)
        row = f->rows[row * FROZEN_ROW + (letter - RARE) / FROZEN_ROW];
    return f->rows[row * FROZEN_ROW + letter % FROZEN_ROW];
}

/* Where the next character leads; 0 where the tables end. */
static uint16_t step(const struct frozen *f, uint16_t link, const char *text, size_t *at, size_t to)
{
    if (*at >= to)
        return next_of(f, link, END_OF_TEXT);
    uint32_t c = (unsigned char)text[*at];
    size_t n = c < ASCII ? 1 : text_next(text, to, *at, &c);
    *at += n == 0 ? 1 : n;
    return next_of(f, link, letter_of(f, c));
}

/* Whether one production may match; *sure: the tables say so. */
static bool may_match(const struct frozen *single, size_t index, const char *text, size_t at, size_t to, bool *sure)
{
    uint16_t link = index < single->gate_count ? single->starts[index] : 0;
    *sure = false;
    if (link == 0)
        return true;
    for (size_t read = 0; !(link & FROZEN_LAST); read++) {
        bool at_end = at >= to;
        if (read == FAR || (link = step(single, link, text, &at, to)) == 0)
            return true;
        if (link & FROZEN_MATCHED || at_end)
            break;
    }
    *sure = true;
    return link & FROZEN_MATCHED;
}

bool frozen_find(const struct frozen *f, const struct frozen *single, const struct field *const *by_index, size_t gate,
                 size_t far, const char *text, size_t from, size_t to, const struct field **found, size_t *count,
                 size_t *missed)
{
    uint16_t link = gate < f->gate_count ? f->starts[gate] : 0;
    size_t at = from;
    bool sure = true;
    *count = 0;
    if (link == 0)
        return false;
    for (size_t read = 0; !(link & FROZEN_LAST); read++) {
        bool at_end = at >= to;
        uint16_t next = read == far ? 0 : step(f, link, text, &at, to);
        const uint16_t *list = f->lists + (next == 0 ? f->alive[link / FROZEN_LINK] : f->matched[next / FROZEN_LINK]);
        for (size_t i = next == 0 || next & FROZEN_MATCHED ? list[0] : 0; i > 0; i--) {
            if (next != 0 || read == far || may_match(single, list[i], text, from, to, &sure))
                found_add(found, count, by_index[list[i]]);
            *missed += !sure;
        }
        if (next == 0 || at_end)
            break;
        link = next;
    }
    return true;
}
