"""The route that tells which fields of an index take how many bytes."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from connote.api.choice import CHOICE, opened
from connote.api.exchange import Answer, Ask, Route
from connote.api.table import size
from connote.contract.errors import IllegalArgument, NoIndex
from connote.search import diskusage
from connote.search.answer import shards
from connote.search.thread import finished


async def disk_usage(ask: Ask) -> Answer:
    """How many bytes each field takes. Elasticsearch asks for a word that this may cost something."""
    if not ask.flag("run_expensive_tasks"):
        raise IllegalArgument(
            "analyzing the disk usage of an index is expensive and resource-intensive, the parameter "
            "[run_expensive_tasks] must be set to [true] in order for the task to be performed."
        )
    flushes, told = ask.flag("flush", default=True), dict[str, Any]()
    for name in opened(ask):
        with suppress(NoIndex):  # it was deleted in the meantime
            index = await ask.connote.indices.open(name)
            if flushes:
                async with index.lock:
                    await finished(index.commit)
            told[name] = _told(await asyncio.to_thread(diskusage.of, index))
    counted = {name: value for name, value in shards(len(told)).items() if name != "skipped"}
    return Answer({"_shards": counted, **told})


def _told(usage: diskusage.Usage) -> dict[str, Any]:
    total: Counter[str] = Counter()
    for each in usage.fields.values():
        total.update(each)
    return {
        **_sized("store_size", usage.files),
        "all_fields": _parts(total),
        "fields": {name: _parts(each) for name, each in usage.fields.items()},
    }


def _parts(sizes: Mapping[str, int]) -> dict[str, Any]:
    told: dict[str, Any] = _sized("total", sum(sizes.values()))
    for name in diskusage.STRUCTURES:
        own = sizes.get(name, 0)
        told |= {name: _sized("total", own)} if name == "inverted_index" else _sized(name, own)
    return told


def _sized(name: str, value: int) -> dict[str, Any]:
    return {name: size(None, value), f"{name}_in_bytes": value}


_PARAMS = CHOICE | {
    "flush": "Whether the engine first keeps what it holds; default true.",
    "run_expensive_tasks": "Must be true.",
}

ROUTES = (Route("POST", "/{index}/_disk_usage", disk_usage, _PARAMS),)
