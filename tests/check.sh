#!/bin/bash
# depesha check: formats, options, what is accepted, what is mended, rules of one's own, batches. DEPESHA is the command.
set -u
root=$(realpath "$(dirname "$0")/..") || exit 2
depesha=$(realpath "${DEPESHA:-build/depesha}") || exit 2
samples=$root/samples
place=$(mktemp -d) || exit 2
trap 'rm -rf "$place"' EXIT
cd "$place" || exit 2
unset NO_COLOR COLUMNS

# check NAME COMMAND...: what went out and the messages are shown if it fails.
check() {
    local name=$1
    shift
    : >out
    : >err
    if "$@"; then
        echo "ok check: $name"
    else
        echo "not ok check: $name"
        { head -n 12 out; head -n 12 err; } | cut -c 1-160 | sed 's/^/    /'
    fi
}

# run STATUS ARGUMENT...: depesha exits with it. Output in out, messages in err.
run() {
    local want=$1 got
    shift
    "$depesha" "$@" >out 2>err </dev/null
    got=$?
    [ "$got" -eq "$want" ] || { echo "exit status $got, not $want" >>err; false; }
}
is_json() { jq -e "$1" out >/dev/null 2>>err; }

# An error, two warnings (one of them is mended) and a note.
cat >cable.txt <<'END'
NKID
10TH DEPARTMENT

Outgoing № 7315
Form № 18

Received at 2340, 3 March 1946
Sent at 2215, 3 March 1946
Deciphered at 2460, 3 March 1946

to where OSLO to whom TO BERG

The ship [ Illegible ] is in Oslо. Wait for it.

KRUGLOV
END

