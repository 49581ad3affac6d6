"""Fields of ranges: found by how they stand to another range, held against loops over the documents."""

import ipaddress
import math
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from search.query.slow import Document, chosen, listed, same
from search.query.small import Small

KINDS = ("integer_range", "long_range", "float_range", "double_range", "date_range", "ip_range")
FIELDS = {kind: {"type": kind, **({"format": "epoch_millis"} if kind == "date_range" else {})} for kind in KINDS}
Test = Callable[[float, float, float, float], bool]
RELATIONS: dict[str, Test] = {
    "intersects": lambda first, last, low, high: first <= high and last >= low,
    "contains": lambda first, last, low, high: first <= low and last >= high,
    "within": lambda first, last, low, high: first >= low and last <= high,
}
numbers = some.integers(-6, 6)


def written(kind: str, number: int) -> Any:  # noqa: ANN401 (JSON)
    return str(ipaddress.ip_address(1000 + number)) if kind == "ip_range" else number


@some.composite
def ranges(draw: some.DrawFn) -> dict[str, int]:
    """A range with whole ends, which is not empty; it may lack an end."""
    low, length = draw(numbers), draw(some.integers(2, 5))
    made = {draw(some.sampled_from(["gt", "gte"])): low, draw(some.sampled_from(["lt", "lte"])): low + length}
    return {name: made[name] for name in made if draw(some.integers(0, 5))}


def beside(kind: str, end: float, way: int) -> float:
    """The nearest value that is not the end itself."""
    if kind == "float_range":
        return float(np.nextafter(np.float32(end), np.float32(way * math.inf)))
    return math.nextafter(end, way * math.inf) if kind == "double_range" else end + way


def span(kind: str, given: dict[str, int]) -> tuple[float, float]:
    """The first and the last value of a range."""
    first = beside(kind, given["gt"], 1) if "gt" in given else given.get("gte", -math.inf)
    return first, beside(kind, given["lt"], -1) if "lt" in given else given.get("lte", math.inf)


@given(
    some.sampled_from(KINDS),
    some.lists(some.none() | ranges() | some.lists(ranges(), max_size=3), max_size=6),
    ranges(),
    some.sampled_from(sorted(RELATIONS)),
)
def test_documents_with_a_range_that_stands_so_to_the_one_asked_for(
    kind: str, values: list[Any], asked: dict[str, int], relation: str
) -> None:
    def told(given: Any) -> Any:  # noqa: ANN401
        if isinstance(given, list):
            return [told(each) for each in given]
        return None if given is None else {name: written(kind, end) for name, end in given.items()}

    small = Small(FIELDS, [{kind: told(each)} for each in values], segments=2)
    documents, wanted = [{kind: each} for each in values], span(kind, asked)
    test = RELATIONS[relation]
    found = small.search({"range": {kind: {**told(asked), "relation": relation.upper()}}})
    same(found, chosen(documents, lambda each: any(test(*span(kind, own), *wanted) for own in listed(each[kind]))))
    same(small.search({"exists": {"field": kind}}), chosen(documents, lambda each: bool(listed(each[kind]))))


@given(some.sampled_from(KINDS), some.lists(ranges(), max_size=6), some.lists(numbers, min_size=1, max_size=3))
def test_documents_with_a_range_that_has_a_value(kind: str, values: list[dict[str, int]], asked: list[int]) -> None:
    stored = [{kind: {name: written(kind, end) for name, end in each.items()}} for each in values]
    small, documents = Small(FIELDS, stored), [{kind: each} for each in values]

    def has(each: Document, wanted: list[int]) -> bool:
        first, last = span(kind, each[kind])
        return any(first <= number <= last for number in wanted)

    same(small.search({"term": {kind: written(kind, asked[0])}}), chosen(documents, lambda each: has(each, asked[:1])))
    every = [written(kind, number) for number in asked]
    same(small.search({"terms": {kind: every}}), chosen(documents, lambda each: has(each, asked)))
    match = small.search({"match": {kind: written(kind, asked[0])}})
    assert sorted(match) == sorted(chosen(documents, lambda each: has(each, asked[:1])))


