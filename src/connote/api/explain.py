"""The routes that tell of queries: why a document matches, and whether a query can run."""

from typing import Any

from connote.api.choice import CHOICE, chosen, filters
from connote.api.exchange import Answer, Ask, Route
from connote.api.search import TYPED, query_of
from connote.contract.errors import BadQuery, ConnoteError, InvalidRequest, SearchFailed


async def explain(ask: Ask) -> Answer:
    """Why a document matches a query, and with what score; or that it does not."""
    body = await ask.json_if_any()
    _only_query(body)
    if body.get("query") is None and ask.text("q") is None:
        raise InvalidRequest(["query is missing"])
    name, id = ask.connote.indices.single(ask.path("index")), ask.path("id")
    looked = ask.connote.searches.explained(name, id, query_of(ask, body), filters(ask, [name]))
    is_there, why = await ask.attended(looked)
    told: dict[str, Any] = {"_index": name, "_id": id, "matched": why is not None}
    if not is_there:
        return Answer(told, 404)
    nothing = {"value": 0.0, "description": "no matching term", "details": []}
    return Answer({**told, "explanation": nothing if why is None else why.wire()})


async def validate(ask: Ask) -> Answer:
    """Whether a query can run; with `explain` also why not."""
    body, names = await ask.json_if_any(), chosen(ask)
    told = {"_shards": {"total": 1, "successful": 1, "failed": 0}, "valid": True}
    is_explained = ask.flag("explain") or ask.flag("rewrite")
    try:
        _only_query(body)
        query = query_of(ask, body)
        await ask.attended(ask.connote.searches.validated(names, query))
    except ConnoteError as error:
        cause = next(iter(error.failures.values())) if isinstance(error, SearchFailed) else error
        return Answer({**told, "valid": False, **({"error": f"{cause.type}: {cause.reason}"} if is_explained else {})})
    if is_explained:
        shown = repr(query)[:10_000]
        told["explanations"] = [{"index": name, "valid": True, "explanation": shown} for name in names]
    return Answer(told)


def _only_query(body: dict[str, Any]) -> None:
    if unknown := body.keys() - {"query"}:
        raise BadQuery(f"request does not support [{min(unknown)}]")


_EXPLAIN = TYPED | {
    "_source": "Accepted; the document itself is not shown.",
    "_source_includes": "Accepted.",
    "_source_excludes": "Accepted.",
    "stored_fields": "Accepted.",
}
_VALIDATE = (
    CHOICE
    | TYPED
    | {
        "all_shards": "Accepted.",
        "explain": "Say what is wrong, or what is searched.",
        "rewrite": "The same.",
    }
)

ROUTES = tuple(
    route
    for method in ("GET", "POST")
    for route in (
        Route(method, "/{index}/_explain/{id}", explain, _EXPLAIN),
        Route(method, "/_validate/query", validate, _VALIDATE),
        Route(method, "/{index}/_validate/query", validate, _VALIDATE),
    )
)
