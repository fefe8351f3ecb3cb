#include "shape.h"

#include "pattern.h"
#include "text.h"

#include <string.h>

/* Repeats are counted so far; what repeats more often may repeat for ever. */
enum { COUNTED = 4, MAX_NESTED = 40 };

struct shape *shape_new(struct shapes *shapes, enum shape_kind kind, struct shape *a, struct shape *b)
{
    struct shape *shape = arena_take(shapes->arena, 1, sizeof *shape);
    *shape = (struct shape){.kind = kind, .a = a, .b = b};
    return shape;
}

static struct shape *nothing(struct shapes *shapes)
{
    return shape_new(shapes, SHAPE_NOTHING, NULL, NULL);
}

static struct shape *both(struct shapes *shapes, struct shape *a, struct shape *b)
{
    if (a->kind == SHAPE_NOTHING)
        return b;
    return b->kind == SHAPE_NOTHING ? a : shape_new(shapes, SHAPE_BOTH, a, b);
}

static struct shape *either(struct shapes *shapes, struct shape *a, struct shape *b)
{
    return shape_new(shapes, SHAPE_EITHER, a, b);
}

static struct shape *maybe(struct shapes *shapes, struct shape *a)
{
    return either(shapes, a, nothing(shapes));
}

static struct shape *many(struct shapes *shapes, struct shape *a)
{
    return shape_new(shapes, SHAPE_MANY, a, NULL);
}

/* The shapes of a sequence or of alternatives; joined from the end, so that a text's way is made as it goes. */
struct parts {
    struct shape **at;
    size_t count, room;
};

static void add_part(struct shapes *shapes, struct parts *parts, struct shape *shape)
{
    parts->at =
        arena_grow(shapes->arena, parts->at, parts->count, &parts->room, parts->count + 1, sizeof(struct shape *));
    parts->at[parts->count++] = shape;
}

static struct shape *all_of(struct shapes *shapes, const struct parts *parts)
{
    struct shape *shape = nothing(shapes);
    for (size_t i = parts->count; i > 0; i--)
        shape = both(shapes, parts->at[i - 1], shape);
    return shape;
}

static struct shape *one_of(struct shapes *shapes, const struct parts *parts)
{
    if (parts->count == 0)
        return nothing(shapes);
    struct shape *shape = parts->at[parts->count - 1];
    for (size_t i = parts->count - 1; i > 0; i--)
        shape = either(shapes, parts->at[i - 1], shape);
    return shape;
}

/* ---- characters ----------------------------------------------------------------------------- */

static bool is_plain(uint32_t c)
{
    return c > 0 && (c < 0x80 || (c >= 0x410 && c <= 0x44F));
}

static uint32_t small_letter(uint32_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 0x410 && c <= 0x42F) ? c + 0x20 : c;
}

/* Of ASCII, and neither letter nor digit. */
static bool is_sign(uint32_t c)
{
    return c < 0x80 && !(c >= '0' && c <= '9') && !(small_letter(c) >= 'a' && small_letter(c) <= 'z');
}

static struct shape *atom_of(struct shapes *shapes, const char *text, size_t size, bool caseless, uint32_t plain)
{
    size_t hash = caseless;
    for (size_t i = 0; i < size; i++)
        hash = hash * 33 + (unsigned char)text[i];
    struct atom **first = &shapes->by_hash[hash % 256], *atom = *first;
    while (atom != NULL && !(atom->size == size && atom->caseless == caseless && memcmp(atom->text, text, size) == 0))
        atom = atom->next;
    if (atom == NULL) {
        atom = arena_take(shapes->arena, 1, sizeof *atom);
        *atom = (struct atom){.text = text, .size = size, .caseless = caseless, .plain = plain, .next = *first};
        *first = atom;
    }
    struct shape *shape = shape_new(shapes, SHAPE_ATOM, NULL, NULL);
    shape->atom = atom;
    return shape;
}

