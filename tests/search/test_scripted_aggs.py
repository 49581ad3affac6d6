"""Aggregations by scripts, over series of buckets and over samples, against plain Python."""

import json
import math
import statistics
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import numpy as np
import pytest

# By day: amount and who; the third day has none.
SALES: list[list[tuple[float, str]]] = [
    [(10, "ann"), (30, "bob")],
    [(20, "ann")],
    [],
    [(5, "cy"), (5, "ann"), (40, "dee")],
    [(60, "bob")],
    [(15, "eve")],
]
SUMS = [sum(amount for amount, _ in day) for day in SALES]
KNOWN = [sum_ for sum_, day in zip(SUMS, SALES, strict=True) if day]
MAPPING = {"day": {"type": "date"}, "amount": {"type": "double"}, "who": {"type": "keyword"}, "text": {"type": "text"}}


@pytest.fixture(scope="module")
def sales(http: httpx.Client) -> Iterator[httpx.Client]:
    for index in ("sales-1", "sales-2"):
        assert http.put(f"/{index}", json={"mappings": {"properties": MAPPING}}).is_success
    lines = list[Any]()
    for number, day in enumerate(SALES):
        for amount, who in day:
            body = {"day": f"2024-01-0{number + 1}", "amount": amount, "who": who, "text": "sold " * int(amount // 5)}
            lines += [{"index": {"_index": f"sales-{1 + number % 2}"}}, body]
    content = "".join(f"{json.dumps(line)}\n" for line in lines)
    http.post("/_bulk?refresh=true", content=content, headers={"Content-Type": "application/x-ndjson"})
    yield http
    http.delete("/sales-1,sales-2")


def told(http: httpx.Client, query: dict[str, Any] | None = None, **aggs: Any) -> Any:  # noqa: ANN401 (JSON)
    reply = http.post("/sales-*/_search", json={"size": 0, "query": query or {"match_all": {}}, "aggs": aggs})
    assert reply.is_success, reply.text
    return reply.json()["aggregations"]


def by_day(http: httpx.Client, **pipeline: Any) -> list[Any]:  # noqa: ANN401
    """What a pipeline gives for each day; None where it gives nothing."""
    aggs = {
        "sum": {"sum": {"field": "amount"}},
        "who": {"cardinality": {"field": "who"}, "meta": {"by": "me"}},
        "p": pipeline,
    }
    histogram = {"field": "day", "calendar_interval": "day"}
    buckets = told(http, days={"date_histogram": histogram, "aggs": aggs})["days"]["buckets"]
    return [each["p"]["value"] if "p" in each else None for each in buckets]


PROFIT: dict[str, Any] = {
    "init_script": "state.transactions = []",
    "map_script": "state.transactions.add(doc['who'].value == params.who ? doc['amount'].value : -1 * params.cost)",
    "combine_script": "double profit = 0; for (t in state.transactions) { profit += t } return profit",
    "reduce_script": "double profit = 0; for (a in states) { profit += a } return profit",
    "params": {"who": "ann", "cost": 2},
}


def test_scripts_make_a_metric_of_all_indices(sales: httpx.Client) -> None:
    wanted = sum(amount if who == "ann" else -2 for day in SALES for amount, who in day)
    assert told(sales, profit={"scripted_metric": PROFIT})["profit"] == {"value": wanted}
    by_who = {"terms": {"field": "who"}, "aggs": {"profit": {"scripted_metric": PROFIT}}}
    found = {each["key"]: each["profit"]["value"] for each in told(sales, who=by_who)["who"]["buckets"]}
    assert found == {"ann": 35.0, "bob": -4.0, "cy": -2.0, "dee": -2.0, "eve": -2.0}


def test_scripts_may_give_what_is_no_number(sales: httpx.Client) -> None:
    scripts = {
        "map_script": "String who = doc['who'].value; state[who] = state.getOrDefault(who, 0) + 1",
        "combine_script": "state",
        "reduce_script": "Map all = new HashMap(); for (own in states) { for (e in own.entrySet()) { "
        "all.put(e.getKey(), all.getOrDefault(e.getKey(), 0) + e.getValue()) } } return all",
    }
    found = told(sales, names={"scripted_metric": scripts})["names"]["value"]
    assert found == {"ann": 3, "bob": 2, "cy": 1, "dee": 1, "eve": 1}


def test_a_map_script_sees_scores(sales: httpx.Client) -> None:
    scripts = {
        "init_script": "state.most = 0.0",
        "map_script": "state.most = Math.max(state.most, _score)",
        "combine_script": "state.most",
        "reduce_script": "double most = 0; for (each in states) { most = Math.max(most, each) } return most",
    }
    query = {"function_score": {"field_value_factor": {"field": "amount"}}}
    assert told(sales, query, most={"scripted_metric": scripts})["most"]["value"] == 60


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("MovingFunctions.max(values)", lambda own: max(own, default=None)),
        ("MovingFunctions.min(values)", lambda own: min(own, default=None)),
        ("MovingFunctions.sum(values)", lambda own: float(sum(own))),
        ("MovingFunctions.unweightedAvg(values)", lambda own: statistics.mean(own) if own else None),
        (
            "MovingFunctions.stdDev(values, MovingFunctions.unweightedAvg(values))",
            lambda own: statistics.pstdev(own) if own else None,
        ),
        ("values.length > 1 ? values[1] : params.none", lambda own: own[1] if len(own) > 1 else -1.0),
        ("return values.length", lambda own: float(len(own))),
    ],
)
@pytest.mark.parametrize("shift", [0, 1, 3])
def test_windows_move_over_the_figures_before(sales: httpx.Client, script: str, wanted: Any, shift: int) -> None:  # noqa: ANN401
    own = {"source": script, "params": {"none": -1}}
    found = by_day(sales, moving_fn={"buckets_path": "sum", "window": 3, "script": own, "shift": shift})
    places = iter(range(len(KNOWN)))
    expected = list[Any]()
    for day in SALES:
        end = next(places) + shift if day else None
        expected.append(None if end is None else wanted(KNOWN[max(end - 3, 0) : end]))
    assert found == [each if each is None else pytest.approx(each) for each in expected]


