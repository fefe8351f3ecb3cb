#!/bin/bash
# Many inputs: lists, archives, lines of JSON, threads, interruption and resumption. DEPESHA is the command.
set -u
depesha=$(realpath "${DEPESHA:-build/depesha}") || exit 2
samples=$(realpath "$(dirname "$0")/../samples") || exit 2
place=$(mktemp -d) || exit 2
trap 'rm -rf "$place"' EXIT
cd "$place" || exit 2

# check NAME COMMAND...: what went out and the messages are shown if it fails.
check() {
    local name=$1
    shift
    : >out
    : >err
    if "$@"; then
        echo "ok batch: $name"
    else
        echo "not ok batch: $name"
        { head -n 12 out; head -n 12 err; } | cut -c 1-160 | sed 's/^/    /'
    fi
}

# run STATUS ARGUMENT...: depesha exits with it. Output in out, messages in err.
run() {
    local want=$1 got
    shift
    "$depesha" "$@" >out 2>err
    got=$?
    [ "$got" -eq "$want" ] || { echo "exit status $got, not $want" >>err; false; }
}

fails() { run 2 "${@:2}" && [ ! -s out ] && grep -Eq "^depesha: .*$1" err; }
same() { cmp out "$1" >>err; }
silent() { [ ! -s err ]; }
names() { jq -r .source.name "${1:-out}"; }

