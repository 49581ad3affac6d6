"""Conversions, and what they are called behind `::`. Every value of a row is converted."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from connote.contract.errors import ConnoteError
from connote.search.esql import types
from connote.search.esql.column import Column
from connote.search.esql.functions import strict
from connote.search.esql.functions.registry import Place, columns
from connote.search.esql.periods import Duration, Period
from connote.search.esql.rendering import decimal, iso, places
from connote.search.mapping.number import LARGEST_UNSIGNED

CASTS: dict[str, str] = {}


def _cast(kind: str, *takes: str, names: Sequence[str] = ()) -> Callable[[Any], Any]:
    """A conversion of single values, by the type that they are of."""

    def add(body: Callable[[str, Any], Any]) -> Any:  # noqa: ANN401
        def run(place: Place, size: int, value: Column) -> Column:
            if value.type == "null":
                return Column.nothing(kind, size)
            if value.type == kind:
                return value
            return _converted(place, kind, value, body)

        run.__doc__ = body.__doc__
        name = body.__name__
        columns("|".join(takes), gives=kind, names=[name])(run)
        for each in (*names, kind):
            CASTS.setdefault(each, name)
        return body

    return add


def _converted(place: Place, kind: str, value: Column, body: Callable[[str, Any], Any]) -> Column:
    known, rows = dict[Any, Any](), list[list[Any]]()
    for row in value.rows():
        made = list[Any]()
        for each in row:
            if each not in known:
                if len(known) > 100_000:
                    known.clear()
                known[each] = _one(place, kind, value.type, each, body)
            if known[each] is not None:
                made.append(known[each])
        rows.append(made)
    place.running.spend(0)
    return Column.of(kind, rows)


def _one(place: Place, kind: str, given: str, value: Any, body: Callable[[str, Any], Any]) -> Any:  # noqa: ANN401
    try:
        found = body(given, value)
    except (ValueError, OverflowError, ConnoteError) as error:
        why = error.reason if isinstance(error, ConnoteError) else str(error)
        place.running.failed(place.at, place.text, f"java.lang.IllegalArgumentException: {why}"[:500])
        return None
    if kind in ("date", "integer", "long"):
        bits = 31 if kind == "integer" else 63
        if not -(2**bits) <= found < 2**bits:
            told = f"[{value}] out of range of [{kind}]"
            place.running.failed(
                place.at, place.text, f"org.elasticsearch.xpack.esql.core.InvalidArgumentException: {told}"
            )
            return None
    return found


def _number(given: str, value: Any) -> int | float:  # noqa: ANN401
    """A value as a number; of a text the one that stands there."""
    if given in types.STRINGS:
        text = value.strip()
        try:
            return int(text) if text.lstrip("+-").isdigit() and len(text) < 100 else _finite(text)
        except ValueError:
            raise ValueError(f"Cannot parse number [{value}]") from None
    return int(value) if isinstance(value, bool) else value


def _finite(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise ValueError("not a number")
    return found


_NUMERIC = ("boolean", "number", "string", "date")


@_cast("integer", *_NUMERIC, names=["int"])
def to_integer(given: str, value: Any) -> int:  # noqa: ANN401
    """A whole number of 32 bits; a fraction is rounded."""
    return _whole(given, value)


@_cast("long", *_NUMERIC)
def to_long(given: str, value: Any) -> int:  # noqa: ANN401
    """A whole number of 64 bits; a fraction is rounded."""
    return _whole(given, value)


def _whole(given: str, value: Any) -> int:  # noqa: ANN401
    found = _number(given, value)
    if isinstance(found, int):
        return found
    below = math.floor(found)
    return below + (found - below >= 0.5)


@_cast("double", *_NUMERIC, names=["float"])
def to_double(given: str, value: Any) -> float:  # noqa: ANN401
    """A number of float64."""
    return float(_number(given, value))


@_cast("unsigned_long", *_NUMERIC, names=["ul", "ulong"])
def to_unsigned_long(given: str, value: Any) -> float:  # noqa: ANN401
    """A whole number from 0."""
    found = _whole(given, value)
    if not 0 <= found < 2**64:
        raise ValueError(f"[{value}] out of range of [unsigned_long]")
    return min(float(found), LARGEST_UNSIGNED)


@_cast("boolean", "boolean", "number", "string", names=["bool"])
def to_boolean(given: str, value: Any) -> bool:  # noqa: ANN401
    """The word true, and numbers but 0."""
    return strict.boolean(value) if given in types.STRINGS else bool(value != 0)


@_cast("date", "date", "number", "string", names=["datetime"])
def to_datetime(given: str, value: Any) -> int:  # noqa: ANN401
    """A date; numbers are milliseconds since 1970."""
    return strict.date(value) if given in types.STRINGS else int(value)


@_cast("date", "date", "number", "string", names=["date_nanos"])
def to_date_nanos(given: str, value: Any) -> int:  # noqa: ANN401
    """A date; numbers are nanoseconds since 1970. What is below a millisecond is cut off."""
    return strict.date(value) if given in types.STRINGS else int(value) // 1_000_000


@_cast("keyword", "plain", "geo_shape", names=["string", "text"])
def to_string(given: str, value: Any) -> str:  # noqa: ANN401
    """A value as a text."""
    if given in (*types.STRINGS, "geo_shape", "ip", "version"):
        return str(value)
    if given == "boolean":
        return "true" if value else "false"
    if given == "date":
        return str(iso(np.array([value]))[0])
    if given == "geo_point":
        return places(value)
    return decimal(value) if isinstance(value, float) and given == "double" else str(value)


@_cast("ip", "ip", "string")
def to_ip(_: str, value: Any) -> str:  # noqa: ANN401
    """An address."""
    return strict.address(value)


@_cast("version", "version", "string")
def to_version(_: str, value: Any) -> str:  # noqa: ANN401
    """A version."""
    return str(value)


@_cast("geo_point", "point", "string")
def to_geopoint(_: str, value: Any) -> complex:  # noqa: ANN401
    """A place, of `POINT (longitude latitude)`."""
    return strict.place(value)


@_cast("geo_shape", "place", "string")
def to_geoshape(given: str, value: Any) -> str:  # noqa: ANN401
    """An area or place of well-known text: `POLYGON`, `MULTIPOLYGON`, `BBOX`, `POINT`."""
    return places(value) if given == "geo_point" else strict.shape(value)


@_cast("date_period", "date_period", "string")
def to_dateperiod(_: str, value: Any) -> Period:  # noqa: ANN401
    """A span of days or months."""
    found = strict.span(value)
    if not isinstance(found, Period):
        raise ValueError(f"[{value}] is no date period")  # noqa: TRY004 (the value is wrong)
    return found


@_cast("time_duration", "time_duration", "string")
def to_timeduration(_: str, value: Any) -> Duration:  # noqa: ANN401
    """A span of time of the clock."""
    found = strict.span(value)
    if not isinstance(found, Duration):
        raise ValueError(f"[{value}] is no time duration")  # noqa: TRY004
    return found


@columns("vector", gives="dense_vector")
def to_dense_vector(place: Place, size: int, value: Column) -> Column:  # noqa: ARG001
    """The numbers of a row as a vector."""
    if value.type == "dense_vector":
        return value
    return Column.of("dense_vector", [[[float(each) for each in row]] if row else [] for row in value.rows()])


CASTS["dense_vector"] = "to_dense_vector"


def _angle(name: str, factor: float) -> None:
    def run(place: Place, size: int, value: Column) -> Column:  # noqa: ARG001
        rows = [[each * factor for each in row] for row in value.rows()]
        return Column.of("double", rows)

    run.__doc__ = "An angle in " + ("degrees." if factor > 1 else "radians.")
    columns("number", gives="double", names=[name])(run)


_angle("to_degrees", 180 / math.pi)
_angle("to_radians", math.pi / 180)
