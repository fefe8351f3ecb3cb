/*
 * depesha: transcriptions of Soviet diplomatic cables as structured, checkable data.
 *
 *     bytes -> document (one or more cables) -> values with their evidence, findings, leaves, JSON
 *
 * The library does no input or output, keeps no globals and never exits. A compiled grammar is
 * read-only: any number of threads may parse with one grammar at the same time. Documents belong
 * to the thread that made them. Strings are UTF-8. Offsets count bytes of the input from 0, lines
 * and columns count from 1 (columns in characters), dates are EDTF (ISO 8601-2), paths are JSON
 * Pointers (RFC 6901) into the record, such as "/cable/to/0/person".
 */
#ifndef DEPESHA_H
#define DEPESHA_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DEPESHA_VERSION "0.1.0"

#if defined(__GNUC__)
#define DEPESHA_API __attribute__((visibility("default")))
#else
#define DEPESHA_API
#endif

struct cJSON;

/* What a call came to. Everything but DEPESHA_OK leaves the output arguments NULL. */
typedef enum depesha_status {
    DEPESHA_OK = 0,
    DEPESHA_NO_MEMORY,   /* an allocation failed; nothing is leaked */
    DEPESHA_BAD_GRAMMAR, /* the grammar has errors; the messages say which */
    DEPESHA_BAD_NAME,    /* no production, form, language or line of that name */
    DEPESHA_TOO_LARGE,   /* the input is larger than the library reads (1 GiB) */
    DEPESHA_UNWRITTEN    /* no text was found that reads as it should, or nobody wanted the rest of one */
} depesha_status;

/* A sentence for a status, static. Thread-safe. */
DEPESHA_API const char *depesha_status_text(depesha_status status);

/* The version of the library that is linked, and of what it was built with. Static. Thread-safe. */
DEPESHA_API const char *depesha_version(void);
DEPESHA_API const char *depesha_features(void);

/* Frees a string that the library returned as `char *`. NULL is allowed. */
DEPESHA_API void depesha_free(char *text);

/* ---- grammars ------------------------------------------------------------------------------ */

typedef struct depesha_grammar depesha_grammar;

/*
 * Finds the text of an included grammar. `name` is as written after `include`, `from` the name of
 * the file that includes it. Returns a malloc'ed text of *size bytes, which the library frees, or
 * NULL if there is none. Built-in grammars are found without it.
 */
typedef char *depesha_loader(void *context, const char *from, const char *name, size_t *size);

/* The text of a built-in grammar ("soviet"), static, with its size in *size; NULL if there is none. Thread-safe. */
DEPESHA_API const char *depesha_builtin(const char *name, size_t *size);

/*
 * Compiles a grammar from `size` bytes of `text`; `name` stands in the messages. `loader` may be
 * NULL. On DEPESHA_OK *grammar is the caller's, to be freed with depesha_grammar_free. On
 * DEPESHA_BAD_GRAMMAR *messages (if messages is not NULL) is a text with every error of the file,
 * "FILE:LINE:COL: message" and the line with a caret; the caller frees it with depesha_free.
 */
DEPESHA_API depesha_status depesha_grammar_compile(const char *name, const char *text, size_t size,
                                                   depesha_loader *loader, void *context, depesha_grammar **grammar,
                                                   char **messages);
DEPESHA_API void depesha_grammar_free(depesha_grammar *grammar);

/*
 * Runs every example of the grammar. *examples is how many there are, *messages a text with those
 * that fail (NULL if none does), to be freed with depesha_free. DEPESHA_BAD_GRAMMAR if one failed.
 */
DEPESHA_API depesha_status depesha_grammar_check(const depesha_grammar *grammar, size_t *examples, char **messages);

/* The forms and productions of the grammar, one a line. To be freed with depesha_free; NULL without memory. */
DEPESHA_API char *depesha_grammar_list(const depesha_grammar *grammar);

/*
 * One production as the grammar has it and as the pattern that it became; all of them if `name` is
 * NULL. DEPESHA_BAD_NAME if there is none of that name. *text is freed with depesha_free.
 */
DEPESHA_API depesha_status depesha_grammar_show(const depesha_grammar *grammar, const char *name, char **text);

typedef enum depesha_severity { DEPESHA_NOTE, DEPESHA_WARNING, DEPESHA_ERROR } depesha_severity;

/* What a grammar questions. Strings live as long as the grammar. */
typedef struct depesha_rule {
    const char *id; /* stable, kebab-case: "bracket-unclosed" */
    depesha_severity severity;
    bool off;          /* a grammar has switched it off: it finds nothing */
    bool of_batch;     /* only depesha_batch_check finds it */
    const char *says;  /* its message, with words in braces for what differs */
    const char *about; /* a paragraph or two, parted by a line break; NULL if the grammar has none */
} depesha_rule;

