"""Buckets by ranges: range, date_range, geo_distance."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any

import numpy as np

from connote.contract import dates
from connote.contract.errors import BadQuery, ConnoteError, IllegalArgument
from connote.contract.settings import java
from connote.search.aggs.context import Context
from connote.search.aggs.formats import Format
from connote.search.aggs.options import Options
from connote.search.aggs.rows import Numbers, Rows, gathered
from connote.search.aggs.tree import Agg, Bucket
from connote.search.aggs.values import Doubles, Source
from connote.search.mapping.distances import unit
from connote.search.mapping.geo import GeoPoint, point
from connote.search.query.geo import haversine


@dataclass(frozen=True)
class Span:
    """from <= value < to; None is no bound."""

    low: Any
    high: Any
    key: str | None


def _spans(body: Options) -> list[Span]:
    found = []
    for given in body.objects("ranges"):
        inner = Options(body.kind, given)
        found.append(Span(inner.raw("from"), inner.raw("to"), inner.text("key")))
        inner.done()
    return found


@dataclass(frozen=True, kw_only=True)
class Ranges(Agg):
    """Base: a bucket a range, each with the rows that have a value in it."""

    spans: Sequence[Span]
    is_keyed: bool = False

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """By the lower bound, then by the upper."""
        form = self.form(context)
        bounds = [(self.bound(span.low, form), self.bound(span.high, form), span) for span in self.spans]
        bounds.sort(key=lambda each: (_or(each[0], -math.inf), _or(each[1], math.inf)))
        values = [self.values(part) for part in parts]
        buckets = []
        for low, high, span in bounds:
            own = [_between(part, *pair, low, high) for part, pair in zip(parts, values, strict=True)]
            buckets.append(self.bucket(self.shown(low, high, span.key, form), own, context))
        buckets = self.finished(buckets)
        return {"buckets": keyed(buckets) if self.is_keyed else buckets}

    def form(self, context: Context) -> Format:
        """How bounds are shown."""
        raise NotImplementedError

    def values(self, rows: Rows) -> tuple[Numbers, Doubles]:
        """The places of rows, and their values."""
        raise NotImplementedError

    def bound(self, given: Any, form: Format) -> float | None:  # noqa: ARG002, ANN401
        """A bound as a value."""
        if given is None:
            return None
        try:
            return float(str(given))
        except ValueError:
            raise BadQuery(f"[{self.kind}] a bound must be a number, not [{java(given)[:100]}]") from None

    def shown(self, low: float | None, high: float | None, key: str | None, form: Format) -> Bucket:
        """A bucket without its count."""
        texts = [_told(low, form), _told(high, form)]
        body: Bucket = {"key": key or "-".join(texts)}
        for name, value in (("from", low), ("to", high)):
            if value is not None:
                body |= form.figure(value, name)
        return body


def keyed(buckets: Sequence[Bucket]) -> dict[str, Bucket]:
    """The buckets by key."""
    return {str(each["key"]): {name: value for name, value in each.items() if name != "key"} for each in buckets}


def _or(value: float | None, other: float) -> float:
    return other if value is None else value


def _told(value: float | None, form: Format) -> str:
    return "*" if value is None else form.text(value) or str(float(value))


def _between(rows: Rows, which: Numbers, values: Doubles, low: float | None, high: float | None) -> Rows:
    inside = (values >= _or(low, -math.inf)) & ((values < high) if high is not None else True)
    return rows.take(rows.numbers[np.unique(which[inside])])


@dataclass(frozen=True, kw_only=True)
class Range(Ranges):
    """Of numbers; of dates, whose bounds are dates or date maths."""

    source: Source
    zone: tzinfo = field(default=UTC)

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """The field, `ranges`, `keyed`, `time_zone`."""
        zone = body.text("time_zone")
        return {
            "source": Source.read(body),
            "spans": _spans(body),
            "is_keyed": body.flag("keyed", default=False),
            "zone": UTC if zone is None else dates.zone_of(zone),
        }

    def form(self, context: Context) -> Format:
        """The field's."""
        return Format.of(context.field(self.source.name), self.source.pattern, self.zone)

    def values(self, rows: Rows) -> tuple[Numbers, Doubles]:
        """The field's."""
        return self.source.numbers(rows)

    def bound(self, given: Any, form: Format) -> float | None:  # noqa: ANN401
        """Of a date its milliseconds."""
        if form.field is not None and form.is_date and given is not None:
            pattern = form.pattern or form.field["format"]
            if isinstance(given, int | float) and not isinstance(given, bool):
                return float(given)
            return float(dates.maths(str(given), pattern, zone=self.zone))
        return super().bound(given, form)


@dataclass(frozen=True, kw_only=True)
class DistanceRanges(Ranges):
    """geo_distance: of places by how far they are from an origin, in `unit`s."""

    name_of_field: str
    lat: float
    lon: float
    per: float = 1.0

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """The field, `origin`, `unit`, `ranges`."""
        body.ignore("distance_type", "validation_method")
        origin = body.required("origin", lambda value: value)
        try:
            lat, lon = point(origin)
        except ConnoteError as error:
            raise BadQuery(f"[geo_distance] [origin]: {error.reason}") from None
        return {
            "name_of_field": body.field(),
            "lat": lat,
            "lon": lon,
            "per": unit(body.text("unit") or "m"),
            "spans": _spans(body),
            "is_keyed": body.flag("keyed", default=False),
        }

    def form(self, context: Context) -> Format:  # noqa: ARG002
        """Plain numbers."""
        return Format(None)

    def values(self, rows: Rows) -> tuple[Numbers, Doubles]:
        """The distances."""
        which, latitudes, longitudes = places(rows, self.name_of_field, self.kind)
        return which, haversine(latitudes, longitudes, self.lat, self.lon) / self.per


def places(rows: Rows, name: str, kind: str) -> tuple[Numbers, Doubles, Doubles]:
    """Places of rows, their latitudes and longitudes. Raises IllegalArgument for a field of something else."""
    known = rows.seen.reader.field(name)
    if known is not None and not isinstance(known, GeoPoint):
        raise IllegalArgument(f"Field [{name}] of type [{known.kind}] is not supported for aggregation [{kind}]")
    view = None if known is None else rows.table.points(known.name)
    if view is None:
        return np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0)
    which, at = gathered(view.owners, rows.numbers)
    return which, view.latitudes[at], view.longitudes[at]
