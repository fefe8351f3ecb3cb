#include "syntax.h"

#include "rule.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum lexeme { END_OF_FILE, WORD, STRING, EXACT, PATTERN, SYMBOL, ARROW };

struct token {
    enum lexeme lexeme;
    struct place place;
    const char *text; /* unescaped */
    size_t size;
    bool at_column_1, first_on_line;
};

struct reader {
    struct depesha_grammar *grammar;
    struct source *source;
    struct complaints *complaints;
    depesha_loader *loader;
    void *context;
    size_t at;
    struct token token; /* the one to be read next */
    size_t last_end;    /* of the token before it */
};

enum { MAX_DEPTH = 64, MAX_INCLUDES = 16, NAME = 40 };

void complain(struct complaints *complaints, struct place place, const char *format, ...)
{
    struct buffer buffer = {.arena = complaints->arena};
    char sentence[512];
    va_list list;
    va_start(list, format);
    vsnprintf(sentence, sizeof sentence, format, list);
    va_end(list);
    buffer_puts(&buffer, sentence);
    struct complaint *complaint = arena_take(complaints->arena, 1, sizeof *complaint);
    *complaint = (struct complaint){.place = place, .message = buffer.at};
    if (complaints->last == NULL)
        complaints->last = &complaints->first;
    *complaints->last = complaint;
    complaints->last = &complaint->next;
    complaints->count++;
}

/* ---- tokens -------------------------------------------------------------------------------- */

static bool is_word_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Blanks and comments before the next token. */
static void skip_blank(struct reader *r)
{
    const char *text = r->source->text;
    while (r->at < r->source->size) {
        char c = text[r->at];
        if (c == '#')
            while (r->at < r->source->size && text[r->at] != '\n')
                r->at++;
        else if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
            r->at++;
        else
            break;
    }
}

static size_t word_end(const struct source *source, size_t at)
{
    const char *text = source->text;
    for (at++; at < source->size; at++) {
        bool joint = (text[at] == '-' || text[at] == '.') && at + 1 < source->size && is_word_start(text[at + 1]);
        if (!is_word_start(text[at]) && !joint)
            break;
    }
    return at;
}

static void put_character(struct buffer *buffer, unsigned long c)
{
    char bytes[4];
    size_t size;
    if (c < 0x80) {
        bytes[0] = (char)c;
        size = 1;
    } else if (c < 0x800) {
        bytes[0] = (char)(0xC0 | (c >> 6));
        bytes[1] = (char)(0x80 | (c & 0x3F));
        size = 2;
    } else {
        bytes[0] = (char)(0xE0 | (c >> 12));
        bytes[1] = (char)(0x80 | ((c >> 6) & 0x3F));
        bytes[2] = (char)(0x80 | (c & 0x3F));
        size = 3;
    }
    buffer_add(buffer, bytes, size);
}

/* The text between quotes: \n, \t, \" and \uXXXX stand for what they do in JSON; ⏎ is a line's end. */
static void unescape(struct reader *r, struct token *token)
{
    struct buffer buffer = {.arena = &r->grammar->arena};
    buffer_add(&buffer, "", 0);
    for (size_t i = 0; i < token->size; i++) {
        char c = token->text[i];
        char following = '\0';
        if (i + 1 < token->size)
            following = token->text[i + 1];
        if (c == '\\' && following == 'u') {
            char digits[5] = {0};
            size_t count = token->size - i - 2 < 4 ? token->size - i - 2 : 4;
            memcpy(digits, token->text + i + 2, count);
            unsigned long code = strspn(digits, "0123456789abcdefABCDEF") < 4 ? 0 : strtoul(digits, NULL, 16);
            if (code == 0 || (code >= 0xD800 && code <= 0xDFFF))
                complain(r->complaints, token->place, "\\u%s is no character; write the four hexadecimal digits of one",
                         digits);
            else
                put_character(&buffer, code);
            i += count + 1;
        } else if (c == '\\' && following != '\0') {
            const char *meant = following == 'n' ? "\n" : following == 't' ? "\t" : token->text + i + 1;
            buffer_add(&buffer, meant, 1);
            i++;
        } else if (strncmp(token->text + i, "\xE2\x8F\x8E", 3) == 0) {
            buffer_puts(&buffer, "\n");
            i += 2;
        } else {
            buffer_add(&buffer, &c, 1);
        }
    }
    token->text = buffer.at;
    token->size = buffer.size;
}

/* A token between two delimiters that ends on its line. */
static void read_delimited(struct reader *r, struct token *token, char delimiter, enum lexeme lexeme)
{
    const struct source *source = r->source;
    size_t start = r->at + 1;
    size_t at = start;
    bool in_class = false; /* of a pattern: a slash in [...] does not end it */
    while (at < source->size && source->text[at] != '\n' && (source->text[at] != delimiter || in_class)) {
        if (source->text[at] == '\\' && at + 1 < source->size && source->text[at + 1] != '\n')
            at++;
        else if (lexeme == PATTERN && source->text[at] == '[')
            in_class = true;
        else if (lexeme == PATTERN && source->text[at] == ']')
            in_class = false;
        at++;
    }
    token->lexeme = lexeme;
    token->text = source->text + start;
    token->size = at - start;
    token->place.size = at - token->place.offset;
    if (at >= source->size || source->text[at] != delimiter) {
        complain(r->complaints, token->place, "this %s is not closed on its line; add a %c",
                 lexeme == PATTERN ? "pattern" : "quotation", delimiter);
        r->at = at;
    } else {
        r->at = at + 1;
        token->place.size++;
    }
    if (lexeme != PATTERN)
        unescape(r, token);
}

