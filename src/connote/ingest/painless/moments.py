"""Dates of `java.time` in scripts: read, moved, compared and printed. What is below a microsecond is cut off.

https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/time/package-summary.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from connote.contract import dates
from connote.contract.errors import IllegalArgument
from connote.ingest.painless.fault import Fault
from connote.ingest.painless.values import Value, class_cast

_MICRO = timedelta(microseconds=1)
_LENGTHS = {
    "MICROS": _MICRO, "MILLIS": timedelta(milliseconds=1), "SECONDS": timedelta(seconds=1),
    "MINUTES": timedelta(minutes=1), "HOURS": timedelta(hours=1), "HALF_DAYS": timedelta(hours=12),
    "DAYS": timedelta(days=1), "WEEKS": timedelta(weeks=1),
}  # fmt: skip
_MONTHS = {"MONTHS": 1, "YEARS": 12, "DECADES": 120, "CENTURIES": 1200}
_FORMATS = {
    "ISO_INSTANT": "strict_date_time", "ISO_DATE_TIME": "strict_date_time", "ISO_OFFSET_DATE_TIME": "strict_date_time",
    "ISO_ZONED_DATE_TIME": "strict_date_time", "ISO_LOCAL_DATE": "strict_date", "ISO_DATE": "strict_date",
    "ISO_LOCAL_DATE_TIME": "uuuu-MM-dd'T'HH:mm:ss", "BASIC_ISO_DATE": "basic_date",
}  # fmt: skip
# Those that dates have methods for: `plusDays`.
_STEPS = ("MILLIS", "SECONDS", "MINUTES", "HOURS", "DAYS", "WEEKS", "MONTHS", "YEARS")
_REGION = re.compile(r"\[[^\]]*\]$")


@dataclass(frozen=True)
class Unit:
    """A ChronoUnit."""

    name: str

    def __str__(self) -> str:
        return self.name.capitalize()


@dataclass(frozen=True)
class Formatter:
    """A DateTimeFormatter: a pattern, or the name of a format; without a zone that of the date counts."""

    pattern: str
    zone: tzinfo | None = None


@dataclass(frozen=True)
class Zone:
    """A ZoneId."""

    name: str
    zone: tzinfo

    def __str__(self) -> str:
        return self.name


def zone(name: Value) -> Zone:
    """The zone of a name or an offset. Raises Fault."""
    try:
        return Zone(str(name), dates.zone_of(str(name)))
    except IllegalArgument as error:
        raise Fault(error.reason, "date_time_exception") from None


def parse(given: Value, formatter: Value = None) -> datetime:
    """A date with a time and a zone. Raises Fault."""
    if not isinstance(given, str):
        raise class_cast(given, "CharSequence")
    try:
        if formatter is not None:
            own = _formatter(formatter)
            zone = own.zone or UTC
            return dates.moment_of(dates.parse(given, own.pattern, zone=zone)).astimezone(zone)
        found = datetime.fromisoformat(_REGION.sub("", given))
    except (ValueError, IllegalArgument):
        raise Fault(f"Text '{given[:100]}' could not be parsed", "date_time_parse_exception") from None
    if found.tzinfo is None:
        raise Fault(f"Text '{given[:100]}' could not be parsed: it has no zone", "date_time_parse_exception")
    return found


def printed(moment: Value, formatter: Value) -> str:
    """A date as a formatter has it. Raises Fault."""
    own, by = _date(moment), _formatter(formatter)
    try:
        return dates.render(round(own.timestamp() * 1000), by.pattern, by.zone or own.tzinfo or UTC)
    except IllegalArgument as error:
        raise Fault(error.reason) from None


def between(unit: Unit, first: Value, last: Value) -> int:
    """How many whole units lie between two dates; fewer than none, if the first is the later one."""
    one, other = _date(first).astimezone(UTC), _date(last).astimezone(UTC)
    if unit.name not in _MONTHS:
        length = _LENGTHS[unit.name] // _MICRO
        micros = (other - one) // _MICRO
        return abs(micros) // length * (1 if micros >= 0 else -1)
    months = (other.year - one.year) * 12 + other.month - one.month
    within, end = ((each.day, each.time()) for each in (one, other))
    months += (end > within and months < 0) - (end < within and months > 0)
    return abs(months) // _MONTHS[unit.name] * (1 if months >= 0 else -1)


def moved(moment: datetime, unit: Value, count: Value) -> datetime:
    """So many units later. Raises Fault."""
    if not isinstance(unit, Unit) or not isinstance(count, int):
        raise class_cast(unit if not isinstance(unit, Unit) else count, "ChronoUnit")
    try:
        if unit.name not in _MONTHS:
            return moment + _LENGTHS[unit.name] * count
        return dates.moved(moment, "month", count * _MONTHS[unit.name])
    except (OverflowError, ValueError):
        raise Fault("the date is beyond the years 1 to 9999", "date_time_exception") from None


def truncated(moment: datetime, unit: Value) -> datetime:
    """The start of the unit, up to a day. Raises Fault."""
    if not isinstance(unit, Unit) or unit.name not in _LENGTHS or unit.name == "WEEKS":
        raise Fault("Unit is too large to be used for truncation", "unsupported_temporal_type_exception")
    start = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return start + (moment - start) // _LENGTHS[unit.name] * _LENGTHS[unit.name]


def _date(value: Value) -> datetime:
    if not isinstance(value, datetime):
        raise class_cast(value, "ZonedDateTime")
    return value


def _formatter(value: Value) -> Formatter:
    if not isinstance(value, Formatter):
        raise class_cast(value, "DateTimeFormatter")
    return value


def _of_pattern(pattern: Value) -> Formatter:
    try:
        dates.check(str(pattern))
    except IllegalArgument as error:
        raise Fault(error.reason) from None
    return Formatter(str(pattern))


def _stepped(sign: int, unit: str) -> Callable[[datetime, Value], datetime]:
    return lambda moment, count: moved(moment, Unit(unit), sign * count if isinstance(count, int) else count)


UNITS = {name: Unit(name) for name in (*_LENGTHS, *_MONTHS)}
CLASSES: Mapping[str, Mapping[str, Any]] = {
    "ZonedDateTime": {
        "parse": parse,
        "now": lambda: datetime.now(UTC),
        "ofInstant": lambda moment, own: _date(moment).astimezone(own.zone),
    },
    "Instant": {"parse": parse},
    "ChronoUnit": UNITS,
    "DateTimeFormatter": {
        **{name: Formatter(each) for name, each in _FORMATS.items()},
        "ofPattern": lambda pattern, _=None: _of_pattern(pattern),
    },
    "ZoneId": {"of": zone},
    "ZoneOffset": {"UTC": Zone("Z", UTC), "of": zone},
}
# Beside what dates can themselves.
OF_DATES: Mapping[str, Callable[..., Any]] = {
    **{f"plus{name.capitalize()}": _stepped(1, name) for name in _STEPS},
    **{f"minus{name.capitalize()}": _stepped(-1, name) for name in _STEPS},
    "plus": lambda self, count, unit: moved(self, unit, count),
    "minus": lambda self, count, unit: moved(self, unit, -count),
    "isBefore": lambda self, other: self < _date(other),
    "isAfter": lambda self, other: self > _date(other),
    "isEqual": lambda self, other: self == _date(other),
    "toEpochSecond": lambda self: int(self.timestamp() // 1),
    "getEpochSecond": lambda self: int(self.timestamp() // 1),
    "until": lambda self, other, unit: between(unit, self, other),
    "truncatedTo": truncated,
    "format": printed,
    "toZonedDateTime": lambda self: self,
    "withZoneSameInstant": lambda self, own: self.astimezone(own.zone),
    "atZone": lambda self, own: self.astimezone(own.zone),
}
OF_UNITS: Mapping[str, Callable[..., Any]] = {"between": between, "name": lambda self: self.name}
OF_FORMATTERS: Mapping[str, Callable[..., Any]] = {
    "format": lambda self, moment: printed(moment, self),
    "parse": lambda self, given: parse(given, self),
    "withZone": lambda self, own: replace(self, zone=own.zone),
}
OF_ZONES: Mapping[str, Callable[..., Any]] = {"getId": str, "toString": str}
