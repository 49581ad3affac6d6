"""WHERE: only rows for which a condition is true."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from connote.search.esql.bind import condition
from connote.search.esql.column import Column
from connote.search.esql.commands.command import Step
from connote.search.esql.nodes import Constant, Node, Search, conditions, scored, within
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

    @property
    def is_by_row(self) -> bool:
        """Whether it looks at each row for itself: what finds so many documents does not."""
        return not any(isinstance(each, Search) and each.is_near for each in within(self.node))

    def __call__(self, page: Page) -> Page:
        """The rows for which it is true. Of searches for so many documents it is those that pass all the rest."""
        every = conditions(self.node)
        near = [each for each in every if isinstance(each, Search) and each.is_near]
        if not near or len(every) == 1:
            return self._passed(page)
        for each in every:
            if each not in near:
                page = Passing(each, self.has_score)(page)
        allowed = np.zeros(near[0].source.size, dtype=np.bool_)
        allowed[page.documents] = True
        for search in near:
            page = Passing(search.among(allowed), self.has_score)(page)
        return page

    def _passed(self, page: Page) -> Page:
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
