#include "pattern.h"

#include "precompiled.h"

#include "text.h"

#include <stdlib.h>
#include <string.h>

/* Limits of every match: a pattern that needs more is reported, never waited for. */
enum { MATCH_LIMIT = 200000, DEPTH_LIMIT = 20000, HEAP_LIMIT_KIB = 16 * 1024, MAX_PATTERN = 256 * 1024, BRIEF = 40 };

/* So many tries make machine code worth its while. */
enum { TRIES_BEFORE_JIT = 500 };

enum capture { NO_CAPTURE, CAPTURE_SLOTS, CAPTURE_PARTS };

/* An expression on its way to a pattern. */
struct emission {
    const struct depesha_grammar *grammar;
    struct buffer out;
    enum capture capture;
    bool in_damage, in_noise;         /* between the parts of damage there is no other damage, nor noise within noise */
    const char **parts;               /* of a token */
    size_t count, room;               /* of captures */
    const struct definition **called; /* tokens that are written once, behind the pattern */
    size_t call_count, call_room;
    bool flat; /* where lines were joined a blank may be a line's end */
};

static void emit(struct emission *e, const struct node *node);

/* ---- expressions to PCRE2 ------------------------------------------------------------------- */

static void emit_damage(struct emission *e)
{
    enum capture capture = e->capture;
    if (e->grammar->damage == NULL || e->in_damage)
        return;
    e->in_damage = true;
    e->capture = NO_CAPTURE;
    buffer_puts(&e->out, "|");
    emit(e, e->grammar->damage);
    e->capture = capture;
    e->in_damage = false;
}

static void emit_gap(struct emission *e)
{
    buffer_puts(&e->out, "(?:\\h");
    emit_damage(e);
    buffer_puts(&e->out, ")*+");
}

/* Blanks, damage and noise, where a line begins or ends. */
static void emit_lead(struct emission *e)
{
    enum capture capture = e->capture;
    e->capture = NO_CAPTURE;
    buffer_puts(&e->out, "(?:\\h");
    emit_damage(e);
    if (e->grammar->noise != NULL && !e->in_noise) {
        e->in_noise = true;
        buffer_puts(&e->out, "|");
        emit(e, e->grammar->noise);
        e->in_noise = false;
    }
    buffer_puts(&e->out, ")*+");
    e->capture = capture;
}

static size_t character_size(const char *at, size_t size)
{
    size_t n = 1;
    while (n < size && ((unsigned char)at[n] & 0xC0) == 0x80)
        n++;
    return n;
}

static bool is_ascii_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void emit_escaped(struct emission *e, const char *at, size_t size)
{
    unsigned char c = (unsigned char)*at;
    if (size == 1 && !is_ascii_letter(c) && !(c >= '0' && c <= '9'))
        buffer_puts(&e->out, "\\");
    buffer_add(&e->out, at, size);
}

const char *pattern_alike(const struct depesha_grammar *grammar, const char *at, size_t size)
{
    for (size_t i = 0; i < grammar->alike_count; i++)
        for (const char *p = grammar->alike[i]; *p != '\0'; p += character_size(p, strlen(p)))
            if (strncmp(p, at, size) == 0)
                return grammar->alike[i];
    return NULL;
}

/* The group of characters that are alike to the one at `at`, or NULL. */
static const char *alike_of(const struct depesha_grammar *grammar, const char *at, size_t size)
{
    uint32_t c = 0;
    if (text_next(at, size, 0, &c) == 0 || c >= ALIKE_CHARACTERS)
        return pattern_alike(grammar, at, size);
    return grammar->alike_group[c] == 0 ? NULL : grammar->alike[grammar->alike_group[c] - 1];
}

static void emit_character(struct emission *e, const char *at, size_t size)
{
    const char *group = alike_of(e->grammar, at, size);
    if (group == NULL) {
        emit_escaped(e, at, size);
        return;
    }
    buffer_puts(&e->out, "[");
    for (const char *p = group; *p != '\0';) {
        size_t n = character_size(p, strlen(p));
        emit_escaped(e, p, n);
        p += n;
    }
    buffer_puts(&e->out, "]");
}