# ---- what is printed ----
lines() {
    run 1 check cable.txt && grep -q '^cable.txt:8:9: warning: sent_at .* \[times-order\]$' out &&
        [ "$(wc -l <out)" -eq 4 ] && grep -q '4 findings (1 error, 2 warnings, 1 note) in 1 of 1 input$' err
}
json() {
    run 1 check -f json cable.txt && is_json 'length == 4 and (.[] | select(.rule == "letters-mixed") | .mend == "Oslo")'
}
# The parts of SARIF 2.1.0 that the standard requires, and how they hang together.
sarif() {
    run 1 check -f sarif cable.txt "$samples/oslo-1947.txt" && is_json '
        .version == "2.1.0" and (.["$schema"] | endswith("sarif-2.1.0.json")) and (.runs | length == 1) and (.runs[0] |
        .columnKind == "unicodeCodePoints" and (.tool.driver | .name == "depesha" and ([.rules[].id] | index("times-order"))) and
        ([.tool.driver.rules[].id] as $known | [.results[].ruleId] - $known == []) and (.results | length == 4) and
        all(.results[]; (.level | IN("note", "warning", "error")) and (.message.text | length > 0) and
            (.locations[0].physicalLocation | .artifactLocation.uri == "cable.txt" and
                (.region | .startLine >= 1 and .startColumn >= 1 and .byteOffset >= 0 and .byteLength >= 0 and
                (.endLine > .startLine or (.endLine == .startLine and .endColumn >= .startColumn))))) and
        any(.results[]; .fixes[0].artifactChanges[0].replacements[0] |
            .insertedContent.text == "Oslo" and .deletedRegion.byteLength == 5 and
            (.deletedRegion | .endColumn - .startColumn == 4)))'
}
sarif_path() {
    mkdir -p 'a b' && cp cable.txt 'a b/x%.txt' && run 1 check -f sarif 'a b/x%.txt' &&
        is_json 'all(.runs[0].results[]; .locations[0].physicalLocation.artifactLocation.uri == "a%20b/x%25.txt")'
}
# Columns count characters, in any encoding; of a file with several cables all findings are of that file.
sarif_places() {
    { cat cable.txt; printf '\n3 copies Is\n3 March 1946\n1. Cde. Stalin\n2. Cde. Molotov\n3. Cde. Beria\n\n'; sed 's/7315/7316/; s/The ship/Судно — 日本/; s/Wait.*/Слово (за слово./' cable.txt; } >several.txt
    iconv -t UTF-16 several.txt >wide16.txt
    run 1 check -f sarif several.txt && is_json '[.runs[0].results[].locations[0].physicalLocation.region | [.startLine, .startColumn, .endLine, .endColumn]]' &&
        jq -c '[.runs[0].results[] | [.ruleId, (.locations[0].physicalLocation.region | .startLine, .startColumn, .endLine, .endColumn)]]' out >narrow &&
        run 1 check -f sarif wide16.txt &&
        jq -c '[.runs[0].results[] | [.ruleId, (.locations[0].physicalLocation.region | .startLine, .startColumn, .endLine, .endColumn)]]' out >wide &&
        cmp narrow wide && grep -q '"letters-mixed",35,32,35,36' narrow && [ "$(jq 'length' narrow)" -eq 9 ]
}
# An acceptance that is stale has a line, and no bytes in what was checked.
sarif_stale() {
    cp cable.txt a.txt && echo 'times-order 3: so in the original' >a.txt.accept && run 1 check -f sarif a.txt && rm a.txt.accept &&
        is_json '.runs[0].results[] | select(.ruleId == "acceptance-stale") | .locations[0].physicalLocation |
            .artifactLocation.uri == "a.txt.accept" and .region == {"startLine": 1}'
}
sarif_empty() { run 0 check -f sarif "$samples/oslo-1947.txt" && is_json '.runs[0].results == []'; }
junit() {
    cp cable.txt 'a<b>&.txt' && run 1 check -f junit 'a<b>&.txt' "$samples/oslo-1947.txt" && head -n 1 out | grep -q '^<?xml' &&
        grep -q '<testsuite name="a&lt;b&gt;&amp;.txt" tests="4" failures="4">' out &&
        grep -q 'oslo-1947.txt" tests="1" failures="0">' out && [ "$(grep -c '<failure ' out)" -eq 4 ] &&
        [ "$(grep -c '<testcase ' out)" -eq 5 ] && [ "$(tail -n 1 out)" = '</testsuites>' ] && ! grep -q "here'" out
}
# Neither a control character nor U+FFFF is XML; a quotation mark would end an attribute.
junit_odd() {
    local odd
    odd=$(printf 'o\001\357\277\277"\n]]>.txt') && cp cable.txt "$odd" && run 1 check -f junit "$odd" && rm "$odd" &&
        grep -q 'testsuite name="o  &quot; \]\]&gt;.txt" tests="4"' out && ! LC_ALL=C grep -q $'\357\277\277\|\001' out
}
github_odd() {
    local odd=$'o%\n::error:.txt'
    cp cable.txt "$odd" && run 1 check -f github "$odd" && rm "$odd" && [ "$(wc -l <out)" -eq 4 ] &&
        [ "$(grep -c 'file=o%25%0A%3A%3Aerror%3A.txt,line' out)" -eq 4 ]
}
github() {
    cp cable.txt 'a,b.txt' && run 1 check -f github 'a,b.txt' &&
        grep -q '^::warning file=a%2Cb.txt,line=8,col=9,title=times-order::sent_at 1946-03-03T22:15 is before' out &&
        grep -q '^::error ' out && grep -q '^::notice ' out
}
check 'one line a finding, and a summary' lines
check '-f json, with what can be mended' json
check '-f sarif' sarif
check '-f sarif: paths are URIs' sarif_path
check '-f sarif: places' sarif_places
check '-f sarif: an acceptance' sarif_stale
check '-f sarif without findings' sarif_empty
check '-f junit' junit
check '-f junit: odd names' junit_odd
check '-f github' github
check '-f github: odd names' github_odd

