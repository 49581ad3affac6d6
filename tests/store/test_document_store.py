"""The documents of an index, beside what other tests ask of them through it."""

from pathlib import Path

import pytest

from connote.contract.errors import NoIndex
from connote.store.documents import DocumentStore, Stored


def test_the_documents_of_a_deleted_index_are_of_no_index(tmp_path: Path) -> None:
    store = DocumentStore(tmp_path, "books")
    store.write([Stored(id="1", seq=0, version=1, source=b"{}")])
    assert list(store.current(["1"])) == ["1"]
    store.close()
    with pytest.raises(NoIndex, match=r"no such index \[books\]"):
        store.current(["1"])


def test_how_long_documents_are_is_told_without_them(tmp_path: Path) -> None:
    store = DocumentStore(tmp_path, "books")
    store.write([Stored("1", 0, 1, b"{}", b"abc"), Stored("2", 1, 1, b'{"a": 1}'), Stored("3", 2, 1, None)])
    assert [store.length(seqs) for seqs in ([], [0], [0, 1], [2], [7])] == [0, 5, 13, 0, 0]
    store.close()


def test_nobody_waits_for_a_connection_however_many_read(tmp_path: Path) -> None:
    """Who reads in the event loop would wait for threads that may wait for the event loop."""
    store = DocumentStore(tmp_path, "books")
    store.write([Stored("1", 0, 1, b"{}")])
    others = [store._engine.raw_connection() for _ in range(40)]
    assert list(store.at([0])) == [0]
    for each in others:
        each.close()
    store.close()
