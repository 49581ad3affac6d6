"""The routes of the relevance lens, and of moving a field of meaning to another endpoint."""

from typing import Any

from connote.api.choice import filters
from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import BadQuery, InvalidRequest, Unparsable
from connote.contract.settings import java
from connote.search.reembed.switch import Switch


async def explain(ask: Ask) -> Answer:
    """Why a document (`id`) answers a `query` or `retriever` as it does: the tokens, terms and chunks that met.

    docs/lens.md describes the answer.
    """
    body = await ask.json()
    if unknown := body.keys() - {"query", "retriever", "id"}:
        raise BadQuery(f"request does not support [{min(unknown)}]; known are [query, retriever, id]")
    kinds = [name for name in ("query", "retriever") if name in body]
    if len(kinds) != 1:
        raise BadQuery(f"[query] is required, or [retriever] in its place, not {kinds}")
    wanted, id = body[kinds[0]], body.get("id")
    if not isinstance(wanted, dict):
        raise BadQuery(f"[{kinds[0]}] must be an object, not [{java(wanted)[:100]}]")
    if not isinstance(id, str) or not id:
        raise Unparsable(f"[id] is required, the id of a document, not [{java(id)[:100]}]")
    index = await ask.connote.documents.one(ask.path("index"))
    look = ask.connote.lens.query if kinds == ["query"] else ask.connote.lens.retriever
    told = await ask.attended(look(index, wanted, id, filters(ask, [index.name])))
    if told is None:
        return Answer({"_index": index.name, "_id": id, "matched": False, "found": False}, 404)
    return Answer(told)


async def reembed(ask: Ask) -> Answer:
    """Move the semantic `field` to the endpoint `inference_id` in the background; `search_inference_id` is for queries.

    Searches are served by the old vectors until all documents have new ones. If the same model is behind both
    endpoints, the field is switched at once.
    """
    body = await ask.json()
    known = ("field", "inference_id", "search_inference_id")
    if unknown := [name for name in body if name not in known]:
        raise Unparsable(f"unknown field [{unknown[0]}]; known are [{', '.join(known)}]")
    problems = [f"[{name}] is required, a text" for name in known[:2] if not _is_text(body.get(name))]
    if not _is_text(body.get("search_inference_id", "none")):
        problems.append("[search_inference_id] must be a text")
    if problems:
        raise InvalidRequest(problems)
    index = await ask.connote.documents.one(ask.path("index"))
    return Answer(await ask.connote.reembeds.start(index, Switch(**body)))


async def reembedding(ask: Ask) -> Answer:
    """How far the moving of a field has come, or what became of the last one."""
    return Answer(await ask.connote.reembeds.state(await ask.connote.documents.one(ask.path("index"))))


async def cancel(ask: Ask) -> Answer:
    """End the moving of a field: it stays as it is."""
    return Answer(await ask.connote.reembeds.cancel(await ask.connote.documents.one(ask.path("index"))))


async def switch(ask: Ask) -> Answer:
    """Whether an endpoint could take over the index's semantic fields: at once, or by embedding all documents again."""
    id = ask.text("inference_id")
    if not id:
        raise InvalidRequest(["[inference_id] is required"])
    index = await ask.connote.documents.one(ask.path("index"))
    wanted = ask.names("field") or sorted(index.mapping.semantic)
    fields = {}
    for name in wanted:
        field, is_same = ask.connote.reembeds.plan(index, name, id)
        how = "none" if field.endpoint == id else "at_once" if is_same else "reembed"
        fields[name] = {"inference_id": field.endpoint, "switch": how}
    return Answer({"index": index.name, "inference_id": id, "fields": fields})


def _is_text(value: Any) -> bool:  # noqa: ANN401 (JSON)
    return isinstance(value, str) and bool(value)


_SWITCH = {"inference_id": "The endpoint that is to embed.", "field": "Only these fields; default all semantic ones."}

ROUTES = (
    *(Route(method, "/{index}/_connote/explain", explain) for method in ("GET", "POST")),
    Route("POST", "/{index}/_connote/reembed", reembed),
    Route("GET", "/{index}/_connote/reembed", reembedding),
    Route("DELETE", "/{index}/_connote/reembed", cancel),
    Route("GET", "/{index}/_connote/switch", switch, _SWITCH),
)