# ---- a terminal ----
# terminal ARGUMENT...: what check prints on one of 80 columns, without its colours' meaning lost.
terminal() { TERM=xterm script -qec "stty cols 80; \"$depesha\" check $*" /dev/null </dev/null 2>>err | tr -d '\r' >out; }
bare() { sed $'s/\x1b\\[[0-9;]*m//g' out; }
shown() {
    terminal cable.txt && grep -q $'\x1b\\[' out && bare >plain && mv plain out &&
        [ "$(LC_ALL=C.UTF-8 wc -L <out)" -le 80 ] && grep -q '^    8 | Sent at 2215, 3 March 1946$' out &&
        grep -q '^      |         ^~~~~~~~~~~~~~~~~~$' out
}
no_colour() { NO_COLOR=1 terminal cable.txt && ! grep -q $'\x1b\\[' out && grep -q ' | Sent at' out; }
wide() { # a long line is cut around the place; Cyrillic takes one column, what is full width takes two
    { printf 'CABLE\nfrom OSLO № 842 1420 5 May 1947\n\n'; for i in 1 2 3 4 5 6 7 8 9; do printf 'Переговоры отложены до весны. 日本 '; done
      printf 'Пeрeговоры отложeны.\n'; } >wide.txt
    terminal wide.txt && bare >plain && mv plain out && [ "$(LC_ALL=C.UTF-8 wc -L <out)" -le 80 ] && grep -q ' | …' out &&
        grep -q '^      | \{37\}^~~~~~~~~~$' out
}
several_lines() { # the line where it begins, and that where it ends
    printf 'NKID\n10TH DEPARTMENT\nOutgoing № 7315\nForm № 18\nSent at 2215,\n 31 February 1946\nto where OSLO to whom TO BERG\n' >lines.txt
    terminal lines.txt && bare >plain && mv plain out && grep -A 3 -F '    5 | Sent at 2215,' out | tail -n 3 >shown &&
        printf '      |         ^~~~~\n    6 |  31 February 1946\n      |  ~~~~~~~~~~~~~~~~\n' | cmp - shown
}
encoded() { # what is marked is counted in characters, however many bytes they had
    iconv -t UTF-16 cable.txt >encoded.txt && terminal encoded.txt && bare >plain && mv plain out &&
        grep -q '^      |         ^~~~~~~~~~~~~~~~~~$' out && grep -q '^      |                              ^~~~$' out
}
harmless() { # nothing reaches the terminal that would turn, erase or colour what stands there
    printf 'CABLE\nfrom OSLO № 842 1420 5 May 1947\n\nThe (\033[2J\342\200\256 talks.\n' >harm.txt
    NO_COLOR=1 terminal harm.txt && grep -q 'The (?\[2J talks' out && ! grep -q $'\033' out
}
dumb() { TERM=dumb script -qec "\"$depesha\" check cable.txt" /dev/null </dev/null >out 2>>err; ! grep -q $'\033' out && grep -q ' | Sent at' out; }
if command -v script >/dev/null && TERM=xterm script -qec true /dev/null </dev/null >/dev/null 2>&1; then
    check 'a terminal: the line, and a mark below the place' shown
    check 'a terminal: NO_COLOR' no_colour
    check 'a terminal: long lines, wide characters' wide
    check 'a terminal: what goes over two lines' several_lines
    check 'a terminal: UTF-16' encoded
    check 'a terminal: control characters' harmless
    check 'a terminal: TERM=dumb' dumb
else
    echo 'skipped check: a terminal (there is no script)'
fi

# ---- which rules ----
has_rules() { [ "$(sed 's/.*\[\(.*\)\]$/\1/' out | sort -u | tr '\n' ' ')" = "$1" ]; }
only() { run 1 check --only times-order,mark-variant cable.txt && has_rules 'mark-variant times-order '; }
disable() { run 1 check --disable times-order,mark-variant cable.txt && has_rules 'letters-mixed time-impossible '; }
severe() { run 1 check -s error cable.txt && has_rules 'time-impossible ' && run 0 check -s error --disable time-impossible cable.txt; }
notes() { run 0 check --only mark-variant cable.txt && run 1 check -s note --only mark-variant cable.txt; }
unknown() { run 2 check --only times-ordr cable.txt && grep -q "did you mean 'times-order'" err; }
explained() { run 0 check --explain times-order && head -n 1 out | grep -q '^times-order (warning)$' && grep -q '^> 5:9: sent_at' out; }
explained_unknown() { run 2 check --explain times-ordr && grep -q "did you mean 'times-order'" err; }
listed() { run 0 check --explain all && grep -q '^times-order  *warning$' out && [ "$(wc -l <out)" -gt 30 ]; }
check '--only' only
check '--disable' disable
check '--severity error' severe
check '--severity note: notes fail' notes
check '--only an unknown rule: 2' unknown
unknown_severity() { run 2 check -s warnings cable.txt && grep -q "warning" err; }
check '--severity of another name: 2' unknown_severity
check '--explain' explained
check '--explain an unknown rule: 2' explained_unknown
check '--explain all' listed

