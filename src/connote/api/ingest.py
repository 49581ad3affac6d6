"""The routes of `_ingest`."""

import asyncio

from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import IllegalArgument
from connote.ingest import simulate as simulation
from connote.ingest.document import Document
from connote.ingest.grok import library
from connote.search.write.item import Item
from connote.search.write.operation import Kind
from connote.search.write.rehearsal import Rehearsal, Substitutions

_ID = "/_ingest/pipeline/{id}"


async def list_all(ask: Ask) -> Answer:
    """Every pipeline."""
    return Answer(_shown(ask, "*"))


async def get(ask: Ask) -> Answer:
    """The pipelines of these ids, separated by commas; `*` stands for any part of one. None found is 404."""
    ids = ask.path("id")
    found = _shown(ask, ids)
    return Answer(found, 200 if found or ids in ("*", "_all") else 404)


async def put(ask: Ask) -> Answer:
    """Keep a pipeline: `processors`, `on_failure`, `description`, `version`, `_meta`."""
    await ask.connote.pipelines.put(ask.path("id"), await ask.json(), _version(ask))
    return Answer({"acknowledged": True})


async def delete(ask: Ask) -> Answer:
    """Delete the pipelines of that id or pattern."""
    await ask.connote.pipelines.delete(ask.path("id"))
    return Answer({"acknowledged": True})


async def simulate(ask: Ask) -> Answer:
    """Try a pipeline, one that is kept or the request's `pipeline`, on the documents in `docs`; nothing is indexed."""
    body, verbose = await ask.json(), ask.flag("verbose")
    id = ask.request.path_params.get("id")
    pipeline = simulation.given(body) if id is None else None
    if id is not None and not ask.connote.pipelines.has(id):
        raise IllegalArgument(f"pipeline [{id}] does not exist")
    documents = simulation.documents(body, verbose=verbose)
    outcomes = await ask.attended(ask.connote.pipelines.simulate(documents, id=id, body=pipeline))
    return Answer(simulation.wire(documents, outcomes))


async def rehearse(ask: Ask) -> Answer:
    """What pipelines and mappings would make of the documents in `docs` if they were indexed, with substitutions."""
    body, house = await ask.json(), ask.connote
    index = ask.request.path_params.get("index")
    if (kind := ask.text("merge_type")) not in (None, "index", "template"):
        raise IllegalArgument(f"[merge_type] must be [index] or [template], not [{kind}]")
    items = [_item(each, index) for each in simulation.documents(body, verbose=False)]
    given = Substitutions.parse(body)
    rehearsal = await asyncio.to_thread(Rehearsal, house.indices, house.templates, house.pipelines, given)
    return Answer({"docs": await ask.attended(rehearsal.run(items, ask.text("pipeline")))})


def _item(document: Document, index: str | None) -> Item:
    told = document.metadata
    name = index if told["_index"] == simulation.NO_INDEX and index is not None else told["_index"]
    return Item(Kind.INDEX, name, told["_id"], document.source, routing=told.get("_routing"))


async def grok(ask: Ask) -> Answer:
    """The expressions of grok by their names."""
    mode = ask.text("ecs_compatibility") or "disabled"
    if mode not in ("disabled", "v1"):
        raise IllegalArgument(f"unsupported ECS compatibility mode [{mode}]")
    known = library(ecs=mode == "v1")
    return Answer({"patterns": dict(sorted(known.items())) if ask.flag("s") else known})


def _shown(ask: Ask, ids: str) -> dict[str, object]:
    found = ask.connote.pipelines.find(ids)
    return {id: {} if ask.flag("summary") else body for id, body in found.items()}


def _version(ask: Ask) -> int | None:
    given = ask.text("if_version")
    if given is None:
        return None
    if not given.isascii() or not given.removeprefix("-").isdigit() or len(given) > 18:
        raise IllegalArgument(f"Failed to parse int parameter [if_version] with value [{given}]")
    return int(given)


_TIMEOUTS = {"master_timeout": "Accepted: there is one node.", "timeout": "Accepted: the answer is immediate."}
_GET = {"summary": "Only the ids.", "master_timeout": _TIMEOUTS["master_timeout"], "local": "Accepted."}
_PUT = {**_TIMEOUTS, "if_version": "Only in place of a pipeline of this version."}
_SIMULATE = {"verbose": "Show what each processor does."}
_REHEARSE = {
    "merge_type": "Accepted: `index` or `template`.",
    "pipeline": "The pipeline, in place of the index's default.",
}

ROUTES = (
    Route("GET", "/_ingest/pipeline", list_all, _GET),
    *(
        Route(method, f"{path}/_simulate", simulate, _SIMULATE)
        for path in ("/_ingest/pipeline", _ID)
        for method in ("POST", "GET")
    ),
    *(
        Route(method, f"/_ingest{index}/_simulate", rehearse, _REHEARSE)
        for index in ("", "/{index}")
        for method in ("POST", "GET")
    ),
    Route(
        "GET",
        "/_ingest/processor/grok",
        grok,
        {"ecs_compatibility": "`v1`: with fields of the Elastic Common Schema.", "s": "Sorted by name."},
    ),
    Route("GET", _ID, get, _GET),
    Route("PUT", _ID, put, _PUT),
    Route("DELETE", _ID, delete, _TIMEOUTS),
)
