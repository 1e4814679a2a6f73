#!/bin/sh
# What README.md shows runs: the shell lines that follow the installation, the pipeline and the
# policy. Ends with "N passed, N failed".
set -u
program=$(realpath "${CHURNLAB:-build/release/churnlab}")
root=$(pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# block N of a language in README.md
block() {
    awk -v language="$1" -v wanted="$2" '
        $0 == "```" language { inside = 1; n++; next }
        $0 == "```" { inside = 0 }
        inside && n == wanted { print }' "$root/README.md"
}

check() { # name, command
    if (cd "$work" && PATH="$work/bin:$PATH" sh -ec "$2") >"$work/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "README: $1 failed:"
        tail -n 20 "$work/log"
    fi
}

mkdir -p "$work/bin"
ln -s "$program" "$work/bin/churnlab"
ln -s "$root/examples" "$work/examples"
check "shell lines" "$(block sh 1 | grep '^churnlab')"
[ "$(block sh 1 | grep -c '^churnlab')" -eq 5 ] || { echo "README: expected five churnlab lines"; failed=$((failed + 1)); }
[ "$(wc -l <"$work/scored.csv")" -eq 501 ] || { echo "README: scored.csv: expected 501 lines"; failed=$((failed + 1)); }
block lua 1 >"$work/pipeline.lua"
block lua 2 >"$work/models.lua"
block lua 3 >"$work/tables.lua"
block lua 4 >"$work/retention.lua"
check "pipeline and policy" "churnlab pipeline.lua && test -s scored.csv"
check "models" "churnlab models.lua"
check "tables" "churnlab tables.lua && test -s bank.db"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
