"""Places in a cell of a grid.

https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-geo-grid-query
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from connote.contract.errors import BadQuery
from connote.contract.settings import java
from connote.search.engine.arrays import Mask
from connote.search.engine.segment import Table
from connote.search.mapping.cells import Geohash, Tiles
from connote.search.mapping.hexagons import Hexagons
from connote.search.query.body import Body
from connote.search.query.geo import field_of, place_of
from connote.search.query.query import Constant, Query, Weight
from connote.search.query.reader import Reader

_GRIDS: Mapping[str, type[Geohash] | type[Tiles] | type[Hexagons]] = {
    "geohash": Geohash,
    "geotile": Tiles,
    "geohex": Hexagons,
}


@dataclass(frozen=True, kw_only=True)
class GeoGrid(Query):
    """All that would be in that bucket of geohash_grid, geotile_grid or geohex_grid."""

    field: str
    grid: Geohash | Tiles | Hexagons
    cell: int
    ignores_unmapped: bool = False

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401 (JSON)
        """`{"location": {"geotile": "6/32/22"}}`, or `geohash`, `geohex`. Raises BadQuery, IllegalArgument."""
        body = Body("geo_grid", given)
        common, ignores = body.common(), body.flag("ignore_unmapped", default=False)
        field, told = place_of("geo_grid", body)
        if not isinstance(told, Mapping) or len(told) != 1:
            raise BadQuery(f"[geo_grid] of [{field}] must name one cell, not [{java(told)[:100]}]")
        ((kind, name),) = told.items()
        if kind not in _GRIDS:
            raise BadQuery(f"[geo_grid] of [{field}] must be one of [{', '.join(_GRIDS)}], not [{java(kind)[:100]}]")
        grid, cell = _GRIDS[kind].read(str(name))
        return cls(field=field, grid=grid, cell=cell, ignores_unmapped=ignores, **common)

    def weigh(self, reader: Reader) -> Weight:
        """All score the boost."""
        name = field_of("geo_grid", reader, self.field, ignores=self.ignores_unmapped)

        def find(table: Table) -> Mask:
            view = None if name is None else table.points(name)
            if view is None:
                return np.zeros(table.size, dtype=np.bool_)
            return view.owners.any(self.grid.of(view.latitudes, view.longitudes) == self.cell)

        return Constant(find, self.boost)
