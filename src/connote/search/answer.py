"""The body of a search's answer."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from connote.search.collect import Found
from connote.search.request import SearchRequest


@dataclass(frozen=True)
class Timing:
    """When a search began (`time.perf_counter`), and the seconds that endpoints and fetching took of it."""

    began: float
    inference: float
    fetch: float


def answer(
    found: Sequence[Found],
    shown: list[dict[str, Any]],
    request: SearchRequest,
    timing: Timing,
    results: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Hits, totals, the results of aggregations, and with `profile` where the time went."""
    total, most = sum(each.total for each in found), [each.most for each in found if each.most is not None]
    best = np.float32(max(most)) if most and request.is_scored and total and request.size else None
    hits: dict[str, Any] = {"max_score": best, "hits": shown}
    if request.total is not False:
        limit = None if request.total is True else request.total
        is_more = limit is not None and total > limit
        hits = {"total": {"value": limit if is_more else total, "relation": "gte" if is_more else "eq"}, **hits}
    body: dict[str, Any] = {
        "took": int((time.perf_counter() - timing.began) * 1000),
        "timed_out": any(each.is_late for each in found),
        **({} if request.enough is None else {"terminated_early": any(each.is_enough for each in found)}),
        "_shards": shards(len(found)),
        "hits": hits,
    }
    if results is not None:
        body["aggregations"] = results
    return {**body, "profile": _profile(found, timing)} if request.profile else body


def shards(count: int) -> dict[str, int]:
    """`_shards`: one an index, and all succeeded, for a search with a failure is one."""
    return {"total": count, "successful": count, "skipped": 0, "failed": 0}


def _profile(found: Sequence[Found], timing: Timing) -> dict[str, Any]:
    """Where the time went: in Elasticsearch's shape by index, and in sum by kind of work. Nanoseconds."""
    engine = sum(each.seconds for each in found)
    return {
        "shards": [_shard(each, timing.fetch / len(found)) for each in found],
        "connote": {
            "total_nanos": _nanos(time.perf_counter() - timing.began),
            "inference_nanos": _nanos(timing.inference),
            "engine_nanos": _nanos(engine),
            "fetch_nanos": _nanos(timing.fetch),
        },
    }


def _shard(own: Found, fetch: float) -> dict[str, Any]:
    name, spent = own.seen.index.name, _nanos(own.seconds)
    query = {"type": type(own.query).__name__, "description": repr(own.query)[:1000], "time_in_nanos": spent}
    query["breakdown"] = {"score": spent, "score_count": own.total}
    collector = {"name": "SimpleTopScoreDocCollector", "reason": "search_top_hits", "time_in_nanos": spent}
    return {
        "id": f"[connote][{name}][0]",
        "node_id": "connote",
        "shard_id": 0,
        "index": name,
        "cluster": "(local)",
        "searches": [{"query": [query], "rewrite_time": 0, "collector": [collector]}],
        "aggregations": [],
        "fetch": {"type": "fetch", "description": "", "time_in_nanos": _nanos(fetch), "breakdown": {}},
    }


def _nanos(seconds: float) -> int:
    return int(seconds * 1e9)
