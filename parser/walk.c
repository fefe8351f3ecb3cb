#include "walk.h"

#include "pattern.h"

#include <string.h>

/* Beyond these PCRE2 takes over: steps of a walk, steps within steps, ends of a token that are tried. */
enum { MAX_STEPS = 4000, MAX_DEPTH = 200, MAX_ENDS = 128 };

#define NOWHERE SIZE_MAX

/* ---- getting ready ------------------------------------------------------------------------------ */

/* What reaches beyond its own text, or steers the whole match, means something else on its own. */
static bool stands_alone(const char *text, size_t size)
{
    static const char *const others[] = {"(*", "(?R", "(?0", "(?&", "(?P", "(?C", "(?(", "\\K", "\\G", "\\g"};
    for (size_t i = 0; i + 1 < size; i += text[i] == '\\' ? 2 : 1)
        for (size_t n = 0; n < sizeof others / sizeof *others; n++)
            if (size - i >= strlen(others[n]) && memcmp(text + i, others[n], strlen(others[n])) == 0)
                return false;
    return true;
}

/* A /pattern/ that stands in several productions is one token. */
static const struct pattern *leaf_of(struct depesha_grammar *grammar, const struct node *node)
{
    size_t hash = node->size;
    for (size_t i = 0; i < node->size; i++)
        hash = hash * 31 + (unsigned char)node->text[i];
    struct leaf_pattern **first = &grammar->leaves_by_hash[hash % LEAF_HASH], *leaf = *first;
    while (leaf != NULL &&
           (leaf->pattern.node->size != node->size || memcmp(leaf->pattern.node->text, node->text, node->size) != 0))
        leaf = leaf->next;
    if (leaf == NULL) {
        leaf = arena_take(&grammar->arena, 1, sizeof *leaf);
        leaf->next = *first;
        *first = leaf;
        pattern_add(grammar, &leaf->pattern, PATTERN_LEAF, node);
    }
    return &leaf->pattern;
}

static bool prepare(struct depesha_grammar *grammar, struct node *node)
{
    if (node->kind == NODE_PATTERN) {
        node->leaf = leaf_of(grammar, node);
        return stands_alone(node->text, node->size);
    }
    if (node->kind == NODE_NAME && node->definition != NULL && node->definition->node != NULL) {
        /* Once: tokens of tokens would be gone through again for each use. */
        struct definition *definition = (struct definition *)node->definition;
        if (!definition->prepared)
            definition->walks = prepare(grammar, definition->node);
        definition->prepared = true;
        return definition->walks;
    }
    if (node->kind == NODE_SLOT && node->reads != NULL)
        return prepare(grammar, (struct node *)node->reads);
    bool ready = true;
    for (struct node *child = node->first; child != NULL; child = child->next)
        ready = prepare(grammar, child) && ready;
    return ready;
}

void walk_prepare(struct depesha_grammar *grammar, struct field *field)
{
    field->walks = prepare(grammar, field->node);
}

/* ---- walking ------------------------------------------------------------------------------------ */

struct walk {
    struct matcher *matcher;
    const char *text;
    size_t to, end;
    struct span *slots;
    unsigned steps, depth;
    bool over; /* it is lost, or has failed for good: nothing else is tried */
    bool lost;
};

/* What is to come, from the inside out. */
struct then {
    enum { THEN_SEQUENCE, THEN_BETWEEN, THEN_MANY, THEN_SOME, THEN_SLOT } kind;
    bool led;                /* of a sequence: something that must be there has come */
    bool first;              /* of a repeat: it has not been repeated yet */
    const struct node *node; /* the next of a sequence; what repeats; the slot */
    size_t at;               /* where the slot, or the last repeat, began */
    const struct then *next;
};

static bool step(struct walk *w, const struct node *node, size_t at, const struct then *then);
static bool sequence(struct walk *w, const struct node *node, bool led, size_t at, const struct then *then);

static bool lose(struct walk *w)
{
    w->over = w->lost = true;
    return false;
}

static size_t gap_end(struct walk *w, size_t at)
{
    struct span span;
    for (size_t next; (next = matcher_blank(w->matcher, at, w->to)) > at;)
        at = next;
    if (at == w->to || !(w->matcher->blanks[(unsigned char)w->text[at]] & BLANK_DAMAGE))
        return at;
    return matcher_match(w->matcher, &w->matcher->grammar->gap, at, w->to, &span) ? span.end : at;
}

static bool is_letter_at(struct walk *w, size_t at)
{
    uint32_t c = 0;
    struct span span;
    if (at >= w->to)
        return false;
    text_next(w->text, w->to, at, &c);
    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (c >= 0x400 && c <= 0x481)
        return true;
    return matcher_match(w->matcher, &w->matcher->grammar->letter, at, w->to, &span);
}