/* Quoted words: blanks are any gap, and a word ends where its letters end. */
static void emit_words(struct emission *e, const struct node *node)
{
    buffer_puts(&e->out, node->kind == NODE_WORDS ? "(?i:" : "(?:");
    const char *last = "";
    size_t last_size = 0;
    for (size_t i = 0; i < node->size;) {
        size_t n = character_size(node->text + i, node->size - i);
        last = node->text + i;
        last_size = n;
        if (n == 1 && *last == ' ') {
            emit_gap(e);
        } else if (n == 1 && *last == '\n') {
            buffer_puts(&e->out, "\\R");
        } else {
            emit_character(e, last, n);
        }
        i += n;
    }
    unsigned char c = (unsigned char)*last;
    if (last_size == 1 && c >= '0' && c <= '9')
        buffer_puts(&e->out, "(?!\\pN)");
    else if ((last_size == 1 && is_ascii_letter(c)) || (last_size == 2 && c >= 0xC3 && c <= 0xD4))
        buffer_puts(&e->out, "(?!\\pL)");
    buffer_puts(&e->out, ")");
}

/* A token is called by the number that it has in this pattern, for its text may be long. */
static void emit_call(struct emission *e, const struct definition *definition)
{
    size_t n = 0;
    while (n < e->call_count && e->called[n] != definition)
        n++;
    if (n == e->call_count) {
        e->called = arena_grow(e->out.arena, e->called, n, &e->call_room, n + 1, sizeof(struct definition *));
        e->called[e->call_count++] = definition;
    }
    buffer_format(&e->out, "(?&d%zu)", n);
}

/* The tokens that were called, and those that they call. Their own slots are parts, and no values of the record. */
static void emit_called(struct emission *e)
{
    e->capture = NO_CAPTURE;
    for (size_t n = 0; n < e->call_count; n++) {
        buffer_format(&e->out, "%s(?<d%zu>", n == 0 ? "(?(DEFINE)" : "", n);
        emit(e, e->called[n]->node);
        buffer_puts(&e->out, n + 1 == e->call_count ? "))" : ")");
    }
}

/* Where a value is taken apart its tokens stand in their places, for parts are not captured within calls. */
static void emit_named(struct emission *e, const struct node *node)
{
    const struct definition *definition = node->definition;
    if (definition == NULL || definition->node == NULL)
        return;
    bool brief = definition->node->kind == NODE_PATTERN && definition->node->size < BRIEF;
    if (e->capture == CAPTURE_PARTS || brief)
        emit(e, definition->node);
    else
        emit_call(e, definition);
}

static bool is_optional(const struct node *node)
{
    return node->kind == NODE_OPTION || node->kind == NODE_MANY;
}

static bool is_zero_width(const struct node *node)
{
    return node->kind == NODE_START || node->kind == NODE_END;
}

/* Between two elements: blanks and damage, and never the middle of a word. */
static void emit_between(struct emission *e)
{
    emit_gap(e);
    buffer_puts(&e->out, "(?<!\\pL(?=\\pL))");
}

/* Elements one after another, with a gap between each two that are there. */
static void emit_sequence(struct emission *e, const struct node *first, size_t count)
{
    bool led = false; /* something that is always there has come */
    for (const struct node *node = first; node != NULL && count > 0; node = node->next, count--) {
        if (!is_optional(node)) {
            if (led && !is_zero_width(node))
                emit_between(e);
            emit(e, node);
            led = led || !is_zero_width(node);
            continue;
        }
        buffer_puts(&e->out, "(?:");
        if (led)
            emit_between(e);
        if (node->kind == NODE_MANY) {
            buffer_puts(&e->out, "(?:");
            emit(e, node->first);
            buffer_puts(&e->out, ")(?:");
            emit_between(e);
            emit(e, node->first);
            buffer_puts(&e->out, ")*");
        } else {
            emit(e, node->first);
        }
        if (!led)
            emit_between(e);
        buffer_puts(&e->out, ")?");
    }
}

static void emit_break(struct emission *e)
{
    emit_lead(e);
    buffer_puts(&e->out, "(?:\\R");
    emit_lead(e);
    buffer_puts(&e->out, e->flat ? ")*+(?<![\\pL\\d])(?!\\p{Ll})" : ")++");
}

