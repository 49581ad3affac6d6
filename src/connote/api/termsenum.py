"""The route of the words of a field."""

import asyncio
from typing import Any

from connote.api.choice import CHOICE, chosen, filters
from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import InvalidRequest, Unparsable
from connote.contract.settings import java
from connote.search.answer import shards
from connote.search.query.parse import parse as parse_query
from connote.search.termsenum import Wanted

_KINDS: dict[str, tuple[type, ...]] = {
    "field": (str,),
    "string": (str,),
    "size": (int,),
    "case_insensitive": (bool,),
    "search_after": (str,),
    "timeout": (str, int),
    "index_filter": (dict,),
}


async def terms_enum(ask: Ask) -> Answer:
    """The words of a keyword `field` that begin with `string`, in order."""
    body, names = _checked(await ask.json()), chosen(ask)
    wanted = Wanted(
        body["field"],
        body.get("string") or "",
        body.get("size", 10),
        ignores_case=body.get("case_insensitive", False),
        after=body.get("search_after"),
    )
    if body.get("index_filter"):
        query, searches = parse_query(body["index_filter"]), ask.connote.searches
        names = [name for name in names if await ask.attended(searches.count([name], query, enough=1))]
    async with ask.connote.searches.reading(names, filters(ask, names)) as readers:
        found = await asyncio.to_thread(wanted.words, readers)
    return Answer({"_shards": shards(len(names)), "terms": found, "complete": True})


def _checked(body: dict[str, Any]) -> dict[str, Any]:
    if unknown := [name for name in body if name not in _KINDS]:
        raise Unparsable(f"[terms_enum] unknown field [{unknown[0]}]; known are [{', '.join(_KINDS)}]")
    for name, value in body.items():
        if value is not None and not (isinstance(value, _KINDS[name]) and (bool in _KINDS[name] or value is not True)):
            raise Unparsable(f"[terms_enum] [{name}] cannot be [{java(value)[:100]}]")
    if not body.get("field"):
        raise InvalidRequest(["field cannot be null"])
    return {name: value for name, value in body.items() if value is not None}


ROUTES = tuple(Route(method, "/{index}/_terms_enum", terms_enum, CHOICE) for method in ("GET", "POST"))
