"""The documents of all indices: written in bulk, one by one, and read by id."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from connote.contract.errors import ConnoteError
from connote.ingest.pipelines import Pipelines
from connote.search import glance, withheld
from connote.search.index import Index
from connote.search.indices import Indices
from connote.search.query.query import Asks
from connote.search.thread import aside
from connote.search.write.item import Item
from connote.search.write.operation import Operation, Outcome
from connote.search.write.prepare import Prepare
from connote.search.write.writer import Writer
from connote.store.documents import Stored

# Writes to one index that are embedded and made durable together: more would hold others up, and fill the memory.
_PART = 10_000


class Documents:
    """Reads and writes."""

    def __init__(self, indices: Indices, writer: Writer, pipelines: Pipelines, asks: Callable[[], Asks]) -> None:
        self._indices, self._writer, self.asks = indices, writer, asks
        self._prepare = Prepare(indices, pipelines)

    async def write(
        self, items: Sequence[Item], *, pipeline: str | None = None, refresh: bool = False
    ) -> list[Outcome]:
        """What came of each; all that succeeded are durable, and with `refresh` seen by searches or told as `unseen`.

        One that fails harms no other. `pipeline` is for those that name none.
        """
        ready = await self._prepare.all(items, pipeline)
        groups, ended = await aside(len(ready), _grouped, ready)
        parts = await asyncio.gather(
            *(self._apply(name, list(some.values()), refresh=refresh) for name, some in groups.items())
        )
        return await aside(len(ready), _in_order, ended, groups, parts)

    async def write_one(self, item: Item, *, pipeline: str | None = None, refresh: bool = False) -> Outcome:
        """The same for one. Raises what it failed with."""
        (outcome,) = await self.write([item], pipeline=pipeline, refresh=refresh)
        if outcome.error is not None:
            raise outcome.error
        return outcome

    async def one(self, name: str) -> Index:
        """The index of that name, or the only one of that alias. Raises NoIndex, IllegalArgument, ClosedIndex."""
        return await self._indices.open(self._indices.single(name))

    async def get(self, name: str, id: str) -> tuple[Index, Stored | None]:
        """The index, and the document as it is now; None if there is none. Raises NoIndex, ClosedIndex, Blocked."""
        index, found = await self.several(name, [id])
        return index, found.get(id)

    async def several(self, name: str, ids: Sequence[str]) -> tuple[Index, dict[str, Stored]]:
        """The same of several documents: those that there are, and that who asks may see."""
        index = await self._indices.open(self._indices.single(name), in_part=True)
        found = await self.current(index, ids)
        return index, await glance.of(index, found, self.asks()) if withheld.is_part(index.name) else found

    async def current(self, index: Index, ids: Sequence[str]) -> dict[str, Stored]:
        """Those of these documents that there are, as they are now. Raises Blocked, Unavailable."""
        index.check_readable()
        index.counts.gets += len(ids)
        found = await asyncio.to_thread(index.documents.current, ids)
        return {id: each for id, each in found.items() if each.source is not None}

    async def _apply(self, name: str, operations: Sequence[Operation], *, refresh: bool) -> list[Outcome]:
        outcomes = list[Outcome]()
        try:
            index = await self._indices.open(name)
            for begin in range(0, len(operations), _PART):
                index.check_writable()
                outcomes += await self._writer.apply(index, operations[begin : begin + _PART])
        except ConnoteError as error:
            outcomes += [Outcome(each, error=error) for each in operations[len(outcomes) :]]
        return await self._refreshed(name, outcomes) if refresh else outcomes

    async def _refreshed(self, name: str, outcomes: list[Outcome]) -> list[Outcome]:
        """The same, seen by searches. If the index cannot be refreshed, what was written is durable all the same."""
        if all(each.error is not None for each in outcomes):
            return outcomes
        unseen = await self.refresh(name)
        return [each if unseen is None or each.error else replace(each, unseen=unseen) for each in outcomes]

    async def refresh(self, name: str) -> ConnoteError | None:
        """Let searches see what was written to an index; why they do not, if that cannot be."""
        try:
            await asyncio.to_thread((await self._indices.open(name)).refresh)
        except ConnoteError as error:
            return error
        return None


def _grouped(
    ready: Sequence[Operation | Outcome],
) -> tuple[dict[str, dict[int, Operation]], dict[int, Outcome]]:
    """By index what is to be done there, by its place; and what has ended already."""
    groups = defaultdict[str, dict[int, Operation]](dict)
    ended: dict[int, Outcome] = {}
    for at, found in enumerate(ready):
        if isinstance(found, Outcome):
            ended[at] = found
        else:
            groups[found.index][at] = found
    return groups, ended


def _in_order(
    ended: dict[int, Outcome], groups: Mapping[str, Mapping[int, Operation]], parts: Sequence[Sequence[Outcome]]
) -> list[Outcome]:
    for some, part in zip(groups.values(), parts, strict=True):
        ended.update(zip(some, part, strict=True))
    return [outcome for _, outcome in sorted(ended.items())]
