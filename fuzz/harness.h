/*
 * What the fuzzers share. A harness is a file with LLVMFuzzerTestOneInput, as libFuzzer, AFL++ and replay.c call it;
 * it ends the process if something that must always hold does not.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include "depesha.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* The built-in grammar, compiled once. */
const depesha_grammar *harness_grammar(void);

/* The input as a document, the grammar's reading of it. Freed with depesha_document_free. */
depesha_document *harness_parse(const uint8_t *bytes, size_t size);

/* Ends the process with a message unless it holds. */
void harness_require(bool holds, const char *what);

bool harness_is_utf8(const char *text, size_t size);

#endif
