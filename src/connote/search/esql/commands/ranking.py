"""What needs not be done: of searches whose best documents alone are wanted, only these are scored.

`FROM … | WHERE searches AND others | SORT _score DESC | LIMIT n`, where commands that only choose columns may stand
between.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from connote.search.esql.column import Column
from connote.search.esql.commands.command import AnyStep, Command
from connote.search.esql.commands.limit import Limit
from connote.search.esql.commands.names import Drop, Keep
from connote.search.esql.commands.sort import Sort
from connote.search.esql.commands.source import From
from connote.search.esql.commands.where import Passing, Where
from connote.search.esql.nodes import Node, Search, conditions, within
from connote.search.esql.page import Page
from connote.search.esql.source import Source
from connote.search.esql.tree import Name
from connote.search.query.boolean import Bool


@dataclass(frozen=True)
class Best:
    """The best documents by some searches, of those that pass other conditions."""

    source: Source
    searches: Sequence[Search]
    others: Sequence[Node]
    count: int

    def __call__(self, page: Page) -> Page:
        """Their rows, the best first."""
        passed = reduce(lambda left, node: Passing(node, has_score=False)(left), self.others, page)
        allowed = np.zeros(self.source.size, dtype=np.bool_)
        allowed[passed.documents] = True
        together = zip(*(search.asked for search in self.searches), strict=True)
        queries = [each[0] if len(each) == 1 else Bool(must=list(each)) for each in together]
        documents, scores = self.source.best(self.source.weights(queries), allowed, self.count)
        rows = np.searchsorted(passed.documents, documents)
        score = Column.whole("double", scores.astype(np.float64))
        kept = passed.take(rows)
        return replace(kept, columns={**kept.columns, "_score": score})


def shortened(commands: Sequence[Command], steps: list[AnyStep]) -> list[AnyStep]:
    """The steps, of which conditions, sorting and limit may have become one."""
    source = commands[0]
    end = next((at for at, each in enumerate(commands[1:], 1) if not isinstance(each, Where | Keep | Drop)), 0)
    if not isinstance(source, From) or end + 1 >= len(commands) or not _is_by_score(commands[end]):
        return steps
    limit, between = commands[end + 1], steps[1:end]
    passing = [step for step in between if isinstance(step, Passing)]
    every = [node for step in passing for node in conditions(step.node)]
    searches = [node for node in every if isinstance(node, Search)]
    others = [node for node in every if not isinstance(node, Search)]
    if (
        not isinstance(limit, Limit)
        or not searches
        or (len(every) > 1 and any(node.is_near for node in searches))
        or not all(step.has_score for step in passing)
        or any(isinstance(inner, Search) for node in others for inner in within(node))
    ):
        return steps
    chosen = [step for step in between if not isinstance(step, Passing)]
    return [steps[0], Best(source.source, searches, others, limit.count), *chosen, *steps[end + 2 :]]


def _is_by_score(command: Command) -> bool:
    if not isinstance(command, Sort) or len(command.keys) != 1:
        return False
    by = command.keys[0].by
    return command.keys[0].descends and isinstance(by, Name) and by.name == "_score"
