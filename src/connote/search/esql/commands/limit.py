"""LIMIT: the first rows, of all or of each group."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from connote.search.esql.bind import bind, refuse, usable
from connote.search.esql.commands.command import Command, Step
from connote.search.esql.nodes import Node
from connote.search.esql.page import Page
from connote.search.esql.scope import Problem, Scope
from connote.search.esql.tree import Expression, Named
from connote.search.thread import check

if TYPE_CHECKING:
    from connote.search.esql.parser import Parser

_UNGROUPED = ("dense_vector", "_source", "date_period", "time_duration")


def read(parser: "Parser") -> Command:
    """`LIMIT 10`, or `LIMIT 1 BY field, …`."""
    value, told, start = parser.amount()
    if not isinstance(value, int) or value < 0:
        raise parser.fault(f"value of [LIMIT] must be a non negative integer, found value [{told}]", start)
    return LimitBy(value, parser.columns()) if parser.take("by") else Limit(value)


@dataclass(frozen=True)
class Limit:
    """How many rows stay."""

    count: int

    def expressions(self) -> list[Expression]:
        """None."""
        return []

    def bind(self, scope: Scope) -> Step:
        """Behind it nothing is searched."""
        scope.behind = scope.behind or "LIMIT"
        return lambda page: page if page.size <= self.count else page.take(np.arange(self.count))


@dataclass(frozen=True)
class LimitBy:
    """How many rows of each group stay."""

    count: int
    by: list[Named]

    def expressions(self) -> list[Expression]:
        """What rows are grouped by."""
        return [each.expression for each in self.by]

    def bind(self, scope: Scope) -> Step:
        """Behind it nothing is searched."""
        nodes = list[Node]()
        for each in self.by:
            try:
                node = bind(each.expression, scope)
                usable(node, scope)
                refuse(node, _UNGROUPED, f"cannot group by on [{node.type}] type for grouping [{node.text}]")
            except Problem as problem:
                scope.noted(problem)
            else:
                nodes.append(node)
        scope.behind = scope.behind or "LIMIT"
        return lambda page: _first(page, nodes, self.count)


def _first(page: Page, nodes: list[Node], count: int) -> Page:
    """The first rows of those that have the same values, in their order."""
    seen, kept = Counter[tuple[object, ...]](), list[int]()
    for at, key in enumerate(zip(*(node.run(page).rows() for node in nodes), strict=True)):
        if at % 4096 == 0:
            check()
        seen[key] += 1
        if seen[key] <= count:
            kept.append(at)
    return page.take(np.array(kept, dtype=np.int64))