# ---- docs/rules.md says of each rule what --explain says ----
documented() {
    local rule missing=0
    "$depesha" check --explain all | while read -r rule _; do
        "$depesha" check --explain "$rule" | sed '1s/^/## /' >said
        awk -v rule="$rule" '/^## / { inside = $2 == rule; lead = "" }
            inside && /^$/ { lead = lead "\n"; next } inside { printf "%s%s\n", lead, $0; lead = "" }' "$root/docs/rules.md" >written
        cmp -s said written || { echo "$rule is not in docs/rules.md as --explain has it: run docs/update"; diff said written; }
    done >err
    [ ! -s err ]
}
all_documented() { # every rule has its paragraph, and one that can show itself an example
    "$depesha" check --explain all | while read -r rule _; do
        "$depesha" check --explain "$rule" >said
        grep -q '^What to do: ' said || echo "$rule: says not what to do"
        grep -q '^> ' said || echo "$rule"
    done >out
    [ "$(tr '\n' ' ' <out)" = 'encoding-damaged page-unread value-unreadable match-limit acceptance-stale ' ]
}
check 'docs/rules.md agrees with --explain' documented
check 'each rule has its advice and example' all_documented

# ---- accepting ----
beside() {
    cp cable.txt a.txt && printf '# compared with the register\ntimes-order 8: so in the original\nmark-variant "Illegible": ours\n' >a.txt.accept &&
        run 1 check a.txt && has_rules 'letters-mixed time-impossible '
}
inside() {
    { echo '<!-- depesha accept times-order: so in the original -->'; cat cable.txt; } >b.txt && run 1 check b.txt &&
        has_rules 'letters-mixed mark-variant time-impossible ' && run 0 parse b.txt && is_json '.unparsed | map(.text) | join(" ") | contains("depesha") | not'
}
stale() {
    cp cable.txt a.txt && printf 'times-order 3: so in the original\n' >a.txt.accept && run 1 check --only times-order,acceptance-stale a.txt &&
        has_rules 'acceptance-stale times-order ' && grep -q '^a.txt.accept:1:1: note: ' out
}
not_stale() { cp cable.txt a.txt && printf 'times-order 3: x\n' >a.txt.accept && run 0 check -s note --only copy-above,acceptance-stale a.txt; }
no_reason() {
    cp cable.txt a.txt && printf '\357\273\277# a mark, as some editors write\r\ntimes-order 8\r\n\r\n  times-order "№: x\r\n' >a.txt.accept && run 2 check a.txt &&
        grep -q '^depesha: a.txt.accept:2:14: .*colon and the reason$' err && grep -q '^depesha: a.txt.accept:4:15: this " is never closed$' err
}
wrong_rule() { cp cable.txt a.txt && echo 'time-order 8: x' >a.txt.accept && run 1 check a.txt && grep -q "^a.txt.accept:1:1: note: there is no rule 'time-order' to accept: did you mean 'times-order'?" out; }
ends_in_returns() { cp cable.txt a.txt && printf 'times-order 8: so in the original\r\nmark-variant: ours\r\n' >a.txt.accept && run 1 check a.txt && has_rules 'letters-mixed time-impossible '; }
not_walked() { mkdir -p walked && cp cable.txt walked/c.txt && printf 'times-order: x\n' >walked/c.txt.accept && run 1 check walked && ! grep -q '^walked/c.txt.accept' out; }
check 'FILE.accept' beside
check 'a comment in the transcription, which is no part of the record' inside
check 'an acceptance that accepts nothing' stale
check 'an acceptance of a rule that is not looked for' not_stale
check 'an acceptance without reason: 2' no_reason
check 'an acceptance of a rule that there is not' wrong_rule
check 'FILE.accept with CR LF' ends_in_returns
check 'FILE.accept is no transcription' not_walked

