#include "lexicon.h"

#include "text.h"

#include <string.h>

/* Costs are in halves: a shape taken for another costs 1, any other change of a letter 2. */
enum { SHAPE = 1, CHANGE = 2, MOST = 2 * CHANGE, FAR = 1000, SLOTS = 4096, MAX_PAIRS = 32, MAX_LOOKS = 0x460 };

/* Two characters that look like one, or like two others of their group. */
struct pair {
    uint32_t first, second;
    uint32_t groups;
};

/* What tells at once that words are not near. */
struct signs {
    uint64_t letters, reached;  /* as in a word: its own, and with those that these look like */
    uint32_t ends[2], looks[2]; /* its first letter and its last, and what these look like */
    uint32_t look, pairs;       /* what its letters look like, one by one and two together */
    bool has_dirt;              /* signs within */
};

/* A word as one that others may be near to. */
struct near {
    const struct word *word;
    uint32_t pairs[MAX_WORD]; /* what a letter and the one before it look like together */
};

enum { SHELF = 64, LETTERS = 64 };

/* Words of one length, up to as many as a set has bits; they are told apart by their letters all at once. */
struct shelf {
    uint64_t reaching[LETTERS]; /* by letter: the words that have it, or one that looks like it */
    uint64_t all;
    uint32_t pairs; /* what two letters of some of them look like together */
    size_t first;   /* of its words among all by length */
};

struct lexicon {
    struct word *words;
    size_t count, room;
    struct near *near;     /* the words by length, */
    struct signs *signs;   /* likewise, */
    struct shelf *shelves; /* likewise */
    size_t shelf_count;
    size_t begin[MAX_WORD + 2]; /* the shelf where those of each length begin */
    uint16_t slots[SLOTS];      /* words by hash: index + 1 */
    uint32_t looks[MAX_LOOKS];
    uint32_t digits[10];
    uint32_t twins[MAX_LOOKS];
    struct pair pairs[MAX_PAIRS];
    size_t pair_count;
    uint64_t seconds;           /* the second letters of pairs */
    uint64_t group_letters[32]; /* of each group: as in a word */
};

/* ---- characters ------------------------------------------------------------------------------ */

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

/* Latin letters have one half, Russian ones the other: all of them their own. */
static uint64_t letter_bit(uint32_t folded)
{
    return UINT64_C(1) << ((folded & 31) | (folded < 0x80 ? 0 : 32));
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
        lexicon->seconds |= letter_bit(at[1]);
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
    near->word = word;
    size_t last = word->count - 1;
    *signs = (struct signs){.letters = word->letters,
                            .reached = word->letters,
                            .ends = {word->at[0], word->at[last]},
                            .looks = {word->looks[0], word->looks[last]}};
    for (size_t i = 0; i < word->count; i++) {
        near->pairs[i] = 0;
        bool second = i > 0 && (lexicon->seconds & letter_bit(word->at[i]));
        for (size_t p = 0; second && p < lexicon->pair_count; p++)
            if (lexicon->pairs[p].second == word->at[i] && lexicon->pairs[p].first == word->at[i - 1])
                near->pairs[i] |= lexicon->pairs[p].groups;
        signs->look |= word->looks[i];
        signs->pairs |= near->pairs[i];
        signs->has_dirt = signs->has_dirt || is_dirt(word->at[i]);
    }
    for (size_t group = 0; group < 32; group++)
        if ((signs->look | signs->pairs) >> group & 1)
            signs->reached |= lexicon->group_letters[group];
}

static void put_on_shelf(struct lexicon *lexicon, const struct word *word, size_t n)
{
    struct signs *signs = &lexicon->signs[n];
    look_at(lexicon, word, &lexicon->near[n], signs);
    struct shelf *shelf = &lexicon->shelves[lexicon->shelf_count - 1];
    uint64_t bit = UINT64_C(1) << (n - shelf->first);
    for (size_t letter = 0; letter < LETTERS; letter++)
        shelf->reaching[letter] |= signs->reached >> letter & 1 ? bit : 0;
    shelf->all |= bit;
    shelf->pairs |= signs->pairs;
}

/* By length, and of those the Latin ones first: a shelf mostly has words of one alphabet. */
static size_t place_of(const struct word *word)
{
    return 2 * word->count + (word->at[0] < 0x80 ? 0 : 1);
}

