"""The routes of mappings, and of analysis."""

import asyncio
from typing import Any

from connote.api.choice import CHOICE, TIMEOUTS, chosen
from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import IllegalArgument
from connote.search.analysis import Analyzer
from connote.search.analysis.request import analyze as analysed
from connote.search.index import Index
from connote.search.mapping.keyword import Keyword
from connote.search.mapping.mapping import Mapping
from connote.search.mapping.text import Text
from connote.search.names import fits
from connote.search.settings import IndexSettings


async def get(ask: Ask) -> Answer:
    """The mappings of indices."""
    return Answer(
        {name: {"mappings": ask.connote.indices.records[name].mapping} for name in chosen(ask, expand="open,closed")}
    )


async def put(ask: Ask) -> Answer:
    """Add fields to the mappings of indices, or change what of theirs may change."""
    await ask.connote.indices.map(chosen(ask), await ask.json())
    return Answer({"acknowledged": True})


async def fields(ask: Ask) -> Answer:
    """The mappings of single fields, by name or pattern."""
    wanted = ask.path("fields").split(",")
    return Answer({name: {"mappings": await asyncio.to_thread(_fields, ask, name, wanted)} for name in chosen(ask)})


async def analyze(ask: Ask) -> Answer:
    """What an analyzer makes of a text: `text`, and `analyzer`, `field` or the parts of one."""
    body = await ask.json_if_any()
    for name in ("analyzer", "field", "text", "tokenizer"):
        if (value := ask.text(name)) is not None:
            body.setdefault(name, value)
    if ask.request.path_params.get("index") is None:
        return Answer(await asyncio.to_thread(analysed, body))
    index = await ask.connote.documents.one(ask.path("index"))
    return Answer(await asyncio.to_thread(analysed, body, index.mapping.analysis, lambda name: _analyzer(index, name)))


def _fields(ask: Ask, name: str, wanted: list[str]) -> dict[str, Any]:
    record = ask.connote.indices.records[name]
    settings = IndexSettings.of(record)
    analysis = ask.connote.indices.analysis(settings)
    found = Mapping.read(record.mapping, analysis, settings.most_fields, settings.defaults).fields
    return {
        field: {"full_name": field, "mapping": {field.rpartition(".")[2]: each.wire()}}
        for field, each in found.items()
        if any(fits(field, pattern) for pattern in wanted)
    }


def _analyzer(index: Index, name: str) -> Analyzer | None:
    field = index.mapping.find(name)
    if field is None:
        return None
    if isinstance(field, Text):
        return field.analyzer
    if isinstance(field, Keyword):
        analysis, normalizer = index.mapping.analysis, field["normalizer"]
        return analysis.normalizer(normalizer) if normalizer else analysis.analyzer("keyword")
    raise IllegalArgument(f"Can't process field [{name}], Analysis requests are only supported on tokenized fields")


_PARAMS = CHOICE | TIMEOUTS
_GET = _PARAMS | {"include_defaults": "Accepted.", "local": "Accepted."}
_PUT = _PARAMS | {"write_index_only": "Accepted."}
_ANALYZE = dict.fromkeys(("analyzer", "field", "text", "tokenizer"), "In place of the body's.")

ROUTES = (
    Route("GET", "/_mapping", get, _GET),
    Route("GET", "/{index}/_mapping", get, _GET),
    *(
        Route(method, f"/{{index}}/{name}", put, _PUT)
        for name in ("_mapping", "_mappings")
        for method in ("PUT", "POST")
    ),
    Route("GET", "/{index}/_mappings", get, _GET),
    Route("GET", "/_mapping/field/{fields}", fields, _GET),
    Route("GET", "/{index}/_mapping/field/{fields}", fields, _GET),
    *(Route(method, f"{part}/_analyze", analyze, _ANALYZE) for part in ("", "/{index}") for method in ("GET", "POST")),
)
