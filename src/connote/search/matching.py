"""The documents of an index that match a query, as they are now, to be gone through in batches."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from connote.endpoints.endpoints import Endpoints
from connote.endpoints.inference import Inference
from connote.search import columns, view
from connote.search.asks import Asked
from connote.search.engine.arrays import Longs
from connote.search.index import Index
from connote.search.indices import Indices
from connote.search.query.parse import parse
from connote.search.query.query import MatchAll, Query
from connote.search.query.reader import Reader
from connote.search.rulesets import Rulesets
from connote.search.thread import finished
from connote.search.view import NO_FILTERS, Filters
from connote.store.documents import Stored


@dataclass(frozen=True)
class Matched:
    """The sequence numbers (int64, rising) of the documents that match in one index. `release` lets go of them."""

    index: Index
    seqs: Longs
    release: Callable[[], None]

    async def batches(self, size: int, most: int | None = None) -> AsyncIterator[list[Stored]]:
        """The documents, so many at once, and no more than `most`."""
        seqs = self.seqs if most is None else self.seqs[:most]
        for start in range(0, len(seqs), size):
            wanted = seqs[start : start + size].tolist()
            found = await asyncio.to_thread(self.index.documents.at, wanted)
            yield [found[seq] for seq in wanted if seq in found and found[seq].source is not None]


class Matching:
    """Finds documents."""

    def __init__(self, indices: Indices, endpoints: Endpoints, inference: Inference, rulesets: Rulesets) -> None:
        self._indices, self._endpoints, self._inference, self._rulesets = indices, endpoints, inference, rulesets

    async def find(
        self,
        names: Sequence[str],
        query: Mapping[str, Any] | None,
        part: tuple[int, int] | None = None,
        filters: Filters = NO_FILTERS,
        runtime: Mapping[str, Any] | None = None,
    ) -> list[Matched]:
        """What matches in each index; of several parts (number, of how many) only that one.

        `filters` are of aliases, and `runtime` has fields of the query's own.
        Raises BadQuery, IllegalArgument, NoIndex, ClosedIndex, BadMapping, and what the query raises on a mapping.
        """
        parsed = MatchAll() if query is None else parse(query)
        asks = Asked(self._endpoints, self._inference, self._indices, self._rulesets)
        found = list[Matched]()
        try:
            for name in names:
                index = await self._indices.open(name)
                found.append(await self._in(index, filters.get(name), runtime or {}, parsed, asks, part))
        except BaseException:
            for each in found:
                each.release()
            raise
        return found

    async def _in(
        self,
        index: Index,
        kept: Query | None,
        runtime: Mapping[str, Any],
        query: Query,
        asks: Asked,
        part: tuple[int, int] | None,
    ) -> Matched:
        index.check_readable()
        with ExitStack() as held:
            snapshot, mapping = await finished(index.seen_while, held)
            reader = await view.through(kept, view.reader(index, mapping, snapshot), asks)
            if runtime:
                reader = columns.over(reader, reader.mapping.searched(runtime))
            rewritten = await query.rewritten(asks, reader)
            return Matched(index, await asyncio.to_thread(_seqs, rewritten, reader, part), held.pop_all().close)


def _seqs(query: Query, reader: Reader, part: tuple[int, int] | None) -> Longs:
    weight = query.weigh(reader)
    found = [np.zeros(0, dtype=np.int64)]
    for segment in reader.snapshot.segments:
        mask = weight.run(segment, scored=False).mask & segment.live
        if part is not None:
            number, parts = part
            mask = mask & (segment.seqs % parts == number)
        found.append(segment.seqs[mask])
    return np.sort(np.concatenate(found))
