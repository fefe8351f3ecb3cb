/* SARIF 2.1.0 (OASIS), as editors and code servers read it. */
#include "report.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* Building stops at the first allocation that fails: what is added to NULL is deleted. */
static cJSON *put(cJSON *parent, const char *name, cJSON *item, bool *good)
{
    bool added = *good && parent && item &&
                 (name ? cJSON_AddItemToObject(parent, name, item) : cJSON_AddItemToArray(parent, item));
    if (added)
        return item;
    cJSON_Delete(item);
    *good = false;
    return NULL;
}

static void put_text(cJSON *parent, const char *name, const char *text, bool *good)
{
    put(parent, name, cJSON_CreateString(text), good);
}

static void put_number(cJSON *parent, const char *name, size_t number, bool *good)
{
    put(parent, name, cJSON_CreateNumber((double)number), good);
}

/* A path as a relative reference (RFC 3986): what is not plain is given by its bytes. */
static char *uri_of(const char *path)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    char *uri = malloc(3 * strlen(path) + 1), *at = uri;
    for (; uri && *path; path++)
        if (strchr(plain, *path))
            *at++ = *path;
        else
            at += snprintf(at, 4, "%%%02X", (unsigned)(unsigned char)*path);
    if (uri)
        *at = 0;
    return uri;
}

static void put_artifact(cJSON *parent, const char *source, bool *good)
{
    cJSON *location = put(parent, "artifactLocation", cJSON_CreateObject(), good);
    char *uri = uri_of(source);
    put(location, "uri", uri ? cJSON_CreateString(uri) : NULL, good);
    free(uri);
}

/* Lines and columns for editors, bytes for programs; an acceptance that is stale has a line and no more. */
static void put_region(cJSON *parent, const char *name, const depesha_finding *finding, bool *good)
{
    cJSON *region = put(parent, name, cJSON_CreateObject(), good);
    put_number(region, "startLine", finding->line, good);
    if (finding->end_line == 0)
        return;
    put_number(region, "startColumn", finding->column, good);
    put_number(region, "endLine", finding->end_line, good);
    put_number(region, "endColumn", finding->end_column, good);
    put_number(region, "byteOffset", finding->start, good);
    put_number(region, "byteLength", finding->end - finding->start, good);
}

static void put_fix(cJSON *result, const struct shown *shown, bool *good)
{
    cJSON *fix = put(put(result, "fixes", cJSON_CreateArray(), good), NULL, cJSON_CreateObject(), good);
    cJSON *change = put(put(fix, "artifactChanges", cJSON_CreateArray(), good), NULL, cJSON_CreateObject(), good);
    put_artifact(change, shown->source, good);
    cJSON *replacements = put(change, "replacements", cJSON_CreateArray(), good);
    cJSON *replacement = put(replacements, NULL, cJSON_CreateObject(), good);
    put_region(replacement, "deletedRegion", shown->finding, good);
    put_text(put(replacement, "insertedContent", cJSON_CreateObject(), good), "text", shown->finding->mend, good);
}

static cJSON *result_of(const struct shown *shown)
{
    bool good = true;
    const depesha_finding *finding = shown->finding;
    cJSON *result = cJSON_CreateObject();
    put_text(result, "ruleId", finding->rule, &good);
    put_text(result, "level", severity_names[finding->severity], &good);
    put_text(put(result, "message", cJSON_CreateObject(), &good), "text", finding->message, &good);
    cJSON *locations = put(result, "locations", cJSON_CreateArray(), &good);
    cJSON *location = put(locations, NULL, cJSON_CreateObject(), &good);
    cJSON *place = put(location, "physicalLocation", cJSON_CreateObject(), &good);
    put_artifact(place, shown->source, &good);
    put_region(place, "region", finding, &good);
    if (finding->mend)
        put_fix(result, shown, &good);
    if (good)
        return result;
    cJSON_Delete(result);
    return NULL;
}

static cJSON *driver_of(const depesha_grammar *grammar)
{
    bool good = true;
    cJSON *driver = cJSON_CreateObject();
    put_text(driver, "name", "depesha", &good);
    put_text(driver, "semanticVersion", depesha_version(), &good);
    cJSON *rules = put(driver, "rules", cJSON_CreateArray(), &good);
    for (size_t i = 0; i < depesha_rule_count(grammar); i++) {
        depesha_rule rule = depesha_rule_at(grammar, i);
        cJSON *item = put(rules, NULL, cJSON_CreateObject(), &good);
        put_text(item, "id", rule.id, &good);
        if (rule.about)
            put_text(put(item, "fullDescription", cJSON_CreateObject(), &good), "text", rule.about, &good);
        cJSON *configuration = put(item, "defaultConfiguration", cJSON_CreateObject(), &good);
        put_text(configuration, "level", severity_names[rule.severity], &good);
        put(configuration, "enabled", cJSON_CreateBool(!rule.off), &good);
    }
    if (good)
        return driver;
    cJSON_Delete(driver);
    return NULL;
}

static void begin(struct report *report)
{
    output_text(report->output, "{\"version\":\"2.1.0\",\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\","
                                "\"runs\":[{\"columnKind\":\"unicodeCodePoints\",\"tool\":{\"driver\":");
    report_cjson(report, driver_of(report->grammar));
    output_text(report->output, "},\"results\":[");
}

static void write_results(struct report *report, const char *source, const struct shown *shown, size_t count)
{
    (void)source;
    for (size_t i = 0; i < count; i++) {
        output_text(report->output, report->count + i == 0 ? "\n" : ",\n");
        report_cjson(report, result_of(&shown[i]));
    }
}

static void end(struct report *report)
{
    output_text(report->output, "\n]}]}\n");
}

const struct writer writer_sarif = {begin, write_results, end};
