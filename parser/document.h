/* A document: what was read, the way through it, its leaves, and its records. */
#ifndef DEPESHA_DOCUMENT_H
#define DEPESHA_DOCUMENT_H

#include "repair.h"
#include "value.h"

struct leaf {
    struct span span;   /* bytes of the text */
    struct span source; /* bytes of the file, of a leaf that is shown */
    const char *kind;
    const struct key *key;     /* of a value */
    const struct field *field; /* of what a production explains */
};

/* How well a form fits a record. */
struct fit {
    const struct form *form;
    bool fits;
    bool untimely; /* it would, but for its years */
    int score;
};

struct passage {
    struct span span;
    size_t zone;
    const char *text;
};

/* One cable of the document. */
struct record {
    struct values values;
    bool *seen; /* which fields matched, by index */
    const struct form *form;
    struct fit *fits;
    size_t fit_count;
    struct buffer body; /* its lines, with their breaks */
    struct buffer *paragraphs;
    size_t paragraph_count, paragraph_room;
    struct passage *unparsed;
    size_t unparsed_count, unparsed_room;
    depesha_finding *findings;
    size_t finding_count, finding_room;
    depesha_value *public_values;
    struct span span;
};

struct depesha_document {
    struct arena arena;
    jmp_buf escape;
    const depesha_grammar *grammar;
    const char *name;
    struct text text; /* what productions are matched in: what the file shows, or that mended */
    struct lines lines;
    struct text shown; /* what the file shows: itself, or what a web page looks like */
    struct lines shown_lines;
    struct text page; /* as the file has it: places are told in this */
    struct lines page_lines;
    const char *unread;     /* why a web page is read as it stands, or NULL */
    struct order order;     /* in which its bytes are read */
    struct repairs repairs; /* of `text` */
    struct matcher matcher;
    struct path path;
    struct leaf *leaves; /* in the order of reading */
    size_t leaf_count, leaf_room;
    struct leaf *tiles; /* in the order of the file: leaves, cut where they are not together there */
    size_t tile_count, tile_room;
    struct record *records;
    size_t record_count, record_room;
    bool flat;                  /* lines were joined: words were read one by one */
    const uint32_t *line_zones; /* for the checks */
};

/* Fills in document->path without searching for it. */
typedef void document_way(struct depesha_document *document, void *context);

/* document.c: all of depesha_parse, by the way that is known, if one is (else NULL). */
depesha_status document_make(const depesha_grammar *grammar, const char *name, const void *bytes, size_t size,
                             document_way *way, void *context, depesha_document **document);

/* tree.c: leaves, values and bodies along the path. */
void tree_grow(struct depesha_document *document);

/* And the leaves as the file has them, for whoever asks. */
void tree_tile(struct depesha_document *document);

/* body.c: paragraphs out of the body's lines. */
void body_fold(struct depesha_document *document, struct record *record);

/* form.c: which form each record has. */
void form_choose(struct depesha_document *document, struct record *record);

/* What keeps a form from fitting a record, in words; NULL if it fits. */
const char *form_lacks(struct arena *arena, const struct depesha_grammar *grammar, const struct record *record,
                       const struct form *form);

/* Whether the record has any of the things that are asked for. */
bool form_meets(const struct record *record, const struct demand *demand);
/* What is asked for, in words. */
void form_name_demand(struct buffer *buffer, const struct demand *demand);

/* check.c: what a careful archivist would question. */
void check_record(struct depesha_document *document, struct record *record);

/* record.c: a record as JSON. NULL without memory. */
struct cJSON *record_json(const struct depesha_document *document, const struct record *record, unsigned flags);

/* What the file shows, bytes of document->shown, that stretches of the text stand for. */
struct span document_shown(const struct depesha_document *document, size_t start, size_t end);

/* Line and column of the file (from 1, in characters) where an offset of the text is. */
void document_position(const struct depesha_document *document, size_t offset, size_t *line, size_t *column);

/* Only the line. */
size_t document_line(const struct depesha_document *document, size_t offset);

/* The bytes of the file that a stretch of the text, or of what the file shows, stands for: the least that has all. */
struct span document_source(const struct depesha_document *document, const struct text *text, struct span span);

/* Line and column of the file where a byte of it is. */
void document_place(const struct depesha_document *document, size_t source, size_t *line, size_t *column);

/* The same for many offsets of the text: those that follow one another on a line are counted from one to the next. */
struct cursor {
    size_t line, offset, column; /* all 0 at first */
};
void cursor_position(struct cursor *cursor, const struct depesha_document *document, size_t offset, size_t *line,
                     size_t *column);

#endif
