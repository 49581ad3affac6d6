"""Values between bounds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import numpy as np

from connote.contract import dates
from connote.contract.errors import BadQuery, ConnoteError, IllegalArgument
from connote.contract.settings import java
from connote.search.engine.arrays import Mask
from connote.search.engine.fields import Inverted
from connote.search.engine.segment import Table
from connote.search.mapping.date import Date
from connote.search.mapping.field import Field
from connote.search.mapping.number import Number, Whole
from connote.search.mapping.text import scalar
from connote.search.query.body import one_field
from connote.search.query.query import Constant, Find, MatchNone, Query, Weight
from connote.search.query.reader import Reader
from connote.search.query.term import normal


@dataclass(frozen=True, kw_only=True)
class Range(Query):
    """`low` and `high` with whether they are in it themselves."""

    field: str
    low: Any = None
    high: Any = None
    with_low: bool = True
    with_high: bool = True
    format: str | None = None
    zone: str | None = None

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401
        """`{"price": {"gte": 1, "lt": 5}}`, or with the older from, to, include_lower, include_upper."""
        if isinstance(given, Mapping) and any(
            not isinstance(value, Mapping) for name, value in given.items() if name not in ("boost", "_name")
        ):
            wrong = next(name for name, value in given.items() if not isinstance(value, Mapping))
            raise BadQuery(f"[range] query does not support [{wrong}]")
        field, body, _ = one_field("range", given, "gte")
        bounds: dict[str, Any] = {
            "low": body.raw("from"),
            "high": body.raw("to"),
            "with_low": body.flag("include_lower", default=True),
            "with_high": body.flag("include_upper", default=True),
        }
        for name, side, included in (
            ("gt", "low", False),
            ("gte", "low", True),
            ("lt", "high", False),
            ("lte", "high", True),
        ):
            if name in body:
                bounds[side], bounds[f"with_{side}"] = body.raw(name), included
        for side in ("low", "high"):
            if isinstance(bounds[side], Mapping | list):
                raise BadQuery(f"[range] bounds of [{field}] must be single values, not [{java(bounds[side])[:100]}]")
        relation = body.text("relation")
        if relation is not None and relation.lower() not in ("intersects", "contains", "within"):
            raise IllegalArgument(f"{relation} is not a valid relation")
        made = cls(field=field, format=body.text("format"), zone=body.text("time_zone"), **bounds, **body.common())
        body.done()
        return made

    def weigh(self, reader: Reader) -> Weight:
        """All score the boost."""
        field = reader.field(self.field)
        if field is None:
            return MatchNone().weigh(reader)
        return Constant(self._find(field), self.boost, f"{self.field}:[{self.low} TO {self.high}]")

    def _find(self, field: Field) -> Find:
        if isinstance(field, Date):
            return _numbers(field.name, *self._dates(field))
        if isinstance(field, Number):
            return _numbers(field.name, *self._bounds(field))
        low, high = (None if value is None else normal(field, value) for value in (self.low, self.high))
        return _words(field.name, low, high, with_low=self.with_low, with_high=self.with_high)

    def _bounds(self, field: Number) -> tuple[float, float, bool, bool]:
        """The bounds as numbers; those of whole numbers may be fractions."""
        found = []
        for value, default in ((self.low, -np.inf), (self.high, np.inf)):
            try:
                number = default if value is None else field.plain(value)
                if not isinstance(field, Whole) and value is not None:
                    number = field.read(value)
            except ConnoteError as error:
                raise IllegalArgument(f"failed to create query: {error.reason}") from None
            found.append(number)
        return found[0], found[1], self.with_low, self.with_high

    def _dates(self, field: Date) -> tuple[float, float, bool, bool]:
        """What is rounded is so that all of a day counts: `gt` and `lte` up, `gte` and `lt` down."""
        formats = self.format or field["format"]
        zone = dates.zone_of(self.zone) if self.zone else UTC

        def read(value: Any, *, up: bool) -> int:  # noqa: ANN401
            if isinstance(value, int | float) and not isinstance(value, bool) and "epoch" not in formats:
                return int(value)
            try:
                return dates.maths(scalar(value), formats, zone=zone, up=up)
            except ConnoteError as error:
                raise BadQuery(f"{error.reason}") from None

        low = -np.inf if self.low is None else read(self.low, up=not self.with_low)
        high = np.inf if self.high is None else read(self.high, up=self.with_high)
        return low, high, self.with_low, self.with_high


def _numbers(name: str, low: float, high: float, with_low: bool, with_high: bool) -> Find:
    def find(table: Table) -> Mask:
        view = table.numbers(name)
        if view is None:
            return np.zeros(table.size, dtype=np.bool_)
        values = view.values
        above = values >= low if with_low else values > low
        below = values <= high if with_high else values < high
        return view.owners.any(above & below)

    return find


def _words(name: str, low: str | None, high: str | None, *, with_low: bool, with_high: bool) -> Find:
    def ordinals(view: Inverted) -> range:
        found = view.terms.between(low, high)
        start, stop = found.start, found.stop
        if low is not None and not with_low and start < stop and view.terms[start] == low:
            start += 1
        if high is not None and with_high and stop < len(view.terms) and view.terms[stop] == high:
            stop += 1
        return range(start, stop)

    def find(table: Table) -> Mask:
        found = np.zeros(table.size, dtype=np.bool_)
        for view in (table.words(name), table.text(name)):
            if view is not None:
                found |= view.having(ordinals(view), table.size)
        return found

    return find
