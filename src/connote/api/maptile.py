"""The route of vector tiles."""

import re
from typing import Any

from starlette.responses import Response

from connote.api.choice import CHOICE, chosen, filters
from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import IllegalArgument
from connote.search import maptile
from connote.search import request as requests
from connote.search.maptile import TileRequest
from connote.search.thread import abandonable
from connote.search.tile import MEDIA_TYPE, encoded

_WHOLE = ("extent", "grid_precision", "size", "buffer")
_WHOLE_NUMBER = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_FLAGS = ("exact_bounds", "with_labels")


async def tile(ask: Ask) -> Answer:
    """The places of a field in a tile of a map, as a Mapbox vector tile: layers `hits`, `aggs` and `meta`."""
    zoom, x, y = (_coordinate(ask, name) for name in ("zoom", "x", "y"))
    wanted = TileRequest.parse(ask.path("field"), zoom, x, y, _with_params(ask, await ask.json_if_any()))
    request, names = requests.parse(wanted.search()), chosen(ask)
    answer = await ask.attended(ask.connote.searches.search(names, request, filters(ask, names)))
    content = await abandonable(lambda: encoded(maptile.layers(wanted, answer)))
    return Answer(response=Response(content, media_type=MEDIA_TYPE))


def _coordinate(ask: Ask, name: str) -> int:
    value = ask.path(name)
    if not _WHOLE_NUMBER.fullmatch(value):
        raise IllegalArgument(f"Failed to parse int parameter [{name}] with value [{value}]")
    return int(value)


def _with_params(ask: Ask, body: dict[str, Any]) -> dict[str, Any]:
    """The body with what the URL says, which goes before it."""
    made = dict(body)
    made |= {name: ask.whole(name) for name in _WHOLE if ask.text(name) is not None}
    made |= {name: ask.flag(name) for name in _FLAGS if ask.text(name) is not None}
    return made | {name: ask.text(name) for name in ("grid_agg", "grid_type", "track_total_hits") if ask.text(name)}


_PARAMS = CHOICE | {
    "exact_bounds": "The shape of `meta` is the box around what is found, not the tile.",
    "extent": "Pixels of a side; default 4096.",
    "grid_agg": "`geotile`.",
    "grid_precision": "How much finer than the tile the cells of `aggs` are, 0 to 8; 0 leaves that layer out.",
    "grid_type": "The shapes of `aggs`: `grid`, `point` or `centroid`.",
    "size": "The most features of `hits`; 0 leaves that layer out.",
    "track_total_hits": "How far hits are counted.",
    "with_labels": "With points for labels.",
}

ROUTES = tuple(Route(method, "/{index}/_mvt/{field}/{zoom}/{x}/{y}", tile, _PARAMS) for method in ("GET", "POST"))
