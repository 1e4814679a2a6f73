"""Golden numbers for core/prep from scikit-learn.

    python3 tests/golden/prep.py > tests/golden/prep.json

Made with scikit-learn 1.9.1, numpy, scipy and pandas; the seed is fixed. Each case is a list of steps
as chl_prep_add takes them, the encoded names, and the encoded rows of `train` and `new` (rows that
fitting never saw, with missing cells and unseen levels). `target` holds what target encoding gives
for the rows outside each of three folds. `classes` are cases on `classes_csv`, the same rows with a
target of four classes.
"""
import io
import json
import warnings

import numpy as np
import pandas as pd
from scipy.stats import norm
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)
from sklearn.tree import DecisionTreeClassifier

warnings.simplefilter("ignore")
rng = np.random.default_rng(11)
NUMBERS = ["age", "balance", "flat", "tenure"]
TEXTS = ["plan", "city"]


def make(n, unseen):
    plans, cities = ["basic", "Gold", "gold plus", "Zürich"], [f"city {i}" for i in range(9)]
    frame = pd.DataFrame({
        "age": rng.normal(40, 12, n).round(2),
        "balance": np.where(rng.random(n) < 0.4, 0.0, rng.lognormal(10, 2, n).round(3)),
        "flat": np.full(n, 0.1),
        "tenure": rng.integers(0, 7, n).astype(float),
        "plan": rng.choice(plans + (["none of these"] if unseen else []), n),
        "city": rng.choice(cities + (["elsewhere"] if unseen else []), n, p=None),
    })
    frame["y"] = (rng.random(n) < 0.2 + 0.5 * (frame["plan"] == "Gold")).astype(int)
    for name in ["age", "balance", "tenure", "plan"]:
        frame.loc[rng.random(n) < 0.1, name] = np.nan
    return frame


def csv(frame):
    return frame.to_csv(index=False, na_rep="")


# what the C side reads is what is encoded here
read = lambda text: pd.read_csv(io.StringIO(text))  # noqa: E731
train_csv, new_csv = csv(make(120, False)), csv(make(40, True))
train, new = read(train_csv), read(new_csv)
y = train["y"].to_numpy()


def numbers(frame):
    return frame[NUMBERS].to_numpy(float)


def texts(frame):
    return frame[TEXTS].fillna("<unknown>").to_numpy(object)


def fill(frame, strategy="median", value=None):
    imputer = SimpleImputer(strategy=strategy, fill_value=value).fit(numbers(train))
    return imputer.transform(numbers(frame))


def case(steps, names, encode):
    drop = [{"step": "drop", "columns": TEXTS}] if not any(
        s["step"] in ("onehot", "ordinal", "target_encode") for s in steps) else []
    numeric = drop == []
    if numeric:
        drop = [{"step": "drop", "columns": NUMBERS}]
    return {"steps": drop + steps, "names": names,
            "train": encode(train).tolist(), "new": encode(new).tolist()}


def imputed(strategy, word, value=None):
    return case([{"step": "impute", "numeric": word}], NUMBERS,
                lambda frame: fill(frame, strategy, value))


def scaled(scaler, word):
    scaler.fit(fill(train))
    return case([{"step": "impute"}, {"step": "scale", "method": word}], NUMBERS,
                lambda frame: scaler.transform(fill(frame)))


def clipped(low, high):
    bounds = np.quantile(fill(train), [low, high], axis=0)
    return case([{"step": "impute"}, {"step": "clip", "quantile": [low, high]}], NUMBERS,
                lambda frame: np.clip(fill(frame), bounds[0], bounds[1]))


def flagged():
    gaps = [n for n in NUMBERS if train[n].isna().any()]
    return case([{"step": "impute", "flag": True}], NUMBERS + [n + "_missing" for n in gaps],
                lambda frame: np.hstack([fill(frame), frame[gaps].isna().to_numpy(float)]))


def bytewise(name):
    return sorted(set(texts(train)[:, TEXTS.index(name)]), key=lambda s: s.encode())


def onehot():
    levels = [bytewise(n) for n in TEXTS]
    encoder = OneHotEncoder(categories=levels, handle_unknown="ignore", sparse_output=False)
    encoder.fit(texts(train))
    names = [f"{n}={level}" for n, ls in zip(TEXTS, levels) for level in ls]
    return case([{"step": "onehot", "unseen": "zero"}], names,
                lambda frame: encoder.transform(texts(frame)))


def onehot_rare(min_count):
    """scikit-learn puts levels rarer than min_frequency, and unknown ones, in one last column."""
    encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=min_count,
                            categories=[bytewise("city")], sparse_output=False)
    encoder.fit(texts(train)[:, [1]])
    rare = set(encoder.infrequent_categories_[0])
    names = [f"city={level}" for level in bytewise("city") if level not in rare]
    steps = [{"step": "drop", "columns": ["plan"]},
             {"step": "onehot", "unseen": "other", "min_count": min_count}]
    return case(steps, names + ["city=<other>"],
                lambda frame: encoder.transform(texts(frame)[:, [1]]))


def ordinal():
    encoder = OrdinalEncoder(categories=[bytewise(n) for n in TEXTS], unknown_value=-1,
                             handle_unknown="use_encoded_value").fit(texts(train))
    return case([{"step": "ordinal"}], TEXTS, lambda frame: encoder.transform(texts(frame)))


def tree_edges(x, leaves, min_rows, min_gain, y=y):
    """Thresholds by scikit-learn on ranks: its trees see float32, in which ranks are exact."""
    values, ranks = np.unique(x, return_inverse=True)
    tree = DecisionTreeClassifier(max_leaf_nodes=leaves, min_samples_leaf=min_rows,
                                  min_impurity_decrease=min_gain).fit(ranks.reshape(-1, 1), y)
    cuts = np.floor(tree.tree_.threshold[tree.tree_.feature >= 0]).astype(int)
    return [values[0]] + sorted((values[cuts] + values[cuts + 1]) / 2) + [values[-1]]


