"""Functions of dates, and buckets of dates and numbers."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from connote.contract import dates
from connote.contract.errors import IllegalArgument
from connote.search.esql.column import Column, Values
from connote.search.esql.functions import strict
from connote.search.esql.functions.registry import Place, columns, each
from connote.search.esql.periods import Duration, Period
from connote.search.esql.rendering import iso
from connote.search.esql.spans import before

_DAY = 86_400_000
_FORMAT = "strict_date_optional_time"
_LONGEST_FORMAT = 1000
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (what clocks of some zone show)


@columns(gives="date")
def now(place: Place, size: int) -> Column:
    """The moment at which the query began."""
    return Column.whole("date", np.full(size, place.running.now, dtype=np.int64))


def _local(values: Values, place: Place) -> Values:
    """The clock's time in the zone of the query, as if it were milliseconds since 1970."""
    zone = place.running.zone
    if zone is UTC:
        return values
    offsets = [dates.moment_of(each).astimezone(zone).utcoffset() for each in values.tolist()]
    moved = [0 if each is None else each.total_seconds() * 1000 for each in offsets]
    return values + np.array(moved, dtype=np.int64)


def _instants(local: Values, place: Place) -> Values:
    """The milliseconds since 1970 of what a clock of the zone shows; of a time that it skips the one behind it."""
    zone = place.running.zone
    if zone is UTC or not len(local):
        return local
    known = {
        each: round((_EPOCH + timedelta(milliseconds=each)).replace(tzinfo=zone).timestamp() * 1000)
        for each in set(local.tolist())
    }
    return np.array([known[each] for each in local.tolist()], dtype=np.int64)


def floored(values: Values, span: Period | Duration) -> Values:
    """The start of the span that each date is in: weeks begin on Mondays, months are counted from the year 1."""
    if isinstance(span, Duration) or not span.months:
        step = span.milliseconds if isinstance(span, Duration) else span.days * _DAY
        if step <= 0:
            raise IllegalArgument("Zero or negative time interval is not supported")
        shift = 3 * _DAY if isinstance(span, Period) and span.days % 7 == 0 else 0  # 1970 began on a Thursday
        return np.asarray((values + shift) // step * step - shift)
    if span.months < 0 or span.days:
        raise IllegalArgument("Zero or negative time interval is not supported")
    months = values.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64) + 1969 * 12
    start = months // span.months * span.months - 1969 * 12
    return np.asarray(start.astype("datetime64[M]").astype("datetime64[ms]").astype(np.int64))


@columns("span!", "date", gives="date")
def date_trunc(place: Place, size: int, span: Period | Duration | None, value: Column) -> Column:
    """The start of the span of time that a date is in."""
    if span is None or value.type == "null":
        return Column.nothing("date", size)
    return _truncated(value, span, place)


def _truncated(value: Column, span: Period | Duration, place: Place) -> Column:
    starts = _instants(floored(_local(value.values, place), span), place)
    return Column("date", starts, value.nulls | value.several)


@columns(
    "date|number", "span|number!", "any!?", "any!?", gives=lambda kinds: "date" if kinds[0] == "date" else "double"
)
def bucket(
    place: Place,
    size: int,
    value: Column,
    by: Any,  # noqa: ANN401 (constants)
    low: Any = None,  # noqa: ANN401
    high: Any = None,  # noqa: ANN401
) -> Column:
    """The start of the bucket of a date or number: of a size, or of so many from one value to another."""
    if value.type == "null" or by is None:
        return Column.nothing(place.type, size)
    if value.type == "date":
        span = (
            by
            if isinstance(by, Period | Duration)
            else _picked(_number(by, place), _moment(low, place), _moment(high, place))
        )
        return _truncated(value, span, place)
    step = _number(by, place)
    if low is not None and high is not None:
        step = _round_step(step, _number(low, place), _number(high, place))
    if not step > 0:
        raise IllegalArgument(f"the buckets of [{place.text}] must be larger than 0")
    return Column("double", np.floor(value.values / step) * step, value.nulls | value.several)


@columns("date", "span!", gives="date")
def tbucket(place: Place, size: int, value: Column, by: Period | Duration | None) -> Column:
    """The start of the span of time that the `@timestamp` of a row is in: it is the first argument by itself."""
    return bucket(place, size, value, by)


@columns("date", "date|span|whole!", "date|whole!?", gives="boolean")
def trange(place: Place, size: int, value: Column, start: Any, end: Any = None) -> Column:  # noqa: ANN401 (constants)
    """Whether the `@timestamp` of a row is within a span before now, or behind one moment and not behind another."""
    if isinstance(start, Period | Duration) and end is None:
        high = place.running.now
        low = before(high, start)
    elif start is None or end is None or isinstance(start, Period | Duration):
        raise IllegalArgument(f"[{place.text}] needs a span of time alone, or a start and an end")
    else:
        low, high = start, end
    if low >= high:
        raise IllegalArgument(f"[{place.text}] must start before it ends")
    if value.type == "null":
        return Column.nothing("boolean", size)
    return Column("boolean", (value.values > low) & (value.values <= high), value.nulls | value.several)


