/* What must hold of any document: the samples, what becomes of them by accident, and noise. */
#define _POSIX_C_SOURCE 200809L

#include "depesha.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <dirent.h>
#include <iconv.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SAMPLES = 64, THREADS = 4, NOISES = 2000, LONGEST_NOISE = 4096, RUN_OF_BRACKETS = 5000 };

struct bytes {
    char *at;
    size_t size;
};

struct sample {
    char name[256];
    struct bytes text;
};

static depesha_grammar *grammar;
static struct sample samples[MOST_SAMPLES];
static size_t sample_count;

/* What is being looked at, for the message of a failure. */
static char subject[400];

static void require(bool good, const char *what)
{
    if (!good)
        fail_msg("%s: %s", subject, what);
}

/* ---- bytes --------------------------------------------------------------------------------- */

/* xorshift64*, the same numbers in every run. */
static uint64_t chance = 0x1946050804500850;

static size_t below(size_t limit)
{
    chance ^= chance >> 12;
    chance ^= chance << 25;
    chance ^= chance >> 27;
    return limit == 0 ? 0 : (size_t)((chance * 0x2545F4914F6CDD1D) >> 33) % limit;
}

/* Exactly as large as need be, so that the sanitizers see a byte too many. */
static struct bytes bytes_make(size_t size)
{
    struct bytes bytes = {malloc(size > 0 ? size : 1), size};
    assert_non_null(bytes.at);
    return bytes;
}

static struct bytes bytes_copy(const char *at, size_t size)
{
    struct bytes bytes = bytes_make(size);
    if (size > 0)
        memcpy(bytes.at, at, size);
    return bytes;
}

/* `old` with the bytes from start to end replaced. */
static struct bytes bytes_replace(struct bytes old, size_t start, size_t end, const char *with, size_t size)
{
    struct bytes bytes = bytes_make(old.size - (end - start) + size);
    memcpy(bytes.at, old.at, start);
    if (size > 0)
        memcpy(bytes.at + start, with, size);
    memcpy(bytes.at + start + size, old.at + end, old.size - end);
    return bytes;
}

static bool is_continued(const unsigned char *at, size_t count)
{
    for (size_t i = 1; i <= count; i++)
        if ((at[i] & 0xC0) != 0x80)
            return false;
    return true;
}

static bool is_utf8(const char *text, size_t size)
{
    const unsigned char *at = (const unsigned char *)text;
    for (size_t i = 0; i < size;) {
        unsigned char lead = at[i];
        size_t more = lead < 0x80 ? 0 : lead < 0xC2 ? size : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : lead < 0xF5 ? 3 : size;
        if (more >= size - i || !is_continued(at + i, more))
            return false;
        unsigned char second = more > 0 ? at[i + 1] : 0x80;
        bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
        bool beyond = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
        if (overlong || beyond)
            return false;
        i += more + 1;
    }
    return true;
}

/* In another encoding; at is NULL if that lacks a character. */
static struct bytes bytes_convert(struct bytes old, const char *encoding)
{
    size_t in = old.size, room = 2 * old.size + 4, out = room;
    char *from = old.at, *to = malloc(room), *start = to;
    iconv_t handle = iconv_open(encoding, "UTF-8");
    assert_non_null(to);
    assert_true(handle != (iconv_t)-1);
    size_t result = iconv(handle, &from, &in, &to, &out);
    iconv_close(handle);
    if (result != 0) {
        free(start);
        return (struct bytes){NULL, 0};
    }
    struct bytes bytes = bytes_copy(start, room - out);
    free(start);
    return bytes;
}

/* ---- the samples --------------------------------------------------------------------------- */

static bool is_sample(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL && (strcmp(dot, ".md") == 0 || strcmp(dot, ".txt") == 0 || strcmp(dot, ".html") == 0) &&
           strcmp(name, "README.md") != 0;
}

static void read_sample(const char *folder, const char *name)
{
    char path[1024];
    static char text[1 << 20];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text, file);
    fclose(file);
    assert_true(size > 0 && size < sizeof text && sample_count < MOST_SAMPLES);
    struct sample *sample = &samples[sample_count++];
    snprintf(sample->name, sizeof sample->name, "%s", name);
    sample->text = bytes_copy(text, size);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct sample *)a)->name, ((const struct sample *)b)->name);
}

