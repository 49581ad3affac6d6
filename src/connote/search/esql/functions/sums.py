"""Arithmetic of whole numbers that knows when a result does not fit."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from connote.search.esql.column import Values
from connote.search.esql.functions.registry import Failed

_FINITE = "java.lang.ArithmeticException: not a finite double number: Infinity"


def total(values: Iterable[float]) -> float | None:
    """The sum of numbers, rounded once; None if it is too large."""
    try:
        return math.fsum(values)
    except OverflowError:
        return None


def checked(work: Any, left: Values, right: Values) -> Failed:  # noqa: ANN401 (a ufunc)
    """The sum, difference or product of numbers; of whole ones those that leave 64 bits are lost."""
    found = work(left, right)
    if found.dtype != np.int64:
        return Failed(found, ~np.isfinite(found), _FINITE)
    about = work(left.astype(np.float64), right.astype(np.float64))
    near = np.abs(about) > 2.0**62  # only there may it be lost
    lost = np.zeros(len(found), dtype=np.bool_)
    for at in np.flatnonzero(near).tolist():
        exact = work(np.array(int(left[at]), dtype=object), np.array(int(right[at]), dtype=object))
        lost[at] = not -(2**63) <= exact < 2**63
    return Failed(found, lost, "java.lang.ArithmeticException: long overflow")
