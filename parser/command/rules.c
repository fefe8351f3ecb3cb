#define _POSIX_C_SOURCE 200809L

#include "rules.h"

#include "inputs.h"
#include "message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usual_rules[] = "soviet";

static bool read_file(struct rules *rules, const char *path)
{
    int error = 0;
    if (file_read(&rules->file, path, FILE_LIMIT, &error)) {
        rules->text = rules->file.bytes;
        rules->size = rules->file.size;
        return true;
    }
    rules->text = error == ENOENT ? depesha_builtin(path, &rules->size) : NULL;
    if (rules->text)
        return true;
    const char *advice = error == ENOENT ? ", nor a built-in grammar of that name" : "";
    message_say(rules->name, "cannot read the grammar: %s%s", file_error(error), advice);
    return false;
}

bool rules_read(struct rules *rules, const char *name)
{
    *rules = (struct rules){.name = inputs_name(name ? name : usual_rules)};
    if (!rules->name) {
        message_say(NULL, "out of memory");
        return false;
    }
    if (name ? read_file(rules, name) : (rules->text = depesha_builtin(usual_rules, &rules->size)) != NULL)
        return true;
    if (!name)
        message_say(rules->name, "this depesha has no built-in grammar: name a file with -g");
    rules_free(rules);
    return false;
}

void rules_free(struct rules *rules)
{
    free(rules->name);
    file_free(&rules->file);
    *rules = (struct rules){0};
}

/* Which file an included name turned out to be: what that file includes is beside it. */
struct included {
    struct included *next;
    char *path;
    char name[];
};

static const char *path_of(const struct included *list, const char *name)
{
    while (list && strcmp(list->name, name) != 0)
        list = list->next;
    return list ? list->path : name;
}

/* `name` as seen from the file `from`. NULL without memory. */
static char *beside(const char *from, const char *name)
{
    const char *slash = strrchr(from, '/');
    size_t directory = slash && name[0] != '/' ? (size_t)(slash - from) + 1 : 0;
    size_t size = strlen(name) + 1;
    char *path = malloc(directory + size);
    if (path) {
        memcpy(path, from, directory);
        memcpy(path + directory, name, size);
    }
    return path;
}

static bool remember(struct included **list, const char *name, char *path)
{
    size_t size = strlen(name) + 1;
    struct included *entry = malloc(sizeof *entry + size);
    if (!entry)
        return false;
    *entry = (struct included){.next = *list, .path = path};
    memcpy(entry->name, name, size);
    *list = entry;
    return true;
}

static void forget(struct included *list)
{
    while (list) {
        struct included *next = list->next;
        free(list->path);
        free(list);
        list = next;
    }
}

/* The depesha_loader; `context` is the list of what has been included. */
static char *load(void *context, const char *from, const char *name, size_t *size)
{
    struct included **list = context;
    struct file file;
    int error = 0;
    char *path = beside(path_of(*list, from), name);
    if (path && file_read(&file, path, FILE_LIMIT, &error) && remember(list, name, path)) {
        *size = file.size;
        return file.bytes;
    }
    if (path && !error)
        file_free(&file);
    else if (path && error != ENOENT)
        message_say(path, "cannot read this included grammar: %s", file_error(error));
    free(path);
    return NULL;
}

depesha_grammar *rules_compile(const struct rules *rules)
{
    depesha_grammar *grammar = NULL;
    char *messages = NULL;
    struct included *list = NULL;
    depesha_status status =
        depesha_grammar_compile(rules->name, rules->text, rules->size, load, &list, &grammar, &messages);
    if (messages)
        message_lines(messages);
    else if (status != DEPESHA_OK)
        message_say(rules->name, "cannot compile the grammar: %s", depesha_status_text(status));
    depesha_free(messages);
    forget(list);
    return grammar;
}
