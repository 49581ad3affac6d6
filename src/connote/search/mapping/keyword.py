"""Fields whose values are compared whole."""

import ipaddress
from typing import Any, ClassVar

from connote.contract.errors import BadMapping, IllegalArgument
from connote.contract.settings import java
from connote.search.analysis import Analysis, Analyzer
from connote.search.mapping.field import LEAF, Field, Param, anything, flag, length, text
from connote.search.mapping.text import scalar
from connote.search.mapping.values import Values

# Lucene takes no longer terms.
MOST_BYTES = 32766
_WORDS = LEAF | {
    "ignore_above": Param(length, 2**31 - 1, updatable=True),
    "normalizer": Param(text),
    "null_value": Param(anything),
    "eager_global_ordinals": Param(flag, False, updatable=True),
    "split_queries_on_whitespace": Param(flag, False, updatable=True),
    "norms": Param(flag, False),
    "index_options": Param(text, "docs"),
    "time_series_dimension": Param(flag, False),
    "script": Param(anything),
    "on_script_error": Param(text),
}


class Keyword(Field):
    """A word, taken as it is or as its normalizer makes it."""

    kind: ClassVar[str] = "keyword"
    params = _WORDS

    def prepare(self, analysis: Analysis) -> None:
        """The normalizer is there."""
        name = self["normalizer"]
        if name and analysis.normalizer(name) is None:
            raise BadMapping(f"Failed to parse mapping: normalizer [{name}] not found for field [{self.name}]")
        object.__setattr__(self, "_normalizer", analysis.normalizer(name) if name else None)

    @property
    def may_ignore(self) -> bool:
        """Words that are too long."""
        return "ignore_above" in self.params and self["ignore_above"] != self.params["ignore_above"].default

    def normal(self, value: str) -> str:
        """A value as it is compared."""
        normalizer: Analyzer | None = self.__dict__.get("_normalizer")
        return value if normalizer is None else normalizer.normalize(value)

    def add(self, value: Any, into: Values, path: str) -> None:  # noqa: ARG002, ANN401
        """A word; what is longer than `ignore_above` is left out."""
        word = scalar(value)
        if len(word) > self["ignore_above"]:
            into.ignored.add(self.name)
            return
        word = self.normal(word)
        if len(word.encode("utf-8", "surrogatepass")) > MOST_BYTES:
            raise IllegalArgument(
                f'Document contains at least one immense term in field="{self.name}" (whose UTF8 encoding is longer '
                f"than the max length {MOST_BYTES})"
            )
        into.words[self.name].append(word)


class Wildcard(Keyword):
    """A word that is searched by patterns."""

    kind: ClassVar[str] = "wildcard"


class ConstantKeyword(Keyword):
    """The same word in every document."""

    kind: ClassVar[str] = "constant_keyword"
    params = _WORDS | {"value": Param(scalar, updatable=True)}


class Version(Keyword):
    """A version: a word that stands in the order of versions."""

    kind: ClassVar[str] = "version"


class Boolean(Field):
    """true or false, kept as these words."""

    kind: ClassVar[str] = "boolean"
    params = LEAF | {
        "null_value": Param(flag),
        "ignore_malformed": Param(flag, False, updatable=True),
        "script": Param(anything),
        "on_script_error": Param(text),
    }

    def add(self, value: Any, into: Values, path: str) -> None:  # noqa: ARG002, ANN401
        """A boolean, or its text; the empty text is false."""
        into.words[self.name].append(word(value))


def word(value: Any) -> str:  # noqa: ANN401
    """The word of a boolean. Raises IllegalArgument."""
    if value is True or value == "true":
        return "true"
    if value is False or value in ("false", ""):
        return "false"
    raise IllegalArgument(f"Failed to parse value [{java(value)}] as only [true] or [false] are allowed.")


class Ip(Field):
    """An address, kept in one form; queries may name a network."""

    kind: ClassVar[str] = "ip"
    params = LEAF | {
        "null_value": Param(text),
        "ignore_malformed": Param(flag, False, updatable=True),
        "script": Param(anything),
    }

    def add(self, value: Any, into: Values, path: str) -> None:  # noqa: ARG002, ANN401
        """An address of either version."""
        try:
            into.words[self.name].append(str(ipaddress.ip_address(scalar(value))))
        except ValueError:
            raise IllegalArgument(f"'{java(value)}' is not an IP string literal.") from None


class Binary(Field):
    """Bytes as base64: kept in the source, never searched."""

    kind: ClassVar[str] = "binary"

    def add(self, value: Any, into: Values, path: str) -> None:  # noqa: ARG002, ANN401
        """Any text."""
        scalar(value)
