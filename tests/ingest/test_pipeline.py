"""Pipelines: conditions, failures and who handles them, pipelines in pipelines, and what a simulation notes."""

import asyncio
from typing import Any

import pytest

from connote.contract.errors import ParseFailed
from connote.ingest.document import Document
from connote.ingest.parse import models, parse
from connote.ingest.run import Failed, Left, run
from piped import Model, failure, outcomes, pipeline, through

SET = {"set": {"field": "done", "value": True}}
FAIL = {"fail": {"message": "no"}}


def test_a_processor_runs_only_if_its_condition_holds() -> None:
    processor = {"set": {"field": "a", "value": 1, "if": "ctx.kind == 'x' && ctx.n?.m > 1"}}
    assert through({"kind": "x", "n": {"m": 2}}, processor)["a"] == 1
    assert "a" not in through({"kind": "y"}, processor)
    with_params = {"set": {"field": "a", "value": 1, "if": {"source": "ctx.n > params.n", "params": {"n": 1}}}}
    assert through({"n": 2}, with_params)["a"] == 1


@pytest.mark.parametrize(
    "change", ["ctx.a = ctx", "ctx.l.add(1)", "ctx.n++", "Collections.reverse(ctx.l)", "ctx.remove('n')"]
)
def test_a_condition_changes_nothing(change: str) -> None:
    processor = {"set": {"field": "b", "value": 1, "if": f"{change}; return true"}}
    assert through({"n": 1, "l": [1, 2]}, processor) == {"n": 1, "l": [1, 2], "b": 1}


def test_a_dropped_document_is_no_failure() -> None:
    assert outcomes(pipeline({"drop": {"if": "ctx.a == 1"}}, SET), {"a": 1}, {"a": 2})[0] == Left()


def test_terminate_leaves_its_pipeline_only() -> None:
    inner = parse("inner", {"processors": [{"terminate": {}}, FAIL]}, lambda _: None)
    (outcome,) = outcomes(pipeline({"pipeline": {"name": "inner"}}, SET, others={"inner": inner}), {})
    assert isinstance(outcome, Document)
    assert outcome.source == {"done": True}


def test_a_failure_can_be_ignored() -> None:
    assert through({}, {"fail": {"message": "no", "ignore_failure": True}}, SET) == {"done": True}


def test_what_failed_is_told_to_its_handlers_and_then_the_rest_goes_on() -> None:
    handler = {"set": {"field": "error", "value": "{{_ingest.on_failure_processor_type}}/"
                       "{{_ingest.on_failure_processor_tag}}/{{_ingest.on_failure_pipeline}}: "
                       "{{{_ingest.on_failure_message}}}"}}  # fmt: skip
    renaming = {"rename": {"field": "a", "target_field": "b", "tag": "t", "on_failure": [handler]}}
    assert through({}, renaming, SET) == {"error": "rename/t/mine: field [a] doesn't exist", "done": True}
    assert "on_failure_message" not in str(through({}, renaming, {"set": {"field": "x", "value": "{{_ingest}}"}})["x"])


def test_a_pipelines_handlers_see_the_first_failure_and_skip_what_follows() -> None:
    handlers = [
        {"set": {"field": "_index", "value": "failed-{{{_index}}}"}},
        {"set": {"field": "_id", "value": "{{{_ingest.on_failure_processor_tag}}}"}},
    ]
    whole = pipeline({"fail": {"message": "x", "tag": "f"}}, SET, on_failure=handlers)
    (outcome,) = outcomes(whole, {"a": 1})
    assert isinstance(outcome, Document)
    assert outcome.source == {"a": 1}
    assert outcome.metadata == {"_index": "failed-i", "_id": "f"}


def test_a_handler_that_fails_has_handlers_of_its_own() -> None:
    handler = {"fail": {"message": "worse", "on_failure": [SET]}}
    assert through({}, {"fail": {"message": "x", "on_failure": [handler]}}) == {"done": True}
    assert failure({}, {"fail": {"message": "x", "on_failure": [{"fail": {"message": "worse"}}]}}).endswith("worse")


def test_a_condition_that_fails_is_the_pipelines_to_handle() -> None:
    broken = {"set": {"field": "a", "value": 1, "if": "ctx.x.y", "on_failure": [FAIL]}}
    (outcome,) = outcomes(
        pipeline(broken, on_failure=[{"set": {"field": "e", "value": "{{{_ingest.on_failure_message}}}"}}]), {}
    )
    assert isinstance(outcome, Document)
    assert "from a null def reference" in outcome.source["e"]


def test_a_failure_in_an_inner_pipeline_is_handled_by_the_outer_one() -> None:
    inner = parse("inner", {"processors": [{"fail": {"message": "deep", "tag": "i"}}]}, lambda _: None)
    handler = {"set": {"field": "e", "value": "{{_ingest.on_failure_pipeline}} {{_ingest.on_failure_processor_tag}}"}}
    outer = pipeline({"pipeline": {"name": "{{which}}", "on_failure": [handler]}}, others={"inner": inner})
    (outcome,) = outcomes(outer, {"which": "inner"})
    assert isinstance(outcome, Document)
    assert outcome.source["e"] == "inner i"


