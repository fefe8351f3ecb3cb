#!/bin/bash
# The record of every sample is the one in its golden file; neither layout nor the order of keys matters. DEPESHA is the
# command.
set -u
depesha=$(realpath "${DEPESHA:-build/depesha}") || exit 2
cd "$(dirname "$0")/../samples" || exit 2
place=$(mktemp -d) || exit 2
trap 'rm -rf "$place"' EXIT

not_ok() {
    echo "not ok samples: $1"
    head -n 30 "$place/log" | cut -c 1-200 | sed 's/^/    /'
}

# A file with a text that is no cable exits with 1, and with nothing else.
status_fits() {
    local want=0
    jq -s -e 'any(.form == null)' "$1" >/dev/null && want=1
    [ "$2" -eq "$want" ] || echo "exit status $2, not $want" >>"$place/log"
}

compare() {
    local file=$1 golden=${1%.*}.json status
    "$depesha" parse "$file" >"$place/got" 2>"$place/log"
    status=$?
    if ! jq -S . "$golden" >"$place/want.sorted" 2>>"$place/log" || ! jq -S . "$place/got" >"$place/got.sorted" 2>>"$place/log"; then
        not_ok "$file"
        return
    fi
    status_fits "$golden" "$status"
    diff -U 0 --label expected --label got "$place/want.sorted" "$place/got.sorted" >>"$place/log"
    if [ -s "$place/log" ]; then not_ok "$file"; else echo "ok samples: $file"; fi
}

count=0
for file in *.md *.txt *.html; do
    [ "$file" = README.md ] && continue
    compare "$file"
    count=$((count + 1))
done
for golden in *.json; do
    [ -f "${golden%.json}.md" ] || [ -f "${golden%.json}.txt" ] || [ -f "${golden%.json}.html" ] || echo "not ok samples: $golden belongs to no sample"
done

# ---- the table of the samples ------------------------------------------------------------------

table=$(sed -n 's/^| `\([^`]*\)` | \([^ ]*\) | .*/\2 \1/p' README.md)
forms=../docs/forms.md
families=$(sed -n 's/^## \([a-z-]*\): .*/\1/p' "$forms")

listed=$(printf '%s\n' "$table" | cut -d ' ' -f 2 | sort)
there=$(for file in *.md *.txt *.html; do [ "$file" = README.md ] || echo "$file"; done | sort)
if [ "$listed" = "$there" ]; then
    echo "ok samples: README.md names all $count, each once"
else
    printf '%s\n' "$listed" >"$place/listed"
    printf '%s\n' "$there" | diff "$place/listed" - >"$place/log"
    not_ok "README.md and the files differ"
fi

: >"$place/log"
[ -n "$families" ] || echo "no families in $forms" >>"$place/log"
for family in $families; do
    got=$(printf '%s\n' "$table" | grep -c "^$family ")
    [ "$got" -ge 2 ] || echo "$family: $got" >>"$place/log"
done
for family in $(printf '%s\n' "$table" | cut -d ' ' -f 1 | sort -u); do
    printf ' %s ' $families | grep -q " $family " || echo "$family is in README.md, but not in $forms" >>"$place/log"
done
if [ -s "$place/log" ]; then not_ok "two of each family"; else echo "ok samples: two of each family"; fi

# What another encoding is for is lost if an editor saves the file anew.
: >"$place/log"
while read -r name encoding; do
    got=$(jq -r -s '.[0].source.encoding' "$name.json")
    [ "$got" = "$encoding" ] || echo "$name: $got, not $encoding" >>"$place/log"
done <<'END'
novosibirsk-1938 WINDOWS-1251
bern-1940 KOI8-R
praga-1937 UTF-16LE
END
[ "$(grep -c $'\r$' accra-1962.txt)" -eq "$(wc -l <accra-1962.txt)" ] || echo "accra-1962 has no CR LF" >>"$place/log"
if [ -s "$place/log" ]; then not_ok "encodings"; else echo "ok samples: encodings"; fi
