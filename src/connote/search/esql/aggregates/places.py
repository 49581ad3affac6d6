"""Aggregates of places."""

import numpy as np

from connote.search.esql.aggregates.registry import Group, aggregate
from connote.search.esql.column import Column
from connote.search.esql.rendering import decimal


@aggregate("point", gives="geo_point")
def st_centroid_agg(group: Group, column: Column) -> Column:
    """The middle of places."""
    values, begins, groups = group.parted(column)
    if not len(values):
        return Column.nothing(group.type, group.count)
    return group.filled(np.add.reduceat(values, begins) / np.diff(begins, append=len(values)), groups)


@aggregate("point", gives="geo_shape")
def st_extent_agg(group: Group, column: Column) -> Column:
    """The box around places as `BBOX (west, east, north, south)`: across the date line, if it is narrower so."""
    values, begins, groups = group.parted(column)
    if not len(values):
        return Column.nothing(group.type, group.count)
    lons, lats = values.real, values.imag
    west, east = np.minimum.reduceat(lons, begins), np.maximum.reduceat(lons, begins)
    # Across the date line: from the first place east of Greenwich to the last one west of it.
    across_west = np.minimum.reduceat(np.where(lons >= 0, lons, np.inf), begins)
    across_east = np.maximum.reduceat(np.where(lons < 0, lons, -np.inf), begins)
    crosses = np.isfinite(across_west) & np.isfinite(across_east) & (across_east - across_west + 360 < east - west)
    sides = [
        np.where(crosses, across_west, west), np.where(crosses, across_east, east),
        np.maximum.reduceat(lats, begins), np.minimum.reduceat(lats, begins),
    ]  # fmt: skip
    boxes = np.empty(len(groups), dtype=np.object_)
    boxes[:] = [f"BBOX ({', '.join(map(decimal, box))})" for box in np.stack(sides, axis=1).tolist()]
    return group.filled(boxes, groups)
