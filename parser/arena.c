#include "arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Small pieces share a block; a large one has its own, and can grow where it is. */
struct arena_block {
    struct arena_block *next, *before;
    size_t used, room;
    max_align_t bytes[];
};

struct arena_piece {
    struct arena_piece *next;
};

struct arena_keep {
    struct arena_keep *next;
    void *thing;
    void (*release)(void *);
};

enum { BLOCK = 16 * 1024 }; /* of which arena->spare knows all powers of 2 */

_Noreturn void arena_fail(struct arena *arena)
{
    longjmp(*arena->escape, 1);
}

static size_t aligned(size_t size)
{
    return (size + _Alignof(max_align_t) - 1) / _Alignof(max_align_t) * _Alignof(max_align_t);
}

/* Puts a block first, or behind the first, whose rest stays in use. */
static void link_block(struct arena *arena, struct arena_block *block, bool behind)
{
    struct arena_block **link = behind && arena->blocks != NULL ? &arena->blocks->next : &arena->blocks;
    block->before = link == &arena->blocks ? NULL : arena->blocks;
    block->next = *link;
    if (block->next != NULL)
        block->next->before = block;
    *link = block;
}

static struct arena_block *new_block(struct arena *arena, size_t need)
{
    size_t room = need > BLOCK ? need : BLOCK;
    struct arena_block *block = arena->clean ? calloc(1, sizeof *block + room) : malloc(sizeof *block + room);
    if (block == NULL)
        arena_fail(arena);
    block->used = 0;
    block->room = room;
    link_block(arena, block, need > BLOCK);
    return block;
}

/* Not zeroed. */
static void *take(struct arena *arena, size_t need)
{
    struct arena_block *block = arena->blocks;
    if (need > BLOCK || block == NULL || block->room - block->used < need)
        block = new_block(arena, need);
    void *at = (char *)block->bytes + block->used;
    block->used += need;
    return at;
}

/* No more than half of what a size can say, so that a little may be added. */
static size_t bytes_of(struct arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > (SIZE_MAX / 2) / size)
        arena_fail(arena);
    return aligned(count * size);
}

void *arena_take(struct arena *arena, size_t count, size_t size)
{
    size_t need = bytes_of(arena, count, size);
    return memset(take(arena, need), 0, need);
}

/* A piece with a block of its own, made larger. */
static void *enlarge(struct arena *arena, void *old, size_t need)
{
    struct arena_block *block = (struct arena_block *)((char *)old - offsetof(struct arena_block, bytes));
    struct arena_block *larger = realloc(block, sizeof *block + need);
    if (larger == NULL)
        arena_fail(arena);
    if (larger->next != NULL)
        larger->next->before = larger;
    if (larger->before != NULL)
        larger->before->next = larger;
    else
        arena->blocks = larger;
    if (arena->clean)
        memset((char *)larger->bytes + larger->used, 0, need - larger->used);
    larger->used = larger->room = need;
    return larger->bytes;
}

static size_t power_in(size_t size)
{
    size_t power = 0;
    while (size >> (power + 1) != 0)
        power++;
    return power;
}

/* A piece that another array has left, or a new one. `need` is a power of 2. */
static void *take_again(struct arena *arena, size_t need)
{
    struct arena_piece *piece = need > BLOCK ? NULL : arena->spare[power_in(need)];
    if (piece == NULL)
        return take(arena, need);
    arena->spare[power_in(need)] = piece->next;
    if (arena->clean)
        memset(piece, 0, need);
    return piece;
}

static void leave(struct arena *arena, void *old, size_t size)
{
    struct arena_piece *piece = old, **first = &arena->spare[power_in(size)];
    piece->next = *first;
    *first = piece;
}

static void drop_block(struct arena *arena, struct arena_block *block)
{
    if (block->next != NULL)
        block->next->before = block->before;
    if (block->before != NULL)
        block->before->next = block->next;
    else
        arena->blocks = block->next;
    free(block);
}

/* A large one is given back at once. */
void arena_leave(struct arena *arena, void *old, size_t bytes)
{
    if (old != NULL && bytes > BLOCK)
        drop_block(arena, (struct arena_block *)((char *)old - offsetof(struct arena_block, bytes)));
    else if (old != NULL && bytes >= sizeof(struct arena_piece))
        leave(arena, old, bytes);
}

