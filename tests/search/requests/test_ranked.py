"""The best hits are the same however they are looked for: alone, or with all that match."""

from typing import Any

import pytest

from homes import Search

SEA: dict[str, Any] = {"match": {"title": "sea house"}}
CHEAP: dict[str, Any] = {"range": {"price": {"lt": 40}}}
QUERIES: list[dict[str, Any]] = [
    SEA,
    {"match_all": {}},
    CHEAP,
    {"match": {"title": {"query": "sea", "boost": 2}}},
    {"bool": {"must": SEA, "filter": CHEAP}},
    {"bool": {"should": SEA, "must_not": CHEAP}},
    {"bool": {"should": [SEA, {"term": {"city": "rome"}}]}},
    {"knn": {"field": "look", "query_vector": [1, 0.5], "k": 4}},
    {"knn": {"field": "look", "query_vector": [1, 0.5], "k": 4, "filter": CHEAP}},
    {"constant_score": {"filter": SEA}},
]
MORE: list[dict[str, Any]] = [{}, {"post_filter": CHEAP}, {"from": 1, "size": 2}, {"indices_boost": [{"flats": 3}]}]
BESIDE: list[dict[str, Any]] = [
    {"aggs": {"n": {"value_count": {"field": "price"}}}},
    {"min_score": -1},
    {"highlight": {"fields": {}}},
]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("index", ["houses", "flats", "homes"])
@pytest.mark.parametrize("more", MORE)
def test_a_page_is_the_same_with_and_without_all_that_match(
    search: Search, query: dict[str, Any], index: str, more: dict[str, Any]
) -> None:
    alone = search(index=index, query=query, _source=False, **more)["hits"]
    for beside in BESIDE:
        body = search(index=index, query=query, _source=False, **more, **beside)
        assert body["hits"] == alone
    assert len(alone["hits"]) == min(more.get("size", 10), max(alone["total"]["value"] - more.get("from", 0), 0))
