"""Searches: from a request over some indices to the body of the answer."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.endpoints.endpoints import Endpoints
from connote.endpoints.inference import Inference
from connote.search import embedded, retriever
from connote.search import request as requests
from connote.search.asks import Asked
from connote.search.beside import Beside
from connote.search.collect import Found, Hit, Seen, merged
from connote.search.collect import run as _run
from connote.search.fetch import fields as shown_fields
from connote.search.index import Index
from connote.search.indices import Indices
from connote.search.query.boolean import Bool
from connote.search.query.query import Query
from connote.search.request import SearchRequest
from connote.search.retriever import Key, Scored
from connote.search.session import Session
from connote.store.documents import Stored


class Searches:
    """Runs searches."""

    def __init__(self, indices: Indices, endpoints: Endpoints, inference: Inference) -> None:
        self._indices, self._endpoints, self._inference = indices, endpoints, inference

    async def search(self, names: Sequence[str], request: SearchRequest) -> dict[str, Any]:
        """The body of an answer. Raises SearchFailed with the reason of each index, and what the request has wrong."""
        began = time.perf_counter()
        with ExitStack() as held:
            session = await self._session(names, held)
            found = await self._found(session, request)
            beside = await Beside.of(request, session, found)
            hits = merged(found, request)
            if request.collapse is not None:
                hits = request.collapse.distinct(hits)
            fetch = partial(_fetched, beside=beside)
            shown = await asyncio.to_thread(fetch, hits[request.start : request.window], request)
            answer = _answer(found, shown, request, began)
            if request.aggs:
                answer["aggregations"] = await asyncio.to_thread(beside.aggregations, request, fetch)
        return answer

    async def count(self, names: Sequence[str], query: Query) -> int:
        """How many documents match. Raises what `search` raises."""
        request = SearchRequest(query=query, has_query=True, size=0)
        with ExitStack() as held:
            return sum(each.total for each in await self._found(await self._session(names, held), request))

    async def _session(self, names: Sequence[str], held: ExitStack) -> Session:
        asks = Asked(self._endpoints, self._inference, self._indices)
        return await Session.open(names, self._indices, asks, held)

    async def _found(self, session: Session, request: SearchRequest) -> list[Found]:
        for each in session.seen:
            _check_window(each.index, request)
        if request.retriever is not None:
            return await _retrieved(session, request)
        query = requests.combined(request)
        found = await session.each(lambda seen: _one(seen, query, request, session))
        if request.rescore:
            await _rescored(session, found, request)
        return found


async def _one(seen: Seen, query: Query, request: SearchRequest, session: Session) -> Found:
    own = await query.rewritten(session.asks, seen.reader)
    post = None if request.post_filter is None else await request.post_filter.rewritten(session.asks, seen.reader)
    window = max([request.window, *(int(each.get("window_size", 10)) for each in request.rescore)])
    return await asyncio.to_thread(_run, seen, own, post, replace(request, start=0, size=window))


async def _retrieved(session: Session, request: SearchRequest) -> list[Found]:
    """What the tree of retrievers gives; what matches, for totals and aggregations, is what any of its leaves does."""
    tree = retriever.parse(request.retriever, request.window)
    leaves = Bool(should=tree.queries([]), least=1)
    found = await session.each(lambda seen: _one(seen, leaves, replace(request, start=0, size=0), session))
    ranked = await tree.ranked(session, request.window, [])
    for scored in ranked:
        own = found[scored.key.index]
        own.hits.append(Hit(own, scored.key.segment, scored.key.document, scored.score, (scored.score,)))
    for own in found:
        own.most = max((hit.score for hit in own.hits), default=None)
    return found


async def _rescored(session: Session, found: Sequence[Found], request: SearchRequest) -> None:
    """Put the first hits in the order that the rescorers make of them."""
    parts = [retriever.Rescore.parse(each) for each in request.rescore]
    by_key = {Key(at, hit.segment, hit.document): hit for at, own in enumerate(found) for hit in own.hits}
    ranked = sorted((Scored(key, hit.score) for key, hit in by_key.items()), key=lambda each: (-each.score, each.key))
    for own in found:
        own.hits.clear()
    for each in await retriever.rescored(session, ranked, parts):
        own = found[each.key.index]
        own.hits.append(replace(by_key[each.key], score=each.score, values=(each.score,)))


def _check_window(index: Index, request: SearchRequest) -> None:
    if request.window > index.settings.most_hits:
        raise IllegalArgument(
            f"Result window is too large, from + size must be less than or equal to: [{index.settings.most_hits}] but was "
            f"[{request.window}]. See the scroll api for a more efficient way to request large data sets. This limit can "
            "be set by changing the [index.max_result_window] index level setting."
        )


def _answer(
    found: Sequence[Found], shown: list[dict[str, Any]], request: SearchRequest, began: float
) -> dict[str, Any]:
    total, most = sum(each.total for each in found), [each.most for each in found if each.most is not None]
    is_scored = not request.sort or any(name == "_score" for name, _ in request.sort)
    best = float(np.float32(max(most))) if most and is_scored and total and request.size else None
    hits: dict[str, Any] = {"max_score": best, "hits": shown}
    if request.total is not False:
        limit = None if request.total is True else request.total
        is_more = limit is not None and total > limit
        hits = {"total": {"value": limit if is_more else total, "relation": "gte" if is_more else "eq"}, **hits}
    took = int((time.perf_counter() - began) * 1000)
    shards = {"total": len(found), "successful": len(found), "skipped": 0, "failed": 0}
    return {"took": took, "timed_out": False, "_shards": shards, "hits": hits}


def _fetched(hits: Sequence[Hit], request: SearchRequest, beside: Beside) -> list[dict[str, Any]]:
    """The hits as the answer shows them."""
    stored: dict[int, dict[int, Stored]] = {}
    for each in {id(hit.found): hit.found for hit in hits}.values():
        stored[id(each)] = each.seen.index.documents.at([hit.seq for hit in hits if hit.found is each])
    shown = []
    for hit in hits:
        state = stored[id(hit.found)].get(hit.seq)
        if state is not None and state.source is not None:
            shown.append(_shown(hit, state, request, beside))
    return shown


def _shown(hit: Hit, state: Stored, request: SearchRequest, beside: Beside) -> dict[str, Any]:
    index = hit.found
    is_scored = not request.sort or any(name == "_score" for name, _ in request.sort)
    body: dict[str, Any] = {"_index": index.seen.index.name, "_id": state.id}
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
            body["_source"]["_inference_fields"] = shown_fields.inference_fields(kept, index.seen.index.mapping)
    wanted = [*request.fields, *request.docvalue_fields]
    if wanted and (found := shown_fields.values(wanted, source, index.seen.index.mapping, kept)):
        body["fields"] = found
    beside.add(body, hit, request, source, kept, partial(_fetched, beside=beside))
    if names := _matched(hit):
        body["matched_queries"] = names
    if request.explain:
        why = index.weight.explain(index.seen.snapshot.segments[hit.segment], hit.document)
        body["_explanation"] = why.wire() if why else None
    if request.sort:
        pairs = zip(index.clauses, hit.values, strict=True)
        body["sort"] = [value if each is None else each.shown(value) for each, value in pairs]
    return body


def _matched(hit: Hit) -> list[str]:
    """The named queries that the document matches."""
    named = hit.found.query.named()
    if not named:
        return []
    segment = hit.found.seen.snapshot.segments[hit.segment]
    found = []
    for each in named:
        weight = replace(each, name=None).weigh(hit.found.seen.reader)
        if weight.run(segment, scored=False).mask[hit.document]:
            found.append(str(each.name))
    return found