/* Sizes are powers of 2, so that what one array leaves fits another. */
void *arena_enlarge(struct arena *arena, void *old, size_t used, size_t *room, size_t want, size_t size)
{
    size_t had = bytes_of(arena, *room, size), least = bytes_of(arena, want < 8 ? 8 : want, size);
    if (had > SIZE_MAX / 8 || least > SIZE_MAX / 8)
        arena_fail(arena);
    size_t need = (size_t)2 << power_in((least > 2 * had ? least : 2 * had) - 1);
    bool own = had > BLOCK;
    void *new = own ? enlarge(arena, old, need) : take_again(arena, need);
    if (!own && used > 0)
        memcpy(new, old, used * size);
    if (!own && had >= sizeof(struct arena_piece))
        leave(arena, old, had);
    *room = need / size; /* not before: without memory the array stays as it is */
    return new;
}

char *arena_copy(struct arena *arena, const char *bytes, size_t size)
{
    if (size == SIZE_MAX)
        arena_fail(arena);
    char *copy = arena_take(arena, size + 1, 1);
    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

static char *format_in(struct arena *arena, size_t *size, const char *format, va_list list)
{
    va_list again;
    va_copy(again, list);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0)
        arena_fail(arena);
    char *text = arena_take(arena, (size_t)length + 1, 1);
    vsnprintf(text, (size_t)length + 1, format, list);
    *size = (size_t)length;
    return text;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    size_t size;
    va_list list;
    va_start(list, format);
    char *text = format_in(arena, &size, format, list);
    va_end(list);
    return text;
}

void arena_keep(struct arena *arena, void *thing, void (*release)(void *))
{
    struct arena_keep *keep = thing == NULL ? NULL : malloc(sizeof *keep);
    if (keep == NULL) {
        if (thing != NULL)
            release(thing);
        arena_fail(arena);
    }
    *keep = (struct arena_keep){arena->kept, thing, release};
    arena->kept = keep;
}

static void release_kept(struct arena *arena)
{
    while (arena->kept != NULL) {
        struct arena_keep *keep = arena->kept;
        arena->kept = keep->next;
        keep->release(keep->thing);
        free(keep);
    }
}

void arena_empty(struct arena *arena)
{
    struct arena_block *first = arena->blocks;
    release_kept(arena);
    memset(arena->spare, 0, sizeof arena->spare);
    if (first == NULL)
        return;
    for (struct arena_block *block = first->next, *next; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    first->next = NULL;
    first->used = 0;
    if (first->room <= BLOCK)
        return;
    arena->blocks = NULL;
    free(first);
}

void arena_free(struct arena *arena)
{
    release_kept(arena);
    while (arena->blocks != NULL) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
    memset(arena->spare, 0, sizeof arena->spare);
}

const void *arena_block(const struct arena *arena, size_t n, size_t *size)
{
    const struct arena_block *block = arena->blocks;
    for (; block != NULL && n > 0; n--)
        block = block->next;
    *size = block == NULL ? 0 : block->used;
    return block == NULL ? NULL : block->bytes;
}

void buffer_add(struct buffer *buffer, const char *bytes, size_t size)
{
    if (size > SIZE_MAX - buffer->size - 1)
        arena_fail(buffer->arena);
    buffer->at = arena_grow(buffer->arena, buffer->at, buffer->size, &buffer->room, buffer->size + size + 1, 1);
    if (size > 0)
        memcpy(buffer->at + buffer->size, bytes, size);
    buffer->size += size;
    buffer->at[buffer->size] = '\0';
}

void buffer_puts(struct buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
    size_t size;
    va_list list;
    va_start(list, format);
    char *text = format_in(buffer->arena, &size, format, list);
    va_end(list);
    buffer_add(buffer, text, size);
}

char *buffer_give(const struct buffer *buffer)
{
    char *text = malloc(buffer->size + 1);
    if (text != NULL && buffer->size > 0)
        memcpy(text, buffer->at, buffer->size);
    if (text != NULL)
        text[buffer->size] = '\0';
    return text;
}
