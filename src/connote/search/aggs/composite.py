"""All combinations of the values of some fields, page by page."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC
from functools import cmp_to_key
from heapq import nsmallest
from typing import Any

import numpy as np

from connote.contract import dates
from connote.contract.errors import BadQuery, ConnoteError, IllegalArgument
from connote.contract.settings import java
from connote.search.aggs.calendar import Interval, Span
from connote.search.aggs.context import Context
from connote.search.aggs.formats import Format
from connote.search.aggs.histograms import interval, offset, rounded
from connote.search.aggs.options import Options
from connote.search.aggs.ranges import places
from connote.search.aggs.rows import Rows
from connote.search.aggs.tree import Agg
from connote.search.aggs.values import Column, Combinations, Source
from connote.search.mapping.cells import Box, Tiles
from connote.search.mapping.keyword import Boolean
from connote.search.query.geo import sides

KINDS = ("terms", "histogram", "date_histogram", "geotile_grid")
_ZOOM = 7


@dataclass(frozen=True)
class Part:
    """One of the fields: its values as they are, or rounded down."""

    name: str
    source: Source
    is_descending: bool = False
    with_missing: bool = False
    missing_first: bool | None = None
    width: float | None = None
    interval: Interval | None = None
    offset: int = 0
    tiles: Tiles | None = None
    bounds: Box | None = None  # only tiles that it has a part of

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> "Part":
        """`{"NAME": {"terms": {"field": …}}}`. Raises BadQuery, IllegalArgument."""
        if len(given) != 1:
            raise BadQuery("[composite] each of [sources] must have one name")
        ((name, kinds),) = given.items()
        if not isinstance(kinds, Mapping) or len(kinds) != 1 or next(iter(kinds)) not in KINDS:
            raise BadQuery(f"[composite] source [{name}] must be one of {list(KINDS)}, not [{java(kinds)[:100]}]")
        ((kind, value),) = kinds.items()
        body = Options(kind, value)
        order, missing = (body.text("order") or "asc").lower(), (body.text("missing_order") or "default").lower()
        if order not in ("asc", "desc") or missing not in ("first", "last", "default"):
            raise BadQuery(
                f"[composite] [order] must be asc or desc, and [missing_order] first, last or default: [{name}]"
            )
        zone = dates.zone_of(body.text("time_zone") or "UTC")
        bounds = body.object("bounds") if kind == "geotile_grid" else None
        width = body.number("interval", 0.0) if kind == "histogram" else None
        if width is not None and width <= 0:
            raise IllegalArgument("[interval] must be greater than 0 for [histogram] source")
        made = cls(
            name,
            Source.read(body),
            order == "desc",
            body.flag("missing_bucket", default=False),
            None if missing == "default" else missing == "first",
            width,
            interval(body, UTC if str(zone) == "UTC" else zone) if kind == "date_histogram" else None,
            offset(body) if kind == "date_histogram" else 0,
            Tiles(body.whole("precision", _ZOOM)) if kind == "geotile_grid" else None,
            None if bounds is None else sides(bounds),
        )
        if made.tiles is not None and not 0 <= made.tiles.precision <= Tiles.most:
            raise IllegalArgument(
                f"Invalid geotile_grid precision of {made.tiles.precision}. Must be between 0 and {Tiles.most}."
            )
        body.done()
        return made

    def column(self, rows: Rows) -> Column:
        """The values, and -1 in words, or NaN, of rows without any, if these count."""
        if self.tiles is not None:
            which, lats, lons = places(rows, self.source.name, "composite")
            cells = self.tiles.of(lats, lons)
            kept = slice(None) if self.bounds is None else self.tiles.meets(cells, self.bounds)
            column = Column(which[kept], cells[kept])
        elif self.width is not None or self.interval is not None:
            which, values = self.source.numbers(rows)
            if self.width is not None:
                column = Column(which, np.floor(values / self.width) * self.width)
            else:
                column = Column(which, rounded(values.astype(np.int64), self.interval, self.offset))  # type: ignore[arg-type]
        else:
            column = self.source.any(rows)
        if not self.with_missing:
            return column
        lacking = np.ones(len(rows), dtype=np.bool_)
        lacking[column.which] = False
        words = [*(column.value(key) for key in np.unique(column.keys).tolist()), None]
        keys = np.searchsorted(np.unique(column.keys), column.keys)
        extra = np.full(int(lacking.sum()), len(words) - 1, dtype=np.int64)
        return Column(np.concatenate([column.which, np.flatnonzero(lacking)]), np.concatenate([keys, extra]), words)

    def form(self, context: Context) -> Format:
        """How values are shown; plain unless a format is asked for."""
        return self.source.format(context)

    def shown(self, value: Any, form: Format) -> Any:  # noqa: ANN401
        """A value in a key."""
        if value is None:
            return None
        if self.tiles is not None:
            return self.tiles.named(value)
        if isinstance(form.field, Boolean):
            return value in ("true", True, 1)
        return form.text(value) if self.source.pattern is not None else form.key(value)

    def read(self, value: Any, form: Format) -> Any:  # noqa: ANN401
        """The value of a key that `after` gives. Raises IllegalArgument."""
        if value is not None and self.tiles is not None:
            tiles, cell = Tiles.read(str(value))
            if tiles != self.tiles:
                raise IllegalArgument(f"invalid value for [after], source [{self.name}]: it is of another precision")
            return cell
        if isinstance(form.field, Boolean) and value is not None:
            return java(value)
        if not (form.is_date and form.field is not None and isinstance(value, str)):
            return value
        try:
            return dates.parse(value, self.source.pattern or form.field["format"])
        except ConnoteError as error:
            raise IllegalArgument(f"invalid value for [after], source [{self.name}]: {error.reason}") from None

    def compare(self, one: Any, other: Any) -> int:  # noqa: ANN401
        """Below 0 if one comes before the other."""
        if one is None or other is None:
            if one is other:
                return 0
            first = (not self.is_descending) if self.missing_first is None else self.missing_first
            return (-1 if first else 1) * (1 if one is None else -1)
        if isinstance(one, str) is not isinstance(other, str):
            raise IllegalArgument(f"invalid value for [after], source [{self.name}]: it is of another type")
        order = int(one > other) - int(one < other)
        return -order if self.is_descending else order


@dataclass(frozen=True, kw_only=True)
class Composite(Agg):
    """The first `size` combinations behind `after`."""

    sources: Sequence[Part]
    size: int = 10
    after: Mapping[str, Any] | None = None

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """`sources`, `size`, `after`."""
        sources = [Part.parse(each) for each in body.objects("sources")]
        if len({each.name for each in sources}) != len(sources):
            raise IllegalArgument("Composite source names must be unique")
        after = body.object("after")
        if after is not None and after.keys() != {each.name for each in sources}:
            raise IllegalArgument("[after] must have a value for each of the sources")
        return {"sources": sources, "size": body.size("size", 10), "after": after}

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """The buckets, and the key to go on after."""
        forms = [each.form(context) for each in self.sources]
        found = [Combinations(part, [each.column(part) for each in self.sources]) for part in parts]
        keys = list({key for each in found for key in each.values})
        if self.after is not None:
            last = tuple(each.read(self.after[each.name], form) for each, form in zip(self.sources, forms, strict=True))
            keys = [key for key in keys if self._compare(key, last) > 0]
        keys = nsmallest(self.size, keys, cmp_to_key(self._compare))
        wanted, rows, buckets = set(keys), dict[Any, list[Rows]](), []
        for key, own in (pair for each in found for pair in each.rows(wanted)):  # there may be many more than are shown
            rows.setdefault(key, []).append(own)
        for key in keys:
            shown = {
                each.name: each.shown(value, form) for each, form, value in zip(self.sources, forms, key, strict=True)
            }
            span = self._span(key)
            with context.within(span) if span else nullcontext():
                buckets.append(self.bucket({"key": shown}, rows[key], context))
        after = {"after_key": buckets[-1]["key"]} if buckets else {}
        return {**after, "buckets": self.finished(buckets)}

    def _span(self, key: Sequence[Any]) -> Span | None:
        """When the bucket is, if one of the sources is of dates."""
        timed = [each for each in zip(self.sources, key, strict=True) if each[0].interval is not None]
        if len(timed) != 1 or timed[0][1] is None:
            return None
        ((part, begin),) = timed
        return None if part.interval is None else part.interval.span(begin, part.offset)

    def _compare(self, one: Sequence[Any], other: Sequence[Any]) -> int:
        for each, left, right in zip(self.sources, one, other, strict=True):
            if order := each.compare(left, right):
                return order
        return 0
