#define _POSIX_C_SOURCE 200809L

#include "rule.h"

#include "word.h"

#include <stdlib.h>
#include <string.h>

const struct predicate_row predicate_rows[] = {
    [WHEN_UNRECOGNISED] = {"unrecognised", "", "why"},
    [WHEN_UNDECODED] = {"undecoded", "", "places encoding"},
    [WHEN_UNSHOWN] = {"unshown", "", "why"},
    [WHEN_EXCEEDED] = {"exceeded", "", "production"},
    [WHEN_IMPOSSIBLE] = {"impossible", "", "key text why"},
    [WHEN_UNREADABLE] = {"unreadable", "", "key text why"},
    [WHEN_CONFLICTING] = {"conflicting", "", "key value other line"},
    [WHEN_DISORDERED] = {"disordered", "", "key value other.key other line"},
    [WHEN_OUTSIDE] = {"outside", "", "key value what first last"},
    [WHEN_MISSING] = {"missing", "d", "what form"},
    [WHEN_APART] = {"apart", "nk", "key value other.key other line days"},
    [WHEN_DIFFERENT] = {"different", "nkKr", "key value other.key other line days"},
    [WHEN_REVERSED] = {"reversed", "k", "key value why"},
    [WHEN_UNEQUAL] = {"unequal", "kK", "key value other.key other line"},
    [WHEN_ABOVE] = {"above", "kK", "key value other.key other line"},
    [WHEN_REPEATED] = {"repeated", "k", "key value other line"},
    [WHEN_RESPELLED] = {"respelled", "kK", "key value other.key other line"},
    [WHEN_UNCLOSED] = {"unclosed", "slz", "text partner why"},
    [WHEN_NEARLY] = {"nearly", "eXaz", "text word"},
    [WHEN_FOUND] = {"found", "xazwm", "text mend"},
    [WHEN_BRACKETED] = {"bracketed", "xm", "text mend"},
    [WHEN_DAMAGED] = {"damaged", "z", "key value text"},
    [WHEN_UNCERTAIN] = {"uncertain", "n", "key value text certainty"},
    [WHEN_MIXED] = {"mixed", "s", "text mend letters script"},
    [WHEN_REPAIRED] = {"repaired", "", "text word"},
    [WHEN_UNEXPLAINED] = {"unexplained", "z", "text"},
    [WHEN_SHARED] = {"shared", "kAb", "key value source line"},
    [WHEN_MISDATED] = {"misdated", "kKbr", "value date other source line"},
    [WHEN_STALE] = {"stale", "", "rule"},
};

const size_t predicate_count = sizeof predicate_rows / sizeof *predicate_rows;

/* ---- messages ------------------------------------------------------------------------------- */

/* The next word in braces at or behind `at`: its start, with its size; NULL if there is none. */
static const char *next_word(const char *at, size_t *size)
{
    const char *open = strchr(at, '{');
    const char *close = open == NULL ? NULL : strchr(open, '}');
    if (close == NULL)
        return NULL;
    *size = (size_t)(close - open) - 1;
    return open + 1;
}

/* Whether a word is in a list with blanks between. */
static bool lists(const char *words, const char *word, size_t size)
{
    while (*words != '\0') {
        size_t length = strcspn(words, " ");
        if (length == size && strncmp(words, word, size) == 0)
            return true;
        words += length + strspn(words + length, " ");
    }
    return false;
}

bool rule_tells_too_much(struct arena *arena, const struct rule *rule, const char **word)
{
    size_t size;
    for (const char *at = rule->says; at != NULL && (at = next_word(at, &size)) != NULL; at += size)
        for (const struct condition *condition = rule->conditions; condition != NULL; condition = condition->next)
            if (!lists(predicate_rows[condition->predicate].tells, at, size)) {
                *word = arena_copy(arena, at, size);
                return true;
            }
    return false;
}

const char *rule_message(struct arena *arena, const char *says, const struct telling *tellings)
{
    struct buffer buffer = {.arena = arena};
    size_t size;
    buffer_puts(&buffer, "");
    for (const char *word; (word = next_word(says, &size)) != NULL; says = word + size + 1) {
        buffer_add(&buffer, says, (size_t)(word - says) - 1);
        const struct telling *telling = tellings;
        while (telling->word != NULL && (strlen(telling->word) != size || strncmp(telling->word, word, size) != 0))
            telling++;
        buffer_puts(&buffer, telling->word == NULL ? "" : telling->text);
    }
    buffer_puts(&buffer, says);
    return buffer.at;
}

/* ---- words of enumerations ------------------------------------------------------------------ */

enum { MAX_WORDS = 64 };

/* What can be read: wordings, each as a text. */
struct wordings {
    const char *at[MAX_WORDS];
    size_t count;
};

static bool is_plain(struct arena *arena, const struct node *node, const struct wordings *before,
                     struct wordings *after);

