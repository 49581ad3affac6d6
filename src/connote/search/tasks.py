"""Work that may outlast its request: listed while it runs, ended when that is asked for, its result kept."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from connote.contract.errors import ConnoteError, NotFound
from connote.endpoints import asking
from connote.search.names import fits
from connote.search.progress import Progress
from connote.store.bodies import BodyStore

log = logging.getLogger("connote.search")

# Results that are kept; the oldest are forgotten.
_MOST_KEPT = 1000
# How long the end of the server waits for tasks to end between two batches, in seconds.
_LAST = 10.0
Body = dict[str, Any]
Work = Callable[[Progress], Awaitable[Body]]


@dataclass
class Task:
    """One piece of work. `is_kept`: its result is for somebody who does not wait for it."""

    node: str
    number: int
    action: str
    about: str
    progress: Progress
    is_kept: bool
    owner: str = field(default_factory=asking.identity)
    started: int = field(default_factory=lambda: int(time.time() * 1000))
    began: float = field(default_factory=time.perf_counter)
    running: "asyncio.Task[Body] | None" = None

    @property
    def id(self) -> str:
        """As the API names it."""
        return f"{self.node}:{self.number}"

    def wire(self, *, detailed: bool = True) -> Body:
        """As lists show it."""
        return {
            "node": self.node,
            "id": self.number,
            "type": "transport",
            "action": self.action,
            **({"status": self.progress.wire(), "description": self.about} if detailed else {}),
            "start_time_in_millis": self.started,
            "running_time_in_nanos": int((time.perf_counter() - self.began) * 1e9),
            "cancellable": True,
            "cancelled": self.progress.is_cancelled,
            "headers": {},
        }


class Tasks:
    """All tasks of this node."""

    def __init__(self, store: BodyStore, node: str) -> None:
        self._store, self.node = store, node
        self._running: dict[str, Task] = {}
        self._kept = list(store.all())
        self._owners: dict[str, str] = {}  # of what was kept since the start
        self._number = int(time.time() * 1000)  # higher than those of any start before

    def start(self, action: str, about: str, work: Work, progress: Progress, *, is_kept: bool) -> Task:
        """Begin work; it counts in `progress`, and looks there whether it is to end early."""
        self._number += 1
        task = Task(self.node, self._number, action, about, progress, is_kept)
        self._running[task.id] = task
        task.running = asyncio.create_task(self._run(task, work))
        # One that fails has been told of where its result is kept: asyncio need not warn of it, too.
        task.running.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task

    async def result(self, task: Task) -> Body:
        """What it came to. Raises what the work raised."""
        assert task.running is not None  # noqa: S101 (start has set it)
        return await asyncio.shield(task.running)

    def list(self, actions: str | None = None) -> list[Task]:
        """Those that run, of these actions: patterns, separated by commas."""
        patterns = (actions or "*").split(",")
        return [each for each in self._running.values() if any(fits(each.action, pattern) for pattern in patterns)]

    def told(self, actions: str | None = None) -> Sequence[Task]:
        """The same as far as who asks may know of them: counts and failures tell of documents."""
        return [each for each in self.list(actions) if _is_own(each.owner)]

    async def get(self, id: str) -> Body:
        """One that runs, or that has ended and was kept. Raises NotFound, also where they are not to know of it."""
        owner = self._running[id].owner if id in self._running else self._owners.get(id)
        if not _is_own(owner):
            raise NotFound(f"task [{id}] isn't running and hasn't stored its results")
        if id in self._running:
            return {"completed": False, "task": self._running[id].wire()}
        found = await asyncio.to_thread(self._store.get, id)
        if found is None:
            raise NotFound(f"task [{id}] isn't running and hasn't stored its results")
        return found

    async def wait(self, id: str, seconds: float | None) -> None:
        """Wait until it has ended, but no longer than that."""
        task = self._running.get(id)
        if task is not None and task.running is not None:
            await asyncio.wait([task.running], timeout=seconds)

    def cancel(self, id: str) -> Task:
        """Let one end after the batch that it is at. Raises NotFound."""
        if id not in self._running:
            raise NotFound(f"task [{id}] is not found")
        self._running[id].progress.is_cancelled = True
        return self._running[id]

    async def close(self) -> None:
        """End all: after their batch, or if that takes too long, at once."""
        running = [each.running for each in self._running.values() if each.running is not None]
        for each in self._running.values():
            each.progress.is_cancelled = True
        if running:
            _, late = await asyncio.wait(running, timeout=_LAST)
            for task in late:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _run(self, task: Task, work: Work) -> Body:
        try:
            body = await work(task.progress)
        except ConnoteError as error:
            await self._end(task, {"error": error.told()})
            raise
        except Exception as error:
            log.exception("task %s failed", task.id)
            told = ConnoteError("internal error; the server's log says more")
            await self._end(task, {"error": told.told()})
            raise told from error
        else:
            await self._end(task, {"response": body})
            return body
        finally:
            self._running.pop(task.id, None)

    async def _end(self, task: Task, result: Body) -> None:
        if not task.is_kept:
            return
        await asyncio.to_thread(self._store.put, task.id, {"completed": True, "task": task.wire(), **result})
        self._kept.append(task.id)
        self._owners[task.id] = task.owner
        if len(self._kept) > _MOST_KEPT:
            gone, self._kept = self._kept[:-_MOST_KEPT], self._kept[-_MOST_KEPT:]
            await asyncio.to_thread(self._store.remove, gone)
            for id in gone:
                self._owners.pop(id, None)


def _is_own(owner: str | None) -> bool:
    """Whether who asks has begun it, or sees all documents."""
    return asking.visit() is None or owner == asking.identity()
