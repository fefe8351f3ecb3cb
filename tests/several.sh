#!/usr/bin/env bash
# Several cables in one file: each is read as if it stood alone.
set -u
command=$(realpath "${DEPESHA:-build/depesha}")
cd "$(dirname "$0")/../samples" || exit 1
status=0
samples="kabul-1948 oslo-1947 gagra-1946 cairo-1958"
for name in $samples; do cat "$name.txt"; echo; done >"${TMPDIR:-/tmp}/several.$$"
trap 'rm -f "${TMPDIR:-/tmp}/several.$$"' EXIT
records=$("$command" parse -f ndjson "${TMPDIR:-/tmp}/several.$$")
n=0
for name in $samples; do
    n=$((n + 1))
    if [ "$(printf '%s\n' "$records" | sed -n "${n}p" | jq -S .cable)" = "$(jq -S .cable "$name.json")" ]; then
        echo "ok several: $name is record $n"
    else
        echo "not ok several: $name is record $n"
        status=1
    fi
done
if [ "$(printf '%s\n' "$records" | wc -l)" -eq "$n" ]; then
    echo "ok several: $n records"
else
    echo "not ok several: $n records"
    status=1
fi
exit $status