static void emit_field_slot(struct emission *e, const struct node *node)
{
    if (node->reads == NULL)
        return;
    buffer_format(&e->out, "(?<s%zu>", ++e->count);
    e->capture = NO_CAPTURE;
    emit(e, node->reads);
    e->capture = CAPTURE_SLOTS;
    buffer_puts(&e->out, ")");
}

static void emit_part(struct emission *e, const struct node *node)
{
    const struct node *inner = node->reads != NULL ? node->reads : node->first;
    if (inner == NULL)
        return;
    if (e->capture == NO_CAPTURE) {
        buffer_puts(&e->out, "(?:");
    } else {
        e->parts = arena_grow(e->out.arena, e->parts, e->count, &e->room, e->count + 1, sizeof *e->parts);
        e->parts[e->count++] = node->part;
        buffer_format(&e->out, "(?<s%zu>", e->count);
    }
    emit(e, inner);
    buffer_puts(&e->out, ")");
}

/* What repeats is written twice, so repeats within repeats would grow beyond all bounds: PCRE2 refuses what is too
 * long. */
static void emit(struct emission *e, const struct node *node)
{
    if (e->out.size > MAX_PATTERN)
        return;
    switch (node->kind) {
    case NODE_WORDS:
    case NODE_EXACT:
        emit_words(e, node);
        break;
    case NODE_PATTERN:
        buffer_puts(&e->out, "(?:");
        buffer_add(&e->out, node->text, node->size);
        buffer_puts(&e->out, ")");
        break;
    case NODE_NAME:
        emit_named(e, node);
        break;
    case NODE_SLOT:
        if (e->capture == CAPTURE_SLOTS)
            emit_field_slot(e, node);
        else
            emit_part(e, node);
        break;
    case NODE_SEQUENCE:
        buffer_puts(&e->out, "(?:");
        emit_sequence(e, node->first, SIZE_MAX);
        buffer_puts(&e->out, ")");
        break;
    case NODE_CHOICE:
        buffer_puts(&e->out, "(?:");
        for (const struct node *child = node->first; child != NULL; child = child->next) {
            emit(e, child);
            if (child->next != NULL)
                buffer_puts(&e->out, "|");
        }
        buffer_puts(&e->out, ")");
        break;
    case NODE_OPTION:
    case NODE_MANY: {
        struct node alone = *node;
        alone.next = NULL;
        emit_sequence(e, &alone, 1);
        break;
    }
    case NODE_SOME:
        buffer_puts(&e->out, "(?:");
        emit(e, node->first);
        buffer_puts(&e->out, "(?:");
        emit_gap(e);
        emit(e, node->first);
        buffer_puts(&e->out, ")*)");
        break;
    case NODE_BREAK:
        emit_break(e);
        break;
    case NODE_START:
        break;
    case NODE_END:
        buffer_puts(&e->out, e->flat ? "(?=\\h++\\P{Ll}|" : "(?=\\h{3}|\\h?\\h?[\\t|]|");
        emit_lead(e);
        buffer_puts(&e->out, "(?:\\R|\\z))");
        break;
    }
}

static void emit_codes(struct emission *e, const struct entry *entry)
{
    for (size_t n = 0; entry != NULL; entry = entry->next, n++) {
        buffer_format(&e->out, "%s(?:", n > 0 ? "|" : "");
        if (entry->node != NULL)
            emit(e, entry->node);
        buffer_format(&e->out, ")(*MARK:%zu)", n);
    }
}

static void emit_pattern(struct emission *e, const struct pattern *pattern)
{
    buffer_puts(&e->out, "");
    switch (pattern->kind) {
    case PATTERN_NONE:
        break;
    case PATTERN_LEAD:
        emit_lead(e);
        break;
    case PATTERN_GAP:
        emit_gap(e);
        break;
    case PATTERN_LEAF:
        emit(e, pattern->node);
        buffer_puts(&e->out, "(?C)");
        break;
    case PATTERN_CODES:
        emit_codes(e, pattern->entries);
        break;
    case PATTERN_FIELD:
    case PATTERN_FLAT:
        e->flat = pattern->kind == PATTERN_FLAT;
        e->capture = CAPTURE_SLOTS;
        emit(e, pattern->node);
        break;
    case PATTERN_PARTS:
        e->capture = CAPTURE_PARTS;
        emit(e, pattern->node);
        break;
    case PATTERN_PLAIN:
    case PATTERN_LINE:
        emit(e, pattern->node);
        break;
    }
    emit_called(e);
}

