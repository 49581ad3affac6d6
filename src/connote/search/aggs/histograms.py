"""Buckets of one width: histogram, date_histogram, auto_date_histogram."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any

import numpy as np

from connote.contract import dates, durations
from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search.aggs import order as orders
from connote.search.aggs.calendar import Interval
from connote.search.aggs.context import MOST_BUCKETS, Context
from connote.search.aggs.formats import Format
from connote.search.aggs.options import Options
from connote.search.aggs.order import Order
from connote.search.aggs.rows import Buckets, Keys, Rows, count, grouped, parted
from connote.search.aggs.spans import clipped, filled, stepped
from connote.search.aggs.tree import Agg, Bucket
from connote.search.aggs.values import Source
from connote.search.mapping.date import Date
from connote.search.mapping.ranges import DateRange

# Buckets are numbered, and beyond this not every number is a float64.
_MOST_NUMBER = 2**53
BY_KEY: Order = (("_key", False),)
Bounds = tuple[Any, Any]


@dataclass(frozen=True, kw_only=True)
class Histograms(Agg):
    """Base: buckets from the first to the last, those without documents too, unless `least` is above 0."""

    source: Source
    least: int = 0
    order: Order = BY_KEY
    is_keyed: bool = False
    extended: Bounds = (None, None)
    hard: Bounds = (None, None)

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """What all have."""
        least = body.whole("min_doc_count", 0)
        if least < 0:
            raise IllegalArgument(
                f"[min_doc_count] must be greater than or equal to 0. Found [{least}] in [{body.kind}]"
            )
        return {
            "source": Source.read(body),
            "least": least,
            "order": orders.parse(body.raw("order"), BY_KEY),
            "is_keyed": body.flag("keyed", default=False),
            "extended": _bounds(body, "extended_bounds"),
            "hard": _bounds(body, "hard_bounds"),
        }

    def shown(
        self,
        found: Buckets,
        form: Format,
        step: Callable[[int], int],
        context: Context,
        key_of: Callable[[int], float] = lambda number: number,
    ) -> list[Bucket]:
        """The buckets with those that are empty between them."""
        keys = [key for key in sorted(found) if count(found[key]) >= self.least]
        if self.least == 0 and keys:
            keys = _filled(keys[0], keys[-1], step)
        made = [self.bucket(form.bucket(key_of(key)), found.get(key, []), context) for key in keys]
        return self.finished(orders.ordered(made, self.order) if self.order != BY_KEY else made)

    def result(self, buckets: list[Bucket], form: Format) -> dict[str, Any]:
        """As a list, or by key."""
        if not self.is_keyed:
            return {"buckets": buckets}
        name = "key_as_string" if form.is_date or form.pattern else "key"
        return {"buckets": {str(each[name]): each for each in buckets}}


def _filled(first: int, last: int, step: Callable[[int], int]) -> list[int]:
    keys = [first]
    while keys[-1] < last and len(keys) <= MOST_BUCKETS:
        keys.append(step(keys[-1]))
    return keys


def _bounds(body: Options, name: str) -> Bounds:
    given = body.object(name) or {}
    if unknown := given.keys() - {"min", "max"}:
        raise BadQuery(f"[{name}] unknown field [{min(unknown)}]")
    return given.get("min"), given.get("max")


@dataclass(frozen=True, kw_only=True)
class Histogram(Histograms):
    """Of numbers: the key is floor((value - offset) / interval) x interval + offset."""

    interval: float
    offset: float = 0.0

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """`interval` and `offset`."""
        interval = body.number("interval", 0.0)
        if not (interval > 0 and np.isfinite(interval)):
            raise IllegalArgument("[interval] must be >0 for histogram aggregation [histogram]")
        return {"interval": interval, "offset": body.number("offset", 0.0), **super().read(body)}

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """Every bucket."""
        form = self.source.format(context)
        if not form.is_date:
            form = Format(None, form.pattern)  # keys are of floating point, whatever the field is
        found = grouped(parts, self._split)
        low, high = (None if each is None else self._number(float(_plain(each))) for each in self.extended)
        if self.least == 0:
            for number in (low, high):
                if number is not None and (found or (low is not None and high is not None)):
                    found.setdefault(number, [])
        _check(found if self.least == 0 else {}, 1)
        return self.result(self.shown(found, form, lambda number: number + 1, context, self._key), form)

    def _number(self, value: float) -> int:
        return int(np.floor((value - self.offset) / self.interval))

    def _key(self, number: int) -> float:
        return float(number * self.interval + self.offset)

    def _split(self, rows: Rows) -> Any:  # noqa: ANN401 (pairs)
        low, high = (None if each is None else float(_plain(each)) for each in self.hard)
        if (spans := self.source.spans(rows)) is not None:
            which, first, last = clipped(*spans, low, high)
            begins, ends = (np.floor((each - self.offset) / self.interval) for each in (first, last))
            return parted(rows, *filled(which, begins, ends))
        which, values = self.source.numbers(rows)
        inside = np.ones(len(values), dtype=np.bool_)
        if low is not None:
            inside &= values >= low
        if high is not None:
            inside &= values <= high
        numbers = np.floor((values[inside] - self.offset) / self.interval)
        if len(numbers) and np.abs(numbers).max() > _MOST_NUMBER:
            raise IllegalArgument(f"[interval] of [{self.interval}] is too small for the values of the field")
        return parted(rows, which[inside], numbers.astype(np.int64))


def _plain(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise IllegalArgument(f"bounds must be numbers, not [{java(value)}]")
    return value


def _check(found: Buckets, width: int) -> None:
    """Refuse to fill a gap that no answer could hold."""
    if found and (max(found) - min(found)) // width > MOST_BUCKETS:
        raise IllegalArgument(
            f"Trying to create too many buckets. Must be less than or equal to: [{MOST_BUCKETS}]: choose a greater "
            "interval, or a min_doc_count of 1"
        )


@dataclass(frozen=True, kw_only=True)
class DateHistogram(Histograms):
    """Of dates, by the calendar or by fixed lengths, as the clocks of a time zone show them."""

    interval: Interval
    offset: int = 0
    zone: tzinfo = field(default=UTC)

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """`calendar_interval` or `fixed_interval`, `time_zone`, `offset`."""
        zone = _zone(body)
        return {
            "interval": interval(body, zone),
            "offset": offset(body),
            "zone": zone,
            **super().read(body),
        }

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """Every bucket."""
        known = context.field(self.source.name)
        if isinstance(known, DateRange):
            known = Date(known.name, {"format": known["format"]}, {})
        form = Format.of(known, self.source.pattern, self.zone)
        found = grouped(parts, lambda rows: parted(rows, *self._keys(rows, form)))
        low, high = (self._begin(each, form) for each in self.extended)
        if self.least == 0:
            for key in (low, high):
                if key is not None and (found or (low is not None and high is not None)):
                    found.setdefault(key, [])
        _check(found if self.least == 0 else {}, self.interval.shortest)
        step = lambda key: self.interval.following(key - self.offset) + self.offset  # noqa: E731
        return self.result(self.shown(found, form, step, context), form)

    def bucket(self, shown: Mapping[str, Any], parts: Sequence[Rows], context: Context) -> Bucket:
        """One bucket, whose own aggregations know when it is."""
        with context.within(self.interval.span(shown["key"], self.offset)):
            return super().bucket(shown, parts, context)

    def _begin(self, bound: Any, form: Format) -> int | None:  # noqa: ANN401
        if bound is None:
            return None
        moment = self._moment(bound, form)
        return int(rounded(np.array([moment], dtype=np.int64), self.interval, self.offset)[0])

    def _moment(self, bound: Any, form: Format) -> int:  # noqa: ANN401
        if isinstance(bound, int) and not isinstance(bound, bool):
            return bound
        pattern = form.pattern or (form.field["format"] if isinstance(form.field, Date) else dates.DEFAULT)
        return dates.maths(str(bound), pattern, zone=self.zone)

    def _keys(self, rows: Rows, form: Format) -> tuple[Any, Keys]:
        low, high = (None if each is None else self._moment(each, form) for each in self.hard)
        if (spans := self.source.spans(rows)) is not None:
            which, first, last = clipped(*spans, low, None if high is None else high - 1)
            begins, ends = (rounded(each.astype(np.int64), self.interval, self.offset) for each in (first, last))
            return stepped(which, begins, ends, lambda key: self.interval.following(key - self.offset) + self.offset)
        which, values = self.source.numbers(rows)
        moments = values.astype(np.int64)
        inside = np.ones(len(moments), dtype=np.bool_)
        if low is not None:
            inside &= moments >= low
        if high is not None:
            inside &= moments < high
        return which[inside], rounded(moments[inside], self.interval, self.offset)


def rounded(moments: Any, by: Interval, shift: int) -> Any:  # noqa: ANN401 (int64)
    """int64: where the intervals begin that moments are in, with an offset."""
    return by.begins(moments - shift) + shift


def interval(body: Options, zone: tzinfo) -> Interval:
    """Of `calendar_interval` or `fixed_interval`, or the older `interval`, which is either. Raises IllegalArgument."""
    calendar, fixed, older = (body.text(name) for name in ("calendar_interval", "fixed_interval", "interval"))
    if calendar is not None and fixed is not None:
        raise IllegalArgument("Cannot use [fixed_interval] with [calendar_interval] configuration option.")
    if calendar is not None:
        return Interval.calendar(calendar, zone)
    if fixed is not None:
        return Interval.fixed(fixed, zone)
    if older is None:
        raise IllegalArgument("Invalid interval specified, must be non-null and non-empty")
    try:
        return Interval.calendar(older, zone)
    except IllegalArgument:
        return Interval.fixed(older, zone)


def _zone(body: Options) -> tzinfo:
    name = body.text("time_zone")
    return UTC if name is None else dates.zone_of(name)


def offset(body: Options) -> int:
    """Milliseconds of `+6h`."""
    given = body.raw("offset", 0)
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    text = str(given)
    sign = -1 if text.startswith("-") else 1
    return sign * int((durations.seconds(text.lstrip("+-"), "offset") or 0) * 1000)


# The intervals that auto_date_histogram tries, each unit by these multiples.
_AUTO = (
    ("second", "s", (1, 5, 10, 30)), ("minute", "m", (1, 5, 10, 30)), ("hour", "h", (1, 3, 12)), ("day", "d", (1, 7)),
    ("month", "M", (1, 3)), ("year", "y", (1, 5, 10, 20, 50, 100)),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class AutoDateHistogram(Agg):
    """Of dates, by the smallest interval that gives no more than so many buckets."""

    source: Source
    most: int = 10
    zone: tzinfo = field(default=UTC)
    coarsest: str = "second"

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """`buckets`, `minimum_interval`, `time_zone`."""
        units = [name for name, _, _ in _AUTO]
        least = body.text("minimum_interval") or "second"
        if least not in units:
            raise IllegalArgument(f"minimum_interval must be one of [{', '.join(units)}]")
        return {
            "most": body.size("buckets", 10),
            "coarsest": least,
            "zone": _zone(body),
            "source": Source.read(body),
        }

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """Every bucket, and the interval that was chosen."""
        form = Format.of(context.field(self.source.name), self.source.pattern, self.zone)
        moments = self.source.all_numbers(parts).astype(np.int64)
        if not len(moments):
            return {"buckets": [], "interval": f"1{_AUTO[0][1]}"}
        edges, told = self._edges(int(moments.min()), int(moments.max()))
        starts = np.array(edges, dtype=np.int64)

        def split(rows: Rows) -> Any:  # noqa: ANN401 (pairs)
            which, values = self.source.numbers(rows)
            return parted(rows, which, starts[np.searchsorted(starts, values.astype(np.int64), side="right") - 1])

        found = grouped(parts, split)
        buckets = [self.bucket(form.bucket(key), found.get(key, []), context) for key in edges]
        return {"buckets": self.finished(buckets), "interval": told}

    def _edges(self, first: int, last: int) -> tuple[list[int], str]:
        units = [name for name, _, _ in _AUTO]
        for name, letter, multiples in _AUTO[units.index(self.coarsest) :]:
            by = Interval.calendar(name, self.zone)
            most = self.most * multiples[-1]
            keys = [int(by.begins(np.array([first], dtype=np.int64))[0])]
            while len(keys) <= most and (after := by.following(keys[-1])) <= last:
                keys.append(after)
            for multiple in multiples:
                if len(keys) <= most and -(-len(keys) // multiple) <= self.most:
                    return keys[::multiple], f"{multiple}{letter}"
        keys = keys[: self.most * 100]
        return keys[::100], "100y"
