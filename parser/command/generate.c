#include "command.h"
#include "message.h"
#include "options.h"
#include "output.h"
#include "rules.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char help[] = "Usage: depesha generate [OPTION]...\n"
                           "Write invented cables as the grammar has them, for tests and measurements.\n"
                           "\n"
                           "  -n, --count NUMBER     how many (default 1)\n"
                           "  -s, --seed NUMBER      others; the same options give the same texts\n"
                           "      --form ID          of this form (default: of each)\n"
                           "      --production NAME  no cables, but texts that this production reads\n"
                           "      --language NAME    in this language, such as ru (default: any)\n"
                           "      --damage PERCENT   so many characters lost, doubled, torn or confused\n"
                           "      --record           with the record that the cable should give\n"
                           "  -f, --format FORMAT    text (default for one; form feeds between several),\n"
                           "                         or ndjson: an object a line: id, text and record\n"
                           "  -g, --grammar FILE     use this grammar instead of the built-in one\n"
                           "  -o, --output FILE|DIR  write to FILE, or a file a cable (and record) into DIR\n"
                           "  -h, --help             print this help\n"
                           "\n"
                           "Exit status: 0 all were written, 1 some were not, 2 something failed.\n"
                           "\n"
                           "Example:\n"
                           "  depesha generate --language ru --seed 7\n";

static const char *const formats[] = {"text", "ndjson", NULL};
enum { FORMAT_TEXT, FORMAT_NDJSON, FORMAT_USUAL };

struct run {
    const char *rules_name, *output_path;
    size_t count, seed, format;
    bool record, folder;
    depesha_recipe recipe;
    struct output output;
    size_t done;
    int status;
};

struct cable {
    char *text;
    size_t size;
    depesha_document *meant;
    char id[128];
};

static void say_no_memory(struct run *run)
{
    message_say(NULL, "out of memory");
    run->status = STATUS_FAILED;
}

static void print_object(struct run *run, const struct cable *cable)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *record = run->record ? depesha_document_cjson(cable->meant, 0, 0) : NULL;
    bool good = object && cJSON_AddStringToObject(object, "id", cable->id) &&
                cJSON_AddStringToObject(object, "text", cable->text) &&
                (!run->record || (record && cJSON_AddItemToObject(object, "record", record)));
    char *text = good ? cJSON_PrintUnformatted(object) : NULL;
    if (text) {
        output_text(&run->output, text);
        output_text(&run->output, "\n");
    } else {
        say_no_memory(run);
    }
    if (record && !cJSON_HasObjectItem(object, "record"))
        cJSON_Delete(record);
    cJSON_free(text);
    cJSON_Delete(object);
}

/* A file of the folder that -o names. */
static bool write_file(struct run *run, const struct cable *cable, const char *ending, const char *bytes, size_t size)
{
    size_t room = strlen(run->output_path) + strlen(cable->id) + strlen(ending) + 2;
    char *path = malloc(room);
    struct output output;
    int status = STATUS_FAILED;
    if (!path)
        say_no_memory(run);
    if (path)
        snprintf(path, room, "%s/%s%s", run->output_path, cable->id, ending);
    if (path && output_open(&output, path)) {
        output_bytes(&output, bytes, size);
        status = output_close(&output, true);
    }
    free(path);
    if (status > run->status)
        run->status = status;
    return status == STATUS_GOOD;
}

static void write_files(struct run *run, const struct cable *cable)
{
    if (!write_file(run, cable, ".txt", cable->text, cable->size) || !run->record)
        return;
    char *record = depesha_document_json(cable->meant, 0, DEPESHA_PRETTY);
    if (record)
        write_file(run, cable, ".json", record, strlen(record));
    else
        say_no_memory(run);
    depesha_free(record);
}

static void write_cable(struct run *run, const struct cable *cable)
{
    if (run->folder) {
        write_files(run, cable);
    } else if (run->format == FORMAT_NDJSON) {
        print_object(run, cable);
    } else {
        output_text(&run->output, run->done > 0 ? "\f\n" : "");
        output_bytes(&run->output, cable->text, cable->size);
        if (cable->size > 0 && cable->text[cable->size - 1] != '\n')
            output_text(&run->output, "\n");
    }
    run->done++;
}

