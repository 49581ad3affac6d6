"""What is told of queries and fields without searching: _count, _explain, _validate/query, _field_caps, _msearch."""

import json
from typing import Any

from homes import FLATS, HOUSES, Search

SEA = {"match": {"title": "sea"}}


def ask(search: Search, path: str, body: dict[str, Any], **params: str) -> Any:  # noqa: ANN401 (JSON)
    return search.http.post(path, json=body, params=params).json()


def test_documents_are_counted(search: Search) -> None:
    assert ask(search, "/homes/_count", {})["count"] == len(HOUSES) + len(FLATS)
    assert ask(search, "/houses/_count", {"query": SEA})["count"] == search(query=SEA)["hits"]["total"]["value"]
    assert ask(search, "/houses/_count", {}, q="city:oslo AND title:sea")["count"] == 2
    assert ask(search, "/houses/_count", {"query": SEA}, min_score="1000")["count"] == 0


def test_a_score_is_explained(search: Search) -> None:
    (hit,) = search(query=SEA, size=1)["hits"]["hits"]
    told = ask(search, f"/houses/_explain/{hit['_id']}", {"query": SEA})
    assert told["matched"] is True
    assert told["explanation"]["value"] == hit["_score"]
    assert ask(search, "/houses/_explain/2", {"query": SEA})["matched"] is False
    assert search.http.post("/houses/_explain/nobody", json={"query": SEA}).status_code == 404
    assert "query is missing" in ask(search, "/houses/_explain/1", {})["error"]["reason"]


def test_a_query_is_checked(search: Search) -> None:
    assert ask(search, "/houses/_validate/query", {"query": SEA})["valid"] is True
    told = ask(search, "/houses/_validate/query", {"query": {"match": {"title": "a", "city": "b"}}}, explain="true")
    assert (told["valid"], told["error"].split(":")[0]) == (False, "parsing_exception")


def test_capabilities_of_fields(search: Search) -> None:
    told = ask(search, "/homes/_field_caps", {"fields": ["pri*", "title", "rooms*"]})
    assert told["indices"] == ["flats", "houses"]
    long = {"type": "long", "metadata_field": False, "searchable": True, "aggregatable": True}
    assert told["fields"]["price"] == {"long": long}
    assert told["fields"]["title"]["text"]["aggregatable"] is False
    assert list(told["fields"]) == ["price", "rooms", "rooms.kind", "rooms.size", "title"]
    assert list(told["fields"]["rooms"]) == ["nested"]


def test_a_field_of_two_types_says_where_it_is_of_which(search: Search) -> None:
    search.http.put("/odd", json={"mappings": {"properties": {"price": {"type": "keyword"}}}})
    try:
        told = ask(search, "/houses,odd/_field_caps", {"fields": "price,rate"}, include_unmapped="true")["fields"]
    finally:
        search.http.delete("/odd")
    assert {kind: each["indices"] for kind, each in told["price"].items()} == {"keyword": ["odd"], "long": ["houses"]}
    assert told["rate"]["unmapped"]["indices"] == ["odd"]


def test_indices_that_sort_a_field_differently_are_told(search: Search) -> None:
    search.http.put("/odd/_doc/1?refresh=true", json={"price": "cheap"})
    try:
        error = search.error("houses,odd", sort=["price"])
    finally:
        search.http.delete("/odd")
    assert "Fielddata is disabled" in error["reason"]


def test_several_searches_of_which_some_fail(search: Search) -> None:
    lines = [{"index": "houses"}, {"query": SEA, "size": 1}, {"index": "nowhere"}, {}, {}, {"query": {"foo": {}}}]
    lines += [{"index": ["houses", "flats"]}, {"size": 0}, {"colour": 1}, {}]
    content = "".join(f"{json.dumps(line)}\n" for line in lines)
    reply = search.http.post("/_msearch", content=content, headers={"Content-Type": "application/x-ndjson"})
    found = reply.json()["responses"]
    assert [each["status"] for each in found] == [200, 404, 400, 200, 400]
    assert found[3]["hits"]["total"]["value"] == len(HOUSES) + len(FLATS)
    assert found[4]["error"]["reason"] == "key [colour] is not supported in the metadata section"


def test_named_queries_boosted_indices_and_least_scores(search: Search) -> None:
    named = {"bool": {"must": {"match": {"title": {"query": "sea", "_name": "words"}}}, "should": _oslo()}}
    found = search(query=named)["hits"]["hits"]
    assert {hit["_id"]: hit["matched_queries"] for hit in found}["1"] == ["words", "oslo"]
    assert {hit["_id"]: hit["matched_queries"] for hit in found}["3"] == ["words"]
    boosted = search("homes", query=SEA, indices_boost=[{"flats": 10}], size=5)["hits"]["hits"]
    assert {hit["_index"] for hit in boosted} == {"flats"}
    assert search("homes", query=SEA, min_score=1000)["hits"]["total"]["value"] == 0


def test_a_search_that_takes_too_long_says_so(search: Search) -> None:
    found = search(query=SEA, timeout="0ms")
    assert (found["timed_out"], found["hits"]["hits"]) == (True, [])
    assert search(query=SEA, timeout="10s")["timed_out"] is False


def test_what_no_search_knows_is_told(search: Search) -> None:
    assert search.error(colour=1) == {
        "type": "parsing_exception",
        "reason": "Unknown key for a VALUE_NUMBER in [colour].",
    }
    assert search.error("nowhere", 404)["type"] == "index_not_found_exception"
    assert "Result window is too large" in search.error(size=10_001)["reason"]
    assert "[size] parameter cannot be negative, found [-1]" in search.error(size=-1)["reason"]
    assert "search_after has 2 value(s) but sort has 1." in search.error(sort=["price"], search_after=[1, 2])["reason"]


def _oslo() -> dict[str, Any]:
    return {"term": {"city": {"value": "oslo", "_name": "oslo"}}}


def test_each_of_several_searches_says_what_its_patterns_mean(search: Search) -> None:
    def totals(**header: Any) -> Any:  # noqa: ANN401 (JSON)
        lines = [{"index": "shut*", **header}, {"size": 0}]
        body = "".join(json.dumps(line) + "\n" for line in lines)
        reply = search.http.post("/_msearch", content=body, headers={"Content-Type": "application/x-ndjson"})
        (found,) = reply.json()["responses"]
        return found["hits"]["total"]["value"] if "hits" in found else found["error"]["type"]

    search.http.put("/shut?wait_for_active_shards=0")
    search.http.post("/shut/_close")
    try:
        assert totals() == 0
        assert totals(expand_wildcards=["open", "closed"]) == "index_closed_exception"
        assert totals(expand_wildcards="shut") == "illegal_argument_exception"
    finally:
        search.http.delete("/shut")
