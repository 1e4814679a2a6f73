#!/bin/sh
# `make bench`: measures churnlab and its peers in one run and prints the ratios.
# The peers live in a Python environment of their own, build/bench-venv.
set -eu
program=$(realpath "$1")
venv=build/bench-venv
# TORCH="torch --index-url …" takes another build of it; the CPU build is enough
if ! $venv/bin/python -c 'import duckdb, pandas, polars, pyarrow, sklearn, torch' 2>/dev/null; then
    echo "installing the peers (pandas, polars, duckdb, pyarrow, scikit-learn, torch) into $venv"
    [ -x $venv/bin/python ] || python3 -m venv $venv
    # shellcheck disable=SC2086
    $venv/bin/pip install --quiet numpy pandas polars duckdb pyarrow scikit-learn ${TORCH:-torch}
    $venv/bin/pip install --quiet tensorflow-cpu 2>/dev/null || # only where there is a build
        $venv/bin/pip install --quiet keras                     # on torch
fi
export PYTHONDONTWRITEBYTECODE=1
# what the machine's owner set for other programs slows some of the peers
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE || true
echo "machine: $(nproc) processors, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)"
echo
echo "== process start (churnlab -e '', median of 50 runs)"
$venv/bin/python tests/bench/start_bench.py --program "$program"
echo
echo "== training and scoring, same net, same batches"
$venv/bin/python tests/bench/train_peers.py --program "$program"
echo
echo "== training steps, one thread: the products' operations a second"
"$(dirname "$program")/step_bench"
echo
echo "== folds, ensembles and the default recipe"
"$program" tests/bench/recipe_bench.lua
echo
echo "== column files and memory (SCORE_MB=$((${SCORE_MB:-2048})) megabytes are scored)"
$venv/bin/python tests/bench/memory_bench.py --program "$program"
echo
echo "== matrix products of the nets, one thread"
"$(dirname "$program")/product_bench"
echo
echo "== exact Shapley values, 10 raw columns, 100 background rows, one core"
"$program" -j1 tests/bench/explain_bench.lua
echo
echo "== verbs on frames: 1,000,000 rows of 10 columns"
$venv/bin/python tests/bench/frames_peers.py --program "$program"
echo
echo "== CSV, two threads each"
$venv/bin/python tests/bench/csv_peers.py --program "$program"
