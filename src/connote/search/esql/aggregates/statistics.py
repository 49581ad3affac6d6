"""Aggregates of numbers."""

from collections.abc import Sequence

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.search.esql.aggregates.registry import Group, aggregate
from connote.search.esql.column import Column, Rows, Values
from connote.search.esql.functions.sums import total
from connote.search.thread import check

Doubles = Values


def _sum_type(kinds: Sequence[str]) -> str:
    return "long" if kinds[0] in ("integer", "long") else "double"


@aggregate("number", gives=_sum_type, names=["sum"])
def sum_(group: Group, column: Column) -> Column:
    """The sum."""
    values, begins, groups = group.parted(column)
    if not len(values):
        return Column.nothing(group.type, group.count)
    if values.dtype != np.int64:
        return _finite(group, _totals(values, begins), groups)
    found = np.add.reduceat(values, begins)
    if (np.add.reduceat(np.abs(values.astype(np.float64)), begins) >= 2.0**62).any():  # only then may one be too large
        ends = [*begins[1:].tolist(), len(values)]
        exact = [sum(values[start:end].tolist()) for start, end in zip(begins.tolist(), ends, strict=True)]
        if any(not -(2**63) <= each < 2**63 for each in exact):
            raise IllegalArgument("long overflow")
    return group.filled(found, groups)


@aggregate("number", gives="double")
def avg(group: Group, column: Column) -> Column:
    """The mean."""
    sums, counts, groups = _sums(group, column)
    return _finite(group, sums / counts, groups)


def _totals(values: Values, begins: Rows) -> Doubles:
    """The sum of the values from each beginning to the next, rounded once; infinite if it is too large."""
    check()
    sizes = np.diff(begins, append=len(values))
    found, several = values[begins].astype(np.float64), np.flatnonzero(sizes > 1)
    listed = values.tolist() if len(several) else []
    for at, start, size in zip(several.tolist(), begins[several].tolist(), sizes[several].tolist(), strict=True):
        summed = total(listed[start : start + size])
        found[at] = np.inf if summed is None else summed
    return found


def _finite(group: Group, found: Doubles, groups: Rows) -> Column:
    """The column of what is not too large."""
    kept = np.isfinite(found)
    return group.filled(found[kept], groups[kept])


def _sums(group: Group, column: Column) -> tuple[Doubles, Doubles, Rows]:
    """The sums and numbers of values of the groups that have some."""
    values, begins, groups = group.parted(column)
    if not len(values):
        return np.zeros(0), np.zeros(0), groups
    return _totals(values, begins), np.diff(begins, append=len(values)).astype(np.float64), groups


@aggregate("number", gives="double")
def variance(group: Group, column: Column) -> Column:
    """The variance of all values, not of a sample."""
    return _spread(group, column, root=False)


@aggregate("number", gives="double")
def std_dev(group: Group, column: Column) -> Column:
    """The standard deviation of all values, not of a sample."""
    return _spread(group, column, root=True)


def _spread(group: Group, column: Column, *, root: bool) -> Column:
    sums, counts, groups = _sums(group, column)
    values, owners = group.flat(column)
    means = np.zeros(group.count)
    means[groups] = sums / counts
    with np.errstate(all="ignore"):
        away = (values - means[owners]) ** 2
        squares = np.bincount(owners, weights=away, minlength=group.count)[groups] / counts
    return _finite(group, np.sqrt(squares) if root else squares, groups)


@aggregate("number", gives="double")
def median(group: Group, column: Column) -> Column:
    """The value in the middle."""
    return _percentile(group, column, 50.0)


@aggregate("number", "number!", gives="double")
def percentile(group: Group, column: Column, percent: float) -> Column:
    """The value that so many percent are not above; between two values it is interpolated."""
    if not 0 <= percent <= 100:
        raise IllegalArgument(f"[percentile] must be between 0 and 100, not [{percent}]")
    return _percentile(group, column, float(percent))


def _percentile(group: Group, column: Column, percent: float) -> Column:
    values, owners = group.flat(column)
    return _finite(group, *_ranked(values.astype(np.float64), owners, percent))


def _ranked(values: Doubles, owners: Rows, percent: float) -> tuple[Doubles, Rows]:
    """The percentile of the values of each group that has some, as numpy's default has it; and which groups these are.

    All are sorted at once: a loop over groups takes long if there are many.
    """
    check()
    order = np.lexsort([values, owners])
    values, owners = values[order], owners[order]
    begins = np.flatnonzero(np.diff(owners, prepend=-1))
    sizes = np.diff(begins, append=len(values))
    places = (sizes - 1) * (percent / 100)
    below = np.floor(places).astype(np.int64)
    low, high = values[begins + below], values[begins + np.minimum(below + 1, sizes - 1)]
    share = places - below
    with np.errstate(all="ignore"):  # as numpy does it, so that both ends are met exactly
        found = np.where(share >= 0.5, high - (high - low) * (1 - share), low + (high - low) * share)
    return found, owners[begins]


@aggregate("number", gives="double")
def median_absolute_deviation(group: Group, column: Column) -> Column:
    """The median of how far values are from their median."""
    given, owners = group.flat(column)
    values, middles = given.astype(np.float64), np.zeros(group.count)
    found, groups = _ranked(values, owners, 50.0)
    middles[groups] = found
    return _finite(group, *_ranked(np.abs(values - middles[owners]), owners, 50.0))


@aggregate("number", "number", gives="double")
def weighted_avg(group: Group, column: Column, weight: Column) -> Column:
    """The mean, in which values count by their weights; rows with several values are left out."""
    kept = ~(column.nulls | weight.nulls | column.several | weight.several)
    owners, weights = group.groups[kept], weight.values[kept].astype(np.float64)
    sums = np.bincount(owners, weights=weights * column.values[kept], minlength=group.count)
    totals = np.bincount(owners, weights=weights, minlength=group.count)
    groups = np.flatnonzero(totals)
    return _finite(group, sums[groups] / totals[groups], groups)
