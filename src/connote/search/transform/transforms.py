"""The transforms of this server: kept, tried out, started and stopped."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connote.contract.errors import AlreadyExists, Conflict, IllegalArgument, InvalidRequest, NoIndex, NotFound
from connote.search.byquery import ByQuery
from connote.search.documents import Documents
from connote.search.indices import Indices
from connote.search.names import fits
from connote.search.searches import Searches
from connote.search.transform import fields
from connote.search.transform.config import Transform
from connote.search.transform.run import Run, Source
from connote.search.transform.state import State
from connote.store.bodies import BodyStore
from connote.version import VERSION_SPOKEN

Body = Mapping[str, Any]
_PREVIEWED = 100
# How long the end of the server waits for those that run, in seconds.
_LAST = 10.0


@dataclass
class Kept:
    """One transform, how far it has come, and its run, if it runs."""

    transform: Transform
    created: int
    state: State = field(default_factory=State)
    run: Run | None = None
    running: "asyncio.Task[None] | None" = None

    @property
    def status(self) -> str:
        """`failed`, `stopped`, `stopping`, `indexing`, or `started` while it waits."""
        if self.state.reason is not None:
            return "failed"
        if self.run is None or self.running is None or self.running.done():
            return "stopped"
        if self.run.is_ending:
            return "stopping"
        return "indexing" if self.run.is_working or not self.transform.is_continuous else "started"

    def wire(self) -> dict[str, Any]:
        """As GET shows it."""
        own = {"id": self.transform.id, "version": VERSION_SPOKEN, "create_time": self.created}
        source = dict(self.transform.body["source"])
        source["index"], source["query"] = list(self.transform.indices), self.transform.query["query"]
        body = {"settings": {}, **self.transform.body, "source": source}
        if "pivot" in body:
            given = body["pivot"]
            aggs = given.get("aggregations") or given.get("aggs")
            body["pivot"] = {"group_by": given["group_by"], "aggregations": aggs}
        return {**own, **body}


class Transforms:
    """All of them."""

    def __init__(
        self,
        store: BodyStore,
        indices: Indices,
        searches: Searches,
        writing: tuple[Documents, ByQuery],
        has_pipeline: Callable[[str], bool],
    ) -> None:
        self._store, self._indices, self._has_pipeline = store, indices, has_pipeline
        self._documents, self._by_query = writing
        self._source = Source(indices, searches, self._documents)
        self._kept = store.read(_read)
        self._writing = asyncio.Lock()

    def find(self, expression: str | None, *, allow_none: bool = True) -> list[Kept]:
        """Those of ids and patterns, by id. Raises NotFound for an id that is not there."""
        parts = ["*" if part in ("", "_all") else part for part in (expression or "*").split(",")]
        found = [each for id, each in sorted(self._kept.items()) if any(fits(id, part) for part in parts)]
        missing = [part for part in parts if "*" not in part and part not in self._kept]
        if missing or (not found and not allow_none):
            raise _missing((missing or parts)[0])
        return found

    def get(self, id: str) -> Kept:
        """Raises NotFound."""
        if id not in self._kept:
            raise _missing(id)
        return self._kept[id]

    async def put(self, id: str, body: Body, *, checks: bool = True) -> None:
        """Keep a new one. Raises AlreadyExists, InvalidRequest, and what the body has wrong."""
        made = await asyncio.to_thread(Transform.parse, id, body)
        async with self._writing:
            if id in self._kept:
                raise AlreadyExists(f"Transform with id [{id}] already exists")
            if checks:
                self._check(made)
            await self._keep(Kept(made, int(time.time() * 1000)))

    async def update(self, id: str, body: Body, *, checks: bool = True) -> Kept:
        """Change parts of one; one that runs goes on by them. Raises NotFound, and as `put`."""
        async with self._writing:
            kept = self.get(id)
            made = await asyncio.to_thread(kept.transform.updated, body)
            if checks:
                self._check(made)
            kept.transform = made
            await self._keep(kept)
            if kept.run is not None:
                kept.run.transform = made
                kept.run.wake()
        return kept

    async def delete(self, id: str, *, force: bool = False, with_index: bool = False) -> None:
        """Forget one, on request with the index that it writes to.

        Raises NotFound, Conflict for one that runs, unless forced, IllegalArgument for an alias instead of an index.
        """
        kept = self.get(id)
        self._check_stopped(kept, "delete", force=force)
        await self._ended(kept)
        async with self._writing:
            await self._ended(kept)  # somebody may have started it again
            if with_index:
                await self._indices.delete(self._own(kept.transform.dest))
            await asyncio.to_thread(self._store.remove, [id])
            self._kept.pop(id, None)

    async def start(self, id: str) -> None:
        """Begin. Raises NotFound, Conflict for one that runs or has failed, InvalidRequest if it cannot."""
        async with self._writing:
            kept = self.get(id)
            if kept.status == "failed":
                raise Conflict(
                    f"Unable to start transform [{id}] as it is in a failed state. Use force stop and then restart "
                    f"the transform once error is resolved. More details: [{kept.state.reason}]"
                )
            if kept.status != "stopped":
                raise Conflict(f"Cannot start transform [{id}] as it is already started")
            self._check(kept.transform)
            kept.state.is_started = True
            await self._keep(kept)
            self._begin(kept)

    async def stop(self, found: Sequence[Kept], *, force: bool = False, at_checkpoint: bool = False) -> None:
        """Let them end. Raises Conflict for one that has failed, unless forced."""
        for kept in found:
            if kept.status == "failed":
                if not force:
                    raise Conflict(
                        f"Unable to stop transform [{kept.transform.id}] as it is in a failed state. Use force stop "
                        f"to stop the transform. More details: [{kept.state.reason}]"
                    )
                kept.state.reason, kept.state.is_started = None, False
                await self._keep(kept)
            elif kept.run is not None:
                kept.run.end(at_checkpoint=at_checkpoint and not force)

    async def wait(self, found: Sequence[Kept], seconds: float | None) -> bool:
        """Whether all have ended by then."""
        running = [each.running for each in found if each.running is not None]
        return not running or not (await asyncio.wait(running, timeout=seconds))[1]

    async def reset(self, id: str, *, force: bool = False) -> None:
        """Let it be as new, without the index that it made. Raises NotFound, Conflict for one that runs."""
        kept = self.get(id)
        self._check_stopped(kept, "reset", force=force)
        await self._ended(kept)
        async with self._writing:
            await self._ended(kept)
            for name in self._indices.resolve(kept.transform.dest, ignore_missing=True):
                about = self._indices.records[name].mapping.get("_meta") or {}
                if (about.get("_transform") or {}).get("transform") == id:
                    await self._indices.delete([name])
            kept.state, kept.run, kept.running = State(), None, None
            await self._keep(kept)

    def schedule(self, id: str) -> None:
        """Let one that waits look at once whether there is anything to do. Raises NotFound."""
        run = self.get(id).run
        if run is not None:
            run.wake()

    async def preview(self, transform: Transform) -> dict[str, Any]:
        """The first documents that it would make, and the index it would make them in. Raises what a search raises."""
        pairs, _, _ = await self._source.page(transform, None, size=_PREVIEWED)
        mapping = fields.mapping(transform, self._source.typed(transform) if transform.deduces else None)
        settings = {"index": {"number_of_shards": "1", "auto_expand_replicas": "0-1"}}
        index = {"mappings": mapping, "settings": settings, "aliases": {}}
        return {"preview": [document for _, document in pairs], "generated_dest_index": index}

    async def resume(self) -> None:
        """Go on with those that ran when the server ended."""
        for kept in self._kept.values():
            if kept.state.is_started and kept.state.reason is None:
                self._begin(kept)

    async def close(self) -> None:
        """End all that run; they go on with the next start of the server."""
        running = [each.running for each in self._kept.values() if each.running is not None]
        for kept in self._kept.values():
            if kept.run is not None:
                kept.run.leave()
        if running:
            _, late = await asyncio.wait(running, timeout=_LAST)
            for task in late:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def _begin(self, kept: Kept) -> None:
        async def keep() -> None:
            if self._kept.get(kept.transform.id) is kept:
                await self._keep(kept)

        target = (self._indices, self._documents, self._by_query)
        kept.run = Run(kept.transform, kept.state, self._source, target, keep)
        kept.running = asyncio.create_task(kept.run.run())

    async def _ended(self, kept: Kept) -> None:
        if kept.run is not None and kept.running is not None:
            kept.run.end()
            await asyncio.wait([kept.running])

    async def _keep(self, kept: Kept) -> None:
        body = {"config": kept.transform.body, "created": kept.created, "state": kept.state.kept()}
        await asyncio.to_thread(self._store.put, kept.transform.id, body)
        self._kept[kept.transform.id] = kept

    def _check(self, transform: Transform) -> None:
        """Raise InvalidRequest for a source or pipeline that is not there, and for one that reads what it writes."""
        try:
            names = self._source.names(transform)
        except NoIndex as error:
            raise InvalidRequest([error.reason]) from None
        if {transform.dest, *self._indices.resolve(transform.dest, ignore_missing=True)} & set(names):
            told = f"Destination index [{transform.dest}] is included in source expression"
            raise InvalidRequest([f"{told} [{','.join(transform.indices)}]"])
        if transform.pipeline is not None and not self._has_pipeline(transform.pipeline):
            raise InvalidRequest([f"Pipeline with id [{transform.pipeline}] could not be found"])

    def _own(self, dest: str) -> list[str]:
        """The index of that name, if there is one. Raises IllegalArgument for an alias: what it is for is others'."""
        found = self._indices.resolve(dest, ignore_missing=True, expand=("open", "closed", "hidden"))
        if found and found != [dest]:
            raise IllegalArgument(
                f"The provided expression [{dest}] matches an alias or a data stream, specify the corresponding "
                "concrete indices instead."
            )
        return found

    def _check_stopped(self, kept: Kept, what: str, *, force: bool) -> None:
        if not force and kept.status not in ("stopped", "failed"):
            raise Conflict(f"Cannot {what} transform [{kept.transform.id}] as the task is running. Stop the task first")


def _read(id: str, body: Mapping[str, Any]) -> Kept:
    return Kept(Transform.parse(id, body["config"]), body["created"], State.read(body["state"]))


def _missing(id: str) -> NotFound:
    return NotFound(f"Transform with id [{id}] could not be found")