static int setup(void **state)
{
    (void)state;
    size_t size;
    const char *text = depesha_builtin("soviet", &size);
    if (text == NULL || depesha_grammar_compile("soviet", text, size, NULL, NULL, &grammar, NULL) != DEPESHA_OK)
        return -1;
    const char *folder = getenv("SAMPLES") != NULL ? getenv("SAMPLES") : "samples";
    DIR *directory = opendir(folder);
    if (directory == NULL)
        return -1;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (is_sample(entry->d_name))
            read_sample(folder, entry->d_name);
    closedir(directory);
    qsort(samples, sample_count, sizeof *samples, by_name);
    return sample_count > 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < sample_count; i++)
        free(samples[i].text.at);
    depesha_grammar_free(grammar);
    return 0;
}

/* ---- what must hold ------------------------------------------------------------------------ */

static depesha_document *parse(struct bytes bytes)
{
    depesha_document *document = NULL;
    depesha_status status = depesha_parse(grammar, "test", bytes.at, bytes.size, &document);
    require(status == DEPESHA_OK && document != NULL, "cannot be parsed");
    return document;
}

static bool is_kind(const char *kind)
{
    static const char *const kinds[] = {"label", "value", "body", "annotation", "noise", "unparsed"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kind, kinds[i]) == 0)
            return true;
    return false;
}

static void check_leaves(const depesha_document *document, size_t size)
{
    size_t count = depesha_leaf_count(document), end = 0;
    for (size_t i = 0; i < count; i++) {
        depesha_leaf leaf = depesha_leaf_at(document, i);
        require(leaf.start == end, "a leaf does not begin where the last one ends");
        require(leaf.end > leaf.start || size == 0, "an empty leaf");
        require(leaf.kind != NULL && is_kind(leaf.kind), "a leaf of an unknown kind");
        require((leaf.path != NULL) == (strcmp(leaf.kind, "value") == 0),
                "values have a path, and nothing else has one");
        end = leaf.end;
    }
    require(end == size, "the leaves do not reach the end");
}

/* The item at a JSON Pointer; paths of records need no escapes. */
static const cJSON *item_at(const cJSON *item, const char *pointer)
{
    char path[512];
    snprintf(path, sizeof path, "%s", pointer);
    char *rest = NULL;
    for (char *step = strtok_r(path, "/", &rest); step != NULL && item != NULL; step = strtok_r(NULL, "/", &rest))
        item =
            cJSON_IsArray(item) ? cJSON_GetArrayItem(item, atoi(step)) : cJSON_GetObjectItemCaseSensitive(item, step);
    return item;
}

static bool is_item(const cJSON *item, const char *value)
{
    char number[32];
    if (cJSON_IsString(item))
        return strcmp(item->valuestring, value) == 0;
    snprintf(number, sizeof number, "%.0f", cJSON_IsNumber(item) ? item->valuedouble : -1);
    return strcmp(number, value) == 0;
}

/* Lines of a column of print: what they cite has the other column's between them. */
static bool is_in_column(const char *text, const char *bytes, size_t size)
{
    if (strchr(text, '\n') == NULL || strlen(text) >= size)
        return false;
    for (const char *end; *text != '\0'; text = *end == '\0' ? end : end + 1) {
        size_t at = 0, length = strcspn(text, "\r\n");
        end = text + length;
        while (at + length <= size && memcmp(bytes + at, text, length) != 0)
            at++;
        if (at + length > size)
            return false;
    }
    return true;
}

static void check_value(const depesha_value *value, struct bytes bytes, bool comparable)
{
    require(value != NULL && value->path != NULL && value->value != NULL && value->text != NULL,
            "a value lacks a part");
    require(value->production != NULL, "a value without production");
    require(value->start <= value->end && value->end <= bytes.size, "a value's evidence lies outside the input");
    require(value->line >= 1 && value->column >= 1, "lines and columns count from 1");
    require(value->certainty >= 0 && value->certainty <= 1, "a certainty beyond 0 to 1");
    size_t size = value->end - value->start;
    if (comparable && (size == 0 || memchr(bytes.at + value->start, 0, size) == NULL))
        require((strlen(value->text) == size && memcmp(value->text, bytes.at + value->start, size) == 0) ||
                    is_in_column(value->text, bytes.at + value->start, size),
                "a value's text is not the bytes it cites");
}

/* The text of a web page is what it shows. */
static bool may_be_page(struct bytes bytes)
{
    size_t at = 0;
    while (at < bytes.size && strchr(" \t\r\n\f", bytes.at[at]) != NULL)
        at++;
    return at < bytes.size && bytes.at[at] == '<';
}