# ---- mending ----
patched() { cp cable.txt c.txt && run 1 check --diff c.txt && cmp c.txt cable.txt && patch -s -p0 <out >>err && run 0 check -s note --only letters-mixed,mark-variant c.txt; }
fixed() {
    cp cable.txt d.txt && run 1 check --fix d.txt && has_rules 'time-impossible times-order ' && grep -q '2 faults mended' err &&
        grep -q 'The ship \[illegible\] is in Oslo\. Wait' d.txt && [ "$(wc -l <d.txt)" -eq "$(wc -l <cable.txt)" ] &&
        run 1 check --fix d.txt && ! grep -q mended err
}
fixed_only() { cp cable.txt d.txt && run 0 check --fix --only letters-mixed d.txt && grep -q '\[ Illegible \]' d.txt && grep -q Oslo d.txt; }
fixed_link() { cp cable.txt d.txt && ln -sf d.txt l.txt && run 1 check --fix l.txt && [ -L l.txt ] && grep -q Oslo d.txt; }
other_encoding() {
    printf 'ШИФРТЕЛЕГРАММА\nИз OСЛО № 842 14 ч. 20 м. 5 мая 1947 г.\n\nПереговоры отложены до весны.\n' | iconv -t UTF-16 >u.txt && cp u.txt v.txt &&
        run 1 check --fix u.txt && cmp u.txt v.txt && grep -q 'not UTF-8' err
}
returns() { sed 's/$/\r/' cable.txt >d.txt && run 1 check --fix d.txt && sed 's/\[ Illegible \]/[illegible]/; s/Oslо/Oslo/; s/$/\r/' cable.txt | cmp - d.txt; }
unended() { printf 'CABLE\nfrom OSLO № 842 1420 5 May 1947\n\nThe ship is in Oslо' >d.txt && run 0 check --fix d.txt && [ "$(tail -c 4 d.txt)" = Oslo ] && [ "$(wc -l <d.txt)" -eq 3 ]; }
one_fails() { cp cable.txt d.txt && run 2 check --fix missing.txt d.txt && grep -q '^depesha: missing.txt: ' err && grep -q 'in Oslo\.' d.txt; }
folder() { rm -rf folder && mkdir folder && cp cable.txt folder/1.txt && cp cable.txt folder/2.txt && run 1 check --fix folder && [ "$(cat folder/*.txt | grep -c 'in Oslo\.')" -eq 2 ]; }
# A rule that takes a label away.
meaning() {
    cp cable.txt d.txt && printf 'grammar own 1\ninclude "soviet"\nrule label warning\n    when found (/Outgoing/) anywhere mend "" says "x"\n    about "x"\n' >w.grammar &&
        run 2 check -g w.grammar --only label --fix d.txt && cmp d.txt cable.txt && grep -q 'not mended: other values would change' err &&
        run 2 check -g w.grammar --only label --diff d.txt && [ ! -s out ]
}
from_stdin() { "$depesha" check --fix <cable.txt >out 2>err; [ $? -eq 1 ] && grep -q 'name a file' err; }
read_only() { [ "$(id -u)" -eq 0 ] || { cp cable.txt r.txt && chmod 444 r.txt && run 2 check --fix r.txt && cmp r.txt cable.txt; }; }
no_leftover() { [ -z "$(find . -name '*.tmp*')" ]; }
nothing() { run 0 check --diff "$samples/oslo-1947.txt" && [ ! -s out ]; }
if command -v patch >/dev/null; then check '--diff is a patch' patched; else echo 'skipped check: --diff (there is no patch)'; fi
check '--diff with nothing to mend' nothing
check '--fix' fixed
check '--fix --only' fixed_only
check '--fix through a link' fixed_link
check '--fix of UTF-16: it stays as it is' other_encoding
check '--fix of lines that end in CR LF' returns
check '--fix without a line end at the end' unended
check '--fix of two files, one of which fails' one_fails
check '--fix of a folder' folder
check '--fix and --diff of what would change another value' meaning
check '--fix of standard input: a message' from_stdin
check '--fix of a file that may not be written' read_only
check '--fix leaves nothing behind' no_leftover

# ---- web pages: places are the page's, and only what stands there as it is shown is mended ----
cat >page.html <<'END'
<html><title>TOP SECRET</title>
<p>NKID<p>10TH DEPARTMENT<p>Outgoing &#8470; 73<b>15</b>
<p>Sent at 2315,
   31&nbsp;February 1946
