#include "repair.h"

#include "lexicon.h"

#include <string.h>

/* Prose is looked at only this near, in lines, to what is explained, or to the start: the head may go on there. */
enum { LONG = 400, NEAR = 6, PROSE_WORDS = 3, MAX_PIECES = 96 };

/* A word of the text: bytes, without what surrounds it. */
struct piece {
    size_t start, end;
    bool is_read; /* what follows is known */
    bool has_digit;
    struct word word;
};

struct mender {
    const struct matcher *matcher;
    const struct depesha_grammar *grammar;
    struct buffer word;    /* room for one */
    struct text_edit edit; /* begun with the first mend */
    struct repairs *repairs;
    /* Lines that a production explains: the last at or before the one at hand, and the next behind it. */
    struct path_reader ahead;
    size_t before, behind;
};

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static uint32_t raise(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 0x430 && c <= 0x44F) ? c - 32 : c;
}

static struct buffer *cleared(struct mender *m)
{
    m->word.size = 0;
    return &m->word;
}

static void put_character(struct buffer *buffer, uint32_t c)
{
    char bytes[2] = {(char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F))};
    if (c < 0x80)
        bytes[0] = (char)c;
    buffer_add(buffer, bytes, c < 0x80 ? 1 : 2); /* letters of the grammar's words are below U+0800 */
}

/* ---- mending --------------------------------------------------------------------------------- */

static void put(struct mender *m, size_t start, size_t end, const struct buffer *new)
{
    struct repairs *repairs = m->repairs;
    if (repairs->count == 0)
        text_edit_begin(&m->edit, m->matcher->arena, m->matcher->text);
    text_edit_keep(&m->edit, m->edit.done, start);
    repairs->at = arena_grow(m->matcher->arena, repairs->at, repairs->count, &repairs->room, repairs->count + 1,
                             sizeof *repairs->at);
    size_t from = m->edit.buffer.size;
    text_edit_put(&m->edit, start, end, new->at, new->size);
    repairs->at[repairs->count++] = (struct span){from, m->edit.buffer.size};
}

/* The word takes the case of what it stands for. */
static void put_word(struct mender *m, size_t start, size_t end, const struct word *word)
{
    struct buffer *buffer = cleared(m);
    const struct text *text = m->matcher->text;
    size_t upper = 0, lower = 0;
    bool first = false;
    for (size_t at = start; at < end;) {
        uint32_t c;
        size_t n = text_next(text->at, text->size, at, &c);
        if (is_capital(c))
            upper++;
        else if (is_letter(c))
            lower++;
        first = first || (at == start && !is_digit(c) && is_capital(c));
        at += n == 0 ? 1 : n;
    }
    if (word->exact != NULL)
        buffer_add(buffer, word->exact, word->exact_size);
    for (size_t i = 0; word->exact == NULL && i < word->count; i++)
        put_character(buffer, upper > lower || (first && i == 0) ? raise(word->at[i]) : word->at[i]);
    put(m, start, end, buffer);
}

static bool is_core(uint32_t c)
{
    return is_letter(c) || is_digit(c) || c == 0x25A1 || c == 0xFFFD || c == '|';
}

/* Blanks, commas and brackets; a colon too, unless it stands in a time. */
static bool parts_words(const struct text *text, size_t at, size_t end)
{
    switch (text->at[at]) {
    case ' ':
    case '\t':
    case '\r':
    case '\n':
    case ',':
    case ';':
    case '(':
    case ')':
    case '[':
    case ']':
    case '"':
    case '\'':
        return true;
    case ':':
        return at + 1 >= end ||
               !(is_digit((unsigned char)text->at[at + 1]) || strchr("OoIl", text->at[at + 1]) != NULL);
    default:
        return false;
    }
}

/* The next piece between blanks, stripped of what surrounds it, and not read yet. False at the end. */
static bool next_piece(const struct text *text, size_t *at, size_t end, struct piece *piece)
{
    uint32_t c;
    while (*at < end && parts_words(text, *at, end))
        ++*at;
    if (*at >= end)
        return false;
    bool found = false;
    piece->start = piece->end = *at;
    for (size_t n; *at < end && !parts_words(text, *at, end); *at += n) {
        n = text_next(text->at, text->size, *at, &c);
        n += n == 0;
        bool core = is_core(c);
        if (!found)
            piece->start = core ? *at : *at + n;
        if (!found || core)
            piece->end = *at + n;
        found = found || core;
    }
    piece->is_read = false;
    return true;
}