static void check_values(const depesha_document *document, size_t n, struct bytes bytes, const cJSON *record)
{
    bool mark = bytes.size >= 3 && memcmp(bytes.at, "\xEF\xBB\xBF", 3) == 0;
    bool comparable = !mark && is_utf8(bytes.at, bytes.size);
    const char *encoding = cJSON_GetStringValue(item_at(record, "/source/encoding"));
    require(encoding != NULL, "a record without encoding");
    comparable = comparable && strcmp(encoding, "UTF-8") == 0 && !may_be_page(bytes);
    size_t count = depesha_value_count(document, n);
    for (size_t i = 0; i < count; i++) {
        const depesha_value *value = depesha_value_at(document, n, i);
        check_value(value, bytes, comparable);
        require(is_item(item_at(record, value->path), value->value), "a value is not in the record");
        require(depesha_value_find(document, n, value->path) != NULL, "a value is not found by its path");
    }
    require(depesha_value_at(document, n, count) == NULL, "a value behind the last");
}

/* Nothing in the record is without evidence. Its body is the text itself. */
static void check_evidence(const depesha_document *document, size_t n, const cJSON *item, const char *path)
{
    if (strcmp(path, "/cable/body") == 0)
        return;
    if (!cJSON_IsObject(item) && !cJSON_IsArray(item)) {
        const depesha_value *value = depesha_value_find(document, n, path);
        require(value != NULL && is_item(item, value->value), path);
        return;
    }
    size_t index = 0;
    const cJSON *child;
    cJSON_ArrayForEach(child, item)
    {
        char below_it[512];
        if (cJSON_IsArray(item))
            snprintf(below_it, sizeof below_it, "%s/%zu", path, index++);
        else
            snprintf(below_it, sizeof below_it, "%s/%s", path, child->string);
        check_evidence(document, n, child, below_it);
    }
}

static void check_findings(const depesha_document *document, size_t n, size_t size)
{
    size_t count = depesha_finding_count(document, n);
    for (size_t i = 0; i < count; i++) {
        const depesha_finding *finding = depesha_finding_at(document, n, i);
        require(finding != NULL && finding->rule != NULL && finding->message != NULL, "a finding lacks a part");
        require(finding->start <= finding->end && finding->end <= size, "a finding lies outside the input");
        require(finding->line >= 1 && finding->column >= 1, "lines and columns count from 1");
        require(is_utf8(finding->message, strlen(finding->message)), "a message is not UTF-8");
    }
    require(depesha_finding_at(document, n, count) == NULL, "a finding behind the last");
}

static void check_record(const depesha_document *document, size_t n, struct bytes bytes)
{
    char *json = depesha_document_json(document, n, DEPESHA_EVIDENCE);
    require(json != NULL && is_utf8(json, strlen(json)), "the JSON is not UTF-8");
    cJSON *record = cJSON_Parse(json);
    depesha_free(json);
    require(record != NULL, "the JSON cannot be read");
    require(cJSON_IsNull(item_at(record, "/form")) == (depesha_document_form(document, n) == NULL),
            "the form is another in the record");
    check_values(document, n, bytes, record);
    const cJSON *cable = item_at(record, "/cable"), *catalog = item_at(record, "/catalog");
    if (cable != NULL)
        check_evidence(document, n, cable, "/cable");
    if (catalog != NULL)
        check_evidence(document, n, catalog, "/catalog");
    cJSON_Delete(record);
    check_findings(document, n, bytes.size);
}

static void check(struct bytes bytes)
{
    depesha_document *document = parse(bytes);
    check_leaves(document, bytes.size);
    size_t count = depesha_document_count(document);
    require(count >= 1, "no record");
    for (size_t n = 0; n < count; n++)
        check_record(document, n, bytes);
    depesha_document_free(document);
}

/* Checks what has become of a sample, and lets go of it. */
static void check_changed(const struct sample *sample, const char *how, size_t where, struct bytes bytes)
{
    snprintf(subject, sizeof subject, "%.250s, %s at %zu", sample->name, how, where);
    check(bytes);
    free(bytes.at);
}

/* ---- the samples as they are --------------------------------------------------------------- */

static void test_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sample_count; i++) {
        snprintf(subject, sizeof subject, "%.250s", samples[i].name);
        check(samples[i].text);
    }
}

static char *json_of(struct bytes bytes, unsigned flags)
{
    depesha_document *document = parse(bytes);
    char *json = depesha_document_json(document, 0, flags);
    depesha_document_free(document);
    require(json != NULL, "no JSON");
    return json;
}

