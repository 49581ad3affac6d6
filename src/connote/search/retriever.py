"""Retrievers: a tree whose leaves search and whose inner nodes join, rescore or rerank what these have found.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/retrievers
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from connote.contract.errors import ConnoteError, IllegalArgument
from connote.models.rankers import Ranker
from connote.search.query.body import Body
from connote.search.query.boolean import Bool
from connote.search.query.knn import Knn
from connote.search.query.parse import parse as parse_query
from connote.search.query.pinned import Pinned as PinnedQuery
from connote.search.query.query import Asks, Explanation, MatchAll, MatchNone, Query
from connote.search.query.rules import Doc

# Reciprocal ranks are of rank + constant; documents of each part that are looked at.
RANK_CONSTANT, WINDOW = 60, 10
# Documents that may be pinned in all indices of a search.
MOST_HITS = 10_000
# As Elasticsearch's index.max_rescore_window.
MOST_RESCORED = 10_000


@dataclass(frozen=True, order=True)
class Key:
    """Which document: index, segment, number in it."""

    index: int
    segment: int
    document: int


@dataclass(frozen=True)
class Scored:
    """A document with its score, and of what retrievers have made of scores why it is that."""

    key: Key
    score: float
    why: Explanation | None = None


class Near(Protocol):
    """Vectors of documents."""

    @property
    def rows(self) -> Mapping[Key, Any]:
        """By document; those without one are not there."""
        ...

    def alike(self, keys: Sequence[Key]) -> NDArray[np.float64]:
        """[keys, keys]: how alike each two are."""
        ...

    def relevance(self, keys: Sequence[Key]) -> NDArray[np.float64] | None:
        """[keys]: how near to the query; None without one."""
        ...


class Run(Protocol):
    """What retrievers need of a search."""

    @property
    def asks(self) -> Asks:
        """What answers queries."""
        ...

    async def vectors(self, near: Knn, keys: Sequence["Key"]) -> "Near":
        """The vectors of documents in the field of a knn query. Raises IllegalArgument."""
        ...

    async def ranked(
        self, query: Query, window: int, least: float | None, sort: Sequence[tuple[str, dict[str, Any]]]
    ) -> list[Scored]:
        """The first documents of a query, over all indices."""
        ...

    async def rescored(self, query: Query, keys: Sequence[Key]) -> dict[Key, float]:
        """The scores of a query for those of the documents that match it."""
        ...

    async def ranker(self, id: str) -> Ranker:
        """The model of that id, which orders documents. Raises NotFound."""
        ...

    async def reranked(self, endpoint: str, text: str, name: str, keys: Sequence[Key], chunks: Any) -> dict[Key, float]:  # noqa: ANN401
        """What a reranker says of the documents' field. Raises what the endpoint raises."""
        ...


class Rescorer(Protocol):
    """What gives the first documents a new order."""

    @property
    def window(self) -> int:
        """How many it looks at."""
        ...

    async def applied(self, run: Run, found: list[Scored]) -> list[Scored]:
        """Documents, best first, as it orders them."""
        ...


@dataclass(frozen=True, kw_only=True)
class Retriever:
    """A node. `filters` are its own; those of the nodes above come in `ranked`."""

    filters: Sequence[Query] = ()
    least: float | None = None
    name: str | None = None

    def window(self, size: int) -> int:
        """How many documents it gives."""
        return size

    async def ranked(self, run: Run, size: int, filters: Sequence[Query]) -> list[Scored]:
        """The first documents, best first. At most `window(size)`."""
        raise NotImplementedError

    def queries(self, filters: Sequence[Query]) -> list[Query]:
        """What matches, whatever its rank: for totals and aggregations."""
        raise NotImplementedError

    def _cut(self, found: list[Scored]) -> list[Scored]:
        if self.least is None:
            return found
        least = np.float32(self.least)  # as scores are told
        return [each for each in found if np.float32(each.score) >= least]


@dataclass(frozen=True, kw_only=True)
class Standard(Retriever):
    """A query; without one all that its filters let pass, or everything."""

    query: Query | None = None
    sort: Sequence[tuple[str, dict[str, Any]]] = ()

    async def ranked(self, run: Run, size: int, filters: Sequence[Query]) -> list[Scored]:
        """By score, or as it sorts."""
        return await run.ranked(filtered(self.query, [*filters, *self.filters]), size, self.least, self.sort)

    def queries(self, filters: Sequence[Query]) -> list[Query]:
        """The query."""
        return [filtered(self.query, [*filters, *self.filters])]


@dataclass(frozen=True, kw_only=True)
class Joined(Retriever):
    """Base of those that join several."""

    inner: Sequence[Retriever]
    most: int | None = None

    def window(self, size: int) -> int:
        """How many documents of each are looked at."""
        return max(self.most or 0, size) if self.most is None else self.most

    async def _lists(self, run: Run, size: int, filters: Sequence[Query]) -> list[list[Scored]]:
        wanted = self.window(size)
        return [(await each.ranked(run, wanted, [*filters, *self.filters]))[:wanted] for each in self.inner]

    def queries(self, filters: Sequence[Query]) -> list[Query]:
        """Those of all."""
        return [query for each in self.inner for query in each.queries([*filters, *self.filters])]