static bool is_letter_before(struct walk *w, size_t at)
{
    if (at == 0)
        return false;
    do
        at--;
    while (at > 0 && ((unsigned char)w->text[at] & 0xC0) == 0x80);
    return is_letter_at(w, at);
}

/* Blanks and damage, and never the middle of a word. */
static size_t between(struct walk *w, size_t at)
{
    size_t end = gap_end(w, at);
    return is_letter_at(w, end) && is_letter_before(w, end) ? NOWHERE : end;
}

static size_t line_end(const struct walk *w, size_t at)
{
    if (at < w->to && w->text[at] == '\n')
        return at + 1;
    if (at < w->to && w->text[at] == '\r')
        return at + 1 < w->to && w->text[at + 1] == '\n' ? at + 2 : at + 1;
    return NOWHERE;
}

static size_t break_end(struct walk *w, size_t at)
{
    size_t end = line_end(w, matcher_lead(w->matcher, at, w->to)), next;
    if (end == NOWHERE)
        return NOWHERE;
    for (;;) {
        end = matcher_lead(w->matcher, end, w->to);
        next = line_end(w, end);
        if (next == NOWHERE)
            return end;
        end = next;
    }
}

/* The end of a line, or of a column: a tab, a bar, or three blanks. */
static bool ends_cell(struct walk *w, size_t at)
{
    size_t here = at;
    for (int blanks = 0; blanks < 3; blanks++) {
        size_t next = matcher_blank(w->matcher, here, w->to);
        if (here < w->to && (w->text[here] == '\t' || w->text[here] == '|'))
            return true;
        if (next == here)
            break;
        here = next;
        if (blanks == 2)
            return true;
    }
    size_t end = matcher_lead(w->matcher, at, w->to);
    return end == w->to || line_end(w, end) != NOWHERE;
}

/* ---- words -------------------------------------------------------------------------------------- */

static bool is_plain(uint32_t c)
{
    return c < 0x80 || (c >= 0x400 && c < 0x460);
}

static uint32_t small_letter(uint32_t c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 0x410 && c <= 0x42F))
        return c + 0x20;
    return c >= 0x400 && c <= 0x40F ? c + 0x50 : c;
}

/* Characters without case that grammars write beside letters. */
static bool is_sign(uint32_t c)
{
    return (c >= 0xA1 && c <= 0xBF && c != 0xAA && c != 0xB5 && c != 0xBA) || (c >= 0x2010 && c < 0x2100) ||
           c == 0x2116;
}

/* Letters whose other case is far away, among the plain ones. */
static bool is_far(uint32_t c)
{
    return c == 0x17F || c == 0x212A || (c >= 0x1C80 && c <= 0x1C8F);
}

/* Whether a character of words stands for one of the text; in odd cases PCRE2 knows. */
static bool is_same(struct walk *w, uint32_t own, uint32_t c, bool caseless)
{
    if (own == c)
        return true;
    if (!caseless)
        return false;
    if (is_plain(own))
        return is_plain(c) ? small_letter(own) == small_letter(c) : is_far(c) && lose(w);
    return !is_sign(own) && lose(w);
}

static bool is_alike(struct walk *w, const char *group, uint32_t c, bool caseless)
{
    uint32_t own;
    for (size_t at = 0, size = strlen(group), n; at < size; at += n) {
        n = text_next(group, size, at, &own);
        if (n == 0 || w->over || is_same(w, own, c, caseless))
            return n > 0 && !w->over;
    }
    return false;
}

/* Where the words of a node end that stand at `at`. */
static size_t words_end(struct walk *w, const struct node *node, size_t at)
{
    const struct depesha_grammar *grammar = w->matcher->grammar;
    bool caseless = node->kind == NODE_WORDS;
    uint32_t own = 0, c = 0;
    size_t size = 0;
    for (size_t i = 0; i < node->size; i += size) {
        size = text_next(node->text, node->size, i, &own);
        if (own == ' ') {
            at = gap_end(w, at);
            continue;
        }
        if (own == '\n') {
            at = line_end(w, at);
            if (at == NOWHERE)
                return NOWHERE;
            continue;
        }
        size_t n = at < w->to ? text_next(w->text, w->to, at, &c) : 0;
        if (n == 0 || size == 0)
            return NOWHERE;
        const char *group = own < ALIKE_CHARACTERS
                                ? grammar->alike_group[own] == 0 ? NULL : grammar->alike[grammar->alike_group[own] - 1]
                                : pattern_alike(grammar, node->text + i, size);
        if (!(group == NULL ? is_same(w, own, c, caseless) : is_alike(w, group, c, caseless)))
            return NOWHERE;
        at += n;
    }
    bool digit = own >= '0' && own <= '9', letter = small_letter(own) >= 'a' && small_letter(own) <= 'z';
    if (digit && at < w->to && ((unsigned char)w->text[at] >= 0x80 || (w->text[at] >= '0' && w->text[at] <= '9')))
        return (unsigned char)w->text[at] >= 0x80 && lose(w) ? at : NOWHERE;
    if ((letter || (own >= 0xC0 && own <= 0x53F)) && is_letter_at(w, at))
        return NOWHERE;
    return at;
}

