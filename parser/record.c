#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"

/* Building stops at the first allocation that fails; `ok` tells. */
struct builder {
    const struct depesha_document *document;
    const struct record *record;
    bool ok;
};

/* Adds an item to an object or (name NULL) to an array; returns it. */
static cJSON *add(struct builder *b, cJSON *parent, const char *name, cJSON *item)
{
    bool added = b->ok && parent != NULL && item != NULL &&
                 (name == NULL ? cJSON_AddItemToArray(parent, item) : cJSON_AddItemToObject(parent, name, item));
    if (!added) {
        cJSON_Delete(item);
        b->ok = false;
        return NULL;
    }
    return item;
}

static void add_text(struct builder *b, cJSON *parent, const char *name, const char *text)
{
    if (text != NULL && *text != '\0')
        add(b, parent, name, cJSON_CreateString(text));
}

static void add_number(struct builder *b, cJSON *parent, const char *name, size_t number)
{
    add(b, parent, name, cJSON_CreateNumber((double)number));
}

static cJSON *value_item(const struct value *value)
{
    if (value->key->type->kind == KIND_INTEGER)
        return cJSON_CreateNumber((double)strtol(value->text, NULL, 10));
    return cJSON_CreateString(value->text);
}

static cJSON *member(struct builder *b, cJSON *object, const char *name, bool array)
{
    cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);
    if (found != NULL)
        return found;
    return add(b, object, name, array ? cJSON_CreateArray() : cJSON_CreateObject());
}

/* Entries of a list by number, for each list of the grammar. */
struct entries {
    cJSON **at;
    size_t count;
};

/* Puts a value where its key says. */
static void place_value(struct builder *b, cJSON *root, struct entries *lists, const struct value *value)
{
    const struct key *key = value->key;
    cJSON *at = root;
    const char *name = key->path;
    for (const char *dot; b->ok && (dot = strchr(name, '.')) != NULL; name = dot + 1) {
        char step[MAX_STEP];
        size_t size = (size_t)(dot - name);
        if (size >= sizeof step)
            return;
        memcpy(step, name, size);
        step[size] = '\0';
        bool list = key->list > 0 && (size_t)(dot - key->path) == key->list;
        at = member(b, at, step, list);
        if (!b->ok || !list)
            continue;
        struct entries *entries = &lists[key->list_index];
        if (value->entry >= entries->count)
            return;
        /* All of them at once, so that they stand in the order of the text and not in that of the keys. */
        for (size_t i = 0; i < entries->count && entries->at[i] == NULL; i++)
            entries->at[i] = add(b, at, NULL, cJSON_CreateObject());
        at = entries->at[value->entry];
    }
    if (!b->ok)
        return;
    if (key->list > 0 && key->path[key->list] == '\0')
        add(b, member(b, at, name, true), NULL, value_item(value));
    else
        add(b, at, name, value_item(value));
}

/* Values by key, in the order in which the grammar declares the keys; the entries of lists in theirs. */
static void place_values(struct builder *b, cJSON *record, cJSON *cable)
{
    const struct depesha_grammar *grammar = b->document->grammar;
    const struct values *values = &b->record->values;
    size_t *first = calloc(grammar->key_count + 2, sizeof *first);
    size_t *order = calloc(values->count + 1, sizeof *order);
    struct entries *lists = calloc(grammar->list_count + 1, sizeof *lists);
    cJSON **entries = calloc(values->count + 1, sizeof(cJSON *));
    if (first == NULL || order == NULL || lists == NULL || entries == NULL)
        b->ok = false;
    for (size_t i = 0; b->ok && i < values->count; i++)
        first[values->at[i].key->index + 1]++;
    for (size_t k = 0; b->ok && k < grammar->key_count; k++)
        first[k + 1] += first[k];
    for (size_t i = 0; b->ok && i < values->count; i++) {
        const struct value *value = &values->at[i];
        order[first[value->key->index]++] = i;
        if (value->key->list > 0 && value->entry >= lists[value->key->list_index].count)
            lists[value->key->list_index].count = value->entry + 1;
    }
    for (size_t list = 0, used = 0; b->ok && list < grammar->list_count; list++) {
        lists[list].at = entries + used;
        used += lists[list].count;
    }
    for (size_t i = 0; b->ok && i < values->count; i++) {
        const struct value *value = &values->at[order[i]];
        place_value(b, value->key->root ? record : cable, lists, value);
    }
    free(first);
    free(order);
    free(lists);
    free(entries);
}

