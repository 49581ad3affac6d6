"""An index holds what was added to it, whatever is deleted, merged and committed meanwhile."""

import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from connote.search.engine import index as engine
from connote.search.engine import policy
from connote.search.engine.index import Index
from connote.search.engine.merge import merge
from connote.search.engine.row import Row, Tokens, Vector
from connote.search.engine.segment import Snapshot
from rows import documents, expected, fields

IDS = st.sampled_from([f"id-{number}" for number in range(12)])
State = dict[str, Row]


class Writing(RuleBasedStateMachine):
    """Any order of writes, beside dictionaries that should hold the same."""

    def __init__(self) -> None:
        super().__init__()
        self._folder, self.patch = TemporaryDirectory(), pytest.MonkeyPatch()
        self.index = Index.open(Path(self._folder.name))
        self.written: State = {}
        self.seen: State = {}
        self.committed: State = {}
        self.held: list[tuple[Snapshot, State]] = []
        self.seq = 0

    @initialize(mapped=st.booleans())
    def choose(self, mapped: bool) -> None:
        """Small files are read unless the limit says otherwise; mapped ones must outlive their removal."""
        self.patch.setattr("connote.search.engine.container._SMALL", 0 if mapped else 1 << 20)

    @rule(rows=st.lists(st.tuples(IDS, fields()), min_size=1, max_size=5))
    def add(self, rows: list[tuple[str, dict[str, Any]]]) -> None:
        for id, values in rows:
            self.seq += 1
            self.written.pop(id, None)
            self.written[id] = Row(id=id, seq=self.seq, version=self.seq % 5, **values)
            self.index.add([self.written[id]])

    @rule(ids=st.lists(IDS, max_size=4))
    def delete(self, ids: list[str]) -> None:
        self.index.delete(ids)
        for id in ids:
            self.written.pop(id, None)

    @rule()
    def refresh(self) -> None:
        self.index.refresh()
        self.seen = dict(self.written)

    @rule(segments=st.integers(1, 3))
    def merge(self, segments: int) -> None:
        assert len(self.index.merge(segments).segments) <= segments
        self.seen = dict(self.written)

    @rule()
    def hold(self) -> None:
        self.held.append((self.index.snapshot, dict(self.seen)))

    @rule()
    def commit(self) -> None:
        self.index.commit(self.seq)
        self.committed = dict(self.written)
        assert self.index.seq == self.seq

    @rule()
    def reopen(self) -> None:
        self.index.close()
        self.index = Index.open(Path(self._folder.name))
        self.written, self.seen = dict(self.committed), dict(self.committed)

    @invariant()
    def readers_see_what_was_refreshed(self) -> None:
        assert list(documents(self.index.snapshot).items()) == list(expected(self.seen).items())
        assert self.index.snapshot.documents == len(self.seen)

    def teardown(self) -> None:
        for snapshot, rows in self.held:
            assert documents(snapshot) == expected(rows)
        self.index.close()
        self.patch.undo()
        self._folder.cleanup()


TestWriting = Writing.TestCase
TestWriting.settings = settings(
    max_examples=200, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)


def small(number: int) -> Row:
    terms = {"t": Tokens([f"w{number % 7}", "all"], [0, 1])}
    return Row(id=str(number), seq=number, version=1, terms=terms, words={"k": [f"k{number % 3}"]})


def test_segments_are_merged_in_the_background_and_documents_keep_their_order(tmp_path: Path) -> None:
    index = Index.open(tmp_path)
    for number in range(60):
        index.add([small(number)])
        index.refresh()
    wait(index)
    snapshot = index.refresh()
    assert len(snapshot.segments) < 2 * policy.FACTOR
    assert list(documents(snapshot)) == [str(number) for number in range(60)]
    index.commit(60)
    assert len(list(tmp_path.glob("*.segment"))) == len(snapshot.segments)


