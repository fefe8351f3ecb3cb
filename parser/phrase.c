#include "phrase.h"

#include "pattern.h"

#include <stdlib.h>
#include <string.h>

enum { ATTEMPTS = 120, STEPS = 4000, REPEATS = 2, LARGEST = 4096, OPTIONAL = 45 };

enum plan { PLAN_NONE, PLAN_DATE, PLAN_NUMBER };

struct writing {
    struct inventor *inventor;
    const struct choice *choice;
    const struct field *field;
    struct buffer out;
    struct span *slots;
    const char **chosen;
    unsigned optional; /* percent of what may be absent that is there */
    enum plan plan;    /* of the slot that is being written */
    struct moment moment, written;
    int number;
    bool halves, half_written; /* hours go to twelve */
    const char *code;
    size_t steps;
    bool failed;
};

static void write(struct writing *w, const struct node *node);

/* ---- between two things --------------------------------------------------------------------- */

static uint32_t character_before(const char *text, size_t at)
{
    uint32_t c = 0;
    size_t start = at;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start > 0)
        text_next(text, at, start - 1, &c);
    return c;
}

static bool is_one_of(uint32_t c, const char *set)
{
    uint32_t other;
    for (size_t at = 0, size = strlen(set), n; at < size && (n = text_next(set, size, at, &other)) > 0; at += n)
        if (other == c)
            return true;
    return false;
}

static bool is_word(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c < 0x590);
}

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

/* Whether a blank belongs between what ends before `at` and what begins there. */
static bool wants_blank(struct writing *w, size_t at)
{
    uint32_t before = character_before(w->out.at, at), after = 0;
    text_next(w->out.at, w->out.size, at, &after);
    if (at == 0 || is_one_of(before, " \n\t") || is_one_of(after, " \n\t"))
        return false;
    if (is_word(before) && is_word(after))
        return true;
    if (is_one_of(after, ",.;:!?)]»”") || is_one_of(before, "([«“/"))
        return chance_of(w->inventor, 4);
    if (is_digit(before) && is_digit(after))
        return chance_of(w->inventor, 50);
    if (is_one_of(after, "/-.") || is_one_of(before, "/-."))
        return chance_of(w->inventor, is_word(before) || is_word(after) ? 80 : 30);
    return chance_of(w->inventor, 90);
}

/* Puts the blank, if there is to be one, before what was written last. */
static void close_gap(struct writing *w, size_t at)
{
    if (w->out.size == at || !wants_blank(w, at))
        return;
    buffer_add(&w->out, " ", 1);
    memmove(w->out.at + at + 1, w->out.at + at, w->out.size - at - 1);
    w->out.at[at] = ' ';
    for (size_t i = 0; i < w->field->slot_count; i++)
        if (w->slots[i].start <= w->slots[i].end && w->slots[i].start >= at) {
            w->slots[i].start++;
            w->slots[i].end++;
        }
}

static bool is_native(struct writing *w, size_t from)
{
    return invent_is_native(w->inventor, w->out.size == 0 ? "" : w->out.at + from, w->out.size - from);
}

/* ---- words ---------------------------------------------------------------------------------- */

static uint32_t upper(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 0x430 && c <= 0x44F) ? c - 32 : c == 0x451 ? 0x401 : c;
}

static void write_words(struct writing *w, const struct node *node)
{
    bool capitals = node->kind == NODE_WORDS && chance_of(w->inventor, 15);
    for (size_t at = 0, n; at < node->size; at += n) {
        uint32_t c;
        n = text_next(node->text, node->size, at, &c);
        if (n == 0)
            return;
        uint32_t other = capitals ? upper(c) : c;
        char two[2] = {(char)(0xC0 | other >> 6), (char)(0x80 | (other & 0x3F))};
        if (other == c || other < 0x80) {
            char one = (char)other;
            buffer_add(&w->out, other == c ? node->text + at : &one, other == c ? n : 1);
        } else {
            buffer_add(&w->out, two, 2);
        }
    }
}

/* ---- values --------------------------------------------------------------------------------- */

struct moment_part {
    const char *name;
    int *written;
    int number;
};

