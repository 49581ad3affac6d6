"""Trees that predict: their numbers beside those of the libraries that grew them, and what is told of them."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from connote.contract.errors import ConnoteError
from connote.models.predictor import Predictor, field

GOLDEN = json.loads(Path(__file__).with_name("trees.json").read_text())
NAMES = [f"f{number}" for number in range(5)]
ALL: dict[str, Any] = {"num_top_classes": -1}
LEAVES: list[dict[str, Any]] = [
    {"node_index": 0, "split_feature": 0, "threshold": 0.5, "left_child": 1, "right_child": 2, "number_samples": 4},
    {"node_index": 1, "leaf_value": 0, "number_samples": 3},
    {"node_index": 2, "leaf_value": 1, "number_samples": 1},
]
STUMP: dict[str, Any] = {"feature_names": ["a"], "tree_structure": LEAVES, "target_type": "classification"}


def predictor(definition: Any, kind: str, inputs: list[str] = NAMES, **config: Any) -> Predictor:  # noqa: ANN401
    body = {"inference_config": {kind: config}, "input": {"field_names": inputs}, "definition": definition}
    return Predictor.of("mine", body, 0)


def of_tree(tree: Mapping[str, Any] = STUMP, *preprocessors: Any, **config: Any) -> Predictor:  # noqa: ANN401
    definition = {"trained_model": {"tree": tree}, "preprocessors": list(preprocessors)}
    return predictor(definition, str(tree["target_type"]), ["a"], **config)


def told(model: Predictor, *documents: Mapping[str, Any], **update: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    return model.predict(documents, model.configured({model.kind: update} if update else None))


def documents(case: Mapping[str, Any]) -> list[dict[str, float]]:
    return [dict(zip(NAMES, row, strict=True)) for row in case["rows"]]


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["name"])
def test_predictions_are_those_of_the_library_that_grew_the_trees(case: Mapping[str, Any]) -> None:
    found = told(predictor(case["definition"], case["kind"]), *documents(case))
    predicted = [each["predicted_value"] for each in found]
    if case["kind"] == "regression":
        assert predicted == pytest.approx(case["predicted"], rel=1e-5, abs=1e-5)
    else:
        assert [int(each) for each in predicted] == case["predicted"]


@pytest.mark.parametrize("case", [each for each in GOLDEN if "probabilities" in each], ids=lambda case: case["name"])
def test_probabilities_are_those_of_the_library(case: Mapping[str, Any]) -> None:
    found = told(predictor(case["definition"], case["kind"], **ALL), *documents(case))
    # A forest of scikit-learn takes the mean of its trees' probabilities; eland's weighted mode adds their logarithms.
    if case["name"] == "sklearn classification forest":
        return
    by_class = [{each["class_name"]: each["class_probability"] for each in own["top_classes"]} for own in found]
    assert [[own[str(at)] for at in range(len(own))] for own in by_class] == [
        pytest.approx(each, abs=1e-5) for each in case["probabilities"]
    ]
    for own, shown in zip(by_class, found, strict=True):
        assert shown["prediction_probability"] == shown["prediction_score"] == max(own.values())


@pytest.mark.parametrize("case", [each for each in GOLDEN if "importance" in each], ids=lambda case: case["name"])
def test_the_importance_of_features_is_that_of_the_library(case: Mapping[str, Any]) -> None:
    model = predictor(case["definition"], case["kind"], num_top_feature_importance_values=5)
    for found, wanted, best in zip(told(model, *documents(case)), case["importance"], case["predicted"], strict=True):
        shares = {name: np.zeros(len(wanted)) for name in NAMES}
        for each in found["feature_importance"]:
            if case["kind"] == "regression":
                shares[each["feature_name"]] = np.array([each["importance"]])
                continue
            by_class = {int(own["class_name"]): own["importance"] for own in each["classes"]}
            if len(wanted) == 1:
                assert [own["class_name"] for own in each["classes"]] == [str(best), str(1 - best)]
                assert by_class[0] == -by_class[1]
                by_class = {0: by_class[1]}
            shares[each["feature_name"]] = np.array([by_class[at] for at in range(len(wanted))])
        assert np.stack([shares[name] for name in NAMES], axis=1) == pytest.approx(np.array(wanted), abs=1e-9)


def test_only_the_features_that_count_most_are_told() -> None:
    case = next(each for each in GOLDEN if each["name"] == "lightgbm regression")
    (found,) = told(
        predictor(case["definition"], "regression"), documents(case)[0], num_top_feature_importance_values=2
    )
    own = sorted(zip(NAMES, case["importance"][0][0], strict=True), key=lambda each: -abs(each[1]))
    assert [each["feature_name"] for each in found["feature_importance"]] == [name for name, _ in own[:2]]


def test_importance_needs_to_know_how_many_came_to_a_node() -> None:
    unknown = [{name: value for name, value in each.items() if name != "number_samples"} for each in LEAVES]
    with pytest.raises(ConnoteError, match="number_samples"):
        told(of_tree({**STUMP, "tree_structure": unknown}, num_top_feature_importance_values=1), {"a": 1})


def test_classes_are_told_by_their_labels_as_texts_numbers_or_booleans() -> None:
    tree = {**STUMP, "classification_labels": ["no", "yes"]}
    (found,) = told(of_tree(tree, num_top_classes=1, top_classes_results_field="best"), {"a": 1})
    assert found == {
        "predicted_value": "yes",
        "best": [{"class_name": "yes", "class_probability": 1.0, "class_score": 1.0}],
        "prediction_probability": 1.0,
        "prediction_score": 1.0,
    }
    for labels, kind, wanted in (
        (["4", "7"], "number", 7),
        (["false", "true"], "boolean", True),
        (["no", "yes"], "boolean", True),
        (["no", "yes"], "number", 1),
    ):
        model = of_tree({**STUMP, "classification_labels": labels}, prediction_field_type=kind, results_field="is")
        (shown,) = told(model, {"a": 1})
        assert (shown["is"], type(shown["is"])) == (wanted, type(wanted))


def test_weights_of_classes_decide_and_the_probability_stays() -> None:
    votes = [{"tree": {**STUMP, "classification_labels": ["x", "y"]}} for _ in range(2)]
    ensemble = {
        "feature_names": ["a"],
        "trained_models": votes,
        "target_type": "classification",
        "classification_labels": ["x", "y"],
        "classification_weights": [0.2, 0.9],
        "aggregate_output": {"weighted_mode": {"num_classes": 2, "weights": [1, 2]}},
    }
    model = predictor({"trained_model": {"ensemble": ensemble}}, "classification", ["a"])
    assert told(model, {"a": 1}) == [
        {"predicted_value": "y", "prediction_probability": 1.0, "prediction_score": pytest.approx(0.9)}
    ]


def test_words_become_features() -> None:
    leaves = [
        {"node_index": 0, "split_feature": 0, "threshold": 0.5, "left_child": 1, "right_child": 2},
        {"node_index": 1, "leaf_value": 1.5},
        {"node_index": 2, "leaf_value": 9},
    ]
    tree = {"feature_names": ["of_a"], "tree_structure": leaves, "target_type": "regression"}
    hot = {"one_hot_encoding": {"field": "a", "hot_map": {"cat": "of_a", "true": "of_a"}}}
    mean = {
        "target_mean_encoding": {"field": "a", "feature_name": "of_a", "target_map": {"cat": 2}, "default_value": 0}
    }
    often = {"frequency_encoding": {"field": "a", "feature_name": "of_a", "frequency_map": {"cat": 0.7, "3": 0.6}}}
    for encoding, wanted in ((hot, [9, 1.5, 9, 1.5]), (mean, [9, 1.5, 1.5, 1.5]), (often, [9, 1.5, 1.5, 9])):
        found = told(of_tree(tree, encoding), *({"a": value} for value in ("cat", "dog", True, 3)))
        assert [each["predicted_value"] for each in found] == wanted


def test_importance_counts_for_the_field_that_features_come_from() -> None:
    tree = {**STUMP, "feature_names": ["is_cat"]}
    encoding = {"one_hot_encoding": {"field": "a", "hot_map": {"cat": "is_cat"}}}
    for custom, name in ((False, "a"), (True, "is_cat")):
        own = {"one_hot_encoding": {**encoding["one_hot_encoding"], "custom": custom}}
        (found,) = told(of_tree(tree, own, num_top_feature_importance_values=1), {"a": "cat"})
        (each,) = found["feature_importance"]
        assert each["feature_name"] == name
        assert each["classes"][0] == {"class_name": "1", "importance": pytest.approx(0.75)}


def test_a_document_without_any_field_of_the_model_is_only_warned_of() -> None:
    assert (
        told(of_tree(), {"b": 1}, {"a": None}, {"a": 0})[:2]
        == [{"warning": "Model [mine] could not be inferred as all fields were missing"}] * 2
    )


def test_what_is_no_number_is_missing_and_goes_right() -> None:
    assert [
        each["predicted_value"] for each in told(of_tree(), {"a": "0.25"}, {"a": "x"}, {"a": [1]}, {"a": True})
    ] == [
        "0",
        "1",
        "1",
        "1",
    ]


def test_fields_are_found_by_paths_and_under_other_names() -> None:
    assert field({"a": {"b.c": 1}}, "a.b.c") == 1
    assert field({"a.b": {"c": 1}}, "a.b.c") is None
    assert field({"a": 1}, "a.b") is None
    body = {
        "inference_config": {"classification": {}},
        "input": {"field_names": ["a"]},
        "definition": {"trained_model": {"tree": STUMP}},
        "default_field_map": {"outer.inner": "a"},
    }
    assert told(Predictor.of("mine", body, 0), {"outer": {"inner": 1}})[0]["predicted_value"] == "1"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"target_type": "regression"}, "does not support definition target type [regression]"),
        ({"target_type": "clustering"}, "[target_type] must be one of [regression, classification]"),
        ({"classification_labels": ["one"]}, "values contain entries larger than expected max of [0]"),
        ({"tree_structure": [{"node_index": 0, "leaf_value": 0.5}]}, "values must be whole"),
        ({"tree_structure": [{"node_index": 0, "leaf_value": []}]}, "[leaf_value] must be a number"),
        ({"tree_structure": [{"node_index": 0, "leaf_value": [0, math.inf]}]}, "[leaf_value] must be a number"),
        (
            {"tree_structure": [LEAVES[0], LEAVES[1], {"node_index": 2, "leaf_value": [0, 1]}]},
            "value entries must have the same dimensions",
        ),
    ],
)
def test_what_does_not_fit_is_refused_when_it_is_put(change: dict[str, Any], why: str) -> None:
    definition = {"trained_model": {"tree": {**STUMP, **change}}}
    with pytest.raises(ConnoteError) as told_why:
        predictor(definition, "classification", ["a"])
    assert why in told_why.value.reason


@pytest.mark.parametrize(
    "preprocessor",
    [
        {"n_gram_encoding": {}},
        {"one_hot_encoding": {"hot_map": {"a": "b"}}},
        {"one_hot_encoding": {"field": "a", "hot_map": {"a": 1}}},
        {"frequency_encoding": {"field": "a", "feature_name": "b", "frequency_map": {"a": "often"}}},
        {"target_mean_encoding": {"field": "a", "feature_name": "b", "target_map": {}}},
        {"frequency_encoding": {"field": "a", "frequency_map": {}, "custom": "yes"}},
        "words",
    ],
)
def test_what_is_no_preprocessor_is_refused(preprocessor: Any) -> None:  # noqa: ANN401 (JSON)
    with pytest.raises(ConnoteError):
        of_tree(STUMP, preprocessor)


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"num_top_feature_importance_values": -1}, "greater than or equal to 0"),
        ({"prediction_field_type": "colour"}, "[prediction_field_type] must be one of [string, number, boolean]"),
        ({"num_top_classes": "all"}, "num_top_classes"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_what_cannot_be_configured_is_told(config: dict[str, Any], why: str) -> None:
    for attempt in (lambda: of_tree(**config), lambda: of_tree().configured({"classification": config})):
        with pytest.raises(ConnoteError) as told_why:
            attempt()
        assert why in told_why.value.reason
    with pytest.raises(ConnoteError, match=r"is not supported by inference request of type \[regression\]"):
        of_tree().configured({"regression": {}})