static struct shape *class_of(struct shapes *shapes, const char *text)
{
    return atom_of(shapes, text, strlen(text), false, 0);
}

static size_t encode(uint32_t c, char at[4])
{
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = size; i-- > 1; c >>= 6)
        at[i] = (char)(0x80 | (c & 0x3F));
    at[0] = (char)(size == 1 ? c : lead[size] | c);
    return size;
}

static bool ask_pcre2(struct shapes *shapes, struct atom *atom, uint32_t c)
{
    char utf8[4];
    size_t size = encode(c, utf8);
    if (atom->code == NULL)
        atom->code = pattern_single(shapes->grammar, shapes->arena, atom->text, atom->size, atom->caseless);
    if (shapes->data == NULL)
        shapes->data = pcre2_match_data_create(1, NULL);
    if (atom->code == NULL || shapes->data == NULL)
        arena_fail(shapes->arena);
    return pcre2_match(atom->code, (PCRE2_SPTR)utf8, size, 0, PCRE2_NO_UTF_CHECK, shapes->data, NULL) >= 0;
}

bool atom_has(struct shapes *shapes, struct atom *atom, uint32_t c, size_t letter)
{
    unsigned char bit = (unsigned char)(1U << (letter % 8));
    if (letter < LETTERS && (atom->known[letter / 8] & bit))
        return atom->in[letter / 8] & bit;
    bool in = is_plain(c) && atom->plain != 0
                  ? atom->plain == c || (atom->caseless && small_letter(atom->plain) == small_letter(c))
                  : ask_pcre2(shapes, atom, c);
    if (letter < LETTERS) {
        atom->known[letter / 8] |= bit;
        atom->in[letter / 8] |= in ? bit : 0;
    }
    return in;
}

void shapes_release(struct shapes *shapes)
{
    for (size_t i = 0; i < 256; i++)
        for (struct atom *atom = shapes->by_hash[i]; atom != NULL; atom = atom->next)
            pcre2_code_free(atom->code);
    pcre2_match_data_free(shapes->data);
}

/* ---- the text of a /pattern/ ------------------------------------------------------------------ */

struct pattern_reader {
    struct shapes *shapes;
    const char *at, *end;
    bool caseless, lost; /* lost: what stands here is not understood */
    int nested;
};

static struct shape *read_choices(struct pattern_reader *r);

static bool next_is(const struct pattern_reader *r, const char *text)
{
    size_t size = strlen(text);
    return (size_t)(r->end - r->at) >= size && memcmp(r->at, text, size) == 0;
}

static bool skip(struct pattern_reader *r, const char *text)
{
    if (!next_is(r, text))
        return false;
    r->at += strlen(text);
    return true;
}

static struct shape *lose(struct pattern_reader *r)
{
    r->lost = true;
    return nothing(r->shapes);
}

static struct shape *verbatim(struct pattern_reader *r, const char *start)
{
    return atom_of(r->shapes, start, (size_t)(r->at - start), r->caseless, 0);
}

static struct shape *read_class(struct pattern_reader *r)
{
    const char *start = r->at++;
    if (r->at < r->end && *r->at == '^')
        r->at++;
    for (bool first = true; r->at < r->end && (first || *r->at != ']'); first = false) {
        if (*r->at == '[' && r->at + 1 < r->end && (r->at[1] == ':' || r->at[1] == '.' || r->at[1] == '='))
            return lose(r);
        if (*r->at == '\\' && r->at + 1 < r->end && (r->at[1] == 'Q' || r->at[1] == 'E'))
            return lose(r);
        r->at += *r->at == '\\' ? 2 : 1;
    }
    if (r->at >= r->end)
        return lose(r);
    r->at++;
    return verbatim(r, start);
}

static struct shape *line_end(struct shapes *shapes)
{
    return both(shapes, class_of(shapes, "[\\r\\n]"), maybe(shapes, class_of(shapes, "\\n")));
}

