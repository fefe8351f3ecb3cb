/*
 * Messages for people, on standard error: "depesha: NAME: what is wrong: what to do".
 */
#ifndef DEPESHA_MESSAGE_H
#define DEPESHA_MESSAGE_H

/* One line about `name`, or about nothing in particular if that is NULL. */
void message_say(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* One line about a wrong call of `command` ("parse", "" for none), and where its help is. Returns STATUS_FAILED. */
int message_usage(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The lines of a text of the library. Indented ones belong to the line before them. */
void message_lines(const char *text);

#endif
