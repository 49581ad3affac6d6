"""Functions of rows with several values."""

import math
import statistics
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.search.esql import order, types
from connote.search.esql.column import Column
from connote.search.esql.functions.registry import Place, columns, first, widest
from connote.search.esql.functions.sums import total

Row = Sequence[Any]
_MOST_POWER = 60


def _rows(
    name: str, takes: str, gives: str | Callable[[Sequence[str]], str], about: str
) -> Callable[[Callable[[Row, str], Any]], Any]:
    """A function of the values of each row, which makes one of them, or a list, or None."""

    def add(body: Callable[[Row, str], Any]) -> Any:  # noqa: ANN401
        def run(place: Place, size: int, value: Column) -> Column:
            if value.type == "null":
                return Column.nothing(place.type, size)
            made = list[Row]()
            for row in value.rows():
                found = body(row, value.type) if row else None
                if isinstance(found, float) and not math.isfinite(found):
                    found = None
                made.append(found if isinstance(found, list) else () if found is None else (found,))
            return Column.of(place.type, made)

        run.__doc__ = about
        columns(takes, gives=gives, names=[name])(run)
        return body

    return add


@columns("any", gives="integer")
def mv_count(_: Place, size: int, value: Column) -> Column:
    """How many values a row has; null if it has none."""
    if value.type == "null":
        return Column.nothing("integer", size)
    counts = np.ones(size, dtype=np.int64)
    for at, row in value.many.items():
        counts[at] = len(row)
    return Column("integer", counts, value.nulls)


def ordered(kind: str, row: Row, *, descends: bool = False) -> list[Any]:
    """The values in their order."""
    if kind in order.PARTS:
        by = order.keys(kind, np.array(list(row), dtype=np.object_)).tolist()
        return [value for _, value in sorted(zip(by, row, strict=True), reverse=descends)]
    return sorted(row, reverse=descends)


_rows("mv_min", "ordered", first, "The least value.")(lambda row, kind: ordered(kind, row)[0])
_rows("mv_max", "ordered", first, "The greatest value.")(lambda row, kind: ordered(kind, row)[-1])
_rows("mv_first", "plain", first, "The first value.")(lambda row, _: row[0])
_rows("mv_last", "plain", first, "The last value.")(lambda row, _: row[-1])
_rows("mv_dedupe", "plain", first, "Each value once.")(lambda row, _: list(dict.fromkeys(row)))
_rows("mv_avg", "number", "double", "The mean.")(
    lambda row, _: None if (found := total(row)) is None else found / len(row)
)


def _sum_type(kinds: Sequence[str]) -> str:
    return kinds[0]


@_rows("mv_sum", "number", _sum_type, "The sum; null if it does not fit.")
def _sum(row: Row, kind: str) -> Any:  # noqa: ANN401
    found = sum(row)
    bits = {"integer": 31, "long": 63}.get(kind)
    return None if bits is not None and not -(2**bits) <= found < 2**bits else found


@_rows("mv_median", "number", _sum_type, "The value in the middle; of two the mean, cut off if they are whole.")
def _median(row: Row, kind: str) -> Any:  # noqa: ANN401
    found = statistics.median(row) if kind not in types.WHOLE else statistics.median_low(row)
    if kind in types.WHOLE and len(row) % 2 == 0:
        return (statistics.median_low(row) + statistics.median_high(row)) // 2
    return found


@_rows("mv_median_absolute_deviation", "number", _sum_type, "The median of how far values are from their median.")
def _deviation(row: Row, kind: str) -> Any:  # noqa: ANN401
    middle = _median(row, kind)
    return _median([abs(each - middle) for each in row], kind)


@columns("number", "number", gives=lambda kinds: kinds[0])
def mv_percentile(place: Place, size: int, value: Column, percent: Column) -> Column:
    """The value that so many percent are not above; between two it is interpolated."""
    rows = list[Row]()
    for row, other in zip(value.rows(), percent.rows(), strict=True):
        if not row or len(other) != 1 or not 0 <= other[0] <= 100:
            rows.append(())
            continue
        found = float(np.percentile(np.array(row, dtype=np.float64), other[0]))
        rows.append((int(found) if place.type in types.WHOLE else found,))
    return Column.of(place.type, rows) if rows else Column.nothing(place.type, size)