static void test_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < sample_count; i++) {
        snprintf(subject, sizeof subject, "%.250s", samples[i].name);
        char *once = json_of(samples[i].text, DEPESHA_EVIDENCE | DEPESHA_PRETTY);
        char *again = json_of(samples[i].text, DEPESHA_EVIDENCE | DEPESHA_PRETTY);
        assert_string_equal(once, again);
        depesha_free(once);
        depesha_free(again);
    }
}

/* What is not written out, or not quite, is read from what else the document says. */
static void test_inferred(void **state)
{
    (void)state;
    static const struct {
        const char *text, *path, *value;
    } cases[] = {
        /* which number is the day: the other dates tell, by their order or by being near */
        {"Sent on 5/6/50 at 13:20\nReceived on 5/14/50 at 15:20\n\nTo Cde. Molotov.\n", "/cable/sent_at",
         "1950-05-06T13:20"},
        {"Sent on 5/6/50 at 13:20\nReceived on 14/6/50 at 15:20\n\nTo Cde. Molotov.\n", "/cable/sent_at",
         "1950-06-05T13:20"},
        {"Sent on 5/6/50 at 13:20\n\nTo Cde. Molotov.\n\nNo talks.\n\nBERG\n7 May 1950\n", "/cable/sent_at",
         "1950-05-06T13:20"},
        {"To Cde. Molotov.\n\nNo talks.\n\nBERG\n5/6/50\n", "/cable/date", "1950-06-05?"},
        {"To Cde. Molotov.\n\nNo talks.\n\nBERG\n5.6.50\n", "/cable/date", "1950-06-05"},
        /* a time of the nearest day; none without one, or where the day is misspelt */
        {"Sent at 1125\n\nTo Cde. Molotov.\n\nNo talks.\n\nBERG\n7 May 1950\n", "/cable/sent_at", "1950-05-07T11:25"},
        {"Sent at 1125\n\nTo Cde. Molotov.\n\nNo talks.\n", "/cable/sent_at", NULL},
        {"Sent at 1125, 6 Mya 1950\n\nTo Cde. Molotov.\n\nNo talks.\n\nBERG\n7 May 1950\n", "/cable/sent_at", NULL},
        /* several who sign are one value */
        {"To Cde. Molotov.\n\nNo talks.\n\nLUGOVOY\nTARUSIN\n", "/cable/signature", "LUGOVOY, TARUSIN"},
        /* Latin letters in Russian words */
        {"C\u043E\u0432. c\u0435\u043A\u0440\u0435\u0442\u043D\u043E\nTo Cde. Molotov.\n\nNo talks.\n",
         "/cable/classification", "top_secret"},
        /* columns */
        {"TOP SECRET     Copy No. 3     URGENT\nTo Cde. Molotov.\n\nNo talks.\n", "/cable/precedence", "urgent"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[400];
        int size = snprintf(text, sizeof text, "CABLE No. 5\n%s", cases[i].text);
        snprintf(subject, sizeof subject, "inferred %zu", i);
        struct bytes bytes = bytes_copy(text, (size_t)size);
        depesha_document *document = parse(bytes);
        const depesha_value *value = depesha_value_find(document, 0, cases[i].path);
        if (cases[i].value == NULL)
            assert_null(value);
        else
            assert_non_null(value);
        if (value != NULL)
            assert_string_equal(value->value, cases[i].value);
        depesha_document_free(document);
        free(bytes.at);
    }
}

static void test_values_are_found(void **state)
{
    (void)state;
    static const char text[] =
        "NKID\n10TH DEPARTMENT\nOutgoing № 8000\nTOP SECRET\nCABLE\nto where PARIS to whom TO IVANOV\n"
        "\nVisit the minister and hand him the list of goods that we spoke of.\n\nPETROV\n";
    snprintf(subject, sizeof subject, "a text with an outgoing number");
    struct bytes bytes = bytes_copy(text, sizeof text - 1);
    depesha_document *document = parse(bytes);
    const depesha_value *value = depesha_value_find(document, 0, "/cable/outgoing_number");
    assert_non_null(value);
    assert_string_equal(value->value, "8000");
    assert_int_equal(value->start, strstr(text, "8000") - text);
    assert_int_equal(value->end, value->start + 4);
    assert_int_equal(value->line, 3);
    assert_int_equal(value->column, 12);
    const depesha_value *person = depesha_value_find(document, 0, "/cable/to/0/person");
    assert_non_null(person);
    assert_string_equal(person->value, "IVANOV");
    depesha_document_free(document);
    free(bytes.at);
}

static void test_no_such_thing(void **state)
{
    (void)state;
    snprintf(subject, sizeof subject, "%.250s", samples[0].name);
    depesha_document *document = parse(samples[0].text);
    size_t count = depesha_document_count(document);
    assert_null(depesha_document_form(document, count));
    assert_int_equal(depesha_value_count(document, count), 0);
    assert_null(depesha_value_at(document, count, 0));
    assert_null(depesha_value_at(document, 0, SIZE_MAX));
    assert_null(depesha_value_find(document, count, "/cable/date"));
    assert_null(depesha_value_find(document, 0, "/cable/no_such_key"));
    assert_null(depesha_value_find(document, 0, ""));
    assert_null(depesha_value_find(document, 0, NULL));
    assert_int_equal(depesha_finding_count(document, count), 0);
    assert_null(depesha_finding_at(document, count, 0));
    assert_null(depesha_finding_at(document, 0, SIZE_MAX));
    assert_null(depesha_document_json(document, count, 0));
    assert_null(depesha_document_cjson(document, count, 0));
    depesha_leaf leaf = depesha_leaf_at(document, depesha_leaf_count(document));
    assert_null(leaf.kind);
    assert_int_equal(leaf.end, 0);
    depesha_document_free(document);
}

static void test_nothing_given(void **state)
{
    (void)state;
    size_t size = 1;
    assert_null(depesha_builtin("no such grammar", &size));
    assert_int_equal(depesha_document_count(NULL), 0);
    assert_null(depesha_document_form(NULL, 0));
    assert_int_equal(depesha_value_count(NULL, 0), 0);
    assert_null(depesha_value_at(NULL, 0, 0));
    assert_null(depesha_value_find(NULL, 0, "/cable/date"));
    assert_int_equal(depesha_finding_count(NULL, 0), 0);
    assert_null(depesha_finding_at(NULL, 0, 0));
    assert_int_equal(depesha_leaf_count(NULL), 0);
    assert_null(depesha_leaf_at(NULL, 0).kind);
    assert_null(depesha_document_json(NULL, 0, 0));
    assert_null(depesha_document_cjson(NULL, 0, 0));
    depesha_document_free(NULL);
    depesha_grammar_free(NULL);
    depesha_free(NULL);
}

static void test_empty(void **state)
{
    (void)state;
    snprintf(subject, sizeof subject, "empty input");
    struct bytes empty = bytes_make(0);
    check(empty);
    free(empty.at);
    check((struct bytes){NULL, 0});
}

/* ---- the same text in other bytes ---------------------------------------------------------- */

/* The record without what depends on the bytes. */
static char *meaning_of(struct bytes bytes, bool evidence)
{
    char *json = json_of(bytes, evidence ? DEPESHA_EVIDENCE : 0);
    cJSON *record = cJSON_Parse(json), *item;
    depesha_free(json);
    require(record != NULL, "the JSON cannot be read");
    cJSON_DeleteItemFromObject(record, "source");
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(record, "evidence"))
    {
        cJSON_DeleteItemFromObject(item, "start");
        cJSON_DeleteItemFromObject(item, "end");
    }
    char *text = cJSON_PrintUnformatted(record);
    cJSON_Delete(record);
    require(text != NULL, "no JSON");
    return text;
}