def quantile_edges(x, bins):
    return np.unique(np.quantile(x, np.linspace(0, 1, bins + 1))).tolist()


def crossed(x, edges):
    """Piecewise linear encoding, Gorishniy et al. 2022, equation 1."""
    last, columns = len(edges) - 2, []
    for t in range(last + 1):
        width = edges[t + 1] - edges[t]
        e = (x - edges[t]) / width if width > 0 else x - edges[t]
        columns.append(np.clip(e, None if t == 0 else 0, None if t == last else 1))
    return columns


def piecewise(options, edges_of):
    edges = [edges_of(column) for column in fill(train).T]
    edges[NUMBERS.index("flat")] = [0.1, 0.1]
    names = [f"{n}#{t + 1}" for n, e in zip(NUMBERS, edges) for t in range(len(e) - 1)]
    return case([{"step": "impute"}, {"step": "piecewise", **options}], names,
                lambda frame: np.column_stack([c for x, e in zip(fill(frame).T, edges)
                                               for c in crossed(x, e)]))


def normal_scores(points, output):
    """Shares of rows in the middle of ties at evenly spread order statistics, linear between."""
    def learn(x):
        at = np.floor(np.arange(points) / (points - 1) * (len(x) - 1) + 0.5).astype(int)
        knots = np.unique(np.sort(x)[at])
        shares = np.array([((x < v).sum() + (x <= v).sum()) / (2 * len(x)) for v in knots])
        return knots, norm.ppf(shares) if output == "normal" else shares
    maps = [learn(column) for column in fill(train).T]
    return case([{"step": "impute"}, {"step": "quantile", "points": points, "output": output}],
                NUMBERS, lambda frame: np.column_stack(
                    [np.interp(x, *m) for x, m in zip(fill(frame).T, maps)]))


def target_full(smooth):
    """Only the rows of `new`: training rows are cross-fitted, see `target`."""
    encoder = TargetEncoder(smooth=smooth, target_type="binary").fit(texts(train), y)
    made = case([{"step": "target_encode", "smooth": smooth}], TEXTS,
                lambda frame: encoder.transform(texts(frame)))
    del made["train"]
    return made


def risks():
    """Four classes, which the numbers and the plan say something of."""
    score = fill(train)[:, 0] / 12 + fill(train)[:, 3] / 4 + (train["plan"] == "Gold") * 1.5
    return np.digitize(score + rng.normal(0, 0.6, len(train)), [3.4, 4.4, 5.2]) + 1


def target_classes(smooth, risk):
    encoder = TargetEncoder(smooth=smooth, target_type="multiclass").fit(texts(train), risk)
    names = [f"{n}@{k}" for n in TEXTS for k in (1, 2, 3, 4)]
    made = case([{"step": "target_encode", "smooth": smooth}], names,
                lambda frame: encoder.transform(texts(frame)))
    del made["train"]
    return made


def target_folds(smooth, folds=3):
    levels = bytewise("city")
    codes = [levels.index(level) for level in texts(train)[:, 1]]
    # an easy rule that leaves some level out of some fold
    fold = [(i * i + codes[i]) % folds for i in range(len(codes))]
    values, means = [], []
    for k in range(folds):
        rest = np.array(fold) != k
        encoder = TargetEncoder(smooth=smooth, target_type="binary", categories=[levels])
        encoder.fit(texts(train)[rest][:, [1]], y[rest])
        values.append(encoder.encodings_[0].tolist())
        means.append(float(encoder.target_mean_))
    return {"smooth": smooth, "codes": codes, "fold": fold, "y": y.tolist(),
            "values": values, "means": means}


cases = {
    "impute_median": imputed("median", "median"),
    "impute_mean": imputed("mean", "mean"),
    "impute_mode": imputed("most_frequent", "mode"),
    "impute_constant": imputed("constant", -7.5, -7.5),
    "impute_flag": flagged(),
    "scale_standard": scaled(StandardScaler(), "standard"),
    "scale_minmax": scaled(MinMaxScaler(), "minmax"),
    "scale_robust": scaled(RobustScaler(), "robust"),
    "clip_quantile": clipped(0.05, 0.93),
    "onehot": onehot(),
    "onehot_rare": onehot_rare(13),
    "ordinal": ordinal(),
    "piecewise_tree": piecewise(
        {"bins": "tree", "max_bins": 6, "min_rows": 5, "min_gain": 1e-3},
        lambda x: tree_edges(x, 6, 5, 1e-3)),
    "piecewise_quantile": piecewise({"bins": "quantile", "max_bins": 5},
                                    lambda x: quantile_edges(x, 5)),
    "quantile_normal": normal_scores(10, "normal"),
    "quantile_uniform": normal_scores(25, "uniform"),
    "target_auto": target_full("auto"),
    "target_ten": target_full(10.0),
}
risk = risks()
classes = {
    "piecewise_tree": piecewise(
        {"bins": "tree", "max_bins": 6, "min_rows": 5, "min_gain": 1e-3},
        lambda x: tree_edges(x, 6, 5, 1e-3, risk)),
    "target_auto": target_classes("auto", risk),
    "target_ten": target_classes(10.0, risk),
}
print(json.dumps({
    "train_csv": train_csv, "new_csv": new_csv, "cases": cases,
    "classes_csv": csv(train.assign(y=risk)), "classes": classes,
    "target": [target_folds("auto"), target_folds(3.5)],
}, ensure_ascii=False, separators=(",", ":")))
