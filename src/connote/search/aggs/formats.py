"""How keys and figures are shown.

Decimal patterns: https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/text/DecimalFormat.html
"""

import math
import re
from dataclasses import dataclass
from datetime import UTC, tzinfo
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from connote.contract import dates
from connote.contract.errors import IllegalArgument
from connote.search.mapping.date import Date
from connote.search.mapping.field import Field
from connote.search.mapping.keyword import Boolean
from connote.search.mapping.number import Whole

_LEAST = 1 << 63
_DECIMAL = re.compile(r"(?P<before>[^#0,.]*)(?P<whole>[#,]*[0,]*)(?:\.(?P<part>0*#*))?(?P<after>[^#0,.]*)")


@dataclass(frozen=True)
class Format:
    """Of one field; `pattern` is what was asked for."""

    field: Field | None
    pattern: str | None = None
    zone: tzinfo = UTC

    @classmethod
    def of(cls, field: Field | None, pattern: str | None, zone: tzinfo = UTC) -> "Format":
        """Checked. Raises IllegalArgument."""
        if isinstance(field, Date):
            dates.check(pattern or field["format"])
        elif pattern is not None and not isinstance(field, Boolean) and field is not None:
            decimal(0.0, pattern)
        return cls(field, pattern, zone)

    @property
    def is_date(self) -> bool:
        """Whether values are dates."""
        return isinstance(self.field, Date)

    def key(self, value: Any) -> Any:  # noqa: ANN401
        """A value as a bucket's key."""
        if isinstance(self.field, Boolean):
            return int(value in ("true", True, 1))
        if isinstance(self.field, Whole | Date) and not isinstance(value, str):
            # Where a bucket begins may be less than any whole number that JSON's writer takes.
            return int(value) if float(value).is_integer() and -_LEAST <= value < 2 * _LEAST else value
        return value

    def text(self, value: Any) -> str | None:  # noqa: ANN401
        """A value as text, where Elasticsearch shows it beside the value; else None."""
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            return None
        if isinstance(self.field, Date):
            return dates.render(int(value), self.pattern or self.field["format"], self.zone)
        if isinstance(self.field, Boolean):
            return "false" if value in ("false", False, 0) else "true"
        return None if self.pattern is None or isinstance(value, str) else decimal(float(value), self.pattern)

    def bucket(self, value: Any) -> dict[str, Any]:  # noqa: ANN401
        """`key`, and `key_as_string` where there is one."""
        shown = {"key": self.key(value)}
        text = self.text(value)
        return (
            shown
            if text is None
            else {"key_as_string": text, **shown}
            if self.is_date
            else {**shown, "key_as_string": text}
        )

    def figure(self, value: float | None, name: str = "value") -> dict[str, Any]:
        """A metric's figure, and its text where there is one."""
        text = self.text(value)
        return {name: value} if text is None else {name: value, f"{name}_as_string": text}


def decimal(value: float, pattern: str) -> str:
    """A number by a decimal pattern. Raises IllegalArgument."""
    found = _DECIMAL.fullmatch(pattern.split(";", maxsplit=1)[0])
    if found is None:
        raise IllegalArgument(f"Malformed pattern [{pattern}]")
    whole, part = found["whole"], found["part"] or ""
    number = Decimal(repr(value)) * (100 if "%" in found["after"] else 1)
    if number.adjusted() > 400:
        return str(value)
    number = number.quantize(Decimal(1).scaleb(-len(part)), ROUND_HALF_EVEN) if abs(number) < 10**25 else number
    digits, _, decimals = f"{abs(number):f}".partition(".")
    least = part.count("0")
    decimals = decimals[:least] + decimals[least:].rstrip("0")
    digits = (
        digits.lstrip("0").rjust(whole.count("0"), "0") if whole.count("0") or digits.strip("0") else digits.strip("0")
    )
    if "," in whole:
        digits = f"{int(digits or 0):,}".rjust(whole.count("0"), "0")
    sign = "-" if number < 0 else ""
    return f"{sign}{found['before']}{digits}{'.' + decimals if decimals else ''}{found['after']}"
