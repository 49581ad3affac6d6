"""Buckets by the cell of a grid that places are in: geohash_grid, geotile_grid, geohex_grid."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.search.aggs.context import Context
from connote.search.aggs.options import Options
from connote.search.aggs.ranges import places
from connote.search.aggs.rows import Buckets, Numbers, Rows, parted
from connote.search.aggs.tallies import summed, tallied
from connote.search.aggs.tree import Agg
from connote.search.aggs.values import Column
from connote.search.mapping.cells import Box, Cells, Geohash, Tiles
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
        columns = [(part, *self._cells(part)) for part in parts]
        tally = summed([tallied(Column(which, cells)) for _, which, cells in columns])
        chosen = np.lexsort((self.cells.order(tally.keys), tally.counts))[::-1][: self.size]
        keys, counts = tally.keys[chosen], tally.counts[chosen].tolist()
        shown = [{"key": name} for name in self.cells.names(keys)]
        if not self.subs:
            context.counted(len(shown))
            made = [{**each, "doc_count": own} for each, own in zip(shown, counts, strict=True)]
        else:
            found: Buckets = {}
            for column in columns:
                for key, rows in _of(keys, *column):
                    found.setdefault(key, []).append(rows)
            made = [self.bucket(each, found[key], context) for each, key in zip(shown, keys.tolist(), strict=True)]
        return {"buckets": self.finished(made)}

    def _cells(self, rows: Rows) -> tuple[Numbers, Cells]:
        """By place: that of its row, and its cell."""
        which, lats, lons = places(rows, self.field, self.kind)
        cells = self.cells.of(lats, lons)
        if self.bounds is None:
            return which, cells
        kept = self.cells.meets(cells, self.bounds)
        return which[kept], cells[kept]


def _of(keys: Cells, rows: Rows, which: Numbers, cells: Cells) -> Iterator[tuple[Any, Rows]]:
    """The rows in some of the cells."""
    wanted = np.isin(cells, keys)
    return parted(rows, which[wanted], cells[wanted])
