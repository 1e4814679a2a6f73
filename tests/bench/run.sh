#!/bin/sh
# `make bench`: measures churnlab and its peers in one run and prints the ratios.
# The peers live in a Python environment of their own, build/bench-venv.
set -eu
program=$(realpath "$1")
venv=build/bench-venv
if [ ! -x $venv/bin/python ]; then
    echo "installing the peers (numpy, scikit-learn, torch) into $venv"
    python3 -m venv $venv
    # the CPU build of torch; any 2.x will do
    $venv/bin/pip install --quiet numpy scikit-learn pandas pyarrow "${TORCH:-torch}"
fi
if ! $venv/bin/python -c 'import duckdb, pandas, polars, pyarrow' 2>/dev/null; then
    echo "installing the peers of frames (pandas, polars, duckdb, pyarrow) into $venv"
    $venv/bin/pip install --quiet pandas polars duckdb pyarrow
fi
if ! $venv/bin/python -c 'import imblearn, optuna' 2>/dev/null; then
    echo "installing the peers of tuning and resampling (optuna, imbalanced-learn) into $venv"
    $venv/bin/pip install --quiet optuna imbalanced-learn
fi
echo "machine: $(nproc) processors, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)"
echo
echo "== process start (churnlab -e '', median of 50 runs)"
$venv/bin/python tests/bench/start_bench.py --program "$program"
echo
echo "== training and scoring, same net, same batches"
$venv/bin/python tests/bench/train_peers.py --program "$program"
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
echo
echo "== tuning: the best value found, TPE, random search and Optuna's TPE; SMOTE"
"$program" tests/bench/tune_bench.lua
$venv/bin/python tests/bench/tune_peers.py
