#define _POSIX_C_SOURCE 200809L

#include "accept.h"

#include "file.h"
#include "message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char opener[] = "<!--", closer[] = "-->", called[] = "depesha", verb[] = "accept", suffix[] = ".accept";
static const char no_memory[] = "out of memory";
static const char mark[] = "\xEF\xBB\xBF"; /* the byte order mark that some editors put first */

/* A stretch of text that is being read. */
struct rest {
    const char *at, *end;
};

static void skip_blanks(struct rest *rest)
{
    while (rest->at < rest->end && (*rest->at == ' ' || *rest->at == '\t' || *rest->at == '\r'))
        rest->at++;
}

/* A word of small letters, digits and hyphens; empty if there is none. */
static struct rest take_word(struct rest *rest)
{
    skip_blanks(rest);
    struct rest word = {rest->at, rest->at};
    while (word.end < rest->end &&
           (*word.end == '-' || (*word.end >= 'a' && *word.end <= 'z') || (*word.end >= '0' && *word.end <= '9')))
        word.end++;
    rest->at = word.end;
    return word;
}

static bool is_word(const struct rest *word, const char *text)
{
    return (size_t)(word->end - word->at) == strlen(text) && memcmp(word->at, text, strlen(text)) == 0;
}

/* A line number, or a text in quotes; perhaps neither. What is wrong, or NULL. */
static const char *read_place(struct rest *rest, size_t *place, struct rest *text)
{
    if (rest->at == rest->end || *rest->at != '"') {
        for (; rest->at < rest->end && *rest->at >= '0' && *rest->at <= '9' && *place < 100000000; rest->at++)
            *place = 10 * *place + (size_t)(*rest->at - '0');
        return NULL;
    }
    const char *quote = memchr(rest->at + 1, '"', (size_t)(rest->end - rest->at - 1));
    if (!quote)
        return "this \" is never closed";
    *text = (struct rest){rest->at + 1, quote};
    rest->at = quote + 1;
    return NULL;
}

/* RULE [LINE | "TEXT"]: REASON. What is wrong at rest->at, or NULL. */
static const char *read_acceptance(struct rest *rest, struct acceptance *acceptance)
{
    struct rest text = {0}, word = take_word(rest);
    *acceptance = (struct acceptance){0};
    if (word.at == word.end)
        return "here the name of a rule should stand, as `depesha check --explain all` lists them";
    skip_blanks(rest);
    const char *wrong = read_place(rest, &acceptance->place, &text);
    if (wrong)
        return wrong;
    skip_blanks(rest);
    if (rest->at == rest->end || *rest->at != ':')
        return "behind the rule, and perhaps a line number or a \"TEXT\", comes a colon and the reason";
    rest->at++;
    skip_blanks(rest);
    if (rest->at == rest->end)
        return "the reason is missing: say why the finding is in order";
    acceptance->rule = strndup(word.at, (size_t)(word.end - word.at));
    if (text.at)
        acceptance->text = strndup(text.at, (size_t)(text.end - text.at));
    return acceptance->rule && (!text.at || acceptance->text) ? NULL : no_memory;
}

static const char *put(struct acceptances *acceptances, const struct acceptance *acceptance)
{
    if (acceptances->count == acceptances->room) {
        size_t room = acceptances->room ? 2 * acceptances->room : 8;
        struct acceptance *at = realloc(acceptances->at, room * sizeof *at);
        if (!at)
            return no_memory;
        acceptances->at = at;
        acceptances->room = room;
    }
    acceptances->at[acceptances->count++] = *acceptance;
    return NULL;
}

/* Columns count characters. */
static size_t column_of(const char *line, const char *at)
{
    size_t column = 1;
    for (; line < at; line++)
        column += ((unsigned char)*line & 0xC0) != 0x80;
    return column;
}

/* Reads `rest`, which is in line `number`, a text that begins at `line`. */
static bool add(struct acceptances *acceptances, struct rest rest, const char *line, size_t number, bool beside)
{
    struct acceptance acceptance;
    const char *wrong = read_acceptance(&rest, &acceptance);
    acceptance.line = number;
    acceptance.beside = beside;
    if (!wrong)
        wrong = put(acceptances, &acceptance);
    if (!wrong)
        return true;
    free(acceptance.rule);
    free(acceptance.text);
    message_say(NULL, "%s:%zu:%zu: %s", beside ? acceptances->sidecar : acceptances->source, number,
                column_of(line, rest.at), wrong);
    return false;
}

