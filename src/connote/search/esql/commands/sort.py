"""SORT and SAMPLE: the order of rows, and which of them stay by chance."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from connote.search.esql.aggregates.picks import ranked
from connote.search.esql.bind import bind, refuse, usable
from connote.search.esql.column import Column
from connote.search.esql.commands.command import Step
from connote.search.esql.nodes import Node
from connote.search.esql.page import Page
from connote.search.esql.scope import Problem, Scope
from connote.search.esql.tree import Expression

if TYPE_CHECKING:
    from connote.search.esql.parser import Parser

UNSORTED = ("dense_vector", "geo_point", "geo_shape", "_source", "unsupported", "date_period", "time_duration")


@dataclass(frozen=True)
class Key:
    """What rows are sorted by."""

    by: Expression
    descends: bool
    nulls_first: bool


@dataclass(frozen=True)
class Sort:
    """By the first key, then the next."""

    keys: list[Key]

    @classmethod
    def read(cls, parser: "Parser") -> "Sort":
        """`SORT expression ASC|DESC NULLS FIRST|LAST, …`."""
        keys = list[Key]()
        while True:
            by, descends = parser.expression(), parser.take("asc", "desc") == "desc"
            nulls = descends
            if parser.take("nulls"):
                nulls = parser.expect("first", "last") == "first"
            keys.append(Key(by, descends, nulls))
            if not parser.take(","):
                return cls(keys)

    def expressions(self) -> list[Expression]:
        """Those of the keys."""
        return [key.by for key in self.keys]

    def bind(self, scope: Scope) -> Step:
        """The columns stay."""
        nodes = list[tuple[Node, Key]]()
        for key in self.keys:
            try:
                node = bind(key.by, scope)
                usable(node, scope)
                refuse(node, UNSORTED, f"cannot sort on {node.type}")
            except Problem as problem:
                scope.noted(problem)
            else:
                nodes.append((node, key))

        def run(page: Page) -> Page:
            parts = [
                each
                for node, key in nodes
                for each in arrays(node.run(page), descends=key.descends, nulls_first=key.nulls_first)
            ]
            return page.take(np.lexsort(parts[::-1])) if parts and page.size else page

        return run


def arrays(column: Column, *, descends: bool = False, nulls_first: bool = False) -> list[Any]:
    """What rows are sorted by: of several values the least, and if it descends the greatest."""
    if column.type == "null":
        return []
    values = column.values
    if column.many:
        values = values.copy()
        for at, row in column.many.items():
            by = dict(zip(row, _ranks(column.type, row), strict=True))
            values[at] = (max if descends else min)(row, key=by.__getitem__)
    found, kept = np.zeros(len(values), dtype=np.float64), np.flatnonzero(~column.nulls)
    ranks = ranked(column.type, values[kept])
    if ranks.dtype == np.int64 and len(ranks) and max(int(ranks.max()), -int(ranks.min())) > 2**52:
        ranks = np.unique(ranks, return_inverse=True)[1]
    found[kept] = ranks
    nulls = ~column.nulls if nulls_first else column.nulls
    return [nulls, -found if descends else found]


def _ranks(kind: str, row: tuple[object, ...]) -> list[float]:
    values = Column.of(kind, [[each] for each in row]).values
    found: list[float] = ranked(kind, values).tolist()
    return found


@dataclass(frozen=True)
class Sample:
    """Which part of the rows stays, by chance."""

    part: float

    @classmethod
    def read(cls, parser: "Parser") -> "Sample":
        """`SAMPLE 0.1`."""
        value, told, start = parser.amount()
        if value is None or not 0 < value < 1:
            raise parser.fault(
                f"invalid value for SAMPLE probability [{told}], expecting a number between 0 and 1, exclusive", start
            )
        return cls(float(value))

    def expressions(self) -> list[Expression]:
        """None."""
        return []

    def bind(self, scope: Scope) -> Step:  # noqa: ARG002
        """The columns stay."""
        return lambda page: page.take(np.flatnonzero(np.random.default_rng().random(page.size) < self.part))
