"""Dates as Elasticsearch reads and prints them: Java's patterns, named formats, and date maths.

Patterns: https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/time/format/DateTimeFormatter.html
Named formats: https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/mapping-date-format
"""

import re
from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from connote.contract.errors import IllegalArgument

DEFAULT = "strict_date_optional_time||epoch_millis"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The first and the last millisecond that a datetime can be in any time zone, and those of 400 years.
_FIRST, _LAST, _CYCLE = -62_135_510_400_000, 253_402_214_400_000, 146_097 * 86_400_000
_MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()  # noqa: SIM905
_OFFSET = r"(?:Z|[+-]\d{2}(?::?\d{2})?)"
# What a named format stands for, as a pattern.
_NAMED = {
    "date": "yyyy-MM-dd",
    "basic_date": "yyyyMMdd",
    "basic_date_time": "yyyyMMdd'T'HHmmss.SSSZ",
    "basic_date_time_no_millis": "yyyyMMdd'T'HHmmssZ",
    "basic_ordinal_date": "yyyyDDD",
    "basic_ordinal_date_time": "yyyyDDD'T'HHmmss.SSSZ",
    "basic_ordinal_date_time_no_millis": "yyyyDDD'T'HHmmssZ",
    "basic_t_time": "'T'HHmmss.SSSZ",
    "basic_t_time_no_millis": "'T'HHmmssZ",
    "basic_week_date": "YYYY'W'wwe",
    "basic_week_date_time": "YYYY'W'wwe'T'HHmmss.SSSZ",
    "basic_week_date_time_no_millis": "YYYY'W'wwe'T'HHmmssZ",
    "basic_time": "HHmmss.SSSZ",
    "basic_time_no_millis": "HHmmssZ",
    "date_hour": "yyyy-MM-dd'T'HH",
    "date_hour_minute": "yyyy-MM-dd'T'HH:mm",
    "date_hour_minute_second": "yyyy-MM-dd'T'HH:mm:ss",
    "date_hour_minute_second_fraction": "yyyy-MM-dd'T'HH:mm:ss.SSS",
    "date_hour_minute_second_millis": "yyyy-MM-dd'T'HH:mm:ss.SSS",
    "date_time": "yyyy-MM-dd'T'HH:mm:ss.SSSZ",
    "date_time_no_millis": "yyyy-MM-dd'T'HH:mm:ssZ",
    "hour": "HH",
    "hour_minute": "HH:mm",
    "hour_minute_second": "HH:mm:ss",
    "hour_minute_second_millis": "HH:mm:ss.SSS",
    "hour_minute_second_fraction": "HH:mm:ss.SSS",
    "ordinal_date": "yyyy-DDD",
    "ordinal_date_time": "yyyy-DDD'T'HH:mm:ss.SSSZ",
    "ordinal_date_time_no_millis": "yyyy-DDD'T'HH:mm:ssZ",
    "t_time": "'T'HH:mm:ss.SSSZ",
    "t_time_no_millis": "'T'HH:mm:ssZ",
    "week_date": "YYYY-'W'ww-e",
    "week_date_time": "YYYY-'W'ww-e'T'HH:mm:ss.SSSZ",
    "week_date_time_no_millis": "YYYY-'W'ww-e'T'HH:mm:ssZ",
    "weekyear": "YYYY",
    "weekyear_week": "YYYY-'W'ww",
    "weekyear_week_day": "YYYY-'W'ww-e",
    "time": "HH:mm:ss.SSSZ",
    "time_no_millis": "HH:mm:ssZ",
    "year": "yyyy",
    "year_month": "yyyy-MM",
    "year_month_day": "yyyy-MM-dd",
    "rfc3339_lenient": "yyyy-MM-dd'T'HH:mm:ss.SSSX",
}
_ISO = re.compile(
    r"(?P<year>[+-]?\d{4,9})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2})"
    r"(?:[T ](?:(?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:[.,](?P<fraction>\d{1,9}))?)?)?)?"
    rf"(?P<offset>{_OFFSET})?)?)?)?$",
    re.ASCII,
)
# By letter and how often it stands: the name of the part and what it looks like.
_LETTERS: tuple[tuple[str, str, str], ...] = (
    ("yyyy|uuuu|YYYY|xxxx", "year", r"[+-]?\d{4}"),
    ("yyy|uuu", "year", r"[+-]?\d{3,9}"),
    ("yy|uu", "short_year", r"\d{2}"),
    ("y|u", "year", r"[+-]?\d{1,9}"),
    ("MMMM|LLLL", "month_name", "|".join(_MONTHS)),
    ("MMM|LLL", "month_name", "|".join(name[:3] for name in _MONTHS)),
    ("MM|LL", "month", r"\d{2}"),
    ("M|L", "month", r"\d{1,2}"),
    ("DDD", "ordinal", r"\d{3}"),
    ("dd", "day", r"\d{2}"),
    ("d", "day", r"\d{1,2}"),
    ("w|ww", "week", r"\d{1,2}"),
    ("e|c", "week_day", "[1-7]"),
    ("EEEE|eeee|cccc", "weekday", "|".join(_DAYS)),
    ("E{1,3}|e{3}|c{3}", "weekday", "|".join(name[:3] for name in _DAYS)),
    ("HH|kk", "hour", r"\d{2}"),
    ("H|k", "hour", r"\d{1,2}"),
    ("hh|KK", "half_hour", r"\d{2}"),
    ("h|K", "half_hour", r"\d{1,2}"),
    ("mm", "minute", r"\d{2}"),
    ("m", "minute", r"\d{1,2}"),
    ("ss", "second", r"\d{2}"),
    ("s", "second", r"\d{1,2}"),
    ("S{1,9}|n", "fraction", r"\d{1,9}"),
    ("a", "half", "AM|PM|am|pm"),
    ("Z{1,5}|X{1,5}|x{1,5}|O{1,4}", "offset", r"Z|(?:GMT|UTC)?[+-]\d{1,2}(?::?\d{2})?"),
    ("VV|z{1,4}", "zone", r"[A-Za-z_/+-]+\d{0,2}"),
)
_UNITS = {"y": "year", "M": "month", "w": "week", "d": "day", "h": "hour", "H": "hour", "m": "minute", "s": "second"}
_STEP = re.compile(r"(?:([+-])(\d*)([yMwdhHms])|/([yMwdhHms]))")


