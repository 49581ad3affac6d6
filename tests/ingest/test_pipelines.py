"""Pipelines in the database, and those that this connote cannot read."""

import asyncio
from pathlib import Path

import pytest

from connote.contract.errors import IllegalArgument, InvalidRequest
from connote.ingest.document import Document
from connote.ingest.pipelines import LOGS, Pipelines
from connote.ingest.run import Failed
from connote.store import database
from connote.store.bodies import BodyStore


async def infer(*_: object) -> list[Exception]:
    return []


def test_a_pipeline_is_put_replaced_and_removed(tmp_path: Path) -> None:
    engine = database.connect(tmp_path)
    store = BodyStore(engine, database.pipelines)
    store.put("a", {"processors": []})
    store.put("a", {"processors": [], "version": 2})
    store.put("b", {"processors": []})
    store.remove(["b", "c"])
    assert store.all() == {"a": {"processors": [], "version": 2}}
    engine.dispose()


def test_one_that_cannot_be_read_is_kept_and_tells_why_when_it_runs(tmp_path: Path) -> None:
    engine = database.connect(tmp_path)
    store = BodyStore(engine, database.pipelines)
    store.put("newer", {"processors": [{"telepathy": {}}]})
    pipelines = Pipelines(store, infer)
    assert list(pipelines.find()) == [LOGS, "newer"]
    (outcome,) = asyncio.run(pipelines.run("newer", [Document({})]))
    assert isinstance(outcome, Failed)
    assert outcome.error.reason == "No processor type exists with name [telepathy]"
    engine.dispose()


def test_one_that_is_in_use_is_not_deleted(tmp_path: Path) -> None:
    engine = database.connect(tmp_path)
    pipelines = Pipelines(BodyStore(engine, database.pipelines), infer)
    pipelines.users.append(lambda id: "is the default pipeline for 1 index" if id == "a" else None)

    async def story() -> None:
        for id in "ab":
            await pipelines.put(id, {"processors": []})
        with pytest.raises(IllegalArgument) as caught:
            await pipelines.delete("*")
        told = "pipeline [a] cannot be deleted because it is the default pipeline for 1 index"
        assert caught.value.reason == told
        assert list(pipelines.find()) == ["a", "b", LOGS]
        await pipelines.delete("b")
        assert not pipelines.has("b")
        with pytest.raises(InvalidRequest):
            await pipelines.put("a,b", {"processors": []})

    asyncio.run(story())
    engine.dispose()