static void check_same(const struct sample *sample, const char *how, struct bytes bytes, bool evidence)
{
    snprintf(subject, sizeof subject, "%.250s, %s", sample->name, how);
    check(bytes);
    char *want = meaning_of(sample->text, evidence), *got = meaning_of(bytes, evidence);
    size_t same = 0;
    while (want[same] != '\0' && want[same] == got[same])
        same++;
    if (want[same] != got[same])
        fail_msg("%s: the record is another: %.80s", subject, got + (same < 40 ? 0 : same - 40));
    cJSON_free(want);
    cJSON_free(got);
    free(bytes.at);
}

static void test_utf16(void **state)
{
    (void)state;
    size_t tried = 0;
    for (size_t i = 0; i < sample_count; i++) {
        if (!is_utf8(samples[i].text.at, samples[i].text.size))
            continue;
        struct bytes wide = bytes_convert(samples[i].text, "UTF-16LE");
        assert_non_null(wide.at);
        tried++;
        check_same(&samples[i], "UTF-16LE with a mark", bytes_replace(wide, 0, 0, "\xFF\xFE", 2), true);
        check_same(&samples[i], "UTF-16LE without a mark", wide, true);
    }
    assert_true(tried >= 2);
}

static void test_windows_1251(void **state)
{
    (void)state;
    size_t tried = 0;
    for (size_t i = 0; i < sample_count; i++) {
        struct bytes narrow = bytes_convert(samples[i].text, "WINDOWS-1251");
        if (narrow.at == NULL)
            continue;
        check_same(&samples[i], "Windows-1251", narrow, true);
        tried++;
    }
    assert_true(tried >= 2);
}