@pytest.fixture
def rooms(indices: httpx.Client) -> httpx.Client:
    fields: dict[str, Any] = {name: {"type": kind} for name, kind in (("guests", "integer_range"), ("net", "ip_range"))}
    fields["open"] = {"type": "date_range", "format": "yyyy-MM-dd HH:mm:ss||yyyy-MM-dd||epoch_millis"}
    indices.put("/rooms", json={"mappings": {"properties": fields}})
    attic = {"guests": {"gte": 10, "lt": "20.5"}, "net": "10.0.0.0/8"}
    attic["open"] = {"gte": "2015-10-31 12:00:00", "lte": "2015-11-01"}
    assert indices.put("/rooms/_doc/attic?refresh=true", json=attic).is_success
    assert indices.put("/rooms/_doc/none?refresh=true", json={"guests": None}).is_success
    return indices


def found(http: httpx.Client, **query: object) -> list[str]:
    reply = http.post("/rooms/_search", json={"query": query})
    assert reply.is_success, reply.text
    return [hit["_id"] for hit in reply.json()["hits"]["hits"]]


def test_rooms_are_found_by_guests_days_and_networks(rooms: httpx.Client) -> None:
    assert found(rooms, term={"guests": {"value": 12}}) == ["attic"]
    assert found(rooms, term={"guests": 20}) == []
    assert found(rooms, range={"open": {"gte": "2015-10-31", "lte": "2015-11-01", "relation": "within"}}) == ["attic"]
    assert found(rooms, range={"open": {"gt": "2015-10-31", "relation": "within"}}) == []
    assert found(rooms, range={"open": {"gte": "2015-10-31||/d", "lt": "2015-11-01", "relation": "contains"}}) == []
    assert found(rooms, term={"net": "10.200.0.1"}) == ["attic"]
    assert found(rooms, range={"net": {"gte": "9.0.0.0", "lt": "10.0.0.0"}}) == []
    assert found(rooms, bool={"must_not": {"exists": {"field": "guests"}}}) == ["none"]


def test_a_day_is_meant_as_a_whole_by_documents_and_by_queries(rooms: httpx.Client) -> None:
    for relation in ("within", "contains"):
        for own in ({"gte": "2015-10-31 12:00:00", "lte": "2015-11-01"}, {"gt": "2015-10-31"}):
            rooms.put("/rooms/_doc/own?refresh=true", json={"open": own})
            assert "own" in found(rooms, range={"open": {**own, "relation": relation}})
    assert found(rooms, term={"open": "2015-11-01 23:59:59"}) == ["attic", "own"]
    assert found(rooms, term={"open": "2015-10-31 23:59:59"}) == ["attic"]


def test_ranges_are_shown_as_they_were_given_and_as_fields_in_their_format(rooms: httpx.Client) -> None:
    body = {"query": {"ids": {"values": ["attic"]}}, "fields": ["*"], "docvalue_fields": ["guests"]}
    (hit,) = rooms.post("/rooms/_search", json=body).json()["hits"]["hits"]
    assert hit["_source"]["guests"] == {"gte": 10, "lt": "20.5"}
    assert hit["fields"]["guests"] == [{"gte": 10, "lt": 20}]
    assert hit["fields"]["open"] == [{"gte": "2015-10-31 12:00:00", "lte": "2015-11-01 00:00:00"}]
    assert hit["fields"]["net"] == ["10.0.0.0/8"]


