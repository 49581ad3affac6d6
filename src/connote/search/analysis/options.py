"""The settings of one part of an analyzer, read by type as Elasticsearch reads them: numbers may come as strings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import IllegalArgument, Rejected
from connote.contract.settings import java


class BadSetting(Rejected):
    """A setting's value is not of its type."""

    type = "settings_exception"


@dataclass(frozen=True)
class Limits:
    """What an index allows of its analyzers."""

    max_ngram_diff: int = 1
    max_shingle_diff: int = 3
    max_token_count: int = 10_000


NO_LIMITS = Limits()


class Options:
    """What one part is set to; `name` is its name and `kind` what it is, for errors."""

    def __init__(
        self, name: str, values: Mapping[str, Any], *, kind: str = "filter", limits: Limits = NO_LIMITS
    ) -> None:
        self.name, self.values, self.kind, self.limits = name, values, kind, limits

    @property
    def type(self) -> str | None:
        """The name of its type."""
        return self.text("type")

    def has(self, key: str) -> bool:
        """Whether it is set."""
        return self.values.get(key) is not None

    def text(self, key: str, default: str | None = None) -> str | None:
        """A string; a number reads as its digits."""
        value = self.values.get(key)
        if value is None:
            return default
        return value if isinstance(value, str) else java(value)

    def integer(self, key: str, default: int) -> int:
        """A whole number of 32 bits. Raises BadSetting."""
        value = self.text(key)
        if value is None:
            return default
        try:
            number = int(value) if value.isascii() and value.strip() == value and "_" not in value else None
        except ValueError:
            number = None
        if number is None or not -(2**31) <= number < 2**31:
            raise BadSetting(f"Failed to parse int setting [{key}] with value [{value}]")
        return number

    def boolean(self, key: str, default: bool) -> bool:
        """True or false. Raises IllegalArgument."""
        value = self.text(key)
        if value is None:
            return default
        if value not in ("true", "false"):
            raise IllegalArgument(f"Failed to parse value [{value}] as only [true] or [false] are allowed.")
        return value == "true"

    def texts(self, key: str, default: Sequence[str] = ()) -> list[str]:
        """A list of strings; one string is split at its commas."""
        value = self.values.get(key)
        if value is None:
            return list(default)
        if isinstance(value, list | tuple):
            return [item if isinstance(item, str) else java(item) for item in value]
        return [part.strip() for part in (self.text(key) or "").split(",") if part.strip()]
