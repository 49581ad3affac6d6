"""connote's own routes, `_connote`: where endpoints run, what the models are, how a text would be cut."""

import asyncio
import re
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace
from starlette.responses import Response

from connote.api.exchange import Answer, Ask, Route
from connote.chunking import Chunk, chunk
from connote.contract import body, chunks
from connote.contract.errors import IllegalArgument, NotFound, Unparsable
from connote.contract.requests import MOST_INPUTS
from connote.contract.settings import java
from connote.contract.tasks import TaskType
from connote.endpoints import entry, remote
from connote.models.references import Reference
from connote.runtime.autoscale import Adaptive
from connote.runtime.fleet import CORES, Deployment
from connote.runtime.local import Inputs
from connote.runtime.placement import Device

_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])", re.ASCII)


async def models(ask: Ask) -> Answer:
    """The catalog: each model, whether its files are here, and where they came from; and uploads that are not whole.

    `pulling` tells how far a model is that is being fetched, in bytes of one `file`; `pull_failed` why it could not be.
    """
    found = await asyncio.to_thread(ask.connote.library.states)
    return Answer({"models": found, "uploads": await asyncio.to_thread(ask.connote.trained.uploads.unfinished)})


async def pull_model(ask: Ask) -> Answer:
    """Begin to fetch a model's files, if they are not here. `GET _connote/models` tells how far that is."""
    wait, row = ask.flag("wait_for_completion"), ask.connote.library.find(ask.path("model_id"))
    if ask.connote.library.path(row) is None:
        pull = ask.connote.trained.models.pull(row, itself=True)
        if wait:
            await asyncio.shield(pull)
    return Answer({"model": ask.connote.library.state(row)})


async def add_model(ask: Ask) -> Answer:
    """Add a model to the catalog: `hub`, such as `owner/name`, or `folder`, a path below the models folder.

    Its files must be config.json, tokenizer.json and model.safetensors; in a folder the last may be model.onnx. They
    tell which head it has, unless `head` does. `aliases` are more names of it, `revision` is the hub's.
    """
    wait = ask.flag("wait_for_completion")
    reference = body.read(await ask.json(), Reference, "model")
    if reference.folder is not None:
        reference = replace(reference, folder=str(_below(ask.connote.config.models_path(), reference.folder)))
    row = await ask.connote.trained.references.add(ask.path("model_id"), reference, wait=wait)
    return Answer({"model": ask.connote.library.state(row)})


async def remove_model(ask: Ask) -> Answer:
    """Take a model that was added out of the catalog; its files stay. One that was uploaded is deleted."""
    await ask.connote.trained.references.remove(ask.path("model_id"), force=ask.flag("force"))
    return Answer({"acknowledged": True})


async def endpoints(ask: Ask) -> Answer:
    """Each endpoint: which model really serves it, on which device, in which state, and how the cache does for it."""
    return Answer({"endpoints": ask.connote.placements()})


async def stats(ask: Ask) -> Answer:
    """The cache of results: texts that it answered (hits) and did not (misses) since the start, and how full it is."""
    return Answer({"cache": await ask.connote.cache.stats()})


async def clear_cache(ask: Ask) -> Answer:
    """Empty the cache of results."""
    await ask.connote.cache.clear()
    return Answer({"acknowledged": True})


async def preview(ask: Ask) -> Answer:
    """How a text would be cut into chunks: `text`, and `chunking_settings` as on an endpoint."""
    given = await ask.json()
    text, settings = given.pop("text", None), given.pop(chunks.SCOPE, None)
    if not isinstance(text, str):
        raise Unparsable(f"field [text] must be a string, not [{java(text)}]")
    if settings is not None and not isinstance(settings, dict):
        raise Unparsable(f"field [{chunks.SCOPE}] must be an object, not [{java(settings)}]")
    if given:
        raise Unparsable(f"unknown field [{next(iter(given))}]; known are [text, {chunks.SCOPE}]")
    parsed = chunks.parse(settings)
    found = await asyncio.to_thread(chunk, text, parsed)
    return Answer({chunks.SCOPE: chunks.wire(parsed), "chunks": [_shown(text, part) for part in found]})


