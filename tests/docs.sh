#!/bin/bash
# What the documents show holds. docs/grammar.md: every complete grammar (a block marked ```grammar that begins with the
# word grammar) is good, and the steps do what they say they do:
#     <!-- file NAME -->   the block below is the file NAME        <!-- more NAME -->   it is added to NAME
#     <!-- run COMMAND --> what the text asks the reader to do
#     ```console           commands behind `$ `, each with what it prints; `…` stands for any text, or for any lines
# docs/forms.md: forms, productions and samples that it names exist and belong together. DEPESHA is the command.
set -u
cd "$(dirname "$0")/.." || exit 1

depesha=$(realpath "${DEPESHA:-build/depesha}") || exit 2
page=docs/grammar.md
forms=docs/forms.md
place=$(mktemp -d) || exit 1
trap 'rm -rf "$place"' EXIT
mkdir "$place/bin" "$place/grammars" "$place/steps" "$place/work" || exit 1
ln -s "$depesha" "$place/bin/depesha"
failed=0

# verdict NAME: good if the log is empty.
verdict() {
    if [ -s "$place/log" ]; then
        echo "not ok docs: $1"
        head -n 40 "$place/log" | sed 's/^/    /'
        failed=$((failed + 1))
    else
        echo "ok docs: $1"
    fi
    : >"$place/log"
}

# ---- complete grammars -------------------------------------------------------------------------

awk -v place="$place/grammars" '
    /^```/ {
        if (inside && complete)
            close(file)
        inside = !inside && $0 == "```grammar"
        first = inside
        next
    }
    first {
        first = 0
        complete = $1 == "grammar"
        file = place "/" NR "-" $2 ".grammar"
    }
    inside && complete { print >file }
' "$page"

count=0
for file in "$place"/grammars/*.grammar; do
    [ -e "$file" ] || break
    count=$((count + 1))
    name=$(basename "$file" .grammar)
    "$depesha" grammar check "$file" >"$place/said" 2>&1 || cp "$place/said" "$place/log"
    verdict "${name#*-} at $page:${name%%-*}"
done
[ "$count" -gt 0 ] || echo "none" >"$place/log"
verdict "$page has complete grammars"

# ---- steps -------------------------------------------------------------------------------------

# Each step becomes a file LINE-KIND[-NAME].
awk -v place="$place/steps" '
    function step(kind) { return sprintf("%s/%05d-%s", place, NR, kind) }
    /^<!-- (file|more) [^ ]* -->$/ { kind = $2 "-" $3; next }
    /^<!-- run .* -->$/ {
        sub(/^<!-- run /, "")
        sub(/ -->$/, "")
        print >step("run")
        next
    }
    /^```/ && file != "" { close(file); file = ""; next }
    /^```/ && closing { closing = 0; next }
    /^```console$/ { file = step("console"); kind = ""; next }
    /^```/ && kind != "" { file = step(kind); kind = ""; printf "" >file; next }
    /^```/ { closing = 1; next }
    file != "" { print >file }
' "$page"

# Do the lines of GOT fit those of WANT, in which `…` stands for any text, or alone for any lines?
fits() {
    awk '
        function line_fits(want, got,    parts, n, i, at) {
            n = split(want, parts, "…")
            if (n == 1)
                return want == got
            if (substr(got, 1, length(parts[1])) != parts[1])
                return 0
            got = substr(got, length(parts[1]) + 1)
            for (i = 2; i < n; i++) {
                at = index(got, parts[i])
                if (at == 0)
                    return 0
                got = substr(got, at + length(parts[i]))
            }
            return length(got) >= length(parts[n]) && substr(got, length(got) - length(parts[n]) + 1) == parts[n]
        }
        function lines_fit(i, j) {
            for (; i <= wants; i++)
                if (want[i] == "…") {
                    for (; j <= gots + 1; j++)
                        if (lines_fit(i + 1, j))
                            return 1
                    return 0
                } else if (j > gots || !line_fits(want[i], got[j++]))
                    return 0
            return j > gots
        }
        FNR == NR { want[++wants] = $0; next }
        { got[++gots] = $0 }
        END { exit !lines_fit(1, 1) }
    ' "$1" "$2"
}

# The commands of one block, one after the other.
run_console() {
    local line command=
    : >"$place/want"
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
        '$ '*)
            compare "$command"
            command=${line#??}
            : >"$place/want"
            ;;
        *) printf '%s\n' "$line" >>"$place/want" ;;
        esac
    done <"$1"
    compare "$command"
}

compare() {
    [ -n "$1" ] || return 0
    (cd "$place/work" && PATH="$place/bin:$PATH" bash -c "$1") >"$place/got" 2>"$place/messages" </dev/null
    # As on a terminal, where what is printed is not kept back.
    cat "$place/messages" >>"$place/got"
    # An empty file would be taken for no file.
    if [ ! -s "$place/want" ] || ! fits "$place/want" "$place/got"; then
        { echo "\$ $1"; cat "$place/got"; echo "---- but the page says"; cat "$place/want"; } >>"$place/log"
    fi
}

consoles=0
for file in "$place"/steps/*; do
    [ -e "$file" ] || break
    name=${file##*/}
    line=$((10#${name%%-*}))
    name=${name#*-}
    case $name in
    file-*) cp "$file" "$place/work/${name#file-}" ;;
    more-*) { echo; cat "$file"; } >>"$place/work/${name#more-}" ;;
    run)
        cp -r "$place/work" "$place/before"
        (cd "$place/work" && bash -e "$file") >>"$place/log" 2>&1 || echo "status $?" >>"$place/log"
        ! diff -r -x '*.old' "$place/before" "$place/work" >/dev/null || echo "this changes nothing" >>"$place/log"
        rm -rf "$place/before"
        verdict "step at $page:$line"
        ;;
    console)
        consoles=$((consoles + 1))
        run_console "$file"
        verdict "commands at $page:$line"
        ;;
    esac
