"""Shapes on the map as documents and queries give them: GeoJSON or well-known text. Sides are straight in degrees.

https://www.rfc-editor.org/rfc/rfc7946, https://libgeos.org/specifications/wkt/
"""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connote.contract.errors import IllegalArgument
from connote.contract.settings import java

Doubles = NDArray[np.float64]
# Corners of one shape, and collections in each other.
MOST_CORNERS, _DEEPEST = 20_000, 10
_RIGHT, _LEFT = ("right", "ccw", "counterclockwise"), ("left", "cw", "clockwise")
_TEXT = re.compile(r"\s*(?P<kind>[A-Z]+)\s*\((?P<body>.*)\)\s*", re.IGNORECASE | re.DOTALL)
_NUMBERS = re.compile(r"[-+.\deE\s,()]*")


@dataclass(frozen=True)
class Shape:
    """Several parts as one. All are float64 [corners, 2], longitude and latitude; a polygon's first line is its outer.

    Across the date line longitudes go on beyond 180.
    """

    points: Doubles
    lines: Sequence[Doubles] = ()
    polygons: Sequence[Sequence[Doubles]] = ()

    @cached_property
    def corners(self) -> Doubles:
        """All of them."""
        return np.concatenate([self.points, *self.lines, *(line for each in self.polygons for line in each)])

    @cached_property
    def edges(self) -> Doubles:
        """float64 [edges, 4]: where each begins and ends; a point does both in one place."""
        every = [*self.lines, *(line for each in self.polygons for line in each)]
        return np.concatenate(
            [np.hstack([self.points, self.points]), *(np.hstack([line[:-1], line[1:]]) for line in every)]
        )

    @property
    def word(self) -> str:
        """What is kept of it."""
        polygons = [[line.tolist() for line in each] for each in self.polygons]
        return json.dumps([self.points.tolist(), [line.tolist() for line in self.lines], polygons])

    @classmethod
    def of_word(cls, word: str) -> "Shape":
        """What was kept."""
        points, lines, polygons = json.loads(word)
        return cls(_array(points), [_array(line) for line in lines], [[_array(line) for line in p] for p in polygons])

    def parts(self) -> "list[Shape]":
        """Each part as a shape of its own."""
        none = np.zeros((0, 2))
        return [
            *(Shape(point[None, :]) for point in self.points),
            *(Shape(none, [line]) for line in self.lines),
            *(Shape(none, (), [each]) for each in self.polygons),
        ]

    def moved(self, degrees: float) -> "Shape":
        """The same further east."""
        by = np.array([degrees, 0.0])
        polygons = [[line + by for line in each] for each in self.polygons]
        return Shape(self.points + by, [line + by for line in self.lines], polygons)


def _array(corners: Sequence[Sequence[float]]) -> Doubles:
    return np.array(corners, dtype=np.float64).reshape(-1, 2)


def box(top: float, left: float, bottom: float, right: float) -> Shape:
    """Between two latitudes and two longitudes; across the date line, if left is east of right."""
    right = right + 360 if left > right else right
    corners = [(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)]
    return Shape(np.zeros((0, 2)), (), [[_array(corners)]])


def circle(lat: float, lon: float, radius: float, earth: float, corners: int = 128) -> Shape:
    """About all places at most `radius` metres from one, as a polygon: https://en.wikipedia.org/wiki/Great-circle_distance."""
    angle, here, turns = radius / earth, math.radians(lat), np.linspace(0, 2 * np.pi, corners + 1)
    there = np.arcsin(np.sin(here) * np.cos(angle) + np.cos(here) * np.sin(angle) * np.cos(turns))
    east = np.arctan2(np.sin(turns) * np.sin(angle) * np.cos(here), np.cos(angle) - np.sin(here) * np.sin(there))
    line = np.column_stack([lon + np.degrees(east), np.degrees(there)])
    line[-1] = line[0]
    return Shape(np.zeros((0, 2)), (), [[line]])


def parse(given: Any, *, is_right: bool = True, closes: bool = False) -> Shape:  # noqa: ANN401 (JSON)
    """A shape; with `closes` lines of polygons need not end where they begin. Raises IllegalArgument."""
    found = _Reading(is_right, closes)
    found.read(given, 0)
    made = found.shape()
    if len(made.corners) > MOST_CORNERS:
        raise IllegalArgument(f"a shape may have {MOST_CORNERS} corners, not [{len(made.corners)}]")
    if not len(made.corners):
        raise IllegalArgument("a shape needs at least one point")
    return made