static void add_source(struct builder *b, cJSON *record)
{
    const struct depesha_document *d = b->document;
    cJSON *source = add(b, record, "source", cJSON_CreateObject());
    add_text(b, source, "name", d->name);
    add_number(b, source, "bytes", d->text.source_size);
    add_text(b, source, "encoding", d->text.encoding);
    if (d->record_count > 1) {
        struct span span = b->record->span;
        struct span bytes = order_source(&d->order, text_source(&d->text, span.start), text_source(&d->text, span.end));
        add_number(b, source, "start", bytes.start);
        add_number(b, source, "end", bytes.end);
    }
}

static void add_form(struct builder *b, cJSON *record)
{
    const struct form *chosen = b->record->form;
    if (chosen == NULL) {
        add(b, record, "form", cJSON_CreateNull());
        return;
    }
    cJSON *form = add(b, record, "form", cJSON_CreateObject());
    add_text(b, form, "id", chosen->id);
    add_text(b, form, "title", chosen->title);
    add_text(b, form, "grammar", b->document->grammar->name);
}

static void add_body(struct builder *b, cJSON *cable)
{
    if (b->record->paragraph_count == 0)
        return;
    cJSON *body = add(b, cable, "body", cJSON_CreateArray());
    for (size_t i = 0; i < b->record->paragraph_count; i++)
        add(b, body, NULL, cJSON_CreateString(b->record->paragraphs[i].at));
}

static void add_unparsed(struct builder *b, cJSON *record)
{
    cJSON *unparsed = add(b, record, "unparsed", cJSON_CreateArray());
    for (size_t i = 0; i < b->record->unparsed_count; i++) {
        const struct passage *passage = &b->record->unparsed[i];
        cJSON *item = add(b, unparsed, NULL, cJSON_CreateObject());
        add_number(b, item, "line", document_line(b->document, passage->span.start));
        add(b, item, "text", cJSON_CreateString(passage->text));
    }
}

static const char *severity_name(depesha_severity severity)
{
    return severity == DEPESHA_ERROR ? "error" : severity == DEPESHA_WARNING ? "warning" : "note";
}

static void add_findings(struct builder *b, cJSON *record)
{
    cJSON *findings = add(b, record, "findings", cJSON_CreateArray());
    for (size_t i = 0; i < b->record->finding_count; i++) {
        const depesha_finding *finding = &b->record->findings[i];
        cJSON *item = add(b, findings, NULL, cJSON_CreateObject());
        add_text(b, item, "rule", finding->rule);
        add_text(b, item, "severity", severity_name(finding->severity));
        add_number(b, item, "line", finding->line);
        add_number(b, item, "column", finding->column);
        add_text(b, item, "message", finding->message);
    }
}

static void add_evidence(struct builder *b, cJSON *record)
{
    cJSON *evidence = add(b, record, "evidence", cJSON_CreateArray());
    for (size_t i = 0; i < b->record->values.count; i++) {
        const depesha_value *value = &b->record->public_values[i];
        cJSON *item = add(b, evidence, NULL, cJSON_CreateObject());
        add_text(b, item, "path", value->path);
        add_number(b, item, "start", value->start);
        add_number(b, item, "end", value->end);
        add_number(b, item, "line", value->line);
        add_number(b, item, "column", value->column);
        add(b, item, "text", cJSON_CreateString(value->text));
        add_text(b, item, "production", value->production);
        add(b, item, "certainty", cJSON_CreateNumber(value->certainty));
    }
}

static void drop_empty(cJSON *record, const char *name)
{
    cJSON *item = cJSON_GetObjectItemCaseSensitive(record, name);
    if (item != NULL && item->child == NULL)
        cJSON_DeleteItemFromObjectCaseSensitive(record, name);
}

cJSON *record_json(const struct depesha_document *document, const struct record *record, unsigned flags)
{
    struct builder b = {document, record, true};
    cJSON *root = cJSON_CreateObject();
    b.ok = root != NULL;
    add_text(&b, root, "depesha", "1");
    add_source(&b, root);
    add_form(&b, root);
    /* Made first so that they stand in this order; what stays empty goes. */
    add(&b, root, "catalog", cJSON_CreateObject());
    cJSON *cable = add(&b, root, "cable", cJSON_CreateObject());
    place_values(&b, root, cable);
    add_body(&b, cable);
    add_unparsed(&b, root);
    add_findings(&b, root);
    if (flags & DEPESHA_EVIDENCE)
        add_evidence(&b, root);
    if (!b.ok) {
        cJSON_Delete(root);
        return NULL;
    }
    static const char *const parts[] = {"catalog", "cable", "unparsed", "findings"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        drop_empty(root, parts[i]);
    return root;
}
