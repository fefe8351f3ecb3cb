/* What shows in the text itself. */
#include "check.h"

#include <string.h>

enum { SHORT_LINE = 100, MAX_BRACKETED = 80, MAX_OPEN = 64, NEAR = 60 };

static bool is_word_byte(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == 0xC3 ||
           (c >= 0xD0 && c <= 0xD3);
}

/* Whether a letter or digit ends at, or begins at, an offset. */
static bool is_word_before(const struct text *text, size_t at)
{
    size_t start = at;
    while (start > 0 && ((unsigned char)text->at[start - 1] & 0xC0) == 0x80)
        start--;
    start -= start > 0;
    return start < at && is_word_byte((unsigned char)text->at[start]);
}

static bool is_word_behind(const struct text *text, size_t at)
{
    return at < text->size && is_word_byte((unsigned char)text->at[at]);
}

/* ---- brackets and quotes -------------------------------------------------------------------- */

/* One pair of signs at work on a record. */
struct pair {
    const char *opener, *closer;
    size_t open_size, close_size;
    size_t open[MAX_OPEN], depth;
    size_t lone[MAX_OPEN], lone_count; /* openers that their paragraph does not close */
    bool quotes;
};

static bool stands(const struct text *text, size_t at, size_t end, const char *sign, size_t size)
{
    return end - at >= size && memcmp(text->at + at, sign, size) == 0;
}

/* Whether what a closer closes may have stood in a gap of the text just before it. */
static bool is_partner_lost(struct finder *f, size_t at)
{
    struct span before = {at > f->span.start + NEAR ? at - NEAR : f->span.start, at}, found;
    while (before.start > f->span.start && ((unsigned char)f->d->shown.at[before.start] & 0xC0) == 0x80)
        before.start--;
    return f->condition->node != NULL && match_shown(f, &f->condition->pattern, before, &found);
}

static void find_lone(struct finder *f, const struct pair *pair, size_t at, bool opener)
{
    size_t size = opener ? pair->open_size : pair->close_size;
    uint32_t zones = zones_of_line(f->d, f->record, line_at(&f->d->shown_lines, at));
    if ((zones & f->condition->zones) == 0 || (!opener && is_partner_lost(f, at)))
        return;
    find_shown(f, (struct span){at, at + size}, NULL,
               (const struct telling[]){{"text", opener ? pair->opener : pair->closer},
                                        {"partner", opener ? pair->closer : pair->opener},
                                        {"why", opener ? "is never closed" : "closes nothing"},
                                        {0}});
}

/* 1) and b) number things. */
static bool is_numbering(const struct text *text, size_t at, size_t start)
{
    size_t letters = 0;
    while (at > start && letters < 4 && is_word_before(text, at)) {
        at--;
        while (at > start && ((unsigned char)text->at[at] & 0xC0) == 0x80)
            at--;
        letters++;
    }
    return letters > 0 && letters < 4 && (at == start || text->at[at - 1] != '-');
}

static void close_pair(struct finder *f, struct pair *pair, size_t at)
{
    if (pair->depth > 0) {
        pair->depth--;
    } else if (pair->lone_count > 0) {
        pair->lone_count--; /* a quotation over several paragraphs */
    } else if (pair->quotes || !is_numbering(&f->d->shown, at, f->span.start)) {
        find_lone(f, pair, at, false);
    }
}

static void open_pair(struct pair *pair, size_t at)
{
    if (pair->depth < MAX_OPEN)
        pair->open[pair->depth] = at;
    pair->depth++;
}

/* A quotation that goes on is opened again where the next paragraph begins. */
static void end_paragraph(struct finder *f, struct pair *pair, size_t at)
{
    const struct text *text = &f->d->shown;
    while (at < f->span.end && strchr(" \t\r\n", text->at[at]) != NULL && text->at[at] != '\0')
        at++;
    bool goes_on = stands(text, at, f->span.end, pair->opener, pair->open_size);
    for (size_t i = 0; !goes_on && i < pair->depth && i < MAX_OPEN && pair->lone_count < MAX_OPEN; i++)
        pair->lone[pair->lone_count++] = pair->open[i];
    pair->depth = 0;
}

