/*
 * Faults planted one at a time into clean cables: each is found, by the right rule, in the right place, and nothing
 * else is. The cables are the samples, and some that are made here of parts.
 */
#include "depesha.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BASES = 128, MAX_PLACES = 40, LEAST_PLACES = 20 };

#define NO "\xE2\x84\x96"

struct base {
    char name[64];
    char *text;
    size_t size;
    depesha_document *document;
};

/* A base with a fault in bytes start to end; the finding may also stand at the other place, if there is one. */
struct mutant {
    char *text;
    size_t size, start, end, other_start, other_end;
};

struct suite {
    depesha_grammar *grammar;
    struct base bases[MAX_BASES];
    size_t count;
};

/* ---- clean cables --------------------------------------------------------------------------- */

static void add_base(struct suite *suite, const char *name, char *text, size_t size)
{
    struct base *base = &suite->bases[suite->count];
    size_t findings = 0;
    snprintf(base->name, sizeof base->name, "%s", name);
    base->text = text;
    base->size = size;
    assert_int_equal(depesha_parse(suite->grammar, name, text, size, &base->document), DEPESHA_OK);
    for (size_t n = 0; n < depesha_document_count(base->document); n++) {
        findings += depesha_finding_count(base->document, n);
        for (size_t i = 0; i < depesha_finding_count(base->document, n); i++)
            print_message("%s:%zu: %s\n", name, depesha_finding_at(base->document, n, i)->line,
                          depesha_finding_at(base->document, n, i)->message);
    }
    assert_int_equal(findings, 0);
    assert_non_null(depesha_document_form(base->document, 0));
    assert_true(++suite->count < MAX_BASES);
}

static void add_file(struct suite *suite, const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "samples/%s", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = malloc(1 << 16);
    size_t size = fread(text, 1, (1 << 16) - 1, file);
    fclose(file);
    text[size] = '\0';
    depesha_document *document;
    assert_int_equal(depesha_parse(suite->grammar, name, text, size, &document), DEPESHA_OK);
    size_t lines = 0;
    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    /* Clean means of the usual layout, too; and faults are planted as UTF-8. */
    bool cable = depesha_document_form(document, 0) != NULL && lines > 4 &&
                 strcmp(depesha_document_encoding(document), "UTF-8") == 0;
    depesha_document_free(document);
    if (!cable) {
        free(text);
        return;
    }
    add_base(suite, name, text, size);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void add_samples(struct suite *suite)
{
    char names[MAX_BASES][64];
    size_t count = 0;
    DIR *folder = opendir("samples");
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot != NULL && (strcmp(dot, ".txt") == 0 || strcmp(dot, ".md") == 0) && count < MAX_BASES)
            snprintf(names[count++], sizeof names[0], "%.63s", entry->d_name);
    }
    closedir(folder);
    qsort(names, count, sizeof names[0], by_name);
    for (size_t i = 0; i < count; i++)
        add_file(suite, names[i]);
}

enum { MADE = 8 };
static const char *const places[MADE] = {"BERGEN", "TURIN", "VALPARAISO", "LAHORE", "MALMO", "DURBAN", "ADEN", "BASRA"};
static const char *const persons[MADE] = {"Karelin",    "Smirnitsky", "Vorontsov", "Belousov",
                                          "Tikhomirov", "Zavyalov",   "Grebenkin", "Luzhin"};
static const char *const months[MADE] = {"January",  "February", "August",  "September",
                                         "November", "December", "January", "October"};
static const char *const russian_months[MADE] = {"января", "февраля", "августа", "сентября",
                                                 "ноября", "декабря", "января",  "октября"};

