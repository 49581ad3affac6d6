"""Days of the week, as dates give them: Java's DayOfWeek. Their names are English, whatever locale is asked for.

https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/time/DayOfWeek.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connote.ingest.painless.fault import Fault

_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# How much of a name each style shows.
STYLES: Mapping[str, int | None] = {"FULL": None, "SHORT": 3, "NARROW": 1}
LOCALES: Mapping[str, Any] = {name: name for name in ("ROOT", "ENGLISH", "US", "UK")}


@dataclass(frozen=True)
class Weekday:
    """Monday is 1."""

    number: int

    @classmethod
    def of(cls, date: datetime) -> "Weekday":
        """A date's."""
        return cls(date.isoweekday())

    def __str__(self) -> str:
        """As Java prints it."""
        return _NAMES[self.number - 1].upper()


def _shown(self: Weekday, style: str, locale: str) -> str:  # noqa: ARG001 (all are English)
    if style not in STYLES:
        raise Fault(f"No enum constant java.time.format.TextStyle.{style}")
    return _NAMES[self.number - 1][: STYLES[style]]


OF_WEEKDAYS: Mapping[str, Callable[..., Any]] = {
    "getDisplayName": _shown,
    "getValue": lambda self: self.number,
    "name": str,
    "toString": str,
}