static void read_piece(const struct mender *m, struct piece *piece)
{
    const struct text *text = m->matcher->text;
    if (piece->is_read)
        return;
    piece->is_read = true;
    piece->has_digit = false;
    piece->word = (struct word){0};
    for (size_t at = piece->start, n; at < piece->end; at += n) {
        uint32_t c;
        n = text_next(text->at, text->size, at, &c);
        n += n == 0;
        piece->has_digit = piece->has_digit || is_digit(c);
        word_add(m->grammar, &piece->word, c);
    }
}

static bool is_number_sign(uint32_t c)
{
    return c < 0x80 && strchr(".,:/-#", (int)c) != NULL;
}

/* "l8.1.5O": digits, signs, and letters beside digits that look like digits. */
static bool mend_number(struct mender *m, const struct piece *piece)
{
    const struct text *text = m->matcher->text;
    struct buffer *buffer = cleared(m);
    bool changed = false, beside = false;
    for (size_t at = piece->start; at < piece->end;) {
        uint32_t c = 0, next = 0;
        size_t n = text_next(text->at, text->size, at, &c);
        n = n == 0 ? 1 : n;
        text_next(text->at, piece->end, at + n, &next);
        uint32_t digit = is_digit(c) ? c : lexicon_digit(m->grammar, c);
        if (digit == 0 && !is_number_sign(c))
            return false;
        bool looks = !is_digit(c) && digit != 0;
        if (looks && !beside && !is_digit(next))
            return false; /* a Roman number, or a word */
        changed = changed || looks;
        put_character(buffer, digit != 0 ? digit : c);
        beside = digit != 0;
        at += n;
    }
    if (changed)
        put(m, piece->start, piece->end, buffer);
    return changed;
}

static bool is_known(const struct mender *m, const struct piece *piece)
{
    return lexicon_find(m->grammar, &piece->word) != NULL;
}

/* Only one blank lies between them. */
static bool follows(const struct mender *m, const struct piece *piece, const struct piece *next)
{
    return next->start == piece->end + 1 && m->matcher->text->at[piece->end] == ' ';
}

static size_t letters_of(const struct mender *m, struct piece *piece)
{
    read_piece(m, piece);
    return piece->word.count;
}

/* One letter, or a word of the grammar in pieces: those up to where they make one, or 0. */
static size_t join(struct mender *m, struct piece *pieces, size_t count)
{
    struct word word = {0};
    bool letters = letters_of(m, &pieces[0]) == 1;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && !follows(m, &pieces[i - 1], &pieces[i]))
            return 0;
        if ((letters && letters_of(m, &pieces[i]) != 1) || (!letters && i == 2))
            return 0;
        for (size_t j = 0; j < letters_of(m, &pieces[i]) && j < MAX_WORD; j++)
            word_add(m->grammar, &word, pieces[i].word.at[j]);
        bool last = i + 1 == count || !follows(m, &pieces[i], &pieces[i + 1]) || letters_of(m, &pieces[i + 1]) != 1;
        if (i == 0 || word.count < (letters ? MIN_WORD : MIN_WORD + 2) || word.count > MAX_WORD || (letters && !last))
            continue;
        const struct word *known = lexicon_find(m->grammar, &word);
        if (known == NULL && !letters && word.count > (size_t)2 * MIN_WORD && !is_known(m, &pieces[0]) &&
            !is_known(m, &pieces[1]))
            known = lexicon_nearest(m->grammar, &word);
        if (known != NULL) {
            put_word(m, pieces[0].start, pieces[i].end, known);
            return i + 1;
        }
    }
    return 0;
}

/* Two words of the grammar without a blank between them. */
static bool part(struct mender *m, const struct piece *piece)
{
    size_t at = piece->start;
    uint32_t c;
    struct word left = {0};
    for (size_t i = 0; i + MIN_WORD - 1 < piece->word.count;) {
        word_add(m->grammar, &left, piece->word.at[i++]);
        at += text_next(m->matcher->text->at, piece->end, at, &c);
        if (i < MIN_WORD - 1 || lexicon_find(m->grammar, &left) == NULL)
            continue;
        struct word right = {0};
        for (size_t j = i; j < piece->word.count; j++)
            word_add(m->grammar, &right, piece->word.at[j]);
        if (lexicon_find(m->grammar, &right) == NULL)
            continue;
        put(m, at, at, &(struct buffer){.at = (char[]){' ', '\0'}, .size = 1});
        return true;
    }
    return false;
}

