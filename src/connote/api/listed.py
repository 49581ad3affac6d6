"""Requests that look for users, roles or keys by a query."""

from collections.abc import Mapping, Sequence
from typing import Any

from connote.api.exchange import Ask
from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search.listing import matching
from connote.search.query.body import Body
from connote.search.query.parse import parse
from connote.search.query.query import MatchAll

_MOST = 10_000


async def listed(
    ask: Ask, bodies: Mapping[str, Mapping[str, Any]], mapping: Mapping[str, Any]
) -> tuple[list[str], dict[str, Any]]:
    """The ids of the page that `{"query", "from", "size", "sort"}` asks for, and the counts that are told with it.

    Raises BadQuery, IllegalArgument.
    """
    body = Body("query", await ask.json_if_any())
    query, start, size = body.raw("query"), body.whole("from", 0), body.whole("size", 10)
    order = _order(body.raw("sort"), mapping["properties"])
    body.done()
    if start < 0 or size < 0 or start + size > _MOST:
        raise IllegalArgument(f"[from] + [size] must be between 0 and {_MOST}")
    parsed = MatchAll() if query is None else parse(query)
    ids = await matching(parsed, bodies, mapping, ask.connote.documents.asks())
    for name, is_falling in reversed(order):
        there = [id for id in ids if bodies[id].get(name) is not None]
        there.sort(key=lambda id: bodies[id][name], reverse=is_falling)
        ids = there + [id for id in ids if bodies[id].get(name) is None]
    page = ids[start : start + size]
    return page, {"total": len(ids), "count": len(page)}


def _order(given: Any, fields: Mapping[str, Any]) -> list[tuple[str, bool]]:  # noqa: ANN401 (JSON)
    """Fields to sort by, each with whether its values fall."""
    found = []
    each: Any
    for each in (
        given if isinstance(given, Sequence) and not isinstance(given, str) else [] if given is None else [given]
    ):
        name, how = next(iter(each.items())) if isinstance(each, Mapping) and each else (each, "asc")
        way = how.get("order", "asc") if isinstance(how, Mapping) else how
        if not isinstance(name, str) or way not in ("asc", "desc"):
            raise BadQuery(f"[sort] must hold fields with [asc] or [desc], not [{java(each)[:100]}]")
        if name == "_doc":
            continue
        if name not in fields or fields[name]["type"] == "flattened":
            raise IllegalArgument(f"field [{name}] cannot be sorted by here")
        found.append((name, way == "desc"))
    return found
