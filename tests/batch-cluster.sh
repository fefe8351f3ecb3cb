#!/bin/bash
# The recipes of docs/cluster.md, as they stand there: their output is that of a single process. DEPESHA is the command.
set -u
depesha=$(realpath "${DEPESHA:-build/depesha}") || exit 2
samples=$(realpath "$(dirname "$0")/../samples") || exit 2
recipes=$(realpath "$(dirname "$0")/../docs/cluster.md") || exit 2
place=$(mktemp -d) || exit 2
trap 'rm -rf "$place"' EXIT
cd "$place" || exit 2
mkdir bin
ln -s "$depesha" bin/depesha
PATH=$place/bin:$PATH

status=0
say() {
    if [ "$1" -eq 0 ]; then
        echo "ok cluster: $2"
    else
        echo "not ok cluster: $2"
        status=1
    fi
}

# recipe NUMBER: the text between the fences of the page's NUMBER-th shell block.
recipe() {
    awk -v wanted="$1" '/^```$/ { inside = 0 } inside && count == wanted { print } /^```sh$/ { count++; inside = 1 }' "$recipes"
}

# UTF-8, for they go through JSON, and cables only.
for n in 0 1 2 3 4 5 6 7; do
    mkdir -p "cables/$n"
    for file in "$samples"/*.txt "$samples"/ankara-1947.md; do
        iconv -f UTF-8 -t UTF-8 "$file" >text 2>/dev/null && cp text "cables/$n/$(basename "$file")"
    done
done
rm -f text cables/?/{soup,conversation-*,journal-*}.txt
depesha parse -j 1 -f ndjson cables >want
say $? 'the corpus'

recipe 1 >lines.sh
bash lines.sh
depesha parse -j 1 --from ndjson cables.ndjson | cmp - want
say $? 'lines of JSON out of files'

if command -v parallel >/dev/null; then
    recipe 2 >parallel.sh
    # small blocks, so that there are many
    sed -i 's/--block 64K/--block 8K/' parallel.sh
    grep -q -- '--block 8K' parallel.sh && bash parallel.sh && cmp records.ndjson want
    say $? "GNU parallel's output is that of one process"
else
    echo 'skipped cluster: GNU parallel is not installed'
fi

# What Slurm would do: one task after the other, with its variables. The first is interrupted, and runs again.
recipe 3 >array.sh
find cables -type f | LC_ALL=C sort >list
good=0
for task in 0 1 2 3 0; do
    SLURM_ARRAY_TASK_ID=$task SLURM_ARRAY_TASK_COUNT=4 bash array.sh 2>summary || good=1
    [ "$task" -eq 3 ] && truncate -s -700 records.0.ndjson
done
say $good 'the tasks of a Slurm array'
grep -q 'documents (and [0-9]* before)' summary
say $? 'a task that runs again goes on'
cat records.{0..3}.ndjson | cmp - want
say $? 'their output is that of one process'
exit $status