@dataclass(frozen=True, kw_only=True)
class Rrf(Joined):
    """Reciprocal rank fusion: a document scores weight / (constant + rank), added up.

    https://doi.org/10.1145/1571941.1572114
    """

    constant: int = RANK_CONSTANT
    weights: Sequence[float] = ()

    async def ranked(self, run: Run, size: int, filters: Sequence[Query]) -> list[Scored]:
        """By the sum."""
        parts: dict[Key, list[Explanation]] = {}
        for number, found in enumerate(await self._lists(run, size, filters)):
            weight, name = self.weights[number], self.inner[number].name or str(number)
            for rank, each in enumerate(found, start=1):
                why = f"retriever [{name}], rank [{rank}]: weight [{weight:g}] / ([{self.constant}] + rank)"
                parts.setdefault(each.key, []).append(Explanation(weight / (self.constant + rank), why))
        return self._cut(_summed(parts, "reciprocal rank fusion, sum of:"))[: self.window(size)]


@dataclass(frozen=True, kw_only=True)
class Linear(Joined):
    """A weighted sum of scores, each made comparable first."""

    weights: Sequence[float] = ()
    normalizers: Sequence[str] = ()

    async def ranked(self, run: Run, size: int, filters: Sequence[Query]) -> list[Scored]:
        """By the sum."""
        parts: dict[Key, list[Explanation]] = {}
        for number, found in enumerate(await self._lists(run, size, filters)):
            weight, normalizer = self.weights[number], self.normalizers[number]
            name = self.inner[number].name or str(number)
            for each, score in zip(found, _normal([each.score for each in found], normalizer), strict=True):
                why = f"retriever [{name}]: weight [{weight:g}] * score [{each.score:g}] normalized by [{normalizer}]"
                parts.setdefault(each.key, []).append(Explanation(weight * score, why))
        return self._cut(_summed(parts, "weighted linear combination, sum of:"))[: self.window(size)]


@dataclass(frozen=True, kw_only=True)
class Reranked(Joined):
    """The first of another retriever, in the order of a reranker."""

    field: str
    text: str
    endpoint: str = ".rerank-v1-elasticsearch"
    tolerates: bool = False
    chunks: Any = None

    async def ranked(self, run: Run, size: int, filters: Sequence[Query]) -> list[Scored]:
        """By the reranker's scores."""
        (found,) = await self._lists(run, size, filters)
        try:
            scores = await run.reranked(self.endpoint, self.text, self.field, [each.key for each in found], self.chunks)
        except ConnoteError:
            if not self.tolerates:
                raise
            return found
        why = f"text_similarity_reranker: score of endpoint [{self.endpoint}] for field [{self.field}]"
        found = [replace(each, why=Explanation(each.score, why)) for each in best(scores)]
        return self._cut(found)


@dataclass(frozen=True, kw_only=True)
class Rescored(Retriever):
    """The first of another retriever, with the score of a second query mixed in."""

    inner: Retriever
    rescores: Sequence["Rescorer"]

    def window(self, size: int) -> int:  # noqa: ARG002 (what is wanted is checked to be no more)
        """As many as all of its rescorers look at."""
        return min(each.window for each in self.rescores)

    async def ranked(self, run: Run, size: int, filters: Sequence[Query]) -> list[Scored]:
        """By the mixed scores."""
        most = max(each.window for each in self.rescores)
        found = await self.inner.ranked(run, most, [*filters, *self.filters])
        return self._cut(await rescored(run, found[:most], self.rescores))[: self.window(size)]

    def queries(self, filters: Sequence[Query]) -> list[Query]:
        """Those of the inner one."""
        return self.inner.queries([*filters, *self.filters])


@dataclass(frozen=True, kw_only=True)
class Pinned(Retriever):
    """Some documents before all others."""

    inner: Retriever
    docs: Sequence[Doc]

    async def ranked(self, run: Run, size: int, filters: Sequence[Query]) -> list[Scored]:
        """The pinned ones in their order, then the others."""
        first = await pinned_first(run, self.docs)
        return above(first, self._cut(await self.inner.ranked(run, size, [*filters, *self.filters])))

    def queries(self, filters: Sequence[Query]) -> list[Query]:
        """The pinned ones, and those of the inner one."""
        return [PinnedQuery(organic=MatchNone(), docs=self.docs), *self.inner.queries([*filters, *self.filters])]


async def pinned_first(run: Run, docs: Sequence[Doc], filters: Sequence[Query] = ()) -> list[Key]:
    """The documents that are there, in that order."""
    if not docs:
        return []
    query = filtered(PinnedQuery(organic=MatchNone(), docs=docs), filters)
    return [each.key for each in await run.ranked(query, MOST_HITS, None, ())]


