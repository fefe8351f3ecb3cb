/*
 * A production, written: the walk from its expression to a text that it matches, with the values that the text was
 * made from. Dates, numbers and codes are chosen first and then put into words; what the words say is read off them.
 */
#ifndef DEPESHA_PHRASE_H
#define DEPESHA_PHRASE_H

#include "invent.h"
#include "mark.h"
#include "value.h"

struct phrase {
    const struct field *field;
    const char *text;
    size_t size;
    struct span *slots;  /* as in a mark of the text: start > end: not filled */
    const char **chosen; /* by slot: the value that was chosen first, or NULL */
    size_t tries;        /* texts that were written */
    size_t unread;       /* of them, those that the production does not match, or not with these slots */
    size_t other;        /* of them, those that read as another value than the chosen one: ambiguous alone */
};

/* What values are chosen from. */
struct choice {
    struct moment moment;          /* of all dates: order and year are the cable's business */
    const struct name_list *order; /* keys of dates that follow one another, half an hour apart */
    const struct key *key;         /* with `code`: the code that this key shall have, or NULL */
    const char *code;
};

/*
 * Writes the field into the scratch arena of the inventor. False if no text came out that the production reads as it
 * was meant; *phrase then has the counts alone.
 */
bool phrase_write(struct inventor *inventor, const struct choice *choice, const struct field *field,
                  struct phrase *phrase);

#endif
