#include "lexicon.h"

#include "text.h"

#include <string.h>

/* Costs are in halves: a shape taken for another costs 1, any other change of a letter 2. */
enum { SHAPE = 1, CHANGE = 2, FAR = 1000, SLOTS = 4096, MAX_PAIRS = 32, MAX_LOOKS = 0x460 };

/* Two characters that look like one, or like two others of their group. */
struct pair {
    uint32_t first, second;
    uint32_t groups;
};

/* What tells at once that words are not near. */
struct signs {
    uint32_t letters, reached;  /* as in a word: its own, and with those that these look like */
    uint32_t ends[2], looks[2]; /* its first letter and its last, and what these look like */
    bool has_dirt;              /* signs within */
    bool has_pairs;             /* two letters that look like others together */
};

/* A word as one that others may be near to. */
struct near {
    const struct word *word;
    uint32_t pairs[MAX_WORD]; /* what a letter and the one before it look like together */
};

struct lexicon {
    struct word *words;
    size_t count, room;
    struct near *near;          /* the words by length, */
    struct signs *signs;        /* likewise, */
    size_t begin[MAX_WORD + 2]; /* where those of each length begin */
    uint16_t slots[SLOTS];      /* words by hash: index + 1 */
    uint32_t looks[MAX_LOOKS];
    uint32_t digits[10];
    uint32_t twins[MAX_LOOKS];
    struct pair pairs[MAX_PAIRS];
    size_t pair_count;
    uint32_t group_letters[32]; /* of each group: as in a word */
};

/* ---- characters ------------------------------------------------------------------------------ */

uint32_t letter_fold(uint32_t c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 0x410 && c <= 0x42F))
        return c + 32;
    if (c == 0x401 || c == 0x451)
        return 0x435;
    return c;
}

bool is_letter(uint32_t c)
{
    return c < 0x80 ? (c | 32) >= 'a' && (c | 32) <= 'z' : c >= 0x400 && c <= 0x45F;
}

bool is_capital(uint32_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 0x410 && c <= 0x42F) || c == 0x401;
}

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static uint32_t letter_bit(uint32_t folded)
{
    return UINT32_C(1) << (folded & 31);
}

void word_add(const struct depesha_grammar *grammar, struct word *word, uint32_t c)
{
    uint32_t folded = letter_fold(c);
    if (word->count < MAX_WORD) {
        word->at[word->count] = folded;
        word->looks[word->count] = c < MAX_LOOKS ? grammar->lexicon->looks[c] : 0;
        if (folded < MAX_LOOKS)
            word->looks[word->count] |= grammar->lexicon->looks[folded];
    }
    word->count++;
    word->letters |= letter_bit(folded);
}

/* ---- words ----------------------------------------------------------------------------------- */

static bool same_word(const struct word *a, const struct word *b)
{
    return a->count == b->count && a->letters == b->letters && memcmp(a->at, b->at, a->count * sizeof *a->at) == 0;
}

/* The slot of a word, or the free one where it would stand. */
static size_t slot_of(const struct lexicon *lexicon, const struct word *word)
{
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < word->count; i++)
        hash = (hash ^ word->at[i]) * 16777619U;
    size_t slot = (hash ^ hash >> 15) % SLOTS;
    while (lexicon->slots[slot] != 0 && !same_word(&lexicon->words[lexicon->slots[slot] - 1], word))
        slot = (slot + 1) % SLOTS;
    return slot;
}

const struct word *lexicon_find(const struct depesha_grammar *grammar, const struct word *word)
{
    if (word->count > MAX_WORD)
        return NULL;
    size_t n = grammar->lexicon->slots[slot_of(grammar->lexicon, word)];
    return n == 0 ? NULL : &grammar->lexicon->words[n - 1];
}

static void learn_word(struct depesha_grammar *grammar, const struct word *word)
{
    struct lexicon *lexicon = grammar->lexicon;
    if (word->count < MIN_WORD - 1 || word->count > MAX_WORD || lexicon->count >= SLOTS / 2)
        return;
    size_t slot = slot_of(lexicon, word);
    if (lexicon->slots[slot] != 0)
        return;
    lexicon->words = arena_grow(&grammar->arena, lexicon->words, lexicon->count, &lexicon->room, lexicon->count + 1,
                                sizeof *lexicon->words);
    lexicon->words[lexicon->count++] = *word;
    lexicon->slots[slot] = (uint16_t)lexicon->count;
}

