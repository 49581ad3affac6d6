"""The routes that tell of shards: their segments, and from where they came."""

import asyncio
from contextlib import suppress
from typing import Any

from connote.api.choice import CHOICE, chosen, opened
from connote.api.exchange import Answer, Ask, Route
from connote.api.table import PARAMS, Column, Row, table
from connote.contract.errors import IllegalArgument, NoIndex
from connote.search import segments as told_of
from connote.search.aliases import passing
from connote.search.answer import shards
from connote.search.names import aliases_met

_SEGMENTS = (
    Column("index", ("i", "idx"), "index name"),
    Column("shard", ("s", "sh"), "shard name"),
    Column("prirep", ("p", "pr", "primaryOrReplica"), "primary or replica"),
    Column("ip", (), "ip of node where it lives"),
    Column("id", (), "unique id of node where it lives", is_shown=False),
    Column("segment", ("seg",), "segment name"),
    Column("generation", ("g", "gen"), "segment generation", is_right=True),
    Column("docs.count", ("dc", "docsCount"), "number of docs in segment", is_right=True),
    Column("docs.deleted", ("dd", "docsDeleted"), "number of deleted docs in segment", is_right=True),
    Column("size", ("si",), "segment size in bytes", is_size=True, is_right=True),
    Column("size.memory", ("sm", "sizeMemory"), "segment memory in bytes", is_right=True),
    Column("committed", ("ic", "isCommitted"), "is segment committed"),
    Column("searchable", ("is", "isSearchable"), "is segment searched"),
    Column("version", ("v", "ver"), "version"),
    Column("compound", ("ico", "isCompound"), "is segment compound"),
)
_RECOVERY = (
    Column("index", ("i", "idx"), "index name"),
    Column("shard", ("s", "sh"), "shard name"),
    Column("time", ("t", "ti"), "recovery time"),
    Column("type", ("ty",), "recovery type"),
    Column("stage", ("st",), "recovery stage"),
    Column("source_host", ("shost",), "source host"),
    Column("source_node", ("snode",), "source node name"),
    Column("target_host", ("thost",), "target host"),
    Column("target_node", ("tnode",), "target node name"),
    Column("repository", ("rep",), "repository"),
    Column("snapshot", ("snap",), "snapshot"),
    Column("files_percent", ("fp",), "percent of files recovered"),
    Column("bytes_percent", ("bp",), "percent of bytes recovered"),
)
_NODE = {"id": "connote", "host": "127.0.0.1", "transport_address": "127.0.0.1", "ip": "127.0.0.1", "name": "connote"}


async def segments(ask: Ask) -> Answer:
    """The segments of indices: how many documents each has, and how large it is."""
    found = await _found(ask)
    routing = {"state": "STARTED", "primary": True, "node": ask.connote.uuid}
    told = {
        name: {
            "shards": {
                "0": [
                    {
                        "routing": routing,
                        "num_committed_segments": len(own),
                        "num_search_segments": len(own),
                        "segments": own,
                    }
                ]
            }
        }
        for name, own in found.items()
    }
    return Answer({"_shards": _shards(len(found)), "indices": told})


async def cat_segments(ask: Ask) -> Answer:
    """The segments of indices, as a table."""
    rows: list[Row] = [
        {
            "index": name,
            "shard": 0,
            "prirep": "p",
            "ip": "127.0.0.1",
            "id": ask.connote.uuid,
            "segment": segment,
            "generation": each["generation"],
            "docs.count": each["num_docs"],
            "docs.deleted": each["deleted_docs"],
            "size": each["size_in_bytes"],
            "size.memory": 0,
            "committed": "true",
            "searchable": "true",
            "version": each["version"],
            "compound": "true",
        }
        for name, own in (await _found(ask)).items()
        for segment, each in own.items()
    ]
    return table(ask, _SEGMENTS, rows)


async def recovery(ask: Ask) -> Answer:
    """How shards came to be: each was read from this node's own disk, and is there."""
    return Answer({name: {"shards": [_recovered(ask, name)]} for name in chosen(ask)})


async def cat_recovery(ask: Ask) -> Answer:
    """The same, as a table."""
    own: Row = {
        "shard": 0, "time": "0s", "type": "empty_store", "stage": "done", "source_host": "n/a", "source_node": "n/a",
        "target_host": "127.0.0.1", "target_node": "connote", "repository": "n/a", "snapshot": "n/a",
        "files_percent": "100.0%", "bytes_percent": "100.0%",
    }  # fmt: skip
    return table(ask, _RECOVERY, [{"index": name, **own} for name in chosen(ask)])


