"""The documents of an index that match a query, as they are now, to be gone through in batches."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from connote.endpoints.endpoints import Endpoints
from connote.endpoints.inference import Inference
from connote.search import columns, sorting, view, withheld
from connote.search.asks import Asked
from connote.search.clauses import Clause, order
from connote.search.engine.arrays import Longs
from connote.search.engine.segment import Segment
from connote.search.index import Index
from connote.search.indices import Indices
from connote.search.query.parse import parse
from connote.search.query.query import Hits, MatchAll, Query
from connote.search.query.reader import Reader
from connote.search.rulesets import Rulesets
from connote.search.thread import finished
from connote.search.view import NO_FILTERS, Filters
from connote.store.documents import Stored

# Names with their options, as `sort` gives them.
Sort = Sequence[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Matched:
    """The sequence numbers (int64) of the documents that match in one index, in order. `release` lets go of them."""

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
        sort: Sort = (),
    ) -> list[Matched]:
        """What matches in each index; of several parts (number, of how many) only that one.

        `filters` are of aliases, and `runtime` has fields of the query's own. Without a `sort` the oldest come first.
        Raises BadQuery, IllegalArgument, NoIndex, ClosedIndex, BadMapping, and what the query raises on a mapping.
        """
        parsed = MatchAll() if query is None else parse(query)
        asks = Asked(self._endpoints, self._inference, self._indices, self._rulesets)
        found = list[Matched]()
        try:
            for name in names:
                index = await self._indices.open(name, in_part=True)
                found.append(await self._in(index, filters.get(name), runtime or {}, parsed, asks, part, sort))
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
        sort: Sort,
    ) -> Matched:
        index.check_readable()
        with ExitStack() as held:
            snapshot, mapping = await finished(index.seen_while, held)
            kept, is_part = withheld.through(index.name, kept), withheld.is_part(index.name)
            reader = await view.through(kept, view.reader(index, mapping, snapshot), asks, is_part=is_part)
            if runtime:
                reader = columns.over(reader, reader.mapping.searched(runtime))
            rewritten = await query.rewritten(asks, reader)
            seqs = await asyncio.to_thread(_seqs, rewritten, reader, part, sort)
            return Matched(index, seqs, held.pop_all().close)


def _seqs(query: Query, reader: Reader, part: tuple[int, int] | None, sort: Sort) -> Longs:
    weight, by = query.weigh(reader), [sorting.clause(name, options, reader) for name, options in sort]
    found, rows = [np.zeros(0, dtype=np.int64)], list[tuple[int, list[Any]]]()
    for segment, base in zip(reader.snapshot.segments, reader.snapshot.bases, strict=True):
        hits = weight.run(segment, scored=bool(by))
        mask = hits.mask & segment.live
        if part is not None:
            number, parts = part
            mask = mask & (segment.seqs % parts == number)
        found.append(segment.seqs[mask])
        rows += _rows(by, segment, Hits(mask, hits.scores), base)
    if not by:
        return np.sort(np.concatenate(found))
    return np.array([seq for seq, _ in order(rows, [by], lambda row: row[1])], dtype=np.int64)


def _rows(by: Sequence[Clause | None], segment: Segment, hits: Hits, base: int) -> Iterator[tuple[int, list[Any]]]:
    """By document its sequence number and its values of what it is sorted by."""
    if not by:
        return
    documents = np.flatnonzero(hits.mask).astype(np.int32)
    nothing = [None] * len(documents)
    columns = [nothing if each is None else each.values(segment, documents, hits, base) for each in by]
    for seq, *values in zip(segment.seqs[documents].tolist(), *columns, strict=True):
        yield seq, values
