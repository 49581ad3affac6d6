"""Regression trees, and ensembles of them, as eland exports them of XGBoost, LightGBM and scikit-learn.

The definition: https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-ml-put-trained-model
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connote.contract.errors import IllegalArgument
from connote.contract.settings import java

Doubles = NDArray[np.float64]
# Nodes of all trees together.
MOST_NODES = 2_000_000
_DECISIONS: Mapping[str, Callable[[Doubles, Doubles], Any]] = {
    "lt": np.less,
    "lte": np.less_equal,
    "gt": np.greater,
    "gte": np.greater_equal,
}
_JOINED: Mapping[str, Callable[[Doubles], Doubles]] = {
    "weighted_sum": lambda total: total,
    "logistic_regression": lambda total: 1 / (1 + np.exp(-total)),
    "exponent": np.exp,
}


@dataclass(frozen=True)
class Tree:
    """Its nodes by number, the root first; a leaf has no children (-1), and a `value`."""

    decisions: Sequence[str]
    features: NDArray[np.int64]
    thresholds: Doubles
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    missing_left: NDArray[np.bool_]
    value: Doubles

    def predict(self, features: Doubles) -> Doubles:
        """float64 [n]: the leaves that rows [n, features] lead to; NaN is what is missing."""
        at, rows = np.zeros(len(features), dtype=np.int64), np.arange(len(features))
        while len(rows):
            rows = rows[self.left[at[rows]] >= 0]
            nodes = at[rows]
            given, threshold = features[rows, self.features[nodes]], self.thresholds[nodes]
            goes_left = self.missing_left[nodes].copy()
            for name, decide in _DECISIONS.items():
                own = np.array([self.decisions[node] == name for node in nodes.tolist()], dtype=np.bool_)
                own &= ~np.isnan(given)
                goes_left[own] = decide(given[own], threshold[own])
            at[rows] = np.where(goes_left, self.left[nodes], self.right[nodes])
        return self.value[at]


@dataclass(frozen=True)
class Forest:
    """Trees over features in the order of their names, and how what they say is joined."""

    names: Sequence[str]
    trees: Sequence[Tree]
    weights: Doubles
    joined: str = "weighted_sum"

    def predict(self, features: Doubles) -> Doubles:
        """float64 [n] of rows [n, features]."""
        total = np.zeros(len(features))
        for tree, weight in zip(self.trees, self.weights.tolist(), strict=True):
            total += weight * tree.predict(features)
        with np.errstate(over="ignore"):
            return _JOINED[self.joined](total)


def parse(definition: Any) -> Forest:  # noqa: ANN401 (JSON)
    """The forest of a `definition`. Raises IllegalArgument for what is none."""
    trained = _object(_object(definition, "definition").get("trained_model"), "trained_model")
    if len(trained) != 1 or not trained.keys() <= {"tree", "ensemble"}:
        raise IllegalArgument(
            f"[trained_model] must have one key, [tree] or [ensemble], not {java(list(trained))[:100]}"
        )
    ((kind, own),) = trained.items()
    body = _object(own, kind)
    if definition.get("preprocessors"):
        raise IllegalArgument("[preprocessors] of trees are not supported")
    names = body.get("feature_names")
    if not isinstance(names, list) or not names or not all(isinstance(each, str) for each in names):
        raise IllegalArgument("[feature_names] must be an array of texts")
    if kind == "tree":
        return Forest(names, [_tree(body, names)], np.ones(1))
    inner = body.get("trained_models")
    if not isinstance(inner, list) or not inner:
        raise IllegalArgument("[trained_models] must be an array of trees")
    trees = [_tree(_object(_object(each, "trained_models").get("tree"), "tree"), names) for each in inner]
    if sum(len(tree.value) for tree in trees) > MOST_NODES:
        raise IllegalArgument(f"the trees have more than [{MOST_NODES}] nodes")
    joined, weights = _output(body.get("aggregate_output") or {"weighted_sum": {}}, len(trees))
    return Forest(names, trees, weights, joined)


def _output(given: Any, count: int) -> tuple[str, Doubles]:  # noqa: ANN401
    body = _object(given, "aggregate_output")
    name = next(iter(body), "")
    if len(body) != 1 or name not in _JOINED:
        raise IllegalArgument(f"[aggregate_output] must be one of [{', '.join(_JOINED)}]")
    weights = _object(body[name], name).get("weights")
    if weights is None:
        return name, np.ones(count)
    if not isinstance(weights, list) or len(weights) != count:
        raise IllegalArgument(f"[weights] must be an array of [{count}] numbers, one a tree")
    return name, np.array([_number(each, "weights") for each in weights])


def _tree(body: Mapping[str, Any], names: Sequence[str]) -> Tree:
    nodes = body.get("tree_structure")
    if not isinstance(nodes, list) or not nodes:
        raise IllegalArgument("[tree_structure] must be an array of nodes")
    given = sorted((_object(each, "tree_structure") for each in nodes), key=lambda each: _whole(each, "node_index"))
    if [each["node_index"] for each in given] != list(range(len(given))):
        raise IllegalArgument("the nodes of a tree must have the numbers from [0] on")
    leaves = [each.get("leaf_value") is not None for each in given]
    below = [
        (-1, -1) if leaf else _children(each, at, len(given))
        for at, (each, leaf) in enumerate(zip(given, leaves, strict=True))
    ]
    return Tree(
        [str(each.get("decision_type") or "lte") for each in given] if _known(given) else [],
        np.array([0 if leaf else _feature(each, names) for each, leaf in zip(given, leaves, strict=True)]),
        np.array(
            [
                0.0 if leaf else _number(each.get("threshold"), "threshold")
                for each, leaf in zip(given, leaves, strict=True)
            ]
        ),
        np.array([left for left, _ in below]),
        np.array([right for _, right in below]),
        np.array([each.get("default_left") is not False for each in given]),
        np.array([_leaf(each["leaf_value"]) if leaf else math.nan for each, leaf in zip(given, leaves, strict=True)]),
    )


def _known(nodes: Sequence[Mapping[str, Any]]) -> bool:
    """True. Raises IllegalArgument for a decision that is none."""
    for each in nodes:
        if each.get("decision_type") not in (None, *_DECISIONS):
            raise IllegalArgument(f"[decision_type] must be one of [{', '.join(_DECISIONS)}]")
    return True


def _children(node: Mapping[str, Any], at: int, count: int) -> tuple[int, int]:
    """Those of a node; they stand behind it, so no way goes round. Raises IllegalArgument."""
    left, right = _whole(node, "left_child"), _whole(node, "right_child")
    if not at < min(left, right) or not max(left, right) < count:
        raise IllegalArgument(f"the children of node [{at}] must be nodes behind it")
    return left, right


def _feature(node: Mapping[str, Any], names: Sequence[str]) -> int:
    feature = _whole(node, "split_feature")
    if not 0 <= feature < len(names):
        raise IllegalArgument(f"[split_feature] [{feature}] is the number of no feature")
    return feature


def _leaf(given: Any) -> float:  # noqa: ANN401
    return _number(given[0] if isinstance(given, list) and len(given) == 1 else given, "leaf_value")


def _object(given: Any, name: str) -> Mapping[str, Any]:  # noqa: ANN401
    if not isinstance(given, Mapping):
        raise IllegalArgument(f"[{name}] must be an object, not [{java(given)[:100]}]")
    return given


def _whole(node: Mapping[str, Any], name: str) -> int:
    value = node.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise IllegalArgument(f"[{name}] of a node must be a whole number, not [{java(value)[:100]}]")
    return value


def _number(value: Any, name: str) -> float:  # noqa: ANN401
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise IllegalArgument(f"[{name}] must be a number, not [{java(value)[:100]}]")
    return float(value)