/* The n-th of a family of cables that were never sent. */
static void add_made(struct suite *suite, unsigned family, unsigned n)
{
    char *text = malloc(4096), name[64];
    unsigned day = 3 + 3 * n, number = 2310 + 17 * n;
    int size = -1;
    switch (family) {
    case 0: /* outgoing, in English, with a catalogue's page */
        size = snprintf(text, 4096,
                        "%s %u, 1947\n\nTelegram from Kruglov to %s, %u %s 1947\n\nMFA USSR\n\n10TH DEPARTMENT\n\n"
                        "Outgoing " NO " %u\n\nForm " NO " 18\n\nReceived at 0415, %u %s 1947\n\nTOP SECRET\n\n"
                        "Sent at 1605, %u %s 1947\n\nSpets. " NO " %u-%u\n\nCABLE\n\n"
                        "to where %s to whom TO %s Copy " NO " 1\n\nVERY URGENT\n\n"
                        "Tell the chairman of the port that the barges will be handed over in the spring.\n\n"
                        "Do not speak of the price (it is not yet known) before he asks.\n\nKRUGLOV\n\n4 copies Lm\n"
                        "%u %s 1947\n\n1. Cde. Orlovsky\n2. Cde. Denisov\n3. Cde. Yasin\n4. 10th department\n",
                        months[n], day, persons[n], day, months[n], number, day, months[n], day, months[n],
                        number + 300, number + 303, places[n], persons[n], day, months[n]);
        break;
    case 1: /* the same in Russian */
        size = snprintf(
            text, 4096,
            "НКИД\n10-Й ОТДЕЛ\n\nИсх. " NO " %u\nФорма " NO " 18\n\nПолучена в 3 ч. 25 м.\n%u %s 1945 г.\n\n"
            "Сов. секретно\n\nОтправлена в 6 ч. 40 м.\n%u %s 1945 г.\n\nСпец. " NO " %u-%u\n\n"
            "ШИФРТЕЛЕГРАММА\n\nКУДА ХЕЛЬСИНКИ КОМУ РЯБИНИНУ экз. " NO " 1\n\nМОЛНИЯ\n\n"
            "Передайте министру торговли, что поставка машин начнется после ледохода.\n\n"
            "О дне погрузки телеграфируйте отдельно.\n\nВ. ОЗЕРОВ\n\n3 экз. Кс\n%u %s 1945 г.\n\n"
            "1. т. Орловскому\n2. т. Денисову\n3. 10-й отдел\n",
            number, day, russian_months[n], day, russian_months[n], number + 11, number + 14, day, russian_months[n]);
        break;
    case 2: /* incoming */
        size = snprintf(text, 4096,
                        "CABLE\n\nStrictly Secret\n\nMaking copies is prohibited\n\n"
                        "Copies: Orlovsky, Denisov, Yasin, Karpov, Copy\n\nCopy " NO " 3\n\n"
                        "from %s " NO " %u 19:35 %u %s 1948\n\nSpets. " NO " %u-%u\n\nURGENT\n\n"
                        "The director of the railway showed me the new bridge and asked for rails.\n\n"
                        "I answered that the matter would be studied (he was content with that).\n\n%s\n",
                        places[n], number, day, months[n], number + 5, number + 7,
                        n % 2 == 0 ? "BARANTSEV" : "A. PRUDNIKOV");
        break;
    case 3: /* Central Committee */
        size = snprintf(text, 4096,
                        "STRICTLY SECRET\n\nReproduction prohibited\n\nsent to: Cdes. Orlovsky, Denisov, and Yasin\n\n"
                        "CABLE\n\nfrom %s sent at 2215 %u %s 1946\n"
                        "arrived at the VKP(b) CC for decipherment at 2240 %u %s 1946\n\nIncoming " NO " %u/sh\n\n"
                        "MOSCOW, VKP(b) CC, to Cdes. ORLOVSKY and DENISOV\n\n"
                        "I have read the draft of the answer. The part about the workshops is too long.\n\n"
                        "Leave only that the machines remain the property of the workshops.\n\nKRUGLOV\n\n"
                        "Deciphered on %u %s 1946 at 2255. Six copies printed. Lapina, Yegorova\n",
                        places[n], day, months[n], day, months[n], number, day, months[n]);
        break;
    case 4: /* General Staff */
        size = snprintf(text, 4096,
                        "SECOND DIRECTORATE OF THE USSR ARMED FORCES GENERAL STAFF\n\nCABLE N\xC2\xBA %u TOP SECRET\n\n"
                        "from %s received at 16:10 %u %s 1949\n\nto Cde. %s\n\n"
                        "The column of trucks crossed the river and was met by the local council.\n\n"
                        "Eleven vehicles need new springs (the drivers have asked for rest).\n\n"
                        "Deciphered by Pankov\nat 16:30 %u %s 1949\n\nTyped by Sidelnikova\nat 16:50 %u %s 1949\n\n"
                        "Distribution list - 5 copies: Orlovsky - 2, Denisov - 1, Yasin - 1, Karpov - 1.\n",
                        number + 30000, places[n], day, months[n], persons[n], day, months[n], day, months[n]);
        break;
    default:
        break;
    }
    assert_in_range(size, 1, 4095);
    snprintf(name, sizeof name, "made %u.%u", family, n);
    add_base(suite, name, text, (size_t)size);
}

static int open_suite(void **state)
{
    struct suite *suite = calloc(1, sizeof *suite);
    size_t size;
    const char *text = depesha_builtin("soviet", &size);
    assert_int_equal(depesha_grammar_compile("soviet", text, size, NULL, NULL, &suite->grammar, NULL), DEPESHA_OK);
    add_samples(suite);
    for (unsigned family = 0; family < 5; family++)
        for (unsigned n = 0; n < MADE; n++)
            add_made(suite, family, n);
    *state = suite;
    return 0;
}