static void add_wording(struct wordings *wordings, const char *text)
{
    if (wordings->count < MAX_WORDS)
        wordings->at[wordings->count++] = text;
}

static void add_wordings(struct wordings *wordings, const struct wordings *more)
{
    for (size_t i = 0; i < more->count; i++)
        add_wording(wordings, more->at[i]);
}

/* Parts one after another. */
static bool is_plain_sequence(struct arena *arena, const struct node *node, const struct wordings *before,
                              struct wordings *after)
{
    struct wordings *so_far = arena_take(arena, 2, sizeof *so_far);
    so_far[0] = *before;
    for (const struct node *part = node->first; part != NULL; part = part->next) {
        so_far[1].count = 0;
        if (!is_plain(arena, part, &so_far[0], &so_far[1]))
            return false;
        so_far[0] = so_far[1];
    }
    add_wordings(after, &so_far[0]);
    return true;
}

/* Adds to `after` each wording of `before` with what the node reads behind it. False if that is no plain word. */
static bool is_plain(struct arena *arena, const struct node *node, const struct wordings *before,
                     struct wordings *after)
{
    bool plain = false;
    switch (node->kind) {
    case NODE_WORDS:
    case NODE_EXACT:
        for (size_t i = 0; i < before->count; i++)
            add_wording(after, arena_format(arena, "%s %.*s", before->at[i], (int)node->size, node->text));
        return true;
    case NODE_CHOICE:
        for (const struct node *one = node->first; one != NULL; one = one->next)
            plain = is_plain(arena, one, before, after) || plain;
        return plain;
    case NODE_OPTION:
        add_wordings(after, before);
        return is_plain(arena, node->first, before, after);
    case NODE_SEQUENCE:
        return is_plain_sequence(arena, node, before, after);
    default:
        return false;
    }
}

const struct wording *rule_words(struct arena *arena, const struct definition *enumeration)
{
    const struct wordings nothing = {.at = {""}, .count = 1};
    struct wording *words = NULL;
    size_t count = 0, room = 0;
    for (const struct entry *entry = enumeration->entries; entry != NULL; entry = entry->next) {
        struct wordings *wordings = arena_take(arena, 1, sizeof *wordings);
        if (entry->node != NULL)
            is_plain(arena, entry->node, &nothing, wordings);
        words = arena_grow(arena, words, count, &room, count + wordings->count + 1, sizeof *words);
        for (size_t i = 0; i < wordings->count; i++) {
            const char *capitals = word_capitals(arena, wordings->at[i], strlen(wordings->at[i]));
            words[count++] = (struct wording){
                .capitals = capitals,
                .written = wordings->at[i] + 1, /* behind the blank */
                .length = word_length(capitals, strlen(capitals)),
                .letters = word_letters(capitals),
            };
        }
    }
    words = arena_grow(arena, words, count, &room, count + 1, sizeof *words);
    words[count] = (struct wording){0};
    return words;
}

/* ---- examples ------------------------------------------------------------------------------- */

/* What a rule says in its example; text NULL: nothing. */
struct saying {
    size_t line, column;
    char *text; /* malloc'ed */
};

static void keep_saying(struct saying *saying, const struct rule *rule, const depesha_finding *finding)
{
    if (saying->text != NULL || strcmp(finding->rule, rule->id) != 0)
        return;
    *saying = (struct saying){finding->line, finding->column, strdup(finding->message)};
}

/* Reads the documents of an example as a batch. */
static depesha_status read_example(const struct depesha_grammar *grammar, const struct rule *rule, depesha_batch *batch,
                                   struct saying *saying)
{
    depesha_status status = DEPESHA_OK;
    char name[] = "example 1";
    for (const struct text_list *text = rule->example; status == DEPESHA_OK && text != NULL; text = text->next) {
        depesha_document *document = NULL;
        status = depesha_parse(grammar, name, text->text, strlen(text->text), &document);
        if (status == DEPESHA_OK)
            status = depesha_batch_add(batch, document);
        for (size_t n = 0; n < depesha_document_count(document); n++)
            for (size_t i = 0; i < depesha_finding_count(document, n); i++)
                keep_saying(saying, rule, depesha_finding_at(document, n, i));
        depesha_document_free(document);
        name[sizeof name - 2]++;
    }
    if (status == DEPESHA_OK)
        status = depesha_batch_check(batch);
    for (size_t i = 0; i < depesha_batch_finding_count(batch); i++)
        keep_saying(saying, rule, &depesha_batch_finding_at(batch, i)->finding);
    return status;
}

static depesha_status say_of_example(const struct depesha_grammar *grammar, const struct rule *rule,
                                     struct saying *saying)
{
    depesha_batch *batch = NULL;
    *saying = (struct saying){0};
    depesha_status status = depesha_batch_make(grammar, &batch);
    if (status == DEPESHA_OK)
        status = read_example(grammar, rule, batch, saying);
    depesha_batch_free(batch);
    return status;
}

