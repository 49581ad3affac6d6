"""The order of hits: by score, by fields, by distance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from connote.contract import dates
from connote.contract.errors import BadQuery, ConnoteError, IllegalArgument
from connote.contract.settings import java
from connote.search.engine.owners import Owners
from connote.search.engine.segment import Segment
from connote.search.mapping.date import Date
from connote.search.mapping.field import Field
from connote.search.mapping.geo import GeoPoint, point
from connote.search.mapping.number import Number, Whole
from connote.search.mapping.text import Text
from connote.search.query.geo import haversine, unit
from connote.search.query.query import Hits
from connote.search.query.reader import Reader

Keys = NDArray[np.float64]
MODES = ("min", "max", "sum", "avg", "median")


class Clause(Protocol):
    """One thing to sort by. In a segment every document has a key, a number: smaller ones come first."""

    @property
    def is_descending(self) -> bool:
        """Whether the greatest come first."""
        ...

    def keys(self, segment: Segment, hits: Hits, base: int) -> Keys:
        """float64 [size]."""
        ...

    def after(self, segment: Segment, value: Any) -> float:  # noqa: ANN401
        """The key of a value of `search_after`, which no document need have."""
        ...

    def value(self, segment: Segment, document: int, hits: Hits, base: int) -> Any:  # noqa: ANN401
        """What a hit shows, None for a document without a value."""
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

    def keys(self, segment: Segment, hits: Hits, base: int) -> Keys:  # noqa: ARG002
        """The scores, turned."""
        points = hits.points().astype(np.float64)
        return -points if self.is_descending else points

    def after(self, segment: Segment, value: Any) -> float:  # noqa: ARG002, ANN401
        """The score, turned."""
        number = float(np.float32(_number(value)))
        return -number if self.is_descending else number

    def value(self, segment: Segment, document: int, hits: Hits, base: int) -> Any:  # noqa: ARG002, ANN401
        """The score."""
        return float(hits.points()[document])

    def comparable(self, value: Any) -> tuple[int, Any]:  # noqa: ANN401
        """The score."""
        return 0, value

    def shown(self, value: Any) -> Any:  # noqa: ANN401
        """The score."""
        return np.float32(value)


@dataclass(frozen=True)
class ByPlace:
    """As the documents stand in the index."""

    is_descending: bool = False

    def keys(self, segment: Segment, hits: Hits, base: int) -> Keys:  # noqa: ARG002
        """Their numbers."""
        numbers = np.arange(segment.size, dtype=np.float64) + base
        return -numbers if self.is_descending else numbers

    def after(self, segment: Segment, value: Any) -> float:  # noqa: ARG002, ANN401
        """The number."""
        return -_number(value) if self.is_descending else _number(value)

    def value(self, segment: Segment, document: int, hits: Hits, base: int) -> Any:  # noqa: ARG002, ANN401
        """The number."""
        return document + base

    def comparable(self, value: Any) -> tuple[int, Any]:  # noqa: ANN401
        """The number."""
        return 0, value

    def shown(self, value: Any) -> Any:  # noqa: ANN401
        """The number."""
        return value


@dataclass(frozen=True)
class ByField:
    """A field's values; of several the least, or the greatest if the greatest come first."""

    field: Field
    is_descending: bool = False
    missing: Any = "_last"
    mode: str | None = None
    format: str | None = None

    def keys(self, segment: Segment, hits: Hits, base: int) -> Keys:  # noqa: ARG002
        """Values, or of words their places in the sorted dictionary."""
        found = self._chosen(segment)
        sign = -1.0 if self.is_descending else 1.0
        keys = found * sign
        keys[np.isnan(found)] = self._missing(segment)
        return keys

    def after(self, segment: Segment, value: Any) -> float:  # noqa: ANN401
        """The value; of a word its place, or between two."""
        if value is None:
            return self._missing(segment)
        sign = -1.0 if self.is_descending else 1.0
        return self._key(segment, value) * sign

    def value(self, segment: Segment, document: int, hits: Hits, base: int) -> Any:  # noqa: ARG002, ANN401
        """The value that counts."""
        chosen = self._chosen(segment)[document]
        if np.isnan(chosen):
            return None if self.missing in ("_last", "_first") else self.missing
        view = segment.words(self.field.name)
        if view is not None and not isinstance(self.field, Number | Date):
            return view.terms[int(chosen)]
        whole = isinstance(self.field, Whole | Date) and self.mode not in ("avg", "median")
        return int(chosen) if whole else float(chosen)

    def comparable(self, value: Any) -> tuple[int, Any]:  # noqa: ANN401
        """Missing ones before or behind all others."""
        if value is None:
            is_last = self.missing == "_last"
            return (1 if is_last is not self.is_descending else -1), 0
        return 0, value

    def shown(self, value: Any) -> Any:  # noqa: ANN401
        """Dates in their format, if one is asked for."""
        if isinstance(self.field, Date) and self.format and value is not None:
            return dates.render(int(value), self.format)
        return value

    def _missing(self, segment: Segment) -> float:
        if self.missing == "_last":
            return np.inf
        if self.missing == "_first":
            return -np.inf
        sign = -1.0 if self.is_descending else 1.0
        return self._key(segment, self.missing) * sign

    def _key(self, segment: Segment, value: Any) -> float:  # noqa: ANN401
        if isinstance(self.field, Date):
            return float(dates.maths(str(value), self.format or self.field["format"]))
        if isinstance(self.field, Number):
            return _number(value)
        view = segment.words(self.field.name)
        if view is None:
            return 0.0
        found = view.find(str(value))
        return float(found) if found >= 0 else view.terms.between(None, str(value)).stop - 0.5

    def _chosen(self, segment: Segment) -> Keys:
        """float64 [size]: the value that counts, NaN where there is none."""
        mode = self.mode or ("max" if self.is_descending else "min")
        if isinstance(self.field, Number | Date):
            numbers = segment.numbers(self.field.name)
            return (
                _empty(segment) if numbers is None else reduced(numbers.values.astype(np.float64), numbers.owners, mode)
            )
        words = segment.words(self.field.name)
        return _empty(segment) if words is None else reduced(words.ordinals.astype(np.float64), words.owners, mode)


