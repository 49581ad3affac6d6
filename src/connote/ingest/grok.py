"""Grok: regular expressions that are made of others by name, `%{IP:client} %{NUMBER:bytes:int}`.

https://www.elastic.co/docs/reference/enrich-processor/grok-processor; the names are those of Logstash's patterns
(https://github.com/logstash-plugins/logstash-patterns-core), the expressions behind them our own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import regex

from connote.contract import expressions
from connote.contract.errors import IllegalArgument
from connote.ingest.grokpatterns import ECS, LEGACY

Value = str | int | float | bool
# How long an expression may become, and how deep names may stand for others.
_MOST_CHARACTERS, _MOST_DEPTH = 100_000, 50
_REFERENCE = regex.compile(r"%\{(?P<name>\w+)(?::(?P<field>[^:{}]+)(?::(?P<type>\w+))?)?\}")
# Groups that are named in the expression itself are fields too.
_GROUP = regex.compile(r"\(\?P?<(?P<field>[A-Za-z_@][\w@.\-\[\]]*)>")
_TYPES: Mapping[str, Callable[[str], Value]] = {
    "int": int,
    "long": int,
    "float": float,
    "double": float,
    "boolean": lambda text: text.lower() == "true",
}


@dataclass(frozen=True)
class _Capture:
    """A group of the expression: the field that it is of, and how its text is read."""

    field: str
    kind: str | None

    def read(self, text: str) -> Value:
        """The text as what the field is to be; of no type, or of one that is not known, as it is."""
        return _TYPES.get(self.kind or "", str)(text)


class Grok:
    """One expression. Raises IllegalArgument for names that are not there, for circles, and what is no expression."""

    def __init__(self, pattern: str, library: Mapping[str, str]) -> None:
        self.pattern, self._library = pattern, library
        self._captures: dict[str, _Capture] = {}
        self._size = 0
        expanded = self._expanded(pattern, ())
        try:
            expressions.check(expanded)
            self._compiled = regex.compile(expanded)
        except (regex.error, RecursionError, OverflowError, ValueError, KeyError) as error:
            raise IllegalArgument(f"Invalid regex pattern found in: [{pattern[:200]}]. {error}") from None

    @property
    def kinds(self) -> Mapping[str, Sequence[str | None]]:
        """Of each field the types that it is given, None where none is given."""
        found: dict[str, list[str | None]] = {}
        for each in self._captures.values():
            found.setdefault(each.field, []).append(each.kind)
        return found

    @property
    def fields(self) -> Sequence[str]:
        """The fields, each once, in their order."""
        return list(dict.fromkeys(each.field for each in self._captures.values()))

    def match(self, text: str) -> dict[str, Value | list[Value]] | None:
        """The fields' values where the expression is found in a text; several of one name are a list.

        None if it is not found. Raises TimeoutError, and IllegalArgument for what is not of a field's type.
        """
        found = self._found(text)
        if found is None:
            return None
        values: dict[str, list[Value]] = {}
        for capture, given in found:
            values.setdefault(capture.field, []).append(_read(capture, given))
        return {field: each[0] if len(each) == 1 else list(each) for field, each in values.items()}

    def texts(self, text: str) -> Mapping[str, Sequence[str]] | None:
        """The same, as it stands there, whatever the types of the fields. Raises TimeoutError."""
        found = self._found(text)
        if found is None:
            return None
        texts: dict[str, list[str]] = {}
        for capture, given in found:
            texts.setdefault(capture.field, []).append(given)
        return texts

    def spans(self, text: str) -> list[tuple[int, int, str]]:
        """Where every match has its fields, and which: the first character and the one behind the last.

        Raises TimeoutError.
        """
        return [
            (*found.span(group), capture.field)
            for found in self._compiled.finditer(text, timeout=expressions.TIMEOUT)
            for group, capture in self._captures.items()
            if found[group]
        ]

    def _found(self, text: str) -> "Sequence[tuple[_Capture, str]] | None":
        found = self._compiled.search(text, timeout=expressions.TIMEOUT)
        if found is None:
            return None
        given = [(capture, found[group]) for group, capture in self._captures.items()]
        return [(capture, part) for capture, part in given if part is not None]

    def _expanded(self, pattern: str, above: tuple[str, ...]) -> str:
        """Without names of others; groups of fields have names of their own."""
        self._size += len(pattern)
        if self._size > _MOST_CHARACTERS:
            raise IllegalArgument(f"a grok pattern may become at most {_MOST_CHARACTERS} characters long")
        if len(above) > _MOST_DEPTH:
            raise IllegalArgument(f"grok patterns may be nested at most {_MOST_DEPTH} deep")

        def named(found: "regex.Match[str]") -> str:
            name, field = found["name"], found["field"]
            if name in above:
                raise IllegalArgument(f"circular reference in pattern [{name}]: {' back to '.join([*above, name])}")
            if name not in self._library:
                raise IllegalArgument(f"Unable to find pattern [{name}] in Grok's pattern dictionary")
            inner = self._expanded(self._library[name], (*above, name))
            return f"(?:{inner})" if field is None else f"(?P<{self._group(field, found['type'])}>{inner})"

        made, end = list[str](), 0
        for each in _REFERENCE.finditer(pattern):
            made += [self._grouped(pattern[end : each.start()]), named(each)]
            end = each.end()
        return "".join([*made, self._grouped(pattern[end:])])

    def _grouped(self, part: str) -> str:
        return str(_GROUP.sub(lambda found: f"(?P<{self._group(found['field'], None)}>", part))

    def _group(self, field: str, kind: str | None) -> str:
        name = f"g{len(self._captures)}"
        self._captures[name] = _Capture(field, kind)
        return name


def _read(capture: _Capture, text: str) -> Value:
    try:
        return capture.read(text)
    except (ValueError, OverflowError):
        raise IllegalArgument(f"[{text[:100]}] of the field [{capture.field}] is not of its type") from None


def library(*, ecs: bool = False) -> Mapping[str, str]:
    """The expressions by name; with `ecs` those whose fields are of the Elastic Common Schema."""
    return ECS if ecs else LEGACY


@lru_cache(maxsize=1000)
def compiled(pattern: str) -> Grok:
    """An expression of names that are always there. Raises IllegalArgument."""
    return Grok(pattern, LEGACY)