/* "Ma1enkov": digits among letters that look like one. */
static void mend_letters(struct mender *m, const struct piece *piece)
{
    const struct text *text = m->matcher->text;
    struct buffer *buffer = cleared(m);
    uint32_t before = 0;
    for (size_t at = piece->start; at < piece->end;) {
        uint32_t c = 0, next = 0;
        size_t n = text_next(text->at, text->size, at, &c);
        n = n == 0 ? 1 : n;
        text_next(text->at, piece->end, at + n, &next);
        if (is_digit(c)) {
            uint32_t letter = lexicon_letter(m->grammar, c, next);
            if (!is_letter(before) || !is_letter(next) || letter == 0)
                return;
            c = letter;
        }
        if (c >= 0x800)
            return;
        put_character(buffer, c);
        before = c;
        at += n;
    }
    put(m, piece->start, piece->end, buffer);
}

enum alphabet { NEITHER, LATIN, OTHER };

static enum alphabet alphabet_of(uint32_t c)
{
    return !is_letter(c) ? NEITHER : c < 0x400 ? LATIN : OTHER;
}

/* The alphabet that a word with letters of two is meant to be in: that of the letters which have no twin. */
static enum alphabet meant(const struct mender *m, const struct piece *piece)
{
    const struct text *text = m->matcher->text;
    size_t letters[3] = {0}, alone[3] = {0};
    for (size_t at = piece->start; at < piece->end;) {
        uint32_t c = 0;
        size_t n = text_next(text->at, text->size, at, &c);
        enum alphabet alphabet = alphabet_of(c);
        letters[alphabet]++;
        alone[alphabet] += lexicon_twin(m->grammar, c) == 0;
        at += n == 0 ? 1 : n;
    }
    if (letters[NEITHER] > 0 || letters[LATIN] + letters[OTHER] < 2 || (alone[LATIN] > 0 && alone[OTHER] > 0))
        return NEITHER;
    if (letters[LATIN] > 0 && letters[OTHER] > 0)
        return alone[LATIN] > 0 || (alone[OTHER] == 0 && letters[LATIN] > letters[OTHER]) ? LATIN : OTHER;
    if (alone[LATIN] + alone[OTHER] > 0 || lexicon_find(m->grammar, &piece->word) != NULL)
        return NEITHER;
    return letters[LATIN] > 0 ? OTHER : LATIN; /* all letters could be of the other: so it must be a known word */
}

/* Whether letters of both alphabets stand between two offsets, by their bytes: those of Russian ones begin with two. */
static bool has_both(const struct text *text, size_t start, size_t end)
{
    bool latin = false, other = false;
    for (size_t at = start; at < end && !(latin && other); at++) {
        unsigned char byte = (unsigned char)text->at[at];
        latin = latin || (byte < 0x80 && is_letter(byte));
        other = other || byte == 0xD0 || byte == 0xD1;
    }
    return latin && other;
}

/* "Cекретно": letters of one alphabet for those of another. */
static bool mend_mixed(struct mender *m, const struct piece *piece)
{
    const struct text *text = m->matcher->text;
    enum alphabet alphabet = meant(m, piece);
    if (alphabet == NEITHER)
        return false;
    struct buffer *buffer = cleared(m);
    struct word word = {0};
    bool mixed = false;
    for (size_t at = piece->start; at < piece->end;) {
        uint32_t c = 0;
        size_t n = text_next(text->at, text->size, at, &c);
        if (alphabet_of(c) == alphabet)
            mixed = true;
        else
            c = lexicon_twin(m->grammar, c);
        word_add(m->grammar, &word, c);
        put_character(buffer, c);
        at += n == 0 ? 1 : n;
    }
    const struct word *known = lexicon_find(m->grammar, &word);
    if (!mixed && (known == NULL || word.count < MIN_WORD))
        return false;
    const struct word *near =
        known != NULL || word.count < MIN_WORD || word.count > MAX_WORD ? NULL : lexicon_nearest(m->grammar, &word);
    if (near != NULL)
        put_word(m, piece->start, piece->end, near);
    else
        put(m, piece->start, piece->end, buffer);
    return true;
}

static void mend_piece(struct mender *m, const struct piece *piece)
{
    if (mend_mixed(m, piece))
        return;
    if (piece->has_digit && mend_number(m, piece))
        return;
    if (piece->word.count < MIN_WORD || piece->word.count > MAX_WORD || lexicon_find(m->grammar, &piece->word) != NULL)
        return;
    const struct word *near = lexicon_nearest(m->grammar, &piece->word);
    if (near != NULL)
        put_word(m, piece->start, piece->end, near);
    else if (piece->has_digit)
        mend_letters(m, piece);
    else if (piece->word.count > (size_t)2 * (MIN_WORD - 1))
        part(m, piece);
}