def _number(value: Any, place: Place) -> float:  # noqa: ANN401
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise IllegalArgument(f"[{place.text}] is of numbers, and [{value}] is none")
    return float(value)


def _moment(value: Any, place: Place) -> int:  # noqa: ANN401
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise IllegalArgument(f"[{place.text}] needs a first and a last date")
    return strict.date(value) if isinstance(value, str) else value


# From the longest to the shortest; what is above them all is a year.
_STEPS: tuple[Period | Duration, ...] = (
    Period(months=1), Period(days=7), Period(days=1), Duration(12 * 3_600_000), Duration(3 * 3_600_000),
    Duration(3_600_000), Duration(30 * 60_000), Duration(10 * 60_000), Duration(5 * 60_000), Duration(60_000),
    Duration(30_000), Duration(10_000), Duration(5_000), Duration(1_000), Duration(100), Duration(50), Duration(10),
    Duration(1),
)  # fmt: skip


def _picked(most: float, low: int, high: int) -> Period | Duration:
    """The shortest readable span of which so many cover the time."""
    best: Period | Duration = Period(months=12)
    for span in _STEPS:
        if _covering(span, low, high) > most:
            break
        best = span
    return best


def _covering(span: Period | Duration, low: int, high: int) -> float:
    ends = floored(np.array([low, high], dtype=np.int64), span)
    if isinstance(span, Period) and span.months:
        months = ends.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
        return float((months[1] - months[0]) / span.months + (ends[1] < high))
    step = span.milliseconds if isinstance(span, Duration) else span.days * _DAY
    return float((ends[1] - ends[0]) / step + (ends[1] < high))


def _round_step(count: float, low: float, high: float) -> float:
    precise = (high - low) / count if count else 0.0
    if not 0 < precise < math.inf:
        return 0.0
    ten = 10.0 ** math.ceil(math.log10(precise))
    return ten / 2 if precise < ten / 2 else ten


@columns("string|date", "date?", gives="keyword")
def date_format(place: Place, size: int, first: Column, second: Column | None = None) -> Column:
    """A date as a text, by a format of Java's or as ISO 8601."""
    value = first if second is None else second
    if value.type == "null" or first.type == "null":
        return Column.nothing("keyword", size)
    if (first.type == "date") != (second is None):
        wanted = "a datetime" if second is None else "a format, and then a datetime"
        raise IllegalArgument(f"arguments of [{place.text}] must be {wanted}")
    nulls = value.nulls | value.several
    if second is None:
        return Column("keyword", iso(value.values).astype(np.object_), nulls)
    made, zone = np.full(size, None, dtype=np.object_), place.running.zone
    formats = first.values.tolist()
    nulls = nulls | first.nulls | first.several
    for at in np.flatnonzero(~nulls).tolist():
        if len(formats[at]) > _LONGEST_FORMAT:
            raise IllegalArgument(f"a format has at most [{_LONGEST_FORMAT}] characters, not [{len(formats[at])}]")
        made[at] = dates.render(int(value.values[at]), formats[at], zone)
        place.running.spend(len(made[at]))
    return Column("keyword", made, nulls)


@columns("string", "string?", gives="date")
def date_parse(place: Place, size: int, first: Column, second: Column | None = None) -> Column:
    """The date that a text means, by a format of Java's or as ISO 8601."""
    text = first if second is None else second
    rows = []
    for form, row in zip(first.rows(), text.rows(), strict=True):
        made = list[int]()
        if len(form) == len(row) == 1:
            try:
                made.append(dates.parse(row[0], _FORMAT if second is None else form[0], zone=place.running.zone))
            except IllegalArgument as error:
                place.running.failed(place.at, place.text, f"java.lang.IllegalArgumentException: {error}")
        rows.append(made)
    return Column.of("date", rows) if rows else Column.nothing("date", size)


_ALIASES = {
    "year": ("year", "years", "yy", "yyyy"), "quarter": ("quarter", "quarters", "qq", "q"),
    "month": ("month", "months", "mm", "m"), "dayofyear": ("dayofyear", "dy", "y"),
    "day": ("day", "days", "dd", "d"), "week": ("week", "weeks", "wk", "ww"),
    "weekday": ("weekday", "weekdays", "dw"), "hour": ("hour", "hours", "hh"),
    "minute": ("minute", "minutes", "mi", "n"), "second": ("second", "seconds", "ss", "s"),
    "millisecond": ("millisecond", "milliseconds", "ms"), "microsecond": ("microsecond", "microseconds", "mcs"),
    "nanosecond": ("nanosecond", "nanoseconds", "ns"),
}  # fmt: skip
_UNITS = {alias: unit for unit, aliases in _ALIASES.items() for alias in aliases}
_LENGTHS = {"second": 1000, "minute": 60_000, "hour": 3_600_000, "day": _DAY, "dayofyear": _DAY, "weekday": _DAY,
            "week": 7 * _DAY, "millisecond": 1}  # fmt: skip


