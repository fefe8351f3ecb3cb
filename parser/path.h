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
    STEP_LINE,   /* unexplained: the rest of a line, and perhaps whole lines behind it */
    STEP_WORD,   /* one word, unexplained: only while a way is searched for */
    STEP_TEXT,   /* the cable's text, in which no production matches (tree.c) */
    STEP_JOINED, /* as STEP_LINE, and what comes first goes on with the passage before (tree.c) */
    STEP_NOISE   /* what is skipped before an unexplained line (tree.c) */
};

struct step {
    uint32_t start, end; /* bytes of the text; the steps tile it */
    unsigned char kind;  /* enum step_kind */
    unsigned char zone;
    struct mark mark; /* of STEP_MARK; ends at or before `end` */
};

/* Steps in a few bytes each. */
struct path {
    unsigned char *at;
    size_t size, room;
    int score;
    struct step run; /* the last step, as long as it may grow: an unexplained one... */
    bool runs;       /* ...if there is one */
};

/* Adds a step; unexplained ones of one zone that follow one another become one. */
void path_add(struct arena *arena, struct path *path, const struct step *step);
/* To be called behind the last one. */
void path_end(struct arena *arena, struct path *path);

/* Reads steps in their order. A copy of it is another reader, from the same place on. */
struct path_reader {
    const struct depesha_grammar *grammar;
    const unsigned char *first, *at, *end;
    uint32_t offset;    /* of the next step */
    struct span *slots; /* room for those of a mark; NULL: they are left out */
};

/* `at` bytes from the path's beginning, where a step begins at `offset` of the text: both 0 for all of it. */
struct path_reader path_from(const struct path *path, const struct depesha_grammar *grammar, size_t at, uint32_t offset,
                             struct span *slots);
static inline size_t path_place(const struct path_reader *reader)
{
    return (size_t)(reader->at - reader->first);
}

/* The next step; false at the end. */
bool path_next(struct path_reader *reader, struct step *step);

/* Marks that were found, by place; their slots are not kept. */
struct marks {
    struct mark *at;
    size_t count, room;
};

/*
 * `flat`: a head may stand in the midst of a long line, as where all lines of a page were joined. The path lies in
 * matcher->arena, and what the search needs in `work`, which is emptied. What competed goes to *rivals, if it is not
 * NULL.
 */
void path_find(struct matcher *matcher, bool flat, struct arena *work, struct marks *rivals, struct path *path);

/* Whether lines may have been joined: there are long ones, in a cable that is recognised some with productions in them.
 */
bool path_can_be_flat(const struct matcher *matcher, const struct path *path, bool recognised);

#endif
