"""Places one after another: geo_line.

https://www.elastic.co/docs/reference/aggregations/search-aggregations-metrics-geo-line
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from connote.contract.errors import BadQuery, IllegalArgument
from connote.search.aggs.context import Context
from connote.search.aggs.options import Options
from connote.search.aggs.ranges import places
from connote.search.aggs.rows import Rows
from connote.search.aggs.tree import Agg
from connote.search.aggs.values import Source

_MOST = 10_000
Stop = tuple[Any, float, float]


@dataclass(frozen=True, kw_only=True)
class Line(Agg):
    """GeoJSON of the first `size` places by the value of another field, from documents that have one of each."""

    point: str
    source: Source
    size: int = _MOST
    is_descending: bool = False
    with_values: bool = False

    takes_subs: ClassVar[bool] = False

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """`point` and `sort` with their `field`, `include_sort`, `sort_order`, `size`. Raises BadQuery."""
        fields = []
        for name in ("point", "sort"):
            own = Options(name, body.object(name) or {})
            fields.append(own.field())
            own.done()
        order, size = (body.text("sort_order") or "asc").lower(), body.size("size", _MOST)
        if order not in ("asc", "desc"):
            raise BadQuery(f"[geo_line] [sort_order] must be asc or desc, not [{order}]")
        if size > _MOST:
            raise IllegalArgument(f"invalid [size] value [{size}] must be a positive integer <= {_MOST}")
        return {
            "point": fields[0],
            "source": Source(fields[1], body.kind),
            "size": size,
            "is_descending": order == "desc",
            "with_values": body.flag("include_sort", default=False),
        }

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """A feature."""
        stops = [stop for part in parts for stop in self._stops(part)]
        form = self.source.format(context)
        try:
            stops.sort(key=lambda stop: stop[0], reverse=self.is_descending)
        except TypeError:
            raise IllegalArgument(f"[geo_line] the values of [{self.source.name}] are of several types") from None
        kept = stops[: self.size]
        told: dict[str, Any] = {"complete": len(kept) == len(stops)}
        if self.with_values:
            told["sort_values"] = [form.key(value) for value, _, _ in kept]
        line = {"type": "LineString", "coordinates": [[lon, lat] for _, lat, lon in kept]}
        return {"type": "Feature", "geometry": line, "properties": told}

    def _stops(self, rows: Rows) -> Iterator[Stop]:
        """The first place of each row with its first value of the other field."""
        which, lats, lons = places(rows, self.point, self.kind)
        column, values = self.source.any(rows), dict[int, Any]()
        for at, key in zip(column.which.tolist(), column.keys.tolist(), strict=True):
            values.setdefault(at, key)
        seen = set[int]()
        for at, lat, lon in zip(which.tolist(), lats.tolist(), lons.tolist(), strict=True):
            if at in values and at not in seen:
                seen.add(at)
                yield column.value(values[at]), lat, lon
