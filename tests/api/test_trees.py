"""Trees over the wire: put, told, given other names, asked, and in pipelines."""

import base64
import gzip
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from trained import MODELS, ok, refused

# Of two rooms or fewer a flat, else a house.
TREE: dict[str, Any] = {
    "feature_names": ["rooms"],
    "target_type": "classification",
    "classification_labels": ["flat", "house"],
    "tree_structure": [
        {"node_index": 0, "split_feature": 0, "threshold": 2, "left_child": 1, "right_child": 2},
        {"node_index": 1, "leaf_value": [2, 0]},
        {"node_index": 2, "leaf_value": [0, 1]},
    ],
}
DEFINITION = {"trained_model": {"tree": TREE}}
BODY: dict[str, Any] = {
    "input": {"field_names": ["rooms"]},
    "inference_config": {"classification": {}},
    "tags": ["homes"],
    "definition": DEFINITION,
}
PRICE = {
    "input": {"field_names": ["rooms"]},
    "inference_config": {"regression": {"results_field": "price"}},
    "definition": {
        "trained_model": {
            "tree": {
                "feature_names": ["rooms"],
                "tree_structure": [
                    {**node, **({"leaf_value": 100 * at} if "leaf_value" in node else {})}
                    for at, node in enumerate(TREE["tree_structure"])
                ],
            }
        }
    },
}
FLAT = {"predicted_value": "flat", "prediction_probability": pytest.approx(0.8808, abs=1e-4)}


@pytest.fixture
def homes(indices: httpx.Client) -> Iterator[httpx.Client]:
    ok(indices.put(f"{MODELS}/homes", json=BODY))
    ok(indices.put(f"{MODELS}/prices", json=PRICE))
    yield indices
    indices.delete("/_ingest/pipeline/of_homes")
    for id in ("homes", "prices", "homes2"):
        indices.delete(f"{MODELS}/{id}?force=true")


def simulated(http: httpx.Client, processor: dict[str, Any], *sources: dict[str, Any]) -> list[dict[str, Any]]:
    body = {"pipeline": {"processors": [{"inference": processor}]}, "docs": [{"_source": each} for each in sources]}
    found = ok(http.post("/_ingest/pipeline/_simulate", json=body))["docs"]
    return [each["doc"]["_source"] if "doc" in each else each for each in found]


def test_documents_are_classified(homes: httpx.Client) -> None:
    docs = [{"rooms": 1}, {"rooms": 5}, {}]
    flat, house, none = ok(homes.post(f"{MODELS}/homes/_infer", json={"docs": docs}))["inference_results"]
    assert flat == FLAT | {"prediction_score": flat["prediction_probability"]}
    assert house["predicted_value"] == "house"
    assert none == {"warning": "Model [homes] could not be inferred as all fields were missing"}
    more = {"docs": docs[:1], "inference_config": {"classification": {"num_top_classes": 2}}}
    (told,) = ok(homes.post(f"{MODELS}/homes/_infer", json=more))["inference_results"]
    assert [each["class_name"] for each in told["top_classes"]] == ["flat", "house"]


def test_a_pipeline_predicts_from_the_fields_of_a_document(homes: httpx.Client) -> None:
    (plain,) = simulated(homes, {"model_id": "prices"}, {"rooms": 1})
    assert plain["ml"]["inference"] == {"price": 100.0, "model_id": "prices"}
    processor = {
        "model_id": "homes",
        "target_field": "kind",
        "field_map": {"home.rooms": "rooms"},
        "inference_config": {"classification": {"results_field": "is", "num_top_classes": 1}},
    }
    one, other = simulated(homes, processor, {"home": {"rooms": 2}}, {"home": {}})
    assert (one["kind"]["is"], one["kind"]["top_classes"][0]["class_name"]) == ("flat", "flat")
    assert "all fields were missing" in other["kind"]["warning"]
    (failed,) = simulated(homes, {"model_id": "homes", "inference_config": {"regression": {}}}, {"rooms": 1})
    assert "not supported by inference request of type [regression]" in failed["error"]["reason"]
    (failed,) = simulated(
        homes, {"model_id": "homes", "input_output": {"input_field": "a", "output_field": "b"}}, {"a": "x"}
    )
    assert "use [field_map] rather than [input_output]" in failed["error"]["reason"]


