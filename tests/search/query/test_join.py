"""Queries over parents and children, held against loops over all documents."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.contract.errors import BadQuery, IllegalArgument
from search.query.slow import Scores, same
from search.query.small import Small

TALK = {
    "talk": {"type": "join", "relations": {"question": ["answer", "comment"], "answer": "vote"}},
    "n": {"type": "integer"},
}
# A question, an answer or a comment to a question, a vote on an answer: their parents, and a number to score by.
Line = tuple[str, int, int]
lines = some.lists(
    some.tuples(some.sampled_from(["question", "answer", "comment", "vote"]), some.integers(0, 7), some.integers(1, 4)),
    min_size=1,
    max_size=8,
)
ABOVE = {"answer": "question", "comment": "question", "vote": "answer"}
JOINED: Mapping[str, Any] = {"sum": sum, "max": max, "min": min, "avg": lambda each: sum(each) / len(each)}


def document(line: Line) -> dict[str, Any]:
    relation, parent, n = line
    talk: Any = {"name": relation, "parent": str(parent)} if relation in ABOVE else relation
    return {"talk": talk, "n": n}


def talk(told: Sequence[Line]) -> Small:
    return Small(TALK, [document(line) for line in told], segments=2, deleted={len(told) - 1} if len(told) > 4 else ())


def alive(told: Sequence[Line]) -> dict[int, Line]:
    return dict(enumerate(told if len(told) <= 4 else told[:-1]))


def by_number(least: int) -> dict[str, Any]:
    """Those with so much, scored by it."""
    query = {"range": {"n": {"gte": least}}}
    return {"function_score": {"query": query, "field_value_factor": {"field": "n"}, "boost_mode": "replace"}}


@given(lines, some.sampled_from(["none", *JOINED]), some.sampled_from(list(ABOVE)), some.integers(1, 3))
def test_parents_are_found_by_their_children(told: list[Line], mode: str, kind: str, least: int) -> None:
    wanted: Scores = {}
    there = alive(told)
    for number, (relation, _, _) in there.items():
        own = [n for child, parent, n in there.values() if (child, parent) == (kind, number) and n >= 2]
        if relation == ABOVE[kind] and len(own) >= least:
            wanted[number] = 1.0 if mode == "none" else JOINED[mode](own)
    asked = {"type": kind, "query": by_number(2), "score_mode": mode, "min_children": least}
    same(talk(told).search({"has_child": asked}), wanted)


@given(lines, some.booleans(), some.sampled_from(["question", "answer"]))
def test_children_are_found_by_their_parent(told: list[Line], scored: bool, kind: str) -> None:
    there = alive(told)
    wanted = {}
    for number, (relation, parent, _) in there.items():
        above = there.get(parent)
        if ABOVE.get(relation) == kind and above is not None and above[0] == kind and above[2] >= 2:
            wanted[number] = float(above[2]) if scored else 1.0
    same(talk(told).search({"has_parent": {"parent_type": kind, "query": by_number(2), "score": scored}}), wanted)


@given(lines, some.integers(0, 7))
def test_the_children_of_one_parent_are_found_by_its_id(told: list[Line], parent: int) -> None:
    wanted = {n: 1.0 for n, (relation, above, _) in alive(told).items() if (relation, above) == ("answer", parent)}
    same(talk(told).search({"parent_id": {"type": "answer", "id": str(parent)}}), wanted)


def test_generations_are_found_through_one_another() -> None:
    told = [("question", 0, 1), ("answer", 0, 1), ("vote", 1, 3), ("question", 0, 1), ("answer", 3, 1)]
    voted = {"has_child": {"type": "answer", "query": {"has_child": {"type": "vote", "query": {"match_all": {}}}}}}
    same(talk(told).search(voted), {0: 1.0})
    assert set(talk(told).search({"term": {"talk#question": "0"}})) == {0, 1}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"has_child": {"type": "question", "query": {"match_all": {}}}}, "doesn't hold [question]"),
        ({"has_parent": {"parent_type": "vote", "query": {"match_all": {}}}}, "doesn't hold [vote]"),
        ({"parent_id": {"type": "nothing", "id": "1"}}, "doesn't hold [nothing]"),
        ({"has_child": {"query": {"match_all": {}}}}, "requires 'type' field"),
        ({"has_child": {"type": "vote", "query": {"match_all": {}}, "score_mode": "median"}}, "[median]"),
        ({"has_child": {"type": "vote", "query": {"match_all": {}}, "max_children": 0}}, "'max_children'"),
        ({"has_parent": {"parent_type": "answer", "query": {"match_all": {}}, "boots": 1}}, "[boots]"),
    ],
)
def test_what_cannot_be_asked_is_told(asked: dict[str, Any], told: str) -> None:
    with pytest.raises((BadQuery, IllegalArgument), match=re.escape(told)):
        talk([("question", 0, 1)]).search(asked)


def test_relations_that_are_not_there_may_be_ignored() -> None:
    small = Small({"n": {"type": "integer"}}, [{"n": 1}])
    asked = {"type": "answer", "query": {"match_all": {}}}
    with pytest.raises(BadQuery, match="no join field has been configured"):
        small.search({"has_child": asked})
    assert small.search({"has_child": asked | {"ignore_unmapped": True}}) == {}
    assert small.search({"parent_id": {"type": "answer", "id": "1", "ignore_unmapped": True}}) == {}
