"""Statistics of several fields at once, against numpy and tables of Student's distribution."""

import json
import math
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.search.aggs import student
from connote.search.aggs.student import incomplete_beta


def probability(t: Any, freedom: Any) -> float:  # noqa: ANN401 (of numpy or not)
    return student.probability(float(t), float(freedom))


ROWS: list[dict[str, Any]] = [
    {"a": 1.0, "b": 2.0, "c": [1, 3]},
    {"a": 2.5, "b": 3.0, "c": 5},
    {"a": 4.0, "b": 9.0, "c": 1},
    {"a": 7.5, "b": 8.0, "c": [2, 2, 8]},
    {"a": 9.0, "b": 11.0},
    {"b": 4.0, "c": 7},
]
WHOLE = ROWS[:4]


@pytest.fixture(scope="module")
def figures(http: httpx.Client) -> Iterator[httpx.Client]:
    mapping = {"properties": {**{name: {"type": "double"} for name in "abc"}, "k": {"type": "keyword"}}}
    assert http.put("/figures", json={"mappings": mapping}).is_success
    for at, each in enumerate(ROWS):  # two segments
        lines = json.dumps({"index": {}}) + "\n" + json.dumps(each) + "\n"
        path = f"/figures/_bulk?refresh={str(at in (2, 5)).lower()}"
        assert http.post(path, content=lines, headers={"Content-Type": "application/x-ndjson"}).is_success
    yield http
    http.delete("/figures")


def told(http: httpx.Client, **agg: Any) -> Any:  # noqa: ANN401 (JSON)
    reply = http.post("/figures/_search", json={"size": 0, "aggs": {"a": agg}})
    assert reply.status_code == 200, reply.text
    return reply.json()["aggregations"]["a"]


MODES: dict[str, Any] = {"avg": np.mean, "min": np.min, "max": np.max, "sum": np.sum, "median": np.median}


@pytest.mark.parametrize("mode", MODES)
def test_a_matrix_tells_how_fields_go_together(figures: httpx.Client, mode: str) -> None:
    found = told(figures, matrix_stats={"fields": ["a", "b", "c"], "mode": mode})
    values: Any = np.array([[each["a"], each["b"], MODES[mode](each["c"])] for each in WHOLE], dtype=float)
    covariance, correlation = np.cov(values.T).tolist(), np.corrcoef(values.T).tolist()
    assert found["doc_count"] == len(WHOLE)
    for at, own in enumerate(found["fields"]):
        apart = values[:, at] - values[:, at].mean()
        spread = (apart**2).mean()
        assert (own["name"], own["count"], own["mean"]) == ("abc"[at], 4, pytest.approx(values[:, at].mean()))
        assert own["variance"] == pytest.approx(values[:, at].var(ddof=1))
        assert own["skewness"] == pytest.approx((apart**3).mean() / spread**1.5)
        assert own["kurtosis"] == pytest.approx((apart**4).mean() / spread**2)
        assert list(own["covariance"].values()) == pytest.approx(covariance[at])
        assert list(own["correlation"].values()) == pytest.approx(correlation[at])


def test_what_is_missing_may_have_a_value(figures: httpx.Client) -> None:
    found = told(figures, matrix_stats={"fields": ["a", "c"], "missing": {"a": 0, "c": 3}})
    assert (found["doc_count"], found["fields"][0]["mean"]) == (6, pytest.approx(24 / 6))
    assert told(figures, matrix_stats={"fields": ["a", "nothing"]}) == {"doc_count": 0}


# Two-sided 5 % of Student's distribution: https://www.itl.nist.gov/div898/handbook/eda/section3/eda3672.htm
@pytest.mark.parametrize(
    ("t", "freedom"), [(12.706, 1), (4.303, 2), (2.571, 5), (2.228, 10), (2.042, 30), (1.984, 100)]
)
def test_probabilities_are_those_of_tables(t: float, freedom: int) -> None:
    assert probability(t, freedom) == pytest.approx(0.05, abs=6e-5)
    assert probability(-t, freedom) == probability(t, freedom)


@given(some.floats(0.01, 0.99), some.integers(1, 30), some.integers(1, 30))
def test_the_incomplete_beta_is_a_sum_where_its_parameters_are_whole(x: float, a: int, b: int) -> None:
    many = a + b - 1
    wanted = sum(math.comb(many, at) * x**at * (1 - x) ** (many - at) for at in range(a, many + 1))
    assert incomplete_beta(x, a, b) == pytest.approx(wanted, rel=1e-9, abs=1e-12)


