"""DECAY: how near a value is to another.

https://www.elastic.co/docs/reference/query-languages/esql/functions-operators/search-functions/decay
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.search.esql import types
from connote.search.esql.column import Column, Values
from connote.search.esql.functions.places import apart
from connote.search.esql.functions.registry import Place, columns
from connote.search.esql.periods import Duration
from connote.search.mapping.distances import metres
from connote.search.query.decay import decayed

# Their short names are those of function_score.
_SHAPES = {"linear": "linear", "exp": "exp", "exponential": "exp", "gauss": "gauss", "gaussian": "gauss"}


def _kind(kinds: Sequence[str]) -> str:
    value, origin, scale = kinds
    wanted = {"date": ("time_duration",), "geo_point": types.STRINGS}.get(value, types.NUMBERS)
    alike = origin == value or (value in types.NUMBERS and origin in types.NUMBERS)
    return "double" if value == "null" or (alike and scale in wanted) else "unsupported"


@columns(
    "number|date|point", "number|date|point!", "number|time_duration|string!", gives=_kind,
    options=("offset", "decay", "type"),
)  # fmt: skip
def decay(
    place: Place,
    size: int,
    value: Column,
    origin: Any,  # noqa: ANN401 (constants)
    scale: Any,  # noqa: ANN401
    **options: Any,  # noqa: ANN401
) -> Column:
    """1 at the origin, `decay` (0.5) at the scale, less beyond: `linear`, `exp` or `gauss`, from `offset` on."""
    if value.type == "null":
        return Column.nothing("double", size)
    shape, share = _SHAPES.get(str(options.get("type", "linear")).lower()), options.get("decay", 0.5)
    if shape is None:
        raise IllegalArgument(f"[type] of [{place.text}] must be one of {sorted(_SHAPES)}, not [{options['type']}]")
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
        raise IllegalArgument(f"[decay] of [{place.text}] must be between 0 and 1, exclusive, not [{share}]")
    far, near = _length(value.type, scale, place), _length(value.type, options.get("offset", 0), place)
    if not 0 < far < np.inf or not 0 <= near < np.inf:
        raise IllegalArgument(f"the scale of [{place.text}] must be larger than 0, and its offset not negative")
    if value.many:
        place.running.failed(
            place.at, place.text, "java.lang.IllegalArgumentException: single-value function encountered multi-value"
        )
    with np.errstate(all="ignore"):
        away = np.maximum(_away(value.values, origin) - near, 0.0)
        found = decayed(shape, away, far, float(share))
    return Column("double", found, value.nulls | value.several)


def _away(values: Values, origin: Any) -> Values:  # noqa: ANN401
    if values.dtype == np.complex128:
        return apart(values, np.full(len(values), origin))
    return np.abs(values.astype(np.float64) - float(origin))


def _length(kind: str, given: Any, place: Place) -> float:  # noqa: ANN401
    """A distance in what values of that type are counted in. Raises IllegalArgument."""
    if kind == "geo_point":
        return metres(given)
    if kind == "date" and isinstance(given, Duration):
        return float(given.milliseconds)
    if isinstance(given, bool) or not isinstance(given, int | float) or (kind == "date" and given != 0):
        raise IllegalArgument(f"[{place.text}] cannot be [{given}] away from a value of [{types.shown(kind)}]")
    return float(given)
