"""Texts, read as values of other types."""

import ipaddress
import re
from collections.abc import Callable
from typing import Any

from connote.contract import dates
from connote.contract.errors import ConnoteError
from connote.search.esql.periods import period
from connote.search.esql.rendering import places
from connote.search.mapping.geo import point
from connote.search.query import areas

_SPAN = re.compile(r"\s*(-?\d{1,12})\s*([A-Za-z]+)\s*")


def read(kind: str, text: str) -> Any:  # noqa: ANN401 (of that type)
    """A value of a type, `span` among them. Raises ValueError, ConnoteError."""
    return _READERS[kind](text)


def date(text: str) -> int:
    """Milliseconds since 1970."""
    return dates.parse(text, "strict_date_optional_time")


def address(text: str) -> str:
    """An address in the form that it is compared in."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError(f"'{text}' is not an IP string literal.") from None


def place(text: str) -> complex:
    """Longitude + latitude * i of `POINT (lon lat)`."""
    try:
        latitude, longitude = point(text)
    except ConnoteError as error:
        raise ValueError(error.reason) from None
    return complex(longitude, latitude)


def shape(text: str) -> str:
    """Well-known text of an area, or of a place as `places` writes it. Raises ValueError, ConnoteError."""
    if text.lstrip()[:5].upper() == "POINT":
        return places(place(text))
    areas.parse(text)
    return text


def boolean(text: str) -> bool:
    """Only the word true is true."""
    return text.lower() == "true"


def span(text: str) -> Any:  # noqa: ANN401
    """`3 days`."""
    found = _SPAN.fullmatch(text)
    made = None if found is None else period(int(found[1]), found[2].lower())
    if made is None:
        raise ValueError(f"Invalid interval value in [{text}], expected integer followed by a unit of time")
    return made


_READERS: dict[str, Callable[[str], Any]] = {
    "boolean": boolean,
    "date": date,
    "geo_point": place,
    "geo_shape": shape,
    "ip": address,
    "span": span,
    "version": str,
}
