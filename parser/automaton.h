/*
 * Which productions can match at a place: one automaton reads the characters from there on and follows all productions
 * at once. It never leaves out one that matches, and lets few pass that do not; PCRE2 has the last word. Its states are
 * made when a text first needs them and are kept in the grammar, for all threads.
 */
#ifndef DEPESHA_AUTOMATON_H
#define DEPESHA_AUTOMATON_H

#include "grammar.h"

/* The productions that are asked for: those of any zone, or of one. */
size_t gate_any(bool at_start);
size_t gate_zone(size_t zone, bool at_start);

/* To be called once all is resolved. Freed with the grammar. */
void automaton_open(struct depesha_grammar *grammar);

/*
 * Writes to `found` the productions of a gate that can match at `at`, in the order of the grammar; `found` has room for
 * all fields. Matches see nothing beyond `to`. False without memory. Any number of threads may call it at once.
 */
bool automaton_find(struct automaton *automaton, size_t gate, const char *text, size_t at, size_t to,
                    const struct field **found, size_t *count);

#endif
