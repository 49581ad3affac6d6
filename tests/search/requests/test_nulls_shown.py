"""`fields` of documents with nulls: what the mapping has for them is their value, as searches find it."""

import httpx


def test_what_stands_for_null_is_a_value(indices: httpx.Client) -> None:
    fields = {
        "k": {"type": "keyword", "null_value": "NONE"},
        "n": {"type": "integer", "null_value": 7},
        "d": {"type": "date", "null_value": "2024-01-01"},
        "at": {"type": "geo_point", "null_value": "1,2"},
        "plain": {"type": "keyword"},
        "in": {"type": "nested", "properties": {"b": {"type": "boolean", "null_value": True}}},
    }
    assert indices.put("/nulls", json={"mappings": {"properties": fields}}).is_success
    document = {"k": None, "n": [1, None], "d": None, "at": None, "plain": None, "in": [{"b": None}, {"b": False}]}
    assert indices.put("/nulls/_doc/1?refresh=true", json=document).is_success
    assert indices.put("/nulls/_doc/2?refresh=true", json={"plain": "x"}).is_success
    body = {"fields": ["*"], "docvalue_fields": ["k"], "sort": ["k"]}
    one, two = indices.post("/nulls/_search", json=body).json()["hits"]["hits"]
    assert one["_source"] == document
    assert one["fields"] == {
        "k": ["NONE"],
        "n": [1, 7],
        "d": ["2024-01-01T00:00:00.000Z"],
        "at": [{"coordinates": [2.0, 1.0], "type": "Point"}],
        "in": [{"b": [True]}, {"b": [False]}],
    }
    assert two["fields"] == {"plain": ["x"]}, "nothing is no null"
