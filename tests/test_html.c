#include "../parser/html.h"

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

static bool is_page(struct arena *arena, const char *bytes)
{
    struct text text;
    text_read(arena, bytes, strlen(bytes), &text);
    return html_is(&text);
}

static void test_what_is_a_page(void **state)
{
    assert_true(is_page(*state, "<!DOCTYPE html>\n<p>x"));
    assert_true(is_page(*state, "\n<!-- saved -->\n<HTML lang=en>"));
    assert_true(is_page(*state, "<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0\">"));
    assert_true(is_page(*state, "<body>"));
    assert_true(is_page(*state, "<table><tr><td>From</td><td>ANKARA</td></tr></table>"));
}

static void test_what_is_none(void **state)
{
    assert_false(is_page(*state, ""));
    assert_false(is_page(*state, "<"));
    assert_false(is_page(*state, "NKID\nOutgoing No. 5\n"));
    assert_false(is_page(*state, "<html5 is not a tag that says so"));
    assert_false(is_page(*state, "From: ANKARA<br />\n\nTo: MOSCOW<br />\n\nNo. 5 <strong>for</strong> all<br />\n"));
    assert_false(is_page(*state, "<br />\nFrom: ANKARA<br />\nTo: MOSCOW<br />\n"));
    assert_false(is_page(*state, "<handwritten: seen>\nNKID\n"));
    assert_false(is_page(*state, "<https://archive.example/document/1>\n"));
    assert_false(is_page(*state, "NKID <!DOCTYPE html><html>"));
}

/* What must hold of the map, whatever the page: it rises from 0 to the page's size. */
static void check_map(const struct text *text)
{
    size_t last = 0;
    assert_int_equal(text->at[text->size], 0);
    for (size_t at = 0; at <= text->size; at++) {
        size_t source = text_source(text, at), end = text_source_end(text, 0, at);
        assert_true(source >= last && source <= text->source_size);
        assert_true(end <= source);
        last = source;
    }
    assert_int_equal(text_source(text, 0), 0);
    if (text->size > 0)
        assert_int_equal(text_source(text, text->size), text->source_size);
}

/* Reads a copy that ends where it ends, so that the sanitizers see a byte too many. */
static struct text read_page(struct arena *arena, const char *bytes, size_t size)
{
    struct text text;
    char *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    text_read(arena, copy, size, &text);
    free(copy);
    assert_null(html_read(arena, &text));
    check_map(&text);
    return text;
}

static struct text check_page(struct arena *arena, const char *page, const char *want)
{
    struct text text = read_page(arena, page, strlen(page));
    assert_string_equal(text.at, want);
    return text;
}

/* `what` of the text stands for `written` of the page, and no byte beside it. */
static void check_place(const struct text *text, const char *page, const char *what, const char *written)
{
    const char *at = strstr(text->at, what);
    assert_non_null(at);
    size_t offset = (size_t)(at - text->at), length = strlen(written);
    size_t start = text_source(text, offset), end = text_source_end(text, offset, offset + strlen(what));
    assert_int_equal(end - start, length);
    assert_memory_equal(page + start, written, length);
}

static void test_lines(void **state)
{
    check_page(*state, "NKID<br>10TH\n  DEPARTMENT<div>a</div>b<div><div>c</div></div>",
               "NKID\n10TH DEPARTMENT\na\nb\nc\n");
    check_page(*state, "a<p>b</p><p>c<p>d<br><br><br>e", "a\n\nb\n\nc\n\nd\n\n\ne\n");
    check_page(*state, "<ul><li>a<li>b</ul>c", "\na\nb\n\nc\n");
    check_page(*state, "  a <b> b</b> <i>c</i>d ", "\na b cd\n");
    check_page(*state, "no end <", "no end <\n");
    check_page(*state, "no end <p", "no end\n");
    check_page(*state, "a < b > c <5", "a < b > c <5\n");
    check_page(*state, "", "");
    check_page(*state, "<p></p>", "\n");
}

static void test_tables(void **state)
{
    check_page(*state, "<table><tr><th>From</th> <td>ANKARA<td>No. 5<tr><td>a</table>b",
               "\nFrom\tANKARA\tNo. 5\na\n\nb\n");
    /* What stands in a table outside its cells is moved by a browser; here it stays where it is. */
    check_page(*state, "a<table>b<tr>c<td>d</td>e</tr></table>f", "a\n\nb\nc\td\te\n\nf\n");
}

static void test_preformatted(void **state)
{
    check_page(*state, "<pre>a   b\r\n  c</pre>d  e", "\na   b\n  c\n\nd e\n");
    check_page(*state, "<pre>never  closed", "\nnever  closed\n");
}

static void test_what_is_not_shown(void **state)
{
    check_page(*state, "<html><head><title>t</title><style>p{}</style></head><body>a<script>'<p>' < 1</script>b",
               "\nab\n");
    check_page(*state, "a<nav><ul><li>From: here</nav>b<select><option>1</select>c<!-- <p>x -->d", "a\nb\ncd\n");
    /* What is never closed hides nothing. */
    check_page(*state, "a<nav>b<p>c", "a\nb\n\nc\n");
    check_page(*state, "a<script>b<p>c", "a\n");
    check_page(*state, "a<!-- b", "a\n");
}

