/*
 * A production followed along a text, element by element, as its pattern would match: the same alternatives in the same
 * order, and the same slots. PCRE2 is asked for the tokens alone; what one production has learned of a token at a place
 * the next ones are told.
 */
#ifndef DEPESHA_WALK_H
#define DEPESHA_WALK_H

#include "mark.h"

/* LOST: the way is too long, or leads through what only PCRE2 knows; the production's whole pattern has to be asked. */
enum walked { WALK_FAILED, WALK_MATCHED, WALK_LOST };

/* Sets up what a field's walk needs, once the field is resolved. */
void walk_prepare(struct depesha_grammar *grammar, struct field *field);

/*
 * Follows a field from `at` on, not beyond `to`; `slots` has room for its slots and is filled (start > end: not taken
 * part). A limit that a token reaches is a failure, and told in matcher->exceeded_at.
 */
enum walked walk_field(struct matcher *matcher, const struct field *field, size_t at, size_t to, struct span *slots,
                       size_t *end);

#endif
