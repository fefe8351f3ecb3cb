#!/bin/bash
# The grammar knows, the code does not: no label, code or name that the grammars look for stands in a string of the C code.
set -u
cd "$(dirname "$0")/.." || exit 2
export LC_ALL=C.UTF-8
place=$(mktemp -d) || exit 2
trap 'rm -rf "$place"' EXIT

# What the code may say all the same. Each is here for its reason, and for no other word.
cat >"$place/allowed" <<'END'
about       statement of the grammar language
archive     zip and the like, in messages on files that are no text
between     English word
cable       key of the record (contract), and what the help calls one
date        kind of a type in the grammar language
days        what a message may tell in the grammar language: {days}
document    English word, in messages
file        what the command reads
first       English word, in messages
form        statement of the grammar language, and key of the record
four        English word, in messages on the grammar language
from        English word
have        English word
head        HTML element
hour        part of a date in the grammar language
input       what the command reads
kind        statement of the grammar language; English word
language    English word, in messages: the grammar language
layout      option of pdftotext, in a message
list        subcommand, and statement of the grammar language
lost        English word
main        HTML element
message     key of the record (contract)
minute      part of a date in the grammar language
missing     predicate of a rule; English word
most        English word
note        severity of a finding (contract)
number      kind of a type in the grammar language
only        English word
order       statement of the grammar language
original    English word: "Compare it with the original"
other       what a message may tell in the grammar language: {other}; English word
part        English word, in messages on the grammar language
place       English word, in messages
printed     English word, in the help
read        English word
record      what the command writes
section     HTML element
source      key of the record (contract)
soviet      name of the built-in grammar, and of the field in the help
summary     option of the command, and in the help: what was done
their       English word
time        English word
type        statement of the grammar language
were        English word
where       English word, in messages and in the help
with        English word
words       English word, in messages on the grammar language
written     English word
END

# Words and codes of tokens, enumerations, types and fields; not their examples. Of patterns those words that are one of
# several: /(?i:stamps?|handwritten)/. Titles (grammar, zone, form) are no labels; the names of forms are knowledge.
grammar_words() {
    awk '
        /^[ \t]*#/ { next }
        /^[^ \t]/ { kind = $1; skip = 0 }
        /^[ \t]+(eg|->)/ { skip = 1 }
        /^[ \t]+[=|]/ { skip = 0 }
        skip { next }
        kind == "form" { if ($1 == "form") print "\"" $2 "\""; next }
        kind ~ /^(token|enum|field|type)$/ {
            if (kind == "enum" && $2 == "=") print "\"" $1 "\""
            print
        }' "$@" |
        grep -oE "\"([^\"\\\\]|\\\\.)*\"|'[^']*'|/(\\\\.|\[(\\\\.|[^]\\\\])*\]|[^/\\\\[])+/" >"$place/pieces"
    grep "^[\"']" "$place/pieces" | sed "s/^.//; s/.\$//"
    grep '^/' "$place/pieces" | sed -E 's/\\[pP](\{[^}]*\}|.)/ /g; s/\\./ /g; s/\[[^]]*\]/ /g; s/\(\?[a-z<>=!]*:?/(/g; s/[|(]/&&/g' |
        grep -oE '[|(][[:alpha:]]{4,}s?\??[|)]' | sed -E 's/^.//; s/(.\?)?.$//'
}

# FILE:LINE:string for every string, without #include lines and comments. Escapes are what they stand for.
code_strings() {
    awk '
        FNR == 1 { comment = 0 }
        /^[ \t]*#[ \t]*include/ { next }
        {
            rest = $0
            while (rest != "") {
                if (comment) {
                    if (!(at = index(rest, "*/"))) next
                    comment = 0
                    rest = substr(rest, at + 2)
                } else if (!match(rest, /\/\*|\/\/|"(\\.|[^"\\])*"|\047(\\.|[^\047\\])+\047/)) {
                    next
                } else {
                    piece = substr(rest, RSTART, RLENGTH)
                    rest = substr(rest, RSTART + RLENGTH)
                    if (piece == "//") next
                    if (piece == "/*") comment = 1
                    else if (piece ~ /^"/) print FILENAME ":" FNR ":" substr(piece, 2, length(piece) - 2)
                }
            }
        }' "$@" |
        while IFS= read -r line; do
            printf '%b\n' "$line" | tr -s '\n\t\0' '   '
            echo
        done
}

# Strings of the given files in which a word stands that is not allowed, as FILE:LINE:word.
found_in() {
    code_strings "$@" >"$place/strings"
    sed -E 's/^[^:]*:[0-9]+://' "$place/strings" >"$place/bare"
    sed -E 's/^([^:]*:[0-9]+):.*/\1/' "$place/strings" >"$place/where"
    grep -niowFf "$place/words" "$place/bare" | while IFS=: read -r number word; do
        awk '{ print $1 }' "$place/allowed" | grep -qixF -- "$word" || echo "$(sed -n "${number}p" "$place/where"):$word"
    done
}

grammar_words grammars/*.grammar | grep -E '[[:alpha:]]{4,}' | sort -u >"$place/words"
mapfile -t code < <(find parser include -name '*.[ch]' | LC_ALL=C sort)

if [ "$(wc -l <"$place/words")" -ge 300 ] && grep -qx 'МОЛНИЯ' "$place/words" && grep -qx 'top_secret' "$place/words" &&
    grep -qx 'Outgoing' "$place/words" && grep -qx 'handwritten' "$place/words"; then
    echo "ok knowledge: $(wc -l <"$place/words") words of the grammars"
else
    echo 'not ok knowledge: the words of the grammars are not found'
fi

found_in "${code[@]}" >"$place/found"
if [ "$(wc -l <"$place/strings")" -lt 100 ]; then
    echo 'not ok knowledge: the strings of the code are not found'
elif [ -s "$place/found" ]; then
    echo 'not ok knowledge: the code has words of the grammar'
    sed 's/^/    /' "$place/found"
else
    echo 'ok knowledge: the code has no words of the grammar'
fi

# Would it be found?
cat >"$place/planted.c" <<'END'
#include "outgoing.h"
/* "Outgoing" in a comment */
static const char *const labels[] = {"it is TOP SECRET", "\xD0\x9C\xD0\x9E\xD0\x9B\xD0\x9D\xD0\x98\xD0\xAF", "outgoings",
                                     "a cable"}; // "Spets"
static const char quote = '"', *other = "nkid-outgoing";
END
if [ "$(found_in "$place/planted.c" | sed 's/^[^:]*://' | tr '\n' ' ')" = '3:TOP SECRET 3:МОЛНИЯ 5:nkid-outgoing ' ]; then
    echo 'ok knowledge: planted words are found'
else
    echo 'not ok knowledge: planted words are not found'
    found_in "$place/planted.c" | sed 's/^/    /'
fi
