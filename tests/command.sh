#!/bin/bash
# How the command behaves: exit statuses, inputs, outputs, messages. DEPESHA is the command.
set -u
depesha=$(realpath "${DEPESHA:-build/depesha}") || exit 2
samples=$(realpath "$(dirname "$0")/../samples") || exit 2
place=$(mktemp -d) || exit 2
trap 'chmod -R u+rwX "$place"; rm -rf "$place"' EXIT
cd "$place" || exit 2

cable=$samples/ankara-1947.md
russian=$samples/helsinki-1945.txt
other=$samples/soup.txt

# check NAME COMMAND...: what went out and the messages are shown if it fails.
check() {
    local name=$1
    shift
    : >out
    : >err
    if "$@"; then
        echo "ok command: $name"
    else
        echo "not ok command: $name"
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

# Nothing went out, and a message in the usual way did.
only_says() { [ ! -s out ] && grep -Eq "^depesha: .*$1" err; }
fails() { run 2 "${@:2}" && only_says "$1"; }
silent() { [ ! -s err ]; }
is_json() { [ -s out ] && jq -es "$1" out >/dev/null; }
every_line_is_json() { while IFS= read -r line; do jq -e . <<<"$line" >/dev/null || return; done <out; }

# ---- parse: exit statuses ----
a_cable() { run 0 parse "$cable" && silent && is_json 'length == 1 and (.[0].form.id | endswith("outgoing"))'; }
no_cable() { run 1 parse "$other" && is_json '.[0] | has("form") and .form == null and (.findings | any(.rule == "form-unknown"))'; }
both() { run 1 parse "$cable" "$other" "$russian" && is_json '[.[].form == null] == [false, true, false]'; }
check 'a cable: 0' a_cable
check 'no cable: 1, and a record with "form": null' no_cable
check 'one of several is no cable: 1' both

# ---- inputs ----
: >empty.txt
printf ' \n\t\n' >blank.txt
printf '%%PDF-1.4\n%%\342\343\317\323\n1 0 obj\n' >paper.pdf
head -c 3000 /dev/urandom | tr -d '\000' >random.bin
printf '\000\001\002\003\000\000\377\376\000\000' >>random.bin
check 'an empty file: 2' fails 'empty.txt: .*empty' parse empty.txt
check 'a file of blanks: 2' fails 'blank.txt: .*empty' parse blank.txt
check 'a PDF: 2' fails 'paper.pdf: .*PDF' parse paper.pdf
check 'a binary file: 2' fails 'random.bin: ' parse random.bin
check 'a missing file: 2' fails 'missing.txt: .*[Nn]o such file' parse missing.txt
mkdir nothing
cp "$cable" nothing/.hidden.md
check 'a directory without cables: 2' fails 'nothing: .*no text files' parse nothing
check 'an input over the limit: 2' fails 'max-bytes' parse --max-bytes 100 "$cable"
if [ "$(id -u)" -eq 0 ]; then
    echo 'skipped command: an unreadable file (the user may read everything)'
else
    cp "$cable" closed.md
    chmod 0 closed.md
    check 'an unreadable file: 2' fails 'closed.md: .*[Pp]ermission' parse closed.md
fi

others_are_read() { run 2 parse missing.txt "$cable" empty.txt "$russian" && is_json 'length == 2' && [ "$(grep -c '^depesha: ' err)" -eq 2 ]; }
in_order() {
    run 0 parse "$russian" "$cable" && every_line_is_json && [ "$(wc -l <out)" -eq 2 ] &&
        is_json "[.[].source.name] == [\"$russian\", \"$cable\"]"
}
mkdir -p folder/inner
cp "$cable" folder/b.md
cp "$russian" folder/a.txt
cp "$cable" folder/inner/c.md
echo '{}' >folder/a.json
a_folder() { run 0 parse folder && is_json '[.[].source.name] == ["folder/a.txt", "folder/b.md", "folder/inner/c.md"]'; }
check 'what cannot be read does not hide the others' others_are_read
check 'several inputs: one record a line, in order' in_order
check 'a directory: its texts, by path' a_folder

from_stdin() { run 0 parse <"$cable" && is_json '.[0].source.name == "<stdin>"'; }
from_dash() { run 0 parse "$russian" - <"$cable" && is_json '.[1].source.name == "<stdin>"'; }
from_pipe() { head -c 100000 "$cable" | run 0 parse - && is_json 'length == 1'; }
nothing_on_stdin() { run 2 parse </dev/null && only_says 'stdin.*empty'; }
closed_stdin() { run 2 parse <&- && only_says 'stdin'; }
cp "$cable" ./-f
dash_name() { run 0 parse -- -f && is_json '.[0].source.name == "-f"'; }
check 'standard input' from_stdin
check 'standard input among files' from_dash
check 'a pipe' from_pipe
check 'standard input is empty: 2' nothing_on_stdin
check 'standard input is closed: 2' closed_stdin
check 'a name that begins with a dash' dash_name

meaning() { jq -S 'del(.source)' "$1"; }
same_record() { "$depesha" parse "$1" >want 2>err && run 0 parse "$2" && [ "$(meaning out)" = "$(meaning want)" ]; }
sed 's/$/\r/' "$cable" >crlf.md
iconv -f UTF-8 -t WINDOWS-1251 "$russian" >page.txt
iconv -f UTF-8 -t UTF-16 "$russian" >wide.txt
check 'CRLF: the same record' same_record "$cable" crlf.md
check 'Windows-1251: the same record' same_record "$russian" page.txt
check 'UTF-16: the same record' same_record "$russian" wide.txt
{ cat "$cable"; printf 'damaged \377\376 end of the text\n\303\n'; } >damaged.md
damaged() { run 0 parse damaged.md && iconv -f UTF-8 -t UTF-8 out >/dev/null && is_json '.[0].findings | any(.rule == "encoding-damaged")'; }
check 'invalid UTF-8: a valid record and a finding' damaged

# ---- formats ----
tiles() {
    run "$1" parse -f leaves "$2" && every_line_is_json &&
        is_json "[.[].start] == [0] + [.[:-1][].end] and .[-1].end == $(wc -c <"$2") and all(.[]; .start < .end)"
}
leaves_are_all() {
    run 0 parse -f leaves "$russian" || return
    jq -r '"\(.start) \(.end - .start)"' out | while read -r start size; do tail -c +$((start + 1)) "$russian" | head -c "$size"; done >again
    cmp again "$russian" >>err
}
ndjson() { run 0 parse -f ndjson "$cable" && every_line_is_json && [ "$(wc -l <out)" -eq 1 ]; }
pretty() { run 0 parse "$cable" && is_json 'length == 1' && [ "$(wc -l <out)" -gt 20 ]; }
evidence() {
    run 0 parse --evidence "$cable" && is_json '.[0].evidence | length > 20 and
        all(has("path") and has("start") and has("end") and has("line") and has("column") and has("text") and has("production")
            and .certainty >= 0 and .certainty <= 1)'
}
cited() {
    run 0 parse --evidence "$russian" || return
    jq -r '.evidence[] | select(.path == "/cable/outgoing_number") | "\(.start) \(.end - .start) \(.text)"' out |
        { read -r start size text && [ "$text" = 7041 ] && [ "$(tail -c +$((start + 1)) "$russian" | head -c "$size")" = 7041 ]; }
}
no_evidence() { run 0 parse "$cable" && is_json '.[0] | has("evidence") | not'; }
no_nothing() { run 0 parse "$cable" && is_json '.[0] | [.. | select(. == null or . == "" or . == [] or . == {})] == []'; }
check 'leaves tile a cable' tiles 0 "$cable"
check 'leaves tile a web page' tiles 0 "$samples/tunis-1959.html"
check 'leaves tile what is no cable' tiles 1 "$other"
check 'leaves tile a binary file' tiles 1 random.bin
check 'leaves tile damaged text' tiles 0 damaged.md
check 'leaves give the text back' leaves_are_all
check '-f ndjson: one line' ndjson
check 'one input: several lines' pretty
check '--evidence' evidence
check 'evidence cites the bytes' cited
check 'without --evidence there is none' no_evidence
check 'no key is empty' no_nothing

# ---- outputs ----
to_file() { run 0 parse "$cable" && mv out want && run 0 parse -o file.json "$cable" && [ ! -s out ] && cmp file.json want >>err; }
not_over_input() { cp "$cable" self.md && run 2 parse -o self.md self.md && cmp self.md "$cable" >>err && only_says 'self.md'; }
kept() { echo old >kept.json && run 2 parse -o kept.json missing.txt && [ "$(cat kept.json)" = old ]; }
no_leftover() { run 2 parse -o left.json missing.txt && [ -z "$(find . -name 'left*')" ]; }
reader_leaves() {
    local i files=()
    for ((i = 0; i < 400; i++)); do files+=("$cable"); done
    { "$depesha" parse --evidence "${files[@]}" 2>err; echo $? >status; } | head -n 1 >out
    [ ! -s err ] && [ "$(cat status)" -eq 0 ] && is_json 'length == 1'
}
full() {
    [ -e /dev/full ] || return 0
    "$depesha" parse "$cable" >/dev/full 2>err
    [ $? -eq 2 ] && grep -q '^depesha: .*[Nn]o space' err
}
closed_out() {
    "$depesha" parse "$cable" >&- 2>err
    [ $? -eq 2 ] && grep -q '^depesha: ' err
}
check '-o writes the same' to_file
check '-o over the input: 2, and the input stays' not_over_input
check '-o with nothing to write: what was there stays' kept
check '-o with nothing to write: no file' no_leftover
check 'a reader that leaves: no message, no failure' reader_leaves
check 'a full device: 2' full
check 'a closed output: 2' closed_out
check '-o into a folder that is not there: 2' fails 'nowhere/out.json' parse -o nowhere/out.json "$cable"

# ---- check, explain, grammar ----
cp "$cable" open.md
echo '[handwritten: never closed' >>open.md
clean() { run 0 check "$russian" && [ ! -s out ]; }
doubtful() { run 1 check open.md && grep -Eq '^open\.md:[0-9]+:[0-9]+: warning: .*\[bracket-unclosed\]$' out; }
as_json() { run 1 check -f json open.md && is_json '.[0] | any(.rule == "bracket-unclosed" and .start < .end)'; }
not_errors() { run 0 check --severity error open.md && [ ! -s out ]; }
explained() { run 0 explain "$cable" && grep -q 'outgoing_number' out && grep -q 'nkid-outgoing' out; }
why_not() { run 0 explain --why-not sent_at --line 1 "$cable" && [ -s out ]; }
lists() { run 0 grammar list && grep -q 'outgoing_number' out && grep -q 'nkid-outgoing' out; }
shows() { run 0 grammar show outgoing_number && grep -q 'Outgoing' out; }
shows_text() { run 0 grammar show --text && grep -q '^grammar soviet' out && mv out soviet.grammar && run 0 grammar check soviet.grammar; }
examples() { run 0 grammar check && [ -s out ]; }
named() { run 0 parse "$cable" && mv out want && run 0 parse -g soviet "$cable" && cmp out want >>err; }
check 'check: nothing to question: 0' clean
check 'check: a finding: 1, with its place' doubtful
check 'check -f json' as_json
check 'check --severity error passes a warning' not_errors
check 'check: a missing file: 2' fails 'missing.txt' check missing.txt
check 'explain' explained
check 'explain --why-not' why_not
check 'explain: an unknown production: 2' fails 'sent_att' explain --why-not sent_att "$cable"
check 'explain: two inputs: 2' fails 'one input' explain "$cable" "$russian"
check 'grammar list' lists
check 'grammar show' shows
check 'grammar show --text is a grammar' shows_text
check 'grammar check' examples
check 'a built-in grammar by name' named
check 'grammar show: an unknown production: 2' fails 'outgoing_numbr' grammar show outgoing_numbr
check 'a grammar that is not there: 2' fails 'missing.grammar' parse -g missing.grammar "$cable"

# ---- usage ----
suggested() { run 2 "${@:2}" && only_says "did you mean .*$1"; }
fits() {
    run 0 "$@" --help && silent && [ -s out ] && [ "$(wc -l <out)" -le 24 ] && [ "$(wc -L <out)" -le 80 ] && mv out long &&
        run 0 "$@" -h && cmp out long >>err
}
version() { run 0 --version && head -n 1 out | grep -Eq '^depesha [0-9]+\.[0-9]+\.[0-9]+' && grep -q PCRE2 out; }
check 'an unknown option: 2, and the one that was meant' suggested "'--evidence'" parse --evidnce "$cable"
check 'an unknown command: 2, and the one that was meant' suggested "'parse'" prase "$cable"
check 'a file for a command: 2, and the command that was meant' suggested 'parse folder/b.md' folder/b.md
check 'an unknown short option: 2' fails "'-x'" parse -x "$cable"
check 'an unknown format: 2, and which there are' fails "'xml'.*json.*ndjson.*leaves" parse -f xml "$cable"
check 'an option without value: 2' fails 'needs a value' parse -g
check 'no command: 2' fails 'parse.*check.*explain.*grammar'
check '--version' version
for command in '' parse check explain grammar generate; do
    # shellcheck disable=SC2086
    check "depesha $command --help fits 24 lines of 80" fits $command
done
