"""The routes of aliases."""

from typing import Any

from starlette.responses import Response

from connote.api.choice import CHOICE, TIMEOUTS, chosen
from connote.api.exchange import Answer, Ask, Route
from connote.search import aliases
from connote.search.aliases import Action
from connote.search.names import fits


async def update(ask: Ask) -> Answer:
    """Change aliases: a list of `actions`, `add`, `remove` and `remove_index`, all done together or none."""
    await ask.connote.indices.alias(aliases.parse(await ask.json()))
    return Answer({"acknowledged": True, "errors": False})


async def put(ask: Ask) -> Answer:
    """Give indices an alias."""
    name, body = ask.path("name"), await ask.json_if_any()
    await ask.connote.indices.alias([Action("add", [ask.path("index")], [name], aliases.options(body, name))])
    return Answer({"acknowledged": True})


async def delete(ask: Ask) -> Answer:
    """Take aliases from indices."""
    await ask.connote.indices.alias([Action("remove", [ask.path("index")], ask.path("name").split(","))])
    return Answer({"acknowledged": True})


async def get(ask: Ask) -> Answer:
    """The aliases of indices, all or those of some names and patterns."""
    shown, missing = _found(ask)
    if missing:
        word = "aliases" if len(missing) > 1 else "alias"
        return Answer({"error": f"{word} [{','.join(missing)}] missing", "status": 404, **shown}, 404)
    return Answer(shown)


async def exists(ask: Ask) -> Answer:
    """Whether there are all of these aliases."""
    shown, missing = _found(ask)
    return Answer(response=Response(status_code=200 if shown and not missing else 404))


def _found(ask: Ask) -> tuple[dict[str, Any], list[str]]:
    """The aliases of each index, and the names that are of none."""
    wanted = ask.request.path_params.get("name")
    patterns = [] if wanted is None else ["*" if each == "_all" else each for each in str(wanted).split(",")]
    shown: dict[str, Any] = {}
    for name in chosen(ask, expand="open,closed"):
        given = ask.connote.indices.records[name].aliases
        kept = {alias: each for alias, each in given.items() if not patterns or any(fits(alias, p) for p in patterns)}
        if kept or (not patterns):
            shown[name] = {"aliases": kept}
    met = {alias for each in shown.values() for alias in each["aliases"]}
    return shown, [each for each in patterns if "*" not in each and each not in met]


_GET = CHOICE | {"local": "Accepted.", "master_timeout": TIMEOUTS["master_timeout"]}
_READ = ("/_alias/{name}", "/{index}/_alias", "/{index}/_alias/{name}")
_NAMED = ("/{index}/_alias/{name}", "/{index}/_aliases/{name}")

ROUTES = (
    Route("POST", "/_aliases", update, TIMEOUTS),
    *(Route(method, path, put, TIMEOUTS) for path in _NAMED for method in ("PUT", "POST")),
    *(Route("DELETE", path, delete, TIMEOUTS) for path in _NAMED),
    *(Route("GET", path, get, _GET) for path in ("/_alias", "/_aliases", *_READ)),
    *(Route("HEAD", path, exists, _GET) for path in _READ),
)
