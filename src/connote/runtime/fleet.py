"""The fleet: the models that are loaded, and the deployments that serve them."""

import asyncio
import logging
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

from connote.contract.errors import Unavailable
from connote.runtime.catalog import Model
from connote.runtime.identity import identity
from connote.runtime.lane import Lane
from connote.runtime.library import Library
from connote.runtime.local import Inputs, LocalModel, Outputs
from connote.runtime.progress import logged

log = logging.getLogger("connote.runtime")

# Below this many characters tokenising costs less than handing it to another thread.
INLINE_CHARACTERS = 4096
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Deployment:
    """A wish: this model, served under this id by `allocations` workers of `threads` threads each."""

    id: str
    model: str
    allocations: int = CORES
    threads: int = 1


@dataclass(frozen=True)
class Running:
    """A deployment that is loaded."""

    model: LocalModel
    lane: Lane


class Fleet:
    """Loads a model at its first use, once, however many callers wait for it."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._running: dict[str, asyncio.Task[Running]] = {}
        self._models: dict[tuple[str, Path, int], asyncio.Task[LocalModel]] = {}
        self._identities = WeakKeyDictionary[LocalModel, str]()

    async def run(self, wish: Deployment, inputs: Inputs) -> Outputs:
        """Infer, loading (and if need be pulling) the model first. A caller who leaves does not stop the loading."""
        running = await self._running_for(wish)
        if sum(map(len, inputs.texts)) <= INLINE_CHARACTERS:
            encoded = running.model.encode(inputs)
        else:
            encoded = await asyncio.to_thread(running.model.encode, inputs)
        return await asyncio.wrap_future(running.lane.submit(encoded))

    async def identity(self, wish: Deployment) -> str | None:
        """What is served: a hash of all that decides its results but the device; None if it would have to be pulled."""
        if model := self._loaded(wish):
            return self._identities.get(model)
        return await asyncio.to_thread(self._identity_here, wish)

    def placement(self, wish: Deployment) -> str | None:
        """The engine, the device and the precision that it computes with; None if it is not loaded."""
        model = self._loaded(wish)
        return f"{type(model.backend).__name__} {model.device} {model.backend.precision}" if model else None

    def allocations(self) -> Mapping[str, int]:
        """The workers of every deployment that is loaded, by its id."""
        return {id: task.result().lane.workers for id, task in self._running.items() if _succeeded(task)}

    def diagnostics(self) -> dict[str, dict[str, object]]:
        """Every deployment that is wanted, by id: its state, and if it is loaded what runs it and how much waits."""
        return {id: _diagnosis(task) for id, task in sorted(self._running.items())}

    def scale(self, id: str, allocations: int) -> None:
        """Change a loaded deployment's number of workers; nothing happens if it is not loaded."""
        task = self._running.get(id)
        if task and _succeeded(task):
            task.result().lane.scale(min(allocations, CORES))

    async def stop(self, id: str) -> None:
        """Stop a deployment, and give back its model's memory if no other deployment uses it."""
        task = self._running.pop(id, None)
        if task is None:
            return
        task.cancel()
        if _succeeded(task):
            await asyncio.to_thread(task.result().lane.close)
        self._drop_unused()

    async def close(self) -> None:
        """Stop everything."""
        for id in list(self._running):
            await self.stop(id)

    async def _running_for(self, wish: Deployment) -> Running:
        task = self._start(wish)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if task.cancelled() and caller and not caller.cancelling():
                raise Unavailable(f"model deployment [{wish.id}] was stopped") from None
            raise

    def _start(self, wish: Deployment) -> asyncio.Task[Running]:
        task = self._running.get(wish.id)
        if task is None or (task.done() and not _succeeded(task)):
            task = self._running[wish.id] = asyncio.create_task(self._deploy(wish))
            task.add_done_callback(_log_failure)
        return task

    async def _deploy(self, wish: Deployment) -> Running:
        row, folder = await self._pull(self.library.find(wish.model))
        key = (row.id, folder, wish.threads)
        loading = self._models.get(key)
        if loading is None or (loading.done() and not _succeeded(loading)):
            loading = self._models[key] = asyncio.create_task(self._load(row, folder, wish.threads))
        model = await asyncio.shield(loading)
        return Running(model, Lane(model, name=wish.id, workers=min(wish.allocations, CORES)))

    async def _pull(self, row: Model) -> tuple[Model, Path]:
        return await asyncio.to_thread(self.library.resolve, row, logged(row.id))

    async def _load(self, row: Model, folder: Path, threads: int) -> LocalModel:
        began = time.perf_counter()
        model = await asyncio.to_thread(LocalModel.load, row, folder, threads)
        with suppress(OSError):  # its results are then not kept
            self._identities[model] = await asyncio.to_thread(identity, row, folder)
        log.info("loaded %s on %s in %.2f s", row.id, model.device, time.perf_counter() - began)
        return model

    def _loaded(self, wish: Deployment) -> LocalModel | None:
        task = self._running.get(wish.id)
        return task.result().model if task and _succeeded(task) else None

    def _identity_here(self, wish: Deployment) -> str | None:
        row = self.library.find(wish.model)
        if row.fallback and not self.library.path(row):
            row = self.library.find(row.fallback)
        with suppress(OSError):
            if path := self.library.path(row):
                return identity(row, path)
        return None

    def _drop_unused(self) -> None:
        used = {id(task.result().model) for task in self._running.values() if _succeeded(task)}
        for key, task in list(self._models.items()):
            if _succeeded(task) and id(task.result()) not in used:
                del self._models[key]
                task.result().close()


def _succeeded(task: asyncio.Task[Running] | asyncio.Task[LocalModel]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None


def _diagnosis(task: asyncio.Task[Running]) -> dict[str, object]:
    if not task.done():
        return {"state": "starting"}
    if not _succeeded(task):
        return {"state": "failed"}
    running = task.result()
    return {
        "state": "started",
        "model_id": running.model.row.id,
        "device": running.model.device,
        "allocations": running.lane.workers,
        "waiting": running.lane.waiting,
    }


def _log_failure(task: asyncio.Task[Running]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.warning("a deployment could not be started: %s", error)
