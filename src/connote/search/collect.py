"""Running a query over the segments of one index, and collecting the first hits."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.search import sorting
from connote.search.engine import kernels
from connote.search.engine.arrays import Mask
from connote.search.engine.segment import Segment, Snapshot
from connote.search.index import Index
from connote.search.query.query import Hits, Query, Weight
from connote.search.query.reader import Reader
from connote.search.request import SearchRequest
from connote.search.sorting import Clause


@dataclass(frozen=True)
class Seen:
    """An index as a search sees it: one snapshot for all of its queries."""

    index: Index
    snapshot: Snapshot
    reader: Reader


@dataclass
class Hit:
    """One document that was found: where it is, and what it is worth."""

    found: "Found"
    segment: int
    document: int
    score: float
    values: Sequence[Any] = ()

    @property
    def seq(self) -> int:
        """Its sequence number."""
        return int(self.found.seen.snapshot.segments[self.segment].seqs[self.document])


@dataclass
class Found:
    """What a search has found in one index, before it is fetched. `masks` are, by segment, all that match."""

    seen: Seen
    weight: Weight
    query: Query
    clauses: Sequence[Clause | None]
    hits: list[Hit] = field(default_factory=list)
    total: int = 0
    most: float | None = None
    masks: list[Hits] = field(default_factory=list)


def run(seen: Seen, query: Query, post: Query | None, request: SearchRequest) -> Found:
    """What a rewritten query finds in one index; the first `window` hits of each segment, or of fewer than that all."""
    began = time.perf_counter()
    weight, kept = query.weigh(seen.reader), None if post is None else post.weigh(seen.reader)
    found = Found(seen, weight, query, clauses(seen, request))
    for number, segment in enumerate(seen.snapshot.segments):
        hits = weight.run(segment, scored=True)
        mask = hits.mask & segment.live
        if request.least is not None:
            mask &= hits.points() >= np.float32(request.least)
        if request.part is not None:
            own, most = request.part
            mask &= segment.seqs % most == own
        found.masks.append(Hits(mask, hits.scores))
        if kept is not None:
            mask = mask & kept.run(segment, scored=False).mask
        _collect(found, number, segment, Hits(mask, hits.scores), request)
    seen.index.counts.searches += 1
    seen.index.counts.seconds_searching += time.perf_counter() - began
    return found


def _collect(found: Found, number: int, segment: Segment, hits: Hits, request: SearchRequest) -> None:
    """Add a segment's hits: as many of the first as the answer can need."""
    count = int(np.count_nonzero(hits.mask))
    found.total += count
    if not count:
        return
    points = hits.points()
    best = float(points[hits.mask].max())
    found.most = best if found.most is None else max(found.most, best)
    base = found.seen.snapshot.bases[number]
    if request.collapse is not None:
        keys = [each.keys(segment, hits, base) for each in found.clauses if each is not None]
        leaders = request.collapse.leaders(segment, hits, keys, found.seen.reader)
        hits = Hits(leaders, hits.scores)
    for document in _first(found.clauses, segment, hits, base, request).tolist():
        values = [None if each is None else each.value(segment, document, hits, base) for each in found.clauses]
        found.hits.append(Hit(found, number, document, float(points[document]), values))


def _first(clauses: Sequence[Clause | None], segment: Segment, hits: Hits, base: int, request: SearchRequest) -> Any:  # noqa: ANN401 (int32)
    wanted, mask = request.window, hits.mask
    if not request.sort and request.after is None:
        return kernels.top(hits.points(), mask, wanted)
    keys = [each.keys(segment, hits, base) for each in clauses if each is not None]
    if request.after is not None:
        mask = mask & _beyond(clauses, keys, segment, request.after)
    documents = np.flatnonzero(mask)
    columns = [key[documents] for key in reversed(keys)]
    return documents[np.lexsort(columns)][:wanted] if columns else documents[:wanted]


def _beyond(clauses: Sequence[Clause | None], keys: Sequence[Any], segment: Segment, after: Sequence[Any]) -> Mask:
    """Who comes after those values."""
    if len(after) != len(clauses):
        raise IllegalArgument(f"search_after has {len(after)} value(s) but sort has {len(clauses)}.")
    beyond = np.zeros(segment.size, dtype=np.bool_)
    equal = np.ones(segment.size, dtype=np.bool_)
    used = [(each, value) for each, value in zip(clauses, after, strict=True) if each is not None]
    for (each, value), key in zip(used, keys, strict=True):
        bound = each.after(segment, value)
        beyond |= equal & (key > bound)
        equal &= key == bound
    return beyond


def merged(found: Sequence[Found], request: SearchRequest) -> list[Hit]:
    """The hits of all indices in one order."""
    hits = [hit for each in found for hit in each.hits]
    if len(found) == 1 and len(found[0].seen.snapshot.segments) == 1:
        return hits
    if not request.sort:
        hits.sort(key=lambda hit: -hit.score)
        return hits
    clauses = found[0].clauses if found else []
    return sorting.order(hits, clauses, lambda hit: hit.values)


def clauses(seen: Seen, request: SearchRequest) -> list[Clause | None]:
    """What the hits of an index are sorted by. Raises BadQuery, IllegalArgument."""
    return [sorting.clause(name, options, seen.reader) for name, options in request.sort or [("_score", {})]]


def among(own: Found, masks: Sequence[Hits], request: SearchRequest) -> Found:
    """The first of some of the documents, by segment, that a query has found in an index; in an order of their own."""
    found = Found(own.seen, own.weight, own.query, clauses(own.seen, request))
    for number, (segment, hits) in enumerate(zip(own.seen.snapshot.segments, masks, strict=True)):
        _collect(found, number, segment, hits, request)
    return found