static int close_suite(void **state)
{
    struct suite *suite = *state;
    for (size_t i = 0; i < suite->count; i++) {
        depesha_document_free(suite->bases[i].document);
        free(suite->bases[i].text);
    }
    depesha_grammar_free(suite->grammar);
    free(suite);
    return 0;
}

/* ---- planting ------------------------------------------------------------------------------- */

/* The base with other bytes in the place of some. */
static bool replace(const struct base *base, size_t start, size_t end, const char *with, struct mutant *m)
{
    size_t size = strlen(with);
    m->text = malloc(base->size + size + 1);
    memcpy(m->text, base->text, start);
    memcpy(m->text + start, with, size);
    memcpy(m->text + start + size, base->text + end, base->size - end);
    m->size = base->size - (end - start) + size;
    m->text[m->size] = '\0';
    m->start = start;
    m->end = start + size;
    return true;
}

/* The n-th value whose path ends so; the whole path if `path` begins with a slash. NULL if there are not so many. */
static const depesha_value *value_of(const struct base *base, const char *path, size_t n)
{
    for (size_t i = 0; i < depesha_value_count(base->document, 0); i++) {
        const depesha_value *value = depesha_value_at(base->document, 0, i);
        size_t size = strlen(value->path), wanted = strlen(path);
        if (size >= wanted && strcmp(value->path + size - wanted, path) == 0 && n-- == 0)
            return value;
    }
    return NULL;
}

static bool is_number(const char *at)
{
    return isdigit((unsigned char)*at) != 0;
}

static bool is_letter(const char *at)
{
    return isalpha((unsigned char)*at) || (unsigned char)*at >= 0xD0;
}

/* A date of the cable with a month in words: where its day begins, and where its month does and ends. */
struct dated {
    const depesha_value *value;
    size_t day, month, month_end, year;
};

static bool dated_value(const struct base *base, size_t n, struct dated *dated)
{
    static const char *const paths[] = {"/cable/received_at",   "/cable/sent_at",  "/cable/arrived_at",
                                        "/cable/deciphered_at", "/cable/typed_at", "/cable/date"};
    for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
        const depesha_value *value = depesha_value_find(base->document, 0, paths[p]);
        for (size_t at = value == NULL ? 0 : value->start; value != NULL && at + 3 < value->end; at++) {
            const char *text = base->text + at;
            size_t day = is_number(text + 1) ? 2 : 1;
            bool begins = is_number(text) && (at == 0 || !is_number(text - 1)) && text[day] == ' ' &&
                          is_letter(text + day + 1) && (isupper((unsigned char)text[day + 1]) || text[day + 1] < 0);
            if (!begins)
                continue;
            size_t end = at + day + 1;
            while (is_letter(base->text + end) || ((unsigned char)base->text[end] & 0xC0) == 0x80)
                end++;
            if (end - (at + day + 1) < 4 || strncmp(base->text + end, " 19", 3) != 0)
                continue;
            if (n-- == 0) {
                *dated = (struct dated){value, at, at + day + 1, end, end + 1};
                return true;
            }
            break;
        }
    }
    return false;
}

static bool is_russian(const struct base *base, size_t at)
{
    return (unsigned char)base->text[at] >= 0xD0;
}

static bool plant_day(const struct base *base, size_t n, struct mutant *m)
{
    struct dated d;
    return dated_value(base, n, &d) &&
           replace(base, d.day, d.month_end, is_russian(base, d.month) ? "31 июня" : "31 June", m);
}

/* Two letters of a long month change places. */
static bool plant_month(const struct base *base, size_t n, struct mutant *m)
{
    struct dated d;
    char month[32];
    if (!dated_value(base, n, &d))
        return false;
    size_t size = d.month_end - d.month, letter = is_russian(base, d.month) ? 2 : 1;
    snprintf(month, sizeof month, "%.*s", (int)size, base->text + d.month);
    if (size < 5 * letter)
        return replace(base, d.month, d.month_end, is_russian(base, d.month) ? "мйая" : "Mray", m);
    char swapped[2];
    memcpy(swapped, month + letter, letter);
    memcpy(month + letter, month + 2 * letter, letter);
    memcpy(month + 2 * letter, swapped, letter);
    return replace(base, d.month, d.month_end, month, m);
}

static bool plant_year(const struct base *base, size_t n, struct mutant *m)
{
    struct dated d;
    return dated_value(base, n, &d) && replace(base, d.year + 1, d.year + 2, "8", m);
}

static void mark_other(struct mutant *m, const depesha_value *value, size_t shift_from, long shift)
{
    if (value == NULL)
        return;
    m->other_start = value->start + (value->start > shift_from ? (size_t)shift : 0);
    m->other_end = value->end + (value->start > shift_from ? (size_t)shift : 0);
}

