"""What scikit-learn, XGBoost and LightGBM say of rows, beside their trees as eland exports them: `trees.json`.

`pip install "eland[scikit-learn,xgboost,lightgbm]"`, then `python tests/models/golden_trees.py`.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from eland.ml.transformers import get_model_transformer
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn import datasets
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

NAMES = ["f0", "f1", "f2", "f3", "f4"]
SMALL = {"n_estimators": 3, "max_depth": 3, "random_state": 1}
LIGHT = {"verbose": -1, "min_child_samples": 5, **SMALL}


def models() -> Iterator[tuple[str, Any, Any, Any]]:
    """Name, model, what it is trained on, and whether it tells the importance of features."""
    regression = datasets.make_regression(n_samples=80, n_features=5, random_state=1)
    two = datasets.make_classification(n_samples=80, n_features=5, random_state=1)
    three = datasets.make_classification(n_samples=80, n_features=5, n_classes=3, n_informative=3, random_state=1)
    yield "sklearn regression tree", DecisionTreeRegressor(max_depth=3, random_state=1), regression, False
    yield "sklearn regression forest", RandomForestRegressor(**SMALL), regression, False
    yield "sklearn classification tree", DecisionTreeClassifier(max_depth=3, random_state=1), three, False
    yield "sklearn classification forest", RandomForestClassifier(**SMALL), three, False
    yield "xgboost regression", XGBRegressor(**SMALL), regression, False
    yield "xgboost of two classes", XGBClassifier(**SMALL), two, False
    yield "xgboost of three classes", XGBClassifier(**SMALL), three, False
    yield "lightgbm regression", LGBMRegressor(**LIGHT), regression, True
    yield "lightgbm of two classes", LGBMClassifier(**LIGHT), two, True
    yield "lightgbm of three classes", LGBMClassifier(**LIGHT), three, True


def case(name: str, model: Any, data: Any, tells: bool) -> dict[str, Any]:  # noqa: ANN401
    model.fit(*data)
    rows = data[0][:7]
    labels = ("classification_labels", "classification_weights") if isinstance(model, LGBMClassifier) else ()
    transformer = get_model_transformer(model, feature_names=NAMES, **dict.fromkeys(labels))
    grown = transformer.transform()
    told: dict[str, Any] = {
        "name": name,
        "kind": transformer.model_type,
        "definition": json.loads(json.dumps(grown.serialize_model(), default=float)),
        "rows": rows.tolist(),
        "predicted": model.predict(rows).tolist(),
    }
    if transformer.model_type == "classification":
        told["probabilities"] = model.predict_proba(rows).tolist()
    if tells:
        # By class one after the other: the features' shares, and what is said without any.
        shares = np.asarray(model.predict(rows, pred_contrib=True)).reshape(len(rows), -1, len(NAMES) + 1)
        _count(told["definition"], grown)
        told["importance"] = shares[:, :, :-1].tolist()
    return told


def _count(definition: dict[str, Any], grown: Any) -> None:  # noqa: ANN401
    """Tell of leaves, too, how many rows came to them, which eland leaves out."""
    trees = definition["trained_model"]["ensemble"]["trained_models"]
    for tree, own in zip(trees, grown._trained_models, strict=True):
        for node, each in zip(tree["tree"]["tree_structure"], own._tree_structure, strict=True):
            node["number_samples"] = each._number_samples


if __name__ == "__main__":
    made = [case(*each) for each in models()]
    Path(__file__).with_name("trees.json").write_text(json.dumps(made))
