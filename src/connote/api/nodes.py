"""The routes that tell of nodes: what they are (`_nodes`), hold and use (`_nodes/stats`). There is this one."""

import asyncio
import os
import platform
import shutil
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from connote.api.choice import TIMEOUTS
from connote.api.exchange import Answer, Ask, Route
from connote.api.table import PARAMS, Column, Row, table
from connote.contract.errors import IllegalArgument
from connote.ingest.parse import PROCESSORS
from connote.runtime import memory
from connote.runtime.fleet import CORES
from connote.runtime.usage import Busy, installed, resident
from connote.search import stats as statistics
from connote.search.names import fits
from connote.version import VERSION, VERSION_SPOKEN

STARTED = time.time()
ROLES = ("data", "ingest", "master", "ml")
_BUSY = Busy()
_EVERY = 1000  # milliseconds that Elasticsearch keeps such figures for; here they are taken when they are asked for
_ATTRIBUTES = (
    Column("node", ("name",), "node name"),
    Column("id", ("nodeId",), "unique node id", is_shown=False),
    Column("pid", ("p",), "process id", is_shown=False, is_right=True),
    Column("host", ("h",), "host name"),
    Column("ip", ("i",), "ip address"),
    Column("attr", ("attr.name",), "attribute description"),
    Column("value", ("attr.value",), "attribute value"),
)
_Part = Callable[[Ask], Awaitable[Any]]


async def info(ask: Ask) -> Answer:
    """What this node is, all or some parts: `settings`, `os`, `process`, `jvm`, `http`, `plugins`, `ingest`, ….

    One name in the path is of nodes, unless it is that of a part: `_nodes/_local`, `_nodes/http`.
    """
    node_id, metric = ask.request.path_params.get("node_id"), ask.request.path_params.get("metric")
    if metric is None and node_id is not None and set(node_id.split(",")) <= {"_all", "_none", *_INFO}:
        node_id, metric = None, node_id
    wanted = set(_INFO) if metric in (None, "_all") else set(str(metric).split(","))
    parts = {name: await part(ask) for name, part in _INFO.items() if name in wanted}
    if "plugins" in parts:
        parts["modules"] = list[Any]()
    head = {"version": VERSION_SPOKEN, "build_flavor": "connote", "build_type": "wheel", "build_hash": VERSION}
    return _told(ask, node_id, head | {"total_indexing_buffer": 0, **_who(ask), **parts})


async def stats(ask: Ask) -> Answer:
    """What this node holds, and uses of the machine, all or some parts: `indices`, `os`, `process`, `fs`, `jvm`, …."""
    wanted = set(str(ask.request.path_params.get("metric", "_all")).split(","))
    if unknown := wanted - {"_all", *_STATS}:
        raise IllegalArgument(f"request [{ask.request.url.path}] contains unrecognized metric: [{min(unknown)}]")
    groups = ask.request.path_params.get("index_metric")
    parts = {name: await part(ask) for name, part in _STATS.items() if wanted & {"_all", name}}
    if groups not in (None, "_all") and "indices" in parts:
        chosen = {statistics.GROUPS.get(each, each) for each in str(groups).split(",")}
        parts["indices"] = {group: value for group, value in parts["indices"].items() if group in chosen}
    timestamp = {"timestamp": int(time.time() * 1000)}
    return _told(ask, ask.request.path_params.get("node_id"), timestamp | _who(ask) | parts)


async def cluster_info(ask: Ask) -> Answer:
    """Some parts of all nodes together, which are this one: `http`, `ingest`, `thread_pool`, `script`."""
    wanted = set(ask.path("target").split(","))
    if unknown := wanted - {"_all", *_TARGETS}:
        raise IllegalArgument(f"request [{ask.request.url.path}] contains unrecognized metric: [{min(unknown)}]")
    parts = {name: await _STATS[name](ask) for name in _TARGETS if wanted & {"_all", name}}
    return Answer({"cluster_name": "connote", **parts})