const char *pattern_text(const struct depesha_grammar *grammar, const struct pattern *pattern, struct arena *arena)
{
    struct emission e = {.grammar = grammar, .out = {.arena = arena}};
    emit_pattern(&e, pattern);
    return e.out.at;
}

/* ---- compilation --------------------------------------------------------------------------- */

enum { ALWAYS = PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_NO_AUTO_CAPTURE | PCRE2_MULTILINE };

/* NULL if the text is no pattern; without memory it leaves by the arena's escape. */
static pcre2_code *compile(const struct depesha_grammar *grammar, struct arena *arena, const char *text, size_t size,
                           uint32_t options, int *error, size_t *offset)
{
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)text, size, ALWAYS | options, error, offset, grammar->compile_context);
    if (code == NULL && *error == PCRE2_ERROR_HEAP_FAILED)
        arena_fail(arena);
    return code;
}

/*
 * Where a kind of pattern has to match. Machine code is not to be had for what is only said at each match. Of a token
 * that something follows PCRE2 must not cut off ways that only matter then.
 */
static uint32_t options_of(enum pattern_kind kind)
{
    switch (kind) {
    case PATTERN_LINE:
    case PATTERN_FIELD:
    case PATTERN_FLAT:
    case PATTERN_LEAD:
    case PATTERN_GAP:
        return PCRE2_ANCHORED;
    case PATTERN_LEAF:
        return PCRE2_ANCHORED | PCRE2_NO_AUTO_POSSESS;
    case PATTERN_PARTS:
    case PATTERN_CODES:
        return PCRE2_ANCHORED | PCRE2_ENDANCHORED;
    case PATTERN_NONE:
    case PATTERN_PLAIN:
        break;
    }
    return 0;
}

static void release(struct compiled *compiled)
{
    while (compiled != NULL) {
        struct compiled *older = compiled->older;
        pcre2_code_free(compiled->code);
        free(compiled);
        compiled = older;
    }
}

static void release_cells(void *grammar)
{
    for (struct cell *cell = ((struct depesha_grammar *)grammar)->cells; cell != NULL; cell = cell->next)
        release(atomic_load(&cell->compiled));
}

static void *take(size_t size, void *context)
{
    (void)context;
    return malloc(size);
}

static void give(void *memory, void *context)
{
    (void)context;
    free(memory);
}

void pattern_open(struct depesha_grammar *grammar)
{
    grammar->memory = pcre2_general_context_create(take, give, NULL);
    arena_keep(&grammar->arena, grammar->memory, (void (*)(void *))pcre2_general_context_free);
    grammar->compile_context = pcre2_compile_context_create(grammar->memory);
    arena_keep(&grammar->arena, grammar->compile_context, (void (*)(void *))pcre2_compile_context_free);
    pcre2_set_newline(grammar->compile_context, PCRE2_NEWLINE_ANYCRLF);
    pcre2_set_bsr(grammar->compile_context, PCRE2_BSR_ANYCRLF);
    pcre2_set_max_pattern_length(grammar->compile_context, MAX_PATTERN);
    arena_keep(&grammar->arena, grammar, release_cells);
    for (size_t i = grammar->alike_count; i > 0; i--) {
        uint32_t c = 0;
        const char *group = grammar->alike[i - 1];
        for (size_t at = 0, size = strlen(group), n; at < size; at += n) {
            n = text_next(group, size, at, &c);
            if (n == 0)
                break;
            if (c < ALIKE_CHARACTERS)
                grammar->alike_group[c] = (unsigned char)i;
        }
    }
}

