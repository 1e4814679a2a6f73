"""Writes windows.json: features and labels of random event logs as pandas computes them.

    python tests/golden/windows.py > tests/golden/windows.json

Each case holds its log as CSV, the options of cl.windows and the expected rows, in the order
of customer and cut-off. Nothing here shares code or method with the C core: each row filters
the whole log by the definitions (event before t, known before t, look-back [t - w, t)).
"""
import json
import math
import random
import numpy as np
import pandas as pd

IDS = ["Ana", "Øyvind", "李雷", "b c", "zoë", "Ünal", "a,b", "0042", "x", "Zed"]
TYPES = ["visit", "order", "cancel", "réclame"]
BUCKETS = 4
random.seed(20261122)


def make_log(timestamps, known, events):
    start = pd.Timestamp("2025-01-01")
    rows = []
    for _ in range(events):
        day = start + pd.Timedelta(days=random.randrange(0, 200))
        # a few moments of the day only, so that ties are frequent
        when = day + pd.Timedelta(microseconds=random.choice([0, 1, 43_200_000_000, 86_399_999_999])) \
            if timestamps else day
        late = random.random() < 0.25
        delay = pd.Timedelta(days=random.randrange(0, 60)) if late else pd.Timedelta(0)
        rows.append({
            "customer": random.choice(IDS[:9] if random.random() < 0.9 else IDS[9:]),
            "when": when,
            "amount": None if random.random() < 0.1 else round(random.uniform(-20, 300), 2),
            "items": random.randrange(0, 5),
            "type": None if random.random() < 0.05 else random.choice(TYPES),
            "loaded_at": when + delay,
        })
    log = pd.DataFrame(rows)
    return log if known else log.drop(columns="loaded_at")


def days(delta):
    return delta / pd.Timedelta(days=1)


def ols(y):
    return float(np.polyfit(np.arange(len(y)), y, 1)[0])


def nan_std(x):
    return float(x.std(ddof=1)) if len(x) > 1 else None


def change(now, before):
    return None if before == 0 else float(100 * (now - before) / abs(before))


