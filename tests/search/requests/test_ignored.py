"""Values that a field cannot keep: left out where the mapping says so, and told of with the hit."""

from typing import Any

import httpx
import pytest

MAPPING = {
    "count": {"type": "integer", "ignore_malformed": True},
    "short": {"type": "keyword", "ignore_above": 3},
    "day": {"type": "date", "ignore_malformed": True},
}


@pytest.fixture
def odd(indices: httpx.Client) -> httpx.Client:
    indices.put("/odd", json={"mappings": {"properties": MAPPING}})
    indices.put("/odd/_doc/fine?refresh=true", json={"count": 1, "short": "abc", "day": "2024-01-01"})
    indices.put("/odd/_doc/long", json={"count": 2, "short": ["abcd", "ab"]})
    indices.put("/odd/_doc/both?refresh=true", json={"count": "many", "short": "abcde", "day": "2024-01-02"})
    return indices


def hits(http: httpx.Client, **body: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401 (JSON)
    reply = http.post("/odd/_search", json=body)
    assert reply.is_success, reply.text
    return {hit["_id"]: hit for hit in reply.json()["hits"]["hits"]}


def test_a_hit_tells_which_fields_left_something_out(odd: httpx.Client) -> None:
    found = hits(odd)
    assert "_ignored" not in found["fine"]
    assert (found["long"]["_ignored"], found["both"]["_ignored"]) == (["short"], ["count", "short"])


def test_a_document_by_id_tells_it_too_before_a_refresh(odd: httpx.Client) -> None:
    assert "_ignored" not in odd.get("/odd/_doc/fine").json()
    odd.put("/odd/_doc/new", json={"day": "soon", "count": 3})
    assert odd.get("/odd/_doc/new").json()["_ignored"] == ["day"]
    docs = odd.post("/odd/_mget", json={"ids": ["fine", "both"]}).json()["docs"]
    assert [each.get("_ignored") for each in docs] == [None, ["count", "short"]]


def test_with_the_fields_comes_what_was_left_out(odd: httpx.Client) -> None:
    found = hits(odd, fields=["count", "sh*"], _source=False)
    assert found["both"]["ignored_field_values"] == {"count": ["many"], "short": ["abcde"]}
    assert "fields" not in found["both"]
    assert found["long"]["fields"] == {"count": [2], "short": ["ab"]}
    assert found["long"]["ignored_field_values"] == {"short": ["abcd"]}
    assert "ignored_field_values" not in found["fine"]
    assert "ignored_field_values" not in hits(odd, fields=["day"])["both"]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"exists": {"field": "_ignored"}}, {"long", "both"}),
        ({"term": {"_ignored": "count"}}, {"both"}),
        ({"terms": {"_ignored": ["count", "day"]}}, {"both"}),
    ],
)
def test_documents_are_found_by_what_they_left_out(odd: httpx.Client, query: dict[str, Any], ids: set[str]) -> None:
    assert set(hits(odd, query=query)) == ids


def test_fields_that_left_something_out_are_counted(odd: httpx.Client) -> None:
    reply = odd.post("/odd/_search", json={"size": 0, "aggs": {"a": {"terms": {"field": "_ignored"}}}})
    buckets = reply.json()["aggregations"]["a"]["buckets"]
    assert [(each["key"], each["doc_count"]) for each in buckets] == [("short", 2), ("count", 1)]