/* Another month: the date stands alone then, or of two the later one is taken. */
static bool plant_far(const struct base *base, size_t n, struct mutant *m)
{
    struct dated d, other;
    if (!dated_value(base, n, &d) || !dated_value(base, n == 0 ? 1 : 0, &other))
        return false;
    bool russian = is_russian(base, d.month);
    const char *month = russian ? "апреля" : "April";
    replace(base, d.month, d.month_end, month, m);
    mark_other(m, other.value, d.month, (long)strlen(month) - (long)(d.month_end - d.month));
    return true;
}

/* The clock of a stage: four digits, or two and two with a colon. */
static bool clock_of(const struct base *base, size_t n, size_t *at, bool *colon)
{
    static const char *const paths[] = {"/cable/received_at", "/cable/sent_at", "/cable/arrived_at",
                                        "/cable/deciphered_at", "/cable/typed_at"};
    for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
        const depesha_value *value = depesha_value_find(base->document, 0, paths[p]);
        for (size_t i = value == NULL ? 0 : value->start; value != NULL && i + 4 <= value->end; i++) {
            const char *text = base->text + i;
            bool first = i == 0 || !is_number(text - 1);
            bool four =
                first && strspn(text, "0123456789") == 4 && (text[0] <= '2' && !(text[0] == '1' && text[1] == '9'));
            bool pair = first && is_number(text) && is_number(text + 1) && text[2] == ':' && is_number(text + 3);
            if (!four && !pair)
                continue;
            if (n-- == 0) {
                *at = i;
                *colon = pair;
                return true;
            }
            break;
        }
    }
    return false;
}

static bool plant_time(const struct base *base, size_t n, struct mutant *m)
{
    size_t at;
    bool colon;
    static const char *const four[] = {"2460", "2571", "1985"}, *const pair[] = {"24:60", "25:71", "18:75"};
    if (!clock_of(base, n / 3, &at, &colon))
        return false;
    const char *with = (colon ? pair : four)[n % 3];
    /* Only where the label stands before it: elsewhere four digits may be anything. */
    return strncmp(base->text + at - 3, "at ", 3) == 0 && replace(base, at, at + strlen(with), with, m);
}

static bool plant_half(const struct base *base, size_t n, struct mutant *m)
{
    size_t at;
    bool colon;
    if (!clock_of(base, n, &at, &colon) || base->text[at] == '0' || (base->text[at] == '1' && base->text[at + 1] < '3'))
        return false;
    size_t end = at + (colon ? 5 : 4);
    replace(base, end, end, n % 2 == 0 ? " p.m." : " pm", m);
    m->start = at;
    return true;
}

/* The stage that comes later gets a time before the one that comes first. */
static bool plant_order(const struct base *base, size_t n, struct mutant *m)
{
    static const char *const pairs[][2] = {{"/cable/received_at", "/cable/sent_at"},
                                           {"/cable/sent_at", "/cable/arrived_at"},
                                           {"/cable/arrived_at", "/cable/deciphered_at"},
                                           {"/cable/received_at", "/cable/deciphered_at"},
                                           {"/cable/deciphered_at", "/cable/typed_at"}};
    for (size_t p = 0; p < sizeof pairs / sizeof *pairs; p++) {
        const depesha_value *first = depesha_value_find(base->document, 0, pairs[p][0]);
        const depesha_value *then = depesha_value_find(base->document, 0, pairs[p][1]);
        if (first == NULL || then == NULL || strncmp(first->value, then->value, 10) != 0 || n-- > 0)
            continue;
        for (size_t at = then->start; at + 5 <= then->end; at++) {
            bool four = strspn(base->text + at, "0123456789") == 4 && memcmp(base->text + at, "19", 2) != 0;
            bool pair = is_number(base->text + at) && base->text[at + 2] == ':';
            if (!four && !pair)
                continue;
            replace(base, at, at + (pair ? 5 : 4), pair ? "00:01" : "0001", m);
            mark_other(m, first, 0, 0);
            return true;
        }
    }
    return false;
}

/* A label with its number is there once more, with another number. */
static bool plant_twice(const struct base *base, size_t n, struct mutant *m)
{
    static const char *const paths[] = {"/cable/outgoing_number", "/cable/form_number", "/cable/special_number"};
    for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
        const depesha_value *value = depesha_value_find(base->document, 0, paths[p]);
        if (value == NULL)
            continue;
        size_t start = value->start, end = value->end;
        while (start > 0 && base->text[start - 1] != '\n')
            start--;
        /* Only where the line has nothing else. */
        if (base->text[end] != '\n' || !is_letter(base->text + start) || n-- > 0)
            continue;
        char line[200];
        int size = snprintf(line, sizeof line, "\n\n%.*s7781", (int)(value->start - start), base->text + start);
        replace(base, end, end, line, m);
        m->start += (size_t)size - 4;
        return true;
    }
    return false;
}

