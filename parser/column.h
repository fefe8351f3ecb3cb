/*
 * Columns of print that stand side by side, as `pdftotext -layout` leaves them: each line has a piece of the left
 * column and one of the right. They are read one after the other.
 */
#ifndef DEPESHA_COLUMN_H
#define DEPESHA_COLUMN_H

#include "text.h"

/*
 * Puts the columns of *text, where prose stands in two for some lines, one below the other. Offsets of the new text
 * lead to the source as if its bytes stood in that order too; *order leads on to where they are. Without columns *text
 * stays as it is, and the order is empty. Leaves by the arena if there is no memory.
 */
void columns_read(struct arena *arena, struct text *text, struct order *order);

#endif