/* What a part of a date says, and where it is noted that it was said. */
static bool part_of_moment(struct writing *w, const char *name, struct moment_part *part)
{
    int hour = w->moment.hour;
    if (w->halves)
        hour = hour % 12 == 0 ? 12 : hour % 12;
    const struct moment_part parts[] = {
        {"year", &w->written.year, w->moment.year},       {"month", &w->written.month, w->moment.month},
        {"day", &w->written.day, w->moment.day},          {"hour", &w->written.hour, hour},
        {"minute", &w->written.minute, w->moment.minute}, {"half", NULL, w->moment.hour < 12 ? 0 : 12},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strcmp(parts[i].name, name) == 0) {
            *part = parts[i];
            return true;
        }
    return false;
}

/* A number in one of its ways: in digits, short or filled up, or in the words of the part's enumeration. */
static bool write_number(struct writing *w, const struct node *reads, const char *name, int number)
{
    struct inventor *inventor = w->inventor;
    const struct definition *words = find_definition(inventor->grammar, name, strlen(name));
    const char *digits[] = {arena_format(inventor->scratch, "%d", number),
                            arena_format(inventor->scratch, "%02d", number),
                            arena_format(inventor->scratch, "%02d", number % 100)};
    size_t ways = 2 + (number > 1000), count = ways, start = w->out.size;
    for (const struct entry *entry = words == NULL ? NULL : words->entries; entry != NULL; entry = entry->next)
        count++;
    size_t first = chance_of(inventor, 50) ? chance_below(inventor, ways) : chance_below(inventor, count);
    for (size_t round = 0; round < 2; round++) /* in the cable's language, if there is a way */
        for (size_t i = 0; i < count; i++) {
            size_t way = (first + i) % count;
            w->out.size = start;
            if (way < ways) {
                buffer_puts(&w->out, digits[way]);
            } else {
                const struct entry *entry = words->entries;
                for (size_t n = way - ways; n > 0; n--)
                    entry = entry->next;
                if (strtol(entry->code, NULL, 10) != number)
                    continue;
                /* Each of the entry's own ways has its turn. */
                write(w, entry->node);
            }
            if ((round > 0 || is_native(w, start)) &&
                invent_fits(inventor, reads, w->out.at + start, w->out.size - start))
                return true;
        }
    w->out.size = start;
    return false;
}

/* A part of a token: of a date or a number it says what was chosen, else it is like any expression. */
static void write_part(struct writing *w, const struct node *node)
{
    const struct node *reads = node->reads != NULL ? node->reads : node->first;
    struct moment_part part;
    if (reads == NULL)
        return;
    if (w->plan == PLAN_DATE && part_of_moment(w, node->part, &part)) {
        if (!write_number(w, reads, node->part, part.number))
            w->failed = true;
        else if (part.written != NULL)
            *part.written = part.number;
        else
            w->half_written = true;
    } else if (w->plan == PLAN_NUMBER) {
        w->failed = w->failed || !write_number(w, reads, node->part, w->number);
    } else {
        write(w, reads);
    }
}

/* One entry of an enumeration; its code is the value, if the enumeration is what the slot reads. */
static void write_entry(struct writing *w, const struct definition *definition, const char *code)
{
    size_t count = 0, from = w->out.size;
    for (const struct entry *entry = definition->entries; entry != NULL; entry = entry->next)
        count++;
    size_t first = chance_below(w->inventor, count);
    w->failed = w->failed || count == 0;
    for (size_t i = 0; i <= count && count > 0; i++) {
        const struct entry *entry = definition->entries;
        for (size_t n = (first + i) % count; n > 0; n--)
            entry = entry->next;
        if (entry->node == NULL || (code != NULL && strcmp(entry->code, code) != 0))
            continue;
        w->out.size = from;
        write(w, entry->node);
        w->code = entry->code;
        if (is_native(w, from))
            return;
    }
}

/* Slots are numbered as they open in the pattern, taken or not. */
static size_t slots_before(const struct node *node, const struct node *slot, bool *found)
{
    size_t count = 0;
    if (node == slot) {
        *found = true;
        return 0;
    }
    if (node->kind == NODE_SLOT)
        return node->reads != NULL;
    for (const struct node *child = node->first; child != NULL && !*found; child = child->next)
        count += slots_before(child, slot, found);
    return count;
}

static int stage_of(const struct choice *choice, const struct key *key)
{
    int n = 0;
    for (const struct name_list *stage = choice->order; stage != NULL; stage = stage->next, n++)
        if (strcmp(stage->name, key->path) == 0)
            return n;
    return 0;
}

