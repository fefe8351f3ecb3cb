#include "../parser/column.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
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

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\f';
}

/* The stretches tile the source, and each character of the text is the one at its place there. */
static void check_order(const struct text *text, const struct order *order, const char *bytes, size_t size)
{
    bool *used = calloc(size + 1, sizeof *used);
    assert_non_null(used);
    size_t end = 0;
    for (size_t n = 0; n < order->count; n++) {
        assert_int_equal(order->stretches[n].at, end);
        end = n + 1 < order->count ? order->stretches[n + 1].at : size;
        for (size_t i = order->stretches[n].at; i < end; i++) {
            size_t source = order->stretches[n].source + (i - order->stretches[n].at);
            assert_true(source < size && !used[source]);
            used[source] = true;
            assert_int_equal(order_place(order, source), i);
        }
    }
    size_t letters[2] = {0};
    for (size_t i = 0; i < text->size; i++) {
        if (is_blank(text->at[i]))
            continue;
        size_t source = text_source(text, i);
        assert_int_equal(bytes[order_source(order, source, source).start], text->at[i]);
        letters[0]++;
    }
    for (size_t i = 0; i < size; i++)
        letters[1] += !is_blank(bytes[i]);
    assert_int_equal(letters[0], letters[1]);
    free(used);
}

static bool read_columns(struct arena *arena, const char *bytes, size_t size, struct text *text)
{
    struct order order;
    char *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    text_read(arena, copy, size, text);
    free(copy);
    columns_read(arena, text, &order);
    assert_int_equal(text->at[text->size], 0);
    if (strcmp(text->encoding, "UTF-8") == 0)
        check_order(text, &order, bytes, size);
    return order.count > 0;
}

static void check(struct arena *arena, const char *page, const char *want)
{
    struct text text;
    bool columns = read_columns(arena, page, strlen(page), &text);
    assert_string_equal(text.at, want);
    assert_int_equal(columns, strcmp(page, want) != 0);
}

#define LEFT_1 "the first line of the left column here"
#define LEFT_2 "goes on in the second one and then it"
#define LEFT_3 "says what there is to say of the ship"
#define RIGHT_1 "and the right one begins at its own"
#define RIGHT_2 "height, which is that of the left one"
#define RIGHT_3 "so that both of them stand in a row."
#define ROWS(break)                                                                                                    \
    LEFT_1 "     " RIGHT_1 break LEFT_2 "      " RIGHT_2 break LEFT_3 "      " RIGHT_3 break LEFT_1                    \
        "     " RIGHT_1 break LEFT_2 "      " RIGHT_2 break LEFT_3 "      " RIGHT_3 break
#define LEFT LEFT_1 "\n" LEFT_2 "\n" LEFT_3 "\n" LEFT_1 "\n" LEFT_2 "\n" LEFT_3 "\n"
#define RIGHT(break) RIGHT_1 break RIGHT_2 break RIGHT_3 break RIGHT_1 break RIGHT_2 break RIGHT_3 break

/* A form feed takes no column, wherever it stands. */
static void test_form_feeds(void **state)
{
#define FED "goes\f\f\f\f\f\f on in the second one and then it"
    check(*state,
          LEFT_1 "     " RIGHT_1 "\n" FED "      " RIGHT_2 "\n" LEFT_3 "      " RIGHT_3 "\n" LEFT_1 "     " RIGHT_1
                 "\n" LEFT_2 "      " RIGHT_2 "\n" LEFT_3 "      " RIGHT_3 "\n",
          LEFT_1 "\n" FED "\n" LEFT_3 "\n" LEFT_1 "\n" LEFT_2 "\n" LEFT_3 "\n" RIGHT("\n"));
}

static void test_columns(void **state)
{
    check(*state, ROWS("\n"), LEFT RIGHT("\n"));
    check(*state, ROWS("\r\n"), LEFT RIGHT("\r\n"));
    check(*state, "A title that stands above both of the columns, from side to side\n\n" ROWS("\n"),
          "A title that stands above both of the columns, from side to side\n\n" LEFT RIGHT("\n"));
    check(*state, ROWS("\n") "\nWhat is below the columns goes from one side of the page to the other\n",
          LEFT RIGHT("\n") "\nWhat is below the columns goes from one side of the page to the other\n");
    check(*state, ROWS("\n") "\f" ROWS("\n"), LEFT RIGHT("\n") "\f" LEFT RIGHT("\n"));
}