static void test_crlf(void **state)
{
    (void)state;
    size_t tried = 0;
    for (size_t i = 0; i < sample_count; i++) {
        if (!is_utf8(samples[i].text.at, samples[i].text.size) ||
            memchr(samples[i].text.at, '\r', samples[i].text.size))
            continue;
        struct bytes old = samples[i].text, crlf = bytes_make(2 * old.size);
        size_t size = 0;
        for (size_t at = 0; at < old.size; at++) {
            if (old.at[at] == '\n')
                crlf.at[size++] = '\r';
            crlf.at[size++] = old.at[at];
        }
        struct bytes exact = bytes_copy(crlf.at, size);
        free(crlf.at);
        /* A value that runs over two lines cites its line break. */
        check_same(&samples[i], "CRLF", exact, false);
        tried++;
    }
    assert_true(tried >= 2);
}

/* ---- accidents ----------------------------------------------------------------------------- */

static void test_flipped_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sample_count; i++) {
        for (size_t round = 0; round < 20; round++) {
            struct bytes bytes = bytes_copy(samples[i].text.at, samples[i].text.size);
            for (size_t flips = 1 + below(8); flips > 0; flips--)
                bytes.at[below(bytes.size)] ^= (char)(1 << below(8));
            check_changed(&samples[i], "flipped bytes, round", round, bytes);
        }
    }
}

static void test_truncated(void **state)
{
    (void)state;
    for (size_t i = 0; i < sample_count; i++)
        for (size_t size = 0; size < samples[i].text.size; size += 37)
            check_changed(&samples[i], "cut off", size, bytes_copy(samples[i].text.at, size));
}

/* The line in which a byte stands, with its line break. */
static void line_around(struct bytes text, size_t at, size_t *start, size_t *end)
{
    while (at > 0 && text.at[at - 1] != '\n')
        at--;
    *start = at;
    while (at < text.size && text.at[at] != '\n')
        at++;
    *end = at < text.size ? at + 1 : at;
}

static void test_dropped_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sample_count; i++) {
        size_t end = 0;
        for (size_t start = 0; start < samples[i].text.size; start = end) {
            line_around(samples[i].text, start, &start, &end);
            check_changed(&samples[i], "dropped line", start, bytes_replace(samples[i].text, start, end, NULL, 0));
        }
    }
}

static void test_swapped_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sample_count; i++) {
        struct bytes text = samples[i].text;
        for (size_t round = 0; round < 20; round++) {
            size_t start, end, other, last;
            line_around(text, below(text.size), &start, &end);
            struct bytes line = bytes_copy(text.at + start, end - start);
            struct bytes without = bytes_replace(text, start, end, NULL, 0);
            line_around(without, below(without.size), &other, &last);
            check_changed(&samples[i], "moved line", start, bytes_replace(without, other, other, line.at, line.size));
            free(line.at);
            free(without.at);
        }
    }
}

static void test_inserted(void **state)
{
    (void)state;
    static const struct {
        const char *name, *at;
        size_t size;
    } things[] = {{"NUL", "", 1}, {"CR", "\r", 1}, {"U+FFFD", "\xEF\xBF\xBD", 3}, {"form feed", "\f", 1}};
    for (size_t i = 0; i < sample_count; i++) {
        struct bytes text = samples[i].text;
        for (size_t round = 0; round < 20; round++) {
            size_t thing = round % (sizeof things / sizeof *things), at = below(text.size + 1);
            struct bytes bytes = bytes_replace(text, at, at, things[thing].at, things[thing].size);
            check_changed(&samples[i], things[thing].name, at, bytes);
        }
    }
}

static void test_many_brackets(void **state)
{
    (void)state;
    static char brackets[RUN_OF_BRACKETS];
    memset(brackets, '[', sizeof brackets);
    for (size_t i = 0; i < sample_count; i++) {
        size_t at = below(samples[i].text.size + 1);
        struct bytes bytes = bytes_replace(samples[i].text, at, at, brackets, sizeof brackets);
        check_changed(&samples[i], "brackets", at, bytes);
    }
}

/* ---- noise --------------------------------------------------------------------------------- */

static const struct sample noise = {.name = "noise"};

