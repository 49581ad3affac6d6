"""Queries that are kept as documents, and the documents that they match.

The examples are those of
https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-percolate-query, with words of our own.
"""

import random
from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest

MAPPING = {
    "query": {"type": "percolator"},
    "note": {"type": "text"},
    "tag": {"type": "keyword"},
    "size": {"type": "integer"},
    "place": {"type": "geo_point"},
    "meaning": {"type": "semantic_text", "inference_id": ".elser-2-elastic"},
    "parts": {"type": "nested", "properties": {"kind": {"type": "keyword"}}},
}
WORDS, DEPTH = ["red", "blue", "old", "tree", "bird"], 2
HOWS: list[dict[str, Any]] = [{}, {"operator": "and"}, {"fuzziness": 1}]
QUERIES: dict[str, dict[str, Any]] = {
    "tree": {"match": {"note": "tree"}},
    "big": {"bool": {"must": [{"match": {"note": {"query": "house", "_name": "home"}}}], "filter": [
        {"range": {"size": {"gte": 5, "_name": "large"}}}]}},
    "not": {"bool": {"must_not": [{"term": {"tag": "a"}}]}},
    "phrase": {"match_phrase": {"note": "green tree"}},
    "part": {"nested": {"path": "parts", "query": {"term": {"parts.kind": "x"}}}},
    "near": {"geo_distance": {"distance": "10km", "place": {"lat": 1, "lon": 1}}},
    "text": {"query_string": {"query": "note:(bird AND blue)"}},
}  # fmt: skip


@pytest.fixture
def kept(indices: httpx.Client) -> httpx.Client:
    assert indices.put("/kept", json={"mappings": {"properties": MAPPING}}).is_success
    for id, query in QUERIES.items():
        made = indices.put(f"/kept/_doc/{id}?refresh=true", json={"query": query, "tag": "z"})
        assert made.status_code == 201, made.text
    return indices


def asked(http: httpx.Client, percolate: dict[str, Any], **body: object) -> list[dict[str, Any]]:
    reply = http.post("/kept/_search", json={"query": {"percolate": {"field": "query", **percolate}}, **body})
    assert reply.is_success, reply.text
    found: list[dict[str, Any]] = reply.json()["hits"]["hits"]
    return found


def ids(http: httpx.Client, document: dict[str, Any]) -> set[str]:
    return {hit["_id"] for hit in asked(http, {"document": document})}


def test_a_document_finds_the_queries_that_match_it(kept: httpx.Client) -> None:
    assert ids(kept, {"note": "a green old tree", "tag": "a"}) == {"tree"}
    assert ids(kept, {"note": "a green tree", "tag": ["b", "a"]}) == {"tree", "phrase"}
    assert ids(kept, {"note": "a house", "size": 4}) == {"not"}
    assert ids(kept, {"note": "a house", "size": 5}) == {"not", "big"}
    assert ids(kept, {"parts": [{"kind": "y"}, {"kind": "x"}], "tag": "a"}) == {"part"}
    assert ids(kept, {"place": "1.01,1.01", "tag": "a"}) == {"near"}
    assert ids(kept, {"note": "a blue bird", "tag": "a", "unmapped": 1}) == {"text"}


def test_hits_tell_which_documents_and_which_parts_with_names_matched(kept: httpx.Client) -> None:
    documents = [{"note": "house", "size": 9}, {"note": "tree", "tag": "a"}, {"note": "house house", "size": 7}]
    hits = {hit["_id"]: hit for hit in asked(kept, {"documents": documents})}
    assert hits["tree"]["fields"] == {"_percolator_document_slot": [1]}
    assert hits["big"]["fields"] == {
        "_percolator_document_slot": [0, 2],
        "_percolator_document_slot_0_matched_queries": ["home", "large"],
        "_percolator_document_slot_2_matched_queries": ["home", "large"],
    }
    assert hits["big"]["_source"]["query"] == QUERIES["big"]


def test_highlights_are_of_the_documents(kept: httpx.Client) -> None:
    wanted: dict[str, Any] = {"fields": {"note": {}}}
    (hit,) = asked(kept, {"document": {"note": "an old tree", "tag": "a"}}, highlight=wanted)
    assert hit["highlight"] == {"note": ["an old <em>tree</em>"]}
    documents = [{"note": "bush", "tag": "a"}, {"note": "a tree", "tag": "a"}]
    (hit,) = asked(kept, {"documents": documents}, highlight=wanted)
    assert hit["highlight"] == {"1_note": ["a <em>tree</em>"]}