static void learn_words(struct depesha_grammar *grammar, const struct node *node)
{
    struct word word = {0};
    size_t start = 0;
    for (size_t at = 0; at <= node->size;) {
        uint32_t c = 0;
        size_t n = text_next(node->text, node->size, at, &c);
        if (n > 0 && is_letter(c)) {
            if (word.count == 0)
                start = at;
            word_add(grammar, &word, c);
        } else {
            word.exact = node->kind == NODE_EXACT ? node->text + start : NULL;
            word.exact_size = at - start;
            learn_word(grammar, &word);
            word = (struct word){0};
        }
        at += n == 0 ? 1 : n;
    }
}

/* "comrades?" teaches "comrade": what of a pattern is written out. */
static void learn_pattern(struct depesha_grammar *grammar, const struct node *node)
{
    struct word word = {0};
    for (size_t at = 0; at <= node->size;) {
        uint32_t c = 0;
        size_t n = text_next(node->text, node->size, at, &c);
        bool quantified = c == '?' || c == '*' || c == '{';
        if (n > 0 && is_letter(c)) {
            word_add(grammar, &word, c);
        } else {
            if (quantified && word.count > 0 && word.count <= MAX_WORD) {
                struct word shorter = {0};
                for (size_t i = 0; i + 1 < word.count; i++)
                    word_add(grammar, &shorter, word.at[i]);
                word = shorter;
            }
            if (word.count > MIN_WORD)
                learn_word(grammar, &word);
            word = (struct word){0};
        }
        at += n == 0 ? 1 : n;
        if (c == '\\') /* the letter behind it says something else */
            at += at < node->size && node->text[at] == 'p' ? 2 : 1;
    }
}

static void learn_node(struct depesha_grammar *grammar, const struct node *node)
{
    for (; node != NULL; node = node->next) {
        if (node->kind == NODE_WORDS || node->kind == NODE_EXACT)
            learn_words(grammar, node);
        else if (node->kind == NODE_PATTERN)
            learn_pattern(grammar, node);
        learn_node(grammar, node->first);
    }
}

/* ---- shapes ---------------------------------------------------------------------------------- */

static void learn_shape(struct lexicon *lexicon, const uint32_t *at, size_t count, size_t group)
{
    uint32_t bit = UINT32_C(1) << group;
    if (count == 1 && at[0] < MAX_LOOKS) {
        lexicon->looks[at[0]] |= bit;
        if (is_digit(at[0]))
            lexicon->digits[at[0] - '0'] |= bit;
    } else if (count == 2 && lexicon->pair_count < MAX_PAIRS) {
        lexicon->pairs[lexicon->pair_count++] = (struct pair){at[0], at[1], bit};
    }
    for (size_t i = 0; i < count; i++)
        lexicon->group_letters[group] |= letter_bit(letter_fold(at[i]));
}

/* "1lI" are three that look alike; "rn m" are two. */
static void learn_shapes(struct lexicon *lexicon, const char *text, size_t group)
{
    bool apart = strchr(text, ' ') == NULL;
    uint32_t shape[2];
    size_t count = 0, size = strlen(text);
    for (size_t at = 0; at <= size;) {
        uint32_t c = 0;
        size_t n = text_next(text, size, at, &c);
        if (n > 0 && c != ' ' && count < 2)
            shape[count++] = c;
        if (n == 0 || apart || c == ' ') {
            learn_shape(lexicon, shape, count, group);
            count = 0;
        }
        at += n == 0 ? 1 : n;
    }
}

static void learn_twins(struct lexicon *lexicon, const char *first, const char *second)
{
    size_t first_size = strlen(first), second_size = strlen(second);
    uint32_t a = 0, b = 0;
    for (size_t i = 0, j = 0; i < first_size && j < second_size;) {
        i += text_next(first, first_size, i, &a);
        j += text_next(second, second_size, j, &b);
        if (a < MAX_LOOKS && b < MAX_LOOKS) {
            lexicon->twins[a] = b;
            lexicon->twins[b] = a;
        }
    }
}

static bool is_dirt(uint32_t c)
{
    return !is_letter(c) && !is_digit(c);
}

