"""Writes rehearsed: what pipelines, templates and mappings would make of documents."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest


@pytest.fixture
def desk(indices: httpx.Client) -> Iterator[httpx.Client]:
    for id, field in (("first", "a"), ("last", "z")):
        body: dict[str, Any] = {"processors": [{"set": {"field": field, "value": id}}]}
        assert indices.put(f"/_ingest/pipeline/rehearse-{id}", json=body).is_success
    settings = {"default_pipeline": "rehearse-first", "final_pipeline": "rehearse-last"}
    mappings = {"properties": {"year": {"type": "integer"}, "tag": {"type": "keyword", "ignore_above": 3}}}
    body = {"index_patterns": ["notes-*"], "template": {"settings": settings, "mappings": mappings}}
    assert indices.put("/_index_template/notes", json=body).is_success
    yield indices
    indices.delete("/notes-1")
    indices.delete("/_index_template/notes")
    indices.delete("/_ingest/pipeline/rehearse-*")


def rehearsed(
    http: httpx.Client, *sources: dict[str, Any], path: str = "/_ingest/notes-1/_simulate", **more: object
) -> list[Any]:
    docs = [{"_id": str(at), "_source": source} for at, source in enumerate(sources)]
    reply = http.post(path, json={"docs": docs, **more})
    assert reply.is_success, reply.text
    return [each["doc"] for each in reply.json()["docs"]]


def test_documents_go_through_the_pipelines_of_their_index_and_nothing_is_kept(desk: httpx.Client) -> None:
    (doc,) = rehearsed(desk, {"year": 1851})
    assert (doc["_index"], doc["_id"], doc["_version"]) == ("notes-1", "0", -3)
    assert doc["_source"] == {"year": 1851, "a": "first", "z": "last"}
    assert doc["executed_pipelines"] == ["rehearse-first", "rehearse-last"]
    assert doc["effective_mapping"]["_doc"]["properties"]["year"] == {"type": "integer"}
    assert desk.head("/notes-1").status_code == 404
    (doc,) = rehearsed(desk, {}, path="/_ingest/notes-1/_simulate?pipeline=_none")
    assert doc["executed_pipelines"] == ["rehearse-last"]


def test_what_the_mapping_ignores_and_refuses_is_told(desk: httpx.Client) -> None:
    ignored, refused, new = rehearsed(desk, {"tag": "long tag"}, {"year": "soon"}, {"title": "The whale"})
    assert ignored["ignored_fields"] == [{"field": "tag"}]
    assert refused["error"]["type"] == "document_parsing_exception"
    assert "year" in refused["error"]["reason"]
    assert "error" not in new
    strict = {"dynamic": "strict"}
    (refused,) = rehearsed(desk, {"title": "The whale"}, mapping_addition=strict)
    assert refused["error"]["type"] == "strict_dynamic_mapping_exception"


def test_pipelines_and_templates_may_be_substituted(desk: httpx.Client) -> None:
    other = {"processors": [{"set": {"field": "a", "value": "another"}}]}
    (doc,) = rehearsed(desk, {}, pipeline_substitutions={"rehearse-first": other})
    assert doc["_source"] == {"a": "another", "z": "last"}
    outer = {"processors": [{"pipeline": {"name": "rehearse-first"}}]}
    given = {"rehearse-first": other, "rehearse-last": outer}
    (doc,) = rehearsed(desk, {"a": 0}, path="/_ingest/notes-1/_simulate?pipeline=_none", pipeline_substitutions=given)
    assert doc["_source"] == {"a": "another"}
    assert desk.put("/notes-1").is_success  # templates go before an index that is there
    template = {"index_patterns": ["notes-*"], "template": {"settings": {"final_pipeline": "rehearse-first"}}}
    (doc,) = rehearsed(desk, {}, index_template_substitutions={"notes": template})
    assert doc["executed_pipelines"] == ["rehearse-first"]
    assert rehearsed(desk, {})[0]["executed_pipelines"] == ["rehearse-first", "rehearse-last"]


def test_a_document_that_fails_or_is_dropped_harms_no_other(desk: httpx.Client) -> None:
    body = {"processors": [{"fail": {"if": "ctx.n == 1", "message": "one"}}, {"drop": {"if": "ctx.n == 2"}}]}
    whole, failed, dropped = rehearsed(
        desk, {"n": 0}, {"n": 1}, {"n": 2}, pipeline_substitutions={"rehearse-first": body}
    )
    assert whole["_source"] == {"n": 0, "z": "last"}
    assert "one" in failed["error"]["reason"]
    assert dropped is None


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "[docs] required property is missing"),
        ({"docs": [{"_source": {}}], "templates": {}}, "unknown field [templates]"),
        ({"docs": [{"_source": {}}], "pipeline_substitutions": {"x": 1}}, "[pipeline_substitutions] must be an object"),
        ({"docs": [{"_source": {}}], "pipeline_substitutions": {"x": {}}}, "[processors] required property is missing"),
        ({"docs": [{"_source": {}}], "index_template_substitutions": {"x": {}}}, "index patterns are missing"),
        ({"docs": [{"_source": {}}], "component_template_substitutions": {"x": {}}}, "[template] is required"),
    ],
)
def test_what_cannot_be_rehearsed_is_refused(desk: httpx.Client, body: object, told: str) -> None:
    reply = desk.post("/_ingest/_simulate", json=body)
    assert reply.status_code == 400, reply.text
    assert told in reply.json()["error"]["reason"]
