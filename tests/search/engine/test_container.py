"""A damaged file is noticed, so that the index is made again instead of giving wrong answers."""

from pathlib import Path

import numpy as np
import pytest

from connote.search.engine import container, folder
from connote.search.engine.arrays import Arrays, Stream
from connote.search.engine.container import Corrupt
from connote.search.engine.index import Index
from connote.search.engine.row import Fields, Row, Tokens, Vector

ARRAYS: Arrays = {
    ("numbers", "a/b"): np.arange(7, dtype=np.int32),
    ("matrix",): np.ones((3, 5), dtype=np.float32),
    ("nothing",): np.zeros((0, 4), dtype=np.float64),
    ("mask", "\ud800"): np.array([True, False]),
}


@pytest.mark.parametrize("small", [0, 1 << 20])
def test_what_is_written_is_read(small: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "_SMALL", small)
    container.write(tmp_path / "file", ARRAYS.items())
    arrays = container.read(tmp_path / "file", verify=True)
    assert list(arrays) == list(ARRAYS)
    for key, array in ARRAYS.items():
        assert arrays[key].dtype == array.dtype
        assert np.array_equal(arrays[key], array)
        assert not arrays[key].flags.writeable


def test_a_file_that_could_not_be_finished_is_not_left(tmp_path: Path) -> None:
    def broken() -> Stream:
        yield ("a",), np.zeros(3)
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        container.write(tmp_path / "file", broken())
    assert list(tmp_path.iterdir()) == []


def written(path: Path) -> None:
    """A small index of two segments."""
    index = Index.open(path)
    for number in range(2):
        index.add(
            [
                Row(
                    id=str(number),
                    seq=number,
                    version=1,
                    terms={"t": Tokens(["a", "b"], [0, 1])},
                    words={"k": ["x"]},
                    numbers={"n": [number]},
                    sparse={"s": [Vector(["a"], [1.0])]},
                    dense={"d": np.ones((1, 3), dtype=np.float32)},
                    nested={"o": [Fields(words={"o.k": ["y"]})]},
                )
            ]
        )
        index.refresh()
    index.commit(2)
    index.close()


def test_every_bit_that_falls_is_noticed_or_does_not_count(tmp_path: Path) -> None:
    written(tmp_path)
    whole = Index.open(tmp_path).snapshot
    ids = [id for segment in whole.segments for id in segment.ids]
    files = sorted(tmp_path.iterdir())
    assert len(files) == 3
    noticed = 0
    for file in files:
        good = file.read_bytes()
        for at in range(0, len(good), 7):
            file.write_bytes(good[:at] + bytes([good[at] ^ 1 << at % 8]) + good[at + 1 :])
            try:
                snapshot = Index.open(tmp_path).snapshot
            except Corrupt:
                noticed += 1
            else:  # between two arrays
                assert [id for segment in snapshot.segments for id in segment.ids] == ids
                assert good[at] == 0
        file.write_bytes(good)
    assert noticed > sum(file.stat().st_size for file in files) / 21


def test_a_file_that_was_cut_short_is_noticed(tmp_path: Path) -> None:
    written(tmp_path)
    for file in sorted(tmp_path.iterdir()):
        good = file.read_bytes()
        for length in range(0, len(good), 31):
            file.write_bytes(good[:length])
            with pytest.raises(Corrupt, match=file.name):
                Index.open(tmp_path)
        file.write_bytes(good)


def test_a_segment_that_is_missing_or_another_ones_is_noticed(tmp_path: Path) -> None:
    written(tmp_path)
    segment = tmp_path / "1.segment"
    segment.rename(tmp_path / "aside")
    with pytest.raises(Corrupt, match=r"1\.segment is missing"):
        Index.open(tmp_path)


def test_an_index_that_was_erased_is_made_again(tmp_path: Path) -> None:
    written(tmp_path)
    folder.erase(tmp_path)
    assert list(tmp_path.iterdir()) == []
    written(tmp_path)
    assert Index.open(tmp_path).snapshot.documents == 2