def test_several_percolates_are_told_apart_by_name(kept: httpx.Client) -> None:
    own = [
        {"percolate": {"field": "query", "name": name, "document": {"note": note, "tag": "a"}}}
        for name, note in (("one", "a tree"), ("two", "blue bird"))
    ]
    body = {"query": {"bool": {"should": own}}, "highlight": {"fields": {"note": {}}}}
    hits = {hit["_id"]: hit for hit in kept.post("/kept/_search", json=body).json()["hits"]["hits"]}
    assert hits["tree"]["fields"] == {"_percolator_document_slot_one": [0]}
    assert hits["tree"]["highlight"] == {"one_note": ["a <em>tree</em>"]}
    assert hits["text"]["fields"] == {"_percolator_document_slot_two": [0]}


def test_a_kept_document_is_looked_up(kept: httpx.Client) -> None:
    kept.put("/kept/_doc/d1?refresh=true", json={"note": "a tree", "tag": "a"})
    assert [hit["_id"] for hit in asked(kept, {"index": "kept", "id": "d1"})] == ["tree"]
    given = {"index": "kept", "document": {"note": "blue bird", "tag": "a"}}  # as the example of the DSL has it
    assert [hit["_id"] for hit in asked(kept, given)] == ["text"]
    query = {"percolate": {"field": "query", "index": "kept", "id": "none"}}
    reply = kept.post("/kept/_search", json={"query": query})
    assert reply.status_code == 404
    assert "[kept/none] couldn't be found" in reply.text


def test_the_score_is_that_of_the_query_on_the_document_alone(kept: httpx.Client) -> None:
    (hit,) = asked(kept, {"document": {"note": "tree", "tag": "a"}})
    assert hit["_score"] == pytest.approx(0.26152915 / 2)  # the documentation shows that of two such terms
    query = {"bool": {"filter": {"percolate": {"field": "query", "document": {"note": "tree", "tag": "a"}}}}}
    assert kept.post("/kept/_search", json={"query": query}).json()["hits"]["max_score"] == 0


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"match": {"nothing": "x"}}, "No field mapping can be found for the field with name [nothing]"),
        ({"unheard": {}}, "unknown query [unheard]"),
        ({"has_child": {"type": "x", "query": {"match_all": {}}}}, "the [has_child] query is unsupported"),
        ({"range": {"size": {"gte": "many"}}}, "many"),
        ({"semantic": {"field": "meaning", "query": "far"}}, "unsupported inside a percolator query"),
        ({"terms": {"tag": {"index": "kept", "id": "1", "path": "tag"}}}, "unsupported inside a percolator query"),
        ("tree", "query malformed"),
    ],
)
def test_a_query_that_could_not_run_is_refused_when_it_is_written(kept: httpx.Client, query: object, told: str) -> None:
    reply = kept.put("/kept/_doc/wrong", json={"query": query})
    error = reply.json()["error"]
    assert (reply.status_code, error["type"]) == (400, "document_parsing_exception"), reply.text
    assert "of type [percolator]" in error["reason"]
    assert told in reply.text


@pytest.mark.parametrize(
    ("percolate", "told"),
    [
        ({"field": "query"}, "nothing to percolate"),
        ({"field": "query", "index": "kept"}, "nothing to percolate"),
        ({"field": "note", "document": {}}, "expected field [note] to be of type [percolator], but is of type [text]"),
        ({"field": "none", "document": {}}, "field [none] does not exist"),
        ({"field": "query", "document": {"size": "many"}}, "failed to parse field [size]"),
        ({"field": "query", "document": {}, "documents": [{}]}, "not both"),
        ({"field": "query", "documents": [1]}, "must be an object"),
        ({"document": {}}, "requires 'field'"),
    ],
)
def test_what_cannot_be_percolated_is_refused(kept: httpx.Client, percolate: dict[str, Any], told: str) -> None:
    reply = kept.post("/kept/_search", json={"query": {"percolate": percolate}})
    assert reply.status_code == 400, reply.text
    assert told in reply.text


def test_percolators_are_not_in_nested_objects(indices: httpx.Client) -> None:
    inner = {"parts": {"type": "nested", "properties": {"query": {"type": "percolator"}}}}
    reply = indices.put("/wrong", json={"mappings": {"properties": inner}})
    assert (reply.status_code, "cannot be nested" in reply.text) == (400, True)