def test_ranges_without_ends_stay_so_when_segments_are_merged(indices: httpx.Client) -> None:
    fields = {kind: {"type": kind} for kind in KINDS}
    indices.put("/ends", json={"mappings": {"properties": fields}})
    small = {kind: {"lt": "::5" if kind == "ip_range" else 5} for kind in KINDS}
    great: dict[str, Any] = {kind: {} for kind in KINDS}
    indices.put("/ends/_doc/small?refresh=true", json=small)
    indices.put("/ends/_doc/every?refresh=true", json=great)
    assert indices.post("/ends/_forcemerge?max_num_segments=1").is_success
    for kind in KINDS:
        reply = indices.post("/ends/_search", json={"query": {"range": {kind: {"relation": "within"}}}})
        assert reply.json()["hits"]["total"]["value"] == 2, reply.text
        beyond = {"gte": "::6" if kind == "ip_range" else 6}
        (hit,) = indices.post("/ends/_search", json={"query": {"range": {kind: beyond}}}).json()["hits"]["hits"]
        assert hit["_id"] == "every"


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"guests": 5}, "expected an object but got 5"),
        ({"guests": {"min": 5}}, "with unknown parameter [min]"),
        ({"guests": {"gte": 5, "lte": 4}}, "min value (5) is greater than max value (4)"),
        ({"guests": {"gt": 2**31 - 1}}, "is greater than max value"),
        ({"guests": {"gte": 2**31}}, "out of range for an integer"),
        ({"guests": {"gte": [1]}}, "Cannot parse"),
        ({"open": {"gte": "soon"}}, "failed to parse date field [soon]"),
        ({"net": "10.0.0.1"}, "expected an object"),
        ({"net": "10.0.0.0/99"}, "is not an IP string literal"),
        ({"net": {"gte": "10.0.0.9", "lt": "10.0.0.9"}}, "is greater than max value"),
    ],
)
def test_what_is_no_range_is_refused(rooms: httpx.Client, document: dict[str, Any], told: str) -> None:
    reply = rooms.post("/rooms/_doc", json=document)
    assert (reply.status_code, reply.json()["error"]["type"]) == (400, "document_parsing_exception")
    assert told in reply.json()["error"]["caused_by"]["reason"]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"range": {"guests": {"gte": 5, "relation": "disjoint"}}}, "disjoint is not a valid relation"),
        ({"range": {"guests": {"gte": 5, "lte": 4}}}, "Range query `from` value (5) is greater than `to` value (4)"),
        ({"range": {"guests": {"gte": 2.5}}}, "Value [2.5] has a decimal part"),
        ({"term": {"guests": "many"}}, 'For input string: "many"'),
        ({"term": {"net": "here"}}, "is not an IP string literal"),
        ({"prefix": {"guests": "1"}}, "[integer_range]"),
    ],
)
def test_queries_that_make_no_sense_are_refused(rooms: httpx.Client, query: dict[str, Any], told: str) -> None:
    reply = rooms.post("/rooms/_search", json={"query": query})
    assert reply.status_code == 400, reply.text
    assert told in reply.text.replace('\\"', '"')


@pytest.mark.parametrize(
    "query",
    [
        {"function_score": {"field_value_factor": {"field": "guests"}}},
        {"terms_set": {"net": {"terms": ["10.0.0.1"], "minimum_should_match_field": "guests"}}},
        {"script_score": {"query": {"match_all": {}}, "script": "doc['guests'].value"}},
    ],
)
def test_a_range_is_no_single_number(rooms: httpx.Client, query: dict[str, Any]) -> None:
    reply = rooms.post("/rooms/_search", json={"query": query})
    assert (reply.status_code, "has ranges, and no single values" in reply.text) == (400, True), reply.text


def test_nothing_is_sorted_or_counted_by_ranges(rooms: httpx.Client) -> None:
    assert rooms.post("/rooms/_search", json={"sort": ["guests"]}).status_code == 400
    assert rooms.post("/rooms/_search", json={"aggs": {"a": {"terms": {"field": "guests"}}}}).status_code == 400
    capable = rooms.get("/rooms/_field_caps?fields=guests").json()["fields"]["guests"]["integer_range"]
    assert (capable["searchable"], capable["aggregatable"]) == (True, False)
    missing = rooms.post("/rooms/_search", json={"size": 0, "aggs": {"a": {"missing": {"field": "guests"}}}})
    assert missing.json()["aggregations"]["a"]["doc_count"] == 1
