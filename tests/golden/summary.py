# Figures of describe() by pandas: `python summary.py > summary.json`
import json
import numpy as np
import pandas as pd

rng = np.random.default_rng(7)
columns = {
    "normal": rng.normal(1e6, 1.0, 101).tolist(),
    "skewed": rng.lognormal(0, 2, 64).tolist(),
    "integers": rng.integers(-50, 50, 77).tolist(),
    "gaps": [None if i % 7 == 0 else float(i) / 3 for i in range(50)],
    "two": [1.5, -2.25],
}
out = {}
for name, values in columns.items():
    s = pd.Series(values, dtype="float64")
    out[name] = {
        "values": ["NA" if v is None else v for v in values],
        "missing": int(s.isna().sum()), "unique": int(s.nunique()),
        "mean": s.mean(), "std": s.std(ddof=1), "min": s.min(), "q25": s.quantile(0.25),
        "median": s.median(), "q75": s.quantile(0.75), "max": s.max(), "q01": s.quantile(0.01),
        "q999": s.quantile(0.999),
    }
print(json.dumps(out))