/* The rules of a grammar, in its order. Thread-safe. An index beyond them gives a rule without id. */
DEPESHA_API size_t depesha_rule_count(const depesha_grammar *grammar);
DEPESHA_API depesha_rule depesha_rule_at(const depesha_grammar *grammar, size_t index);

/*
 * A rule in words: what it questions, what to do, an example, and what the rule says of that. Thread-safe.
 * DEPESHA_BAD_NAME if there is none of that id. *text is freed with depesha_free.
 */
DEPESHA_API depesha_status depesha_rule_explain(const depesha_grammar *grammar, const char *id, char **text);

/* ---- documents ----------------------------------------------------------------------------- */

typedef struct depesha_document depesha_document;

/* One value and the bytes it came from. It and its strings live until another record of the document is asked for. */
typedef struct depesha_value {
    const char *path;       /* JSON Pointer into the record: "/cable/sent_at" */
    const char *value;      /* normalised: "1946-05-08T08:50" */
    const char *text;       /* as written: "0850,\n\n8 May 1946" */
    const char *production; /* of the grammar: "sent_at" */
    size_t start, end;      /* bytes of the input */
    size_t line, column;    /* of the start */
    double certainty;       /* 0 to 1; below 1 something was inferred */
} depesha_value;

/* What a careful archivist would question. It and its strings live until another record is asked for. */
typedef struct depesha_finding {
    const char *rule; /* stable, kebab-case: "bracket-unclosed" */
    depesha_severity severity;
    size_t start, end;
    size_t line, column;
    const char *message;
    const char *text;            /* what stands there, blanks folded; of a long passage its beginning */
    const char *mend;            /* what should stand there, if there is just one right answer; else NULL */
    size_t end_line, end_column; /* of the character behind it; both 0 where only the line is known */
} depesha_finding;

/* One leaf of the lossless tree. The leaves tile the input. */
typedef struct depesha_leaf {
    size_t start, end;
    const char *kind;       /* "label" "value" "body" "annotation" "noise" "unparsed" */
    const char *path;       /* of a value, as the grammar has it: "sent_at"; else NULL */
    const char *production; /* NULL where none */
} depesha_leaf;

/*
 * Reads `size` bytes as a transcription, in whatever encoding, and finds the cables in it. `name`
 * stands in the record's source. Never fails on account of the input's content. On DEPESHA_OK
 * *document is the caller's, to be freed with depesha_document_free; it refers to the grammar, which
 * must outlive it, and to no part of `bytes`.
 */
DEPESHA_API depesha_status depesha_parse(const depesha_grammar *grammar, const char *name, const void *bytes,
                                         size_t size, depesha_document **document);
DEPESHA_API void depesha_document_free(depesha_document *document);

/* What the input was read as: "UTF-8", "KOI8-R". Lives as long as the document. */
DEPESHA_API const char *depesha_document_encoding(const depesha_document *document);

/* Line `line` (from 1) as UTF-8 without its break, *size bytes of it; NULL if there is none. Lives as long as the
 * document. */
DEPESHA_API const char *depesha_document_line(const depesha_document *document, size_t line, size_t *size);

/* How many records the document has: at least 1. */
DEPESHA_API size_t depesha_document_count(const depesha_document *document);

/*
 * A document of many records keeps the one at hand, and reads another from the text when it is asked for: what was
 * given of the one before is gone then. depesha_document_open tells whether there was memory for that; the functions
 * below call it themselves, and without memory answer as if the record had nothing. Of a document with one record
 * nothing can fail.
 */
DEPESHA_API depesha_status depesha_document_open(const depesha_document *document, size_t n);

/* The id of the form of record `n`, or NULL if it was not recognised as a cable. */
DEPESHA_API const char *depesha_document_form(const depesha_document *document, size_t n);

/* Values of record `n` in the order of the text. */
DEPESHA_API size_t depesha_value_count(const depesha_document *document, size_t n);
DEPESHA_API const depesha_value *depesha_value_at(const depesha_document *document, size_t n, size_t index);
/* The value at a JSON Pointer, or NULL. */
DEPESHA_API const depesha_value *depesha_value_find(const depesha_document *document, size_t n, const char *path);

DEPESHA_API size_t depesha_finding_count(const depesha_document *document, size_t n);
DEPESHA_API const depesha_finding *depesha_finding_at(const depesha_document *document, size_t n, size_t index);

/*
 * Leaves of the whole document: in order, without gap or overlap, from 0 to the input's size. They are read from the
 * text one after another: the next one is found at once, an earlier one from the first on. Strings live as long as the
 * grammar.
 */
DEPESHA_API size_t depesha_leaf_count(const depesha_document *document);
DEPESHA_API depesha_leaf depesha_leaf_at(const depesha_document *document, size_t index);

