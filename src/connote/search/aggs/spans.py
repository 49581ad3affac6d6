"""Ranges in histograms: each is in every bucket that it has a part of.

https://www.elastic.co/docs/reference/aggregations/search-aggregations-bucket-range-field-note
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from connote.contract.errors import IllegalArgument
from connote.search.aggs.rows import Numbers

Doubles = NDArray[np.float64]
# Bounds and keys of greater numbers are not exact; and in how many buckets the ranges of a segment may be together.
_MOST_NUMBER, _MOST_PARTS = 2.0**53, 5_000_000


def clipped(
    which: Numbers, first: Doubles, last: Doubles, low: float | None, high: float | None
) -> tuple[Numbers, Doubles, Doubles]:
    """Ranges as far as they are between two bounds, both included. Raises IllegalArgument for one without an end."""
    first = first if low is None else np.maximum(first, low)
    last = last if high is None else np.minimum(last, high)
    kept = first <= last
    if not (np.abs(np.concatenate([first[kept], last[kept]])) <= _MOST_NUMBER).all():
        raise IllegalArgument("a range without an end has no last bucket: give [hard_bounds]")
    return which[kept], first[kept], last[kept]


def filled(which: Numbers, begins: Doubles, ends: Doubles) -> tuple[Numbers, Numbers]:
    """Every whole number from each beginning to its end, with its row. Raises IllegalArgument for too many."""
    sizes = ends - begins + 1
    if not (np.abs(np.concatenate([begins, ends])) <= _MOST_NUMBER).all() or sizes.sum() > _MOST_PARTS:
        raise _too_many()
    counts = sizes.astype(np.int64)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    keys = np.repeat(begins.astype(np.int64), counts) + np.arange(len(starts), dtype=np.int64) - starts
    return np.repeat(which, counts), keys


def stepped(which: Numbers, begins: Numbers, ends: Numbers, following: Callable[[int], int]) -> tuple[Numbers, Numbers]:
    """The same by steps, of which `following` gives the next. Raises IllegalArgument for too many."""
    places, keys = list[int](), list[int]()
    for place, begin, end in zip(which.tolist(), begins.tolist(), ends.tolist(), strict=True):
        key = begin
        while key <= end:
            places.append(place)
            keys.append(key)
            key = following(key)
            if len(keys) > _MOST_PARTS:
                raise _too_many()
    return np.array(places, dtype=np.int64), np.array(keys, dtype=np.int64)


def _too_many() -> IllegalArgument:
    return IllegalArgument(f"the ranges of the field are in more than {_MOST_PARTS} buckets: choose a greater interval")
