# Verbs of frames by pandas, on random frames with missing cells, ties, unicode, empty frames and
# empty groups: `python verbs.py > verbs.json` (pandas 3, numpy 2).
import json
import math

import numpy as np
import pandas as pd

LAST = "\U0010ffff"  # stands for a missing key: sorts last
PLACES = ["Lyon", "Ärö", "東京", "a b", "", "Zürich"]


def random_frame(seed, rows, gaps=0.15):
    r = np.random.default_rng(seed)

    def holes(values):
        return [None if r.random() < gaps else v for v in values]

    frame = pd.DataFrame({
        "g": pd.Series(holes(list(r.choice(PLACES, rows))), dtype=object),
        "h": pd.Series(holes(list(r.choice(["x", "y", "z"], rows))), dtype=object),
        "x": pd.Series(holes([float(v) for v in np.round(r.normal(0, 3, rows), 1)]), dtype=float),
        "y": pd.Series(holes([float(v) for v in r.exponential(10, rows)]), dtype=float),
        "k": pd.Series(holes([float(v) for v in r.integers(-4, 5, rows)]), dtype=float),
    })
    frame["w"] = frame["x"] * 0 + 7.0  # constant where it is there
    return frame


def cell(v):
    if v is None or (isinstance(v, float) and math.isnan(v)) or v is pd.NA:
        return "<NA>"
    if isinstance(v, (np.floating, float)):
        return float(v)
    if isinstance(v, (np.integer, int)):
        return int(v)
    return str(v)


def columns(frame):
    return [[str(name), [cell(v) for v in frame[name]]] for name in frame.columns]


def keyed(frame, *names):
    out = frame.copy()
    for name in names:
        out[name] = out[name].where(out[name].notna(), LAST)
    return out


def unkeyed(frame, *names):
    out = frame.rename(columns={LAST: "NA"})
    for name in names:
        out[name] = [None if v == LAST else v for v in out[name]]
    return out


def cut(frame):
    edges = [-4.0, -1.5, 0.0, 0.5, 3.0]
    out = {"edges": edges}
    for name, options in [("left", {"right": False}), ("right", {"right": True}),
                          ("closed", {"right": True, "include_lowest": True})]:
        codes = pd.cut(frame["x"], edges, labels=False, **options)
        out[name] = [cell(v) for v in codes.astype(float)]
    return out


def qcut(frame):
    if frame["x"].nunique() < 2:
        return None
    out = {}
    for parts in [2, 4, 10]:
        codes = pd.qcut(frame["x"], parts, labels=False, duplicates="drop")
        out[str(parts)] = [cell(v) for v in codes.astype(float)]
    return out


def pivot(frame):
    out = {}
    for how in ["sum", "mean", "count", "max"]:
        grouped = keyed(frame, "g", "h").groupby(["g", "h"])["x"].agg(how)
        wide = grouped.unstack("h").sort_index().sort_index(axis=1).reset_index()
        out[how] = columns(unkeyed(wide, "g"))
    return out


def crosstab(frame):
    k = keyed(frame, "g", "h")
    out = {}
    for name, options in [("none", {}), ("row", {"normalize": "index"}),
                          ("column", {"normalize": "columns"}), ("all", {"normalize": "all"}),
                          ("totals", {"margins": True, "margins_name": "total"})]:
        wide = pd.crosstab(k["g"], k["h"], **options).reset_index()
        if name == "totals":
            wide["g"] = wide["g"].replace(LAST, "NA")
            out[name] = columns(wide.rename(columns={LAST: "NA"}))
        else:
            out[name] = columns(unkeyed(wide, "g"))
    return out


def fill(frame):
    k = keyed(frame, "g")
    groups = k.groupby("g")
    mode = groups["k"].transform(lambda v: v.mode().iloc[0] if v.notna().any() else np.nan)
    return {
        "constant": [cell(v) for v in frame["x"].fillna(-1.5)],
        "text": [cell(v) for v in frame["h"].where(frame["h"].notna(), "ünknown")],
        "mean": [cell(v) for v in frame["x"].fillna(frame["x"].mean())],
        "median": [cell(v) for v in frame["k"].fillna(frame["k"].median())],
        "mode": [cell(v) for v in frame["k"].fillna(frame["k"].mode().iloc[0])]
        if frame["k"].notna().any() else ["<NA>"] * len(frame),
        "mean_by": [cell(v) for v in frame["x"].fillna(groups["x"].transform("mean"))],
        "median_by": [cell(v) for v in frame["x"].fillna(groups["x"].transform("median"))],
        "mode_by": [cell(v) for v in frame["k"].fillna(mode)],
        "forward": [cell(v) for v in frame["x"].ffill()],
        "backward": [cell(v) for v in frame["x"].bfill()],
        "forward_by": [cell(v) for v in groups["x"].ffill()],
        "backward_1": [cell(v) for v in frame["h"].bfill(limit=1)],
    }


def corr(frame):
    names = ["x", "y", "k", "w"]
    return {how: [[cell(v) for v in row]
                  for row in frame[names].corr(method=how, min_periods=2).to_numpy()]
            for how in ["pearson", "spearman"]}


def figures(frame):
    x = frame["y"].dropna()
    q25, q75 = (x.quantile(0.25), x.quantile(0.75)) if len(x) else (0, 0)
    reach = 1.5 * (q75 - q25)
    return {"skewness": cell(float(x.skew())),
            "outliers": int(((x < q25 - reach) | (x > q75 + reach)).sum()),
            "zeros": int((frame["k"] == 0).sum()), "negatives": int((frame["k"] < 0).sum())}


def counted(frame):
    k = keyed(frame, "g", "h")
    counts = k.groupby(["g", "h"]).size().reset_index(name="n")
    counts = counts.sort_values(["n", "g", "h"], ascending=[False, True, True])
    return columns(unkeyed(unkeyed(counts, "g"), "h"))


def main():
    cases = []
    for seed, rows in [(1, 0), (2, 1), (3, 2), (4, 9), (5, 40), (6, 200)]:
        frame = random_frame(seed, rows)
        other = random_frame(seed + 100, rows // 2)[["k", "g", "y"]].rename(columns={"y": "new"})
        shares = [0, 0.1, 0.25, 0.5, 0.99, 1]
        cases.append({
            "rows": rows, "frame": columns(frame), "other": columns(other),
            "cut": cut(frame), "qcut": qcut(frame), "crosstab": crosstab(frame) if rows else None,
            "pivot": pivot(frame) if rows else None,
            "melt": columns(frame.melt(id_vars=["g"], value_vars=["x", "k", "y"])),
            "concat": columns(pd.concat([frame, other], ignore_index=True)),
            "corr": corr(frame), "figures": figures(frame),
            "quantile": columns(frame[["x", "y", "k"]].quantile(shares)) if rows else None,
            "fill": fill(frame), "value_counts": counted(frame) if rows else None,
        })
    print(json.dumps(cases, ensure_ascii=False, separators=(",", ":")))


main()
