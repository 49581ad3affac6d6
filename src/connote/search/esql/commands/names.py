"""KEEP, DROP and RENAME: which columns there are, and what they are called."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from connote.search.esql.commands.command import ByRow, Step
from connote.search.esql.page import Page
from connote.search.esql.scope import Problem, Scope
from connote.search.esql.tree import Expression

if TYPE_CHECKING:
    from connote.search.esql.parser import Parser

Placed = tuple[str, str]
T = TypeVar("T")


def _patterns(parser: "Parser") -> list[Placed]:
    found = list[Placed]()
    while True:
        at = parser.at(parser.token.start)
        found.append((parser.pattern(), at))
        if not parser.take(","):
            return found


def _expanded(placed: list[Placed], scope: Scope) -> list[tuple[str, list[str]]]:
    found = list[tuple[str, list[str]]]()
    for pattern, at in placed:
        try:
            found.append((pattern, scope.expand(pattern, at)))
        except Problem as problem:
            scope.noted(problem)
    return found


@dataclass(frozen=True)
class Keep:
    """Names and patterns of the columns that stay, in their order."""

    patterns: list[Placed]

    @classmethod
    def read(cls, parser: "Parser") -> "Keep":
        """`KEEP name, pattern*, …`."""
        return cls(_patterns(parser))

    def expressions(self) -> list[Expression]:
        """None."""
        return []

    def bind(self, scope: Scope) -> Step:
        """A column that several patterns mean stands where the one says that means the fewest kinds of names."""
        ranks = dict[str, int]()
        kept = dict[str, None]()
        for pattern, found in _expanded(self.patterns, scope):
            rank = 2 if pattern == "*" else 1 if "*" in pattern else 0
            for name in found:
                if rank <= ranks.get(name, 3):
                    kept.pop(name, None)
                    kept[name], ranks[name] = None, rank
        names = list(kept)
        scope.keep(names)
        return ByRow(lambda page: page.only(names))


@dataclass(frozen=True)
class Drop:
    """Names and patterns of the columns that go."""

    patterns: list[Placed]

    @classmethod
    def read(cls, parser: "Parser") -> "Drop":
        """`DROP name, pattern*, …`."""
        return cls(_patterns(parser))

    def expressions(self) -> list[Expression]:
        """None."""
        return []

    def bind(self, scope: Scope) -> Step:
        """The others stay."""
        gone = {name for _, found in _expanded(self.patterns, scope) for name in found}
        names = [name for name in scope.columns if name not in gone]
        scope.keep(names)
        return ByRow(lambda page: page.only(names))


@dataclass(frozen=True)
class Rename:
    """Pairs of an old and a new name, and where the old one stands."""

    pairs: list[tuple[str, str, str]]

    @classmethod
    def read(cls, parser: "Parser") -> "Rename":
        """`RENAME old AS new, …`, or `new = old`."""
        pairs = list[tuple[str, str, str]]()
        while True:
            at, first = parser.at(parser.token.start), parser.name()
            if parser.expect("as", "=") == "as":
                pairs.append((first, parser.name(), at))
            else:
                at = parser.at(parser.token.start)
                pairs.append((parser.name(), first, at))
            if not parser.take(","):
                return cls(pairs)

    def expressions(self) -> list[Expression]:
        """None."""
        return []

    def bind(self, scope: Scope) -> Step:
        """The column stands where it stood; one that had the new name goes."""
        steps = list[tuple[str, str]]()
        for old, new, at in self.pairs:
            if old not in scope.columns:
                scope.noted(Problem(at, scope.unknown(old)))
                continue
            steps.append((old, new))
            if old == new:
                continue
            why = scope.why.pop(old, None)
            scope.columns = _renamed(scope.columns, old, new)
            scope.mapped -= {old, new}
            if why is not None:
                scope.why[new] = why

        def run(page: Page) -> Page:
            columns = page.columns
            for old, new in steps:
                columns = _renamed(columns, old, new)
            return Page(page.size, dict(columns), page.documents, page.running)

        return ByRow(run)


def _renamed(columns: dict[str, T], old: str, new: str) -> dict[str, T]:
    if old == new:
        return columns
    return {new if name == old else name: each for name, each in columns.items() if name != new}
