"""A table as a stream of Apache Arrow, by the optional library pyarrow.

https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
"""

import struct
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import orjson

from connote.contract.errors import IllegalArgument
from connote.search.esql import answer
from connote.search.esql.column import Column
from connote.search.esql.queries import Table
from connote.search.esql.rendering import wire

MEDIA = "application/vnd.apache.arrow.stream"


def stream(table: Table, *, drops_nulls: bool = False) -> bytes:
    """The columns in one batch; each field says by `elastic:type` which type it has. Raises IllegalArgument."""
    pyarrow = _pyarrow()
    answer.check_size(table)
    fields, arrays = [], []
    for name, kind in table.types.items():
        column = table.page[name]
        if drops_nulls and (kind == "null" or column.nulls.all()):
            continue
        made = _array(column)
        fields.append(pyarrow.field(name, made.type, metadata={"elastic:type": kind}))
        arrays.append(made)
    out, schema = pyarrow.BufferOutputStream(), pyarrow.schema(fields)
    with pyarrow.ipc.new_stream(out, schema) as writer:
        if arrays:
            writer.write_batch(pyarrow.record_batch(arrays, schema=schema))
    found: bytes = out.getvalue().to_pybytes()
    return found


@cache
def _pyarrow() -> Any:  # noqa: ANN401 (a module)
    """The library, which takes long to import."""
    try:
        import pyarrow  # noqa: PLC0415
    except ImportError:
        raise IllegalArgument(
            "the format [arrow] needs pyarrow, which is not installed: pip install connote[arrow]"
        ) from None
    return pyarrow


def _array(column: Column) -> Any:  # noqa: ANN401 (pyarrow's)
    """Rows with several values make it one of lists."""
    pyarrow = _pyarrow()
    name, show = _TYPES.get(column.type, ("string", _text))
    kind = _kind(name)
    if name == "null":
        return pyarrow.nulls(len(column))
    if column.type in ("date_period", "time_duration"):
        return pyarrow.array(wire(column), type=kind)
    if column.many:
        rows = [None if not row else [_value(each, show) for each in row] for row in column.rows()]
        return pyarrow.array(rows, type=pyarrow.list_(kind))
    if column.values.dtype != np.object_ and show is None:
        return pyarrow.array(np.ascontiguousarray(column.values), mask=np.asarray(column.nulls)).cast(kind)
    return pyarrow.array([None if not row else _value(row[0], show) for row in column.rows()], type=kind)


def _value(value: Any, show: Callable[[Any], Any] | None) -> Any:  # noqa: ANN401
    return value if show is None else show(value)


def _kind(name: str) -> Any:  # noqa: ANN401
    pyarrow = _pyarrow()
    if name == "timestamp":
        return pyarrow.timestamp("ms", tz="UTC")
    return pyarrow.list_(pyarrow.float32()) if name == "vector" else getattr(pyarrow, name)()


def _text(value: str) -> str:
    """What UTF-8 has no form for is replaced."""
    return value.encode("utf-8", "replace").decode()


def _point(value: complex) -> bytes:
    """A place in well-known binary."""
    return struct.pack("<BIdd", 1, 1, value.real, value.imag)


# By type of column the type of Arrow, and what makes its values; all others are texts.
_TYPES: Mapping[str, tuple[str, Callable[[Any], Any] | None]] = {
    "_source": ("string", lambda value: orjson.dumps(value).decode()),
    "boolean": ("bool_", None),
    "date": ("timestamp", None),
    "dense_vector": ("vector", lambda value: [float(each) for each in value]),
    "double": ("float64", None),
    "geo_point": ("binary", _point),
    "integer": ("int32", None),
    "long": ("int64", None),
    "null": ("null", None),
    "unsigned_long": ("uint64", lambda value: int(value) if 0 <= value < 2**64 else None),
    "unsupported": ("null", None),
}