static void next_token(struct reader *r)
{
    const struct source *source = r->source;
    size_t before = r->at;
    r->last_end = r->at;
    skip_blank(r);
    struct token token = {.place = {source, r->at, 1}, .text = source->text + r->at, .size = 1};
    token.at_column_1 = r->at == 0 || source->text[r->at - 1] == '\n';
    token.first_on_line = before == 0 || memchr(source->text + before, '\n', r->at - before) != NULL;
    if (r->at >= source->size) {
        token.lexeme = END_OF_FILE;
        token.size = token.place.size = 0;
        token.at_column_1 = true;
        r->token = token;
        return;
    }
    char c = source->text[r->at];
    bool negative =
        c == '-' && r->at + 1 < source->size && source->text[r->at + 1] >= '0' && source->text[r->at + 1] <= '9';
    if (c == '"') {
        read_delimited(r, &token, '"', STRING);
    } else if (c == '\'') {
        read_delimited(r, &token, '\'', EXACT);
    } else if (c == '/') {
        read_delimited(r, &token, '/', PATTERN);
    } else if (is_word_start(c) || negative) {
        token.lexeme = WORD;
        size_t end = word_end(source, r->at);
        token.size = token.place.size = end - r->at;
        r->at = end;
    } else if (c == '-' && r->at + 1 < source->size && source->text[r->at + 1] == '>') {
        token.lexeme = ARROW;
        token.size = token.place.size = 2;
        r->at += 2;
    } else {
        token.lexeme = SYMBOL;
        r->at++;
        while (r->at < source->size && ((unsigned char)source->text[r->at] & 0xC0) == 0x80)
            r->at++;
        token.size = token.place.size = r->at - token.place.offset;
    }
    r->token = token;
}

/* What stands at the margin belongs to no statement before it. */
static bool is_symbol(const struct reader *r, char c)
{
    return r->token.lexeme == SYMBOL && r->token.text[0] == c && !r->token.at_column_1;
}

static bool is_lexeme(const struct reader *r, enum lexeme lexeme)
{
    return r->token.lexeme == lexeme && !r->token.at_column_1;
}

static bool is_word(const struct reader *r, const char *word)
{
    return r->token.lexeme == WORD && r->token.size == strlen(word) && memcmp(r->token.text, word, r->token.size) == 0;
}

static bool take_word(struct reader *r, const char *word)
{
    if (!is_word(r, word) || r->token.at_column_1)
        return false;
    next_token(r);
    return true;
}

static bool take_symbol(struct reader *r, char c)
{
    if (!is_symbol(r, c))
        return false;
    next_token(r);
    return true;
}

static const char *token_copy(struct reader *r)
{
    return arena_copy(&r->grammar->arena, r->token.text, r->token.size);
}

/* What stands there, for a message: its beginning, if it is long. */
static const char *token_name(struct reader *r)
{
    if (r->token.lexeme == END_OF_FILE)
        return "the end of the file";
    const char *text = r->source->text + r->token.place.offset;
    size_t size = r->token.place.size;
    if (size > NAME)
        for (size = NAME; ((unsigned char)text[size] & 0xC0) == 0x80;)
            size--;
    return arena_format(&r->grammar->arena, "'%.*s'", (int)size, text);
}

/* Where something is missing: before the next token, or where the statement ends. */
static struct place gap_place(const struct reader *r)
{
    if (!r->token.at_column_1)
        return r->token.place;
    return (struct place){r->source, r->last_end, 1};
}

/* A word on the statement's own lines; NULL with a complaint where there is none. */
static const char *expect_word(struct reader *r, const char *what)
{
    if (!is_lexeme(r, WORD)) {
        complain(r->complaints, gap_place(r), "%s is missing here: found %s", what, token_name(r));
        return NULL;
    }
    const char *word = token_copy(r);
    next_token(r);
    return word;
}

static bool expect_symbol(struct reader *r, char c, const char *why)
{
    if (is_symbol(r, c)) {
        next_token(r);
        return true;
    }
    complain(r->complaints, gap_place(r), "expected '%c' %s, found %s", c, why, token_name(r));
    return false;
}

static bool expect_integer(struct reader *r, const char *what, int low, int high, int *value)
{
    struct place place = r->token.place;
    const char *word = expect_word(r, what);
    if (word == NULL)
        return false;
    char *end;
    long number = strtol(word, &end, 10);
    if (*end != '\0' || number < low || number > high) {
        complain(r->complaints, place, "%s is a whole number from %d to %d, not '%s'", what, low, high, word);
        return false;
    }
    *value = (int)number;
    return true;
}

/* ---- expressions --------------------------------------------------------------------------- */

static struct node *read_choice(struct reader *r, size_t depth);

static struct node *new_node(struct reader *r, enum node_kind kind)
{
    struct node *node = arena_take(&r->grammar->arena, 1, sizeof *node);
    *node = (struct node){.kind = kind, .place = r->token.place, .text = r->token.text, .size = r->token.size};
    return node;
}

/* Words that end an expression, because they begin the next part of the statement. */
static bool is_reserved(const struct reader *r)
{
    static const char *const words[] = {"eg", "drops", "splits", "reads", "into"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is_word(r, words[i]))
            return true;
    return false;
}

/* `code =` at the beginning of a line: the next entry of an enumeration. */
static bool is_entry(const struct reader *r)
{
    if (r->token.lexeme != WORD || !r->token.first_on_line)
        return false;
    size_t at = r->at;
    while (at < r->source->size && (r->source->text[at] == ' ' || r->source->text[at] == '\t'))
        at++;
    return at < r->source->size && r->source->text[at] == '=';
}

static bool ends_expression(const struct reader *r)
{
    if (r->token.at_column_1 || r->token.lexeme == END_OF_FILE || r->token.lexeme == ARROW)
        return true;
    if (r->token.lexeme == SYMBOL && strchr("|)]}=", r->token.text[0]) != NULL)
        return true;
    return is_reserved(r) || is_entry(r);
}

