"""Grids of hexagons over the earth (and of twelve pentagons, which it takes): https://h3geo.org."""

import re
from dataclasses import dataclass
from itertools import repeat
from typing import ClassVar, Self

import h3.api.basic_int as h3
import numpy as np
from numpy.typing import NDArray

from connote.contract.errors import IllegalArgument
from connote.search.mapping.cells import Box, Cells, Doubles


@dataclass(frozen=True)
class Hexagons:
    """Cells named by their numbers, in hexadecimal: each has seven of the next precision, about."""

    precision: int

    least: ClassVar[int] = 0
    most: ClassVar[int] = 15
    usual: ClassVar[int] = 6

    def of(self, lats: Doubles, lons: Doubles) -> Cells:
        """int64: the cells that places are in."""
        found = map(h3.latlng_to_cell, lats.tolist(), lons.tolist(), repeat(self.precision))
        return np.fromiter(found, dtype=np.int64, count=len(lats))

    def named(self, cell: int) -> str:
        """What a cell is called."""
        return f"{cell:x}"

    def names(self, cells: Cells) -> list[str]:
        """What these are called."""
        return [self.named(cell) for cell in cells.tolist()]

    def order(self, cells: Cells) -> Cells:
        """Of cells with as many documents those with more of it come first."""
        return cells

    def meets(self, cells: Cells, box: Box) -> NDArray[np.bool_]:
        """Which cells meet a box, by the least box around each."""
        different, places = np.unique(cells, return_inverse=True)
        found = np.array([self._meets(each, box) for each in different.tolist()], dtype=np.bool_)
        return found[places]

    def _meets(self, cell: int, box: Box) -> bool:
        top, left, bottom, right = box
        corners = np.array(h3.cell_to_boundary(cell))
        lons = corners[:, 1].tolist()
        south, north = _heights(corners)
        west, east = min(lons), max(lons)
        if cell == h3.latlng_to_cell(90, 0, self.precision):
            north, west, east = 90, -180, 180
        elif cell == h3.latlng_to_cell(-90, 0, self.precision):
            south, west, east = -90, -180, 180
        elif east - west > 180:  # over the date line
            west, east = min(each for each in lons if each >= 0), max(each for each in lons if each < 0)
        if north < bottom or south > top:
            return False
        return bool((left - west) % 360 <= _width(west, east) or (west - left) % 360 <= _width(left, right))

    @classmethod
    def read(cls, name: str) -> tuple[Self, int]:
        """The grid that a cell of that name is in, and the cell. Raises IllegalArgument."""
        cell = int(name, 16) if re.fullmatch("[0-9a-fA-F]{15}", name) else 0
        if not h3.is_valid_cell(cell):
            raise IllegalArgument(f"[{name[:50]}] is no cell of hexagons")
        return cls(h3.get_resolution(cell)), cell


def _heights(corners: Doubles) -> tuple[float, float]:
    """The least and the greatest latitude of a cell (float64 [corners, 2]): a side is a part of a great circle.

    It may so go beyond its ends, if the highest or the lowest point of the circle is on it.
    """
    lats, lons = np.radians(corners).T
    ends = np.stack([np.cos(lats) * np.cos(lons), np.cos(lats) * np.sin(lons), np.sin(lats)], axis=1)
    following = np.roll(ends, -1, axis=0)
    normals = np.cross(ends, following)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    found = [lats]
    for sign in (1, -1):
        peaks = sign * (np.array([0, 0, 1]) - normals * normals[:, 2:])
        lengths = np.linalg.norm(peaks, axis=1)  # nothing for the equator
        behind = np.einsum("ij,ij->i", np.cross(ends, peaks), normals) >= 0
        before = np.einsum("ij,ij->i", np.cross(peaks, following), normals) >= 0
        own = behind & before & (lengths > 0)
        found.append(np.arcsin(np.clip(peaks[own, 2] / lengths[own], -1, 1)))
    every = np.degrees(np.concatenate(found))
    return float(every.min()), float(every.max())


def _width(west: float, east: float) -> float:
    """Degrees eastwards."""
    return east - west if east >= west else east - west + 360
