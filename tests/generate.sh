#!/bin/bash
# depesha generate: the same cables each time, in each of its formats, which depesha parse then reads.
set -u
place=$(mktemp -d) || exit 2
trap 'rm -rf "$place"' EXIT
depesha=$(realpath "${DEPESHA:-build/depesha}")
cd "$place" || exit 2

check() {
    local name=$1
    shift
    if "$@" >log 2>&1; then
        echo "ok generate: $name"
    else
        echo "not ok generate: $name"
        sed 's/^/    /' log | head -n 20
    fi
}

same() { "$depesha" generate -n 5 -s 9 >a && "$depesha" generate -n 5 -s 9 >b && cmp a b && [ "$(wc -l <a)" -eq 5 ] &&
    "$depesha" generate -n 5 -s 10 >b && ! cmp -s a b; }
text() { "$depesha" generate --form nkid-outgoing >one && "$depesha" parse one | jq -e '.form.id == "nkid-outgoing"'; }
# The record that stands beside a cable is the one that is parsed from it: here the numbers and dates.
record() {
    "$depesha" generate -n 40 -s 5 --record >all && jq -e -s 'length == 40 and all(.record.form.id != null)' all &&
        jq -r 'select(.record.cable.sent_at) | [.id, .record.cable.sent_at] | @tsv' all >meant && [ -s meant ] &&
        while read -r id sent; do
            jq -j --arg id "$id" 'select(.id == $id).text' all >one
            [ "$("$depesha" parse one | jq -r '.cable.sent_at')" = "$sent" ] || echo "$id"
        done <meant >bad && [ "$(wc -l <bad)" -le $(($(wc -l <meant) / 10)) ]
}
folder() { mkdir files && "$depesha" generate -n 3 --record -o files && [ "$(echo files/*.txt | wc -w)" -eq 3 ] &&
    for file in files/*.json; do jq -e .cable "$file" || return 1; done; }
texts() { "$depesha" generate -n 3 -f text >three && [ "$(grep -c $'^\f' three)" -eq 2 ]; }
language() { "$depesha" generate -n 20 --language en >en && ! grep -P '\p{Cyrillic}' en && "$depesha" generate --language ru | grep -P '\p{Cyrillic}'; }
production() { "$depesha" generate -n 9 --production received_at | jq -e -s 'length == 9'; }
refused() {
    "$depesha" generate "$@"
    [ $? -eq 2 ]
}
full() {
    "$depesha" generate -n 2000 >/dev/full
    [ $? -eq 2 ]
}
left() { "$depesha" generate -n 100000 | head -n 1 | jq -e .text; }

check 'the same options, the same cables' same
check 'a cable is parsed as the form that was asked for' text
check 'values come back' record
check 'a directory gets a file a cable' folder
check 'texts are set apart' texts
check 'in one language' language
check 'texts of one production' production
check 'an unknown form' refused --form no-such-form
check 'an unknown language' refused --language xx
check 'damage is a percentage' refused --damage 101
check 'damage is a number' refused --damage much
check 'a text has no room for a record' refused --record -f text
check 'no operands' refused cable.txt
check 'a full disk' full
check 'a reader that goes away' left
