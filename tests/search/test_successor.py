"""An index takes other vectors over as a whole, also when the process ends in the middle of it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from connote.search import embedded
from connote.search.embedded import Chunk, Embedded, Part
from connote.search.engine.index import Index as Engine
from connote.search.index import Index
from connote.search.mapping.mapping import Mapping
from connote.search.reembed.switch import Switch
from connote.search.settings import IndexSettings
from connote.store.documents import Stored

OLD, NEW = np.array([1, 2, 3], dtype=np.float32), np.array([4, 5], dtype=np.float32)
SWITCH = Switch("meaning", "new", None, {"task_type": "text_embedding", "dimensions": 2})
Change = Callable[[Index], None]


def made(vector: np.ndarray, endpoint: str) -> dict[str, Embedded]:
    model = {"task_type": "text_embedding", "dimensions": len(vector)}
    return {"meaning": Embedded(endpoint, model, {"meaning": Part(b"", [Chunk(0, 1, vector.tobytes())])})}


def opened(folder: Path, mapping: Mapping, changed: Change) -> Index:
    return Index("homes", "u", folder, IndexSettings(), mapping, changed)


@pytest.fixture
def mapping() -> Mapping:
    body = {"properties": {"meaning": {"type": "semantic_text", "inference_id": "old"}}}
    return Mapping.read(body, IndexSettings().analysis(lambda _: None))


@pytest.fixture
def index(tmp_path: Path, mapping: Mapping) -> Index:
    """One document, with a vector of the old endpoint in use and one of the new endpoint aside."""
    found = opened(tmp_path, mapping, lambda _: None)
    values, fields = found.read("1", {"meaning": "a"}), made(OLD, "old")
    state = Stored("1", 0, 1, b'{"meaning": "a"}', embedded.dump(fields))
    found.keep([state], [found.row("1", 0, 1, values, fields)], [])
    found.refresh()
    found.documents.put_aside({0: embedded.dump(made(NEW, "new"))})
    return found


def successor(index: Index) -> tuple[Engine, Path]:
    path = index.folder / "segments-new"
    engine = Engine.open(path)
    engine.add([index.row("1", 0, 1, index.read("1", {"meaning": "a"}), made(NEW, "new"))])
    return engine, path


def vectors(index: Index) -> list[list[float]]:
    """What searches see."""
    snapshot, _, _ = index.seen()
    views = [view for segment in snapshot.segments if (view := segment.dense("meaning")) is not None]
    return [row for view in views for row in view.matrix.tolist()]


def endpoints(index: Index) -> set[str]:
    states = index.documents.current(["1"]).values()
    kept = {embedded.load(state.inference)["meaning"].inference_id for state in states}
    return kept | {index.seen()[1].semantic["meaning"].endpoint}


def test_mapping_vectors_and_engine_change_together(index: Index) -> None:
    before = index.seen()[0]
    assert (vectors(index), endpoints(index)) == ([[1, 2, 3]], {"old"})
    index.retire(index.succeed(*successor(index), SWITCH, "job"))
    assert (vectors(index), endpoints(index)) == ([[4, 5]], {"new"})
    assert before.segments[0].dense("meaning").matrix.tolist() == [[1, 2, 3]]  # type: ignore[union-attr]
    assert index.switched_by() == "job"
    assert [folder.name for folder in index.folder.glob("segments*")] == ["segments-new"]


def test_what_counts_is_moved_to_its_place_between_writes_and_after_a_start(index: Index, mapping: Mapping) -> None:
    index.retire(index.succeed(*successor(index), SWITCH, "job"))
    assert list(index.documents.aside([0])) == [0]  # the longer there is to move, the less a write may wait for it
    values = index.read("1", {"meaning": "b"})
    changed = made(np.array([6, 7], dtype=np.float32), "new")
    state = Stored("2", 1, 1, b'{"meaning": "b"}', embedded.dump(changed))
    index.keep([state], [index.row("2", 1, 1, values, changed)], [])
    index.close()
    again = opened(index.folder, mapping.with_field(index.mapping.semantic["meaning"]), lambda _: None)
    assert (vectors(again), endpoints(again)) == ([[4, 5], [6, 7]], {"new"})
    while again.documents.settle():
        assert endpoints(again) == {"new"}
    assert again.documents.aside([0]) == {}
    again.documents.put_aside({0: embedded.dump(made(OLD, "old"))})
    assert endpoints(again) == {"new"}
    again.documents.clear_aside()
    again.close()
    once_more = opened(index.folder, again.mapping, lambda _: None)
    assert (vectors(once_more), endpoints(once_more)) == ([[4, 5], [6, 7]], {"new"})


def test_a_document_that_is_written_before_it_is_moved_keeps_its_own(index: Index) -> None:
    index.retire(index.succeed(*successor(index), SWITCH, "job"))
    changed = made(np.array([6, 7], dtype=np.float32), "new")
    state = Stored("1", 1, 2, b'{"meaning": "b"}', embedded.dump(changed))
    index.keep([state], [index.row("1", 1, 2, index.read("1", {"meaning": "b"}), changed)], [])
    while index.documents.settle():
        pass
    (kept,) = index.documents.current(["1"]).values()
    assert embedded.load(kept.inference)["meaning"].chunks[0].vector.tolist() == [6, 7]


def test_what_was_not_finished_is_gone_at_the_next_start(index: Index, mapping: Mapping) -> None:
    successor(index)[0].close()
    index.close()
    again = opened(index.folder, mapping, lambda _: None)
    assert (vectors(again), endpoints(again), again.switched_by()) == ([[1, 2, 3]], {"old"}, None)
    assert [folder.name for folder in again.folder.glob("segments*")] == ["segments"]


def test_a_process_that_dies_before_the_mapping_is_kept_has_it_at_the_next_start(
    index: Index, mapping: Mapping
) -> None:
    def die(_: Index) -> None:
        raise KeyboardInterrupt

    index._changed = die
    with pytest.raises(KeyboardInterrupt):
        index.succeed(*successor(index), SWITCH, "job")
    index.documents.close()
    kept: list[Mapping] = []
    again = opened(index.folder, mapping, lambda index: kept.append(index.mapping))
    assert (vectors(again), endpoints(again)) == ([[4, 5]], {"new"})
    assert [each.semantic["meaning"].endpoint for each in kept] == ["new"]
    again.close()
    opened(index.folder, kept[0], die).close()  # it is told once


def test_a_transaction_that_fails_changes_nothing(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(index.documents, "take_aside", full)
    engine, path = successor(index)
    with pytest.raises(Exception, match="No space left"):
        index.succeed(engine, path, SWITCH, "job")
    assert (vectors(index), endpoints(index), index.runs_on(engine)) == ([[1, 2, 3]], {"old"}, False)


def test_vectors_of_the_endpoint_before_are_outdated_after_it(index: Index) -> None:
    assert not index.is_outdated(made(OLD, "old"))
    index.succeed(*successor(index), SWITCH, "job")
    assert index.is_outdated(made(OLD, "old"))
    assert not index.is_outdated(made(NEW, "new"))
