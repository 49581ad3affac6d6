"""The routes of indices: made, shown, changed, deleted."""

from typing import Any

from starlette.responses import Response

from connote.api.exchange import Answer, Ask, Route


async def create(ask: Ask) -> Answer:
    """Make an index: `settings`, `mappings`, `aliases`."""
    name = ask.path("index")
    await ask.connote.indices.create(name, await ask.json_if_any())
    return Answer({"acknowledged": True, "shards_acknowledged": True, "index": name})


async def get(ask: Ask) -> Answer:
    """Indices with their aliases, mappings and settings."""
    found: dict[str, Any] = {}
    for name in chosen(ask):
        record = ask.connote.indices.records[name]
        found[name] = {
            "aliases": record.aliases,
            "mappings": record.mapping,
            "settings": ask.connote.indices.settings(name).wire(),
        }
    return Answer(found)


async def exists(ask: Ask) -> Answer:
    """Whether all of these indices are there."""
    found = chosen(ask)
    return Answer(response=Response(status_code=200 if found else 404))


async def delete(ask: Ask) -> Answer:
    """Delete indices with all that is in them."""
    await ask.connote.indices.delete(chosen(ask, deletes=True))
    return Answer({"acknowledged": True})


def chosen(ask: Ask, *, deletes: bool = False) -> list[str]:
    """The names of the indices that the path means. Raises NoIndex."""
    return ask.connote.indices.resolve(
        ask.request.path_params.get("index"),
        ignore_missing=ask.flag("ignore_unavailable"),
        allow_none=ask.flag("allow_no_indices", default=True),
    )


TIMEOUTS = {"master_timeout": "Accepted: there is one node.", "timeout": "Accepted: the answer is immediate."}
CHOICE = {
    "allow_no_indices": "Whether patterns may mean nothing; default true.",
    "expand_wildcards": "Which indices patterns mean: `open` (default), `closed`, `hidden`, `all`, `none`.",
    "ignore_unavailable": "Leave out what is not there.",
}
_GET = (
    CHOICE
    | TIMEOUTS
    | {
        "features": "Accepted.",
        "flat_settings": "Settings with dots in their names.",
        "include_defaults": "Accepted.",
        "local": "Accepted.",
    }
)

ROUTES = (
    Route("PUT", "/{index}", create, TIMEOUTS | {"wait_for_active_shards": "Accepted: there is one."}),
    Route("GET", "/{index}", get, _GET),
    Route("HEAD", "/{index}", exists, _GET),
    Route("DELETE", "/{index}", delete, CHOICE | TIMEOUTS),
)
