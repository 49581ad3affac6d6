"""DISSECT and GROK: columns of the parts of a text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connote.contract.errors import IllegalArgument
from connote.ingest.grok import Grok, library
from connote.ingest.processors.dissect import Pattern
from connote.search.esql import types
from connote.search.esql.bind import bind, usable
from connote.search.esql.column import Column
from connote.search.esql.commands.command import ByRow, Step
from connote.search.esql.page import Page
from connote.search.esql.scope import Problem, Scope
from connote.search.esql.tree import Expression
from connote.search.thread import check

if TYPE_CHECKING:
    from connote.search.esql.parser import Parser

# Patterns of one GROK, of which the first that fits counts.
_MOST_PATTERNS = 20
_TYPES = {"int": "integer", "long": "long", "float": "double", "double": "double", "boolean": "boolean"}
# What is found in a text: by name one value or several.
Find = Callable[[str], Mapping[str, Any] | None]


@dataclass(frozen=True)
class Extract:
    """The text, the names and types of the new columns, and what finds them."""

    text: Expression
    made: Mapping[str, str]
    find: Find

    @classmethod
    def read_dissect(cls, parser: "Parser") -> "Extract":
        """`DISSECT text "%{a} %{b}" APPEND_SEPARATOR=","`."""
        text, start = parser.expression(), parser.token.start
        given, between = parser.string(), ""
        if parser.take("append_separator"):
            parser.expect("=")
            between = parser.string()
        try:
            pattern = Pattern.parse(given)
        except IllegalArgument as error:
            raise parser.fault(f"Invalid pattern for DISSECT: [{given}]: {error.reason}", start) from None
        if any(part.sign in ("*", "&") for part in pattern.parts):
            raise parser.fault("Reference keys not supported in dissect patterns", start)
        return cls(text, dict.fromkeys(pattern.names, "keyword"), lambda each: pattern.fields(each, between))

    @classmethod
    def read_grok(cls, parser: "Parser") -> "Extract":
        """`GROK text "%{WORD:a} %{NUMBER:b:int}"`."""
        text, start = parser.expression(), parser.token.start
        patterns = [parser.string()]
        while parser.take(","):
            patterns.append(parser.string())
        if len(patterns) > _MOST_PATTERNS:
            raise parser.fault(f"GROK takes at most [{_MOST_PATTERNS}] patterns", start)
        try:
            groks = [_compiled(each) for each in patterns]
            names = _typed(groks)
        except IllegalArgument as error:
            raise parser.fault(f"Invalid GROK pattern [{patterns[0][:200]}]: [{error.reason}]", start) from None
        return cls(text, names, lambda each: _first(groks, names, each))

    def expressions(self) -> list[Expression]:
        """The text."""
        return [self.text]

    def bind(self, scope: Scope) -> Step:
        """The new columns stand behind the others, and take the place of those of their names."""
        node = bind(self.text, scope)
        usable(node, scope)
        if node.type not in (*types.STRINGS, "null"):
            told = f"found expression [{node.text}] type [{types.shown(node.type).upper()}]"
            raise Problem(node.at, f"Dissect and Grok only support KEYWORD or TEXT values, {told}")
        for name, kind in self.made.items():
            scope.put(name, kind)

        def run(page: Page) -> Page:
            column = node.run(page)
            rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in self.made}
            for at, row in enumerate(column.rows()):
                if at % 1024 == 0:
                    check()
                for name, values in self._found(row).items():
                    rows[name].append(values)
            return page.having({name: Column.of(kind, rows[name]) for name, kind in self.made.items()})

        return ByRow(run)

    def _found(self, row: tuple[str, ...]) -> dict[str, tuple[Any, ...]]:
        """What is found in the texts of a row, in each for itself."""
        found: dict[str, tuple[Any, ...]] = dict.fromkeys(self.made, ())
        for text in row:
            parts = self.find(text) or {}
            for name, value in parts.items():
                found[name] += tuple(value) if isinstance(value, list) else (value,)
        return found


def _compiled(pattern: str) -> Grok:
    check()
    return Grok(pattern, library(ecs=True))


def _typed(groks: Sequence[Grok]) -> dict[str, str]:
    """The columns with their types. Raises IllegalArgument if one is wanted of several."""
    found = dict[str, str]()
    for name, given in (pair for each in groks for pair in each.kinds.items()):
        for kind in {_TYPES.get(each or "", "keyword") for each in given}:
            if found.setdefault(name, kind) != kind:
                raise IllegalArgument(f"the attribute [{name}] is defined multiple times with different types")
    return found


def _first(groks: Sequence[Grok], names: Mapping[str, str], text: str) -> Mapping[str, Any] | None:
    """What the first that fits finds, as its types; what is not of its type is left out."""
    check()
    for each in groks:
        try:
            found = each.texts(text)
        except TimeoutError:
            raise IllegalArgument("grok pattern matching was interrupted: it takes too long") from None
        if found is not None:
            read = {name: [_as(given, names[name]) for given in texts] for name, texts in found.items()}
            return {name: [value for value in values if value is not None] for name, values in read.items()}
    return None


def _as(text: str, kind: str) -> Any:  # noqa: ANN401 (of that type)
    try:
        if kind in ("integer", "long"):
            found = int(float(text)) if "." in text else int(text)
            return found if abs(found) < 2 ** (31 if kind == "integer" else 63) else None
        if kind == "double":
            return float(text)
    except (ValueError, OverflowError):
        return None
    return text.lower() == "true" if kind == "boolean" else text
