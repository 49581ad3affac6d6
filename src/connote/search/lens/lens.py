"""Why a document answers a query, or a retriever, as it does."""

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import numpy as np

from connote.endpoints.endpoints import Endpoints
from connote.endpoints.inference import Inference
from connote.runtime.library import Library
from connote.search import trees
from connote.search.asks import Asked
from connote.search.collect import Seen
from connote.search.index import Index
from connote.search.indices import Indices
from connote.search.lens.clause import Clauses
from connote.search.lens.cutting import Cutting
from connote.search.lens.sight import Sight
from connote.search.query.parse import parse
from connote.search.query.query import Query
from connote.search.retriever import Key, Scored
from connote.search.rulesets import Rulesets
from connote.search.session import Session
from connote.search.trees import Scope
from connote.search.view import NO_FILTERS, Filters

Told = dict[str, Any]
# Retrievers rank so many documents, unless they say that they rank fewer.
WINDOW = 100


class Lens:
    """Looks at one document of one index."""

    def __init__(
        self, indices: Indices, endpoints: Endpoints, inference: Inference, rulesets: Rulesets, library: Library
    ) -> None:
        self._indices, self._endpoints, self._inference, self._rulesets = indices, endpoints, inference, rulesets
        self._cutting = Cutting(endpoints, library)

    async def query(
        self, index: Index, query: Mapping[str, Any], id: str, filters: Filters = NO_FILTERS
    ) -> Told | None:
        """What of the query the document met; None if searches do not see such a document, as `filters` of aliases say.

        Raises as a search does.
        """
        parsed = parse(query)
        index.check_readable()
        with ExitStack() as held:
            session = await self._session(index, held, filters)
            (seen,) = session.seen
            rewritten = await parsed.rewritten(session.asks, seen.reader)
            return await asyncio.to_thread(self._queried, seen, rewritten, id)

    async def retriever(
        self, index: Index, retriever: Mapping[str, Any], id: str, filters: Filters = NO_FILTERS
    ) -> Told | None:
        """The same for a retriever: the queries in it, with the document's place in each."""
        index.check_readable()
        with ExitStack() as held:
            session = await self._session(index, held, filters)
            (seen,) = session.seen
            size = _window(retriever)
            tree = trees.parse(retriever, Scope(size, 1, session.split))
            ranked = await tree.ranked(session, size, [])
            leaves = [await each.rewritten(session.asks, seen.reader) for each in tree.queries([])]
            return await asyncio.to_thread(self._ranked, seen, next(iter(retriever)), ranked, leaves, id)

    async def _session(self, index: Index, held: ExitStack, filters: Filters) -> Session:
        asks = Asked(self._endpoints, self._inference, self._indices, self._rulesets)
        return await Session.open([index.name], self._indices, asks, held, filters)

    def _queried(self, seen: Seen, query: Query, id: str) -> Told | None:
        sight = Sight.of(seen, id)
        if sight is None:
            return None
        weight = query.weigh(seen.reader)
        score, why = sight.score(weight), weight.explain(sight.segment, sight.document)
        return {
            "_index": seen.index.name,
            "_id": id,
            "matched": score is not None,
            "score": score,
            "rank": None if score is None else sight.rank(weight, score),
            "clause": Clauses(sight, self._cutting).told(query),
            "explanation": why.wire() if why else None,
        }

    def _ranked(self, seen: Seen, kind: str, ranked: list[Scored], queries: list[Query], id: str) -> Told | None:
        sight = Sight.of(seen, id)
        if sight is None:
            return None
        own = Key(0, sight.number, sight.document)
        place = next(((rank, each) for rank, each in enumerate(ranked, start=1) if each.key == own), None)
        told: Told = {"matched": place is not None, "score": None if place is None else np.float32(place[1].score)}
        why = None if place is None else place[1].why
        return {
            "_index": seen.index.name,
            "_id": id,
            **told,
            "rank": None if place is None else place[0],
            "clause": {
                "occur": "retriever",
                "kind": kind,
                **told,
                "clauses": [self._leaf(sight, query) for query in queries],
            },
            "explanation": why.wire() if why else None,
        }

    def _leaf(self, sight: Sight, query: Query) -> Told:
        weight = query.weigh(sight.reader)
        score = sight.score(weight)
        told = Clauses(sight, self._cutting).told(query)
        return {**told, "rank": None if score is None else sight.rank(weight, score)}


def _window(retriever: Mapping[str, Any]) -> int:
    """How many documents are ranked: as many as the retriever has in its window, if these are fewer than usual."""
    given = next(iter(retriever.values()), None)
    own = given.get("rank_window_size") if isinstance(given, Mapping) else None
    return min(own, WINDOW) if type(own) is int and own > 0 else WINDOW
