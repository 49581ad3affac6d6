"""Fields of ranges: what is kept of each are its first and its last value.

https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/range
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from connote.contract import dates
from connote.contract.errors import IllegalArgument
from connote.contract.settings import java
from connote.search.analysis import Analysis
from connote.search.mapping import addresses
from connote.search.mapping.date import Date, check
from connote.search.mapping.field import LEAF, Field, Param, flag, text
from connote.search.mapping.number import Double, Float, Integer, Long, Number
from connote.search.mapping.text import scalar
from connote.search.mapping.values import Values

_BOUNDS = ("gt", "gte", "lt", "lte")
# Those that a value which is less than exact, such as a day, is beyond or within as a whole; as in range queries.
_UP = ("gt", "lte")
# Behind the name of a field, where the column of last values is: no other field's name ends in a dot.
_LAST = "."


class Range(Field):
    """Base of all: an object of `gt` or `gte`, and of `lt` or `lte`; without one of them it has no end there."""

    params = LEAF | {"coerce": Param(flag, True, updatable=True)}
    takes_objects = True
    least: ClassVar[int | float]
    most: ClassVar[int | float]

    @property
    def last(self) -> str:
        """The column of last values; that of first ones has the field's name."""
        return self.name + _LAST

    def bound(self, value: Any, *, coerce: bool, up: bool = False) -> int | float:  # noqa: ANN401 (JSON)
        """A value as it is compared; with `up` the last one that it may mean. Raises IllegalArgument."""
        raise NotImplementedError

    def asked(self, value: Any) -> int | float:  # noqa: ANN401
        """A bound of a query. Raises IllegalArgument."""
        return self.bound(value, coerce=True)

    def beside(self, value: int | float, way: int) -> int | float:
        """The value after (1) or before (-1) another."""
        return value + way

    def shown(self, value: int | float, form: str | None) -> Any:  # noqa: ANN401, ARG002
        """A bound as `fields` shows it."""
        return value

    def span(
        self, low: int | float | None, high: int | float | None, *, with_low: bool = True, with_high: bool = True
    ) -> tuple[int | float, int | float]:
        """The first and the last value between bounds, None for no bound; the first may be behind the last."""
        first = self.least if low is None else low if with_low else self.beside(low, 1)
        last = self.most if high is None else high if with_high else self.beside(high, -1)
        return first, last

    def read(self, value: Any) -> tuple[int | float, int | float]:  # noqa: ANN401
        """The first and the last value of a range. Raises IllegalArgument."""
        given = self._object(value)
        bounds = {
            name: self.bound(each, coerce=self["coerce"], up=name in _UP)
            for name, each in given.items()
            if each is not None
        }
        low, high = (bounds.get(a, bounds.get(b)) for a, b in (("gt", "gte"), ("lt", "lte")))
        first, last = self.span(low, high, with_low="gt" not in bounds, with_high="lt" not in bounds)
        if first > last or not (self.least <= first and last <= self.most):
            raise IllegalArgument(f"min value ({first}) is greater than max value ({last})")
        return first, last

    def add(self, value: Any, into: Values, path: str) -> None:  # noqa: ARG002, ANN401
        """A range that is not empty."""
        first, last = self.read(value)
        into.numbers[self.name].append(first)
        into.numbers[self.last].append(last)

    def formatted(self, value: Any, form: str | None) -> Any:  # noqa: ANN401
        """A range of a document as `fields` shows it. Raises IllegalArgument."""
        given = self._object(value)
        return {
            name: self.shown(self.bound(each, coerce=True), form) for name, each in given.items() if each is not None
        }

    def _object(self, value: Any) -> Mapping[str, Any]:  # noqa: ANN401
        if not isinstance(value, Mapping):
            raise IllegalArgument(f"error parsing field [{self.name}], expected an object but got {java(value)[:100]}")
        if unknown := [name for name in value if name not in _BOUNDS]:
            raise IllegalArgument(f"error parsing field [{self.name}], with unknown parameter [{unknown[0][:100]}]")
        return value


