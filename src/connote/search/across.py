"""kNN searches over several indices: their first `k` are of all indices together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from connote.search.engine.arrays import Mask, Ranked
from connote.search.engine.segment import Table
from connote.search.query.knn import Knn
from connote.search.query.query import Explanation, Hits, Query, Ranking, Weight, ranked
from connote.search.query.reader import Reader
from connote.search.session import Session
from connote.search.thread import abandonable


@dataclass(frozen=True)
class ChosenWeight(Ranking):
    """Another weight, of some documents alone."""

    inner: Weight
    chosen: Mapping[int, Mask]

    def run(self, table: Table, *, scored: bool) -> Hits:
        """Those of them that match."""
        hits = self.inner.run(table, scored=scored)
        return Hits(hits.mask & self._mask(table), hits.scores)

    def rank(self, table: Table, allowed: Mask, count: int) -> Ranked:
        """The best of them."""
        return ranked(self.inner, table, allowed & self._mask(table), count)

    def explain(self, table: Table, document: int) -> Explanation | None:
        """As the other one."""
        return self.inner.explain(table, document) if self._mask(table)[document] else None

    def _mask(self, table: Table) -> Mask:
        found = self.chosen.get(id(table.arrays))
        return np.zeros(table.size, dtype=np.bool_) if found is None else found


@dataclass(frozen=True, kw_only=True)
class Chosen(Query):
    """A query with its weight, of some documents alone: `chosen` has a mask of them for each segment."""

    inner: Query
    weight: Weight
    chosen: Mapping[int, Mask]

    def weigh(self, reader: Reader) -> Weight:  # noqa: ARG002 (it is weighed)
        """The query's scores."""
        return ChosenWeight(self.weight, self.chosen)

    def parts(self) -> Sequence[Query]:
        """The query."""
        return (self.inner,)


async def first(session: Session, query: Knn) -> list[Query]:
    """For each index of a session the query, of those documents alone that are among the first of all."""
    if len(session.seen) < 2 or query.k is None:
        return [query] * len(session.seen)
    own = await session.each(lambda seen: query.rewritten(session.asks, seen.reader))
    return await abandonable(_first, session, own, query.k)


def _first(session: Session, own: Sequence[Query], k: int) -> list[Query]:
    weights = session.every([partial(each.weigh, seen.reader) for each, seen in zip(own, session.seen, strict=True)])
    chosen: list[dict[int, Mask]] = [{} for _ in own]
    found = []
    for seen, weight in zip(session.seen, weights, strict=True):
        for segment in seen.snapshot.segments:
            mask = chosen[seen.number][id(segment.arrays)] = np.zeros(segment.size, dtype=np.bool_)
            documents, scores, _ = ranked(weight, segment, segment.live, k)
            found += [(score, document, mask) for score, document in zip(scores.tolist(), documents, strict=True)]
    found.sort(key=lambda each: -each[0])  # of equals those of the first index and segment stay before the others
    for _, document, mask in found[:k]:
        mask[document] = True
    made = zip(own, weights, chosen, strict=True)
    # The name is of those alone, too.
    return [Chosen(name=each.name, inner=replace(each, name=None), weight=own, chosen=at) for each, own, at in made]