static size_t next_byte(const struct text *text, size_t at, size_t end, unsigned char byte)
{
    const char *found = memchr(text->at + at, byte, end - at);
    return found == NULL ? end : (size_t)(found - text->at);
}

static void look_at_sign(struct finder *f, struct pair *pair, size_t at)
{
    const struct text *text = &f->d->shown;
    size_t end = f->span.end;
    bool breaks = text->at[at] == '\n' && pair->quotes && end - at > 1;
    if (breaks && (text->at[at + 1] == '\n' || text->at[at + 1] == '\r'))
        end_paragraph(f, pair, at);
    if (stands(text, at, end, pair->opener, pair->open_size))
        open_pair(pair, at);
    else if (stands(text, at, end, pair->closer, pair->close_size))
        close_pair(f, pair, at);
}

static void find_pair(struct finder *f, struct pair *pair)
{
    const struct text *text = &f->d->shown;
    const unsigned char bytes[] = {(unsigned char)*pair->opener, (unsigned char)*pair->closer, '\n'};
    const size_t kinds = pair->quotes ? 3 : 2; /* only quotations end with a paragraph */
    size_t next[3] = {f->span.start, f->span.start, f->span.start}, end = f->span.end;
    for (size_t at = f->span.start, first;; at = first + 1) {
        first = end;
        for (size_t i = 0; i < kinds; i++) {
            if (next[i] <= at)
                next[i] = next_byte(text, at, end, bytes[i]);
            first = next[i] < first ? next[i] : first;
        }
        if (first == end)
            break;
        look_at_sign(f, pair, first);
    }
    for (size_t i = 0; i < pair->lone_count; i++)
        find_lone(f, pair, pair->lone[i], true);
    for (size_t i = 0; i < pair->depth && i < MAX_OPEN; i++)
        find_lone(f, pair, pair->open[i], true);
}

/* Whether the record has the sign at all. */
static bool has_sign(const struct finder *f, const char *sign)
{
    const char *at = f->d->shown.at + f->span.start, *end = f->d->shown.at + f->span.end;
    size_t size = strlen(sign);
    while ((at = memchr(at, sign[0], (size_t)(end - at))) != NULL) {
        if ((size_t)(end - at) >= size && memcmp(at, sign, size) == 0)
            return true;
        at++;
    }
    return false;
}

void find_unclosed(struct finder *f)
{
    for (size_t i = 0; i + 1 < f->condition->text_count; i += 2) {
        struct pair pair = {.opener = f->condition->texts[i], .closer = f->condition->texts[i + 1]};
        pair.open_size = strlen(pair.opener);
        pair.close_size = strlen(pair.closer);
        pair.quotes = (unsigned char)*pair.opener >= 0x80;
        if (has_sign(f, pair.opener) || has_sign(f, pair.closer))
            find_pair(f, &pair);
    }
}

/* ---- expressions ---------------------------------------------------------------------------- */

typedef void looking(struct finder *f, struct span span);

/* The lines of the condition's zones; of running text the short ones, which may be something else. */
static void in_lines(struct finder *f, looking *look)
{
    const struct depesha_document *d = f->d;
    uint32_t text = 0;
    for (size_t z = 0; z < d->grammar->zone_count; z++)
        text |= d->grammar->zones[z].body ? UINT32_C(1) << z : 0;
    for (size_t n = line_at(&d->shown_lines, f->span.start); n < d->shown_lines.count; n++) {
        const struct line line = *line_of(&d->shown_lines, n);
        if (line.start >= f->span.end)
            return;
        if (line.blank)
            continue;
        uint32_t zones = zones_of_line(f->d, f->record, n);
        bool skipped = (zones & ~text) == 0 && (line.prose || line.end - line.first > SHORT_LINE);
        if (!skipped && (zones & f->condition->zones) != 0)
            look(f, (struct span){line.first, line.end});
    }
}

