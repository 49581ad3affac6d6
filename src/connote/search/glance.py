"""Documents by id, for those who may not see all of an index."""

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from contextvars import ContextVar

from connote.contract.errors import Forbidden
from connote.search import view, withheld
from connote.search.engine.segment import Snapshot
from connote.search.index import Index
from connote.search.query.query import Asks
from connote.search.thread import finished
from connote.store.documents import Stored

_LOOKING: ContextVar[bool] = ContextVar("looking", default=False)


async def of(index: Index, found: Mapping[str, Stored], asks: Asks) -> dict[str, Stored]:
    """Those of these documents that who asks may see, in just this version. Raises what roles' queries raise.

    Raises Forbidden if such a query itself looks for a document of which only some may be seen: it might go on so.
    """
    if _LOOKING.get():
        raise Forbidden("the query of a role may not look up documents of an index that roles hold documents back of")
    looking = _LOOKING.set(True)
    try:
        await asyncio.to_thread(index.refresh)
        with ExitStack() as held:
            snapshot, mapping = await finished(index.seen_while, held)
            every = view.reader(index, mapping, snapshot)
            reader = await view.through(withheld.through(index.name, None), every, asks, is_part=True)
            return await asyncio.to_thread(_seen, reader.snapshot, found)
    finally:
        _LOOKING.reset(looking)


def _seen(snapshot: Snapshot, found: Mapping[str, Stored]) -> dict[str, Stored]:
    seen = dict[str, Stored]()
    for id, each in found.items():
        place = snapshot.find(id)
        if place is not None and int(snapshot.segments[place[0]].seqs[place[1]]) == each.seq:
            seen[id] = each
    return seen
