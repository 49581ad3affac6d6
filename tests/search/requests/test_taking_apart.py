"""Scripts that take texts apart, fields made of several parts, and fields that a document need not have."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from homes import Search

LINES = [
    '17.2.0.9 - - [02/May/2031:08:15:00 +0200] "GET /plans/attic.pdf HTTP/1.1" 200 5120',
    '17.2.0.10 - - [02/May/2031:08:16:10 +0200] "POST /offers HTTP/1.1" 503 77',
    "gate opened by hand",
]
EVERY: dict[str, Any] = {"match_all": {}}
GROK = {
    "type": "composite",
    "script": "emit(grok('%{COMMONAPACHELOG}').extract(doc['line'].value))",
    "fields": {"clientip": {"type": "ip"}, "verb": {"type": "keyword"}, "response": {"type": "long"}},
}


@pytest.fixture(scope="module")
def gate(http: httpx.Client) -> Iterator[Search]:
    properties = {"line": {"type": "wildcard"}, "note": {"type": "text"}, "visits": {"type": "unsigned_long"}}
    http.put("/gate", json={"mappings": {"properties": properties, "runtime": {"http": GROK}}})
    rows = [{"line": line, "note": f"Note {n}", **({"visits": n} if n else {})} for n, line in enumerate(LINES)]
    lines = [each for n, row in enumerate(rows) for each in ({"index": {"_id": str(n)}}, row)]
    content = "".join(f"{json.dumps(line)}\n" for line in lines)
    http.post("/gate/_bulk?refresh=true", content=content, headers={"Content-Type": "application/x-ndjson"})
    yield Search(http)
    http.delete("/gate")


def test_one_script_makes_all_parts_of_a_composite_field(gate: Search) -> None:
    assert gate.ids("gate", query={"term": {"http.clientip": "17.2.0.0/24"}}) == ["0", "1"]
    assert gate.ids("gate", query={"range": {"http.response": {"gte": 500}}}) == ["1"]
    (hit, *_) = gate("gate", query=EVERY, sort=[{"http.response": "asc"}], fields=["http.*"])["hits"]["hits"]
    assert hit["fields"] == {"http.clientip": ["17.2.0.9"], "http.verb": ["GET"], "http.response": [200]}
    shown = gate.http.get("/gate/_mapping").json()["gate"]["mappings"]["runtime"]
    assert shown == {"http": GROK}


def test_parts_may_be_emitted_one_by_one(gate: Search) -> None:
    field = {
        "type": "composite",
        "script": "emit('size', doc['line'].value.length())",
        "fields": {"size": {"type": "long"}},
    }
    found = gate("gate", query=EVERY, runtime_mappings={"a": field}, aggs={"m": {"max": {"field": "a.size"}}})
    assert found["aggregations"]["m"]["value"] == max(map(len, LINES))


def test_dissect_gives_a_map_or_null(gate: Search) -> None:
    source = """
        Map found = dissect('%{ip} - - [%{at}] "%{verb} %{}').extract(doc["line"].value);
        if (found != null) emit(found.verb + '@' + found.ip)
    """
    field = {"type": "keyword", "script": source}
    found = gate("gate", query=EVERY, runtime_mappings={"who": field}, fields=["who"], _source=False)["hits"]["hits"]
    assert [hit.get("fields") for hit in found] == [{"who": ["GET@17.2.0.9"]}, {"who": ["POST@17.2.0.10"]}, None]


@pytest.mark.parametrize(
    ("pattern", "told"),
    [("grok('%{NOSUCH:a}')", "Unable to find pattern [NOSUCH]"), ("dissect('none')", "no keys found")],
)
def test_a_pattern_that_is_none_is_told(gate: Search, pattern: str, told: str) -> None:
    field = {"type": "keyword", "script": f"emit({pattern}.extract(doc['line'].value).a)"}
    reply = gate.http.post(
        "/gate/_search", json={"runtime_mappings": {"a": field}, "query": {"exists": {"field": "a"}}}
    )
    assert reply.status_code == 400
    assert told in reply.text


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ({"type": "composite", "fields": {"a": {"type": "long"}}}, "must declare a [script]"),
        ({"type": "composite", "script": "emit(1)"}, "must declare its [fields]"),
        ({"type": "composite", "script": "emit([:])", "fields": {"a": {"type": "text"}}}, "does not exist"),
        ({"type": "composite", "script": "emit([:])", "fields": {"a": {"type": "long", "script": "1"}}}, "alone"),
        ({"type": "composite", "script": "emit([:])", "fields": {"a": {"type": "long"}}, "x": 1}, "unknown parameter"),
    ],
)
def test_what_is_wrong_with_a_composite_field_is_told(gate: Search, field: Any, told: str) -> None:  # noqa: ANN401
    assert told in gate.error("gate", runtime_mappings={"c": field}, query=EVERY)["reason"]


def test_a_field_may_have_something_in_place_of_no_value(gate: Search) -> None:
    fields = {
        "visits": "field('visits').get(-1)",
        "short": "$('visits', -1)",
        "big": "field('visits').asBigInteger(BigInteger.TEN) + 0.0",
        "unmapped": "field('nowhere').isEmpty() && field('nowhere').get(2, 'x') == 'x'",
        "text": "field('note').get('')",
        "none": "explanation == null",
    }
    body = {name: {"script": source} for name, source in fields.items()}
    found = [hit["fields"] for hit in gate("gate", query=EVERY, script_fields=body)["hits"]["hits"]]
    same: dict[str, Any] = {"unmapped": [True], "none": [True]}
    assert found == [
        {"visits": [-1], "short": [-1], "big": [10.0], "text": ["Note 0"], **same},
        {"visits": [1], "short": [1], "big": [1.0], "text": ["Note 1"], **same},
        {"visits": [2], "short": [2], "big": [2.0], "text": ["Note 2"], **same},
    ]


def test_numbers_without_a_sign_are_whole(gate: Search) -> None:
    gate.http.put("/gate/_doc/many?refresh=true", json={"line": "x", "visits": 2**64 - 2**20})
    fields = {
        "tenth": "Long.divideUnsigned(doc['visits'].value, 1024)",
        "as_long": "doc['visits'].value",
        "whole": "field('visits').asBigInteger(BigInteger.ZERO) / 2.0",
    }
    body = {name: {"script": source} for name, source in fields.items()}
    (hit,) = gate("gate", query={"ids": {"values": ["many"]}}, script_fields=body)["hits"]["hits"]
    assert hit["fields"] == {"tenth": [2**54 - 2**10], "as_long": [-(2**20)], "whole": [(2**64 - 2**20) / 2]}
    gate.http.delete("/gate/_doc/many?refresh=true")
