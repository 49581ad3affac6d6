"""Scrolls and points in time."""

import time
from typing import Any

import httpx
import pytest

from homes import FLATS, HOUSES, Search

ALL = sorted([*HOUSES, *FLATS])


def scrolled(http: httpx.Client, first: dict[str, Any]) -> list[str]:
    """The ids of all hits of a scroll."""
    ids, page = [], first
    while page["hits"]["hits"]:
        ids += [hit["_id"] for hit in page["hits"]["hits"]]
        page = http.post("/_search/scroll", json={"scroll_id": first["_scroll_id"], "scroll": "1m"}).json()
    return ids


@pytest.mark.usefixtures("search")
@pytest.mark.parametrize("sort", [["_doc"], ["city"], None])
def test_a_scroll_has_every_hit_once_as_they_were_when_it_was_opened(
    http: httpx.Client, sort: list[str] | None
) -> None:
    body = {"size": 4, **({"sort": sort} if sort else {"query": {"match": {"title": "sea house flat"}}})}
    first = http.post("/homes/_search?scroll=1m", json=body).json()
    http.put("/flats/_doc/late?refresh=true", json={"title": "sea", "city": "rome"})
    try:
        assert sorted(scrolled(http, first)) == ALL
    finally:
        http.delete("/flats/_doc/late?refresh=true")
    assert http.delete(f"/_search/scroll/{first['_scroll_id']}").json() == {"succeeded": True, "num_freed": 1}


def test_the_slices_of_a_scroll_have_every_hit_once(http: httpx.Client, search: Search) -> None:  # noqa: ARG001
    found = list[str]()
    for number in range(3):
        body = {"size": 2, "slice": {"id": number, "max": 3}, "query": {"match_all": {}}}
        own = scrolled(http, http.post("/homes/_search?scroll=1m", json=body).json())
        assert 0 < len(own) < len(ALL)
        found += own
    assert sorted(found) == ALL


def test_a_point_in_time_leaves_out_indices_in_which_nothing_passes_the_filter(
    http: httpx.Client, search: Search
) -> None:
    body = {"index_filter": {"exists": {"field": "built"}}}
    opened = http.post("/homes/_pit?keep_alive=1m", json=body).json()
    assert opened["_shards"]["total"] == 1
    assert sorted(search.ids("", pit={"id": opened["id"]}, size=30)) == sorted(HOUSES)
    http.request("DELETE", "/_pit", json={"id": opened["id"]})


def test_a_search_ends_where_it_has_seen_enough(http: httpx.Client, search: Search) -> None:
    tree = {"cities": {"value_count": {"field": "city"}}}
    told = search(query={"match_all": {}}, terminate_after=3, aggs=tree)
    assert (told["terminated_early"], told["hits"]["total"]) == (True, {"value": 3, "relation": "eq"})
    assert (len(told["hits"]["hits"]), told["aggregations"]["cities"]["value"]) == (3, 3)
    assert search(query={"term": {"city": "rome"}}, terminate_after=100)["terminated_early"] is False
    assert "terminated_early" not in search(query={"match_all": {}})
    counted = http.get("/houses/_count?terminate_after=4").json()
    assert (counted["count"], counted["terminated_early"]) == (4, True)
    assert search.error(query={"match_all": {}}, terminate_after=-1)["type"] == "action_request_validation_exception"


def test_what_breaks_ties_in_a_scroll_is_not_shown(search: Search, http: httpx.Client) -> None:
    hit = http.post("/homes/_search?scroll=1m", json={"sort": ["city"]}).json()["hits"]["hits"][0]
    assert hit["sort"] == ["bern"]
    found = http.post("/homes/_search?scroll=1m", json={"query": {"match": {"title": "sea"}}}).json()["hits"]
    assert "sort" not in found["hits"][0]
    assert (
        found["max_score"]
        == found["hits"][0]["_score"]
        == search(query={"match": {"title": "sea"}})["hits"]["max_score"]
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"from": 1}, "using [from] is not allowed in a scroll context"),
        ({"size": 0}, "[size] cannot be [0] in a scroll context"),
        ({"retriever": {"rrf": {"retrievers": [{"standard": {}}]}}}, "[retriever] cannot be used in a scroll context"),
    ],
)
def test_what_no_scroll_can_do(search: Search, body: dict[str, Any], reason: str) -> None:
    reply = search.http.post("/houses/_search?scroll=1m", json=body)
    assert reply.status_code == 400
    assert reason in reply.json()["error"]["reason"]


