"""The retriever `diversify`: of another one's documents those that are not too much like each other.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/retrievers/diversify-retriever
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from connote.search.query.knn import Knn
from connote.search.query.query import Query
from connote.search.retriever import Joined, Key, Run, Scored

Doubles = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Diversified(Joined):
    """Maximal marginal relevance over a field's vectors; the order and the scores stay the inner retriever's.

    `balance` is 1 for relevance to `near` only, 0 for difference only. Documents without a vector are left out.
    """

    near: Knn
    balance: float
    count: int

    async def ranked(self, run: Run, size: int, filters: Sequence[Query]) -> list[Scored]:
        """Those that are chosen. Raises IllegalArgument for a field of no vectors."""
        (found,) = await self._lists(run, size, filters)
        own = await run.vectors(self.near, [each.key for each in found])
        keys = [each.key for each in found if each.key in own.rows]
        chosen = self._chosen(keys, own.alike(keys), own.relevance(keys))
        return self._cut([each for each in found if each.key in chosen])

    def _chosen(self, keys: Sequence[Key], alike: Doubles, relevance: Doubles | None) -> set[Key]:
        return {keys[at] for at in marginal(alike, relevance, self.balance, self.count)}


def marginal(alike: Doubles, relevance: Doubles | None, balance: float, count: int) -> list[int]:
    """Maximal marginal relevance: numbers of the chosen, in the order of choice.

    `alike` [n, n] says how alike each two are, `relevance` [n] how near to the query: without it the first is the most
    relevant, and difference alone decides. https://doi.org/10.1145/290941.291025
    """
    left = list(range(len(alike)))
    if not left or count < 1:
        return []
    chosen = [0 if relevance is None else int(np.argmax(relevance))]
    left.remove(chosen[0])
    gain = np.zeros(len(alike)) if relevance is None else balance * relevance
    while left and len(chosen) < count:
        worth = gain[left] - (1 - balance) * alike[np.ix_(left, chosen)].max(axis=1)
        chosen.append(left.pop(int(np.argmax(worth))))
    return chosen
