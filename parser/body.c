#include "document.h"

#include <string.h>

/* What the lines of a body look like as a whole. */
struct layout {
    bool spaced;    /* blank lines part the paragraphs */
    size_t longest; /* line, in bytes */
};

enum { UNWRAPPED = 160 };

static const char *next_line(const char *at, const char *end, size_t *size)
{
    const char *feed = at;
    while (feed < end && *feed != '\n' && *feed != '\r')
        feed++;
    *size = (size_t)(feed - at);
    if (feed < end)
        feed += feed + 1 < end && feed[0] == '\r' && feed[1] == '\n' ? 2 : 1;
    return feed;
}

static bool is_blank(const char *at, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!((unsigned char)at[i] <= ' ' || (unsigned char)at[i] == 0xC2 || (unsigned char)at[i] == 0xA0))
            return false;
    return true;
}

static struct layout layout_of(const struct buffer *body)
{
    struct layout layout = {0};
    bool text = false, gap = false;
    const char *end = body->at + body->size;
    size_t size;
    for (const char *at = body->at; at < end;) {
        const char *next = next_line(at, end, &size);
        bool blank = is_blank(at, size);
        layout.spaced = layout.spaced || (gap && !blank);
        gap = text && blank;
        text = text || !blank;
        if (size > layout.longest)
            layout.longest = size;
        at = next;
    }
    return layout;
}

/* A sentence has ended: its stop, perhaps with a quote or bracket behind it. */
static bool ends_sentence(const char *text, size_t size)
{
    static const char *const closers[] = {"\"", "'", ")", "]", "\xE2\x80\x9D", "\xC2\xBB", "\xE2\x80\x99", " "};
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < sizeof closers / sizeof *closers; i++) {
            size_t n = strlen(closers[i]);
            if (size > n && memcmp(text + size - n, closers[i], n) == 0) {
                size -= n;
                more = true;
            }
        }
    }
    return size == 0 || strchr(".!?:;", text[size - 1]) != NULL ||
           (size >= 3 && memcmp(text + size - 3, "\xE2\x80\xA6", 3) == 0);
}

static bool begins_item(const char *text)
{
    return (*text >= '0' && *text <= '9') || *text == '-' || *text == '*' || *text == '[' || *text == '(';
}

static bool is_small(unsigned char c)
{
    return c >= 'a' && c <= 'z';
}

/* A sentence runs on: it goes on with a small letter, or broke off behind a comma or a short word. */
static bool runs_on(const char *last, size_t size, const char *next)
{
    if (size < 60 || ends_sentence(last, size) || begins_item(next))
        return false;
    unsigned char lead = (unsigned char)next[0], trail = (unsigned char)next[1];
    if (is_small(lead) || (lead == 0xD0 && trail >= 0xB0) || (lead == 0xD1 && trail >= 0x80 && trail <= 0x9F))
        return true;
    size_t letters = 0;
    while (letters < size && last[size - 1 - letters] != ' ')
        letters++;
    bool cyrillic = (unsigned char)last[size - 1] >= 0x80;
    return last[size - 1] == ',' ||
           (letters <= (cyrillic ? 6 : 3) && (cyrillic || is_small((unsigned char)last[size - 1])));
}

/* Paragraphs as they take the place of the lines that they are made of: they are never longer. */
struct folding {
    char *at;
    size_t last, start, end; /* where the last paragraph begins, and the one at hand; last == start: there is none */
};

/* Each has a 0 behind it, where a line break was. */
static void end_paragraph(struct folding *f)
{
    while (f->end > f->start && f->at[f->end - 1] == ' ')
        f->end--;
    if (f->end == f->start)
        return;
    f->at[f->end] = '\0';
    /* What a page break has cut in two ends in the middle of a sentence that runs on. */
    if (f->start > f->last && runs_on(f->at + f->last, f->start - 1 - f->last, f->at + f->start))
        f->at[f->start - 1] = ' ';
    else
        f->last = f->start;
    f->start = ++f->end;
}

static bool is_no_break(const char *at, size_t size)
{
    return size > 1 && (unsigned char)at[0] == 0xC2 && (unsigned char)at[1] == 0xA0;
}

static void add_blank(struct folding *f)
{
    if (f->end > f->start && f->at[f->end - 1] != ' ')
        f->at[f->end++] = ' ';
}

/* Blanks of any width fold to one. */
static void add_line(struct folding *f, const char *at, size_t size)
{
    add_blank(f);
    for (size_t i = 0, end; i < size; i = end) {
        for (end = i; end < size && (unsigned char)at[end] > ' ' && !is_no_break(at + end, size - end);)
            end++;
        if (end > i) {
            memmove(f->at + f->end, at + i, end - i);
            f->end += end - i;
        } else {
            end += is_no_break(at + i, size - i) ? 2 : 1;
            add_blank(f);
        }
    }
}

void body_fold(struct record *record)
{
    struct buffer *body = &record->body;
    struct layout layout = layout_of(body);
    struct folding f = {.at = body->at};
    const char *end = body->at + body->size;
    size_t size, last_size = 0;
    for (const char *at = body->at; at < end;) {
        const char *next = next_line(at, end, &size);
        if (is_blank(at, size)) {
            end_paragraph(&f);
        } else {
            bool own_line = !layout.spaced && (layout.longest > UNWRAPPED || last_size < layout.longest * 3 / 4);
            if (own_line && f.end > f.start && ends_sentence(f.at + f.start, f.end - f.start))
                end_paragraph(&f);
            add_line(&f, at, size);
        }
        last_size = size;
        at = next;
    }
    end_paragraph(&f);
    body->size = f.end;
}
