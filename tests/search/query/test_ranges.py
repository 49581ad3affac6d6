"""Values between bounds, held against loops over the documents."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.contract.errors import BadQuery, IllegalArgument
from search.query.houses import MAPPING, areas, houses, prices, tags
from search.query.slow import chosen, listed, same
from search.query.small import Small

Houses = tuple[Small, list[dict[str, Any]]]
signs = some.sampled_from(["gt", "gte", "lt", "lte"])
TESTS = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}


@given(houses(), some.dictionaries(signs, prices | some.sampled_from([2.5, -0.5, "7"]), max_size=1))
def test_numbers(index: Houses, bounds: dict[str, Any]) -> None:
    small, documents = index

    def test(value: int) -> bool:
        return all(TESTS[sign](value, float(bound)) for sign, bound in bounds.items())

    wanted = chosen(documents, lambda each: any(map(test, listed(each.get("price")))), 3)
    same(small.search({"range": {"price": {**bounds, "boost": 3}}}), wanted)


@given(houses(), signs, areas)
def test_a_bound_of_float_is_a_float(index: Houses, sign: str, bound: float) -> None:
    small, documents = index
    wanted = chosen(
        documents,
        lambda each: any(TESTS[sign](np.float32(value), np.float32(bound)) for value in listed(each.get("area"))),
    )
    same(small.search({"range": {"area": {sign: bound}}}), wanted)


@given(houses(), tags, tags, some.booleans(), some.booleans())
def test_words_are_ordered_by_code_points(index: Houses, low: str, high: str, with_low: bool, with_high: bool) -> None:
    small, documents = index

    def test(tag: str) -> bool:
        return (low <= tag if with_low else low < tag) and (tag <= high if with_high else tag < high)

    bounds = {"gte" if with_low else "gt": low, "lte" if with_high else "lt": high}
    wanted = chosen(documents, lambda each: any(map(test, listed(each.get("tag")))))
    same(small.search({"range": {"tag": bounds}}), wanted)
    older = {"from": low, "to": high, "include_lower": with_low, "include_upper": with_high}
    same(small.search({"range": {"tag": older}}), wanted)


DAYS = [
    {"day": "2023-12-31T23:59:59.999Z"},
    {"day": "2024-01-01T00:00:00Z"},
    {"day": "2024-01-01T23:59:59.999Z"},
    {"day": "2024-01-02"},
    {"day": "2024-02-10"},
]


@pytest.mark.parametrize(
    ("bounds", "found"),
    [
        ({"gte": "2024-01-01"}, [1, 2, 3, 4]),
        ({"gt": "2024-01-01"}, [3, 4]),  # not on that day at all
        ({"lte": "2024-01-01"}, [0, 1, 2]),
        ({"lt": "2024-01-01"}, [0]),
        ({"gte": "2024-01", "lte": "2024-01"}, [1, 2, 3]),
        ({"gte": "2024-01-01||/M", "lt": "2024-01-01||+1M/M"}, [1, 2, 3]),
        ({"lte": "2024-01-05||/M"}, [0, 1, 2, 3]),
        ({"gt": "2024-01-05||/M"}, [4]),
        ({"gte": "01/02/2024", "format": "dd/MM/yyyy"}, [4]),
        ({"gte": 2024, "format": "yyyy"}, [1, 2, 3, 4]),
        ({"gte": 1704067200000}, [1, 2, 3, 4]),
        ({"gte": "2024-01-01", "time_zone": "+01:00"}, [0, 1, 2, 3, 4]),
        ({"gte": "2024-01-02T00:00:00", "time_zone": "America/New_York"}, [4]),
    ],
)
def test_dates_mean_all_of_their_time(bounds: dict[str, Any], found: list[int]) -> None:
    documents = [{"day": each["day"]} for each in DAYS]
    if "time_zone" in bounds and bounds["time_zone"] == "+01:00":
        assert Small(MAPPING, documents).ids({"range": {"day": bounds}}) == found
    else:
        assert Small(MAPPING, documents).ids({"range": {"day": bounds}}) == found


@pytest.mark.parametrize("last", ["9999-12-31", "9999-12", "9999", "9999-12-31T23", "9999-12-31||/y"])
def test_nothing_comes_after_the_last_year(last: str) -> None:
    small = Small({"day": {"type": "date"}}, [{"day": "2024-02-29"}, {"day": "9999-12-31T23:59:59.999Z"}])
    assert small.ids({"range": {"day": {"lte": last}}}) == [0, 1]
    assert small.ids({"range": {"day": {"gt": last}}}) == []


def test_now_moves() -> None:
    now = datetime.now(UTC)
    documents = [{"day": (now + timedelta(days=days)).isoformat()} for days in (-3, -0.5, 0.5)]
    small = Small(MAPPING, documents)
    assert small.ids({"range": {"day": {"gte": "now-1d", "lte": "now"}}}) == [1]
    assert small.ids({"range": {"day": {"gt": "now"}}}) == [2]


def test_large_whole_numbers_are_exact() -> None:
    most = 2**63 - 1
    small = Small({"n": {"type": "long"}}, [{"n": most}, {"n": most - 1}, {"n": -most - 1}])
    assert small.ids({"range": {"n": {"gte": most}}}) == [0]
    assert small.ids({"range": {"n": {"gt": most - 1}}}) == [0]
    assert small.ids({"range": {"n": {"lt": 2**70}}}) == [0, 1, 2]
    assert small.ids({"term": {"n": most - 1}}) == [1]
    assert small.ids({"term": {"n": 2**70}}) == []
    assert small.ids({"term": {"n": 1.5}}) == []


def test_multiples_of_a_scale_are_compared_as_they_are() -> None:
    small = Small({"n": {"type": "scaled_float", "scaling_factor": 10}}, [{"n": 0.1}, {"n": 0.24}])
    assert small.ids({"range": {"n": {"gt": 0.12, "lte": 0.2}}}) == [1]
    assert small.ids({"term": {"n": 0.2}}) == [1]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"range": {"price": {"gte": "cheap"}}}, 'For input string: "cheap"'),
        ({"range": {"day": {"gte": "soon"}}}, "failed to parse date field [soon]"),
        ({"range": {"day": {"gte": "now+1x"}}}, "date math"),
        ({"range": {"day": {"gte": "2024-01-01", "time_zone": "Mars"}}}, "Mars"),
        ({"range": {"price": {"above": 1}}}, "[range] query does not support [above]"),
        ({"range": {"price": 1}}, "[range] query does not support [price]"),
        ({"range": {"price": {"gte": [1]}}}, "must be single values"),
        ({"range": {"price": {"gte": 1, "relation": "near"}}}, "near is not a valid relation"),
    ],
)
def test_what_is_wrong_is_told(query: dict[str, Any], reason: str) -> None:
    with pytest.raises((BadQuery, IllegalArgument)) as caught:
        Small(MAPPING, [{}]).search(query)
    assert reason in str(caught.value.reason)
