/* The states of an automaton as tables of numbers. */
#ifndef DEPESHA_FREEZE_H
#define DEPESHA_FREEZE_H

#include "automaton.h"
#include "frozen.h"

/*
 * Writes down the states that texts have reached, and as many others as make `most` with them: where most productions
 * are still open, or with `evenly` those that are nearest to the gates, which are all opened. The tables are the
 * arena's.
 */
void freeze(struct automaton *automaton, size_t field_count, size_t most, bool evenly, struct arena *arena,
            struct frozen *frozen);

#endif
