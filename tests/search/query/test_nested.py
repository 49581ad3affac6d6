"""Nested objects match one by one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.contract.errors import BadQuery, IllegalArgument
from search.query.houses import prices, texts, words
from search.query.slow import Bm25, Scores, same
from search.query.slow import words as terms
from search.query.small import Small

ROOMS: dict[str, Any] = {
    "rooms": {
        "type": "nested",
        "properties": {
            "name": {"type": "text"},
            "size": {"type": "integer"},
            "things": {"type": "nested", "properties": {"kind": {"type": "keyword"}, "count": {"type": "integer"}}},
        },
    }
}
rooms = some.fixed_dictionaries({}, optional={"name": texts, "size": prices})
homes = some.lists(some.lists(rooms, max_size=3), min_size=1, max_size=6)
JOIN: dict[str, Any] = {
    "sum": sum,
    "avg": lambda own: sum(own) / len(own),
    "max": max,
    "min": min,
    "none": lambda _: 0.0,
}


@given(homes, words, prices, some.sampled_from(sorted(JOIN)), some.floats(0.25, 4))
def test_one_object_must_match_all_by_itself(
    own: list[list[Any]], word: str, least: int, mode: str, boost: float
) -> None:
    small = Small(ROOMS, [{"rooms": each} for each in own], segments=2)
    flat = [(number, room) for number, each in enumerate(own) for room in each]
    model = Bm25([terms(room, "name") for _, room in flat])
    scores: dict[int, list[float]] = {}
    for at, score in model.term(word).items():
        number, room = flat[at]
        if room.get("size", least - 1) >= least:
            scores.setdefault(number, []).append(score)
    wanted: Scores = {number: JOIN[mode](each) * boost for number, each in scores.items()}
    inner = {"bool": {"must": {"match": {"rooms.name": word}}, "filter": {"range": {"rooms.size": {"gte": least}}}}}
    same(small.search({"nested": {"path": "rooms", "query": inner, "score_mode": mode, "boost": boost}}), wanted)


HOMES: list[dict[str, Any]] = [
    {"rooms": [{"name": "hall", "things": [{"kind": "chair", "count": 2}]}, {"name": "bath"}]},
    {"rooms": [{"name": "hall", "things": [{"kind": "table", "count": 2}, {"kind": "chair", "count": 1}]}]},
    {"rooms": []},
]


def things(kind: str, count: int) -> dict[str, Any]:
    return {"bool": {"filter": [{"term": {"rooms.things.kind": kind}}, {"term": {"rooms.things.count": count}}]}}


def test_objects_may_be_nested_in_nested_ones() -> None:
    small = Small(ROOMS, HOMES, segments=2)
    straight = {"nested": {"path": "rooms.things", "query": things("chair", 2)}}
    assert small.ids(straight) == [0]
    stepwise = {"nested": {"path": "rooms", "query": {"bool": {"must": [{"match": {"rooms.name": "hall"}}, straight]}}}}
    assert small.ids(stepwise) == [0]
    assert small.ids({"nested": {"path": "rooms.things", "query": things("chair", 1)}}) == [1]


def test_from_outside_nothing_of_an_object_is_seen() -> None:
    small = Small(ROOMS, HOMES)
    assert small.ids({"match": {"rooms.name": "hall"}}) == []
    assert small.ids({"nested": {"path": "rooms", "query": {"match_all": {}}}}) == [0, 1]


def test_a_path_that_is_not_nested_is_told() -> None:
    small = Small(ROOMS, HOMES)
    with pytest.raises(BadQuery, match="failed to find nested object under path"):
        small.ids({"nested": {"path": "gardens", "query": {"match_all": {}}}})
    assert small.ids({"nested": {"path": "gardens", "query": {"match_all": {}}, "ignore_unmapped": True}}) == []
    with pytest.raises(IllegalArgument, match="No score mode for child query"):
        small.ids({"nested": {"path": "rooms", "query": {"match_all": {}}, "score_mode": "best"}})
