/*
 * The inputs of a run: files and "-" as they were given, and the text files of directories.
 *
 * A directory is walked to its ends; its files come in the byte order of their paths. Left out are
 * hidden ones, those whose name says that they are no text, pipes and devices. Symbolic links to
 * files are read, those to directories are not followed, so that no loop can arise.
 */
#ifndef DEPESHA_INPUTS_H
#define DEPESHA_INPUTS_H

#include <stdbool.h>
#include <stddef.h>

struct paths {
    char **at; /* owned, each and all */
    size_t count, room;
};

struct inputs {
    /* settings */
    const char *list; /* a file that names inputs, one a line; NULL: none */
    bool null;        /* between NULs, instead */
    bool flat;        /* directories are inputs as they are */

    struct paths files;
    bool failed; /* a directory could not be read, or had nothing in it; a message has said so */
};

/*
 * What the list names, then the `count` operands of a command; without any of both, "-". False, with a
 * message, without memory.
 */
bool inputs_list(struct inputs *inputs, size_t count, char **operands);
void inputs_free(struct inputs *inputs);

/* What an input is called in records and messages: valid UTF-8, malloc'ed. NULL without memory. */
char *inputs_name(const char *path);

/* The same for a name that is no path: "-" is itself. */
char *inputs_visible(const char *name);

/* False if the name says that the file is no text, or hidden. */
bool inputs_seems_text(const char *path);

#endif
