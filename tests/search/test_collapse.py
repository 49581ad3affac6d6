"""Collapsed hits, and hits within hits."""

from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from shop import Document, fill


@pytest.fixture(scope="module")
def every(http: httpx.Client) -> list[Document]:
    return fill(http)


def hits(http: httpx.Client, **body: Any) -> list[dict[str, Any]]:  # noqa: ANN401 (JSON)
    """The hits of a search over both indices."""
    reply = http.post("/shop-*/_search", json=body)
    assert reply.is_success, reply.text
    found: list[dict[str, Any]] = reply.json()["hits"]["hits"]
    return found


def single(every: list[Document], field: str) -> list[Document]:
    """Those with at most one value, and with a price: no others can be collapsed."""
    return [each for each in every if len(each[field]) < 2 and "price" in each]


def ids(documents: list[Document]) -> dict[str, Any]:
    return {"ids": {"values": [each["id"] for each in documents]}}


def test_the_first_of_each_group_is_shown_page_by_page(http: httpx.Client, every: list[Document]) -> None:
    priced = single(every, "count")
    best: dict[Any, Document] = {}
    for each in sorted(priced, key=lambda each: -each["price"]):
        best.setdefault(each["count"][0] if each["count"] else None, each)
    wanted = [each["id"] for each in sorted(best.values(), key=lambda each: -each["price"])]
    got = []
    for start in range(0, len(wanted) + 3, 3):
        body = {"query": ids(priced), "sort": [{"price": "desc"}], "collapse": {"field": "count"}}
        got += [hit["_id"] for hit in hits(http, **body, size=3, **{"from": start})]
    assert got == wanted


def test_the_total_is_of_all_hits_and_the_value_is_shown(http: httpx.Client, every: list[Document]) -> None:
    tagged = single(every, "tag")
    reply = http.post("/shop-*/_search", json={"query": ids(tagged), "collapse": {"field": "tag"}, "size": 20}).json()[
        "hits"
    ]
    assert reply["total"]["value"] == len(tagged)
    shown = [hit["fields"]["tag"][0] for hit in reply["hits"]]
    assert len(shown) == len(set(shown))


@settings(max_examples=10, deadline=None)
@given(some.integers(0, 4), some.booleans())
def test_inner_hits_are_the_group(http: httpx.Client, every: list[Document], size: int, descending: bool) -> None:
    inner = {"name": "all", "size": size, "sort": [{"price": "desc" if descending else "asc"}], "_source": ["price"]}
    collapse = {"field": "count", "inner_hits": inner}
    counted = single(every, "count")
    for hit in hits(http, query=ids(counted), collapse=collapse, size=5):
        value = hit["fields"]["count"][0]
        own = [each for each in counted if (each["count"][0] if each["count"] else None) == value]
        found = hit["inner_hits"]["all"]["hits"]
        assert found["total"] == {"value": len(own), "relation": "eq"}
        prices = sorted((each["price"] for each in own), reverse=descending)
        assert [each["_source"]["price"] for each in found["hits"]] == prices[:size]


def test_a_group_may_be_collapsed_again(http: httpx.Client, every: list[Document]) -> None:
    both = [each for each in single(every, "count") if each["count"] and len(each["tag"]) == 1]
    inner = {"name": "all", "size": 20, "sort": [{"price": "asc"}], "collapse": {"field": "tag"}}
    for hit in hits(http, query=ids(both), collapse={"field": "count", "inner_hits": inner}, size=5):
        own = sorted((each for each in both if each["count"] == hit["fields"]["count"]), key=lambda each: each["price"])
        cheapest: dict[str, Document] = {}
        for each in own:
            cheapest.setdefault(each["tag"][0], each)
        found = hit["inner_hits"]["all"]["hits"]
        assert found["total"]["value"] == len(own)
        assert [each["fields"]["tag"][0] for each in found["hits"]] == list(cheapest)
        assert [each["_id"] for each in found["hits"]] == [each["id"] for each in cheapest.values()]
    again = {"field": "count", "inner_hits": {**inner, "collapse": {"field": "tag", "inner_hits": {"name": "x"}}}}
    reply = http.post("/shop-*/_search", json={"collapse": again})
    assert (reply.status_code, "cannot have [inner_hits]" in reply.text) == (400, True)


def test_what_leads_its_group_is_rescored(http: httpx.Client, every: list[Document]) -> None:
    counted = [each for each in single(every, "count") if each["count"]]
    by_price = {"script_score": {"query": ids(counted), "script": {"source": "doc['price'].value + 1000"}}}
    rescore = {"window_size": 50, "query": {"rescore_query": ids(counted[:3]), "rescore_query_weight": 1e6}}
    plain = hits(http, query=by_price, collapse={"field": "count"}, size=50)
    found = hits(http, query=by_price, collapse={"field": "count"}, rescore=rescore, size=50)
    assert sorted(hit["_id"] for hit in found) == sorted(hit["_id"] for hit in plain)
    first = {each["id"] for each in counted[:3]}
    wanted = sorted(plain, key=lambda hit: -(hit["_score"] + 1e6 * (hit["_id"] in first)))
    assert [hit["_id"] for hit in found] == [hit["_id"] for hit in wanted]


