#include "batch.h"
#include "command.h"
#include "message.h"
#include "options.h"

static const char help[] = "Usage: depesha explain [OPTION]... [FILE|-]\n"
                           "Say line by line how one transcription was read: which production of the\n"
                           "grammar matched, what else could have, and how each form scored.\n"
                           "\n"
                           "  -w, --why-not NAME    say instead how far the production NAME gets, and\n"
                           "                        where it stops\n"
                           "  -l, --line NUMBER     on this line (default: the one where it gets farthest)\n"
                           "  -g, --grammar FILE    use this grammar instead of the built-in one\n"
                           "  -o, --output FILE     write to FILE, once all is done\n"
                           "      --max-bytes SIZE  refuse larger inputs (default 256M)\n"
                           "      --no-sandbox      read without the sandbox\n"
                           "  -h, --help            print this help\n"
                           "\n"
                           "Without FILE, or with -, standard input is read. 'depesha grammar list' has\n"
                           "the names of the productions.\n"
                           "\n"
                           "Exit status: 0 it was explained, 2 it could not be.\n"
                           "\n"
                           "Example:\n"
                           "  depesha explain cable.txt\n"
                           "  depesha explain --why-not sent_at --line 9 cable.txt\n";

/* Which of the two was wrong: the name, or the line? */
static void say_bad_name(const struct batch *batch, const char *production, size_t line)
{
    char *text = NULL;
    bool known = line > 0 && depesha_why_not(batch->document, production, 0, &text) == DEPESHA_OK;
    depesha_free(text);
    if (known)
        message_say(batch->name, "has no line %zu", line);
    else
        message_say(batch->rules.name, "has no production '%s': 'depesha grammar list' has the names", production);
}

static void explain_why_not(struct batch *batch, const char *production, size_t line)
{
    char *text = NULL;
    depesha_status status = depesha_why_not(batch->document, production, line, &text);
    if (status != DEPESHA_BAD_NAME) {
        batch_write(batch, text);
        return;
    }
    say_bad_name(batch, production, line);
    batch_worsen(batch, STATUS_FAILED);
}

int command_explain(int count, char **words)
{
    struct batch batch = BATCH_DEFAULTS;
    const char *production = NULL;
    size_t line = 0;
    const struct option_row options[] = {
        {"why-not", 'w', OPTION_TEXT, &production, NULL},
        {"line", 'l', OPTION_NUMBER, &line, NULL},
        BATCH_OPTIONS(batch),
        {0},
    };
    const struct usage usage = {.command = "explain", .help = help, .options = options};
    int status = STATUS_FAILED;
    if (!options_read(&usage, &count, words, &status))
        return status;
    if (line > 0 && !production)
        return message_usage(usage.command, "option '--line' needs '--why-not'");
    if (count > 1)
        return message_usage(usage.command, "one input at a time: '%s' is too many", words[1]);
    batch.single = true;
    if (!batch_open(&batch, count, words))
        return STATUS_FAILED;
    while (batch_next(&batch)) {
        if (production)
            explain_why_not(&batch, production, line);
        else
            batch_write(&batch, depesha_explain(batch.document));
    }
    return batch_close(&batch);
}
