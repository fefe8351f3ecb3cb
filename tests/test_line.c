/*
 * Lines: where they begin and end, whatever their breaks, and that they are made out again as they were: of each only a
 * byte is kept.
 */
#include "line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

enum { LINES = 5000, FAR_BLANKS = 100 };

static jmp_buf escape;

/* A line is prose if it holds a p. */
static void look(struct line *line, void *context)
{
    const struct text *text = context;
    while (line->first < line->end && text->at[line->first] == ' ')
        line->first++;
    line->blank = line->first == line->end;
    line->prose = memchr(text->at + line->start, 'p', line->end - line->start) != NULL;
}

static void add_line(struct buffer *text, size_t n)
{
    static const char *const breaks[] = {"\n", "\r\n", "\r"};
    for (size_t i = n % 97 == 0 ? FAR_BLANKS + n % 7 : n % 5; i > 0; i--)
        buffer_puts(text, " ");
    buffer_puts(text, n % 3 == 0 ? "" : n % 2 == 0 ? "plain" : "word");
    buffer_puts(text, breaks[n % 3]);
}

static void assert_line(const struct line *line, const struct line *as)
{
    assert_int_equal(line->start, as->start);
    assert_int_equal(line->first, as->first);
    assert_int_equal(line->end, as->end);
    assert_int_equal(line->next, as->next);
    assert_int_equal(line->blank, as->blank);
    assert_int_equal(line->prose, as->prose);
}

static void test_made_out_again(void **state)
{
    (void)state;
    struct arena arena = {.escape = &escape};
    struct buffer buffer = {.arena = &arena};
    struct lines lines;
    if (setjmp(escape) != 0)
        fail();
    for (size_t n = 0; n < LINES; n++)
        add_line(&buffer, n);
    struct text text = {.at = buffer.at, .size = buffer.size};
    lines_read(&arena, &text, look, &text, &lines);
    /* "\r" before "\n" is one break, so there are fewer. */
    struct line *all = arena_take(&arena, lines.count, sizeof *all);
    for (size_t n = 0, start = 0; n < lines.count; n++) {
        size_t end, next = line_next(text.at, text.size, start, &end);
        all[n] = (struct line){
            .start = (uint32_t)start, .first = (uint32_t)start, .end = (uint32_t)end, .next = (uint32_t)next};
        look(&all[n], &text);
        start = next;
    }
    assert_int_equal(all[lines.count - 1].next, text.size);
    for (size_t n = 0; n < lines.count; n++)
        assert_line(line_of(&lines, n), &all[n]);
    for (size_t n = lines.count; n > 0; n--)
        assert_line(line_of(&lines, n - 1), &all[n - 1]);
    for (size_t n = 0; n < lines.count; n++) {
        assert_int_equal(line_at(&lines, all[n].start), n);
        assert_int_equal(line_at(&lines, all[n].next - 1), n);
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_made_out_again)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