done
[ "$consoles" -gt 0 ] || echo "none" >"$place/log"
verdict "$page has commands"

# ---- forms -------------------------------------------------------------------------------------

# One line for each name that a paragraph of a family gives: FAMILY KIND NAME.
awk '
    /^## [a-z-]+: / { family = substr($2, 1, length($2) - 1); kind = "" }
    /^## / && $2 !~ /:$/ { family = "-"; kind = "field" }
    /^$/ && family != "-" { kind = "" }
    /^\*Forms:\*/ { kind = "form" }
    /^\*Read by\*/ { kind = "field" }
    /^\*Samples:\*/ { kind = "sample" }
    family != "" && kind != "" {
        line = $0
        while (match(line, /`[^`]*`/)) {
            print family, kind, substr(line, RSTART + 1, RLENGTH - 2)
            line = substr(line, RSTART + RLENGTH)
        }
    }
' "$forms" >"$place/named"
"$depesha" grammar list | awk '$1 == "forms" { kind = "form" } $1 == "fields" { kind = "field" } /^  / { print kind, $1 }' >"$place/known"

for family in $(sed -n 's/^## \([a-z-]*\): .*/\1/p' "$forms"); do
    for kind in field sample; do
        grep -q "^$family $kind " "$place/named" || echo "no $kind is named" >>"$place/log"
    done
    grep "^$family " "$place/named" >"$place/of-family"
    while read -r _ kind name; do
        case $kind in
        field)
            grep -qx "field $name" "$place/known" || echo "the grammar has no field $name" >>"$place/log"
            ;;
        form)
            # Beside the forms, a paragraph may name fields, and keys and words of the language.
            case $name in
            *-* | telegram | venona) grep -qx "form $name" "$place/known" || echo "the grammar has no form $name" >>"$place/log" ;;
            *_*) grep -qx "field $name" "$place/known" || echo "the grammar has no field $name" >>"$place/log" ;;
            esac
            ;;
        sample)
            # The form that the sample has is one of those that the family has.
            for form in $(jq -r '.form.id // "none"' "samples/${name%.*}.json" 2>>"$place/log"); do
                [ "$form" = none ] && [ "$family" = journal ] && continue
                grep -qx "$family form $form" "$place/named" || echo "$name is of form $form" >>"$place/log"
            done
            grep -q "^| \`$name\` | $family |" samples/README.md || echo "$name is not of this family in samples/README.md" >>"$place/log"
            ;;
        esac
    done <"$place/of-family"
    verdict "family $family in $forms"
done

for name in $(sed -n 's/^- field \([a-z_]*\)$/\1/p' "$place/named"); do
    grep -qx "field $name" "$place/known" || echo "the grammar has no field $name" >>"$place/log"
done
sed -n 's/^form //p' "$place/known" | while read -r name; do
    grep -q " form $name\$" "$place/named" || echo "form $name is described nowhere" >>"$place/log"
done
sed -n 's/^| `\([^`]*\)` | \([a-z-]*\) | .*/\2 sample \1/p' samples/README.md | while read -r line; do
    grep -qx "$line" "$place/named" || echo "$line is named nowhere" >>"$place/log"
done
verdict "$forms names every form and every sample"

[ "$failed" -eq 0 ]