static void in_values(struct finder *f, looking *look)
{
    for (size_t i = 0; i < f->record->values.count; i++)
        for (const struct key **key = f->condition->keys; *key != NULL; key++)
            if (f->record->values.at[i].key == *key)
                look(f, shown_span(f, f->record->values.at[i].span));
}

static void look_for_expression(struct finder *f, struct span span)
{
    struct span found;
    while (f->count < MAX_FINDINGS && span.start < span.end && match_shown(f, &f->condition->pattern, span, &found)) {
        if (found.end > found.start && !is_found(f, found))
            find_shown(f, found, f->condition->mend,
                       (const struct telling[]){{"text", shown_text(f, found)}, {"mend", f->condition->mend}, {0}});
        span.start = found.end > span.start ? found.end : span.start + 1;
        while (span.start < span.end && ((unsigned char)f->d->shown.at[span.start] & 0xC0) == 0x80)
            span.start++;
    }
}

void find_expression(struct finder *f)
{
    if (f->condition->anywhere)
        look_for_expression(f, f->span);
    else if (*f->condition->keys != NULL)
        in_values(f, look_for_expression);
    else
        in_lines(f, look_for_expression);
}

/* Brackets in which there are no others. */
void find_bracketed(struct finder *f)
{
    const struct text *text = &f->d->shown;
    for (size_t at = f->span.start; at < f->span.end;) {
        const char *open = memchr(text->at + at, '[', f->span.end - at);
        if (open == NULL)
            return;
        at = (size_t)(open - text->at);
        size_t end = at + 1;
        while (end < f->span.end && end - at < MAX_BRACKETED && strchr("[]\n\r", text->at[end]) == NULL)
            end++;
        if (end < f->span.end && text->at[end] == ']')
            look_for_expression(f, (struct span){at, end + 1});
        at = end;
    }
}

/* ---- words ---------------------------------------------------------------------------------- */

/* The word of the enumeration that a text is nearly; NULL if it is one, or near none. */
static const char *near_word(struct finder *f, struct span span)
{
    word_capitals_in(f->word, f->d->shown.at + span.start, span.end - span.start);
    const char *text = f->word->at, *best = NULL;
    size_t length = word_length(text, f->word->size), slip = word_slip(length), nearest = slip + 1;
    uint32_t letters = word_letters(text);
    for (const struct wording *word = f->condition->words; word->capitals != NULL && nearest > 0; word++) {
        size_t own = word_slip(word->length), limit = own < slip ? own : slip;
        if ((word->length > length ? word->length - length : length - word->length) > limit ||
            words_differ(letters, word->letters, limit))
            continue;
        size_t distance = word_distance(text, word->capitals, limit);
        if (distance < nearest && distance <= own) {
            nearest = distance;
            best = word->written;
        }
    }
    return nearest == 0 ? NULL : best;
}

static void look_for_word(struct finder *f, struct span span)
{
    const char *word = near_word(f, span);
    if (word != NULL && !is_found(f, span))
        find_shown(f, span, NULL, (const struct telling[]){{"text", shown_text(f, span)}, {"word", word}, {0}});
}

/* The letters that end at an offset. */
static struct span word_before(const struct text *text, size_t end)
{
    struct span word = {end, end};
    for (uint32_t c; word.start > 0;) {
        size_t at = word.start - 1;
        while (at > 0 && ((unsigned char)text->at[at] & 0xC0) == 0x80)
            at--;
        if (text_next(text->at, text->size, at, &c) == 0 || word_script(c) == SCRIPT_NONE)
            break;
        word.start = at;
    }
    return word;
}

