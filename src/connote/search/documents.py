"""The documents of all indices: written in bulk, one by one, and read by id."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from connote.contract.errors import ConnoteError
from connote.ingest.pipelines import Pipelines
from connote.search.index import Index
from connote.search.indices import Indices
from connote.search.write.item import Item
from connote.search.write.operation import Operation, Outcome
from connote.search.write.prepare import Prepare
from connote.search.write.writer import Writer
from connote.store.documents import Stored


class Documents:
    """Reads and writes."""

    def __init__(self, indices: Indices, writer: Writer, pipelines: Pipelines) -> None:
        self._indices, self._writer = indices, writer
        self._prepare = Prepare(indices, pipelines)

    async def write(
        self, items: Sequence[Item], *, pipeline: str | None = None, refresh: bool = False
    ) -> list[Outcome]:
        """What came of each; all that succeeded are durable, and with `refresh` seen by searches.

        One that fails harms no other. `pipeline` is for those that name none.
        """
        ready = await self._prepare.all(items, pipeline)
        groups = defaultdict[str, dict[int, Operation]](dict)
        outcomes: dict[int, Outcome] = {}
        for at, found in enumerate(ready):
            if isinstance(found, Outcome):
                outcomes[at] = found
            else:
                groups[found.index][at] = found
        parts = await asyncio.gather(
            *(self._apply(name, list(some.values()), refresh=refresh) for name, some in groups.items())
        )
        for some, part in zip(groups.values(), parts, strict=True):
            outcomes.update(zip(some, part, strict=True))
        return [outcomes[at] for at in range(len(items))]

    async def write_one(self, item: Item, *, pipeline: str | None = None, refresh: bool = False) -> Outcome:
        """The same for one. Raises what it failed with."""
        (outcome,) = await self.write([item], pipeline=pipeline, refresh=refresh)
        if outcome.error is not None:
            raise outcome.error
        return outcome

    async def one(self, name: str) -> Index:
        """The index of that name, or the only one of that alias. Raises NoIndex, IllegalArgument."""
        return await self._indices.open(self._indices.single(name))

    async def get(self, name: str, id: str) -> tuple[Index, Stored | None]:
        """The index, and the document as it is now; None if there is none. Raises NoIndex, ClosedIndex, Blocked."""
        index = await self.one(name)
        index.check_readable()
        index.counts.gets += 1
        found = (await asyncio.to_thread(index.documents.current, [id])).get(id)
        return index, found if found is not None and found.source is not None else None

    async def _apply(self, name: str, operations: Sequence[Operation], *, refresh: bool) -> list[Outcome]:
        try:
            index = await self._indices.open(name)
            index.check_writable()
            outcomes = await self._writer.apply(index, operations)
            if refresh:
                await asyncio.to_thread(index.refresh)
        except ConnoteError as error:
            return [Outcome(each, error=error) for each in operations]
        return outcomes
