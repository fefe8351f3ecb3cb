/* Rules: what a grammar can ask of a document, and what a user is told about it. */
#ifndef DEPESHA_RULE_H
#define DEPESHA_RULE_H

#include "grammar.h"

/*
 * A predicate as the grammar language writes it. Each letter of `takes` is a part, in order: n a number, d demands,
 * k paths, K `against` paths, A perhaps such, b perhaps `beside` paths, s strings in pairs, x an expression in
 * brackets, X perhaps one, e the name of an enumeration, r perhaps `reads` and a token, z perhaps `in` zones, w perhaps
 * `within` paths, m perhaps `mend` "text". `tells` are the words in braces that the message may use.
 */
struct predicate_row {
    const char *word, *takes, *tells;
};

/* By enum predicate. */
extern const struct predicate_row predicate_rows[];
extern const size_t predicate_count;

/* Whether a message has a word in braces that none of the rule's predicates tells; *word is it. */
bool rule_tells_too_much(struct arena *arena, const struct rule *rule, const char **word);

/* The words of an enumeration as far as they are plain. */
const struct wording *rule_words(struct arena *arena, const struct definition *enumeration);

/* One word in braces, and what it stands for. */
struct telling {
    const char *word, *text;
};

/* The message with its words in braces replaced. `tellings` end with a NULL. */
const char *rule_message(struct arena *arena, const char *says, const struct telling *tellings);

/* Whether a rule finds its example: NULL, or what is wrong. */
const char *rule_try(const struct depesha_grammar *grammar, const struct rule *rule, struct arena *arena);

#endif