static void test_random_bytes(void **state)
{
    (void)state;
    for (size_t round = 0; round < NOISES; round++) {
        struct bytes bytes = bytes_make(below(1 + below(LONGEST_NOISE + 1)));
        for (size_t i = 0; i < bytes.size; i++)
            bytes.at[i] = (char)below(256);
        check_changed(&noise, "random bytes, round", round, bytes);
    }
}

/* Pieces of all samples, in any order: text that looks more like a cable than random bytes do. */
static void test_random_pieces(void **state)
{
    (void)state;
    for (size_t round = 0; round < NOISES / 10; round++) {
        struct bytes bytes = bytes_make(below(LONGEST_NOISE + 1));
        for (size_t at = 0; at < bytes.size;) {
            struct bytes from = samples[below(sample_count)].text;
            size_t start = below(from.size), size = 1 + below(60);
            if (size > from.size - start)
                size = from.size - start;
            if (size > bytes.size - at)
                size = bytes.size - at;
            memcpy(bytes.at + at, from.at + start, size);
            at += size;
        }
        check_changed(&noise, "random pieces, round", round, bytes);
    }
}

/* ---- threads ------------------------------------------------------------------------------- */

/* An assertion may not leave a thread, so a thread only reports. */
struct reader {
    char *json[MOST_SAMPLES];
};

