/*
 * Findings for the eye: the message in the width of the terminal, the line it is about, and a mark below the place.
 */
#ifndef DEPESHA_TERMINAL_H
#define DEPESHA_TERMINAL_H

#include "report.h"

/* How many columns a terminal has: what it says itself, or COLUMNS, or 80. */
size_t terminal_columns(int descriptor);

void terminal_show(struct report *report, const struct shown *shown);

#endif