@dataclass(frozen=True)
class _Found:
    """A moment, and the smallest part of it that was given."""

    moment: datetime
    part: str


def parse(text: str, formats: str = DEFAULT, *, zone: tzinfo = UTC, up: bool = False) -> int:
    """The milliseconds since 1970 of a date; with `up` the last of those that it may mean: 2024-01 ends on the 31st.

    `formats` are patterns or names, separated by `||`. Raises IllegalArgument if none fits.
    """
    for each in formats.split("||"):
        found = _read(text, each.strip(), zone)
        if isinstance(found, int):
            return found
        if found is not None:
            moment = _ceiling(found.moment, found.part) if up else found.moment
            return milliseconds(moment)
    raise IllegalArgument(f"failed to parse date field [{text}] with format [{formats}]")


def maths(
    text: str,
    formats: str = DEFAULT,
    *,
    now: datetime | None = None,
    zone: tzinfo = UTC,
    up: bool = False,
) -> int:
    """The milliseconds of `now-1d/d`, `2024-05-01||+1M` or a plain date. Raises IllegalArgument."""
    if text.startswith("now"):
        moment, rest = (now or datetime.now(UTC)).astimezone(zone), text[3:]
    elif "||" in text:
        first, _, rest = text.partition("||")
        moment = moment_of(parse(first, formats, zone=zone)).astimezone(zone)
    else:
        return parse(text, formats, zone=zone, up=up)
    at = 0
    while at < len(rest):
        step = _STEP.match(rest, at)
        if step is None:
            raise IllegalArgument(f"operator not supported for date math [{rest[at:]}]")
        sign, count, unit, rounded = step.groups()
        try:
            if rounded:
                moment = (
                    _ceiling(_floor(moment, _UNITS[rounded]), _UNITS[rounded])
                    if up
                    else _floor(moment, _UNITS[rounded])
                )
            else:
                moment = moved(moment, _UNITS[unit], int(count or 1) * (-1 if sign == "-" else 1))
        except (OverflowError, ValueError):
            raise IllegalArgument(f"the date math [{text}] leaves the years 1 to 9999") from None
        at = step.end()
    return milliseconds(moment)


