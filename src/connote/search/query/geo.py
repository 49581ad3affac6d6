"""Places near a point or within a box."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connote.contract.errors import BadQuery, ConnoteError, IllegalArgument
from connote.contract.settings import java
from connote.search.engine.arrays import Mask
from connote.search.engine.segment import Table
from connote.search.mapping.distances import metres
from connote.search.mapping.geo import GeoPoint, point
from connote.search.mapping.geoshape import GeoShape
from connote.search.mapping.shape import box, circle
from connote.search.query.body import Body
from connote.search.query.query import Constant, Find, Query, Weight
from connote.search.query.reader import Reader
from connote.search.query.shapes import related

# Lucene's mean radius of the earth, in metres.
RADIUS = 6_371_008.7714


def haversine(
    latitudes: NDArray[np.float64], longitudes: NDArray[np.float64], lat: float, lon: float
) -> NDArray[np.float64]:
    """Metres along the sphere from a point to each place: https://en.wikipedia.org/wiki/Haversine_formula."""
    there, here = np.radians(latitudes), np.radians(lat)
    half = np.sin((there - here) / 2) ** 2
    half = half + np.cos(there) * np.cos(here) * np.sin(np.radians(longitudes - lon) / 2) ** 2
    found: NDArray[np.float64] = 2 * RADIUS * np.arcsin(np.sqrt(np.minimum(half, 1)))
    return found


@dataclass(frozen=True, kw_only=True)
class GeoDistance(Query):
    """Places at most so many metres away."""

    field: str
    lat: float
    lon: float
    most: float
    ignores_unmapped: bool = False

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401
        """`{"distance": "12km", "location": {"lat": 40, "lon": -70}}`."""
        body = Body("geo_distance", given)
        common, ignores = body.common(), body.flag("ignore_unmapped", default=False)
        distance, unit_name = body.raw("distance"), body.text("unit", "m")
        for name in ("distance_type", "validation_method", "ignore_malformed", "coerce"):
            body.raw(name)
        name, place = place_of("geo_distance", body)
        if distance is None:
            raise BadQuery("geo_distance requires 'distance' to be specified")
        most = metres(distance, unit_name or "m")
        if most <= 0:
            raise IllegalArgument("distance must be greater than zero")
        lat, lon = _read("geo_distance", place)
        return cls(field=name, lat=lat, lon=lon, most=most, ignores_unmapped=ignores, **common)

    def weigh(self, reader: Reader) -> Weight:
        """All score the boost."""
        name = field_of("geo_distance", reader, self.field, ignores=self.ignores_unmapped, takes_shapes=True)
        if isinstance(field := reader.field(self.field), GeoShape):
            return Constant(related(field.name, circle(self.lat, self.lon, self.most, RADIUS)), self.boost)

        def find(table: Table) -> Mask:
            view = None if name is None else table.points(name)
            if view is None:
                return np.zeros(table.size, dtype=np.bool_)
            return view.owners.any(haversine(view.latitudes, view.longitudes, self.lat, self.lon) <= self.most)

        return Constant(find, self.boost)


@dataclass(frozen=True, kw_only=True)
class GeoBox(Query):
    """Places within a box, which may cross the date line."""

    field: str
    top: float
    left: float
    bottom: float
    right: float
    ignores_unmapped: bool = False

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401
        """`{"location": {"top_left": …, "bottom_right": …}}`, other corners, sides, or `wkt: BBOX (…)`."""
        body = Body("geo_bounding_box", given)
        common, ignores = body.common(), body.flag("ignore_unmapped", default=False)
        for name in ("type", "validation_method", "ignore_malformed", "coerce"):
            body.raw(name)
        name, box = place_of("geo_bounding_box", body)
        if not isinstance(box, Mapping):
            raise BadQuery(f"failed to parse [geo_bounding_box] query. [{name}] must be an object")
        top, left, bottom, right = sides(box)
        if top < bottom:
            raise IllegalArgument(f"top is below bottom corner: {top} vs. {bottom}")
        return cls(field=name, top=top, left=left, bottom=bottom, right=right, ignores_unmapped=ignores, **common)

    def weigh(self, reader: Reader) -> Weight:
        """All score the boost."""
        name = field_of("geo_bounding_box", reader, self.field, ignores=self.ignores_unmapped, takes_shapes=True)
        if isinstance(field := reader.field(self.field), GeoShape):
            return Constant(related(field.name, box(self.top, self.left, self.bottom, self.right)), self.boost)
        return Constant(self._find(name), self.boost)

    def _find(self, name: str | None) -> Find:
        def find(table: Table) -> Mask:
            view = None if name is None else table.points(name)
            if view is None:
                return np.zeros(table.size, dtype=np.bool_)
            east, west = view.longitudes >= self.left, view.longitudes <= self.right
            across = east & west if self.left <= self.right else east | west
            return view.owners.any(across & (view.latitudes <= self.top) & (view.latitudes >= self.bottom))

        return find


def place_of(kind: str, body: Body) -> tuple[str, Any]:
    """The one field that is left of a query's parameters, and what is said of it. Raises BadQuery."""
    names = body.names()
    if len(names) != 1:
        raise BadQuery(f"[{kind}] query needs exactly one field, found {names}")
    return names[0], body.raw(names[0])


def _read(kind: str, value: Any) -> tuple[float, float]:  # noqa: ANN401
    try:
        return point(value)
    except ConnoteError as error:
        raise BadQuery(f"failed to parse [{kind}] query. {error.reason}") from None


def sides(box: Mapping[str, Any]) -> tuple[float, float, float, float]:
    """Top, left, bottom and right of a box, in degrees. Raises BadQuery."""
    if "wkt" in box:
        found = re.fullmatch(
            r"\s*BBOX\s*\(\s*(\S+?)\s*,\s*(\S+?)\s*,\s*(\S+?)\s*,\s*(\S+?)\s*\)\s*", str(box["wkt"]), re.IGNORECASE
        )
        if found is None:
            raise BadQuery("failed to parse WKT bounding box")
        left, right, top, bottom = (_number(each) for each in found.groups())
        return top, left, bottom, right
    if {"top", "left", "bottom", "right"} <= box.keys():
        top, left, bottom, right = (_number(box[name]) for name in ("top", "left", "bottom", "right"))
        return top, left, bottom, right
    if {"top_left", "bottom_right"} <= box.keys():
        (top, left), (bottom, right) = (_read("geo_bounding_box", box[name]) for name in ("top_left", "bottom_right"))
        return top, left, bottom, right
    if {"top_right", "bottom_left"} <= box.keys():
        (top, right), (bottom, left) = (_read("geo_bounding_box", box[name]) for name in ("top_right", "bottom_left"))
        return top, left, bottom, right
    raise BadQuery(f"failed to parse bounding box. It needs two corners or four sides, found {sorted(box)}")


def _number(value: Any) -> float:  # noqa: ANN401
    try:
        return float(value)
    except (TypeError, ValueError):
        raise BadQuery(f"[geo_bounding_box] a side must be a number, not [{java(value)}]") from None


def field_of(kind: str, reader: Reader, name: str, *, ignores: bool, takes_shapes: bool = False) -> str | None:
    """The field's full name. Raises IllegalArgument for one that holds no places, nor shapes if these are taken."""
    field = reader.field(name)
    if field is None and ignores:
        return None
    if field is None:
        raise IllegalArgument(f"failed to find geo field [{name}]")
    if not isinstance(field, GeoPoint) and not (takes_shapes and isinstance(field, GeoShape)):
        raise IllegalArgument(f"Field [{name}] is of unsupported type [{field.kind}] for [{kind}] query")
    return field.name