@columns("string", "string", gives="keyword")
def mv_concat(place: Place, _: int, value: Column, by: Column) -> Column:
    """All values as one text, with that between them."""
    rows = list[Row]()
    for row, other in zip(value.rows(), by.rows(), strict=True):
        if not row or len(other) != 1:
            rows.append(())
            continue
        place.running.spend(sum(map(len, row)) + len(other[0]) * (len(row) - 1))
        rows.append((other[0].join(row),))
    return Column.of("keyword", rows)


@columns("ordered", "string!?", gives=first)
def mv_sort(place: Place, _: int, value: Column, way: str = "asc") -> Column:
    """The values in their order, `ASC` or `DESC`."""
    if str(way).lower() not in ("asc", "desc"):
        raise IllegalArgument(f"Invalid order value in [{place.text}], expected one of [ASC, DESC] but got [{way}]")
    return Column.of(value.type, [ordered(value.type, row, descends=way.lower() == "desc") for row in value.rows()])


@columns("plain", "whole", "whole?", gives=first)
def mv_slice(place: Place, _: int, value: Column, start: Column, end: Column | None = None) -> Column:
    """The values from a place to another, from 0, or counted from the end."""
    rows = list[Row]()
    ends = start.rows() if end is None else end.rows()
    for row, begin, until in zip(value.rows(), start.rows(), ends, strict=True):
        if not row or len(begin) != 1 or len(until) != 1:
            rows.append(())
            continue
        one, other = (each if each >= 0 else each + len(row) for each in (begin[0], until[0]))
        rows.append(row[max(one, 0) : max(other + 1, 0)])
    return Column.of(place.type, rows)


@columns("plain", "plain", gives=widest)
def mv_append(place: Place, size: int, one: Column, other: Column) -> Column:
    """The values of both; null if one is."""
    if "null" in (one.type, other.type):
        return Column.nothing(place.type, size)
    pairs = zip(one.cast(place.type).rows(), other.cast(place.type).rows(), strict=True)
    return Column.of(place.type, [(*left, *right) if left and right else () for left, right in pairs])


@columns("string", "string", "string?", gives="keyword")
def mv_zip(place: Place, _: int, one: Column, other: Column, by: Column | None = None) -> Column:
    """The first values of both joined, the second ones, and so on; without a delimiter by a comma."""
    rows, between = list[Row](), by.rows() if by is not None else [(",",)] * len(one)
    for left, right, delimiter in zip(one.rows(), other.rows(), between, strict=True):
        if len(delimiter) != 1:
            rows.append(())
            continue
        most = max(len(left), len(right))
        pairs = zip([*left, *[None] * (most - len(left))], [*right, *[None] * (most - len(right))], strict=True)
        place.running.spend(sum(map(len, (*left, *right))) + len(delimiter[0]) * min(len(left), len(right)))
        made = tuple(delimiter[0].join(each for each in pair if each is not None) for pair in pairs)
        rows.append(made)
    return Column.of("keyword", rows)


@columns("plain", "plain", gives="boolean")
def mv_contains(_: Place, __: int, value: Column, others: Column) -> Column:
    """Whether all values of the second are among those of the first."""
    pairs = zip(value.rows(), others.rows(), strict=True)
    return Column.whole("boolean", np.array([set(right) <= set(left) for left, right in pairs], dtype=np.bool_))


@columns("plain", "plain", gives="boolean")
def mv_intersects(_: Place, __: int, value: Column, others: Column) -> Column:
    """Whether the two have a value in common."""
    pairs = zip(value.rows(), others.rows(), strict=True)
    return Column.whole("boolean", np.array([bool(set(right) & set(left)) for left, right in pairs], dtype=np.bool_))


@columns("plain", "plain", gives=first)
def mv_intersection(place: Place, _: int, value: Column, others: Column) -> Column:
    """The values of the first that the second has too."""
    pairs = zip(value.rows(), others.rows(), strict=True)
    shared = [(dict.fromkeys(left), set(right)) for left, right in pairs]
    return Column.of(place.type, [[each for each in left if each in right] for left, right in shared])


@columns("number", "number!", gives="double")
def mv_pseries_weighted_sum(place: Place, __: int, value: Column, power: float) -> Column:
    """The values in their order, each divided by its place, from 1, to that power: their sum."""
    if abs(power) > _MOST_POWER:
        raise IllegalArgument(f"the power of [{place.text}] is at most [{_MOST_POWER}], not [{power}]")
    sums = [total(each / at ** float(power) for at, each in enumerate(row, 1)) if row else None for row in value.rows()]
    return Column.of("double", [[] if each is None else [each] for each in sums])
