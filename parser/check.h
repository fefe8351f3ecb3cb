/* Findings: each predicate of a rule is a function that looks at one record. */
#ifndef DEPESHA_CHECK_H
#define DEPESHA_CHECK_H

#include "document.h"
#include "rule.h"
#include "word.h"

enum { MAX_FINDINGS = 64 }; /* of one rule in one record: more say nothing new */

/* One rule at work on one record. */
struct finder {
    struct depesha_document *d;
    struct record *record;
    const struct rule *rule;
    const struct condition *condition;
    struct span span;            /* of the record, in the text as it is */
    size_t count;                /* of the rule's findings */
    struct buffer *word;         /* room for one */
    const struct form *untimely; /* the form that the record would have but for its years, or NULL */
};

/*
 * A finding, unless the rule has enough; `tellings` end with a NULL. `mend` may be NULL. The span is of the text that
 * productions have matched, or for find_shown of the text as it is.
 */
void find(struct finder *f, struct span span, const char *mend, const struct telling *tellings);
void find_shown(struct finder *f, struct span span, const char *mend, const struct telling *tellings);

/* The text as it is that a value or the like stands for; and the other way. */
struct span shown_span(const struct finder *f, struct span span);
size_t matched_offset(const struct finder *f, size_t shown);

/* A stretch of the text as it is, blanks folded. */
const char *shown_text(struct finder *f, struct span span);

/* Matches a pattern in the text as it is, anywhere between two offsets. */
bool match_shown(struct finder *f, const struct pattern *pattern, struct span span, struct span *found);

/* The line of an offset, as a text. */
const char *line_text(struct finder *f, size_t offset);

/* Whether some rule has found something there already, in the text as it is. */
bool is_found(const struct finder *f, struct span span);

/* Days from a fixed day; false if the day is not known. */
bool moment_days(const struct moment *moment, long *days);
bool value_days(const struct value *value, long *days);

/* compare.c: values among themselves */
void find_disordered(struct finder *f);
void find_outside(struct finder *f);
void find_missing(struct finder *f);
void find_apart(struct finder *f);
void find_different(struct finder *f);
void find_reversed(struct finder *f);
void find_unequal(struct finder *f);
void find_above(struct finder *f);
void find_repeated(struct finder *f);
void find_respelled(struct finder *f);
void find_uncertain(struct finder *f);

/* scan.c: the text */
void find_unclosed(struct finder *f);
void find_nearly(struct finder *f);
void find_expression(struct finder *f);
void find_bracketed(struct finder *f);
void find_damaged(struct finder *f);
void find_mixed(struct finder *f);
void find_unexplained(struct finder *f);
void find_repaired(struct finder *f);

#endif
