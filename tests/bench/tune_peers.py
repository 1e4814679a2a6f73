"""Optuna's TPE and imbalanced-learn's SMOTE on the problems of tune_bench.lua:
python3 tune_peers.py [seeds]"""
import math
import statistics
import sys
import time

import numpy as np
import optuna
from imblearn.over_sampling import SMOTE

optuna.logging.set_verbosity(optuna.logging.WARNING)


def branin(trial):
    x, y = trial.suggest_float("x", -5, 10), trial.suggest_float("y", 0, 15)
    return ((y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6) ** 2
            + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10)


def branches(trial):
    kind = trial.suggest_categorical("kind", ["a", "b"])
    far = (math.log10(trial.suggest_float("u", 1e-4, 1, log=True)) + 2) ** 2
    if kind == "a":
        return far + 0.3 + (math.log2(trial.suggest_int("n", 1, 64, log=True)) - 3) ** 2
    return far + (trial.suggest_float("v", -3, 3) - 1) ** 2


for name, objective in [("branin", branin), ("branches", branches)]:
    at50, at100 = [], []
    for seed in range(1, int(sys.argv[1] if len(sys.argv) > 1 else 25) + 1):
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=20)
        study = optuna.create_study(sampler=sampler)
        study.optimize(objective, n_trials=100)
        values = [trial.value for trial in study.trials]
        at50.append(min(values[:50]))
        at100.append(min(values))
    print(f"{name:<10} {'optuna':<8} best after 50: {statistics.median(at50):.4f}   "
          f"after 100: {statistics.median(at100):.4f}")

rows = np.random.default_rng(1).normal(size=(30000, 30))
labels = (np.arange(30000) >= 20000).astype(int)
started = time.perf_counter()
made, _ = SMOTE().fit_resample(rows, labels)
print(f"SMOTE of imbalanced-learn: {time.perf_counter() - started:.3f} s, {len(made)} rows")