async def rows(ask: Ask) -> Answer:
    """The nodes as a table: this one, with its memory, processors and disk."""
    disk = await asyncio.to_thread(shutil.disk_usage, ask.connote.folder.path)
    loads, used, memories = os.getloadavg(), resident(), await _memory(ask)
    most = _heap(used or 0)
    host, port = _address(ask).rsplit(":", 1) if ":" in _address(ask) else (_address(ask), None)
    row: Row = {
        "id": ask.connote.uuid if ask.flag("full_id") else ask.connote.uuid[:4],
        "pid": os.getpid(),
        "ip": "127.0.0.1",
        "port": port,
        "http_address": f"{host}:{port}" if port else host,
        "version": VERSION_SPOKEN,
        "flavor": "connote",
        "type": "wheel",
        "build": VERSION,
        "disk.total": disk.total,
        "disk.used": disk.used,
        "disk.avail": disk.free,
        "disk.used_percent": f"{100 * disk.used / disk.total:.2f}",
        "heap.current": used,
        "heap.percent": None if used is None else 100 * used // most,
        "heap.max": most,
        "ram.current": memories.get("used_in_bytes"),
        "ram.percent": memories.get("used_percent"),
        "ram.max": memories["total_in_bytes"],
        "cpu": _BUSY.percent(),
        "load_1m": f"{loads[0]:.2f}",
        "load_5m": f"{loads[1]:.2f}",
        "load_15m": f"{loads[2]:.2f}",
        "uptime": f"{(time.time() - STARTED) / 60:.1f}m",
        "node.role": "dilm",
        "master": "*",
        "name": "connote",
    }
    return table(ask, _COLUMNS, [row])


async def indices(ask: Ask) -> dict[str, Any]:
    """The statistics of all indices together."""
    names = ask.connote.indices.resolve(None)
    found = [await asyncio.to_thread(statistics.of, await ask.connote.indices.open(name)) for name in names]
    return statistics.added(found)


async def node_attributes(ask: Ask) -> Answer:
    """Attributes of the node."""
    own: Row = {"node": "connote", "id": ask.connote.uuid, "pid": os.getpid(), "host": "127.0.0.1", "ip": "127.0.0.1"}
    return table(ask, _ATTRIBUTES, [{**own, "attr": name, "value": value} for name, value in attributes().items()])


def _told(ask: Ask, node_id: str | None, node: Mapping[str, Any]) -> Answer:
    own = {ask.connote.uuid: node} if _is_meant(ask, node_id) else {}
    counts = {"total": len(own), "successful": len(own), "failed": 0}
    return Answer({"_nodes": counts, "cluster_name": "connote", "nodes": own})


def _is_meant(ask: Ask, node_id: str | None) -> bool:
    """Whether names, ids, addresses, `_local` or roles (`data:true`) mean this node; the last of them that does says.

    https://www.elastic.co/docs/api/doc/elasticsearch/group/endpoint-cluster, "Node specification".
    """
    meant = node_id is None
    for part in (node_id or "").split(","):
        role, _, value = part.partition(":")
        if part in ("_all", "_local", "_master"):
            meant = True
        elif value in ("true", "false"):
            meant = value == "true" if role in ROLES else meant
        else:
            meant = meant or any(fits(name, part) for name in (ask.connote.uuid, "connote", "127.0.0.1"))
    return meant


def attributes() -> dict[str, str]:
    """What the machine has for models, under the names that Elasticsearch's nodes tell it by."""
    size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {"ml.allocated_processors": str(CORES), "ml.machine_memory": str(size)}


def _address(ask: Ask) -> str:
    """What this request came to: the server does not know by which other names it can be reached."""
    return ask.headers.get("host", "127.0.0.1")


def _who(ask: Ask) -> dict[str, Any]:
    where = {"transport_address": _address(ask), "host": "127.0.0.1", "ip": "127.0.0.1"}
    return {"name": "connote", **where, "roles": list(ROLES), "attributes": attributes()}


async def _settings(ask: Ask) -> dict[str, Any]:
    own = {"cluster": {"name": "connote"}, "node": {"name": "connote"}, "path": {"data": str(ask.connote.folder.path)}}
    if not ask.flag("flat_settings"):
        return own
    return {f"{group}.{name}": value for group, values in own.items() for name, value in values.items()}