def weighted(own: Sequence[float]) -> float:
    return sum((place + 1) * each for place, each in enumerate(own)) / (len(own) * (len(own) + 1) / 2 + 1)


def smoothed(own: Sequence[float], alpha: float) -> float:
    found = own[0]
    for each in own[1:]:
        found = alpha * each + (1 - alpha) * found
    return found


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("MovingFunctions.linearWeightedAvg(values)", weighted(KNOWN[:4])),
        ("MovingFunctions.ewma(values, 0.3)", smoothed(KNOWN[:4], 0.3)),
        # By hand: 40; .5*20+.5*40=30, trend .1*-10=-1; .5*50+.5*29=39.5, trend .95-.9=.05; .5*60+.5*39.55.
        ("MovingFunctions.holt(values, 0.5, 0.1)", 49.775),
        # Seasons of two: level 30, courses 4/3 and 2/3; then by hand.
        ("MovingFunctions.holtWinters(values, 0.5, 0.1, 0.2, 2, false)", None),
    ],
)
def test_functions_of_the_window_of_the_last_day(sales: httpx.Client, script: str, wanted: float | None) -> None:
    found = by_day(sales, moving_fn={"buckets_path": "sum", "window": 4, "script": f"values.length < 4 ? 0 : {script}"})
    assert found[-1] == pytest.approx(seasonal(KNOWN[:4]) if wanted is None else wanted)


def seasonal(own: Sequence[float]) -> float:
    """Holt-Winters, additive, with alpha 0.5, beta 0.1, gamma 0.2 and seasons of two."""
    level, trend = (own[0] + own[1]) / 2, 0.0
    season = [own[0] / level, own[1] / level]
    for at in (2, 3):
        before, slope = level, trend
        level = 0.5 * (own[at] - season[at - 2]) + 0.5 * (before + slope)
        trend = 0.1 * (level - before) + 0.9 * slope
        season.append(0.2 * (own[at] - (before - slope)) + 0.8 * season[at - 2])
    return level + trend + season[2]


def test_a_season_that_is_not_there_twice_is_refused(sales: httpx.Client) -> None:
    script = "MovingFunctions.holtWinters(values, 0.5, 0.1, 0.2, 5, true)"
    aggs = {"sum": {"sum": {"field": "amount"}}}
    aggs["p"] = {"moving_fn": {"buckets_path": "sum", "window": 4, "script": script, "shift": 1}}  # type: ignore[dict-item]
    days = {"date_histogram": {"field": "day", "calendar_interval": "day"}, "aggs": aggs}
    reply = sales.post("/sales-*/_search", json={"aggs": {"days": days}})
    assert (reply.status_code, "requires at least (2 * period == 2 * 5 == 10)" in reply.text) == (400, True)


