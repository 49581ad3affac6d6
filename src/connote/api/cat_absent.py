"""The routes of `_cat` about what connote does not have: tables with their columns and no rows."""

from collections.abc import Mapping, Sequence

from connote.api.absent import repositories
from connote.api.exchange import Answer, Ask, Route
from connote.api.table import PARAMS, Column, table

# By what follows `_cat/`: the columns, those that are shown.
_TABLES: Mapping[str, Sequence[str]] = {
    "circuit_breaker": ("node_id", "breaker", "estimated", "limit", "overhead", "tripped"),
    "fielddata": ("id", "host", "ip", "node", "field", "size"),
    "ml/anomaly_detectors": ("id", "state", "data.processed_records", "model.bytes", "forecasts.total"),
    "ml/data_frame/analytics": ("id", "create_time", "type", "state"),
    "ml/datafeeds": ("id", "state", "buckets.count", "search.count"),
    "pending_tasks": ("insertOrder", "timeInQueue", "priority", "source"),
    "repositories": ("id", "type"),
    "snapshots": (
        "id", "repository", "status", "start_epoch", "start_time", "end_epoch", "end_time", "duration", "indices",
        "successful_shards", "failed_shards", "total_shards",
    ),
    "thread_pool": ("node_name", "name", "active", "queue", "rejected"),
}  # fmt: skip
# What may be named behind it.
_NAMED = {
    "circuit_breaker": "circuit_breaker_patterns",
    "fielddata": "fields",
    "ml/anomaly_detectors": "job_id",
    "ml/data_frame/analytics": "id",
    "ml/datafeeds": "datafeed_id",
    "snapshots": "repository",
    "thread_pool": "thread_pool_patterns",
}
_MORE = {
    **PARAMS,
    **dict.fromkeys(("allow_no_match", "ignore_unavailable", "fields", "size"), "Accepted: there are none."),
}


def _route(path: str, name: str) -> Route:
    columns = [Column(each, (), each.replace("_", " ")) for each in _TABLES[name]]

    async def empty(ask: Ask) -> Answer:
        if name == "snapshots":
            await repositories(ask)  # for one that is named it says that it is not there
        return table(ask, columns, [])

    empty.__doc__ = f"There is nothing to tell of `{name}`: the columns alone."
    return Route("GET", path, empty, _MORE)


ROUTES = tuple(
    _route(path, name)
    for name in _TABLES
    for path in (f"/_cat/{name}", *([f"/_cat/{name}/{{{_NAMED[name]}}}"] if name in _NAMED else []))
)
