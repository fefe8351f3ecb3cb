/*
 * A grammar in memory: what syntax.c reads, resolve.c ties together and everything after it consults.
 * Read-only once made, but for its patterns, which are compiled when they are first needed: any number
 * of threads may do that at once. Spans are bytes of a grammar file; names point into its text's arena.
 */
#ifndef DEPESHA_GRAMMAR_H
#define DEPESHA_GRAMMAR_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdatomic.h>
#include <stdint.h>

#include "arena.h"
#include "depesha.h"

enum { MAX_ZONES = 12, MAX_NEXT = 6, MAX_STEP = 64, MAX_KEYS = 4000, ALIKE_CHARACTERS = 0x500, LEAF_HASH = 256 };

/* Whether patterns become machine code: those that are used much (where PCRE2 can), none, or all. */
enum jit { JIT_AUTO, JIT_NEVER, JIT_ALWAYS };

/* A grammar file, and a place in it. */
struct source {
    const char *name, *text;
    size_t size;
    struct source *from; /* the file that includes it */
    struct source *next; /* the next file of the grammar */
};

struct place {
    const struct source *source;
    size_t offset, size;
};

/* ---- expressions --------------------------------------------------------------------------- */

enum node_kind {
    NODE_WORDS,    /* "Copy No": any case, blanks of any width */
    NODE_EXACT,    /* 'SPECIAL': in this case only */
    NODE_PATTERN,  /* /\d+/ */
    NODE_NAME,     /* TOKEN or enumeration */
    NODE_SLOT,     /* {path EXPRESSION} */
    NODE_SEQUENCE, /* children in order */
    NODE_CHOICE,   /* one child, the first that leads on */
    NODE_OPTION,   /* [child] */
    NODE_SOME,     /* child+ */
    NODE_MANY,     /* child* */
    NODE_BREAK,    /* the end of the line, and blank lines */
    NODE_START,    /* only at the beginning of a line */
    NODE_END       /* only at the end of a line */
};

struct node {
    enum node_kind kind;
    struct place place;
    const char *text; /* of words, patterns, names and slots */
    size_t size;
    struct node *first, *next; /* children, siblings */
    const char *type_name;     /* of a slot that is read as another type than its key's */
    /* Once resolved: */
    const struct definition *definition; /* of a name; NULL if there is none */
    const struct node *reads;            /* of a slot of a field: what it reads */
    const char *part;                    /* of a slot of a token: its name */
    size_t slot;                         /* of a slot of a field: which of them */
    const struct pattern *leaf;          /* of a /pattern/ in a field: what is matched on the way (walk.h) */
};

/* ---- patterns ------------------------------------------------------------------------------- */

/* What PCRE2 made of an expression. */
struct compiled {
    pcre2_code *code;  /* NULL: PCRE2 refuses it, for the reason `error` at `offset` */
    int error;         /* 0: there is none */
    size_t offset;     /* of the pattern's text */
    uint32_t groups;   /* how many it captures, with the whole match */
    size_t part_count; /* of a token: its parts, group by group */
    const char **part_names;
    struct compiled *older;   /* what it replaced, which others may still use */
    unsigned char begins[32]; /* a bit for each byte with which a match may begin; all, where that is not known */
    bool may_be_empty;        /* nothing is known */
};

/* The part of a pattern that changes: filled on first use, replaced by machine code when it is used much. */
struct cell {
    const struct pattern *pattern;
    _Atomic(struct compiled *) compiled;
    atomic_uint tries;
    struct cell *next; /* all cells of the grammar */
};

enum pattern_kind {
    PATTERN_NONE,
    PATTERN_PLAIN, /* an expression, anywhere */
    PATTERN_LINE,  /* an expression, where matching starts */
    PATTERN_FIELD, /* a field's expression with its slots, where matching starts */
    PATTERN_FLAT,  /* the same, where lines may have been joined: a blank may be their end */
    PATTERN_LEAF,  /* a /pattern/ in a field, where matching starts; each of its ends is told to the matcher */
    PATTERN_GAP,   /* blanks and damage, where matching starts */
    PATTERN_PARTS, /* a token with its parts, over the whole text */
    PATTERN_CODES, /* an enumeration's entries, over the whole text; the mark says which */
    PATTERN_LEAD   /* blanks, damage and noise */
};

