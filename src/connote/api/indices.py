"""The routes of indices: made, shown, deleted, closed, opened, refreshed and merged."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from starlette.responses import Response

from connote.api.choice import CHOICE, TIMEOUTS, chosen, opened
from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import ConnoteError, IllegalArgument, NotFound
from connote.search.index import Index
from connote.search.mapping.mapping import TIMESTAMP
from connote.search.names import fits
from connote.search.streams import by_index
from connote.search.thread import finished


async def create(ask: Ask) -> Answer:
    """Make an index: `settings`, `mappings`, `aliases`, above what templates for its name say."""
    name = ask.path("index")
    await ask.connote.indices.create(name, await ask.json_if_any())
    return Answer({"acknowledged": True, "shards_acknowledged": True, "index": name})


async def get(ask: Ask) -> Answer:
    """Indices with their aliases, mappings and settings."""
    wanted = ask.names("features") or ["aliases", "mappings", "settings"]
    return Answer({name: _shown(ask, name, wanted) for name in chosen(ask, expand="open,closed")})


async def exists(ask: Ask) -> Answer:
    """Whether all of these indices are there."""
    try:
        found = chosen(ask, expand="open,closed")
    except NotFound:
        found = []
    return Answer(response=Response(status_code=200 if found else 404))


async def delete(ask: Ask) -> Answer:
    """Delete indices with all that is in them. Patterns are refused unless `_cluster/settings` allow them."""
    indices, expression = ask.connote.indices, ask.path("index")
    parts = expression.split(",")
    is_broad, has_all = any("*" in part or part == "_all" for part in parts), not {"*", "_all"}.isdisjoint(parts)
    if is_broad and expression != "*,-*" and ask.connote.values.get(DESTRUCTIVE) is not False:  # that one means none
        raise IllegalArgument("Wildcard expressions or all indices are not allowed")
    for kind, names in (("an alias", indices.aliases()), ("a data stream", indices.streams)):
        if named := [each for each in parts if each in names]:
            raise IllegalArgument(
                f"The provided expression [{named[0]}] matches {kind}, specify the corresponding concrete indices "
                "instead."
            )
    kept = by_index(indices.streams)
    found = [  # patterns mean neither aliases nor, if they are for all, what stands behind data streams
        name
        for name in chosen(ask, expand="open,closed")
        if (has_all and name not in kept) or any(fits(name, part) for part in parts if part != "*")
    ]
    await indices.delete(found)
    return Answer({"acknowledged": True})


async def close(ask: Ask) -> Answer:
    """Close indices: what is in them stays, and cannot be read or written until they are opened."""
    found = chosen(ask)
    await ask.connote.indices.close_all(found, closed=True)
    return Answer(
        {"acknowledged": True, "shards_acknowledged": True, "indices": {name: {"closed": True} for name in found}}
    )


async def open_(ask: Ask) -> Answer:
    """Open indices that were closed."""
    await ask.connote.indices.close_all(chosen(ask, expand="closed"), closed=False)
    return Answer({"acknowledged": True, "shards_acknowledged": True})


async def refresh(ask: Ask) -> Answer:
    """Let searches see all that was written."""
    return await _each(ask, lambda index: asyncio.to_thread(index.refresh))


async def flush(ask: Ask) -> Answer:
    """Let the engine keep its segments now, so that the next start is faster. What was acknowledged is safe without."""

    async def commit(index: Index) -> None:
        async with index.lock:
            await finished(index.commit)

    return await _each(ask, commit)


async def forcemerge(ask: Ask) -> Answer:
    """Merge the segments of indices to so many, by default to one."""
    segments = ask.whole("max_num_segments", 1)
    if segments is None or not 0 < segments < 1 << 31:
        raise IllegalArgument(f"[max_num_segments] must be a positive number, not [{segments}]")
    return await _each(ask, lambda index: asyncio.to_thread(index.merge, segments))


async def clear_cache(ask: Ask) -> Answer:
    """Accepted: searches are not cached."""
    return await _each(ask, _nothing)


async def block(ask: Ask) -> Answer:
    """Block indices: `write`, `read`, `metadata` or `read_only`."""
    kind, found = ask.path("block"), chosen(ask)
    if kind not in BLOCKS:
        raise IllegalArgument(f"No block found with name {kind}")
    await ask.connote.indices.set(found, {f"blocks.{kind}": True})
    blocked = [{"name": name, "blocked": True} for name in found]
    return Answer({"acknowledged": True, "shards_acknowledged": True, "indices": blocked})


async def unblock(ask: Ask) -> Answer:
    """Take a block from indices."""
    kind, found = ask.path("block"), chosen(ask)
    if kind not in BLOCKS:
        raise IllegalArgument(f"No block found with name {kind}")
    await ask.connote.indices.set(found, {f"blocks.{kind}": None})
    return Answer({"acknowledged": True, "indices": [{"name": name, "unblocked": True} for name in found]})


async def resolve(ask: Ask) -> Answer:
    """The indices and aliases that names and patterns mean."""
    indices, parts, visit = ask.connote.indices, ask.path("index").split(","), ask.asking.visit
    found, aliases, owners = chosen(ask), indices.aliases(), by_index(indices.streams)

    def met(names: Iterable[str], *, hides: bool = False) -> list[str]:
        shown = ["*" if part == "_all" else part for part in parts]
        return [
            name
            for name in sorted(names)
            if (visit is None or visit.may(name))
            and any(fits(name, part) and not (hides and name.startswith(".") > part.startswith(".")) for part in shown)
        ]

    return Answer(
        {
            "indices": [
                {
                    "name": name,
                    **({"aliases": sorted(given)} if (given := indices.records[name].aliases) else {}),
                    "attributes": _attributes(ask, name),
                    **({"data_stream": owners[name]} if name in owners else {}),
                    "mode": indices.settings(name).mode,
                }
                for name in met(found, hides=True)
            ],
            "aliases": [{"name": alias, "indices": aliases[alias]} for alias in met(aliases)],
            "data_streams": [
                {
                    "name": name,
                    "backing_indices": list(indices.streams[name].indices),
                    "timestamp_field": TIMESTAMP,
                }
                for name in met(indices.streams)
            ],
        }
    )


def _attributes(ask: Ask, name: str) -> list[str]:
    settings = ask.connote.indices.settings(name)
    hidden = ["hidden"] if settings.values.get("hidden") in (True, "true") else []
    return [*hidden, "closed" if settings.is_closed else "open"]


async def _nothing(index: Index) -> None:
    pass


async def _each(ask: Ask, do: Callable[[Index], Awaitable[None]]) -> Answer:
    """Do it with every index, and tell of the shards: one each."""
    found, failures = opened(ask), list[dict[str, Any]]()
    for name in found:
        try:
            await do(await ask.connote.indices.open(name))
        except ConnoteError as error:
            failures.append({"shard": 0, "index": name, "status": error.status, "reason": error.told()})
    told: dict[str, Any] = {"total": len(found), "successful": len(found) - len(failures), "failed": len(failures)}
    return Answer({"_shards": told | ({"failures": failures} if failures else {})})


def _shown(ask: Ask, name: str, wanted: list[str]) -> dict[str, Any]:
    record, settings = ask.connote.indices.records[name], ask.connote.indices.settings(name)
    settings = settings.human() if ask.flag("human") else settings
    body: dict[str, Any] = {
        "aliases": record.aliases,
        "mappings": record.mapping,
        "settings": settings.flat() if ask.flag("flat_settings") else settings.wire(),
    }
    owner = by_index(ask.connote.indices.streams).get(name)
    return {part: value for part, value in body.items() if part in wanted} | ({"data_stream": owner} if owner else {})


BLOCKS = ("write", "read", "metadata", "read_only")
# What `_cluster/settings` may set to false.
DESTRUCTIVE = "action.destructive_requires_name"
_GET = (
    CHOICE
    | TIMEOUTS
    | {
        "features": "Only these: `aliases`, `mappings`, `settings`.",
        "flat_settings": "Settings with dots in their names.",
        "include_defaults": "Accepted.",
        "local": "Accepted.",
    }
)
_WAIT = {"wait_for_active_shards": "Accepted: there is one."}
_FLUSH = CHOICE | {"force": "Accepted.", "wait_if_ongoing": "Accepted."}
_CACHES = ("fielddata", "fields", "file", "query", "request")
_CLEAR = CHOICE | dict.fromkeys(_CACHES, "Accepted.")
_MERGE = CHOICE | {
    "flush": "Accepted.",
    "max_num_segments": "To how many; default 1.",
    "only_expunge_deletes": "Accepted.",
    "wait_for_completion": "Accepted.",
}


def _both(path: str, handler: Callable[[Ask], Awaitable[Answer]], params: dict[str, str], *methods: str) -> list[Route]:
    """A route for some indices, and for all."""
    return [Route(method, f"{part}{path}", handler, params) for part in ("", "/{index}") for method in methods]


ROUTES = (
    Route("PUT", "/{index}", create, TIMEOUTS | _WAIT),
    Route("GET", "/{index}", get, _GET),
    Route("HEAD", "/{index}", exists, _GET),
    Route("DELETE", "/{index}", delete, CHOICE | TIMEOUTS),
    Route("POST", "/{index}/_close", close, CHOICE | TIMEOUTS | _WAIT),
    Route("POST", "/{index}/_open", open_, CHOICE | TIMEOUTS | _WAIT),
    Route("PUT", "/{index}/_block/{block}", block, CHOICE | TIMEOUTS),
    Route("DELETE", "/{index}/_block/{block}", unblock, CHOICE | TIMEOUTS),
    *_both("/_refresh", refresh, CHOICE, "GET", "POST"),
    *_both("/_flush", flush, _FLUSH, "GET", "POST"),
    *_both("/_forcemerge", forcemerge, _MERGE, "POST"),
    *_both("/_cache/clear", clear_cache, _CLEAR, "POST"),
    *(Route(method, "/_resolve/index/{index}", resolve, CHOICE) for method in ("GET", "POST")),
)
