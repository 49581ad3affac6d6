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
