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

# A text that is no cable exits with 1, and with nothing else.
status_fits() {
    local want=0
    jq -e '.form == null' "$1" >/dev/null && want=1
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
for file in *.md *.txt; do
    [ "$file" = README.md ] && continue
    compare "$file"
    count=$((count + 1))
done
for golden in *.json; do
    [ -f "${golden%.json}.md" ] || [ -f "${golden%.json}.txt" ] || echo "not ok samples: $golden belongs to no sample"
done
[ "$count" -ge 10 ] || echo "not ok samples: only $count found"
