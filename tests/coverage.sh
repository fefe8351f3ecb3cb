#!/bin/sh
# coverage.sh BUILD [REASONS]: which part of parser/ the programs that ran in BUILD have reached: lines, and branches
# taken. gcov's own reports, line by line, go to BUILD/coverage.
#
# REASONS says of branches why nothing takes them (tests/unreached.tsv; what its columns are stands there). The status
# is 0 if less than 5 % of the lines are unreached and each branch that is not taken has its reason. Branches of a line
# that is not reached are not asked for: it stands behind one that is. Reasons that nothing needs are named.
set -u
build=$1
reasons=${2-}
mkdir -p "$build/coverage" || exit 2
for file in parser/*.c; do
    ${GCOV:-gcov} -b -c -t -o "$build/${file%.c}.o" "$file" >"$build/coverage/$(basename "$file").gcov" 2>/dev/null
done
# shellcheck disable=SC2086
awk -v reasons="$reasons" '
    # What stands behind the first two colons, without the blanks before it.
    function text_of(line) { sub(/^[^:]*:[^:]*:[ \t]*/, "", line); return line }

    function add(key, count) {
        if (!(key in untaken)) order[++keys] = key
        untaken[key] += count
        where[key] = where[key] == "" ? number : where[key] ", " number
    }

    # The line before this one is over.
    function finish() {
        if (missed > 0) add(name "\t" within "\t" text, missed)
        missed = 0
    }

    FILENAME == reasons {
        if (/^#/ || NF == 0) next
        count = split($0, part, "\t")
        if (count != 5 || part[3] !~ /^[0-9]+$/ || part[5] !~ /^[a-z0-9]+: ./) {
            print FILENAME ":" FNR ": five columns: file, function, ways, line, kind: reason"
            bad = 1
            next
        }
        key = part[1] "\t" part[2] "\t" part[4]
        if (key in said) { print FILENAME ":" FNR ": said already"; bad = 1 }
        said[key] = part[3]
        split(part[5], kind, ":")
        kind_of[key] = kind[1]
        listed[++entries] = key
        next
    }

    FNR == 1 { name = FILENAME; sub(/.*\//, "", name); sub(/\.gcov$/, "", name); source = "" }
    /^ *-: *0:Source:/ { finish(); source = text_of($0); sub(/^Source:/, "", source) }
    source !~ /\.c$/ || /^ *-: *0:/ { next }
    /^function / { finish(); within = $2; if ($4 == 0) never[++dead] = name "\t" within; next }
    /^branch / {
        ways[name]++
        if ($3 == "taken" && $4 > 0) taken[name]++
        else if (reached) missed++
        next
    }
    /^ *[^:]*: *[0-9]+:/ {
        finish()
        split($0, part, ":")
        gsub(/[ *]/, "", part[1])
        if (part[1] == "-") next
        number = part[2] + 0
        text = text_of($0)
        reached = part[1] !~ /^[#=]/
        all[name]++
        hit[name] += reached
    }

    END {
        finish()
        printf "%-24s %8s %8s %8s %8s\n", "file", "lines", "reached", "branches", "taken"
        for (name in all) {
            printf "%-24s %8d %7.1f%% %8d %7.1f%%\n", name, all[name], 100 * hit[name] / all[name], ways[name], ways[name] ? 100 * taken[name] / ways[name] : 100 | "sort"
            a += all[name]; h += hit[name]; w += ways[name]; t += taken[name]
        }
        close("sort")
        printf "%-24s %8d %7.1f%% %8d %7.1f%%\n", "all", a, 100 * h / a, w, 100 * t / w
        printf "not reached: %d lines; not taken: %d branches, in %d lines that are reached\n", a - h, w - t, keys
        if (100 * h / a < 95) { print "less than 95 % of the lines are reached"; bad = 1 }
        if (reasons == "") exit bad

        for (i = 1; i <= dead; i++) { print "nothing calls " never[i]; bad = 1 }
        for (i = 1; i <= keys; i++) {
            key = order[i]
            split(key, part, "\t")
            if (key in said && untaken[key] <= said[key]) { explained[kind_of[key]]++; continue }
            bad = 1
            printf "parser/%s:%s: %s: ", part[1], where[key], part[2]
            if (key in said) print untaken[key] " ways are not taken, " said[key] " with a reason: " part[3]
            else print untaken[key] " ways are not taken, without a reason: " part[3]
        }
        for (i = 1; i <= entries; i++) {
            key = listed[i]
            split(key, part, "\t")
            if (untaken[key] + 0 < said[key])
                printf "%s: %s, %s: all but %d of %d ways are taken: %s\n", reasons, part[1], part[2], untaken[key], said[key], part[3]
        }
        printf "lines with a reason:"
        for (k in explained) printf "  %s %d", k, explained[k]
        print ""
        if (bad) print "Write a test that takes them, or say in " reasons " why none does."
        exit bad
    }' $reasons "$build"/coverage/*.c.gcov