@each("string", "date", "date", gives="integer")
def date_diff(unit: str, start: int, end: int) -> int:
    """How many whole units lie between two dates."""
    name = _UNITS.get(unit.lower())
    if name is None:
        raise ValueError(f"A value of {sorted(_ALIASES)} or their aliases is required; received [{unit}]")
    if name in ("microsecond", "nanosecond"):
        found = (end - start) * (1000 if name == "microsecond" else 1_000_000)
    elif name in _LENGTHS:
        found = int((end - start) / _LENGTHS[name]) if abs(end - start) < 2**53 else (end - start) // _LENGTHS[name]
    else:
        found = (
            _months(start, end) // {"month": 1, "quarter": 3, "year": 12}[name]
            if end >= start
            else -(_months(end, start) // {"month": 1, "quarter": 3, "year": 12}[name])
        )
    if not -(2**31) <= found < 2**31:
        raise ValueError(f"[{found}] out of [integer] range")
    return found


def _months(start: int, end: int) -> int:
    """How many whole months lie between two dates, the second being the later."""
    one, other = (np.array([each], dtype="datetime64[ms]") for each in (start, end))
    first, last = (each.astype("datetime64[M]") for each in (one, other))
    inside = [
        int((each - month.astype("datetime64[ms]")).astype(np.int64)[0])
        for each, month in ((one, first), (other, last))
    ]
    return int((last - first).astype(np.int64)[0]) - (inside[1] < inside[0])


def _day_of_year(moments: Any) -> Any:  # noqa: ANN401 (arrays of datetime64)
    return (moments.astype("datetime64[D]") - moments.astype("datetime64[Y]").astype("datetime64[D]")).astype(
        np.int64
    ) + 1


def _month(moments: Any) -> Any:  # noqa: ANN401
    return moments.astype("datetime64[M]").astype(np.int64) % 12 + 1


def _day(moments: Any) -> Any:  # noqa: ANN401
    return (moments.astype("datetime64[D]") - moments.astype("datetime64[M]").astype("datetime64[D]")).astype(
        np.int64
    ) + 1


def _inside(step: int, within: int) -> Any:  # noqa: ANN401
    return lambda moments: moments.astype(np.int64) // step % within


_PARTS = {
    "aligned_day_of_week_in_month": lambda moments: (_day(moments) - 1) % 7 + 1,
    "aligned_week_of_month": lambda moments: (_day(moments) - 1) // 7 + 1,
    "aligned_week_of_year": lambda moments: (_day_of_year(moments) - 1) // 7 + 1,
    "ampm_of_day": lambda moments: moments.astype(np.int64) // 43_200_000 % 2,
    "day_of_month": _day,
    "day_of_week": lambda moments: (moments.astype("datetime64[D]").astype(np.int64) + 3) % 7 + 1,
    "day_of_year": _day_of_year,
    "epoch_day": lambda moments: moments.astype("datetime64[D]").astype(np.int64),
    "hour_of_day": _inside(3_600_000, 24),
    "hour_of_ampm": _inside(3_600_000, 12),
    "instant_seconds": lambda moments: moments.astype(np.int64) // 1000,
    "milli_of_day": _inside(1, _DAY),
    "milli_of_second": _inside(1, 1000),
    "minute_of_day": _inside(60_000, 1440),
    "minute_of_hour": _inside(60_000, 60),
    "month_of_year": _month,
    "proleptic_month": lambda moments: moments.astype("datetime64[M]").astype(np.int64) + 1970 * 12,
    "second_of_day": _inside(1000, 86_400),
    "second_of_minute": _inside(1000, 60),
    "year": lambda moments: moments.astype("datetime64[Y]").astype(np.int64) + 1970,
    "year_of_era": lambda moments: moments.astype("datetime64[Y]").astype(np.int64) + 1970,
}


@columns("string!", "date", gives="long")
def date_extract(place: Place, size: int, part: str | None, value: Column) -> Column:
    """A part of a date, by Java's names: `year`, `month_of_year`, `hour_of_day` and so on."""
    if part is None or value.type == "null":
        return Column.nothing("long", size)
    work: Any = _PARTS.get(part.lower())
    if work is None:
        raise IllegalArgument(f"invalid date field for [{place.text}]: {part}")
    moments = _local(value.values, place).astype("datetime64[ms]")
    return Column("long", work(moments).astype(np.int64), value.nulls | value.several)


@columns("date", gives="keyword")
def month_name(place: Place, _: int, value: Column) -> Column:
    """The month's name."""
    return _name(place, value, "MMMM")


@columns("date", gives="keyword")
def day_name(place: Place, _: int, value: Column) -> Column:
    """The day's name."""
    return _name(place, value, "EEEE")


def _name(place: Place, value: Column, form: str) -> Column:
    rows = [[dates.render(row[0], form, place.running.zone)] if len(row) == 1 else [] for row in value.rows()]
    return Column.of("keyword", rows)
