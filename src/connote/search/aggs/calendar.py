"""Where the units of time begin in a time zone.

https://www.elastic.co/docs/reference/aggregations/search-aggregations-bucket-datehistogram-aggregation
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np

from connote.contract import dates
from connote.contract.errors import IllegalArgument
from connote.search.aggs.rows import Numbers

_SECOND, _MINUTE, _HOUR, _DAY = 1000, 60_000, 3_600_000, 86_400_000
_FIXED = {"ms": 1, "s": _SECOND, "m": _MINUTE, "h": _HOUR, "d": _DAY}
_CALENDAR = {
    "second": "second", "1s": "second", "minute": "minute", "1m": "minute", "hour": "hour", "1h": "hour", "day": "day",
    "1d": "day", "week": "week", "1w": "week", "month": "month", "1M": "month", "quarter": "quarter", "1q": "quarter",
    "year": "year", "1y": "year",
}  # fmt: skip
LENGTHS = {"second": _SECOND, "minute": _MINUTE, "hour": _HOUR, "day": _DAY, "week": 7 * _DAY}
MONTHS = {"month": 1, "quarter": 3, "year": 12}
# Zones change their offset at quarters of an hour.
_QUARTER = 900_000
_THURSDAY = 3 * _DAY  # 1970 began with a Thursday, weeks with a Monday


@dataclass(frozen=True)
class Span:
    """From a moment to before another, in milliseconds since 1970; `unit` is the calendar's, or None."""

    begin: int
    end: int
    unit: str | None


@dataclass(frozen=True)
class Interval:
    """A fixed number of milliseconds, or a unit of the calendar."""

    length: int = 0
    unit: str | None = None
    zone: tzinfo = UTC

    @classmethod
    def fixed(cls, text: str, zone: tzinfo = UTC) -> "Interval":
        """`12h`, `30d`. Raises IllegalArgument."""
        found = re.fullmatch(r"(\d{1,12})(ms|s|m|h|d)", text)
        if found is None or not int(found[1]):
            raise IllegalArgument(f"failed to parse setting [date_histogram.fixedInterval] with value [{text}]")
        return cls(length=int(found[1]) * _FIXED[found[2]], zone=zone)

    @classmethod
    def calendar(cls, text: str, zone: tzinfo = UTC) -> "Interval":
        """`month`, `1M`. Raises IllegalArgument."""
        if text not in _CALENDAR:
            raise IllegalArgument(f"The supplied interval [{text}] could not be parsed as a calendar interval.")
        return cls(unit=_CALENDAR[text], zone=zone)

    @property
    def shortest(self) -> int:
        """The least milliseconds that it may have."""
        return self.length or LENGTHS.get(self.unit or "", 0) or MONTHS[self.unit or "month"] * 28 * _DAY

    def begins(self, values: Numbers) -> Numbers:
        """int64: where the interval of each moment begins; all in milliseconds since 1970."""
        local = values + self._offsets(values)
        months = MONTHS.get(self.unit or "")
        if months is not None:
            number = local.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
            floors = (number // months * months).astype("datetime64[M]").astype("datetime64[ms]").astype(np.int64)
            return self._moments(floors)
        length = self.length or LENGTHS[self.unit or "day"]
        shift = _THURSDAY if self.unit == "week" else 0
        floors = (local + shift) // length * length - shift
        return values - (local - floors) if length <= _HOUR else self._moments(floors)

    def following(self, begin: int) -> int:
        """Where the next interval begins."""
        months = MONTHS.get(self.unit or "")
        length = self.length or LENGTHS.get(self.unit or "", 0)
        if months is None and (length <= _HOUR or self.zone is UTC):
            return begin + length
        local = int(begin + self._offsets(np.array([begin], dtype=np.int64))[0])
        if months is None:
            return int(self._moments(np.array([local + length], dtype=np.int64))[0])
        number = int(np.int64(local).astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)) + months
        moment = np.array([number]).astype("datetime64[M]").astype("datetime64[ms]").astype(np.int64)
        return int(self._moments(moment)[0])

    def span(self, begin: int, shift: int = 0) -> Span:
        """The interval that begins then, with an offset."""
        return Span(begin, self.following(begin - shift) + shift, self.unit)

    def _offsets(self, values: Numbers) -> Numbers:
        """int64: by how much the zone's clocks are ahead at each moment."""
        if self.zone is UTC:
            return np.zeros_like(values)
        quarters, inverse = np.unique(values // _QUARTER, return_inverse=True)
        ahead = [_ahead(dates.moment_of(quarter * _QUARTER).astimezone(self.zone)) for quarter in quarters.tolist()]
        return np.array(ahead, dtype=np.int64)[inverse]

    def _moments(self, locals_: Numbers) -> Numbers:
        """The moments at which the zone's clocks show these times."""
        if self.zone is UTC:
            return locals_
        different, inverse = np.unique(locals_, return_inverse=True)
        found = []
        for local in different.tolist():
            wall = dates.moment_of(local).replace(tzinfo=self.zone)
            found.append(local - _ahead(wall))
        return np.array(found, dtype=np.int64)[inverse]


def _ahead(moment: datetime) -> int:
    return (moment.utcoffset() or timedelta()) // timedelta(milliseconds=1)