/* An expression that is matched. */
struct pattern {
    enum pattern_kind kind;
    const struct node *node;
    const struct entry *entries; /* of PATTERN_CODES */
    size_t index;
    struct cell *cell;
};

/* ---- statements ---------------------------------------------------------------------------- */

struct entry {
    const char *code; /* what the record gets */
    struct node *node;
    struct entry *next;
};

/* A /pattern/ of fields, with all that have it. */
struct leaf_pattern {
    struct pattern pattern;
    struct leaf_pattern *next;
};

/* A token or an enumeration: an expression with a name. */
struct definition {
    const char *name;
    struct place place;
    struct node *node;     /* of an enumeration: the choice of its entries */
    struct entry *entries; /* of an enumeration */
    bool is_enumeration;
    enum { NOT_YET, UNDER_WAY, RESOLVED } state;
    bool has_parts;
    bool prepared, walks; /* walk.h: whether it can be followed is known, and that it can */
    struct pattern parts, codes;
    size_t index;
    struct definition *next, *same_hash;
};

enum kind { KIND_TEXT, KIND_NAME, KIND_NUMBER, KIND_INTEGER, KIND_DATE, KIND_CODE };

/* How a captured text becomes a value. */
struct type {
    const char *name;
    struct place place;
    enum kind kind;
    struct node *reads, *drops, *splits;
    struct pattern drop, split;
    const char *item_name; /* the token that each piece of a split text is, if any */
    const struct definition *item;
    const struct definition *definition;  /* what is read, if it is one named expression */
    const struct definition *enumeration; /* of a code or an integer in words */
    struct type *next;
};

/* A path of the record. */
struct key {
    const char *path; /* "to.person"; below "cable" unless `root` */
    struct place place;
    const char *type_name;
    const struct type *type;
    bool root;                  /* the path starts at the record's root */
    size_t list;                /* how many bytes of the path name the list it is in; 0: none */
    size_t list_index;          /* which list */
    struct field_list *readers; /* what is read in its values, in the order of the grammar */
    size_t index;
    struct key *next;
};

/* What the letters of a language look like, for texts that are generated. */
struct language {
    const char *name;
    struct place place;
    struct node *node;
    struct language *next;
};

struct list {
    const char *path;
    size_t index;
    struct list *next;
};

struct zone {
    const char *name, *title;
    struct place place;
    int line, prose, word, enter; /* what an unexplained line, a line of prose, a word costs; and entering */
    bool body;                    /* its unexplained lines are the document's text */
    bool reading;                 /* words may be skipped within a line */
    const char *next_names[MAX_NEXT];
    size_t next[MAX_NEXT], next_count;
    bool starts; /* a document may begin here */
    bool opens;  /* entering it, another record begins */
};

struct slot {
    const struct key *key;
    const struct type *type;
    const struct definition *reader; /* the named expression that it reads, or NULL */
    struct place place;
};

struct expectation {
    const char *path, *value;
    struct place place;
    bool named; /* the path is written; else it is that of the first slot */
    struct expectation *next;
};

struct example {
    struct place place;
    const char *text;
    size_t size;
    struct expectation *expect;
    struct example *next;
};

struct name_list {
    const char *name;
    struct place place;
    struct name_list *next;
    /* Of what a record may have, once resolved: a key, perhaps with a code, or a field. */
    const struct key *key;
    const char *code;
    const struct field *field;
};

struct field_list {
    const struct field *field;
    struct field_list *next;
};

struct key_list {
    const struct key *key;
    struct key_list *next;
};