static bool plant_range(const struct base *base, size_t n, struct mutant *m)
{
    const depesha_value *value = depesha_value_find(base->document, 0, "/cable/special_number");
    char turned[64];
    long first, last;
    if (value == NULL || n > 1 || sscanf(value->value, "%ld-%ld", &first, &last) != 2)
        return false;
    snprintf(turned, sizeof turned, n == 0 ? "%ld-%ld" : "%ld-%ld0", n == 0 ? last : first, n == 0 ? first : last);
    return replace(base, value->start, value->end, turned, m);
}

static bool plant_count(const struct base *base, size_t n, struct mutant *m)
{
    const depesha_value *value = depesha_value_find(base->document, 0, "/cable/copies/count");
    const depesha_value *list = value_of(base, "/name", 0);
    const char *form = depesha_document_form(base->document, 0);
    char count[32];
    bool summed = strstr(form, "outgoing") != NULL ||
                  (list != NULL && value != NULL && strstr(base->text, "Distribution list - ") != NULL);
    if (n > 1 || value == NULL || list == NULL || !summed || !is_number(base->text + value->start))
        return false;
    snprintf(count, sizeof count, "%ld", strtol(value->value, NULL, 10) + 1 + (long)n);
    replace(base, value->start, value->end, count, m);
    return true;
}

static bool plant_copy(const struct base *base, size_t n, struct mutant *m)
{
    const depesha_value *value = depesha_value_find(base->document, 0, "/cable/copy_number");
    const depesha_value *count = depesha_value_find(base->document, 0, "/cable/copies/count");
    char number[32];
    if (n > 1 || value == NULL || count == NULL)
        return false;
    snprintf(number, sizeof number, "%ld", strtol(count->value, NULL, 10) + 1 + 7 * (long)n);
    return replace(base, value->start, value->end, number, m);
}

static bool plant_recipient(const struct base *base, size_t n, struct mutant *m)
{
    const depesha_value *first = value_of(base, "/distribution/0/name", 0);
    char path[64];
    snprintf(path, sizeof path, "/distribution/%zu/name", n + 2);
    const depesha_value *value = value_of(base, path, 0);
    if (first == NULL || value == NULL || strstr(base->text, "Copy N\xC2\xBA 2 to") != NULL ||
        strstr(value->value, "epartment") != NULL || strstr(value->value, "отдел") != NULL ||
        strstr(value->value, "unit") != NULL || value->end - value->start > 40)
        return false;
    return replace(base, value->start, value->end, first->value, m);
}

static bool plant_no_addressee(const struct base *base, size_t n, struct mutant *m)
{
    const depesha_value *value = value_of(base, "/to/0/place", 0);
    size_t start, end;
    if (n > 0 || depesha_value_find(base->document, 0, "/cable/outgoing_number") == NULL || value == NULL)
        return false;
    for (start = value->start; start > 0 && base->text[start - 1] != '\n';)
        start--;
    for (end = value->end; end < base->size && base->text[end] != '\n';)
        end++;
    replace(base, start, end, "", m);
    m->start = 0;
    m->end = 0;
    return true;
}

/* Two letters of a word change places. */
static bool plant_swap(const struct base *base, const char *path, size_t n, struct mutant *m)
{
    const depesha_value *value = depesha_value_find(base->document, 0, path);
    char word[80];
    size_t size = value == NULL ? 0 : value->end - value->start, letters = n + 1;
    if (size < 5 || size >= sizeof word)
        return false;
    memcpy(word, base->text + value->start, size);
    word[size] = '\0';
    size_t letter = (unsigned char)word[0] >= 0xD0 ? 2 : 1;
    for (size_t at = letter; at + 2 * letter <= size; at += letter) {
        bool differ = memcmp(word + at, word + at + letter, letter) != 0;
        bool both = is_letter(word + at) && is_letter(word + at + letter) && (letter == 1 || word[at + letter] < 0);
        if (!differ || !both || --letters > 0)
            continue;
        char kept[2];
        memcpy(kept, word + at, letter);
        memcpy(word + at, word + at + letter, letter);
        memcpy(word + at + letter, kept, letter);
        return replace(base, value->start, value->end, word, m);
    }
    return false;
}

static bool plant_classification(const struct base *base, size_t n, struct mutant *m)
{
    return n < 3 && plant_swap(base, "/cable/classification", n, m);
}

static bool plant_precedence(const struct base *base, size_t n, struct mutant *m)
{
    return n < 3 && plant_swap(base, "/cable/precedence", n, m);
}