def test_what_is_deleted_while_segments_merge_stays_deleted(tmp_path: Path) -> None:
    index, rounds = Index.open(tmp_path), 30
    alive = set()
    for number in range(20 * rounds):
        index.add([small(number)])
        alive.add(str(number))
        if number % 3 == 0:
            index.delete([str(number // 2), str(number - 1)])
            alive -= {str(number // 2), str(number - 1)}
        if number % 5 == 0:
            index.refresh()
    wait(index)
    assert set(documents(index.refresh())) == alive


def test_a_segment_that_is_mostly_deleted_is_written_again(tmp_path: Path) -> None:
    index = Index.open(tmp_path)
    index.add(small(number) for number in range(100))
    index.refresh()
    index.delete(str(number) for number in range(50))
    index.refresh()
    wait(index)
    assert [segment.size for segment in index.refresh().segments] == [50]


def test_readers_are_not_disturbed_by_writers(tmp_path: Path) -> None:
    index, wrong, done = Index.open(tmp_path), [], threading.Event()

    def read() -> None:
        while not done.is_set():
            snapshot = index.snapshot
            ids = [segment.ids[int(d)] for segment in snapshot.segments for d in np.flatnonzero(segment.live)]
            # Each number comes once and they are added in order, every tenth is deleted with the next.
            if len(set(ids)) != len(ids) or sorted(map(int, ids)) != list(map(int, ids)):
                wrong.append(ids)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(150):
        index.add([small(number)])
        index.delete([str(number - 10)] if number % 10 == 0 else [])
        index.refresh()
        if number % 50 == 0:
            index.commit(number)
    done.set()
    for reader in readers:
        reader.join()
    assert not wrong


@pytest.mark.timeout(60)
def test_reads_and_writes_go_on_while_segments_are_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index, begun, goes_on = Index.open(tmp_path), threading.Event(), threading.Event()
    for number in range(3):
        index.add([small(number)])
        index.refresh()

    def held(segments: Any) -> Any:  # noqa: ANN401
        for array in merge(segments):
            begun.set()
            goes_on.wait()
            yield array

    monkeypatch.setattr(engine, "merge", held)
    merging = threading.Thread(target=index.merge)
    merging.start()
    begun.wait()
    index.add([small(3)])
    index.delete(["1"])
    assert list(documents(index.refresh())) == ["0", "2", "3"]
    index.commit(3)
    assert len(index.snapshot.segments) == 3
    goes_on.set()
    merging.join()
    snapshot = index.refresh()
    assert list(documents(snapshot)) == ["0", "2", "3"]
    assert snapshot.segments[0].ids[0] == "0"


def test_what_stops_all_other_threads_is_done_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index, repeat, sizes = Index.open(tmp_path), np.repeat, list[int]()

    def counted(values: Any, counts: Any) -> Any:  # noqa: ANN401
        made = repeat(values, counts)
        sizes.append(len(made) if len(values) > 1 else 1)
        return made

    for begin in (0, 200):
        index.add(many(number) for number in range(begin, begin + 200))
        index.refresh()
    monkeypatch.setattr("connote.search.engine.arrays._BLOCK", 50)
    monkeypatch.setattr(np, "repeat", counted)
    snapshot = index.merge()
    assert len(snapshot.segments) == 1
    assert max(sizes) <= 50
    assert sum(sizes) > 2000  # it is not done otherwise
    assert documents(snapshot) == expected({f"{number}": many(number) for number in range(400)})


def many(number: int) -> Row:
    """A document with several of each."""
    made = small(number)
    made.sparse = {"s": [Vector(["a", f"b{number % 5}"], [1.0, 2.0]) for _ in range(3)]}
    made.dense = {"d": np.full((2, 3), number, dtype=np.float32)}
    made.nested = {"rooms": [small(number), small(number)]}
    return made


def test_a_large_bulk_becomes_segments_before_it_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connote.search.engine.index._WAITING", 100)
    index = Index.open(tmp_path)
    index.add(small(number) for number in range(200))
    assert len(list(tmp_path.glob("*.segment"))) > 3
    assert index.snapshot.documents == 0
    assert index.refresh().documents == 200


def test_an_index_that_cannot_write_keeps_what_it_has_and_tries_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = Index.open(tmp_path)
    index.add([small(1)])
    index.commit(1)
    index.add([small(2)])
    with monkeypatch.context() as patch:
        patch.setattr("connote.search.engine.container.zlib.crc32", full_disk)
        with pytest.raises(OSError, match="full"):
            index.commit(2)
    assert index.seq == 1
    assert Index.open(tmp_path).snapshot.documents == 1
    index.commit(2)
    assert Index.open(tmp_path).snapshot.documents == 2


def test_what_cannot_be_written_waits_and_nothing_of_it_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connote.search.engine.index._WAITING", 10)
    index = Index.open(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("connote.search.engine.container.zlib.crc32", full_disk)
        with pytest.raises(OSError, match="full"):
            index.add(small(number) for number in range(50))
    index.commit(50)
    assert Index.open(tmp_path).snapshot.documents == 50


def test_an_index_is_closed_though_another_one_merges(tmp_path: Path) -> None:
    index = Index.open(tmp_path)
    with engine._turn:
        for number in range(2 * policy.FACTOR):
            index.add([small(number)])
            index.refresh()
        assert index._merging is not None
        index.close()
    assert index.refresh().documents == 2 * policy.FACTOR


def full_disk(*_: object) -> None:
    raise OSError("the disk is full")


def test_ids_are_found(tmp_path: Path) -> None:
    index = Index.open(tmp_path)
    index.add(small(number) for number in range(10))
    index.refresh()
    index.add([small(3)])
    index.delete(["4"])
    snapshot = index.refresh()
    assert snapshot.find("3") == (1, 0)
    assert snapshot.find("4") is None
    assert snapshot.segments[0].find(["5", "3", "?"]).tolist() == [5, -1, -1]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=5), unique=True, min_size=1))
def test_any_text_is_an_id(ids: list[str]) -> None:
    with TemporaryDirectory() as folder:
        index = Index.open(Path(folder))
        index.add(Row(id=id, seq=1, version=1) for id in ids)
        snapshot = index.refresh()
        assert [snapshot.find(id) for id in ids] == [(0, number) for number in range(len(ids))]


def test_exists_is_whatever_kind_of_value_there_is(tmp_path: Path) -> None:
    index = Index.open(tmp_path)
    index.add(
        [
            Row(id="0", seq=0, version=1, terms={"f": Tokens([], [])}),
            Row(id="1", seq=1, version=1, words={"f": ["x"]}, sparse={"f": [Vector([], [])]}),
            Row(id="2", seq=2, version=1, numbers={"f": []}),
        ]
    )
    segment = index.refresh().segments[0]
    assert segment.exists("f").tolist() == [True, True, False]
    assert segment.exists("g").tolist() == [False, False, False]


def wait(index: Index) -> None:
    """Until nothing is merged any more."""
    while (merging := index._merging) is not None:
        merging.join()
