"""The routes of the settings of indices."""

from typing import Any

from connote.api.choice import CHOICE, TIMEOUTS, chosen
from connote.api.exchange import Answer, Ask, Route
from connote.search.names import fits


async def get(ask: Ask) -> Answer:
    """The settings of indices, all or those of some names and patterns."""
    wanted = ask.request.path_params.get("name")
    found = {name: ask.connote.indices.settings(name) for name in chosen(ask, expand="open,closed")}
    patterns = None if wanted in (None, "_all", "*") else [_full(each) for each in str(wanted).split(",")]
    shown: dict[str, Any] = {}
    for name, settings in found.items():
        kept = settings.only(lambda each: patterns is None or any(fits(f"index.{each}", p) for p in patterns))
        if kept:
            kept = kept.human() if ask.flag("human") else kept
            shown[name] = {"settings": kept.flat() if ask.flag("flat_settings") else kept.wire()}
    return Answer(shown)


async def put(ask: Ask) -> Answer:
    """Change settings of indices; null takes one back."""
    body = await ask.json()
    inner = body.get("settings", body)
    await ask.connote.indices.set(chosen(ask, expand="open,closed"), inner, keeps=ask.flag("preserve_existing"))
    return Answer({"acknowledged": True})


def _full(name: str) -> str:
    return name if name.startswith(("index.", "*")) else f"index.{name}"


_GET = (
    CHOICE
    | TIMEOUTS
    | {"flat_settings": "With dots in the names.", "include_defaults": "Accepted.", "local": "Accepted."}
)
_PUT = (
    CHOICE
    | TIMEOUTS
    | {"flat_settings": "Accepted.", "preserve_existing": "Leave those that are there.", "reopen": "Accepted."}
)

ROUTES = (
    *(
        Route("GET", path, get, _GET)
        for path in ("/_settings", "/_settings/{name}", "/{index}/_settings", "/{index}/_settings/{name}")
    ),
    *(Route("PUT", path, put, _PUT) for path in ("/_settings", "/{index}/_settings")),
)
