"""Grids over the earth, and the cells that places are in: geohashes, and the tiles of maps."""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from connote.contract.errors import IllegalArgument
from connote.search.mapping import geohash

Cells = NDArray[np.int64]
Doubles = NDArray[np.float64]
# Its sides in degrees: top, left, bottom, right; where the right is less than the left, it crosses the date line.
Box = tuple[float, float, float, float]
# Beyond it Mercator's square ends, in degrees.
_POLAR = 85.0511287798066
# Columns and rows are below 2 ** 30, so a cell is one int64.
_SHIFT, _ROWS = 30, (1 << 30) - 1
_LETTERS = np.frombuffer(geohash.BASE32.encode(), dtype=np.uint8)


@dataclass(frozen=True)
class Grid(ABC):
    """Base of both: columns from the west."""

    precision: int

    least: ClassVar[int]
    most: ClassVar[int]
    usual: ClassVar[int]

    @property
    @abstractmethod
    def columns(self) -> int:
        """How many."""

    @property
    @abstractmethod
    def rows(self) -> int:
        """How many."""

    @abstractmethod
    def row(self, lats: Doubles) -> Doubles:
        """In which row places are, not yet rounded down."""

    @abstractmethod
    def latitude(self, row: Doubles) -> Doubles:
        """Where a row begins."""

    @abstractmethod
    def name(self, column: int, row: int) -> str:
        """What a cell is called."""

    def of(self, lats: Doubles, lons: Doubles) -> Cells:
        """int64: the cells that places are in."""
        columns = _whole((lons + 180) / 360 * self.columns, self.columns)
        return columns << _SHIFT | _whole(self.row(lats), self.rows)

    def named(self, cell: int) -> str:
        """What a cell is called."""
        return self.name(cell >> _SHIFT, cell & _ROWS)

    def names(self, cells: Cells) -> list[str]:
        """What these are called."""
        return [self.named(cell) for cell in cells.tolist()]

    def order(self, cells: Cells) -> Cells:
        """Of cells with as many documents those with more of it come first."""
        return cells

    def meets(self, cells: Cells, box: Box) -> NDArray[np.bool_]:
        """Which cells meet a box."""
        top, left, bottom, right = box
        columns, rows = column_of(cells), row_of(cells)
        west = columns / self.columns * 360 - 180
        east = west + 360 / self.columns
        one, other = (self.latitude(each.astype(np.float64)) for each in (rows, rows + 1))
        begins, ends = east >= left, west <= right
        across = begins & ends if left <= right else begins | ends
        found: NDArray[np.bool_] = across & (np.minimum(one, other) <= top) & (np.maximum(one, other) >= bottom)
        return found


@dataclass(frozen=True)
class Geohash(Grid):
    """Cells named by so many letters: each letter parts a cell in 32. https://en.wikipedia.org/wiki/Geohash."""

    least, most, usual = 1, 12, 5

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

    def names(self, cells: Cells) -> list[str]:
        """What these are called: five bits a letter."""
        places = 5 * np.arange(self.precision - 1, -1, -1)
        letters = _LETTERS[self.order(cells)[:, None] >> places & 31]
        return [each.decode() for each in letters.view(f"S{self.precision}").ravel().tolist()]

    def order(self, cells: Cells) -> Cells:
        """That of the names: bits of the column and the row in turn, from the first on."""
        columns, rows, bits = column_of(cells), row_of(cells), 5 * self.precision
        found = np.zeros(len(cells), dtype=np.int64)
        for at in range(bits):
            own = columns if at % 2 == 0 else rows
            left = (bits + 1) // 2 if at % 2 == 0 else bits // 2
            found = found << 1 | own >> left - 1 - at // 2 & 1
        return found

    @classmethod
    def read(cls, name: str) -> tuple[Self, int]:
        """The grid that a cell of that name is in, and the cell. Raises IllegalArgument."""
        if not 0 < len(name) <= cls.most or not set(name) <= set(geohash.BASE32):
            raise IllegalArgument(f"[{name[:50]}] is no geohash of 1 to {cls.most} letters")
        row, column = geohash.place(name)
        return cls(len(name)), column << _SHIFT | row


@dataclass(frozen=True)
class Tiles(Grid):
    """The tiles of maps at a zoom. https://wiki.openstreetmap.org/wiki/Slippy_map_tilenames."""

    least, most, usual = 0, 29, 7

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

    @classmethod
    def read(cls, name: str) -> tuple[Self, int]:
        """The grid that a tile of that name is in, and the tile. Raises IllegalArgument."""
        found = re.fullmatch(r"(\d{1,2})/(\d{1,10})/(\d{1,10})", name, re.ASCII)
        zoom, column, row = (int(each) for each in found.groups()) if found else (-1, 0, 0)
        if not 0 <= zoom <= cls.most or max(column, row) >= 1 << zoom:
            raise IllegalArgument(f"[{name[:50]}] is no tile: it must be [zoom/x/y]")
        return cls(zoom), column << _SHIFT | row


def column_of(cells: Cells) -> Cells:
    """int64: the columns of cells."""
    return cells >> _SHIFT


def row_of(cells: Cells) -> Cells:
    """int64: the rows of cells."""
    return cells & _ROWS


def _whole(places: Doubles, most: int) -> Cells:
    return np.clip(np.floor(places), 0, most - 1).astype(np.int64)
