"""Where the inference processor reads texts, and where it writes what they become."""

import asyncio
from typing import Any

import pytest

from connote.ingest.document import Document
from connote.ingest.run import run
from piped import failure, pipeline, through

NER = {"predicted_value": "[Ann](PER&Ann)", "entities": [{"entity": "Ann", "class_name": "PER"}]}


def inferred(source: dict[str, Any], processor: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    async def give(_: str, texts: Any, __: object) -> list[Any]:  # noqa: ANN401
        return [result for _ in texts]

    (outcome,) = asyncio.run(run(pipeline({"inference": {"model_id": "m", **processor}}), [Document(source)], give))
    assert isinstance(outcome, Document)
    return outcome.source


def test_results_go_to_the_output_field_and_what_else_there_is_beside_it() -> None:
    processor = {"input_output": {"input_field": "text", "output_field": "ml.out"}}
    assert inferred({"text": "Ann"}, processor, NER) == {
        "text": "Ann",
        "ml": {"out": NER["predicted_value"], "entities": NER["entities"], "model_id": "m"},
    }


def test_the_target_field_has_the_result_as_infer_shows_it() -> None:
    processor = {"target_field": "ml.ner", "field_map": {"body": "text_field"}}
    assert inferred({"body": "Ann"}, processor, NER)["ml"] == {"ner": {**NER, "model_id": "m"}}


def test_older_notebooks_name_the_results_field() -> None:
    config = {"text_expansion": {"results_field": "tokens"}}
    processor = {"target_field": "ml", "field_map": {"text": "text_field"}, "inference_config": config}
    found = inferred({"text": "x"}, processor, {"predicted_value": {"a": 1.5}, "is_truncated": True})
    assert found["ml"] == {"tokens": {"a": 1.5}, "is_truncated": True, "model_id": "m"}


@pytest.mark.parametrize(("tag", "field"), [({}, ()), ({"tag": "t"}, ("t",))])
def test_without_a_target_the_tag_names_it(tag: dict[str, str], field: tuple[str, ...]) -> None:
    found = inferred({"text_field": "x"}, tag, {"predicted_value": 1})["ml"]["inference"]
    for name in field:
        found = found[name]
    assert found == {"predicted_value": 1, "model_id": "m"}


def test_what_is_there_already_is_added_to() -> None:
    processor = {"input_output": {"input_field": "text", "output_field": "v"}}
    assert inferred({"text": "x", "v": [1.0]}, processor, {"predicted_value": [2.0]})["v"] == [1.0, 2.0]


def test_a_missing_text_fails_the_document_or_is_left_out() -> None:
    fields = [{"input_field": "a", "output_field": "x"}, {"input_field": "b", "output_field": "y"}]
    told = failure({"a": "z"}, {"inference": {"model_id": "m", "input_output": fields}})
    assert told == "illegal_argument_exception: field [b] not present as part of path [b]"
    lenient = {"inference": {"model_id": "m", "input_output": fields, "ignore_missing": True}}
    assert through({"a": "z", "b": None}, lenient) == {"a": "z", "b": None, "x": {"n": 1}, "model_id": "m"}
    assert through({}, lenient) == {}
    assert "Input field [text_field] does not exist" in failure({"text": "x"}, {"inference": {"model_id": "m"}})
