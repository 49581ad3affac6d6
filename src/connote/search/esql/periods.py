"""Spans of time: of the calendar (months, days) and of the clock (milliseconds)."""

from dataclasses import dataclass
from typing import ClassVar

_DAY = 86_400_000
_MONTHS = {"month": 1, "mo": 1, "quarter": 3, "q": 3, "year": 12, "yr": 12, "y": 12}
_DAYS = {"day": 1, "d": 1, "week": 7, "w": 7}
_MILLISECONDS = {
    "millisecond": 1, "ms": 1, "second": 1000, "sec": 1000, "s": 1000, "minute": 60_000, "min": 60_000, "m": 60_000,
    "hour": 3_600_000, "h": 3_600_000,
}  # fmt: skip
_LARGEST = 2**40


@dataclass(frozen=True)
class Period:
    """Months and days, which are not all of one length."""

    months: int = 0
    days: int = 0
    type: ClassVar[str] = "date_period"

    def __neg__(self) -> "Period":
        return Period(-self.months, -self.days)

    def __add__(self, other: "Period") -> "Period":
        return Period(self.months + other.months, self.days + other.days)


@dataclass(frozen=True)
class Duration:
    """Milliseconds."""

    milliseconds: int
    type: ClassVar[str] = "time_duration"

    def __neg__(self) -> "Duration":
        return Duration(-self.milliseconds)

    def __add__(self, other: "Duration") -> "Duration":
        return Duration(self.milliseconds + other.milliseconds)


def period(count: int, unit: str) -> Period | Duration | None:
    """So many of a unit, in the singular or plural; None if it is no unit, or too long a time."""
    if abs(count) > _LARGEST:
        return None
    name = unit if unit in _MONTHS or unit in _DAYS or unit in _MILLISECONDS else unit.removesuffix("s")
    if name in _MONTHS:
        return Period(months=count * _MONTHS[name])
    if name in _DAYS:
        return Period(days=count * _DAYS[name])
    return Duration(count * _MILLISECONDS[name]) if name in _MILLISECONDS else None
