"""The routes of the relevance lens, and of moving a field of meaning to another endpoint."""

from typing import Any

from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import BadQuery, Unparsable
from connote.contract.settings import java


async def explain(ask: Ask) -> Answer:
    """Why a document (`id`) answers a `query` as it does: clause by clause the tokens, terms and chunks that met.

    docs/lens.md describes the answer.
    """
    body = await ask.json()
    if unknown := body.keys() - {"query", "id"}:
        raise BadQuery(f"request does not support [{min(unknown)}]; known are [query, id]")
    query, id = body.get("query"), body.get("id")
    if not isinstance(query, dict):
        raise BadQuery(f"[query] is required, an object, not [{java(query)[:100]}]")
    if not isinstance(id, str) or not id:
        raise Unparsable(f"[id] is required, the id of a document, not [{java(id)[:100]}]")
    index = await ask.connote.documents.one(ask.path("index"))
    told = await ask.attended(ask.connote.lens.explain(index, query, id))
    if told is None:
        return Answer({"_index": index.name, "_id": id, "matched": False, "found": False}, 404)
    return Answer(told)


ROUTES: tuple[Any, ...] = tuple(Route(method, "/{index}/_connote/explain", explain) for method in ("GET", "POST"))
