"""Trees: their predictions beside a walk from node to node, and what is no tree."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connote.contract.errors import IllegalArgument
from connote.models.definition import parse

NAMES = ["title", "body", "age"]
NUMBERS = st.floats(-9, 9, width=32)
STUMP: dict[str, Any] = {"node_index": 0, "leaf_value": [1.5]}
SPLIT: list[dict[str, Any]] = [
    {"node_index": 0, "split_feature": 1, "threshold": 0.5, "left_child": 1, "right_child": 2},
    {"node_index": 1, "leaf_value": -1},
    {"node_index": 2, "leaf_value": 2},
]


@st.composite
def trees(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Nodes in any order: each one that splits has the next two that nobody has yet."""
    splits = draw(st.integers(0, 6))
    nodes, free = list[dict[str, Any]](), 1
    for number in range(2 * splits + 1):
        if free >= 2 * splits + 1:
            nodes.append({"node_index": number, "leaf_value": draw(NUMBERS)})
            continue
        kind = draw(st.sampled_from([None, "lt", "lte", "gt", "gte"]))
        split = {"split_feature": draw(st.integers(0, 2)), "threshold": draw(st.sampled_from([-1.0, 0.0, 2.5]))}
        below = {
            "left_child": free,
            "right_child": free + 1,
            "default_left": draw(st.sampled_from([None, True, False])),
        }
        nodes.append({"node_index": number, **split, **below, **({"decision_type": kind} if kind else {})})
        free += 2
    return draw(st.permutations(nodes))


def walked(nodes: list[dict[str, Any]], row: list[float]) -> float:
    by_number = {each["node_index"]: each for each in nodes}
    at = by_number[0]
    while "leaf_value" not in at:
        value, threshold = row[at["split_feature"]], at["threshold"]
        decisions = {"lt": value < threshold, "gt": value > threshold, "gte": value >= threshold}
        goes_left = decisions.get(at.get("decision_type", "lte"), value <= threshold)
        if math.isnan(value):
            goes_left = at["default_left"] is True
        at = by_number[at["left_child" if goes_left else "right_child"]]
    return float(at["leaf_value"])


def ensemble(many: list[list[dict[str, Any]]], **output: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    inner = [{"tree": {"feature_names": NAMES, "tree_structure": nodes}} for nodes in many]
    return {
        "trained_model": {"ensemble": {"feature_names": NAMES, "trained_models": inner, "aggregate_output": output}}
    }


@given(
    st.lists(trees(), min_size=1, max_size=3),
    st.lists(
        st.lists(st.sampled_from([math.nan, -1.0, 0.0, 2.5, 3.0]), min_size=3, max_size=3), min_size=1, max_size=9
    ),
    st.data(),
)
def test_trees_say_what_a_walk_through_them_says(
    many: list[list[dict[str, Any]]], rows: list[list[float]], data: st.DataObject
) -> None:
    weights = data.draw(st.lists(NUMBERS, min_size=len(many), max_size=len(many)))
    sums = [sum(weight * walked(nodes, row) for weight, nodes in zip(weights, many, strict=True)) for row in rows]
    features = np.array(rows)
    for output, joined in (
        ("weighted_sum", lambda total: total),
        ("logistic_regression", lambda total: 1 / (1 + math.exp(-total))),
    ):
        found = parse(ensemble(many, **{output: {"weights": weights}}))[0].predict(features)
        assert found == pytest.approx([joined(total) for total in sums], abs=1e-9)
    alone = {"trained_model": {"tree": {"feature_names": NAMES, "tree_structure": many[0]}}}
    assert parse(alone)[0].predict(features) == pytest.approx([walked(many[0], row) for row in rows])


@pytest.mark.parametrize(
    ("node", "why"),
    [
        ({"left_child": 0}, "the children of node [0] must be nodes behind it"),
        ({"right_child": 3}, "the children of node [0] must be nodes behind it"),
        ({"split_feature": 3}, "[split_feature] [3] is the number of no feature"),
        ({"threshold": "high"}, "[threshold] must be a number, not [high]"),
        ({"decision_type": "like"}, "[decision_type] must be one of [lt, lte, gt, gte]"),
        ({"node_index": 1}, "the nodes of a tree must have the numbers from [0] on"),
        ({"left_child": None}, "[leaf_value] is required for a leaf node."),
    ],
)
def test_what_is_no_tree_is_told(node: Mapping[str, Any], why: str) -> None:
    nodes = [{**SPLIT[0], **node}, *SPLIT[1:]]
    with pytest.raises(IllegalArgument) as told:
        parse(ensemble([[STUMP], nodes], weighted_sum={}))
    assert why in told.value.reason


@pytest.mark.parametrize(
    "definition",
    [
        None,
        {},
        {"trained_model": {}},
        {"trained_model": {"tree": 1}},
        {"trained_model": {"tree": {}, "ensemble": {}}},
        {"trained_model": {"tree": {"feature_names": NAMES, "tree_structure": []}}},
        {"trained_model": {"lang_ident_neural_network": {}}},
        ensemble([[STUMP]], weighted_mode={}),
        ensemble([[STUMP]], weighted_sum={"weights": [1, 2]}),
        ensemble([]),
    ],
)
def test_what_is_no_forest_is_refused(definition: Any) -> None:  # noqa: ANN401 (JSON)
    with pytest.raises(IllegalArgument):
        parse(definition)
