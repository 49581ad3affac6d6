"""The routes that tell of the cluster, which is this one node, and of what its indices hold and have done."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from connote.api.choice import CHOICE, TIMEOUTS, chosen, opened
from connote.api.exchange import Answer, Ask, Route
from connote.api.indices import DESTRUCTIVE
from connote.contract import sizes
from connote.contract.errors import IllegalArgument, NoIndex, Unparsable
from connote.contract.settings import java
from connote.search import stats as statistics
from connote.search.asyncsearches import LARGEST, LARGEST_BYTES
from connote.search.ilm import management
from connote.search.lifecycles import INTERVAL, USUAL_INTERVAL, interval
from connote.search.names import fits
from connote.search.settings import nested, text
from connote.version import VERSION_SPOKEN


async def health(ask: Ask) -> Answer:
    """The health of the cluster: always green, for all shards are where they can be."""
    found = chosen(ask, expand="all")
    level = ask.text("level") or "cluster"
    if level not in ("cluster", "indices", "shards"):
        raise IllegalArgument(f"unknown level [{level}]; there are [cluster, indices, shards]")
    body: dict[str, Any] = {
        "cluster_name": "connote",
        "status": "green",
        "timed_out": False,
        "number_of_nodes": 1,
        "number_of_data_nodes": 1,
        **_shards(len(found)),
        "delayed_unassigned_shards": 0,
        "number_of_pending_tasks": 0,
        "number_of_in_flight_fetch": 0,
        "task_max_waiting_in_queue_millis": 0,
        "unassigned_primary_shards": 0,
        "active_shards_percent_as_number": 100.0,
    }
    if level != "cluster":
        own = {"status": "green", "number_of_shards": 1, "number_of_replicas": 0, **_shards(1)}
        body["indices"] = dict.fromkeys(found, own)
    return Answer(body)


async def stats(ask: Ask) -> Answer:
    """What indices hold and have done, all or some groups: `docs`, `store`, `indexing`, `search`."""
    wanted = ask.request.path_params.get("metric")
    groups = (
        None if wanted in (None, "_all") else {statistics.GROUPS.get(each, each) for each in str(wanted).split(",")}
    )
    parts: dict[str, dict[str, Any]] = {}
    told: dict[str, Any] = {}
    for name in opened(ask):
        with suppress(NoIndex):  # it was deleted in the meantime
            found = await asyncio.to_thread(statistics.of, await ask.connote.indices.open(name))
            part = {group: value for group, value in found.items() if groups is None or group in groups}
            told[name] = statistics.told(ask.connote.indices.settings(name), part)
            parts[name] = part
    total = statistics.added(list(parts.values()))
    return Answer(
        {
            "_shards": {"total": len(parts), "successful": len(parts), "failed": 0},
            "_all": {"primaries": total, "total": total},
            "indices": told,
        }
    )


async def get_settings(ask: Ask) -> Answer:
    """The settings of the cluster. They are kept.

    Only `action.destructive_requires_name`, `data_streams.lifecycle.poll_interval`, `indices.lifecycle.poll_interval`
    and `search.max_async_search_response_size` say something here.
    """
    return Answer(_settings(ask, ask.connote.values.get(_SETTINGS) or {"persistent": {}, "transient": {}}))


async def put_settings(ask: Ask) -> Answer:
    """Change settings of the cluster; null takes one back, or all that a pattern fits. Told are those changed."""
    body, told = await ask.json(), {"persistent": dict[str, Any](), "transient": dict[str, Any]()}
    kept = ask.connote.values.get(_SETTINGS) or {"persistent": {}, "transient": {}}
    for kind, changes in body.items():
        if kind not in kept:
            raise Unparsable(f"unknown field [{kind}]; known are [persistent, transient]")
        if not isinstance(changes, dict):
            raise Unparsable(f"[{kind}] must be an object, not [{java(changes)[:100]}]")
        changed = dict(_flat(changes))
        cleared = [name for name, value in changed.items() if value is None]
        merged = {name: value for name, value in kept[kind].items() if not any(fits(name, each) for each in cleared)}
        told[kind] = {name: value for name, value in changed.items() if value is not None}
        kept[kind] = merged | told[kind]
    said = kept["persistent"] | kept["transient"]
    requires, largest = said.get(DESTRUCTIVE, True), sizes.parse(said.get(LARGEST, LARGEST_BYTES), LARGEST)
    if requires not in (True, False, "true", "false"):
        raise IllegalArgument(f"Failed to parse value [{java(requires)}] as only [true] or [false] are allowed.")
    often = str(said.get(INTERVAL, USUAL_INTERVAL))
    interval(often)
    ask.connote.values.put(_SETTINGS, kept)
    policies = str(said.get(management.INTERVAL, management.USUAL_INTERVAL))
    interval(policies)
    ask.connote.values.put(INTERVAL, often)
    ask.connote.values.put(management.INTERVAL, policies)
    ask.connote.lifecycles.wake()
    ask.connote.values.put(DESTRUCTIVE, requires in (True, "true"))
    ask.connote.values.put(LARGEST, largest)
    return Answer({"acknowledged": True, **_settings(ask, told)})


async def reroute(ask: Ask) -> Answer:
    """Move shards: there is nowhere to move them to, so any command is refused."""
    commands = (await ask.json_if_any()).get("commands") or []
    if not isinstance(commands, list) or commands:
        raise IllegalArgument(f"[commands] {java(commands)[:100]}: there is one node, which has every shard")
    return Answer({"acknowledged": True, **({"explanations": []} if ask.flag("explain") else {})})


def _settings(ask: Ask, kept: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    values = {kind: {name: text(value) for name, value in sorted(own.items())} for kind, own in kept.items()}
    return values if ask.flag("flat_settings") else {kind: nested(own) for kind, own in values.items()}


async def state(ask: Ask) -> Answer:
    """The state of the cluster, all or some parts: `metadata` of indices, `master_node`, `nodes`, `version`."""
    wanted = set(str(ask.request.path_params.get("metric", "_all")).split(","))
    if unknown := wanted - {"_all", *_STATE}:
        raise IllegalArgument(f"request [{ask.request.url.path}] contains unrecognized metric: [{min(unknown)}]")
    indices, node = ask.connote.indices, ask.connote.uuid
    metadata, names = {}, chosen(ask, expand="open,closed")
    for name in names:
        record = indices.records[name]
        metadata[name] = {
            "state": "close" if indices.is_closed(name) else "open",
            "settings": indices.settings(name).wire(),
            "mappings": {"_doc": record.mapping},
            "aliases": list(record.aliases),
        }
    parts: dict[str, dict[str, Any]] = {
        "version": {"version": 1, "state_uuid": node},
        "master_node": {"master_node": node},
        "nodes": {"nodes": {node: {"name": "connote", "transport_address": "127.0.0.1"}}},
        "metadata": {"metadata": {"cluster_uuid": node, "indices": metadata}},
        "blocks": {"blocks": {}},
        "routing_table": {
            "routing_table": {"indices": {name: {"shards": {"0": [_shard(name, node)]}} for name in names}}
        },
        "routing_nodes": {"routing_nodes": {"unassigned": [], "nodes": {node: [_shard(name, node) for name in names]}}},
    }
    told: dict[str, Any] = {"cluster_name": "connote", "cluster_uuid": node}
    for part, body in parts.items():
        if "_all" in wanted or part in wanted:
            told |= body
    return Answer(told)


async def cluster_stats(ask: Ask) -> Answer:
    """What the cluster holds, all indices together."""
    names = ask.connote.indices.resolve(None)
    found = [await asyncio.to_thread(statistics.of, await ask.connote.indices.open(name)) for name in names]
    total = statistics.added(found)
    body = {
        "_nodes": _ONE,
        "cluster_name": "connote",
        "cluster_uuid": ask.connote.uuid,
        "status": "green",
        "indices": {"count": len(found), **{group: total.get(group, {}) for group in ("docs", "store", "segments")}},
        "nodes": {"count": {"total": 1, "data": 1, "ingest": 1, "master": 1, "ml": 1}, "versions": [VERSION_SPOKEN]},
    }
    return Answer(body)


def _shard(index: str, node: str) -> dict[str, Any]:
    place = {"state": "STARTED", "primary": True, "node": node, "relocating_node": None}
    return {**place, "shard": 0, "index": index, "allocation_id": {"id": node}}


def _shards(count: int) -> dict[str, int]:
    return {
        "active_primary_shards": count,
        "active_shards": count,
        "relocating_shards": 0,
        "initializing_shards": 0,
        "unassigned_shards": 0,
    }


def _flat(body: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found = list[tuple[str, Any]]()
    for name, value in body.items():
        found += _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else [(f"{prefix}{name}", value)]
    return found


_SETTINGS = "cluster_settings"
_ONE = {"total": 1, "successful": 1, "failed": 0}
_STATE = ("blocks", "customs", "master_node", "metadata", "nodes", "routing_nodes", "routing_table", "version")
_WAITS = ("events", "status", "no_initializing_shards", "no_relocating_shards", "nodes", "active_shards")
_HEALTH = (
    CHOICE
    | TIMEOUTS
    | {f"wait_for_{name}": "Accepted: the cluster is as it can be." for name in _WAITS}
    | {"level": "`cluster` (default), `indices` or `shards`.", "local": "Accepted."}
)
_ACCEPTED = (
    "completion_fields",
    "fielddata_fields",
    "fields",
    "forbid_closed_indices",
    "groups",
    "include_segment_file_sizes",
    "include_unloaded_segments",
    "level",
)
_STATS = CHOICE | dict.fromkeys(_ACCEPTED, "Accepted.")
_SHOWN = CHOICE | TIMEOUTS | dict.fromkeys(("flat_settings", "local", "wait_for_timeout"), "Accepted.")
_REROUTE = TIMEOUTS | dict.fromkeys(("dry_run", "explain", "metric", "retry_failed"), "Accepted.")
_CLUSTER = TIMEOUTS | {"flat_settings": "With dots in the names.", "include_defaults": "Accepted."}

ROUTES = (
    Route("GET", "/_cluster/health", health, _HEALTH),
    Route("GET", "/_cluster/health/{index}", health, _HEALTH),
    *(
        Route("GET", path, state, _SHOWN)
        for path in ("/_cluster/state", "/_cluster/state/{metric}", "/_cluster/state/{metric}/{index}")
    ),
    Route("POST", "/_cluster/reroute", reroute, _REROUTE),
    Route("GET", "/_cluster/settings", get_settings, _CLUSTER),
    Route("PUT", "/_cluster/settings", put_settings, _CLUSTER),
    *(
        Route("GET", f"/_cluster/stats{rest}", cluster_stats, TIMEOUTS | {"include_remotes": "Accepted."})
        for rest in ("", "/nodes/{node_id}")
    ),
    *(
        Route("GET", path, stats, _STATS)
        for path in ("/_stats", "/_stats/{metric}", "/{index}/_stats", "/{index}/_stats/{metric}")
    ),
)