/* Where the n-th word of the text of a cable begins, behind a blank. */
static bool body_word(const struct base *base, size_t n, size_t *at)
{
    for (size_t i = 0; i < depesha_leaf_count(base->document); i++) {
        depesha_leaf leaf = depesha_leaf_at(base->document, i);
        for (size_t p = leaf.start; strcmp(leaf.kind, "body") == 0 && p + 8 < leaf.end; p++) {
            size_t word = p + 1;
            for (size_t c = 0; word + c < leaf.end && c < 8; c++)
                if (!is_letter(base->text + word + c) && ((unsigned char)base->text[word + c] & 0xC0) != 0x80)
                    word = SIZE_MAX / 2;
            if (base->text[p] == ' ' && word < leaf.end && n-- == 0) {
                *at = word;
                return true;
            }
        }
    }
    return false;
}

static bool plant_in_body(const struct base *base, size_t n, const char *what, struct mutant *m)
{
    size_t at;
    return n < 3 && body_word(base, n, &at) && replace(base, at, at, what, m);
}

static bool plant_bracket(const struct base *base, size_t n, struct mutant *m)
{
    return plant_in_body(base, n, n == 1 ? "] " : "[", m);
}

static bool plant_parenthesis(const struct base *base, size_t n, struct mutant *m)
{
    return plant_in_body(base, n, "(", m);
}

static bool plant_quote(const struct base *base, size_t n, struct mutant *m)
{
    return plant_in_body(base, n, n == 1 ? "\xC2\xAB" : "\xE2\x80\x9C", m);
}

static bool plant_mark(const struct base *base, size_t n, struct mutant *m)
{
    static const char *const marks[] = {"[illegibel] ", "[ilegible] ", "[illigible] "};
    return n < 3 && plant_in_body(base, n, marks[n], m);
}

static bool plant_variant(const struct base *base, size_t n, struct mutant *m)
{
    static const char *const marks[] = {"[ Illegible ] ", "[ILLEGIBLE] ", "[. . .] "};
    return n < 3 && plant_in_body(base, n, marks[n], m);
}

static bool plant_blank(const struct base *base, size_t n, struct mutant *m)
{
    size_t at;
    return n < 2 && body_word(base, n, &at) && replace(base, at + 4, at + 4, "\xE2\x80\x8B", m);
}

/* A letter of a word of the text in the other alphabet. */
static bool plant_letter(const struct base *base, size_t n, struct mutant *m)
{
    static const char *const latin[] = {"a", "e", "o", "c", "p"}, *const cyrillic[] = {"а", "е", "о", "с", "р"};
    size_t at;
    if (n > 2 || !body_word(base, n, &at))
        return false;
    for (size_t p = at; is_letter(base->text + p) || ((unsigned char)base->text[p] & 0xC0) == 0x80; p++)
        for (size_t i = 0; i < sizeof latin / sizeof *latin; i++) {
            if (strncmp(base->text + p, latin[i], 1) == 0)
                return replace(base, p, p + 1, cyrillic[i], m);
            if (strncmp(base->text + p, cyrillic[i], 2) == 0)
                return replace(base, p, p + 2, latin[i], m);
        }
    return false;
}

static bool plant_sign(const struct base *base, size_t n, struct mutant *m)
{
    static const char *const labels[] = {"Outgoing " NO " ", "Form " NO " ", "Исх. " NO " ", "Форма " NO " ",
                                         "Incoming " NO " "};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        const char *at = strstr(base->text, labels[i]);
        if (at == NULL || n-- > 0)
            continue;
        size_t start = (size_t)(at - base->text) + strlen(labels[i]) - 4;
        return replace(base, start, start + 3, i % 2 == 0 ? "Ns" : "Ng", m);
    }
    return false;
}

static bool plant_damage(const struct base *base, size_t n, struct mutant *m)
{
    static const char *const paths[] = {"/cable/outgoing_number", "/cable/telegram_number", "/cable/incoming_number",
                                        "/cable/special_number"};
    for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
        const depesha_value *value = depesha_value_find(base->document, 0, paths[p]);
        if (value == NULL || value->end - value->start < 4 || n-- > 0)
            continue;
        size_t at = value->start + ((unsigned char)base->text[value->start] >= 0x80 ? 2 : 1);
        return replace(base, at, at, "\xE2\x96\xA1", m);
    }
    return false;
}

static bool plant_line(const struct base *base, size_t n, struct mutant *m)
{
    const depesha_value *value = depesha_value_find(base->document, 0, "/cable/classification");
    const depesha_value *further = depesha_value_find(base->document, 0, "/cable/special_number");
    /* Only where the head goes on behind it: else it is the first line of the text. */
    if (n > 0 || value == NULL || base->text[value->end] != '\n' || further == NULL || further->start < value->end)
        return false;
    replace(base, value->end, value->end, "\n\nREGISTER OF THE THIRD SHELF 77 B", m);
    m->start += 2;
    return true;
}