MEAN, SPREAD = statistics.mean(KNOWN), max(KNOWN) - min(KNOWN)


@pytest.mark.parametrize(
    ("method", "formula"),
    [
        ("rescale_0_1", lambda x: (x - min(KNOWN)) / SPREAD),
        ("rescale_0_100", lambda x: 100 * (x - min(KNOWN)) / SPREAD),
        ("percent_of_sum", lambda x: x / sum(KNOWN)),
        ("mean", lambda x: (x - MEAN) / SPREAD),
        ("z-score", lambda x: (x - MEAN) / statistics.pstdev(KNOWN)),
        ("softmax", lambda x: math.exp(x) / sum(map(math.exp, KNOWN))),
    ],
)
def test_figures_are_told_as_parts_of_all(sales: httpx.Client, method: str, formula: Any) -> None:  # noqa: ANN401
    found = by_day(sales, normalize={"buckets_path": "sum", "method": method})
    wanted = [formula(sum_) if day else None for sum_, day in zip(SUMS, SALES, strict=True)]
    assert found == [each if each is None else pytest.approx(each) for each in wanted]


def test_different_values_add_up_over_the_days(sales: httpx.Client) -> None:
    found = by_day(sales, cumulative_cardinality={"buckets_path": "who"})
    known, wanted = set[str](), list[int]()
    for day in SALES:
        known |= {who for _, who in day}
        wanted.append(len(known))
    assert found == wanted


@pytest.mark.parametrize(("window", "shift"), [(1, 0), (2, 0), (10, 0), (2, 1), (3, 2), (1, -3)])
def test_percentiles_of_a_window_are_those_of_all_of_its_values(sales: httpx.Client, window: int, shift: int) -> None:
    percents = [0, 40, 100]
    aggs = {
        "spread": {"percentiles": {"field": "amount", "percents": percents}},
        "moved": {"moving_percentiles": {"buckets_path": "spread", "window": window, "shift": shift}},
    }
    days = {"date_histogram": {"field": "day", "calendar_interval": "day"}, "aggs": aggs}
    found = told(sales, days=days)["days"]["buckets"]
    for number, bucket in enumerate(found):
        first, last = (min(max(number + shift - back, 0), len(SALES)) for back in (window, 0))
        amounts = [amount for day in SALES[first:last] for amount, _ in day]
        if first == last:
            assert "moved" not in bucket
            continue
        wanted = np.percentile(amounts, percents).tolist() if amounts else [None] * len(percents)
        assert list(bucket["moved"]["values"].values()) == pytest.approx(wanted)


def rates(http: httpx.Client, interval: dict[str, Any], **rate: object) -> list[float]:
    histogram = {"date_histogram": {"field": "day", **interval}, "aggs": {"r": {"rate": rate}}}
    return [each["r"]["value"] for each in told(http, days=histogram)["days"]["buckets"]]


def test_what_happens_is_told_by_the_unit_of_time(sales: httpx.Client) -> None:
    day, month = {"calendar_interval": "day"}, {"calendar_interval": "month"}
    counts = [len(each) for each in SALES]
    assert rates(sales, day) == counts
    assert rates(sales, day, unit="hour") == [pytest.approx(each / 24) for each in counts]
    assert rates(sales, day, field="amount", unit="week") == [pytest.approx(7 * each) for each in SUMS]
    assert rates(sales, day, field="amount", mode="value_count") == counts
    two = [counts[:1], counts[1:3], counts[3:5], counts[5:]]  # from the last day of 2023 on
    assert rates(sales, {"fixed_interval": "2d"}, unit="day") == [sum(each) / 2 for each in two]
    assert rates(sales, month, unit="day") == [pytest.approx(sum(counts) / 31)]
    assert rates(sales, month, unit="year") == [pytest.approx(sum(counts) * 12)]
    assert rates(sales, {"calendar_interval": "quarter"}, unit="month") == [pytest.approx(sum(counts) / 3)]


def test_rates_are_had_of_combinations_with_one_of_dates(sales: httpx.Client) -> None:
    sources = [
        {"day": {"date_histogram": {"field": "day", "calendar_interval": "day"}}},
        {"w": {"terms": {"field": "who"}}},
    ]
    composite = {"composite": {"sources": sources}, "aggs": {"r": {"rate": {"unit": "hour", "field": "amount"}}}}
    found = told(sales, a=composite)["a"]["buckets"]
    assert [each["r"]["value"] for each in found[:2]] == [pytest.approx(10 / 24), pytest.approx(30 / 24)]


