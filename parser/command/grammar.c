#include "command.h"
#include "message.h"
#include "options.h"
#include "output.h"
#include "rules.h"

#include <stdlib.h>
#include <string.h>

static const char help[] = "Usage: depesha grammar list [OPTION]... [FILE]\n"
                           "       depesha grammar show [OPTION]... [NAME]\n"
                           "       depesha grammar check [OPTION]... [FILE]\n"
                           "List the forms and productions of a grammar; show one production, or all, as\n"
                           "written and as the pattern it became; or check a grammar: whether it compiles,\n"
                           "and whether its examples give the values that stand beside them.\n"
                           "\n"
                           "  -g, --grammar FILE    use this grammar instead of the built-in one\n"
                           "  -t, --text            show: print the whole grammar as it was written\n"
                           "  -o, --output FILE     write to FILE, once all is done\n"
                           "  -h, --help            print this help\n"
                           "\n"
                           "FILE, or - for standard input, is another way to say -g FILE.\n"
                           "\n"
                           "Exit status: 0 all is well, 1 an example failed, 2 the grammar is broken, or\n"
                           "something could not be done.\n"
                           "\n"
                           "Example:\n"
                           "  depesha grammar show sent_at\n"
                           "  depesha grammar check my.grammar\n";

struct request {
    const char *rules_name;
    const char *output_path;
    const char *production;
    bool source;
    struct rules rules;
    depesha_grammar *grammar;
};

typedef int action(const struct request *request, struct output *output);

static int print_text(struct output *output, char *text)
{
    int status = text ? STATUS_GOOD : STATUS_FAILED;
    if (text)
        output_text(output, text);
    else
        message_say(NULL, "out of memory");
    depesha_free(text);
    return status;
}

static int list(const struct request *request, struct output *output)
{
    return print_text(output, depesha_grammar_list(request->grammar));
}

static int show(const struct request *request, struct output *output)
{
    char *text = NULL;
    if (depesha_grammar_show(request->grammar, request->production, &text) != DEPESHA_BAD_NAME)
        return print_text(output, text);
    message_say(request->rules.name, "has no production '%s': 'depesha grammar list' has the names",
                request->production);
    return STATUS_FAILED;
}

static int check(const struct request *request, struct output *output)
{
    char *messages = NULL;
    size_t examples = 0;
    depesha_status status = depesha_grammar_check(request->grammar, &examples, &messages);
    if (status == DEPESHA_BAD_GRAMMAR) {
        output_text(output, messages ? messages : "");
        message_say(request->rules.name, "not all of its %zu examples give what they should", examples);
        depesha_free(messages);
        return STATUS_DOUBTFUL;
    }
    depesha_free(messages);
    if (status != DEPESHA_OK) {
        message_say(request->rules.name, "cannot check: %s", depesha_status_text(status));
        return STATUS_FAILED;
    }
    output_inline(output, request->rules.name);
    output_format(output, ": %zu example%s, all good\n", examples, examples == 1 ? "" : "s");
    return STATUS_GOOD;
}

/* The text as it is, whether or not it compiles. */
static int show_source(const struct request *request, struct output *output)
{
    output_bytes(output, request->rules.text, request->rules.size);
    return STATUS_GOOD;
}

static int write_result(const struct request *request, action *act)
{
    struct output output;
    if (!output_open(&output, request->output_path))
        return STATUS_FAILED;
    if (request->rules_name && output_overwrites(&output, request->rules_name)) {
        message_say(request->rules.name, "is both input and output: choose another output");
        output_close(&output, false);
        return STATUS_FAILED;
    }
    int status = act(request, &output);
    int end = output_close(&output, status != STATUS_FAILED);
    return end > status ? end : status;
}

static int run(struct request *request, action *act)
{
    int status = STATUS_FAILED;
    if (!rules_read(&request->rules, request->rules_name))
        return status;
    bool compiles = act == show_source || (request->grammar = rules_compile(&request->rules)) != NULL;
    if (compiles)
        status = write_result(request, act);
    depesha_grammar_free(request->grammar);
    rules_free(&request->rules);
    return status;
}

static const struct {
    const char *name;
    action *act;
} actions[] = {{"list", list}, {"show", show}, {"check", check}};

enum { ACTION_COUNT = sizeof actions / sizeof actions[0] };

static action *find_action(const struct usage *usage, const char *name)
{
    struct guess guess = {.word = name};
    for (size_t i = 0; i < ACTION_COUNT; i++) {
        if (strcmp(name, actions[i].name) == 0)
            return actions[i].act;
        guess_try(&guess, actions[i].name);
    }
    if (guess.best)
        message_usage(usage->command, "unknown word '%s': did you mean '%s'?", name, guess.best);
    else
        message_usage(usage->command, "unknown word '%s': it is one of list, show and check", name);
    return NULL;
}

/* The word after list, show or check. */
static bool take_operand(const struct usage *usage, struct request *request, action *act, const char *operand)
{
    if (act == show) {
        request->production = operand;
    } else if (request->rules_name) {
        message_usage(usage->command, "two grammars, '%s' and '%s': name one", request->rules_name, operand);
        return false;
    } else {
        request->rules_name = operand;
    }
    return true;
}

int command_grammar(int count, char **words)
{
    struct request request = {0};
    const struct option_row options[] = {
        {"grammar", 'g', OPTION_TEXT, &request.rules_name, NULL},
        {"text", 't', OPTION_FLAG, &request.source, NULL},
        {"output", 'o', OPTION_TEXT, &request.output_path, NULL},
        {0},
    };
    const struct usage usage = {.command = "grammar", .help = help, .options = options};
    int status = STATUS_FAILED;
    if (!options_read(&usage, &count, words, &status))
        return status;
    if (count == 0)
        return message_usage(usage.command, "say what to do with the grammar: list, show or check");
    action *act = find_action(&usage, words[0]);
    if (!act)
        return STATUS_FAILED;
    if (count > 2)
        return message_usage(usage.command, "'%s' is too many", words[2]);
    if (count == 2 && !take_operand(&usage, &request, act, words[1]))
        return STATUS_FAILED;
    if (request.source && (act != show || request.production))
        return message_usage(usage.command, "option '--text' is for 'grammar show' without a name");
    return run(&request, request.source ? show_source : act);
}