void pattern_add(struct depesha_grammar *grammar, struct pattern *pattern, enum pattern_kind kind,
                 const struct node *node)
{
    struct cell *cell = arena_take(&grammar->arena, 1, sizeof *cell);
    atomic_init(&cell->compiled, NULL);
    atomic_init(&cell->tries, 0);
    cell->pattern = pattern;
    cell->next = grammar->cells;
    grammar->cells = cell;
    *pattern = (struct pattern){.kind = kind, .node = node, .index = grammar->pattern_count++, .cell = cell};
}

static struct compiled *new_compiled(size_t part_count, const char *const *parts)
{
    struct compiled *compiled = calloc(1, sizeof *compiled + part_count * sizeof *parts);
    if (compiled == NULL)
        return NULL;
    compiled->part_count = part_count;
    compiled->part_names = (const char **)(compiled + 1);
    for (size_t i = 0; i < part_count; i++)
        compiled->part_names[i] = parts[i];
    return compiled;
}

/* A pattern as it was when the library was built; NULL where this is another PCRE2. */
static pcre2_code *read_back(const struct depesha_grammar *grammar, const struct pattern *pattern)
{
    pcre2_code *code = NULL;
    if (!grammar->is_builtin || pattern->index >= depesha_precompiled_count ||
        depesha_precompiled[pattern->index].size == 0 ||
        pcre2_serialize_decode(&code, 1, depesha_precompiled[pattern->index].bytes, grammar->memory) != 1)
        return NULL;
    return code;
}

/* With what it can begin, as far as PCRE2 tells: it does not say whether the case of a first letter matters. */
static void note_begins(struct compiled *compiled)
{
    const uint8_t *bitmap = NULL;
    uint32_t kind = 0, unit = 0;
    compiled->may_be_empty = true;
    memset(compiled->begins, 0xFF, sizeof compiled->begins);
    if (pcre2_pattern_info(compiled->code, PCRE2_INFO_FIRSTBITMAP, &bitmap) == 0 && bitmap != NULL) {
        compiled->may_be_empty = false;
        memcpy(compiled->begins, bitmap, sizeof compiled->begins);
    } else if (pcre2_pattern_info(compiled->code, PCRE2_INFO_FIRSTCODETYPE, &kind) == 0 && kind == 1 &&
               pcre2_pattern_info(compiled->code, PCRE2_INFO_FIRSTCODEUNIT, &unit) == 0 && unit < 0x80) {
        compiled->may_be_empty = false;
        memset(compiled->begins, 0, sizeof compiled->begins);
        compiled->begins[unit / 8] |= (unsigned char)(1U << (unit % 8));
        if (is_ascii_letter((unsigned char)unit))
            compiled->begins[(unit ^ 0x20) / 8] |= (unsigned char)(1U << ((unit ^ 0x20) % 8));
    }
}

/* Compiles a pattern, which nobody else knows of yet. */
static struct compiled *make(const struct depesha_grammar *grammar, const struct pattern *pattern, struct arena *arena)
{
    struct emission e = {.grammar = grammar, .out = {.arena = arena}};
    bool has_parts = pattern->kind == PATTERN_PARTS;
    int error = 0;
    size_t offset = 0;
    if (has_parts)
        emit_pattern(&e, pattern);
    pcre2_code *code = read_back(grammar, pattern);
    if (code == NULL) {
        if (!has_parts)
            emit_pattern(&e, pattern);
        code = compile(grammar, arena, e.out.at, e.out.size, options_of(pattern->kind), &error, &offset);
    }
    struct compiled *compiled = new_compiled(has_parts ? e.count : 0, e.parts);
    if (compiled == NULL) {
        pcre2_code_free(code);
        arena_fail(arena);
        return NULL; /* for cppcheck, which does not know that arena_fail never returns */
    }
    compiled->code = code;
    compiled->error = error;
    compiled->offset = offset;
    if (compiled->code != NULL) {
        pcre2_pattern_info(compiled->code, PCRE2_INFO_CAPTURECOUNT, &compiled->groups);
        compiled->groups++;
        compiled->error = 0;
        note_begins(compiled);
        if (grammar->jit == JIT_ALWAYS)
            pcre2_jit_compile(compiled->code, PCRE2_JIT_COMPLETE);
    }
    return compiled;
}

