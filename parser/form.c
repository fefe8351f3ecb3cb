#include "document.h"

#include <string.h>

/* "sent_at", "document_type=cable" or the name of a field. */
static bool is_met(const struct depesha_document *d, const struct record *record, const char *name)
{
    const char *equals = strchr(name, '=');
    size_t size = equals == NULL ? strlen(name) : (size_t)(equals - name);
    for (size_t i = 0; i < record->values.count; i++) {
        const struct value *value = &record->values.at[i];
        if (strncmp(value->key->path, name, size) == 0 && value->key->path[size] == '\0' &&
            (equals == NULL || strcmp(value->text, equals + 1) == 0))
            return true;
    }
    const struct field *field = equals == NULL ? find_field(d->grammar, name) : NULL;
    return field != NULL && record->seen[field->index];
}

bool form_meets(const struct depesha_document *d, const struct record *record, const struct demand *demand)
{
    for (const struct name_list *name = demand->any; name != NULL; name = name->next)
        if (is_met(d, record, name->name))
            return true;
    return false;
}

void form_name_demand(struct buffer *buffer, const struct demand *demand)
{
    if (buffer->size > 0)
        buffer_puts(buffer, ", ");
    for (const struct name_list *name = demand->any; name != NULL; name = name->next)
        buffer_format(buffer, "%s%s", name->name, name->next != NULL ? " or " : "");
}

/* A cable's own dates must lie in the form's years. One that no cable can have is a slip if another does. */
static bool in_years(const struct depesha_grammar *grammar, const struct record *record, const struct form *form)
{
    bool slips = false, within = false;
    for (size_t i = 0; i < record->values.count; i++) {
        const struct value *value = &record->values.at[i];
        int year = value->key->type->kind == KIND_DATE && !value->key->root ? value->moment.year : -1;
        if (year < 0)
            continue;
        if (year >= form->first_year && year <= form->last_year)
            within = true;
        else if (year < grammar->first_year || year > grammar->last_year)
            slips = true;
        else
            return false;
    }
    return within || !slips;
}

static struct fit fit_of(struct depesha_document *d, const struct record *record, const struct form *form)
{
    struct fit fit = {.form = form, .fits = true};
    struct buffer lacks = {.arena = &d->arena};
    for (const struct demand *need = form->needs; need != NULL; need = need->next) {
        if (!form_meets(d, record, need))
            form_name_demand(&lacks, need);
        else if (form->likes != NULL)
            fit.score++;
    }
    if (lacks.size > 0)
        fit.lacks = arena_format(&d->arena, "lacks %s", lacks.at);
    for (const struct demand *like = form->likes; like != NULL; like = like->next)
        fit.score += form_meets(d, record, like);
    for (const struct demand *never = form->never; never != NULL && fit.lacks == NULL; never = never->next)
        if (form_meets(d, record, never)) {
            struct buffer has = {.arena = &d->arena};
            form_name_demand(&has, never);
            fit.lacks = arena_format(&d->arena, "never has %s", has.at);
        }
    fit.untimely = fit.lacks == NULL && !in_years(d->grammar, record, form);
    if (fit.untimely)
        fit.lacks = arena_format(&d->arena, "was in use from %d to %d", form->first_year, form->last_year);
    fit.fits = fit.lacks == NULL;
    return fit;
}

void form_choose(struct depesha_document *d, struct record *record)
{
    size_t count = 0;
    for (const struct form *form = d->grammar->forms; form != NULL; form = form->next)
        count++;
    record->fits = arena_take(&d->arena, count + 1, sizeof *record->fits);
    int best = -1;
    bool best_is_own = false;
    for (const struct form *form = d->grammar->forms; form != NULL; form = form->next) {
        struct fit fit = fit_of(d, record, form);
        record->fits[record->fit_count++] = fit;
        /* Whoever writes a form means it to be chosen: it goes before those of the grammars that the file includes. */
        bool own = form->place.source->from == NULL;
        if (fit.fits && (own > best_is_own || (own == best_is_own && fit.score > best))) {
            best = fit.score;
            best_is_own = own;
            record->form = form;
        }
    }
}
