"""Running a query over the segments of one index, and collecting the first hits."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from connote.search import sorting
from connote.search.clauses import Clause, Column, order
from connote.search.engine import kernels
from connote.search.engine.arrays import Ints, Mask
from connote.search.engine.segment import Segment, Snapshot, Table
from connote.search.index import Index
from connote.search.query.query import Explanation, Hits, Query, Weight, ranked
from connote.search.query.reader import Reader
from connote.search.request import SearchRequest
from connote.search.thread import check


@dataclass(frozen=True)
class Seen:
    """An index as a search sees it: one snapshot for all of its queries."""

    index: Index
    snapshot: Snapshot
    reader: Reader
    number: int = 0  # among the indices of the search


@dataclass
class Hit:
    """One document that was found: where it is, and what it is worth."""

    found: "Found"
    segment: int
    document: int
    score: float
    values: Sequence[Any] = ()
    why: Explanation | None = None  # where the query's own would not say it

    @property
    def seq(self) -> int:
        """Its sequence number."""
        return int(self.found.seen.snapshot.segments[self.segment].seqs[self.document])


@dataclass
class Found:
    """What a search has found in one index, before it is fetched.

    `masks` are, by segment, all that match; there are none if only the best were looked for.
    """

    seen: Seen
    weight: Weight
    query: Query
    clauses: Sequence[Clause | None]
    post: Query | None = None
    hits: list[Hit] = field(default_factory=list)
    total: int = 0
    most: float | None = None
    masks: list[Hits] = field(default_factory=list)
    seconds: float = 0.0
    is_late: bool = False
    is_enough: bool = False  # it has looked at as many documents as it was to


def run(seen: Seen, query: Query, post: Query | None, request: SearchRequest) -> Found:
    """What a rewritten query finds in one index; the first `window` hits of each segment, or of fewer than that all.

    Past the request's time it is what was found until then.
    """
    began = time.perf_counter()
    weight, kept = query.weigh(seen.reader), None if post is None else post.weigh(seen.reader)
    if request.collapse is not None:
        request.collapse.of(seen.reader)
    found, boost = Found(seen, weight, query, clauses(seen, request), post), request.boost(seen.index.name)
    for number, segment in enumerate(seen.snapshot.segments):
        check()
        if request.seconds is not None and time.perf_counter() - began > request.seconds:
            found.is_late = True
            found.masks.append(Hits.none(segment.size))
            continue
        if request.is_ranked and boost == 1:
            allowed = segment.live if kept is None else segment.live & kept.run(segment, scored=False).mask
            _rank(found, number, segment, allowed, request.window)
            continue
        hits = _matching(weight.run(segment, scored=request.needs_scores), segment, request, boost)
        if request.enough is not None:
            hits = _enough(found, hits, request.enough)
        found.masks.append(hits)
        if kept is not None:
            hits = Hits(hits.mask & kept.run(segment, scored=False).mask, hits.scores)
        _collect(found, number, segment, hits, request)
    found.seconds = time.perf_counter() - began
    seen.index.counts.searches += 1
    seen.index.counts.seconds_searching += found.seconds
    return found


def _rank(found: Found, number: int, segment: Segment, allowed: Mask, count: int) -> None:
    """Add a segment's best, of which nothing but the score counts."""
    documents, scores, total = ranked(found.weight, segment, allowed, count)
    found.total += total
    best = scores.tolist()
    if best:
        found.most = best[0] if found.most is None else max(found.most, best[0])
    for document, score in zip(documents.tolist(), best, strict=True):
        found.hits.append(Hit(found, number, document, score, (score,)))


def _matching(hits: Hits, segment: Segment, request: SearchRequest, boost: float) -> Hits:
    """Without those that are deleted, score too little or are of another slice."""
    mask, scores = hits.mask & segment.live, hits.scores
    if boost != 1 and scores is not None:
        scores = scores * np.float32(boost)
    if request.least is not None:
        mask &= Hits(mask, scores).points() >= np.float32(request.least)
    if request.part is not None:
        own, most = request.part
        mask &= segment.seqs % most == own
    return Hits(mask, scores)


