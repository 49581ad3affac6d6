"""Figures over places: geo_bounds, geo_centroid."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from connote.search.aggs.context import Context
from connote.search.aggs.options import Options
from connote.search.aggs.ranges import places
from connote.search.aggs.rows import Rows
from connote.search.aggs.tree import Agg


@dataclass(frozen=True, kw_only=True)
class Places(Agg):
    """The box around all places, or their middle."""

    field: str

    takes_subs: ClassVar[bool] = False

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """The field."""
        body.ignore("wrap_longitude")
        return {"field": body.field()}

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:  # noqa: ARG002
        """Nothing without places."""
        found = [places(part, self.field, self.kind) for part in parts]
        lats = np.concatenate([each[1] for each in found]) if found else np.zeros(0)
        lons = np.concatenate([each[2] for each in found]) if found else np.zeros(0)
        if self.kind == "geo_centroid":
            middle = {"location": {"lat": float(lats.mean()), "lon": float(lons.mean())}} if len(lats) else {}
            return {**middle, "count": len(lats)}
        if not len(lats):
            return {}
        west, east = _sides(lons)
        return {
            "bounds": {
                "top_left": {"lat": float(lats.max()), "lon": west},
                "bottom_right": {"lat": float(lats.min()), "lon": east},
            }
        }


def _sides(lons: Any) -> tuple[float, float]:  # noqa: ANN401 (float64)
    """The sides of the narrower box: that across the date line, if it is."""
    west, east = float(lons.min()), float(lons.max())
    left, right = lons[lons < 0], lons[lons >= 0]
    if len(left) and len(right):
        across_west, across_east = float(right.min()), float(left.max())
        if across_east - across_west + 360 < east - west:
            return across_west, across_east
    return west, east