def test_pipelines_that_run_each_other_are_stopped() -> None:
    found: dict[str, Any] = {}
    for id, other in (("a", "b"), ("b", "a")):
        found[id] = parse(id, {"processors": [{"pipeline": {"name": other}}]}, found.get)
    (outcome,) = outcomes(found["a"], {})
    assert isinstance(outcome, Failed)
    assert outcome.error.told() == {"type": "graph_structure_exception", "reason": "Cycle detected for pipeline: a"}


def test_pipelines_that_multiply_are_stopped() -> None:
    found: dict[str, Any] = {}
    for n in range(20):
        twice = [{"pipeline": {"name": str(n - 1), "if": "true"}}] * 2 if n else [SET]
        found[str(n)] = parse(str(n), {"processors": twice}, found.get)
    (outcome,) = outcomes(found["19"], {})
    assert isinstance(outcome, Failed)
    assert "at most 100000 processors" in outcome.error.reason


def test_a_missing_pipeline_may_be_ignored() -> None:
    assert through({}, {"pipeline": {"name": "nowhere", "ignore_missing_pipeline": True}}, SET) == {"done": True}


def test_values_that_double_are_stopped() -> None:
    doubling = [{"set": {"field": "a", "value": "{{a}}{{a}}"}}] * 40
    assert "at most 10000000 characters" in failure({"a": "x"}, *doubling)
    copying = [{"set": {"field": "a.b", "copy_from": "a"}}, {"set": {"field": "a.c", "copy_from": "a"}}] * 20
    assert "at most 250000 elements" in failure({"a": {}}, *copying)


def test_fields_that_are_nested_ever_deeper_are_stopped() -> None:
    deeper = [{"rename": {"field": "a", "target_field": "b.b.b"}}, {"rename": {"field": "b", "target_field": "a"}}]
    assert through({"a": 1}, *deeper * 10)
    assert "more than 200 deep" in failure({"a": 1}, *deeper * 150)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "[processors] required property is missing"),
        ({"processors": {}}, "[processors] property isn't a list, but of type [java.util.HashMap]"),
        ({"processors": [], "on_failure": []}, "pipeline [p] cannot have an empty on_failure option defined"),
        ({"processors": [], "x": 1}, "pipeline [p] doesn't support one or more provided configuration parameters [x]"),
        ({"processors": [1]}, "a processor must be an object, not of type [java.lang.Integer]"),
        ({"processors": [{"set": 1}]}, "[set] property isn't a map, but of type [java.lang.Integer]"),
    ],
)
def test_a_malformed_pipeline_is_refused(body: dict[str, Any], reason: str) -> None:
    with pytest.raises(ParseFailed) as caught:
        parse("p", body, lambda _: None)
    assert caught.value.reason == reason


def test_all_that_is_wrong_is_told_together() -> None:
    with pytest.raises(ParseFailed) as caught:
        pipeline({"set": {}}, {"blink": {}}, SET, {"script": "ctx.a ="})
    told = caught.value.told()
    assert told["reason"] == "[field] required property is missing"
    assert [each["type"] for each in told["suppressed"]] == ["parse_exception", "script_exception"]
    assert told["suppressed"][1]["processor_type"] == "script"


def test_the_models_of_a_pipeline_are_found_wherever_they_stand() -> None:
    def inference(id: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
        return {"inference": {"model_id": id, **more}}

    body = {
        "processors": [
            inference("a", on_failure=[inference("b")]),
            {"foreach": {"field": "x", "processor": inference("c")}},
            {"set": {"field": "x", "value": [inference("no")]}},
        ],
        "on_failure": [inference("d")],
    }
    assert list(models(body)) == ["a", "b", "c", "d"]


def test_a_trace_tells_what_each_processor_did() -> None:
    inner = parse("inner", {"processors": [SET]}, lambda _: None)
    whole = pipeline(
        {"set": {"field": "a", "value": 1, "description": "d", "tag": "t", "if": "true"}},
        {"set": {"field": "b", "value": 1, "if": "false"}},
        {"pipeline": {"name": "inner"}},
        {"fail": {"message": "x", "ignore_failure": True}},
        {"fail": {"message": "y", "on_failure": [{"drop": {}}]}},
        others={"inner": inner},
    )
    document = Document({}, {"_index": "i"})
    document.trace = []
    assert asyncio.run(run(whole, [document], Model())) == [Left()]
    assert [(each["processor_type"], each["status"]) for each in document.trace] == [
        ("set", "success"),
        ("set", "skipped"),
        ("pipeline", "success"),
        ("set", "success"),
        ("fail", "error_ignored"),
        ("fail", "error"),
        ("drop", "dropped"),
    ]
    first = document.trace[0]
    assert first["doc"]["_source"] == {"a": 1}
    assert (first["description"], first["tag"], first["if"]) == ("d", "t", {"condition": "true", "result": True})
    assert document.trace[4]["ignored_error"]["error"]["reason"] == "x"
