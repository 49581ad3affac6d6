"""What hits can be put in order by: score, place, a field, a distance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from connote.contract import dates
from connote.contract.errors import IllegalArgument
from connote.contract.settings import java
from connote.search.engine.arrays import Ints, Mask
from connote.search.engine.fields import Words
from connote.search.engine.owners import Owners
from connote.search.engine.segment import Segment, Table
from connote.search.mapping.date import Date
from connote.search.mapping.field import Field
from connote.search.mapping.number import Float, Number, UnsignedLong, Whole
from connote.search.query.geo import haversine
from connote.search.query.query import Hits, Weight

Column = NDArray[np.int64 | np.float64]
MODES = ("min", "max", "sum", "avg", "median")
# What stands for no value, as Elasticsearch shows it among the sort values of whole numbers.
_GREATEST, _LEAST = 2**63 - 1, -(2**63)


class Clause(Protocol):
    """One thing to sort by. In a segment every document has a key, a number: smaller ones come first."""

    @property
    def is_descending(self) -> bool:
        """Whether the greatest come first."""
        ...

    def keys(self, segment: Segment, hits: Hits, base: int) -> Column:
        """Of all documents [size]."""
        ...

    def after(self, segment: Segment, value: Any) -> float:  # noqa: ANN401
        """The key of a value of `search_after`, which no document need have."""
        ...

    def values(self, segment: Segment, documents: Ints, hits: Hits, base: int) -> list[Any]:
        """What counts of each of these documents, None for those without a value."""
        ...

    def comparable(self, value: Any) -> tuple[int, Any]:  # noqa: ANN401
        """What orders hits of several segments; ascending, before `is_descending` turns it."""
        ...

    def shown(self, value: Any) -> Any:  # noqa: ANN401
        """The value as the answer has it."""
        ...


@dataclass(frozen=True)
class ByScore:
    """The best first."""

    is_descending: bool = True

    def keys(self, segment: Segment, hits: Hits, base: int) -> Column:  # noqa: ARG002
        """The scores, turned."""
        points = hits.points().astype(np.float64)
        return -points if self.is_descending else points

    def after(self, segment: Segment, value: Any) -> float:  # noqa: ARG002, ANN401
        """The score, turned."""
        score = float(np.float32(number(value)))
        return -score if self.is_descending else score

    def values(self, segment: Segment, documents: Ints, hits: Hits, base: int) -> list[Any]:  # noqa: ARG002
        """Scores."""
        return list(hits.points()[documents].tolist())

    def comparable(self, value: Any) -> tuple[int, Any]:  # noqa: ANN401
        """The score."""
        return 0, value

    def shown(self, value: Any) -> Any:  # noqa: ANN401
        """The score, in as many digits as it has."""
        return np.float32(value)


@dataclass(frozen=True)
class ByPlace:
    """As the documents stand in the index; `first` is the number of the index's first."""

    is_descending: bool = False
    first: int = 0

    def keys(self, segment: Segment, hits: Hits, base: int) -> Column:  # noqa: ARG002
        """Their numbers."""
        numbers = np.arange(segment.size, dtype=np.int64) + (base + self.first)
        return -numbers if self.is_descending else numbers

    def after(self, segment: Segment, value: Any) -> float:  # noqa: ARG002, ANN401
        """The number."""
        return -number(value) if self.is_descending else number(value)

    def values(self, segment: Segment, documents: Ints, hits: Hits, base: int) -> list[Any]:  # noqa: ARG002
        """Numbers."""
        return [int(each) + base + self.first for each in documents]

    def comparable(self, value: Any) -> tuple[int, Any]:  # noqa: ANN401
        """The number."""
        return 0, value

    def shown(self, value: Any) -> Any:  # noqa: ANN401
        """The number."""
        return value


@dataclass(frozen=True)
class Nest:
    """The nested objects whose values count: those at a path, and of them those that a filter lets pass."""

    path: str
    weight: Weight | None = None

    def joined(self, column: Column, has: Mask, segment: Segment, mode: str) -> tuple[Column, Mask]:
        """Of the objects' values [objects] those of the documents [documents], and who has any."""
        objects = segment.nested(self.path)
        if objects is None:
            return np.zeros(segment.size, dtype=column.dtype), np.zeros(segment.size, dtype=np.bool_)
        if self.weight is not None:
            has = has & self.weight.run(objects, scored=False).mask
        counts = np.concatenate([[0], np.cumsum(has)])
        return reduced(column[has], Owners(counts[objects.owners.starts].astype(np.int32)), mode)


