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


def below(arrays: Arrays, *path: str) -> Arrays:
    """The arrays whose keys begin so, without that beginning."""
    return {key[len(path) :]: array for key, array in arrays.items() if key[: len(path)] == path}


def under(prefix: Key, arrays: Stream) -> Stream:
    """The same with longer keys."""
    return ((prefix + key, array) for key, array in arrays)


def names(arrays: Arrays, kind: str) -> list[str]:
    """The fields of one kind, sorted."""
    return sorted({key[1] for key in arrays if key[0] == kind})
