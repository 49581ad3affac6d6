"""Functions that choose between values."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from connote.search.esql import order, types
from connote.search.esql.column import Column
from connote.search.esql.functions.registry import Place, columns, widest
from connote.search.thread import check


def _case_type(kinds: Sequence[str]) -> str:
    found = types.wider([*kinds[1::2], *(kinds[-1:] if len(kinds) % 2 else [])])
    return "unsupported" if found is None or any(kind not in ("boolean", "null") for kind in _tests(kinds)) else found


def _tests(kinds: Sequence[str]) -> Sequence[str]:
    return kinds[: len(kinds) // 2 * 2 : 2]


@columns("any", "any", "any*", gives=_case_type)
def case(place: Place, size: int, *arguments: Column) -> Column:
    """The value behind the first condition that is true; without one the last, if that has no condition."""
    chosen = np.full(size, -1, dtype=np.int64)
    for at in range(0, len(arguments) // 2 * 2, 2):
        test = arguments[at]
        if test.type != "null":
            chosen[(chosen < 0) & test.values & ~test.nulls & ~test.several] = at + 1
    if len(arguments) % 2:
        chosen[chosen < 0] = len(arguments) - 1
    return _picked(place.type, chosen, arguments)


@columns("any", "any*", gives=widest)
def coalesce(place: Place, size: int, *arguments: Column) -> Column:
    """The first that is not null."""
    chosen = np.full(size, -1, dtype=np.int64)
    for at, each in enumerate(arguments):
        if each.type != "null":
            chosen[(chosen < 0) & ~each.nulls] = at
    return _picked(place.type, chosen, arguments)


def _picked(kind: str, chosen: np.ndarray[tuple[int], np.dtype[np.int64]], arguments: Sequence[Column]) -> Column:
    """In each row the value of the argument of that number."""
    size = len(chosen)
    made, nulls, many = types.empty(kind, size), np.ones(size, dtype=np.bool_), dict[int, tuple[Any, ...]]()
    for at in np.unique(chosen[chosen >= 0]).tolist():
        own = arguments[at].cast(kind) if arguments[at].type != "null" else Column.nothing(kind, size)
        rows = chosen == at
        made[rows], nulls[rows] = own.values[rows], own.nulls[rows]
        many |= {row: values for row, values in own.many.items() if rows[row]}
    return Column(kind, made, nulls, many)


def _extreme(place: Place, size: int, arguments: Sequence[Column], *, greatest: bool) -> Column:
    found = arguments[0] if arguments[0].type == "null" else arguments[0].cast(place.type)
    if len(arguments) == 1 and found.many:
        return _extreme_of_rows(place, size, [found], greatest=greatest)
    for each in arguments[1:]:
        check()
        found = _extreme_of_two(place, size, found, each, greatest=greatest)
    return found


def _extreme_of_two(place: Place, size: int, left: Column, right: Column, *, greatest: bool) -> Column:
    if "null" in (left.type, right.type):
        return Column.nothing(place.type, size)
    right = right.cast(place.type)
    if left.many or right.many or left.values.dtype == np.object_:
        return _extreme_of_rows(place, size, [left, right], greatest=greatest)
    values = (np.maximum if greatest else np.minimum)(left.values, right.values)
    return Column(place.type, values, left.nulls | right.nulls)


def _extreme_of_rows(place: Place, size: int, arguments: Sequence[Column], *, greatest: bool) -> Column:
    rows = list[Sequence[Any]]()
    for values in zip(*(each.rows() for each in arguments), strict=True):
        if any(not row for row in values):
            rows.append([])
            continue
        found = [each for row in values for each in row]
        keys = (
            order.keys(place.type, np.array(found, dtype=np.object_)).tolist() if place.type in order.PARTS else found
        )
        rows.append([found[keys.index((max if greatest else min)(keys))]])
    return Column.of(place.type, rows) if rows else Column.nothing(place.type, size)


@columns("ordered", "ordered*", gives=widest)
def greatest(place: Place, size: int, *arguments: Column) -> Column:
    """The greatest value; null if one is."""
    return _extreme(place, size, arguments, greatest=True)


@columns("ordered", "ordered*", gives=widest)
def least(place: Place, size: int, *arguments: Column) -> Column:
    """The least value; null if one is."""
    return _extreme(place, size, arguments, greatest=False)


@columns("ordered", "ordered", gives=widest)
def clamp_min(place: Place, size: int, value: Column, low: Column) -> Column:
    """The value, but not below a bound."""
    return _extreme(place, size, [value, low], greatest=True)


@columns("ordered", "ordered", gives=widest)
def clamp_max(place: Place, size: int, value: Column, high: Column) -> Column:
    """The value, but not above a bound."""
    return _extreme(place, size, [value, high], greatest=False)


@columns("number", "number", "number", gives=widest)
def clamp(place: Place, size: int, value: Column, low: Column, high: Column) -> Column:
    """The value, but not below and above these bounds."""
    return least(place, size, greatest(place, size, value, low), high)