def above(first: Sequence[Key], rest: Sequence[Scored]) -> list[Scored]:
    """Documents as far above all scores as Elasticsearch puts them, then the others."""
    pinned = [Scored(key, 1.7e38 * (1 - at * 1e-6)) for at, key in enumerate(first)]
    return [*pinned, *(each for each in rest if each.key not in first)]


@dataclass(frozen=True)
class Rescore:
    """A second query over the first hits."""

    query: Query
    window: int
    first: float = 1.0
    second: float = 1.0
    mode: str = "total"

    @classmethod
    def parse(cls, given: Any) -> "Rescore":  # noqa: ANN401 (JSON)
        """`{"window_size": 50, "query": {"rescore_query": {…}, "query_weight": 0.7}}`. Raises BadQuery."""
        body = Body("rescore", given)
        own = Body("rescore", body.required("query", lambda value: value))
        mode = (own.text("score_mode") or "total").lower()
        if mode not in _MIX:
            raise IllegalArgument(f"illegal score_mode [{mode}]")
        made = cls(
            own.required("rescore_query", parse_query),
            window_of(body),
            own.number("query_weight", 1.0),
            own.number("rescore_query_weight", 1.0),
            mode,
        )
        own.done()
        body.done()
        return made

    def parts(self, first: float, second: float | None) -> list[Explanation]:
        """What is mixed: the score that there was, and that of the second query, each times its weight."""
        found = [Explanation(first * self.first, f"score of [{first:g}] times query_weight [{self.first:g}]")]
        if second is not None:
            told = f"rescore_query's score of [{second:g}] times rescore_query_weight [{self.second:g}]"
            found.append(Explanation(second * self.second, told))
        return found

    def mixed(self, values: Sequence[float]) -> float:
        """One score of them; what the second query does not match keeps its own."""
        return reduce(_MIX[self.mode], values)

    async def applied(self, run: Run, found: list[Scored]) -> list[Scored]:
        """All in a new order; beyond the window they count as those that the second query does not match."""
        scores = await run.rescored(self.query, [one.key for one in found[: self.window]])
        parts = {one.key: self.parts(one.score, scores.get(one.key)) for one in found}
        mixed = best({key: self.mixed([part.value for part in own]) for key, own in parts.items()})
        told = f"rescored, {self.mode} of:"
        return [replace(one, why=Explanation(one.score, told, parts[one.key])) for one in mixed]


def window_of(body: Body) -> int:
    """The documents that a rescorer looks at. Raises BadQuery, IllegalArgument."""
    window = body.whole("window_size", WINDOW)
    if not 0 <= window <= MOST_RESCORED:
        raise IllegalArgument(
            f"Rescore window [{window}] is too large. It must be less than [{MOST_RESCORED}]. This prevents "
            "allocating massive heaps for storing the results to be rescored."
        )
    return window


async def rescored(run: Run, found: list[Scored], rescores: Sequence["Rescorer"]) -> list[Scored]:
    """The documents in the order that rescorers give them, one after another."""
    for each in rescores:
        found = await each.applied(run, found)
    return found


_MIX: Mapping[str, Callable[[float, float], float]] = {
    "total": lambda one, other: one + other,
    "multiply": lambda one, other: one * other,
    "avg": lambda one, other: (one + other) / 2,
    "max": max,
    "min": min,
}


def filtered(query: Query | None, filters: Sequence[Query]) -> Query:
    """A query among those that pass filters; of a knn search only these are looked at."""
    if query is None:
        return Bool(filters=filters) if filters else MatchAll()
    if not filters:
        return query
    if isinstance(query, Knn):
        return replace(query, filters=(*query.filters, *filters))
    return Bool(must=[query], filters=filters)


def _summed(parts: Mapping[Key, Sequence[Explanation]], description: str) -> list[Scored]:
    """Best first, with the scores' sums."""
    found = best({key: sum(each.value for each in own) for key, own in parts.items()})
    return [replace(each, why=Explanation(each.score, description, parts[each.key])) for each in found]


def best(scores: Mapping[Key, float]) -> list[Scored]:
    """Best first; of equals the older document."""
    return [Scored(key, score) for key, score in sorted(scores.items(), key=lambda item: (-item[1], item[0]))]


# Scores that differ by less are the same to a normalizer.
_ALIKE = 1e-6


def _normal(scores: Sequence[float], normalizer: str) -> list[float]:
    """Scores made comparable."""
    if normalizer == "none" or not scores:
        return list(scores)
    if normalizer == "l2_norm":
        length = sum(score * score for score in scores) ** 0.5
        return [score / length if length >= _ALIKE else score for score in scores]
    low, high = min(scores), max(scores)
    return [(score - low) / (high - low) if high - low >= _ALIKE else 1.0 for score in scores]