def test_numbers_that_lie_near_each_other_are_put_together(sales: httpx.Client) -> None:
    found = told(sales, a={"variable_width_histogram": {"field": "amount", "buckets": 3}})["a"]["buckets"]
    # 5 5 10 15 20, 30 40, 60: the middles of any other two are nearer before.
    assert [(each["min"], each["key"], each["max"], each["doc_count"]) for each in found] == [
        (5.0, 11.0, 20.0, 5),
        (30.0, 35.0, 40.0, 2),
        (60.0, 60.0, 60.0, 1),
    ]
    assert told(sales, a={"variable_width_histogram": {"field": "nothing"}})["a"] == {"buckets": []}


def test_types_of_these_are_told(sales: httpx.Client) -> None:
    aggs: dict[str, Any] = {
        "n": {"cardinality": {"field": "who"}},
        "grown": {"cumulative_cardinality": {"buckets_path": "n"}},
        "moved": {"moving_fn": {"buckets_path": "n", "window": 2, "script": "MovingFunctions.max(values)"}},
        "spread": {"percentiles": {"field": "amount"}},
        "late": {"moving_percentiles": {"buckets_path": "spread", "window": 2, "shift": 1}},
    }
    days = {"date_histogram": {"field": "day", "calendar_interval": "day"}, "aggs": aggs}
    reply = sales.post("/sales-*/_search?typed_keys=true", json={"aggs": {"days": days}})
    (bucket, *_) = reply.json()["aggregations"]["date_histogram#days"]["buckets"]
    assert {"cardinality#n", "simple_long_value#grown", "simple_value#moved"} <= bucket.keys()
    assert {"tdigest_percentiles#spread", "tdigest_percentiles#late"} <= bucket.keys()


def test_a_sample_takes_the_best_with_few_of_the_same_value(sales: httpx.Client) -> None:
    query = {"function_score": {"field_value_factor": {"field": "amount"}}}
    amounts = {"who": {"terms": {"field": "who"}}, "sum": {"sum": {"field": "amount"}}}
    for most, size in ((1, 100), (2, 100), (1, 2)):
        sampler = {"field": "who", "max_docs_per_value": most, "shard_size": size}
        found = told(sales, query, a={"diversified_sampler": sampler, "aggs": amounts})["a"]
        wanted = list[float]()
        for shard in (0, 1):
            rows = [each for number, day in enumerate(SALES) if number % 2 == shard for each in day]
            taken = list[tuple[float, str]]()
            for amount, who in sorted(rows, key=lambda each: -each[0]):
                if sum(who == other for _, other in taken) < most and len(taken) < size:
                    taken.append((amount, who))
            wanted += [amount for amount, _ in taken]
        assert (found["doc_count"], found["sum"]["value"]) == (len(wanted), sum(wanted))


@pytest.mark.parametrize(
    ("agg", "reason"),
    [
        ({"scripted_metric": {}}, "[mapScript] must not be null"),
        ({"scripted_metric": {"map_script": "1"}}, "[combineScript] must not be null"),
        ({"scripted_metric": {**PROFIT, "map_script": "state."}}, "compile error"),
        ({"scripted_metric": {**PROFIT, "params": 3}}, "[params] must be an object"),
        ({"scripted_metric": {**PROFIT, "map_script": {"source": "1", "params": [1]}}}, "must be an object"),
        ({"scripted_metric": {**PROFIT, "reduce_script": "x -> x"}}, "which no document can hold"),
        ({"rate": {"unit": "day"}}, "can only be used inside a date histogram"),
        ({"rate": {"mode": "sum"}}, "only supported with field"),
        ({"rate": {"unit": "6h"}}, "could not be parsed as a calendar interval"),
        (
            {"date_histogram": {"field": "day", "fixed_interval": "1d"}, "aggs": {"r": {"rate": {"unit": "month"}}}},
            "Cannot use month-based rate unit [month]",
        ),
        ({"variable_width_histogram": {"field": "amount", "buckets": 0}}, "must be greater than 0"),
        ({"diversified_sampler": {"field": "text"}}, "Fielddata is disabled"),
        ({"diversified_sampler": {"field": "who", "max_docs_per_value": 0}}, "must be greater than 0"),
    ],
)
def test_what_is_wrong_is_told(sales: httpx.Client, agg: dict[str, Any], reason: str) -> None:
    reply = sales.post("/sales-*/_search", json={"aggs": {"a": agg}})
    assert (reply.status_code, reason in reply.text) == (400, True), reply.text