@dataclass(frozen=True)
class ByDistance:
    """The distance of a place from a point, in metres times `per`."""

    field: str
    lat: float
    lon: float
    is_descending: bool = False
    per: float = 1.0
    mode: str | None = None

    def keys(self, segment: Segment, hits: Hits, base: int) -> Keys:  # noqa: ARG002
        """Distances; those without a place come last."""
        found = self._chosen(segment)
        keys = -found if self.is_descending else found.copy()
        keys[np.isnan(found)] = np.inf
        return keys

    def after(self, segment: Segment, value: Any) -> float:  # noqa: ARG002, ANN401
        """The distance."""
        if value in (None, "Infinity"):
            return float(np.inf)
        return -_number(value) if self.is_descending else _number(value)

    def value(self, segment: Segment, document: int, hits: Hits, base: int) -> Any:  # noqa: ARG002, ANN401
        """The distance."""
        found = float(self._chosen(segment)[document])
        return None if np.isnan(found) else found

    def comparable(self, value: Any) -> tuple[int, Any]:  # noqa: ANN401
        """Those without a place come last."""
        return ((-1 if self.is_descending else 1), 0) if value is None else (0, value)

    def shown(self, value: Any) -> Any:  # noqa: ANN401
        """Elasticsearch's word for no place."""
        return "Infinity" if value is None else value

    def _chosen(self, segment: Segment) -> Keys:
        view = segment.points(self.field)
        if view is None:
            return _empty(segment)
        far = haversine(view.latitudes, view.longitudes, self.lat, self.lon) / self.per
        return reduced(far, view.owners, self.mode or ("max" if self.is_descending else "min"))


def parse(given: Any) -> list[tuple[str, dict[str, Any]]]:  # noqa: ANN401 (JSON)
    """What to sort by: names with their options. Raises BadQuery."""
    clauses = []
    for each in given if isinstance(given, list) else [given]:
        if isinstance(each, str):
            name, _, order = each.partition(":")
            clauses.append((name, {"order": order} if order else {}))
        elif isinstance(each, Mapping):
            for name, options in each.items():
                if isinstance(options, Mapping):
                    clauses.append((name, dict(options)))
                elif isinstance(options, str):
                    clauses.append((name, {"order": options}))
                else:
                    raise BadQuery(f"[sort] of [{name}] must be an order or an object, not [{java(options)}]")
        else:
            raise BadQuery(
                f"malformed sort format, within the sort array, an object, or an actual string are allowed, not [{java(each)}]"
            )
    return clauses