def _enough(found: Found, hits: Hits, most: int) -> Hits:
    """The first of them, so that with those of the segments before there are no more than so many."""
    left = most - sum(int(np.count_nonzero(each.mask)) for each in found.masks)
    documents = np.flatnonzero(hits.mask)
    found.is_enough = found.is_enough or len(documents) >= left
    if len(documents) <= left:
        return hits
    mask = hits.mask.copy()
    mask[documents[left:]] = False
    return Hits(mask, hits.scores)


def _collect(found: Found, number: int, segment: Segment, hits: Hits, request: SearchRequest) -> None:
    """Add a segment's hits: as many of the first as the answer can need."""
    count = int(np.count_nonzero(hits.mask))
    found.total += count
    if not count:
        return
    points, base = hits.points(), found.seen.snapshot.bases[number]
    best = float(points[hits.mask].max())
    found.most = best if found.most is None else max(found.most, best)
    if request.collapse is not None:
        keys = [each.keys(segment, hits, base) for each in found.clauses if each is not None]
        hits = Hits(request.collapse.leaders(segment, hits, keys, found.seen.reader), hits.scores)
    documents = _first(found.clauses, segment, hits, base, request)
    nothing = [None] * len(documents)
    columns = [nothing if each is None else each.values(segment, documents, hits, base) for each in found.clauses]
    for document, values in zip(documents.tolist(), zip(*columns, strict=True), strict=True):
        found.hits.append(Hit(found, number, document, float(points[document]), values))


def _first(by: Sequence[Clause | None], segment: Segment, hits: Hits, base: int, request: SearchRequest) -> Ints:
    """The first documents, at most as many as are wanted."""
    wanted, mask = request.window, hits.mask
    if not request.sort and request.after is None:
        return kernels.top(hits.points(), mask, wanted)
    keys = [None if each is None else each.keys(segment, hits, base) for each in by]
    if request.after is not None:
        mask = mask & _beyond(by, keys, segment, request.after)
    documents = np.flatnonzero(mask).astype(np.int32)
    if not wanted:
        return documents[:0]
    used = [key for key in keys if key is not None]
    if used and len(documents) > wanted:  # whoever is behind the last in the first key need not be put in order
        first = used[0][documents]
        documents = documents[first <= np.partition(first, wanted - 1)[wanted - 1]]
    columns = [key[documents] for key in reversed(used)]
    return documents[np.lexsort(columns)][:wanted] if columns else documents[:wanted]


def _beyond(by: Sequence[Clause | None], keys: Sequence[Column | None], segment: Segment, after: Sequence[Any]) -> Mask:
    """Who comes after those values."""
    beyond = np.zeros(segment.size, dtype=np.bool_)
    equal = np.ones(segment.size, dtype=np.bool_)
    for each, key, value in zip(by, keys, after, strict=False):  # the last clause may only be there to break ties
        if each is not None and key is not None:
            bound = each.after(segment, value)
            beyond |= equal & (key > bound)
            equal &= key == bound
    return beyond


def merged(found: Sequence[Found], request: SearchRequest) -> list[Hit]:
    """The hits of all indices in one order."""
    hits = [hit for each in found for hit in each.hits]
    if sum(1 for each in found for _ in each.seen.snapshot.segments) < 2:
        return hits
    if not request.sort:
        hits.sort(key=lambda hit: -hit.score)
        return hits
    return order(hits, [each.clauses for each in found], lambda hit: hit.values)


def clauses(seen: Seen, request: SearchRequest) -> list[Clause | None]:
    """What the hits of an index are sorted by. Raises BadQuery, IllegalArgument."""
    names = request.sort or [("_score", {})]
    return [sorting.clause(name, options, seen.reader, seen.number) for name, options in names]


def among(own: Found, masks: Sequence[Hits], request: SearchRequest, tables: Sequence[Table] | None = None) -> Found:
    """The first of some of the documents, by segment, that a query has found in an index; in an order of their own.

    With `tables`, one a segment, of the nested objects there: then a hit's `document` is the number of an object.
    """
    found = Found(own.seen, own.weight, own.query, clauses(own.seen, request))
    for number, (table, hits) in enumerate(zip(tables or own.seen.snapshot.segments, masks, strict=True)):
        _collect(found, number, table, hits, request)  # type: ignore[arg-type]  # clauses take tables, too
    return found
