"""Functions of numbers."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from connote.search.esql.column import Column, Values
from connote.search.esql.functions.registry import Failed, Place, arrays, columns, first
from connote.search.esql.functions.sums import checked

_UNDEFINED = "java.lang.ArithmeticException: not a finite double number: NaN"


@arrays("number", gives=first, names=["abs"])
def abs_(value: Values) -> Any:  # noqa: ANN401
    """Without its sign."""
    if value.dtype != np.int64:
        return np.abs(value)
    return checked(np.subtract, np.where(value < 0, 0, value), np.where(value < 0, value, 0))


@arrays("number", gives=first)
def ceil(value: Values) -> Values:
    """The next whole number above."""
    return value if value.dtype == np.int64 else np.ceil(value)


@arrays("number", gives=first)
def floor(value: Values) -> Values:
    """The next whole number below."""
    return value if value.dtype == np.int64 else np.floor(value)


@arrays("number", "whole?", gives=first, names=["round"])
def round_(value: Values, decimals: Values | None = None) -> Values:
    """The nearest number with so many decimals; the half goes away from zero."""
    if value.dtype == np.int64:
        if decimals is None or (decimals >= 0).all():
            return value
        return np.array([_whole(a, b) for a, b in zip(value.tolist(), decimals.tolist(), strict=True)], dtype=np.int64)
    scale = np.power(10.0, np.zeros(len(value)) if decimals is None else decimals)
    shifted = value * scale
    below = np.floor(np.abs(shifted))
    found = np.copysign(below + (np.abs(shifted) - below >= 0.5), value) / scale
    has_decimals = np.isfinite(found) & (np.abs(shifted) < 2.0**52)
    return np.where(has_decimals, found, np.where(scale == 0, 0.0, value))


def _whole(value: int, decimals: int) -> int:
    if decimals >= 0:
        return value
    if decimals < -19:
        return 0
    unit = 10**-decimals
    found: int = (abs(value) + unit // 2) // unit * unit
    return found if value > 0 else -found


def _double(name: str, work: Callable[[Any], Any], about: str) -> None:
    def run(value: Values) -> Failed:
        found = work(value.astype(np.float64))
        return Failed(found, ~np.isfinite(found), _UNDEFINED)

    run.__doc__ = about
    arrays("number", gives="double", names=[name])(run)


for _name, _work, _about in (
    ("acos", np.arccos, "The angle of a cosine."),
    ("asin", np.arcsin, "The angle of a sine."),
    ("atan", np.arctan, "The angle of a tangent."),
    ("acosh", np.arccosh, "The inverse of cosh."),
    ("asinh", np.arcsinh, "The inverse of sinh."),
    ("atanh", np.arctanh, "The inverse of tanh."),
    ("cbrt", np.cbrt, "The cube root."),
    ("cos", np.cos, "The cosine."),
    ("cosh", np.cosh, "The hyperbolic cosine."),
    ("exp", np.exp, "e to that power."),
    ("log10", np.log10, "The logarithm to base 10."),
    ("sin", np.sin, "The sine."),
    ("sinh", np.sinh, "The hyperbolic sine."),
    ("sqrt", np.sqrt, "The square root."),
    ("tan", np.tan, "The tangent."),
    ("tanh", np.tanh, "The hyperbolic tangent."),
):
    _double(_name, _work, _about)


@arrays("number", "number?", gives="double")
def log(value: Values, other: Values | None = None) -> Failed:
    """The natural logarithm, or that of the second to the base of the first."""
    if other is None:
        found = np.log(value.astype(np.float64))
    else:
        found = np.log(other.astype(np.float64)) / np.log(value.astype(np.float64))
        found = np.where((value <= 0) | (value == 1), np.nan, found)
    return Failed(found, ~np.isfinite(found), "java.lang.ArithmeticException: Log of non-positive number")


@arrays("number", "number", gives="double")
def pow_(base: Values, power: Values) -> Failed:
    """The power."""
    found = np.power(base.astype(np.float64), power.astype(np.float64))
    return Failed(found, ~np.isfinite(found), "java.lang.ArithmeticException: not a finite double number: Infinity")


@arrays("number", "number", gives="double")
def atan2(one: Values, other: Values) -> Values:
    """The angle of the point with these coordinates, y first."""
    return np.arctan2(one, other)


@arrays("number", "number", gives="double")
def hypot(one: Values, other: Values) -> Values:
    """The longest side of a triangle with a right angle."""
    return np.hypot(one, other)


@arrays("number", "number", gives="double")
def copy_sign(one: Values, other: Values) -> Values:
    """The first with the sign of the second."""
    return np.copysign(one, other)


@arrays("number", "whole", gives="double")
def scalb(value: Values, power: Values) -> Failed:
    """The number times 2 to that power."""
    found = np.ldexp(value.astype(np.float64), np.clip(power, -5000, 5000))
    return Failed(found, ~np.isfinite(found), "java.lang.ArithmeticException: not a finite double number: Infinity")


@arrays("number", gives=lambda kinds: "double" if kinds[0] == "double" else "integer")
def signum(value: Values) -> Values:
    """-1, 0 or 1."""
    return np.sign(value)


@columns("number", "number!", "number!*", gives=lambda kinds: kinds[0])
def round_to(_: Place, __: int, value: Column, *points: float) -> Column:
    """The greatest of these constants that is not above the number; below all the least."""
    levels = np.sort(np.array(points))
    at = np.maximum(np.searchsorted(levels, value.values, side="right") - 1, 0)
    with np.errstate(invalid="ignore"):
        return Column(value.type, levels[at].astype(value.values.dtype), value.nulls | value.several)


def _constant(name: str, value: float, about: str) -> None:
    def run(_: Place, size: int) -> Column:
        return Column.whole("double", np.full(size, value))

    run.__doc__ = about
    columns(gives="double", names=[name])(run)


_constant("pi", math.pi, "The ratio of a circle's circumference to its diameter.")
_constant("e", math.e, "Euler's number.")
_constant("tau", math.tau, "Twice pi.")