def window_features(past, t, w, values, levels, row):
    name = "all" if w is None else f"{w}d"
    first = past.when.min() if len(past) else None
    seen = past if w is None else past[past.when >= t - pd.Timedelta(days=w)]
    tenure = days(t - first) if len(past) else None
    exposure = 1 if tenure is None else max(tenure, 1) if w is None else min(w, max(tenure, 1))
    touched = 1
    if tenure is not None:
        touched = math.floor((t - pd.Timedelta(microseconds=1) - first) / pd.Timedelta(days=1)) + 1 \
            if ROW["timestamps"] else int(tenure)
        touched = touched if w is None else min(w, touched)
    begin = first if w is None else t - pd.Timedelta(days=w)
    unit = pd.Timedelta(microseconds=1) if ROW["timestamps"] else pd.Timedelta(days=1)
    back = ((t - unit - seen.when) // pd.Timedelta(days=1)) if len(seen) else pd.Series(dtype=int)
    before = past.iloc[:0] if w is None else \
        past[(past.when >= t - pd.Timedelta(days=2 * w)) & (past.when < begin)]
    # exact integer arithmetic: which of the equal parts holds the event
    def part(when):
        return int((when - begin).value * BUCKETS // (t - begin).value)
    parts = seen.when.map(part) if len(seen) else pd.Series(dtype=int)
    row[f"count_{name}"] = len(seen)
    row[f"active_{name}"] = back.nunique() / touched
    row[f"rate_{name}"] = 30 * len(seen) / exposure
    row[f"trend_{name}"] = ols([int((parts == b).sum()) for b in range(BUCKETS)])
    if w is not None:
        row[f"change_{name}"] = change(len(seen), len(before))
    gaps = days(seen.when.diff().dropna()) if len(seen) else pd.Series(dtype=float)
    row[f"gap_mean_{name}"] = float(gaps.mean()) if len(gaps) else None
    row[f"gap_std_{name}"] = nan_std(gaps)
    for v in values:
        x = seen[v].dropna().astype(float)
        total = math.fsum(x)
        row[f"{v}_sum_{name}"] = total
        row[f"{v}_mean_{name}"] = float(x.mean()) if len(x) else None
        row[f"{v}_min_{name}"] = float(x.min()) if len(x) else None
        row[f"{v}_max_{name}"] = float(x.max()) if len(x) else None
        row[f"{v}_std_{name}"] = nan_std(x)
        row[f"{v}_rate_{name}"] = 30 * total / exposure
        row[f"{v}_trend_{name}"] = ols([math.fsum(x[parts.loc[x.index] == b]) for b in range(BUCKETS)])
        if w is not None:
            row[f"{v}_change_{name}"] = change(total, math.fsum(before[v].dropna().astype(float)))
    for level in levels:
        row[f"type_{level}_{name}"] = int((seen.type == level).sum())


ROW = {}


def label(log, mine, t, case):
    o = case["options"].get("outcome")
    if not o:
        return None
    gap = case["options"].get("gap", 0)
    begin = t + pd.Timedelta(days=gap)
    end = begin + pd.Timedelta(days=o["within"])
    unit = pd.Timedelta(microseconds=1) if case["timestamps"] else pd.Timedelta(days=1)
    until = pd.Timestamp(case["options"]["observed_until"]) if "observed_until" in case["options"] \
        else log.when.max()
    if end - unit > until:
        return None
    hits = mine[(mine.when >= begin) & (mine.when < end)]
    wanted = mine[mine.type == "cancel"] if o["kind"] != "inactive" else mine
    if o.get("once") and (wanted.when < begin).any():
        return None
    hits = wanted[(wanted.when >= begin) & (wanted.when < end)]
    return len(hits) > 0 if o["kind"] == "event" else len(hits) == 0


def expected(log, case):
    ROW["timestamps"] = case["timestamps"]
    options, rows = case["options"], []
    cutoffs = [pd.Timestamp(c) for c in case["dates"]]
    visible = lambda frame, t: frame[(frame.when < t) & (frame.loaded_at < t)] \
        if "known" in options else frame[frame.when < t]
    levels = sorted(visible(log, cutoffs[-1]).type.dropna().unique(), key=lambda s: s.encode())
    for who in sorted(log.customer.unique(), key=lambda s: s.encode()):
        mine = log[log.customer == who].sort_values("when", kind="stable")
        for t in cutoffs:
            past = visible(mine, t)
            population = options.get("population")
            near = past[past.when >= t - pd.Timedelta(days=population["within"])] if population else past
            if len(near) == 0:
                continue
            o = options.get("outcome", {})
            if o.get("once") and (past.type == "cancel").any():
                continue
            row = {"customer": who, "cutoff": str(t) if case["timestamps"] else str(t.date()),
                   "recency": days(t - past.when.max()), "tenure": days(t - past.when.min())}
            for w in options["lookback"]:
                window_features(past, t, None if w == "all" else w, options["value"], levels, row)
            if o:
                row["churned"] = label(log, mine, t, case)
            rows.append(row)
    return rows


def case(name, timestamps, known, events, dates, cutoffs=None, **options):
    log = make_log(timestamps, known, events)
    options = {"id": "customer", "time": "when", "value": ["amount", "items"], "category": "type",
               "cutoffs": cutoffs or dates, **options}
    if known:
        options["known"] = "loaded_at"
    made = {"name": name, "timestamps": timestamps, "options": options, "dates": dates}
    rows = expected(log, made)
    names = list(rows[0])
    text = log.to_csv(index=False, date_format="%Y-%m-%d %H:%M:%S.%f" if timestamps else "%Y-%m-%d")
    table = [[None if r[n] is None or r[n] != r[n] else r[n] for n in names] for r in rows]
    return {"name": name, "time": "timestamp" if timestamps else "date", "csv": text,
            "options": options, "columns": names, "rows": table}


MONTHS = ["2025-03-31", "2025-04-30", "2025-05-31", "2025-06-30"]
cases = [
    case("dates, inactive after a gap", False, False, 160, MONTHS,
         cutoffs={"from": "2025-03-31", "to": "2025-06-30", "every": "month"},
         lookback=[30, 7, "all"], gap=7, outcome={"kind": "inactive", "within": 14}),
    case("dates, late rows, cancellation once", False, True, 160,
         ["2025-02-01", "2025-04-01", "2025-06-15"], lookback=[45, "all"],
         outcome={"kind": "event", "where": "type == 'cancel'", "within": 21, "once": True}),
    case("timestamps at odd hours", True, False, 140,
         ["2025-02-10 12:00:00", "2025-05-05 00:00:00.000001"], lookback=[1, 30, "all"], gap=1,
         outcome={"kind": "no_event", "where": "type == 'cancel'", "within": 30},
         population={"within": 25}),
    case("timestamps, late rows, a longer observation", True, True, 140,
         ["2025-01-03", "2025-03-01", "2025-07-01"], lookback=[60], gap=0,
         outcome={"kind": "inactive", "within": 10}, observed_until="2025-07-10 23:59:59.999999"),
]
print(json.dumps({"cases": cases}, ensure_ascii=False, separators=(",", ":")))
