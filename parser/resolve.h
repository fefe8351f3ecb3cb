/* A grammar's statements are tied together: names, slots, keys, zones, and what each production begins with. */
#ifndef DEPESHA_RESOLVE_H
#define DEPESHA_RESOLVE_H

#include "grammar.h"

/* Complains about what is wrong. What does not stand in a built-in grammar is compiled, too. */
void resolve_grammar(struct depesha_grammar *grammar, struct complaints *complaints);

/* Compiles what is not built in, or all. The arena of the complaints takes what that needs. */
void resolve_check(const struct depesha_grammar *grammar, bool all, struct complaints *complaints);

#endif
