"""What a query is, from its parsing to its hits."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from connote.contract.results import Vector
from connote.search.engine import kernels
from connote.search.engine.arrays import Floats, Mask, Ranked
from connote.search.engine.segment import Table
from connote.search.query.reader import Reader
from connote.search.query.rules import Rule


@dataclass(frozen=True)
class Hits:
    """Of one table: who matches (bool [size]), and their scores (float32 [size], of meaning only where it matches).

    Without scores all are 0: a filter's.
    """

    mask: Mask
    scores: Floats | None = None

    @classmethod
    def none(cls, size: int) -> "Hits":
        """Nobody."""
        return cls(np.zeros(size, dtype=np.bool_))

    @classmethod
    def constant(cls, mask: Mask, score: float, *, scored: bool) -> "Hits":
        """All of the mask with one score."""
        return cls(mask, np.full(len(mask), score, dtype=np.float32) if scored else None)

    def points(self) -> Floats:
        """float32 [size]: the scores, 0 where there are none."""
        if self.scores is None:
            return np.zeros(len(self.mask), dtype=np.float32)
        return self.scores


@dataclass(frozen=True)
class Explanation:
    """Why a document has its score."""

    value: float
    description: str
    details: Sequence["Explanation"] = ()

    def wire(self) -> dict[str, Any]:
        """As `explain` shows it."""
        return {
            "value": np.float32(self.value),
            "description": self.description,
            "details": [each.wire() for each in self.details],
        }


class Asks(Protocol):
    """What queries ask of others before they can run."""

    async def sparse(self, id: str, text: str) -> Mapping[str, float]:
        """The weights of a text, embedded as a query by the endpoint, deployment or model of that id."""
        ...

    async def dense(self, id: str, text: str) -> Vector:
        """The vector of a text, likewise."""
        ...

    async def task(self, id: str) -> str:
        """What the endpoint does: `sparse_embedding`, `text_embedding`. Raises NotFound."""
        ...

    async def document(self, index: str, id: str) -> Mapping[str, Any] | None:
        """The source of a document, for queries that look values up."""
        ...

    async def rules(self, id: str) -> Sequence[Rule]:
        """The query rules of a set, in order. Raises NotFound."""
        ...


class Weight(Protocol):
    """A query that knows the statistics of an index, and so can score."""

    def run(self, table: Table, *, scored: bool) -> Hits:
        """Who matches in that segment (or table of nested objects); with scores, if they are wanted."""
        ...

    def explain(self, table: Table, document: int) -> Explanation | None:
        """Why that document has its score; None if it does not match."""
        ...


class Ranking(ABC):
    """A weight that finds its best documents without scoring all."""

    @abstractmethod
    def rank(self, table: Table, allowed: Mask, count: int) -> Ranked | None:
        """The best of those that are allowed (bool [size]), as `run` would score them; None if it has to score all."""


def ranked(weight: Weight, table: Table, allowed: Mask, count: int) -> Ranked:
    """The best by a weight of the documents that are allowed, and how many match."""
    found = weight.rank(table, allowed, count) if isinstance(weight, Ranking) else None
    if found is not None:
        return found
    hits = weight.run(table, scored=True)
    mask, points = hits.mask & allowed, hits.points()
    documents = kernels.top(points, mask, count)
    return Ranked(documents, points[documents], int(np.count_nonzero(mask)))


@dataclass(frozen=True, kw_only=True)
class Query:
    """A parsed query. `name` is what `matched_queries` calls it."""

    boost: float = 1.0
    name: str | None = None

    async def rewritten(self, asks: Asks, reader: Reader) -> "Query":  # noqa: ARG002 (for those that ask)
        """The query with what it has asked for: vectors in place of texts."""
        return self

    def weigh(self, reader: Reader) -> Weight:
        """What scores documents of that index. Raises the errors of the query on its mapping."""
        raise NotImplementedError

    def named(self) -> Sequence["Query"]:
        """The queries with a name, this one and those in it."""
        own: list[Query] = [self] if self.name is not None else []
        return [*own, *(inner for each in self.parts() for inner in each.named())]

    def parts(self) -> Sequence["Query"]:
        """The queries that it is made of."""
        return ()

    def boosted(self, factor: float) -> Self:
        """The same with its boost multiplied."""
        return self if factor == 1 else replace(self, boost=self.boost * factor)


@dataclass(frozen=True)
class Constant(Ranking):
    """A weight of documents that all have one score: found by `find`."""

    find: "Find"
    score: float
    description: str = "ConstantScore"

    def run(self, table: Table, *, scored: bool) -> Hits:
        """All that are found."""
        return Hits.constant(self.find(table), self.score, scored=scored)

    def rank(self, table: Table, allowed: Mask, count: int) -> Ranked:
        """The oldest of them, as all are equal."""
        documents = np.flatnonzero(self.find(table) & allowed).astype(np.int32)
        first = documents[:count]
        return Ranked(first, np.full(len(first), self.score, dtype=np.float32), len(documents))

    def explain(self, table: Table, document: int) -> Explanation | None:
        """The score, if it is found."""
        if not self.find(table)[document]:
            return None
        return Explanation(self.score, self.description)


class Find(Protocol):
    """Finds documents."""

    def __call__(self, table: Table) -> Mask:
        """Bool [size]."""
        ...


@dataclass(frozen=True, kw_only=True)
class MatchNone(Query):
    """No document."""

    def weigh(self, reader: Reader) -> Weight:  # noqa: ARG002
        """Nothing."""
        return Constant(lambda table: np.zeros(table.size, dtype=np.bool_), 0.0, "MatchNoDocsQuery")


@dataclass(frozen=True, kw_only=True)
class MatchAll(Query):
    """Every document."""

    def weigh(self, reader: Reader) -> Weight:  # noqa: ARG002
        """Everything."""
        return Constant(lambda table: np.ones(table.size, dtype=np.bool_), self.boost, "*:*")


Numbers = NDArray[np.float64]

__all__ = [
    "Asks", "Constant", "Explanation", "Find", "Hits", "MatchAll", "MatchNone", "Query", "Ranking", "Weight", "field",
    "ranked",
]  # fmt: skip
