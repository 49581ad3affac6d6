"""Fields of numbers."""

import math
from typing import Any, ClassVar

import numpy as np

from connote.contract.errors import BadMapping, IllegalArgument
from connote.contract.settings import java
from connote.search.analysis import Analysis
from connote.search.mapping.field import LEAF, Field, Param, anything, flag, number, text
from connote.search.mapping.values import Values

_NUMBERS = LEAF | {
    "coerce": Param(flag, True, updatable=True),
    "ignore_malformed": Param(flag, False, updatable=True),
    "null_value": Param(number),
    "script": Param(anything),
    "on_script_error": Param(text),
    "time_series_dimension": Param(flag, False),
    "time_series_metric": Param(text, updatable=True),
}


# The largest float64 of 64 bits: the nearest one to 2^64 - 1 has 65.
LARGEST_UNSIGNED = float(2**64 - 2**11)


class Number(Field):
    """Base of all numbers."""

    params = _NUMBERS

    def read(self, value: Any) -> int | float:  # noqa: ANN401
        """The number as it is kept. Raises IllegalArgument."""
        raise NotImplementedError

    def add(self, value: Any, into: Values, path: str) -> None:  # noqa: ARG002, ANN401
        """A number, or with `coerce` its text."""
        if isinstance(value, str) and not self["coerce"]:
            raise IllegalArgument(f"{self.kind.capitalize()} value passed as String")
        into.numbers[self.name].append(self.read(value))

    def plain(self, value: Any) -> float | int:  # noqa: ANN401
        """A JSON value as a finite number. Raises IllegalArgument."""
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise IllegalArgument(f"Cannot parse [{java(value)}] as a number")
        try:
            found = value if isinstance(value, int) else float(value)
            if isinstance(value, str) and math.isfinite(found) and value.strip().lstrip("+-").isdigit():
                found = int(value)
        except ValueError:
            raise IllegalArgument(f'For input string: "{java(value)}"') from None
        if not isinstance(found, int) and not math.isfinite(found):
            raise IllegalArgument(f"[{self.kind}] supports only finite values, but got [{java(value)}]")
        return found


class Whole(Number):
    """Whole numbers of a range; with `coerce` a fraction is cut off."""

    least: ClassVar[int]
    most: ClassVar[int]

    def read(self, value: Any) -> int:  # noqa: ANN401
        """A whole number within the range."""
        found = self.plain(value)
        if not isinstance(found, int) and not found.is_integer() and not self["coerce"]:
            raise IllegalArgument(f"Value [{java(value)}] has a decimal part")
        if not self.least <= found <= self.most:
            raise IllegalArgument(
                f"Value [{java(value)}] is out of range for a{'n' * (self.kind[0] in 'iu')} {self.kind}"
            )
        return int(found)


class Long(Whole):
    """64 bits."""

    kind: ClassVar[str] = "long"
    least, most = -(2**63), 2**63 - 1


class Integer(Whole):
    """32 bits."""

    kind: ClassVar[str] = "integer"
    least, most = -(2**31), 2**31 - 1


class Short(Whole):
    """16 bits."""

    kind: ClassVar[str] = "short"
    least, most = -(2**15), 2**15 - 1


class Byte(Whole):
    """8 bits."""

    kind: ClassVar[str] = "byte"
    least, most = -(2**7), 2**7 - 1


class UnsignedLong(Whole):
    """From 0; above 2^53 as the nearest float64, but none of more than 64 bits."""

    kind: ClassVar[str] = "unsigned_long"
    least, most = 0, 2**64 - 1

    def read(self, value: Any) -> int | float:  # type: ignore[override]  # noqa: ANN401
        """A whole number; all of a column are float64."""
        return min(float(super().read(value)), LARGEST_UNSIGNED)


class Double(Number):
    """Float64."""

    kind: ClassVar[str] = "double"

    def read(self, value: Any) -> float:  # noqa: ANN401
        """A finite number."""
        return float(self.plain(value))


class Float(Number):
    """Float32: a value is rounded to the nearest."""

    kind: ClassVar[str] = "float"
    precision: ClassVar[type[np.floating[Any]]] = np.float32

    def read(self, value: Any) -> float:  # noqa: ANN401
        """A number that is finite in this precision."""
        with np.errstate(over="ignore"):
            found = float(self.precision(self.plain(value)))
        if not math.isfinite(found):
            raise IllegalArgument(f"[{self.kind}] supports only finite values, but got [{java(value)}]")
        return found


class HalfFloat(Float):
    """Float16."""

    kind: ClassVar[str] = "half_float"
    precision = np.float16


class ScaledFloat(Number):
    """A number rounded to a multiple of 1 / scaling_factor."""

    kind: ClassVar[str] = "scaled_float"
    params = _NUMBERS | {"scaling_factor": Param(number)}

    def prepare(self, analysis: Analysis) -> None:  # noqa: ARG002
        """There is a factor."""
        factor = self["scaling_factor"]
        if factor is None or not 0 < factor < math.inf:
            raise BadMapping(f"Field [{self.name}] misses required parameter [scaling_factor], a positive number")

    def read(self, value: Any) -> float:  # noqa: ANN401
        """The nearest multiple."""
        factor = self["scaling_factor"]
        scaled = float(self.plain(value)) * factor
        if not math.isfinite(scaled):
            raise IllegalArgument(f"[scaled_float] supports only finite values, but got [{java(value)}]")
        return float(math.floor(scaled + 0.5) / factor)


class RankFeature(Number):
    """A positive number that lifts what has it."""

    kind: ClassVar[str] = "rank_feature"
    params = LEAF | {"positive_score_impact": Param(flag, True), "null_value": Param(number)}

    def read(self, value: Any) -> float:  # noqa: ANN401
        """A number above 0."""
        found = float(self.plain(value))
        if found <= 0:
            raise IllegalArgument(
                f"featureValue must be a positive normal float, got: {found} for feature [{self.name}] on field "
                "[_feature]"
            )
        return found

    def add(self, value: Any, into: Values, path: str) -> None:  # noqa: ARG002, ANN401
        """A number above 0, kept as a column."""
        into.numbers[self.name].append(self.read(value))
