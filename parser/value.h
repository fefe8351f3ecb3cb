/* Captured texts become values: typed, normalised, with the place they came from. */
#ifndef DEPESHA_VALUE_H
#define DEPESHA_VALUE_H

#include "mark.h"

/* A date, perhaps with a time; a field that is not known is -1. */
struct moment {
    int year, month, day, hour, minute;
    /* "5/6/50": which of the first two numbers is the day. OPEN: either may be. PLAIN: there is no question. */
    enum { ORDER_PLAIN, ORDER_DAY_FIRST, ORDER_MONTH_FIRST, ORDER_OPEN } order;
};

/* The same in few bytes. */
struct packed_moment {
    int year : 24, month : 8;
    int day : 8, hour : 8, minute : 8;
    unsigned order : 8;
};

struct value {
    const struct key *key;
    const char *text;            /* normalised */
    struct span span;            /* bytes of the text */
    struct packed_moment moment; /* of a date */
    uint32_t entry;              /* of the list that it is in */
    uint32_t field : 23;         /* its index */
    uint32_t depth : 3;          /* how many values it was read inside of */
    uint32_t weak : 1;           /* as its field is */
    uint32_t inferred : 1;       /* part of a date is that of another one... */
    uint32_t undated : 1;        /* ...namely its day */
    uint32_t open : 1;           /* which of its numbers is the day */
    uint32_t mended : 1;         /* it was read in words that were mended... */
    uint32_t digits : 1;         /* ...even in digits */
};

/* 0 to 1. */
double value_certainty(const struct depesha_grammar *grammar, const struct value *value);

static inline struct moment value_moment(const struct value *value)
{
    const struct packed_moment *m = &value->moment;
    return (struct moment){m->year, m->month, m->day, m->hour, m->minute, m->order};
}

/* Something captured that makes no value. */
struct misreading {
    const struct key *key;
    struct span span;
    const char *why;
};

/* Two values for a key that has one: the first is kept. */
struct conflict {
    size_t kept; /* index of the value */
    struct span span;
    const char *text;
};

enum { TEXTS_HELD = 64, CODES_HELD = 64 };

struct values {
    struct value *at;
    size_t count, room;
    struct misreading *wrong;
    size_t wrong_count, wrong_room;
    struct conflict *conflicts;
    size_t conflict_count, conflict_room;
    size_t *lengths;               /* of each list of the grammar, and... */
    size_t *before;                /* ...as they were before a mark */
    uint32_t *held;                /* of each key without a list: its first value and 1, rather one that is not weak */
    uint32_t codes[CODES_HELD];    /* codes of lists that were met last: the value and 1 */
    const char *texts[TEXTS_HELD]; /* texts that were met last: equal ones are kept once */
    char *pool;                    /* where the next ones go */
    size_t pool_left;
    struct buffer words[2];    /* room for a text that is being made */
    const struct value *outer; /* the value that is read inside of, or NULL: what it yields for its list is beside it */
    unsigned char depth;       /* of the values that are added now */
};

void values_open(struct values *values, struct matcher *matcher);

/* Adds what a mark's slots yield. Entries of lists count on from those that are there. */
void values_add(struct values *values, struct matcher *matcher, const struct mark *mark);

/* Weak values beside others go, missing years are taken from the other dates, entries of lists are counted. */
void values_settle(struct values *values, struct matcher *matcher);

/* The path of a value in the record, as a JSON Pointer. */
const char *value_pointer(struct arena *arena, const struct value *value);

/* The next word of a text between blanks, from *at on, which moves behind it; false if there is none. */
bool next_word(const char *text, size_t size, size_t *at, struct span *word);

/* The first value of a key, or NULL. */
const struct value *values_find(const struct values *values, const char *path);

/* Reads a date by a token with parts. NULL, or why it is none. */
const char *moment_read(struct matcher *matcher, const struct definition *reader, struct span span,
                        struct moment *moment);

/* EDTF of a moment. */
const char *moment_text(struct arena *arena, const struct moment *moment);
/* Orders two moments by what both know: below, at or above 0. */
int moment_compare(const struct packed_moment *a, const struct packed_moment *b);

/* Text of a span with breaks and blanks folded to one blank, and trimmed. */
const char *folded(struct matcher *matcher, struct span span);

#endif
