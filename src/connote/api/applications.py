"""The routes of search applications."""

from collections.abc import Mapping
from typing import Any

from connote.api.exchange import Answer, Ask, Route
from connote.api.search import answered, as_asked
from connote.contract.errors import IllegalArgument

_ALL = "/_application/search_application"
_ONE = f"{_ALL}/{{name}}"
# Queries that may be given for a field as the value alone, and what it is called where it is not.
_SHORT = {
    **dict.fromkeys(("term", "prefix", "wildcard", "regexp", "fuzzy"), "value"),
    **dict.fromkeys(("match", "match_phrase", "match_phrase_prefix", "match_bool_prefix"), "query"),
}


async def put(ask: Ask) -> Answer:
    """Keep a search application: `indices`, and the `template` by which they are searched."""
    create = ask.flag("create")
    is_new = await ask.connote.applications.put(ask.path("name"), await ask.json(), create=create)
    return Answer({"result": "created" if is_new else "updated"}, 201 if is_new else 200)


async def get(ask: Ask) -> Answer:
    """A search application."""
    return Answer(ask.connote.applications.get(ask.path("name")).wire())


async def list_all(ask: Ask) -> Answer:
    """The search applications, by name; with `q` those of these names or patterns."""
    start, size = ask.whole("from", 0) or 0, ask.whole("size", 10)
    if start < 0 or size is None or size < 0:
        raise IllegalArgument("[from] and [size] must not be negative")
    found = ask.connote.applications.find(ask.text("q"))
    shown = [{"name": each.name, "updated_at_millis": each.updated} for each in found[start : start + size]]
    return Answer({"count": len(found), "results": shown})


async def delete(ask: Ask) -> Answer:
    """Forget a search application and the alias of its name; its indices stay."""
    await ask.connote.applications.remove(ask.path("name"))
    return Answer({"acknowledged": True})


async def search(ask: Ask) -> Answer:
    """Search the indices of an application by its template, with `params`."""
    body = await ask.connote.applications.rendered(ask.path("name"), await ask.json_if_any())
    ask.request.path_params["index"] = ask.path("name")
    return Answer(as_asked(ask, await answered(ask, body)))


async def render(ask: Ask) -> Answer:
    """The search that the template becomes with `params`."""
    body = await ask.connote.applications.rendered(ask.path("name"), await ask.json_if_any())
    parts = ("query", "post_filter", "retriever", "knn", "rescore")
    return Answer({name: _spelled(value) if name in parts else value for name, value in body.items()})


def _spelled(query: Any) -> Any:  # noqa: ANN401 (JSON)
    """Queries with the names of their parts written out, as a search reads them."""
    if isinstance(query, list):
        return [_spelled(each) for each in query]
    if not isinstance(query, Mapping):
        return query
    return {kind: _of_field(_SHORT[kind], own) if kind in _SHORT else _spelled(own) for kind, own in query.items()}


def _of_field(part: str, own: Any) -> Any:  # noqa: ANN401
    if not isinstance(own, Mapping):
        return own
    return {field: value if isinstance(value, Mapping) else {part: value} for field, value in own.items()}


_LIST = {
    "from": "How many to leave out at the beginning.",
    "q": "Names or patterns, with spaces between them.",
    "size": "How many to tell at most; default 10.",
}

ROUTES = (
    Route("PUT", _ONE, put, {"create": "It must not be there yet."}),
    Route("GET", _ONE, get),
    Route("DELETE", _ONE, delete),
    Route("GET", _ALL, list_all, _LIST),
    *(
        Route(method, f"{_ONE}/_search", search, {"typed_keys": "Names of aggregations with their types."})
        for method in ("GET", "POST")
    ),
    Route("POST", f"{_ONE}/_render_query", render),
)
