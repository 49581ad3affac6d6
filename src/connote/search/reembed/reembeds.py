"""Jobs that move a semantic field to another endpoint: one an index, remembered across restarts."""

import asyncio
import logging
import secrets
import time
from typing import Any

from connote.contract.errors import Conflict, ConnoteError, IllegalArgument, NotFound
from connote.endpoints.endpoints import Endpoints
from connote.runtime.library import Library
from connote.search.index import Index
from connote.search.indices import Indices
from connote.search.mapping.semantic import SemanticText
from connote.search.progress import Progress
from connote.search.reembed.compatible import same_model
from connote.search.reembed.successor import Cancelled, Successor
from connote.search.reembed.switch import Switch
from connote.search.tasks import Tasks
from connote.search.thread import finished
from connote.search.write.embed import Embedder, embedding
from connote.store.bodies import BodyStore

log = logging.getLogger("connote.search")

ACTION = "indices:admin/connote/reembed"
Body = dict[str, Any]


class Reembeds:
    """Starts, shows and cancels them. What is kept of a job is its index, the switch, its state and its result."""

    def __init__(
        self,
        indices: Indices,
        endpoints: Endpoints,
        library: Library,
        embedder: Embedder,
        tasks: Tasks,
        store: BodyStore,
    ) -> None:
        self._indices, self._endpoints, self._library = indices, endpoints, library
        self._embedder, self._tasks, self._store = embedder, tasks, store
        self._running: dict[str, Progress] = {}  # by the uuid of the index
        self._is_closing = False

    def plan(self, index: Index, field: str, inference_id: str) -> tuple[SemanticText, bool]:
        """The field, and whether the endpoint can take it over at once. Raises NotFound, IllegalArgument."""
        found = index.mapping.semantic.get(field)
        if found is None:
            known = f"its fields of that type are {sorted(index.mapping.semantic)}"
            raise IllegalArgument(f"[{field}] is no field of type [semantic_text] in [{index.name}]; {known}")
        endpoint = embedding(self._endpoints, inference_id)
        if inference_id == found.endpoint:
            return found, False  # its texts may have to be cut anew
        try:
            return found, same_model(self._library, self._endpoints.find(found.endpoint), endpoint)
        except NotFound:
            return found, False

    async def start(self, index: Index, switch: Switch) -> Body:
        """Switch at once where the model is the same, else begin a job. Raises NotFound, IllegalArgument, Conflict."""
        index.check_writable()
        field, is_same = self.plan(index, switch.field, switch.inference_id)
        if switch.search_inference_id is not None:
            embedding(self._endpoints, switch.search_inference_id)
        if index.uuid in self._running:
            raise Conflict(
                f"index [{index.name}] is being reembedded; [DELETE {index.name}/_connote/reembed] ends that"
            )
        job = {"job": secrets.token_urlsafe(12), "index": index.name, **switch.wire(), "started": _now()}
        if is_same:
            async with index.lock:
                kept = switch.modelled(field.model) if field.model else switch
                await asyncio.to_thread(index.switch, kept)
            return await self._keep(index.uuid, {**job, "state": "done", "at_once": True})
        return await self._begin(index.uuid, job)

    async def state(self, index: Index) -> Body:
        """The last job of an index. Raises NotFound if it never had one."""
        found = await asyncio.to_thread(self._store.get, index.uuid)
        if found is None:
            raise NotFound(f"index [{index.name}] was never reembedded")
        progress = self._running.get(index.uuid)
        return _told(found if progress is None else {**found, **_counts(progress)})

    async def cancel(self, index: Index) -> Body:
        """End the job after the batch that it is at; all stays as it was before. Raises NotFound if none runs."""
        progress = self._running.get(index.uuid)
        if progress is None:
            raise NotFound(f"index [{index.name}] is not being reembedded")
        progress.is_cancelled = True
        return {"acknowledged": True}

    async def resume(self) -> None:
        """Go on with jobs that a stop of the server has interrupted."""
        by_uuid = {record.uuid: name for name, record in self._indices.records.items()}
        for uuid, job in (await asyncio.to_thread(self._store.all)).items():
            if uuid not in by_uuid:
                await asyncio.to_thread(self._store.remove, [uuid])
            elif job["state"] == "running":
                await self._begin(uuid, {**job, "index": by_uuid[uuid]})

    async def close(self) -> None:
        """From now on what ends is only interrupted."""
        self._is_closing = True

    async def _begin(self, uuid: str, job: Body) -> Body:
        progress = self._running[uuid] = Progress()
        try:
            kept = await self._keep(uuid, {**job, "state": "running"})
        except BaseException:
            del self._running[uuid]
            raise
        about = f"reembed [{job['index']}] [{job['field']}] with [{job['inference_id']}]"
        task = self._tasks.start(ACTION, about, lambda _: self._run(uuid, job, progress), progress, is_kept=True)
        # Whoever wants to know asks; a failure is kept and logged.
        if task.running is not None:
            task.running.add_done_callback(lambda done: done.cancelled() or done.exception())
        return {**kept, "task": task.id}

    async def _run(self, uuid: str, job: Body, progress: Progress) -> Body:
        state: Body = {"state": "running"}  # which it stays, if the server stops in the middle of it
        began = time.perf_counter()
        try:
            await self._through(job, progress)
            state = {"state": "done"}
        except Cancelled:
            if not self._is_closing:
                state = {"state": "cancelled"}
        except ConnoteError as error:
            if not self._is_closing:
                log.warning("[%s] could not be reembedded: %s", job["index"], error)
                state = {"state": "failed", "error": error.told()}
            raise
        finally:
            del self._running[uuid]
            took = {"took": int((time.perf_counter() - began) * 1000)}
            kept = await asyncio.shield(self._keep(uuid, {**job, **state, **_counts(progress), **took}))
        return kept

    async def _through(self, job: Body, progress: Progress) -> None:
        index = await self._indices.open(job["index"])
        await self._settle(index)
        if await asyncio.to_thread(index.switched_by) == job["job"]:
            return  # it had just succeeded when the server was stopped
        progress.total = await asyncio.to_thread(index.documents.count)
        switch = Switch(job["field"], job["inference_id"], job["search_inference_id"])
        successor = await asyncio.to_thread(Successor, index, job["job"], switch, self._embedder, progress)
        try:
            await successor.run()
        except Cancelled:
            if not self._is_closing:
                await asyncio.to_thread(index.documents.clear_aside)
            raise
        finally:
            await asyncio.to_thread(successor.close)
        await self._settle(index)

    async def _settle(self, index: Index) -> None:
        """Let what was taken come to where it belongs, between the writes of others. Raises Cancelled at the end."""
        is_more = True
        while is_more:
            if self._is_closing:
                raise Cancelled
            async with index.lock:
                is_more = await finished(index.documents.settle)

    async def _keep(self, uuid: str, job: Body) -> Body:
        await asyncio.to_thread(self._store.put, uuid, job)
        return _told(job)


def _told(job: Body) -> Body:
    """What is shown of a job."""
    return {name: value for name, value in job.items() if name not in ("job", "model_settings") and value is not None}


def _counts(progress: Progress) -> Body:
    return {"total": progress.total, "embedded": progress.updated}


def _now() -> int:
    return int(time.time() * 1000)
