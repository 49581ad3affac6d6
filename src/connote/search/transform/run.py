"""A transform as it runs: through its source page by page, once, or again whenever that has changed."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import orjson

from connote.contract.errors import ConnoteError, NoIndex
from connote.search import embedded
from connote.search import request as requests
from connote.search.byquery import ByQuery, Manner, Selection
from connote.search.documents import Documents
from connote.search.indices import Indices
from connote.search.progress import Progress
from connote.search.searches import Searches
from connote.search.transform import fields
from connote.search.transform.config import Transform
from connote.search.transform.state import State
from connote.search.write.item import Item
from connote.search.write.operation import Kind
from connote.store.documents import Stored

log = logging.getLogger("connote.search")

Pairs = Sequence[tuple[str, dict[str, Any]]]
# How many documents are written at once.
_BATCH = 1000


class Source:
    """Reads the source of a transform."""

    def __init__(self, indices: Indices, searches: Searches, documents: Documents) -> None:
        self._indices, self._searches, self._documents = indices, searches, documents

    def names(self, transform: Transform) -> list[str]:
        """The indices that it is now. Raises NoIndex."""
        return self._indices.resolve(",".join(transform.indices))

    def typed(self, transform: Transform) -> Callable[[str], str | None]:
        """Gives the types of the source's fields."""
        runtime = transform.query.get("runtime_mappings") or {}
        mappings = [{"properties": runtime}, *(self._indices.records[each].mapping for each in self.names(transform))]
        return lambda name: fields.type_of(mappings, name)

    async def page(
        self, transform: Transform, after: Mapping[str, Any] | None, before: int | None = None, size: int | None = None
    ) -> tuple[Pairs, Mapping[str, Any] | None, int]:
        """Documents that it makes, where the page ends, and how many documents of the source it is of.

        Only of those with a time `before` that (milliseconds since 1970). Raises what a search raises.
        """
        body = {**transform.function.page(size or transform.page, after), **transform.query}
        if before is not None and transform.sync is not None:
            bound = {"range": {transform.sync[0]: {"lt": before, "format": "epoch_millis"}}}
            body["query"] = {"bool": {"filter": [body["query"], bound]}}
        names, expression = self.names(transform), ",".join(transform.indices)
        request = requests.parse({name: value for name, value in body.items() if value})
        found = await self._searches.search(names, request, self._indices.filters(expression, names))
        typed = self.typed(transform)

        def made() -> tuple[Pairs, Mapping[str, Any] | None, int]:
            answer = orjson.loads(orjson.dumps(found, option=orjson.OPT_SERIALIZE_NUMPY))
            return transform.function.documents(answer, typed)

        return await asyncio.to_thread(made)  # there may be 65,536 of them

    async def state(self, transform: Transform) -> tuple[object, ...]:
        """Another whenever documents were written to the source; searches see them."""
        told = list[object]()
        for name in self.names(transform):
            with suppress(NoIndex):
                index = await self._indices.open(name)
                told.append((index.uuid, index.counts.indexed, index.counts.deleted))
                await self._documents.refresh(name)
        return tuple(told)