static struct shape *read_escape(struct pattern_reader *r)
{
    const char *start = r->at++;
    if (r->at >= r->end)
        return lose(r);
    char c = *r->at++;
    if (strchr("dDhHsSwWvVN", c) != NULL && c != '\0')
        return c == 'N' && next_is(r, "{") ? lose(r) : verbatim(r, start);
    if (c == 'p' || c == 'P' || (c == 'x' && next_is(r, "{"))) {
        if (next_is(r, "{"))
            while (r->at < r->end && *r->at != '}')
                r->at++;
        if (r->at >= r->end)
            return lose(r);
        r->at++;
        return verbatim(r, start);
    }
    if (c == 'x') {
        for (int digits = 0; digits < 2 && r->at < r->end && strchr("0123456789abcdefABCDEF", *r->at) != NULL; digits++)
            r->at++;
        return verbatim(r, start);
    }
    if (strchr("tnrf", c) != NULL && c != '\0')
        return verbatim(r, start);
    if (c == 'R')
        return line_end(r->shapes);
    if (c == 'z')
        return shape_new(r->shapes, SHAPE_LAST, NULL, NULL);
    if (c == 'b' || c == 'B' || c == 'A')
        return nothing(r->shapes);
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80))
        return lose(r);
    return atom_of(r->shapes, start, 2, r->caseless, 0);
}

/* "(?i", "(?-i" and so on, up to ":" or ")". Other options than i are not understood. */
static bool read_options(struct pattern_reader *r, bool *caseless)
{
    bool on = true;
    for (; r->at < r->end && *r->at != ':' && *r->at != ')'; r->at++) {
        if (*r->at == '-')
            on = false;
        else if (*r->at == 'i')
            *caseless = on;
        else
            return false;
    }
    return r->at < r->end;
}

/* One character, or alternatives of one: what it must not be can be told from the next character alone. */
static struct shape *none_of(struct pattern_reader *r, struct shape *shape)
{
    if (shape->kind == SHAPE_ATOM) {
        struct shape *not = shape_new(r->shapes, SHAPE_NOT, NULL, NULL);
        not ->atom = shape->atom;
        return not ;
    }
    if (shape->kind == SHAPE_EITHER)
        return both(r->shapes, none_of(r, shape->a), none_of(r, shape->b));
    return nothing(r->shapes);
}

static struct shape *read_group(struct pattern_reader *r)
{
    enum { PLAIN, AHEAD, NEVER, BEFORE } kind = PLAIN;
    bool outside = r->caseless;
    if (skip(r, "(?=")) {
        kind = AHEAD;
    } else if (skip(r, "(?!")) {
        kind = NEVER;
    } else if (skip(r, "(?<=") || skip(r, "(?<!")) {
        kind = BEFORE;
    } else if (skip(r, "(?>") || skip(r, "(?:")) {
        kind = PLAIN;
    } else if (skip(r, "(?")) {
        if (!read_options(r, &r->caseless))
            return lose(r);
        if (*r->at++ == ')')
            return nothing(r->shapes); /* for the rest of the group around it */
    } else if (next_is(r, "(*") || !skip(r, "(")) {
        return lose(r);
    }
    struct shape *shape = read_choices(r);
    r->caseless = outside;
    if (!skip(r, ")"))
        return lose(r);
    switch (kind) {
    case AHEAD:
        return shape_new(r->shapes, SHAPE_AHEAD, shape, NULL);
    case NEVER:
        return none_of(r, shape);
    case BEFORE:
        return nothing(r->shapes);
    case PLAIN:
        break;
    }
    return shape;
}

