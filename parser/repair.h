/* Words of labels that a scan or a typist has damaged, mended for matching; what is shown stays as it is. */
#ifndef DEPESHA_REPAIR_H
#define DEPESHA_REPAIR_H

#include "path.h"

struct repairs {
    struct span *at; /* bytes of the mended text, rising */
    size_t count, room;
};

/*
 * Mends words in what a path leaves unexplained, but for prose: words that are nearly one of the grammar, letters
 * that stand for digits in numbers, letters typed apart. False if there is nothing to mend; else *mended is the new
 * text and *repairs says where it was changed. Both lie in matcher->arena; `work` is emptied.
 */
bool repair_text(const struct matcher *matcher, const struct path *path, struct arena *work, struct text *mended,
                 struct repairs *repairs);

/* Whether a stretch of the mended text, bytes, was changed; with `digits`, whether a digit in it stands for a letter.
 */
bool repairs_touch(const struct repairs *repairs, const struct text *mended, size_t start, size_t end, bool digits);

#endif
