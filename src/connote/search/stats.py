"""What indices hold and have done, as `_stats` tells it."""

from collections.abc import Collection, Mapping
from typing import Any

from connote.search.index import Index
from connote.search.settings import IndexSettings

# What clients call a group when they ask for it, where it is told by another name.
GROUPS = {"merge": "merges", "fielddata": "fielddata"}


def of(index: Index) -> dict[str, Any]:
    """The statistics of an index, by group. Reads the sizes of its files."""
    snapshot, counts, size = index.snapshot(), index.counts, index.size()
    deleted = snapshot.size - snapshot.documents
    return {
        "docs": {"count": snapshot.documents, "deleted": deleted, "total_size_in_bytes": snapshot.bytes},
        "shard_stats": {"total_count": 1},
        "store": {"size_in_bytes": size, "total_data_set_size_in_bytes": size, "reserved_in_bytes": 0},
        "indexing": {
            "index_total": counts.indexed,
            "index_time_in_millis": int(counts.seconds_indexing * 1000),
            "index_current": 0,
            "index_failed": counts.failed,
            "delete_total": counts.deleted,
            "delete_time_in_millis": 0,
            "delete_current": 0,
            "noop_update_total": 0,
            "is_throttled": False,
            "throttle_time_in_millis": 0,
        },
        "get": {"total": counts.gets, "time_in_millis": 0, "current": 0},
        "search": {
            "open_contexts": 0,
            "query_total": counts.searches,
            "query_time_in_millis": int(counts.seconds_searching * 1000),
            "query_current": 0,
            "fetch_total": counts.searches,
            "fetch_time_in_millis": 0,
            "fetch_current": 0,
            "scroll_total": 0,
        },
        "refresh": {"total": counts.refreshes, "total_time_in_millis": 0, "external_total": counts.refreshes},
        "flush": {"total": counts.commits, "periodic": 0, "total_time_in_millis": 0},
        "segments": {"count": len(snapshot.segments), "memory_in_bytes": snapshot.bytes},
    }


def added(parts: Collection[Mapping[str, Any]]) -> dict[str, Any]:
    """The statistics of several indices together: numbers are added."""
    total: dict[str, Any] = {}
    for part in parts:
        for group, values in part.items():
            into = total.setdefault(group, dict.fromkeys(values, 0))
            for name, value in values.items():
                into[name] = value if isinstance(value, bool) else into[name] + value
    return total


def told(settings: IndexSettings, found: Mapping[str, Any]) -> dict[str, Any]:
    """An index's entry in `_stats`. All is primary, for there are no copies."""
    return {
        "uuid": settings.values.get("uuid"),
        "health": "green",
        "status": "close" if settings.is_closed else "open",
        "primaries": found,
        "total": found,
    }