def clause(name: str, options: Mapping[str, Any], reader: Reader) -> Clause | None:
    """A clause on an index; None where the field is not mapped and that is said to be fine. Raises BadQuery."""
    order = str(options.get("order", "desc" if name == "_score" else "asc")).lower()
    if order not in ("asc", "desc"):
        raise BadQuery(f"Unknown SortOrder [{order}]")
    is_descending = order == "desc"
    if name == "_score":
        return ByScore(is_descending)
    if name in ("_doc", "_shard_doc"):
        return ByPlace(is_descending)
    if name == "_geo_distance":
        return _distance(options, reader, is_descending=is_descending)
    if name == "_script":
        raise BadQuery("sorting by [_script] is not supported")
    known = {
        "order",
        "missing",
        "mode",
        "unmapped_type",
        "format",
        "numeric_type",
        "nested",
        "nested_path",
        "nested_filter",
    }
    if unknown := options.keys() - known:
        raise BadQuery(f"[field_sort] unknown field [{sorted(unknown)[0]}]")
    mode = options.get("mode")
    if mode is not None and mode not in MODES:
        raise BadQuery(f"Unknown SortMode [{java(mode)}]")
    field = reader.field(name)
    if field is None:
        if options.get("unmapped_type") is None:
            raise BadQuery(f"No mapping found for [{name}] in order to sort on")
        return None
    if isinstance(field, Text):
        raise IllegalArgument(
            f"Fielddata is disabled on [{name}] in [{reader.index}]. Text fields are not optimised for operations that "
            "require per-document field data like aggregations and sorting, so these operations are disabled by default. "
            "Please use a keyword field instead."
        )
    return ByField(field, is_descending, options.get("missing", "_last"), mode, options.get("format"))


def _distance(options: Mapping[str, Any], reader: Reader, *, is_descending: bool) -> Clause:
    known = {"order", "unit", "mode", "distance_type", "ignore_unmapped", "nested", "validation_method"}
    names = [name for name in options if name not in known]
    if len(names) != 1:
        raise BadQuery("no points provided for _geo_distance sort.")
    field = reader.field(names[0])
    if not isinstance(field, GeoPoint):
        raise IllegalArgument(f"failed to find mapper for [{names[0]}] for geo distance based sort")
    place = options[names[0]]
    if isinstance(place, list) and place and not isinstance(place[0], int | float):
        place = place[0]
    try:
        lat, lon = point(place)
        per = unit(str(options.get("unit", "m")))
    except ConnoteError as error:
        raise BadQuery(f"[_geo_distance] {error.reason}") from None
    return ByDistance(field.name, lat, lon, is_descending, per, options.get("mode"))


def reduced(values: Keys, owners: Owners, mode: str) -> Keys:
    """float64 [documents]: of each one's values the one that `mode` says, NaN without any."""
    starts = owners.starts
    found = np.full(owners.documents, np.nan)
    some = starts[1:] > starts[:-1]
    if not len(values):
        return found
    at = starts[:-1][some]
    counts = np.diff(starts)[some]
    if mode in ("min", "max"):
        found[some] = (np.minimum if mode == "min" else np.maximum).reduceat(values, at)
    elif mode in ("sum", "avg"):
        sums = np.add.reduceat(values, at)
        found[some] = sums if mode == "sum" else sums / counts
    else:
        found[some] = [np.median(values[start : start + count]) for start, count in zip(at, counts, strict=True)]
    return found


def order(found: list[Any], clauses: Sequence[Clause | None], values: Any) -> list[Any]:  # noqa: ANN401
    """Hits of several segments in order; `values` gives a hit's sort values. What is equal stays as it is."""
    for at in range(len(clauses) - 1, -1, -1):
        each = clauses[at]
        if each is not None:
            found.sort(key=lambda hit: each.comparable(values(hit)[at]), reverse=each.is_descending)
    return found


def _empty(segment: Segment) -> Keys:
    return np.full(segment.size, np.nan)


def _number(value: Any) -> float:  # noqa: ANN401
    try:
        return float(value)
    except (TypeError, ValueError):
        raise IllegalArgument(f"Failed to parse search_after value [{java(value)}]") from None
