"""Searches: from a request over some indices to the body of the answer."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from connote.contract.errors import IllegalArgument, InvalidRequest
from connote.endpoints.endpoints import Endpoints
from connote.endpoints.inference import Inference
from connote.models.trees import Trees
from connote.search import finding
from connote.search.answer import Timing, answer
from connote.search.asks import Asked
from connote.search.beside import Beside
from connote.search.collect import Found, Hit, merged
from connote.search.contexts import Context, Contexts
from connote.search.fetch.hit import fetched
from connote.search.indices import Indices
from connote.search.query.query import Explanation, Query
from connote.search.query.reader import Reader
from connote.search.request import TIES, SearchRequest
from connote.search.rulesets import Rulesets
from connote.search.session import Session
from connote.search.thread import abandonable
from connote.search.trial import Trial
from connote.search.view import NO_FILTERS, Filters

# Bytes of documents that are read and shown where they are asked for.
_SHORT = 1 << 19


class Searches:
    """Runs searches. `contexts` are the points in time and scrolls that are open."""

    def __init__(
        self, indices: Indices, endpoints: Endpoints, inference: Inference, rulesets: Rulesets, trees: Trees
    ) -> None:
        self._indices, self._endpoints, self._inference, self._rulesets = indices, endpoints, inference, rulesets
        self._trees = trees
        self.contexts = Contexts()

    async def search(
        self, names: Sequence[str], request: SearchRequest, filters: Filters = NO_FILTERS
    ) -> dict[str, Any]:
        """The body of an answer; a request with a point in time is for its indices. `filters` are of aliases.

        Raises SearchFailed with the reason of each index, and what the request has wrong.
        """
        began = time.perf_counter()
        with ExitStack() as held:
            if request.pit is None:
                session = await self._session(names, held, filters)
            else:
                context = self.contexts.find(request.pit["id"], request.keep)
                session = Session.again(context.seen, self._indices, self._asks(), held)
            _, body = await self._answered(session.with_runtime(request.runtime), request, began)
        if request.pit is not None:
            body = {"pit_id": request.pit["id"], **body}
        return body

    async def count(
        self,
        names: Sequence[str],
        query: Query,
        least: float | None = None,
        filters: Filters = NO_FILTERS,
        enough: int | None = None,
    ) -> int:
        """How many documents match, of each index up to `enough`. Raises what `search` raises."""
        request = SearchRequest(query=query, has_query=True, size=0, least=least, enough=enough)
        with ExitStack() as held:
            session = await self._session(names, held, filters)
            held.enter_context(session.crowd)
            return sum(each.total for each in await finding.found(session, request))

    async def explained(
        self, name: str, id: str, query: Query, filters: Filters = NO_FILTERS
    ) -> tuple[bool, Explanation | None]:
        """Whether there is such a document, and why it matches; None if it does not. Raises what `search` raises."""
        with ExitStack() as held:
            session = await self._session([name], held, filters)
            (seen,) = session.seen
            place = seen.snapshot.find(id)
            if place is None:
                (every,) = (await self._session([name], held)).seen
                return every.snapshot.find(id) is not None, None
            own = await query.rewritten(session.asks, seen.reader)
            table = seen.snapshot.segments[place[0]]
            return True, await abandonable(own.weigh(seen.reader).explain, table, place[1])

    async def tried(self, trial: Trial) -> Any:  # noqa: ANN401 (JSON)
        """What a script gives. Raises what is wrong with it, with the document or with the query, NoIndex."""
        if trial.document is None:
            return await abandonable(trial.alone)
        index = await self._indices.open(self._indices.single(trial.index))
        reader = await abandonable(trial.reader, index)
        return await abandonable(trial.run, reader, await trial.query.rewritten(self._asks(), reader))

    async def validated(self, names: Sequence[str], query: Query) -> None:
        """Raise what keeps the query from running on any of the indices."""
        with ExitStack() as held:
            session = await self._session(names, held)
            for seen in session.seen:
                (await query.rewritten(session.asks, seen.reader)).weigh(seen.reader)

    @asynccontextmanager
    async def reading(self, names: Sequence[str], filters: Filters = NO_FILTERS) -> AsyncIterator[list[Reader]]:
        """What there is in the indices, held until the end. Raises NoIndex, ClosedIndex, Blocked."""
        with ExitStack() as held:
            session = await self._session(names, held, filters)
            yield [each.reader for each in session.seen]

    # What stays open.

    async def opened(self, names: Sequence[str], keep: float, filters: Filters = NO_FILTERS) -> Context:
        """A point in time. Raises NoIndex, IllegalArgument, Overloaded."""
        with ExitStack() as held:
            session = await self._session(names, held, filters)
            return self.contexts.open(session.seen, held, keep)

    async def scroll(
        self, names: Sequence[str], request: SearchRequest, keep: float, filters: Filters = NO_FILTERS
    ) -> dict[str, Any]:
        """The first page of a scroll. Raises what `search` raises, IllegalArgument, Overloaded."""
        began, request = time.perf_counter(), _scrolling(request)
        with ExitStack() as held:
            session = (await self._session(names, held, filters)).with_runtime(request.runtime)
            hits, body = await self._answered(session, request, began)
            context = self.contexts.open(session.seen, held, keep, _behind(request, hits))
        return {"_scroll_id": context.id, **body}

    async def scrolled(self, id: str, keep: float | None) -> dict[str, Any]:
        """The next page. Raises SearchFailed if the scroll is over, NoIndex if its index is gone."""
        began, context = time.perf_counter(), self.contexts.find(id, keep)
        async with context.lock:
            with ExitStack() as held:
                session = Session.again(context.seen, self._indices, self._asks(), held)
                request = context.request or SearchRequest()
                hits, body = await self._answered(session, request, began)
                context.request = _behind(request, hits)
        return {"_scroll_id": id, **body}

    def _asks(self) -> Asked:
        return Asked(self._endpoints, self._inference, self._indices, self._rulesets, self._trees)

    async def _session(self, names: Sequence[str], held: ExitStack, filters: Filters = NO_FILTERS) -> Session:
        return await Session.open(names, self._indices, self._asks(), held, filters)

    async def _answered(
        self, session: Session, request: SearchRequest, began: float
    ) -> tuple[Sequence[Hit], dict[str, Any]]:
        _check_shown(session, request)
        with session.crowd:
            find, beside = await finding.prepared(session, request), await Beside.of(request, session)
            if not find.is_quick:
                # In one go, for to change threads takes longer than a small search.
                return await abandonable(lambda: _finished(session, request, began, find.run(), beside))
            found = session.timed(find.run)
            finish = partial(_finished, session, request, began, found, beside)
            return session.timed(finish) if _are_short(found, request) else await abandonable(finish)


def _check_shown(session: Session, request: SearchRequest) -> None:
    """Raise IllegalArgument, as Elasticsearch does, for what would tell of documents that are held back."""
    if not any(each.reader.is_part for each in session.seen):
        return
    if request.suggest is not None:
        raise IllegalArgument("Suggest isn't supported if document level security is enabled")
    if request.profile:
        raise IllegalArgument("A search request cannot be profiled if document level security is enabled")


def _are_short(every: Sequence[Found], request: SearchRequest) -> bool:
    """Whether the documents that are shown are read in no time."""
    if not (request.shows_more or any(own.seen.index.documents.is_routed for own in every)):
        return True
    hits = _page(every, request)
    parts = ((own.seen.index.documents, [hit.seq for hit in hits if hit.found is own]) for own in every)
    return sum(documents.length(seqs) for documents, seqs in parts) <= _SHORT


def _page(every: Sequence[Found], request: SearchRequest) -> list[Hit]:
    """The hits that are shown."""
    hits = merged(every, request)
    if request.collapse is not None:
        hits = request.collapse.distinct(hits)
    return hits[request.start : request.window]


def _finished(
    session: Session, request: SearchRequest, began: float, found: list[Found], asked: Beside
) -> tuple[Sequence[Hit], dict[str, Any]]:
    """All that nobody has to be asked for once hits are found: fetching, aggregations, suggestions."""
    beside, hits = replace(asked, found=found), _page(found, request)
    fetch = partial(fetched, beside=beside)
    fetching = time.perf_counter()
    shown = fetch(hits, request)
    timing = Timing(began, session.asks.seconds, time.perf_counter() - fetching)
    results = beside.aggregations(request, fetch) if request.aggs else None
    body = answer(found, shown, request, timing, results)
    if request.suggest is not None:
        readers = [each.reader for each in session.seen]
        body["suggest"] = request.suggest.entries(readers, request.source, typed=request.typed)
    return hits, body


def _scrolling(request: SearchRequest) -> SearchRequest:
    """What a scroll asks for: hits that sort alike are told apart, which is not shown. Raises InvalidRequest."""
    problems = []
    if request.start > 0:
        problems.append("using [from] is not allowed in a scroll context")
    if request.size == 0:
        problems.append("[size] cannot be [0] in a scroll context")
    if request.rescore:
        problems.append("using [rescore] is not allowed in a scroll context")
    if request.retriever is not None:
        problems.append("[retriever] cannot be used in a scroll context")
    if request.collapse is not None:
        problems.append("cannot use `collapse` in a scroll context")
    if request.after is not None:
        problems.append("`search_after` cannot be used in a scroll context.")
    if request.pit is not None:
        problems.append("using [point in time] is not allowed in a scroll context")
    if problems:
        raise InvalidRequest(problems)
    if {"_doc", TIES} & {name for name, _ in request.sort}:
        return request
    given = request.sort or [("_score", {})]
    return replace(request, sort=[*given, (TIES, {})], hidden=1 if request.sort else 2)


def _behind(request: SearchRequest, hits: Sequence[Hit]) -> SearchRequest:
    """The request for what comes behind these hits."""
    return replace(request, after=hits[-1].values) if hits else request
