"""An open index, when its disk is full, when others search it meanwhile, when it is deleted as it is opened."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Engine

from connote.contract.errors import AlreadyExists, IllegalArgument, NoIndex, NotFound, Unavailable
from connote.search import datastreams, resize
from connote.search.index import Index
from connote.search.indices import Indices
from connote.search.mapping.mapping import Mapping
from connote.search.query import kept
from connote.search.query.hints import ANY
from connote.search.settings import IndexSettings
from connote.search.streams import DataStream
from connote.search.thread import finished
from connote.search.write.change import Change
from connote.search.write.embed import Embedder
from connote.search.write.operation import Kind, Operation
from connote.search.write.writer import Writer
from connote.store import database
from connote.store.documents import Stored
from connote.store.indices import IndexStore

Open = Callable[[], Index]


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """Opens the same index each time."""

    def open_() -> Index:
        mapping = Mapping.read({"properties": {"n": {"type": "long"}}}, IndexSettings().analysis(lambda _: None))
        return Index("homes", "u", tmp_path, IndexSettings(), mapping, lambda _: None)

    return open_


def write(index: Index, *numbers: int) -> None:
    states = [Stored(f"{n}", index.newest + at, 1, f'{{"n": {n}}}'.encode()) for at, n in enumerate(numbers, start=1)]
    rows = [index.row(each.id, each.seq, 1, index.read(each.id, {"n": int(each.id)}), {}) for each in states]
    index.keep(states, rows, [])


def test_what_an_earlier_try_has_kept_is_told_as_kept_when_a_later_one_fails(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = opened()
    write(index, 1)

    def overtaken(_: object, context: dict[str, Any]) -> None:
        write(index, 1)
        monkeypatch.setattr(index.documents, "current", gone_at(2))
        context["_source"]["n"] = 7

    def gone_at(call: int) -> Callable[[Sequence[str]], dict[str, Stored]]:
        current, calls = index.documents.current, count(1)

        def read(ids: Sequence[str]) -> dict[str, Stored]:
            if next(calls) >= call:
                raise Unavailable("the documents cannot be read")
            return current(ids)

        return read

    operations = [
        Operation(Kind.INDEX, "homes", "2", source={"n": 2}),
        Operation(Kind.UPDATE, "homes", "1", change={"script": "any"}),
    ]
    writer = Writer(cast("Embedder", None), Change(overtaken))
    first, second = asyncio.run(writer.apply(index, operations))
    assert (first.error, first.result) == (None, "created")
    assert isinstance(second.error, Unavailable)


def full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_search_in_the_middle_of_a_write_does_not_hide_it_from_the_next(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = opened()
    write(index, 1)
    add = index._engine.add

    def searched_meanwhile(rows: Any) -> None:  # noqa: ANN401
        index.refresh()
        add(rows)

    monkeypatch.setattr(index._engine, "add", searched_meanwhile)
    monkeypatch.setattr(index, "settings", IndexSettings.read({"refresh_interval": "0s"}))
    write(index, 2)
    assert index.snapshot().documents == 2


def test_what_a_full_disk_kept_from_the_engine_is_searched_after_it_and_after_a_start(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connote.search.engine.index._WAITING", 10)
    index = opened()
    with monkeypatch.context() as patch:
        patch.setattr("connote.search.engine.container.zlib.crc32", full)
        write(index, *range(30))
        with pytest.raises(Unavailable, match="No space left"):
            index.refresh()
    write(index, 30)
    index.refresh()
    assert index.snapshot().documents == 31
    index.commit()
    index.close()
    assert opened().snapshot().documents == 31


def test_documents_that_a_full_disk_cannot_take_are_refused_as_a_whole(opened: Open) -> None:
    index = opened()
    write(index, 1)
    fill(index.documents._engine)
    with pytest.raises(Unavailable, match="disk is full"):
        write(index, *range(2, 5000))
    index.refresh()
    assert (index.snapshot().documents, index.newest, index.documents.count()) == (1, 0, 1)
    free(index.documents._engine)
    write(index, 2, 3)
    index.refresh()
    assert (index.snapshot().documents, index.newest, index.documents.count()) == (3, 2, 3)


def test_an_index_that_a_full_disk_cannot_take_is_not_there(indices: Indices) -> None:
    fill(indices._store._engine)
    long = {"mappings": {"properties": {f"field{n}": {"type": "long"} for n in range(900)}}}
    with pytest.raises(Unavailable, match="database or disk is full"):
        asyncio.run(indices.create("homes", long))
    assert not indices.records
    free(indices._store._engine)
    asyncio.run(indices.create("homes", long))
    assert set(indices.records) == {"homes"}


def fill(engine: Engine) -> None:
    """Let the database grow no more."""
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")


def free(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")


def test_a_mapping_that_cannot_be_kept_is_not_taken(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    index = opened()
    before = index.mapping
    with monkeypatch.context() as patch:
        patch.setattr(index, "_changed", full)
        with pytest.raises(OSError, match="No space left"):
            index.extend({"properties": {"m": {"type": "long"}}})
    assert index.mapping is before
    index.extend({"properties": {"m": {"type": "long"}}})
    assert set(index.mapping.fields) == {"n", "m"}


def test_who_leaves_while_a_search_is_prepared_keeps_no_documents(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, begun, goes_on = opened(), threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        goes_on.wait(10)

    async def prepare() -> None:
        with ExitStack() as held:
            await finished(index.seen_while, held)

    async def leave() -> None:
        searching = asyncio.create_task(prepare())
        await asyncio.to_thread(begun.wait, 10)
        searching.cancel()
        asyncio.get_running_loop().call_later(0.05, goes_on.set)
        with pytest.raises(asyncio.CancelledError):
            await searching

    monkeypatch.setattr(index, "snapshot", slow)
    asyncio.run(leave())
    assert index.held.oldest(7) == 7


@pytest.fixture
def indices(tmp_path: Path) -> Iterator[Indices]:
    engine = database.connect(tmp_path)
    yield Indices(tmp_path / "indices", IndexStore(engine))
    engine.dispose()


def test_an_index_that_is_deleted_while_it_is_opened_leaves_nothing(
    indices: Indices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, deleted, load, put = threading.Event(), threading.Event(), indices._load, indices._put

    def slow(record: Any) -> Index:  # noqa: ANN401
        begun.set()
        deleted.wait(10)
        return load(record)

    def told(*changes: Any) -> None:  # noqa: ANN401
        put(*changes)
        deleted.set()

    async def delete() -> None:
        await indices.create("homes", {})
        monkeypatch.setattr(indices, "_put", told)
        opening = asyncio.create_task(indices.open("homes"))
        await asyncio.to_thread(begun.wait, 10)
        await indices.delete(["homes"])
        with pytest.raises(NoIndex):
            await opening

    monkeypatch.setattr(indices, "_load", slow)
    asyncio.run(delete())
    assert list((tmp_path / "indices").iterdir()) == []


def test_an_index_that_was_deleted_just_before_is_told_as_missing(indices: Indices) -> None:
    async def ask() -> None:
        for work in (
            indices.open("homes"),
            indices.close_all(["homes"], closed=True),
            indices.set(["homes"], {"priority": 1}),
            indices.map(["homes"], {"properties": {"n": {"type": "long"}}}),
        ):
            with pytest.raises(NoIndex):
                await work

    asyncio.run(indices.create("homes", {}))
    asyncio.run(indices.delete(["homes"]))
    asyncio.run(ask())
    with pytest.raises(NoIndex):
        indices.settings("homes")


def test_data_streams_outlive_a_restart_and_go_with_their_indices_or_not_at_all(tmp_path: Path) -> None:
    engine = database.connect(tmp_path)

    def opened() -> Indices:
        return Indices(tmp_path / "indices", IndexStore(engine))

    async def begin(indices: Indices) -> None:
        async with indices.writing:
            await indices.begin(DataStream("logs", [".ds-logs-1"], allow_custom_routing=True))

    asyncio.run(begin(opened()))
    again = opened()
    assert again.streams == {"logs": DataStream("logs", [".ds-logs-1"], allow_custom_routing=True)}
    assert again.resolve("logs") == again.resolve("*") == [".ds-logs-1"]
    with pytest.raises(AlreadyExists):
        asyncio.run(begin(again))
    with pytest.raises(IllegalArgument, match="write index"):
        asyncio.run(again.delete([".ds-logs-1"]))
    asyncio.run(datastreams.delete(again, datastreams.find(again, "l*")))
    assert (opened().streams, dict(opened().records)) == ({}, {})
    engine.dispose()


def test_nobody_reads_or_writes_a_clone_before_it_is_whole(indices: Indices, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, copy = list[bool](), resize._copy

    def copied(old: Index, new: Index) -> None:
        seen.extend(new.settings.blocked(what) for what in ("read", "write"))
        copy(old, new)

    async def cloned() -> IndexSettings:
        await indices.create("old", {"settings": {"blocks.write": True}})
        await resize.resize(indices, "clone", "old", "new", {"settings": {"blocks.write": None}})
        return indices.settings("new")

    monkeypatch.setattr(resize, "_copy", copied)
    settings = asyncio.run(cloned())
    assert seen == [True, True]
    assert not settings.blocked("read")
    assert not settings.blocked("write")


def test_a_kept_query_that_cannot_run_any_more_is_still_kept_when_it_is_indexed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened() -> Index:
        mapping = Mapping.read({"properties": {"q": {"type": "percolator"}}}, IndexSettings().analysis(lambda _: None))
        return Index("alerts", "u", tmp_path, IndexSettings(), mapping, lambda _: None)

    def gone(*_: object) -> None:
        raise NotFound("unable to find script [s] in cluster state")

    index, query = opened(), b'{"match_all":{}}'
    state = Stored("1", 0, 1, b'{"q":' + query + b"}")
    index.keep([state], [index.row("1", 0, 1, index.read("1", {"q": {"match_all": {}}}), {})], [])
    index.close(keeps=False)
    monkeypatch.setattr(kept, "_checked", gone)
    (segment,) = opened().snapshot().segments
    found = [segment.words(name) for name in ("q", "q#terms")]
    assert [None if each is None else list(each.terms) for each in found] == [[query.decode()], [ANY]]


def test_documents_that_bring_the_same_fields_are_tried_with_one_mapping(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, made, merged = opened(), count(), Mapping.merged
    index.extend({"properties": {"about": {"type": "semantic_text"}}})

    def counted(mapping: Mapping, body: Any, *more: int) -> Mapping:  # noqa: ANN401 (JSON)
        next(made)
        return merged(mapping, body, *more)

    monkeypatch.setattr(Mapping, "merged", counted)
    for each in range(20):
        values = index.read(f"{each}", {"about": f"a house {each}", "floors": each}, waits=True)
        assert values.added, "nothing is mapped yet"
        assert values.numbers["floors"] == [each]
    assert next(made) == 1, "a mapping of many fields takes long to make"
    assert index.read("x", {"about": "a house", "floors": "many"}, waits=True).texts["floors"] == ["many"]
    assert next(made) == 3
    index.close()
