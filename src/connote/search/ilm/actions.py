"""What policies do to an index: each says whether it is done, or waits for something."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from connote.contract.errors import IllegalArgument
from connote.search import datastreams, rollover
from connote.search.ilm.life import Life, now
from connote.search.indices import Indices
from connote.search.rollover import Measured
from connote.search.streams import Changes, by_index

Body = Mapping[str, Any]
Do = Callable[[Indices, str, Body, Life], Awaitable[bool]]
ALIAS, COMPLETE = "lifecycle.rollover_alias", "lifecycle.indexing_complete"


async def _roll(indices: Indices, name: str, options: Body, life: Life) -> bool:
    """Roll over what the index is written to by, once it has grown or aged enough; done if something else did."""
    settings, stream = indices.records[name].settings, by_index(indices.streams).get(name)
    if settings.get(COMPLETE) in (True, "true"):
        life.rolled = life.rolled or now()
        return True
    if stream is not None and indices.streams[stream].writer != name:
        life.rolled = indices.streams[stream].rolled.get(name, now())
        return True
    alias = stream or str(settings.get(ALIAS) or "")
    _check_alias(indices, name, alias, is_stream=stream is not None)
    if stream is None and indices.written(alias) != name:
        life.rolled = now()
        return True
    index, created = await indices.open(name), indices.records[name].created
    wanted = rollover.conditions({"min_docs": 1, **options})
    if not rollover.rolls(wanted, await asyncio.to_thread(Measured.of, index, created)):
        return False
    if stream is not None:
        await datastreams.roll(indices, stream, name, {})
    else:
        await indices.succeed(alias, name, rollover.successor(name), {})
        await indices.set([name], {COMPLETE: True})
    life.rolled = now()
    return True


def _check_alias(indices: Indices, name: str, alias: str, *, is_stream: bool) -> None:
    """Raise IllegalArgument for an index that is written to by nothing that could be rolled over."""
    if not alias:
        raise IllegalArgument(f"setting [index.{ALIAS}] for index [{name}] is empty or not defined")
    if not is_stream and alias not in indices.records[name].aliases:
        raise IllegalArgument(f"index.{ALIAS} [{alias}] does not point to index [{name}]")


async def _read_only(indices: Indices, name: str, _: Body, __: Life) -> bool:
    await indices.set([name], {"blocks.write": True})
    return True


async def _merge(indices: Indices, name: str, options: Body, _: Life) -> bool:
    await asyncio.to_thread((await indices.open(name)).merge, int(options["max_num_segments"]))
    return True


async def _prioritise(indices: Indices, name: str, options: Body, _: Life) -> bool:
    await indices.set([name], {"priority": options["priority"]})
    return True


async def _allocate(indices: Indices, name: str, options: Body, _: Life) -> bool:
    """How many copies are asked for; where they are to be is kept, though there is one node."""
    kinds = ("include", "exclude", "require")
    made = {
        f"routing.allocation.{kind}.{key}": value for kind in kinds for key, value in (options.get(kind) or {}).items()
    }
    copies = {"number_of_replicas": options["number_of_replicas"]} if "number_of_replicas" in options else {}
    await indices.set([name], {**made, **copies})
    return True


async def _delete(indices: Indices, name: str, _: Body, __: Life) -> bool:
    """Delete the index; with the last one of a data stream this, too."""
    async with indices.writing:
        if name not in indices.records:
            return True
        stream = by_index(indices.streams).get(name)
        if stream is not None and list(indices.streams[stream].indices) == [name]:
            await indices.replace((), [name], Changes(gone=[stream]))
        else:
            await indices.replace((), [name], Changes.without(indices.streams, [name]))
    return True


async def _nothing(_: Indices, __: str, ___: Body, ____: Life) -> bool:
    """Where shards are and how many there are: there is one, on this node."""
    return True


DO: Mapping[str, Do] = {
    "rollover": _roll,
    "readonly": _read_only,
    "forcemerge": _merge,
    "set_priority": _prioritise,
    "allocate": _allocate,
    "delete": _delete,
    **dict.fromkeys(("freeze", "migrate", "shrink", "unfollow"), _nothing),
}
