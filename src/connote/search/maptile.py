"""A tile of a map: the search that it stands for, and the layers of what that finds.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-search-mvt
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search.mapping.cells import Tiles
from connote.search.tile import Feature, Layer, Pixel, Value

# The deepest zoom of a grid, its finest beyond a tile's own, and the most cells of one.
MOST_ZOOM, MOST_PRECISION, _CELLS = Tiles.most, 8, 1 << 16
_OWN = ("key", "doc_count")  # of each cell
_TYPES = ("grid", "point", "centroid")
_METRICS = (
    "avg", "boxplot", "cardinality", "extended_stats", "max", "median_absolute_deviation", "min", "percentile_ranks",
    "percentiles", "stats", "sum", "value_count",
)  # fmt: skip
_KNOWN = (
    "aggs", "aggregations", "buffer", "exact_bounds", "extent", "fields", "grid_agg", "grid_precision", "grid_type",
    "query", "runtime_mappings", "size", "sort", "track_total_hits", "with_labels",
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A tile `zoom/x/y` of so many pixels a side: where in it a place is."""

    zoom: int
    x: int
    y: int
    extent: int = 4096

    def pixel(self, lat: float, lon: float) -> Pixel:
        """From the left and from the top; outside of the tile it is below 0, or beyond the extent."""
        tiles = Tiles(self.zoom)
        column, row = (lon + 180) / 360 * tiles.columns, float(tiles.row(np.array([lat]))[0])
        return math.floor((column - self.x) * self.extent + 0.5), math.floor((row - self.y) * self.extent + 0.5)

    def box(self, buffer: int = 0) -> dict[str, float]:
        """The sides of the tile in degrees, with so many pixels around it."""
        tiles, more = Tiles(self.zoom), buffer / self.extent
        rows = np.clip(np.array([self.y - more, self.y + 1 + more]), 0, tiles.rows)
        top, bottom = tiles.latitude(rows).tolist()
        left, right = ((each / tiles.columns * 360 - 180) for each in (self.x - more, self.x + 1 + more))
        return {"top": top, "left": max(left, -180.0), "bottom": bottom, "right": min(right, 180.0)}

    def around(self) -> list[Pixel]:
        """The tile's corners."""
        return corners(0, 0, self.extent, self.extent)


def corners(left: int, top: int, right: int, bottom: int) -> list[Pixel]:
    """Of a box, clockwise."""
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


