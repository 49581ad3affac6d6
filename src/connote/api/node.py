"""The routes that tell of this node and of what it can do."""

import asyncio
import shutil
import time
from typing import Any

from connote.api.choice import TIMEOUTS
from connote.api.exchange import Answer, Ask, Route
from connote.api.nodes import STARTED, indices
from connote.api.table import PARAMS, Column, Row, table
from connote.contract.errors import IllegalArgument
from connote.search.names import fits
from connote.version import VERSION

_PLUGINS = (
    Column("id", (), "unique node id", is_shown=False),
    Column("name", ("n",), "node name"),
    Column("component", ("c",), "component"),
    Column("version", ("v",), "component version"),
    Column("description", ("d",), "plugin details", is_shown=False),
)
_MASTER = (
    Column("id", (), "node id"),
    Column("host", ("h",), "host name"),
    Column("ip", (), "ip address"),
    Column("node", ("n",), "node name"),
)
_ALLOCATION = (
    Column("shards", ("s",), "number of shards on node", is_right=True),
    Column("disk.indices", ("di",), "disk used by indices", is_size=True, is_right=True),
    Column("disk.used", ("du",), "disk used by all", is_size=True, is_right=True),
    Column("disk.avail", ("da",), "disk available", is_size=True, is_right=True),
    Column("disk.total", ("dt",), "total capacity of all volumes", is_size=True, is_right=True),
    Column("disk.percent", ("dp",), "percent disk used", is_right=True),
    Column("host", ("h",), "host of node"),
    Column("ip", (), "ip of node"),
    Column("node", ("n",), "name of node"),
)
_COMPONENTS = (
    Column("name", ("n",), "component template name"),
    Column("version", ("v",), "version"),
    Column("alias_count", ("a",), "number of aliases in template", is_right=True),
    Column("mapping_count", ("m",), "number of mappings in template", is_right=True),
    Column("settings_count", ("s",), "number of settings in template", is_right=True),
    Column("metadata_count", ("me",), "number of metadata in template", is_right=True),
)
# What X-Pack's features are called, and which of them are here.
_FEATURES = (
    "analytics", "ccr", "data_streams", "enrich", "eql", "esql", "graph", "ilm", "inference", "logsdb", "logstash",
    "ml", "monitoring", "rollup", "searchable_snapshots", "security", "slm", "spatial", "sql", "transform", "watcher",
)  # fmt: skip
_HERE = (
    "analytics", "data_streams", "enrich", "esql", "ilm", "inference", "logsdb", "ml", "security", "spatial",
    "transform",
)  # fmt: skip
_USED = ("rest_actions", "aggregations")


async def used(ask: Ask) -> Answer:
    """How often each route was asked since the start (`rest_actions`); kinds of aggregations are not counted."""
    wanted = set(str(ask.request.path_params.get("metric", "_all")).split(","))
    if unknown := wanted - {"_all", *_USED}:
        raise IllegalArgument(f"request [{ask.request.url.path}] contains unrecognized metric: [{min(unknown)}]")
    counts = {"rest_actions": dict(sorted(ask.connote.asked.items())), "aggregations": dict[str, Any]()}
    own = {name: value for name, value in counts.items() if wanted & {"_all", name}}
    node = {"timestamp": int(time.time() * 1000), "since": int(STARTED * 1000), **own}
    return Answer(
        {
            "_nodes": {"total": 1, "successful": 1, "failed": 0},
            "cluster_name": "connote",
            "nodes": {ask.connote.uuid: node},
        }
    )


async def xpack(ask: Ask) -> Answer:  # noqa: ARG001 (a handler)
    """Which of X-Pack's features are here."""
    return Answer(
        {
            "build": {"hash": VERSION, "date": "2026-11-24T00:00:00.000Z"},
            "license": {"uid": "connote", "type": "enterprise", "mode": "enterprise", "status": "active"},
            "features": _features(),
            "tagline": "You know, for X",
        }
    )


