"""Hits within hits: objects in objects, and the parents and children of a hit."""

from typing import Any

import httpx
import pytest

THREADS = {
    "talk": {"type": "join", "relations": {"question": "answer"}},
    "text": {"type": "text"},
    "votes": {"type": "nested", "properties": {"stars": {"type": "integer"}}},
}
PULLS = {
    "comments": {
        "type": "nested",
        "properties": {
            "text": {"type": "text"},
            "edits": {"type": "nested", "properties": {"diff": {"type": "text"}, "lines": {"type": "integer"}}},
        },
    }
}


@pytest.fixture
def threads(indices: httpx.Client) -> httpx.Client:
    indices.put("/threads", json={"mappings": {"properties": THREADS}})
    for id, body in {
        "q1": {"talk": "question", "text": "how to cook rice"},
        "q2": {"talk": "question", "text": "how to cook eggs"},
        "a1": {"talk": {"name": "answer", "parent": "q1"}, "text": "with water", "votes": [{"stars": 1}, {"stars": 5}]},
        "a2": {
            "talk": {"name": "answer", "parent": "q1"},
            "text": "cold water, then hot water",
            "votes": [{"stars": 5}],
        },
        "a3": {"talk": {"name": "answer", "parent": "q2"}, "text": "in oil"},
    }.items():
        # A refresh now and then, so that families are in several segments.
        made = indices.put(f"/threads/_doc/{id}?routing=q1&refresh={str(id != 'a1').lower()}", json=body)
        assert made.status_code == 201, made.text
    return indices


def hits(http: httpx.Client, index: str, query: dict[str, Any]) -> list[dict[str, Any]]:
    reply = http.post(f"/{index}/_search", json={"query": query})
    assert reply.is_success, reply.text
    found: list[dict[str, Any]] = reply.json()["hits"]["hits"]
    return found


def test_children_that_match_are_shown_with_their_parent(threads: httpx.Client) -> None:
    inner = {"sort": ["_score"], "_source": ["text"], "highlight": {"fields": {"text": {}}}}
    asked = {"type": "answer", "query": {"match": {"text": "water"}}, "score_mode": "max", "inner_hits": inner}
    (hit,) = hits(threads, "threads", {"has_child": asked})
    shown = hit["inner_hits"]["answer"]["hits"]
    assert (hit["_id"], shown["total"]["value"], shown["max_score"]) == ("q1", 2, hit["_score"])
    assert {each["_id"]: each["_routing"] for each in shown["hits"]} == {"a1": "q1", "a2": "q1"}
    by_id = {each["_id"]: each for each in shown["hits"]}
    assert by_id["a1"]["_source"] == {"text": "with water"}
    assert by_id["a1"]["highlight"] == {"text": ["with <em>water</em>"]}


def test_what_matches_in_children_is_not_highlighted_in_their_parent(threads: httpx.Client) -> None:
    asked = {
        "type": "answer",
        "query": {"match": {"text": {"query": "water rice", "_name": "inner"}}},
        "_name": "outer",
    }
    body = {"query": {"has_child": asked}, "highlight": {"fields": {"text": {}}}}
    (hit,) = threads.post("/threads/_search", json=body).json()["hits"]["hits"]
    assert hit["matched_queries"] == ["outer"]
    assert "highlight" not in hit


def test_the_parent_is_shown_with_each_child(threads: httpx.Client) -> None:
    asked = {
        "parent_type": "question",
        "query": {"match": {"text": "eggs"}},
        "score": True,
        "inner_hits": {"name": "on"},
    }
    (hit,) = hits(threads, "threads", {"bool": {"must": {"has_parent": asked}}})
    (parent,) = hit["inner_hits"]["on"]["hits"]["hits"]
    assert (hit["_id"], parent["_id"], parent["_score"]) == ("a3", "q2", hit["_score"])


def test_children_show_inner_hits_of_their_own(threads: httpx.Client) -> None:
    stars = {"nested": {"path": "votes", "query": {"term": {"votes.stars": 5}}, "inner_hits": {}}}
    (hit,) = hits(threads, "threads", {"has_child": {"type": "answer", "query": stars, "inner_hits": {}}})
    assert list(hit["inner_hits"]) == ["answer"]
    found = {
        each["_id"]: each["inner_hits"]["votes"]["hits"]["hits"] for each in hit["inner_hits"]["answer"]["hits"]["hits"]
    }
    assert {id: [each["_nested"]["offset"] for each in own] for id, own in found.items()} == {"a1": [1], "a2": [0]}


