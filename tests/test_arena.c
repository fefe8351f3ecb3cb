#include "../parser/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static jmp_buf escape;
static struct arena arena = {.escape = &escape};

struct array {
    uint32_t *at;
    size_t count, room;
};

enum { ARRAYS = 40, MOST = 9000 };

/* Each number says whose it is and where it stands. */
static uint32_t number(size_t array, size_t i)
{
    return (uint32_t)(array * MOST + i);
}

static void push(struct array *arrays, size_t n)
{
    struct array *array = &arrays[n];
    array->at = arena_grow(&arena, array->at, array->count, &array->room, array->count + 1, sizeof *array->at);
    array->at[array->count] = number(n, array->count);
    array->count++;
}

/* What one array leaves when it grows another may take: none may write in what is still another's. */
static void test_arrays_grow_beside_others(void **state)
{
    (void)state;
    srand(1946);
    for (size_t round = 0; round < 3; round++) { /* an arena that was freed can be used again */
        struct array arrays[ARRAYS] = {{0}};
        for (size_t i = 0; i < 200000; i++) {
            size_t n = (size_t)rand() % (1 + (size_t)rand() % ARRAYS); /* some grow faster */
            if (arrays[n].count < MOST)
                push(arrays, n);
        }
        for (size_t n = 0; n < ARRAYS; n++)
            for (size_t i = 0; i < arrays[n].count; i++)
                assert_int_equal(arrays[n].at[i], number(n, i));
        arena_free(&arena);
    }
}

/* Many short arrays, one after another, as records have them: what they left is used. */
static void test_what_is_left_is_taken_again(void **state)
{
    (void)state;
    struct array arrays[ARRAYS] = {{0}};
    for (size_t i = 0; i < 100; i++)
        push(arrays, 0);
    uint32_t *left = arrays[0].at;
    for (size_t i = 0; i < MOST - 100; i++)
        push(arrays, 0);
    bool taken = false;
    for (size_t i = 0; i < 100; i++) {
        push(arrays, 1);
        taken = taken || arrays[1].at == left;
    }
    assert_true(taken);
    arena_free(&arena);
}

static void test_pieces_are_zeroed(void **state)
{
    (void)state;
    struct array arrays[ARRAYS] = {{0}};
    for (size_t i = 0; i < 1000; i++) {
        push(arrays, 0);
        const char *piece = arena_take(&arena, 1, 64);
        for (size_t n = 0; n < 64; n++)
            assert_int_equal(piece[n], 0);
        assert_int_equal((uintptr_t)piece % _Alignof(max_align_t), 0);
    }
    assert_int_equal((uintptr_t)arrays[0].at % _Alignof(max_align_t), 0);
    arena_free(&arena);
}

/* More than there can be is no memory, and not a little of it. */
static void test_too_much(void **state)
{
    static size_t room;
    (void)state;
    static const size_t wants[] = {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 4, SIZE_MAX / 8};
    for (volatile size_t i = 0; i < sizeof wants / sizeof *wants; i++)
        for (volatile size_t size = 1; size <= 64; size *= 8) {
            room = 0;
            if (setjmp(escape) == 0) {
                arena_grow(&arena, NULL, 0, &room, wants[i], size);
                fail_msg("there is so much memory");
            }
            assert_int_equal(room, 0);
        }
    arena_free(&arena);
}

/* The same of single pieces and of texts. */
static void test_too_long(void **state)
{
    static struct buffer buffer = {.arena = &arena};
    (void)state;
    for (volatile int way = 0; way < 3; way++)
        if (setjmp(escape) == 0) {
            buffer_puts(&buffer, "a");
            if (way == 0)
                arena_take(&arena, SIZE_MAX / 8, 9);
            else if (way == 1)
                arena_copy(&arena, "", SIZE_MAX);
            else
                buffer_add(&buffer, "", SIZE_MAX - 1);
            fail_msg("there is so much memory");
        }
    assert_string_equal(buffer.at, "aaa");
    char *given = buffer_give(&buffer), *nothing = buffer_give(&(struct buffer){.arena = &arena});
    assert_string_equal(given, "aaa");
    assert_string_equal(nothing, "");
    free(given);
    free(nothing);
    arena_free(&arena);
}

/* Large pieces have blocks of their own: the last one, one between others, and the first can grow. */
static void test_large_arrays_grow(void **state)
{
    enum { LARGE = 3, ROUNDS = 6 };
    struct array arrays[LARGE] = {{0}};
    (void)state;
    for (size_t round = 0, want = 10000; round < ROUNDS; round++, want *= 2)
        for (size_t n = 0; n < LARGE; n++) {
            struct array *array = &arrays[n];
            array->at = arena_grow(&arena, array->at, array->count, &array->room, want, sizeof *array->at);
            while (array->count < want) {
                array->at[array->count] = number(n, array->count);
                array->count++;
            }
        }
    arena_take(&arena, 1, 1);
    for (size_t n = 0; n < LARGE; n++)
        for (size_t i = 0; i < arrays[n].count; i++)
            assert_int_equal(arrays[n].at[i], number(n, i));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arrays_grow_beside_others),
        cmocka_unit_test(test_what_is_left_is_taken_again),
        cmocka_unit_test(test_pieces_are_zeroed),
        cmocka_unit_test(test_too_much),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_large_arrays_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