const char *rule_try(const struct depesha_grammar *grammar, const struct rule *rule, struct arena *arena)
{
    struct saying saying;
    if (say_of_example(grammar, rule, &saying) != DEPESHA_OK) {
        free(saying.text);
        arena_fail(arena);
    }
    bool found = saying.text != NULL;
    free(saying.text);
    return found ? NULL : "the rule finds nothing in it";
}

/* ---- explanations --------------------------------------------------------------------------- */

enum { WIDTH = 78 };

size_t depesha_rule_count(const depesha_grammar *grammar)
{
    size_t count = 0;
    for (const struct rule *rule = grammar == NULL ? NULL : grammar->rules; rule != NULL; rule = rule->next)
        count++;
    return count;
}

depesha_rule depesha_rule_at(const depesha_grammar *grammar, size_t index)
{
    const struct rule *rule = grammar == NULL ? NULL : grammar->rules;
    while (rule != NULL && index-- > 0)
        rule = rule->next;
    if (rule == NULL)
        return (depesha_rule){0};
    bool of_batch = rule->conditions->predicate == WHEN_SHARED || rule->conditions->predicate == WHEN_MISDATED;
    return (depesha_rule){rule->id, rule->severity, rule->off, of_batch, rule->says, rule->about};
}

/* A paragraph in lines of WIDTH characters, each after `lead`. */
static void put_wrapped(struct buffer *buffer, const char *text, const char *lead)
{
    size_t column = strlen(lead);
    buffer_puts(buffer, lead);
    for (bool first = true; *text != '\0' && *text != '\n'; first = false) {
        size_t size = strcspn(text, " \n"), letters = word_length(text, size);
        if (!first && column + 1 + letters > WIDTH) {
            buffer_format(buffer, "\n%s", lead);
            column = strlen(lead);
        } else if (!first) {
            buffer_puts(buffer, " ");
            column++;
        }
        buffer_add(buffer, text, size);
        column += letters;
        text += size + (text[size] == ' ');
    }
    buffer_puts(buffer, "\n");
}

static void put_about(struct buffer *buffer, const char *about)
{
    for (const char *end; about != NULL && *about != '\0'; about = end == NULL ? NULL : end + 1) {
        buffer_puts(buffer, "\n");
        put_wrapped(buffer, about, "");
        end = strchr(about, '\n');
    }
}

static void put_example(struct buffer *buffer, const struct text_list *example)
{
    for (; example != NULL; example = example->next) {
        buffer_puts(buffer, "\n");
        for (const char *at = example->text; *at != '\0';) {
            size_t size = strcspn(at, "\n");
            buffer_puts(buffer, size == 0 ? "" : "    ");
            buffer_add(buffer, at, size);
            buffer_puts(buffer, "\n");
            at += size + (at[size] == '\n');
        }
        if (example->next != NULL)
            buffer_puts(buffer, "\nand\n");
    }
}

static void put_rule(struct buffer *buffer, const struct rule *rule, const struct saying *saying)
{
    static const char *const severities[] = {"note", "warning", "error"};
    buffer_format(buffer, "%s (%s)\n", rule->id, rule->off ? "off" : severities[rule->severity]);
    put_about(buffer, rule->about);
    if (rule->example == NULL)
        return;
    put_example(buffer, rule->example);
    if (saying->text == NULL)
        return;
    buffer_puts(buffer, "\n");
    put_wrapped(buffer, arena_format(buffer->arena, "%zu:%zu: %s", saying->line, saying->column, saying->text), "> ");
}

depesha_status depesha_rule_explain(const depesha_grammar *grammar, const char *id, char **text)
{
    jmp_buf escape;
    struct saying saying = {0};
    *text = NULL;
    const struct rule *rule = id == NULL ? NULL : find_rule(grammar, id);
    if (rule == NULL)
        return DEPESHA_BAD_NAME;
    depesha_status status = rule->example == NULL ? DEPESHA_OK : say_of_example(grammar, rule, &saying);
    struct arena *arena = status == DEPESHA_OK ? calloc(1, sizeof *arena) : NULL;
    if (arena == NULL) {
        free(saying.text);
        return DEPESHA_NO_MEMORY;
    }
    arena->escape = &escape;
    if (setjmp(escape) == 0) {
        struct buffer *buffer = arena_take(arena, 1, sizeof *buffer);
        buffer->arena = arena;
        put_rule(buffer, rule, &saying);
        *text = buffer_give(buffer);
    }
    arena_free(arena);
    free(arena);
    free(saying.text);
    return *text == NULL ? DEPESHA_NO_MEMORY : DEPESHA_OK;
}