@pytest.mark.parametrize(
    ("pipeline", "reason"),
    [
        ({"moving_fn": {"buckets_path": "n", "script": "1"}}, "[window] must be a positive"),
        ({"moving_fn": {"buckets_path": "n", "window": 1}}, "requires a [script]"),
        ({"moving_fn": {"buckets_path": "n", "window": 1, "script": "'a'"}}, "must return a number"),
        ({"moving_fn": {"buckets_path": "n", "window": 1, "script": "MovingFunctions.sum(1)"}}, "a list of numbers"),
        ({"normalize": {"buckets_path": "n", "method": "none"}}, "invalid method [none]"),
        ({"cumulative_cardinality": {"buckets_path": "sum"}}, "must reference a cardinality"),
        ({"moving_percentiles": {"buckets_path": "sum", "window": 1}}, "must reference a percentiles aggregation"),
        ({"moving_percentiles": {"buckets_path": "sum"}}, "[window] must be a positive"),
    ],
)
def test_what_is_wrong_with_a_series_is_told(sales: httpx.Client, pipeline: dict[str, Any], reason: str) -> None:
    aggs = {"n": {"value_count": {"field": "who"}}, "sum": {"sum": {"field": "amount"}}, "p": pipeline}
    days = {"date_histogram": {"field": "day", "calendar_interval": "day"}, "aggs": aggs}
    reply = sales.post("/sales-*/_search", json={"aggs": {"days": days}})
    assert (reply.status_code, reason in reply.text) == (400, True), reply.text


def figures(sales: httpx.Client, **tree: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    """The aggregations of a search over both indices."""
    reply = sales.post("/sales-1,sales-2/_search", json={"size": 0, "aggs": tree})
    assert reply.is_success, reply.text
    found: dict[str, Any] = reply.json()["aggregations"]
    return found


AMOUNTS = [amount for day in SALES for amount, _ in day]


def test_a_script_stands_in_place_of_a_field(sales: httpx.Client) -> None:
    found = figures(
        sales,
        most={"max": {"script": {"source": "doc['amount'].value * params.by + _score", "params": {"by": 2}}}},
        names={"terms": {"script": "doc['who'].value.length()"}},
        sizes={"terms": {"script": "doc['amount'].value > 10 ? [1, 2] : [2]", "value_type": "long"}},
        tens={"histogram": {"script": "doc['amount'].value + 5", "interval": 50}},
        mean={"weighted_avg": {"value": {"script": "doc.amount.value"}, "weight": {"field": "amount"}}},
    )
    assert found["most"]["value"] == max(AMOUNTS) * 2 + 1
    lengths = [len(who) for day in SALES for _, who in day]
    assert {each["key"]: each["doc_count"] for each in found["names"]["buckets"]} == {"3": lengths.count(3), "2": 1}
    large = sum(amount > 10 for amount in AMOUNTS)
    assert [(each["key"], each["doc_count"]) for each in found["sizes"]["buckets"]] == [(2, len(AMOUNTS)), (1, large)]
    low = sum(amount + 5 < 50 for amount in AMOUNTS)
    assert [(b["key"], b["doc_count"]) for b in found["tens"]["buckets"]] == [(0.0, low), (50.0, len(AMOUNTS) - low)]
    assert found["mean"]["value"] == pytest.approx(sum(a * a for a in AMOUNTS) / sum(AMOUNTS))


def test_a_script_changes_each_value_of_a_field(sales: httpx.Client) -> None:
    found = figures(
        sales,
        all={"sum": {"field": "amount", "script": "_value * 1.5"}},
        who={"terms": {"field": "who", "script": "'the ' + _value", "size": 1}},
    )
    assert found["all"]["value"] == sum(AMOUNTS) * 1.5
    assert [each["key"] for each in found["who"]["buckets"]] == ["the ann"]


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        ({"avg": {"script": "doc['who'].value"}}, "must give numbers"),
        ({"avg": {"script": "["}}, "compile error"),
        ({"avg": {"script": "[:]"}}, "must give numbers or texts"),
        ({"missing": {"script": "1"}}, "takes no [script]"),
        ({"avg": {}}, "Required one of fields [field, script]"),
    ],
)
def test_what_is_wrong_with_a_script_of_values_is_told(sales: httpx.Client, tree: Any, told: str) -> None:  # noqa: ANN401
    reply = sales.post("/sales-1,sales-2/_search", json={"aggs": {"a": tree}})
    assert reply.status_code == 400
    assert told in reply.text
