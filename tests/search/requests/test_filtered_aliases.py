"""Aliases with filters: what they hold back is not there for whoever reads by them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from homes import HOUSES, Search

ROMAN = sorted(id for id, each in HOUSES.items() if each.get("city") == "rome")


@pytest.fixture(scope="module", autouse=True)
def named(search: Search) -> Iterator[None]:
    """`roman` is houses of Rome, `cheap` some others, `every` all of them; `roman-homes` has all flats, too."""
    rome = {"term": {"city": "rome"}}
    actions = [
        {"add": {"index": "houses", "alias": "roman", "filter": rome, "routing": "1"}},
        {"add": {"index": "houses", "alias": "cheap", "filter": {"range": {"price": {"lt": 30}}}}},
        {"add": {"index": "houses", "alias": "every"}},
        {"add": {"index": "houses", "alias": "roman-homes", "filter": rome}},
        {"add": {"index": "flats", "alias": "roman-homes"}},
    ]
    assert search.http.post("/_aliases", json={"actions": actions}).is_success
    yield
    removed = [{"remove": {"index": "*", "alias": ["roman", "cheap", "every", "roman-homes"]}}]
    assert search.http.post("/_aliases", json={"actions": removed}).is_success


def test_a_search_finds_what_the_filter_lets_pass(search: Search) -> None:
    assert sorted(search.ids("roman", size=20)) == ROMAN
    by_price = search.ids("cheap", size=20)
    assert 0 < len(by_price) < len(HOUSES)
    assert sorted(search.ids("roman,cheap", size=20)) == sorted({*ROMAN, *by_price})
    flats = search.ids("flats", size=20)
    assert sorted(search.ids("roman-homes", size=30)) == sorted([*ROMAN, *flats])


@pytest.mark.parametrize("name", ["houses", "roman,houses", "roman,every", "rom*,house*", "_all"])
def test_whoever_names_the_index_too_sees_all_of_it(search: Search, name: str) -> None:
    assert set(HOUSES) <= set(search.ids(name, size=30))


def test_scores_stay_those_of_the_whole_index(search: Search) -> None:
    query = {"match": {"title": "house"}}
    everywhere = {hit["_id"]: hit["_score"] for hit in search(query=query, size=20)["hits"]["hits"]}
    for hit in search("roman", query=query, size=20)["hits"]["hits"]:
        assert hit["_score"] == everywhere[hit["_id"]]


def test_neighbours_are_looked_for_among_what_is_let_pass(search: Search) -> None:
    knn = {"field": "look", "query_vector": [1, 0], "k": len(ROMAN), "num_candidates": 20}
    assert sorted(search.ids("roman", knn=knn)) == ROMAN
    tree = {"rrf": {"retrievers": [{"knn": knn}, {"standard": {"query": {"match_all": {}}}}]}}
    assert sorted(search.ids("roman", retriever=tree)) == ROMAN


def test_even_global_aggregations_count_only_that(search: Search) -> None:
    tree = {"all": {"global": {}, "aggs": {"cities": {"terms": {"field": "city"}}}}}
    found = search("roman", query={"match_none": {}}, aggs=tree)["aggregations"]["all"]
    assert (found["doc_count"], [each["key"] for each in found["cities"]["buckets"]]) == (len(ROMAN), ["rome"])


def test_counts_scrolls_points_in_time_and_several_searches_keep_to_it(search: Search) -> None:
    http = search.http
    assert http.get("/roman/_count").json()["count"] == len(ROMAN)
    scroll = http.post("/roman/_search?scroll=1m", json={"size": 20}).json()
    assert len(scroll["hits"]["hits"]) == len(ROMAN)
    pit = http.post("/roman/_pit?keep_alive=1m").json()["id"]
    assert sorted(search.ids("", pit={"id": pit}, size=20)) == ROMAN
    assert http.request("DELETE", "/_pit", json={"id": pit}).is_success
    lines = "".join(json.dumps(each) + "\n" for each in ({"index": "roman"}, {"size": 20}, {}, {"size": 0}))
    headers = {"Content-Type": "application/x-ndjson"}
    first, second = http.post("/cheap/_msearch", content=lines, headers=headers).json()["responses"]
    assert sorted(hit["_id"] for hit in first["hits"]["hits"]) == ROMAN
    assert second["hits"]["total"]["value"] == http.get("/cheap/_count").json()["count"]


def test_explain_tells_that_the_filter_holds_a_document_back(search: Search) -> None:
    other = next(id for id in HOUSES if id not in ROMAN)
    query: dict[str, Any] = {"query": {"match_all": {}}}
    assert search.http.post(f"/roman/_explain/{ROMAN[0]}", json=query).json()["matched"] is True
    told = search.http.post(f"/roman/_explain/{other}", json=query)
    assert (told.status_code, told.json()["matched"]) == (200, False)
    assert search.http.get(f"/roman/_doc/{other}").json()["found"] is True
    assert search.http.post("/roman/_explain/nothing", json=query).status_code == 404


def test_explain_finds_neighbours_among_what_is_let_pass(search: Search) -> None:
    knn = {"knn": {"field": "look", "query_vector": [1, 1], "k": 1, "num_candidates": 1}}
    ((id, score),) = [(hit["_id"], hit["_score"]) for hit in search("roman", query=knn)["hits"]["hits"]]
    assert id not in search.ids(query=knn)
    told = search.http.post(f"/roman/_explain/{id}", json={"query": knn}).json()
    assert told["explanation"]["value"] == score
    assert search.http.post(f"/houses/_explain/{id}", json={"query": knn}).json()["matched"] is False


@pytest.mark.parametrize("kind", ["query", "retriever"])
def test_the_lens_sees_what_searches_see(search: Search, kind: str) -> None:
    query: dict[str, Any] = {"match": {"title": "house"}}
    wanted = {"query": query} if kind == "query" else {"retriever": {"standard": {"query": query}}}
    other = next(id for id in HOUSES if id not in ROMAN)
    held_back = search.http.post("/roman/_connote/explain", json={**wanted, "id": other})
    assert (held_back.status_code, held_back.json()["found"]) == (404, False)
    assert search.http.post("/houses/_connote/explain", json={**wanted, "id": other}).json()["matched"] is True
    hits = search("roman", size=20, **wanted)["hits"]["hits"]
    for rank, hit in enumerate(hits, start=1):
        told = search.http.post("/roman/_connote/explain", json={**wanted, "id": hit["_id"]}).json()
        assert told["score"] == pytest.approx(hit["_score"])
        assert told["rank"] <= rank <= len(ROMAN)


def test_aliases_show_their_filters(search: Search) -> None:
    shown = search.http.get("/_alias/roman").json()["houses"]["aliases"]["roman"]
    assert shown == {"filter": {"term": {"city": "rome"}}, "index_routing": "1", "search_routing": "1"}
    (row,) = search.http.get("/_cat/aliases/roman?format=json").json()
    assert row["filter"] == "*"


def test_a_filter_that_is_no_query_is_refused(search: Search) -> None:
    wrong = search.http.put("/houses/_alias/wrong", json={"filter": {"nothing": {}}})
    assert wrong.status_code == 400
    assert wrong.json()["error"]["reason"].startswith("failed to parse filter for alias [wrong]")
