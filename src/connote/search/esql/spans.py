"""Dates, moved by spans of time."""

import numpy as np

from connote.search.esql.column import Values
from connote.search.esql.functions.registry import Failed
from connote.search.esql.periods import Duration, Period

_DAY = 86_400_000
_MOST = 2.0**62  # milliseconds, less than 64 bits hold, as months are counted about


def moved(dates: Values, spans: Values, sign: int) -> Values | Failed:
    """Dates and spans row by row; spans alone give spans. Dates that leave 64 bits are lost."""
    if dates.dtype == np.object_:
        return np.array(
            [one + (other if sign > 0 else -other) for one, other in zip(spans, dates, strict=True)], dtype=np.object_
        )
    signed = [each if sign > 0 else -each for each in spans.tolist()]
    about = dates + np.array([_about(each) for each in signed])
    lost = np.abs(about) >= _MOST
    if len(set(signed)) == 1:
        found = by(np.where(lost, 0, dates), signed[0] if not lost.all() else Duration(0))
    else:
        parts = [0 if lost[at] else by(dates[at : at + 1], each)[0] for at, each in enumerate(signed)]
        found = np.array(parts, dtype=np.int64)
    return Failed(found, lost, "java.lang.ArithmeticException: long overflow")


def before(moment: int, span: Period | Duration) -> int:
    """Milliseconds since 1970, so long before others; what leaves 64 bits is their first, or last."""
    if abs(_about(span)) >= _MOST:
        return -(2**63) if _about(span) > 0 else 2**63 - 1
    return int(by(np.array([moment]), -span)[0])


def _about(span: Period | Duration) -> float:
    """Milliseconds of a span, about."""
    if isinstance(span, Duration):
        return float(span.milliseconds)
    return span.months * 30.5 * _DAY + float(span.days) * _DAY


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
