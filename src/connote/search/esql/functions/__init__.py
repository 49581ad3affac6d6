"""The functions of ES|QL by name; each file has a kind of them."""

from connote.search.esql.functions import (
    casts,
    categories,
    conditions,
    decay,
    maths,
    multi,
    operators,
    pieces,
    places,
    shapes,
    strings,
    times,
)
from connote.search.esql.functions.registry import FUNCTIONS, Function

__all__ = [
    "FUNCTIONS", "Function", "casts", "categories", "conditions", "decay", "maths", "multi", "operators", "pieces",
    "places", "shapes", "strings", "times",
]  # fmt: skip
