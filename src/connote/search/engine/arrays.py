"""The arrays of a segment: their types, and the names that they have in memory and in a file."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

# What is moved at a time where other threads cannot run meanwhile.
_BLOCK = 1 << 18

# (kind of field, field, part); those of a nested table stand below ("nested", path).
Key = tuple[str, ...]
Arrays = Mapping[Key, Array]
# As they are made, one at a time, so that a large segment need not be in memory as a whole.
Stream = Iterator[tuple[Key, Array]]


class Lists(NamedTuple):
    """The lists that a query goes through: of term t, docs[starts[t]:ends[t]], rising; each term has a weight."""

    docs: Ints
    starts: Longs
    ends: Longs
    weights: Floats


class Ranked(NamedTuple):
    """The best documents, best first, among equals the smaller number; their scores; how many there are in all."""

    docs: Ints
    scores: Floats
    total: int


def repeated(values: Array, counts: Array) -> Array:
    """`np.repeat`, some at a time: it is the one step that keeps all other threads from running while it works."""
    if len(values) == 0:
        return values[:0]
    ends = np.cumsum(counts, dtype=np.int64)
    result = np.empty(int(ends[-1]), dtype=values.dtype)
    first, at = 0, 0
    while first < len(values):
        last = int(np.searchsorted(ends, at + _BLOCK, side="right"))
        last = max(first + 1, min(last, first + _BLOCK))
        result[at : ends[last - 1]] = np.repeat(values[first:last], counts[first:last])
        first, at = last, int(ends[last - 1])
    return result


def below(arrays: Arrays, *path: str) -> Arrays:
    """The arrays whose keys begin so, without that beginning."""
    return {key[len(path) :]: array for key, array in arrays.items() if key[: len(path)] == path}


def under(prefix: Key, arrays: Stream) -> Stream:
    """The same with longer keys."""
    return ((prefix + key, array) for key, array in arrays)


def names(arrays: Arrays, kind: str) -> list[str]:
    """The fields of one kind, sorted."""
    return sorted({key[1] for key in arrays if key[0] == kind})