def test_a_model_is_told_with_its_defaults_and_its_definition_if_that_is_wanted(homes: httpx.Client) -> None:
    (told,) = ok(homes.get(f"{MODELS}/homes"))["trained_model_configs"]
    assert told["inference_config"]["classification"] == {
        "results_field": "predicted_value",
        "num_top_classes": 0,
        "top_classes_results_field": "top_classes",
        "num_top_feature_importance_values": 0,
        "prediction_field_type": "string",
    }
    assert (told["model_type"], told["input"], told["tags"]) == ("tree_ensemble", BODY["input"], ["homes"])
    assert "definition" not in told
    params: dict[str, Any] = {"include": "definition", "exclude_generated": True}
    (again,) = ok(homes.get(f"{MODELS}/homes", params=params))["trained_model_configs"]
    assert again["definition"] == DEFINITION
    params["decompress_definition"] = False
    (packed,) = ok(homes.get(f"{MODELS}/homes", params=params))["trained_model_configs"]
    assert json.loads(gzip.decompress(base64.b64decode(packed["compressed_definition"]))) == DEFINITION
    known = {name: packed[name] for name in ("inference_config", "input", "compressed_definition")}
    ok(homes.put(f"{MODELS}/homes2", json=known))
    assert ok(homes.get(f"{MODELS}/homes,homes2"))["count"] == 2
    assert ok(homes.get(f"{MODELS}/h*mes*"))["count"] == 2
    assert ok(homes.get(MODELS, params={"tags": "homes"}))["count"] == 1
    refused(homes.get(f"{MODELS}/homes,nowhere"), 404, "[nowhere]", "resource_not_found_exception")


def test_statistics_count_what_was_asked(homes: httpx.Client) -> None:
    homes.post(f"{MODELS}/homes/_infer", json={"docs": [{"rooms": 1}, {}]})
    homes.post(f"{MODELS}/homes/_infer", json={"docs": "none"})
    (told,) = ok(homes.get(f"{MODELS}/homes/_stats"))["trained_model_stats"]
    counts = told["inference_stats"]
    assert (counts["inference_count"], counts["missing_all_fields_count"], counts["failure_count"]) == (2, 1, 1)
    assert "homes" in {each["model_id"] for each in ok(homes.get(f"{MODELS}/_stats"))["trained_model_stats"]}


def test_an_alias_names_one_model_and_then_another(homes: httpx.Client) -> None:
    ok(homes.put(f"{MODELS}/homes2", json=BODY))
    ok(homes.put(f"{MODELS}/homes/model_aliases/kinds"))
    assert ok(homes.post(f"{MODELS}/kinds/_infer", json={"docs": [{"rooms": 9}]}))["inference_results"]
    refused(homes.put(f"{MODELS}/homes2/model_aliases/kinds"), 400, "already refers to [homes]")
    refused(homes.put(f"{MODELS}/prices/model_aliases/kinds?reassign=true"), 400, "inference config type [regression]")
    ok(homes.put(f"{MODELS}/homes2/model_aliases/kinds?reassign=true"))
    (told,) = ok(homes.get(f"{MODELS}/kinds"))["trained_model_configs"]
    assert told["model_id"] == "homes2"
    ok(homes.delete(f"{MODELS}/homes2/model_aliases/kinds"))
    assert homes.get(f"{MODELS}/kinds").status_code == 404


def test_a_model_that_a_pipeline_names_is_kept_unless_it_is_forced(homes: httpx.Client) -> None:
    ok(homes.put("/_ingest/pipeline/of_homes", json={"processors": [{"inference": {"model_id": "homes"}}]}))
    told = homes.delete(f"{MODELS}/homes")
    refused(told, 409, "Cannot delete model [homes] as it is still referenced by ingest processors")
    ok(homes.delete(f"{MODELS}/homes?force=true"))
    assert homes.get(f"{MODELS}/homes").status_code == 404


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"inference_config": {"regression": {}}}, "does not support definition target type [classification]"),
        ({"input": None}, "[input.field_names] must name the fields"),
        ({"definition": {"trained_model": {"forest": {}}}}, "[trained_model] must have one key"),
        ({"compressed_definition": "x"}, "give either [definition] or [compressed_definition]"),
        ({"tags": "one"}, "[tags] must be an array"),
    ],
)
def test_what_is_no_model_is_refused(indices: httpx.Client, change: dict[str, Any], why: str) -> None:
    told = indices.put(f"{MODELS}/wrong", json=BODY | change)
    assert (told.status_code, why in told.text) == (400, True), told.text