@dataclass(frozen=True)
class TileRequest:
    """Checked, but for what the search itself is made of."""

    place: Place
    field: str
    body: Mapping[str, Any]
    buffer: int = 5
    precision: int = MOST_PRECISION
    type: str = "grid"
    size: int = 10_000
    exact: bool = False
    labels: bool = False

    @classmethod
    def parse(cls, field: str, zoom: int, x: int, y: int, body: Mapping[str, Any]) -> "TileRequest":
        """Raises IllegalArgument, BadQuery."""
        if not 0 <= zoom <= MOST_ZOOM:
            raise IllegalArgument(f"Invalid geotile_grid precision of {zoom}. Must be between 0 and {MOST_ZOOM}.")
        if not (0 <= x < 1 << zoom and 0 <= y < 1 << zoom):
            raise IllegalArgument(f"Zoom/X/Y combination is not valid: {zoom}/{x}/{y}")
        if unknown := [name for name in body if name not in _KNOWN]:
            raise BadQuery(f"[mvt] unknown field [{unknown[0]}]")
        if body.get("grid_agg", "geotile") != "geotile":
            raise IllegalArgument(f"[grid_agg] must be [geotile], not [{java(body['grid_agg'])[:100]}]")
        kind = str(body.get("grid_type", "grid")).lower()
        if kind not in _TYPES:
            raise IllegalArgument(f"Invalid grid type [{java(body['grid_type'])[:100]}]; it is one of {list(_TYPES)}")
        made = cls(
            Place(zoom, x, y, _whole(body, "extent", 4096, 1, 1 << 20)),
            field,
            body,
            _whole(body, "buffer", 5, 0, 1 << 20),
            _whole(body, "grid_precision", MOST_PRECISION, 0, MOST_PRECISION),
            kind,
            _whole(body, "size", 10_000, 0, 10_000),
            _flag(body, "exact_bounds"),
            _flag(body, "with_labels"),
        )
        made._check_aggs()
        return made

    @property
    def grid_zoom(self) -> int:
        """The zoom of the grid's cells."""
        return min(MOST_ZOOM, self.place.zoom + self.precision)

    @property
    def aggs(self) -> Mapping[str, Any]:
        """Those of each cell."""
        found: Mapping[str, Any] = self.body.get("aggs") or self.body.get("aggregations") or {}
        return found

    def search(self) -> dict[str, Any]:
        """The body of the search."""
        inner: dict[str, Any] = {}
        if self.precision:
            own = {**self.aggs, **({"_mvt_centroid": self._over("geo_centroid")} if self.type == "centroid" else {})}
            grid = {"field": self.field, "precision": self.grid_zoom, "size": _CELLS}
            inner["grid"] = {"geotile_grid": grid, "aggs": own}
        if self.exact:
            inner["bounds"] = self._over("geo_bounds")
        place = {"field": self.field, "format": "geojson"}
        made = {
            "query": {"bool": {"filter": [*self._query(), {"geo_bounding_box": {self.field: self._box(self.buffer)}}]}},
            "size": self.size,
            "_source": False,
            "fields": [*self._fields(), place],
            **({"aggs": {"tile": {"filter": self._inside(), "aggs": inner}}} if inner else {}),
        }
        return made | {name: self.body[name] for name in ("runtime_mappings", "sort", "track_total_hits")
                       if self.body.get(name) is not None}  # fmt: skip

    def _fields(self) -> list[Any]:
        given = self.body.get("fields") or []
        if not isinstance(given, list):
            raise BadQuery(f"[fields] must be an array, not [{java(given)[:100]}]")
        return given

    def _query(self) -> list[Any]:
        return [] if self.body.get("query") is None else [self.body["query"]]

    def _inside(self) -> dict[str, Any]:
        return {"geo_bounding_box": {self.field: self._box(0)}}

    def _box(self, buffer: int) -> dict[str, float]:
        return self.place.box(buffer)

    def _over(self, kind: str) -> dict[str, Any]:
        return {kind: {"field": self.field}}

    def _check_aggs(self) -> None:
        if not isinstance(self.aggs, Mapping):
            raise BadQuery("[aggs] must be an object")
        for name, given in self.aggs.items():
            if name.startswith("_mvt_"):
                raise IllegalArgument(f"Invalid aggregation name [{name}]. Aggregation names cannot start with _mvt_")
            if name in _OWN:
                raise IllegalArgument(f"Invalid aggregation name [{name}]. It is what a cell has of its own")
            kinds = [each for each in given if each != "meta"] if isinstance(given, Mapping) else []
            if len(kinds) != 1 or kinds[0] not in _METRICS:
                raise IllegalArgument(f"aggregation [{name}] of a tile must be one of {list(_METRICS)}")


def layers(request: TileRequest, answer: Mapping[str, Any]) -> list[Layer]:
    """What the search has found, as the layers `hits`, `aggs` and `meta`."""
    place, inner = request.place, (answer.get("aggregations") or {}).get("tile", {})
    cells = [each for each in inner.get("grid", {}).get("buckets", []) if _is_in(each["key"], request)]
    made = []
    if request.size:
        hits = (feature for hit in answer["hits"]["hits"] for feature in _hit(hit, request))
        made.append(Layer("hits", place.extent, _labelled(hits, request)))
    if request.precision:
        features = (_cell(each, request) for each in cells)
        made.append(Layer("aggs", place.extent, _labelled(features, request)))
    meta = Feature(_bounds(inner, request), _meta(answer, cells, request), is_area=True)
    return [*made, Layer("meta", place.extent, [meta])]


def _hit(hit: Mapping[str, Any], request: TileRequest) -> Iterator[Feature]:
    """The places of a hit that are in the tile, or near it."""
    low, high = -request.buffer, request.place.extent + request.buffer
    found = hit.get("fields", {})
    points = [each["coordinates"] for each in found.get(request.field, ())]
    pixels = [request.place.pixel(lat, lon) for lon, lat, *_ in points]
    near = [(x, y) for x, y in pixels if low <= x <= high and low <= y <= high]
    if near:
        own = {name: values[0] for name, values in found.items() if name != request.field}
        yield Feature(near, {"_id": hit["_id"], "_index": hit["_index"], **_flat(own)})