static struct shape *read_one(struct pattern_reader *r)
{
    struct shapes *shapes = r->shapes;
    const char *start = r->at;
    switch (*r->at) {
    case '(':
        return read_group(r);
    case '[':
        return read_class(r);
    case '\\':
        return read_escape(r);
    case '.':
        r->at++;
        return verbatim(r, start);
    case '^':
        r->at++;
        return nothing(shapes);
    case '$': {
        struct shape *next = shape_new(shapes, SHAPE_NEXT, NULL, NULL);
        r->at++;
        next->atom = class_of(shapes, "[\\r\\n]")->atom;
        return either(shapes, next, shape_new(shapes, SHAPE_LAST, NULL, NULL));
    }
    case '*':
    case '+':
    case '?':
        return lose(r);
    default:
        break;
    }
    uint32_t c;
    size_t n = text_next(r->at, (size_t)(r->end - r->at), 0, &c);
    if (n == 0)
        return lose(r);
    r->at += n;
    return atom_of(shapes, start, n, r->caseless, is_plain(c) ? c : 0);
}

/* "{2,4}": false if the bracket is a plain character. */
static bool read_bounds(struct pattern_reader *r, size_t *least, size_t *most)
{
    const char *at = r->at + 1;
    size_t numbers[2] = {0, SIZE_MAX}, n = 0, digits = 0;
    for (; at < r->end && *at != '}'; at++) {
        if (*at == ',' && n == 0 && digits > 0) {
            n = 1;
            digits = 0;
        } else if (*at >= '0' && *at <= '9' && digits < 6) {
            numbers[n] = (digits++ == 0 ? 0 : numbers[n]) * 10 + (size_t)(*at - '0');
        } else {
            return false;
        }
    }
    if (at >= r->end || (n == 0 && digits == 0))
        return false;
    r->at = at + 1;
    *least = numbers[0];
    *most = n == 0 ? numbers[0] : numbers[1];
    return true;
}

static struct shape *repeated(struct shapes *shapes, struct shape *shape, size_t least, size_t most)
{
    struct shape *tail = nothing(shapes);
    size_t counted = least < COUNTED ? least : COUNTED;
    if (most > COUNTED || least > COUNTED)
        tail = many(shapes, shape);
    else
        for (size_t i = least; i < most; i++)
            tail = maybe(shapes, both(shapes, shape, tail));
    while (counted-- > 0)
        tail = both(shapes, shape, tail);
    return tail;
}

static struct shape *read_repeated(struct pattern_reader *r)
{
    struct shape *shape = read_one(r);
    while (!r->lost && r->at < r->end) {
        size_t least = 0, most = SIZE_MAX;
        if (skip(r, "*"))
            least = 0;
        else if (skip(r, "+"))
            least = 1;
        else if (skip(r, "?"))
            most = 1;
        else if (*r->at != '{' || !read_bounds(r, &least, &most))
            break;
        if (!skip(r, "?"))
            skip(r, "+");
        shape = repeated(r->shapes, shape, least, most);
    }
    return shape;
}

static struct shape *read_sequence(struct pattern_reader *r)
{
    struct parts parts = {0};
    while (!r->lost && r->at < r->end && *r->at != '|' && *r->at != ')')
        add_part(r->shapes, &parts, read_repeated(r));
    return all_of(r->shapes, &parts);
}

static struct shape *read_choices(struct pattern_reader *r)
{
    if (++r->nested > MAX_NESTED)
        return lose(r);
    bool outside = r->caseless;
    struct parts parts = {0};
    do
        add_part(r->shapes, &parts, read_sequence(r));
    while (!r->lost && skip(r, "|"));
    r->caseless = outside;
    r->nested--;
    return one_of(r->shapes, &parts);
}

static struct shape *shape_of_pattern(struct shapes *shapes, const struct node *node)
{
    struct pattern_reader r = {.shapes = shapes, .at = node->text, .end = node->text + node->size};
    struct shape *shape = read_choices(&r);
    if (!r.lost && r.at == r.end)
        return shape;
    return many(shapes, either(shapes, class_of(shapes, "."), class_of(shapes, "[\\r\\n]")));
}

/* ---- expressions ------------------------------------------------------------------------------ */