/* Of running text, words that are no plain small letters: a capital, a digit, a sign within. */
static bool stands_out(const struct mender *m, const struct piece *piece)
{
    const struct text *text = m->matcher->text;
    for (size_t at = piece->start; at < piece->end;) {
        uint32_t c = 0;
        size_t n = text_next(text->at, text->size, at, &c);
        if (!is_letter(c) || is_capital(c))
            return true;
        at += n == 0 ? 1 : n;
    }
    return false;
}

static void mend_stretch(struct mender *m, size_t start, size_t end, bool prose)
{
    struct piece pieces[MAX_PIECES];
    size_t count = 0;
    for (size_t at = start; count < MAX_PIECES && next_piece(m->matcher->text, &at, end, &pieces[count]);)
        count++;
    for (size_t i = 0; i < count;) {
        bool plain = prose && i >= PROSE_WORDS && !stands_out(m, &pieces[i]);
        size_t joined = plain ? 0 : join(m, pieces + i, count - i);
        if (joined == 0 && !plain)
            mend_piece(m, &pieces[i]);
        i += joined == 0 ? 1 : joined;
    }
}

/* Words of two alphabets are damaged even where a production took them for something. */
static void mend_explained(struct mender *m, const struct step *step)
{
    const struct text *text = m->matcher->text;
    struct piece piece;
    if (!has_both(text, step->start, step->end))
        return;
    for (size_t at = step->start; next_piece(text, &at, step->end, &piece);)
        if (has_both(text, piece.start, piece.end)) {
            read_piece(m, &piece);
            mend_mixed(m, &piece);
        }
}

static bool is_explained(const struct matcher *matcher, const struct step *step)
{
    return step->kind == STEP_MARK && !matcher->grammar->zones[step->zone].body;
}

static void next_explained(struct mender *m)
{
    struct step step;
    m->behind = SIZE_MAX;
    while (m->behind == SIZE_MAX && path_next(&m->ahead, &step))
        if (is_explained(m->matcher, &step))
            m->behind = line_at(m->matcher->lines, step.start);
}

/* Whether a line is near to one that a production explains; lines are asked about in their order. */
static bool is_near(struct mender *m, size_t line)
{
    while (m->behind <= line) {
        m->before = m->behind;
        next_explained(m);
    }
    return line - m->before <= NEAR || m->behind - line <= NEAR;
}

/* What nothing explains of a line, but for prose that is far from what is explained. */
static void mend_line(struct mender *m, size_t n, size_t start, size_t end)
{
    const struct line *line = line_of(m->matcher->lines, n);
    start = line->start > start ? line->first : start;
    end = end < line->end ? end : line->end;
    if (!line->blank && line->end - line->start <= LONG && (!line->prose || is_near(m, n)))
        mend_stretch(m, start, end, line->prose);
}

static void mend_run(struct mender *m, const struct step *step)
{
    const struct lines *lines = m->matcher->lines;
    for (size_t n = line_at(lines, step->start); n < lines->count && line_of(lines, n)->start < step->end; n++)
        mend_line(m, n, step->start, step->end);
}

bool repair_text(const struct matcher *matcher, const struct path *path, struct arena *work, struct text *mended,
                 struct repairs *repairs)
{
    struct path_reader reader = path_from(path, matcher->grammar, 0, 0, NULL);
    struct mender *m = arena_take(work, 1, sizeof *m);
    struct step step;
    *m = (struct mender){.matcher = matcher, .grammar = matcher->grammar, .repairs = repairs};
    m->word.arena = work;
    m->ahead = reader;
    m->before = SIZE_MAX; /* the start counts as the line before the first */
    next_explained(m);
    *repairs = (struct repairs){0};
    while (path_next(&reader, &step)) {
        if (is_explained(matcher, &step) && step.end - step.start <= LONG)
            mend_explained(m, &step);
        else if (step.kind == STEP_LINE)
            mend_run(m, &step);
    }
    bool any = repairs->count > 0;
    if (any) {
        text_edit_keep(&m->edit, m->edit.done, matcher->text->size);
        text_edit_end(&m->edit, mended);
    }
    arena_empty(work);
    return any;
}

/* Words of the grammar have no digits: what has some now was mended as a number. */
static bool has_digit(const struct text *text, const struct span *span)
{
    for (size_t at = span->start; at < span->end; at++)
        if (is_digit((unsigned char)text->at[at]))
            return true;
    return false;
}

bool repairs_touch(const struct repairs *repairs, const struct text *mended, size_t start, size_t end, bool digits)
{
    size_t low = 0, high = repairs->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (repairs->at[middle].end <= start)
            low = middle + 1;
        else
            high = middle;
    }
    while (digits && low < repairs->count && repairs->at[low].start < end && !has_digit(mended, &repairs->at[low]))
        low++;
    return low < repairs->count && repairs->at[low].start < end;
}
