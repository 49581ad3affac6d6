"""What mappings say holds for every document, and what is refused leaves nothing behind."""

import json
from typing import Any

import httpx
import pytest

from api.test_data_streams import refused


def mapped(http: httpx.Client, index: str) -> dict[str, Any]:
    found: dict[str, Any] = http.get(f"/{index}/_mapping").json()[index]["mappings"]
    return found


@pytest.mark.parametrize(
    "document",
    [
        {"new": 1, "count": "many"},
        {"new": [1, "two"]},
        {"new": {"a": 1}, "new.a": "x", "other": "y"},
        {"new": [{"a": 1}, {"a": "x"}]},
        {"new": "x" * 40_000, "template_keyword": "x" * 40_000},
    ],
)
def test_a_document_that_is_refused_adds_no_field(indices: httpx.Client, document: dict[str, object]) -> None:
    template = {"words": {"match": "*_keyword", "mapping": {"type": "keyword"}}}
    mapping = {"properties": {"count": {"type": "long"}}, "dynamic_templates": [template]}
    indices.put("/strict", json={"mappings": mapping})
    assert "error" in indices.post("/strict/_doc", json=document).json()
    assert mapped(indices, "strict") == mapping
    assert indices.post("/strict/_doc", json={"new": "yes", "count": 2}).status_code == 201
    assert mapped(indices, "strict")["properties"]["new"]["type"] == "text"


def test_a_document_that_cannot_be_embedded_adds_no_field(indices: httpx.Client) -> None:
    about = {"type": "semantic_text", "inference_id": "nowhere"}
    mapping = {"properties": {"about": about}}
    assert indices.put("/meant", json={"mappings": mapping}).is_success
    reply = indices.post("/meant/_doc", json={"about": "a house", "new": 1})
    assert (reply.status_code, reply.json()["error"]["type"]) == (404, "inference_exception"), reply.text
    assert list(mapped(indices, "meant")["properties"]) == ["about"]
    assert indices.post("/meant/_doc", json={"new": 1}).status_code == 201
    assert list(mapped(indices, "meant")["properties"]) == ["about", "new"]


def test_documents_of_one_bulk_may_bring_the_same_field_in_two_forms(indices: httpx.Client) -> None:
    indices.put("/meant", json={"mappings": {"properties": {"about": {"type": "semantic_text"}}}})
    documents = [{"about": "a house", "new": 1}, {"about": "a boat", "new": "two"}, {"about": "a car", "new": 3.5}]
    lines = [each for document in documents for each in ({"index": {}}, document)]
    raw = "".join(f"{json.dumps(line)}\n" for line in lines)
    told = indices.post("/meant/_bulk?refresh=true", content=raw, headers={"Content-Type": "application/x-ndjson"})
    assert [item["index"]["status"] for item in told.json()["items"]] == [201, 400, 201]
    assert mapped(indices, "meant")["properties"]["new"] == {"type": "long"}
    hits = indices.post("/meant/_search", json={"query": {"range": {"new": {"gte": 2}}}}).json()["hits"]["hits"]
    assert [hit["_source"]["about"] for hit in hits] == ["a car"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"properties": {"off": {"type": "object", "enabled": True}}}, "[enabled] parameter can't be updated"),
        ({"properties": {"on": {"type": "object", "enabled": "false"}}}, "[enabled] parameter can't be updated"),
        ({"properties": {"on": {"type": "object", "subobjects": False}}}, "[subobjects] parameter can't be updated"),
        ({"properties": {"many": {"type": "nested", "include_in_root": True}}}, "[include_in_root] parameter can't"),
        ({"enabled": False}, "for the object mapping [_doc]"),
    ],
)
def test_what_an_object_is_cannot_be_changed(indices: httpx.Client, body: dict[str, Any], told: str) -> None:
    fields = {"off": {"type": "object", "enabled": False}, "many": {"type": "nested"}}
    on = {"properties": {"a": {"type": "keyword"}}}
    indices.put("/objects", json={"mappings": {"properties": {**fields, "on": on}}})
    before = mapped(indices, "objects")
    assert told in refused(indices.put("/objects/_mapping", json=body))
    assert mapped(indices, "objects") == before
    same = {"properties": {"off": {"type": "object", "enabled": False}, "on": {"properties": {"b": {"type": "long"}}}}}
    assert indices.put("/objects/_mapping", json=same).is_success


def test_values_of_nested_objects_are_those_of_what_they_are_in_where_the_mapping_says_so(
    indices: httpx.Client,
) -> None:
    leaf = {"properties": {"name": {"type": "keyword"}, "age": {"type": "integer"}}}
    inner = {"type": "nested", "include_in_root": True, **leaf}
    fields = {
        "own": {"type": "nested", **leaf},
        "shared": {"type": "nested", "include_in_parent": True, **leaf},
        "outer": {"type": "nested", "properties": {"inner": inner, "title": {"type": "text"}}},
    }
    indices.put("/nests", json={"mappings": {"properties": fields}})
    people = [{"name": "Ann", "age": 1}, {"name": "Bob", "age": 2}]
    document = {"own": people, "shared": people, "outer": {"title": "one", "inner": people}}
    indices.put("/nests/_doc/1?refresh=true", json=document)

    def count(**query: object) -> int:
        found: int = indices.post("/nests/_count", json={"query": query}).json()["count"]
        return found

    both = [[{"term": {f"{path}.name": "Ann"}}, {"term": {f"{path}.age": 2}}] for path in ("own", "shared")]
    assert [count(bool={"filter": each}) for each in both] == [0, 1]
    nested = [
        {"path": path, "query": {"bool": {"filter": each}}} for path, each in zip(("own", "shared"), both, strict=True)
    ]
    assert [count(nested=each) for each in nested] == [0, 0], "each object is still one of its own"
    assert count(term={"outer.inner.age": 2}) == 1
    assert count(match={"outer.title": "one"}) == 0
    aggs = {"a": {"sum": {"field": "shared.age"}}}
    assert indices.post("/nests/_search", json={"aggs": aggs}).json()["aggregations"]["a"]["value"] == 3


