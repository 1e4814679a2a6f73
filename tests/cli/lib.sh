# What the transcripts share. A case starts with `case_ NAME`, runs commands with `run` (standard
# output in $dir/out, standard error in $dir/err, exit code in $code) and states what it expects;
# `finish` prints "N passed, N failed". POSIX sh; the program is $CHURNLAB.
set -u
unset CDPATH
program=${CHURNLAB:-build/release/churnlab}
case $program in */*) program=$(cd "$(dirname "$program")" && pwd)/$(basename "$program") ;; esac
root=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d "${TMPDIR:-/tmp}/churnlab-tests.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
CHURNLAB_HISTORY=$dir/history
export CHURNLAB_HISTORY
passed=0 failed=0 skipped=0 current='' bad=0
cd "$dir" || exit 1

# Closes the case before; names the next one.
case_() {
    if [ -n "$current" ]; then
        if [ $bad -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    fi
    current=$1 bad=0 command='' code=0
}

problem() {
    if [ $bad -eq 0 ]; then
        echo "FAILED: $current"
        echo "    command: $command"
    fi
    bad=1
    echo "    $1"
    sed 's/^/    | /' "$dir/err" 2>/dev/null | head -n 8
}

# run ARGUMENTS…: the program; standard input is that of the call
run() {
    command="churnlab $*"
    "$program" "$@" >"$dir/out" 2>"$dir/err"
    code=$?
}

exits() { [ "$code" -eq "$1" ] || problem "exit code: expected $1, got $code"; }
out_has() { grep -qF -- "$1" "$dir/out" || problem "standard output: expected '$1', got '$(head -c 300 "$dir/out")'"; }
err_has() { grep -qF -- "$1" "$dir/err" || problem "standard error: expected '$1'"; }
out_empty() { [ ! -s "$dir/out" ] || problem "standard output: expected nothing, got '$(head -c 200 "$dir/out")'"; }
err_empty() { [ ! -s "$dir/err" ] || problem "standard error: expected nothing"; }
same() { cmp -s "$1" "$2" || problem "expected $1 and $2 to be the same bytes"; }
exists() { [ -e "$1" ] || problem "expected the file $1"; }
absent() { [ ! -e "$1" ] || problem "expected no file $1"; }
lines() { n=$(wc -l <"$1"); [ "$n" -eq "$2" ] || problem "$1: expected $2 lines, got $n"; }

# Wrong usage: exit code 2, nothing on standard output, the message on standard error.
refused() { exits 2; out_empty; err_has "$1"; }
# Failure: exit code 1 and the message.
failing() { exits 1; out_empty; err_has "$1"; }

# Lua over standard output's JSON as `j`: json 'j.rows == 10'
json() {
    "$program" -e "local f = io.open('$dir/out') local j = assert(require('churnlab.core').json.decode(f:read('a')))
        if not ($1) then os.exit(1) end" 2>"$dir/json.err" || problem "JSON: expected $1, got $(head -c 400 "$dir/out") $(cat "$dir/json.err")"
}

skip() {
    echo "skipped: $1"
    skipped=$((skipped + 1))
}

finish() {
    case_ ''
    [ $skipped -eq 0 ] && echo "$passed passed, $failed failed" || echo "$passed passed, $failed failed, $skipped skipped"
    [ $failed -eq 0 ]
}
