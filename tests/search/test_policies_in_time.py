"""What changes while a policy is followed: nothing is deleted that is not to be any more."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from connote.search.ilm import management
from connote.search.ilm.actions import DO
from connote.search.ilm.management import Management
from connote.search.indices import Indices
from connote.search.templates import Templates
from connote.store import database
from connote.store.bodies import BodyStore
from connote.store.indices import IndexStore
from connote.store.values import ValueStore

PHASES = {"warm": {"actions": {"forcemerge": {"max_num_segments": 1}}}, "delete": {"actions": {"delete": {}}}}
POLICY = {"settings": {"index.lifecycle.name": "p"}}
Change = Callable[[Indices, Management], Awaitable[None]]


async def made_anew(indices: Indices, _: Management) -> None:
    await indices.delete(["notes"])
    await indices.create("notes", POLICY)


async def kept_longer(_: Indices, policies: Management) -> None:
    await policies.put("p", {"phases": {**PHASES, "delete": {"min_age": "9d", "actions": {"delete": {}}}}})


async def freed(_: Indices, policies: Management) -> None:
    await policies.remove(["notes"])


async def stopped(_: Indices, policies: Management) -> None:
    policies.stop(stopped=True)


async def closed(indices: Indices, _: Management) -> None:
    await indices.close_all(["notes"], closed=True)


async def unchanged(_: Indices, __: Management) -> None:
    pass


@pytest.mark.parametrize(
    ("change", "is_kept"),
    [(made_anew, True), (kept_longer, True), (freed, True), (stopped, True), (closed, True), (unchanged, False)],
)
def test_a_change_while_an_index_is_merged_counts_before_it_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Change, is_kept: bool
) -> None:
    engine = database.connect(tmp_path)
    templates = Templates([BodyStore(engine, each) for each in database.templates], lambda _: None)
    indices = Indices(tmp_path / "indices", IndexStore(engine), templates)
    kept, lives = (BodyStore(engine, each) for each in database.ilm)
    policies = Management((kept, lives), indices, templates, ValueStore(engine))

    async def merge(*_: object) -> bool:
        await change(indices, policies)
        return True

    monkeypatch.setattr(management, "DO", {**DO, "forcemerge": merge})

    async def lived() -> bool:
        await policies.put("p", {"phases": PHASES})
        await indices.create("notes", POLICY)
        await policies.run()
        return "notes" in indices.records

    assert asyncio.run(lived()) is is_kept
