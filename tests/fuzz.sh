#!/bin/bash
# The fuzzers' harnesses: over all seeds and everything they ever found, and, where clang has libFuzzer, a short run.
set -u
cd "$(dirname "$0")/.." || exit 2
build=${BUILD:-build}
make=${MAKE:-make}
clang=${CLANG:-clang}
place=$(mktemp -d) || exit 2
trap 'rm -rf "$place"' EXIT
harnesses='parse check record evidence leaves explain batch generate grammar text html'

seeds_of() {
    case $1 in
    grammar) echo fuzz/corpus/grammars ;;
    text | generate) echo fuzz/corpus/bytes ;;
    html) echo fuzz/corpus/pages ;;
    batch) echo fuzz/corpus/batches ;;
    *) echo fuzz/corpus/cables ;;
    esac
}

if ! $make --no-print-directory BUILD="$build" fuzz-replay >"$place/log" 2>&1; then
    echo 'not ok fuzz: the harnesses cannot be built'
    tail -n 20 "$place/log"
    exit 1
fi
for name in $harnesses; do
    mapfile -t files < <(ls fuzz/regressions/"$name"-* "$(seeds_of "$name")"/* 2>/dev/null)
    if [ "${#files[@]}" -gt 0 ] && "$build/fuzz/replay-$name" "${files[@]}" 2>"$place/log"; then
        echo "ok fuzz: $name holds for ${#files[@]} files"
    else
        echo "not ok fuzz: $name, with the last of these files"
        tail -n 20 "$place/log"
    fi
done

# Every regression belongs to a harness.
for file in fuzz/regressions/*; do
    name=${file##*/}
    [[ " $harnesses " == *" ${name%%-*} "* ]] || echo "not ok fuzz: no harness replays $file"
done

echo 'int LLVMFuzzerTestOneInput(const char *a, unsigned long b); int LLVMFuzzerTestOneInput(const char *a, unsigned long b) { return a == 0 && b > 0; }' >"$place/try.c"
if ! "$clang" -fsanitize=fuzzer -o "$place/try" "$place/try.c" 2>"$place/log"; then
    echo 'skipped fuzz: no clang with libFuzzer here'
    exit 0
fi
short="BUILD=build-fuzz-test CC=$clang"
flags='-O1 -fsanitize-coverage=inline-8bit-counters,pc-table'
if ! $make --no-print-directory $short CFLAGS="$flags" LDFLAGS= fuzz-built >"$place/log" 2>&1; then
    echo 'not ok fuzz: libFuzzer cannot be built in'
    tail -n 20 "$place/log"
    exit 1
fi
for name in $harnesses; do
    mkdir -p "$place/corpus"
    if "build-fuzz-test/fuzz/$name" -seed=1946 -runs=300 -max_total_time=5 -max_len=512 -artifact_prefix="$place/" \
        "$place/corpus" "$(seeds_of "$name")" >"$place/log" 2>&1; then
        echo "ok fuzz: $name, $(grep -oE '^Done [0-9]+ runs' "$place/log")"
    else
        echo "not ok fuzz: $name"
        tail -n 30 "$place/log"
    fi
    rm -rf "$place/corpus"
done
