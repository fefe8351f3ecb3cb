#include "message.h"

#include "command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINE_SIZE = 8192 };

/* A file's name may hold a line break or an escape sequence; neither may reach the terminal. */
static void make_visible(char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < 0x20 || byte == 0x7f)
            *text = '?';
    }
}

/* Needs no memory, so that it can say that there is none; cuts what is longer than any path. */
__attribute__((format(printf, 2, 0))) static void say(const char *name, const char *format, va_list arguments)
{
    char line[LINE_SIZE];
    int used = snprintf(line, sizeof line, "depesha: %s%s", name ? name : "", name ? ": " : "");
    if (used >= 0 && (size_t)used < sizeof line)
        vsnprintf(line + used, sizeof line - (size_t)used, format, arguments);
    make_visible(line);
    fprintf(stderr, "%s\n", line);
}

void message_say(const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(name, format, arguments);
    va_end(arguments);
}

int message_usage(const char *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(NULL, format, arguments);
    va_end(arguments);
    fprintf(stderr, "Try 'depesha %s%s--help'.\n", command, *command ? " " : "");
    return STATUS_FAILED;
}

void message_lines(const char *text)
{
    while (*text) {
        size_t size = strcspn(text, "\n");
        const char *prefix = size == 0 || text[0] == ' ' || text[0] == '\t' ? "" : "depesha: ";
        fprintf(stderr, "%s%.*s\n", prefix, (int)size, text);
        text += size + (text[size] == '\n');
    }
}