def some_query(rng: random.Random, depth: int = 0) -> dict[str, Any]:
    def pair() -> str:
        return " ".join(rng.sample(WORDS, 2))

    def inner() -> dict[str, Any]:
        return some_query(rng, depth + 1)

    def joined() -> dict[str, Any]:
        parts = rng.sample(["must", "should", "filter", "must_not"], rng.randint(1, 3))
        least = rng.choice([{}, {"minimum_should_match": 0}, {"minimum_should_match": 1}])
        return {"bool": {**{part: [inner()] for part in parts}, **least}}

    leaves: list[Callable[[], dict[str, Any]]] = [
        lambda: {"match": {"note": {"query": pair(), **rng.choice(HOWS)}}},
        lambda: {"match_phrase": {"note": pair()}},
        lambda: {"term": {rng.choice(["note", "tag"]): rng.choice(WORDS)}},
        lambda: {"terms": {"tag": rng.sample(WORDS, 2)}},
        lambda: {"exists": {"field": "tag"}},
    ]
    branches: list[Callable[[], dict[str, Any]]] = [
        lambda: {"dis_max": {"queries": [inner(), inner()]}},
        lambda: {"constant_score": {"filter": inner()}},
        joined,
    ]
    return rng.choice(leaves + branches * (depth < DEPTH))()


def alone(query: Any) -> Any:  # noqa: ANN401 (JSON)
    """The query whose words score without the factor k1 + 1, as in Lucene's memory index."""
    if isinstance(query, list):
        return [alone(each) for each in query]
    if not isinstance(query, dict):
        return query
    made = {kind: alone(body) for kind, body in query.items()}
    for kind, name in (("match", "query"), ("match_phrase", "query"), ("term", "value")):
        if kind in query:
            ((field, own),) = query[kind].items()
            made[kind] = {field: {**(own if isinstance(own, dict) else {name: own}), "boost": 1 / 2.2}}
    return made


def test_whatever_is_kept_is_found_as_if_it_had_been_asked(indices: httpx.Client) -> None:
    """Terms that queries need are only a shortcut: the answer is that of searching the document by each query."""
    rng = random.Random(3)  # noqa: S311 (no secret)
    queries = [some_query(rng) for _ in range(150)]
    properties = {name: MAPPING[name] for name in ("query", "note", "tag")}
    indices.put("/kept", json={"mappings": {"properties": properties}})
    indices.put("/plain", json={"mappings": {"properties": properties}})
    lines = [
        line for at, each in enumerate(queries) for line in ({"index": {"_id": str(at)}}, {"query": each, "tag": "k"})
    ]
    raw = b"".join(orjson.dumps(line) + b"\n" for line in lines)
    reply = indices.post("/kept/_bulk?refresh=true", content=raw, headers={"Content-Type": "application/x-ndjson"})
    assert not reply.json()["errors"], reply.text
    for _ in range(8):
        document = {"note": " ".join(rng.choices(WORDS, k=3)), "tag": rng.sample(WORDS, rng.randint(0, 2))}
        indices.put("/plain/_doc/1?refresh=true", json=document)
        asks = "".join(f"{{}}\n{orjson.dumps({'query': alone(each)}).decode()}\n" for each in queries)
        headers = {"Content-Type": "application/x-ndjson"}
        told = indices.post("/plain/_msearch", content=asks, headers=headers).json()["responses"]
        wanted = {str(at): each["hits"]["max_score"] for at, each in enumerate(told) if each["hits"]["hits"]}
        found = {hit["_id"]: hit["_score"] for hit in asked(indices, {"document": document}, size=200)}
        assert found == pytest.approx(wanted)


def test_what_is_said_of_a_query_has_no_objects_of_the_program(kept: httpx.Client) -> None:
    query = {"percolate": {"field": "query", "document": {"note": "tree"}}}
    told = kept.post("/kept/_validate/query?explain=true", json={"query": query}).text
    assert "'note': 'tree'" in told
    assert "object at 0x" not in told


def test_kept_queries_are_in_no_order(kept: httpx.Client) -> None:
    reply = kept.post("/kept/_search", json={"sort": ["query"]})
    assert (reply.status_code, "query" in reply.json()["error"]["root_cause"][0]["reason"]) == (400, True), reply.text