@dataclass(frozen=True)
class ByField:
    """A field's values; of several the least, or the greatest if the greatest come first."""

    field: Field
    is_descending: bool = False
    missing: Any = "_last"
    mode: str | None = None
    format: str | None = None
    nest: Nest | None = None

    @property
    def is_whole(self) -> bool:
        """Whether its values are integers; of words the keys are, twice their places in the sorted dictionary."""
        is_float = isinstance(self.field, Number) and not isinstance(self.field, Whole)
        return not is_float and not isinstance(self.field, UnsignedLong)

    def keys(self, segment: Segment, hits: Hits, base: int) -> Column:  # noqa: ARG002
        """Values, turned if the greatest come first."""
        column, has = self._column(segment)
        keys = self._turned(column)
        keys[~has] = self._missing(segment)
        return keys

    def after(self, segment: Segment, value: Any) -> float:  # noqa: ANN401
        """The value; of a word its place, or between two."""
        if value is None or (self._is_number and value in (_GREATEST, _LEAST, "Infinity", "-Infinity")):
            return self._missing(segment)
        return self._turned_one(self._key(segment, value))

    def values(self, segment: Segment, documents: Ints, hits: Hits, base: int) -> list[Any]:  # noqa: ARG002
        """Values, and for documents without one what is said to stand for it."""
        column, has = self._column(segment)
        other = None if self.missing in ("_last", "_first") else self.missing
        view = None if self._is_number else (self._table(segment) or segment).words(self.field.name)
        chosen = column[documents].astype(np.uint64) if isinstance(self.field, UnsignedLong) else column[documents]
        found = zip(chosen.tolist(), has[documents].tolist(), strict=True)
        if view is None:
            return [value if is_there else other for value, is_there in found]
        return [self._term(view, value) if is_there else other for value, is_there in found]

    def comparable(self, value: Any) -> tuple[int, Any]:  # noqa: ANN401
        """Missing ones before or behind all others."""
        if value is None:
            is_last = self.missing == "_last"
            return (1 if is_last is not self.is_descending else -1), 0
        return 0, value

    def shown(self, value: Any) -> Any:  # noqa: ANN401
        """Dates in their format, if one is asked for; no number is the one behind all others."""
        if value is None:
            if not self._is_number or self.format:
                return None
            is_great = (self.missing == "_last") is not self.is_descending
            if self.is_whole:
                return _GREATEST if is_great else _LEAST
            return "Infinity" if is_great else "-Infinity"
        if isinstance(self.field, Date) and self.format:
            return dates.render(int(value), self.format)
        if isinstance(self.field, Float) and isinstance(value, float):
            return float(str(self.field.precision(value)))  # in as many digits as it has
        return int(value == "true") if self.field.kind == "boolean" else value

    @property
    def _is_number(self) -> bool:
        return isinstance(self.field, Number | Date)

    def _turned(self, column: Column) -> Column:
        if not self.is_descending:
            return column.copy()
        return np.invert(column) if column.dtype == np.int64 else -column

    def _turned_one(self, key: float) -> float:
        if not self.is_descending:
            return key
        return -key - 1 if self.is_whole else -key

    def _missing(self, segment: Segment) -> float:
        if self.missing in ("_last", "_first"):
            if self.is_whole:
                return _GREATEST if self.missing == "_last" else _LEAST
            return float(np.inf) if self.missing == "_last" else float(-np.inf)
        return self._turned_one(self._key(segment, self.missing))

    def _key(self, segment: Segment, value: Any) -> float:  # noqa: ANN401
        if isinstance(self.field, Date) and type(value) is not int:  # a whole number is what the answer has shown
            return dates.maths(str(value), self.format or self.field["format"])
        if isinstance(self.field, Float):
            return float(self.field.precision(number(value)))
        if self._is_number:
            return _whole(value) if self.is_whole else number(value)
        view = (self._table(segment) or segment).words(self.field.name)
        return 0 if view is None else self._place(view, _word(self.field, value))

    def _rows(self, view: Words) -> NDArray[np.int64]:
        """The keys of all words, of which a document may have several."""
        return view.ordinals.astype(np.int64) * 2

    def _place(self, view: Words, word: str) -> int:
        """The key of a word, or one between two."""
        found = view.find(word)
        return 2 * found if found >= 0 else 2 * view.terms.between(None, word).stop - 1

    def _term(self, view: Words, key: int) -> str:
        """The word of a key."""
        return view.terms[key // 2]

    def _table(self, segment: Segment) -> Table | None:
        return segment if self.nest is None else segment.nested(self.nest.path)

    def _column(self, segment: Segment) -> tuple[Column, Mask]:
        """Of all documents [size] the value that counts, and whether there is one."""
        mode = self.mode or ("max" if self.is_descending else "min")
        table, kind = self._table(segment), np.dtype(np.int64 if self.is_whole else np.float64)
        nothing: tuple[Column, Mask] = np.zeros(segment.size, dtype=kind), np.zeros(segment.size, dtype=np.bool_)
        if table is None:
            return nothing
        numbers, words = table.numbers(self.field.name), table.words(self.field.name)
        if self._is_number and numbers is not None:
            column, has = reduced(numbers.values.astype(kind, copy=False), numbers.owners, mode)
        elif not self._is_number and words is not None:
            column, has = reduced(self._rows(words), words.owners, mode)
        else:
            return nothing
        return (column, has) if self.nest is None else self.nest.joined(column, has, segment, mode)


@dataclass(frozen=True)
class ByDistance:
    """The distances of places from some points, in metres divided by `per`; of several the one that `mode` says."""

    field: str
    points: Sequence[tuple[float, float]]
    is_descending: bool = False
    per: float = 1.0
    mode: str | None = None
    nest: Nest | None = None

    def keys(self, segment: Segment, hits: Hits, base: int) -> Column:  # noqa: ARG002
        """Distances; those without a place come last."""
        far, has = self._column(segment)
        keys = -far if self.is_descending else far
        keys[~has] = np.inf
        return keys

    def after(self, segment: Segment, value: Any) -> float:  # noqa: ARG002, ANN401
        """The distance."""
        if value in (None, "Infinity", "-Infinity"):
            return float(np.inf)
        return -number(value) if self.is_descending else number(value)

    def values(self, segment: Segment, documents: Ints, hits: Hits, base: int) -> list[Any]:  # noqa: ARG002
        """Distances."""
        far, has = self._column(segment)
        found = zip(far[documents].tolist(), has[documents].tolist(), strict=True)
        return [value if is_there else None for value, is_there in found]

    def comparable(self, value: Any) -> tuple[int, Any]:  # noqa: ANN401
        """Those without a place come last."""
        return ((-1 if self.is_descending else 1), 0) if value is None else (0, value)

    def shown(self, value: Any) -> Any:  # noqa: ANN401
        """Elasticsearch's word for no place."""
        return "Infinity" if value is None else value

    def _column(self, segment: Segment) -> tuple[NDArray[np.float64], Mask]:
        mode = self.mode or ("max" if self.is_descending else "min")
        nothing = np.zeros(segment.size), np.zeros(segment.size, dtype=np.bool_)
        table = segment if self.nest is None else segment.nested(self.nest.path)
        view = None if table is None else table.points(self.field)
        if table is None or view is None:
            return nothing
        far = np.stack([haversine(view.latitudes, view.longitudes, *each) for each in self.points], axis=1) / self.per
        owners = Owners((view.owners.starts * len(self.points)).astype(np.int32))
        column, has = reduced(far.reshape(-1), owners, mode)
        if self.nest is not None:
            column, has = self.nest.joined(column, has, segment, mode)
        return column.astype(np.float64), has


def reduced(rows: Column, owners: Owners, mode: str) -> tuple[Column, Mask]:
    """Of each document's values the one that `mode` says [documents], and who has any. Integers stay such, rounded."""
    starts, some = owners.starts, owners.exists
    found: Column = np.zeros(owners.documents, dtype=rows.dtype)
    if not len(rows):
        return found, some
    begin = starts[:-1][some]
    if mode in ("min", "max"):
        found[some] = (np.minimum if mode == "min" else np.maximum).reduceat(rows, begin)
        return found, some
    counts = np.diff(starts)[some]
    if mode == "median":
        pairs = zip(begin, counts, strict=True)
        values = np.array([np.median(rows[start : start + count]) for start, count in pairs])
    else:
        sums = np.add.reduceat(rows, begin)
        values = sums if mode == "sum" else sums / counts
    found[some] = np.rint(values) if rows.dtype == np.int64 else values
    return found, some


def single(values: NDArray[np.float64], owners: Owners, mode: str) -> NDArray[np.float64]:
    """The same of floats [documents], NaN for those without a value."""
    column, has = reduced(values, owners, mode)
    return np.where(has, column.astype(np.float64), np.nan)


def number(value: Any) -> float:  # noqa: ANN401
    """A value of `search_after` that must be a number. Raises IllegalArgument."""
    try:
        return float("true" if isinstance(value, bool) else value)
    except (TypeError, ValueError, OverflowError):
        raise IllegalArgument(f"Failed to parse search_after value [{java(value)[:100]}] of numbers") from None


def _whole(value: Any) -> float:  # noqa: ANN401
    """The same, kept exact as far as 64 bits go."""
    if isinstance(value, str) and value.lstrip("-").isdecimal():
        value = int(value[:30])
    if type(value) is int:
        return max(_LEAST, min(_GREATEST, value))
    return number(value)


def _word(field: Field, value: Any) -> str:  # noqa: ANN401
    if isinstance(value, bool) or (field.kind == "boolean" and value in (0, 1)):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        raise IllegalArgument(f"Failed to parse search_after value for field [{field.name}]: [{java(value)[:100]}]")
    return str(value)


def order(found: list[Any], clauses: Sequence[Sequence[Clause | None]], values: Any) -> list[Any]:  # noqa: ANN401
    """Hits of several indices in order, `clauses` being those of each, `values` giving a hit's. Equals stay in place.

    Raises IllegalArgument where a field is of words in one index and of numbers in another.
    """
    for at, same in reversed(list(enumerate(zip(*clauses, strict=True)))):
        each = next((clause for clause in same if clause is not None), None)
        if each is None:
            continue
        try:
            found.sort(key=lambda hit: each.comparable(values(hit)[at]), reverse=each.is_descending)
        except TypeError:
            name = getattr(getattr(each, "field", None), "name", "")
            raise IllegalArgument(
                f"Can't sort on field [{name}]; the field has incompatible sort types: [LONG] and [STRING] across "
                "shards!"
            ) from None
    return found
