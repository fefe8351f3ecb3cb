/* What the matches of a production can begin with: so that most need not be tried. */
#ifndef DEPESHA_OPENING_H
#define DEPESHA_OPENING_H

#include "grammar.h"

/* Finds it out from the expressions. Never narrower than what the pattern matches. */
void opening_of_field(struct depesha_grammar *grammar, struct field *field);

/* Whether a match can begin at `at`, which lies before `size`. */
bool opening_allows(const struct depesha_grammar *grammar, const struct opening *opening, const char *text, size_t size,
                    size_t at);

#endif
