"""Keys as numbers from 0, in the order of the keys."""

import math
from collections.abc import Sequence

import numpy as np

from connote.search.aggs.rows import Keys, Numbers

# Whole keys in a range no longer than so many times their number are told apart by a table of that range.
_DENSE, _SPARE = 4, 1024
_LARGEST = 1 << 62


def coded(keys: Keys) -> tuple[Keys, Numbers]:
    """The different keys, rising, and int64 of each key its place among these."""
    if keys.dtype.kind == "i" and len(keys):
        low, high = int(keys.min()), int(keys.max())
        if high - low < _DENSE * len(keys) + _SPARE:
            is_there = np.zeros(high - low + 1, dtype=np.bool_)
            is_there[keys - low] = True
            return np.flatnonzero(is_there) + low, (np.cumsum(is_there) - 1)[keys - low]
    different, codes = np.unique(keys, return_inverse=True)
    return different, codes.reshape(-1)


def combined(parts: Sequence[tuple[Keys, Numbers]]) -> tuple[Numbers, Numbers]:
    """Codes of several kinds as one: int64 [combinations, kinds], the different ones, and of each row which it is."""
    sizes = [max(len(different), 1) for different, _ in parts]
    if math.prod(sizes) >= _LARGEST:
        different, codes = np.unique(np.stack([codes for _, codes in parts], axis=1), axis=0, return_inverse=True)
        return different, codes.reshape(-1)
    mixed = np.zeros(len(parts[0][1]), dtype=np.int64)
    for (_, codes), size in zip(parts, sizes, strict=True):
        mixed = mixed * size + codes
    found, numbers = coded(mixed)
    columns = list[Numbers]()
    for size in reversed(sizes):
        columns.append(found % size)
        found = found // size
    return np.stack(columns[::-1], axis=1), numbers
