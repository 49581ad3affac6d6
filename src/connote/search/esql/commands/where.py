"""WHERE: only rows for which a condition is true."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from connote.search.esql.bind import condition
from connote.search.esql.column import Column
from connote.search.esql.commands.command import Step
from connote.search.esql.nodes import Constant, Node, scored
from connote.search.esql.page import Page
from connote.search.esql.scope import Problem, Scope
from connote.search.esql.tree import Expression

if TYPE_CHECKING:
    from connote.search.esql.parser import Parser


@dataclass(frozen=True)
class Passing:
    """The condition, bound; whether what its searches find counts for a score."""

    node: Node
    has_score: bool

    def __call__(self, page: Page) -> Page:
        """The rows for which it is true."""
        found = self.node.run(page)
        if found.type == "null":
            return page.take(np.zeros(0, dtype=np.int64))
        rows = np.flatnonzero(found.values & ~found.nulls & ~found.several)
        kept = page.take(rows)
        points = scored(self.node, kept) if self.has_score else None
        if points is None:
            return kept
        summed = Column.whole("double", kept["_score"].values + points.astype(np.float64))
        return replace(kept, columns={**kept.columns, "_score": summed})


@dataclass(frozen=True)
class Where:
    """The condition."""

    test: Expression

    @classmethod
    def read(cls, parser: "Parser") -> "Where":
        """`WHERE condition`."""
        return cls(parser.expression())

    def expressions(self) -> list[Expression]:
        """The condition."""
        return [self.test]

    def bind(self, scope: Scope) -> Step:
        """The columns stay."""
        scope.searchable = True
        try:
            node: Node = condition(self.test, scope)
        except Problem as problem:
            scope.noted(problem)
            node = Constant("boolean", "", "")
        finally:
            scope.searchable = False
        return Passing(node, scope.columns.get("_score") == "double")
