"""Ranges in histograms, and what pipelines take from the first document of a bucket."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as some

STAYS: list[dict[str, Any]] = [
    {"guests": {"gte": 4, "lte": 14}, "nights": {"gte": "2031-05-01", "lt": "2031-05-04"}, "price": 5},
    {"guests": {"gt": 9, "lt": 12}, "nights": {"gte": "2031-05-03T12:00:00", "lte": "2031-05-03T13:00:00"}, "price": 9},
    {"guests": [{"gte": 0, "lte": 1}, {"gte": 21, "lte": 21}], "price": 2},
    {"price": 7},
]


@pytest.fixture(scope="module")
def stays(http: httpx.Client) -> Iterator[httpx.Client]:
    fields = {"guests": {"type": "integer_range"}, "nights": {"type": "date_range"}, "price": {"type": "long"}}
    http.put("/stays", json={"mappings": {"properties": {**fields, "many": {"type": "long_range"}}}})
    for n, stay in enumerate(STAYS):
        http.put(f"/stays/_doc/{n}?refresh=true", json=stay)
    yield http
    http.delete("/stays")


def asked(http: httpx.Client, **tree: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    reply = http.post("/stays/_search", json={"size": 0, "aggs": {"a": tree}})
    assert reply.is_success, reply.text
    found: dict[str, Any] = reply.json()["aggregations"]["a"]
    return found


def counts(found: dict[str, Any], key: str = "key") -> dict[Any, int]:
    return {each[key]: each["doc_count"] for each in found["buckets"]}


def test_a_range_is_in_every_bucket_that_it_has_a_part_of(stays: httpx.Client) -> None:
    found = asked(stays, histogram={"field": "guests", "interval": 5})
    assert counts(found) == {0.0: 2, 5.0: 1, 10.0: 2, 15.0: 0, 20.0: 1}
    bounds = {"min": 5, "max": 12}
    assert counts(asked(stays, histogram={"field": "guests", "interval": 5, "hard_bounds": bounds})) == {
        5.0: 1,
        10.0: 2,
    }
    days = asked(stays, date_histogram={"field": "nights", "calendar_interval": "day", "format": "dd.MM."})
    assert counts(days, "key_as_string") == {"01.05.": 1, "02.05.": 1, "03.05.": 2}
    half = asked(stays, date_histogram={"field": "nights", "fixed_interval": "12h", "min_doc_count": 2})
    assert [each["key_as_string"] for each in half["buckets"]] == ["2031-05-03T12:00:00.000Z"]
    within = {"avg": {"field": "price"}}
    assert asked(stays, histogram={"field": "guests", "interval": 50}, aggs={"p": within})["buckets"][0]["p"] == {
        "value": pytest.approx((5 + 9 + 2) / 3)
    }


@given(
    some.lists(some.tuples(some.integers(-50, 50), some.integers(0, 30)), min_size=1, max_size=6),
    some.integers(1, 9),
    some.integers(0, 5),
)
def test_buckets_of_ranges_are_those_of_their_numbers(
    stays: httpx.Client, given_: list[tuple[int, int]], interval: int, offset: int
) -> None:
    lines = [{"gte": first, "lte": first + length} for first, length in given_]
    stays.put("/stays/_doc/many?refresh=true", json={"many": lines})
    tree = {"field": "many", "interval": interval, "offset": offset, "min_doc_count": 1}
    keys = {(n - offset) // interval for first, length in given_ for n in range(first, first + length + 1)}
    wanted = {float(key * interval + offset): 1 for key in keys}
    assert counts(asked(stays, histogram=tree)) == wanted
    stays.delete("/stays/_doc/many?refresh=true")


def test_a_range_without_an_end_needs_bounds(stays: httpx.Client) -> None:
    stays.put("/stays/_doc/open?refresh=true", json={"many": {"gte": 5}, "nights": {"gte": "2031-05-01"}})
    for kind, field in (("histogram", "many"), ("date_histogram", "nights")):
        step = {"interval": 10} if kind == "histogram" else {"calendar_interval": "year"}
        reply = stays.post("/stays/_search", json={"aggs": {"a": {kind: {"field": field, **step}}}})
        assert (reply.status_code, "hard_bounds" in reply.text) == (400, True)
    bounded = {"field": "many", "interval": 10, "hard_bounds": {"max": 25}}
    assert counts(asked(stays, histogram=bounded)) == {0.0: 1, 10.0: 1, 20.0: 1}
    fine = {"field": "nights", "fixed_interval": "1ms", "hard_bounds": {"max": "2031-05-01T05:00:00"}}
    reply = stays.post("/stays/_search", json={"aggs": {"a": {"date_histogram": fine}}})
    assert (reply.status_code, "greater interval" in reply.text) == (400, True)
    stays.delete("/stays/_doc/open?refresh=true")


def test_pipelines_may_look_into_the_first_document(stays: httpx.Client) -> None:
    dear = {"top_hits": {"size": 1, "sort": [{"price": "desc"}], "_source": ["price"]}}
    selected = {"bucket_selector": {"buckets_path": {"p": "dear[_source.price]"}, "script": "params.p > 5"}}
    found = asked(stays, terms={"field": "price"}, aggs={"dear": dear, "some": selected})
    assert sorted(each["key"] for each in found["buckets"]) == [7, 9]
    two = {"top_hits": {"size": 2}}
    every = {"filters": {"filters": {"all": {"match_all": {}}}}, "aggs": {"dear": two, "some": selected}}
    reply = stays.post("/stays/_search", json={"aggs": {"a": every}})
    assert (reply.status_code, "of one hit" in reply.text) == (400, True)
