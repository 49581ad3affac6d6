"""Indexing that is only tried, with what is kept or with something else in its place."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

FIRST: dict[str, Any] = {"processors": [{"set": {"field": "seen", "value": "first"}}]}
LAST: dict[str, Any] = {"processors": [{"uppercase": {"field": "name"}}]}


@pytest.fixture(scope="module")
def shelf(http: httpx.Client) -> Iterator[httpx.Client]:
    http.put("/_ingest/pipeline/first", json=FIRST)
    http.put("/_ingest/pipeline/last", json=LAST)
    mappings = {"dynamic": "strict", "properties": {"name": {"type": "keyword"}, "seen": {"type": "keyword"}}}
    body = {"template": {"mappings": mappings}}
    http.put("/_component_template/fields", json=body)
    settings = {"default_pipeline": "first", "final_pipeline": "last"}
    template = {"index_patterns": ["shelf*"], "composed_of": ["fields"], "template": {"settings": settings}}
    http.put("/_index_template/shelves", json=template)
    http.put("/shelf", json={})
    yield http
    http.delete("/shelf")
    http.delete("/_index_template/shelves")
    http.delete("/_component_template/fields")
    http.delete("/_ingest/pipeline/first,last")


def tried(http: httpx.Client, *docs: dict[str, Any], path: str = "/_ingest/_simulate", **more: Any) -> list[Any]:  # noqa: ANN401 (JSON)
    reply = http.post(path, json={"docs": list(docs), **more})
    assert reply.status_code == 200, reply.text
    return [each["doc"] for each in reply.json()["docs"]]


@pytest.mark.parametrize("index", ["shelf", "shelf-to-be"])
def test_a_document_meets_the_pipelines_of_its_index(shelf: httpx.Client, index: str) -> None:
    (found,) = tried(shelf, {"_index": index, "_id": "7", "_source": {"name": "atlas"}})
    mapping = found.pop("effective_mapping")["_doc"]
    assert found == {
        "_id": "7",
        "_index": index,
        "_version": -3,
        "_source": {"name": "ATLAS", "seen": "first"},
        "executed_pipelines": ["first", "last"],
    }
    assert mapping["dynamic"] == "strict"
    assert shelf.get("/shelf-to-be").status_code == 404
    assert shelf.get("/shelf/_count").json()["count"] == 0


def test_a_request_may_name_the_index_and_the_pipeline(shelf: httpx.Client) -> None:
    (found,) = tried(shelf, {"_source": {"name": "a"}}, path="/_ingest/shelf/_simulate?pipeline=last")
    assert (found["_index"], found["executed_pipelines"]) == ("shelf", ["last", "last"])


def test_other_pipelines_may_stand_in_place_of_those_that_are_kept(shelf: httpx.Client) -> None:
    other = {"first": {"processors": [{"set": {"field": "seen", "value": "other"}}]}}
    document = {"_index": "shelf", "_source": {"name": "a"}}
    (found,) = tried(shelf, document, pipeline_substitutions=other)
    assert found["_source"] == {"name": "A", "seen": "other"}
    assert shelf.get("/_ingest/pipeline/first").json()["first"]["processors"] == FIRST["processors"]
    assert tried(shelf, document)[0]["_source"]["seen"] == "first"


def test_what_the_mapping_would_refuse_is_told(shelf: httpx.Client) -> None:
    document = {"_index": "shelf", "_source": {"name": "a", "pages": "many"}}
    (found,) = tried(shelf, document)
    assert found["error"]["type"] == "strict_dynamic_mapping_exception"
    pages = {"properties": {"pages": {"type": "long"}}}
    (found,) = tried(shelf, document, mapping_addition=pages)
    assert found["error"]["type"] == "document_parsing_exception"
    pages["properties"]["pages"]["ignore_malformed"] = True  # type: ignore[assignment]
    (found,) = tried(shelf, document, mapping_addition=pages)
    assert (found["ignored_fields"], "error" in found) == ([{"field": "pages"}], False)


def test_other_templates_may_stand_in_place_of_those_that_are_kept(shelf: httpx.Client) -> None:
    open_ = {"fields": {"template": {"mappings": {"properties": {"pages": {"type": "long"}}}}}}
    document = {"_index": "shelf", "_source": {"name": "a", "pages": 5}}
    (found,) = tried(shelf, document, component_template_substitutions=open_)
    assert "error" not in found
    assert found["effective_mapping"]["_doc"]["properties"]["pages"] == {"type": "long"}
    bare = {"shelves": {"index_patterns": ["shelf*"]}}
    (found,) = tried(shelf, document, index_template_substitutions=bare)
    assert (found["executed_pipelines"], found["_source"]) == ([], document["_source"])
    kept = shelf.get("/_index_template/shelves").json()["index_templates"][0]["index_template"]
    assert kept["composed_of"] == ["fields"]


def test_a_pipeline_that_fails_is_told_with_the_document(shelf: httpx.Client) -> None:
    (found,) = tried(shelf, {"_index": "shelf", "_source": {"name": 5}})
    assert found["error"]["reason"].startswith("field [name]")
    assert found["executed_pipelines"] == ["first", "last"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "[docs] required property is missing"),
        ({"docs": []}, "must specify at least one document"),
        ({"docs": [{"_source": {}}], "more": 1}, "unknown field [more]"),
        ({"docs": [{"_source": {}}], "pipeline_substitutions": {"a": 1}}, "[pipeline_substitutions] must be an object"),
        ({"docs": [{"_source": {}}], "mapping_addition": []}, "[mapping_addition] must be an object"),
        ({"docs": [{"_source": {}}], "mapping_addition": 5}, "[mapping_addition] must be an object"),
        ({"docs": [{"_source": {}}], "pipeline_substitutions": {"a": {}}}, "[processors] required property"),
        ({"docs": [{"_source": {}}], "component_template_substitutions": {"a": {}}}, "[template] is required"),
        ({"docs": [{"_source": {}}], "index_template_substitutions": {"a": {}}}, "index patterns are missing"),
    ],
)
def test_what_is_wrong_with_a_try_is_told(shelf: httpx.Client, body: dict[str, Any], told: str) -> None:
    reply = shelf.post("/_ingest/_simulate", json=body)
    assert (reply.status_code, told in reply.text) == (400, True), reply.text
