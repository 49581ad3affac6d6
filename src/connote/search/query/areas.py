"""Areas on the map, of GeoJSON or well-known text: which places are in them. Sides are straight in degrees.

https://www.rfc-editor.org/rfc/rfc7946, https://libgeos.org/specifications/wkt/
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from connote.contract.errors import BadQuery, ConnoteError
from connote.contract.settings import java
from connote.search.mapping.geo import point
from connote.search.query.geo import sides
from connote.search.query.polygon import Doubles, Mask, Polygon

# Corners of all areas of a query: each is looked at with every place.
MOST_CORNERS = 10_000
# Brackets in each other: polygons, their lines, and corners.
_DEEPEST = 5
_RIGHT = ("right", "ccw", "counterclockwise")
_LEFT = ("left", "cw", "clockwise")
_TEXT = re.compile(r"\s*([A-Z]+)\s*(\(.*\))\s*", re.IGNORECASE | re.DOTALL)
_NUMBERS = re.compile(r"[-+.\deE\s,()]*")


class Area(Protocol):
    """A part of the map."""

    def holds(self, lats: Doubles, lons: Doubles) -> Mask:
        """Which places are in it, or on its edge."""
        ...


@dataclass(frozen=True)
class Box:
    """Between two latitudes and two longitudes; across the date line, if left is east of right."""

    top: float
    left: float
    bottom: float
    right: float

    def holds(self, lats: Doubles, lons: Doubles) -> Mask:
        """Which places are in it, or on its edge."""
        east, west = lons >= self.left, lons <= self.right
        across: Mask = east & west if self.left <= self.right else east | west
        return across & (lats <= self.top) & (lats >= self.bottom)


@dataclass(frozen=True)
class Areas:
    """Several, as one."""

    each: Sequence[Area]

    def holds(self, lats: Doubles, lons: Doubles) -> Mask:
        """Which places are in one of them."""
        found = np.zeros(len(lats), dtype=np.bool_)
        for area in self.each:
            found |= area.holds(lats, lons)
        return found


def parse(given: Any) -> Area:  # noqa: ANN401 (JSON)
    """A polygon, multipolygon, envelope, or a collection of these. Raises BadQuery."""
    if isinstance(given, Mapping) and str(given.get("type")).lower() == "geometrycollection":
        area: Area = Areas([_one(each) for each in _list(given.get("geometries"), "geometries")])
    else:
        area = _one(given)
    if _corners(area) > MOST_CORNERS:
        raise BadQuery(f"the shapes of a query may have {MOST_CORNERS} corners, not [{_corners(area)}]")
    return area


def _corners(area: Area) -> int:
    if isinstance(area, Areas):
        return sum(_corners(each) for each in area.each)
    return sum(len(line) for line in area.lines) if isinstance(area, Polygon) else 2


def _one(given: Any) -> Area:  # noqa: ANN401
    if isinstance(given, str):
        given = _of_text(given)
    if not isinstance(given, Mapping) or not isinstance(given.get("type"), str):
        raise BadQuery(f"a shape must be an object with a [type], or well-known text, not [{java(given)[:100]}]")
    kind, parts = given["type"].lower(), given.get("coordinates")
    orientation = str(given.get("orientation", "right")).lower()
    if orientation not in (*_RIGHT, *_LEFT):
        raise BadQuery(f"Unknown orientation [{orientation[:100]}]")
    is_right = orientation in _RIGHT
    if kind == "envelope":
        if not isinstance(parts, list) or len(parts) != 2:
            raise BadQuery("an [envelope] has two corners: the upper left, and the lower right one")
        return Box(*sides({"top_left": parts[0], "bottom_right": parts[1]}))
    if kind not in ("polygon", "multipolygon"):
        raise BadQuery(f"shapes of type [{kind[:100]}] are not supported here; see docs/compatibility.md")
    listed = _list(parts, kind) if kind == "multipolygon" else [parts]
    return Areas([polygon(each, is_right=is_right) for each in listed])


def polygon(given: Any, *, is_right: bool = True) -> Polygon:  # noqa: ANN401
    """Of its lines of corners: counterclockwise ones, if it is `is_right`.

    Wider than half the earth, one that goes the other way round crosses the date line. Raises BadQuery.
    """
    lines = [_line(each) for each in _list(given, "polygon")]
    outer = lines[0]
    is_wide = float(np.ptp(outer[:, 0])) > 180
    if not is_wide or (_area(outer) > 0) == is_right:
        return Polygon(lines)
    moved = [np.column_stack([np.where(x < 0, x + 360, x), y]) for x, y in (line.T for line in lines)]
    return Polygon(moved, crosses=True)


def _line(given: Any) -> Doubles:  # noqa: ANN401
    try:
        corners = [point(each) for each in _list(given, "polygon")]
    except ConnoteError as error:
        raise BadQuery(f"a corner of a polygon: {error.reason}") from None
    if len(corners) < 4:
        raise BadQuery(f"a polygon has at least 4 corners, of which the last is the first, not {len(corners)}")
    if corners[0] != corners[-1]:
        raise BadQuery("invalid LinearRing found (coordinates are not closed): the last corner must be the first")
    return np.array([(lon, lat) for lat, lon in corners], dtype=np.float64)


def _area(line: Doubles) -> float:
    """Twice what a closed line is around: above 0, if it goes counterclockwise."""
    x, y = line.T
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))


def _list(given: Any, name: str) -> list[Any]:  # noqa: ANN401
    if not isinstance(given, list) or not given:
        raise BadQuery(f"[{name}] must be an array that is not empty, not [{java(given)[:100]}]")
    return given


def _of_text(text: str) -> dict[str, Any]:
    """GeoJSON of well-known text: `POLYGON ((30 10, …))`, `MULTIPOLYGON (…)`, `BBOX (left, right, top, bottom)`."""
    found = _TEXT.fullmatch(text)
    kind = found[1].lower() if found else ""
    if found is None or kind not in ("polygon", "multipolygon", "bbox", "envelope"):
        raise BadQuery(f"shapes such as [{text[:100]}] are not supported here; see docs/compatibility.md")
    numbers = found[2]
    if not _NUMBERS.fullmatch(numbers):
        raise BadQuery(f"failed to parse well-known text [{text[:100]}]")
    if kind in ("bbox", "envelope"):
        left, right, top, bottom = _four(numbers)
        return {"type": "envelope", "coordinates": [[left, top], [right, bottom]]}
    return {"type": kind, "coordinates": _nest(numbers)}


def _four(text: str) -> list[str]:
    parts = text.strip("() \n\t").split(",")
    if len(parts) != 4:
        raise BadQuery("a box in well-known text is [BBOX (left, right, top, bottom)]")
    return [each.strip() for each in parts]


def _nest(text: str) -> Any:  # noqa: ANN401
    """The brackets as lists, and each place as a list of its numbers. Raises BadQuery."""
    stack: list[list[Any]] = [[]]
    for part in re.findall(r"[()]|[^(),]+", text):
        if part == "(":
            stack.append([])
        elif part.strip() not in ("", ")"):
            stack[-1].append(part.split())
        elif part == ")" and len(stack) > 1:
            made = stack.pop()
            stack[-1].append(made)
        elif part == ")":
            raise BadQuery("well-known text has brackets that do not match")
        if len(stack) > _DEEPEST:
            raise BadQuery("well-known text has too many brackets in each other")
    if len(stack) != 1 or len(stack[0]) != 1:
        raise BadQuery("well-known text has brackets that do not match")
    return stack[0][0]
