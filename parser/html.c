#include "html.h"

#include <gumbo.h>
#include <string.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static char lower(char c)
{
    if (c < 'A' || c > 'Z')
        return c;
    return (char)(c + ('a' - 'A'));
}

static bool is_hexadecimal(char c)
{
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
}

/* Whether `size` bytes begin with `word`, which is in small letters. */
static bool begins(const char *at, size_t size, const char *word)
{
    size_t n = 0;
    while (n < size && word[n] != '\0' && lower(at[n]) == word[n])
        n++;
    return word[n] == '\0';
}

/* How long the tag's name at `at` is: all up to a blank or the end of the tag. */
static size_t name_size(const char *at, size_t size)
{
    size_t n = 0;
    while (n < size && !is_blank(at[n]) && at[n] != '/' && at[n] != '>')
        n++;
    return n;
}

/* ---- what tags mean for the lines ----------------------------------------------------------- */

enum kind { INLINE, BREAK, CELL, BLOCK, PARAGRAPH, PREFORMATTED, HIDDEN };

struct meaning {
    const char *name;
    enum kind kind;
};

static const struct meaning meanings[] = {
    {"address", BLOCK},    {"article", BLOCK}, {"aside", BLOCK},      {"blockquote", PARAGRAPH},
    {"body", BLOCK},       {"br", BREAK},      {"button", HIDDEN},    {"caption", BLOCK},
    {"center", BLOCK},     {"dd", BLOCK},      {"details", BLOCK},    {"div", BLOCK},
    {"dl", PARAGRAPH},     {"dt", BLOCK},      {"fieldset", BLOCK},   {"figcaption", BLOCK},
    {"figure", PARAGRAPH}, {"footer", BLOCK},  {"form", BLOCK},       {"h1", PARAGRAPH},
    {"h2", PARAGRAPH},     {"h3", PARAGRAPH},  {"h4", PARAGRAPH},     {"h5", PARAGRAPH},
    {"h6", PARAGRAPH},     {"head", HIDDEN},   {"header", BLOCK},     {"hr", PARAGRAPH},
    {"html", BLOCK},       {"iframe", HIDDEN}, {"legend", BLOCK},     {"li", BLOCK},
    {"main", BLOCK},       {"nav", HIDDEN},    {"noscript", HIDDEN},  {"object", HIDDEN},
    {"ol", PARAGRAPH},     {"p", PARAGRAPH},   {"pre", PREFORMATTED}, {"section", BLOCK},
    {"select", HIDDEN},    {"summary", BLOCK}, {"svg", HIDDEN},       {"table", PARAGRAPH},
    {"tbody", BLOCK},      {"td", CELL},       {"template", HIDDEN},  {"textarea", HIDDEN},
    {"tfoot", BLOCK},      {"th", CELL},       {"thead", BLOCK},      {"title", HIDDEN},
    {"tr", BLOCK},         {"ul", PARAGRAPH},
};

enum { MEANINGS = sizeof meanings / sizeof *meanings };

/* What the tag of this name means; NULL if nothing. */
static const struct meaning *find_meaning(const char *at, size_t size)
{
    for (size_t i = 0; i < MEANINGS; i++)
        if (strlen(meanings[i].name) == size && begins(at, size, meanings[i].name))
            return &meanings[i];
    return NULL;
}

/* ---- is it a page --------------------------------------------------------------------------- */

enum { SAMPLE = 64 * 1024 };

/* Behind blanks, comments and the declaration of XML. */
static size_t skip_preface(const char *at, size_t size)
{
    size_t i = 0;
    for (;;) {
        while (i < size && is_blank(at[i]))
            i++;
        const char *end = begins(at + i, size - i, "<!--") ? "-->" : begins(at + i, size - i, "<?xml") ? ">" : NULL;
        if (end == NULL)
            return i;
        while (i < size && !begins(at + i, size - i, end))
            i++;
        i += i < size ? strlen(end) : 0;
    }
}

