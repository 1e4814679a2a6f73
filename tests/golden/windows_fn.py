# SPDX-License-Identifier: MIT
# Window functions by pandas on a random frame with missing values, ties, missing keys and groups of
# one row. Columns: the input, then "context|expression" with the expected value of each row.
#   python3 tests/golden/windows_fn.py > tests/golden/windows_fn.csv      (pandas 3, numpy 2)
# Contexts: g = groups of id in order of t; d = groups of id in order of day; o = order of day;
# r = groups of id in the frame's order.
import sys

import numpy as np
import pandas as pd

rng = np.random.default_rng(20261122)
N = 160
ids = np.array(["ann", "bob", "cy", "dé", None, "solo"], dtype=object)
frame = pd.DataFrame({
    "id": ids[rng.choice(6, N, p=[0.3, 0.25, 0.2, 0.14, 0.1, 0.01])],
    "t": rng.integers(0, 40, N).astype(float),
    "day": pd.Timestamp("2024-01-20") + pd.to_timedelta(rng.integers(0, 120, N), unit="D"),
    "x": np.round(rng.normal(0, 10, N), 3),
    "k": rng.integers(-5, 6, N).astype(float),
    "s": np.array(["p", "q", "é", "zz"], dtype=object)[rng.integers(0, 4, N)],
})
frame.loc[rng.random(N) < 0.06, "t"] = np.nan
for name in ("x", "k", "s"):
    frame.loc[rng.random(N) < 0.15, name] = None
frame.loc[1, "id"] = "solo"


def rolled(method, **options):
    return lambda g: getattr(g.rolling(**options), method)()


def over_days(column, method, days):
    def run(g):
        r = g.set_index("day")[column].rolling(f"{days}D")
        return pd.Series(getattr(r, method)().to_numpy(), index=g.index)
    return run


def percent_rank(g):
    n = g.notna().sum()
    return (g.rank(method="min") - 1) / (n - 1) if n > 1 else g.rank(method="min") * 0


FORMS = {  # expression: (column or None for the whole group, function of the sorted group)
    "row_number()": (None, lambda g: pd.Series(np.arange(1, len(g) + 1), index=g.index)),
    "lag(x)": ("x", lambda g: g.shift(1)),
    "lag(x, 3)": ("x", lambda g: g.shift(3)),
    "lag(s, 2)": ("s", lambda g: g.shift(2)),
    "lag(k, 2, 0)": ("k", lambda g: g.shift(2, fill_value=0)),
    "lead(k)": ("k", lambda g: g.shift(-1)),
    "diff(x)": ("x", lambda g: g.diff()),
    "diff(k, 2)": ("k", lambda g: g.diff(2)),
    "pct_change(x)": ("x", lambda g: g / g.shift(1) - 1),
    "cumsum(x)": ("x", lambda g: g.cumsum()),
    "cumsum(k)": ("k", lambda g: g.cumsum()),
    "cummax(x)": ("x", lambda g: g.cummax()),
    "cummin(k)": ("k", lambda g: g.cummin()),
    "cummean(x)": ("x", lambda g: g.cumsum() / g.notna().cumsum()),
    "cumcount()": (None, lambda g: pd.Series(np.arange(1, len(g) + 1), index=g.index)),
    "cumcount(x)": ("x", lambda g: g.notna().cumsum()),
    "rank(k)": ("k", lambda g: g.rank(method="min")),
    "rank(k, 'desc')": ("k", lambda g: g.rank(method="min", ascending=False)),
    "dense_rank(s)": ("s", lambda g: g.rank(method="dense")),
    "percent_rank(k)": ("k", percent_rank),
    "ffill(s)": ("s", lambda g: g.ffill()),
    "bfill(x)": ("x", lambda g: g.bfill()),
    "first(x)": ("x", lambda g: pd.Series(g.dropna().iloc[0] if g.notna().any() else None,
                                          index=g.index)),
    "last(k)": ("k", lambda g: pd.Series(g.dropna().iloc[-1] if g.notna().any() else None,
                                         index=g.index)),
    "x / sum(x)": ("x", lambda g: g / g.sum()),
    "x - mean(x)": ("x", lambda g: g - g.mean()),
    "rolling_sum(x, 3)": ("x", rolled("sum", window=3)),
    "rolling_sum(k, 4, 1)": ("k", rolled("sum", window=4, min_periods=1)),
    "rolling_mean(x, 5, 2)": ("x", rolled("mean", window=5, min_periods=2)),
    "rolling_std(x, 6, 3)": ("x", rolled("std", window=6, min_periods=3)),
    "rolling_min(x, 4, 1)": ("x", rolled("min", window=4, min_periods=1)),
    "rolling_max(k, 3)": ("k", rolled("max", window=3)),
    "rolling_median(x, 5, 1)": ("x", rolled("median", window=5, min_periods=1)),
    "rolling_count(x, 4)": ("x", lambda g: g.notna().astype(float).rolling(4, min_periods=0).sum()),
}
DAYS = {
    "rolling_sum(x, days(30))": (None, over_days("x", "sum", 30)),
    "rolling_mean(k, weeks(2))": (None, over_days("k", "mean", 14)),
    "rolling_std(x, days(45))": (None, over_days("x", "std", 45)),
    "rolling_min(x, days(10))": (None, over_days("x", "min", 10)),
    "rolling_max(x, hours(240))": (None, over_days("x", "max", 10)),
    "rolling_median(k, days(20))": (None, over_days("k", "median", 20)),
}
SORTED = {"g": "t", "d": "day", "o": "day", "r": None}


def column_of(context, column, function):
    rows = frame
    if SORTED[context]:
        rows = rows.sort_values(SORTED[context], kind="stable", na_position="last")
    groups = [rows] if context == "o" else \
        [g for _, g in rows.groupby("id", sort=False, dropna=False)]
    parts = [function(g[column] if column else g) for g in groups]
    return pd.concat(parts).reindex(frame.index)


columns = {}
for context in SORTED:
    forms = dict(FORMS)
    if context in "do":
        forms.update(DAYS)
    for expression, (column, function) in forms.items():
        columns[f"{context}|{expression}"] = column_of(context, column, function)
result = pd.concat([frame, pd.DataFrame(columns)], axis=1)
result["k"] = result["k"].astype("Int64")
result["t"] = result["t"].astype("Int64")
result.to_csv(sys.stdout, index=False, lineterminator="\n", date_format="%Y-%m-%d",
              float_format="%.13g")