/* One cable; false if it makes no sense to go on. */
static bool make_cable(struct run *run, depesha_generator *generator, size_t n)
{
    struct cable cable = {0};
    depesha_status status = depesha_generate(generator, &cable.text, &cable.size, run->record ? &cable.meant : NULL);
    snprintf(cable.id, sizeof cable.id, "%s-%zu-%06zu",
             run->recipe.production ? run->recipe.production
             : run->recipe.form     ? run->recipe.form
                                    : "generated",
             run->seed, n);
    if (status == DEPESHA_OK)
        write_cable(run, &cable);
    else
        message_say(cable.id, "%s", depesha_status_text(status));
    if (status == DEPESHA_UNWRITTEN && run->status < STATUS_DOUBTFUL)
        run->status = STATUS_DOUBTFUL;
    else if (status != DEPESHA_OK && status != DEPESHA_UNWRITTEN)
        run->status = STATUS_FAILED;
    depesha_free(cable.text);
    depesha_document_free(cable.meant);
    return run->status < STATUS_FAILED && (run->folder || output_works(&run->output));
}

static int generate(struct run *run, const depesha_grammar *grammar, const char *grammar_name)
{
    depesha_generator *generator = NULL;
    depesha_status status = depesha_generator_new(grammar, &run->recipe, &generator);
    if (status == DEPESHA_BAD_NAME)
        message_say(grammar_name, "has no such form, production or language: 'depesha grammar list' has the names");
    else if (status != DEPESHA_OK)
        message_say(NULL, "%s", depesha_status_text(status));
    if (status != DEPESHA_OK)
        return STATUS_FAILED;
    if (!run->folder && !output_open(&run->output, run->output_path)) {
        depesha_generator_free(generator);
        return STATUS_FAILED;
    }
    for (size_t n = 1; n <= run->count; n++)
        if (!make_cable(run, generator, n))
            break;
    depesha_generator_free(generator);
    int closed = run->folder ? STATUS_GOOD : output_close(&run->output, run->done > 0);
    return closed > run->status ? closed : run->status;
}

/* "2", "0.5": percent. */
static bool read_percent(const char *text, double *percent)
{
    char *rest = NULL;
    errno = 0;
    *percent = strtod(text, &rest);
    return *text != 0 && *rest == 0 && errno == 0 && *percent >= 0 && *percent <= 100;
}

int command_generate(int count, char **words)
{
    struct run run = {.count = 1, .seed = 1, .format = FORMAT_USUAL};
    const char *damage = NULL;
    const struct option_row options[] = {
        {"count", 'n', OPTION_NUMBER, &run.count, NULL},
        {"seed", 's', OPTION_NUMBER, &run.seed, NULL},
        {"form", 0, OPTION_TEXT, &run.recipe.form, NULL},
        {"production", 0, OPTION_TEXT, &run.recipe.production, NULL},
        {"language", 0, OPTION_TEXT, &run.recipe.language, NULL},
        {"damage", 0, OPTION_TEXT, &damage, NULL},
        {"record", 0, OPTION_FLAG, &run.record, NULL},
        {"format", 'f', OPTION_CHOICE, &run.format, formats},
        {"grammar", 'g', OPTION_TEXT, &run.rules_name, NULL},
        {"output", 'o', OPTION_TEXT, &run.output_path, NULL},
        {0},
    };
    const struct usage usage = {.command = "generate", .help = help, .options = options};
    int status = STATUS_FAILED;
    struct rules rules;
    struct stat facts;
    if (!options_read(&usage, &count, words, &status))
        return status;
    if (count > 0)
        return message_usage(usage.command, "'%s' is too many: it takes options only", words[0]);
    if (damage && !read_percent(damage, &run.recipe.damage))
        return message_usage(usage.command, "bad value '%s' of --damage: it is a percentage from 0 to 100", damage);
    run.recipe.seed = run.seed;
    run.folder = run.output_path && stat(run.output_path, &facts) == 0 && S_ISDIR(facts.st_mode);
    if (run.format == FORMAT_USUAL)
        run.format = run.count > 1 || run.record ? FORMAT_NDJSON : FORMAT_TEXT;
    if (run.record && run.format == FORMAT_TEXT && !run.folder)
        return message_usage(usage.command, "a text has no room for its record: use -f ndjson, or -o DIR");
    if (!rules_read(&rules, run.rules_name))
        return STATUS_FAILED;
    depesha_grammar *grammar = rules_compile(&rules);
    status = grammar ? generate(&run, grammar, rules.name) : STATUS_FAILED;
    depesha_grammar_free(grammar);
    rules_free(&rules);
    return status;
}