/* Where `what` begins in a stretch of text; NULL if it does not. */
static const char *find(struct rest rest, const char *what)
{
    size_t size = strlen(what);
    while ((size_t)(rest.end - rest.at) >= size && (rest.at = memchr(rest.at, *what, (size_t)(rest.end - rest.at)))) {
        if ((size_t)(rest.end - rest.at) >= size && memcmp(rest.at, what, size) == 0)
            return rest.at;
        rest.at++;
    }
    return NULL;
}

static bool read_comment(struct acceptances *acceptances, struct rest rest, size_t number)
{
    const char *line = rest.at;
    const char *start = find(rest, opener);
    rest.at = start ? start + strlen(opener) : rest.end;
    const char *end = start ? find(rest, closer) : NULL;
    if (!end)
        return true;
    rest.end = end;
    while (rest.end > rest.at && rest.end[-1] == ' ')
        rest.end--;
    struct rest word = take_word(&rest);
    struct rest second = take_word(&rest);
    return !is_word(&word, called) || !is_word(&second, verb) || add(acceptances, rest, line, number, false);
}

static bool read_comments(struct acceptances *acceptances, const depesha_document *document)
{
    const char *line;
    size_t size;
    bool good = true;
    for (size_t n = 1; (line = depesha_document_line(document, n, &size)); n++)
        good = read_comment(acceptances, (struct rest){line, line + size}, n) && good;
    return good;
}

/* Lines of the file beside the input; # begins a comment. */
static bool read_lines(struct acceptances *acceptances, const struct file *file)
{
    bool good = true;
    size_t n = 1;
    const char *at = file->bytes, *end = at + file->size;
    if (file->size >= strlen(mark) && memcmp(at, mark, strlen(mark)) == 0)
        at += strlen(mark);
    for (; at < end; n++) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        struct rest rest = {at, feed ? feed : end};
        while (rest.end > rest.at && (rest.end[-1] == ' ' || rest.end[-1] == '\r'))
            rest.end--;
        skip_blanks(&rest);
        if (rest.at < rest.end && *rest.at != '#')
            good = add(acceptances, rest, at, n, true) && good;
        at = feed ? feed + 1 : end;
    }
    return good;
}

static bool read_sidecar(struct acceptances *acceptances, const char *path)
{
    struct file file;
    int error = 0;
    size_t size = strlen(path) + sizeof suffix;
    char *name = malloc(size);
    if (!name)
        return false;
    snprintf(name, size, "%s%s", path, suffix);
    acceptances->sidecar = name;
    if (!file_read(&file, name, FILE_LIMIT, &error)) {
        bool none = error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG;
        if (!none)
            message_say(name, "cannot read: %s", file_error(error));
        return none;
    }
    bool good = read_lines(acceptances, &file);
    file_free(&file);
    return good;
}

bool accept_read(struct acceptances *acceptances, const depesha_document *document, const char *path, const char *name)
{
    *acceptances = (struct acceptances){.source = strdup(name)};
    if (!acceptances->source) {
        message_say(name, "out of memory");
        return false;
    }
    bool good = read_comments(acceptances, document);
    return (!path || read_sidecar(acceptances, path)) && good;
}

void accept_free(struct acceptances *acceptances)
{
    for (size_t i = 0; i < acceptances->count; i++) {
        free(acceptances->at[i].rule);
        free(acceptances->at[i].text);
    }
    free(acceptances->at);
    free(acceptances->source);
    free(acceptances->sidecar);
    *acceptances = (struct acceptances){0};
}

bool accept_takes(struct acceptances *acceptances, const depesha_finding *finding)
{
    bool taken = false;
    for (size_t i = 0; i < acceptances->count; i++) {
        struct acceptance *acceptance = &acceptances->at[i];
        bool takes = strcmp(acceptance->rule, finding->rule) == 0 &&
                     (acceptance->place == 0 || acceptance->place == finding->line) &&
                     (!acceptance->text || (finding->text && strstr(finding->text, acceptance->text)));
        acceptance->used = acceptance->used || takes;
        taken = taken || takes;
    }
    return taken;
}
