"""Fields that are not what they hold: another's name, or a whole object as words."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from connote.contract.errors import IllegalArgument
from connote.contract.settings import java
from connote.search.mapping.field import LEAF, Field, Param, anything, flag, length, text, whole
from connote.search.mapping.keyword import Keyword
from connote.search.mapping.values import Values


class Alias(Field):
    """Another name of a field, in queries only."""

    kind: ClassVar[str] = "alias"
    params = {"path": Param(text)}  # noqa: RUF012 (as in the other fields; the base says ClassVar)

    def add(self, value: Any, into: Values, path: str) -> None:  # noqa: ARG002, ANN401
        """Documents cannot write to it."""
        raise IllegalArgument(f"Cannot write to a field alias [{self.name}].")


class Flattened(Field):
    """A whole object; each of its values is a word, under the field's name and under its own path."""

    kind: ClassVar[str] = "flattened"
    params = LEAF | {
        "depth_limit": Param(whole, 20, updatable=True),
        "ignore_above": Param(length, 2**31 - 1, updatable=True),
        "null_value": Param(text),
        "eager_global_ordinals": Param(flag, False, updatable=True),
        "index_options": Param(text, "docs"),
        "split_queries_on_whitespace": Param(flag, False, updatable=True),
        "time_series_dimensions": Param(anything),
    }
    takes_objects = True

    def add(self, value: Any, into: Values, path: str) -> None:  # noqa: ARG002, ANN401
        """An object."""
        for name, word in self.words(value):
            into.words[self.name].append(word)
            into.words[name].append(word)

    def words(self, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401
        """The words of an object, each with the name of its path. Raises IllegalArgument."""
        if not isinstance(value, Mapping):
            raise IllegalArgument(
                f"Failed to parse object: expecting token of type [START_OBJECT] but found [{java(value)}]"
            )
        for name, word in _words(self.name, value, self["depth_limit"]):
            if len(word) <= self["ignore_above"]:
                yield name, word

    def keyed(self, name: str) -> Keyword:
        """The values under one path, as a field to search."""
        return Keyword(name, {}, {})


def _words(name: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    if depth < 0:
        raise IllegalArgument(f"The provided [flattened] field [{name}] exceeds the maximum depth limit")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _words(f"{name}.{key}", inner, depth - 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(name, inner, depth)
    elif value is not None:
        yield name, java(value)