async def search_shards(ask: Ask) -> Answer:
    """Where a search of these indices would run: the one shard of each, on this node."""
    found, indices = opened(ask), ask.connote.indices
    own: dict[str, dict[str, Any]] = {}
    for name in found:
        record, expression = indices.records[name], ask.request.path_params.get("index")
        met = [] if expression in (None, name) else aliases_met(expression, name, record.aliases)
        own[name] = {"aliases": sorted(met)} if met else {}
        if passing(expression, record) is not None:
            own[name]["filter"] = _filtered([record.aliases[alias]["filter"] for alias in met])
    node = {**_NODE, "attributes": {}, "roles": ["data", "ingest", "master", "ml"]}
    shown = [[_shard(ask, name)] for name in found]
    return Answer({"nodes": {ask.connote.uuid: node}, "indices": own, "shards": shown})


async def shard_stores(ask: Ask) -> Answer:
    """Copies of shards: those of a health that is asked for by `status`, and every shard is `green`."""
    wanted = set(ask.names("status") or ["yellow", "red"])
    if unknown := wanted - {"green", "yellow", "red", "all"}:
        raise IllegalArgument(f"unknown cluster health status [{min(unknown)}]")
    found = chosen(ask) if wanted & {"green", "all"} else []
    told: dict[str, Any] = {}
    for name in found:
        store = {
            ask.connote.uuid: _NODE,
            "allocation_id": ask.connote.indices.records[name].uuid,
            "allocation": "primary",
        }
        told[name] = {"shards": {"0": {"stores": [store]}}}
    return Answer({"indices": told})


def _shard(ask: Ask, name: str) -> dict[str, Any]:
    place = {"node": ask.connote.uuid, "relocating_node": None, "shard": 0, "index": name}
    return {
        "state": "STARTED",
        "primary": True,
        **place,
        "allocation_id": {"id": ask.connote.indices.records[name].uuid},
    }


def _filtered(filters: list[Any]) -> Any:  # noqa: ANN401 (JSON)
    return filters[0] if len(filters) == 1 else {"bool": {"should": filters}}


async def _found(ask: Ask) -> dict[str, dict[str, dict[str, Any]]]:
    """By index its segments."""
    found = {}
    for name in opened(ask):
        with suppress(NoIndex):  # it was deleted in the meantime
            found[name] = await asyncio.to_thread(told_of.of, await ask.connote.indices.open(name))
    return found


def _recovered(ask: Ask, name: str) -> dict[str, Any]:
    began = ask.connote.indices.records[name].created
    return {
        "id": 0,
        "type": "EMPTY_STORE",
        "stage": "DONE",
        "primary": True,
        "start_time_in_millis": began,
        "stop_time_in_millis": began,
        "total_time_in_millis": 0,
        "source": {},
        "target": _NODE,
        "index": {
            "size": {"total_in_bytes": 0, "reused_in_bytes": 0, "recovered_in_bytes": 0, "percent": "0.0%"},
            "files": {"total": 0, "reused": 0, "recovered": 0, "percent": "0.0%"},
        },
        "translog": {"recovered": 0, "total": 0, "percent": "100.0%", "total_on_start": 0},
        "verify_index": {"check_index_time_in_millis": 0, "total_time_in_millis": 0},
    }


def _shards(count: int) -> dict[str, int]:
    return {name: value for name, value in shards(count).items() if name != "skipped"}


_OWN = CHOICE | {"verbose": "Accepted."}
_RECOVERED = CHOICE | {"active_only": "Accepted.", "detailed": "Accepted."}
_SOUGHT = CHOICE | dict.fromkeys(("local", "master_timeout", "preference", "routing"), "Accepted.")
_STORES = CHOICE | {"status": "Of which health: `green`, `yellow`, `red`, `all`; default `yellow,red`."}

ROUTES = (
    *(
        Route(method, f"{prefix}/_search_shards", search_shards, _SOUGHT)
        for prefix in ("", "/{index}")
        for method in ("GET", "POST")
    ),
    *(Route("GET", f"{prefix}/_shard_stores", shard_stores, _STORES) for prefix in ("", "/{index}")),
    *(Route("GET", f"{prefix}/_segments", segments, _OWN) for prefix in ("", "/{index}")),
    *(Route("GET", f"{prefix}/_recovery", recovery, _RECOVERED) for prefix in ("", "/{index}")),
    *(Route("GET", f"/_cat/segments{rest}", cat_segments, PARAMS | CHOICE) for rest in ("", "/{index}")),
    *(Route("GET", f"/_cat/recovery{rest}", cat_recovery, PARAMS | _RECOVERED) for rest in ("", "/{index}")),
)