async def run(ask: Ask) -> Answer:
    """Run a model for another connote whose `[elastic] url` leads here: `model`, `texts`, `query`, `search`, `caching`.

    The answer is MessagePack: an entry for each text.
    """
    try:
        asked = msgspec.convert(await ask.json(), remote.Request)
    except msgspec.ValidationError as error:
        raise Unparsable(f"[run] {error}") from None
    if not 0 < len(asked.texts) <= MOST_INPUTS:
        raise Unparsable(f"field [texts] must have 1 to {MOST_INPUTS} texts, not [{len(asked.texts)}]")
    model = ask.connote.library.find(asked.model)
    if model.task is TaskType.ANY:
        raise Unparsable(f"[model] does [{model.nlp}], which is not for others to run")
    if (model.task is TaskType.RERANK) != (asked.query is not None):
        raise Unparsable("field [query] must be given for a reranker, and for no other model")
    wish = Deployment(f"_connote/{model.id}", model.id, adaptive=Adaptive(0, CORES), device=Device.FASTEST)
    outputs = await ask.connote.cache.run(wish, Inputs(asked.texts, asked.query, asked.search), asked.caching)
    content = msgspec.msgpack.encode(await asyncio.to_thread(entry.split, outputs))
    return Answer(response=Response(content, media_type="application/vnd.msgpack"))


async def usage(ask: Ask) -> Answer:
    """Requests, errors, tokens and cost by month, endpoint and name of the API key: see docs/policies.md."""
    month = ask.text("month")
    if month is not None and not _MONTH.fullmatch(month):
        raise IllegalArgument(f"[month] must be such as [2026-11], not [{month}]")
    return Answer({"usage": await ask.connote.meter.read(month, ask.text("endpoint"), ask.text("key"))})


async def activity(ask: Ask) -> Answer:
    """What endpoints did in each of the last 60 minutes: requests, errors, tokens, times, hits of the cache."""
    return Answer(ask.connote.activity.wire())


async def shadows(ask: Ask) -> Answer:
    """Each endpoint with a shadow: errors and times of both, and how much alike their answers are."""
    return Answer({"shadows": ask.connote.shadows.wire(ask.connote.endpoints.all())})


async def reset_shadow(ask: Ask) -> Answer:
    """Set the figures of an endpoint with a shadow back to nothing."""
    endpoint = ask.connote.endpoints.find(ask.path("inference_id"))
    if endpoint.policy.shadow is None:
        raise NotFound(f"Inference endpoint [{endpoint.id}] has no shadow")
    ask.connote.shadows.forget(endpoint.id)
    return Answer({"acknowledged": True})


def _below(models: Path, folder: str) -> Path:
    """The folder, which must be below that of the models: a stranger must not have any file of this machine read."""
    try:
        path = (models / folder).resolve()
        is_below = path.is_dir() and path.is_relative_to(models.resolve())
    except (OSError, ValueError):  # a name that is too long, or has a null
        is_below = False
    if not is_below:
        raise IllegalArgument(
            f"[folder] must be a folder below that of the models, {models}; to add another, stop the server and use "
            "the command line"
        )
    return path


def _shown(text: str, part: Chunk) -> dict[str, Any]:
    return {"start_offset": part.start, "end_offset": part.end, "text": text[part.start : part.end]}


_USAGE = {
    "endpoint": "Only this endpoint.",
    "key": "Only the API key of this name.",
    "month": "Only this month, such as `2026-11`.",
}

ROUTES = (
    Route("POST", remote.PATH, run),
    Route("GET", "/_connote/models", models),
    Route("PUT", "/_connote/models/{model_id}", add_model, {"wait_for_completion": "Wait until it is here."}),
    Route("POST", "/_connote/models/{model_id}/_pull", pull_model, {"wait_for_completion": "Wait until it is here."}),
    Route("DELETE", "/_connote/models/{model_id}", remove_model, {"force": "Remove it though it is in use."}),
    Route("GET", "/_connote/endpoints", endpoints),
    Route("GET", "/_connote/stats", stats),
    Route("POST", "/_connote/cache/_clear", clear_cache),
    Route("POST", "/_connote/_chunk", preview),
    Route("GET", "/_connote/usage", usage, _USAGE),
    Route("GET", "/_connote/activity", activity),
    Route("GET", "/_connote/shadow", shadows),
    Route("DELETE", "/_connote/shadow/{inference_id}", reset_shadow),
)
