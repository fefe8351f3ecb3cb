#!/bin/sh
# coverage.sh BUILD: which part of parser/ the tests that ran in BUILD have reached: lines, and branches taken. gcov's
# own reports, line by line, go to BUILD/coverage. The status is 0 if at least 95 % of the lines were.
set -u
build=$1
sources=$(ls parser/*.c)
mkdir -p "$build/coverage" && cd "$build/coverage" || exit 2
for file in $sources; do
    object=../${file%.c}.o
    [ -e "${object%.o}.gcda" ] || { echo "File '$file'"; echo 'Lines executed:0.00% of 1'; continue; }
    (cd ../.. && ${GCOV:-gcov} -b -o "$build/${file%.c}.o" "$file" 2>/dev/null) | sed "/^File '$(echo "$file" | sed 's/\//\\\//g')'/,/^\$/!d"
done >summary
mv ../../*.gcov . 2>/dev/null
awk '
    /^File/ { split($0, part, "\047"); name = part[2] }
    /^Lines executed/ { sub(/.*:/, ""); split($0, x, /% of /); hit[name] = x[1] * x[2] / 100; all[name] = x[2] }
    /^Taken at least once/ { sub(/.*:/, ""); split($0, x, /% of /); taken[name] = x[1] * x[2] / 100; ways[name] = x[2] }
    END {
        printf "%-24s %8s %8s %8s %8s\n", "file", "lines", "reached", "branches", "taken"
        for (name in all) {
            printf "%-24s %8d %7.1f%% %8d %7.1f%%\n", name, all[name], 100 * hit[name] / all[name], ways[name], ways[name] ? 100 * taken[name] / ways[name] : 100 | "sort"
            a += all[name]; h += hit[name]; w += ways[name]; t += taken[name]
        }
        close("sort")
        printf "%-24s %8d %7.1f%% %8d %7.1f%%\n", "all", a, 100 * h / a, w, 100 * t / w
        exit 100 * h / a < 95
    }' summary