async def _system(ask: Ask) -> dict[str, Any]:  # noqa: ARG001 (as the others)
    return {
        "refresh_interval_in_millis": _EVERY,
        "name": platform.system(),
        "pretty_name": platform.platform(terse=True),
        "arch": platform.machine(),
        "version": platform.release(),
        "available_processors": os.cpu_count(),
        "allocated_processors": CORES,
    }


async def _program(ask: Ask) -> dict[str, Any]:  # noqa: ARG001
    return {"refresh_interval_in_millis": _EVERY, "id": os.getpid(), "mlockall": False}


async def _machine(ask: Ask) -> dict[str, Any]:  # noqa: ARG001
    """Of the virtual machine: Python. Its heap is the memory of the process."""
    return {
        "pid": os.getpid(),
        "version": platform.python_version(),
        "vm_name": sys.implementation.name,
        "vm_version": platform.python_version(),
        "vm_vendor": "Python",
        "start_time_in_millis": int(STARTED * 1000),
        "mem": {"heap_init_in_bytes": 0, "heap_max_in_bytes": _heap(resident() or 0)},
        "input_arguments": list[str](),
    }


async def _listens(ask: Ask) -> dict[str, Any]:
    most = ask.connote.config.server.max_body_bytes
    return {"bound_address": [_address(ask)], "publish_address": _address(ask), "max_content_length_in_bytes": most}


async def _transport(ask: Ask) -> dict[str, Any]:
    return {"bound_address": [_address(ask)], "publish_address": _address(ask), "profiles": dict[str, Any]()}


async def _processors(ask: Ask) -> dict[str, Any]:  # noqa: ARG001
    return {"processors": [{"type": name} for name in sorted(PROCESSORS)]}


async def _none(ask: Ask) -> dict[str, Any]:  # noqa: ARG001
    """Pools of threads and the like, which Elasticsearch has and connote has not."""
    return {}


async def _no_plugins(ask: Ask) -> list[Any]:  # noqa: ARG001
    return []


async def _os(ask: Ask) -> dict[str, Any]:
    loads = dict(zip(("1m", "5m", "15m"), os.getloadavg(), strict=True))
    busy = {} if (percent := _BUSY.percent()) is None else {"percent": percent}
    return {
        "timestamp": int(time.time() * 1000),
        "cpu": {**busy, "load_average": loads},
        "mem": await _memory(ask),
        "allocated_processors": CORES,
    }


async def _memory(ask: Ask) -> dict[str, int]:  # noqa: ARG001
    told = {"total_in_bytes": installed()}
    if (free := memory.available()) is not None:
        used = max(told["total_in_bytes"] - free, 0)
        percent = 100 * used // told["total_in_bytes"]
        told |= {"free_in_bytes": free, "used_in_bytes": used, "free_percent": 100 - percent, "used_percent": percent}
    return told


async def _process(ask: Ask) -> dict[str, Any]:  # noqa: ARG001
    return {
        "timestamp": int(time.time() * 1000),
        "id": os.getpid(),
        "uptime_in_millis": _uptime(),
        "cpu": {"total_in_millis": int(time.process_time() * 1000)},
    }