def test_a_scroll_that_is_over_is_told(search: Search) -> None:
    reply = search.http.post("/_search/scroll", json={"scroll_id": "nothing"})
    assert reply.status_code == 404
    assert reply.json()["error"]["root_cause"][0] == {
        "type": "search_context_missing_exception",
        "reason": "No search context found for id [nothing]",
    }
    assert search.http.request("DELETE", "/_search/scroll", json={"scroll_id": ["nothing"]}).status_code == 404


def test_a_scroll_closes_itself_when_it_is_not_used(search: Search) -> None:
    id = search.http.post("/houses/_search?scroll=200ms", json={"size": 1}).json()["_scroll_id"]
    time.sleep(0.5)
    assert search.http.post("/_search/scroll", json={"scroll_id": id}).status_code == 404


@pytest.mark.usefixtures("search")
def test_slices_of_a_scroll_have_every_document_once(http: httpx.Client) -> None:
    found: list[str] = []
    for number in range(3):
        body = {"slice": {"id": number, "max": 3}, "sort": ["_doc"], "size": 2}
        found += scrolled(http, http.post("/homes/_search?scroll=1m", json=body).json())
    assert sorted(found) == ALL


def test_a_point_in_time_stays_as_it_is(search: Search, http: httpx.Client) -> None:
    id = http.post("/homes/_pit?keep_alive=1m").json()["id"]
    http.put("/flats/_doc/late?refresh=true", json={"title": "sea", "city": "rome"})
    http.put("/flats/_doc/f1?refresh=true", json={"title": "gone"})
    try:
        pages = list(search.pages("", sort=["city"], pit={"id": id, "keep_alive": "1m"}))
        assert sorted(hit["_id"] for page in pages for hit in page) == ALL
        assert [len(hit["sort"]) for page in pages for hit in page] == [2] * len(ALL)  # the second is its place
        sources = [hit["_source"]["title"] for page in pages for hit in page if hit["_id"] == "f1"]
        assert sources == [FLATS["f1"]["title"]]
        assert search("", pit={"id": id})["pit_id"] == id
        assert http.request("DELETE", "/_pit", json={"id": id}).json() == {"succeeded": True, "num_freed": 1}
        assert search.error("", 404, pit={"id": id})["type"] == "search_context_missing_exception"
    finally:
        http.delete("/flats/_doc/late")
        http.put("/flats/_doc/f1?refresh=true", json=FLATS["f1"])


def test_a_point_in_time_has_its_own_indices(search: Search, http: httpx.Client) -> None:
    id = http.post("/homes/_pit?keep_alive=1m").json()["id"]
    assert "[indices] cannot be used with point in time" in search.error("houses", pit={"id": id})["reason"]


def test_what_is_kept_of_a_deleted_index_is_told_as_not_there(http: httpx.Client) -> None:
    http.put("/short/_doc/1?refresh=true", json={"a": 1})
    id = http.post("/short/_pit?keep_alive=1m").json()["id"]
    http.delete("/short")
    reply = http.post("/_search", json={"pit": {"id": id}})
    assert (reply.status_code, reply.json()["error"]["type"]) == (404, "index_not_found_exception")


@pytest.mark.parametrize("alive", ["", "2d", "soon", "-1", "0"])
def test_how_long_a_point_in_time_is_kept_must_be_said_and_be_sensible(http: httpx.Client, alive: str) -> None:
    http.put("/short/_doc/1", json={"a": 1})
    assert http.post("/short/_pit", params={"keep_alive": alive}).status_code == 400
    assert http.post("/short/_pit").status_code == 400
    http.delete("/short")
