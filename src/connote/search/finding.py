"""What a request finds in the indices of a session, before it is fetched."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import inf

from connote.contract.errors import IllegalArgument
from connote.search import across, rescores, retriever, trees
from connote.search.collect import Found, Hit, Seen, run
from connote.search.index import Index
from connote.search.query.boolean import Bool
from connote.search.query.knn import Knn
from connote.search.query.query import Query
from connote.search.quick import cost_of, is_quick
from connote.search.request import SearchRequest, combined
from connote.search.retriever import Key, Scored
from connote.search.session import Session
from connote.search.thread import abandonable
from connote.search.trees import Scope


@dataclass(frozen=True)
class Find:
    """`run` finds, by index; it raises SearchFailed. `is_quick` says that no thread is needed for it."""

    run: Callable[[], list[Found]]
    is_quick: bool = False


async def found(session: Session, request: SearchRequest) -> list[Found]:
    """By index. Raises SearchFailed, and what the request has wrong."""
    find = await prepared(session, request)
    return session.timed(find.run) if find.is_quick else await abandonable(find.run)


async def prepared(session: Session, request: SearchRequest) -> Find:
    """What is left to do once endpoints have been asked, in a thread. Raises what `found` raises."""
    session.every([partial(_check_window, seen.index, request) for seen in session.seen])
    if request.retriever is not None:
        every = await _retrieved(session, request)
        return Find(lambda: every)
    nearest = [await across.first(session, each) for each in request.knn]
    runs = await session.each(
        lambda seen: _run(seen, combined(request, [each[seen.number] for each in nearest]), request, session)
    )
    find = Find(partial(session.every, [run for run, _ in runs]), is_quick((cost for _, cost in runs), session.crowd))
    if request.rescore:
        every = await abandonable(find.run)
        await _rescored(session, every, request)
        return Find(lambda: every)
    return find


async def _run(seen: Seen, query: Query, request: SearchRequest, session: Session) -> tuple[Callable[[], Found], float]:
    """What is left to do for an index, and what that costs."""
    own = await query.rewritten(session.asks, seen.reader)
    post = None if request.post_filter is None else await request.post_filter.rewritten(session.asks, seen.reader)
    if request.rescore or request.start:
        window = max([request.window, *(rescores.parse(each).window for each in request.rescore)])
        request = replace(request, start=0, size=window)
    return partial(run, seen, own, post, request), inf if post else cost_of(own, seen, request)


async def _retrieved(session: Session, request: SearchRequest) -> list[Found]:
    """What the tree of retrievers gives; what matches, for totals and aggregations, is what any of its leaves does."""
    tree = trees.parse(request.retriever, Scope(request.window, request.asked, session.split))
    leaves = [
        await across.first(session, each) if isinstance(each, Knn) else [each] * len(session.seen)
        for each in tree.queries([])
    ]
    counted = replace(request, start=0, size=0, enough=None)
    runs = await session.each(
        lambda seen: _run(seen, Bool(should=[each[seen.number] for each in leaves], least=1), counted, session)
    )
    every = await abandonable(session.every, [run for run, _ in runs])
    allowed = [] if request.post_filter is None else [request.post_filter]
    for scored in await tree.ranked(session, request.window, allowed):
        own = every[scored.key.index]
        own.hits.append(Hit(own, scored.key.segment, scored.key.document, scored.score, (scored.score,), scored.why))
    for own in every:
        own.most = max((hit.score for hit in own.hits), default=None)
    return every


async def _rescored(session: Session, every: Sequence[Found], request: SearchRequest) -> None:
    """Put the first hits in the order that the rescorers make of them."""
    parts = [rescores.parse(each) for each in request.rescore]
    for part in parts:
        # As Elasticsearch does, only if the size is said.
        if request.asked and isinstance(part, rescores.Learned) and part.window < request.window:
            raise IllegalArgument(
                f"rescorer [window_size: {part.window}] is too small and should be at least the value of [from + size: "
                f"{request.window}] but was [{part.window}]"
            )
    by_key = {Key(at, hit.segment, hit.document): hit for at, own in enumerate(every) for hit in own.hits}
    ranked = sorted((Scored(key, hit.score) for key, hit in by_key.items()), key=lambda each: (-each.score, each.key))
    if request.collapse is not None:
        leaders = {id(hit) for hit in request.collapse.distinct([by_key[each.key] for each in ranked])}
        ranked = [each for each in ranked if id(by_key[each.key]) in leaders]
    for own in every:
        own.hits.clear()
    for each in await retriever.rescored(session, ranked, parts):
        own = every[each.key.index]
        own.hits.append(replace(by_key[each.key], score=each.score, values=(each.score,), why=each.why))
    for own in every:
        own.most = max((hit.score for hit in own.hits), default=None)


def _check_window(index: Index, request: SearchRequest) -> None:
    most = index.settings.most_hits
    if request.after is None and request.hidden == 0 and request.window > most:
        raise IllegalArgument(
            f"Result window is too large, from + size must be less than or equal to: [{most}] but was "
            f"[{request.window}]. See the scroll api for a more efficient way to request large data sets. This limit "
            "can be set by changing the [index.max_result_window] index level setting."
        )
    if request.size > most:
        raise IllegalArgument(
            f"Batch size is too large, size must be less than or equal to: [{most}] but was [{request.size}]. Scroll "
            "batch sizes cost as much memory as result windows so they are controlled by the "
            "[index.max_result_window] index level setting."
        )
