"""Aggregates that pick some of the values."""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.search.esql import order
from connote.search.esql.aggregates.registry import Group, aggregate
from connote.search.esql.column import Column, Values
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

    def distinct(found: Values) -> Sequence[Any]:
        return list(dict.fromkeys(found.tolist()))

    return group.each(column, distinct)


@aggregate("ordered", "whole!", "string!?", "plain?", gives=lambda kinds: same(kinds[3:] or kinds))
def top(group: Group, column: Column, limit: int, way: str | None = "asc", other: Column | None = None) -> Column:
    """The first values in an order, `asc` or `desc`; with another column, what these rows have there."""
    way = (way or "asc").lower()
    if way not in ("asc", "desc"):
        raise IllegalArgument(f"Invalid order value in [TOP], expected [ASC, DESC] but got [{way}]")
    if not 0 < limit <= _MOST:
        raise IllegalArgument(f"Limit must be greater than 0 and at most [{_MOST}] in [TOP], found [{limit}]")
    values, rows = column.flat()
    keys = ranked(column.type, values)
    if way == "desc":
        keys = -np.unique(keys, return_inverse=True)[1].reshape(-1)
    by = np.lexsort([keys, group.groups[rows]])
    found: list[list[Any]] = [[] for _ in range(group.count)]
    plain = values.tolist()
    for at, owner in zip(by.tolist(), group.groups[rows[by]].tolist(), strict=True):
        if len(found[owner]) < limit:
            found[owner] += [plain[at]] if other is None else other.row(int(rows[at]))[:1]
    return Column.of(group.type, found)


def _ends(group: Group, column: Column, by: Column, *, last: bool) -> Column:
    kept = np.flatnonzero(~column.nulls & ~by.nulls)
    keys = ranked(by.type, by.values[kept])
    places = np.lexsort([keys, group.groups[kept]])
    owners = group.groups[kept][places]
    ends = np.flatnonzero(np.diff(owners, append=-1) if last else np.diff(owners, prepend=-1))
    rows: list[Sequence[Any]] = [()] * group.count
    for at, owner in zip(kept[places[ends]].tolist(), owners[ends].tolist(), strict=True):
        rows[owner] = column.row(at)
    return Column.of(group.type, rows)


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
    return group.each(column, lambda found: random.sample(found.tolist(), min(limit, len(found))))
