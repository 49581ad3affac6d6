"""The routes of what searches leave open: scrolls and points in time."""

from typing import Any

from connote.api.choice import CHOICE, chosen, filters
from connote.api.exchange import Answer, Ask, Route
from connote.api.search import as_asked
from connote.contract.errors import IllegalArgument, InvalidRequest
from connote.search.answer import shards
from connote.search.query.parse import parse as parse_query
from connote.search.request import alive


async def open_pit(ask: Ask) -> Answer:
    """Open a point in time: searches over it see the documents as they are now."""
    if ask.text("keep_alive") is None:
        raise InvalidRequest(["[keep_alive] is not specified"])
    body, names = await ask.json_if_any(), chosen(ask)
    if unknown := body.keys() - {"index_filter"}:
        raise IllegalArgument(f"[open_point_in_time] unknown field [{min(unknown)}]")
    if body.get("index_filter") is not None:
        query, count = parse_query(body["index_filter"]), ask.connote.searches.count
        names = [name for name in names if await ask.attended(count([name], query, enough=1))]
    context = await ask.connote.searches.opened(names, alive(ask.text("keep_alive")), filters(ask, names))
    return Answer({"id": context.id, "_shards": shards(len(context.seen))})


async def close_pit(ask: Ask) -> Answer:
    """Close a point in time."""
    id = (await ask.json()).get("id")
    if not isinstance(id, str):
        raise IllegalArgument("[id] of the point in time must be given, a text")
    return _freed([ask.connote.searches.contexts.close(id)])


async def scroll(ask: Ask) -> Answer:
    """The next page of a scroll."""
    body = await ask.json_if_any()
    if unknown := body.keys() - {"scroll_id", "scroll"}:
        raise IllegalArgument(f"Unknown parameter [{min(unknown)}] in request body or parameter is of the wrong type")
    id = body.get("scroll_id") or ask.request.path_params.get("scroll_id") or ask.text("scroll_id")
    if not isinstance(id, str):
        raise InvalidRequest(["scrollId is missing"])
    given = body.get("scroll") or ask.text("scroll")
    keep = None if given is None else alive(given)
    return Answer(as_asked(ask, await ask.attended(ask.connote.searches.scrolled(id, keep))))


async def clear_scroll(ask: Ask) -> Answer:
    """Close scrolls."""
    contexts = ask.connote.searches.contexts
    given: Any = (await ask.json_if_any()).get("scroll_id") or ask.request.path_params.get("scroll_id")
    ids = given.split(",") if isinstance(given, str) else given
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids) or not ids:
        raise InvalidRequest(["no scroll ids specified"])
    return _freed([contexts.close(id) for id in (contexts.ids(scrolls=True) if ids == ["_all"] else ids)])


def _freed(closed: list[bool]) -> Answer:
    freed = sum(closed)
    return Answer({"succeeded": True, "num_freed": freed}, 200 if freed or not closed else 404)


_SCROLL = {
    "scroll": "How long the scroll is kept open from now on.",
    "scroll_id": "The scroll, if the body does not name it.",
    "rest_total_hits_as_int": "The total as a number.",
}
_PIT = CHOICE | {
    "keep_alive": "How long it is kept open after each use.",
    "preference": "Accepted: there is one copy.",
    "routing": "Accepted: there is one shard.",
    "allow_partial_search_results": "Accepted: there are none.",
    "max_concurrent_shard_requests": "Accepted.",
}

ROUTES = (
    Route("POST", "/{index}/_pit", open_pit, _PIT),
    Route("DELETE", "/_pit", close_pit),
    *(
        Route(method, path, scroll, _SCROLL)
        for method in ("GET", "POST")
        for path in ("/_search/scroll", "/_search/scroll/{scroll_id}")
    ),
    Route("DELETE", "/_search/scroll", clear_scroll),
    Route("DELETE", "/_search/scroll/{scroll_id}", clear_scroll),
)
