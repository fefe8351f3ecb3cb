#define _POSIX_C_SOURCE 200809L

#include "accept.h"

#include "file.h"
#include "message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char opener[] = "<!--", closer[] = "-->", called[] = "depesha", verb[] = "accept", suffix[] = ".accept";

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

/* RULE [LINE | "TEXT"]: REASON. False if it is not that, with `rule` NULL; or without memory, with errno. */
static bool read_acceptance(struct rest rest, struct acceptance *acceptance)
{
    struct rest word = take_word(&rest);
    *acceptance = (struct acceptance){0};
    skip_blanks(&rest);
    const char *quote = NULL;
    size_t place = 0;
    if (rest.at < rest.end && *rest.at == '"') {
        quote = rest.at + 1;
        rest.at = memchr(quote, '"', (size_t)(rest.end - quote));
        if (!rest.at)
            return false;
        rest.at++;
    } else {
        for (; rest.at < rest.end && *rest.at >= '0' && *rest.at <= '9' && place < 100000000; rest.at++)
            place = 10 * place + (size_t)(*rest.at - '0');
    }
    const char *quote_end = rest.at - 1;
    skip_blanks(&rest);
    if (word.at == word.end || rest.at == rest.end || *rest.at++ != ':')
        return false;
    skip_blanks(&rest);
    if (rest.at == rest.end) /* no reason */
        return false;
    acceptance->place = place;
    acceptance->rule = strndup(word.at, (size_t)(word.end - word.at));
    if (quote)
        acceptance->text = strndup(quote, (size_t)(quote_end - quote));
    return acceptance->rule && (!quote || acceptance->text);
}

static bool add(struct acceptances *acceptances, struct rest rest, size_t line, bool beside)
{
    struct acceptance acceptance;
    bool good = read_acceptance(rest, &acceptance);
    if (good && acceptances->count == acceptances->room) {
        size_t room = acceptances->room ? 2 * acceptances->room : 8;
        struct acceptance *at = realloc(acceptances->at, room * sizeof *at);
        if (at) {
            acceptances->at = at;
            acceptances->room = room;
        }
        good = at != NULL;
    }
    acceptance.line = line;
    acceptance.beside = beside;
    if (good) {
        acceptances->at[acceptances->count++] = acceptance;
        return true;
    }
    free(acceptance.rule);
    free(acceptance.text);
    message_say(beside ? acceptances->sidecar : acceptances->source,
                "line %zu is not understood: write RULE, perhaps a line number or a \"TEXT\", and : with the reason",
                line);
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

static bool read_comment(struct acceptances *acceptances, struct rest rest, size_t line)
{
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
    return !is_word(&word, called) || !is_word(&second, verb) || add(acceptances, rest, line, false);
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
    for (const char *at = file->bytes, *end = at + file->size; at < end; n++) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        struct rest rest = {at, feed ? feed : end};
        while (rest.end > rest.at && (rest.end[-1] == ' ' || rest.end[-1] == '\r'))
            rest.end--;
        skip_blanks(&rest);
        if (rest.at < rest.end && *rest.at != '#')
            good = add(acceptances, rest, n, true) && good;
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