class Run:
    """One that was started. `keep` is called when its state is to be kept."""

    def __init__(
        self,
        transform: Transform,
        state: State,
        source: Source,
        target: tuple[Indices, Documents, ByQuery],
        keep: Callable[[], Awaitable[None]],
    ) -> None:
        self.transform, self.state, self._source, self._keep = transform, state, source, keep
        self._indices, self._documents, self._by_query = target
        self.is_working, self.is_ending, self.at_checkpoint, self.is_left = False, False, False, False
        self._woken = asyncio.Event()
        self._seen: tuple[object, ...] | None = None
        self._bound = 0  # the time up to which documents were looked at the last time

    def wake(self) -> None:
        """Look at once whether the source has changed."""
        self._woken.set()

    def end(self, *, at_checkpoint: bool = False) -> None:
        """End after the page that it is at, or with the checkpoint."""
        self.is_ending, self.at_checkpoint = True, at_checkpoint
        self.wake()

    def leave(self) -> None:
        """The same, because the server ends: it is to go on with its next start."""
        self.is_left = True
        self.end()

    async def run(self) -> None:
        """Go on until it is through, or is to end. What fails is kept as the reason."""
        try:
            await self._go()
        except ConnoteError as error:
            self.state.reason = error.reason
            log.warning("transform [%s] failed: %s", self.transform.id, error.reason)
        except Exception:
            self.state.reason = "internal error; the server's log says more"
            log.exception("transform [%s] failed", self.transform.id)
        self.is_working = False
        if not self.is_left and (self.is_ending or not self.transform.is_continuous):
            self.state.is_started = False
        await self._keep()

    async def _go(self) -> None:
        await self._make()
        while True:
            await self._checkpoint()
            if self.is_ending or not self.transform.is_continuous:
                return
            await self._keep()
            await self._pause(self.transform.frequency)

    async def _make(self) -> None:
        """The index that is written to, if there is none."""
        transform = self.transform
        if not self._indices.resolve(transform.dest, ignore_missing=True, expand=("open", "closed", "hidden")):
            mapping = fields.mapping(transform, self._source.typed(transform) if transform.deduces else None)
            settings = {"number_of_shards": "1", "auto_expand_replicas": "0-1"}
            await self._indices.create(transform.dest, {"mappings": mapping, "settings": settings})

    async def _checkpoint(self) -> None:
        """Go through the source, if it may give anything else than the last time."""
        now = int(time.time() * 1000)
        seen = await self._source.state(self.transform)
        if seen != self._seen:
            self.state.changed = now
        elif self._bound > self.state.changed:
            return
        self.is_working, self.state.statistics.triggers = True, self.state.statistics.triggers + 1
        sync = self.transform.sync
        before = None if sync is None else now - int(sync[1] * 1000)
        if await self._through(before):
            self._seen, self._bound = seen, now if before is None else before
            await self._expire()
            await self._refresh()
            self.state.checkpoint += 1
            self.state.finished = int(time.time() * 1000)
        self.is_working = False

    async def _through(self, before: int | None) -> bool:
        """Whether it came to the end."""
        statistics, after = self.state.statistics, None
        while not self.is_ending or self.at_checkpoint:
            self.state.searched, began = int(time.time() * 1000), time.perf_counter()
            try:
                pairs, after, count = await self._source.page(self.transform, after, before)
            except ConnoteError:
                statistics.failures["search"] += 1
                raise
            statistics.took("search", time.perf_counter() - began)
            began = time.perf_counter()
            await self._write(pairs)
            statistics.took("index", time.perf_counter() - began)
            statistics.pages, statistics.processed = statistics.pages + 1, statistics.processed + count
            if after is None:
                return True
            if self.transform.per_second is not None:
                await self._pause(count / self.transform.per_second)
        return False

    async def _write(self, pairs: Pairs) -> None:
        """Write those that are not there as they are. Raises what the first failed with."""
        dest, pipeline = self.transform.dest, self.transform.pipeline
        if pipeline is None and pairs:
            index = await self._documents.one(dest)
            known = await self._documents.current(index, [id for id, _ in pairs])
            pairs = await asyncio.to_thread(_changed, pairs, known)
        for begin in range(0, len(pairs), _BATCH):
            items = [Item(Kind.INDEX, dest, id, document) for id, document in pairs[begin : begin + _BATCH]]
            for outcome in await self._documents.write(items, pipeline=pipeline):
                if outcome.error is not None:
                    self.state.statistics.failures["index"] += 1
                    raise outcome.error
            self.state.statistics.indexed += len(items)

    async def _expire(self) -> None:
        """Delete what is older than it may be."""
        if self.transform.retention is None:
            return
        field, seconds = self.transform.retention
        limit = int((time.time() - seconds) * 1000)
        query = {"range": {field: {"lt": limit, "format": "epoch_millis"}}}
        await self._refresh()
        names, progress = self._indices.resolve(self.transform.dest), Progress()
        await self._by_query.delete(Selection(names, query=query), Manner(proceeds=True), progress)
        self.state.statistics.deleted += progress.deleted

    async def _refresh(self) -> None:
        for name in self._indices.resolve(self.transform.dest):
            await self._documents.refresh(name)

    async def _pause(self, seconds: float) -> None:
        """Wait, but no longer than until it is woken."""
        if not self.is_ending:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), seconds)
            if not self.is_ending:
                self._woken.clear()


def _changed(pairs: Pairs, known: Mapping[str, Stored]) -> Pairs:
    """Those that are not kept as they are."""
    old = {id: embedded.source(each.source or b"{}") for id, each in known.items()}
    return [(id, document) for id, document in pairs if old.get(id) != document]
