#!/bin/sh
# Runs the test suites given as arguments ("name=command") and adds up what they print:
# busted's and our own "N passed, N failed" lines, and cmocka's. Ends with "N passed, N failed".
set -u
logs=${TEST_LOGS:-build/test-logs}
mkdir -p "$logs"
passed=0 failed=0
for suite in "$@"; do
    name=${suite%%=*} command=${suite#*=}
    echo "== $name"
    log="$logs/$name.log"
    sh -c "$command" >"$log" 2>&1
    code=$?
    grep -vE '^\[ +(RUN|OK) |^\[=+\]' "$log" | tail -n 40
    set -- "$(sed -n -e 's/^\([0-9]*\) passed, [0-9]* failed.*/\1/p' \
        -e 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$log" | awk '{n += $1} END {print n + 0}')" \
        "$(sed -n -e 's/^[0-9]* passed, \([0-9]*\) failed.*/\1/p' \
        -e 's/^\[  FAILED  \] \([0-9]*\) test.*/\1/p' "$log" | awk '{n += $1} END {print n + 0}')"
    passed=$((passed + $1)) failed=$((failed + $2))
    if [ $code -ne 0 ] && [ "$2" -eq 0 ]; then
        echo "$name: ended with exit code $code (see $log)"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