static void look_at(const struct lexicon *lexicon, const struct word *word, struct near *near, struct signs *signs)
{
    uint32_t groups = 0;
    near->word = word;
    size_t last = word->count - 1;
    *signs = (struct signs){.letters = word->letters,
                            .reached = word->letters,
                            .ends = {word->at[0], word->at[last]},
                            .looks = {word->looks[0], word->looks[last]}};
    for (size_t i = 0; i < word->count; i++) {
        near->pairs[i] = 0;
        for (size_t p = 0; i > 0 && p < lexicon->pair_count; p++)
            if (lexicon->pairs[p].second == word->at[i] && lexicon->pairs[p].first == word->at[i - 1])
                near->pairs[i] |= lexicon->pairs[p].groups;
        groups |= near->pairs[i] | word->looks[i];
        signs->has_pairs = signs->has_pairs || near->pairs[i] != 0;
        signs->has_dirt = signs->has_dirt || is_dirt(word->at[i]);
    }
    for (size_t group = 0; group < 32; group++)
        if (groups >> group & 1)
            signs->reached |= lexicon->group_letters[group];
}

static void sort_words(struct depesha_grammar *grammar)
{
    struct lexicon *lexicon = grammar->lexicon;
    size_t done = 0;
    lexicon->near = arena_take(&grammar->arena, lexicon->count + 1, sizeof *lexicon->near);
    lexicon->signs = arena_take(&grammar->arena, lexicon->count + 1, sizeof *lexicon->signs);
    for (size_t length = 0; length <= MAX_WORD; length++) {
        lexicon->begin[length] = done;
        for (size_t i = 0; i < lexicon->count; i++) {
            const struct word *word = &lexicon->words[i];
            if (word->count != length)
                continue;
            look_at(lexicon, word, &lexicon->near[done], &lexicon->signs[done]);
            done++;
        }
    }
    lexicon->begin[MAX_WORD + 1] = done;
}

void lexicon_open(struct depesha_grammar *grammar)
{
    grammar->lexicon = arena_take(&grammar->arena, 1, sizeof *grammar->lexicon);
    if (grammar->twins[1] != NULL)
        learn_twins(grammar->lexicon, grammar->twins[0], grammar->twins[1]);
    for (size_t i = 0; i < grammar->shape_count; i++)
        learn_shapes(grammar->lexicon, grammar->shapes[i], i);
    for (const struct field *field = grammar->fields; field != NULL; field = field->next)
        if (field->zones != 0)
            learn_node(grammar, field->node);
    for (const struct definition *d = grammar->definitions; d != NULL; d = d->next) {
        learn_node(grammar, d->node);
        for (const struct entry *entry = d->entries; entry != NULL; entry = entry->next)
            learn_node(grammar, entry->node);
    }
    sort_words(grammar);
}

uint32_t lexicon_twin(const struct depesha_grammar *grammar, uint32_t c)
{
    return c < MAX_LOOKS ? grammar->lexicon->twins[c] : 0;
}

uint32_t lexicon_digit(const struct depesha_grammar *grammar, uint32_t c)
{
    uint32_t looks = c < MAX_LOOKS ? grammar->lexicon->looks[c] : 0;
    for (uint32_t digit = 0; looks != 0 && digit < 10; digit++)
        if (grammar->lexicon->digits[digit] & looks)
            return '0' + digit;
    return 0;
}

uint32_t lexicon_letter(const struct depesha_grammar *grammar, uint32_t c, uint32_t beside)
{
    uint32_t looks = c < MAX_LOOKS ? grammar->lexicon->looks[c] : 0;
    for (uint32_t letter = 'A'; looks != 0 && letter < MAX_LOOKS; letter++)
        if ((grammar->lexicon->looks[letter] & looks) && is_letter(letter) &&
            is_capital(letter) == is_capital(beside) && (letter < 0x80) == (beside < 0x80))
            return letter;
    return 0;
}

/* ---- how far a word is from another ---------------------------------------------------------- */

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* What it costs to come to (i, j): letters changed, left out or put in; one or two taken for what they look like. */
static int step_cost(const struct near *a, const struct near *b, int cost[][MAX_WORD + 2], size_t i, size_t j)
{
    uint32_t c = a->word->at[i - 1], looks = a->word->looks[i - 1], others = b->word->looks[j - 1];
    int through = cost[i - 1][j - 1], up = cost[i - 1][j], left = cost[i][j - 1];
    if (c == b->word->at[j - 1])
        return least(through, least(up, left) + CHANGE);
    bool dirt = is_dirt(c);
    int best = through + (dirt || (looks & others) ? SHAPE : CHANGE);
    best = least(best, up + (dirt ? SHAPE : CHANGE));
    best = least(best, left + CHANGE);
    if (a->pairs[i - 1] & others)
        best = least(best, cost[i - 2][j - 1] + SHAPE);
    if (b->pairs[j - 1] & looks)
        best = least(best, cost[i - 1][j - 2] + SHAPE);
    return best;
}

