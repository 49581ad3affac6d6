"""`rank_vectors`: a document has several vectors, and scripts add up how near each of a query's is to the nearest."""

from typing import Any

import httpx
import numpy as np
import pytest

rng = np.random.default_rng(7)
PAGES = {str(id): rng.normal(size=(int(count), 4)).round(3).tolist() for id, count in enumerate([1, 3, 2, 5])}
QUERY = rng.normal(size=(3, 4)).round(3).tolist()


@pytest.fixture
def pages(indices: httpx.Client) -> httpx.Client:
    fields = {"v": {"type": "rank_vectors"}, "b": {"type": "rank_vectors", "element_type": "bit", "dims": 16}}
    assert indices.put("/pages", json={"mappings": {"properties": fields}}).is_success
    for id, vectors in PAGES.items():
        assert indices.put(f"/pages/_doc/{id}?refresh={id in '13'}".lower(), json={"v": vectors}).is_success
    indices.put("/pages/_doc/bits?refresh=true", json={"b": [[127, -1], "0000"]})
    return indices


def scored(http: httpx.Client, field: str, source: str, **params: Any) -> httpx.Response:  # noqa: ANN401 (JSON)
    script = {"source": source, "params": params}
    query = {"script_score": {"query": {"exists": {"field": field}}, "script": script}}
    return http.post("/pages/_search", json={"query": query})


def test_the_nearest_vectors_of_a_document_are_added_up(pages: httpx.Client) -> None:
    reply = scored(pages, "v", "maxSimDotProduct(params.query, 'v') + 100", query=QUERY)
    assert reply.is_success, reply.text
    found = {hit["_id"]: hit["_score"] - 100 for hit in reply.json()["hits"]["hits"]}
    wanted = {id: (np.array(QUERY) @ np.array(own).T).max(axis=1).sum() for id, own in PAGES.items()}
    assert found == pytest.approx(wanted, abs=1e-4)
    assert list(found) == sorted(found, key=lambda id: -found[id])


def test_of_bits_it_counts_how_many_are_the_same(pages: httpx.Client) -> None:
    reply = scored(pages, "b", "maxSimInvHamming(params.query, 'b')", query=[[127, -1], [0, 1], "7f00"])
    assert reply.is_success, reply.text
    (hit,) = reply.json()["hits"]["hits"]
    assert hit["_score"] == pytest.approx(16 / 16 + 15 / 16 + 9 / 16)


def test_vectors_are_kept_as_they_came_and_shown_if_they_are_asked_for(pages: httpx.Client) -> None:
    assert pages.get("/pages/_mapping").json()["pages"]["mappings"]["properties"]["v"]["dims"] == 4
    assert "v" not in pages.get("/pages/_doc/1").json()["_source"]
    shown = pages.get("/pages/_doc/1?_source_exclude_vectors=false").json()["_source"]
    assert shown["v"] == PAGES["1"]


def test_fields_have_one_vector_beside_the_other(pages: httpx.Client) -> None:
    query = {"ids": {"values": ["1", "bits"]}}
    hits = pages.post("/pages/_search", json={"query": query, "fields": ["v", "b"]}).json()["hits"]["hits"]
    wanted = {"1": {"v": PAGES["1"]}, "bits": {"b": [[127, -1], "0000"]}}
    assert {hit["_id"]: hit["fields"] for hit in hits} == wanted


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"v": [1, 2, 3, 4]}, "must be an array of numbers"),
        ({"v": "AAAA"}, "must be an array of vectors"),
        ({"v": [[1, 2, 3, 4], [1, 2, 3]]}, "different numbers of dimensions: [3] and [4]"),
        ({"v": [[1e39, 2, 3, 4]]}, "must have finite lengths"),
        ({"b": [[1, 2, 3]]}, "different numbers of dimensions: [24] and [16]"),
        ({"b": [[1, 200]]}, "only support integers between [-128, 127]"),
    ],
)
def test_what_are_no_such_vectors_is_refused(pages: httpx.Client, document: dict[str, Any], told: str) -> None:
    reply = pages.post("/pages/_doc", json=document)
    assert reply.status_code == 400, reply.text
    assert told in reply.json()["error"]["caused_by"]["reason"]


@pytest.mark.parametrize(
    ("source", "query", "told"),
    [
        ("maxSimDotProduct(params.query, 'v')", [[1, 2]], "different number of dimensions [2]"),
        ("maxSimDotProduct(params.query, 'v')", [1, 2, 3, 4], "different number of dimensions [1]"),
        ("maxSimDotProduct(params.query, 'v')", [], "must be a list of vectors"),
        ("maxSimDotProduct(params.query, 'w')", [[1, 2, 3, 4]], "No rank_vectors field found for [w]"),
        ("maxSimInvHamming(params.query, 'v')", [[1, 2, 3, 4]], "only supported for byte or bit vectors"),
        ("dotProduct(params.query, 'v')", [1, 2, 3, 4], "No vector field found for [v]"),
    ],
)
def test_scripts_that_compare_nothing_are_refused(pages: httpx.Client, source: str, query: Any, told: str) -> None:  # noqa: ANN401
    reply = scored(pages, "v", source, query=query)
    assert (reply.status_code, told in reply.text) == (400, True), reply.text


def test_the_nearest_neighbours_are_not_sought_among_them(pages: httpx.Client) -> None:
    knn = {"field": "v", "query_vector": [1, 2, 3, 4], "k": 1, "num_candidates": 5}
    assert pages.post("/pages/_search", json={"knn": knn}).status_code == 400
