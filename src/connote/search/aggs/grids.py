"""Buckets by the cell of a grid that places are in: geohash_grid, geotile_grid, geohex_grid."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import IllegalArgument
from connote.search.aggs.context import Context
from connote.search.aggs.options import Options
from connote.search.aggs.ranges import places
from connote.search.aggs.rows import Rows, count, grouped, parted
from connote.search.aggs.tree import Agg
from connote.search.mapping.cells import Box, Geohash, Tiles
from connote.search.mapping.hexagons import Hexagons
from connote.search.query.geo import sides

_GRIDS: Mapping[str, type[Geohash] | type[Tiles] | type[Hexagons]] = {
    "geohash_grid": Geohash,
    "geotile_grid": Tiles,
    "geohex_grid": Hexagons,
}


@dataclass(frozen=True, kw_only=True)
class Grid(Agg):
    """A bucket a cell, those with the most documents first; with `bounds` cells in a box."""

    field: str
    cells: Geohash | Tiles | Hexagons
    size: int
    bounds: Box | None

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """The field, `precision`, `size`, `bounds`. Raises IllegalArgument."""
        body.ignore("shard_size")
        made = _GRIDS[body.kind]
        precision, box = body.whole("precision", made.usual), body.object("bounds")
        if not made.least <= precision <= made.most:
            raise IllegalArgument(
                f"Invalid {body.kind} precision of {precision}. Must be between {made.least} and {made.most}."
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
        ordered = sorted(found, key=lambda cell: (count(found[cell]), self.cells.order(cell)), reverse=True)
        buckets = [self.bucket({"key": self.cells.named(each)}, found[each], context) for each in ordered[: self.size]]
        return {"buckets": self.finished(buckets)}

    def _split(self, rows: Rows) -> Iterator[tuple[Any, Rows]]:
        which, lats, lons = places(rows, self.field, self.kind)
        cells = self.cells.of(lats, lons)
        if self.bounds is not None:
            kept = self.cells.meets(cells, self.bounds)
            which, cells = which[kept], cells[kept]
        return parted(rows, which, cells)
