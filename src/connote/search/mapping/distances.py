"""Distances with their units."""

import re
from typing import Any

from connote.contract.errors import IllegalArgument
from connote.contract.settings import java

_UNITS = {
    "m": 1.0, "meters": 1.0, "km": 1000.0, "kilometers": 1000.0, "mi": 1609.344, "miles": 1609.344, "yd": 0.9144,
    "yards": 0.9144, "ft": 0.3048, "feet": 0.3048, "in": 0.0254, "inch": 0.0254, "cm": 0.01, "centimeters": 0.01,
    "mm": 0.001, "millimeters": 0.001, "nmi": 1852.0, "NM": 1852.0, "nauticalmiles": 1852.0,
}  # fmt: skip
_DISTANCE = re.compile(r"\s*([-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?)\s*([a-zA-Z]*)\s*")


def metres(value: Any, unit: str = "m") -> float:  # noqa: ANN401
    """A distance such as `12km` or 200. Raises IllegalArgument."""
    found = _DISTANCE.fullmatch(str(value))
    if isinstance(value, bool) or found is None or (found[2] or unit) not in _UNITS:
        raise IllegalArgument(f"failed to parse distance [{java(value)[:100]}] with unit [{unit}]")
    return float(found[1]) * _UNITS[found[2] or unit]


def unit(name: str) -> float:
    """The metres of a unit. Raises IllegalArgument."""
    if name not in _UNITS:
        raise IllegalArgument(f"No matching unit found for [{name}]")
    return _UNITS[name]
