#include "document.h"

#include <string.h>

/* "sent_at", "document_type=cable" or the name of a field. */
static bool is_met(const struct record *record, const struct name_list *name)
{
    for (size_t i = 0; name->key != NULL && i < record->values.count; i++) {
        const struct value *value = &record->values.at[i];
        if (value->key == name->key && (name->code == NULL || strcmp(value->text, name->code) == 0))
            return true;
    }
    return name->field != NULL && record->seen[name->field->index];
}

bool form_meets(const struct record *record, const struct demand *demand)
{
    for (const struct name_list *name = demand->any; name != NULL; name = name->next)
        if (is_met(record, name))
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

static struct fit fit_of(const struct depesha_grammar *grammar, const struct record *record, const struct form *form)
{
    struct fit fit = {.form = form, .fits = true};
    for (const struct demand *need = form->needs; need != NULL; need = need->next) {
        if (!form_meets(record, need))
            fit.fits = false;
        else if (form->likes != NULL)
            fit.score++;
    }
    for (const struct demand *like = form->likes; like != NULL; like = like->next)
        fit.score += form_meets(record, like);
    for (const struct demand *never = form->never; never != NULL && fit.fits; never = never->next)
        fit.fits = !form_meets(record, never);
    fit.untimely = fit.fits && !in_years(grammar, record, form);
    fit.fits = fit.fits && !fit.untimely;
    return fit;
}

const char *form_lacks(struct arena *arena, const struct depesha_grammar *grammar, const struct record *record,
                       const struct form *form)
{
    struct buffer lacks = {.arena = arena};
    for (const struct demand *need = form->needs; need != NULL; need = need->next)
        if (!form_meets(record, need))
            form_name_demand(&lacks, need);
    if (lacks.size > 0)
        return arena_format(arena, "lacks %s", lacks.at);
    for (const struct demand *never = form->never; never != NULL; never = never->next)
        if (form_meets(record, never)) {
            form_name_demand(&lacks, never);
            return arena_format(arena, "never has %s", lacks.at);
        }
    if (!in_years(grammar, record, form))
        return arena_format(arena, "was in use from %d to %d", form->first_year, form->last_year);
    return NULL;
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
        struct fit fit = fit_of(d->grammar, record, form);
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