static struct node *read_slot(struct reader *r, size_t depth)
{
    next_token(r);
    struct node *node = new_node(r, NODE_SLOT);
    if (expect_word(r, "the path of the record that this slot fills") == NULL)
        return NULL;
    if (take_symbol(r, ':'))
        node->type_name = expect_word(r, "the type that this slot has here");
    if (!is_symbol(r, '}'))
        node->first = read_choice(r, depth + 1);
    expect_symbol(r, '}', "to close the slot");
    return node;
}

static struct node *read_bracketed(struct reader *r, size_t depth)
{
    char close = is_symbol(r, '(') ? ')' : ']';
    struct node *node = new_node(r, close == ')' ? NODE_SEQUENCE : NODE_OPTION);
    next_token(r);
    node->first = read_choice(r, depth + 1);
    expect_symbol(r, close, "to close the bracket");
    return node->first == NULL ? NULL : close == ')' ? node->first : node;
}

static struct node *read_name(struct reader *r)
{
    enum node_kind kind = is_word(r, "break")   ? NODE_BREAK
                          : is_word(r, "start") ? NODE_START
                          : is_word(r, "end")   ? NODE_END
                                                : NODE_NAME;
    struct node *node = new_node(r, kind);
    next_token(r);
    return node;
}

static struct node *read_element(struct reader *r, size_t depth)
{
    struct node *node = NULL;
    if (depth > MAX_DEPTH) {
        complain(r->complaints, r->token.place, "brackets are nested more than %d deep; name a part as a token",
                 MAX_DEPTH);
        while (!r->token.at_column_1)
            next_token(r);
        return NULL;
    }
    if (is_symbol(r, '{')) {
        node = read_slot(r, depth);
    } else if (is_symbol(r, '(') || is_symbol(r, '[')) {
        node = read_bracketed(r, depth);
    } else if (r->token.lexeme == WORD) {
        node = read_name(r);
    } else if (r->token.lexeme == STRING || r->token.lexeme == EXACT || r->token.lexeme == PATTERN) {
        node = new_node(r, r->token.lexeme == STRING  ? NODE_WORDS
                           : r->token.lexeme == EXACT ? NODE_EXACT
                                                      : NODE_PATTERN);
        if (node->size == 0)
            complain(r->complaints, node->place, "empty quotation: it would match nothing; remove it or write a word");
        next_token(r);
    } else {
        complain(r->complaints, r->token.place,
                 "%s has no place in an expression; expected \"words\", /pattern/, NAME, {slot}, ( ) or [ ]",
                 token_name(r));
        next_token(r);
        return NULL;
    }
    if (node == NULL)
        return NULL;
    while (is_symbol(r, '*') || is_symbol(r, '+')) {
        struct node *repeat = new_node(r, is_symbol(r, '*') ? NODE_MANY : NODE_SOME);
        repeat->first = node;
        node = repeat;
        next_token(r);
    }
    return node;
}

static struct node *read_sequence(struct reader *r, size_t depth)
{
    struct node *sequence = new_node(r, NODE_SEQUENCE);
    struct node **last = &sequence->first;
    while (!ends_expression(r)) {
        struct node *node = read_element(r, depth);
        if (node == NULL)
            continue;
        /* A bracketed group may already stand in another list; it never does, for each is read once. */
        *last = node;
        last = &node->next;
    }
    if (sequence->first == NULL) {
        complain(r->complaints, gap_place(r), "an expression is missing here: found %s", token_name(r));
        return NULL;
    }
    return sequence->first->next == NULL ? sequence->first : sequence;
}

static struct node *read_choice(struct reader *r, size_t depth)
{
    struct node *choice = new_node(r, NODE_CHOICE);
    struct node **last = &choice->first;
    do {
        struct node *node = read_sequence(r, depth);
        if (node == NULL)
            continue;
        *last = node;
        last = &node->next;
    } while (take_symbol(r, '|'));
    if (choice->first == NULL)
        return NULL;
    return choice->first->next == NULL ? choice->first : choice;
}

static struct node *expect_expression(struct reader *r)
{
    expect_symbol(r, '=', "before the expression");
    return read_choice(r, 0);
}

/* ---- statements ---------------------------------------------------------------------------- */

static void read_file(struct reader *outer, struct source *source);

static void already(struct reader *r, const char *what, const char *name, struct place place, struct place other)
{
    size_t line, column;
    source_position(other.source, other.offset, &line, &column);
    complain(r->complaints, place, "%s '%s' is defined already at %s:%zu; give this one another name", what, name,
             other.source->name, line);
}

static void read_grammar(struct reader *r)
{
    const char *name = expect_word(r, "the grammar's name");
    const char *version = r->token.at_column_1 ? "1" : expect_word(r, "the grammar's version");
    const char *title = NULL;
    if (is_lexeme(r, STRING)) {
        title = token_copy(r);
        next_token(r);
    }
    /* The file that was asked for gives the name, not the ones that it includes. */
    if (r->source->from == NULL) {
        r->grammar->name = name;
        r->grammar->version = version;
        r->grammar->title = title;
    }
}