/* Says of itself that it is a page. */
static bool is_declared(const char *at, size_t size)
{
    static const char *const starts[] = {"<!doctype html", "<html", "<head", "<body"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        size_t length = strlen(starts[i]);
        if (size > length && begins(at, size, starts[i]) && (is_blank(at[length]) || at[length] == '>'))
            return true;
    }
    return false;
}

/*
 * A part of a page: a fifth of it is tags, and blocks are closed. Plain text may have stray tags (an
 * exported <br> on each line), but its line breaks are breaks.
 */
static bool is_fragment(const char *at, size_t size)
{
    size_t tags = 0, closed = 0;
    for (size_t i = 0; i < size; i++) {
        if (at[i] != '<')
            continue;
        bool end = i + 1 < size && at[i + 1] == '/';
        size_t name = i + 1 + end;
        size_t length = name < size && is_letter(at[name]) ? name_size(at + name, size - name) : 0;
        const struct meaning *meaning = find_meaning(at + name, length);
        if (meaning == NULL || length == 0)
            continue;
        closed += end && meaning->kind != BREAK;
        size_t start = i;
        while (i < size && at[i] != '>')
            i++;
        tags += i - start;
    }
    return closed >= 3 && tags >= size / 5;
}

bool html_is(const struct text *text)
{
    size_t size = text->size < SAMPLE ? text->size : SAMPLE;
    size_t start = skip_preface(text->at, size);
    if (is_declared(text->at + start, size - start))
        return true;
    return start < size && text->at[start] == '<' && is_fragment(text->at + start, size - start);
}

/* ---- lines ---------------------------------------------------------------------------------- */

/* The text being made. Offsets are those of the page. */
struct flow {
    struct text_edit edit;
    const char *page;
    size_t size;
    bool written;             /* something stands before */
    bool blank;               /* blanks were folded, and wait for the next character */
    bool cell;                /* a cell begins */
    unsigned breaks, must;    /* line breaks: those written with <br>, and at least so many */
    size_t gap;               /* where what waits began */
    size_t preformatted;      /* until here blanks count */
    size_t hidden;            /* until here nothing is shown */
    size_t closers[MEANINGS]; /* the next end tag of each kind, as far as it was looked for */
};

/* The next end tag of this kind behind `from`; `size` if there is none. Each byte is looked at once for each kind. */
static size_t find_closer(struct flow *flow, const struct meaning *meaning, size_t from)
{
    size_t *at = &flow->closers[meaning - meanings], length = strlen(meaning->name);
    if (*at < from)
        *at = from;
    for (; *at < flow->size; ++*at) {
        const char *tag = memchr(flow->page + *at, '<', flow->size - *at);
        *at = tag == NULL ? flow->size : (size_t)(tag - flow->page);
        if (flow->size - *at > length + 2 && tag[1] == '/' && begins(tag + 2, length, meaning->name) &&
            name_size(tag + 2, length + 1) == length)
            break;
    }
    return *at;
}

static void wait_from(struct flow *flow, size_t at)
{
    if (!flow->blank && !flow->cell && flow->breaks == 0 && flow->must == 0)
        flow->gap = at;
}

static void must_break(struct flow *flow, size_t at, unsigned lines)
{
    wait_from(flow, at);
    if (flow->must < lines)
        flow->must = lines;
}

/* A tag that begins at `at`. */
static void take_tag(struct flow *flow, size_t at)
{
    bool end = flow->page[at + 1] == '/';
    size_t name = at + 1 + end;
    const struct meaning *meaning = find_meaning(flow->page + name, name_size(flow->page + name, flow->size - name));
    if (meaning == NULL || at < flow->hidden)
        return;
    switch (meaning->kind) {
    case BREAK:
        wait_from(flow, at);
        flow->breaks++;
        break;
    case CELL:
        wait_from(flow, at);
        flow->cell = true;
        break;
    case BLOCK:
        must_break(flow, at, 1);
        break;
    case PREFORMATTED:
        if (!end)
            flow->preformatted = find_closer(flow, meaning, at);
        must_break(flow, at, 2);
        break;
    case PARAGRAPH:
        must_break(flow, at, 2);
        break;
    case HIDDEN: {
        size_t closer = end ? at : find_closer(flow, meaning, at);
        if (closer < flow->size)
            flow->hidden = closer;
        must_break(flow, at, 1);
        break;
    }
    case INLINE:
        break;
    }
}