const struct compiled *pattern_compiled(const struct depesha_grammar *grammar, const struct pattern *pattern,
                                        struct arena *arena)
{
    struct compiled *compiled = atomic_load_explicit(&pattern->cell->compiled, memory_order_acquire);
    if (compiled != NULL)
        return compiled;
    struct compiled *own = make(grammar, pattern, arena);
    if (atomic_compare_exchange_strong_explicit(&pattern->cell->compiled, &compiled, own, memory_order_acq_rel,
                                                memory_order_acquire))
        return own;
    release(own); /* somebody was faster */
    return compiled;
}

void pattern_tried(const struct depesha_grammar *grammar, struct cell *cell, unsigned tries)
{
    unsigned before = atomic_fetch_add_explicit(&cell->tries, tries, memory_order_relaxed);
    if (grammar->jit != JIT_AUTO || before >= TRIES_BEFORE_JIT || before + tries < TRIES_BEFORE_JIT)
        return;
    struct compiled *old = atomic_load_explicit(&cell->compiled, memory_order_acquire);
    if (old == NULL || old->code == NULL)
        return;
    /* A copy, for others are matching with the old one. Where any of this fails, all stays as it is. */
    struct compiled *new = new_compiled(old->part_count, old->part_names);
    if (new == NULL)
        return;
    new->groups = old->groups;
    new->may_be_empty = old->may_be_empty;
    memcpy(new->begins, old->begins, sizeof new->begins);
    new->code = pcre2_code_copy(old->code);
    if (new->code == NULL || pcre2_jit_compile(new->code, PCRE2_JIT_COMPLETE) != 0) {
        release(new);
        return;
    }
    new->older = old; /* only here is a pattern replaced, and only once */
    atomic_store_explicit(&cell->compiled, new, memory_order_release);
}

void grammar_set_jit(struct depesha_grammar *grammar, enum jit jit)
{
    grammar->jit = jit;
    for (struct cell *cell = grammar->cells; cell != NULL; cell = cell->next)
        release(atomic_exchange(&cell->compiled, NULL));
}

/* ---- single patterns of an expression ------------------------------------------------------- */

/* A /pattern/ between the brackets that it gets in a production. Offsets are those of its own text. */
static pcre2_code *compile_within(const struct depesha_grammar *grammar, const struct node *node, struct arena *arena,
                                  int *error, size_t *offset)
{
    struct emission e = {.grammar = grammar, .out = {.arena = arena}};
    emit(&e, node);
    pcre2_code *code = compile(grammar, arena, e.out.at, e.out.size, 0, error, offset);
    size_t before = strlen("(?:");
    *offset = *offset < before ? 0 : *offset - before > node->size ? node->size : *offset - before;
    return code;
}

bool pattern_reads(const struct depesha_grammar *grammar, const struct node *node, struct arena *arena, int *error,
                   size_t *offset, bool *captures)
{
    pcre2_code *code = compile(grammar, arena, node->text, node->size, 0, error, offset);
    uint32_t groups = 0;
    if (code == NULL)
        return false;
    pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
    pcre2_code_free(code);
    *captures = groups > 0;
    /* An open \Q or a comment would reach into what follows; alternatives and brackets would have failed alone. */
    code = compile_within(grammar, node, arena, error, offset);
    pcre2_code_free(code);
    return code != NULL;
}

pcre2_code *pattern_single(const struct depesha_grammar *grammar, struct arena *arena, const char *text, size_t size,
                           bool caseless)
{
    int error;
    size_t offset;
    uint32_t options = PCRE2_ANCHORED | PCRE2_ENDANCHORED | (caseless ? PCRE2_CASELESS : 0);
    return compile(grammar, arena, text, size, options, &error, &offset);
}

/* ---- for explanations ---------------------------------------------------------------------- */

static const struct node *elements_of(const struct field *field)
{
    return field->node->kind == NODE_SEQUENCE ? field->node->first : field->node;
}

size_t pattern_elements(const struct field *field)
{
    size_t count = 0;
    if (field->node->kind != NODE_SEQUENCE)
        return 1;
    for (const struct node *node = elements_of(field); node != NULL; node = node->next)
        count++;
    return count;
}

