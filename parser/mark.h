/* Which productions match where. */
#ifndef DEPESHA_MARK_H
#define DEPESHA_MARK_H

#include "grammar.h"
#include "line.h"
#include "text.h"

/* A production that matches at a place. */
struct mark {
    const struct field *field;
    uint32_t start, end;
    struct span *slots; /* as many as the field has; start >= end: not filled */
};

/* What is known of a token at a place: its first end, or that it fails there. */
struct token {
    const struct pattern *leaf;
    size_t at, to, end;
    bool fails;
    bool only; /* it has no other end */
};

/* What a byte may begin. */
enum { BLANK_DAMAGE = 1, BLANK_NOISE = 2, BLANK_WIDE = 4 };

/* Runs patterns over one text, within the limits. Belongs to one thread. */
struct matcher {
    const struct depesha_grammar *grammar;
    const struct text *text;
    const struct lines *lines;
    struct arena *own;   /* what the matcher itself needs */
    struct arena *arena; /* for what is made of what it finds: at first the same */
    pcre2_match_data *data;
    uint32_t groups; /* that `data` has room for */
    pcre2_match_context *limits;
    bool has_stack;
    struct tries *tries;
    struct span *slots; /* by mark_try */
    size_t slot_room;
    const struct field **found;   /* by mark_find */
    const struct field *exceeded; /* the last production that reached a limit */
    size_t exceeded_at;
    struct token *tokens; /* by place and token, the last of each */
    struct {
        size_t *at, count, room, from, most;
        bool wanted;           /* else the first one is enough */
    } ends;                    /* of tokens */
    unsigned char blanks[256]; /* what each byte may begin */
};

void matcher_open(struct matcher *matcher, struct arena *arena, const struct depesha_grammar *grammar,
                  const struct text *text);

/* The lines of the text, and what kind of lines they are. */
void matcher_lines(struct matcher *matcher, struct lines *lines);

/*
 * Matches from `from` on, not beyond `to`; where is a matter of the pattern's kind. Groups are read with
 * matcher_group. False where there is no match, or a limit was reached.
 */
bool matcher_match(struct matcher *matcher, const struct pattern *pattern, size_t from, size_t to, struct span *span);
/*
 * The same anywhere in a text that may be long: PCRE2 looks beforehand whether a letter that it needs is there at all,
 * again for each place and up to the end.
 */
bool matcher_search(struct matcher *matcher, const struct pattern *pattern, size_t from, size_t to, struct span *span);
bool matcher_run(struct matcher *matcher, const pcre2_code *code, size_t from, size_t to, struct span *span);
/* Group n of the last match; start > end where it took no part. */
struct span matcher_group(const struct matcher *matcher, size_t n);

/* What is known of a token at a place, or the room for it: what is there may be of another. Until the next call. */
struct token *matcher_token(struct matcher *matcher, const struct pattern *leaf, size_t at, size_t to);

/* The offset behind the blank at `at`; `at`, if there is none. */
size_t matcher_blank(const struct matcher *matcher, size_t at, size_t to);

/* The offset behind blanks, damage and noise, at most `to`. */
size_t matcher_lead(struct matcher *matcher, size_t from, size_t to);

/*
 * Tries one production at one place of a line, which may be several lines that were joined if it is `flat`. The slots
 * are valid until the next call.
 */
bool mark_try(struct matcher *matcher, const struct field *field, size_t at, size_t to, bool flat, struct mark *mark);

/*
 * The productions of a gate (automaton.h) that can match at a place, in the order of the grammar. Nothing of them may
 * lie beyond `to`. Valid until the next call.
 */
const struct field *const *mark_find(struct matcher *matcher, size_t gate, size_t at, size_t to, bool flat,
                                     size_t *count);

/* How far a production may look from a place of a line: some lines on. */
size_t mark_horizon(const struct matcher *matcher, size_t line, size_t at);

/* Whether a line begins here, or a column: behind a tab, a bar, or three blanks and more. */
bool begins_cell(const struct matcher *matcher, size_t line, size_t at);

/* Whether a word begins, or one ends and another may begin, at this offset. */
bool at_boundary(const struct text *text, size_t offset);

#endif