static void read_include(struct reader *r)
{
    if (r->token.lexeme != STRING) {
        complain(r->complaints, r->token.place, "include takes a quoted name, such as \"soviet\"");
        return;
    }
    struct place place = r->token.place;
    const char *name = token_copy(r);
    next_token(r);
    size_t depth = 0;
    const struct source *from = r->source;
    do {
        if (strcmp(from->name, name) == 0 || depth++ > MAX_INCLUDES) {
            complain(r->complaints, place, "'%s' includes itself; remove one of the includes", name);
            return;
        }
        from = from->from;
    } while (from != NULL);
    for (const struct source *other = r->grammar->sources; other != NULL; other = other->next)
        if (strcmp(other->name, name) == 0)
            return;
    size_t size = 0;
    const char *text = depesha_builtin(name, &size);
    if (text == NULL && r->loader != NULL) {
        char *loaded = r->loader(r->context, r->source->name, name, &size);
        if (loaded != NULL) {
            arena_keep(&r->grammar->arena, loaded, free);
            text = loaded;
        }
    }
    if (text == NULL) {
        complain(r->complaints, place, "there is no grammar '%s'; name a built-in one, or a file beside this one",
                 name);
        return;
    }
    struct source *source = arena_take(&r->grammar->arena, 1, sizeof *source);
    *source = (struct source){.name = name, .text = text, .size = size, .from = r->source};
    read_file(r, source);
}

static void read_years(struct reader *r, int *first, int *last)
{
    if (expect_integer(r, "the first year", 1, 9999, first))
        expect_integer(r, "the last year", *first, 9999, last);
}

static void read_period(struct reader *r)
{
    read_years(r, &r->grammar->first_year, &r->grammar->last_year);
}

static void add_alternative(struct reader *r, struct node **choice)
{
    struct node *node = read_choice(r, 0);
    if (node == NULL)
        return;
    if (*choice == NULL) {
        *choice = arena_take(&r->grammar->arena, 1, sizeof **choice);
        **choice = (struct node){.kind = NODE_CHOICE, .place = node->place};
    }
    struct node **last = &(*choice)->first;
    while (*last != NULL)
        last = &(*last)->next;
    *last = node;
}

static void read_damage(struct reader *r)
{
    add_alternative(r, &r->grammar->damage);
}

static void read_noise(struct reader *r)
{
    add_alternative(r, &r->grammar->noise);
}

static void read_prose(struct reader *r)
{
    add_alternative(r, &r->grammar->prose);
}

/* language ru /\p{Cyrillic}/: a letter of it. */
static void read_language(struct reader *r)
{
    struct language *language = arena_take(&r->grammar->arena, 1, sizeof *language);
    language->place = r->token.place;
    language->name = expect_word(r, "the language's name");
    if (language->name == NULL)
        return;
    add_alternative(r, &language->node);
    for (const struct language *other = r->grammar->languages; other != NULL; other = other->next)
        if (strcmp(other->name, language->name) == 0) {
            already(r, "language", language->name, language->place, other->place);
            return;
        }
    struct language **last = &r->grammar->languages;
    while (*last != NULL)
        last = &(*last)->next;
    if (language->node != NULL)
        *last = language;
}

static void read_alike(struct reader *r)
{
    while (is_lexeme(r, STRING)) {
        if (r->grammar->alike_count == sizeof r->grammar->alike / sizeof *r->grammar->alike)
            complain(r->complaints, r->token.place, "too many groups of characters that are alike; join some");
        else
            r->grammar->alike[r->grammar->alike_count++] = token_copy(r);
        next_token(r);
    }
}

/* shapes "1lI" "rn m": what a reader of damaged print takes for one another. */
static void read_shapes(struct reader *r)
{
    while (is_lexeme(r, STRING)) {
        if (r->grammar->shape_count == sizeof r->grammar->shapes / sizeof *r->grammar->shapes)
            complain(r->complaints, r->token.place, "too many groups of shapes; join some");
        else
            r->grammar->shapes[r->grammar->shape_count++] = token_copy(r);
        next_token(r);
    }
}