<p>to where <i>ОSLO</i> to whom TO BERG
<p>The ship has &#1040;RRIVED.
END
page() {
    cp page.html p.html
    run 1 check page.html && grep -q '^page.html:3:12: error: .*date-impossible' out &&
        grep -q '^page.html:5:16: warning: .*letters-mixed' out && run 1 check --fix p.html && grep -q '<i>OSLO</i>' p.html &&
        [ "$(diff page.html p.html | grep -c '^>')" -eq 1 ]
}
check 'a web page' page

# ---- rules of one's own ----
cat >own.grammar <<'END'
grammar own 1
include "soviet"
rule times-order off
rule mark-variant error
rule ship note
    when found (/Outgoing/) in header
    says "here is {text}"
END
own() { run 1 check -g own.grammar cable.txt && has_rules 'letters-mixed mark-variant ship time-impossible ' && grep -q 'error: .*\[mark-variant\]' out && grep -q 'here is Outgoing' out; }
own_explained() { run 0 check -g own.grammar --explain times-order && head -n 1 out | grep -q '(off)'; }
own_wrong() { printf 'grammar own 1\ninclude "soviet"\nrule times-ordr off\n' >w.grammar && run 2 check -g w.grammar cable.txt && grep -q "did you mean 'times-order'" err; }
own_example() { printf 'grammar own 1\ninclude "soviet"\nrule x note\n    when found (/zebra/) says "x" eg "CABLE" "to Oslo"\n' >w.grammar && run 1 grammar check w.grammar && grep -q "the example of rule 'x' does not hold" out; }
check 'a rule switched off, one changed, one added' own
check '--explain of a grammar of one'"'"'s own' own_explained
check 'a change of an unknown rule' own_wrong
check 'an example in which the rule finds nothing' own_example

# ---- batches ----
outgoing() { printf 'NKID\n10TH DEPARTMENT\nOutgoing № %s\nForm № 18\nSent at 2215, %s\nto where %s to whom TO BERG\n\nWait for the ship.\n\nKRUGLOV\n' "$@"; }
incoming() { printf 'CABLE\n\nfrom %s № %s 1420 %s\n\nSpets. № 61\n\nYour No. %s of %s came too late.\n\nBERG\n' "$@"; }
outgoing 7315 '3 March 1946' OSLO >o1.txt
outgoing 7315 '9 April 1946' OSLO >o2.txt
outgoing 7315 '9 April 1947' OSLO >o3.txt
outgoing 7315 '3 March 1946' SOFIA >o4.txt
incoming OSLO 842 '5 March 1946' 7315 '13 March 1946' >i1.txt
incoming OSLO 842 '5 March 1946' 7315 '3 March 1946' >i2.txt
incoming ROME 842 '5 March 1946' 7315 '13 March 1946' >i3.txt
reused() { run 1 check o1.txt o2.txt && [ "$(cut -d' ' -f 1 out)" = o2.txt:3:12: ] && grep -q 'o1.txt in line 3.*\[number-reused\]$' out; }
to_others() { run 1 check o1.txt o4.txt && has_rules 'number-reused '; }
twice() { cp o1.txt o1b.txt && run 0 check o1.txt o1b.txt o3.txt && [ ! -s out ]; }
misdated() { run 1 check i1.txt o1.txt && grep -q '^i1.txt:7:.*1946-03-13.*o1.txt.*\[reference-date\]$' out; }
dated() { run 0 check i2.txt i3.txt o1.txt && [ ! -s out ]; }
batch_sarif() { run 1 check -f sarif o1.txt o2.txt && is_json '.runs[0].results | length == 1 and .[0].ruleId == "number-reused"'; }
batch_accepted() { echo 'number-reused "7315": the office numbered anew' >o2.txt.accept && run 0 check -s note o1.txt o2.txt; }
batch_stale() { run 0 check o2.txt && grep -q '^o2.txt.accept:1:1: note: .*\[acceptance-stale\]$' out; }
check 'one number on two cables' reused
check 'one number to two addressees' to_others
check 'one cable twice, and the number in another year' twice
check 'a reference with another date' misdated
check 'references with the right date, and from another post' dated
check 'batch: -f sarif' batch_sarif
check 'batch: accepted' batch_accepted
check 'batch: an acceptance that accepts nothing' batch_stale
