"""`token_count`: how many tokens an analyzer makes of a text.

https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/token-count
"""

from typing import Any, ClassVar

from connote.contract.errors import BadMapping, IllegalArgument
from connote.contract.settings import java
from connote.search.analysis import Analysis, Analyzer
from connote.search.mapping.field import LEAF, Param, flag, text, whole
from connote.search.mapping.number import Integer
from connote.search.mapping.text import scalar
from connote.search.mapping.values import Values


class _Given(int):
    """A number that the mapping has for texts that are null; it is no text to count in."""


class TokenCount(Integer):
    """A number, made of a text. With `enable_position_increments` what filters took out between tokens counts too."""

    kind: ClassVar[str] = "token_count"
    params = LEAF | {
        "analyzer": Param(text),
        "enable_position_increments": Param(flag, True),
        "null_value": Param(lambda value: _Given(whole(value))),
    }

    def prepare(self, analysis: Analysis) -> None:
        """The analyzer is there."""
        name = self["analyzer"]
        if name is None:
            raise BadMapping(f"Analyzer must be set for field [{self.name}] but wasn't.")
        if (found := analysis.analyzer(name)) is None:
            raise BadMapping(f"Failed to parse mapping: analyzer [{name}] not found for field [{self.name}]")
        object.__setattr__(self, "_analyzer", found)

    def count(self, value: Any) -> int:  # noqa: ANN401 (JSON)
        """The tokens of a text, or what stands for a null. Raises IllegalArgument."""
        if isinstance(value, _Given):
            return int(value)
        analyzer: Analyzer = self.__dict__["_analyzer"]
        stream = analyzer.stream(scalar(value))
        return stream.last + 1 if self["enable_position_increments"] else len({each.position for each in stream.tokens})

    def read(self, value: Any) -> int:  # noqa: ANN401
        """A number that is asked for. Raises IllegalArgument."""
        found = self.plain(value)
        if not float(found).is_integer():
            raise IllegalArgument(f"Value [{java(value)}] has a decimal part")
        return int(found)

    def add(self, value: Any, into: Values, path: str) -> None:  # noqa: ARG002, ANN401
        """A text."""
        into.numbers[self.name].append(self.count(value))
