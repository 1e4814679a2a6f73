"""Golden numbers for core/metrics from scikit-learn and scipy.

    python3 tests/golden/metrics.py > tests/golden/metrics.json

Made with scikit-learn 1.9.1, scipy and numpy; the seed is fixed. Inputs are rounded to a few
digits so that ties are many.
"""
import json

import numpy as np
from scipy.optimize import minimize, root
from sklearn import metrics as sk
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(7)


def lift_10(y, p):
    """Ties at the cut share their average: counted with fractions, group by group."""
    cut = -(-len(y) // 10)
    taken = hits = 0.0
    for value in sorted(set(p), reverse=True):
        group = y[p == value]
        use = min(len(group), cut - taken)
        hits += use * group.mean()
        taken += use
    return hits / cut / y.mean()


def ece(y, p, bins=15):
    which = np.minimum((p * bins).astype(int), bins - 1)
    total = 0.0
    for b in range(bins):
        inside = which == b
        if inside.any():
            total += inside.mean() * abs(y[inside].mean() - p[inside].mean())
    return total


def scores(y, p, threshold):
    label = (p >= threshold).astype(int)
    tn, fp, fn, tp = sk.confusion_matrix(y, label, labels=[0, 1]).ravel()
    return {
        "tp": int(tp), "fp": int(fp), "fn": int(fn), "tn": int(tn),
        "accuracy": sk.accuracy_score(y, label),
        "precision": sk.precision_score(y, label, zero_division=0),
        "recall": sk.recall_score(y, label, zero_division=0),
        "f1": sk.f1_score(y, label, zero_division=0),
        "roc_auc": sk.roc_auc_score(y, p),
        "pr_auc": sk.average_precision_score(y, p),
        "log_loss": sk.log_loss(y, p, labels=[0, 1]),
        "brier": sk.brier_score_loss(y, p),
        "lift_10": lift_10(y, p),
        "ece": ece(y, p),
    }


def sample(n, digits, shift=-1.0):
    z = rng.normal(size=n)
    y = (rng.uniform(size=n) < 1 / (1 + np.exp(-(1.3 * z + shift)))).astype(int)
    p = 1 / (1 + np.exp(-(z + rng.normal(size=n) * 0.5)))
    return y, np.round(p, digits)


def score_cases():
    cases = []
    for n, digits, threshold in ((7, 1, 0.5), (60, 1, 0.5), (203, 2, 0.3), (501, 16, 0.5)):
        y, p = sample(n, digits)
        y[:2] = 0, 1
        if n == 60:
            p[:5], y[:5] = (0, 1, 0, 1, 0), (0, 1, 1, 0, 0)  # log loss at its clip
        cases.append((y, p, threshold))
    y, _ = sample(50, 1)
    cases.append((y, np.full(50, 0.25), 0.5))  # a constant score
    cases.append((y, y * 0.5 + 0.25, 0.5))  # a perfect one
    return [{"y": y.tolist(), "p": p.tolist(), "threshold": t, "scores": scores(y, p, t)}
            for y, p, t in cases]


def platt(y, p):
    """The optimum of Platt's objective, by scipy, polished on the gradient's root."""
    positives = y.sum()
    target = np.where(y == 1, (positives + 1) / (positives + 2), 1 / (len(y) - positives + 2))
    clipped = np.clip(p, 2.0**-52, 1 - 2.0**-52)
    logit = np.log(clipped) - np.log1p(-clipped)

    def value(w):
        z = w[0] * logit + w[1]
        return np.sum(np.logaddexp(0, z) - target * z)

    def gradient(w):
        gap = 1 / (1 + np.exp(-(w[0] * logit + w[1]))) - target
        return np.array([logit @ gap, gap.sum()])

    near = minimize(value, [1.0, 0.0], jac=gradient, method="BFGS").x
    a, b = root(gradient, near, tol=1e-15).x
    return {"a": a, "b": b}


def calibration_cases():
    cases = []
    for n, digits in ((12, 1), (80, 1), (300, 3), (1000, 16)):
        y, p = sample(n, digits)
        y[:2] = 0, 1
        iso = IsotonicRegression(out_of_bounds="clip").fit(p, y)
        at = np.concatenate([np.linspace(0, 1, 41), p[:10], iso.X_thresholds_])
        cases.append({"y": y.tolist(), "p": p.tolist(), "platt": platt(y, p), "at": at.tolist(),
                      "x_thresholds": iso.X_thresholds_.tolist(),
                      "y_thresholds": iso.y_thresholds_.tolist(),
                      "isotonic": iso.predict(at).tolist()})
    return cases


def logistic_cases():
    cases = []
    for n, d, l2 in ((40, 2, 1.0), (300, 4, 0.1), (1300, 5, 10.0), (200, 3, 0.0)):
        x = rng.normal(size=(n, d)) * 10.0 ** np.arange(d) + np.arange(d)
        if d == 4:
            x[:, 2] = 3.5  # without variance
        z = (x / 10.0 ** np.arange(d)) @ rng.normal(size=d) - 1
        y = (rng.uniform(size=n) < 1 / (1 + np.exp(-z))).astype(int)
        x = np.round(x, 3)
        scaler = StandardScaler().fit(x)
        model = LogisticRegression(C=1 / l2 if l2 else np.inf, solver="newton-cholesky",
                                   tol=1e-14, max_iter=1000).fit(scaler.transform(x), y)
        weights = model.coef_[0] / scaler.scale_
        cases.append({"x": x.tolist(), "y": y.tolist(), "l2": l2, "weights": weights.tolist(),
                      "intercept": model.intercept_[0] - weights @ scaler.mean_,
                      "p": model.predict_proba(scaler.transform(x))[:20, 1].tolist()})
    return cases


print(json.dumps({"scores": score_cases(), "calibration": calibration_cases(),
                  "logistic": logistic_cases()}))