static size_t letter_count(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

/* twins "АВЕ" "ABE": letters of two alphabets that look the same. */
static void read_twins(struct reader *r)
{
    struct place place = r->token.place;
    size_t n = 0;
    for (; n < 2 && is_lexeme(r, STRING); n++) {
        r->grammar->twins[n] = token_copy(r);
        next_token(r);
    }
    if (n < 2 || letter_count(r->grammar->twins[0]) != letter_count(r->grammar->twins[1])) {
        complain(r->complaints, place, "twins are two strings with as many letters, each beside the one it looks like");
        r->grammar->twins[0] = r->grammar->twins[1] = NULL;
    }
}

static struct definition *new_definition(struct reader *r, const char *what, bool reopen)
{
    struct place place = r->token.place;
    const char *name = expect_word(r, what);
    if (name == NULL)
        return NULL;
    static const char *const taken[] = {"eg", "drops", "splits", "reads", "into", "break", "start", "end"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(taken[i], name) == 0)
            complain(r->complaints, place, "'%s' is a word of the language; choose another name", name);
    struct definition **last = &r->grammar->definitions;
    for (; *last != NULL; last = &(*last)->next)
        if (strcmp((*last)->name, name) == 0) {
            /* Another file may add entries to an enumeration. */
            if (reopen && (*last)->is_enumeration && (*last)->place.source != place.source)
                return *last;
            already(r, what, name, place, (*last)->place);
            break;
        }
    struct definition *definition = arena_take(&r->grammar->arena, 1, sizeof *definition);
    *definition = (struct definition){.name = name, .place = place};
    while (*last != NULL)
        last = &(*last)->next;
    *last = definition;
    return definition;
}

static void read_token(struct reader *r)
{
    struct definition *definition = new_definition(r, "the token", false);
    if (definition != NULL)
        definition->node = expect_expression(r);
}

static void read_entry(struct reader *r, struct definition *definition)
{
    struct entry *entry = arena_take(&r->grammar->arena, 1, sizeof *entry);
    entry->code = token_copy(r);
    next_token(r);
    entry->node = expect_expression(r);
    if (entry->node == NULL)
        return;
    struct entry **last = &definition->entries;
    while (*last != NULL)
        last = &(*last)->next;
    *last = entry;
    /* The choice shares the entry's expression through a wrapper, for `next` links it elsewhere. */
    struct node *wrapper = arena_take(&r->grammar->arena, 1, sizeof *wrapper);
    *wrapper = (struct node){.kind = NODE_SEQUENCE, .place = entry->node->place, .first = entry->node};
    if (definition->node == NULL) {
        definition->node = arena_take(&r->grammar->arena, 1, sizeof *definition->node);
        *definition->node = (struct node){.kind = NODE_CHOICE, .place = definition->place};
    }
    struct node **link = &definition->node->first;
    while (*link != NULL)
        link = &(*link)->next;
    *link = wrapper;
}

static void read_enum(struct reader *r)
{
    struct definition *definition = new_definition(r, "the enumeration", true);
    if (definition == NULL)
        return;
    definition->is_enumeration = true;
    while (is_entry(r) && !r->token.at_column_1)
        read_entry(r, definition);
    if (definition->entries == NULL)
        complain(r->complaints, definition->place, "enumeration '%s' has no entry; add lines such as: code = \"word\"",
                 definition->name);
}

static void read_type(struct reader *r)
{
    static const char *const kinds[] = {"text", "name", "number", "integer", "date", "code"};
    struct type *type = arena_take(&r->grammar->arena, 1, sizeof *type);
    type->place = r->token.place;
    type->name = expect_word(r, "the type's name");
    struct place place = r->token.place;
    const char *kind = expect_word(r, "the type's kind");
    if (type->name == NULL || kind == NULL)
        return;
    size_t k = 0;
    while (k < sizeof kinds / sizeof *kinds && strcmp(kinds[k], kind) != 0)
        k++;
    if (k == sizeof kinds / sizeof *kinds)
        complain(r->complaints, place,
                 "there is no kind '%s'; the kinds are text, name, number, integer, date and code", kind);
    type->kind = (enum kind)k;
    for (;;) {
        struct node **part = is_word(r, "reads") ? &type->reads : is_word(r, "drops") ? &type->drops : &type->splits;
        if (!take_word(r, "reads") && !take_word(r, "drops") && !take_word(r, "splits"))
            break;
        *part = read_choice(r, 0);
        if (part == &type->splits && take_word(r, "into"))
            type->item_name = expect_word(r, "the token that each piece is");
    }
    const struct type *other = find_type(r->grammar, type->name);
    if (other != NULL) {
        already(r, "type", type->name, type->place, other->place);
        return;
    }
    type->next = r->grammar->types;
    r->grammar->types = type;
}

static void read_key(struct reader *r)
{
    struct key *key = arena_take(&r->grammar->arena, 1, sizeof *key);
    key->place = r->token.place;
    key->path = expect_word(r, "the path");
    key->root = take_word(r, "root");
    expect_symbol(r, '=', "before the path's type");
    key->type_name = expect_word(r, "the path's type");
    if (key->path == NULL || key->type_name == NULL)
        return;
    for (const char *step = key->path; *step != '\0'; step += strcspn(step, ".") + (strchr(step, '.') != NULL))
        if (strcspn(step, ".") >= MAX_STEP)
            complain(r->complaints, key->place, "a name in a path has at most %d letters", MAX_STEP - 1);
    const struct key *other = find_key(r->grammar, key->path);
    if (other != NULL) {
        already(r, "key", key->path, key->place, other->place);
        return;
    }
    struct key **last = &r->grammar->keys;
    while (*last != NULL)
        last = &(*last)->next;
    *last = key;
}

static void read_list(struct reader *r)
{
    while (is_lexeme(r, WORD)) {
        struct list *list = arena_take(&r->grammar->arena, 1, sizeof *list);
        *list = (struct list){token_copy(r), r->grammar->list_count++, r->grammar->lists};
        r->grammar->lists = list;
        next_token(r);
    }
}

static void read_zone(struct reader *r)
{
    struct depesha_grammar *grammar = r->grammar;
    if (grammar->zone_count == MAX_ZONES) {
        complain(r->complaints, r->token.place, "a grammar has at most %d zones", MAX_ZONES);
        return;
    }
    struct zone zone = {.place = r->token.place};
    zone.name = expect_word(r, "the zone's name");
    if (zone.name == NULL)
        return;
    for (size_t i = 0; i < grammar->zone_count; i++)
        if (strcmp(grammar->zones[i].name, zone.name) == 0)
            already(r, "zone", zone.name, zone.place, grammar->zones[i].place);
    if (is_lexeme(r, STRING)) {
        zone.title = token_copy(r);
        next_token(r);
    }
    while (!r->token.at_column_1) {
        if (take_word(r, "line")) {
            expect_integer(r, "what an unexplained line costs", -99, 99, &zone.line);
        } else if (take_word(r, "prose")) {
            expect_integer(r, "what a line of prose costs", -99, 99, &zone.prose);
        } else if (take_word(r, "enter")) {
            expect_integer(r, "what entering costs", -99, 99, &zone.enter);
        } else if (take_word(r, "word")) {
            zone.reading = expect_integer(r, "what an unexplained word costs", -99, 99, &zone.word);
        } else if (take_word(r, "body")) {
            zone.body = true;
        } else if (take_word(r, "starts")) {
            zone.starts = true;
        } else if (take_word(r, "opens")) {
            zone.opens = true;
        } else if (take_word(r, "next")) {
            while (is_lexeme(r, WORD) && !r->token.first_on_line && zone.next_count < MAX_NEXT) {
                zone.next_names[zone.next_count++] = token_copy(r);
                next_token(r);
            }
        } else {
            complain(r->complaints, r->token.place,
                     "a zone has line, prose, word, enter, body, starts, opens and next; %s is none of them",
                     token_name(r));
            next_token(r);
        }
    }
    grammar->zones[grammar->zone_count++] = zone;
}

static struct name_list *read_names(struct reader *r)
{
    struct name_list *first = NULL, **last = &first;
    while (is_lexeme(r, WORD)) {
        struct name_list *name = arena_take(&r->grammar->arena, 1, sizeof *name);
        *name = (struct name_list){.name = token_copy(r), .place = r->token.place};
        *last = name;
        last = &name->next;
        next_token(r);
        if (!is_symbol(r, ','))
            break;
        next_token(r);
    }
    return first;
}

static const char *slot_path(const struct node *node, struct reader *r, size_t *count)
{
    const char *path = NULL;
    for (; node != NULL; node = node->next) {
        const char *found = NULL;
        if (node->kind == NODE_SLOT) {
            (*count)++;
            found = arena_copy(&r->grammar->arena, node->text, node->size);
        } else {
            found = slot_path(node->first, r, count);
        }
        if (path == NULL)
            path = found;
    }
    return path;
}

/* eg "text" -> "value", or -> path "value", path "value"; or -> nothing */
static void read_example(struct reader *r, struct field *field)
{
    struct example *example = arena_take(&r->grammar->arena, 1, sizeof *example);
    example->place = r->token.place;
    if (!is_lexeme(r, STRING)) {
        complain(r->complaints, gap_place(r), "an example begins with a quoted text, found %s", token_name(r));
        return;
    }
    example->text = r->token.text;
    example->size = r->token.size;
    next_token(r);
    struct expectation **expect = &example->expect;
    if (!is_lexeme(r, ARROW)) {
        complain(r->complaints, gap_place(r), "an example gives the value it yields: eg \"text\" -> \"value\"");
        return;
    }
    do {
        next_token(r);
        const char *path = NULL;
        size_t count = 0;
        struct place place = r->token.place;
        bool named = is_lexeme(r, WORD);
        if (named)
            path = expect_word(r, "a path");
        else if (field->node != NULL)
            path = slot_path(field->node, r, &count);
        if (!is_lexeme(r, STRING)) {
            complain(r->complaints, gap_place(r), "the example's value is missing: quote it");
            return;
        }
        *expect = arena_take(&r->grammar->arena, 1, sizeof **expect);
        if (path == NULL)
            path = arena_copy(&r->grammar->arena, "", 0);
        **expect = (struct expectation){path, token_copy(r), place, named, NULL};
        expect = &(*expect)->next;
        next_token(r);
    } while (is_symbol(r, ','));
    struct example **last = &field->examples;
    while (*last != NULL)
        last = &(*last)->next;
    *last = example;
}

static void read_field(struct reader *r)
{
    struct field *field = arena_take(&r->grammar->arena, 1, sizeof *field);
    size_t before = r->complaints->count;
    field->place = r->token.place;
    field->certainty = 1;
    field->weight = 4;
    field->name = expect_word(r, "the production's name");
    if (field->name == NULL)
        return;
    for (;;) {
        int percent;
        if (take_word(r, "in"))
            field->in = read_names(r);
        else if (take_word(r, "then"))
            field->then_name = read_names(r);
        else if (take_word(r, "weight"))
            expect_integer(r, "the weight", 0, 99, &field->weight);
        else if (take_word(r, "certainty") && expect_integer(r, "the certainty in percent", 0, 100, &percent))
            field->certainty = percent / 100.0;
        else if (take_word(r, "weak"))
            field->weak = true;
        else
            break;
    }
    field->node = expect_expression(r);
    bool has_example = false; /* if only a wrong one */
    for (; take_word(r, "eg"); has_example = true)
        read_example(r, field);
    const struct field *other = find_field(r->grammar, field->name);
    if (other != NULL) {
        already(r, "field", field->name, field->place, other->place);
        return;
    }
    if (!has_example)
        complain(r->complaints, field->place, "field '%s' has no example; add a line: eg \"text\" -> \"value\"",
                 field->name);
    if (!r->token.at_column_1 && r->complaints->count == before)
        complain(r->complaints, r->token.place,
                 "%s does not belong to field '%s'; a new statement begins at the margin", token_name(r), field->name);
    if (r->complaints->count > before)
        field->node = NULL; /* one mistake is told once */
    field_add(r->grammar, field);
}

static void read_demands(struct reader *r, struct demand **first)
{
    struct demand **last = first;
    while (*last != NULL)
        last = &(*last)->next;
    do {
        struct demand *demand = arena_take(&r->grammar->arena, 1, sizeof *demand);
        struct name_list **name = &demand->any;
        do {
            struct place place = r->token.place;
            const char *word = expect_word(r, "a path or a production");
            if (word == NULL)
                return;
            if (take_symbol(r, '=')) {
                const char *code = expect_word(r, "a code");
                word = arena_format(&r->grammar->arena, "%s=%s", word, code == NULL ? "" : code);
            }
            *name = arena_take(&r->grammar->arena, 1, sizeof **name);
            **name = (struct name_list){.name = word, .place = place};
            name = &(*name)->next;
        } while (take_symbol(r, '|'));
        *last = demand;
        last = &demand->next;
    } while (take_symbol(r, ','));
}

static void read_form(struct reader *r)
{
    struct form *form = arena_take(&r->grammar->arena, 1, sizeof *form);
    form->place = r->token.place;
    form->first_year = r->grammar->first_year;
    form->last_year = r->grammar->last_year;
    form->id = expect_word(r, "the form's id");
    if (form->id == NULL)
        return;
    form->title = form->id;
    if (is_lexeme(r, STRING)) {
        form->title = token_copy(r);
        next_token(r);
    }
    while (!r->token.at_column_1) {
        if (take_word(r, "needs")) {
            read_demands(r, &form->needs);
        } else if (take_word(r, "likes")) {
            read_demands(r, &form->likes);
        } else if (take_word(r, "never")) {
            read_demands(r, &form->never);
        } else if (take_word(r, "order")) {
            form->order = read_names(r);
        } else if (take_word(r, "years")) {
            read_years(r, &form->first_year, &form->last_year);
        } else {
            complain(r->complaints, r->token.place,
                     "a form has needs, likes, never, order and years; %s is none of them", token_name(r));
            next_token(r);
        }
    }
    for (const struct form *other = r->grammar->forms; other != NULL; other = other->next)
        if (strcmp(other->id, form->id) == 0) {
            already(r, "form", form->id, form->place, other->place);
            return;
        }
    if (form->needs == NULL)
        complain(r->complaints, form->place, "form '%s' needs nothing and would fit every text; add a line: needs PATH",
                 form->id);
    struct form **last = &r->grammar->forms;
    while (*last != NULL)
        last = &(*last)->next;
    *last = form;
}

/* ---- rules --------------------------------------------------------------------------------- */

/* Strings beside one another are one text. */
static const char *read_text(struct reader *r, const char *between)
{
    struct buffer buffer = {.arena = &r->grammar->arena};
    if (!is_lexeme(r, STRING)) {
        complain(r->complaints, gap_place(r), "a quoted text is missing here: found %s", token_name(r));
        return NULL;
    }
    for (buffer_puts(&buffer, ""); is_lexeme(r, STRING); next_token(r)) {
        if (buffer.size > 0)
            buffer_puts(&buffer, between);
        buffer_add(&buffer, r->token.text, r->token.size);
    }
    return buffer.at;
}

static void read_texts(struct reader *r, struct condition *condition)
{
    for (; is_lexeme(r, STRING); next_token(r)) {
        if (condition->text_count == sizeof condition->texts / sizeof *condition->texts)
            complain(r->complaints, r->token.place, "too many texts");
        else
            condition->texts[condition->text_count++] = token_copy(r);
    }
    if (condition->text_count % 2 != 0 || condition->text_count == 0)
        complain(r->complaints, gap_place(r), "these come in pairs: add the other one of the pair");
}

static struct name_list *expect_names(struct reader *r, const char *what)
{
    if (is_lexeme(r, WORD))
        return read_names(r);
    complain(r->complaints, gap_place(r), "%s is missing here: found %s", what, token_name(r));
    return NULL;
}

static void read_part(struct reader *r, struct condition *condition, char part)
{
    switch (part) {
    case 'n':
        expect_integer(r, "the number", 0, 9999, &condition->number);
        break;
    case 'd':
        read_demands(r, &condition->demands);
        break;
    case 'k':
        condition->paths = expect_names(r, "a path of the record");
        break;
    case 'b':
        condition->beside = take_word(r, "beside") ? expect_names(r, "a path of the record") : NULL;
        break;
    case 'A':
        condition->against = take_word(r, "against") ? expect_names(r, "a path of the record") : NULL;
        break;
    case 'K':
        if (take_word(r, "against"))
            condition->against = expect_names(r, "a path of the record");
        else
            complain(r->complaints, gap_place(r), "expected 'against' and paths, found %s", token_name(r));
        break;
    case 's':
        read_texts(r, condition);
        break;
    case 'l':
        if (!take_word(r, "lost"))
            break;
        read_part(r, condition, 'x');
        break;
    case 'X':
        if (!is_symbol(r, '('))
            break;
        /* fall through */
    case 'x':
        if (expect_symbol(r, '(', "before the expression")) {
            condition->node = read_choice(r, 0);
            expect_symbol(r, ')', "behind the expression");
        }
        break;
    case 'e':
        condition->name = expect_word(r, "the name of an enumeration");
        break;
    case 'r':
        condition->name = take_word(r, "reads") ? expect_word(r, "the name of a token") : NULL;
        break;
    case 'z':
        condition->zone_names = take_word(r, "in") ? expect_names(r, "a zone") : NULL;
        break;
    case 'w':
        condition->paths = take_word(r, "within") ? expect_names(r, "a path of the record") : NULL;
        break;
    case 'a':
        condition->anywhere = take_word(r, "anywhere");
        break;
    case 'm':
        condition->mend = take_word(r, "mend") ? read_text(r, "") : NULL;
        break;
    default:
        break;
    }
}

static void read_condition(struct reader *r, struct rule *rule)
{
    struct place place = r->token.place;
    const char *word = expect_word(r, "what the rule looks for");
    size_t n = 0;
    if (word == NULL)
        return;
    while (n < predicate_count && strcmp(predicate_rows[n].word, word) != 0)
        n++;
    if (n == predicate_count) {
        struct buffer known = {.arena = &r->grammar->arena};
        for (size_t i = 0; i < predicate_count; i++)
            buffer_format(&known, "%s%s", i == 0 ? "" : ", ", predicate_rows[i].word);
        complain(r->complaints, place, "a rule cannot look for '%s', only for what is %s", word, known.at);
        return;
    }
    struct condition *condition = arena_take(&r->grammar->arena, 1, sizeof *condition);
    *condition = (struct condition){.predicate = (enum predicate)n, .place = place};
    for (const char *part = predicate_rows[n].takes; *part != '\0'; part++)
        read_part(r, condition, *part);
    struct condition **last = &rule->conditions;
    while (*last != NULL)
        last = &(*last)->next;
    *last = condition;
}

static void read_rule_example(struct reader *r, struct rule *rule)
{
    struct text_list **last = &rule->example;
    if (rule->example != NULL)
        complain(r->complaints, r->token.place, "rule '%s' has an example already; a rule has one", rule->id);
    do {
        const char *text = read_text(r, "\n");
        if (text == NULL)
            return;
        *last = arena_take(&r->grammar->arena, 1, sizeof **last);
        (*last)->text = text;
        last = &(*last)->next;
    } while (take_word(r, "and"));
}

static bool read_severity(struct reader *r, struct rule *rule)
{
    static const char *const severities[] = {"note", "warning", "error", "off"};
    struct place place = r->token.place;
    const char *word = expect_word(r, "the severity");
    size_t n = 0;
    while (word != NULL && n < 4 && strcmp(word, severities[n]) != 0)
        n++;
    if (word != NULL && n == 4)
        complain(r->complaints, place, "a rule is an error, a warning or a note, or off; '%s' is none of them", word);
    rule->off = n == 3;
    rule->severity = rule->off ? DEPESHA_NOTE : (depesha_severity)n;
    return word != NULL && n < 4;
}

/* rule ID SEVERITY, and what it looks for; without that it changes the severity, or texts, of the rule of that name. */
static void read_rule(struct reader *r)
{
    struct rule *rule = arena_take(&r->grammar->arena, 1, sizeof *rule);
    rule->place = r->token.place;
    rule->id = expect_word(r, "the rule's name");
    if (rule->id == NULL || !read_severity(r, rule))
        return;
    while (!r->token.at_column_1) {
        if (take_word(r, "when")) {
            read_condition(r, rule);
        } else if (take_word(r, "for")) {
            rule->forms = expect_names(r, "a form");
        } else if (take_word(r, "if")) {
            read_demands(r, &rule->only_if);
        } else if (take_word(r, "unless")) {
            read_demands(r, &rule->unless);
        } else if (take_word(r, "says")) {
            rule->says = read_text(r, " ");
        } else if (take_word(r, "about")) {
            rule->about = read_text(r, " ");
        } else if (take_word(r, "eg")) {
            read_rule_example(r, rule);
        } else {
            complain(r->complaints, r->token.place,
                     "a rule has when, for, if, unless, says, about and eg; %s is none of them", token_name(r));
            return;
        }
    }
    const struct rule *other = find_rule(r->grammar, rule->id);
    bool defines = rule->conditions != NULL;
    if (defines && other != NULL) {
        already(r, "rule", rule->id, rule->place, other->place);
        return;
    }
    if (defines && rule->says == NULL)
        complain(r->complaints, rule->place, "rule '%s' has no message; add a line: says \"text\"", rule->id);
    struct rule **last = defines ? &r->grammar->rules : &r->grammar->adjustments;
    while (*last != NULL)
        last = &(*last)->next;
    *last = rule;
}

static const struct statement {
    const char *keyword;
    void (*read)(struct reader *);
} statements[] = {
    {"grammar", read_grammar},   {"include", read_include}, {"period", read_period}, {"damage", read_damage},
    {"noise", read_noise},       {"prose", read_prose},     {"alike", read_alike},   {"token", read_token},
    {"enum", read_enum},         {"type", read_type},       {"key", read_key},       {"list", read_list},
    {"zone", read_zone},         {"field", read_field},     {"form", read_form},     {"rule", read_rule},
    {"language", read_language}, {"shapes", read_shapes},   {"twins", read_twins},
};

static void read_statement(struct reader *r)
{
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if (is_word(r, statements[i].keyword)) {
            next_token(r);
            if (r->token.at_column_1)
                complain(r->complaints, r->token.place, "'%s' is not followed by anything", statements[i].keyword);
            else
                statements[i].read(r);
            return;
        }
    complain(
        r->complaints, r->token.place,
        "%s begins no statement; statements are grammar, include, period, damage, noise, prose, alike, shapes, twins, "
        "language, token, enum, type, key, list, zone, field, form and rule, and go on in indented lines",
        token_name(r));
    next_token(r);
}

static void read_file(struct reader *outer, struct source *source)
{
    struct reader r = *outer;
    r.source = source;
    r.at = 0;
    struct source **last = &r.grammar->sources;
    while (*last != NULL)
        last = &(*last)->next;
    *last = source;
    if (source->size >= 3 && memcmp(source->text, "\xEF\xBB\xBF", 3) == 0) {
        source->text += 3;
        source->size -= 3;
    }
    uint32_t point;
    for (size_t at = 0, n; at < source->size; at += n)
        if ((n = text_next(source->text, source->size, at, &point)) == 0) {
            complain(r.complaints, (struct place){source, at, 1}, "this byte is not UTF-8; save the grammar as UTF-8");
            return;
        }
    next_token(&r);
    while (r.token.lexeme != END_OF_FILE) {
        size_t before = r.complaints->count;
        read_statement(&r);
        /* What follows a mistake on the statement's lines would only repeat it. */
        if (r.complaints->count > before)
            while (!r.token.at_column_1)
                next_token(&r);
        else if (!r.token.at_column_1) {
            complain(r.complaints, r.token.place, "%s was not expected here; a new statement begins at the margin",
                     token_name(&r));
            while (!r.token.at_column_1)
                next_token(&r);
        }
    }
}

void syntax_read(struct depesha_grammar *grammar, struct source *source, depesha_loader *loader, void *context,
                 struct complaints *complaints)
{
    struct reader r = {.grammar = grammar, .complaints = complaints, .loader = loader, .context = context};
    read_file(&r, source);
    /* The rules that are no knowledge about cables belong to every grammar. */
    size_t size = 0;
    const char *text = depesha_builtin("standard", &size);
    if (text == NULL)
        return;
    struct source *standard = arena_take(&grammar->arena, 1, sizeof *standard);
    const char *name = arena_copy(&grammar->arena, "standard", strlen("standard"));
    *standard = (struct source){.name = name, .text = text, .size = size, .from = source};
    read_file(&r, standard);
}
