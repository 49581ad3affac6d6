"""Dates: kept as milliseconds since 1970."""

from typing import Any, ClassVar

from connote.contract import dates
from connote.contract.errors import BadMapping, IllegalArgument
from connote.contract.settings import java
from connote.search.analysis import Analysis
from connote.search.mapping.field import LEAF, Field, Param, anything, flag, text
from connote.search.mapping.values import Values


class Date(Field):
    """A date by its formats, or milliseconds since 1970."""

    kind: ClassVar[str] = "date"
    params = LEAF | {
        "format": Param(text, dates.DEFAULT, updatable=True),
        "locale": Param(text),
        "null_value": Param(anything),
        "ignore_malformed": Param(flag, False, updatable=True),
        "script": Param(anything),
        "on_script_error": Param(text),
    }

    def prepare(self, analysis: Analysis) -> None:  # noqa: ARG002
        """The formats are known."""
        check(self)

    def read(self, value: Any, *, up: bool = False) -> int:  # noqa: ANN401
        """The milliseconds of a value; with `up` the last that it may mean. Raises IllegalArgument."""
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise IllegalArgument(f"failed to parse date field [{java(value)}] with format [{self['format']}]")
        return dates.parse(str(int(value) if isinstance(value, float) else value), self["format"], up=up)

    def add(self, value: Any, into: Values, path: str) -> None:  # noqa: ARG002, ANN401
        """A date."""
        into.numbers[self.name].append(self.read(value))


def check(field: Field) -> None:
    """Raise BadMapping for formats that are not known."""
    try:
        dates.check(field["format"])
    except IllegalArgument as error:
        raise BadMapping(f"Invalid format for field [{field.name}]: {error}") from None


class DateNanos(Date):
    """A date; what is below a millisecond is cut off."""

    kind: ClassVar[str] = "date_nanos"
