"""The routes of `_bulk`."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from connote.api.exchange import Answer, Ask, Route, encoded
from connote.api.refresh import REFRESH, refresh
from connote.search import bulk as lines
from connote.search.thread import aside
from connote.search.write.item import Item
from connote.search.write.operation import Outcome


async def bulk(ask: Ask) -> Answer:
    """Many writes: lines of actions (`index`, `create`, `update`, `delete`), after each but `delete` its document.

    What came of each is an item of the answer; one that fails harms no other.
    """
    began, is_refreshed = time.perf_counter(), refresh(ask)
    items = await asyncio.to_thread(_items, ask, await ask.lines())
    outcomes = await ask.connote.documents.write(items, pipeline=ask.text("pipeline"), refresh=is_refreshed)
    is_forced = is_refreshed and ask.text("refresh") != "wait_for"

    copies = cache(ask.connote.indices.copies)

    def told() -> Answer:
        body = {
            "errors": any(outcome.error is not None for outcome in outcomes),
            "took": int((time.perf_counter() - began) * 1000),
            "items": [
                {item.kind.value: _wire(outcome, is_forced, copies(outcome.operation.index))}
                for item, outcome in zip(items, outcomes, strict=True)
            ],
        }
        warnings = dict.fromkeys(warning for outcome in outcomes for warning in outcome.warnings)
        return replace(encoded(ask, body), warnings=tuple(warnings))

    return await aside(len(items), told)


def _items(ask: Ask, raw: bytes) -> Sequence[Item]:
    default_alias, shows = ask.flag("require_alias"), ask.flag("list_executed_pipelines")
    default_stream = ask.flag("require_data_stream")
    shown, includes, excludes = ask.text("_source"), ask.names("_source_includes"), ask.names("_source_excludes")
    given: Any = {"includes": includes or [], "excludes": excludes or []} if includes or excludes else shown
    return [
        replace(
            item,
            require_alias=default_alias if item.require_alias is None else item.require_alias,
            require_stream=default_stream if item.require_stream is None else item.require_stream,
            shows_pipelines=item.shows_pipelines or shows,
            shown=given if item.shown is None else item.shown,
            routing=item.routing or ask.text("routing"),
        )
        for item in lines.parse(raw, ask.request.path_params.get("index"))
    ]


def _wire(outcome: Outcome, refreshed: bool, copies: int) -> dict[str, Any]:
    return {**outcome.wire(refreshed=refreshed, copies=copies), "status": outcome.status}


_PARAMS = {
    "_source": "The part of updated documents to show.",
    "_source_excludes": "Likewise, what to leave out.",
    "_source_includes": "Likewise.",
    "include_source_on_error": "Accepted.",
    "list_executed_pipelines": "Tell the pipelines that each document went through.",
    "pipeline": "The ingest pipeline of those that name none; `_none` for none, not even the index's default.",
    "refresh": REFRESH,
    "require_alias": "Names must be aliases.",
    "require_data_stream": "Names must be data streams, or become such.",
    "routing": "Kept beside the documents that name none.",
    "timeout": "Accepted.",
    "type": "Accepted.",
    "wait_for_active_shards": "Accepted: there is one.",
}

ROUTES = tuple(
    Route(method, path, bulk, _PARAMS) for path in ("/_bulk", "/{index}/_bulk") for method in ("POST", "PUT")
)
