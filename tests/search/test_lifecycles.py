"""Data streams are rolled over in time: by how old the index that is written to is, and for how long documents stay."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from connote.search import datastreams
from connote.search.indices import Indices
from connote.search.lifecycles import Lifecycles
from connote.search.templates import Templates
from connote.search.write.change import Change
from connote.search.write.embed import Embedder
from connote.search.write.operation import Kind, Operation
from connote.search.write.writer import Writer
from connote.store import database
from connote.store.bodies import BodyStore
from connote.store.indices import IndexStore

HOUR = 3600.0


@pytest.mark.parametrize(
    ("lifecycle", "hours", "documents", "indices"),
    [
        ({"data_retention": "1d"}, 0.9, 1, [1]),
        ({"data_retention": "1d"}, 1.1, 1, [1, 2]),
        ({"data_retention": "1d"}, 1.1, 0, [1]),
        ({"data_retention": "14d"}, 23, 1, [1]),
        ({"data_retention": "14d"}, 25, 1, [1, 2]),
        ({"data_retention": "60d"}, 8 * 24, 1, [1, 2]),
        ({}, 29 * 24, 1, [1]),
        ({}, 31 * 24, 1, [1, 2]),
        ({"enabled": False}, 31 * 24, 1, [1]),
        (None, 31 * 24, 1, [1]),
    ],
)
def test_an_old_index_with_documents_gives_way_to_the_next(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lifecycle: dict[str, Any] | None,
    hours: float,
    documents: int,
    indices: list[int],
) -> None:
    engine = database.connect(tmp_path)
    templates = Templates([BodyStore(engine, each) for each in database.templates], lambda _: None)
    own = Indices(tmp_path / "indices", IndexStore(engine), templates)
    clock = time.time

    async def lived() -> list[int]:
        await templates.put_index("logs", {"index_patterns": ["logs"], "data_stream": {}})
        await datastreams.create(own, "logs")
        await datastreams.set_lifecycle(own, datastreams.find(own, "logs"), lifecycle)
        index = await own.open(own.streams["logs"].writer)
        source = {"@timestamp": "2026-01-01"}
        operations = [Operation(Kind.CREATE, index.name, str(id), source) for id in range(documents)]
        await Writer(Embedder(None, None), Change(None)).apply(index, operations)  # type: ignore[arg-type]
        index.refresh()
        monkeypatch.setattr(time, "time", lambda: clock() + hours * HOUR)
        await Lifecycles(own, lambda: 1.0).run()
        await own.close()
        return [int(name.rpartition("-")[2]) for name in own.streams["logs"].indices]

    assert asyncio.run(lived()) == indices
