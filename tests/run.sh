#!/bin/sh
# run.sh PROGRAM|SCRIPT... runs each and adds up what they say: test programs in the way of cmocka, scripts (*.sh) with
# lines `ok NAME`, `not ok NAME`, `skipped NAME`. The last line is `N passed, M failed`; the status is 0 if some test
# passed and none failed. WRAPPER, if set, is a command that runs the programs (valgrind).
set -u

log=$(mktemp) || exit 2
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT TERM
export CMOCKA_MESSAGE_OUTPUT=STDOUT

passed=0
failed=0
skipped=0

# Adds up what cmocka says of the tests that PASSED, FAILED or were SKIPPED. A group may have a name:
# `[  FAILED  ] group: 2 test(s), listed below:`.
add_up()
{
    awk -v kind="$1" '
        $1 == "[" && $2 == kind && match($0, /[0-9]+ test\(s\)(\.|, listed)/) { sum += substr($0, RSTART) + 0 }
        END { print sum + 0 }' "$log"
}

count_lines() { grep -c "$1" "$log"; }

for file in "$@"; do
    echo "== $file"
    case $file in
    *.sh)
        bash "$file" </dev/null >"$log" 2>&1
        status=$?
        good=$(count_lines '^ok ')
        bad=$(count_lines '^not ok ')
        left=$(count_lines '^skipped ')
        ;;
    *)
        ${WRAPPER-} "$file" </dev/null >"$log" 2>&1
        status=$?
        good=$(add_up PASSED)
        bad=$(add_up FAILED)
        left=$(add_up SKIPPED)
        ;;
    esac
    cat "$log"
    # A crash, or silence, is a failure that no line tells of.
    if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
        echo "not ok $file: exit status $status"
        bad=1
    elif [ $((good + bad + left)) -eq 0 ]; then
        echo "not ok $file: no test ran"
        bad=1
    fi
    passed=$((passed + good))
    failed=$((failed + bad))
    skipped=$((skipped + left))
done

echo
if [ "$skipped" -gt 0 ]; then
    echo "$skipped skipped"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