/* FAR if it is more than `limit`. Only what can be reached within the limit is looked at, and what stands beside it. */
static int distance(const struct near *a, const struct near *b, int limit)
{
    int cost[MAX_WORD + 1][MAX_WORD + 2]; /* a row for each letter of a; rows end one behind b */
    size_t reach = (size_t)limit, rows = a->word->count, size = b->word->count;
    int low = FAR, low_before = FAR;
    for (size_t i = 0; i <= rows; i++) {
        size_t first = i > reach ? i - reach : 0, last = i + reach < size ? i + reach : size;
        low_before = low;
        low = FAR;
        if (first > 0)
            cost[i][first - 1] = FAR;
        for (size_t j = first; j <= last; j++) {
            cost[i][j] = i == 0 || j == 0 ? CHANGE * (int)(i + j) : step_cost(a, b, cost, i, j);
            low = least(low, cost[i][j]);
        }
        cost[i][last + 1] = FAR;
        if (low > limit && low_before + SHAPE > limit) /* a shape of two letters steps over one row */
            return FAR;
    }
    return cost[rows][size] > limit ? FAR : cost[rows][size];
}

/* How much of a word may be damaged for it to be known still. */
static int tolerance(size_t count)
{
    return count < 6 ? SHAPE : count < 9 ? CHANGE : count < 12 ? CHANGE + SHAPE : 2 * CHANGE;
}

static bool is_more(uint32_t set, int count)
{
    for (; count > 0; count--)
        set &= set - 1;
    return set != 0;
}

/* What the ends cost at least, where letters count one by one: a change at the one is none at the other. */
static int ends_cost(const struct signs *a, const struct signs *b)
{
    int cost = 0;
    for (size_t i = 0; i < 2; i++)
        if (a->ends[i] != b->ends[i])
            cost += a->looks[i] & b->looks[i] ? SHAPE : CHANGE;
    return cost;
}

/*
 * Whether it can be seen that two words, of which one has so many letters more, are further apart than the limit: more
 * than it allows are no letters of the other, nor look like some of it; or more are in one word only than even one
 * taken for two can bring about.
 */
static bool is_apart(const struct signs *a, const struct signs *b, size_t more, int limit)
{
    int changes = limit / CHANGE;
    bool plain = !a->has_dirt && !a->has_pairs && !b->has_pairs;
    if (plain && (int)more > changes)
        return true;
    if (!a->has_dirt && (is_more(a->letters & ~b->reached, changes) || is_more(b->letters & ~a->reached, changes)))
        return true;
    if (plain && ends_cost(a, b) > limit)
        return true;
    return is_more(a->letters ^ b->letters, 3 * limit);
}

const struct word *lexicon_nearest(const struct depesha_grammar *grammar, const struct word *word)
{
    const struct lexicon *lexicon = grammar->lexicon;
    const struct word *best = NULL;
    int best_cost = FAR;
    bool tie = false;
    size_t most = (size_t)tolerance(MAX_WORD);
    size_t shortest = word->count > MIN_WORD + most ? word->count - most : MIN_WORD;
    size_t longest = least((int)(word->count + most), MAX_WORD);
    if (word->count > MAX_WORD)
        return NULL;
    struct near own;
    struct signs signs;
    look_at(lexicon, word, &own, &signs);
    for (size_t length = shortest; length <= longest; length++) {
        int limit = least(tolerance(length), best_cost);
        size_t more = length > word->count ? length - word->count : word->count - length;
        if (more > (size_t)limit)
            continue;
        for (size_t i = lexicon->begin[length]; i < lexicon->begin[length + 1]; i++) {
            const struct near *near = &lexicon->near[i];
            if (is_apart(&signs, &lexicon->signs[i], more, limit))
                continue;
            int cost = distance(&own, near, limit);
            if (cost == FAR)
                continue;
            tie = cost == best_cost;
            best = near->word;
            best_cost = limit = cost;
        }
    }
    return tie ? NULL : best;
}