static bool plant_behind(const struct base *base, size_t n, struct mutant *m)
{
    static const char *const texts[] = {"\n\nNobody was at the station when they came in the evening.\n",
                                        "\n\nThe second page was lying beside it on the shelf.\n"};
    /* Where a page goes on behind the cable, text belongs there; and the cable needs an end. */
    if (n > 1 || strncmp(base->name, "made", 4) != 0 || strncmp(base->name, "made 0", 6) == 0 ||
        strncmp(base->name, "made 2", 6) == 0)
        return false;
    replace(base, base->size, base->size, texts[n], m);
    m->start += 2;
    return true;
}

static bool plant_encoding(const struct base *base, size_t n, struct mutant *m)
{
    bool ascii = true; /* a text without other letters may be of any code page */
    for (size_t i = 0; i < base->size; i++)
        ascii = ascii && (unsigned char)base->text[i] < 0x80;
    return !ascii && plant_in_body(base, n, "\xFF", m);
}

static bool plant_catalog(const struct base *base, size_t n, struct mutant *m)
{
    struct dated d;
    char date[64];
    if (n > 3 || strncmp(base->name, "made 0", 6) != 0 || !dated_value(base, 0, &d))
        return false;
    /* The date above the title; the title has that of the cable, so it has to move as well. */
    const char *end = strchr(base->text, '\n'), *title = strstr(base->text, "Telegram from");
    if (title == NULL || end == NULL)
        return false;
    static const char *const others[] = {"March 3, 1947", "May 28, 1947", "June 9, 1948", "July 11, 1946"};
    static const char *const same[] = {"3 March 1947", "28 May 1947", "9 June 1948", "11 July 1946"};
    const char *comma = strchr(title, ','), *title_end = strchr(title, '\n');
    char *text = malloc(base->size + 64);
    int size = snprintf(text, base->size + 64, "%s%.*s, %s%s", others[n], (int)(comma - end), end, same[n], title_end);
    snprintf(date, sizeof date, "%s", others[n]);
    *m = (struct mutant){.text = text, .size = (size_t)size, .start = 0, .end = strlen(date)};
    long shift = (long)size - (long)base->size;
    m->other_start = (size_t)((long)d.value->start + shift);
    m->other_end = (size_t)((long)d.value->end + shift);
    return true;
}

static bool plant_title(const struct base *base, size_t n, struct mutant *m)
{
    static const char *const others[] = {"2 March 1947", "28 May 1947", "9 June 1948", "11 July 1946"};
    const char *title = strstr(base->text, "Telegram from");
    if (n > 3 || strncmp(base->name, "made 0", 6) != 0 || title == NULL)
        return false;
    const char *comma = strchr(title, ','), *end = strchr(title, '\n');
    replace(base, (size_t)(comma + 2 - base->text), (size_t)(end - base->text), others[n], m);
    m->other_end = 20; /* the date above the title */
    return true;
}

/* The addressee's name with two letters exchanged. */
static bool plant_name(const struct base *base, size_t n, struct mutant *m)
{
    const depesha_value *value = value_of(base, "/to/0/person", 0);
    if (n > 3 || strncmp(base->name, "made 0", 6) != 0 || value == NULL)
        return false;
    return plant_swap(base, "/cable/to/0/person", n, m);
}

static bool plant_misread(const struct base *base, size_t n, struct mutant *m)
{
    static const char *const words[][2] = {{"Outgoing", "Outgcing"},
                                           {"Received", "Rcceived"},
                                           {"Incoming", "Inccming"},
                                           {"Deciphered", "Dcciphered"},
                                           {"Отправлена", "Отпрвалена"}};
    for (size_t i = 0; i + 1 < sizeof words / sizeof *words; i++) {
        const char *at = strstr(base->text, words[i][0]);
        if (at == NULL || n-- > 0)
            continue;
        size_t start = (size_t)(at - base->text), leaf = 0;
        while (depesha_leaf_at(base->document, leaf).end <= start)
            leaf++;
        return strcmp(depesha_leaf_at(base->document, leaf).kind, "label") == 0 &&
               replace(base, start, start + strlen(words[i][0]), words[i][1], m);
    }
    return false;
}

static const struct fault {
    const char *rule;
    bool (*plant)(const struct base *base, size_t n, struct mutant *m);
} faults[] = {
    {"date-impossible", plant_day},
    {"time-impossible", plant_time},
    {"time-doubled", plant_half},
    {"month-unknown", plant_month},
    {"year-outside", plant_year},
    {"dates-apart", plant_far},
    {"times-order", plant_order},
    {"catalog-date", plant_catalog},
    {"title-date", plant_title},
    {"field-twice", plant_twice},
    {"range-malformed", plant_range},
    {"copies-count", plant_count},
    {"copy-above", plant_copy},
    {"recipient-twice", plant_recipient},
    {"addressee-missing", plant_no_addressee},
    {"name-spelling", plant_name},
    {"classification-unknown", plant_classification},
    {"precedence-unknown", plant_precedence},
    {"bracket-unclosed", plant_bracket},
    {"parenthesis-unclosed", plant_parenthesis},
    {"quote-unclosed", plant_quote},
    {"mark-unknown", plant_mark},
    {"mark-variant", plant_variant},
    {"number-sign", plant_sign},
    {"letters-mixed", plant_letter},
    {"blank-odd", plant_blank},
    {"value-damaged", plant_damage},
    {"word-misread", plant_misread},
    {"line-unexplained", plant_line},
    {"text-behind", plant_behind},
    {"encoding-damaged", plant_encoding},
};