/* An expression that takes nothing tells the word before it: such places are found faster than words. */
static void look_for_words(struct finder *f, struct span span)
{
    struct span found;
    while (span.start < span.end && match_shown(f, &f->condition->pattern, span, &found)) {
        struct span word = found.end > found.start ? found : word_before(&f->d->shown, found.end);
        if (word.end > word.start)
            look_for_word(f, word);
        span.start = found.end > span.start ? found.end : span.start + 1;
        while (span.start < span.end && ((unsigned char)f->d->shown.at[span.start] & 0xC0) == 0x80)
            span.start++;
    }
}

/* A line, or a part of one between wide blanks, that may be nothing but one of the words. */
static void look_for_cell(struct finder *f, struct span span)
{
    const char *text = f->d->shown.at;
    while (span.start < span.end) {
        size_t end = span.start;
        while (end < span.end && text[end] != '\t' && !(text[end] == ' ' && end + 1 < span.end && text[end + 1] == ' '))
            end++;
        if (end - span.start >= 3 && end - span.start < SHORT_LINE)
            look_for_word(f, (struct span){span.start, end});
        span.start = end;
        while (span.start < span.end && strchr(" \t", text[span.start]) != NULL)
            span.start++;
    }
}

/* Whether a value is one of the enumeration's words. */
static bool is_word_of(const struct finder *f, const struct value *value)
{
    return value->key->type->kind == KIND_CODE && value->key->type->enumeration == f->condition->definition;
}

/* What was read as a word of the enumeration though it is not quite one. */
static void find_read_as_words(struct finder *f)
{
    const struct repairs *repairs = &f->d->repairs;
    for (size_t i = 0; repairs->count > 0 && i < f->record->values.count; i++) {
        const struct value *value = &f->record->values.at[i];
        if (is_word_of(f, value) && repairs_touch(repairs, &f->d->text, value->span.start, value->span.end, false))
            find(f, value->span, NULL,
                 (const struct telling[]){{"text", shown_text(f, shown_span(f, value->span))},
                                          {"word", folded(&f->d->matcher, value->span)},
                                          {0}});
    }
    for (size_t i = 0; i < repairs->count; i++) {
        struct span mended = repairs->at[i];
        const char *text = word_capitals(&f->d->work, f->d->text.at + mended.start, mended.end - mended.start);
        const struct wording *word = f->condition->words;
        while (word->capitals != NULL && strcmp(word->capitals, text) != 0)
            word++;
        if (word->capitals != NULL && mended.start >= f->record->span.start && mended.end <= f->record->span.end &&
            !is_found(f, shown_span(f, mended)))
            find(
                f, mended, NULL,
                (const struct telling[]){{"text", shown_text(f, shown_span(f, mended))}, {"word", word->written}, {0}});
    }
}

/* Only part of a word may have been read: TPO SECRET is secret, and the rest nothing. */
static void look_beside(struct finder *f, struct span passage)
{
    const char *text = f->d->text.at;
    while (passage.end > passage.start && text[passage.end - 1] == ' ')
        passage.end--;
    for (size_t i = 0; i < f->record->values.count; i++) {
        const struct value *value = &f->record->values.at[i];
        bool behind = value->span.start == passage.end + 1 && text[passage.end] == ' ';
        bool before = passage.start == value->span.end + 1 && text[value->span.end] == ' ';
        if (is_word_of(f, value) && (behind || before))
            look_for_word(f, shown_span(f, behind ? (struct span){passage.start, value->span.end}
                                                  : (struct span){value->span.start, passage.end}));
    }
}

