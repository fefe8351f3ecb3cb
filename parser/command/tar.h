/*
 * The files in a tar archive, plain or compressed, one after the other; "-" is standard input.
 *
 * libarchive reads them. It is loaded when the first archive is opened: it brings many libraries
 * along, which would cost every run more than reading a cable does.
 */
#ifndef DEPESHA_TAR_H
#define DEPESHA_TAR_H

#include "task.h"

struct tar;

/* For a list of features: ", libarchive", or "" if the command was built without it. Static. */
const char *tar_feature(void);

/* NULL, and the task has failed. */
struct tar *tar_open(const char *path, struct task *task);

/*
 * Names the task after the next file that may be a text (ARCHIVE/MEMBER, or MEMBER from standard
 * input), and gives it its bytes. False at the end. An archive that is damaged, and a file of more
 * than `limit` bytes, fail the task.
 */
bool tar_next(struct tar *tar, size_t limit, struct task *task);

void tar_close(struct tar *tar);

#endif
