"""Values as answers and texts show them."""

from typing import Any

import numpy as np

from connote.search.esql.column import Column, Values
from connote.search.esql.periods import Duration, Period


def iso(values: Values) -> Any:  # noqa: ANN401 (an array of texts)
    """Milliseconds since 1970 as `2024-05-01T12:00:00.000Z`."""
    return np.datetime_as_string(values.astype("datetime64[ms]"), unit="ms", timezone="UTC")


def places(value: complex) -> str:
    """A place as `POINT (longitude latitude)`."""
    return f"POINT ({decimal(value.real)} {decimal(value.imag)})"


def decimal(value: float) -> str:
    """A number as Java writes it."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(float(value))
    mantissa, _, power = f"{value!r}".partition("e")
    if power:
        mantissa = mantissa if "." in mantissa else f"{mantissa}.0"
        return f"{mantissa}E{int(power)}"
    text = np.format_float_scientific(value, unique=True, trim="0", exp_digits=1)
    return text.replace("e+", "E").replace("e", "E")


def wire(column: Column) -> list[Any]:
    """The values of every row: null, one, or a list of them."""
    show = _SHOWN.get(column.type)
    if column.type == "date":
        values = iso(column.values).tolist() if len(column) else []
        several = {at: iso(np.array(row)).tolist() for at, row in column.many.items()}
    else:
        values = column.values.tolist()
        if show is not None:
            values = [None if null else show(each) for each, null in zip(values, column.nulls.tolist(), strict=True)]
        several = {at: [show(each) if show else each for each in row] for at, row in column.many.items()}
    for at in np.flatnonzero(column.nulls).tolist():
        values[at] = None
    for at, row in several.items():
        values[at] = row
    return values


def _vector(value: Any) -> list[float]:  # noqa: ANN401
    return [float(each) for each in value]


def _span(value: Period | Duration) -> str:
    if isinstance(value, Duration):
        return f"PT{value.milliseconds / 1000:g}S"
    return f"P{value.months}M{value.days}D" if value.months else f"P{value.days}D"


def _unsigned(value: float) -> int | None:
    return int(value) if 0 <= value < 2**64 else None


_SHOWN: dict[str, Any] = {
    "date_period": _span,
    "dense_vector": _vector,
    "geo_point": places,
    "time_duration": _span,
    "unsigned_long": _unsigned,
}
