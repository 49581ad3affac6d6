"""The route that lists the tables there are."""

from starlette.responses import PlainTextResponse

from connote.api import cat, cat_absent, cat_indices, node, segments, transforms
from connote.api.exchange import Answer, Ask, Route

_ROOMS = (cat, cat_absent, cat_indices, node, segments, transforms)
_TABLES = sorted({route.path for room in _ROOMS for route in room.ROUTES if route.path.startswith("/_cat/")})


async def tables(ask: Ask) -> Answer:  # noqa: ARG001 (a handler)
    """The tables of `_cat`, one a line, as text."""
    return Answer(response=PlainTextResponse("\n".join(["=^.^=", *_TABLES]) + "\n"))


ROUTES = (Route("GET", "/_cat", tables),)