/* ---- tokens ------------------------------------------------------------------------------------- */

/* The first end of a token, which may be known; NOWHERE if it does not match. */
static size_t first_end(struct walk *w, const struct pattern *leaf, size_t at, struct token **known)
{
    struct token *token = matcher_token(w->matcher, leaf, at, w->to);
    struct span span;
    *known = token;
    const struct compiled *compiled = pattern_compiled(w->matcher->grammar, leaf, w->matcher->arena);
    unsigned char byte = at < w->to ? (unsigned char)w->text[at] : 0;
    if (!compiled->may_be_empty && (at == w->to || !(compiled->begins[byte / 8] >> (byte % 8) & 1)))
        return NOWHERE;
    if (token->leaf == leaf && token->at == at && token->to == w->to)
        return token->fails ? NOWHERE : token->end;
    bool matched = matcher_match(w->matcher, leaf, at, w->to, &span);
    if (w->matcher->exceeded_at != 0) {
        w->over = true;
        return NOWHERE;
    }
    *token = (struct token){.leaf = leaf, .at = at, .to = w->to, .end = matched ? span.end : 0, .fails = !matched};
    return matched ? span.end : NOWHERE;
}

/* All of its ends, in the order in which PCRE2 would try them; false if there are too many. */
static bool find_ends(struct walk *w, const struct pattern *leaf, size_t at)
{
    struct span span;
    struct matcher *matcher = w->matcher;
    size_t before = matcher->ends.count;
    matcher->ends.at = arena_grow(matcher->own, matcher->ends.at, before, &matcher->ends.room, before + MAX_ENDS,
                                  sizeof *matcher->ends.at);
    matcher->ends.from = before;
    matcher->ends.most = before + MAX_ENDS;
    matcher->ends.wanted = true;
    matcher_match(matcher, leaf, at, w->to, &span);
    matcher->ends.wanted = false;
    if (matcher->exceeded_at != 0)
        w->over = true;
    else if (matcher->ends.count == matcher->ends.most)
        lose(w);
    return !w->over;
}

static bool go_on(struct walk *w, const struct then *then, size_t at);

static bool token(struct walk *w, const struct pattern *leaf, size_t at, const struct then *then)
{
    struct token *known;
    size_t end = first_end(w, leaf, at, &known);
    if (end == NOWHERE)
        return false;
    bool only = known->only;
    if (go_on(w, then, end))
        return true;
    if (only || w->over)
        return false;
    size_t base = w->matcher->ends.count;
    bool found = find_ends(w, leaf, at), matched = false;
    size_t count = w->matcher->ends.count;
    known = matcher_token(w->matcher, leaf, at, w->to);
    if (found && count == base + 1 && known->leaf == leaf && known->at == at && known->to == w->to)
        known->only = true;
    for (size_t i = base + 1; found && !matched && !w->over && i < count; i++)
        matched = go_on(w, then, w->matcher->ends.at[i]);
    w->matcher->ends.count = base;
    return matched;
}

/* ---- elements ----------------------------------------------------------------------------------- */

/* As often as it can be, then less often; a repeat that takes nothing is the last. */
static bool repeat(struct walk *w, const struct then *again, size_t at)
{
    if (!again->first && at == again->at)
        return go_on(w, again->next, at);
    size_t next = again->kind == THEN_MANY ? between(w, at) : gap_end(w, at);
    struct then then = {.kind = again->kind, .node = again->node, .at = at, .next = again->next};
    if (next != NOWHERE && step(w, again->node, next, &then))
        return true;
    return !w->over && go_on(w, again->next, at);
}

static bool fill_slot(struct walk *w, const struct then *then, size_t at)
{
    struct span *slot = &w->slots[then->node->slot], before = *slot;
    *slot = (struct span){(uint32_t)then->at, (uint32_t)at};
    if (go_on(w, then->next, at))
        return true;
    *slot = before;
    return false;
}

