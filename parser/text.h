/*
 * Bytes in whatever encoding -> UTF-8, with the way back to the bytes.
 *
 * The text is always valid UTF-8: no surrogates, no overlong forms, nothing above U+10FFFF. What
 * cannot be decoded becomes U+FFFD and is listed in `bad`. A byte order mark is dropped.
 */
#ifndef DEPESHA_TEXT_H
#define DEPESHA_TEXT_H

#include "arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Offsets fit in 32 bits, for larger inputs are refused. */
struct span {
    uint32_t start, end;
};

enum { TEXT_BAD = 100, TEXT_REPLACEMENT = 0xFFFD };

/*
 * A stretch of the text, up to the next run, in which every text_step bytes stand for source_step
 * bytes of the source. Characters as long here as there are 1 to 1; a piece that text_edit_put made
 * is one step if it is one character, else 1 to 0, all of it at source_start.
 */
struct text_run {
    uint32_t text_start, source_start;
    uint32_t text_step : 3, source_step : 29;
};

/* All of it lives in the arena and refers to no part of the bytes it was read from. */
struct text {
    const char *at; /* `size` bytes, which may include 0, and a 0 behind them */
    size_t size;
    size_t source_size;          /* of the input, in bytes */
    const char *encoding;        /* as iconv names it, or "binary" */
    const struct text_run *runs; /* by text_start, the first at 0; source_start never falls */
    size_t run_count;
    bool damaged;      /* some bytes were not valid */
    size_t bad_total;  /* how many places were not valid */
    size_t bad_count;  /* how many of them `bad` lists: TEXT_BAD at most */
    const size_t *bad; /* their offsets in the source, rising */
};

/*
 * Reads `size` bytes (`bytes` may be NULL if there are none) into *text. Never fails on content;
 * without memory it leaves by the arena.
 */
void text_read(struct arena *arena, const void *bytes, size_t size, struct text *text);

/*
 * The byte of the source at which byte `offset` of the text begins. Never falls as `offset` rises;
 * 0 gives 0, text->size gives text->source_size, so pieces that tile the text tile the source. (In a
 * text that an edit left empty, 0 gives 0.)
 */
size_t text_source(const struct text *text, size_t offset);

/*
 * The byte of the source at which what the text has from `start` to `end` ends: the end of its last character, and not
 * what an edit dropped behind that. Never before text_source(text, start).
 */
size_t text_source_end(const struct text *text, size_t start, size_t end);

/* The byte of the text that a byte of the source stands at: the way back from text_source. */
size_t text_at_source(const struct text *text, size_t source);

/* For text_next, where neither ASCII nor two bytes are to be seen. */
size_t text_decode(const char *at, size_t size, size_t offset, uint32_t *point);

/*
 * Decodes the code point at `offset` of `size` bytes of UTF-8 into *point. Returns its length in
 * bytes; 0, and TEXT_REPLACEMENT in *point, at the end or where there is no valid sequence.
 */
static inline size_t text_next(const char *at, size_t size, size_t offset, uint32_t *point)
{
    unsigned char first = offset < size ? (unsigned char)at[offset] : 0xFF;
    *point = first;
    if (first < 0x80)
        return 1;
    unsigned char second = size - offset > 1 ? (unsigned char)at[offset + 1] : 0;
    if (first < 0xC2 || first > 0xDF || (second & 0xC0) != 0x80)
        return text_decode(at, size, offset, point);
    *point = (first & 0x1Fu) << 6 | (second & 0x3Fu);
    return 2;
}

/*
 * Makes a new text out of an old one, from front to back: ranges of the old text are kept or
 * replaced, and what lies between them is dropped. Ranges are in bytes of the old text, begin and
 * end between characters, and rise; a part that lies before the last range's end is left out. The
 * new text's offsets lead to the same source: those inside a replacement to the start of what it
 * replaces, dropped bytes belong to what stands before them.
 */
struct text_edit {
    const struct text *old;
    struct buffer buffer;
    struct text_run *runs;
    size_t run_count, run_room;
    size_t done; /* bytes of the old text that are dealt with */
    size_t run;  /* the old run that `done` is in */
};

/* Begins with nothing kept. `old` must stay as it is until text_edit_end. */
void text_edit_begin(struct text_edit *edit, struct arena *arena, const struct text *old);

/* Copies old bytes start to end. */
void text_edit_keep(struct text_edit *edit, size_t start, size_t end);

/* Puts `size` bytes of valid UTF-8, perhaps none, in the place of old bytes start to end, perhaps none. */
void text_edit_put(struct text_edit *edit, size_t start, size_t end, const char *bytes, size_t size);

/* Writes the new text to *text, which may be the old one. Whatever was not kept is dropped. */
void text_edit_end(struct text_edit *edit, struct text *text);

/* A stretch of a source that is read in another order than it has: bytes from `at` on are those from `source` on. */
struct stretch {
    size_t at, source;
};

/* The stretches by `at`, all of the source; none if it is read as it stands. */
struct order {
    const struct stretch *stretches;
    size_t count, size; /* size: bytes of the source */
};

/*
 * Makes a text of spans of an old one, which hold all of it, in the order in which they are given. Its offsets lead to
 * the source as if the bytes stood in that order there too; *order says where they do.
 */
void text_arrange(struct arena *arena, const struct text *old, const struct span *spans, size_t count,
                  struct text *text, struct order *order);

/* The least stretch of the source that has all bytes of a stretch of the source in reading order. */
struct span order_source(const struct order *order, size_t start, size_t end);

/* Where a byte of the source stands in reading order. */
size_t order_place(const struct order *order, size_t source);

/* The last stretch that begins at or before `at`, which is in reading order. There must be some. */
size_t order_stretch(const struct order *order, size_t at);

#endif
