/*
 * The best way through a document: every place of it in one zone, every line explained by
 * productions or kept as it is. A weighted automaton over the places where something can begin;
 * the grammar's zones are its states, the weights of its productions what it gains.
 */
#ifndef DEPESHA_PATH_H
#define DEPESHA_PATH_H

#include "mark.h"

enum step_kind {
    STEP_START,
    STEP_SWITCH, /* from one zone to another, at one place */
    STEP_MARK,   /* a production */
    STEP_LINE,   /* the rest of a line, unexplained */
    STEP_WORD    /* one word, unexplained */
};

struct step {
    uint32_t start, end; /* bytes of the text; the steps tile it */
    unsigned char kind;  /* enum step_kind */
    unsigned char zone;
    const struct mark *mark; /* of STEP_MARK; ends at or before `end` */
};

struct path {
    struct step *steps;
    size_t count;
    int score;
    struct mark *marks; /* all that were found, by place: what competed */
    size_t mark_count;
};

/* `flat`: a head may stand in the midst of a long line, as where all lines of a page were joined. */
void path_find(struct matcher *matcher, bool flat, struct path *path);

/* Whether lines may have been joined: there are long ones, in a cable that is recognised some with productions in them.
 */
bool path_can_be_flat(const struct matcher *matcher, const struct path *path, bool recognised);

#endif