def render(value: int, formats: str = DEFAULT, zone: tzinfo = UTC) -> str:
    """A moment in milliseconds, printed in the first of the formats."""
    name = formats.split("||", maxsplit=1)[0].strip()
    if name == "epoch_millis":
        return str(value)
    if name == "epoch_second":
        return str(value // 1000)
    if not _FIRST <= value <= _LAST:
        return _far(value, name, zone)
    moment = moment_of(value).astimezone(zone)
    if name in _ISO_NAMES or name in ("date_time", "strict_date_time"):
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return _printed(moment, _NAMED.get(name.removeprefix("strict_"), name))


def _far(value: int, name: str, zone: tzinfo) -> str:
    """A moment beyond the years 1 to 9999, such as a sum of dates: the calendar is the same every 400 years."""
    cycles, within = divmod(value - _FIRST, _CYCLE)
    near = _FIRST + _CYCLE + within
    year = moment_of(near).astimezone(zone).year
    told = year + 400 * (cycles - 1)
    return render(near, name, zone).replace(f"{year:04d}", f"{'+' if told > 9999 else ''}{told:04d}", 1)


def check(formats: str) -> None:
    """Raise IllegalArgument for a format that is not known."""
    for each in formats.split("||"):
        name = each.strip()
        if name not in _ISO_NAMES and name not in ("epoch_millis", "epoch_second"):
            _pattern(_NAMED.get(name.removeprefix("strict_"), name))


def milliseconds(moment: datetime) -> int:
    """Since 1970."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def moment_of(value: float) -> datetime:
    """The moment of these milliseconds since 1970. Raises IllegalArgument beyond the years 1 to 9999."""
    try:
        return _EPOCH + timedelta(milliseconds=value)
    except OverflowError:
        raise IllegalArgument(f"[{value}] milliseconds are not within the years 1 to 9999") from None


def zone_of(text: str) -> tzinfo:
    """A time zone by name or offset. Raises IllegalArgument."""
    if re.fullmatch(_OFFSET, text):
        return _offset(text)
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise IllegalArgument(f"The time zone [{text}] is not known") from None


_ISO_NAMES = {
    "strict_date_optional_time",
    "date_optional_time",
    "strict_date_optional_time_nanos",
    "iso8601",
    "ISO8601",
}


def _read(text: str, name: str, zone: tzinfo) -> _Found | int | None:
    if name in ("epoch_millis", "epoch_second"):
        if not re.fullmatch(r"-?\d{1,18}(?:\.\d{1,9})?", text):
            return None
        value = (
            int(float(text) * (1 if name == "epoch_millis" else 1000))
            if "." in text
            else int(text) * (1 if name == "epoch_millis" else 1000)
        )
        return value if abs(value) < 2**62 else None
    if name in _ISO_NAMES:
        found = _ISO.match(text)
    else:
        found = _pattern(_NAMED.get(name.removeprefix("strict_"), name)).fullmatch(text)
    if found is None:
        return None
    try:
        return _assembled({part: value for part, value in found.groupdict().items() if value is not None}, zone)
    except (ValueError, OverflowError):
        return None


def _assembled(parts: dict[str, str], zone: tzinfo) -> _Found:
    """A moment of its parts; those below the smallest that is given are the first."""
    year = int(parts["year"]) if "year" in parts else 2000 + int(parts["short_year"]) if "short_year" in parts else 1970
    month = int(parts.get("month", 1))
    if "month_name" in parts:
        month = [name[:3] for name in _MONTHS].index(parts["month_name"][:3].capitalize()) + 1
    hour = int(parts.get("hour", 0))
    if "half_hour" in parts:
        hour = int(parts["half_hour"]) % 12 + 12 * (parts.get("half", "am").lower() == "pm")
    micro = int(parts.get("fraction", "0").ljust(6, "0")[:6])
    if "offset" in parts:
        zone = _offset(parts["offset"])
    elif "zone" in parts:
        zone = UTC if parts["zone"] in ("Z", "UTC", "GMT") else zone_of(parts["zone"])
    day = int(parts.get("day", 1))
    if "week" in parts:
        first = date.fromisocalendar(year, int(parts["week"]), int(parts.get("week_day", 1)))
        year, month, day = first.year, first.month, first.day
    moment = datetime(year, month, day, hour % 24, int(parts.get("minute", 0)), 0, micro, zone)
    moment += timedelta(seconds=int(parts.get("second", 0)), days=hour // 24)
    if "ordinal" in parts:
        moment += timedelta(days=int(parts["ordinal"]) - 1)
    given = [
        ("fraction", "fraction"),
        ("second", "second"),
        ("minute", "minute"),
        ("hour", "hour"),
        ("half_hour", "hour"),
    ]
    given += [
        ("day", "day"),
        ("ordinal", "day"),
        ("week_day", "day"),
        ("week", "week"),
        ("month", "month"),
        ("month_name", "month"),
    ]
    return _Found(moment, next((part for name, part in given if name in parts), "year"))


def _offset(text: str) -> timezone:
    text = text.removeprefix("GMT").removeprefix("UTC")
    if text in ("Z", ""):
        return UTC
    digits = text[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    return timezone(timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1))


def _floor(moment: datetime, unit: str) -> datetime:
    if unit == "week":
        return _floor(moment, "day") - timedelta(days=moment.weekday())
    names = ("month", "day", "hour", "minute", "second")
    first = {"month": 1, "day": 1}
    below = names if unit == "year" else names[names.index(unit) + 1 :]
    cleared = {name: first.get(name, 0) for name in below}
    return moment.replace(microsecond=0, **cleared)  # type: ignore[arg-type]


def _ceiling(moment: datetime, unit: str) -> datetime:
    """The last millisecond of the unit that begins with this moment."""
    if unit == "fraction":
        return moment
    try:
        return moved(_floor(moment, unit), unit, 1) - timedelta(milliseconds=1)
    except (OverflowError, ValueError):  # nothing comes after the year 9999
        return datetime.max.replace(microsecond=999_000, tzinfo=moment.tzinfo)


def moved(moment: datetime, unit: str, count: int) -> datetime:
    """So many years, months, days, … later; a day that the month has not got is its last.

    Raises OverflowError, ValueError beyond the years 1 to 9999.
    """
    if unit in ("year", "month"):
        months = moment.year * 12 + moment.month - 1 + count * (12 if unit == "year" else 1)
        year, month = divmod(months, 12)
        return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))
    return moment + timedelta(**{f"{unit}s": count})


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    """The regular expression of a Java pattern. Raises IllegalArgument."""
    return re.compile("".join(_pieces(pattern, lambda name, form: f"(?P<{name}>{form})", re.escape)), re.ASCII)


def _pieces(pattern: str, part: Callable[[str, str], str], literal: Callable[[str], str]) -> Sequence[str]:
    pieces, at, seen = list[str](), 0, set[str]()
    while at < len(pattern):
        letter = pattern[at]
        if letter == "'":
            end = pattern.find("'", at + 1)
            if end < 0:
                raise IllegalArgument(f"Invalid format: [{pattern}]: Pattern ends with an incomplete string literal")
            pieces.append(literal(pattern[at + 1 : end] or "'"))
            at = end + 1
        elif letter in "[]":
            pieces.append("(?:" if letter == "[" else ")?")
            at += 1
        elif not (letter.isascii() and letter.isalpha()):
            pieces.append(literal(letter))
            at += 1
        else:
            run = re.match(f"{letter}+", pattern[at:])
            name, form = _letters(run[0] if run else letter, pattern)
            if name in seen:
                raise IllegalArgument(f"Invalid format: [{pattern}]: the part [{letter}] stands there twice")
            seen.add(name)
            pieces.append(part(name, form))
            at += len(run[0]) if run else 1
    if pattern.count("[") != pattern.count("]"):
        raise IllegalArgument(f"Invalid format: [{pattern}]: Pattern invalid as it contains unbalanced brackets")
    return pieces


@lru_cache(maxsize=1024)
def _letters(run: str, pattern: str) -> tuple[str, str]:
    for forms, name, form in _LETTERS:
        if re.fullmatch(forms, run):
            return name, (rf"\d{{{len(run)}}}" if name == "fraction" and run[0] == "S" else form)
    raise IllegalArgument(f"Invalid format: [{pattern}]: Unknown pattern letter: {run}")


def _printed(moment: datetime, pattern: str) -> str:
    plain = pattern.replace("[", "").replace("]", "")
    pieces = re.finditer(r"'(?P<quoted>[^']*)'|(?P<letter>[A-Za-z])(?P=letter)*|.", plain)
    return "".join(
        _part(moment, piece[0]) if piece["letter"] else (piece["quoted"] or "'") if piece[0][0] == "'" else piece[0]
        for piece in pieces
    )


def _part(moment: datetime, run: str) -> str:
    name, _ = _letters(run, run)
    width = len(run)
    if run[0] == "Y":
        return str(moment.isocalendar().year).zfill(width)
    if name in ("month_name", "weekday"):
        full = _MONTHS[moment.month - 1] if name == "month_name" else _DAYS[moment.weekday()]
        return full if width == 4 else full[:3]
    if name == "offset":
        told = moment.strftime("%z")
        if run[0] == "X" and told == "+0000":
            return "Z"
        return f"{told[:3]}:{told[3:]}" if width >= 3 and run[0] in "Xx" else told
    if name == "fraction":
        return f"{moment.microsecond:06d}000"[:width]
    others = {
        "short_year": moment.year % 100,
        "ordinal": moment.timetuple().tm_yday,
        "half_hour": (moment.hour - 1) % 12 + 1,
        "week": moment.isocalendar().week,
        "week_day": moment.isoweekday(),
        "half": "PM" if moment.hour >= 12 else "AM",
        "zone": moment.tzname() or "UTC",
    }
    return str(others[name] if name in others else getattr(moment, name)).zfill(width)