/* Without an expression: what nothing explains, and short lines of the text; else what the expression finds. */
void find_nearly(struct finder *f)
{
    find_read_as_words(f);
    if (f->condition->node != NULL) {
        if (f->condition->anywhere)
            look_for_words(f, f->span);
        else
            in_lines(f, look_for_words);
        return;
    }
    struct passage_reader passages = passages_of(f->d, f->record);
    struct passage passage;
    for (size_t i = 0; i < MAX_FINDINGS && passage_next(&passages, &passage); i++)
        if (f->condition->zones >> passage.zone & 1) {
            look_for_cell(f, shown_span(f, passage.span));
            look_beside(f, passage.span);
        }
    for (size_t i = 0; i < f->d->grammar->zone_count; i++)
        if (f->d->grammar->zones[i].body && (f->condition->zones >> i & 1))
            in_lines(f, look_for_cell);
}

/* ---- damage --------------------------------------------------------------------------------- */

/* Damage from `at` on, with no blank: its end, or `at`. */
static size_t damage_end(struct finder *f, size_t at)
{
    const struct text *text = &f->d->shown;
    struct span found;
    size_t limit = text->size - at < MAX_BRACKETED ? text->size : at + MAX_BRACKETED;
    while (at < limit && ((unsigned char)text->at[at] >= 0x80 || text->at[at] == '[') &&
           match_shown(f, &f->d->grammar->damaged, (struct span){at, limit}, &found) && found.start == at &&
           found.end > at)
        at = found.end;
    return at;
}

/* Damage between two letters or digits, from span.start on and beginning before span.end. */
static bool next_damage(struct finder *f, struct span span, struct span *damage)
{
    for (size_t at = span.start; at < span.end; at++) {
        unsigned char byte = (unsigned char)f->d->shown.at[at];
        if ((byte < 0xC2 && byte != '[') || (byte >= 0xD0 && byte <= 0xD3))
            continue;
        size_t end = damage_end(f, at);
        if (end > at && is_word_before(&f->d->shown, at) && is_word_behind(&f->d->shown, end)) {
            *damage = (struct span){at, end};
            return true;
        }
        at = end > at ? end - 1 : at;
    }
    return false;
}

