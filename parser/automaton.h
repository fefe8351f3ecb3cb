/*
 * Which productions can match at a place: one automaton reads the characters from there on and follows all productions
 * at once. It never leaves out one that matches, and lets few pass that do not; PCRE2 has the last word. Its states are
 * made when a text first needs them and are kept in the grammar, for all threads.
 */
#ifndef DEPESHA_AUTOMATON_H
#define DEPESHA_AUTOMATON_H

#include "grammar.h"

/* The productions that are asked for: those of any zone, of one, or those that are read in the values of a key. */
size_t gate_any(bool at_start);
size_t gate_zone(size_t zone, bool at_start);
size_t gate_key(const struct key *key);

/* To be called once all is resolved. Freed with the grammar. `ready`: with the states that lie ready (frozen.h). */
void automaton_open(struct depesha_grammar *grammar, bool ready);

/*
 * Writes to `found` the productions of a gate that can match at `at`, in the order of the grammar; `found` has room for
 * all fields. Matches see nothing beyond `to`. False without memory. Any number of threads may call it at once.
 */
bool automaton_find(struct automaton *automaton, size_t gate, const char *text, size_t at, size_t to,
                    const struct field **found, size_t *count);

/* Whether it shows soon, before `to`, that none of a gate's productions matches at `at`. In running text, mostly. */
bool automaton_fails(const struct automaton *automaton, size_t gate, const char *text, size_t at, size_t to);

/*
 * For who writes an automaton down (frozen.h). States are known by links: 4 times a number from 1 on, and what must be
 * known of it; letters by their numbers. 0 is none, for what is not made yet, or has no memory or no room.
 */
size_t automaton_gates(const struct automaton *automaton);
size_t automaton_states(const struct automaton *automaton);
uint32_t automaton_state(const struct automaton *automaton, size_t n);
uint32_t automaton_start(struct automaton *automaton, size_t gate, bool make);
size_t automaton_letter(struct automaton *automaton, uint32_t character);
uint32_t automaton_character(const struct automaton *automaton, size_t letter);
uint32_t automaton_next(struct automaton *automaton, uint32_t link, size_t letter, bool make);

/* What has matched on the way to a state, or may still do so (`alive`), as automaton_find has it. False without memory.
 */
bool automaton_yields(struct automaton *automaton, uint32_t link, bool alive, const struct field **found,
                      size_t *count);

/* An automaton whose gates are single productions, by their numbers. The grammar's own one takes it along. */
struct automaton *automaton_single(struct depesha_grammar *grammar);

#endif