struct field {
    const char *name;
    struct place place;
    struct name_list *in; /* as written: zones, or paths of values */
    uint32_t zones;       /* bit n: zone n */
    struct name_list *then_name;
    bool leads; /* what follows is in zone `then` */
    size_t then;
    struct key_list *inside; /* read in the texts of these values */
    int weight;
    bool weak; /* counts only where nothing else gives the value */
    double certainty;
    struct node *node;
    struct pattern pattern;
    struct pattern flat; /* the same, for long lines that may be several */
    bool walks;          /* it can be followed element by element (walk.h) */
    struct slot *slots;  /* slot n is group n + 1 */
    size_t slot_count, slot_room;
    bool at_start; /* only at the beginning of a line */
    struct example *examples;
    size_t index;
    struct field *next, *same_hash;
};

/* One thing that a form asks for: any of the alternatives. */
struct demand {
    struct name_list *any; /* paths, path=code, or fields */
    struct demand *next;
};

struct form {
    const char *id, *title;
    struct place place;
    struct demand *needs, *likes, *never;
    struct name_list *order; /* of its stages */
    int first_year, last_year;
    struct form *next;
};

/* What the engine can find; rule.c has the words for it. */
enum predicate {
    WHEN_UNRECOGNISED, /* no form fits */
    WHEN_UNDECODED,    /* bytes that are not of the encoding */
    WHEN_UNSHOWN,      /* a web page that could not be read as one */
    WHEN_EXCEEDED,     /* a production reached a limit */
    WHEN_IMPOSSIBLE,   /* a date that cannot be */
    WHEN_UNREADABLE,   /* another text that makes no value */
    WHEN_CONFLICTING,  /* two values for one key */
    WHEN_DISORDERED,   /* stages against the form's order */
    WHEN_OUTSIDE,      /* a year out of the form's or the grammar's */
    WHEN_MISSING,      /* none of some alternatives is there */
    WHEN_APART,        /* dates more than some days from one another */
    WHEN_DIFFERENT,    /* dates more than some days from another one */
    WHEN_REVERSED,     /* ranges of numbers that run backwards or are malformed */
    WHEN_UNEQUAL,      /* a count that is not that of a list */
    WHEN_ABOVE,        /* a number above another */
    WHEN_REPEATED,     /* an entry of a list that comes again */
    WHEN_RESPELLED,    /* names that differ in a letter or two */
    WHEN_UNCLOSED,     /* brackets and quotes without their partners */
    WHEN_NEARLY,       /* nearly a word of an enumeration */
    WHEN_FOUND,        /* an expression, in short lines of zones or in values */
    WHEN_BRACKETED,    /* brackets that hold an expression */
    WHEN_DAMAGED,      /* damage within a value */
    WHEN_UNCERTAIN,    /* values of low certainty */
    WHEN_MIXED,        /* words of two alphabets with letters that look alike */
    WHEN_REPAIRED,     /* words that were read as if they were others */
    WHEN_UNEXPLAINED,  /* passages of zones that nothing explains */
    WHEN_SHARED,       /* of a batch: one number on two cables */
    WHEN_MISDATED,     /* of a batch: a reference with another date than the cable's */
    WHEN_STALE         /* of who accepts findings: an acceptance that nothing needs */
};

/* One way to write a code of an enumeration. */
struct wording {
    const char *capitals, *written; /* NULL at the end */
    size_t length;                  /* characters in capitals */
    uint32_t letters;               /* which (word.h) */
};

/* What a rule looks for. Which parts there are depends on the predicate. */
struct condition {
    enum predicate predicate;
    struct place place;
    int number;
    struct demand *demands;
    struct name_list *paths, *against, *beside, *zone_names;
    struct node *node;
    struct pattern pattern;
    const char *texts[8];
    size_t text_count;
    const char *mend; /* what stands in the place of what was found, once it is mended; or NULL */
    const char *name; /* of the enumeration or token, or NULL */
    /* Once resolved: */
    const struct key **keys, **others, **fellows; /* of paths, against and beside; NULL at the end */
    bool anywhere;                                /* in running text, too */
    uint32_t zones;
    const struct definition *definition;
    const struct wording *words; /* of an enumeration */
    struct condition *next;
};

