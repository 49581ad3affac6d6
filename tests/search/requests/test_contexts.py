"""Completions by what they belong to, as in Elasticsearch's reference."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.search.mapping import geohash
from connote.search.mapping.geo import geohash as centre
from homes import Search

KIND = {"name": "kind", "type": "category"}
PLACE = {"name": "place", "type": "geo", "precision": 4}
PATHS = [{"name": "kind", "type": "category", "path": "cat"}, {**PLACE, "path": "at"}]
AMSTERDAM, ROTTERDAM, ROME = {"lat": 52.3, "lon": 4.9}, {"lat": 51.92, "lon": 4.48}, [12.5, 41.9]
STAYS: list[dict[str, Any]] = [
    {"suggest": {"input": ["timmy's", "starbucks"], "contexts": {"kind": ["cafe", "food"], "place": AMSTERDAM}}},
    {"suggest": {"input": "time out", "weight": 3, "contexts": {"kind": "bar", "place": [ROTTERDAM, ROME]}}},
    {"suggest": {"input": "time machine", "weight": 2, "contexts": {"kind": ["cafeteria", 7]}}},
    {"other": {"input": "time", "weight": 5}, "cat": ["cafe", "shop"], "at": ROME},
    {"other": {"input": "timer", "weight": 4, "contexts": {"kind": "bar"}}, "at": AMSTERDAM},
]


@pytest.fixture(scope="module")
def stays(search: Search) -> Iterator[Search]:
    fields = {
        "suggest": {"type": "completion", "contexts": [KIND, PLACE]},
        "other": {"type": "completion", "contexts": PATHS},
        "cat": {"type": "keyword"},
        "at": {"type": "geo_point"},
    }
    assert search.http.put("/stays", json={"mappings": {"properties": fields}}).is_success
    for number, each in enumerate(STAYS):
        reply = search.http.put(f"/stays/_doc/{number}?refresh=true", json=each)
        assert reply.is_success, reply.text
    yield search
    assert search.http.delete("/stays").is_success


def asked(stays: Search, contexts: Any, field: str = "suggest", **own: Any) -> list[tuple[str, float]]:  # noqa: ANN401
    completion = {"field": field, "contexts": contexts, "size": 9, **own}
    (entry,) = stays("stays", suggest={"a": {"prefix": "tim", "completion": completion}})["suggest"]["a"]
    return [(each["text"], each["_score"]) for each in entry["options"]]


def test_only_what_belongs_to_a_category_is_suggested(stays: Search) -> None:
    assert asked(stays, {"kind": ["cafe", "restaurants"]}) == [("timmy's", 1.0)]
    assert asked(stays, {"kind": "7"}) == [("time machine", 2.0)]
    assert asked(stays, {"kind": "nix"}) == []


def test_categories_may_count_more_and_be_beginnings(stays: Search) -> None:
    contexts = {"kind": [{"context": "cafe", "boost": 4}, {"context": "bar"}]}
    assert asked(stays, contexts) == [("timmy's", 4.0), ("time out", 3.0)]
    assert asked(stays, {"kind": {"context": "caf", "prefix": True}}) == [("time machine", 2.0), ("timmy's", 1.0)]


def test_what_it_was_found_by_is_told(stays: Search) -> None:
    completion = {"field": "suggest", "contexts": {"kind": ["food", "cafe"]}}
    found = stays("stays", suggest={"a": {"prefix": "star", "completion": completion}})
    assert found["suggest"]["a"][0]["options"][0]["contexts"] == {"kind": ["cafe", "food"]}


def test_places_are_near_if_their_cells_touch(stays: Search) -> None:
    assert asked(stays, {"place": AMSTERDAM}) == [("timmy's", 1.0)]
    assert asked(stays, {"place": {"context": {"lat": 41.8, "lon": 12.4}, "boost": 2}}) == [("time out", 6.0)]
    assert asked(stays, {"place": {"lat": 48.8, "lon": 2.3}}) == []
    wide = {"context": {"lat": 52.1, "lon": 5.1}, "precision": 2}
    assert [text for text, _ in asked(stays, {"place": wide})] == ["time out", "timmy's"]
    around = {"context": {"lat": 50.8, "lon": 4.3}, "neighbours": [3]}
    assert [text for text, _ in asked(stays, {"place": around})] == ["time out", "timmy's"]


def test_either_of_several_contexts_is_enough(stays: Search) -> None:
    assert [text for text, _ in asked(stays, {"kind": "cafeteria", "place": ROME})] == ["time out", "time machine"]


def test_contexts_may_be_the_values_of_other_fields(stays: Search) -> None:
    assert asked(stays, {"kind": "shop"}, "other") == [("time", 5.0)]
    assert asked(stays, {"kind": "bar"}, "other") == [("timer", 4.0)]
    assert asked(stays, {"place": ROME}, "other") == [("time", 5.0)]
    assert asked(stays, {"kind": "cafe"}, "other", fuzzy=True) == [("time", 20.0)]


def test_expressions_have_contexts_too(stays: Search) -> None:
    completion = {"field": "suggest", "contexts": {"kind": "bar"}}
    (entry,) = stays("stays", suggest={"a": {"regex": "ti?m", "completion": completion}})["suggest"]["a"]
    assert [each["text"] for each in entry["options"]] == ["time out"]


@pytest.mark.parametrize(
    ("contexts", "told"),
    [
        (None, "Missing mandatory contexts in context query"),
        ({"kind": []}, "Missing mandatory contexts in context query"),
        ({"nix": "a"}, "Unknown context name [nix], must be one of [kind, place]"),
        ({"kind": {"boost": 2}}, "[context] is missing"),
        ({"kind": {"context": "a", "boost": 0}}, "Boost must be a positive integer"),
        ({"kind": {"context": "a", "nix": 0}}, "unknown field [nix]"),
        ({"place": "nowhere,"}, "must be a valid double value"),
        ({"place": {"context": AMSTERDAM, "precision": 13}}, "precision must be between 1 and 12"),
        ({"place": {"context": AMSTERDAM, "precision": "-0km,"}}, "failed to parse distance"),
        ({"kind": ["a"] * 1001}, "at most"),
        (7, "must be an object"),
    ],
)
def test_what_is_asked_wrongly_is_told(stays: Search, contexts: Any, told: str) -> None:  # noqa: ANN401
    completion = {"field": "suggest"} | ({} if contexts is None else {"contexts": contexts})
    assert told in stays.error("stays", suggest={"a": {"prefix": "tim", "completion": completion}})["reason"]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"input": "x"}, "Contexts are mandatory in context enabled completion field [suggest]"),
        ({"input": "x", "contexts": {"nix": "a"}}, "Unknown context name [nix]"),
        ({"input": "x", "contexts": {"kind": {"a": 1}}}, "Can't get text on a START_OBJECT"),
        ({"input": "x", "contexts": {"place": "x,y"}}, "must be a valid double value"),
        ({"input": "x", "contexts": {"kind": "a" * 40_000}}, "too long"),
        ({"input": "x", "contexts": 1}, "must be an object"),
    ],
)
def test_a_document_with_wrong_contexts_is_refused(stays: Search, value: Any, told: str) -> None:  # noqa: ANN401
    reply = stays.http.put("/stays/_doc/wrong", json={"suggest": value})
    assert reply.status_code == 400
    assert told in reply.text


@pytest.mark.parametrize(
    "contexts",
    [
        [{"name": "a"}],
        [{"name": "a", "type": "magic"}],
        [{"name": "a", "type": "category", "precision": 3}],
        [{"name": "a", "type": "geo", "precision": 20}],
        [KIND, KIND],
        [{"name": f"n{number}", "type": "category"} for number in range(11)],
        ["a"],
        7,
    ],
)
def test_a_mapping_with_wrong_contexts_is_refused(search: Search, contexts: Any) -> None:  # noqa: ANN401
    fields = {"suggest": {"type": "completion", "contexts": contexts}}
    assert search.http.put("/refused", json={"mappings": {"properties": fields}}).status_code == 400


@pytest.mark.parametrize(
    ("lat", "lon", "name"),
    [(57.64911, 10.40744, "u4pruydqqvj8"), (48.669, -4.329, "gbsuv7ztqzpt"), (-25.382708, -49.265506, "6gkzwgjzn820")],
)
def test_cells_have_the_names_that_are_published(lat: float, lon: float, name: str) -> None:
    assert [geohash.cell(lat, lon, length) for length in range(1, 11)] == [name[:length] for length in range(1, 11)]
    assert geohash.around("dqcjq") == sorted(["dqcjr", "dqcjw", "dqcjx", "dqcjn", "dqcjt", "dqcjj", "dqcjm", "dqcjp"])


def test_distances_become_lengths_of_names() -> None:
    found = [geohash.length_for(metres) for metres in (0, 5e-324, 1e-320, 0.01, 1, 100, 5_000, 600_000, 1e9)]
    assert found == sorted(found, reverse=True)
    assert (found[0], found[-1]) == (12, 1)


@given(some.floats(-90, 90), some.floats(-180, 180), some.integers(1, 12))
def test_the_centre_of_a_cell_is_in_it(lat: float, lon: float, length: int) -> None:
    name = geohash.cell(lat, lon, length)
    assert geohash.cell(*centre(name), length) == name
    assert all(name in geohash.around(each) for each in geohash.around(name))