enum { MAX_BREAKS = 8 };

/* Writes what waits before the character at `at`. */
static void flush(struct flow *flow, size_t at)
{
    unsigned breaks = flow->breaks < flow->must ? flow->must : flow->breaks;
    if (!flow->written) { /* a line of its own is the page's head, and no part of the first value */
        flow->gap = 0;
        breaks = at > 0;
        flow->cell = flow->blank = false;
    }
    if (breaks > MAX_BREAKS)
        breaks = MAX_BREAKS;
    /* Each break has bytes of its own: the tags behind it are longer than they are many. */
    for (; breaks > 1; breaks--, flow->gap++)
        text_edit_put(&flow->edit, flow->gap, flow->gap + 1, "\n", 1);
    if (breaks > 0)
        text_edit_put(&flow->edit, flow->gap, at, "\n", 1);
    else if (flow->cell || flow->blank)
        text_edit_put(&flow->edit, flow->gap, at, flow->cell ? "\t" : " ", 1);
    flow->written = true;
    flow->blank = flow->cell = false;
    flow->breaks = flow->must = 0;
}

/* A character, or some, that stand at start to end of the page. */
static void take_characters(struct flow *flow, size_t start, size_t end, const char *shown, size_t size)
{
    if (start < flow->hidden)
        return;
    if (start >= flow->preformatted && size == 1 && is_blank(*shown)) {
        wait_from(flow, start);
        flow->blank = true;
        return;
    }
    flush(flow, start);
    if (end - start == size && memcmp(flow->page + start, shown, size) == 0)
        text_edit_keep(&flow->edit, start, end);
    else
        text_edit_put(&flow->edit, start, end, shown, size);
}

/* ---- references ----------------------------------------------------------------------------- */

/* Of a character of valid UTF-8 that ends in a 0. */
static size_t character_size(const char *at)
{
    uint32_t point;
    size_t size = text_next(at, 4, 0, &point);
    return size > 0 ? size : 1;
}

/* Whether `shown` may be what the page has from here on, as far as one byte tells. */
static bool goes_on(const char *page, size_t left, const char *shown)
{
    if (left == 0)
        return *shown == '\0';
    return *page == '&' || *page == '\r' || *page == '<' || *page == *shown;
}

enum { MAX_OLD = 7 }; /* bytes of the longest reference that needs no semicolon: &frac12, &Aacute */

/*
 * How many bytes of the page stand for the characters that `shown` begins with, and how many those are. The
 * library says what a text is, but not how long each reference in it was: &not, &notin; and &noti end differently.
 */
static size_t reference_size(const char *page, size_t left, const char *shown, size_t *shown_size)
{
    size_t one = character_size(shown), n = 1;
    *shown_size = one;
    if (left > 1 && page[1] == '#') {
        n = left > 2 && lower(page[2]) == 'x' ? 3 : 2;
        size_t digits = n;
        while (n < left && (digits == 3 ? is_hexadecimal(page[n]) : is_digit(page[n])))
            n++;
        if (n == digits)
            return 1;
        return n < left && page[n] == ';' ? n + 1 : n;
    }
    if (*shown == '&' && !begins(page, left, "&amp"))
        return 1;
    while (n < left && (is_letter(page[n]) || is_digit(page[n])))
        n++;
    size_t whole = n < left && page[n] == ';' ? n + 1 : n;
    /* Some old ones need no semicolon: the rest of the name is then text. */
    for (size_t part = 3; part < n && part <= MAX_OLD; part++)
        if (strncmp(shown + one, page + part, whole - part) == 0)
            return part;
    if (goes_on(page + whole, left - whole, shown + one))
        return whole;
    *shown_size = one + (shown[one] == '\0' ? 0 : character_size(shown + one));
    return whole;
}

