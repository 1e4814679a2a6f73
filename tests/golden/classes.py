"""Golden numbers for the scores and the temperature of several classes from scikit-learn and scipy.

    python3 tests/golden/classes.py > tests/golden/classes.json

Made with scikit-learn 1.9.1 and numpy; the seed is fixed. Probabilities are rounded, so that
ties are many; the area of a class that has all rows or none is left out of the mean. `a` is 1/T of
temperature scaling, where the derivative of the log loss is 0; `soft` the first row with it.
"""
import json

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_softmax, softmax
from sklearn import metrics as sk
from sklearn.calibration import _TemperatureScaling

rng = np.random.default_rng(11)


def areas(y, p):
    return [sk.roc_auc_score(y == c, p[:, c]) for c in range(p.shape[1])
            if 0 < (y == c).sum() < len(y)]


def temperature(y, p):
    with np.errstate(divide="ignore"):
        z = np.maximum(np.log(p), -36)
    own = z[np.arange(len(y)), y]
    a = brentq(lambda a: ((softmax(a * z, axis=1) * z).sum(axis=1) - own).sum(), 1 / 64, 64,
               xtol=1e-15, rtol=1e-15)
    other = _TemperatureScaling().fit(z, y).beta_

    def loss(a):
        return -log_softmax(a * z, axis=1)[np.arange(len(y)), y].mean()
    assert len(set(y)) < p.shape[1] or abs(loss(a) - loss(other)) < 1e-6, (a, other)
    return a, softmax(a * z[0])


def case(n, classes, digits, absent=None):
    z = rng.normal(size=(n, classes))
    y = np.array([rng.choice(classes, p=np.exp(r) / np.exp(r).sum()) for r in z])
    if absent is not None:
        y[y == absent] = 0
    z = 1.5 * z + rng.normal(size=z.shape)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    p = np.round(p, digits)
    label = p.argmax(axis=1)
    true = np.clip(p[np.arange(n), y], 2.0**-52, 1 - 2.0**-52)
    loss = -np.log(true).mean()
    if absent is None and digits == 16:
        assert abs(loss - sk.log_loss(y, p, labels=list(range(classes)))) < 1e-12
        assert abs(np.mean(areas(y, p)) - sk.roc_auc_score(
            y, p / p.sum(axis=1, keepdims=True), multi_class="ovr")) < 1e-12
    a, soft = temperature(y, p)
    return {
        "a": a, "soft": soft.tolist(),
        "y": y.tolist(), "p": p.tolist(), "classes": classes,
        "confusion": sk.confusion_matrix(y, label, labels=list(range(classes))).ravel().tolist(),
        "accuracy": sk.accuracy_score(y, label),
        "macro_f1": sk.f1_score(y, label, average="macro", zero_division=0),
        "log_loss": loss,
        "roc_auc": float(np.mean(areas(y, p))),
        "kappa": sk.cohen_kappa_score(y, label, weights="quadratic"),
    }


print(json.dumps({"cases": [case(40, 3, 1), case(300, 5, 2), case(500, 4, 16),
                            case(200, 6, 16, absent=4), case(60, 2, 1)]}))
