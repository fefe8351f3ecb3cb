#include "../parser/running.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static jmp_buf escape;

static int setup(void **state)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena == NULL)
        return -1;
    arena->escape = &escape;
    *state = arena;
    return 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    free(*state);
    return 0;
}

static void check(struct arena *arena, const char *pages, const char *want)
{
    struct text text;
    size_t size = strlen(pages), last = 0;
    char *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, pages, size);
    text_read(arena, copy, size, &text);
    free(copy);
    running_drop(arena, &text);
    assert_string_equal(text.at, want);
    for (size_t at = 0; at < text.size; at++) {
        size_t source = text_source(&text, at);
        /* The text begins where the file does, whatever was dropped there. */
        assert_true(source >= last && (at == 0 || pages[source] == text.at[at]));
        last = source;
    }
}

static void check_kept(struct arena *arena, const char *pages)
{
    check(arena, pages, pages);
}

static void test_numbers(void **state)
{
    check(*state, "a\n- 9 -\n\fb\n\n- 10 -\n\fc\n  - 11 -", "a\n\n\fb\n\n\n\fc\n  ");
    check(*state, "12\na\n\f13\nb\n\f14\nc\n", "\na\n\f\nb\n\f\nc\n");
    check(*state, "1\r\n\f2\r\n\f3", "\r\n\f\r\n\f");
}

static void test_heads(void **state)
{
    check(*state, "a\n\fOn the trade of ships   46\nb\n\fOn the trade of ships   47\nc\n", "a\n\f\nb\n\f\nc\n");
    check(*state,
          "8  On the trade of ships\na\n\fThe year of the harbour  9\nb\n\f10  On the trade of ships\nc\n\f"
          "The year of the harbour  11\nd\n",
          "\na\n\f\nb\n\f\nc\n\f\nd\n");
}

static void test_what_stays(void **state)
{
    check_kept(*state, "");
    check_kept(*state, "\f\f\f");
    check_kept(*state, "1\na\n2\nb\n3\nc\n");
    check_kept(*state, "a\n- 9 -\n\fb\n- 10 -\n");               /* two pages */
    check_kept(*state, "5\na\n\f7\nb\n\f9\nc\n");                /* no counting */
    check_kept(*state, "No. 41\na\n\fNo. 42\nb\n\fNo. 43\nc\n"); /* the papers' numbers */
    check_kept(*state, "TOP SECRET\na\n\fTOP SECRET\nb\n\fTOP SECRET\nc\n");
    check_kept(*state, "a\n12 See the paper of May\n\fb\n13 Not to be found there\n\fc\n14 See above, in note 12\n");
    check_kept(*state, "19460508\n\f19460509\n\f19460510\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_heads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_stays, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
