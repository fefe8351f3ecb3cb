/*
 * Memory of one grammar or one document: taken piece by piece, given back all at once.
 *
 * A failed allocation leaves by longjmp to `escape`, which the public function that owns the arena
 * has set; so no code between them can forget to check. What is not memory of the arena (PCRE2,
 * cJSON) is hung on it with arena_keep and released with it.
 */
#ifndef DEPESHA_ARENA_H
#define DEPESHA_ARENA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena_block;
struct arena_keep;
struct arena_piece;

enum { ARENA_SPARES = 15 };

struct arena {
    struct arena_block *blocks;
    struct arena_keep *kept;
    struct arena_piece *spare[ARENA_SPARES]; /* what arrays have left that grew: of 1, 2, 4... bytes */
    jmp_buf *escape;                         /* where a failed allocation goes; set before the first call */
    bool clean; /* what is not in use is zeroes, too: for memory that is to be written down (image.h) */
};

/* Zeroed memory for `count` things of `size` bytes. Never NULL: leaves by arena->escape. */
void *arena_take(struct arena *arena, size_t count, size_t size);

/* For arena_grow, where there is no room. */
void *arena_enlarge(struct arena *arena, void *old, size_t used, size_t *room, size_t want, size_t size);

/*
 * Room for `want` things where `*room` were, of which `used` are kept; what is behind them is not zeroed. Moves: `old`
 * is of no use any more. Doubles.
 */
static inline void *arena_grow(struct arena *arena, void *old, size_t used, size_t *room, size_t want, size_t size)
{
    return want <= *room ? old : arena_enlarge(arena, old, used, room, want, size);
}

/* An array that arena_grow made is not needed any more: others take its room. */
void arena_leave(struct arena *arena, void *old, size_t bytes);

/* Gives all back but a piece for what comes next. What arena_keep hung on it is released. */
void arena_empty(struct arena *arena);

/* A copy of `size` bytes with a 0 behind them. */
char *arena_copy(struct arena *arena, const char *bytes, size_t size);

/* printf into the arena. */
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Calls release(thing) when the arena is freed. `thing` may be NULL (then: no memory, escapes). */
void arena_keep(struct arena *arena, void *thing, void (*release)(void *));

void arena_free(struct arena *arena);

/* The memory of an arena, for what writes it down: the n-th of its blocks, or NULL. */
const void *arena_block(const struct arena *arena, size_t n, size_t *size);

/* Leaves as a failed allocation does. */
_Noreturn void arena_fail(struct arena *arena);

/* A text that grows in an arena; always ends in a 0 that is not counted. */
struct buffer {
    struct arena *arena;
    char *at;
    size_t size, room;
};

void buffer_add(struct buffer *buffer, const char *bytes, size_t size);
void buffer_puts(struct buffer *buffer, const char *text);
void buffer_format(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The text as the caller's own malloc'ed string. NULL without memory. */
char *buffer_give(const struct buffer *buffer);

#endif