/*
 * Writes record `n` as JSON: calls `sink` with one piece of it after the other. All that needs memory is done before
 * the first piece, so what was begun is written to its end, unless the sink returns false: it wants no more. No line
 * break stands at the end. DEPESHA_NO_MEMORY: nothing was written; DEPESHA_BAD_NAME: there is no such record;
 * DEPESHA_UNWRITTEN: the sink wanted no more.
 */
enum { DEPESHA_EVIDENCE = 1, DEPESHA_PRETTY = 2 };
typedef bool depesha_sink(void *context, const char *text, size_t size);
DEPESHA_API depesha_status depesha_document_write(const depesha_document *document, size_t n, unsigned flags,
                                                  depesha_sink *sink, void *context);

/*
 * Record `n` as a cJSON tree, which the caller frees with cJSON_Delete, or as text, which the
 * caller frees with depesha_free. NULL without memory. Large records are better written.
 */
DEPESHA_API struct cJSON *depesha_document_cjson(const depesha_document *document, size_t n, unsigned flags);
DEPESHA_API char *depesha_document_json(const depesha_document *document, size_t n, unsigned flags);

/* ---- batches ------------------------------------------------------------------------------- */

/* Cables that are held against one another: the same number twice, a reference with another date. */
typedef struct depesha_batch depesha_batch;

/*
 * An empty batch for documents of this grammar, which must outlive it. Of each document little is kept: numbers, days,
 * places and their lines. A batch belongs to one thread. Freed with depesha_batch_free.
 */
DEPESHA_API depesha_status depesha_batch_make(const depesha_grammar *grammar, depesha_batch **batch);
DEPESHA_API void depesha_batch_free(depesha_batch *batch);

/* Adds the records of a document, which may be freed then. Without memory the batch stays as it was, and usable. */
DEPESHA_API depesha_status depesha_batch_add(depesha_batch *batch, const depesha_document *document);

/* A finding of a batch, and where it stands: the name of the document and the text of the line. */
typedef struct depesha_batch_finding {
    depesha_finding finding;
    const char *source, *line_text;
} depesha_batch_finding;

/* Holds the records against one another; to be called once, when all are added. Findings live as long as the batch. */
DEPESHA_API depesha_status depesha_batch_check(depesha_batch *batch);
DEPESHA_API size_t depesha_batch_finding_count(const depesha_batch *batch);
DEPESHA_API const depesha_batch_finding *depesha_batch_finding_at(const depesha_batch *batch, size_t index);

/* ---- explanations -------------------------------------------------------------------------- */

/*
 * Why the document was read as it was: each line with its zone, its production and what that
 * yielded, what else would have matched there, and the score of each form with what it lacks. To be
 * freed with depesha_free; NULL without memory.
 */
DEPESHA_API char *depesha_explain(const depesha_document *document);

/*
 * How far `production` gets on `line` (0: on the line where it gets farthest), and where it stops.
 * DEPESHA_BAD_NAME if there is no such production or line. *text is freed with depesha_free.
 */
DEPESHA_API depesha_status depesha_why_not(const depesha_document *document, const char *production, size_t line,
                                           char **text);

/* ---- texts that the grammar writes ---------------------------------------------------------- */

/* What to write. All zero: whole cables of any form. Names must stay as they are while a generator has them. */
typedef struct depesha_recipe {
    const char *form;        /* the id of a form; NULL: all in turn */
    const char *production;  /* not NULL: no cables, but texts that this production reads */
    const char *language;    /* of the grammar's `language` statements; NULL: any */
    unsigned long long seed; /* the same recipe gives the same texts */
    double damage;           /* percent of the characters that are lost, doubled, confused or replaced by damage */
} depesha_recipe;

typedef struct depesha_generator depesha_generator;

/*
 * Begins a series of texts. On DEPESHA_OK *generator is the caller's, to be freed with depesha_generator_free; it
 * refers to the grammar and the recipe's names. DEPESHA_BAD_NAME if the grammar has no such form, production or
 * language. A generator belongs to one thread.
 */
DEPESHA_API depesha_status depesha_generator_new(const depesha_grammar *grammar, const depesha_recipe *recipe,
                                                 depesha_generator **generator);
DEPESHA_API void depesha_generator_free(depesha_generator *generator);

/*
 * Writes the next text. On DEPESHA_OK *text, of *size bytes of UTF-8 and a 0 behind them, is the caller's
 * (depesha_free). If `meant` is not NULL, *meant is the document as it would be read by a reader who knows how it was
 * written, before any damage: compare what depesha_parse makes of the text. It is freed with depesha_document_free.
 * DEPESHA_UNWRITTEN if no text came out; the next call tries others.
 */
DEPESHA_API depesha_status depesha_generate(depesha_generator *generator, char **text, size_t *size,
                                            depesha_document **meant);

#ifdef __cplusplus
}
#endif
#endif