struct text_list {
    const char *text;
    struct text_list *next;
};

/* What a careful archivist would question. A statement without condition changes the rule of its name. */
struct rule {
    const char *id;
    struct place place;
    depesha_severity severity;
    bool off;
    struct condition *conditions;
    struct name_list *forms; /* NULL: all */
    struct demand *only_if, *unless;
    const char *says, *about;
    struct text_list *example; /* documents: one, or for rules of a batch several */
    struct rule *next;
};

struct depesha_grammar {
    struct arena arena;
    jmp_buf escape;
    const char *name, *title, *version;
    struct source *sources;
    struct definition *definitions;
    struct type *types;
    struct key *keys;
    struct list *lists;
    struct language *languages;
    struct field *fields, *last_field;
    struct form *forms;
    struct rule *rules;       /* those that are defined, in order */
    struct rule *adjustments; /* until all is resolved */
    struct node *damage, *noise, *prose;
    const char *alike[16];
    size_t alike_count;
    const char *twins[2];   /* letters of two alphabets, each with the one in its place in the other */
    const char *shapes[32]; /* groups of characters that damaged print shows alike */
    size_t shape_count;
    struct lexicon *lexicon; /* lexicon.c's */
    struct zone zones[MAX_ZONES];
    size_t zone_count, key_count, field_count, list_count, definition_count;
    int first_year, last_year; /* of the period, which two-digit years fall in */
    struct pattern lead;       /* blanks, damage and noise, where a line begins */
    struct pattern prose_line;
    struct pattern damaged; /* a mark of damage */
    struct pattern noisy;   /* a mark of noise */
    struct pattern gap;     /* blanks and damage */
    struct pattern letter;
    struct leaf_pattern *leaves_by_hash[LEAF_HASH];
    size_t pattern_count;
    bool is_builtin; /* the first built-in grammar, and nothing else */
    struct cell *cells;
    enum jit jit;
    struct definition *by_hash[256];             /* definitions by name, once all are read */
    struct field *fields_by_hash[256];           /* fields, the same */
    unsigned char alike_group[ALIKE_CHARACTERS]; /* of a character: its group + 1, or 0 */
    const struct field **by_index;
    struct automaton *automaton;   /* which fields can match at a place */
    struct automaton *flat;        /* the same, of their patterns for lines that were joined */
    pcre2_general_context *memory; /* PCRE2 has its memory from where the rest has it */
    pcre2_compile_context *compile_context;
};

/* A complaint about a grammar; all of them are kept. */
struct complaint {
    struct place place;
    const char *message;
    struct complaint *next;
};

struct complaints {
    struct arena *arena;
    struct complaint *first, **last;
    size_t count;
};

void complain(struct complaints *complaints, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Line and column (both from 1, columns in characters) of an offset in a grammar file. */
void source_position(const struct source *source, size_t offset, size_t *line, size_t *column);

/*
 * As depesha_grammar_compile does. `anew`: from the text, even where the grammar lies ready (image.h), and so that it
 * can be written down.
 */
depesha_status grammar_compile(const char *name, const char *text, size_t size, depesha_loader *loader, void *context,
                               bool anew, depesha_grammar **grammar, char **messages);

/* For tests: to be called before the grammar is used. */
void grammar_set_jit(struct depesha_grammar *grammar, enum jit jit);

/* Looks a thing up by name; NULL if there is none. */
const struct definition *find_definition(const struct depesha_grammar *grammar, const char *name, size_t size);
const struct type *find_type(const struct depesha_grammar *grammar, const char *name);
const struct key *find_key(const struct depesha_grammar *grammar, const char *path);
struct rule *find_rule(const struct depesha_grammar *grammar, const char *id);
const struct field *find_field(const struct depesha_grammar *grammar, const char *name);
/* Puts a field, whose name must be new, behind the others. */
void field_add(struct depesha_grammar *grammar, struct field *field);

#endif