async def _runs(ask: Ask) -> dict[str, Any]:  # noqa: ARG001
    used = resident() or 0
    most = _heap(used)
    heap = {"heap_used_in_bytes": used, "heap_used_percent": 100 * used // most, "heap_committed_in_bytes": used}
    return {
        "timestamp": int(time.time() * 1000),
        "uptime_in_millis": _uptime(),
        "mem": {**heap, "heap_max_in_bytes": most, "non_heap_used_in_bytes": 0, "non_heap_committed_in_bytes": 0},
        "threads": {"count": threading.active_count()},
        "gc": {"collectors": dict[str, Any]()},
    }


async def _disk(ask: Ask) -> dict[str, Any]:
    path = ask.connote.folder.path
    disk = await asyncio.to_thread(shutil.disk_usage, path)
    sizes = {"total_in_bytes": disk.total, "free_in_bytes": disk.free, "available_in_bytes": disk.free}
    return {"timestamp": int(time.time() * 1000), "total": sizes, "data": [{"path": str(path), **sizes}]}


def _heap(used: int) -> int:
    """The most that this process can have in use: what it has, and what is left, or else all that is installed."""
    free = memory.available()
    return installed() if free is None else min(used + free, installed())


def _uptime() -> int:
    return int((time.time() - STARTED) * 1000)


_INFO: Mapping[str, _Part] = {
    "settings": _settings, "os": _system, "process": _program, "jvm": _machine, "thread_pool": _none,
    "transport": _transport, "http": _listens, "plugins": _no_plugins, "ingest": _processors, "aggregations": _none,
    "indices": _none,
}  # fmt: skip
_STATS: Mapping[str, _Part] = {
    "indices": indices, "os": _os, "process": _process, "jvm": _runs, "thread_pool": _none, "fs": _disk,
    "transport": _none, "http": _none, "breaker": _none, "script": _none, "discovery": _none, "ingest": _none,
    "adaptive_selection": _none, "script_cache": _none, "indexing_pressure": _none, "repositories": _none,
    "allocations": _none,
}  # fmt: skip


_TARGETS = ("http", "ingest", "thread_pool", "script")


def _sizes(prefix: str, about: str, parts: Mapping[str, tuple[str, ...]], *, shown: str = "") -> list[Column]:
    return [
        Column(f"{prefix}.{name}", short, f"{name} {about}", is_shown=name == shown,
               is_size="percent" not in name, is_right=True)
        for name, short in parts.items()
    ]  # fmt: skip


_COLUMNS = (
    Column("id", ("nodeId",), "unique node id", is_shown=False),
    Column("pid", ("p",), "process id", is_shown=False),
    Column("ip", ("i",), "ip address"),
    Column("port", ("po",), "bound transport port", is_shown=False),
    Column("http_address", ("http",), "bound http address", is_shown=False),
    Column("version", ("v",), "version", is_shown=False),
    Column("flavor", ("f",), "distribution flavor", is_shown=False),
    Column("type", ("t",), "distribution type", is_shown=False),
    Column("build", ("b",), "build hash", is_shown=False),
    *_sizes("disk", "disk space", {
        "total": ("dt", "diskTotal"), "used": ("du", "diskUsed"),
        "avail": ("d", "da", "disk", "diskAvail"), "used_percent": ("dup", "diskUsedPercent"),
    }),
    *_sizes("heap", "memory of the process", {
        "current": ("hc", "heapCurrent"), "percent": ("hp", "heapPercent"), "max": ("hm", "heapMax"),
    }, shown="percent"),
    *_sizes("ram", "machine memory", {
        "current": ("rc", "ramCurrent"), "percent": ("rp", "ramPercent"), "max": ("rm", "ramMax"),
    }, shown="percent"),
    Column("cpu", (), "recent cpu usage", is_right=True),
    Column("load_1m", ("l",), "1m load avg", is_right=True),
    Column("load_5m", (), "5m load avg", is_right=True),
    Column("load_15m", (), "15m load avg", is_right=True),
    Column("uptime", ("u",), "node uptime", is_shown=False, is_right=True),
    Column("node.role", ("r", "role", "nodeRole"), "node roles"),
    Column("master", ("m",), "*:current master"),
    Column("name", ("n",), "node name"),
)  # fmt: skip
_STATS_PARAMS = TIMEOUTS | dict.fromkeys(
    ("completion_fields", "fielddata_fields", "fields", "groups", "include_segment_file_sizes",
     "include_unloaded_segments", "level", "types"),
    "Accepted.",
)  # fmt: skip
_INFO_PARAMS = TIMEOUTS | {"flat_settings": "Tell `settings` by their full names."}

ROUTES = (
    Route("GET", "/_cat/nodeattrs", node_attributes, PARAMS),
    Route("GET", "/_info/{target}", cluster_info),
    *(Route("GET", f"/_nodes{rest}", info, _INFO_PARAMS) for rest in ("", "/{node_id}", "/{node_id}/{metric}")),
    *(
        Route("GET", f"/_nodes{node}/stats{rest}", stats, _STATS_PARAMS)
        for node in ("", "/{node_id}")
        for rest in ("", "/{metric}", "/{metric}/{index_metric}")
    ),
    Route(
        "GET", "/_cat/nodes", rows, PARAMS | {"full_id": "Tell the whole id.", "include_unloaded_segments": "Accepted."}
    ),
)