/* ---- counting ------------------------------------------------------------------------------- */

struct tally {
    size_t planted, found, elsewhere, lost; /* lost: a fault took a value without which no form fits */
};

static size_t line_of(const struct mutant *m, size_t offset)
{
    size_t line = 1;
    for (size_t i = 0; i < offset && i < m->size; i++)
        line += m->text[i] == '\n';
    return line;
}

static bool is_there(const struct mutant *m, const depesha_finding *finding)
{
    /* A value may stand on more lines than one. */
    if ((finding->start <= m->end && m->start <= finding->end) ||
        (m->other_end > 0 && finding->start <= m->other_end && m->other_start <= finding->end))
        return true;
    return (finding->line >= line_of(m, m->start) && finding->line <= line_of(m, m->end)) ||
           (m->other_end > 0 && finding->line >= line_of(m, m->other_start) &&
            finding->line <= line_of(m, m->other_end));
}

static void count(const struct suite *suite, const struct fault *fault, const struct base *base, const struct mutant *m,
                  struct tally *tally)
{
    depesha_document *document;
    bool found = false;
    size_t elsewhere = 0;
    const char *shown = getenv("MUTATE");
    assert_int_equal(depesha_parse(suite->grammar, base->name, m->text, m->size, &document), DEPESHA_OK);
    for (size_t n = 0; n < depesha_document_count(document); n++)
        for (size_t i = 0; i < depesha_finding_count(document, n); i++) {
            const depesha_finding *finding = depesha_finding_at(document, n, i);
            bool there = is_there(m, finding);
            found = found || (there && strcmp(finding->rule, fault->rule) == 0);
            bool lost = !there && strcmp(finding->rule, "form-unknown") == 0;
            tally->lost += lost;
            elsewhere += !there && !lost;
            if (!there && shown)
                print_message("%s: %s, planted in line %zu, also finds %zu:%zu: %s [%s]\n", base->name, fault->rule,
                              line_of(m, m->start), finding->line, finding->column, finding->message, finding->rule);
        }
    if (!found && shown)
        print_message("%s: %s, planted in line %zu (%.*s), is not found\n", base->name, fault->rule,
                      line_of(m, m->start), (int)(m->end - m->start < 40 ? m->end - m->start : 40), m->text + m->start);
    tally->planted++;
    tally->found += found;
    tally->elsewhere += elsewhere;
    depesha_document_free(document);
}

/* Faults are planted in turn: one in each cable, then a second one. */
static struct tally try_fault(const struct suite *suite, const struct fault *fault)
{
    struct tally tally = {0};
    for (size_t n = 0; n < 12 && tally.planted < MAX_PLACES; n++)
        for (size_t i = 0; i < suite->count && tally.planted < MAX_PLACES; i++) {
            struct mutant m = {0};
            if (!fault->plant(&suite->bases[i], n, &m)) {
                free(m.text);
                continue;
            }
            count(suite, fault, &suite->bases[i], &m, &tally);
            free(m.text);
        }
    return tally;
}

static void test_faults(void **state)
{
    const struct suite *suite = *state;
    struct tally all = {0};
    size_t wrong = 0;
    print_message("%zu clean cables\n%-24s planted  found  elsewhere  form lost\n", suite->count, "rule");
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct tally tally = try_fault(suite, &faults[i]);
        bool good = tally.planted >= LEAST_PLACES && tally.elsewhere == 0 && 20 * tally.lost <= tally.planted &&
                    50 * tally.found >= 49 * tally.planted;
        print_message("%-24s %7zu %6zu %10zu %10zu%s\n", faults[i].rule, tally.planted, tally.found, tally.elsewhere,
                      tally.lost, good ? "" : "  (*)");
        all = (struct tally){all.planted + tally.planted, all.found + tally.found, all.elsewhere + tally.elsewhere,
                             all.lost + tally.lost};
        wrong += !good;
    }
    print_message("%-24s %7zu %6zu %10zu %10zu\n", "all", all.planted, all.found, all.elsewhere, all.lost);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_faults)};
    return cmocka_run_group_tests_name("mutate", tests, open_suite, close_suite);
}
