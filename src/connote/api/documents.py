"""The routes of single documents, and of several by id."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from connote.api.exchange import Answer, Ask, Route, encoded
from connote.api.refresh import REFRESH, refresh
from connote.contract.errors import (
    ConnoteError,
    IllegalArgument,
    InvalidRequest,
    NotFound,
    Unparsable,
    VersionConflict,
)
from connote.contract.settings import java
from connote.search import embedded
from connote.search.fetch.source import SOURCE, SourceFilter
from connote.search.fetch.stored import stored
from connote.search.index import Index
from connote.search.mapping.document import INFERENCE
from connote.search.thread import aside
from connote.search.write import change, given
from connote.search.write.item import Item
from connote.search.write.operation import Kind, VersionType
from connote.store.documents import Stored

_MOST_DOCUMENTS = 10_000


async def write(ask: Ask) -> Answer:
    """Write a document, in place of the one of its id if there is one; without an id one is made."""
    kind = ask.text("op_type") or ("index" if "id" in ask.request.path_params else "create")
    if kind not in ("index", "create"):
        raise IllegalArgument(f"opType must be 'create' or 'index', found: [{kind}]")
    return await _written(ask, Kind(kind), source=await ask.json())


async def create(ask: Ask) -> Answer:
    """Write a document whose id must not be there yet."""
    return await _written(ask, Kind.CREATE, source=await ask.json())


async def update(ask: Ask) -> Answer:
    """Change a document: `doc` is merged into it, or `script` runs on it; `upsert` is for where there is none."""
    body = await ask.json()
    shown = body.pop("_source", ask.text("_source"))
    includes, excludes = ask.names("_source_includes"), ask.names("_source_excludes")
    if includes or excludes:
        shown = {"includes": includes or [], "excludes": excludes or []}
    conditions = change.conditions(body)
    change.check(body)
    return await _written(ask, Kind.UPDATE, change=body, shown=shown, **conditions)


async def delete(ask: Ask) -> Answer:
    """Delete a document."""
    return await _written(ask, Kind.DELETE)


async def get(ask: Ask) -> Answer:
    """A document with its version, as it is now: it need not have been refreshed."""
    shown = _shown(ask)
    index, found = await ask.connote.documents.get(ask.path("index"), ask.path("id"))
    if found is None:
        return Answer({"_index": index.name, "_id": ask.path("id"), "found": False}, 404)
    _check_version(ask, found)
    with_vectors = not ask.flag("_source_exclude_vectors", default=True)
    fields = ask.names("stored_fields") or ()
    return Answer(await asyncio.to_thread(_wire, index, found, shown, fields, with_vectors=with_vectors))


async def exists(ask: Ask) -> Answer:
    """Whether there is such a document."""
    _, found = await ask.connote.documents.get(ask.path("index"), ask.path("id"))
    return Answer(response=Response(status_code=200 if found else 404))


async def source(ask: Ask) -> Answer:
    """Only the document itself."""
    shown = _shown(ask)
    index, found = await ask.connote.documents.get(ask.path("index"), ask.path("id"))
    if found is None:
        raise NotFound(f"Document not found [{index.name}]/[{ask.path('id')}]")
    _check_version(ask, found)
    if not index.mapping.shown.is_shown:
        raise NotFound(f"Source not found [{index.name}]/[{ask.path('id')}]")
    return Answer(_source(index, found, shown))


async def mget(ask: Ask) -> Answer:
    """Several documents by id: `docs` with `_index` and `_id` each, or `ids` of the index in the path."""
    wanted = _wanted(await ask.json(), ask.request.path_params.get("index"))
    by_index = defaultdict[str, dict[str, None]](dict)
    for each in wanted:
        by_index[each["_index"]][str(each["_id"])] = None
    found = {name: await _several(ask, name, list(ids)) for name, ids in by_index.items()}
    default = _shown(ask)
    for each in wanted:
        _settle(each, ask)
    return await aside(
        len(wanted), lambda: encoded(ask, {"docs": [_one(each, found[each["_index"]], default) for each in wanted]})
    )


async def _written(ask: Ask, kind: Kind, **given: Any) -> Answer:  # noqa: ANN401 (of an item)
    version_type = ask.text("version_type") or "internal"
    if version_type not in tuple(VersionType):
        raise IllegalArgument(f"No version type match [{version_type}]")
    conditions = {name: ask.whole(name) for name in ("if_seq_no", "if_primary_term")}
    item = Item(
        kind,
        ask.path("index"),
        ask.request.path_params.get("id"),
        routing=ask.text("routing"),
        version=ask.whole("version"),
        version_type=VersionType(version_type),
        retries=ask.whole("retry_on_conflict") or 0,
        pipeline=ask.text("pipeline"),
        require_alias=ask.flag("require_alias"),
        require_stream=ask.flag("require_data_stream"),
        **conditions | given,
    )
    is_refreshed = refresh(ask)
    outcome = await ask.connote.documents.write_one(item, refresh=is_refreshed)
    copies = ask.connote.indices.copies(outcome.operation.index)
    body = outcome.wire(refreshed=is_refreshed and ask.text("refresh") != "wait_for", copies=copies)
    headers = (
        {"Location": f"/{quote(body['_index'])}/_doc/{quote(body['_id'], safe='')}"} if outcome.status == 201 else {}
    )
    return Answer(body, outcome.status, headers=headers, warnings=outcome.warnings)


def _shown(ask: Ask) -> SourceFilter:
    includes, excludes, given = ask.names("_source_includes"), ask.names("_source_excludes"), ask.text("_source")
    without = None if ask.text("_source_exclude_vectors") is None else ask.flag("_source_exclude_vectors")
    if includes or excludes:
        return SourceFilter(includes=includes or (), excludes=excludes or (), excludes_vectors=without)
    shown = replace(SourceFilter.parse(given), excludes_vectors=without)
    return shown if given else _beside(shown, ask.names("stored_fields"))


def _beside(shown: SourceFilter, fields: Sequence[str] | None) -> SourceFilter:
    """Beside stored fields the document is not shown, if it is not one of them."""
    return shown if not fields or SOURCE in fields else replace(shown, is_shown=False)


def _check_version(ask: Ask, found: Stored) -> None:
    wanted = ask.whole("version")
    if wanted is not None and wanted != found.version:
        raise VersionConflict(
            f"[{found.id}]: version conflict, current version [{found.version}] is different than the one provided "
            f"[{wanted}]"
        )


def _source(index: Index, found: Stored, shown: SourceFilter) -> dict[str, Any]:
    whole = index.mapping.shown.apply(embedded.source(found.source or b"{}"))
    return shown.settled(index.settings.excludes_vectors).apply(whole, index.mapping.vectors)


def _wire(
    index: Index, found: Stored, shown: SourceFilter, fields: Sequence[str] = (), *, with_vectors: bool = False
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "_index": index.name,
        "_id": found.id,
        "_version": found.version,
        "_seq_no": found.seq,
        "_primary_term": 1,
    }
    if found.routing is not None:
        body["_routing"] = found.routing
    if ignored := index.ignored(found):
        body["_ignored"] = ignored
    body["found"] = True
    if shown.is_shown and index.mapping.shown.is_shown:
        body["_source"] = _source(index, found, shown)
    if with_vectors and found.inference is not None and "_source" in body:
        whole = embedded.source(found.source or b"{}")
        body["_source"][INFERENCE] = given.wire(embedded.load(found.inference), index.mapping, whole)
    if fields and (values := stored(fields, embedded.source(found.source or b"{}"), index.mapping)):
        body["fields"] = values
    return body


def _wanted(body: dict[str, Any], index: str | None) -> list[dict[str, Any]]:
    if unknown := body.keys() - {"docs", "ids"}:
        raise Unparsable(f"unknown key [{min(unknown)}] for a START_ARRAY, expected [docs] or [ids]")
    ids, docs = body.get("ids") or [], body.get("docs") or []
    if not isinstance(ids, list) or not isinstance(docs, list):
        raise Unparsable("[docs] and [ids] must be arrays")
    wanted = [each if isinstance(each, dict) else {"_id": each} for each in docs] + [{"_id": id} for id in ids]
    if not wanted:
        raise InvalidRequest(["no documents to get"])
    if len(wanted) > _MOST_DOCUMENTS:
        raise IllegalArgument(f"at most {_MOST_DOCUMENTS} documents can be asked for at once, not {len(wanted)}")
    problems = []
    for at, each in enumerate(wanted):
        each.setdefault("_index", index)
        if not isinstance(each["_index"], str):
            problems.append(f"index is missing for doc {at}")
        if not isinstance(each.get("_id"), str | int):
            problems.append(f"id is missing for doc {at}, or no text: [{java(each.get('_id'))[:50]}]")
    if problems:
        raise InvalidRequest(problems)
    return wanted


def _settle(wanted: dict[str, Any], ask: Ask) -> None:
    """Give what is wanted of a document the stored fields of the URL, unless it names its own."""
    own = wanted.get("stored_fields")
    if own is None:
        wanted["stored_fields"] = ask.names("stored_fields") or ()
        return
    wanted["stored_fields"] = named = own if isinstance(own, list) else [own]
    if not all(isinstance(each, str) for each in named):
        raise IllegalArgument(f"[stored_fields] must be names of fields, not [{java(own)[:50]}]")
    wanted.setdefault("_source", ask.text("_source") or SOURCE in named)


async def _several(ask: Ask, name: str, ids: list[str]) -> tuple[Index, dict[str, Stored]] | ConnoteError:
    """Of these documents those that there are, or why they cannot be read."""
    try:
        return await ask.connote.documents.several(name, ids)
    except ConnoteError as error:
        return error


def _one(
    wanted: dict[str, Any], found: tuple[Index, dict[str, Stored]] | ConnoteError, default: SourceFilter
) -> dict[str, Any]:
    id = str(wanted["_id"])
    fields = wanted["stored_fields"]
    shown = SourceFilter.parse(wanted["_source"]) if "_source" in wanted else default
    if isinstance(found, ConnoteError):
        return {"_index": wanted["_index"], "_id": id, "error": {"root_cause": [found.told()], **found.told()}}
    index, documents = found
    if id not in documents:
        return {"_index": index.name, "_id": id, "found": False}
    return _wire(index, documents[id], shown, fields)


_WRITE = {
    "if_primary_term": "With `if_seq_no`; always 1 here.",
    "if_seq_no": "Only if the document is still as it was then.",
    "include_source_on_error": "Accepted.",
    "pipeline": "The ingest pipeline; `_none` for none, not even the index's default.",
    "refresh": REFRESH,
    "require_alias": "The name must be an alias.",
    "require_data_stream": "The name must be a data stream, or become one.",
    "routing": "Kept beside the document.",
    "timeout": "Accepted.",
    "version": "The version, if `version_type` is not `internal`.",
    "version_type": "`external` or `external_gte`: the caller counts versions.",
    "wait_for_active_shards": "Accepted: there is one.",
}
_SOURCE = {
    "_source": "`false`, or patterns of what to show.",
    "_source_exclude_vectors": "Without vectors, the default; `false`: with them, and with what texts became.",
    "_source_excludes": "Patterns of what to leave out.",
    "_source_includes": "Patterns of what to show.",
}
_READ = _SOURCE | {
    "force_synthetic_source": "Accepted.",
    "preference": "Accepted.",
    "realtime": "Accepted: reads by id are.",
    "refresh": "Accepted: reads by id see what was written.",
    "routing": "Accepted.",
    "stored_fields": "Fields that are mapped with `store`, to be shown in place of the document.",
    "version": "Only in this version.",
    "version_type": "Accepted.",
}
_UPDATE = {name: about for name, about in _WRITE.items() if not name.startswith("version") and name != "pipeline"}
_UPDATE |= _SOURCE | {
    "lang": "Accepted.",
    "retry_on_conflict": "How often to try again if another was faster; default 3.",
}
_DELETE = {name: about for name, about in _WRITE.items() if name not in ("pipeline", "require_alias")}
_DOCUMENT = "/{index}/_doc/{id}"

ROUTES = (
    Route("POST", "/{index}/_doc", write, _WRITE | {"op_type": "`create` or `index`."}),
    Route("PUT", _DOCUMENT, write, _WRITE | {"op_type": "`create`: the id must not be there yet."}),
    Route("POST", _DOCUMENT, write, _WRITE | {"op_type": "`create`: the id must not be there yet."}),
    Route("GET", _DOCUMENT, get, _READ),
    Route("HEAD", _DOCUMENT, exists, _READ),
    Route("DELETE", _DOCUMENT, delete, _DELETE),
    Route("PUT", "/{index}/_create/{id}", create, _WRITE),
    Route("POST", "/{index}/_create/{id}", create, _WRITE),
    Route("GET", "/{index}/_source/{id}", source, _READ),
    Route("HEAD", "/{index}/_source/{id}", exists, _READ),
    Route("POST", "/{index}/_update/{id}", update, _UPDATE),
    Route("GET", "/_mget", mget, _READ),
    Route("POST", "/_mget", mget, _READ),
    Route("GET", "/{index}/_mget", mget, _READ),
    Route("POST", "/{index}/_mget", mget, _READ),
)
