"""How scores decay with the distance from an origin: of functions, and of scripts that call them by name.

https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-script-score-query#decay-functions
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connote.contract import dates, durations
from connote.contract.errors import ConnoteError
from connote.ingest.painless.fault import Fault
from connote.search.mapping.distances import metres
from connote.search.mapping.geo import point
from connote.search.query.geo import haversine

Doubles = NDArray[np.float64]
SHAPES = ("gauss", "exp", "linear")
_NAMED = {f"decay{kind}{shape.capitalize()}": (kind, shape) for kind in ("Numeric", "Date", "Geo") for shape in SHAPES}
NAMES = tuple(_NAMED)


def decayed(shape: str, away: Doubles, scale: float, decay: float) -> Doubles:
    """1 at no distance, `decay` at the scale: gauss, exp or linear."""
    reach = scale / (1 - decay)
    found: Doubles = np.maximum((reach - away) / reach, 0)
    if shape != "linear":
        found = np.exp(np.log(decay) * (away / scale) ** (2 if shape == "gauss" else 1))
    return found


def functions() -> Mapping[str, Callable[..., float]]:
    """By name, what scripts call with an origin, a scale, an offset, the decay at the scale, and a value."""
    return {name: partial(_scripted, kind, shape) for name, (kind, shape) in _NAMED.items()}


def _scripted(kind: str, shape: str, origin: Any, scale: Any, offset: Any, decay: Any, value: Any) -> float:  # noqa: ANN401
    """Raises Fault."""
    try:
        away, far, near = _MEASURES[kind](origin, scale, offset, value)
        share = float(decay)
    except ConnoteError as error:
        raise Fault(error.reason) from None
    except (AttributeError, TypeError, ValueError):
        raise Fault(f"decay{kind}{shape.capitalize()} cannot measure these values") from None
    if not 0 < share < 1 or not 0 < far < np.inf:
        raise Fault(f"a scale must be > 0 and a decay in the range (0..1), not [{far:g}] and [{share:g}]")
    return float(decayed(shape, np.array([max(away - near, 0.0)]), far, share)[0])


def _numbers(origin: Any, scale: Any, offset: Any, value: Any) -> tuple[float, float, float]:  # noqa: ANN401
    return abs(float(value) - float(origin)), float(scale), float(offset)


def _dates(origin: Any, scale: Any, offset: Any, value: datetime) -> tuple[float, float, float]:  # noqa: ANN401
    far, near = (1000 * (durations.seconds(str(each)) or 0.0) for each in (scale, offset))
    return abs(value.timestamp() * 1000 - dates.maths(str(origin), dates.DEFAULT)), far, near


def _places(origin: Any, scale: Any, offset: Any, value: tuple[float, float]) -> tuple[float, float, float]:  # noqa: ANN401
    lat, lon = point(origin)
    away = haversine(np.array([value[0]]), np.array([value[1]]), lat, lon)
    return float(away[0]), metres(scale), metres(offset)


_MEASURES: Mapping[str, Callable[..., tuple[float, float, float]]] = {
    "Numeric": _numbers,
    "Date": _dates,
    "Geo": _places,
}
