#include "options.h"

#include "command.h"
#include "message.h"
#include "output.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_GUESS = 32, FARTHEST_GUESS = 2 };

/* How many bytes must be put in, left out or changed. Both are shorter than LONGEST_GUESS. */
static size_t distance(const char *a, const char *b)
{
    size_t row[LONGEST_GUESS + 1];
    size_t width = strlen(b);
    for (size_t j = 0; j <= width; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            size_t best = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[width];
}

void guess_try(struct guess *guess, const char *candidate)
{
    size_t size = strlen(guess->word);
    if (size < 2 || size >= LONGEST_GUESS || strlen(candidate) >= LONGEST_GUESS)
        return;
    bool begun = strncmp(guess->word, candidate, size) == 0;
    size_t far = begun ? 0 : distance(guess->word, candidate);
    if (far > FARTHEST_GUESS || far >= size || (guess->best && far >= guess->distance))
        return;
    guess->best = candidate;
    guess->distance = far;
}

static int say_unknown(const struct usage *usage, const char *word, const char *name)
{
    struct guess guess = {.word = name};
    for (const struct option_row *row = usage->options; row->name; row++)
        guess_try(&guess, row->name);
    if (guess.best)
        return message_usage(usage->command, "unknown option '%s': did you mean '--%s'?", word, guess.best);
    return message_usage(usage->command, "unknown option '%s'", word);
}

/* "json, ndjson or leaves" */
static void join(const char *const *choices, char *text, size_t room)
{
    size_t used = 0;
    for (size_t i = 0; choices[i] && used < room; i++) {
        const char *gap = i == 0 ? "" : choices[i + 1] ? ", " : " or ";
        int more = snprintf(text + used, room - used, "%s%s", gap, choices[i]);
        used += more < 0 ? room : (size_t)more;
    }
}

static bool set_choice(const struct usage *usage, const struct option_row *row, const char *value)
{
    for (size_t i = 0; row->choices[i]; i++) {
        if (strcmp(value, row->choices[i]) == 0) {
            *(size_t *)row->variable = i;
            return true;
        }
    }
    char all[256] = "";
    join(row->choices, all, sizeof all);
    message_usage(usage->command, "unknown %s '%s': it is one of %s", row->name, value, all);
    return false;
}

static size_t unit_of(const char *suffix)
{
    static const char letters[] = "KMG";
    const char *letter = *suffix ? strchr(letters, toupper((unsigned char)*suffix)) : NULL;
    if (*suffix == 0)
        return 1;
    return letter && suffix[1] == 0 ? (size_t)1 << (10 * (letter - letters + 1)) : 0;
}

static bool set_number(const struct usage *usage, const struct option_row *row, const char *value)
{
    char *rest = NULL;
    errno = 0;
    unsigned long long number = isdigit((unsigned char)*value) ? strtoull(value, &rest, 10) : 0;
    size_t unit = rest ? unit_of(rest) : 0;
    if (row->kind == OPTION_NUMBER && unit != 1)
        unit = 0;
    if (number == 0 || unit == 0 || errno == ERANGE || number > SIZE_MAX / 4 / unit) {
        const char *wanted = row->kind == OPTION_SIZE ? "bytes, such as 1000000, 64K, 256M or 1G" : "1, 2, 3 ...";
        message_usage(usage->command, "bad value '%s' of --%s: it counts %s", value, row->name, wanted);
        return false;
    }
    *(size_t *)row->variable = (size_t)number * unit;
    return true;
}

static bool set_value(const struct usage *usage, const struct option_row *row, const char *value)
{
    switch (row->kind) {
    case OPTION_TEXT:
        *(const char **)row->variable = value;
        return true;
    case OPTION_NUMBER:
    case OPTION_SIZE:
        return set_number(usage, row, value);
    case OPTION_CHOICE:
        return set_choice(usage, row, value);
    case OPTION_FLAG:
        *(bool *)row->variable = true;
        return true;
    }
    return false;
}

/* The words that are still to be read. */
struct words {
    char **next, **end;
};

/* Sets an option whose value is `value`, or else the next word. `written` is the option as it stands. */
static bool take(const struct usage *usage, const struct option_row *row, const char *written, const char *value,
                 struct words *words)
{
    if (!value && row->kind != OPTION_FLAG) {
        if (words->next == words->end) {
            message_usage(usage->command, "option '%s' needs a value", written);
            return false;
        }
        value = *words->next++;
    }
    return set_value(usage, row, value);
}

static bool read_long(const struct usage *usage, char *word, struct words *words)
{
    char *value = strchr(word, '=');
    if (value)
        *value++ = 0;
    for (const struct option_row *row = usage->options; row->name; row++) {
        if (strcmp(word + 2, row->name) != 0)
            continue;
        if (value && row->kind == OPTION_FLAG) {
            message_usage(usage->command, "option '%s' takes no value", word);
            return false;
        }
        return take(usage, row, word, value, words);
    }
    say_unknown(usage, word, word + 2);
    return false;
}

/* "-x", "-xy" where x is a flag, "-xVALUE" where it is not. */
static bool read_short(const struct usage *usage, const char *word, struct words *words)
{
    for (const char *at = word + 1; *at; at++) {
        const struct option_row *row = usage->options;
        while (row->name && row->letter != *at)
            row++;
        if (!row->name) {
            say_unknown(usage, word, word + 1);
            return false;
        }
        char written[] = {'-', *at, 0};
        bool flag = row->kind == OPTION_FLAG;
        if (!take(usage, row, written, !flag && at[1] ? at + 1 : NULL, words))
            return false;
        if (!flag)
            break;
    }
    return true;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

bool options_read(const struct usage *usage, int *count, char **words, int *status)
{
    struct words left = {.next = words, .end = words + *count};
    char **operand = words;
    bool more = true; /* no "--" so far */
    while (left.next < left.end) {
        char *word = *left.next++;
        if (!more || word[0] != '-' || word[1] == 0) {
            *operand++ = word;
        } else if (is_help(word)) {
            *status = output_print(usage->help);
            return false;
        } else if (strcmp(word, "--") == 0) {
            more = false;
        } else if (!(word[1] == '-' ? read_long(usage, word, &left) : read_short(usage, word, &left))) {
            *status = STATUS_FAILED;
            return false;
        }
    }
    *count = (int)(operand - words);
    return true;
}
