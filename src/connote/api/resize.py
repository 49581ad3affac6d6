"""The routes that make another index of the same documents."""

from collections.abc import Awaitable, Callable

from connote.api.choice import TIMEOUTS
from connote.api.exchange import Answer, Ask, Route
from connote.search.resize import resize


def _handler(how: str) -> Callable[[Ask], Awaitable[Answer]]:
    async def handle(ask: Ask) -> Answer:
        source, target = ask.connote.indices.single(ask.path("index")), ask.path("target")
        await resize(ask.connote.indices, how, source, target, await ask.json_if_any())
        return Answer({"acknowledged": True, "shards_acknowledged": True, "index": target})

    handle.__doc__ = f"Make another index of the documents of one that writes are blocked to: {_ABOUT[how]}."
    return handle


_ABOUT = {"clone": "the same", "shrink": "of fewer shards", "split": "of more shards"}
_PARAMS = TIMEOUTS | {"wait_for_active_shards": "Accepted: there is one.", "wait_for_completion": "Accepted."}

ROUTES = tuple(
    Route(method, f"/{{index}}/_{how}/{{target}}", _handler(how), _PARAMS)
    for how in ("clone", "shrink", "split")
    for method in ("PUT", "POST")
)
