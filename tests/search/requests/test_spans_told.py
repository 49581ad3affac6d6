"""Intervals and spans in requests: with names, in nested objects, explained."""

from typing import Any

import httpx
import pytest

INDEX = "positions"
NEAR = {"span_near": {"clauses": [{"span_term": {"text": word}} for word in ("cold", "porridge")], "slop": 0}}
RULE = {"intervals": {"text": {"match": {"query": "cold porridge", "max_gaps": 0, "ordered": True}}}}


@pytest.fixture(scope="module")
def food(http: httpx.Client) -> httpx.Client:
    http.delete(f"/{INDEX}")
    rooms = {"type": "nested", "properties": {"kind": {"type": "text"}}}
    properties = {"text": {"type": "text"}, "rooms": rooms, "word": {"type": "keyword"}}
    assert http.put(f"/{INDEX}", json={"mappings": {"properties": properties}}).is_success
    sources: list[dict[str, Any]] = [
        {"text": "cold porridge", "rooms": [{"kind": "large kitchen"}, {"kind": "bath"}]},
        {"text": "porridge, cold", "rooms": [{"kind": "large bath"}, {"kind": "kitchen"}]},
    ]
    for number, source in enumerate(sources):
        assert http.put(f"/{INDEX}/_doc/{number}?refresh=true", json=source).is_success
    return http


def hits(food: httpx.Client, query: dict[str, Any]) -> list[dict[str, Any]]:
    reply = food.post(f"/{INDEX}/_search", json={"query": query})
    assert reply.is_success, reply.text
    found: list[dict[str, Any]] = reply.json()["hits"]["hits"]
    return found


def test_names_tell_which_query_has_matched(food: httpx.Client) -> None:
    rule = {**RULE["intervals"]["text"], "_name": "rule"}
    loose = {"span_near": {**NEAR["span_near"], "in_order": False, "_name": "loose"}}
    found = hits(food, {"bool": {"should": [{"intervals": {"text": rule}}, loose]}})
    assert {hit["_id"]: sorted(hit["matched_queries"]) for hit in found} == {"0": ["loose", "rule"], "1": ["loose"]}


@pytest.mark.parametrize("query", [NEAR, RULE])
def test_a_document_is_explained(food: httpx.Client, query: dict[str, Any]) -> None:
    ((score,),) = ([hit["_score"]] for hit in hits(food, query))
    for id, matched in (("0", True), ("1", False)):
        told = food.post(f"/{INDEX}/_explain/{id}", json={"query": query}).json()
        assert told["matched"] == matched
        assert not matched or told["explanation"]["value"] == pytest.approx(score)
        lens = food.post(f"/{INDEX}/_connote/explain", json={"query": query, "id": id})
        assert lens.is_success
        assert lens.json()["clause"]["matched"] == matched


def test_words_stand_together_in_one_nested_object(food: httpx.Client) -> None:
    near = {"intervals": {"rooms.kind": {"match": {"query": "large kitchen"}}}}
    assert [hit["_id"] for hit in hits(food, {"nested": {"path": "rooms", "query": near}})] == ["0"]


def test_what_is_wrong_is_refused(food: httpx.Client) -> None:
    wrong: dict[str, Any] = {"intervals": {"text": {"near": {}}}}
    reply = food.post(f"/{INDEX}/_search", json={"query": wrong})
    assert (reply.status_code, reply.json()["error"]["type"]) == (400, "parsing_exception")
    reply = food.post(f"/{INDEX}/_search", json={"query": {"span_term": {"word": "a"}}})
    assert reply.status_code == 400
    assert "requires position data, but field word was indexed without position data" in reply.text
    reply = food.post(f"/{INDEX}/_validate/query", json={"query": wrong})
    assert reply.json()["valid"] is False
