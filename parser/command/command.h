/*
 * What the commands have in common: how each is called and how it ends.
 */
#ifndef DEPESHA_COMMAND_H
#define DEPESHA_COMMAND_H

/* Exit statuses. The worse of two is the greater. */
enum { STATUS_GOOD = 0, STATUS_DOUBTFUL = 1, STATUS_FAILED = 2 };

/* Each takes what follows its name on the command line, in `words`, and returns an exit status. */
int command_parse(int count, char **words);
int command_check(int count, char **words);
int command_explain(int count, char **words);
int command_grammar(int count, char **words);
int command_generate(int count, char **words);

#endif
