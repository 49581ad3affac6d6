"""The routes of searches that run on when nobody waits for them."""

from connote.api.exchange import Answer, Ask, Route
from connote.api.search import SEARCH, as_asked, meant, parsed
from connote.contract import durations
from connote.contract.errors import InvalidRequest
from connote.search.asyncsearch import AsyncSearch

# In seconds, as in Elasticsearch.
_WAIT, _KEEP = 1.0, 5 * 86_400.0


async def submit(ask: Ask) -> Answer:
    """Begin a search, wait for it a little, and tell its id if it still runs (or is to be kept).

    Whoever leaves while it is waited for ends it, for nobody knows its id.
    """
    body, searches = await ask.json_if_any(), ask.connote.async_searches
    _check(ask, body)
    wait, keep = _seconds(ask, "wait_for_completion_timeout", _WAIT), _seconds(ask, "keep_alive", _KEEP)
    keeps, request = ask.flag("keep_on_completion"), parsed(ask, body)
    names, filters = meant(ask, request)
    pit = None if request.pit is None else ask.connote.searches.contexts.find(request.pit["id"])
    count = len(names) if pit is None else len(pit.seen)
    search = searches.start(lambda: ask.connote.searches.search(names, request, filters), count, keep, ask.size)
    try:
        await ask.attended(searches.wait(search, wait))
        if search.is_running or keeps:
            await searches.keep(search)
        else:
            await searches.forget(search.id)
    except BaseException:
        await searches.forget(search.id)
        raise
    return _told(ask, search)


async def get(ask: Ask) -> Answer:
    """What a search has come to; while it runs nothing is found yet."""
    keep = None if ask.text("keep_alive") in (None, "-1") else _seconds(ask, "keep_alive", None)
    wait = _seconds(ask, "wait_for_completion_timeout", 0.0)
    return _told(ask, await ask.attended(ask.connote.async_searches.get(ask.path("id"), keep, wait)))


async def status(ask: Ask) -> Answer:
    """How far a search is, without what it has found."""
    keep = None if ask.text("keep_alive") in (None, "-1") else _seconds(ask, "keep_alive", None)
    return Answer((await ask.connote.async_searches.get(ask.path("id"), keep)).state())


async def delete(ask: Ask) -> Answer:
    """Forget a search, which ends if it runs."""
    await ask.connote.async_searches.delete(ask.path("id"))
    return Answer({"acknowledged": True})


def _check(ask: Ask, body: dict[str, object]) -> None:
    """Raise InvalidRequest for searches that cannot be submitted, IllegalArgument for how the answer is wanted."""
    ask.flag("rest_total_hits_as_int")
    problems = []
    if ask.text("scroll") is not None:
        problems.append("[scroll] queries are not supported")
    searching = [ask.text("q"), *(body.get(name) for name in ("query", "knn", "retriever", "aggs", "aggregations"))]
    if (body.get("suggest") or ask.text("suggest_field")) and not any(searching):
        problems.append("suggest-only queries are not supported")
    if ask.text("pre_filter_shard_size") not in (None, "1"):
        problems.append("[pre_filter_shard_size] cannot be changed for async search queries")
    if problems:
        raise InvalidRequest(problems)


def _seconds(ask: Ask, name: str, default: float | None) -> float | None:
    given = ask.text(name)
    return default if given is None else durations.seconds(given, name)


def _told(ask: Ask, search: AsyncSearch) -> Answer:
    shows = not search.is_running or ask.flag("return_intermediate_results", default=True)
    body = search.wire(shows_response=shows)
    if "response" in body:  # which others may be shown too
        body["response"] = as_asked(ask, {**body["response"], "hits": dict(body["response"]["hits"])})
    headers = {"X-Elasticsearch-Async-Is-Running": "?1" if search.is_running else "?0"}
    if search.is_kept:
        headers["X-Elasticsearch-Async-Id"] = search.id
    return Answer(body, search.status, headers=headers)


_KEEP_ALIVE = {"keep_alive": "For how long it is kept from now on, from `1s` to `30d`."}
_SUBMIT = SEARCH | {
    "wait_for_completion_timeout": "How long to wait for its end; default `1s`.",
    "keep_on_completion": "Keep what it has come to even if it ended in that time.",
    "keep_alive": "For how long it is kept, from `1s` to `30d`; default `5d`.",
    "scroll": "Refused.",
    "pre_filter_shard_size": "Only `1`.",
}
_GET = _KEEP_ALIVE | {
    "wait_for_completion_timeout": "How long to wait for its end; default not at all.",
    "typed_keys": "Accepted: names are as they were asked for when it began.",
    "rest_total_hits_as_int": "The total as a number.",
    "return_intermediate_results": "`false`: no `response` while it runs.",
}

ROUTES = (
    Route("POST", "/_async_search", submit, _SUBMIT),
    Route("POST", "/{index}/_async_search", submit, _SUBMIT),
    Route("GET", "/_async_search/{id}", get, _GET),
    Route("DELETE", "/_async_search/{id}", delete),
    Route("GET", "/_async_search/status/{id}", status, _KEEP_ALIVE),
)
