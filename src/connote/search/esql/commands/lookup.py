"""LOOKUP JOIN: columns of another index, from the documents whose fields are equal."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from connote.search.esql import types
from connote.search.esql.column import Column
from connote.search.esql.commands.command import Step
from connote.search.esql.page import Page
from connote.search.esql.running import check_rows
from connote.search.esql.scope import Problem, Scope
from connote.search.esql.source import Source
from connote.search.esql.tree import Call, Expression, Name

if TYPE_CHECKING:
    from connote.search.esql.parser import Parser


@dataclass
class Lookup:
    """`on` are pairs of a name here and one there, and where they stand."""

    index: str
    on: list[tuple[str, str, str]]
    source: Source = field(default_factory=lambda: Source([]))

    @classmethod
    def read(cls, parser: "Parser") -> "Lookup":
        """`LOOKUP JOIN index ON field, …`, or `ON here == there`."""
        parser.expect("join")
        index = parser.index()
        parser.expect("on")
        pairs = list[tuple[str, str, str]]()
        while True:
            start = parser.token.start
            pairs += _pairs(parser.expression(), parser, start)
            if not parser.take(","):
                return cls(index, pairs)

    def expressions(self) -> list[Expression]:
        """None."""
        return []

    def bind(self, scope: Scope) -> Step:
        """The columns of the other index stand behind the others, but for those that are equal."""
        theirs, why = self.source.types()
        for here, there, at in self.on:
            kind = scope.find(here, at)
            if there not in theirs:
                raise Problem(at, f"Unknown column [{there}] in right side of join")
            if theirs[there] in ("dense_vector", "_source"):
                told = f"[{there}] of type [{types.shown(theirs[there]).upper()}]"
                raise Problem(at, f"JOIN with right field {told} is not supported")
            if types.wider([kind, theirs[there]]) is None or "unsupported" in (kind, theirs[there]):
                raise Problem(
                    at,
                    f"JOIN left field [{here}] of type [{types.shown(kind).upper()}] is incompatible with right field "
                    f"[{there}] of type [{types.shown(theirs[there]).upper()}]",
                )
        same = {there for here, there, _ in self.on if here == there}
        added = {name: kind for name, kind in theirs.items() if name not in same}
        for name, kind in added.items():
            scope.put(name, kind)
            if name in why:
                scope.why[name] = why[name]
        scope.behind = scope.behind or "LOOKUP JOIN"
        return lambda page: self._run(page, theirs, added)

    def _run(self, page: Page, theirs: dict[str, str], added: dict[str, str]) -> Page:
        documents = np.flatnonzero(self.source.allowed())
        keys = [self.source.column(there, theirs[there]).load(documents) for _, there, _ in self.on]
        places = dict[tuple[Any, ...], list[int]]()
        for at, key in _singles(keys):
            places.setdefault(key, []).append(at)
        left, right = list[int](), list[int]()
        own = dict(_singles([page[here] for here, _, _ in self.on]))
        for row in range(page.size):
            found = places.get(own[row], [-1]) if row in own else [-1]
            left += [row] * len(found)
            right += found
            if len(left) % 4096 < len(found):
                check_rows(len(left))
        check_rows(len(left))
        wanted, which = np.unique(np.array(right, dtype=np.int64), return_inverse=True)
        whole = {name: self.source.column(name, kind) for name, kind in added.items()}
        real = documents[wanted[wanted >= 0]]
        shift = int(len(wanted) and wanted[0] < 0)
        rows = which.reshape(-1) - shift  # -1 where there is none
        made = {name: column.load(real).take(rows) for name, column in whole.items()}
        if not len(real):
            made = {name: Column.nothing(kind, len(left)) for name, kind in added.items()}
        return page.take(np.array(left, dtype=np.int64)).having(made)


def _pairs(expression: Expression, parser: "Parser", start: int) -> list[tuple[str, str, str]]:
    if isinstance(expression, Name):
        return [(expression.name, expression.name, expression.at)]
    if isinstance(expression, Call) and expression.name == "and":
        return [pair for each in expression.arguments for pair in _pairs(each, parser, start)]
    if isinstance(expression, Call) and expression.name == "==":
        one, other = expression.arguments
        if isinstance(one, Name) and isinstance(other, Name):
            return [(one.name, other.name, expression.at)]
    raise parser.fault("JOIN ON clause must be a comma separated list of fields, or fields that are equal", start)


def _singles(columns: list[Column]) -> list[tuple[int, tuple[Any, ...]]]:
    """The values of rows that have one value in each column."""
    has = np.ones(len(columns[0]), dtype=np.bool_)
    for each in columns:
        has &= ~each.nulls & ~each.several
    rows = np.flatnonzero(has)
    values = zip(*(each.values[rows].tolist() for each in columns), strict=True)
    return list(zip(rows.tolist(), values, strict=True))
