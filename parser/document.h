/* A document: what was read, the way through it, its leaves, and its records. */
#ifndef DEPESHA_DOCUMENT_H
#define DEPESHA_DOCUMENT_H

#include "repair.h"
#include "value.h"

struct leaf {
    struct span span; /* bytes of the text, or of the file */
    const char *kind;
    const struct key *key;     /* of a value */
    const struct field *field; /* of what a production explains */
};

/* Reads leaves in their order, as the steps of the path yield them. */
struct leaf_reader {
    const struct depesha_document *d;
    struct path_reader steps;
    struct step step;    /* a run of unexplained lines that is being read */
    size_t line;         /* of it, the next one */
    bool in_run, ended;  /* ended: there are no more steps */
    uint32_t end;        /* of what was added */
    struct leaf *leaves; /* that wait; the last one may grow */
    size_t next, count;
};

/* How well a form fits a record. */
struct fit {
    const struct form *form;
    bool fits;
    bool untimely; /* it would, but for its years */
    int score;
};

/* What nothing explains: of one line. */
struct passage {
    struct span span;
    size_t zone;
};

/* Reads the passages of a record in their order. */
struct passage_reader {
    const struct depesha_document *d;
    struct path_reader steps;
    struct step run;
    size_t line;
    bool in_run, first, ended;
    struct passage waits; /* the next one, which may go on; empty: there is none */
};

enum reading_kind { READING_PLAIN, READING_MENDED, READING_FLAT, READINGS };

/* Where a record is. */
struct portion {
    size_t at;           /* bytes of the path, before the step that opens it */
    uint32_t start, end; /* bytes of the text */
    const struct form *form;
    bool is_read; /* the form is known */
};

/* The values of one key: some of a record's order. */
struct key_run {
    const struct key *key;
    uint32_t at, count;
    bool ordered; /* `at` is of the record's order; else they stand together, and it is of the values */
};

/* One cable of the document. */
struct record {
    enum reading_kind reading;
    size_t number;
    struct values values;
    bool *seen; /* which fields matched, by index */
    const struct form *form;
    struct fit *fits;
    size_t fit_count;
    struct buffer body; /* its lines, with their breaks; once it is folded, its paragraphs, each with a 0 behind it */
    depesha_finding *findings;
    size_t finding_count, finding_room;
    depesha_value *public_values; /* once somebody asks */
    uint32_t *order;              /* the values' indexes, by their keys and, in lists, by their entries... */
    struct key_run *runs;         /* ...key by key, and room for as many: first those of the catalogue, then... */
    size_t run_counts[3];         /* ...of the cable, then others */
    struct span span;
    bool is_complete; /* with body and findings */
};

/* Which zones lines are in: what was asked last. */
struct zone_reader {
    struct path_reader steps;
    struct step step;
    struct span shown; /* of the step */
    size_t line;
    bool is_open, ended;
};

struct depesha_document {
    struct arena arena;              /* what lasts */
    struct arena readings[READINGS]; /* what each way of reading has made */
    struct arena of_record;          /* the record at hand */
    struct arena work;               /* what is needed for a while */
    struct arena ways;               /* paths, until one of them is chosen */
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
    struct path path; /* with what productions find in the text of cables */
    struct portion *portions;
    size_t portion_count, portion_room;
    struct record record; /* the one at hand: all is read again from the path when another is asked for */
    bool has_record;
    enum reading_kind reading;
    struct span *slots; /* room for those of a mark, and... */
    size_t slot_most;   /* ...how many a production has at most */
    struct zone_reader zones;
    struct leaf_reader explained; /* for checks, which asked last about this leaf, if any */
    struct leaf explained_leaf;
    bool explains;
    struct leaf_reader *leaves; /* for whoever asks: the leaf at `leaf_index` is `leaf` */
    struct leaf leaf;
    size_t leaf_index, leaf_count; /* a count of SIZE_MAX: not counted yet */
    struct leaf *tiles;            /* in the order of the file, where that is another: leaves in pieces */
    size_t tile_count, tile_room;
    bool flat; /* lines were joined: words were read one by one */
};

/* A path that is known, and not searched for. */
typedef void document_way(struct depesha_document *document, void *context, struct path *path);

/* document.c: all of depesha_parse, by the way that is known, if one is (else NULL). */
depesha_status document_make(const depesha_grammar *grammar, const char *name, const void *bytes, size_t size,
                             document_way *way, void *context, depesha_document **document);

/* tree.c: what productions find in the text that the path found goes into d->path; and where records begin. */
void tree_grow(struct depesha_document *document, const struct path *path);

/* What the steps of a record yield: values, and the lines of its body. */
void tree_read(struct depesha_document *document, struct record *record);

/* Leaves from a record on; `leaves` has room for leaf_room of them. */
size_t leaf_room(const struct depesha_document *document);
void leaves_open(struct leaf_reader *reader, const struct depesha_document *document, size_t record,
                 struct leaf *leaves);
bool leaf_next(struct leaf_reader *reader, struct leaf *leaf);

/* Leaves as the file has them, where that is not their order. */
void tree_tile(struct depesha_document *document);

struct passage_reader passages_of(const struct depesha_document *document, const struct record *record);
bool passage_next(struct passage_reader *reader, struct passage *passage);

/* Which zones a line of shown_lines is in, which is one of the record's; bit n: zone n. */
uint32_t zones_of_line(struct depesha_document *document, const struct record *record, size_t line);

/* document.c: a record; it stays until another one is asked for. Without memory it leaves by document->escape. */
struct record *document_record(struct depesha_document *document, size_t n);

/* The same; NULL without memory. */
const struct record *document_open(const struct depesha_document *document, size_t n);

/* Its values as the public header shows them. Without memory it leaves by document->escape. */
const depesha_value *record_values(struct depesha_document *document, struct record *record);

/* body.c: paragraphs out of the body's lines, in their place. */
void body_fold(struct record *record);

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

/* record.c: puts the values in the order of the record. */
void record_arrange(struct depesha_document *document, struct record *record);

/* A complete record as JSON, piece by piece. False if the sink wants no more. */
bool record_write(const struct depesha_document *document, const struct record *record, unsigned flags,
                  depesha_sink *sink, void *context);

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
