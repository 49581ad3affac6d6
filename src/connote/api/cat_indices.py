"""The routes of `_cat` that tell of indices, and of this node."""

import asyncio
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime

from connote.api.choice import CHOICE, chosen, filters
from connote.api.exchange import Answer, Ask, Route
from connote.api.table import PARAMS, Column, Row, table
from connote.contract.errors import ClosedIndex, NoIndex, Unavailable
from connote.search import stats
from connote.search.names import fits
from connote.search.query.query import MatchAll

_INDICES = (
    Column("health", ("h",), "current health status"),
    Column("status", ("s",), "open/close status"),
    Column("index", ("i", "idx"), "index name"),
    Column("uuid", ("id",), "index uuid"),
    Column("pri", ("p", "shards.primary"), "number of primary shards", is_right=True),
    Column("rep", ("r", "shards.replica"), "number of replica shards", is_right=True),
    Column("docs.count", ("dc", "docsCount"), "available docs", is_right=True),
    Column("docs.deleted", ("dd", "docsDeleted"), "deleted docs", is_right=True),
    Column("creation.date", ("cd",), "creation date (millisecond value)", is_shown=False),
    Column("creation.date.string", ("cds",), "creation date (as string)", is_shown=False),
    Column("store.size", ("ss", "storeSize"), "store size of primaries & replicas", is_size=True, is_right=True),
    Column("pri.store.size", (), "store size of primaries", is_size=True, is_right=True),
    Column("dataset.size", (), "total size of dataset", is_size=True, is_right=True),
)
_ALIASES = (
    Column("alias", ("a",), "alias name"),
    Column("index", ("i", "idx"), "index alias points to"),
    Column("filter", ("f", "fi"), "filter"),
    Column("routing.index", ("ri", "routingIndex"), "index routing"),
    Column("routing.search", ("rs", "routingSearch"), "search routing"),
    Column("is_write_index", ("w", "isWriteIndex"), "write index"),
)
_TIME = (
    Column("epoch", ("t", "time"), "seconds since 1970-01-01 00:00:00"),
    Column("timestamp", ("ts", "hms", "hhmmss"), "time in HH:MM:SS"),
)
_COUNT = (*_TIME, Column("count", ("dc", "docs.count", "docsCount"), "the document count"))
_HEALTH = (
    *_TIME,
    Column("cluster", ("cl",), "cluster name"),
    Column("status", ("st",), "health status"),
    Column("node.total", ("nt", "nodeTotal"), "total number of nodes", is_right=True),
    Column("node.data", ("nd", "nodeData"), "number of nodes that can store data", is_right=True),
    Column("shards", ("t", "sh", "shards.total", "shardsTotal"), "total number of shards", is_right=True),
    Column("pri", ("p", "shards.primary", "shardsPrimary"), "number of primary shards", is_right=True),
    Column("relo", ("r", "shards.relocating"), "number of relocating nodes", is_right=True),
    Column("init", ("i", "shards.initializing"), "number of initializing nodes", is_right=True),
    Column("unassign", ("u", "shards.unassigned"), "number of unassigned shards", is_right=True),
    Column("pending_tasks", ("pt", "pendingTasks"), "number of pending tasks", is_right=True),
    Column("max_task_wait_time", ("mtwt", "maxTaskWaitTime"), "wait time of longest task pending", is_right=True),
    Column("active_shards_percent", ("asp",), "active number of shards in percent", is_right=True),
)
_TASKS = (
    Column("action", ("ac",), "task action"),
    Column("task_id", ("ti",), "unique task id"),
    Column("parent_task_id", ("pti",), "parent task id"),
    Column("type", ("ty",), "task type"),
    Column("start_time", ("start",), "start time in ms"),
    Column("timestamp", ("ts", "hms", "hhmmss"), "start time in HH:MM:SS"),
    Column("running_time", ("time",), "running time"),
    Column("ip", ("i",), "ip address"),
    Column("node", ("n",), "node name"),
    Column("description", ("desc",), "task action", is_shown=False),
)
_SHARDS = (
    Column("index", ("i", "idx"), "index name"),
    Column("shard", ("s", "sh"), "shard name"),
    Column("prirep", ("p", "pr", "primaryOrReplica"), "primary or replica"),
    Column("state", ("st",), "shard state"),
    Column("docs", ("d", "dc"), "number of docs in shard", is_right=True),
    Column("store", ("sto",), "store size of shard", is_size=True, is_right=True),
    Column("dataset", (), "total size of dataset", is_size=True, is_right=True),
    Column("ip", (), "ip of node where it lives"),
    Column("node", ("n",), "name of node where it lives"),
)
_TEMPLATES = (
    Column("name", ("n",), "template name"),
    Column("index_patterns", ("t",), "template index patterns"),
    Column("order", ("o", "p"), "template application order/priority number"),
    Column("version", ("v",), "version"),
    Column("composed_of", ("c",), "component templates comprising index template"),
)


