/* Expressions become PCRE2 patterns, each when it is first needed. */
#ifndef DEPESHA_PATTERN_H
#define DEPESHA_PATTERN_H

#include "grammar.h"

/* To be called once all statements are read, before the first pattern_add. */
void pattern_open(struct depesha_grammar *grammar);

/* Sets up a pattern. Nothing is compiled yet. */
void pattern_add(struct depesha_grammar *grammar, struct pattern *pattern, enum pattern_kind kind,
                 const struct node *node);

/*
 * The compiled pattern. On first use it is compiled, with `arena` for what that needs; threads that do so
 * at once all get the same. Valid as long as the grammar. Not for PATTERN_NONE.
 */
const struct compiled *pattern_compiled(const struct depesha_grammar *grammar, const struct pattern *pattern,
                                        struct arena *arena);

/* Counts tries of a pattern; one that is tried much becomes machine code. */
void pattern_tried(const struct depesha_grammar *grammar, struct cell *cell, unsigned tries);

/* What PCRE2 is given. */
const char *pattern_text(const struct depesha_grammar *grammar, const struct pattern *pattern, struct arena *arena);

/*
 * Whether PCRE2 accepts a /pattern/ of an expression, alone and within others; else its reason, and where.
 * And whether it has groups of its own that capture, which would be taken for slots.
 */
bool pattern_reads(const struct depesha_grammar *grammar, const struct node *node, struct arena *arena, int *error,
                   size_t *offset, bool *captures);

/* A pattern for one character and nothing else. NULL if PCRE2 refuses it. Owned by the caller (pcre2_code_free). */
pcre2_code *pattern_single(const struct depesha_grammar *grammar, struct arena *arena, const char *text, size_t size,
                           bool caseless);

/* The group of characters that are alike to the one at `at`, or NULL. */
const char *pattern_alike(const struct depesha_grammar *grammar, const char *at, size_t size);

/*
 * The pattern of the first `count` elements of a field, for explanations: how far does it get?
 * NULL if it does not compile. `elements` is how many there are. Owned by the caller (pcre2_code_free).
 */
pcre2_code *pattern_prefix(const struct depesha_grammar *grammar, struct arena *arena, const struct field *field,
                           size_t count);
size_t pattern_elements(const struct field *field);

/* The pattern of an expression over a whole text; that of a part of a /pattern/. NULL as above; owned by the caller. */
pcre2_code *pattern_whole(const struct depesha_grammar *grammar, struct arena *arena, const struct node *node);
pcre2_code *pattern_alone(const struct depesha_grammar *grammar, struct arena *arena, const char *text, size_t size,
                          bool caseless);

/* An expression as the grammar language writes it. */
void pattern_print(struct buffer *buffer, const struct node *node);

/* A match context with the limits that every match has, and room for the groups of a match; NULL without memory. */
pcre2_match_context *pattern_limits(const struct depesha_grammar *grammar);
pcre2_match_data *pattern_room(const struct depesha_grammar *grammar, uint32_t groups);

#endif