/* Whether something explains what begins there. */
static bool is_explained(const struct finder *f, size_t at)
{
    struct depesha_document *d = f->d;
    at = matched_offset(f, at);
    if (!d->explains || at < d->explained_leaf.span.start) {
        size_t record = f->record->number;
        while (record > 0 && d->portions[record].start > at)
            record--;
        leaves_open(&d->explained, d, record, d->explained.leaves);
        d->explains = leaf_next(&d->explained, &d->explained_leaf);
    }
    while (d->explains && d->explained_leaf.span.end <= at && leaf_next(&d->explained, &d->explained_leaf))
        continue;
    return d->explains && (d->explained_leaf.key != NULL || d->explained_leaf.field != NULL);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void find_damage(struct finder *f, struct span damage, const struct value *value)
{
    const struct text *text = &f->d->shown;
    struct span word = damage;
    while (word.start > f->span.start && is_word_before(text, word.start))
        do
            word.start--;
        while (word.start > 0 && ((unsigned char)text->at[word.start] & 0xC0) == 0x80);
    while (word.end < f->span.end &&
           (is_word_byte((unsigned char)text->at[word.end]) || ((unsigned char)text->at[word.end] & 0xC0) == 0x80))
        word.end++;
    if (!is_found(f, word))
        find_shown(f, word, NULL,
                   (const struct telling[]){{"key", value == NULL ? "" : value->key->path},
                                            {"value", value == NULL ? "" : value->text},
                                            {"text", shown_text(f, word)},
                                            {0}});
}

void find_damaged(struct finder *f)
{
    const struct text *text = &f->d->shown;
    struct span damage;
    if (f->d->grammar->damaged.kind == PATTERN_NONE)
        return;
    for (size_t i = 0; i < f->record->values.count; i++) {
        const struct value *value = &f->record->values.at[i];
        if (value->key->type->kind == KIND_TEXT || value->depth > 0)
            continue;
        struct span span = shown_span(f, value->span), wider = {span.start, span.end + 1};
        if (wider.end > f->span.end)
            wider.end = f->span.end;
        if (!next_damage(f, wider, &damage))
            continue;
        bool inside = damage.start < span.end;
        bool digits = damage.start > 0 && is_digit(text->at[damage.start - 1]) && is_digit(text->at[damage.end]);
        if (inside || digits || !is_explained(f, damage.end))
            find_damage(f, damage, value);
    }
    struct passage_reader passages = passages_of(f->d, f->record);
    struct passage passage;
    while (f->count < MAX_FINDINGS && passage_next(&passages, &passage))
        if ((f->condition->zones >> passage.zone & 1) && next_damage(f, shown_span(f, passage.span), &damage))
            find_damage(f, damage, NULL);
}

/* ---- alphabets ------------------------------------------------------------------------------ */

/* The letter that looks like `point` in the other list, or 0. */
static uint32_t twin(const char *letters, const char *others, uint32_t point)
{
    size_t size = strlen(letters), other_size = strlen(others);
    uint32_t letter, other;
    for (size_t at = 0, there = 0, n; at < size && there < other_size; at += n) {
        n = text_next(letters, size, at, &letter);
        there += text_next(others, other_size, there, &other);
        if (letter == point)
            return other;
    }
    return 0;
}

static void put_point(struct buffer *buffer, uint32_t point)
{
    char bytes[2] = {(char)(0xC0 | (point >> 6)), (char)(0x80 | (point & 0x3F))};
    if (point < 0x80)
        buffer_add(buffer, &(char){(char)point}, 1);
    else
        buffer_add(buffer, bytes, 2);
}

/* The word with the letters of one script in the other; NULL if not all of them have twins. */
static const char *in_script(struct finder *f, struct span word, enum script from, const char *letters,
                             const char *others)
{
    struct buffer buffer = {.arena = &f->d->work};
    uint32_t point;
    for (size_t at = word.start, n; at < word.end; at += n) {
        n = text_next(f->d->shown.at, word.end, at, &point);
        uint32_t other = word_script(point) == from ? twin(letters, others, point) : point;
        if (other == 0)
            return NULL;
        put_point(&buffer, other);
    }
    return buffer.at;
}

static void look_at_word(struct finder *f, struct span word, size_t latin, size_t cyrillic)
{
    const char *cyrillics = f->condition->texts[0], *latins = f->condition->texts[1];
    const char *as_cyrillic = in_script(f, word, SCRIPT_LATIN, latins, cyrillics);
    const char *as_latin = in_script(f, word, SCRIPT_CYRILLIC, cyrillics, latins);
    if (as_cyrillic == NULL && as_latin == NULL)
        return;
    /* Letters that have no twin say which script it is; else there is more than one right answer. */
    const char *mend = as_latin == NULL ? as_cyrillic : as_cyrillic == NULL ? as_latin : NULL;
    bool to_cyrillic = as_latin == NULL || (as_cyrillic != NULL && cyrillic >= latin);
    find_shown(f, word, mend,
               (const struct telling[]){{"text", shown_text(f, word)},
                                        {"mend", to_cyrillic ? as_cyrillic : as_latin},
                                        {"letters", to_cyrillic ? "Latin" : "Cyrillic"},
                                        {"script", to_cyrillic ? "Cyrillic" : "Latin"},
                                        {0}});
}

void find_mixed(struct finder *f)
{
    const struct text *text = &f->d->shown;
    struct span word = {0};
    size_t latin = 0, cyrillic = 0, size = f->span.end - f->span.start;
    uint32_t point;
    if (memchr(text->at + f->span.start, 0xD0, size) == NULL && memchr(text->at + f->span.start, 0xD1, size) == NULL)
        return;
    for (size_t at = f->span.start, n; at <= f->span.end; at += n) {
        n = text_next(text->at, f->span.end, at, &point);
        n += n == 0;
        enum script script = word_script(point);
        if (script != SCRIPT_NONE && latin + cyrillic == 0)
            word.start = at;
        latin += script == SCRIPT_LATIN;
        cyrillic += script == SCRIPT_CYRILLIC;
        if (script != SCRIPT_NONE)
            continue;
        word.end = at;
        if (latin > 0 && cyrillic > 0)
            look_at_word(f, word, latin, cyrillic);
        latin = cyrillic = 0;
    }
}

/* ---- what nothing explains, and what was read as something else ------------------------------ */

/* Whether a stretch of the text as it is has no letter or digit. */
static bool is_empty(const struct finder *f, size_t start, size_t end)
{
    while (start < end && !is_word_byte((unsigned char)f->d->shown.at[start]))
        start++;
    return start >= end;
}

/* A passage, and those beside it; empty where there is none. */
struct neighbours {
    struct passage before, here, next;
};

/* Passages with nothing between them are one: what is wrong in a line may leave those beside it unexplained. */
static struct span region_of(const struct finder *f, const struct neighbours *at)
{
    struct span region = shown_span(f, at->here.span);
    if (at->before.span.start < at->before.span.end) {
        struct span before = shown_span(f, at->before.span);
        region.start = is_empty(f, before.end, region.start) ? before.start : region.start;
    }
    if (at->next.span.start < at->next.span.end) {
        struct span next = shown_span(f, at->next.span);
        region.end = is_empty(f, region.end, next.start) ? next.end : region.end;
    }
    return region;
}

static void look_at_passage(struct finder *f, const struct neighbours *at)
{
    const struct text *text = &f->d->shown;
    struct span span = shown_span(f, at->here.span);
    size_t words = 0;
    if (!(f->condition->zones >> at->here.zone & 1))
        return;
    for (size_t i = span.start; i < span.end && words < 3; i++)
        words += is_word_byte((unsigned char)text->at[i]);
    if (words < 3 || is_found(f, region_of(f, at)))
        return;
    size_t shown = span.start;
    for (size_t n = 0; shown < span.end && n < 50; n++)
        do
            shown++;
        while (shown < span.end && ((unsigned char)text->at[shown] & 0xC0) == 0x80);
    const char *start = shown_text(f, (struct span){span.start, (uint32_t)shown});
    find_shown(
        f, span, NULL,
        (const struct telling[]){{"text", shown < span.end ? arena_format(&f->d->work, "%s…", start) : start}, {0}});
}

void find_unexplained(struct finder *f)
{
    struct passage_reader passages = passages_of(f->d, f->record);
    struct neighbours at = {0};
    passage_next(&passages, &at.next);
    while (at.next.span.start < at.next.span.end && f->count < MAX_FINDINGS) {
        at.before = at.here;
        at.here = at.next;
        if (!passage_next(&passages, &at.next))
            at.next = (struct passage){0};
        look_at_passage(f, &at);
    }
}

/* Whether the mending made a difference: the word is one now, and a production has used it. */
static bool matters(struct finder *f, struct span mended, struct span span)
{
    const char *now = word_capitals(&f->d->work, f->d->text.at + mended.start, mended.end - mended.start);
    const char *was = word_capitals(&f->d->work, f->d->shown.at + span.start, span.end - span.start);
    return *was != '\0' && strcmp(now, was) != 0 && is_explained(f, span.start);
}

void find_repaired(struct finder *f)
{
    for (size_t i = 0; i < f->d->repairs.count && f->count < MAX_FINDINGS; i++) {
        struct span mended = f->d->repairs.at[i], span = shown_span(f, mended);
        if (mended.start < f->record->span.start || mended.end > f->record->span.end || is_found(f, span) ||
            !matters(f, mended, span))
            continue;
        find_shown(
            f, span, NULL,
            (const struct telling[]){{"text", shown_text(f, span)}, {"word", folded(&f->d->matcher, mended)}, {0}});
    }
}