static void choose(struct writing *w, const struct slot *slot)
{
    struct inventor *inventor = w->inventor;
    w->plan = PLAN_NONE;
    w->code = NULL;
    if (slot->type->kind == KIND_DATE) {
        int minutes = w->choice->moment.hour * 60 + w->choice->moment.minute + 30 * stage_of(w->choice, slot->key);
        w->plan = PLAN_DATE;
        w->moment = w->choice->moment;
        w->moment.hour = minutes / 60;
        w->moment.minute = minutes % 60;
        w->written = (struct moment){-1, -1, -1, -1, -1, ORDER_PLAIN};
        w->halves = chance_of(inventor, 20);
        w->half_written = false;
    } else if (slot->type->kind == KIND_INTEGER) {
        w->plan = PLAN_NUMBER;
        w->number = 1 + (int)chance_below(inventor, chance_of(inventor, 80) ? 12 : 99);
    }
}

/* The value that has been written, if it was chosen. */
static const char *chosen_value(struct writing *w, const struct slot *slot)
{
    struct arena *scratch = w->inventor->scratch;
    if (w->plan == PLAN_DATE) {
        if (w->written.year >= 0)
            w->written.year = w->moment.year;
        if (w->written.hour >= 0)
            w->written.hour = w->moment.hour;
        bool day = w->written.year >= 0 || w->written.month >= 0;
        if ((w->halves && w->written.hour >= 0 && !w->half_written) || (!day && w->written.hour < 0))
            w->failed = true;
        if (!day)
            return NULL; /* a time of the day that another date gives */
        return moment_text(scratch, &w->written);
    }
    if (w->plan == PLAN_NUMBER)
        return arena_format(scratch, "%d", w->number);
    return slot->type->kind == KIND_CODE ? w->code : NULL;
}

static void write_slot(struct writing *w, const struct node *node)
{
    bool found = false;
    size_t index = slots_before(w->field->node, node, &found);
    if (node->reads == NULL || !found || index >= w->field->slot_count)
        return;
    const struct slot *slot = &w->field->slots[index];
    const struct definition *reader = node->reads->kind == NODE_NAME ? node->reads->definition : NULL;
    size_t start = w->out.size;
    choose(w, slot);
    if (slot->type->kind == KIND_CODE && reader != NULL && reader->is_enumeration) {
        write_entry(w, reader, w->choice->key == slot->key ? w->choice->code : NULL);
        w->code = w->code == NULL ? "" : w->code;
    } else if (w->plan == PLAN_NUMBER && (reader == NULL || !reader->has_parts)) {
        w->failed = w->failed || !write_number(w, node->reads,
                                               slot->type->enumeration ? slot->type->enumeration->name : "", w->number);
    } else {
        write(w, node->reads);
        w->code = NULL; /* that of an enumeration further within says nothing of the slot */
    }
    w->slots[index] = (struct span){start, w->out.size};
    w->chosen[index] = chosen_value(w, slot);
    w->plan = PLAN_NONE;
}

/* ---- expressions ---------------------------------------------------------------------------- */

/* One of the alternatives, in the cable's language if there is one. */
static void write_choice(struct writing *w, const struct node *node)
{
    size_t count = 0, from = w->out.size;
    struct span *slots = arena_take(w->inventor->scratch, w->field->slot_count + 1, sizeof *slots);
    memcpy(slots, w->slots, w->field->slot_count * sizeof *slots);
    for (const struct node *child = node->first; child != NULL; child = child->next)
        count++;
    size_t first = chance_below(w->inventor, count);
    for (size_t i = 0; i <= count && count > 0; i++) {
        const struct node *child = node->first;
        for (size_t n = (first + i) % count; n > 0; n--)
            child = child->next;
        bool failed = w->failed;
        memcpy(w->slots, slots, w->field->slot_count * sizeof *slots);
        w->out.size = from;
        write(w, child);
        if ((!w->failed && is_native(w, from)) || w->steps == 0 || i == count)
            return;
        w->failed = failed;
    }
}

/* The children in their order, `count` times. The gap before the first of them is a matter of what is around. */
static void write_some(struct writing *w, const struct node *node, size_t count)
{
    size_t start = w->out.size;
    for (size_t i = 0; i < count; i++)
        for (const struct node *child = node->first; child != NULL; child = child->next) {
            size_t from = w->out.size;
            write(w, child);
            if (from > start)
                close_gap(w, from);
        }
}

