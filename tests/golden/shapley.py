"""Golden Shapley values from shap.KernelExplainer, which enumerates these small games.

    python3 tests/golden/shapley.py > tests/golden/shapley.json

Made with shap (l1_reg off) and numpy. Each game is stored as its table of 2^M values: v(S) = mean
over the background rows of f, with the columns of S taken from the explained row.
"""
import json

import numpy as np
import shap

rng = np.random.default_rng(11)


def f(x):
    z = x[:, 0] * x[:, 1] - 0.7 * x[:, 2] ** 2 + np.sin(2 * x[:, -1]) + 0.5 * x[:, :3].prod(axis=1)
    return 1 / (1 + np.exp(-z))


cases = []
for m in (3, 5, 7):
    background, row = rng.normal(size=(12, m)), rng.normal(size=m)
    explainer = shap.KernelExplainer(f, background)
    phi = explainer.shap_values(row, nsamples=2 ** m, l1_reg=False, silent=True)
    table = []
    for coalition in range(2 ** m):
        mixed = background.copy()
        for j in range(m):
            if coalition >> j & 1:
                mixed[:, j] = row[j]
        table.append(f(mixed).mean())
    cases.append({"players": m, "values": table, "phi": phi.tolist(),
                  "base": float(explainer.expected_value)})
print(json.dumps(cases))
