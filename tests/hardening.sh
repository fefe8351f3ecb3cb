#!/bin/bash
# Hostile surroundings: devices, pipes, links in circles, full disks; and how the command itself is built.
set -u
depesha=$(realpath "${DEPESHA:-build/depesha}") || exit 2
samples=$(realpath "$(dirname "$0")/../samples") || exit 2
place=$(mktemp -d) || exit 2
trap 'rm -rf "$place"' EXIT
cd "$place" || exit 2
cable=$samples/ankara-1947.md

check() {
    local name=$1
    shift
    : >out
    : >err
    if "$@"; then
        echo "ok hardening: $name"
    else
        echo "not ok hardening: $name"
        { head -n 12 out; head -n 12 err; } | cut -c 1-160 | sed 's/^/    /'
    fi
}

# run STATUS ARGUMENT...: depesha exits with it, and in time.
run() {
    local want=$1 got
    shift
    timeout 20 "$depesha" "$@" >out 2>err
    got=$?
    [ "$got" -eq "$want" ] || { echo "exit status $got, not $want" >>err; false; }
}
fails() { run 2 "${@:2}" && [ ! -s out ] && grep -Eq "^depesha: .*$1" err; }
is_json() { [ -s out ] && jq -es "$1" out >/dev/null; }

# ---- inputs ----
endless() { [ ! -e /dev/zero ] || fails '/dev/zero: .*max-bytes' parse --max-bytes 1M /dev/zero; }
endless_stdin() { [ ! -e /dev/zero ] || { timeout 20 "$depesha" parse --max-bytes 1M </dev/zero >out 2>err; [ $? -eq 2 ] && grep -q 'stdin.*max-bytes' err; }; }
endless_lines() { [ ! -e /dev/zero ] || { timeout 20 "$depesha" parse --from ndjson --max-bytes 1M <(head -c 8000000 /dev/zero) >out 2>err; [ $? -eq 2 ] && grep -q '^depesha: ' err; }; }
check 'a device without end: 2' endless
check 'the same on standard input' endless_stdin
check 'a line without end' endless_lines
ln -s b a
ln -s a b
mkdir -p tree/inner
cp "$cable" tree/inner/one.md
ln -s .. tree/inner/up
ln -s up tree/inner/up2
ln -s loop tree/loop
round() { run 2 parse tree && grep -q '^depesha: tree/loop: cannot read' err && is_json '[.[].source.name] == ["tree/inner/one.md"]'; }
check 'a link to itself: 2' fails 'a: .*([Ss]ymbolic|[Ll]ink|[Ll]oop)' parse a
check 'links in circles below a directory' round
mkdir pipes
mkfifo pipes/queue.txt
cp "$cable" pipes/one.md
past_a_pipe() { run 0 parse pipes && is_json '[.[].source.name] == ["pipes/one.md"]'; }
through_a_pipe() { { cat "$cable" >pipes/queue.txt & } && run 0 parse pipes/queue.txt && is_json 'length == 1'; }
check 'a pipe in a directory is no text file' past_a_pipe
check 'a pipe by its name is read' through_a_pipe
long=$(printf '%0255d' 0)
deep=$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long
check 'a name that is too long: 2' fails '[Nn]ame too long' parse "$long$long"
check 'a path that is too long: 2' fails '[Nn]ame too long' parse "$deep"
cp "$cable" "$(printf '%0251d' 0).md"
a_long_name() { run 0 parse "$(printf '%0251d' 0).md" && is_json 'length == 1'; }
check 'a name that is as long as it may be' a_long_name
into_a_long_name() { run 0 parse -o "$(printf '%0240d' 0).json" "$cable" || { [ ! -s out ] && grep -q '^depesha: ' err; }; }
check '-o with a long name' into_a_long_name
strange=$'a\nb\033[2J\377.md'
cp "$cable" "$strange"
strange_name() { run 0 parse "$strange" && iconv -f UTF-8 -t UTF-8 out >/dev/null && is_json 'length == 1' && run 2 parse "no $strange" && [ "$(wc -l <err)" -eq 1 ] && ! grep -q "$(printf '\033')" err; }
check 'a name with control characters' strange_name
changing() { head -c 400 "$cable" >grow.md && { for _ in 1 2 3 4 5 6; do cat "$cable" >>grow.md; done & } && run 0 parse grow.md && wait; }
check 'a file that grows' changing

