#include "document.h"

#include <string.h>

/* What the lines of a body look like as a whole. */
struct layout {
    bool spaced;    /* blank lines part the paragraphs */
    size_t longest; /* line, in bytes */
};

enum { UNWRAPPED = 160 };

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
    for (size_t at = 0, next, end; at < body->size; at = next) {
        next = line_next(body->at, body->size, at, &end);
        size_t size = end - at;
        bool blank = is_blank(body->at + at, size);
        layout.spaced = layout.spaced || (gap && !blank);
        gap = text && blank;
        text = text || !blank;
        if (size > layout.longest)
            layout.longest = size;
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

/* How many bytes of blank there are at the start: one at a time. */
static size_t blank_size(const char *at, size_t size)
{
    if ((unsigned char)at[0] == 0xC2)
        return size > 1 && (unsigned char)at[1] == 0xA0 ? 2 : 0; /* that does not break */
    return (unsigned char)at[0] <= ' ';
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
    for (size_t i = 0, blank; i < size; i += blank) {
        size_t end = i;
        for (blank = 0; end < size && (blank = blank_size(at + end, size - end)) == 0;) {
            end++;
            /* Words with one blank between them are moved at once. */
            end += end + 1 < size && at[end] == ' ' && blank_size(at + end + 1, size - end - 1) == 0;
        }
        memmove(f->at + f->end, at + i, end - i);
        f->end += end - i;
        if (blank > 0)
            add_blank(f);
        i = end;
    }
}

void body_fold(struct record *record)
{
    struct buffer *body = &record->body;
    struct layout layout = layout_of(body);
    struct folding f = {.at = body->at};
    size_t last_size = 0;
    for (size_t at = 0, next, end; at < body->size; at = next) {
        next = line_next(body->at, body->size, at, &end);
        size_t size = end - at;
        if (is_blank(body->at + at, size)) {
            end_paragraph(&f);
        } else {
            bool own_line = !layout.spaced && (layout.longest > UNWRAPPED || last_size < layout.longest * 3 / 4);
            if (own_line && f.end > f.start && ends_sentence(f.at + f.start, f.end - f.start))
                end_paragraph(&f);
            add_line(&f, body->at + at, size);
        }
        last_size = size;
    }
    end_paragraph(&f);
    body->size = f.end;
}
