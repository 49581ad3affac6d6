"""kNN searches over several indices."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from homes import Search

MAPPING = {"properties": {"at": {"type": "dense_vector", "dims": 1, "similarity": "l2_norm"}, "n": {"type": "integer"}}}
PLACES = {"near": [1, 3, 5, 7], "far": [2, 4, 100], "none": []}


@pytest.fixture(scope="module")
def places(http: httpx.Client) -> Iterator[Search]:
    """Three indices of places on a line, one of them without any."""
    for index, found in PLACES.items():
        assert http.put(f"/{index}", json={"mappings": MAPPING}).is_success
        for number in found:
            assert http.put(f"/{index}/_doc/{number}?refresh=true", json={"at": [number], "n": number}).is_success
    yield Search(http)
    assert http.delete(f"/{','.join(PLACES)}").is_success


def near(k: int, **more: object) -> dict[str, Any]:
    return {"field": "at", "query_vector": [0], "k": k, "num_candidates": 10, **more}


def ids(body: dict[str, Any]) -> list[int]:
    return [int(hit["_id"]) for hit in body["hits"]["hits"]]


@pytest.mark.parametrize("k", [1, 2, 3, 5, 10])
def test_the_first_are_of_all_indices_together(places: Search, k: int) -> None:
    found = places("near,far,none", knn=near(k), aggs={"sum": {"sum": {"field": "n"}}})
    wanted = [1, 2, 3, 4, 5, 7, 100][:k]
    assert ids(found) == wanted
    assert found["hits"]["total"]["value"] == len(wanted)
    assert found["aggregations"]["sum"]["value"] == sum(wanted)


def test_with_filters_orders_and_queries(places: Search) -> None:
    odd = {"terms": {"n": [3, 5, 7]}}
    assert ids(places("near,far", knn=near(2, filter=odd))) == [3, 5]
    assert ids(places("near,far", knn=near(3), sort=[{"n": "desc"}])) == [3, 2, 1]
    assert ids(places("near,far", knn=near(1), query={"term": {"n": 100}})) == [100, 1]
    assert ids(places("near,far", knn=[near(1), near(1, query_vector=[100])])) == [100, 1]
    assert ids(places("near,far", knn=near(2), post_filter={"term": {"n": 2}})) == [2]


def test_a_retriever_takes_them_of_all_indices_too(places: Search) -> None:
    assert ids(places("near,far", retriever={"knn": near(3)})) == [1, 2, 3]
    parts = [{"knn": near(2)}, {"standard": {"query": {"term": {"n": 100}}}}]
    assert sorted(ids(places("near,far", retriever={"rrf": {"retrievers": parts}}))) == [1, 2, 100]


@pytest.mark.parametrize("k", [1, 3, 10])
def test_totals_and_aggregations_of_retrievers_are_of_all_indices_together(places: Search, k: int) -> None:
    wanted = [1, 2, 3, 4, 5, 7, 100][:k]
    rescored = {"rescorer": {"retriever": {"knn": near(k)}, "rescore": {"query": {"rescore_query": {"match_all": {}}}}}}
    for retriever in ({"knn": near(k)}, {"rrf": {"retrievers": [{"knn": near(k)}, {"knn": near(1)}]}}, rescored):
        found = places("near,far,none", retriever=retriever, aggs={"sum": {"sum": {"field": "n"}}})
        assert sorted(ids(found)) == wanted
        assert (found["hits"]["total"]["value"], found["aggregations"]["sum"]["value"]) == (
            min(7, k),
            sum(wanted),
        )


def test_a_query_among_others_takes_the_first_of_each_index(places: Search) -> None:
    assert ids(places("near,far", query={"knn": near(1)})) == [1, 2]


def test_explanations_and_names_are_of_the_query(places: Search) -> None:
    (hit,) = places("near,far", knn=near(1, _name="close"), explain=True)["hits"]["hits"]
    assert hit["matched_queries"] == ["close"]
    assert hit["_explanation"]["value"] == hit["_score"]


def test_a_name_is_told_of_the_first_alone(places: Search) -> None:
    hits = places("near,far", knn=near(1, _name="close"), query={"match_all": {}})["hits"]["hits"]
    assert [hit["_id"] for hit in hits if "matched_queries" in hit] == ["1"]
