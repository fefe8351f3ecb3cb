/*
 * What the command does not need it gives up before it reads foreign text, so that a fault in reading cannot become
 * more: with Landlock (Linux 5.13) it may still read files, but write only in the folders of its outputs, start no
 * program, open no TCP connection (6.7) and signal no other process (6.12).
 */
#ifndef DEPESHA_SANDBOX_H
#define DEPESHA_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

/*
 * To be called before there are other threads. Beside `output` (NULL: none) and each of the files, such as are or will
 * be made, files may still be made and replaced. False where the kernel has no Landlock: then nothing is given up.
 */
bool sandbox_enter(const char *output, char *const *files, size_t count);

#endif
