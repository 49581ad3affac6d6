"""Aggregates that pick some of the values."""

from typing import Any

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.search.esql import order
from connote.search.esql.aggregates.registry import Group, aggregate
from connote.search.esql.column import Column, Rows, Values
from connote.search.esql.factors import factors
from connote.search.esql.functions.registry import first as same

_MOST = 10_000


def ranked(kind: str, values: Values) -> Any:  # noqa: ANN401 (an array that sorts)
    """What values of a type sort by."""
    if kind in order.PARTS:
        values = order.keys(kind, values)
    if values.dtype != np.object_:
        return values
    ranks = {each: rank for rank, each in enumerate(sorted(set(values.tolist())))}
    return np.fromiter(map(ranks.__getitem__, values.tolist()), dtype=np.int64, count=len(values))


def _extreme(group: Group, column: Column, *, least: bool) -> Column:
    values, owners = group.flat(column)
    if not len(values):
        return Column.nothing(group.type, group.count)
    by = np.lexsort([ranked(column.type, values), owners])
    ends = np.flatnonzero(np.diff(owners[by], prepend=-1) if least else np.diff(owners[by], append=-1))
    return group.filled(values[by[ends]], owners[by[ends]])


@aggregate("ordered", gives=same, names=["min"])
def min_(group: Group, column: Column) -> Column:
    """The least value."""
    return _extreme(group, column, least=True)


@aggregate("ordered", gives=same, names=["max"])
def max_(group: Group, column: Column) -> Column:
    """The greatest value."""
    return _extreme(group, column, least=False)


@aggregate("plain", gives=same, names=["values"])
def values_(group: Group, column: Column) -> Column:
    """All different values."""
    values, owners = group.flat(column)
    codes, count = factors(values)
    earliest = np.unique(owners * max(count, 1) + codes, return_index=True)[1]
    chosen = earliest[np.lexsort([earliest, owners[earliest]])]
    return group.listed(values[chosen], owners[chosen])


@aggregate("ordered", "whole!", "string!?", "plain?", gives=lambda kinds: same(kinds[3:] or kinds))
def top(group: Group, column: Column, limit: int, way: str | None = "asc", other: Column | None = None) -> Column:
    """The first values in an order, `asc` or `desc`; with another column, what these rows have there."""
    way = (way or "asc").lower()
    if way not in ("asc", "desc"):
        raise IllegalArgument(f"Invalid order value in [TOP], expected [ASC, DESC] but got [{way}]")
    if not 0 < limit <= _MOST:
        raise IllegalArgument(f"Limit must be greater than 0 and at most [{_MOST}] in [TOP], found [{limit}]")
    values, rows = column.flat()
    if other is not None:
        has = ~other.nulls[rows]
        values, rows = values[has], rows[has]
    keys = ranked(column.type, values)
    if way == "desc":
        keys = -np.unique(keys, return_inverse=True)[1].reshape(-1)
    by = _leading(keys, group.groups[rows], limit)
    return group.listed(values[by] if other is None else other.values[rows[by]], group.groups[rows[by]])


def _leading(keys: Values, owners: Rows, limit: int) -> Rows:
    """The places of the first values of each group by their keys, group by group."""
    order = np.lexsort([keys, owners])
    begins = np.flatnonzero(np.diff(owners[order], prepend=-1))
    ranks = np.arange(len(order)) - np.repeat(begins, np.diff(begins, append=len(order)))
    return np.asarray(order[ranks < limit], dtype=np.int64)


def _ends(group: Group, column: Column, by: Column, *, last: bool) -> Column:
    kept = np.flatnonzero(~column.nulls & ~by.nulls)
    keys = ranked(by.type, by.values[kept])
    places = np.lexsort([keys, group.groups[kept]])
    owners = group.groups[kept][places]
    ends = np.flatnonzero(np.diff(owners, append=-1) if last else np.diff(owners, prepend=-1))
    rows = np.full(group.count, -1, dtype=np.int64)
    rows[owners[ends]] = kept[places[ends]]
    return column.take(rows).cast(group.type)


@aggregate("plain", "number|date", gives=same)
def first(group: Group, column: Column, by: Column) -> Column:
    """The value of the row that is first by another column."""
    return _ends(group, column, by, last=False)


@aggregate("plain", "number|date", gives=same)
def last(group: Group, column: Column, by: Column) -> Column:
    """The value of the row that is last by another column."""
    return _ends(group, column, by, last=True)


@aggregate("plain", "whole!", gives=same)
def sample(group: Group, column: Column, limit: int) -> Column:
    """So many values, by chance."""
    if limit <= 0:
        raise IllegalArgument(f"Limit must be greater than 0 in [SAMPLE], found [{limit}]")
    values, owners = group.flat(column)
    kept = _leading(np.random.default_rng().random(len(values)), owners, limit)
    return group.listed(values[kept], owners[kept])