static void test_one_is_longer(void **state)
{
    check(*state, ROWS("\n") "the left one alone goes on with a line\nand ends.\n",
          LEFT "the left one alone goes on with a line\nand ends.\n" RIGHT("\n"));
    check(*state, ROWS("\n") "                                           and the right one\n",
          LEFT "\n" RIGHT("\n") "and the right one\n");
    /* Without a break at the end of the file. */
    check(*state, ROWS("\n") "the left one alone goes on", LEFT "the left one alone goes on\n" RIGHT("\n"));
    /* Short lines behind a blank one are no more of it, long ones are. */
    check(*state, ROWS("\n") "\nSource: 5.\n", LEFT RIGHT("\n") "\nSource: 5.\n");
    check(*state, ROWS("\n") "\nthe left one alone goes on with a line\n",
          LEFT "\nthe left one alone goes on with a line\n" RIGHT("\n"));
    /* A heading in the one column belongs to it. */
    check(*state, "No. 5                                      the right one begins higher up\n\n" ROWS("\n"),
          "No. 5\n\n" LEFT "the right one begins higher up\n\n" RIGHT("\n"));
}

static void check_kept(struct arena *arena, const char *page)
{
    check(arena, page, page);
}

#define TIMES_8(row) row row row row row row row row

static void test_what_is_left_as_it_is(void **state)
{
    check_kept(*state, "");
    check_kept(*state, "\f\f\n   \n");
    check_kept(*state, TIMES_8("From: CAIRO        No. 2290        Time: 18:35        Date: 3/XI/1958\n"));
    check_kept(*state, TIMES_8("1. Cde. Stalin                         6. Cde. Mikoyan\n"));
    check_kept(*state, TIMES_8("TOP SECRET                                         Copy No. 7\n"));
    check_kept(*state, TIMES_8("the talk of the ship      the talk of the horse     the talk of the cart and\n"));
    check_kept(*state, TIMES_8("one line of prose.  And two blanks behind each stop of it, as typists do it.\n"
                               "Another line, in which they are elsewhere.  It is no gutter, for all that.\n"));
    check_kept(*state, TIMES_8("the ship of the line\twith a tab, and the right one behind the tab of it\n"));
    /* Five lines are too few. */
    check_kept(*state, LEFT_1 "     " RIGHT_1 "\n" LEFT_2 "      " RIGHT_2 "\n" LEFT_3 "      " RIGHT_3 "\n" LEFT_1
                              "     " RIGHT_1 "\n" LEFT_2 "      " RIGHT_2 "\n");
}

/* A byte for each character, two of which are two bytes in the text. */
static void test_code_page(void **state)
{
    static const char row[] =
        "\xF0\xC5\xD2\xD7\xC1\xD1 \xD3\xD4\xD2\xCF\xCB\xC1 \xCC\xC5\xD7\xCF\xC7\xCF \xD3\xD4\xCF\xCC"
        "\xC2\xC3\xC1      \xC9 \xD0\xC5\xD2\xD7\xC1\xD1 \xD3\xD4\xD2\xCF\xCB\xC1 \xD0\xD2\xC1"
        "\xD7\xCF\xC7\xCF.\n";
    struct buffer page = {.arena = *state};
    struct text text;
    for (int i = 0; i < 8; i++)
        buffer_add(&page, row, sizeof row - 1);
    assert_true(read_columns(*state, page.at, page.size, &text));
    assert_non_null(strstr(text.at, "столбца\nПервая"));
}

/* Pages of all widths, with lines that are missing here and there. */
static void test_random(void **state)
{
    uint32_t seed = 7;
    size_t columns = 0;
    for (size_t round = 0; round < 400; round++) {
        struct buffer page = {.arena = *state};
        buffer_puts(&page, "");
        for (size_t line = 0; line < 40; line++) {
            seed = seed * 1664525 + 1013904223;
            unsigned kind = (seed >> 16) % 16;
            if (kind > 1)
                buffer_puts(&page, seed >> 30 ? LEFT_1 : LEFT_3);
            if (kind > 2)
                buffer_format(&page, "%*s%s", (int)(3 + (seed >> 20) % 3), "",
                              seed >> 31 ? RIGHT_1 : "и так далее еще");
            buffer_puts(&page, kind == 3 ? "\f" : kind == 4 ? "\r\n" : kind == 5 ? "\n\n" : "\n");
        }
        struct text text;
        columns += read_columns(*state, page.at, page.size, &text);
    }
    assert_true(columns > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_columns, setup, teardown),
        cmocka_unit_test_setup_teardown(test_form_feeds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_is_longer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_left_as_it_is, setup, teardown),
        cmocka_unit_test_setup_teardown(test_code_page, setup, teardown),
        cmocka_unit_test_setup_teardown(test_random, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
