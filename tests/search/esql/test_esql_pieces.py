"""DECAY, CHUNK, TOP_SNIPPETS, CATEGORIZE and ST_EXTENT_AGG, by their documentation and by hand."""

import math
import time
from typing import Any

import numpy as np
import pytest

from connote.contract.errors import ConnoteError
from esql import kind, rows, table, value

# The sentence of Dickens that the documentation cuts.
TIMES = (
    "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, it "
    "was the epoch of belief."
)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        # https://www.elastic.co/docs/reference/query-languages/esql/functions-operators/search-functions/decay
        ('DECAY(25324, 0, 100000, {"offset": 5, "decay": 0.5, "type": "linear"})', 0.873405),
        ("DECAY(0, 0, 10)", 1.0),
        ("DECAY(10, 0, 10)", 0.5),
        ("DECAY(25.0, 0, 10)", 0.0),
        ('DECAY(20, 0, 10, {"type": "exp"})', 0.25),
        ('DECAY(20, 0, 10, {"type": "gauss"})', 0.5**4),
        ('DECAY(20, 0, 10, {"type": "gauss", "decay": 0.9, "offset": 10})', 0.9),
        ('DECAY("2024-01-03"::date, "2024-01-01", 48 hours)', 0.5),
        ('DECAY("2024-01-03"::date, "2024-01-01"::date, 24 hours, {"offset": 24 hours})', 0.5),
        ('DECAY("POINT (0 0)"::geo_point, "POINT (0 0)"::geo_point, "10km")', 1.0),
        ("DECAY(null, 0, 10)", None),
    ],
)
def test_what_is_farther_away_decays(call: str, expected: float | None) -> None:
    assert value(call) == (None if expected is None else pytest.approx(expected, abs=1e-6))
    assert kind(call) == "double"


def test_places_decay_with_their_distance() -> None:
    # A degree of latitude is the radius of the earth times a degree in radians.
    metres = 6_371_008.7714 * math.pi / 180
    call = f'DECAY("POINT (10 1)"::geo_point, "POINT (10 0)"::geo_point, "{metres}m", {{"type": "exp"}})'
    assert value(call) == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("DECAY(1, 0, 0)", "larger than 0"),
        ('DECAY(1, 0, 1, {"decay": 1.0})', "between 0 and 1"),
        ('DECAY(1, 0, 1, {"type": "cubic"})', "must be one of"),
        ('DECAY(1, 0, 1, {"origin": 1})', "Invalid option [origin]"),
        ('DECAY("2024-01-01"::date, "2024-01-01"::date, 5)', "do not go together"),
        ('DECAY(1, 0, "5km")', "do not go together"),
        ("DECAY(x, x, 5)", "must be a constant"),
    ],
)
def test_what_does_not_decay_is_refused(call: str, why: str) -> None:
    with pytest.raises(ConnoteError) as refused:
        value(call)
    assert why in str(refused.value)


def test_a_text_is_cut_into_chunks() -> None:
    # https://www.elastic.co/docs/reference/query-languages/esql/functions-operators/string-functions/chunk
    settings = '{"strategy": "word", "max_chunk_size": 10, "overlap": 1}'
    assert [row[0] for row in rows(f'ROW result = CHUNK("{TIMES}", {settings}) | MV_EXPAND result')] == [
        "It was the best of times, it was the worst",
        "worst of times, it was the age of wisdom, it",
        ", it was the age of foolishness, it was the epoch",
        "epoch of belief.",
    ]
    assert value(f'CHUNK("{TIMES}")') == TIMES
    with pytest.raises(ConnoteError, match="Invalid chunkingStrategy"):
        value('CHUNK("a", {"strategy": "page"})')


LONG = (
    "Rivers carry water to the sea. Every spring the snow melts in the mountains and the rivers rise. A dam holds the "
    "water back. Fish climb the ladder beside the dam in autumn. The valley below is dry for most of the year."
)


def test_the_best_snippets_come_first() -> None:
    found = value(f'TOP_SNIPPETS("{LONG}", "dam fish", {{"num_snippets": 2, "num_words": 12}})')
    assert found == ["Fish climb the ladder beside the dam in autumn.", "A dam holds the water back."]
    assert value(f'TOP_SNIPPETS("{LONG}", "Dam")') == LONG
    assert value(f'TOP_SNIPPETS("{LONG}", "volcano")') is None
    marked = value(
        f'TOP_SNIPPETS("{LONG}", "dam", {{"num_snippets": 1, "num_words": 12, "highlight": true, "pre_tag": "<b>", '
        '"post_tag": "</b>"})'
    )
    assert marked == "A <b>dam</b> holds the water back."


def test_lines_of_logs_are_put_into_categories() -> None:
    # https://www.elastic.co/docs/reference/query-languages/esql/functions-operators/grouping-functions/categorize
    lines = ["Connected to 10.1.0.1", "Connected to 10.1.0.2", "Connected to 10.1.0.3", "Disconnected"]
    lines += ["Connection error"] * 3
    given = f"ROW n = {list(range(len(lines)))} | MV_EXPAND n | EVAL message = CASE(" + ", ".join(
        f'n == {at}, "{line}"' for at, line in enumerate(lines)
    )
    found = rows(given + ") | STATS count = COUNT() BY category = CATEGORIZE(message) | SORT count DESC, category")
    assert found == [[3, ".*?Connected.+?to.*?"], [3, ".*?Connection.+?error.*?"], [1, ".*?Disconnected.*?"]]
    tokens = rows(given + ') | STATS BY c = CATEGORIZE(message, {"output_format": "tokens"}) | SORT c')
    assert tokens == [["Connected to"], ["Connection error"], ["Disconnected"]]


