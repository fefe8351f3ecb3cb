/* Words as somebody spelt them. */
#ifndef DEPESHA_WORD_H
#define DEPESHA_WORD_H

#include "arena.h"

#include <stdint.h>

/* How many letters must be changed, added, dropped or exchanged to make one word of the other; above `limit`: limit
 * + 1. */
size_t word_distance(const char *a, const char *b, size_t limit);

/* How much of that may be a slip, in a word of so many letters. */
size_t word_slip(size_t letters);

/* How many characters `size` bytes are. */
size_t word_length(const char *word, size_t size);

/* In capitals, with anything but letters and digits as one blank between them, and none around. In the arena. */
char *word_capitals(struct arena *arena, const char *text, size_t size);

/* The same, in the place of what the buffer holds. */
void word_capitals_in(struct buffer *buffer, const char *text, size_t size);

/* Which characters a word has: bit n stands for those whose code points end in n. */
uint32_t word_letters(const char *word);

/* Whether the characters alone tell that two words are further apart than a limit. */
bool words_differ(uint32_t letters, uint32_t others, size_t limit);

enum script { SCRIPT_NONE, SCRIPT_LATIN, SCRIPT_CYRILLIC };

/* The script of a letter; SCRIPT_NONE for what is no letter of these. */
static inline enum script word_script(uint32_t point)
{
    if (point < 0x80)
        return (point | 0x20) >= 'a' && (point | 0x20) <= 'z' ? SCRIPT_LATIN : SCRIPT_NONE;
    if (point >= 0xC0 && point <= 0x24F && point != 0xD7 && point != 0xF7)
        return SCRIPT_LATIN;
    return point >= 0x400 && point <= 0x52F && !(point >= 0x482 && point <= 0x489) ? SCRIPT_CYRILLIC : SCRIPT_NONE;
}

#endif
