#!/bin/bash
# A new form of cable is a few lines in a file of the user's: it includes the built-in grammar, and nothing is compiled.
# DEPESHA is the command.
set -u
depesha=$(realpath "${DEPESHA:-build/depesha}") || exit 2
place=$(mktemp -d) || exit 2
trap 'rm -rf "$place"' EXIT
cd "$place" || exit 2

# check NAME COMMAND...: its output is shown if it fails.
check() {
    local name=$1
    shift
    if "$@" >log 2>&1; then
        echo "ok user-grammar: $name"
    else
        echo "not ok user-grammar: $name"
        head -n 20 log | sed 's/^/    /'
    fi
}

cat >trieste.grammar <<'END'
grammar trieste 2 "Pouches of the Trieste mission"
include "soviet"

enum trieste_seal
    whole  = "seal whole" | "печать цела"
    broken = "seal broken" | "печать сломана"

key pouch.number = number
key pouch.seal   = trieste_seal
key pouch.opened = date

field courier_pouch in header weight 9
    = start ("Pouch" | "Вализа") [NO] {pouch.number} [[COMMA] {pouch.seal}] [[COMMA] "opened" {pouch.opened}] end
    eg "Pouch No. 7" -> "7"
    eg "Вализа № 12, печать сломана" -> pouch.number "12", pouch.seal "broken"
    eg "Pouch No. 8, seal whole, opened 2 June 1948" -> pouch.number "8", pouch.seal "whole", pouch.opened "1948-06-02"

form trieste-pouch "Trieste mission, by pouch"
    needs pouch.number, from.place
    likes pouch.seal, pouch.opened, classification, signature, telegram_number, special_number
END

cat >pouch.txt <<'END'
STRICTLY SECRET

FROM TRIESTE
Pouch No. 31, seal broken, opened 11 February 1949

The harbour master called on us in the morning and complained about the lamps that were to
be delivered in autumn.

I promised him an answer before the end of the month.

GORDEYEV
END

json() { "$depesha" parse -g trieste.grammar pouch.txt | jq -e "$1"; }
plain() { "$depesha" parse pouch.txt | jq -e "$1"; }

check 'the grammar and its examples hold' "$depesha" grammar check trieste.grammar
check 'the new form is chosen' json '.form == {id: "trieste-pouch", title: "Trieste mission, by pouch", grammar: "trieste"}'
check 'the new field gives its values' json '.cable.pouch == {number: "31", seal: "broken", opened: "1949-02-11"}'
check 'what the built-in grammar knows is read' json '.cable | .classification == "strictly_secret" and .from.place == "TRIESTE"
    and .signature == "GORDEYEV" and (.body | length) == 2'
check 'without it there is no such form' plain '.form.id != "trieste-pouch" and (.cable | has("pouch") | not)'
check 'the list has them' bash -c "'$depesha' grammar list trieste.grammar >list && grep -q courier_pouch list && grep -q trieste-pouch list"

# A user's file is found beside the one that includes it, wherever the command is started.
mkdir inner
cat >inner/words.grammar <<'END'
grammar words 1 "More words"
include "trieste.grammar"
enum precedence
    urgent = "WITHOUT ANY DELAY"
END
cp trieste.grammar inner
sed 's/^Pouch/WITHOUT ANY DELAY\n&/' pouch.txt >delay.txt
check 'one file includes another beside it' bash -c "'$depesha' parse -g inner/words.grammar delay.txt |
    jq -e '.form.id == \"trieste-pouch\" and .cable.precedence == \"urgent\"'"

# An example that does not hold is a finding (1), a grammar that is broken is not usable (2).
sed 's/-> "7"/-> "70"/' trieste.grammar >untrue.grammar
untrue() {
    local status
    "$depesha" grammar check untrue.grammar >out 2>err
    status=$?
    cat out err
    [ $status -eq 1 ] && grep -q 'untrue.grammar:14:[0-9]*: .*courier_pouch' out err
}
check 'an example that does not hold is named' untrue

# broken LINE:COLUMN PATTERN: bad.grammar is refused with exit status 2, a message at this place, and the line shown.
broken() {
    local status
    "$depesha" parse -g bad.grammar pouch.txt >out 2>err
    status=$?
    cat err
    [ $status -eq 2 ] && [ ! -s out ] && grep -Eq "^depesha: bad\.grammar:$1: .*$2" err &&
        grep -qF -- "$(sed -n "${1%%:*}p" bad.grammar | sed 's/^ *//' | cut -c 1-40)" err
}

sed '13s/.*/    = start ("Pouch" | "Вализа") [NUMERO] {pouch.number} end/' trieste.grammar >bad.grammar
check 'an unknown token: place, cause' broken 13:35 "NUMERO"
sed '13s/.*/    = start ("Pouch" | "Вализа") [NO] {pouch.nomber} end/' trieste.grammar >bad.grammar
check 'an unknown key: place, cause, mend' broken '13:[0-9]+' "pouch.nomber.*pouch.number"
sed '13s/.*/    = start ("Pouch | "Вализа") [NO] {pouch.number} end/' trieste.grammar >bad.grammar
check 'an open quotation: place' broken '13:[0-9]+' ''
sed -e 's/^enum/enumeration/' -e '13s/NO/NUMERO/' trieste.grammar >bad.grammar
several() { broken '4:1' "enumeration" && broken '13:[0-9]+' "NUMERO"; }
check 'all errors are told, not only the first' several
sed 's/include "soviet"/include "soviets"/' trieste.grammar >bad.grammar
check 'a grammar to include that is not there' broken '2:[0-9]+' 'soviets'
: >bad.grammar
empty() {
    "$depesha" parse -g bad.grammar pouch.txt >out 2>err
    [ $? -eq 2 ] && [ ! -s out ] && grep -q '^depesha: bad.grammar' err
}
check 'an empty grammar' empty
