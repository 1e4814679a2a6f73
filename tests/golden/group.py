"""Writes group.json: aggregates by two keys as pandas computes them.

    python tests/golden/group.py > tests/golden/group.json

The rows come from a linear congruential generator that tests/c/test_group.c repeats, so
that no data is stored. Quantiles are pandas' linear ones, std and var divide by n - 1.
"""
import json
import numpy as np
import pandas as pd

ROWS = 5000
state = 12345


def draw():
    global state
    state = (state * 1103515245 + 12345) % 2**31
    return state >> 8


rows = []
for _ in range(ROWS):
    r = [draw() for _ in range(7)]
    rows.append({
        "Region": None if r[0] % 7 == 0 else f"R{r[0] % 5}",
        "Plan": r[1] % 3,
        "Spend": np.nan if r[2] % 11 == 0 else (r[2] % 100000) / 7.0 - 5000,
        "Visits": pd.NA if r[3] % 13 == 0 else r[3] % 50,
        "Name": None if r[4] % 17 == 0 else f"n{r[4] % 200}",
        "Churn": r[5] % 4 == 0,
        "Since": 10000 + r[6] % 5000,
    })
df = pd.DataFrame(rows)
df["Visits"] = df["Visits"].astype("Int64")
df["Name"] = df["Name"].astype("object")

AGGREGATES = {
    "count()": lambda g: len(g),
    "count(Spend)": lambda g: int(g.Spend.count()),
    "count_if(Spend > 0)": lambda g: int((g.Spend > 0).sum()),
    "sum(Spend)": lambda g: float(g.Spend.sum()),
    "sum(Visits)": lambda g: int(g.Visits.sum()),
    "mean(Spend)": lambda g: float(g.Spend.mean()),
    "mean(Churn)": lambda g: float(g.Churn.mean()),
    "min(Spend)": lambda g: float(g.Spend.min()),
    "max(Visits)": lambda g: int(g.Visits.max()),
    "max(Since)": lambda g: int(g.Since.max()),
    "var(Spend)": lambda g: float(g.Spend.var()),
    "std(Visits)": lambda g: float(g.Visits.astype("float64").std()),
    "median(Spend)": lambda g: float(g.Spend.median()),
    "median(Visits)": lambda g: float(g.Visits.astype("float64").median()),
    "quantile(Spend, 0.9)": lambda g: float(g.Spend.quantile(0.9)),
    "n_distinct(Name)": lambda g: int(g.Name.nunique()),
    "n_distinct(Spend)": lambda g: int(g.Spend.nunique()),
    "n_distinct(Region)": lambda g: int(g.Region.nunique()),
    "first(Spend)": lambda g: float(g.Spend.dropna().iloc[0]),
    "last(Visits)": lambda g: int(g.Visits.dropna().iloc[-1]),
    "any(Spend > 9200)": lambda g: int((g.Spend > 9200).any()),
    "all(Spend > -4999)": lambda g: int((g.Spend.dropna() > -4999).all()),
    "sum(Spend * Visits) / count() + 1": lambda g: float(
        (g.Spend * g.Visits.astype("float64")).sum() / len(g) + 1),
    "sum((Spend - mean(Spend)) ^ 2)": lambda g: float(((g.Spend - g.Spend.mean()) ** 2).sum()),
}

groups = []
for (region, plan), g in df.groupby(["Region", "Plan"], dropna=False, sort=True):
    groups.append({
        "Region": None if pd.isna(region) else region,
        "Plan": int(plan),
        "values": [f(g) for f in AGGREGATES.values()],
    })
print(json.dumps({"rows": ROWS, "expressions": list(AGGREGATES), "groups": groups}, indent=1))
