"""Points on the earth."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from connote.contract.errors import IllegalArgument
from connote.contract.settings import java
from connote.search.mapping.field import LEAF, Field, Param, anything, flag
from connote.search.mapping.geohash import BASE32
from connote.search.mapping.values import Values

_WKT = re.compile(r"\s*POINT\s*\(\s*([-+.\deE]+)\s+([-+.\deE]+)(?:\s+[-+.\deE]+)?\s*\)\s*", re.IGNORECASE)


class GeoPoint(Field):
    """A latitude and a longitude, in degrees."""

    kind: ClassVar[str] = "geo_point"
    params = LEAF | {
        "ignore_malformed": Param(flag, False, updatable=True),
        "ignore_z_value": Param(flag, True, updatable=True),
        "null_value": Param(anything),
        "script": Param(anything),
    }
    takes_objects = True

    def add(self, value: Any, into: Values, path: str) -> None:  # noqa: ARG002, ANN401
        """A point in any of its forms."""
        into.points[self.name].append(point(value))


def point(value: Any) -> tuple[float, float]:  # noqa: ANN401
    """Latitude and longitude of `{lat, lon}`, GeoJSON, "lat,lon", WKT, geohash, [lon, lat]. Raises IllegalArgument."""
    lat, lon = _read(value)
    if not (math.isfinite(lat) and -90 <= lat <= 90):
        raise IllegalArgument(f"illegal latitude value [{lat}] for a geo_point; it must be -90 to 90")
    if not (math.isfinite(lon) and -180 <= lon <= 180):
        raise IllegalArgument(f"illegal longitude value [{lon}] for a geo_point; it must be -180 to 180")
    return lat, lon


def _read(value: Any) -> tuple[float, float]:  # noqa: ANN401
    if isinstance(value, Mapping):
        return _of_object(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        if len(value) not in (2, 3):
            raise IllegalArgument(f"[geo_point] field type does not accept {len(value)} values: give [lon, lat]")
        return _float(value[1]), _float(value[0])
    if not isinstance(value, str):
        raise IllegalArgument(f"geo_point expected, not [{java(value)}]")
    if found := _WKT.fullmatch(value):
        return _float(found[2]), _float(found[1])
    if "," in value:
        parts = value.split(",")
        if len(parts) > 3:
            raise IllegalArgument(f"failed to parse [{value}], expected 2 or 3 coordinates but found: [{len(parts)}]")
        return _float(parts[0]), _float(parts[1])
    return geohash(value)


def _of_object(value: Mapping[str, Any]) -> tuple[float, float]:
    if {"lat", "lon"} <= value.keys():
        return _float(value["lat"]), _float(value["lon"])
    if "geohash" in value:
        return geohash(str(value["geohash"]))
    coordinates = value.get("coordinates")
    if str(value.get("type")).lower() == "point" and isinstance(coordinates, list) and len(coordinates) in (2, 3):
        return _float(coordinates[1]), _float(coordinates[0])
    raise IllegalArgument(f"field must be either lat/lon, geohash or a GeoJSON point, not [{java(value)}]")


def geohash(text: str) -> tuple[float, float]:
    """The centre of a geohash cell: https://en.wikipedia.org/wiki/Geohash. Raises IllegalArgument."""
    bounds = [[-180.0, 180.0], [-90.0, 90.0]]
    if not text or len(text) > 12:
        raise IllegalArgument(f"[{text}] is no geohash")
    turn = 0
    for letter in text.lower():
        code = BASE32.find(letter)
        if code < 0:
            raise IllegalArgument(f"unsupported symbol [{letter}] in geohash [{text}]")
        for bit in range(4, -1, -1):
            axis = bounds[turn % 2]
            axis[not code >> bit & 1] = (axis[0] + axis[1]) / 2
            turn += 1
    return sum(bounds[1]) / 2, sum(bounds[0]) / 2


def _float(value: Any) -> float:  # noqa: ANN401
    try:
        return float("" if isinstance(value, bool) else value)
    except (TypeError, ValueError):
        raise IllegalArgument(f"[{java(value)}] must be a valid double value") from None
