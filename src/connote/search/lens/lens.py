"""Why a document answers a query as it does."""

import asyncio
from collections.abc import Mapping
from typing import Any

from connote.endpoints.endpoints import Endpoints
from connote.endpoints.inference import Inference
from connote.runtime.library import Library
from connote.search.asks import Asked
from connote.search.engine.segment import Snapshot
from connote.search.index import Index
from connote.search.indices import Indices
from connote.search.lens.clause import Clauses
from connote.search.lens.cutting import Cutting
from connote.search.lens.sight import Sight
from connote.search.query.parse import parse
from connote.search.query.query import Query
from connote.search.query.reader import Reader

Told = dict[str, Any]


class Lens:
    """Looks at one document of one index."""

    def __init__(self, indices: Indices, endpoints: Endpoints, inference: Inference, library: Library) -> None:
        self._indices, self._endpoints, self._inference = indices, endpoints, inference
        self._cutting = Cutting(endpoints, library)

    async def explain(self, index: Index, query: Mapping[str, Any], id: str) -> Told | None:
        """What of the query the document met; None if searches do not see such a document. Raises as a search does."""
        parsed = parse(query)
        index.check_readable()
        snapshot, mapping = await asyncio.to_thread(index.seen)
        release = index.hold(snapshot)
        try:
            reader = Reader(index.name, mapping, snapshot, index.settings.similarity())
            asks = Asked(self._endpoints, self._inference, self._indices)
            rewritten = await parsed.rewritten(asks, reader)
            return await asyncio.to_thread(self._told, index, reader, snapshot, rewritten, id)
        finally:
            release()

    def _told(self, index: Index, reader: Reader, snapshot: Snapshot, query: Query, id: str) -> Told | None:
        place = snapshot.find(id)
        if place is None:
            return None
        segment, document = snapshot.segments[place[0]], place[1]
        seq = int(segment.seqs[document])
        state = index.documents.at([seq]).get(seq)
        if state is None or state.source is None:
            return None
        sight = Sight(reader, snapshot, segment, document, state)
        weight = query.weigh(reader)
        score = sight.score(weight)
        why = weight.explain(segment, document)
        return {
            "_index": index.name,
            "_id": id,
            "matched": score is not None,
            "score": score,
            "rank": None if score is None else sight.rank(weight, score),
            "clause": Clauses(sight, self._cutting).told(query),
            "explanation": why.wire() if why else None,
        }
