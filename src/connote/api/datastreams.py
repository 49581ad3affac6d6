"""The routes of data streams."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from connote.api.choice import CHOICE, TIMEOUTS, chosen
from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import ClosedIndex, IllegalArgument, Unparsable
from connote.search import datastreams, overrides
from connote.search.streams import DataStream, by_index


async def create(ask: Ask) -> Answer:
    """Make a data stream, of the index template with `data_stream` that is for its name."""
    await datastreams.create(ask.connote.indices, ask.path("name"))
    return Answer({"acknowledged": True})


async def get(ask: Ask) -> Answer:
    """Data streams with their indices, all or by name or pattern."""
    indices = ask.connote.indices
    return Answer({"data_streams": [datastreams.told(indices, each) for each in _found(ask)]})


async def delete(ask: Ask) -> Answer:
    """Delete data streams with all that is in them."""
    await datastreams.delete(ask.connote.indices, datastreams.find(ask.connote.indices, ask.path("name")))
    return Answer({"acknowledged": True})


async def stats(ask: Ask) -> Answer:
    """How large data streams are, and the newest timestamp of each."""
    told = [await _measured(ask, each) for each in _found(ask)]
    count = sum(each["backing_indices"] for each in told)
    size = sum(each["store_size_bytes"] for each in told)
    shards = {"total": count, "successful": count, "failed": 0}
    totals = {"data_stream_count": len(told), "backing_indices": count, "total_store_size_bytes": size}
    return Answer({"_shards": shards, **totals, "data_streams": told})


async def modify(ask: Ask) -> Answer:
    """Add indices to data streams, or take them out: `actions` of `add_backing_index`, `remove_backing_index`."""
    body = await ask.json()
    if unknown := body.keys() - {"actions"}:
        raise Unparsable(f"[data_stream_actions] unknown field [{min(unknown)}]")
    await datastreams.modify(ask.connote.indices, body.get("actions"))
    return Answer({"acknowledged": True})


async def migrate(ask: Ask) -> Answer:
    """Make a data stream of an alias: its indices, with timestamps, become those of the stream."""
    await datastreams.migrate(ask.connote.indices, ask.path("name"))
    return Answer({"acknowledged": True})


async def promote(ask: Ask) -> Answer:
    """Refused: nothing is replicated from other clusters."""
    _found(ask)
    raise IllegalArgument(f"data stream [{ask.path('name')}] is not a replicated data stream")


async def get_lifecycle(ask: Ask) -> Answer:
    """The lifecycles of data streams: for how long indices are kept once they have been rolled over."""
    return Answer({"data_streams": [_lived(each) for each in _found(ask)], "global_retention": {}})


async def put_lifecycle(ask: Ask) -> Answer:
    """Give data streams a lifecycle: `data_retention`, `enabled`. They roll over by themselves, and old indices go."""
    await datastreams.set_lifecycle(ask.connote.indices, _found(ask), await ask.json_if_any())
    return Answer({"acknowledged": True})


async def delete_lifecycle(ask: Ask) -> Answer:
    """Take the lifecycle from data streams."""
    await datastreams.set_lifecycle(ask.connote.indices, _found(ask), None)
    return Answer({"acknowledged": True})


async def explain_lifecycle(ask: Ask) -> Answer:
    """Which lifecycle indices have by their data stream."""
    indices = ask.connote.indices
    owners = by_index(indices.streams)
    told: dict[str, Any] = {}
    for name in chosen(ask, expand="open,closed"):
        lifecycle = indices.streams[owners[name]].lifecycle if name in owners else None
        told[name] = {"index": name, "managed_by_lifecycle": bool(lifecycle and lifecycle["enabled"])}
        if lifecycle is not None:
            created = indices.records[name].created
            told[name] |= {"index_creation_date_millis": created, "lifecycle": lifecycle}
    return Answer({"indices": told})


async def lifecycle_stats(ask: Ask) -> Answer:
    """When lifecycles were last followed, for how long, and where that failed."""
    return Answer(ask.connote.lifecycles.stats())


async def get_settings(ask: Ask) -> Answer:
    """The settings that data streams have above their templates, and those that their next indices will have."""
    return Answer({"data_streams": [overrides.settings(ask.connote.indices, each) for each in _found(ask)]})


async def put_settings(ask: Ask) -> Answer:
    """Give data streams settings of their own; those that can change at once are changed in their indices too."""
    return await _overridden(ask, overrides.set_settings)


async def get_mappings(ask: Ask) -> Answer:
    """The mappings that data streams have above their templates, and those that their next indices will have."""
    return Answer({"data_streams": [overrides.mappings(ask.connote.indices, each) for each in _found(ask)]})


async def put_mappings(ask: Ask) -> Answer:
    """Give data streams mappings of their own, from their next index on."""
    return await _overridden(ask, overrides.set_mappings)


async def _overridden(ask: Ask, change: Callable[..., Awaitable[dict[str, Any]]]) -> Answer:
    body, is_trial = await ask.json(), ask.flag("dry_run")
    told = [await change(ask.connote.indices, each, body, is_trial=is_trial) for each in _found(ask)]
    return Answer({"data_streams": told})


def _found(ask: Ask) -> list[DataStream]:
    return datastreams.find(ask.connote.indices, ask.request.path_params.get("name"), or_indices=True)


def _lived(stream: DataStream) -> dict[str, Any]:
    return {"name": stream.name, **({} if stream.lifecycle is None else {"lifecycle": stream.lifecycle})}


async def _measured(ask: Ask, stream: DataStream) -> dict[str, Any]:
    size, newest = 0, list[int]()
    for name in stream.indices:
        try:
            index = await ask.connote.indices.open(name)
        except ClosedIndex:
            continue
        size += await asyncio.to_thread(index.size)
        if (found := await asyncio.to_thread(datastreams.latest, index)) is not None:
            newest.append(found)
    return {
        "data_stream": stream.name,
        "backing_indices": len(stream.indices),
        "store_size_bytes": size,
        "maximum_timestamp": max(newest, default=0),
    }


_GET = TIMEOUTS | {
    "expand_wildcards": "Accepted.",
    "include_defaults": "Accepted.",
    "verbose": "Accepted.",
}
_PUT = TIMEOUTS | {"dry_run": "Tell what would become of it, and change nothing."}
_STATS = {"expand_wildcards": "Accepted."}

ROUTES = (
    Route("PUT", "/_data_stream/{name}", create, TIMEOUTS),
    *(Route("GET", path, get, _GET) for path in ("/_data_stream", "/_data_stream/{name}")),
    Route("DELETE", "/_data_stream/{name}", delete, _GET),
    *(Route("GET", path, stats, _STATS) for path in ("/_data_stream/_stats", "/_data_stream/{name}/_stats")),
    Route("POST", "/_data_stream/_modify", modify, TIMEOUTS),
    Route("POST", "/_data_stream/_migrate/{name}", migrate, TIMEOUTS),
    Route("POST", "/_data_stream/_promote/{name}", promote, TIMEOUTS),
    Route("GET", "/_data_stream/{name}/_lifecycle", get_lifecycle, _GET),
    Route(
        "PUT",
        "/_data_stream/{name}/_lifecycle",
        put_lifecycle,
        _GET | dict.fromkeys(("data_retention", "downsampling", "enabled"), "Accepted."),
    ),
    Route("DELETE", "/_data_stream/{name}/_lifecycle", delete_lifecycle, _GET),
    Route("GET", "/_lifecycle/stats", lifecycle_stats),
    Route("GET", "/_data_stream/{name}/_settings", get_settings, TIMEOUTS),
    Route("PUT", "/_data_stream/{name}/_settings", put_settings, _PUT),
    Route("GET", "/_data_stream/{name}/_mappings", get_mappings, TIMEOUTS),
    Route("PUT", "/_data_stream/{name}/_mappings", put_mappings, _PUT),
    Route("GET", "/{index}/_lifecycle/explain", explain_lifecycle, CHOICE | _GET),
)