# ---- outputs ----
full_batch() {
    [ -e /dev/full ] || return 0
    "$depesha" parse "$cable" "$cable" "$cable" >/dev/full 2>err
    [ $? -eq 2 ] && [ "$(grep -c '[Nn]o space' err)" -eq 1 ]
}
full_file() { [ ! -e /dev/full ] || fails '[Nn]o space' parse -o /dev/full "$cable"; }
limited() { (ulimit -f 1; trap '' XFSZ; "$depesha" parse --evidence -o small.json "$cable" 2>err); [ $? -eq 2 ] && grep -q '^depesha: small.json: ' err && [ ! -e small.json ] && [ -z "$(find . -maxdepth 1 -name 'small*')" ]; }
check 'a full disk, in a batch: 2, said once' full_batch
check 'a full disk behind -o: 2' full_file
check 'a file that may not grow: 2, and no part of it stays' limited

# ---- limits of the process ----
few_files() { (ulimit -n 16; run 0 parse -j 4 "$cable" "$cable" "$cable" "$cable" "$cable" "$cable" "$cable" "$cable") && is_json 'length == 8'; }
little_memory() { (ulimit -v 60000; "$depesha" parse -j 1 "$cable" >out 2>err); [ $? -le 2 ] && { [ -s out ] || grep -q '^depesha: ' err; }; }
check 'few file descriptors' few_files
sanitized=$(nm "$depesha" 2>/dev/null | grep -cE '__(asan|tsan)_init')
[ "$sanitized" -gt 0 ] || check 'little memory' little_memory

# ---- the sandbox ----
mkdir -p in results
cp "$cable" in/a.md
same_without() { run 0 parse in && mv out with && run 0 parse --no-sandbox in && cmp out with >>err; }
in_folder() { run 0 parse -o results/all.json in && [ -s results/all.json ] && [ "$(ls results)" = all.json ]; }
through_link() { mkdir -p far && echo old >far/real.json && ln -sf far/real.json near.json && run 0 parse -o near.json in && [ -L near.json ] && grep -q form far/real.json; }
resumed() { run 0 parse -o results/r.ndjson --resume in && run 0 parse -o results/r.ndjson --resume in && [ "$(wc -l <results/r.ndjson)" -eq 1 ]; }
archive() { tar -cf in.tar in && run 0 parse in.tar && is_json 'length == 1'; }
mended() { mkdir -p m1 m2 && for m in m1 m2; do sed 's/to where/to where /; s/1946/1946\xc2\xa0/' in/a.md >$m/x.md; done; run "$1" check --fix m1 m2; [ $? -le 1 ] && ! grep -qi 'denied\|permitted' err; }
page() { iconv -f UTF-8 -t WINDOWS-1251 "$samples/helsinki-1945.txt" >page.txt && run 0 parse page.txt && is_json '.[0].source.encoding | test("1251")'; }
check 'the same records without it' same_without
check '-o in another folder' in_folder
check '-o through a link to another folder' through_link
check '--resume' resumed
"$depesha" --version | grep -q 'libarchive' && ! "$depesha" --version | grep -q 'no libarchive' && check 'archives' archive
check 'check --fix in several folders' mended 1
check 'code pages' page

# ---- how it is built ----
if [ "$sanitized" -gt 0 ] || ! command -v readelf >/dev/null || ! readelf -h "$depesha" >/dev/null 2>&1; then
    echo 'skipped hardening: how the command is built'
else
    relocated() { readelf -lW "$depesha" | grep -q GNU_RELRO && readelf -dW "$depesha" | grep -qE 'BIND_NOW|NOW'; }
    pie() { readelf -hW "$depesha" | grep -qE 'Type:.*DYN'; }
    no_code_in_stack() { readelf -lW "$depesha" | grep GNU_STACK | grep -qv E; }
    guarded() { nm -D "$depesha" | grep -q __stack_chk_fail && nm -D "$depesha" | grep -qE '__[a-z]+_chk'; }
    check 'position-independent' pie
    check 'relocations are read-only' relocated
    check 'the stack is no code' no_code_in_stack
    check 'stacks and buffers are guarded' guarded
fi
