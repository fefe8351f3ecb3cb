#define _XOPEN_SOURCE 700

#include "command.h"
#include "depesha.h"
#include "message.h"
#include "options.h"
#include "output.h"
#include "tar.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const char help[] = "Usage: depesha COMMAND [OPTION]... [FILE|DIR|-]...\n"
                           "Read transcriptions of Soviet diplomatic cables.\n"
                           "\n"
                           "  parse      what the cables say, as JSON records\n"
                           "  check      what in the transcriptions is doubtful\n"
                           "  explain    how one transcription was read, line by line\n"
                           "  grammar    list, show or check the grammar that says what cables look like\n"
                           "  generate   write invented cables, for tests and measurements\n"
                           "\n"
                           "  -V, --version   print the version and what it was built with\n"
                           "  -h, --help      print this help; after a COMMAND, the help of that command\n"
                           "\n"
                           "Results go to standard output, messages to standard error.\n"
                           "Exit status: 0 all is well, 1 something is doubtful, 2 something failed.\n"
                           "\n"
                           "Example:\n"
                           "  depesha parse cable.txt\n";

static const struct {
    const char *name;
    int (*run)(int count, char **words);
} commands[] = {
    {"parse", command_parse},     {"check", command_check},       {"explain", command_explain},
    {"grammar", command_grammar}, {"generate", command_generate},
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

/*
 * Started without one of the three standard streams, the next file opened would take its place and
 * get, say, the messages. A descriptor that is open the wrong way round fails as a closed one does.
 */
static void guard_streams(void)
{
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++)
        if (fcntl(descriptor, F_GETFD) < 0)
            (void)!open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

static int print_version(void)
{
    struct output output;
    if (!output_open(&output, NULL))
        return STATUS_FAILED;
    output_format(&output, "depesha %s\n%s%s\n", depesha_version(), depesha_features(), tar_feature());
    return output_close(&output, true);
}

/* The call has no command: it begins with an option, or is empty. */
static int run_bare(int count, char **words)
{
    bool version = false;
    const struct option_row options[] = {{"version", 'V', OPTION_FLAG, &version, NULL}, {0}};
    const struct usage usage = {.command = "", .help = help, .options = options};
    int status = STATUS_FAILED;
    if (!options_read(&usage, &count, words, &status))
        return status;
    if (version)
        return print_version();
    return message_usage("", "say what to do: parse, check, explain, grammar or generate");
}

static int say_unknown(const char *word)
{
    struct guess guess = {.word = word};
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        guess_try(&guess, commands[i].name);
    if (guess.best)
        return message_usage("", "unknown command '%s': did you mean '%s'?", word, guess.best);
    if (access(word, F_OK) == 0)
        return message_usage("", "unknown command '%s': did you mean 'depesha parse %s'?", word, word);
    return message_usage("", "unknown command '%s'", word);
}

int main(int argc, char **argv)
{
    guard_streams();
    /* Both become errors of the write that met them: a reader that went away, a file that may not grow. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    if (argc < 2 || argv[1][0] == '-')
        return run_bare(argc - (argc > 0), argv + (argc > 0));
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 2, argv + 2);
    return say_unknown(argv[1]);
}