async def usage(ask: Ask) -> Answer:
    """The same, with how many endpoints and models there are."""
    told = _features()
    models = [each.wire() for each in ask.connote.endpoints.all()]
    told["inference"]["models"] = [{name: each[name] for name in ("service", "task_type")} for each in models]
    return Answer(told)


def _features() -> dict[str, dict[str, Any]]:
    return {name: {"available": name in _HERE, "enabled": name in _HERE} for name in _FEATURES}


async def plugins(ask: Ask) -> Answer:
    """Plugins: there are none."""
    return table(ask, _PLUGINS, [])


async def master(ask: Ask) -> Answer:
    """The master: this node."""
    return table(ask, _MASTER, [{"id": ask.connote.uuid, "host": "127.0.0.1", "ip": "127.0.0.1", "node": "connote"}])


async def allocation(ask: Ask) -> Answer:
    """Shards and disk of this node."""
    disk = await asyncio.to_thread(shutil.disk_usage, ask.connote.folder.path)
    row: Row = {
        "shards": len(ask.connote.indices.records),
        "disk.indices": (await indices(ask)).get("store", {}).get("size_in_bytes", 0),
        "disk.used": disk.used,
        "disk.avail": disk.free,
        "disk.total": disk.total,
        "disk.percent": disk.used * 100 // disk.total,
        "host": "127.0.0.1",
        "ip": "127.0.0.1",
        "node": "connote",
    }
    return table(ask, _ALLOCATION, [row])


async def components(ask: Ask) -> Answer:
    """Component templates."""
    rows, wanted = list[Row](), str(ask.request.path_params.get("name", "*"))
    for name, body in sorted(ask.connote.templates.component.bodies.items()):
        if not fits(name, wanted):
            continue
        own = body.get("template") or {}
        counts = {"alias": own.get("aliases"), "mapping": own.get("mappings"), "settings": own.get("settings")}
        row: Row = {"name": name, "version": body.get("version"), "metadata_count": len(body.get("_meta") or {})}
        rows.append({**row, **{f"{key}_count": len(value or {}) for key, value in counts.items()}})
    return table(ask, _COMPONENTS, rows)


async def explain(ask: Ask) -> Answer:
    """Why a shard is not where it should be: all are."""
    name = (await ask.json_if_any()).get("index", ask.text("index"))
    if name is None:
        raise IllegalArgument("There are no unassigned shards in this cluster. Specify an assigned shard in the body.")
    ask.connote.indices.check_open(str(name))
    node = {"id": ask.connote.uuid, "name": "connote", "transport_address": "127.0.0.1"}
    return Answer({"index": name, "shard": 0, "primary": True, "current_state": "started", "current_node": node})


async def remotes(ask: Ask) -> Answer:  # noqa: ARG001
    """Remote clusters: none."""
    return Answer({})


_EXPLAIN = TIMEOUTS | {
    "index": "The index whose shard is told of.",
    **dict.fromkeys(("current_node", "include_disk_info", "include_yes_decisions", "primary", "shard"), "Accepted."),
}

ROUTES = (
    *(
        Route("GET", f"/_nodes{node}/usage{rest}", used, TIMEOUTS)
        for node in ("", "/{node_id}")
        for rest in ("", "/{metric}")
    ),
    Route("GET", "/_xpack", xpack, {"categories": "Accepted.", "accept_enterprise": "Accepted."}),
    Route("GET", "/_xpack/usage", usage, TIMEOUTS),
    Route("GET", "/_cat/plugins", plugins, PARAMS | {"include_bootstrap": "Accepted."}),
    Route("GET", "/_cat/master", master, PARAMS),
    *(Route("GET", f"/_cat/allocation{rest}", allocation, PARAMS) for rest in ("", "/{node_id}")),
    *(Route("GET", f"/_cat/component_templates{rest}", components, PARAMS) for rest in ("", "/{name}")),
    *(Route(method, "/_cluster/allocation/explain", explain, _EXPLAIN) for method in ("GET", "POST")),
    Route("GET", "/_remote/info", remotes),
)