/* A text of the page: `shown` is what the library made of the bytes start to end. */
static void take_text(struct flow *flow, size_t start, size_t end, const char *shown)
{
    while (start < end && *shown != '\0') {
        const char *page = flow->page + start;
        size_t left = end - start, size = 1, length = 1;
        if (*page == '&')
            length = reference_size(page, left, shown, &size);
        else if (*page == '\r')
            length = left > 1 && page[1] == '\n' ? 2 : 1;
        else if (*page == *shown)
            size = length = character_size(shown);
        else if (*page == '\0')
            size = 0;
        else /* must not be: what is left is traced to all of its bytes */
            size = strlen(shown), length = left;
        if (length > left)
            length = left;
        if (size > 0)
            take_characters(flow, start, start + length, shown, size);
        start += length;
        shown += size;
    }
}

/* ---- the page, piece by piece --------------------------------------------------------------- */

/* What gumbo takes for the number of a character may not fit its int: one that is no character's stays one that is
 * none. */
static void limit_number(char *at, size_t size)
{
    enum { DIGITS = 7 }; /* of a number that is large enough for all characters, and small enough for an int */
    bool hexadecimal = size > 0 && lower(at[0]) == 'x';
    size_t start = hexadecimal, end;
    while (start < size && at[start] == '0')
        start++;
    for (end = start; end < size && (hexadecimal ? is_hexadecimal(at[end]) : is_digit(at[end]));)
        end++;
    if (end - start <= DIGITS)
        return;
    memset(at + start, '0', end - start);
    memset(at + end - DIGITS, '9', DIGITS);
}

/*
 * gumbo builds a tree as a browser does, which takes quadratic time where tags nest deep, and much
 * memory. Only its tokens are needed here: so all tags but those of scripts and styles are
 * given to it as <p>, of which none can be in another, and their names are read in the page.
 */
static void flatten(char *page, size_t size)
{
    for (size_t i = 0; i + 2 < size; i++) {
        if (page[i] == '&' && page[i + 1] == '#')
            limit_number(page + i + 2, size - i - 2);
        if (page[i] != '<')
            continue;
        size_t name = page[i + 1] == '/' ? i + 2 : i + 1;
        if (begins(page + i, size - i, "<!doctype"))
            page[i + 2] = '?'; /* a comment */
        if (!is_letter(page[name]))
            continue;
        size_t length = name_size(page + name, size - name);
        if ((length == 6 && begins(page + name, length, "script")) ||
            (length == 5 && begins(page + name, length, "style")))
            continue;
        memset(page + name, ' ', length);
        page[name] = 'p';
        i = name + length - 1;
    }
}

/*
 * Pieces of the page, so that memory is bounded. One that has but one token is tried again, twice as long. Fuzzers'
 * pages are short, and have pieces all the same.
 */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { PIECE = 64 };
#else
enum { PIECE = 64 * 1024 };
#endif
enum { MAX_ATTRIBUTES = 200 };

struct reading {
    struct flow flow;
    struct arena *scratch;
    jmp_buf give_up;
    const char *copy; /* of the page, flattened */
    size_t piece;     /* where the piece in work begins */
    size_t limit;     /* where the last token of the piece begins */
    size_t attributes;
};

/* gumbo looks for each attribute among all others of its tag. Sizes are all that is known here; they differ. */
static void *allocate(void *thing, size_t size)
{
    struct reading *reading = thing;
    if (size == sizeof(GumboNode))
        reading->attributes = 0;
    if (size == sizeof(GumboAttribute) && ++reading->attributes > MAX_ATTRIBUTES)
        longjmp(reading->give_up, 1);
    return arena_take(reading->scratch, 1, size);
}

static void deallocate(void *thing, void *memory)
{
    (void)thing;
    (void)memory;
}

static bool is_raw(const GumboNode *node)
{
    return node->v.element.tag == GUMBO_TAG_SCRIPT || node->v.element.tag == GUMBO_TAG_STYLE;
}

