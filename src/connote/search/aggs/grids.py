"""Buckets by the cell of a grid that places are in: geohash_grid, geotile_grid."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from connote.contract.errors import IllegalArgument
from connote.search.aggs.context import Context
from connote.search.aggs.options import Options
from connote.search.aggs.ranges import places
from connote.search.aggs.rows import Rows, count, grouped, parted
from connote.search.aggs.tree import Agg
from connote.search.mapping import geohash
from connote.search.query.geo import sides

Cells = NDArray[np.int64]
Doubles = NDArray[np.float64]
# Beyond it Mercator's square ends, in degrees.
_POLAR = 85.0511287798066
# Columns and rows are below 2 ** 30, so a cell is one int64.
_SHIFT, _ROWS = 30, (1 << 30) - 1


@dataclass(frozen=True)
class Geohash:
    """Cells named by so many letters: each letter parts a cell in 32. https://en.wikipedia.org/wiki/Geohash."""

    precision: int

    most: ClassVar[int] = 12

    @property
    def columns(self) -> int:
        """From west to east."""
        return 1 << (5 * self.precision + 1) // 2

    @property
    def rows(self) -> int:
        """From south to north."""
        return 1 << 5 * self.precision // 2

    def row(self, lats: Doubles) -> Doubles:
        """In which row places are, not yet rounded down."""
        found: Doubles = (lats + 90) / 180 * self.rows
        return found

    def latitude(self, row: Doubles) -> Doubles:
        """Where a row begins."""
        return row / self.rows * 180 - 90

    def name(self, column: int, row: int) -> str:
        """Its letters."""
        return geohash.named(row, column, self.precision)


@dataclass(frozen=True)
class Tiles:
    """The tiles of maps at a zoom. https://wiki.openstreetmap.org/wiki/Slippy_map_tilenames."""

    precision: int

    most: ClassVar[int] = 29

    @property
    def columns(self) -> int:
        """From west to east."""
        return 1 << self.precision

    @property
    def rows(self) -> int:
        """From north to south."""
        return 1 << self.precision

    def row(self, lats: Doubles) -> Doubles:
        """In which row places are, not yet rounded down."""
        sines = np.sin(np.radians(np.clip(lats, -_POLAR, _POLAR)))
        found: Doubles = (0.5 - np.log((1 + sines) / (1 - sines)) / (4 * np.pi)) * self.rows
        return found

    def latitude(self, row: Doubles) -> Doubles:
        """Where a row begins."""
        found: Doubles = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * row / self.rows))))
        return found

    def name(self, column: int, row: int) -> str:
        """`zoom/x/y`."""
        return f"{self.precision}/{column}/{row}"


@dataclass(frozen=True, kw_only=True)
class Grid(Agg):
    """A bucket a cell, those with the most documents first; with `bounds` (top, left, bottom, right) cells in a box."""

    field: str
    cells: Geohash | Tiles
    size: int
    bounds: tuple[float, float, float, float] | None

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """The field, `precision`, `size`, `bounds`. Raises IllegalArgument."""
        body.ignore("shard_size")
        made, usual = (Geohash, 5) if body.kind == "geohash_grid" else (Tiles, 7)
        precision, box = body.whole("precision", usual), body.object("bounds")
        least = 1 if made is Geohash else 0
        if not least <= precision <= made.most:
            raise IllegalArgument(
                f"Invalid {body.kind} precision of {precision}. Must be between {least} and {made.most}."
            )
        return {
            "field": body.field(),
            "cells": made(precision),
            "size": body.size("size", 10_000),
            "bounds": None if box is None else sides(box),
        }

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """The first cells; of those with as many documents, those with the greater keys."""
        found = grouped(parts, self._split)
        named = {cell: self.cells.name(cell >> _SHIFT, cell & _ROWS) for cell in found}
        whole = {cell: cell if isinstance(self.cells, Tiles) else name for cell, name in named.items()}
        wanted = sorted(found, key=lambda cell: (count(found[cell]), whole[cell]), reverse=True)[: self.size]
        return {"buckets": self.finished([self.bucket({"key": named[each]}, found[each], context) for each in wanted])}

    def _split(self, rows: Rows) -> Iterator[tuple[Any, Rows]]:
        which, lats, lons = places(rows, self.field, self.kind)
        columns = _whole((lons + 180) / 360 * self.cells.columns, self.cells.columns)
        numbers = _whole(self.cells.row(lats), self.cells.rows)
        if self.bounds is not None:
            kept = self._inside(columns, numbers, self.bounds)
            which, columns, numbers = which[kept], columns[kept], numbers[kept]
        return parted(rows, which, columns << _SHIFT | numbers)

    def _inside(self, columns: Cells, rows: Cells, box: tuple[float, float, float, float]) -> NDArray[np.bool_]:
        """Which cells meet a box, which may cross the date line."""
        top, left, bottom, right = box
        west = columns / self.cells.columns * 360 - 180
        east = west + 360 / self.cells.columns
        one, other = (self.cells.latitude(each.astype(np.float64)) for each in (rows, rows + 1))
        begins, ends = east >= left, west <= right
        across = begins & ends if left <= right else begins | ends
        found: NDArray[np.bool_] = across & (np.minimum(one, other) <= top) & (np.maximum(one, other) >= bottom)
        return found


def _whole(places: Doubles, most: int) -> Cells:
    return np.clip(np.floor(places), 0, most - 1).astype(np.int64)
