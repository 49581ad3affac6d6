"""Sets of rules that are kept: those of queries and those of synonyms alike, but for what a set is."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from connote.contract.errors import ConnoteError, IllegalArgument, NotFound, Unparsable
from connote.search.rulesets import Rulesets
from connote.search.storedrules import StoredRules
from connote.search.synonyms import Synonyms
from connote.store import database
from connote.store.bodies import BodyStore

Kept = StoredRules[Any]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = database.connect(tmp_path)
    yield made
    made.dispose()


def opened(kind: type[Kept], engine: Engine) -> Kept:
    return kind(BodyStore(engine, database.rulesets if kind is Rulesets else database.synonyms))


def body(kind: type[Kept], id: str, word: str = "a") -> dict[str, Any]:
    """A rule that says something of a word."""
    if kind is Synonyms:
        return {"id": id, "synonyms": f"{word}, b"}
    return {"rule_id": id, "type": "pinned", "criteria": [{"type": "always"}], "actions": {"ids": [word]}}


both = pytest.mark.parametrize("kind", [Rulesets, Synonyms])


@both
def test_a_set_is_changed_rule_by_rule_and_read_again_at_a_start(kind: type[Kept], engine: Engine) -> None:
    async def changed(sets: Kept) -> list[bool]:
        told = [await sets.put("s", {kind.key: [body(kind, "1"), body(kind, "2"), body(kind, "3")]})]
        told += [
            await sets.put_rule("s", "2", body(kind, "2", "other")),
            await sets.put_rule("s", "4", body(kind, "4")),
        ]
        await sets.remove_rule("s", "1")
        return [
            *told,
            await sets.put("t", {kind.key: body(kind, "1")}),
            await sets.put("t", {kind.key: body(kind, "9")}),
        ]

    sets = opened(kind, engine)
    assert asyncio.run(changed(sets)) == [True, False, True, True, False]
    for each in (sets, opened(kind, engine)):
        assert {name: [rule.id for rule in rules] for name, rules in each.all.items()} == {
            "s": ["2", "3", "4"],
            "t": ["9"],
        }
        assert "other" in str(each.rule("s", "2").wire())


@both
def test_rules_that_are_removed_at_once_are_all_gone(kind: type[Kept], engine: Engine) -> None:
    async def removed(sets: Kept) -> None:
        await sets.put("s", {kind.key: [body(kind, str(n)) for n in range(9)]})
        await asyncio.gather(*(sets.remove_rule("s", str(n)) for n in range(1, 9)))

    sets = opened(kind, engine)
    asyncio.run(removed(sets))
    assert [rule.id for rule in sets.get("s")] == ["0"]


@both
def test_what_is_not_there_or_cannot_be_is_told(kind: type[Kept], engine: Engine) -> None:
    sets = opened(kind, engine)
    asyncio.run(sets.put("s", {kind.key: [body(kind, "1")]}))

    def fails(error: type[ConnoteError], told: str, work: Any) -> None:  # noqa: ANN401
        with pytest.raises(error, match=told):
            asyncio.run(work)

    fails(NotFound, r"set \[none\] not found", sets.remove("none"))
    fails(NotFound, r"9.*not found.*\[s\]|not found.*9", sets.remove_rule("s", "9"))
    fails(IllegalArgument, r"\[x\] in the body and \[1\] in the path", sets.put_rule("s", "1", body(kind, "x")))
    fails(IllegalArgument, "cannot be the name of", sets.put(" ", {kind.key: [body(kind, "1")]}))
    fails(Unparsable, f"object with .{kind.key}., and nothing beside it", sets.put("s", {kind.key: [], "more": 1}))
    fails(IllegalArgument, "twice", sets.put("s", {kind.key: [body(kind, "1"), body(kind, "1")]}))
    assert [rule.id for rule in sets.get("s")] == ["1"]


def test_a_ruleset_comes_with_its_first_rule_and_goes_with_its_last(engine: Engine) -> None:
    sets = opened(Rulesets, engine)
    assert asyncio.run(sets.put_rule("s", "1", body(Rulesets, "1"))) is True
    asyncio.run(sets.remove_rule("s", "1"))
    assert (sets.all, opened(Rulesets, engine).all) == ({}, {})


def test_a_set_of_synonyms_must_be_there_for_its_rules_and_may_be_empty(engine: Engine) -> None:
    sets = opened(Synonyms, engine)
    with pytest.raises(NotFound, match=r"synonyms set \[s\] not found"):
        asyncio.run(sets.put_rule("s", "1", body(Synonyms, "1")))
    asyncio.run(sets.put("s", {"synonyms_set": [body(Synonyms, "1")]}))
    asyncio.run(sets.remove_rule("s", "1"))
    assert (dict(sets.all), dict(opened(Synonyms, engine).all)) == ({"s": []}, {"s": []})
