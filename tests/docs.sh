#!/bin/bash
# Every complete grammar of docs/grammar.md holds: a block marked ```grammar that begins with the word grammar.
set -u
cd "$(dirname "$0")/.." || exit 1

: "${DEPESHA:=build/depesha}"
page=docs/grammar.md
place=$(mktemp -d) || exit 1
trap 'rm -rf "$place"' EXIT

awk -v place="$place" '
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
failed=0
for file in "$place"/*.grammar; do
    [ -e "$file" ] || break
    count=$((count + 1))
    name=$(basename "$file" .grammar)
    if "$DEPESHA" grammar check "$file" >"$place/log" 2>&1; then
        echo "ok docs: ${name#*-} at $page:${name%%-*}"
    else
        echo "not ok docs: ${name#*-} at $page:${name%%-*}"
        sed 's/^/    /' "$place/log"
        failed=$((failed + 1))
    fi
done

if [ "$count" -eq 0 ]; then
    echo "not ok docs: $page has no complete grammar"
    exit 1
fi
[ "$failed" -eq 0 ]
