"""Dates, moved by spans of time."""

import numpy as np

from connote.search.esql.column import Values
from connote.search.esql.periods import Duration, Period

_DAY = 86_400_000


def moved(dates: Values, spans: Values, sign: int) -> Values:
    """Dates and spans row by row; spans alone give spans."""
    if dates.dtype == np.object_:
        return np.array(
            [one + (other if sign > 0 else -other) for one, other in zip(spans, dates, strict=True)], dtype=np.object_
        )
    if len(set(spans)) == 1:
        return by(dates, spans[0] if sign > 0 else -spans[0])
    return np.array(
        [by(dates[at : at + 1], each if sign > 0 else -each)[0] for at, each in enumerate(spans)], dtype=np.int64
    )


def by(dates: Values, span: Period | Duration) -> Values:
    """Int64 milliseconds, moved. A day that the month has not got is its last."""
    if isinstance(span, Duration):
        return np.asarray(dates + span.milliseconds)
    if span.months:
        moments = dates.astype("datetime64[ms]")
        months = moments.astype("datetime64[M]")
        inside = (moments - months.astype("datetime64[ms]")).astype(np.int64)
        wanted = months + span.months
        last = (((wanted + 1).astype("datetime64[D]") - wanted.astype("datetime64[D]")).astype(np.int64) - 1) * _DAY
        inside = np.where(inside // _DAY * _DAY > last, last + inside % _DAY, inside)
        dates = wanted.astype("datetime64[ms]").astype(np.int64) + inside
    return np.asarray(dates + span.days * _DAY)
