#include "arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *next;
    size_t used, room;
    max_align_t bytes[];
};

struct arena_keep {
    struct arena_keep *next;
    void *thing;
    void (*release)(void *);
};

enum { BLOCK = 16 * 1024 };

_Noreturn void arena_fail(struct arena *arena)
{
    longjmp(*arena->escape, 1);
}

static size_t aligned(size_t size)
{
    return (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
}

static struct arena_block *new_block(struct arena *arena, size_t need)
{
    size_t room = need > BLOCK ? need : BLOCK;
    if (room > SIZE_MAX - sizeof(struct arena_block))
        arena_fail(arena);
    struct arena_block *block = malloc(sizeof *block + room);
    if (block == NULL)
        arena_fail(arena);
    block->used = 0;
    block->room = room;
    /* A large piece goes behind the block in use, whose rest stays in use. */
    if (need > BLOCK && arena->blocks != NULL) {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    } else {
        block->next = arena->blocks;
        arena->blocks = block;
    }
    return block;
}

void *arena_take(struct arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > (SIZE_MAX / 2) / size)
        arena_fail(arena);
    size_t need = aligned(count * size);
    struct arena_block *block = arena->blocks;
    if (block == NULL || block->room - block->used < need)
        block = new_block(arena, need);
    void *at = (char *)block->bytes + block->used;
    block->used += need;
    return memset(at, 0, need);
}

void *arena_grow(struct arena *arena, void *old, size_t used, size_t *room, size_t want, size_t size)
{
    if (want <= *room)
        return old;
    size_t more = *room < 8 ? 8 : *room;
    while (more < want)
        more = more > SIZE_MAX / 2 ? want : more * 2;
    void *new = arena_take(arena, more, size);
    if (used > 0)
        memcpy(new, old, used * size);
    *room = more;
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

void arena_free(struct arena *arena)
{
    while (arena->kept != NULL) {
        struct arena_keep *keep = arena->kept;
        arena->kept = keep->next;
        keep->release(keep->thing);
        free(keep);
    }
    while (arena->blocks != NULL) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
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
