"""Aggregations against what plain Python says of the same random documents."""

import math
import statistics
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from shop import Document, counted, fill, moment, values

few = settings(max_examples=15, deadline=None)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Shop:
    """The documents, and searches over them."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self.documents = fill(http)

    def matching(self, tag: str | None) -> tuple[list[Document], dict[str, Any]]:
        """Those of a tag (None: all), and the query for them."""
        if tag is None:
            return self.documents, {"match_all": {}}
        return [each for each in self.documents if tag in each["tag"]], {"term": {"tag": tag}}

    def ask(self, query: dict[str, Any], **aggs: Any) -> Any:  # noqa: ANN401 (JSON)
        """The results."""
        reply = self.http.post("/shop-*/_search", json={"size": 0, "query": query, "aggs": aggs})
        assert reply.is_success, reply.text
        return reply.json()["aggregations"]

    def refused(self, **aggs: Any) -> dict[str, Any]:  # noqa: ANN401
        """The error."""
        reply = self.http.post("/shop-*/_search", json={"size": 0, "aggs": aggs})
        assert reply.status_code == 400, reply.text
        error: dict[str, Any] = reply.json()["error"]["root_cause"][0]
        return error


@pytest.fixture(scope="module")
def shop(http: httpx.Client) -> Shop:
    return Shop(http)


tags = some.sampled_from([None, *"abcdefgh"])


@few
@given(tags, some.sampled_from(["tag", "count", "day"]), some.integers(1, 12), some.booleans())
def test_terms_count_documents_by_value(shop: Shop, tag: str | None, field: str, size: int, by_key: bool) -> None:
    found, query = shop.matching(tag)
    order = {"_key": "desc"} if by_key else {"_count": "desc"}
    got = shop.ask(query, a={"terms": {"field": field, "size": size, "order": order}})["a"]
    counts = counted(found, lambda each: set(values(each, field)))
    wanted = sorted(counts, reverse=True) if by_key else sorted(counts, key=lambda key: (-counts[key], key))
    assert [(each["key"], each["doc_count"]) for each in got["buckets"]] == [
        (key, counts[key]) for key in wanted[:size]
    ]
    assert got["sum_other_doc_count"] == sum(counts[key] for key in wanted[size:])
    assert got["doc_count_error_upper_bound"] == 0


def test_terms_of_booleans_have_numbers_as_keys(shop: Shop) -> None:
    got = shop.ask({"match_all": {}}, a={"terms": {"field": "sold"}})["a"]["buckets"]
    assert {(each["key"], each["key_as_string"]) for each in got} == {(0, "false"), (1, "true")}


def test_terms_can_be_limited_and_filled(shop: Shop) -> None:
    got = shop.ask(
        {"match_all": {}},
        listed={"terms": {"field": "tag", "include": ["a", "b"], "order": {"_key": "asc"}}},
        pattern={"terms": {"field": "tag", "include": "[a-d]", "exclude": "b|c", "order": {"_key": "asc"}}},
        filled={"terms": {"field": "tag", "missing": "none", "size": 20}},
        numbers={"terms": {"field": "count", "exclude": [1, 2], "size": 50}},
    )
    assert [each["key"] for each in got["listed"]["buckets"]] == ["a", "b"]
    assert [each["key"] for each in got["pattern"]["buckets"]] == ["a", "d"]
    empty = sum(1 for each in shop.documents if not each["tag"])
    assert {each["key"]: each["doc_count"] for each in got["filled"]["buckets"]}["none"] == empty
    assert not {1, 2} & {each["key"] for each in got["numbers"]["buckets"]}


def test_partitions_are_disjoint_and_whole(shop: Shop) -> None:
    parts = [
        {
            each["key"]
            for each in shop.ask({"match_all": {}}, a={"terms": {"field": "tag", "include": part}})["a"]["buckets"]
        }
        for part in ({"partition": at, "num_partitions": 3} for at in range(3))
    ]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 8


def test_terms_without_documents_are_shown_on_demand(shop: Shop) -> None:
    got = shop.ask({"term": {"tag": "nowhere"}}, a={"terms": {"field": "tag", "min_doc_count": 0, "size": 20}})["a"]
    assert {each["key"]: each["doc_count"] for each in got["buckets"]} == dict.fromkeys("abcdefgh", 0)


@few
@given(tags)
def test_terms_are_ordered_by_figures_of_their_own(shop: Shop, tag: str | None) -> None:
    found, query = shop.matching(tag)
    aggs = {"top": {"max": {"field": "price"}}}
    got = shop.ask(query, a={"terms": {"field": "tag", "order": {"top": "desc"}, "size": 4}, "aggs": aggs})["a"][
        "buckets"
    ]
    best: dict[str, float] = defaultdict(lambda: -math.inf)
    for each in found:
        for key in each["tag"]:
            best[key] = max(best[key], each.get("price", -math.inf))
    wanted = sorted(best, key=lambda key: (-best[key], key))[:4]
    assert [(each["key"], each["top"]["value"]) for each in got] == [(key, best[key]) for key in wanted]


@few
@given(tags, some.sampled_from(["price", "count"]))
def test_figures_are_those_of_the_values(shop: Shop, tag: str | None, field: str) -> None:
    found, query = shop.matching(tag)
    own = [float(value) for each in found for value in values(each, field)]
    kinds = (
        "avg",
        "min",
        "max",
        "sum",
        "value_count",
        "stats",
        "extended_stats",
        "percentiles",
        "median_absolute_deviation",
    )
    got = shop.ask(query, **{kind: {kind: {"field": field}} for kind in (*kinds, "cardinality")})
    assert got["avg"]["value"] == pytest.approx(statistics.fmean(own))
    assert (got["min"]["value"], got["max"]["value"]) == (min(own), max(own))
    assert got["sum"]["value"] == math.fsum(own)
    assert got["value_count"]["value"] == got["stats"]["count"] == len(own)
    assert got["cardinality"]["value"] == len(set(own))
    assert got["extended_stats"]["variance_population"] == pytest.approx(statistics.pvariance(own))
    assert got["extended_stats"]["std_deviation_sampling"] == pytest.approx(statistics.stdev(own))
    assert got["percentiles"]["values"]["95.0"] == pytest.approx(np.percentile(own, 95))
    middle = statistics.median(own)
    assert got["median_absolute_deviation"]["value"] == pytest.approx(
        statistics.median([abs(each - middle) for each in own])
    )


def test_figures_of_nothing_are_null(shop: Shop) -> None:
    got = shop.ask(
        {"match_none": {}},
        a={"avg": {"field": "price"}},
        s={"stats": {"field": "price"}},
        t={"sum": {"field": "price"}},
    )
    assert got["a"] == {"value": None}
    assert got["s"] == {"count": 0, "min": None, "max": None, "avg": None, "sum": 0.0}
    assert got["t"] == {"value": 0.0}


def test_a_field_that_is_not_mapped_has_no_values(shop: Shop) -> None:
    got = shop.ask(
        {"match_all": {}},
        t={"terms": {"field": "nope"}},
        a={"avg": {"field": "nope"}},
        f={"avg": {"field": "nope", "missing": 3}},
    )
    assert got["t"]["buckets"] == []
    assert got["a"]["value"] is None
    assert got["f"]["value"] == 3.0


@few
@given(tags, some.lists(some.integers(-60, 420), min_size=1, max_size=4))
def test_ranges_hold_what_is_between_their_bounds(shop: Shop, tag: str | None, bounds: list[int]) -> None:
    found, query = shop.matching(tag)
    edges = [None, *sorted(set(bounds)), None]
    pairs = list(pairwise(edges))
    ranges = [
        {name: value for name, value in (("from", low), ("to", high)) if value is not None} for low, high in pairs
    ]
    got = shop.ask(query, a={"range": {"field": "price", "ranges": ranges}})["a"]["buckets"]
    prices = [each["price"] for each in found if "price" in each]
    for bucket, (low, high) in zip(got, pairs, strict=True):
        inside = [each for each in prices if (low is None or each >= low) and (high is None or each < high)]
        assert bucket["doc_count"] == len(inside)
        assert bucket["key"] == f"{'*' if low is None else float(low)}-{'*' if high is None else float(high)}"


@few
@given(tags, some.sampled_from([1.0, 7.5, 50.0, 0.25]), some.sampled_from([0.0, 3.0]), some.integers(0, 2))
def test_histograms_round_values_down(shop: Shop, tag: str | None, width: float, offset: float, least: int) -> None:
    found, query = shop.matching(tag)
    options = {"field": "price", "interval": width, "offset": offset, "min_doc_count": least}
    got = shop.ask(query, a={"histogram": options})["a"]["buckets"]
    counts = counted(found, lambda each: {math.floor((value - offset) / width) for value in values(each, "price")})
    numbers = range(min(counts), max(counts) + 1) if least == 0 else sorted(counts)
    wanted = [(number * width + offset, counts.get(number, 0)) for number in numbers if counts.get(number, 0) >= least]
    assert [(each["key"], each["doc_count"]) for each in got] == wanted


def test_keys_of_histograms_are_of_floating_point_for_whole_numbers_too(shop: Shop) -> None:
    histogram = {"field": "count", "interval": 10, "keyed": True}
    got = shop.ask({"match_all": {}}, a={"histogram": histogram})["a"]["buckets"]
    assert got
    assert all(repr(each["key"]) == name and name.endswith(".0") for name, each in got.items())


@few
@given(
    tags,
    some.sampled_from(["day", "week", "month", "quarter", "year"]),
    some.sampled_from(["UTC", "Europe/Amsterdam", "America/New_York", "+05:30"]),
)
def test_date_histograms_follow_the_calendar_of_a_zone(shop: Shop, tag: str | None, unit: str, zone: str) -> None:
    found, query = shop.matching(tag)
    options = {"field": "day", "calendar_interval": unit, "time_zone": zone, "min_doc_count": 1}
    got = shop.ask(query, a={"date_histogram": options})["a"]["buckets"]
    clock = UTC if zone == "UTC" else datetime.strptime(zone, "%z").tzinfo if zone[0] == "+" else ZoneInfo(zone)
    counts = counted(found, lambda each: {_begin(value, unit, clock) for value in values(each, "day")})
    assert [(each["key"], each["doc_count"]) for each in got] == sorted(counts.items())


def _begin(value: int, unit: str, clock: Any) -> int:  # noqa: ANN401 (a zone)
    local = (EPOCH + timedelta(milliseconds=value)).astimezone(clock)
    date = local.date()
    first = {
        "day": date,
        "week": date - timedelta(days=date.weekday()),
        "month": date.replace(day=1),
        "quarter": date.replace(day=1, month=(date.month - 1) // 3 * 3 + 1),
        "year": date.replace(day=1, month=1),
    }[unit]
    return (datetime(first.year, first.month, first.day, tzinfo=clock) - EPOCH) // timedelta(milliseconds=1)


def test_date_histograms_fill_gaps_and_bounds(shop: Shop) -> None:
    options = {"field": "day", "calendar_interval": "month", "format": "yyyy-MM"}
    bounds = {"min": "2023-08", "max": "2024-12"}
    got = shop.ask({"match_all": {}}, a={"date_histogram": {**options, "extended_bounds": bounds}})["a"]["buckets"]
    wanted = [f"{year}-{month:02}" for year, month in product((2023, 2024), range(1, 13)) if (year, month) >= (2023, 8)]
    assert [each["key_as_string"] for each in got] == wanted
    hard = shop.ask(
        {"match_all": {}}, a={"date_histogram": {**options, "hard_bounds": {"min": "2024-01", "max": "2024-03"}}}
    )
    assert [each["key_as_string"] for each in hard["a"]["buckets"]] == ["2024-01", "2024-02"]


@few
@given(some.integers(2, 40))
def test_auto_date_histograms_have_no_more_buckets_than_asked_for(shop: Shop, most: int) -> None:
    got = shop.ask({"match_all": {}}, a={"auto_date_histogram": {"field": "day", "buckets": most}})["a"]
    assert 1 <= len(got["buckets"]) <= most
    assert sum(each["doc_count"] for each in got["buckets"]) == sum("day" in each for each in shop.documents)


@few
@given(tags, some.sampled_from("abcdefgh"), some.integers(-3, 9))
def test_filters_count_what_matches_each_and_none(shop: Shop, tag: str | None, one: str, number: int) -> None:
    found, query = shop.matching(tag)
    filters = {"one": {"term": {"tag": one}}, "number": {"term": {"count": number}}}
    got = shop.ask(
        query,
        a={"filters": {"filters": filters, "other_bucket": True}},
        b={"filter": filters["one"], "aggs": {"sum": {"sum": {"field": "price"}}}},
        c={"missing": {"field": "price"}},
        d={"global": {}},
    )
    ones = [each for each in found if one in each["tag"]]
    counts = {name: each["doc_count"] for name, each in got["a"]["buckets"].items()}
    assert counts["one"] == got["b"]["doc_count"] == len(ones)
    assert counts["number"] == sum(number in each["count"] for each in found)
    assert counts["_other_"] == sum(one not in each["tag"] and number not in each["count"] for each in found)
    assert got["b"]["sum"]["value"] == pytest.approx(math.fsum(each.get("price", 0) for each in ones))
    assert got["c"]["doc_count"] == sum("price" not in each for each in found)
    assert got["d"]["doc_count"] == len(shop.documents)


@few
@given(tags)
def test_nested_objects_are_counted_and_lead_back(shop: Shop, tag: str | None) -> None:
    found, query = shop.matching(tag)
    back = {"reverse_nested": {}, "aggs": {"prices": {"sum": {"field": "price"}}}}
    kinds = {
        "terms": {"field": "parts.kind", "order": {"_key": "asc"}},
        "aggs": {"size": {"avg": {"field": "parts.size"}}, "back": back},
    }
    got = shop.ask(query, a={"nested": {"path": "parts"}, "aggs": {"kinds": kinds}})["a"]
    assert got["doc_count"] == sum(len(each["parts"]) for each in found)
    for bucket in got["kinds"]["buckets"]:
        own = [part for each in found for part in each["parts"] if part["kind"] == bucket["key"]]
        holders = [each for each in found if any(part["kind"] == bucket["key"] for part in each["parts"])]
        assert bucket["doc_count"] == len(own)
        assert bucket["size"]["value"] == pytest.approx(statistics.fmean(part["size"] for part in own))
        assert bucket["back"]["doc_count"] == len(holders)
        assert bucket["back"]["prices"]["value"] == pytest.approx(math.fsum(each.get("price", 0) for each in holders))


@few
@given(tags, some.integers(1, 9), some.booleans(), some.booleans())
def test_composite_pages_through_all_combinations(
    shop: Shop,
    tag: str | None,
    size: int,
    descending: bool,
    missing: bool,
) -> None:
    found, query = shop.matching(tag)
    sources = [
        {"tag": {"terms": {"field": "tag", "order": "desc" if descending else "asc", "missing_bucket": missing}}},
        {"price": {"histogram": {"field": "price", "interval": 200}}},
    ]
    got, after = list[Any](), None
    while True:
        page = shop.ask(
            query, a={"composite": {"size": size, "sources": sources, **({"after": after} if after else {})}}
        )["a"]
        got += page["buckets"]
        assert len(page["buckets"]) <= size
        after = page.get("after_key")
        if after is None:
            break
    counts: dict[tuple[Any, float], int] = defaultdict(int)
    for each in found:
        for own in each["tag"] or ([None] if missing else []):
            for price in values(each, "price"):
                counts[own, math.floor(price / 200) * 200.0] += 1
    assert {(each["key"]["tag"], each["key"]["price"]): each["doc_count"] for each in got} == counts
    named = [each["key"]["tag"] for each in got if each["key"]["tag"] is not None]
    assert named == sorted(named, reverse=descending)


@few
@given(tags)
def test_multi_terms_and_rare_terms(shop: Shop, tag: str | None) -> None:
    found, query = shop.matching(tag)
    terms = [{"field": "tag"}, {"field": "sold"}]
    got = shop.ask(
        query, a={"multi_terms": {"terms": terms, "size": 50}}, b={"rare_terms": {"field": "count", "max_doc_count": 3}}
    )
    counts = counted(found, lambda each: {(own, int(each["sold"])) for own in each["tag"]})
    assert {tuple(each["key"]): each["doc_count"] for each in got["a"]["buckets"]} == counts
    rare = counted(found, lambda each: set(each["count"]))
    wanted = sorted((number, key) for key, number in rare.items() if number <= 3)
    assert [(each["doc_count"], each["key"]) for each in got["b"]["buckets"]] == wanted


@few
@given(tags)
def test_top_hits_and_top_metrics_are_the_first_of_a_bucket(shop: Shop, tag: str | None) -> None:
    found, query = shop.matching(tag)
    aggs = {
        "hits": {"top_hits": {"size": 2, "sort": [{"price": "desc"}], "_source": ["price"]}},
        "metric": {"top_metrics": {"metrics": [{"field": "price"}], "sort": {"price": "desc"}}},
    }
    for bucket in shop.ask(query, a={"terms": {"field": "tag"}, "aggs": aggs})["a"]["buckets"]:
        own = [each for each in found if bucket["key"] in each["tag"]]
        prices = sorted((each["price"] for each in own if "price" in each), reverse=True)
        hits = bucket["hits"]["hits"]
        assert hits["total"] == {"value": len(own), "relation": "eq"}
        shown = [each["_source"]["price"] for each in hits["hits"] if "price" in each["_source"]]
        assert shown == prices[:2]
        assert [each["metrics"]["price"] for each in bucket["metric"]["top"]] == prices[:1]


def test_weighted_averages_and_places(shop: Shop) -> None:
    got = shop.ask(
        {"exists": {"field": "price"}},
        w={"weighted_avg": {"value": {"field": "count"}, "weight": {"field": "price"}}},
        b={"geo_bounds": {"field": "place"}},
        c={"geo_centroid": {"field": "place"}},
        d={"geo_distance": {"field": "place", "origin": "0,0", "unit": "km", "ranges": [{"to": 3000}, {"from": 3000}]}},
    )
    own = [each for each in shop.documents if "price" in each]
    pairs = [(value, each["price"]) for each in own for value in each["count"]]
    assert got["w"]["value"] == pytest.approx(
        sum(value * weight for value, weight in pairs) / sum(weight for _, weight in pairs)
    )
    assert got["b"]["bounds"]["top_left"]["lat"] == pytest.approx(max(each["place"]["lat"] for each in own))
    assert got["c"]["location"]["lon"] == pytest.approx(statistics.fmean(each["place"]["lon"] for each in own))
    assert sum(each["doc_count"] for each in got["d"]["buckets"]) == len(own)


def test_significant_terms_are_those_that_stand_out(shop: Shop) -> None:
    got = shop.ask(
        {"term": {"tag": "a"}}, a={"significant_terms": {"field": "tag"}}, t={"significant_text": {"field": "text"}}
    )
    own, every = [each for each in shop.documents if "a" in each["tag"]], shop.documents
    assert (got["a"]["doc_count"], got["a"]["bg_count"]) == (len(own), len(every))
    first = got["a"]["buckets"][0]
    near, far = 1.0, len(own) / len(every)
    assert (first["key"], first["doc_count"], first["bg_count"]) == ("a", len(own), len(own))
    assert first["score"] == pytest.approx((near - far) * near / far)
    assert {each["key"] for each in got["t"]["buckets"]} <= {"red", "green", "blue", "small", "large"}


def test_pipelines_reckon_with_other_results(shop: Shop) -> None:
    subs = {
        "sum": {"sum": {"field": "price"}},
        "running": {"cumulative_sum": {"buckets_path": "sum"}},
        "change": {"derivative": {"buckets_path": "sum"}},
        "double": {"bucket_script": {"buckets_path": {"own": "sum"}, "script": "params.own * 2"}},
    }
    got = shop.ask(
        {"match_all": {}},
        months={"date_histogram": {"field": "day", "calendar_interval": "month"}, "aggs": subs},
        best={"max_bucket": {"buckets_path": "months>sum"}},
        mean={"avg_bucket": {"buckets_path": "months>sum"}},
        stats={"stats_bucket": {"buckets_path": "months._count"}},
    )
    months = got["months"]["buckets"]
    sums = [each["sum"]["value"] for each in months]
    assert [each["running"]["value"] for each in months] == pytest.approx(np.cumsum(sums).tolist())
    assert [each["change"]["value"] for each in months[1:]] == pytest.approx(np.diff(sums).tolist())
    assert "change" not in months[0]
    assert [each["double"]["value"] for each in months] == pytest.approx([2 * each for each in sums])
    assert got["best"] == {"value": max(sums), "keys": [months[sums.index(max(sums))]["key_as_string"]]}
    assert got["mean"]["value"] == pytest.approx(statistics.fmean(sums))
    assert got["stats"]["count"] == len(months)


def test_pipelines_reckon_with_each_other_in_any_order(shop: Shop) -> None:
    subs = {
        "second": {"derivative": {"buckets_path": "first"}},
        "first": {"derivative": {"buckets_path": "sum"}},
        "sum": {"sum": {"field": "price"}},
        "page": {"bucket_sort": {"sort": [{"second": "desc"}]}},
    }
    by_month = {"field": "day", "calendar_interval": "month"}
    best = {"max_bucket": {"buckets_path": "months>first"}}
    plain = {name: subs[name] for name in ("first", "sum")}
    got = shop.ask({"match_all": {}}, months={"date_histogram": by_month, "aggs": plain}, best=best)
    sums = [each["sum"]["value"] for each in got["months"]["buckets"]]
    assert got["best"]["value"] == pytest.approx(max(np.diff(sums)))
    got = shop.ask({"match_all": {}}, months={"date_histogram": by_month, "aggs": subs})
    wanted = sorted(np.diff(np.diff(sums)).tolist(), reverse=True)
    assert [each["second"]["value"] for each in got["months"]["buckets"]] == pytest.approx(wanted)
    circle = {"a": {"derivative": {"buckets_path": "b"}}, "b": {"derivative": {"buckets_path": "a"}}}
    assert "Cycle found" in shop.refused(months={"date_histogram": by_month, "aggs": circle})["reason"]


def test_buckets_are_selected_sorted_and_cut(shop: Shop) -> None:
    subs = {
        "sum": {"sum": {"field": "price"}},
        "kept": {
            "bucket_selector": {
                "buckets_path": {"number": "_count"},
                "script": "params.number > params.least",
            }
        },
        "page": {"bucket_sort": {"sort": [{"sum": {"order": "asc"}}], "size": 3}},
    }
    subs["kept"]["bucket_selector"]["script"] = {"source": "params.number > params.least", "params": {"least": 30}}  # type: ignore[index]
    got = shop.ask({"match_all": {}}, a={"terms": {"field": "tag"}, "aggs": subs})["a"]["buckets"]
    counts = counted(shop.documents, lambda each: set(each["tag"]))
    sums = {key: math.fsum(each.get("price", 0) for each in shop.documents if key in each["tag"]) for key in counts}
    wanted = sorted((key for key, number in counts.items() if number > 30), key=lambda key: sums[key])[:3]
    assert [each["key"] for each in got] == wanted


def test_typed_keys_tell_the_types(shop: Shop) -> None:
    body = {
        "size": 0,
        "aggs": {
            "t": {"terms": {"field": "tag"}, "aggs": {"p": {"avg": {"field": "price"}}}, "meta": {"why": 1}},
            "n": {"terms": {"field": "count"}},
        },
    }
    got = shop.http.post("/shop-*/_search?typed_keys=true", json=body).json()["aggregations"]
    assert got["sterms#t"]["meta"] == {"why": 1}
    assert "avg#p" in got["sterms#t"]["buckets"][0]
    assert "lterms#n" in got


def test_dates_have_their_text_beside_them(shop: Shop) -> None:
    got = shop.ask({"match_all": {}}, a={"max": {"field": "day", "format": "yyyy-MM-dd"}})["a"]
    last = max(found for each in shop.documents if (found := moment(each)) is not None)
    assert got["value"] == float(last)
    assert got["value_as_string"] == (EPOCH + timedelta(milliseconds=last)).strftime("%Y-%m-%d")


@pytest.mark.parametrize(
    ("agg", "told"),
    [
        ({"nope": {"field": "tag"}}, "Unknown aggregation type [nope]"),
        ({"avg": {"field": "tag"}}, "Field [tag] of type [keyword] is not supported for aggregation [avg]"),
        ({"terms": {"field": "text"}}, "Fielddata is disabled on [text]"),
        ({"terms": {"field": "tag", "nope": 1}}, "[terms] unknown field [nope]"),
        ({"terms": {"field": "tag", "size": 0}}, "[size] must be greater than 0. Found [0] in [terms]"),
        ({"terms": {"field": "tag", "include": "["}}, "failed to parse regular expression [[]"),
        ({"histogram": {"field": "price", "interval": 0}}, "[interval] must be >0"),
        ({"histogram": {"field": "price", "interval": 1e-300}}, "is too small"),
        ({"date_histogram": {"field": "day", "calendar_interval": "2d"}}, "could not be parsed as a calendar interval"),
        ({"date_histogram": {"field": "day", "fixed_interval": "1ms"}}, "Trying to create too many buckets"),
        ({"change_point": {}}, "[change_point] is not supported"),
        ({"avg": {"field": "price"}, "aggs": {"b": {"avg": {"field": "price"}}}}, "cannot accept sub-aggregations"),
        ({"terms": {"field": "tag"}, "aggs": {"g": {"global": {}}}}, "global"),
        ({"avg_bucket": {"buckets_path": "x>y"}}, "No aggregation found for path [x>y]"),
        ({"percentiles": {"field": "price", "percents": [120]}}, "percent must be in [0,100]"),
    ],
)
def test_what_is_wrong_is_told(shop: Shop, agg: dict[str, Any], told: str) -> None:
    assert told in shop.refused(a=agg)["reason"]


@pytest.fixture
def few_values(http: httpx.Client) -> Any:  # noqa: ANN401 (a search)
    """Documents of few values, each in a request of its own so that there are several segments."""
    http.delete("/few,fewer")
    fields = {
        "price": {"type": "double"},
        "sold": {"type": "boolean"},
        "tag": {"type": "keyword"},
        "other": {"type": "keyword"},
    }
    assert http.put("/few", json={"mappings": {"properties": fields}}).is_success
    assert http.put("/fewer", json={"mappings": {"properties": {"other": {"type": "long"}}}}).is_success
    for number, price in enumerate([10, 20, 20, 45.5, -3]):
        source = {"price": price, "sold": number > 1, "tag": ["a", "b", "c", "a&b", "a"][number], "other": "x"}
        assert http.put(f"/few/_doc/{number}?refresh=true", json=source).is_success
    assert http.put("/fewer/_doc/1?refresh=true", json={"other": 1}).is_success

    def ask(index: str = "few", **aggs: Any) -> Any:  # noqa: ANN401
        reply = http.post(f"/{index}/_search", json={"size": 0, "aggs": aggs})
        return reply.json()["aggregations"] if reply.is_success else reply.json()["error"]["root_cause"][0]["reason"]

    return ask


def test_ranks_are_those_of_the_reference(few_values: Any) -> None:  # noqa: ANN401
    # Of Elasticsearch's Dist.cdf: half of equal values counts, and between two the rank rises in a straight line.
    ranks = few_values(r={"percentile_ranks": {"field": "price", "values": [-4, -3, 15, 20, 30, 45.5, 50]}})["r"][
        "values"
    ]
    wanted = [0, 10, 40, 50, 100 * (3.5 + 10 / 25.5) / 5, 90, 100]
    assert list(ranks.values()) == pytest.approx(wanted)


def test_percentiles_of_buckets_are_the_nearest_figure(few_values: Any) -> None:  # noqa: ANN401
    prices = {"terms": {"field": "sold"}, "aggs": {"sum": {"sum": {"field": "price"}}}}
    path = {"buckets_path": "s>sum", "percents": [25, 50]}
    assert few_values(s=prices, p={"percentiles_bucket": path})["p"] == {"values": {"25.0": 30.0, "50.0": 62.5}}
    listed = few_values(s=prices, p={"percentiles_bucket": {**path, "keyed": False}})["p"]["values"]
    assert listed == [{"key": 25.0, "value": 30.0}, {"key": 50.0, "value": 62.5}]


def test_a_path_goes_through_single_buckets(few_values: Any) -> None:  # noqa: ANN401
    prices = {"terms": {"field": "sold"}, "aggs": {"sum": {"sum": {"field": "price"}}}}
    every = {"filter": {"match_all": {}}, "aggs": {"inner": {"filter": {"match_all": {}}, "aggs": {"s": prices}}}}
    assert few_values(e=every, a={"avg_bucket": {"buckets_path": "e>inner>s>sum"}})["a"] == {"value": 46.25}


def test_booleans_are_told_as_such(few_values: Any) -> None:  # noqa: ANN401
    assert few_values(a={"avg": {"field": "sold"}})["a"] == {"value": 0.6, "value_as_string": "true"}
    several = {"terms": [{"field": "tag"}, {"field": "sold"}], "order": {"_key": "asc"}, "size": 1}
    (bucket,) = few_values(m={"multi_terms": several})["m"]["buckets"]
    assert bucket == {"key": ["a", False], "key_as_string": "a|false", "doc_count": 1}


def test_expressions_of_terms_are_those_of_lucene(few_values: Any) -> None:  # noqa: ANN401
    found = few_values(t={"terms": {"field": "tag", "include": '"a&b"|b'}})["t"]["buckets"]
    assert [each["key"] for each in found] == ["a&b", "b"]
    found = few_values(t={"terms": {"field": "tag", "include": ".*&~b", "order": {"_key": "asc"}}})["t"]["buckets"]
    assert [each["key"] for each in found] == ["a", "a&b", "c"]


def test_words_and_numbers_of_one_name_are_no_buckets_together(few_values: Any) -> None:  # noqa: ANN401
    assert "has incompatible types" in few_values("few,fewer", t={"terms": {"field": "other"}})
    by_sum = {"field": "other", "order": {"p": "asc"}}
    assert "has incompatible types" in few_values(
        "few,fewer", t={"terms": by_sum, "aggs": {"p": {"sum": {"field": "price"}}}}
    )


json = some.recursive(
    some.none()
    | some.booleans()
    | some.integers(-5, 5)
    | some.floats(allow_nan=False, allow_infinity=False)
    | some.sampled_from(["tag", "price", "day", "x", "1d", "a"]),
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(
            some.sampled_from(["field", "size", "order", "ranges", "from", "key", "terms", "interval"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
names = (
    "field size order missing include exclude min_doc_count ranges interval calendar_interval fixed_interval offset "
    "extended_bounds hard_bounds keyed format time_zone sources after path filters sort metrics buckets_path script "
    "percents values origin unit terms buckets value weight _source highlight"
)
options = some.dictionaries(some.sampled_from(names.split()), json, max_size=4)


@settings(max_examples=200, deadline=None)
@given(
    some.sampled_from(
        [
            "terms",
            "multi_terms",
            "range",
            "date_range",
            "histogram",
            "date_histogram",
            "auto_date_histogram",
            "composite",
            "filters",
            "filter",
            "nested",
            "top_hits",
            "top_metrics",
            "percentiles",
            "percentile_ranks",
            "weighted_avg",
            "geo_distance",
            "avg",
            "cardinality",
            "bucket_sort",
            "avg_bucket",
            "significant_terms",
            "missing",
        ]
    ),
    options,
)
def test_no_aggregation_brings_the_server_down(shop: Shop, kind: str, given_options: dict[str, Any]) -> None:
    body = {
        "size": 0,
        "aggs": {
            "a": {kind: {"field": "price", **given_options}},
            "b": {"terms": {"field": "tag"}, "aggs": {"c": {kind: given_options}}},
        },
    }
    reply = shop.http.post("/shop-*/_search", json=body)
    assert reply.status_code in (200, 400), reply.text
