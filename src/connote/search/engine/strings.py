"""Strings as two arrays: all their UTF-8 bytes, and where each begins."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from connote.search.engine.arrays import repeated

# Lone surrogates, which JSON may hold, go through; bytes sort as code points do.
_ENCODING = ("utf-8", "surrogatepass")
_BLOCK = 1 << 14  # strings that are moved at a time


def encode(strings: Iterable[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bytes, and where each string begins, with the end of the last one."""
    parts = [string.encode(*_ENCODING) for string in strings]
    starts = np.zeros(len(parts) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, parts), dtype=np.int64, count=len(parts)), out=starts[1:])
    return np.frombuffer(b"".join(parts), dtype=np.uint8), starts


class Strings(Sequence[str]):
    """A sequence of strings over their arrays."""

    def __init__(self, data: NDArray[np.uint8], starts: NDArray[np.int64]) -> None:
        self.data, self.starts = data, starts
        self._data, self._starts = data.data, starts.data  # their views: single elements come faster from these

    @classmethod
    def of(cls, strings: Iterable[str]) -> "Strings":
        """From strings."""
        return cls(*encode(strings))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def raw(self, number: int) -> bytes:
        """One string's UTF-8."""
        return bytes(self._data[self._starts[number] : self._starts[number + 1]])

    def __getitem__(self, number: int) -> str:  # type: ignore[override]  # slices are of no use here
        return self.raw(range(len(self))[number]).decode(*_ENCODING)

    def __iter__(self) -> Iterator[str]:
        data = bytes(self._data)
        return (data[begin:end].decode(*_ENCODING) for begin, end in pairwise(self.starts.tolist()))

    def points(self, numbers: range) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        """The code points of some strings one after another, and where each begins, with the end of the last one."""
        starts = self.starts[numbers.start : numbers.stop + 1] - self.starts[numbers.start]
        data = self.data[int(self.starts[numbers.start]) : int(self.starts[numbers.stop])]
        ends = np.zeros(len(data) + 1, dtype=np.int64)
        np.cumsum((data & 0xC0) != 0x80, out=ends[1:])  # the first bytes of characters
        text = data.tobytes().decode(*_ENCODING).encode("utf-32-le", "surrogatepass")
        return np.frombuffer(text, dtype="<u4"), ends[starts]

    def take(self, numbers: NDArray[np.integer]) -> "Strings":
        """Those of these numbers, in that order."""
        starts = np.zeros(len(numbers) + 1, dtype=np.int64)
        np.cumsum((self.starts[1:] - self.starts[:-1])[numbers], out=starts[1:])
        data = np.empty(int(starts[-1]), dtype=np.uint8)
        for at in range(0, len(numbers), _BLOCK):
            begins = starts[at : at + _BLOCK + 1]
            moves = repeated(self.starts[numbers[at : at + _BLOCK]] - begins[:-1], np.diff(begins))
            data[begins[0] : begins[-1]] = self.data[moves + np.arange(begins[0], begins[-1])]
        return Strings(data, starts)


def concatenated(parts: Sequence[Strings]) -> Strings:
    """All of them, one after another."""
    lengths = [part.starts[1:] - part.starts[:-1] for part in parts]
    starts = np.zeros(sum(map(len, parts)) + 1, dtype=np.int64)
    np.cumsum(np.concatenate(lengths), out=starts[1:])
    return Strings(np.concatenate([part.data for part in parts]), starts)


class Dictionary(Strings):
    """Strings that are sorted by code points, each once. A string's number is its ordinal."""

    def find(self, string: str) -> int:
        """Its ordinal, or -1."""
        key = string.encode(*_ENCODING)
        at = self._place(key)
        return at if at < len(self) and self.raw(at) == key else -1

    def prefixed(self, prefix: str) -> range:
        """The ordinals of all that begin with it."""
        key = prefix.encode(*_ENCODING)
        return range(self._place(key), self._place(key + b"\xff"))

    def between(self, low: str | None, high: str | None) -> range:
        """The ordinals of low <= string < high; None is no bound."""
        begin = 0 if low is None else self._place(low.encode(*_ENCODING))
        end = len(self) if high is None else self._place(high.encode(*_ENCODING))
        return range(begin, max(begin, end))

    def _place(self, key: bytes) -> int:
        return bisect_left(range(len(self)), key, key=self.raw)