def test_words_that_differ_are_left_out_of_a_category() -> None:
    given = 'ROW m = ["User ann has logged in at 12:01", "User bob has logged in at 9:30"] | MV_EXPAND m '
    assert rows(given + "| STATS n = COUNT(*) BY c = CATEGORIZE(m)") == [[2, ".*?User.+?has.+?logged.+?in.+?at.*?"]]
    assert len(rows(given + '| STATS BY c = CATEGORIZE(m, {"similarity_threshold": 90})')) == 2


@pytest.mark.parametrize(
    "query",
    ["EVAL c = CATEGORIZE(m)", "STATS COUNT(*) BY x, CATEGORIZE(m)", "STATS BY CONCAT(CATEGORIZE(m), m)",
     "STATS VALUES(CATEGORIZE(m))", "WHERE CATEGORIZE(m) == m"],
)  # fmt: skip
def test_categories_are_only_grouped_by(query: str) -> None:
    with pytest.raises(ConnoteError, match="must be the first expression behind BY"):
        table(f'ROW m = "a", x = 1 | {query}')


def test_the_box_around_places_is_the_narrower_one() -> None:
    def box(*places: tuple[float, float]) -> Any:  # noqa: ANN401
        points = ", ".join(f'"POINT ({lon} {lat})"' for lon, lat in places)
        return rows(f"ROW p = [{points}] | MV_EXPAND p | STATS e = ST_EXTENT_AGG(p::geo_point)")[0][0]

    assert box((2.5, 48.5), (-0.5, 51.5), (13.0, 40.0)) == "BBOX (-0.5, 13.0, 51.5, 40.0)"
    assert box((170.0, 1.0), (-175.0, -1.0)) == "BBOX (170.0, -175.0, 1.0, -1.0)"
    assert table('ROW p = "POINT (1 2)" | STATS ST_EXTENT_AGG(p::geo_point)').types == {
        "ST_EXTENT_AGG(p::geo_point)": "geo_shape"
    }


def test_figures_of_very_many_groups_are_those_of_numpy() -> None:
    numbers = np.random.default_rng(4).integers(10_000, size=1000).tolist()
    query = (
        f"ROW n = {numbers}, m = {list(range(40))} | MV_EXPAND n | MV_EXPAND m | EVAL v = n * 1.5 + m, g = n % 900 "
        "| STATS MEDIAN(v), PERCENTILE(v, 12.5), MEDIAN_ABSOLUTE_DEVIATION(v), COUNT_DISTINCT(v), MV_COUNT(VALUES(v)) "
        "BY g | SORT g"
    )
    for middle, eighth, away, distinct, listed, group in rows(query):
        own = np.array([n * 1.5 + m for n in numbers for m in range(40) if n % 900 == group])
        expected = [np.median(own), np.percentile(own, 12.5), np.median(np.abs(own - np.median(own)))]
        assert [middle, eighth, away] == pytest.approx(expected)
        assert distinct == listed == len(set(own.tolist()))


def test_many_figures_of_very_many_groups_do_not_take_long() -> None:
    thousand = list(range(1000))
    figures = ", ".join(f"m{at} = MEDIAN(v + {at}), p{at} = PERCENTILE(v, {at})" for at in range(20))
    began = time.monotonic()
    found = rows(
        f"ROW a = {thousand}, b = {thousand[:30]} | MV_EXPAND a | MV_EXPAND b | EVAL v = a * 30 + b "
        f"| STATS {figures} BY v | STATS COUNT(*), SUM(m1)"
    )
    assert found == [[30_000, sum(range(30_000)) + 30_000.0]]
    assert time.monotonic() - began < 10


VECTORS = (
    "ROW n = [0, 1, 2, 3] | MV_EXPAND n | EVAL v = CASE(n == 0, [1.0, 0.0]::dense_vector, n == 1, "
    "[0.99, 0.1]::dense_vector, n == 2, [0.0, 1.0]::dense_vector, null) "
)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("MMR ON v LIMIT 2", [0, 2]),  # the first, and the one that is least like it
        ("MMR [0.9, 0.2] ON v LIMIT 2", [1, 2]),
        ('MMR [0.9, 0.2] ON v LIMIT 2 WITH {"lambda": 1.0}', [0, 1]),
        ("MMR ON v LIMIT 9", [0, 1, 2]),
    ],
)
def test_rows_that_are_like_others_are_left_out(command: str, expected: list[int]) -> None:
    assert [row[0] for row in rows(f"{VECTORS} | {command} | KEEP n")] == expected


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("MMR ON n LIMIT 2", "must be a dense_vector"),
        ("MMR [1.0] ON v LIMIT 2", "different dimensions"),
        ("MMR v ON v LIMIT 2", "must be a constant"),
        ("MMR ON v LIMIT 0", "must be a positive integer"),
        ('MMR ON v LIMIT 1 WITH {"lambda": 2}', "from 0 to 1"),
    ],
)
def test_rows_that_have_no_vectors_are_not_compared(command: str, why: str) -> None:
    with pytest.raises(ConnoteError) as refused:
        rows(f"{VECTORS} | {command}")
    assert why in str(refused.value)