def test_objects_in_objects_are_shown_level_by_level(indices: httpx.Client) -> None:
    indices.put("/pulls", json={"mappings": {"properties": PULLS}})
    comments = [
        {"text": "first", "edits": [{"diff": "old words", "lines": 1}]},
        {"text": "second", "edits": [{"diff": "none", "lines": 2}, {"diff": "new words", "lines": 3}]},
    ]
    indices.put("/pulls/_doc/1?refresh=true", json={"comments": comments})
    edits = {"path": "comments.edits", "query": {"match": {"comments.edits.diff": "new"}}, "inner_hits": {}}
    outer = {"path": "comments", "query": {"nested": edits}, "inner_hits": {}}
    (hit,) = hits(indices, "pulls", {"nested": outer})
    assert list(hit["inner_hits"]) == ["comments"]
    (comment,) = hit["inner_hits"]["comments"]["hits"]["hits"]
    assert comment["_nested"] == {"field": "comments", "offset": 1}
    assert comment["_source"]["text"] == "second"
    (edit,) = comment["inner_hits"]["comments.edits"]["hits"]["hits"]
    assert edit["_nested"] == {"field": "comments", "offset": 1, "_nested": {"field": "edits", "offset": 1}}
    assert edit["_source"] == {"diff": "new words", "lines": 3}
    (alone,) = hits(indices, "pulls", {"nested": edits})
    assert alone["inner_hits"]["comments.edits"]["hits"]["hits"][0]["_nested"] == edit["_nested"]


def test_top_hits_of_nested_objects_are_these_objects(threads: httpx.Client) -> None:
    top = {"top_hits": {"size": 2, "sort": [{"votes.stars": "desc"}, "_doc"], "_source": ["votes.stars"]}}
    plain = {"top_hits": {"size": 5}}
    aggs = {"votes": {"nested": {"path": "votes"}, "aggs": {"best": top, "any": plain}}}
    query = {"match": {"text": "water"}}
    reply = threads.post("/threads/_search", json={"size": 0, "query": query, "aggs": aggs})
    assert reply.is_success, reply.text
    found = reply.json()["aggregations"]["votes"]
    best = found["best"]["hits"]
    assert (found["doc_count"], best["total"]["value"], best["max_score"]) == (3, 3, None)
    assert [each["_source"] for each in best["hits"]] == [{"stars": 5}, {"stars": 5}]
    places = {each["_id"]: (each["_nested"], each["sort"][0]) for each in best["hits"]}
    assert places == {
        "a1": ({"field": "votes", "offset": 1}, 5),
        "a2": ({"field": "votes", "offset": 0}, 5),
    }
    scores = {hit["_id"]: hit["_score"] for hit in hits(threads, "threads", query)}
    shown = [(each["_id"], each["_score"]) for each in found["any"]["hits"]["hits"]]
    assert sorted(shown) == sorted((id, scores[id]) for id in ("a1", "a1", "a2"))


def test_buckets_lead_to_children_and_back_to_parents(threads: httpx.Client) -> None:
    up = {"parent": {"type": "answer"}, "aggs": {"which": {"terms": {"field": "talk#question"}}}}
    down = {"children": {"type": "answer"}, "aggs": {"up": up, "votes": {"nested": {"path": "votes"}}}}
    rice = {"filter": {"match": {"text": "rice"}}, "aggs": {"answers": down}}
    oil = {"filter": {"match": {"text": "oil"}}, "aggs": {"up": up, "down": {"children": {"type": "answer"}}}}
    aggs = {"rice": rice, "oil": oil, "all": {"children": {"type": "answer"}}, "no": {"children": {"type": "nothing"}}}
    reply = threads.post("/threads/_search", json={"size": 0, "aggs": aggs})
    assert reply.is_success, reply.text
    found = reply.json()["aggregations"]
    answers = found["rice"]["answers"]
    assert (answers["doc_count"], answers["votes"]["doc_count"], answers["up"]["doc_count"]) == (2, 3, 1)
    assert answers["up"]["which"]["buckets"] == [{"key": "q1", "doc_count": 1}]
    assert found["oil"]["up"]["which"]["buckets"] == [{"key": "q2", "doc_count": 1}]
    assert [found["oil"]["down"]["doc_count"], found["all"]["doc_count"], found["no"]["doc_count"]] == [0, 3, 0]
    threads.delete("/threads/_doc/a1?routing=q1&refresh=true")
    after = threads.post("/threads/_search", json={"size": 0, "aggs": {"all": {"children": {"type": "answer"}}}}).json()
    assert after["aggregations"]["all"]["doc_count"] == 2