/* A token has one shape, which is made when something gets there. */
static struct shape *called(struct shapes *shapes, const struct definition *definition)
{
    struct shape *shape = shapes->called[definition->index];
    if (shape == NULL) {
        shape = shape_new(shapes, SHAPE_TOKEN, NULL, NULL);
        shape->node = definition->node;
        shapes->called[definition->index] = shape;
    }
    return shape;
}

static struct shape *gap(struct shapes *shapes)
{
    if (shapes->gap == NULL) {
        struct shape *blank = class_of(shapes, "\\h");
        if (shapes->grammar->damage != NULL)
            blank = either(shapes, blank, shape_of(shapes, shapes->grammar->damage));
        shapes->gap = many(shapes, blank);
    }
    return shapes->gap;
}

struct atom *shape_letters(struct shapes *shapes)
{
    return class_of(shapes, "\\pL")->atom;
}

/* Between two elements: blanks and damage, and never the middle of a word. */
static struct shape *between(struct shapes *shapes)
{
    if (shapes->between == NULL)
        shapes->between = both(shapes, gap(shapes), shape_new(shapes, SHAPE_PART, NULL, NULL));
    return shapes->between;
}

static struct shape *lead(struct shapes *shapes)
{
    if (shapes->lead == NULL) {
        struct shape *blank = gap(shapes)->a;
        if (shapes->grammar->noise != NULL)
            blank = either(shapes, blank, shape_of(shapes, shapes->grammar->noise));
        shapes->lead = many(shapes, blank);
    }
    return shapes->lead;
}

static struct shape *line_break(struct shapes *shapes)
{
    if (shapes->line_break == NULL) {
        struct shape *once = both(shapes, line_end(shapes), lead(shapes));
        struct shape *breaks = shapes->flat ? many(shapes, once) : both(shapes, once, many(shapes, once));
        shapes->line_break = both(shapes, lead(shapes), breaks);
    }
    return shapes->line_break;
}

/* The characters of a group of alike ones, as a class. */
static struct shape *any_of(struct shapes *shapes, const char *group, bool caseless)
{
    struct buffer text = {.arena = shapes->arena};
    buffer_puts(&text, "[");
    for (; *group != '\0'; group++) {
        if (is_sign((unsigned char)*group))
            buffer_puts(&text, "\\");
        buffer_add(&text, group, 1);
    }
    buffer_puts(&text, "]");
    return atom_of(shapes, text.at, text.size, caseless, 0);
}

/* The characters that are alike to this one, or NULL. */
static const char *group_of(const struct depesha_grammar *grammar, const char *at, size_t size, uint32_t c)
{
    if (c >= ALIKE_CHARACTERS)
        return pattern_alike(grammar, at, size);
    return grammar->alike_group[c] == 0 ? NULL : grammar->alike[grammar->alike_group[c] - 1];
}

static struct shape *character_of_words(struct shapes *shapes, const char *at, size_t size, bool caseless)
{
    uint32_t c = 0;
    text_next(at, size, 0, &c);
    const char *group = group_of(shapes->grammar, at, size, c);
    if (c == ' ')
        return gap(shapes);
    if (c == '\n')
        return line_end(shapes);
    if (group != NULL)
        return any_of(shapes, group, caseless);
    if (is_sign(c))
        return atom_of(shapes, arena_format(shapes->arena, "\\%c", (int)c), 2, caseless, c);
    return atom_of(shapes, at, size, caseless, is_plain(c) ? c : 0);
}

