"""Golden values of SMOTE and SMOTE-NC from imbalanced-learn: python3 smote.py > smote.json

What its definition fixes and no random draw touches: the neighbours of every row of a
class, the median of the standard deviations, the number of rows afterwards.
"""
import json
import warnings

import numpy as np
from imblearn.over_sampling import SMOTE, SMOTENC

warnings.filterwarnings("ignore")
rng = np.random.default_rng(7)
sizes = [90, 25, 11]
y = np.repeat([0, 1, 2], sizes)
order = rng.permutation(len(y))
y = y[order]
number = rng.normal(size=(len(y), 3)) * [1.0, 3.0, 0.5] + y[:, None] * [0.4, -0.7, 0.1]
country = rng.integers(0, 3, len(y))
member = rng.integers(0, 2, len(y))
x = np.column_stack([number[:, 0], np.eye(3)[country], number[:, 1], member, number[:, 2]])


def neighbours(sampler, data):
    """Rows (from 0) of the k nearest of each row of a class, by class."""
    found = []
    for c in (1, 2):
        fitted = type(sampler)(**{**sampler.get_params(), "sampling_strategy": {c: 60}})
        fitted.fit_resample(data, y)
        points = fitted.nn_k_._fit_X
        near = fitted.nn_k_.kneighbors(points, return_distance=False)[:, 1:]
        found.append(np.flatnonzero(y == c)[near].tolist())
    return found


nominal = np.column_stack([number[:, 0], country, number[:, 1], member, number[:, 2]])
nc = SMOTENC(categorical_features=[1, 3], k_neighbors=5, random_state=0)
plain = SMOTE(k_neighbors=5, random_state=0)
after = SMOTE(sampling_strategy={1: 63, 2: 63}, k_neighbors=5, random_state=0)
print(json.dumps({
    "x": x.tolist(), "y": y.tolist(), "group": [0, 1, 1, 1, 0, 2, 0], "k": 5, "ratio": 0.7,
    "smote": neighbours(plain, x), "smote_nc": neighbours(nc, nominal),
    "counts": np.bincount(after.fit_resample(x, y)[1]).tolist(),
}))
