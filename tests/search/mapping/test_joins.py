"""Join fields are read: who is a parent, and whose child a document is."""

from typing import Any

import pytest

from connote.contract.errors import BadDocument, BadMapping, ConnoteError, IllegalArgument
from connote.search.analysis import Analysis
from connote.search.mapping.document import Reader
from connote.search.mapping.mapping import Mapping

RELATIONS = {"question": ["answer", "comment"], "answer": "vote"}
TALK = {"properties": {"talk": {"type": "join", "relations": RELATIONS}}}


def mapped(body: dict[str, Any] = TALK) -> Mapping:
    return Mapping.read(body, Analysis())


def words(value: object, id: str = "7") -> dict[str, list[str]]:
    return dict(Reader(mapped(), id).read({"talk": value}).words)


def test_parents_and_children_share_the_parents_id() -> None:
    assert words("question") == {"talk": ["question"], "talk#question": ["7"]}
    assert words({"name": "comment", "parent": "1"}) == {"talk": ["comment"], "talk#question": ["1"]}
    assert words({"name": "answer", "parent": 1}) == {
        "talk": ["answer"], "talk#question": ["1"], "talk#answer": ["7"]
    }  # fmt: skip
    assert mapped().wire() == TALK


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("nothing", "unknown join name [nothing] for field [talk]"),
        ("answer", "[parent] is missing for join field [talk]"),
        ({"name": "vote"}, "[parent] is missing for join field [talk]"),
        ({"parent": "1"}, "null join name in field [talk]"),
        (["question", "question"], "[talk] takes one value, not several"),
    ],
)
def test_what_is_no_relation_is_refused(value: object, told: str) -> None:
    with pytest.raises(BadDocument) as caught:
        words(value)
    assert isinstance(caught.value.caused_by, ConnoteError)
    assert caught.value.caused_by.reason == told


def test_relations_may_be_added_and_none_taken_away() -> None:
    def change(relations: dict[str, Any]) -> Mapping:
        return mapped().merged({"properties": {"talk": {"type": "join", "relations": relations}}})

    grown = change(RELATIONS | {"comment": ["reply"]})
    assert Reader(grown, "7").read({"talk": {"name": "reply", "parent": "1"}}).words["talk#comment"] == ["1"]
    with pytest.raises(IllegalArgument, match=r"Cannot remove parent \[answer\]"):
        change({"question": ["answer", "comment"]})
    with pytest.raises(IllegalArgument, match=r"Cannot remove child \[comment\]"):
        change(RELATIONS | {"question": "answer"})


def test_there_is_one_join_field_and_it_stands_alone() -> None:
    join = TALK["properties"]["talk"]
    with pytest.raises(IllegalArgument, match="Only one"):
        mapped({"properties": {"a": join, "b": join}})
    inside = {"o": {"properties": {"a": join}}}
    with pytest.raises(BadMapping, match="cannot be added inside an object or in a multi-field"):
        mapped({"properties": inside})
    with pytest.raises(BadMapping, match="cannot be added inside an object or in a multi-field"):
        mapped({"properties": {"k": {"type": "keyword", "fields": {"j": join}}}})
    with pytest.raises(BadMapping, match="multiple parents"):
        mapped({"properties": {"a": {"type": "join", "relations": {"x": "z", "y": "z"}}}})
