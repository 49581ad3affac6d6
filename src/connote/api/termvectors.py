"""The routes of the terms of single documents."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import ConnoteError, IllegalArgument, InvalidRequest, Unparsable
from connote.contract.settings import java
from connote.search import embedded
from connote.search.index import Index
from connote.search.termvectors import MOST_TOKENS, Wanted, counted

# Documents of one request.
_MOST = 1000
_FLAGS = ("offsets", "payloads", "positions", "field_statistics", "term_statistics")
_WHICH = ("_index", "_id", "doc")
# What says nothing here: reads by id are of the newest state, and there is one shard.
_ACCEPTED = ("routing", "version", "version_type", "preference", "realtime", "dfs")


async def term_vectors(ask: Ask) -> Answer:
    """The terms of a document, or of an artificial one (`doc`): where they stand, and how often in all documents."""
    body = _asked(ask) | await ask.json_if_any()
    id = ask.request.path_params.get("id")
    if id is None and body.get("doc") is None:
        raise InvalidRequest(["id or doc is missing"])
    asked = {**body, "_index": ask.path("index"), **({} if id is None else {"_id": id})}
    return Answer(await ask.attended(_one(ask, asked, MOST_TOKENS)))


async def several(ask: Ask) -> Answer:
    """The same of several documents: `docs`, or `ids` of the index in the path. One that fails harms no other."""
    body, index = await ask.json(), ask.request.path_params.get("index")
    if unknown := body.keys() - {"docs", "ids", "parameters"}:
        raise Unparsable(f"[mtermvectors] unknown field [{min(unknown)}]; known are [docs, ids, parameters]")
    docs, ids, shared = body.get("docs") or [], body.get("ids") or [], body.get("parameters") or {}
    if not isinstance(docs, list) or not isinstance(ids, list) or not isinstance(shared, dict):
        raise Unparsable("[mtermvectors] [docs] and [ids] must be arrays, and [parameters] an object")
    wanted = [*docs, *({"_id": id} for id in ids)]
    if not wanted or len(wanted) > _MOST or not all(isinstance(each, dict) for each in wanted):
        raise InvalidRequest([f"multi term vectors must be of 1 to {_MOST} documents, each an object or an id"])
    defaults = _asked(ask) | shared | ({} if index is None else {"_index": index})
    return Answer({"docs": await ask.attended(_all(ask, [{**defaults, **each} for each in wanted]))})


async def _all(ask: Ask, wanted: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is told of each, as long as there is room for it."""
    told, left = list[dict[str, Any]](), MOST_TOKENS
    for each in wanted:
        told.append(await _told(ask, each, left))
        left -= counted(told[-1].get("term_vectors", {}))
    return told


async def _told(ask: Ask, given: dict[str, Any], most: int) -> dict[str, Any]:
    try:
        return await _one(ask, given, most)
    except ConnoteError as error:
        return {"_index": given.get("_index"), "_id": given.get("_id"), "error": error.wire()["error"]}


async def _one(ask: Ask, given: Mapping[str, Any], most: int) -> dict[str, Any]:
    began, name, id, doc = time.perf_counter(), *(given.get(each) for each in _WHICH)
    wanted = Wanted.parse({key: value for key, value in given.items() if key not in (*_WHICH, *_ACCEPTED)})
    if not isinstance(name, str):
        raise IllegalArgument("[_index] is required, a text")
    if doc is not None:
        if not isinstance(doc, dict):
            raise Unparsable(f"[doc] must be an object, not [{java(doc)[:100]}]")
        index = await ask.connote.documents.one(name)
        vectors = await _vectors(ask, index, wanted, "", doc, most, is_artificial=True)
        return {"_index": index.name, "_version": 0, "found": True, "took": _millis(began), "term_vectors": vectors}
    if not isinstance(id, str):
        raise IllegalArgument("[_id] is required, a text, or [doc]")
    index, stored = await ask.connote.documents.get(name, id)
    told = {"_index": index.name, "_id": id, "_version": stored.version if stored else 0}
    if stored is None:
        return {**told, "found": False, "took": _millis(began)}
    vectors = await _vectors(ask, index, wanted, id, embedded.source(stored.source or b"{}"), most)
    return {**told, "found": True, "took": _millis(began), "term_vectors": vectors}


async def _vectors(
    ask: Ask,
    index: Index,
    wanted: Wanted,
    id: str,
    source: Mapping[str, Any],
    most: int,
    *,
    is_artificial: bool = False,
) -> dict[str, Any]:
    async with ask.connote.searches.reading([index.name]) as (reader,):
        if reader.is_part:
            raise IllegalArgument(
                "Term vectors are not told if document level security is enabled: they count all documents"
            )
        return await asyncio.to_thread(wanted.told, reader, id, source, most, is_artificial=is_artificial)


def _asked(ask: Ask) -> dict[str, Any]:
    """What the URL says."""
    flags = {name: ask.flag(name) for name in _FLAGS if ask.text(name) is not None}
    fields = ask.names("fields")
    return flags if fields is None else {**flags, "fields": fields}


def _millis(began: float) -> int:
    return int((time.perf_counter() - began) * 1000)


_PARAMS = {
    "fields": "Names or patterns; default those whose mapping has `term_vector`, of an artificial document all.",
    "field_statistics": "How many documents have the field, and how many terms; default true.",
    "term_statistics": "In how many documents a term is, and how often in all; default false.",
    "positions": "Default true.",
    "offsets": "Default true.",
    "payloads": "Accepted: there are none.",
    "preference": "Accepted.",
    "realtime": "Accepted: the document is as it is now.",
    "routing": "Accepted.",
    "version": "Accepted.",
    "version_type": "Accepted.",
}

ROUTES = tuple(
    Route(method, path, handler, _PARAMS)
    for method in ("GET", "POST")
    for path, handler in (
        ("/{index}/_termvectors/{id}", term_vectors),
        ("/{index}/_termvectors", term_vectors),
        ("/_mtermvectors", several),
        ("/{index}/_mtermvectors", several),
    )
)
