"""Golden weights for core/metrics/logistic from scikit-learn: L1, elastic net, several classes.

    python3 tests/golden/logistic.py > tests/golden/logistic.json

Made with scikit-learn 1.9.1 and numpy; the seed is fixed. Weights are on the columns as given.
"""
import json

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(11)


def fit(z, y, l1, l2):
    strength = l1 + l2
    solver = {"solver": "saga", "tol": 1e-13, "max_iter": 1_000_000} if l1 else {
        "solver": "newton-cholesky", "tol": 1e-13, "max_iter": 1000}
    return LogisticRegression(C=1 / strength, l1_ratio=l1 / strength, **solver).fit(z, y)


def case(n, d, classes, l1, l2):
    x = np.round(rng.normal(size=(n, d)) * 3.0 ** np.arange(d) + np.arange(d), 2)
    x[:, d - 1] = np.round(x[:, 0] + 0.3 * rng.normal(size=n), 2)  # goes with the first
    scores = (x / 3.0 ** np.arange(d)) @ rng.normal(size=(d, classes)) + rng.gumbel(
        size=(n, classes))
    y = scores.argmax(axis=1)
    scaler = StandardScaler().fit(x)
    model = fit(scaler.transform(x), y, l1, l2)
    weights = model.coef_ / scaler.scale_
    intercepts = model.intercept_ - weights @ scaler.mean_
    if classes > 2:
        intercepts = intercepts - intercepts.mean()
    p = model.predict_proba(scaler.transform(x))[:10]
    return {"classes": classes, "l1": l1, "l2": l2, "x": x.tolist(), "y": y.tolist(),
            "weights": weights.tolist(), "intercepts": intercepts.tolist(),
            "p": (p if classes > 2 else p[:, 1:]).tolist()}


print(json.dumps([case(150, 5, 2, 4.0, 0.0), case(120, 6, 2, 3.0, 2.0), case(600, 4, 2, 20.0, 0.0),
                  case(150, 4, 3, 0.0, 1.0), case(200, 3, 5, 0.0, 0.1),
                  case(150, 4, 3, 3.0, 1.0)]))