class Numbers(Range):
    """A range of numbers, each of which is as a field of the kind would keep it."""

    of: ClassVar[type[Number]]

    def bound(self, value: Any, *, coerce: bool, up: bool = False) -> int | float:  # noqa: ARG002, ANN401
        """The number as it is kept."""
        if isinstance(value, str) and not coerce:
            raise IllegalArgument(f"{self.of.kind.capitalize()} value passed as String")
        return self.of(self.name, {"coerce": coerce}, {}).read(value)

    def asked(self, value: Any) -> int | float:  # noqa: ANN401
        """The number, of which nothing is cut off."""
        return self.of(self.name, {"coerce": False}, {}).read(value)


class IntegerRange(Numbers):
    """Of 32 bits."""

    kind: ClassVar[str] = "integer_range"
    of, least, most = Integer, Integer.least, Integer.most


class LongRange(Numbers):
    """Of 64 bits."""

    kind: ClassVar[str] = "long_range"
    of, least, most = Long, Long.least, Long.most


class DoubleRange(Numbers):
    """Of float64."""

    kind: ClassVar[str] = "double_range"
    of, least, most = Double, -np.inf, np.inf

    def beside(self, value: int | float, way: int) -> float:
        """The nearest other float64."""
        return float(np.nextafter(np.float64(value), np.float64(way * np.inf)))


class FloatRange(Numbers):
    """Of float32."""

    kind: ClassVar[str] = "float_range"
    of, least, most = Float, -np.inf, np.inf

    def beside(self, value: int | float, way: int) -> float:
        """The nearest other float32."""
        return float(np.nextafter(np.float32(value), np.float32(way * np.inf)))


class DateRange(Range):
    """Of milliseconds since 1970."""

    kind: ClassVar[str] = "date_range"
    params = Range.params | {"format": Param(text, dates.DEFAULT, updatable=True), "locale": Param(text)}
    least, most = Long.least, Long.most

    def prepare(self, analysis: Analysis) -> None:  # noqa: ARG002
        """The formats are known."""
        check(self)

    def bound(self, value: Any, *, coerce: bool, up: bool = False) -> int:  # noqa: ARG002, ANN401
        """The milliseconds of a date."""
        return Date(self.name, {"format": self["format"]}, {}).read(value, up=up)

    def shown(self, value: int | float, form: str | None) -> str:
        """A date in a format, or in that of the field."""
        return dates.render(int(value), form or self["format"])


class IpRange(Range):
    """Of addresses, as objects or as networks. Both ends of one are a word, for they have 128 bits."""

    kind: ClassVar[str] = "ip_range"
    least, most = 0, addresses.MOST

    def bound(self, value: Any, *, coerce: bool, up: bool = False) -> int:  # noqa: ARG002, ANN401
        """The place of an address among all."""
        return addresses.rank(scalar(value))

    def read(self, value: Any) -> tuple[int | float, int | float]:  # noqa: ANN401
        """Of a network its first and its last address."""
        if isinstance(value, str) and "/" in value:
            network = addresses.network(value)
            return addresses.rank(str(network[0])), addresses.rank(str(network[-1]))
        return super().read(value)

    def add(self, value: Any, into: Values, path: str) -> None:  # noqa: ARG002, ANN401
        """A range that is not empty."""
        into.words[self.name].append("".join(f"{int(each):032x}" for each in self.read(value)))

    def formatted(self, value: Any, form: str | None) -> Any:  # noqa: ARG002, ANN401
        """As it is given."""
        self.read(value)
        return value


RANGES: tuple[type[Range], ...] = (IntegerRange, LongRange, FloatRange, DoubleRange, DateRange, IpRange)


def ends(word: str) -> tuple[int, int]:
    """The first and the last address of what an `ip_range` keeps."""
    return int(word[:32], 16), int(word[32:], 16)