static void write(struct writing *w, const struct node *node)
{
    if (w->steps == 0 || w->out.size > LARGEST || w->failed) {
        w->failed = true;
        return;
    }
    w->steps--;
    switch (node->kind) {
    case NODE_WORDS:
    case NODE_EXACT:
        write_words(w, node);
        break;
    case NODE_PATTERN:
        w->failed = !invent_pattern(w->inventor, &w->out, node);
        break;
    case NODE_NAME:
        if (node->definition == NULL || node->definition->node == NULL)
            w->failed = true;
        else if (node->definition->is_enumeration)
            write_entry(w, node->definition, NULL);
        else
            write(w, node->definition->node);
        break;
    case NODE_SLOT:
        if (node->part != NULL)
            write_part(w, node);
        else
            write_slot(w, node);
        break;
    case NODE_SEQUENCE:
        write_some(w, node, 1);
        break;
    case NODE_CHOICE:
        write_choice(w, node);
        break;
    case NODE_OPTION:
        write_some(w, node, chance_of(w->inventor, w->optional));
        break;
    case NODE_MANY:
        write_some(w, node, chance_of(w->inventor, w->optional) ? 1 + chance_below(w->inventor, REPEATS) : 0);
        break;
    case NODE_SOME:
        write_some(w, node, 1 + chance_below(w->inventor, REPEATS));
        break;
    case NODE_BREAK:
        buffer_puts(&w->out, chance_of(w->inventor, 75) ? "\n" : "\n\n");
        break;
    case NODE_START:
    case NODE_END:
        break;
    }
}

/* ---- what the production makes of it -------------------------------------------------------- */

static bool has_value(const struct values *values, const struct key *key, const char *text)
{
    for (size_t i = 0; i < values->count; i++)
        if (values->at[i].key == key && strcmp(values->at[i].text, text) == 0)
            return true;
    return false;
}

enum verdict { AS_MEANT, UNREAD, OTHER_VALUE };

static enum verdict judge(struct writing *w)
{
    struct arena *scratch = w->inventor->scratch;
    struct text *text = arena_take(scratch, 1, sizeof *text);
    struct lines *lines = arena_take(scratch, 1, sizeof *lines);
    struct values values;
    struct matcher matcher;
    struct mark mark;
    text_read(scratch, w->out.at, w->out.size, text);
    if (text->size != w->out.size)
        return UNREAD;
    matcher_open(&matcher, scratch, w->inventor->grammar, text);
    matcher_lines(&matcher, lines);
    if (!mark_try(&matcher, w->field, 0, mark_horizon(&matcher, 0, 0), false, &mark) || mark.end != text->size)
        return UNREAD;
    for (size_t i = 0; i < w->field->slot_count; i++) {
        bool written = w->slots[i].start < w->slots[i].end, read = mark.slots[i].start < mark.slots[i].end;
        if (written != read ||
            (read && (w->slots[i].start != mark.slots[i].start || w->slots[i].end != mark.slots[i].end)))
            return UNREAD;
    }
    values_open(&values, &matcher);
    values_add(&values, &matcher, &mark);
    for (size_t i = 0; i < w->field->slot_count; i++)
        if (w->slots[i].start < w->slots[i].end && w->chosen[i] != NULL &&
            !has_value(&values, w->field->slots[i].key, w->chosen[i]))
            return OTHER_VALUE;
    return values.wrong_count > 0 ? OTHER_VALUE : AS_MEANT;
}

bool phrase_write(struct inventor *inventor, const struct choice *choice, const struct field *field,
                  struct phrase *phrase)
{
    *phrase = (struct phrase){.field = field};
    for (size_t i = 0; i < ATTEMPTS; i++) {
        struct writing w = {
            .inventor = inventor, .choice = choice, .field = field, .out = {.arena = inventor->scratch}};
        w.slots = arena_take(inventor->scratch, field->slot_count + 1, sizeof *w.slots);
        w.chosen = arena_take(inventor->scratch, field->slot_count + 1, sizeof *w.chosen);
        for (size_t s = 0; s < field->slot_count; s++)
            w.slots[s] = (struct span){1, 0};
        w.steps = STEPS;
        w.optional = i % 2 == 0 ? OPTIONAL : OPTIONAL / 3;
        buffer_puts(&w.out, "");
        write(&w, field->node);
        phrase->tries++;
        enum verdict verdict = w.failed || w.out.size == 0 ? UNREAD : judge(&w);
        phrase->unread += verdict == UNREAD;
        phrase->other += verdict == OTHER_VALUE;
        if (verdict != AS_MEANT)
            continue;
        phrase->text = w.out.at;
        phrase->size = w.out.size;
        phrase->slots = w.slots;
        phrase->chosen = w.chosen;
        return true;
    }
    return false;
}
