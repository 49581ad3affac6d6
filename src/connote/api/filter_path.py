"""`filter_path`: only the wanted parts of an answer.

Patterns are dotted paths with `*` inside a name, and `**` for any number of names; a leading `-` takes parts away.
https://www.elastic.co/docs/reference/elasticsearch/rest-apis/common-options
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Self

from connote.contract.errors import IllegalArgument
from connote.search.names import fits

Pattern = tuple[str, ...]
_MOST_PATTERNS = 100
_NOTHING = object()


@dataclass(frozen=True)
class FilterPath:
    """The patterns of what is wanted and of what is not; without any everything is."""

    wanted: frozenset[Pattern] = frozenset()
    unwanted: frozenset[Pattern] = frozenset()

    @classmethod
    def parse(cls, given: str) -> Self:
        """Of patterns with commas between them. Raises IllegalArgument for too many."""
        patterns = [part for part in given.split(",") if part]
        if len(patterns) > _MOST_PATTERNS:
            raise IllegalArgument(f"[filter_path] has {len(patterns)} patterns; at most {_MOST_PATTERNS} are allowed")
        return cls(
            frozenset(_split(part) for part in patterns if not part.startswith("-")),
            frozenset(_split(part[1:]) for part in patterns if part.startswith("-")),
        )

    def apply(self, body: Any) -> Any:  # noqa: ANN401
        """The parts of a JSON value that are left; an empty object if nothing is."""
        if self.unwanted:
            body = _without(body, self.unwanted)
        if self.wanted:
            body = _only(body, self.wanted)
        return {} if body is _NOTHING else body


def _split(pattern: str) -> Pattern:
    return tuple(pattern.split("."))


def _only(value: Any, patterns: Set[Pattern]) -> Any:  # noqa: ANN401
    if isinstance(value, Mapping):
        kept = {}
        for name, item in value.items():
            rest = _step(patterns, str(name))
            found = item if _ends(rest) else _only(item, rest) if rest else _NOTHING
            if found is not _NOTHING:
                kept[name] = found
        return kept or _NOTHING
    if isinstance(value, Sequence) and not isinstance(value, str):
        items = [found for item in value if (found := _only(item, patterns)) is not _NOTHING]
        return items or _NOTHING
    return _NOTHING


def _without(value: Any, patterns: Set[Pattern]) -> Any:  # noqa: ANN401
    if isinstance(value, Mapping):
        return {
            name: _without(item, rest) for name, item in value.items() if not _ends(rest := _step(patterns, str(name)))
        }
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_without(item, patterns) for item in value]
    return value


def _step(patterns: Set[Pattern], name: str) -> set[Pattern]:
    """What is left of each pattern once it has matched a name."""
    left = set[Pattern]()
    for pattern in patterns:
        for tail in _tails(pattern):
            if tail and tail[0] == "**":
                left.add(tail)
            elif tail and fits(name, tail[0]):
                left.add(tail[1:])
    return left


def _tails(pattern: Pattern) -> list[Pattern]:
    """The pattern, and without its leading `**`s, which may stand for nothing."""
    tails = [pattern]
    while tails[-1] and tails[-1][0] == "**":
        tails.append(tails[-1][1:])
    return tails


def _ends(patterns: Set[Pattern]) -> bool:
    return any(all(name == "**" for name in pattern) for pattern in patterns)
