/* Expressions become PCRE2 patterns. */
#ifndef DEPESHA_PATTERN_H
#define DEPESHA_PATTERN_H

#include "grammar.h"

/* Resolves names and compiles everything that the grammar holds. Complains about what cannot be. */
void pattern_compile_all(struct depesha_grammar *grammar, struct complaints *complaints);

/*
 * The pattern of the first `count` elements of a field, for explanations: how far does it get?
 * NULL if it does not compile. `elements` is how many there are. Owned by the caller (pcre2_code_free).
 */
pcre2_code *pattern_prefix(const struct depesha_grammar *grammar, struct arena *arena, const struct field *field,
                           size_t count);
size_t pattern_elements(const struct field *field);

/* An expression as the grammar language writes it. */
void pattern_print(struct buffer *buffer, const struct node *node);

/* A match context with the limits that every match has. Owned by the caller. NULL without memory. */
pcre2_match_context *pattern_limits(void);

#endif