def _is_in(key: str, request: TileRequest) -> bool:
    zoom, x, y = map(int, key.split("/"))
    steps = zoom - request.place.zoom
    return (x >> steps, y >> steps) == (request.place.x, request.place.y)


def _cell(bucket: Mapping[str, Any], request: TileRequest) -> Feature:
    zoom, x, y = map(int, bucket["key"].split("/"))
    side = request.place.extent / (1 << zoom - request.place.zoom)
    left, top = (
        (at - (own << zoom - request.place.zoom)) * side for at, own in ((x, request.place.x), (y, request.place.y))
    )
    right, bottom = left + side, top + side
    told = {name: bucket[name] for name in request.aggs}
    properties = {"_count": bucket["doc_count"], "_key": bucket["key"], **_flat(told)}
    if request.type == "grid":
        return Feature(corners(round(left), round(top), round(right), round(bottom)), properties, is_area=True)
    if request.type == "centroid" and "location" in bucket["_mvt_centroid"]:
        middle = bucket["_mvt_centroid"]["location"]
        return Feature([request.place.pixel(middle["lat"], middle["lon"])], properties)
    return Feature([(round((left + right) / 2), round((top + bottom) / 2))], properties)


def _labelled(features: Iterator[Feature], request: TileRequest) -> list[Feature]:
    """With a point for each where a label may stand, if that is wanted."""
    made = []
    for each in features:
        made.append(each)
        if request.labels:
            xs, ys = zip(*each.pixels, strict=True)
            middle = (sum(xs) // len(xs), sum(ys) // len(ys)) if each.is_area else each.pixels[0]
            made.append(Feature([middle], {**each.properties, "_mvt_label_position": True}))
    return made


def _bounds(inner: Mapping[str, Any], request: TileRequest) -> list[Pixel]:
    found = inner.get("bounds", {}).get("bounds")
    if found is None:
        return request.place.around()
    corner, other = found["top_left"], found["bottom_right"]
    left, top = request.place.pixel(corner["lat"], corner["lon"])
    right, bottom = request.place.pixel(other["lat"], other["lon"])
    return corners(left, top, max(right, left + 1), max(bottom, top + 1))  # an area, even around one place


def _meta(answer: Mapping[str, Any], cells: list[Mapping[str, Any]], request: TileRequest) -> dict[str, Value]:
    """What is said of the search, and of the cells' figures all together."""
    hits = {name: each for name, each in answer["hits"].items() if name != "hits"}
    told = {"_shards": answer["_shards"], "hits": hits, "took": answer["took"], "timed_out": answer["timed_out"]}
    figures = {"_count": [each["doc_count"] for each in cells]}
    for name in request.aggs:
        for key, value in (pair for each in cells for pair in _flat({name: each[name]}).items()):
            if type(value) in (int, float):
                figures.setdefault(key.removesuffix(".value"), []).append(value)
    return _flat({**told, "aggregations": {name: _summed(each) for name, each in figures.items() if each}})


def _summed(values: list[Any]) -> dict[str, float]:
    total = float(sum(values))
    return {
        "avg": total / len(values),
        "count": len(values),
        "max": float(max(values)),
        "min": float(min(values)),
        "sum": total,
    }


def _flat(told: Mapping[str, Any], prefix: str = "") -> dict[str, Value]:
    """Objects by paths with dots; what is null, or a list, is not there."""
    made: dict[str, Value] = {}
    for name, value in told.items():
        if isinstance(value, Mapping):
            made |= _flat(value, f"{prefix}{name}.")
        elif isinstance(value, str | bool | int | float | np.float32):  # scores are float32
            made[f"{prefix}{name}"] = float(value) if isinstance(value, np.float32) else value
    return made


def _whole(body: Mapping[str, Any], name: str, default: int, low: int, high: int) -> int:
    value = body.get(name, default)
    if type(value) is not int or not low <= value <= high:
        raise IllegalArgument(f"[{name}] must be between {low} and {high}, got [{java(value)[:100]}]")
    return value


def _flag(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name, False)
    if type(value) is not bool:
        raise IllegalArgument(f"[{name}] must be [true] or [false], not [{java(value)[:100]}]")
    return value
