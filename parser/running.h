/* Running heads and page numbers, which a page break leaves in the middle of the text. */
#ifndef DEPESHA_RUNNING_H
#define DEPESHA_RUNNING_H

#include "text.h"

/*
 * Empties the lines at the top and at the foot of pages (form feeds part them) that count the pages: one number after
 * the other, on three pages or more, or on two if at least three words stand beside the number on both. (Left and right
 * pages may have words of their own.) Their bytes belong to what stands before them. Leaves by the arena if there is no
 * memory.
 */
void running_drop(struct arena *arena, struct text *text);

#endif