async def indices(ask: Ask) -> Answer:
    """Indices: how many documents each has, how large it is."""
    return table(ask, _INDICES, await _rows(ask, chosen(ask, expand="open,closed")))


async def aliases(ask: Ask) -> Answer:
    """Aliases, and the index that each is of."""
    wanted, visit = ask.request.path_params.get("name"), ask.asking.visit
    rows: list[Row] = [
        {
            "alias": alias,
            "index": name,
            "filter": "*" if given.get("filter") else "-",
            "routing.index": given.get("index_routing", "-"),
            "routing.search": given.get("search_routing", "-"),
            "is_write_index": str(given["is_write_index"]).lower() if "is_write_index" in given else "-",
        }
        for name, record in sorted(ask.connote.indices.records.items())
        for alias, given in record.aliases.items()
        if (visit is None or (visit.may(name) and visit.may(alias)))
        and (wanted is None or any(fits(alias, part) for part in str(wanted).split(",")))
    ]
    return table(ask, _ALIASES, rows)


async def count(ask: Ask) -> Answer:
    """How many documents a search finds in all of these indices: filters of aliases and of roles hold back theirs."""
    names = chosen(ask)
    total = await ask.attended(ask.connote.searches.count(names, MatchAll(), None, filters(ask, names), None))
    return table(ask, _COUNT, [{**_now(), "count": total}])


async def health(ask: Ask) -> Answer:
    """The health of the cluster, which is this one node."""
    shards = len(ask.connote.indices.records)
    row: Row = {
        **_now(),
        "cluster": "connote",
        "status": "green",
        "node.total": 1,
        "node.data": 1,
        "shards": shards,
        "pri": shards,
        "relo": 0,
        "init": 0,
        "unassign": 0,
        "pending_tasks": 0,
        "max_task_wait_time": "-",
        "active_shards_percent": "100.0%",
    }
    return table(ask, _HEALTH, [row])


async def shards(ask: Ask) -> Answer:
    """The shards of indices: one each, on this node."""
    rows: list[Row] = []
    for found in await _rows(ask, chosen(ask)):
        own: Row = {
            "index": found["index"],
            "shard": 0,
            "prirep": "p",
            "state": "STARTED",
            "ip": "127.0.0.1",
            "node": "connote",
        }
        size = found["store.size"]
        rows.append({**own, "docs": found["docs.count"], "store": size, "dataset": size})
    return table(ask, _SHARDS, rows)


async def tasks(ask: Ask) -> Answer:
    """The tasks that run."""
    rows: list[Row] = []
    for each in ask.connote.tasks.told(ask.text("actions")):
        told = each.wire()
        rows.append(
            {
                "action": each.action,
                "task_id": each.id,
                "parent_task_id": "-",
                "type": told["type"],
                "start_time": each.started,
                "timestamp": datetime.fromtimestamp(each.started / 1000, UTC).strftime("%H:%M:%S"),
                "running_time": f"{told['running_time_in_nanos'] / 1e9:.1f}s",
                "ip": "127.0.0.1",
                "node": "connote",
                "description": each.about,
            }
        )
    return table(ask, _TASKS, rows)