static size_t offset_of(const struct reading *reading, GumboStringPiece piece)
{
    return (size_t)(piece.data - reading->copy);
}

/* Where the last token begins. The tree is flat: texts are in the root, or in one of its elements. */
static void find_limit(struct reading *reading, const GumboNode *node)
{
    bool element = node->type == GUMBO_NODE_ELEMENT;
    GumboStringPiece piece = element ? node->v.element.original_tag : node->v.text.original_text;
    if (piece.length > 0 && offset_of(reading, piece) > reading->limit)
        reading->limit = offset_of(reading, piece);
    for (size_t i = 0; element && !is_raw(node) && i < node->v.element.children.length; i++)
        find_limit(reading, node->v.element.children.data[i]);
}

static void take_piece_tag(struct reading *reading, GumboStringPiece tag)
{
    if (tag.length > 0 && offset_of(reading, tag) < reading->limit)
        take_tag(&reading->flow, offset_of(reading, tag));
}

static void take_node(struct reading *reading, const GumboNode *node)
{
    if (node->type == GUMBO_NODE_ELEMENT) {
        if (is_raw(node))
            return;
        take_piece_tag(reading, node->v.element.original_tag);
        for (size_t i = 0; i < node->v.element.children.length; i++)
            take_node(reading, node->v.element.children.data[i]);
        take_piece_tag(reading, node->v.element.original_end_tag);
    } else if (node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE) {
        size_t start = offset_of(reading, node->v.text.original_text);
        if (start < reading->limit)
            take_text(&reading->flow, start, start + node->v.text.original_text.length, node->v.text.text);
    }
}

/* Reads `size` bytes from reading->piece on. Returns false if that was but one token, and not all. */
static bool read_piece(struct reading *reading, size_t size)
{
    GumboOptions options = kGumboDefaultOptions;
    options.allocator = allocate;
    options.deallocator = deallocate;
    options.userdata = reading;
    options.max_errors = 0;
    options.fragment_context = GUMBO_TAG_BODY;
    const GumboOutput *output = gumbo_parse_with_options(&options, reading->copy + reading->piece, size);
    const GumboVector *tokens = &output->root->v.element.children;
    reading->limit = reading->piece;
    bool last = size == reading->flow.size - reading->piece;
    for (size_t i = 0; !last && i < tokens->length; i++)
        find_limit(reading, tokens->data[i]);
    if (last)
        reading->limit = reading->flow.size;
    if (reading->limit == reading->piece)
        return false;
    for (size_t i = 0; i < tokens->length; i++)
        take_node(reading, tokens->data[i]);
    return true;
}

static void read_page(struct reading *reading)
{
    for (size_t want = PIECE; reading->piece < reading->flow.size; arena_free(reading->scratch)) {
        size_t left = reading->flow.size - reading->piece;
        if (read_piece(reading, want < left ? want : left)) {
            reading->piece = reading->limit;
            want = PIECE;
        } else {
            want *= 2;
        }
    }
}

static void release_scratch(void *scratch)
{
    arena_free(scratch);
}

const char *html_read(struct arena *arena, struct text *text)
{
    struct reading *reading = arena_take(arena, 1, sizeof *reading);
    reading->scratch = arena_take(arena, 1, sizeof *reading->scratch);
    reading->scratch->escape = arena->escape;
    arena_keep(arena, reading->scratch, release_scratch);
    char *copy = arena_copy(arena, text->at, text->size);
    flatten(copy, text->size);
    reading->copy = copy;
    reading->flow.page = text->at;
    reading->flow.size = text->size;
    text_edit_begin(&reading->flow.edit, arena, text);
    if (setjmp(reading->give_up) != 0) {
        arena_free(reading->scratch);
        return "a tag in it has too many attributes";
    }
    read_page(reading);
    must_break(&reading->flow, reading->flow.size, 1);
    reading->flow.must = 1;
    reading->flow.breaks = 0;
    flush(&reading->flow, reading->flow.size);
    text_edit_end(&reading->flow.edit, text);
    return NULL;
}
