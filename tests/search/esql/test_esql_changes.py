"""CHANGE_POINT: which change is found, where, and how likely it is chance."""

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connote.contract.errors import ConnoteError
from connote.search.esql.changes import changed, things
from esql import rows, table

KEYS = list(range(1, 26))
FIRST = f"ROW key = {KEYS} | MV_EXPAND key | EVAL value = CASE(key < 13, 0, 42) "


def noise(count: int, seed: int = 0) -> list[float]:
    found: list[float] = np.random.default_rng(seed).normal(size=count).tolist()
    return found


def test_a_step_is_told_at_its_first_value() -> None:
    found = table(FIRST + "| CHANGE_POINT value ON key | WHERE type IS NOT NULL")
    assert found.types == {"key": "integer", "value": "integer", "type": "keyword", "pvalue": "double"}
    assert rows(FIRST + "| CHANGE_POINT value ON key | WHERE type IS NOT NULL") == [[13, 42, "step_change", 0.0]]
    named = rows(
        FIRST + "| CHANGE_POINT value ON key AS kind, chance | KEEP key, kind, chance | WHERE kind IS NOT NULL"
    )
    assert named == [[13, "step_change", 0.0]]


def test_rows_stand_in_the_order_of_the_key() -> None:
    found = rows(FIRST + "| SORT key DESC | CHANGE_POINT value ON key | KEEP key")
    assert [key for (key,) in found] == KEYS


@pytest.mark.parametrize(
    ("kind", "at", "values"),
    [
        ("step_change", 60, [value + 4 * (n >= 60) for n, value in enumerate(noise(100))]),
        ("step_change", 60, [value + 9 * (n >= 60) + 0.1 * n for n, value in enumerate(noise(100))]),
        ("spike", 30, [value + 9 * (n == 30) for n, value in enumerate(noise(100))]),
        ("dip", 30, [value - 9 * (n == 30) + 0.5 * n for n, value in enumerate(noise(100))]),
        ("trend_change", 50, [value + 0.5 * max(n - 50, 0) for n, value in enumerate(noise(100))]),
        ("distribution_change", 100, [value * (1 if n < 100 else 6) for n, value in enumerate(noise(200))]),
    ],
    ids=["step", "step on a slope", "spike", "dip on a slope", "bend", "spread"],
)
def test_each_change_is_told_by_its_name_and_place(kind: str, at: int, values: list[float]) -> None:
    found = changed(np.array(values))
    assert found is not None
    assert found.type == kind
    assert abs(found.at - at) <= 5
    assert found.p < 0.01


@pytest.mark.parametrize("slope", [0.0, 0.3])
def test_noise_rarely_changes(slope: float) -> None:
    found = [changed(np.array(noise(60, seed)) + slope * np.arange(60)) for seed in range(200)]
    assert sum(each is not None for each in found) <= 6  # of 200, at 1 % for each of two tests


def test_the_p_value_of_a_step_is_that_of_the_f_test_at_all_places() -> None:
    # scipy.stats.f_oneway(values[:9], values[9:]).pvalue times the 24 places at which the step could be.
    values = np.array([value + 2.2 * (n >= 12) for n, value in enumerate(noise(29, 3))])
    found = changed(values)
    assert found is not None
    assert (found.type, found.at) == ("step_change", 9)
    assert found.p == pytest.approx(0.0001214937169106604, rel=1e-6)


def test_too_few_and_too_many_values_are_told() -> None:
    few = table("ROW key = [1, 2, 3] | MV_EXPAND key | CHANGE_POINT key ON key")
    assert any("Requires at least [22]; found [3]" in each for each in few.warnings)
    many = table(f"ROW key = {list(range(1200))} | MV_EXPAND key | CHANGE_POINT key ON key")
    assert any("keeping only first 1000 values" in each for each in many.warnings)
    assert many.page.size == 1000


def test_each_group_changes_for_itself() -> None:
    query = (
        f'ROW key = {KEYS}, g = ["a", "b"] | MV_EXPAND key | MV_EXPAND g '
        '| EVAL value = CASE(g == "a" AND key >= 10, 5, g == "b" AND key == 20, 7, 0) '
        "| CHANGE_POINT value ON key BY g | WHERE type IS NOT NULL | KEEP g, key, type | SORT g"
    )
    assert rows(query) == [["a", 10, "step_change"], ["b", 20, "spike"]]


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ('EVAL t = "x" | CHANGE_POINT t ON key', "must be numeric"),
        ("CHANGE_POINT value", "Unknown column [@timestamp]"),
        ("CHANGE_POINT other ON key", "Unknown column [other]"),
        ("CHANGE_POINT value ON key AS one", "expecting ','"),
    ],
)
def test_what_cannot_change_is_refused(command: str, why: str) -> None:
    with pytest.raises(ConnoteError) as refused:
        table(f"{FIRST} | {command}")
    assert why in str(refused.value)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_numbers_change_or_not(values: list[Any]) -> None:
    found = changed(np.array(values, dtype=np.float64))
    assert found is None or (0 <= found.at < len(values) and 0 <= found.p < 0.01)


def test_many_groups_of_many_values_take_no_minutes() -> None:
    values = np.array(noise(1000))
    began = time.process_time()
    for _ in range(50):
        changed(values)
    assert time.process_time() - began < 2.5, "a thousand such groups are a million rows"


@given(st.integers(6, 60), st.integers(0, 10_000))
def test_the_place_is_that_which_leaves_least(count: int, seed: int) -> None:
    """As if a line with each step, spike and bend were fitted on its own."""
    values = np.random.default_rng(seed).normal(size=count)
    times = np.arange(count, dtype=np.float64) / count
    places = np.arange(3, count - 2)
    line = np.stack([np.ones(count), times], axis=1)
    shapes = {
        "spike": np.eye(count),
        "step_change": (times[:, None] >= times[None, places]).astype(np.float64),
        "trend_change": np.maximum(times[:, None] - times[None, places], 0.0),
    }
    for kind, shape in shapes.items():
        left = [
            np.sum((values - fitted @ np.linalg.lstsq(fitted, values, rcond=None)[0]) ** 2)
            for fitted in (np.column_stack([line, one]) for one in shape.T)
        ]
        base, _ = np.linalg.qr(line)
        rest = values - base @ (base.T @ values)
        lengths, shares = things(times, base, rest, places, slopes=True)[kind]
        assert rest @ rest - shares**2 / lengths == pytest.approx(np.array(left), rel=1e-6, abs=1e-9)