static bool go_on(struct walk *w, const struct then *then, size_t at)
{
    if (then == NULL) {
        w->end = at;
        return true;
    }
    switch (then->kind) {
    case THEN_SEQUENCE:
        return sequence(w, then->node, then->led, at, then->next);
    case THEN_BETWEEN:
        at = between(w, at);
        return at != NOWHERE && go_on(w, then->next, at);
    case THEN_MANY:
    case THEN_SOME:
        return repeat(w, then, at);
    case THEN_SLOT:
        return fill_slot(w, then, at);
    }
    return false;
}

/* An element that may be missing. It brings the gap to its neighbour with it. */
static bool optional(struct walk *w, const struct node *node, bool led, size_t at, const struct then *then)
{
    struct then gap = {.kind = THEN_BETWEEN, .next = then},
                more = {.kind = THEN_MANY, .node = node->first, .first = true};
    const struct then *behind = led ? then : &gap;
    size_t start = led ? between(w, at) : at;
    if (node->kind == NODE_MANY) {
        more.next = behind;
        behind = &more;
    }
    if (start != NOWHERE && step(w, node->first, start, behind))
        return true;
    return !w->over && go_on(w, then, at);
}

static bool sequence(struct walk *w, const struct node *node, bool led, size_t at, const struct then *then)
{
    for (; node != NULL; node = node->next) {
        struct then rest = {.kind = THEN_SEQUENCE, .node = node->next, .led = led, .next = then};
        if (node->kind == NODE_START)
            continue;
        if (node->kind == NODE_OPTION || node->kind == NODE_MANY)
            return optional(w, node, led, at, &rest);
        if (node->kind == NODE_END) {
            if (!ends_cell(w, at))
                return false;
            continue;
        }
        if (led && (at = between(w, at)) == NOWHERE)
            return false;
        rest.led = led = true;
        if (node->kind != NODE_WORDS && node->kind != NODE_EXACT)
            return step(w, node, at, node->next == NULL ? then : &rest);
        if ((at = words_end(w, node, at)) == NOWHERE || w->over)
            return false;
    }
    return go_on(w, then, at);
}

static bool choice(struct walk *w, const struct node *node, size_t at, const struct then *then)
{
    for (const struct node *child = node->first; child != NULL && !w->over; child = child->next)
        if (step(w, child, at, then))
            return true;
    return false;
}

static bool one_step(struct walk *w, const struct node *node, size_t at, const struct then *then)
{
    switch (node->kind) {
    case NODE_WORDS:
    case NODE_EXACT:
        at = words_end(w, node, at);
        return at != NOWHERE && !w->over && go_on(w, then, at);
    case NODE_PATTERN:
        return token(w, node->leaf, at, then);
    case NODE_NAME:
        if (node->definition == NULL || node->definition->node == NULL)
            return go_on(w, then, at);
        return step(w, node->definition->node, at, then);
    case NODE_SLOT: {
        struct then filled = {.kind = THEN_SLOT, .node = node, .at = at, .next = then};
        if (node->part != NULL)
            return node->first == NULL ? go_on(w, then, at) : step(w, node->first, at, then);
        return node->reads == NULL ? go_on(w, then, at) : step(w, node->reads, at, &filled);
    }
    case NODE_SEQUENCE:
        return sequence(w, node->first, false, at, then);
    case NODE_CHOICE:
        return choice(w, node, at, then);
    case NODE_OPTION:
    case NODE_MANY:
        return optional(w, node, false, at, then);
    case NODE_SOME: {
        struct then more = {.kind = THEN_SOME, .node = node->first, .first = true, .next = then};
        return step(w, node->first, at, &more);
    }
    case NODE_BREAK:
        at = break_end(w, at);
        return at != NOWHERE && go_on(w, then, at);
    case NODE_START:
        return go_on(w, then, at);
    case NODE_END:
        return ends_cell(w, at) && go_on(w, then, at);
    }
    return false;
}

static bool step(struct walk *w, const struct node *node, size_t at, const struct then *then)
{
    if (++w->steps > MAX_STEPS || w->depth == MAX_DEPTH)
        return lose(w);
    w->depth++;
    bool matched = one_step(w, node, at, then);
    w->depth--;
    return matched;
}

enum walked walk_field(struct matcher *matcher, const struct field *field, size_t at, size_t to, struct span *slots,
                       size_t *end)
{
    struct walk w = {.matcher = matcher, .text = matcher->text->at, .to = to, .slots = slots};
    if (!field->walks)
        return WALK_LOST;
    for (size_t i = 0; i < field->slot_count; i++)
        slots[i] = (struct span){1, 0};
    bool matched = step(&w, field->node, at, NULL);
    *end = w.end;
    return w.lost ? WALK_LOST : matched && !w.over ? WALK_MATCHED : WALK_FAILED;
}