static struct shape *shape_of_words(struct shapes *shapes, const struct node *node)
{
    struct parts parts = {0};
    uint32_t c = 0;
    for (size_t at = 0, n; at < node->size; at += n) {
        n = text_next(node->text, node->size, at, &c);
        n = n == 0 ? 1 : n;
        add_part(shapes, &parts, character_of_words(shapes, node->text + at, n, node->kind == NODE_WORDS));
    }
    bool digit = c >= '0' && c <= '9';
    bool letter = (small_letter(c) >= 'a' && small_letter(c) <= 'z') || (c >= 0xC0 && c <= 0x53F);
    if (digit || letter) {
        struct shape *end = shape_new(shapes, SHAPE_NOT, NULL, NULL);
        end->atom = digit ? class_of(shapes, "\\pN")->atom : shape_letters(shapes);
        add_part(shapes, &parts, end);
    }
    return all_of(shapes, &parts);
}

struct shape *shape_element(struct shapes *shapes, const struct node *node, bool *led)
{
    bool optional = node->kind == NODE_OPTION || node->kind == NODE_MANY;
    bool no_width = node->kind == NODE_START || node->kind == NODE_END;
    if (!optional) {
        struct shape *shape = shape_of(shapes, node);
        if (*led && !no_width)
            shape = both(shapes, between(shapes), shape);
        *led = *led || !no_width;
        return shape;
    }
    struct shape *shape = shape_of(shapes, node->first);
    if (node->kind == NODE_MANY)
        shape = both(shapes, shape, many(shapes, both(shapes, between(shapes), shape)));
    shape = *led ? both(shapes, between(shapes), shape) : both(shapes, shape, between(shapes));
    return maybe(shapes, shape);
}

static struct shape *shape_of_sequence(struct shapes *shapes, const struct node *node)
{
    struct parts parts = {0};
    bool led = false;
    for (; node != NULL; node = node->next)
        add_part(shapes, &parts, shape_element(shapes, node, &led));
    return all_of(shapes, &parts);
}

/* The end of a line, or of a column: a tab, a bar, or three blanks; of a joined line any blank. */
static struct shape *end_of_cell(struct shapes *shapes)
{
    struct shape *blank = class_of(shapes, "\\h"), *maybe_blank = maybe(shapes, blank);
    struct shape *end =
        both(shapes, lead(shapes), either(shapes, line_end(shapes), shape_new(shapes, SHAPE_LAST, NULL, NULL)));
    struct shape *gap = blank;
    if (!shapes->flat) {
        struct shape *bar = both(shapes, maybe_blank, both(shapes, maybe_blank, class_of(shapes, "[\\t|]")));
        gap = either(shapes, both(shapes, blank, both(shapes, blank, blank)), bar);
    }
    return shape_new(shapes, SHAPE_AHEAD, either(shapes, gap, end), NULL);
}

struct shape *shape_of(struct shapes *shapes, const struct node *node)
{
    bool led = false;
    if (node == NULL)
        return nothing(shapes);
    switch (node->kind) {
    case NODE_WORDS:
    case NODE_EXACT:
        return shape_of_words(shapes, node);
    case NODE_PATTERN:
        return shape_of_pattern(shapes, node);
    case NODE_NAME:
        return node->definition == NULL || node->definition->node == NULL ? nothing(shapes)
                                                                          : called(shapes, node->definition);
    case NODE_SLOT:
        return shape_of(shapes, node->reads != NULL ? node->reads : node->first);
    case NODE_SEQUENCE:
        return shape_of_sequence(shapes, node->first);
    case NODE_CHOICE: {
        struct parts parts = {0};
        for (const struct node *child = node->first; child != NULL; child = child->next)
            add_part(shapes, &parts, shape_of(shapes, child));
        return one_of(shapes, &parts);
    }
    case NODE_OPTION:
    case NODE_MANY:
        return shape_element(shapes, node, &led);
    case NODE_SOME: {
        struct shape *one = shape_of(shapes, node->first);
        return both(shapes, one, many(shapes, both(shapes, gap(shapes), one)));
    }
    case NODE_BREAK:
        return line_break(shapes);
    case NODE_START:
        return nothing(shapes);
    case NODE_END:
        return end_of_cell(shapes);
    }
    return nothing(shapes);
}