async def templates(ask: Ask) -> Answer:
    """Templates of both kinds."""
    kept, wanted = ask.connote.templates, ask.request.path_params.get("name", "*")
    rows: list[Row] = [
        {
            "name": name,
            "index_patterns": f"[{', '.join(body['index_patterns'])}]",
            "order": body.get("priority", body.get("order", 0)) or 0,
            "version": body.get("version"),
            "composed_of": f"[{', '.join(body.get('composed_of', ()))}]",
        }
        for name, body in sorted([*kept.index.bodies.items(), *kept.legacy.bodies.items()], key=lambda each: each[0])
        if fits(name, str(wanted))
    ]
    return table(ask, _TEMPLATES, rows)


async def _rows(ask: Ask, names: Iterable[str]) -> list[Row]:
    rows = []
    for name in names:
        with suppress(NoIndex):  # it was deleted in the meantime
            rows.append(await _index(ask, name))
    return rows


async def _index(ask: Ask, name: str) -> Row:
    settings = ask.connote.indices.settings(name)
    created = ask.connote.indices.records[name].created
    row: dict[str, str | int | float | None] = {
        "health": "green",
        "status": "close" if settings.is_closed else "open",
        "index": name,
        "uuid": str(settings.values["uuid"]),
        "pri": str(settings.values.get("number_of_shards", 1)),
        "rep": str(settings.values.get("number_of_replicas", 1)),
        "docs.count": None,
        "creation.date": created,
        "creation.date.string": datetime.fromtimestamp(created / 1000, UTC).isoformat(timespec="milliseconds"),
        "store.size": None,
        "dataset.size": None,
    }
    try:
        found = await asyncio.to_thread(stats.of, await ask.connote.indices.open(name))
    except ClosedIndex:
        return row
    except Unavailable:
        return {**row, "health": "red"}
    size = found["store"]["size_in_bytes"]
    counts = {"docs.count": found["docs"]["count"], "docs.deleted": found["docs"]["deleted"]}
    return {**row, **counts, "store.size": size, "pri.store.size": size, "dataset.size": size}


def _now() -> dict[str, int | str]:
    now = time.time()
    return {"epoch": int(now), "timestamp": datetime.fromtimestamp(now, UTC).strftime("%H:%M:%S")}


_PARAMS = PARAMS | CHOICE | {"health": "Accepted.", "include_unloaded_segments": "Accepted.", "pri": "Accepted."}
_TASK_PARAMS = PARAMS | {
    "actions": "Only those of these actions.",
    **dict.fromkeys(("detailed", "nodes", "parent_task_id", "timeout", "wait_for_completion"), "Accepted."),
}

ROUTES = (
    *(Route("GET", path, indices, _PARAMS) for path in ("/_cat/indices", "/_cat/indices/{index}")),
    *(Route("GET", path, aliases, PARAMS | CHOICE) for path in ("/_cat/aliases", "/_cat/aliases/{name}")),
    *(
        Route(method, path, count, PARAMS | CHOICE)
        for path in ("/_cat/count", "/_cat/count/{index}")
        for method in ("GET", "POST")  # which clients of 9.5 send
    ),
    *(Route("GET", path, shards, PARAMS | CHOICE) for path in ("/_cat/shards", "/_cat/shards/{index}")),
    Route("GET", "/_cat/tasks", tasks, _TASK_PARAMS),
    Route("GET", "/_cat/health", health, PARAMS | {"ts": "Accepted."}),
    *(Route("GET", path, templates, PARAMS) for path in ("/_cat/templates", "/_cat/templates/{name}")),
)
