"""Golden models and margins for core/trees from XGBoost.

    python3 tests/golden/trees.py > tests/golden/trees.json

Made with xgboost 3.2.0 and numpy; the seed is fixed. A model is the text that save_model writes;
"old" is the same model in the words of version 1.7 (checked against one of it): base_score is one
number, leaf vectors have size 0.
"""
import json

import numpy as np
import xgboost

rng = np.random.default_rng(5)


def case(classes, rounds):
    x = rng.normal(size=(120, 4)).round(2).astype(np.float32)
    score = x[:, 0] + x[:, 1] * x[:, 2] + rng.normal(size=len(x)) * 0.3
    y = np.digitize(score, np.quantile(score, np.arange(1, classes) / classes))
    options = {"objective": "binary:logistic", "base_score": 0.4} if classes == 2 else {
        "objective": "multi:softprob", "num_class": classes, "base_score": 0.5}
    options |= {"max_depth": 3, "eta": 0.5, "lambda": 0.1, "subsample": 0.8, "seed": 1,
                "tree_method": "hist", "nthread": 1}
    booster = xgboost.train(options, xgboost.DMatrix(x, y), rounds)
    model = json.loads(booster.save_raw("json"))
    shown = xgboost.DMatrix(x[:20])
    return {
        "model": json.dumps(model), "old": json.dumps(old(model)), "x": x[:20].tolist(),
        "margins": booster.predict(shown, output_margin=True).reshape(20, -1).tolist(),
        "two_rounds": booster.predict(shown, output_margin=True, iteration_range=(0, 2))
        .reshape(20, -1).tolist(),
    }


def old(model):
    model = json.loads(json.dumps(model))
    head = model["learner"]["learner_model_param"]
    head["base_score"] = head["base_score"].strip("[]").split(",")[0]
    for tree in model["learner"]["gradient_booster"]["model"]["trees"]:
        tree["tree_param"]["size_leaf_vector"] = "0"
    model["version"] = [1, 7, 4]
    return model


print(json.dumps([case(2, 5), case(3, 4)]))