static void test_references(void **state)
{
    static const char page[] =
        "&#8470; 5 &eacute; &nbsp;; &notit; &notin; &copy1946 &AMP; &amp;lt; & &x; &#; &#x416;\r\nz";
    struct text text = check_page(*state, page, "№ 5 é \u00A0; ¬it; ∉ ©1946 & &lt; & &x; &#; Ж z\n");
    check_place(&text, page, "№", "&#8470;");
    check_place(&text, page, "é", "&eacute;");
    check_place(&text, page, "¬", "&not");
    check_place(&text, page, "it;", "it;");
    check_place(&text, page, "∉", "&notin;");
    check_place(&text, page, "©", "&copy");
    check_place(&text, page, "1946", "1946");
    check_place(&text, page, "&lt;", "&amp;lt;");
    check_place(&text, page, "Ж z", "&#x416;\r\nz");
}

/* gumbo counts in an int: these numbers came out as other characters, or as none of UTF-8. */
static void test_numbers_of_no_character(void **state)
{
    const char *page = "<p>&#4294967361; &#x100000041; &#99999999999999999999; &#xFFFFFFFF; &#000000000065; &#1114112;";
    struct text text = check_page(*state, page, "\n\uFFFD \uFFFD \uFFFD \uFFFD A \uFFFD\n");
    check_place(&text, page, "A", "&#000000000065;");
}

static void test_places(void **state)
{
    static const char page[] =
        "<!DOCTYPE html><title>x</title><p class='a > b'>Outgoing <i>No.</i> 73<b>15</b></p><p>TOP"
        "<span> SECRET</span></p></html>";
    struct text text = check_page(*state, page, "\nOutgoing No. 7315\n\nTOP SECRET\n");
    check_place(&text, page, "Outgoing", "Outgoing");
    check_place(&text, page, "7315", "73<b>15");
    check_place(&text, page, "TOP SECRET", "TOP<span> SECRET");
}

/* Pages longer than the pieces in which they are read, with tokens that lie across. */
static void test_long_pages(void **state)
{
    static const char *const units[] = {"<p>line 5</p>\n", "word & ",         "<br>", "<div>", "<b a=1>x", "</i>",
                                        "&eacute;",        "<!-- x --><td>a", "\r\n"};
    enum { SIZE = 300 * 1000 };
    char *page = arena_take(*state, SIZE + 100, 1);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t length = strlen(units[i]), size = 0;
        for (; size < SIZE; size += length)
            memcpy(page + size, units[i], length);
        memcpy(page + size, "<p>TOP SECRET", sizeof "<p>TOP SECRET");
        struct text text = read_page(*state, page, size + strlen("<p>TOP SECRET"));
        assert_non_null(strstr(text.at, "TOP SECRET\n"));
        check_place(&text, page, "TOP SECRET", "TOP SECRET");
    }
}

static void test_long_token(void **state)
{
    enum { SIZE = 300 * 1000 };
    char *page = arena_take(*state, SIZE + 100, 1);
    memset(page, 'x', SIZE);
    memcpy(page, "<script>", strlen("<script>"));
    memcpy(page + SIZE, "</script>TOP SECRET", sizeof "</script>TOP SECRET");
    check_page(*state, page, "\nTOP SECRET\n");
    memcpy(page, "<!-- <p>", strlen("<!-- <p>"));
    memcpy(page + SIZE, "-->TOP SECRET", sizeof "-->TOP SECRET");
    check_page(*state, page, "\nTOP SECRET\n");
}

static void test_too_many_attributes(void **state)
{
    struct buffer page = {.arena = *state};
    struct text text;
    buffer_puts(&page, "<p ");
    for (int i = 0; i < 1000; i++)
        buffer_format(&page, "a%d ", i);
    buffer_puts(&page, ">TOP SECRET");
    text_read(*state, page.at, page.size, &text);
    assert_non_null(strstr(html_read(*state, &text), "attributes"));
    assert_int_equal(text.size, page.size);
    assert_string_equal(text.at, page.at);
}

static void test_nul(void **state)
{
    static const char page[] = "<p>TOP\0 SECRET\0<b\0>x";
    struct text text = read_page(*state, page, sizeof page - 1);
    assert_non_null(strstr(text.at, "SECRET"));
}

/* Anything at all, made of what pages are made of. */
static void test_random(void **state)
{
    static const char *const parts[] = {"<",       ">",     "</",   "<p",  "<b>",       "</div>", "<td>", "<!--",
                                        "-->",     "&",     "&lt;", "&#5", ";",         "<pre>",  "\r",   "\n",
                                        "<script", "=",     "\"",   "'",   "</script>", "№",      "\xFF", "<nav>",
                                        "</nav>",  "<br/>", "a",    " ",   "<!",        "&notit"};
    uint32_t seed = 1;
    for (size_t round = 0; round < 3000; round++) {
        struct buffer page = {.arena = *state};
        buffer_puts(&page, "");
        for (size_t i = 0; i < 60; i++) {
            seed = seed * 1664525 + 1013904223;
            buffer_puts(&page, parts[(seed >> 16) % (sizeof parts / sizeof *parts)]);
        }
        read_page(*state, page.at, page.size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_a_page, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tables, setup, teardown),
        cmocka_unit_test_setup_teardown(test_preformatted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_not_shown, setup, teardown),
        cmocka_unit_test_setup_teardown(test_references, setup, teardown),
        cmocka_unit_test_setup_teardown(test_numbers_of_no_character, setup, teardown),
        cmocka_unit_test_setup_teardown(test_places, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_token, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_many_attributes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nul, setup, teardown),
        cmocka_unit_test_setup_teardown(test_random, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