# 120 texts and more, some of them no cable, one with several cables; UTF-8, for they go through JSON, too.
mkdir cables
for n in 0 1 2 3 4 5 6 7 8 9; do
    mkdir "cables/$n"
    for file in "$samples"/*.txt "$samples"/ankara-1947.md; do
        iconv -f UTF-8 -t UTF-8 "$file" >text 2>/dev/null && cp text "cables/$n/$(basename "$file")"
    done
done
cat "$samples/kabul-1948.txt" "$samples/oslo-1947.txt" >cables/5/several.txt
"$depesha" parse -j 1 -f ndjson cables >want
[ $? -eq 1 ] && [ "$(wc -l <want)" -gt 120 ] || { echo 'not ok batch: the corpus'; exit 1; }

# ---- threads ----
threads() { run 1 parse -j "$1" cables && same want && silent; }
all_cores() { run 1 parse cables && same want && silent; }
check_threads() {
    "$depesha" check -j 1 cables >once 2>once.err
    run $? check -j 4 cables && same once && cmp err once.err
}
check 'two threads give what one gives' threads 2
check 'sixteen threads, too' threads 16
check 'as many as there are cores, too' all_cores
check 'check with threads gives the same' check_threads
check '-j 0: 2' fails 'jobs' parse -j 0 cables

# The messages come in the order of the inputs; what is bad does not stop the rest.
: >empty.txt
printf '%%PDF-1.4\n' >paper.pdf
bad_among_good() {
    local one=$samples/kabul-1948.txt two=$samples/oslo-1947.txt
    run 2 parse -j 4 missing.txt "$one" empty.txt "$two" paper.pdf cables/5/several.txt || return
    [ "$(cut -d: -f2 err | tr -d ' ')" = "$(printf '%s\n' missing.txt empty.txt paper.pdf)" ] || return
    [ "$(names | uniq)" = "$(printf '%s\n' "$one" "$two" cables/5/several.txt)" ]
}
check 'bad inputs do not stop the others' bad_among_good

# ---- lists of inputs ----
find cables -type f | LC_ALL=C sort >list
from_list() { run 1 parse --files-from list && same want; }
from_stdin() { run 1 parse --files-from - <list && same want; }
by_nul() { tr '\n' '\0' <list >list.0 && run 1 parse --files-from list.0 --null && same want && run 1 parse -0 --files-from=list.0 && same want; }
with_crlf() { sed 's/$/\r/' list >list.crlf && run 1 parse --files-from list.crlf && same want; }
and_operands() { echo "$samples/kabul-1948.txt" >one && run 0 parse --files-from one "$samples/oslo-1947.txt" && [ "$(names | xargs -n 1 basename | xargs)" = 'kabul-1948.txt oslo-1947.txt' ]; }
odd_names() {
    printf 'cables/0/a\nb.txt' >odd.0 && cp "$samples/kabul-1948.txt" 'cables/0/a
b.txt' && run 0 parse -0 --files-from odd.0 && names | grep -q '^b.txt$'
    local status=$?
    rm 'cables/0/a
b.txt'
    return $status
}
check '--files-from' from_list
check '--files-from standard input' from_stdin
check '--files-from --null' by_nul
check '--files-from with CRLF' with_crlf
check '--files-from and operands' and_operands
check '--null: a line break in a name' odd_names
check '--files-from: no such list: 2' fails 'nowhere: .*list' parse --files-from nowhere
check '--files-from: an empty list: 2' fails 'no inputs' parse --files-from /dev/null
check '--files-from: NUL without --null: 2' fails 'is --null missing' parse --files-from list.0

# ---- lines of JSON ----
while read -r file; do jq -c -Rs --arg id "$file" '{id: $id, text: .}' "$file"; done <list >cables.ndjson
ndjson() { run 1 parse --from ndjson -j "$1" cables.ndjson && same want && silent; }
ndjson_stdin() { run 1 parse --from ndjson <cables.ndjson && same want; }
numbered() {
    jq -c '{text}' cables.ndjson | head -n 2 | run 0 parse --from ndjson && [ "$(names | xargs)" = '<stdin>:1 <stdin>:2' ] &&
        jq -c '{id: input_line_number, text}' cables.ndjson | head -n 2 | run 0 parse --from ndjson && [ "$(names | xargs)" = '1 2' ]
}
bad_lines() {
    { head -n 1 cables.ndjson; echo '{"id": "x"}'; echo 'no JSON'; echo; echo '{"id": "nul", "text": "a\u0000b"}'
      echo '{"id": "two", "text": "x"} {}'; echo '[]'; tail -n 1 cables.ndjson | tr -d '\n'; } | run 2 parse --from ndjson || return
    [ "$(wc -l <out)" -eq 2 ] && [ "$(wc -l <err)" -eq 5 ] && grep -q '^depesha: x: has no "text"' err &&
        grep -q '^depesha: <stdin>:3: not JSON' err && grep -q '^depesha: <stdin>:5: .*NUL' err && grep -q '^depesha: .*more than one' err
}
escaped() { printf '%s\n' '{"id": "back\\u0000slash \u2116", "text": "x\\u0000"}' | run 1 parse --from ndjson && [ "$(names)" = 'back\u0000slash №' ]; }
long_line() { run 2 parse --from ndjson --max-bytes 1200 cables.ndjson && grep -q 'max-bytes' err && [ "$(wc -l <out)" -gt 50 ]; }
first_at_once() {
    mkfifo pipe
    "$depesha" parse --from ndjson -j "$1" <pipe >first 2>err &
    exec 3>pipe
    head -n 1 cables.ndjson >&3
    local n
    for ((n = 0; n < 100; n++)); do [ -s first ] && break; sleep 0.1; done
    [ "$(wc -l <first)" -eq 1 ]
    local status=$?
    exec 3>&-
    wait
    rm pipe
    return $status
}
check '--from ndjson' ndjson 1
check '--from ndjson, four threads' ndjson 4
check '--from ndjson, standard input' ndjson_stdin
check '--from ndjson without ids, and with numbers' numbered
check '--from ndjson: bad lines do not stop the rest' bad_lines
check '--from ndjson: backslashes and escapes' escaped
check '--from ndjson: a line over the limit' long_line
check '--from ndjson: a record comes before its input has ended' first_at_once 1
check '--from ndjson: so with threads' first_at_once 4
check '--from something else: 2' fails "unknown from 'xml'" parse --from xml cables

check '--from ndjson: a folder: 2' fails 'cables: cannot read: Is a directory' parse --from ndjson cables

# ---- archives ----
if "$depesha" --version | grep -q libarchive; then
    tar -cf cables.tar --sort=name cables
    gzip -k cables.tar
    printf '\211PNG\r\n' >cables.png
    tar -rf cables.tar cables.png
    by_name() { LC_ALL=C sort "$@"; }
    names want | by_name >want.names
    tar_stdin() { run 1 parse --from tar -j "$1" <cables.tar && by_name out >sorted && by_name want | cmp - sorted; }
    tar_file() { run 1 parse cables.tar.gz && silent && names | sed 's|^cables.tar.gz/||' | by_name | cmp - want.names; }
    tar_torn() { head -c 30000 cables.tar >torn.tar; run 2 parse torn.tar && grep -q '^depesha: torn.tar.*damaged archive' err && [ -s out ]; }
    tar_none() { run 2 parse --from tar "$samples/kabul-1948.txt" && [ ! -s out ] && grep -q archive err; }
    check '--from tar, standard input' tar_stdin 1
    check '--from tar, standard input, four threads' tar_stdin 4
    check 'a .tar.gz as an operand' tar_file
    check 'a torn archive gives what it has: 2' tar_torn
    check '--from tar: what is none: 2' tar_none
else
    echo 'skipped batch: archives (built without libarchive)'
fi

# ---- resumption ----
resumed() { run "$1" parse --resume -o "$2" cables && [ ! -s out ] && cmp "$2" want >>err; }
afresh() { rm -f new.ndjson && resumed 1 new.ndjson; }
again() { cp want again.ndjson && resumed 1 again.ndjson; }
torn() { head -c "$1" want >torn.ndjson && resumed 1 torn.ndjson; }
every_cut() { local size; size=$(wc -c <want); for part in 1 2 3 4 5 6 7; do torn $((size * part / 8 + part)) || return; done; }
between_two() { # the cut comes between the records of one text
    local line
    line=$(grep -n '"cables/5/several.txt"' want | head -n 1 | cut -d: -f1)
    head -n "$line" want >torn.ndjson && resumed 1 torn.ndjson
}
skips() { head -n 100 want >most.ndjson && run 1 parse --resume --summary -o most.ndjson cables && grep -Eq '^depesha: [0-9]+ documents \(and [0-9]+ before\)' err; }
same_twice() {
    local one=$samples/kabul-1948.txt two=$samples/oslo-1947.txt
    run 0 parse "$one" "$two" "$one" "$one" && mv out four && head -n 3 four >cut.ndjson &&
        run 0 parse --resume -o cut.ndjson "$one" "$two" "$one" "$one" && cmp cut.ndjson four >>err
}
not_ours() { echo 'my notes' >notes && fails 'notes: .*no record' parse --resume -o notes cables && [ "$(cat notes)" = 'my notes' ]; }
not_torn() { printf 'my notes' >notes && fails 'notes: .*no record' parse --resume -o notes cables && [ "$(cat notes)" = 'my notes' ]; }
check '--resume without anything before' afresh
check '--resume after all was done' again
check '--resume after a torn line, anywhere' every_cut
check '--resume between the records of one text' between_two
check '--resume says what was skipped' skips
check '--resume: an input named several times' same_twice
check '--resume: a file that is no output: 2' not_ours
check '--resume: nor one without a line break' not_torn
check '--resume without -o: 2' fails "needs '-o FILE'" parse --resume cables

# ---- interruption: the input stays open, so the run cannot end by itself ----
interrupted() {
    local signal=$1 status
    shift
    mkfifo pipe
    # a shell lets its background jobs ignore the signal
    (trap - INT; exec "$depesha" parse --from ndjson "$@" <pipe >out 2>err) &
    local id=$!
    exec 3>pipe
    head -n 20 cables.ndjson >&3
    sleep 0.5
    kill -"$signal" $id
    wait $id
    status=$?
    exec 3>&-
    rm pipe
    echo "exit status $status" >>err
    return $status
}
whole_lines() { [ -s "$1" ] && head -c "$(wc -c <"$1")" want | cmp - "$1" >>err && [ "$(tail -c 1 "$1" | od -An -tx1 | tr -d ' ')" = 0a ]; }
by_int() { interrupted INT -j "$1"; [ $? -eq 130 ] && whole_lines out && grep -q '^depesha: interrupted after 20 documents' err; }
by_term() { interrupted TERM -j 2; [ $? -eq 143 ] && whole_lines out; }
into_file() { echo old >kept.ndjson; interrupted INT -o kept.ndjson; [ $? -eq 130 ] && [ "$(cat kept.ndjson)" = old ] && [ -z "$(find . -name '*tmp*')" ]; }
and_resumed() { rm -f half.ndjson; interrupted INT --resume -o half.ndjson; [ $? -eq 130 ] && whole_lines half.ndjson && run 1 parse --resume -o half.ndjson --from ndjson cables.ndjson && cmp half.ndjson want >>err; }
if bash -c 'trap "exit 0" INT; kill -INT $$; exit 1'; then
    check 'SIGINT leaves whole lines' by_int 1
    check 'SIGINT with threads, too' by_int 4
    check 'SIGINT: a file that is not complete does not appear' into_file
    check 'SIGINT, then --resume: all is there' and_resumed
else
    echo 'skipped batch: SIGINT is ignored here'
fi
check 'SIGTERM leaves whole lines' by_term

# ---- what is said underway ----
sums_up() {
    local all none
    all=$(find cables -type f | wc -l) none=$(grep -c '"form":null' want)
    run 1 parse --summary cables && same want && [ "$(wc -l <err)" -eq 1 ] &&
        grep -Eq "^depesha: $all documents, $none not recognised, 0 failed; .* MB in 0:[0-9]+" err
}
on_terminal() {
    command -v script >/dev/null || return 0
    script -qec "$depesha parse --from ndjson cables.ndjson $1 >onto" /dev/null </dev/null >err
    cmp onto want
}
progress() { { head -n 60 cables.ndjson; sleep 0.5; tail -n +61 cables.ndjson; } | run 1 parse --from ndjson --progress && tr '\r' '\n' <err | grep -Eq '[0-9]+ documents, [0-9]+/s, [0-9.]+ MB/s'; }
check '--summary' sums_up
check '--progress' progress
check 'on a terminal the records are the same' on_terminal ''
