/* The grammar language: from the text of a file to statements. docs/grammar.md describes it. */
#ifndef DEPESHA_SYNTAX_H
#define DEPESHA_SYNTAX_H

#include "grammar.h"

/* Reads the file and those it includes into `grammar`. Complains about everything it finds wrong. */
void syntax_read(struct depesha_grammar *grammar, struct source *source, depesha_loader *loader, void *context,
                 struct complaints *complaints);

#endif
