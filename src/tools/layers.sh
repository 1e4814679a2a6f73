#!/bin/sh
# Proves the layer rules (src/README.md) from the includes; prints each breach and fails.
set -eu
cd "$(dirname "$0")/../.."
status=0

breach() {
    echo "layers: $1" >&2
    status=1
}

# folder: what its files may include, as a pattern of folders
allowed() {
    case "$1" in
    src/core/base) echo 'core/base' ;;
    src/core/data) echo 'core/base|core/data' ;;
    src/core/expr) echo 'core/base|core/data|core/expr' ;;
    src/core/table) echo 'core/base|core/data|core/expr|core/table' ;;
    src/core/io) echo 'core/base|core/data|core/io' ;;
    src/core/sql) echo 'core/base|core/data|core/sql' ;;
    src/core/prep) echo 'core/base|core/data|core/expr|core/prep' ;;
    src/core/metrics) echo 'core/base|core/data|core/metrics' ;;
    src/core/trees) echo 'core/base|core/trees' ;;
    src/core/nn) echo 'core/base|core/data|core/nn' ;;
    src/core/layers) echo 'core/base|core/data|core/trees|core/nn|core/layers' ;;
    src/core/train) echo 'core/base|core/data|core/nn|core/train' ;;
    src/core/explain) echo 'core/base|core/explain' ;;
    src/core/model) echo 'core/[a-z]+' ;;
    src/bind) echo 'core/[a-z]+|bind' ;;
    src/host) echo 'core/[a-z]+|bind|host' ;;
    esac
}

for folder in src/core/* src/bind src/host; do
    pattern=$(allowed "$folder")
    [ -n "$pattern" ] || { breach "$folder: a folder without a rule"; continue; }
    for file in "$folder"/*.[ch]; do
        [ -e "$file" ] || continue
        bad=$(sed -n 's/^#include "\(.*\)\/[^/]*"$/\1/p' "$file" | grep -vxE "$pattern" || true)
        [ -z "$bad" ] || breach "$file includes from $(echo $bad)"
    done
done

# nn's training may not use metrics, but early stopping watches an AUC: it computes its own.
if grep -nE '#include <(lua|lauxlib|lualib)\.h>' -r src/core; then
    breach "core must not know Lua"
fi
if grep -nE '\b(printf|fprintf|puts|exit|abort|assert)\(' -r src/core --include='*.c' | grep -vE '(sn|vsn|chl_strbuf_)printf|static_assert|\* '; then
    breach "core must not print, exit or assert"
fi
# the compiler's word: no core file reaches lua.h through any header
for file in src/core/*/*.c; do
    if "${CC:-cc}" -MM -Isrc -std=c11 -D_POSIX_C_SOURCE=200809L $(pkg-config --cflags jansson libsodium sqlite3 libpq) "$file" |
        grep -qE 'lua(xlib|lib)?\.h'; then
        breach "$file reaches lua.h"
    fi
done
# data objects that a program could change: file-scope state in core ($1 is libchurnlab.a)
if command -v objdump >/dev/null 2>&1 && [ -n "${1:-}" ]; then
    state=$(objdump -t "$1" | awk '$0 ~ / O \.(data|bss)\t/ {print $NF}')
    [ -z "$state" ] || breach "mutable file-scope state in core: $(echo $state)"
fi
exit $status