def test_nested_queries_show_the_objects_that_match(http: httpx.Client, every: list[Document]) -> None:
    by_id = {each["id"]: each for each in every}
    query = {
        "nested": {
            "path": "parts",
            "query": {"bool": {"filter": [{"term": {"parts.kind": "x"}}, {"range": {"parts.size": {"gte": 10}}}]}},
            "inner_hits": {"size": 10, "sort": [{"parts.size": "asc"}]},
        }
    }
    found = hits(http, query=query, size=50)
    assert found
    for hit in found:
        parts = by_id[hit["_id"]]["parts"]
        matching = [(at, each) for at, each in enumerate(parts) if each["kind"] == "x" and each["size"] >= 10]
        inner = hit["inner_hits"]["parts"]["hits"]
        assert inner["total"]["value"] == len(matching)
        wanted = sorted(matching, key=lambda pair: pair[1]["size"])
        assert [(each["_nested"]["offset"], each["_source"]) for each in inner["hits"]] == wanted
        assert {each["_nested"]["field"] for each in inner["hits"]} == {"parts"}


def test_knn_on_vectors_in_nested_objects_finds_documents_and_shows_passages(http: httpx.Client) -> None:
    http.delete("/passages")
    passages = {
        "type": "nested",
        "properties": {"text": {"type": "text"}, "vector": {"type": "dense_vector", "dims": 2, "similarity": "cosine"}},
    }
    assert http.put(
        "/passages", json={"mappings": {"properties": {"passages": passages, "kind": {"type": "keyword"}}}}
    ).is_success
    vectors: dict[str, list[list[float]]] = {"1": [[1, 0], [0.9, 0.1]], "2": [[0, 1], [0.6, 0.8]], "3": [[-1, 0]]}
    for id_, own in vectors.items():
        source = {
            "kind": "odd" if int(id_) % 2 else "even",
            "passages": [{"text": f"t{each}", "vector": each} for each in own],
        }
        assert http.put(f"/passages/_doc/{id_}?refresh=true", json=source).is_success
    knn = {"field": "passages.vector", "query_vector": [1, 0], "k": 2, "num_candidates": 10}
    inner = {"_source": False, "fields": ["passages.text"], "size": 1}
    found = http.post("/passages/_search", json={"knn": {**knn, "inner_hits": inner}}).json()["hits"]["hits"]
    assert [hit["_id"] for hit in found] == ["1", "2"]
    assert [hit["_score"] for hit in found] == pytest.approx([1.0, 0.8])
    best = found[1]["inner_hits"]["passages"]["hits"]["hits"][0]
    assert best["_nested"] == {"field": "passages", "offset": 1}
    assert best["fields"]["passages"][0]["text"] == ["t[0.6, 0.8]"]
    odd = http.post("/passages/_search", json={"knn": {**knn, "filter": {"term": {"kind": "odd"}}}}).json()["hits"][
        "hits"
    ]
    assert [hit["_id"] for hit in odd] == ["1", "3"]
    nested = {"nested": {"path": "passages", "query": {"knn": knn}, "score_mode": "max"}}
    found = http.post("/passages/_search", json={"query": nested}).json()["hits"]["hits"]
    assert [hit["_id"] for hit in found] == ["1", "2"]  # k counts documents, by the nearest passage of each


def test_a_field_that_cannot_be_collapsed_on_is_told_even_if_nothing_is_found(http: httpx.Client) -> None:
    http.put("/shop-empty", json={"mappings": {"properties": {"text": {"type": "text"}}}})
    for field, told in (("nope", "no mapping found"), ("text", "collapse is not supported")):
        reply = http.post("/shop-empty/_search", json={"collapse": {"field": field}})
        assert (reply.status_code, told in reply.text) == (400, True)
    assert http.delete("/shop-empty").is_success


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"collapse": {"field": "nope"}}, "no mapping found for `nope` in order to collapse on"),
        ({"collapse": {"field": "text"}}, "collapse is not supported for the field [text] of the type [text]"),
        ({"collapse": {"field": "count"}}, "failed to collapse on [count]: the grouping field must be single valued"),
        ({"collapse": {}}, "[collapse] requires a [field]"),
        ({"collapse": {"field": "price", "inner_hits": {"nope": 1}}}, "[inner_hits] unknown field [nope]"),
        ({"collapse": {"field": "price", "inner_hits": {"size": 1000}}}, "Inner result window is too large"),
    ],
)
def test_what_is_wrong_is_told(http: httpx.Client, every: list[Document], body: dict[str, Any], told: str) -> None:  # noqa: ARG001
    reply = http.post("/shop-*/_search", json=body)
    assert reply.status_code == 400
    assert told in reply.json()["error"]["root_cause"][0]["reason"]