def test_an_index_says_which_fields_a_query_without_fields_looks_in(indices: httpx.Client) -> None:
    indices.put("/songs", json={"settings": {"index.query.default_field": ["title^3", "text"]}})
    indices.put("/songs/_doc/1", json={"title": "river", "text": "water", "note": "blue"})
    indices.put("/songs/_doc/2?refresh=true", json={"title": "blue", "text": "river", "note": "water"})

    def ids(**query: object) -> list[str]:
        reply = indices.post("/songs/_search", json={"query": query})
        assert reply.is_success, reply.text
        return [hit["_id"] for hit in reply.json()["hits"]["hits"]]

    for kind in ("query_string", "simple_query_string", "multi_match"):
        assert ids(**{kind: {"query": "blue"}}) == ["2"]
        assert ids(**{kind: {"query": "river"}}) == ["1", "2"]
        assert set(ids(**{kind: {"query": "blue", "fields": ["*"]}})) == {"1", "2"}
    assert indices.put("/songs/_settings", json={"index.query.default_field": "note"}).is_success
    assert ids(query_string={"query": "blue"}) == ["1"]


def test_scripts_that_nothing_would_run_are_refused(indices: httpx.Client) -> None:
    mapping = {"properties": {"twice": {"type": "long", "script": "emit(doc['n'].value * 2)"}}}
    bodies = {"/scripted": {"mappings": mapping}, "/plain/_mapping": mapping}
    bodies["/_index_template/scripted"] = {"index_patterns": ["s-*"], "template": {"mappings": mapping}}
    indices.put("/plain")
    for path, body in bodies.items():
        told = refused(indices.put(path, json=body))
        assert "[script] of field [twice] is not supported: make it a field of [runtime]" in told
    assert mapped(indices, "plain") == {}


def test_an_index_says_what_its_fields_do_where_they_say_nothing(indices: httpx.Client) -> None:
    fields = {"count": {"type": "long"}, "own": {"type": "long", "ignore_malformed": False}, "day": {"type": "date"}}
    settings = {
        "index.mapping.ignore_malformed": True,
        "index.mapping.coerce": "false",
        "index.mapping.ignore_above": 3,
    }
    body = {"settings": settings, "mappings": {"properties": {**fields, "word": {"type": "keyword"}}}}
    assert indices.put("/lax", json=body).is_success
    document = {"count": "7", "day": "soon", "word": "four"}
    assert indices.put("/lax/_doc/1?refresh=true", json=document).status_code == 201
    assert indices.get("/lax/_doc/1").json()["_ignored"] == ["count", "day", "word"]
    assert indices.put("/lax/_doc/2", json={"own": "x"}).status_code == 400
    assert indices.put("/lax/_mapping", json={"properties": {"more": {"type": "integer"}}}).is_success
    assert indices.put("/lax/_doc/3", json={"more": "x"}).status_code == 201, "fields that come later do the same"
    assert mapped(indices, "lax")["properties"]["count"] == {"type": "long"}, "they are shown as they were put"
    assert "are allowed" in refused(indices.put("/bad", json={"settings": {"index.mapping.coerce": "maybe"}}))
    assert "non dynamic settings" in refused(
        indices.put("/lax/_settings", json={"index.mapping.ignore_malformed": False})
    )


@pytest.mark.parametrize(
    ("formats", "text", "wanted"),
    [
        (None, "2031-05-02", {"type": "date"}),
        (None, "2031/05/02", {"type": "date", "format": "yyyy/MM/dd HH:mm:ss||yyyy/MM/dd||epoch_millis"}),
        (None, "2031/05/02 10:20:30", {"type": "date", "format": "yyyy/MM/dd HH:mm:ss||yyyy/MM/dd||epoch_millis"}),
        (["yyyy/MM", "MM/dd/yyyy"], "05/02/2031", {"type": "date", "format": "MM/dd/yyyy"}),
        (["yyyy/MM||MM/dd/yyyy"], "05/02/2031", {"type": "date", "format": "yyyy/MM||MM/dd/yyyy"}),
    ],
)
def test_a_date_gets_the_first_format_that_it_has(
    http: httpx.Client, formats: list[str] | None, text: str, wanted: dict[str, str]
) -> None:
    http.put("/dated", json={"mappings": {} if formats is None else {"dynamic_date_formats": formats}})
    assert http.put("/dated/_doc/1", json={"day": text}).status_code == 201
    assert http.get("/dated/_mapping").json()["dated"]["mappings"]["properties"] == {"day": wanted}
    http.delete("/dated")