static void *read_all(void *argument)
{
    struct reader *reader = argument;
    for (size_t i = 0; i < sample_count; i++) {
        depesha_document *document = NULL;
        if (depesha_parse(grammar, "test", samples[i].text.at, samples[i].text.size, &document) == DEPESHA_OK)
            reader->json[i] = depesha_document_json(document, 0, DEPESHA_EVIDENCE);
        depesha_document_free(document);
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    static struct reader readers[THREADS];
    pthread_t threads[THREADS];
    for (size_t t = 0; t < THREADS; t++)
        assert_int_equal(pthread_create(&threads[t], NULL, read_all, &readers[t]), 0);
    for (size_t t = 0; t < THREADS; t++)
        assert_int_equal(pthread_join(threads[t], NULL), 0);
    for (size_t i = 0; i < sample_count; i++) {
        snprintf(subject, sizeof subject, "%.250s", samples[i].name);
        char *alone = json_of(samples[i].text, DEPESHA_EVIDENCE);
        for (size_t t = 0; t < THREADS; t++) {
            assert_non_null(readers[t].json[i]);
            assert_string_equal(readers[t].json[i], alone);
            depesha_free(readers[t].json[i]);
        }
        depesha_free(alone);
    }
}

static depesha_document *copies_of(const struct sample *sample, size_t count)
{
    struct bytes all = bytes_make((sample->text.size + 2) * count);
    depesha_document *document = NULL;
    for (size_t i = 0; i < count; i++) {
        char *at = all.at + i * (sample->text.size + 2);
        memcpy(at, sample->text.at, sample->text.size);
        memcpy(at + sample->text.size, "\n\n", 2);
    }
    assert_int_equal(depesha_parse(grammar, "copies", all.at, all.size, &document), DEPESHA_OK);
    free(all.at);
    return document;
}

/* What a search has behind it is settled from time to time: the cables behind are read as those before. */
static void test_many_copies(void **state)
{
    enum { FEW = 3, MANY = 300 };
    size_t compared = 0;
    (void)state;
    for (size_t i = 0; i < sample_count; i++) {
        if (i % 3 != 0 || samples[i].text.size > 4096)
            continue;
        snprintf(subject, sizeof subject, "%.250s, many times", samples[i].name);
        depesha_document *few = copies_of(&samples[i], FEW), *many = copies_of(&samples[i], MANY);
        require(depesha_document_count(few) % FEW != 0 ||
                    depesha_document_count(many) / MANY == depesha_document_count(few) / FEW,
                "the cables are as many");
        for (size_t n = 1; depesha_document_count(few) == FEW && n + 1 < MANY; n += 41) {
            require(depesha_value_count(few, 1) == depesha_value_count(many, n), "they have as many values");
            compared += depesha_value_count(few, 1);
            for (size_t v = 0; v < depesha_value_count(few, 1); v++) {
                const depesha_value *one = depesha_value_at(few, 1, v), *other = depesha_value_at(many, n, v);
                assert_string_equal(one->path, other->path);
                assert_string_equal(one->value, other->value);
                assert_int_equal(one->start - depesha_value_at(few, 1, 0)->start,
                                 other->start - depesha_value_at(many, n, 0)->start);
            }
        }
        depesha_document_free(few);
        depesha_document_free(many);
    }
    assert_true(compared > 0);
}

/* Takes so many pieces of a text, and no more. */
struct taker {
    char *at;
    size_t size, pieces, most;
};

static bool take(void *context, const char *text, size_t size)
{
    struct taker *taker = context;
    assert_true(taker->pieces < taker->most); /* who has refused one is not asked again */
    taker->at = realloc(taker->at, taker->size + size + 1);
    assert_non_null(taker->at);
    memcpy(taker->at + taker->size, text, size);
    taker->size += size;
    taker->at[taker->size] = '\0';
    return ++taker->pieces < taker->most;
}

static void test_write(void **state)
{
    (void)state;
    for (size_t i = 0; i < sample_count; i++) {
        snprintf(subject, sizeof subject, "%.250s, written", samples[i].name);
        for (unsigned flags = 0; flags <= (DEPESHA_EVIDENCE | DEPESHA_PRETTY); flags++) {
            depesha_document *document = parse(samples[i].text);
            char *json = depesha_document_json(document, 0, flags);
            struct taker all = {.most = SIZE_MAX};
            assert_int_equal(depesha_document_write(document, 0, flags, take, &all), DEPESHA_OK);
            assert_string_equal(all.at, json);
            for (size_t most = 1; most < all.pieces; most++) {
                struct taker some = {.most = most};
                assert_int_equal(depesha_document_write(document, 0, flags, take, &some), DEPESHA_UNWRITTEN);
                assert_int_equal(some.pieces, most);
                assert_memory_equal(some.at, json, some.size);
                free(some.at);
            }
            struct cJSON *tree = depesha_document_cjson(document, 0, flags);
            char *printed = flags & DEPESHA_PRETTY ? cJSON_Print(tree) : cJSON_PrintUnformatted(tree);
            assert_string_equal(printed, json); /* as cJSON writes it, to the last tab */
            free(printed);
            cJSON_Delete(tree);
            free(all.at);
            depesha_free(json);
            depesha_document_free(document);
        }
    }
}

/* Records are read again from the text whenever they are asked for: in whatever order, they are the same. */
static void test_any_order(void **state)
{
    enum { COPIES = 5 };
    size_t several = 0;
    (void)state;
    for (size_t i = 0; i < sample_count; i++) {
        if (samples[i].text.size > 8192)
            continue;
        snprintf(subject, sizeof subject, "%.250s, in any order", samples[i].name);
        depesha_document *document = copies_of(&samples[i], COPIES);
        size_t count = depesha_document_count(document);
        char *first[64] = {0};
        for (size_t n = 0; n < count && n < 64; n++)
            first[n] = depesha_document_json(document, n, DEPESHA_EVIDENCE);
        for (size_t turn = 0; turn < 3 * count; turn++) {
            size_t n = turn * 7 % count;
            assert_int_equal(depesha_document_open(document, n), DEPESHA_OK);
            char *again = n < 64 ? depesha_document_json(document, n, DEPESHA_EVIDENCE) : NULL;
            require(n >= 64 || strcmp(again, first[n]) == 0, "a record is the same again");
            depesha_free(again);
        }
        assert_int_equal(depesha_document_open(document, count), DEPESHA_BAD_NAME);
        size_t leaves = depesha_leaf_count(document);
        for (size_t n = 0; n < leaves; n += 1 + leaves / 16) {
            depesha_leaf there = depesha_leaf_at(document, n), last = depesha_leaf_at(document, leaves - 1);
            depesha_leaf again = depesha_leaf_at(document, n);
            require(there.start == again.start && there.end == again.end && there.kind == again.kind &&
                        last.end == depesha_leaf_at(document, leaves - 1).end,
                    "a leaf is the same again");
        }
        several += count > 1;
        for (size_t n = 0; n < 64; n++)
            depesha_free(first[n]);
        depesha_document_free(document);
    }
    assert_true(several > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_values_are_found),
        cmocka_unit_test(test_inferred),
        cmocka_unit_test(test_no_such_thing),
        cmocka_unit_test(test_nothing_given),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_utf16),
        cmocka_unit_test(test_windows_1251),
        cmocka_unit_test(test_crlf),
        cmocka_unit_test(test_flipped_bytes),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_dropped_lines),
        cmocka_unit_test(test_swapped_lines),
        cmocka_unit_test(test_inserted),
        cmocka_unit_test(test_many_brackets),
        cmocka_unit_test(test_random_bytes),
        cmocka_unit_test(test_random_pieces),
        cmocka_unit_test(test_many_copies),
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
