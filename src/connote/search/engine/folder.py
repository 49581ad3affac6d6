"""The files of an index: `N.segment`, which never change, and `commit`, which says which of them count.

The commit names the segments in order, with a bit a document for those that are not deleted, and what the caller
counts with (`seq`). It is replaced in one step, after all that it names is on the disk; what it does not name is
left over from a crash or a merge, and removed.
"""

from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path

import numpy as np

from connote.search.engine import container
from connote.search.engine.arrays import Array, Key, Stream
from connote.search.engine.container import Corrupt
from connote.search.engine.segment import Segment

_COMMIT = "commit"


class Folder:
    """`number` and `write` are for many threads, the others for one at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self._synced: set[int] = set()
        self._numbers = count(1)

    def load(self) -> tuple[tuple[Segment, ...], int]:
        """The segments of the last commit and its seq, which is -1 if there was none. `Corrupt` if a file is."""
        if not (self.path / _COMMIT).exists():
            self._sweep(set())
            return (), -1
        segments, seq = [], -1
        for key, array in container.read(self.path / _COMMIT, verify=True).items():
            if key == ("seq",):
                seq = int(array[0])
            else:
                segments.append(self._segment(int(key[1]), verify=True, bits=array))
        self._synced = {segment.number for segment in segments}
        self._numbers = count(max(self._synced, default=0) + 1)
        self._sweep(self._synced)
        return tuple(segments), seq

    def write(self, number: int, arrays: Stream) -> Segment:
        """A new segment, as a file that no commit names yet."""
        container.write(self._file(number), arrays)
        return self._segment(number, verify=False)

    def number(self) -> int:
        """A number for a new segment."""
        return next(self._numbers)

    def commit(self, segments: Sequence[Segment], seq: int) -> None:
        """Make these survive a power loss. If it fails, the last commit stands."""
        for segment in segments:
            if segment.number not in self._synced:
                container.sync(self._file(segment.number))
        fresh = self.path / f"{_COMMIT}.new"
        container.write(fresh, _listed(segments, seq))
        container.sync(fresh)
        container.sync(self.path)  # the names of new segments, before the commit that needs them
        fresh.replace(self.path / _COMMIT)
        container.sync(self.path)
        self._synced = {segment.number for segment in segments}

    def remove(self, numbers: Iterable[int]) -> None:
        """Remove segments that no commit names any more. Snapshots that hold them go on: a mapped file stays."""
        for number in numbers:
            self._file(number).unlink(missing_ok=True)

    def _sweep(self, committed: set[int]) -> None:
        """Remove what a crash has left over."""
        kept = {self._file(number) for number in committed}
        for file in (*self.path.glob("*.segment"), self.path / f"{_COMMIT}.new"):
            if file not in kept:
                file.unlink(missing_ok=True)

    def _segment(self, number: int, *, verify: bool, bits: Array | None = None) -> Segment:
        segment = Segment(container.read(self._file(number), verify=verify), number)
        if bits is None:
            return segment
        if len(bits) != -(-segment.size // 8):
            raise Corrupt(f"{self._file(number).name} is not the one that the commit names")
        return segment.with_live(np.unpackbits(bits, count=segment.size).astype(np.bool_))

    def _file(self, number: int) -> Path:
        return self.path / f"{number}.segment"


def _listed(segments: Sequence[Segment], seq: int) -> Stream:
    yield ("seq",), np.array([seq], dtype=np.int64)
    for segment in segments:
        key: Key = ("segment", str(segment.number))
        yield key, np.packbits(segment.live)


def erase(path: Path) -> None:
    """Remove an index's files, so that it can be made again; the commit first, since it names the others."""
    for file in (path / _COMMIT, path / f"{_COMMIT}.new", *path.glob("*.segment")):
        file.unlink(missing_ok=True)
