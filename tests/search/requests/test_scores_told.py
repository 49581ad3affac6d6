"""Scores have 32 bits, and are told in as many digits as these have."""

import re
from typing import Any

import httpx
import pytest

# The float32 nearest to a third is 0.3333333432674408: as a double it would be told like that.
THIRD: dict[str, Any] = {"constant_score": {"filter": {"match_all": {}}, "boost": 1 / 3}}
SCORES = re.compile(r'"(?:_score|max_score|value|sort|only)":\[?([0-9.e-]+)')


@pytest.fixture
def notes(indices: httpx.Client) -> httpx.Client:
    parts = {"type": "nested", "properties": {"n": {"type": "integer"}}}
    indices.put("/notes", json={"mappings": {"properties": {"parts": parts, "weight": {"type": "double"}}}})
    indices.put("/notes/_doc/1?refresh=true", json={"parts": [{"n": 1}], "weight": 1 / 3})
    return indices


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ({"query": THIRD}, 2),
        ({"query": THIRD, "sort": ["_score"]}, 3),
        ({"query": THIRD, "explain": True}, 3),
        ({"retriever": {"standard": {"query": THIRD}}}, 2),
        ({"query": THIRD, "size": 0, "aggs": {"best": {"top_hits": {}}}}, 2),
        ({"query": {"nested": {"path": "parts", "query": THIRD, "inner_hits": {}}}}, 4),
        ({"query": THIRD, "collapse": {"field": "weight", "inner_hits": {"name": "same"}}}, 4),
    ],
)
def test_a_third_is_a_third_of_32_bits(notes: httpx.Client, body: dict[str, Any], count: int) -> None:
    reply = notes.post("/notes/_search", json={"_source": False, **body})
    assert reply.is_success, reply.text
    assert SCORES.findall(reply.text).count("0.33333334") == count, reply.text
    assert "0.33333334326" not in reply.text


def test_scores_of_names_have_32_bits(notes: httpx.Client) -> None:
    named = {"constant_score": {**THIRD["constant_score"], "_name": "only"}}
    reply = notes.post("/notes/_search?include_named_queries_score=true", json={"query": named})
    assert '"matched_queries":{"only":0.33333334}' in reply.text


def test_an_explanation_of_a_document_has_32_bits(notes: httpx.Client) -> None:
    assert '"value":0.33333334,' in notes.post("/notes/_explain/1", json={"query": THIRD}).text


def test_what_is_aggregated_has_64_bits(notes: httpx.Client) -> None:
    found = notes.post("/notes/_search", json={"size": 0, "aggs": {"most": {"max": {"field": "weight"}}}})
    assert '"value":0.3333333333333333}' in found.text


def test_scores_are_the_same_when_a_search_is_kept(notes: httpx.Client) -> None:
    kept = notes.post("/notes/_async_search?keep_on_completion=true", json={"query": THIRD, "_source": False}).json()
    assert '"_score":0.33333334' in notes.get(f"/_async_search/{kept['id']}?wait_for_completion_timeout=5s").text
    notes.delete(f"/_async_search/{kept['id']}")


@pytest.mark.parametrize(("least", "count"), [(0.33333334, 1), (0.33333337, 0)])
def test_a_score_as_it_is_told_is_no_less_than_itself(notes: httpx.Client, least: float, count: int) -> None:
    told = {"min_score": least}
    inner = [{"retriever": {"standard": {"query": THIRD}}}]
    for body in (
        {"query": THIRD, **told},
        {"query": {"function_score": {"query": THIRD, **told}}},
        {"retriever": {"standard": {"query": THIRD, **told}}},
        {"retriever": {"linear": {"retrievers": inner, **told}}},
    ):
        reply = notes.post("/notes/_search", json=body)
        assert len(reply.json()["hits"]["hits"]) == count, reply.text