pcre2_code *pattern_prefix(const struct depesha_grammar *grammar, struct arena *arena, const struct field *field,
                           size_t count)
{
    struct emission e = {.grammar = grammar, .out = {.arena = arena}};
    buffer_puts(&e.out, "");
    struct node whole = *field->node;
    whole.next = NULL;
    emit_sequence(&e, field->node->kind == NODE_SEQUENCE ? field->node->first : &whole, count);
    emit_called(&e);
    int error;
    size_t offset;
    return compile(grammar, arena, e.out.at, e.out.size, PCRE2_ANCHORED, &error, &offset);
}

pcre2_code *pattern_whole(const struct depesha_grammar *grammar, struct arena *arena, const struct node *node)
{
    struct emission e = {.grammar = grammar, .out = {.arena = arena}};
    int error;
    size_t offset;
    buffer_puts(&e.out, "");
    emit(&e, node);
    emit_called(&e);
    return compile(grammar, arena, e.out.at, e.out.size, PCRE2_ANCHORED | PCRE2_ENDANCHORED, &error, &offset);
}

pcre2_code *pattern_alone(const struct depesha_grammar *grammar, struct arena *arena, const char *text, size_t size,
                          bool caseless)
{
    int error;
    size_t offset;
    return compile(grammar, arena, text, size, PCRE2_ANCHORED | PCRE2_ENDANCHORED | (caseless ? PCRE2_CASELESS : 0),
                   &error, &offset);
}

static void print_list(struct buffer *buffer, const struct node *node, const char *between)
{
    for (; node != NULL; node = node->next) {
        pattern_print(buffer, node);
        if (node->next != NULL)
            buffer_puts(buffer, between);
    }
}

void pattern_print(struct buffer *buffer, const struct node *node)
{
    switch (node->kind) {
    case NODE_WORDS:
        buffer_format(buffer, "\"%.*s\"", (int)node->size, node->text);
        break;
    case NODE_EXACT:
        buffer_format(buffer, "'%.*s'", (int)node->size, node->text);
        break;
    case NODE_PATTERN:
        buffer_format(buffer, "/%.*s/", (int)node->size, node->text);
        break;
    case NODE_NAME:
        buffer_add(buffer, node->text, node->size);
        break;
    case NODE_SLOT:
        buffer_puts(buffer, "{");
        buffer_add(buffer, node->text, node->size);
        if (node->first != NULL)
            buffer_puts(buffer, " ");
        print_list(buffer, node->first, " ");
        buffer_puts(buffer, "}");
        break;
    case NODE_SEQUENCE:
        print_list(buffer, node->first, " ");
        break;
    case NODE_CHOICE:
        buffer_puts(buffer, "(");
        print_list(buffer, node->first, " | ");
        buffer_puts(buffer, ")");
        break;
    case NODE_OPTION:
        buffer_puts(buffer, "[");
        print_list(buffer, node->first, " ");
        buffer_puts(buffer, "]");
        break;
    case NODE_SOME:
    case NODE_MANY:
        buffer_puts(buffer, "(");
        print_list(buffer, node->first, " ");
        buffer_puts(buffer, node->kind == NODE_SOME ? ")+" : ")*");
        break;
    case NODE_BREAK:
        buffer_puts(buffer, "break");
        break;
    case NODE_START:
        buffer_puts(buffer, "start");
        break;
    case NODE_END:
        buffer_puts(buffer, "end");
        break;
    }
}

pcre2_match_data *pattern_room(const struct depesha_grammar *grammar, uint32_t groups)
{
    return pcre2_match_data_create(groups, grammar->memory);
}

pcre2_match_context *pattern_limits(const struct depesha_grammar *grammar)
{
    pcre2_match_context *context = pcre2_match_context_create(grammar->memory);
    if (context == NULL)
        return NULL;
    pcre2_set_match_limit(context, MATCH_LIMIT);
    pcre2_set_depth_limit(context, DEPTH_LIMIT);
    pcre2_set_heap_limit(context, HEAP_LIMIT_KIB);
    return context;
}
