#include "invent.h"

#include "pattern.h"
#include "text.h"

#include <string.h>

enum { POOL = 256, ATTEMPTS = 12, DEEPEST = 40, LONGEST_RUN = 12, WORDY_RUN = 24 };

/* Something compiled, found again by its place in the grammar's text. */
struct invented {
    const void *key;
    const struct language *language;
    pcre2_code *code;       /* of an expression */
    uint32_t members[POOL]; /* of a class: characters of the pool */
    size_t count;
    bool caseless;
    struct invented *next;
};

struct piece {
    const char *at, *end;
};

struct inventing {
    struct inventor *inventor;
    struct buffer *out;
    size_t depth;
    bool caseless;
    bool wordy; /* what was written last may as well be a blank */
    bool failed;
};

/* ---- chance -------------------------------------------------------------------------------- */

/* splitmix64 */
static uint64_t next_chance(struct inventor *inventor)
{
    uint64_t z = inventor->chance += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

size_t chance_below(struct inventor *inventor, size_t limit)
{
    return limit == 0 ? 0 : (size_t)(next_chance(inventor) >> 16) % limit;
}

bool chance_of(struct inventor *inventor, unsigned percent)
{
    return chance_below(inventor, 100) < percent;
}

/* ---- what has been compiled ----------------------------------------------------------------- */

static void release_code(void *code)
{
    pcre2_code_free(code);
}

static void release_data(void *data)
{
    pcre2_match_data_free(data);
}

static void release_limits(void *limits)
{
    pcre2_match_context_free(limits);
}

void inventor_open(struct inventor *inventor, const struct depesha_grammar *grammar, struct arena *arena)
{
    *inventor = (struct inventor){.grammar = grammar, .arena = arena, .scratch = arena};
    inventor->data = pattern_room(grammar, 1);
    arena_keep(arena, inventor->data, release_data);
    inventor->limits = pattern_limits(grammar);
    arena_keep(arena, inventor->limits, release_limits);
}

/* The entry for a key, which is new if its code is NULL and it has no members. */
static struct invented *entry_for(struct inventor *inventor, const void *key, const struct language *language,
                                  bool caseless)
{
    struct invented **link = &inventor->known[((uintptr_t)key >> 3 ^ (uintptr_t)key >> 11) % 256];
    for (; *link != NULL; link = &(*link)->next)
        if ((*link)->key == key && (*link)->language == language && (*link)->caseless == caseless)
            return *link;
    struct invented *new = arena_take(inventor->arena, 1, sizeof *new);
    new->key = key;
    new->language = language;
    new->caseless = caseless;
    *link = new;
    return new;
}

static bool matches(struct inventor *inventor, const pcre2_code *code, const char *text, size_t size)
{
    int result = code == NULL ? PCRE2_ERROR_NOMATCH
                              : pcre2_match(code, (PCRE2_SPTR)text, size, 0, PCRE2_NO_UTF_CHECK, inventor->data,
                                            inventor->limits);
    if (result == PCRE2_ERROR_NOMEMORY)
        arena_fail(inventor->arena);
    return result >= 0;
}

bool invent_fits(struct inventor *inventor, const struct node *node, const char *text, size_t size)
{
    struct invented *entry = entry_for(inventor, node, NULL, false);
    if (entry->code == NULL) {
        pcre2_code *code = pattern_whole(inventor->grammar, inventor->scratch, node);
        if (code == NULL)
            return false;
        arena_keep(inventor->arena, code, release_code);
        entry->code = code;
    }
    return matches(inventor, entry->code, text, size);
}

static size_t put(char *at, uint32_t c)
{
    if (c < 0x80) {
        at[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        at[0] = (char)(0xC0 | c >> 6);
        at[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        at[0] = (char)(0xE0 | c >> 12);
        at[1] = (char)(0x80 | (c >> 6 & 0x3F));
        at[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    at[0] = (char)(0xF0 | c >> 18);
    at[1] = (char)(0x80 | (c >> 12 & 0x3F));
    at[2] = (char)(0x80 | (c >> 6 & 0x3F));
    at[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

static void add_character(struct buffer *out, uint32_t c)
{
    char bytes[4];
    buffer_add(out, bytes, put(bytes, c));
}

/* ---- letters -------------------------------------------------------------------------------- */

static bool is_latin(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_cyrillic(uint32_t c)
{
    return (c >= 0x410 && c <= 0x44F) || c == 0x401 || c == 0x451;
}

static bool is_letter(uint32_t c)
{
    return is_latin(c) || is_cyrillic(c) || (c >= 0xC0 && c < 0x250) || (c > 0x250 && c < 0x590);
}

static bool is_capital(uint32_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 0x410 && c <= 0x42F) || c == 0x401;
}

static bool is_vowel(uint32_t c)
{
    static const uint32_t vowels[] = {'a',   'e',   'i',   'o',   'u',   'y',   0x430, 0x435,
                                      0x438, 0x43E, 0x443, 0x44B, 0x44D, 0x44E, 0x44F, 0x451};
    uint32_t small = c >= 'A' && c <= 'Z' ? c + 32 : c >= 0x410 && c <= 0x42F ? c + 32 : c;
    for (size_t i = 0; i < sizeof vowels / sizeof *vowels; i++)
        if (vowels[i] == small)
            return true;
    return false;
}

/* Signs that make odd words: the hard and the soft one, and what few words have. */
static bool is_odd(uint32_t c)
{
    uint32_t small = c >= 'A' && c <= 'Z' ? c + 32 : c >= 0x410 && c <= 0x42F ? c + 32 : c;
    return small == 'q' || small == 'x' || small == 'w' || small == 0x449 || (small >= 0x44A && small <= 0x44D);
}

/* The characters that texts are made of. */
static size_t fill_pool(uint32_t *pool)
{
    static const uint32_t signs[] = {'\n', 0xB0,   0xBA,   0x2013, 0x2014, 0x2116, 0xAB,
                                     0xBB, 0x201C, 0x201D, 0x2026, 0x25A1, 0x25A0};
    size_t n = 0;
    for (uint32_t c = ' '; c < 0x7F; c++)
        pool[n++] = c;
    for (uint32_t c = 0x410; c <= 0x44F; c++)
        pool[n++] = c;
    pool[n++] = 0x401;
    pool[n++] = 0x451;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        pool[n++] = signs[i];
    return n;
}

static bool is_native(struct inventor *inventor, uint32_t c)
{
    char bytes[4];
    return inventor->language == NULL || !is_letter(c) ||
           invent_fits(inventor, inventor->language->node, bytes, put(bytes, c));
}

bool invent_is_native(struct inventor *inventor, const char *text, size_t size)
{
    uint32_t c;
    for (size_t at = 0, n; at < size && (n = text_next(text, size, at, &c)) > 0; at += n)
        if (!is_native(inventor, c))
            return false;
    return true;
}

/* Members of a class of which the language has letters are its own letters, and signs. */
static const struct invented *class_of(struct inventing *state, const char *text, size_t size)
{
    struct inventor *inventor = state->inventor;
    struct invented *entry = entry_for(inventor, text, inventor->language, state->caseless);
    if (entry->count > 0)
        return entry;
    uint32_t pool[POOL], members[POOL];
    size_t count = fill_pool(pool), kept = 0, native = 0, letters = 0;
    pcre2_code *code = pattern_alone(inventor->grammar, inventor->scratch, text, size, state->caseless);
    if (code == NULL)
        return NULL;
    arena_keep(inventor->scratch, code, release_code);
    for (size_t i = 0; i < count; i++) {
        char bytes[4];
        size_t length = put(bytes, pool[i]);
        if (!matches(inventor, code, bytes, length))
            continue;
        members[kept++] = pool[i];
        letters += is_letter(pool[i]);
    }
    for (size_t i = 0; i < kept; i++)
        native += is_letter(members[i]) && is_native(inventor, members[i]);
    size_t chosen = 0;
    for (size_t i = 0; i < kept; i++) {
        bool odd = is_letter(members[i]) && letters > 20 && is_odd(members[i]);
        if (!odd && (native == 0 || is_native(inventor, members[i])))
            entry->members[chosen++] = members[i];
    }
    entry->count = chosen; /* all or none: is_native may leave without memory */
    return entry->count == 0 ? NULL : entry;
}

enum style { ANY_CASE, SMALL, CAPITAL };

/* A member that continues a word: vowels and consonants in turn, in one case. 0: there is none such. */
static uint32_t next_letter(struct inventor *inventor, const struct invented *class, enum style style, bool vowel)
{
    uint32_t found = 0;
    size_t seen = 0;
    for (size_t i = 0; i < class->count; i++) {
        uint32_t c = class->members[i];
        bool fits = is_letter(c) && is_vowel(c) == vowel && (style == ANY_CASE || (style == CAPITAL) == is_capital(c));
        if (fits && chance_below(inventor, ++seen) == 0)
            found = c;
    }
    return found;
}

static bool has_member(const struct invented *class, uint32_t c)
{
    for (size_t i = 0; i < class->count; i++)
        if (class->members[i] == c)
            return true;
    return false;
}

static uint32_t last_character(const struct buffer *out)
{
    size_t at = out->size;
    uint32_t c = 0;
    while (at > 0 && ((unsigned char)out->at[at - 1] & 0xC0) == 0x80)
        at--;
    if (at > 0)
        text_next(out->at, out->size, at - 1, &c);
    return c;
}

/* `count` members: words, where the class has letters; else any of them. */
static void add_members(struct inventing *state, const struct invented *class, size_t count)
{
    struct inventor *inventor = state->inventor;
    uint32_t before = last_character(state->out);
    bool small = next_letter(inventor, class, SMALL, false) != 0 || next_letter(inventor, class, SMALL, true) != 0;
    bool capital =
        next_letter(inventor, class, CAPITAL, false) != 0 || next_letter(inventor, class, CAPITAL, true) != 0;
    bool blank = has_member(class, ' ');
    enum style style = small && capital ? (is_capital(before) && chance_of(inventor, 50) ? CAPITAL : SMALL) : ANY_CASE;
    size_t since = 1 + chance_below(inventor, 3);
    for (size_t i = 0; i < count; i++, since++) {
        bool vowel = is_letter(before) ? !is_vowel(before) : chance_of(inventor, 30);
        uint32_t c = small || capital ? next_letter(inventor, class, style, vowel) : 0;
        if (c == 0 && (small || capital))
            c = next_letter(inventor, class, style, !vowel);
        if (blank && i == 0 && count > 1 && is_letter(before)) {
            c = ' '; /* a word of its own, as the patterns of grammars mostly have it */
        } else if (blank && i > 0 && i + 1 < count && since > 4 && chance_of(inventor, 30)) {
            c = ' ';
            since = 0;
        }
        if (c == 0)
            c = class->members[chance_below(inventor, class->count)];
        add_character(state->out, c);
        before = c;
    }
}

void invent_word(struct inventor *inventor, struct buffer *out, size_t size, bool capital)
{
    struct inventing state = {.inventor = inventor, .out = out};
    static const char small_letters[] = "\\p{Ll}", capital_letters[] = "\\p{Lu}";
    const struct invented *lower = class_of(&state, small_letters, sizeof small_letters - 1);
    const struct invented *upper = class_of(&state, capital_letters, sizeof capital_letters - 1);
    if (lower == NULL || upper == NULL || size == 0)
        return;
    if (capital)
        add_members(&state, upper, 1);
    add_members(&state, lower, size - capital);
}

/* ---- the syntax of patterns ----------------------------------------------------------------- */

static void write_choice(struct inventing *state, struct piece piece);

/* Behind an escape that begins here: \d, \p{Lu}, \x{2116}, \.; the end at most. */
static const char *behind_escape(struct piece piece)
{
    const char *at = piece.at + 1;
    if (at >= piece.end)
        return piece.end;
    char c = *at++;
    if (at < piece.end && *at == '{' && (c == 'p' || c == 'P' || c == 'x' || c == 'N' || c == 'o')) {
        while (at < piece.end && *at != '}')
            at++;
        return at < piece.end ? at + 1 : piece.end;
    }
    if (c == 'p' || c == 'P')
        return at < piece.end ? at + 1 : piece.end;
    if (c == 'x')
        for (int digits = 0; digits < 2 && at < piece.end && strchr("0123456789abcdefABCDEF", *at) != NULL; digits++)
            at++;
    while (at < piece.end && ((unsigned char)*at & 0xC0) == 0x80)
        at++;
    return at;
}

/* Behind a [class] that begins here. */
static const char *behind_class(struct piece piece)
{
    const char *at = piece.at + 1;
    if (at < piece.end && *at == '^')
        at++;
    if (at < piece.end && *at == ']')
        at++;
    while (at < piece.end && *at != ']') {
        if (*at == '\\') {
            at = behind_escape((struct piece){at, piece.end});
        } else if (*at == '[' && at + 1 < piece.end && at[1] == ':') {
            while (at + 1 < piece.end && !(at[0] == ':' && at[1] == ']'))
                at++;
            at = at + 1 < piece.end ? at + 2 : piece.end;
        } else {
            at++;
        }
    }
    return at < piece.end ? at + 1 : piece.end;
}

/* The next place behind one thing of a pattern, brackets counting as any other sign. */
static const char *behind_sign(struct piece piece)
{
    if (*piece.at == '\\')
        return behind_escape(piece);
    if (*piece.at == '[')
        return behind_class(piece);
    return piece.at + 1;
}

/* Where the bracket that opens here closes. */
static const char *closing(struct piece piece)
{
    size_t depth = 0;
    const char *at = piece.at;
    while (at < piece.end) {
        if (*at == '(')
            depth++;
        if (*at == ')' && --depth == 0)
            return at;
        at = behind_sign((struct piece){at, piece.end});
    }
    return piece.end;
}

struct quantity {
    size_t least, most;
};

/* Reads ?, *, + or {m,n} and what says how greedy it is. */
static struct quantity read_quantity(struct piece *piece)
{
    struct quantity q = {1, 1};
    const char *at = piece->at;
    if (at == piece->end)
        return q;
    if (*at == '?') {
        q = (struct quantity){0, 1};
        at++;
    } else if (*at == '*' || *at == '+') {
        q = (struct quantity){*at == '+', SIZE_MAX};
        at++;
    } else if (*at == '{' && at + 1 < piece->end && at[1] >= '0' && at[1] <= '9') {
        size_t number = 0;
        at++;
        for (; at < piece->end && *at >= '0' && *at <= '9'; at++)
            number = number < 10000 ? number * 10 + (size_t)(*at - '0') : number;
        q = (struct quantity){number, number};
        if (at < piece->end && *at == ',') {
            at++;
            q.most = at < piece->end && *at == '}' ? SIZE_MAX : 0;
            for (; at < piece->end && *at >= '0' && *at <= '9'; at++)
                q.most = q.most < 10000 ? q.most * 10 + (size_t)(*at - '0') : q.most;
        }
        if (at < piece->end && *at == '}')
            at++;
    } else {
        return q;
    }
    if (at < piece->end && (*at == '?' || *at == '+'))
        at++;
    piece->at = at;
    return q;
}

/* Mostly few; of letters enough for a word. */
static size_t how_many(struct inventing *state, struct quantity q, size_t usual)
{
    size_t room = q.most - q.least;
    if (room == 0)
        return q.least;
    if (usual <= 1)
        return q.least + (q.least == 0 && room > 0 ? chance_of(state->inventor, 45) : chance_of(state->inventor, 25));
    size_t few = q.least + chance_below(state->inventor, (room < usual ? room : usual) + 1);
    if (usual > LONGEST_RUN / 3 && few < 3 && q.most > 6 && chance_of(state->inventor, 80))
        few = 3 + chance_below(state->inventor, 4);
    return few > q.most ? q.most : few;
}

static void write_class(struct inventing *state, const char *text, size_t size, struct piece *rest)
{
    const struct invented *class = class_of(state, text, size);
    struct quantity q = read_quantity(rest);
    size_t usual = 1;
    if (class != NULL && class->count > 8)
        usual = has_member(class, ' ') ? WORDY_RUN : class->count > 10 ? LONGEST_RUN / 2 : LONGEST_RUN / 3;
    size_t count = how_many(state, q, usual);
    if (class == NULL)
        state->failed = state->failed || count > 0;
    else
        add_members(state, class, count);
    state->wordy = count > 1 && class != NULL && has_member(class, ' ') && last_character(state->out) < 0x80;
}

static void write_text(struct inventing *state, const char *at, size_t size, struct piece *rest)
{
    struct quantity q = read_quantity(rest);
    for (size_t n = how_many(state, q, 1); n > 0; n--)
        buffer_add(state->out, at, size);
}

static void write_escape(struct inventing *state, struct piece *rest)
{
    const char *at = rest->at, *end = behind_escape(*rest);
    const char c = *(at + 1 < rest->end ? at + 1 : at);
    rest->at = end;
    if (strchr("bBAzZGK", c) != NULL) {
        read_quantity(rest);
        if (c == 'b' && state->wordy)
            state->out->at[state->out->size - 1] = ' ';
        return;
    }
    state->wordy = false;
    if (c == 'h' || c == 's' || c == 't')
        write_text(state, " ", 1, rest);
    else if (c == 'R' || c == 'n')
        write_text(state, "\n", 1, rest);
    else if (strchr("dwSNDHWpPV", c) != NULL)
        write_class(state, at, (size_t)(end - at), rest);
    else if (c == 'x') {
        uint32_t value = 0;
        char bytes[4];
        for (const char *p = at + 2; p < end; p++)
            if (strchr("{ \t}", *p) == NULL)
                value = value * 16 + (uint32_t)(*p <= '9' ? *p - '0' : (*p | 0x20) - 'a' + 10);
        write_text(state, bytes, put(bytes, value), rest);
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        state->failed = true;
    else
        write_text(state, at + 1, (size_t)(end - at - 1), rest);
}

/* In one case, if case does not matter. */
static void vary_case(struct inventing *state, size_t from)
{
    size_t way = chance_below(state->inventor, 4);
    for (size_t at = from; at < state->out->size && way > 0 && way < 3;) {
        uint32_t c;
        size_t n = text_next(state->out->at, state->out->size, at, &c);
        if ((c >= 'a' && c <= 'z') || (c >= 0x430 && c <= 0x44F))
            put(state->out->at + at, c - 32);
        if (way == 1 || n == 0)
            break;
        at += n;
    }
}

static void write_group(struct inventing *state, struct piece *rest)
{
    const char *open = rest->at, *close = closing(*rest);
    struct piece inner = {open + 1, close};
    bool caseless = state->caseless, zero = false;
    rest->at = close < rest->end ? close + 1 : rest->end;
    if (inner.at < inner.end && *inner.at == '*')
        zero = true;
    if (inner.at < inner.end && *inner.at == '?') {
        inner.at++;
        if (inner.at < inner.end && (*inner.at == '=' || *inner.at == '!'))
            zero = true;
        if (inner.at + 1 < inner.end && *inner.at == '<' && (inner.at[1] == '=' || inner.at[1] == '!'))
            zero = true;
        bool on = true;
        while (!zero && inner.at < inner.end && strchr("imsxn-^", *inner.at) != NULL) {
            if (*inner.at == '-')
                on = false;
            if (*inner.at == 'i')
                state->caseless = on;
            inner.at++;
        }
        if (!zero && inner.at == inner.end)
            return; /* (?i): for the rest of what is around */
        if (!zero && strchr(":|>", *inner.at) == NULL)
            state->failed = true;
        inner.at++;
    }
    struct quantity q = read_quantity(rest);
    for (size_t n = zero ? 0 : how_many(state, q, q.most > 3 ? 2 : 1); n > 0; n--) {
        size_t from = state->out->size;
        write_choice(state, inner);
        if (state->caseless && !caseless)
            vary_case(state, from);
    }
    state->caseless = caseless;
}

static void write_sequence(struct inventing *state, struct piece piece)
{
    while (piece.at < piece.end && !state->failed) {
        const char *at = piece.at;
        switch (*at) {
        case '\\':
            write_escape(state, &piece);
            break;
        case '(':
            write_group(state, &piece);
            break;
        case '[':
            piece.at = behind_class(piece);
            write_class(state, at, (size_t)(piece.at - at), &piece);
            break;
        case '.':
            piece.at++;
            write_class(state, at, 1, &piece);
            break;
        case '^':
        case '$':
            piece.at++;
            break;
        default:
            do
                piece.at++;
            while (piece.at < piece.end && ((unsigned char)*piece.at & 0xC0) == 0x80);
            write_text(state, at, (size_t)(piece.at - at), &piece);
        }
    }
}

/* One of the alternatives. */
static void write_choice(struct inventing *state, struct piece piece)
{
    size_t count = 1, depth = 0;
    if (state->depth >= DEEPEST) {
        state->failed = true;
        return;
    }
    for (const char *at = piece.at; at < piece.end; at = behind_sign((struct piece){at, piece.end})) {
        depth += *at == '(';
        depth -= *at == ')' && depth > 0;
        count += *at == '|' && depth == 0;
    }
    size_t chosen = chance_below(state->inventor, count);
    const char *from = piece.at, *at = piece.at;
    for (; at < piece.end; at = behind_sign((struct piece){at, piece.end})) {
        depth += *at == '(';
        depth -= *at == ')' && depth > 0;
        if (*at != '|' || depth > 0)
            continue;
        if (chosen == 0)
            break;
        chosen--;
        from = at + 1;
    }
    state->depth++;
    write_sequence(state, (struct piece){from, at});
    state->depth--;
}

/*
 * What is in the cable's language is best, then what fits. The context of a place may ask for what the pattern alone
 * does not show: then the last attempt stands.
 */
bool invent_pattern(struct inventor *inventor, struct buffer *out, const struct node *node)
{
    size_t start = out->size;
    struct inventing state = {.inventor = inventor, .out = out};
    struct buffer fitting = {.arena = inventor->scratch};
    for (size_t i = 0; i < ATTEMPTS && !state.failed; i++) {
        out->size = start;
        state.caseless = false;
        write_choice(&state, (struct piece){node->text, node->text + node->size});
        buffer_add(out, "", 0);
        if (state.failed || !invent_fits(inventor, node, out->at + start, out->size - start))
            continue;
        if (invent_is_native(inventor, out->at + start, out->size - start))
            return true;
        fitting.size = 0;
        buffer_add(&fitting, out->at + start, out->size - start);
    }
    if (fitting.at != NULL) {
        out->size = start;
        buffer_add(out, fitting.at, fitting.size);
    }
    return !state.failed;
}