static void sort_words(struct depesha_grammar *grammar)
{
    struct lexicon *lexicon = grammar->lexicon;
    size_t ends[2 * (MAX_WORD + 1) + 1] = {0};
    uint16_t *sorted = arena_take(&grammar->arena, lexicon->count + 1, sizeof *sorted);
    for (size_t i = 0; i < lexicon->count; i++)
        ends[place_of(&lexicon->words[i]) + 1]++;
    for (size_t place = 1; place < sizeof ends / sizeof *ends; place++)
        ends[place] += ends[place - 1];
    for (size_t i = 0; i < lexicon->count; i++)
        sorted[ends[place_of(&lexicon->words[i])]++] = (uint16_t)i;
    lexicon->near = arena_take(&grammar->arena, lexicon->count + 1, sizeof *lexicon->near);
    lexicon->signs = arena_take(&grammar->arena, lexicon->count + 1, sizeof *lexicon->signs);
    lexicon->shelves = arena_take(&grammar->arena, lexicon->count / SHELF + MAX_WORD + 1, sizeof *lexicon->shelves);
    for (size_t length = 0, n = 0; length <= MAX_WORD; length++) {
        lexicon->begin[length] = lexicon->shelf_count;
        for (size_t first = n; n < ends[2 * length + 1]; n++) {
            if ((n - first) % SHELF == 0)
                lexicon->shelves[lexicon->shelf_count++].first = n;
            put_on_shelf(lexicon, &lexicon->words[sorted[n]], n);
        }
    }
    lexicon->begin[MAX_WORD + 1] = lexicon->shelf_count;
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

/* Two words, of which the ends that are the same are left out. */
struct comparison {
    const struct near *a, *b;
    size_t first;                         /* letter of both */
    size_t rows, size;                    /* letters of a, of b */
    int cost[MAX_WORD + 1][MAX_WORD + 2]; /* a row for each letter of a; rows end one behind b */
};

/* What it costs to come to (i, j): letters changed, left out or put in; one or two taken for what they look like. */
static int step_cost(const struct comparison *words, size_t i, size_t j)
{
    const struct near *a = words->a, *b = words->b;
    size_t x = words->first + i - 1, y = words->first + j - 1;
    uint32_t c = a->word->at[x], looks = a->word->looks[x], others = b->word->looks[y];
    int through = words->cost[i - 1][j - 1], up = words->cost[i - 1][j], left = words->cost[i][j - 1];
    if (c == b->word->at[y])
        return least(through, least(up, left) + CHANGE);
    bool dirt = is_dirt(c);
    int best = through + (dirt || (looks & others) ? SHAPE : CHANGE);
    best = least(best, up + (dirt ? SHAPE : CHANGE));
    best = least(best, left + CHANGE);
    if (i > 1 && (a->pairs[x] & others))
        best = least(best, words->cost[i - 2][j - 1] + SHAPE);
    if (j > 1 && (b->pairs[y] & looks))
        best = least(best, words->cost[i - 1][j - 2] + SHAPE);
    return best;
}

/*
 * The same letter at an end of both costs nothing and is best left alone, unless it is what two others may look like:
 * "mrn" is nearer to "m" by its end.
 */
static void leave_ends(struct comparison *words, uint32_t pairs)
{
    const struct word *a = words->a->word, *b = words->b->word;
    size_t first = 0, rows = a->count, size = b->count;
    while (first < rows && first < size && a->at[first] == b->at[first] &&
           !((a->looks[first] | b->looks[first]) & pairs))
        first++;
    while (rows > first && size > first && a->at[rows - 1] == b->at[size - 1] &&
           !((a->looks[rows - 1] | b->looks[size - 1]) & pairs)) {
        rows--;
        size--;
    }
    words->first = first;
    words->rows = rows - first;
    words->size = size - first;
}

/* Letters of a left out before any of b; signs before a word cost as much as letters. */
static int lead_cost(const struct comparison *words, size_t i)
{
    bool dirt = words->first > 0 && is_dirt(words->a->word->at[words->first + i - 1]);
    return words->cost[i - 1][0] + (dirt ? SHAPE : CHANGE);
}

/*
 * FAR if it is more than `limit`. So many steps aside the limit allows, at least what one word has more: only what can
 * be reached by these is looked at, and what stands beside it.
 */
static int distance(struct comparison *words, int limit, size_t steps)
{
    size_t rows = words->rows, size = words->size, more = rows > size ? rows - size : size - rows;
    int low = FAR, low_before = FAR;
    size_t spare = (steps - more) / 2; /* those that come back */
    size_t before = spare + (rows > size ? more : 0), behind = spare + (size > rows ? more : 0);
    for (size_t i = 0; i <= rows; i++) {
        size_t first = i > before ? i - before : 0, last = i + behind < size ? i + behind : size;
        int *row = words->cost[i];
        low_before = low;
        low = FAR;
        if (first > 0)
            row[first - 1] = FAR;
        for (size_t j = first; j <= last; j++) {
            if (i > 0 && j > 0)
                row[j] = step_cost(words, i, j);
            else
                row[j] = i > 0 ? lead_cost(words, i) : CHANGE * (int)j;
            low = least(low, row[j]);
        }
        row[last + 1] = FAR;
        if (low > limit && low_before + SHAPE > limit) /* a shape of two letters steps over one row */
            return FAR;
    }
    return words->cost[rows][size] > limit ? FAR : words->cost[rows][size];
}

/* How much of a word may be damaged for it to be known still. */
static int tolerance(size_t count)
{
    return count < 6 ? SHAPE : count < 9 ? CHANGE : count < 12 ? CHANGE + SHAPE : MOST;
}

static bool is_more(uint64_t set, size_t count)
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

/* A word that the nearest one is looked for. */
struct search {
    const struct lexicon *lexicon;
    struct near own;
    struct signs signs;
    unsigned char letters[MAX_WORD]; /* each one once */
    size_t letter_count;
    const struct word *best;
    int best_cost;
    bool tie;
};

static void list_letters(struct search *search)
{
    for (size_t letter = 0; letter < LETTERS; letter++)
        if (search->signs.letters >> letter & 1)
            search->letters[search->letter_count++] = (unsigned char)letter;
}

/* The words of a shelf that reach all letters of the one that is looked for, but for `most` of them. */
static uint64_t find_reaching(const struct search *search, const struct shelf *shelf, size_t most)
{
    uint64_t lacking[MOST + 1] = {0}; /* those that lack more than so many */
    for (size_t i = 0; i < search->letter_count && lacking[most] != shelf->all; i++) {
        uint64_t lack = shelf->all & ~shelf->reaching[search->letters[i]];
        for (size_t n = most; n > 0; n--)
            lacking[n] |= lacking[n - 1] & lack;
        lacking[0] |= lack;
    }
    return shelf->all & ~lacking[most];
}

/* `more` is how many letters one of the words has more. */
static void compare_word(struct search *search, size_t n, size_t more, int *limit)
{
    const struct signs *own = &search->signs, *signs = &search->lexicon->signs[n];
    uint32_t pairs = (own->pairs & signs->look) | (signs->pairs & own->look);
    bool plain = !own->has_dirt && pairs == 0;
    size_t steps = (size_t)(plain ? *limit / CHANGE : *limit);
    if (more > steps || (plain && ends_cost(own, signs) > *limit))
        return;
    struct comparison words;
    words.a = &search->own;
    words.b = &search->lexicon->near[n];
    leave_ends(&words, pairs);
    int cost = distance(&words, *limit, steps);
    if (cost == FAR)
        return;
    search->tie = cost == search->best_cost;
    search->best = words.b->word;
    search->best_cost = *limit = cost;
}

/* Of either word, no more letters than the limit allows are not to be found in the other, nor look like some of it. */
static void compare_shelf(struct search *search, const struct shelf *shelf, size_t more, int *limit)
{
    const struct signs *own = &search->signs, *signs = &search->lexicon->signs[shelf->first];
    size_t most = (size_t)(own->has_dirt ? *limit : *limit / CHANGE); /* a sign stands for any letter */
    if (more > most && own->pairs == 0 && (shelf->pairs & own->look) == 0)
        return;
    uint64_t left = find_reaching(search, shelf, most);
    for (size_t n = 0; left != 0;) {
        size_t step = (left & 0xFF) == 0 ? 8 : 1;
        if ((left & 1) && !is_more(signs[n].letters & ~own->reached, most))
            compare_word(search, shelf->first + n, more, limit);
        left >>= step;
        n += step;
    }
}

static void compare_length(struct search *search, size_t length)
{
    const struct lexicon *lexicon = search->lexicon;
    size_t count = search->own.word->count, more = length > count ? length - count : count - length;
    int limit = least(tolerance(length), search->best_cost);
    if (length < MIN_WORD || length > MAX_WORD || more > (size_t)limit)
        return;
    for (size_t i = lexicon->begin[length]; i < lexicon->begin[length + 1]; i++)
        compare_shelf(search, &lexicon->shelves[i], more, &limit);
}

const struct word *lexicon_nearest(const struct depesha_grammar *grammar, const struct word *word)
{
    if (word->count > MAX_WORD)
        return NULL;
    struct search search = {.lexicon = grammar->lexicon, .best_cost = FAR};
    look_at(grammar->lexicon, word, &search.own, &search.signs);
    list_letters(&search);
    compare_length(&search, word->count);
    for (size_t more = 1; more <= MOST; more++) {
        compare_length(&search, word->count + more);
        if (word->count > more)
            compare_length(&search, word->count - more);
    }
    return search.tie ? NULL : search.best;
}
