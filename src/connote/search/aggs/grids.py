"""Buckets by the cell of a grid that places are in: geohash_grid, geotile_grid."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connote.contract.errors import IllegalArgument
from connote.search.aggs.context import Context
from connote.search.aggs.options import Options
from connote.search.aggs.ranges import places
from connote.search.aggs.rows import Rows, count, grouped, parted
from connote.search.aggs.tree import Agg
from connote.search.mapping.cells import Cells, Geohash, Tiles, column_of, row_of
from connote.search.query.geo import sides


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
        named = {cell: self.cells.named(cell) for cell in found}
        whole = {cell: cell if isinstance(self.cells, Tiles) else name for cell, name in named.items()}
        wanted = sorted(found, key=lambda cell: (count(found[cell]), whole[cell]), reverse=True)[: self.size]
        return {"buckets": self.finished([self.bucket({"key": named[each]}, found[each], context) for each in wanted])}

    def _split(self, rows: Rows) -> Iterator[tuple[Any, Rows]]:
        which, lats, lons = places(rows, self.field, self.kind)
        cells = self.cells.of(lats, lons)
        if self.bounds is not None:
            kept = self._inside(column_of(cells), row_of(cells), self.bounds)
            which, cells = which[kept], cells[kept]
        return parted(rows, which, cells)

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