class _Reading:
    """The parts that have been read of a shape."""

    def __init__(self, is_right: bool, closes: bool) -> None:
        self._is_right, self._closes = is_right, closes
        self._points, self._lines, self._polygons = list[Doubles](), list[Doubles](), list[list[Doubles]]()
        self._kinds: Mapping[str, Callable[[Any], None]] = {
            "point": lambda given: self._points.append(_corners([given])),
            "multipoint": lambda given: self._points.append(_corners(given)),
            "linestring": lambda given: self._lines.append(_corners(given, 2)),
            "multilinestring": lambda given: self._lines.extend(_corners(each, 2) for each in _list(given)),
            "polygon": self._polygon,
            "multipolygon": self._polygons_of,
            "envelope": self._envelope,
        }

    def read(self, given: Any, depth: int) -> None:  # noqa: ANN401
        """Add what is given. Raises IllegalArgument."""
        if isinstance(given, str):
            given = _of_text(given)
        if not isinstance(given, Mapping) or not isinstance(given.get("type"), str):
            raise IllegalArgument(f"a shape is an object with a [type], or well-known text, not [{java(given)[:100]}]")
        kind = given["type"].lower()
        if kind == "geometrycollection":
            if depth >= _DEEPEST:
                raise IllegalArgument("geometry collections are in each other too deep")
            for each in _list(given.get("geometries")):
                self.read(each, depth + 1)
            return
        if kind not in self._kinds:
            raise IllegalArgument(f"shapes of type [{kind[:100]}] are not supported; see docs/compatibility.md")
        self._is_right = _is_right(given.get("orientation"), self._is_right)
        self._kinds[kind](given.get("coordinates"))

    def shape(self) -> Shape:
        """All of it."""
        return Shape(np.concatenate([np.zeros((0, 2)), *self._points]), self._lines, self._polygons)

    def _polygons_of(self, given: Any) -> None:  # noqa: ANN401
        for each in _list(given):
            self._polygon(each)

    def _polygon(self, given: Any) -> None:  # noqa: ANN401
        lines = [self._ring(each) for each in _list(given)]
        x, y = lines[0].T
        goes_right = float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) > 0
        if float(np.ptp(x)) > 180 and goes_right != self._is_right:  # it goes the other way round the earth
            lines = [np.column_stack([np.where(line[:, 0] < 0, line[:, 0] + 360, line[:, 0]), line[:, 1]])
                     for line in lines]  # fmt: skip
        self._polygons.append(lines)

    def _ring(self, given: Any) -> Doubles:  # noqa: ANN401
        line = _corners(given)
        if self._closes and (line[0] != line[-1]).any():
            line = np.concatenate([line, line[:1]])
        if len(line) < 4:
            raise IllegalArgument(f"a polygon has at least 4 corners, of which the last is the first, not {len(line)}")
        if (line[0] != line[-1]).any():
            raise IllegalArgument("first and last points of the linear ring must be the same (it must close itself)")
        return line

    def _envelope(self, given: Any) -> None:  # noqa: ANN401
        corners = _corners(given)
        if len(corners) != 2:
            raise IllegalArgument("an [envelope] has two corners: the upper left, and the lower right one")
        (left, top), (right, bottom) = corners.tolist()
        if top < bottom:
            raise IllegalArgument(f"top is below bottom corner: {top} vs. {bottom}")
        self._polygons += [list(each) for each in box(top, left, bottom, right).polygons]


def _is_right(given: Any, usual: bool) -> bool:  # noqa: ANN401
    if given is None:
        return usual
    told = java(given).lower()
    if told not in (*_RIGHT, *_LEFT):
        raise IllegalArgument(f"Unknown orientation [{told[:100]}]")
    return told in _RIGHT


def _list(given: Any) -> list[Any]:  # noqa: ANN401
    if not isinstance(given, list) or not given:
        raise IllegalArgument(f"coordinates must be an array that is not empty, not [{java(given)[:100]}]")
    return given


def _corners(given: Any, least: int = 1) -> Doubles:  # noqa: ANN401
    listed = _list(given)
    try:
        made = np.array([(float(each[0]), float(each[1])) for each in listed if len(each) in (2, 3)], dtype=np.float64)
    except (TypeError, ValueError, KeyError, IndexError, OverflowError):
        made = np.zeros((0, 2))
    if len(made) != len(listed):
        raise IllegalArgument(f"places must be arrays of longitude and latitude, not [{java(given)[:100]}]")
    if len(made) < least:
        raise IllegalArgument(f"a line needs at least {least} places, not {len(made)}")
    if not (np.abs(made) <= (360, 90)).all():
        raise IllegalArgument("longitudes must be -360 to 360 and latitudes -90 to 90")
    return made


def _of_text(text: str) -> dict[str, Any]:
    """GeoJSON of well-known text. Raises IllegalArgument."""
    found = _TEXT.fullmatch(text[:1_000_000])
    kind = found["kind"].lower() if found else ""
    if found is None:
        raise IllegalArgument(f"failed to parse well-known text [{text[:100]}]")
    if kind == "geometrycollection":
        return {"type": kind, "geometries": _apart(found["body"])}
    parts = _nested(found["body"], text)
    if kind in ("bbox", "envelope"):
        left, right, top, bottom = (each[0] for each in parts) if len(parts) == 4 else ("",) * 4
        return {"type": "envelope", "coordinates": [[left, top], [right, bottom]]}
    if kind == "point":
        return {"type": kind, "coordinates": parts[0] if len(parts) == 1 else None}
    if kind == "multipoint":
        parts = [each[0] if each and isinstance(each[0], list) else each for each in parts]
    return {"type": kind, "coordinates": parts}


def _nested(body: str, text: str) -> list[Any]:
    """Brackets as lists, and each place as a list of its numbers, which are still text."""
    if not _NUMBERS.fullmatch(body):
        raise IllegalArgument(f"failed to parse well-known text [{text[:100]}]")
    listed = re.sub(r"[^(),]+", lambda part: json.dumps(part[0].split()) if part[0].strip() else "", body)
    try:
        made: list[Any] = json.loads(f"[{listed.replace('(', '[').replace(')', ']')}]")
    except (ValueError, RecursionError):
        raise IllegalArgument(f"failed to parse well-known text [{text[:100]}]") from None
    return made


def _apart(body: str) -> list[str]:
    """The shapes of a collection: what commas outside of brackets are between."""
    found, depth, start = list[str](), 0, 0
    for at, letter in enumerate(body):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            found.append(body[start:at])
            start = at + 1
    return [*found, body[start:]]