def test_two_averages_are_tested(figures: httpx.Client) -> None:
    one, other = ([each[name] for each in ROWS if name in each] for name in "ab")
    apart = np.array([each["a"] - each["b"] for each in ROWS if "a" in each])
    paired = told(figures, t_test={"a": {"field": "a"}, "b": {"field": "b"}, "type": "paired"})
    t = apart.mean() / math.sqrt(apart.var(ddof=1) / len(apart))
    assert paired["value"] == pytest.approx(probability(t, len(apart) - 1))
    spreads = [np.var(each, ddof=1) / len(each) for each in (one, other)]
    t = (np.mean(one) - np.mean(other)) / math.sqrt(sum(spreads))
    freedom = sum(spreads) ** 2 / (spreads[0] ** 2 / (len(one) - 1) + spreads[1] ** 2 / (len(other) - 1))
    assert told(figures, t_test={"a": {"field": "a"}, "b": {"field": "b"}})["value"] == pytest.approx(
        probability(t, freedom)
    )
    pooled = (np.var(one) * len(one) + np.var(other) * len(other)) / (len(one) + len(other) - 2)
    t = (np.mean(one) - np.mean(other)) / math.sqrt(pooled * (1 / len(one) + 1 / len(other)))
    same = told(figures, t_test={"a": {"field": "a"}, "b": {"field": "b"}, "type": "homoscedastic"})
    assert same["value"] == pytest.approx(probability(t, len(one) + len(other) - 2))


def test_values_too_great_for_a_spread_have_none(http: httpx.Client) -> None:
    assert http.put("/vast", json={"mappings": {"properties": {"a": {"type": "double"}}}}).is_success
    try:
        for value in (-1.7e308, 1.7e308, 1e200):
            assert http.post("/vast/_doc?refresh=true", json={"a": value}).is_success
        for agg in ({"matrix_stats": {"fields": ["a"]}}, {"t_test": {"a": {"field": "a"}, "b": {"field": "a"}}}):
            assert http.post("/vast/_search", json={"aggs": {"a": agg}}).is_success
    finally:
        http.delete("/vast")


def test_two_groups_of_one_field_are_tested(figures: httpx.Client) -> None:
    groups = [{"field": "b", "filter": {"range": {"a": limits}}} for limits in ({"lt": 3}, {"gte": 3})]
    found = told(figures, t_test={"a": groups[0], "b": groups[1]})["value"]
    one, other = [2.0, 3.0], [9.0, 8.0, 11.0]
    spreads = [np.var(each, ddof=1) / len(each) for each in (one, other)]
    freedom = sum(spreads) ** 2 / (spreads[0] ** 2 + spreads[1] ** 2 / 2)
    assert found == pytest.approx(probability((np.mean(one) - np.mean(other)) / math.sqrt(sum(spreads)), freedom))
    none = {"field": "b", "filter": {"match_none": {}}}
    assert told(figures, t_test={"a": groups[0], "b": none}) == {"value": None}


@pytest.mark.parametrize(
    ("agg", "reason"),
    [
        ({"matrix_stats": {"fields": []}}, "must be an array of the names"),
        ({"matrix_stats": {"fields": ["a"], "mode": "most"}}, "Unknown MultiValueMode [most]"),
        ({"matrix_stats": {"fields": ["a"], "missing": {"a": "x"}}}, "must be numbers by field"),
        ({"matrix_stats": {"fields": ["k"]}}, "is not supported for aggregation [matrix_stats]"),
        ({"t_test": {"a": {"field": "a"}}}, "Required [b]"),
        ({"t_test": {"a": {"field": "a"}, "b": {"field": "b"}, "type": "z"}}, "must be one of"),
        ({"t_test": {"a": {"field": "a"}, "b": {"field": "c"}, "type": "paired"}}, "more than one value"),
        (
            {"t_test": {"a": {"field": "a", "filter": {"match_all": {}}}, "b": {"field": "b"}, "type": "paired"}},
            "doesn't support filters",
        ),
    ],
)
def test_what_cannot_be_had_is_told(figures: httpx.Client, agg: dict[str, Any], reason: str) -> None:
    reply = figures.post("/figures/_search", json={"aggs": {"a": agg}})
    assert (reply.status_code, reason in reply.text) == (400, True), reply.text
