"""How many rows have each value, without taking rows out."""

from typing import NamedTuple

import numpy as np

from connote.search.aggs.codes import coded
from connote.search.aggs.rows import Keys, Numbers
from connote.search.aggs.values import Column


class Tally(NamedTuple):
    """The different keys, rising, and int64 how many rows have each."""

    keys: Keys
    counts: Numbers


def tallied(column: Column) -> Tally:
    """Of one column."""
    different, codes = coded(column.keys)
    if not column.is_distinct and (np.diff(column.which) <= 0).any():  # a row may have a value twice
        codes = np.unique(column.which * len(different) + codes) % len(different)
    return Tally(different, np.bincount(codes, minlength=len(different)))


def summed(tallies: list[Tally]) -> Tally:
    """Of several whose keys mean the same."""
    if len(tallies) == 1:
        return tallies[0]
    keys = np.concatenate([each.keys for each in tallies]) if tallies else np.zeros(0, dtype=np.int64)
    different, codes = np.unique(keys, return_inverse=True)
    weights = np.concatenate([each.counts for each in tallies]) if tallies else keys
    return Tally(different, np.bincount(codes, weights=weights, minlength=len(different)).astype(np.int64))
