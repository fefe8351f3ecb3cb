/*
 * Findings that somebody has accepted, with the reason: in comments of the transcription,
 *
 *     <!-- depesha accept times-order 12: so in the original -->
 *
 * or as lines of a file beside it, FILE.accept: `times-order 12: so in the original`. The place is a line, or in double
 * quotes a text that the finding has; without it all findings of the rule are accepted.
 */
#ifndef DEPESHA_ACCEPT_H
#define DEPESHA_ACCEPT_H

#include "depesha.h"

struct acceptance {
    char *rule, *text; /* owned; text NULL: any */
    size_t place;      /* line of the finding; 0: any */
    size_t line;       /* where it is written ... */
    bool beside;       /* ... in the file beside the input */
    bool used;
};

struct acceptances {
    char *source;  /* the input; owned, as is all below */
    char *sidecar; /* the file beside it */
    struct acceptance *at;
    size_t count, room;
    struct acceptances *next; /* for who keeps some */
};

/*
 * Reads what is accepted of a document that was read from `path` (NULL: nothing is beside it) and is called `name`.
 * False, with a message, if a line of it is not understood, or memory is wanting; what was understood is there.
 */
bool accept_read(struct acceptances *acceptances, const depesha_document *document, const char *path, const char *name);
void accept_free(struct acceptances *acceptances);

/* Whether a finding is accepted; notes which acceptance did it. */
bool accept_takes(struct acceptances *acceptances, const depesha_finding *finding);

#endif
