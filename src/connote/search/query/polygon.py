"""Which places are in a polygon. Sides are straight in degrees."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from connote.search.thread import check

Doubles = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Polygon:
    """A closed line, and those of its holes: float64 [corners, 2], longitude and latitude.

    Across the date line (`crosses`) longitudes are 0 to 360.
    """

    lines: Sequence[Doubles]
    crosses: bool = False

    def holds(self, lats: Doubles, lons: Doubles) -> Mask:
        """Which places are in it and in no hole, or on an edge."""
        if self.crosses:
            lons = np.where(lons < 0, lons + 360, lons)
        outer, *holes = self.lines
        low, high = outer.min(axis=0), outer.max(axis=0)
        found: Mask = (lons >= low[0]) & (lons <= high[0]) & (lats >= low[1]) & (lats <= high[1])
        near = np.flatnonzero(found)
        inside, edge = _ring(outer, lats[near], lons[near])
        for hole in holes:
            in_hole, on_hole = _ring(hole, lats[near], lons[near])
            inside &= ~in_hole | on_hole
        found[near] = inside | edge
        return found


def _ring(line: Doubles, lats: Doubles, lons: Doubles) -> tuple[Mask, Mask]:
    """Which places a closed line is around, by how often a ray to the east meets it; and which are on it."""
    inside, edge = (np.zeros(len(lats), dtype=np.bool_) for _ in range(2))
    for (x1, y1), (x2, y2) in pairwise(line.tolist()):
        check()
        side = (x2 - x1) * (lats - y1) - (y2 - y1) * (lons - x1)
        spans = (y1 > lats) != (y2 > lats)
        inside ^= spans & ((side > 0) == (y2 > y1))
        between = (np.minimum(x1, x2) <= lons) & (lons <= np.maximum(x1, x2))
        edge |= (side == 0) & between & (np.minimum(y1, y2) <= lats) & (lats <= np.maximum(y1, y2))
    return inside, edge
