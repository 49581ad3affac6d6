"""Functions of areas and cells of the map. A column of `geo_shape` has well-known text, a cell is called by its name.

https://www.elastic.co/docs/reference/query-languages/esql/functions-operators/spatial-functions
"""

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument
from connote.search.engine.arrays import Mask
from connote.search.esql.column import Values
from connote.search.esql.functions import strict
from connote.search.esql.functions.registry import arrays, each
from connote.search.esql.rendering import decimal, places
from connote.search.mapping import geohash
from connote.search.mapping.cells import Geohash, Tiles
from connote.search.mapping.hexagons import Hexagons
from connote.search.query import areas
from connote.search.query.polygon import Polygon

_Cells = type[Geohash] | type[Tiles] | type[Hexagons]
_Sides = tuple[float, float, float, float]


@lru_cache(256)
def _area(text: str) -> areas.Area:
    """The area of well-known text; a place is a box without a size."""
    if text.startswith("POINT"):
        own = strict.place(text)
        return areas.Box(own.imag, own.real, own.imag, own.real)
    return areas.parse(text)


@arrays("place", "place", gives="boolean")
def st_intersects(one: Values, other: Values) -> Values:
    """Whether a place is in an area or on its edge, or two places are one."""
    if _are_shapes(one) and _are_shapes(other):
        raise IllegalArgument("of two shapes one must be a geo_point; see docs/compatibility.md")
    if _are_shapes(one):
        return _held(other, one)
    return _held(one, other) if _are_shapes(other) else np.equal(one, other)


@arrays("place", "place", gives="boolean")
def st_disjoint(one: Values, other: Values) -> Values:
    """Whether a place is not in an area, or two places are two."""
    return ~st_intersects(one, other)


@arrays("place", "place", gives="boolean")
def st_within(one: Values, other: Values) -> Values:
    """Whether a place is in an area or on its edge; an area is in a place only if it is no more than that."""
    if _are_shapes(one) and not _are_shapes(other):
        return np.array([text == places(each) for text, each in zip(one, other.tolist(), strict=True)], dtype=np.bool_)
    return st_intersects(one, other)


@arrays("place", "place", gives="boolean")
def st_contains(one: Values, other: Values) -> Values:
    """Whether the second is within the first."""
    return st_within(other, one)


def _are_shapes(values: Values) -> bool:
    return values.dtype == np.object_


def _held(own: Values, shapes: Values) -> Mask:
    """Which places are in the area of their row."""
    found = np.zeros(len(own), dtype=np.bool_)
    for text, rows in _parted(shapes):
        found[rows] = _area(text).holds(own[rows].imag, own[rows].real)
    return found


def _parted(shapes: Values) -> Iterator[tuple[str, Values]]:
    """Each text, and the rows that have it."""
    different, places_of = np.unique(shapes.astype(np.str_), return_inverse=True)
    ordered = np.argsort(places_of, kind="stable")
    ends = np.cumsum(np.bincount(places_of, minlength=len(different)))
    yield from zip(different.tolist(), np.split(ordered, ends[:-1]), strict=True)


def _side(name: str, number: int, about: str) -> None:
    def run(own: Values) -> Values:
        if not _are_shapes(own):
            return np.real(own) if number < 2 else np.imag(own)
        return np.array([_sides(_area(text))[number] for text in own], dtype=np.float64)

    run.__doc__ = about
    arrays("place", gives="double", names=[name])(run)


_side("st_xmin", 0, "The longitude at which it begins in the west.")
_side("st_xmax", 1, "The longitude at which it ends in the east: below the first, if it crosses the date line.")
_side("st_ymax", 2, "The greatest latitude.")
_side("st_ymin", 3, "The least latitude.")


@each("geo_shape", gives="geo_shape")
def st_envelope(text: str) -> str:
    """The least box around an area, as `BBOX (west, east, north, south)`."""
    return f"BBOX ({', '.join(map(decimal, _sides(_area(text))))})"


def _sides(area: areas.Area) -> _Sides:
    """West, east, north and south of all parts."""
    parts = np.array(list(_boxes(area)))
    if (parts[:, 1] > 180).any():  # one crosses the date line: then from 0 to 360
        parts[parts[:, 0] < 0, :2] += 360
    west, east = parts[:, 0].min(), parts[:, 1].max()
    east = east - 360 if east > 180 else east
    return float(west), float(east), float(parts[:, 2].max()), float(parts[:, 3].min())


def _boxes(area: areas.Area) -> Iterator[_Sides]:
    """Of each part the same, but that east is never below west."""
    if isinstance(area, areas.Areas):
        for part in area.each:
            yield from _boxes(part)
    elif isinstance(area, areas.Box):
        yield area.left, area.right + 360 * (area.right < area.left), area.top, area.bottom
    elif isinstance(area, Polygon):
        (west, south), (east, north) = area.lines[0].min(axis=0), area.lines[0].max(axis=0)
        yield west, east, north, south


def _grid(name: str, cells: _Cells, number: Callable[[str], int]) -> None:
    def find(own: Values, precision: int) -> Values:
        if not cells.least <= precision <= cells.most:
            raise BadQuery(f"[{name}] takes a precision from {cells.least} to {cells.most}, not [{precision}]")
        grid = cells(precision)
        different, rows = np.unique(grid.of(own.imag, own.real), return_inverse=True)
        return np.array([grid.named(cell) for cell in different.tolist()], dtype=np.object_)[rows]

    def read(text: str) -> str:
        try:
            cells.read(text)
        except IllegalArgument as error:
            raise ValueError(error.reason) from None
        return text

    def to_long(text: str) -> int:
        return number(read(text))

    find.__doc__ = "The cell of a grid that a place is in."
    arrays("point", "whole!", gives="keyword", names=[name])(find)
    read.__doc__ = "What a cell of that grid is called."
    each("string", gives="keyword", names=[f"{name}_to_string"])(read)
    to_long.__doc__ = "A cell of that grid as a number."
    each("string", gives="long", names=[f"{name}_to_long"])(to_long)


def _letters(text: str) -> int:
    """The five bits of each letter, and in the last four how many there are."""
    found = 0
    for letter in text:
        found = found << 5 | geohash.BASE32.index(letter)
    return found << 4 | len(text)


def _tile(text: str) -> int:
    """The zoom in the first 6 bits, then 29 each of column and row."""
    zoom, column, row = map(int, text.split("/"))
    return zoom << 58 | column << 29 | row


_grid("st_geohash", Geohash, _letters)
_grid("st_geotile", Tiles, _tile)
_grid("st_geohex", Hexagons, lambda text: int(text, 16))
