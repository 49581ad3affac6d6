"""The types of columns."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

STRINGS = ("keyword", "text")
WHOLE = ("integer", "long")
NUMBERS = ("integer", "long", "unsigned_long", "double")
SPANS = ("date_period", "time_duration")
# How values are kept: dates in milliseconds since 1970, places as longitude + latitude * i, all others as objects.
_DTYPES: Mapping[str, Any] = {
    "boolean": np.bool_,
    "date": np.int64,
    "double": np.float64,
    "geo_point": np.complex128,
    "integer": np.int64,
    "long": np.int64,
    "unsigned_long": np.float64,
}
# By type of field, of which type its column is; others are `unsupported`.
_FIELDS = {
    "annotated_text": "text", "boolean": "boolean", "byte": "integer", "constant_keyword": "keyword", "date": "date",
    "date_nanos": "date", "dense_vector": "dense_vector", "double": "double", "float": "double",
    "geo_point": "geo_point", "half_float": "double", "integer": "integer", "ip": "ip", "keyword": "keyword",
    "long": "long", "match_only_text": "text", "scaled_float": "double", "semantic_text": "text",
    "short": "integer", "text": "text", "token_count": "integer", "unsigned_long": "unsigned_long",
    "version": "version", "wildcard": "keyword",
}  # fmt: skip
# What may be wanted of an argument, and how errors call it.
KINDS: Mapping[str, tuple[str, ...]] = {
    "boolean": ("boolean",),
    "date": ("date",),
    "double": ("double",),
    "ip": ("ip",),
    "number": NUMBERS,
    "ordered": ("boolean", "date", "ip", "version", *NUMBERS, *STRINGS),
    "place": ("geo_point", "geo_shape"),
    "plain": ("boolean", "date", "geo_point", "ip", "version", *NUMBERS, *STRINGS),
    "point": ("geo_point",),
    "span": SPANS,
    "string": STRINGS,
    "time": ("date", *SPANS),
    "vector": ("dense_vector", *NUMBERS),
    "version": ("version",),
    "whole": ("integer", "long"),
}
_CALLED = {
    "number": "numeric", "whole": "integer", "date": "datetime", "span": "date_period or time_duration",
    "point": "geo_point", "place": "geo_point or geo_shape", "vector": "dense_vector", "any": "any type",
    "plain": "any type except dense_vector",
    "ordered": "boolean, date, ip, string, version or numeric",
}  # fmt: skip


def of_field(kind: str) -> str:
    """The type of the column of a field."""
    return _FIELDS.get(kind, "unsupported")


def dtype(kind: str) -> Any:  # noqa: ANN401 (numpy's)
    """The dtype of the values of a type."""
    return _DTYPES.get(kind, np.object_)


def empty(kind: str, size: int) -> NDArray[Any]:
    """So many values to be filled in."""
    return np.zeros(size, dtype=dtype(kind)) if kind in _DTYPES else np.full(size, None, dtype=np.object_)


def fits(kind: str, wanted: str) -> bool:
    """Whether an argument of that type is what is wanted; null always is."""
    return kind == "null" or wanted == "any" or kind in KINDS.get(wanted, (wanted,))


def called(wanted: str) -> str:
    """What is wanted, as errors call it."""
    return " or ".join(_CALLED.get(each, each) for each in wanted.split("|"))


def shown(kind: str) -> str:
    """A type as errors call it."""
    return "datetime" if kind == "date" else kind


def wider(kinds: list[str]) -> str | None:
    """The type that values of all these types can have; None if there is none."""
    found = {each for each in kinds if each != "null"}
    if not found:
        return "null"
    if len(found) == 1:
        return found.pop()
    if found <= set(STRINGS):
        return "keyword"
    if found <= set(NUMBERS):
        return "double" if found & {"double", "unsigned_long"} else "long"
    return None
