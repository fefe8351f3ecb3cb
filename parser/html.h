/* A web page as it was saved -> the text that it shows, line by line. */
#ifndef DEPESHA_HTML_H
#define DEPESHA_HTML_H

#include "text.h"

/* Whether the text is the source of a web page, or a part of one: it says so, or much of it is tags. */
bool html_is(const struct text *text);

/*
 * Puts what the page shows in the place of *text: blocks, rows and <br> begin lines, cells are parted by a
 * tab, blanks fold as in a browser, references such as &eacute; become characters; scripts, styles, the head and
 * navigation are dropped. All offsets still lead to the bytes of the page. Returns NULL, or why the page
 * could not be read (then *text is as it was). Leaves by the arena if there is no memory.
 */
const char *html_read(struct arena *arena, struct text *text);

#endif
