"""Searches: from a request over some indices to the body of the answer."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from connote.contract.errors import ConnoteError, IllegalArgument, SearchFailed
from connote.endpoints.endpoints import Endpoints
from connote.endpoints.inference import Inference
from connote.search import embedded, request as requests, sorting
from connote.search.asks import Asked
from connote.search.engine import kernels
from connote.search.engine.arrays import Mask
from connote.search.engine.segment import Segment, Snapshot
from connote.search.fetch import fields as shown_fields
from connote.search.index import Index
from connote.search.indices import Indices
from connote.search.query.query import Hits, Query, Weight
from connote.search.query.reader import Reader
from connote.search.request import SearchRequest
from connote.search.sorting import Clause
from connote.store.documents import Stored


@dataclass
class Hit:
    """One document that was found: where it is, and what it is worth."""

    index: "Found"
    segment: int
    document: int
    score: float
    values: Sequence[Any] = ()

    @property
    def seq(self) -> int:
        """Its sequence number."""
        return int(self.index.snapshot.segments[self.segment].seqs[self.document])


@dataclass
class Found:
    """What a search has found in one index, before it is fetched."""

    index: Index
    snapshot: Snapshot
    reader: Reader
    weight: Weight
    query: Query
    clauses: Sequence[Clause | None]
    hits: list[Hit]
    total: int
    most: float | None
    masks: list[Hits]  # by segment: all that match, for aggregations


class Searches:
    """Runs searches."""

    def __init__(self, indices: Indices, endpoints: Endpoints, inference: Inference) -> None:
        self._indices, self._endpoints, self._inference = indices, endpoints, inference

    async def search(self, names: Sequence[str], request: SearchRequest) -> dict[str, Any]:
        """The body of an answer. Raises SearchFailed with the reason of each index, and what the request has wrong."""
        began = time.perf_counter()
        asks = Asked(self._endpoints, self._inference, self._indices)
        found, failures = list[Found](), dict[str, ConnoteError]()
        with ExitStack() as held:
            for name in names:
                try:
                    index = await self._indices.open(name)
                    found.append(await self._found(index, request, asks, held))
                except ConnoteError as error:
                    failures[name] = error
            if failures:
                raise SearchFailed(failures)
            hits = _merged(found, request)[request.start : request.window]
            shown = await asyncio.to_thread(_fetched, hits, request)
        return self._answer(found, shown, request, began)

    async def _found(self, index: Index, request: SearchRequest, asks: Asked, held: ExitStack) -> Found:
        if request.window > index.settings.most_hits:
            raise IllegalArgument(
                f"Result window is too large, from + size must be less than or equal to: [{index.settings.most_hits}] but "
                f"was [{request.window}]. See the scroll api for a more efficient way to request large data sets. This "
                "limit can be set by changing the [index.max_result_window] index level setting."
            )
        snapshot = await asyncio.to_thread(index.snapshot)
        held.callback(index.hold(snapshot))
        reader = Reader(index.name, index.mapping, snapshot, index.settings.similarity())
        query = await requests.combined(request).rewritten(asks, reader)
        post = None if request.post_filter is None else await request.post_filter.rewritten(asks, reader)
        return await asyncio.to_thread(_run, index, snapshot, reader, query, post, request)

    def _answer(
        self, found: Sequence[Found], shown: list[dict[str, Any]], request: SearchRequest, began: float
    ) -> dict[str, Any]:
        total, most = sum(each.total for each in found), [each.most for each in found if each.most is not None]
        is_scored = not request.sort or any(name == "_score" for name, _ in request.sort)
        hits: dict[str, Any] = {
            "max_score": float(np.float32(max(most))) if most and is_scored and total else None,
            "hits": shown,
        }
        if request.total is not False:
            limit = None if request.total is True else request.total
            is_more = limit is not None and total > limit
            value = {"value": limit if is_more else total, "relation": "gte" if is_more else "eq"}
            hits = {"total": value, **hits}
        took = int((time.perf_counter() - began) * 1000)
        shards = {"total": len(found), "successful": len(found), "skipped": 0, "failed": 0}
        return {"took": took, "timed_out": False, "_shards": shards, "hits": hits}


def _run(
    index: Index, snapshot: Snapshot, reader: Reader, query: Query, post: Query | None, request: SearchRequest
) -> Found:
    began = time.perf_counter()
    weight, kept = query.weigh(reader), None if post is None else post.weigh(reader)
    names = request.sort or [("_score", {})]
    clauses = [sorting.clause(name, options, reader) for name, options in names]
    found = Found(index, snapshot, reader, weight, query, clauses, [], 0, None, [])
    for number, segment in enumerate(snapshot.segments):
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
    index.counts.searches += 1
    index.counts.seconds_searching += time.perf_counter() - began
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
    base = found.snapshot.bases[number]
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


def _merged(found: Sequence[Found], request: SearchRequest) -> list[Hit]:
    """The hits of all indices in one order."""
    hits = [hit for each in found for hit in each.hits]
    if len(found) == 1 and len(found[0].snapshot.segments) == 1:
        return hits
    if not request.sort:
        hits.sort(key=lambda hit: -hit.score)
        return hits
    clauses = found[0].clauses if found else []
    return sorting.order(hits, clauses, lambda hit: hit.values)


def _fetched(hits: Sequence[Hit], request: SearchRequest) -> list[dict[str, Any]]:
    """The hits as the answer shows them."""
    stored: dict[int, dict[int, Stored]] = {}
    for each in {id(hit.index): hit.index for hit in hits}.values():
        stored[id(each)] = each.index.documents.at([hit.seq for hit in hits if hit.index is each])
    shown = []
    for hit in hits:
        state = stored[id(hit.index)].get(hit.seq)
        if state is not None and state.source is not None:
            shown.append(_shown(hit, state, request))
    return shown


def _shown(hit: Hit, state: Stored, request: SearchRequest) -> dict[str, Any]:
    index = hit.index
    is_scored = not request.sort or any(name == "_score" for name, _ in request.sort)
    body: dict[str, Any] = {"_index": index.index.name, "_id": state.id}
    if request.version:
        body["_version"] = state.version
    if request.seq_no:
        body |= {"_seq_no": state.seq, "_primary_term": 1}
    body["_score"] = float(np.float32(hit.score)) if is_scored else None
    if state.routing is not None:
        body["_routing"] = state.routing
    source, kept = embedded.source(state.source or b"{}"), embedded.load(state.inference)
    if request.source.is_shown:
        body["_source"] = request.source.apply(source)
        if request.shows_inference and kept:
            body["_source"]["_inference_fields"] = shown_fields.inference_fields(kept, index.index.mapping, source)
    wanted = [*request.fields, *request.docvalue_fields]
    if wanted and (found := shown_fields.values(wanted, source, index.index.mapping, kept)):
        body["fields"] = found
    if names := _matched(hit):
        body["matched_queries"] = names
    if request.explain:
        why = index.weight.explain(index.snapshot.segments[hit.segment], hit.document)
        body["_explanation"] = why.wire() if why else None
    if request.sort:
        pairs = zip(index.clauses, hit.values, strict=True)
        body["sort"] = [value if each is None else each.shown(value) for each, value in pairs]
    return body


def _matched(hit: Hit) -> list[str]:
    """The named queries that the document matches."""
    named = hit.index.query.named()
    if not named:
        return []
    segment = hit.index.snapshot.segments[hit.segment]
    found = []
    for each in named:
        weight = replace(each, name=None).weigh(hit.index.reader)
        if weight.run(segment, scored=False).mask[hit.document]:
            found.append(str(each.name))
    return found


__all__ = ["Found", "Hit", "Mapping", "Searches"]
