"""Expressions whose columns and types are known: what is run over a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from connote.search.engine.arrays import Floats, Mask
from connote.search.esql.column import Column
from connote.search.esql.functions.registry import Function, Place
from connote.search.esql.page import Page
from connote.search.esql.running import Running, check_held
from connote.search.esql.source import Among, Source
from connote.search.query.knn import Knn
from connote.search.query.nested import First
from connote.search.query.query import Query
from connote.search.thread import check


@dataclass(frozen=True)
class Node:
    """Its `type`, and the part of the query that it is."""

    type: str
    text: str
    at: str

    def run(self, page: Page) -> Column:
        """Its values in all rows."""
        raise NotImplementedError

    def parts(self) -> Sequence["Node"]:
        """What it is made of."""
        return ()


@dataclass(frozen=True)
class Constant(Node):
    """The same in all rows."""

    value: Any = None

    def run(self, page: Page) -> Column:
        """The value, as often as there are rows."""
        return page.constant(self.type, self.value)


@dataclass(frozen=True)
class Reference(Node):
    """A column of the page."""

    name: str = ""

    def run(self, page: Page) -> Column:
        """The column."""
        return page[self.name]


@dataclass(frozen=True)
class Applied(Node):
    """A function of some arguments."""

    function: Function | None = None
    arguments: tuple[Node, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def run(self, page: Page) -> Column:
        """What the function makes of its arguments."""
        assert self.function is not None  # noqa: S101 (only so are they made)
        place = Place(self.type, self.text, self.at, page.running)
        if self.function.name in ("and", "or"):  # one part after another: there may be many
            found = self.arguments[0].run(page)
            for each in self.arguments[1:]:
                check()
                found = self.function.run([found, each.run(page)], page.size, place)
            return found
        columns, held = list[Any](), 0
        for number, each in enumerate(self.arguments):
            if self.function.takes_constant(number):
                columns.append(each.value if isinstance(each, Constant) else folded(each, page.running))
                continue
            column = each.run(page)
            held += column.held
            check_held(held)
            columns.append(column)
        return self.function.run(columns, page.size, place, self.options)

    def parts(self) -> Sequence[Node]:
        """Its arguments."""
        return self.arguments


@dataclass(frozen=True)
class Search(Node):
    """Which documents of the source a query finds, and if somebody wants to know how well.

    `asked` are by index the queries with the vectors of their texts, once endpoints have been asked for these.
    """

    query: Query | None = None
    source: Source = field(default_factory=lambda: Source([]))
    is_scored: bool = False
    asked: list[Query] = field(default_factory=list)
    found: list[tuple[Mask, Floats]] = field(default_factory=list)

    @property
    def is_near(self) -> bool:
        """Whether it finds only so many, so that it matters which conditions come first."""
        return isinstance(self.query, Knn)

    def among(self, allowed: Mask) -> "Search":
        """The same of some documents (bool [documents]): so many of these."""
        only = Among(source=self.source, allowed=allowed)
        asked = [replace(each, filters=(*each.filters, only)) if isinstance(each, Knn | First) else each
                 for each in self.asked]  # fmt: skip
        return replace(self, asked=asked, found=[])

    def run(self, page: Page) -> Column:
        """Whether each row's document is found."""
        mask, _ = self._all()
        return Column.whole("boolean", mask[page.documents])

    def scores(self, page: Page) -> Floats:
        """float32 [rows]: 0 where it is not found."""
        mask, scores = self._all()
        found: Floats = np.where(mask[page.documents], scores[page.documents], np.float32(0))
        return found

    def _all(self) -> tuple[Mask, Floats]:
        if not self.found:
            weights = self.source.weights(self.asked)
            self.found.append(self.source.matching(weights, scored=self.is_scored))
        return self.found[0]


def conditions(node: Node) -> list[Node]:
    """What must be true, all of it."""
    if isinstance(node, Applied) and node.function is not None and node.function.name == "and":
        return [inner for each in node.arguments for inner in conditions(each)]
    return [node]


def folded(node: Node, running: Running) -> Any:  # noqa: ANN401
    """The value of an expression that is the same in all rows: None, a value, or a list of them."""
    if isinstance(node, Constant):
        return node.value
    row = node.run(Page.made({}, 1, running)).rows()[0]
    return None if not row else row[0] if len(row) == 1 else list(row)


def is_constant(node: Node) -> bool:
    """Whether it names no column and searches nothing."""
    if isinstance(node, Reference | Search):
        return False
    return isinstance(node, Constant) or all(is_constant(each) for each in node.parts())


def within(node: Node) -> list[Node]:
    """It and all that it is made of."""
    found, left = [], [node]
    while left:
        each = left.pop()
        found.append(each)
        left.extend(each.parts())
    return found


def scored(node: Node, page: Page) -> Floats | None:
    """What the searches in a condition add to the score of each row; None without any."""
    if isinstance(node, Search):
        return node.scores(page)
    name = node.function.name if isinstance(node, Applied) and node.function else ""
    if name not in ("and", "or"):
        return None
    found = [each for part in node.parts() if (each := scored(part, page)) is not None]
    return sum(found[1:], found[0]) if found else None
