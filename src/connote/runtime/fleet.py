"""The fleet: the models that are loaded, and the deployments that serve them."""

import asyncio
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from connote.contract.errors import Unavailable
from connote.runtime import memory
from connote.runtime.autoscale import WINDOW, Adaptive, Load, decide
from connote.runtime.backends.backend import AT_ONCE, DeviceFault, Output, Precision
from connote.runtime.catalog import Model
from connote.runtime.diagnosis import diagnosis
from connote.runtime.identity import identity
from connote.runtime.lane import Lane, Totals
from connote.runtime.library import Library
from connote.runtime.local import Inputs, Outputs
from connote.runtime.opening import Served, check_memory, opened
from connote.runtime.placement import Device, has_gpu
from connote.runtime.progress import logged
from connote.runtime.sandbox.limits import Limits
from connote.runtime.tokenizer import Encoded

log = logging.getLogger("connote.runtime")

T = TypeVar("T")

# Below this many characters tokenising costs less than handing it to another thread; of more, so many are tokenised
# before the first of them are computed.
INLINE_CHARACTERS, PORTION = 4096, 1 << 16
# Portions of one request that wait in the lane at once: enough to keep it busy, and no request fills the queue alone.
AHEAD = 4
# Models that are pulled or loaded at once, in threads of their own: those who only tokenise do not wait for a network.
LOADERS = 4
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Deployment:
    """A wish: this model, served under this id by `allocations` workers of `threads` threads each.

    With `adaptive` the number of workers follows the load. No more run than this machine has cores for, or on a GPU
    than it gains by. `queue` is how many items may wait; one that is low computes behind others. Of one that does not
    cache no results are kept.
    """

    id: str
    model: str
    allocations: int = CORES
    threads: int = 1
    adaptive: Adaptive | None = None
    device: Device = Device.CPU
    queue: int | None = None
    is_low: bool = False
    caches: bool = True

    @property
    def fitted(self) -> "Deployment":
        """The same, with what of it this machine can run."""
        threads = min(self.threads, CORES)
        most = AT_ONCE if self.device is Device.FASTEST and has_gpu() else max(CORES // threads, 1)
        adaptive = self.adaptive and Adaptive(min(self.adaptive.least, most), min(self.adaptive.most, most))
        return replace(self, threads=threads, allocations=min(self.allocations, most), adaptive=adaptive)


@dataclass
class Running:
    """A deployment that is loaded, and what its number of workers is decided by."""

    model: Served
    lane: Lane
    adaptive: Adaptive | None
    used: float  # when a request came or ended last
    requests: int = 0  # that are in progress
    calm: int = 0
    seen: Totals = field(default_factory=Totals)


# What tells models apart: the row and the files that serve, threads, device.
_Key = tuple[str, Path, int, Device]


class Fleet:
    """Loads a model at its first use, once, however many callers wait for it.

    `precision` is for all models; without one each gets the fastest that loses no quality. A deployment that may have
    no workers is unloaded when it has not been used for `idle_after` seconds. `limits` are those of uploaded models.
    """

    def __init__(
        self,
        library: Library,
        *,
        precision: Precision | None = None,
        idle_after: float = 900,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.library = library
        # What is wished for now under the id of a wish; None if nobody owns it any more. A request may hold an old one.
        self.current: Callable[[Deployment], Deployment | None] = lambda wish: wish
        self._precision, self._idle_after, self._clock = precision, idle_after, clock
        self._limits = limits or Limits()
        self._running: dict[str, asyncio.Task[Running]] = {}
        self._models: dict[_Key, asyncio.Task[Served]] = {}
        self._awaited = Counter[_Key]()  # deployments that wait for a model to be loaded
        self._loader = ThreadPoolExecutor(LOADERS, "connote-load")
        self._ticker: asyncio.Task[None] | None = None

    async def run(self, wish: Deployment, inputs: Inputs) -> Outputs:
        """Infer, loading (and if need be pulling) the model first. A caller who leaves does not stop the loading."""
        running = await self._running_for(wish)
        running.requests += 1
        try:
            return await self._infer(running, inputs)
        finally:
            running.requests -= 1
            running.used = self._clock()

    def start(self, wish: Deployment) -> None:
        """Begin to load a deployment, as its first request would."""
        self._start(wish)

    async def ready(self, wish: Deployment) -> None:
        """Wait until a deployment is loaded. Raises what loading it came to; who leaves does not stop it."""
        await self._running_for(wish)

    def failure(self, id: str) -> str | None:
        """Why a deployment could not be loaded, if it could not."""
        task = self._running.get(id)
        if task is None or not task.done() or task.cancelled() or (error := task.exception()) is None:
            return None
        return str(error) or type(error).__name__

    def lane(self, id: str) -> Lane | None:
        """The lane of a deployment that is loaded."""
        task = self._running.get(id)
        return task.result().lane if task and _succeeded(task) else None

    async def identity(self, wish: Deployment) -> str | None:
        """What is served: a hash of all that decides its results but the device; None if it would have to be pulled."""
        model = self._model(wish)
        own = model.identity if model else await asyncio.to_thread(self._identity_here, wish)
        return own and f"{own} {self._precision} {wish.device}"

    def placement(self, wish: Deployment) -> str | None:
        """The engine, the device and the precision that it computes with; None if it is not loaded."""
        model = self._model(wish)
        return f"{type(model.backend).__name__} {model.device} {model.backend.precision}" if model else None

    def allocations(self) -> Mapping[str, int]:
        """The workers of every deployment that is loaded, by its id."""
        return {id: running.lane.workers for id, running in self._loaded()}

    def totals(self, id: str) -> Totals:
        """What a deployment has done since it was loaded."""
        lane = self.lane(id)
        return lane.totals if lane else Totals()

    def diagnostics(self) -> dict[str, dict[str, object]]:
        """Every deployment that is wanted, by id: its state, and if it is loaded what runs it and what it has done."""
        return {id: _diagnosis(task) for id, task in sorted(self._running.items())}

    def scale(self, wish: Deployment) -> None:
        """Give a deployment the workers that are wished for now, or once it is loaded, if anybody wants it."""
        task = self._running.get(wish.id)
        if task and not task.done():
            task.add_done_callback(lambda done: self.scale(wish) if self._running.get(wish.id) is done else None)
        elif task and _succeeded(task):
            fitted, running = wish.fitted, task.result()
            running.adaptive = fitted.adaptive
            running.lane.scale(_first(fitted))

    async def stop(self, id: str) -> None:
        """Stop a deployment, and give back its model's memory if no other deployment uses it."""
        task = self._running.pop(id, None)
        if task is None:
            return
        task.cancel()
        if _succeeded(task):
            await asyncio.to_thread(task.result().lane.close)
        del task  # which holds the model
        await self._drop_unused()

    async def close(self) -> None:
        """Stop everything."""
        if self._ticker:
            self._ticker.cancel()
            with suppress(asyncio.CancelledError):
                await self._ticker
        for id in list(self._running):
            await self.stop(id)
        self._loader.shutdown(wait=False, cancel_futures=True)

    async def tick(self) -> None:
        """Let each adaptive deployment's workers follow its load; called once a window."""
        for id, running in self._loaded():
            limits, lane = running.adaptive, running.lane
            if limits is None:
                continue
            busy = (lane.totals.seconds - running.seen.seconds) / (WINDOW * max(lane.workers, 1))
            running.seen = lane.totals
            workers, running.calm = decide(lane.workers, limits, Load(busy, lane.waiting), running.calm)
            if workers != lane.workers:
                lane.scale(workers)
            if limits.least == 0 and not running.requests and self._clock() - running.used >= self._idle_after:
                log.info("unloading %s: nobody has used it for %.0f s", id, self._idle_after)
                await self.stop(id)

    async def _infer(self, running: Running, inputs: Inputs) -> Outputs:
        model, lane = running.model, running.lane
        left = model.size(inputs)
        # A short text may be asked about many labels.
        is_small = max(sum(map(len, inputs.texts)), left) <= INLINE_CHARACTERS
        if (known := await _aside(is_small, model.look_up, inputs)) is not None:
            return known
        encoded, waits = list[Encoded](), list[asyncio.Future[list[Output]]]()
        is_urgent = inputs.search or inputs.query is not None
        # Who is refused is so before anything of it is tokenised.
        with lane.admitted(left, is_urgent=is_urgent) as promise:
            try:
                for portion in _portions(inputs):
                    some = await _aside(is_small, model.encode, portion)
                    encoded += some
                    left -= model.size(portion)
                    if len(waits) >= AHEAD:
                        await waits[-AHEAD]
                    wait = lane.submit(some, is_urgent=is_urgent, promise=promise, left=left)
                    waits.append(asyncio.wrap_future(wait))
                    self._grow(running)
                # Most requests are one part, and a gathering costs more than their tokenising.
                parts = [await waits[0]] if len(waits) == 1 else await asyncio.gather(*waits)
                outputs = [output for part in parts for output in part]
            finally:
                for each in waits:  # those that are left if one has failed, or the caller has gone
                    if not each.cancel() and not each.cancelled():
                        each.exception()  # or it would be logged as one that nobody has seen
        return await _aside(is_small, model.finish, encoded, outputs)

    def _grow(self, running: Running) -> None:
        """Start another worker at once if there is work for it: waiting for the next window would cost more."""
        limits, lane = running.adaptive, running.lane
        if limits and lane.waiting > lane.workers and 0 < lane.workers < limits.most:
            lane.scale(lane.workers + 1)

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
        if self._ticker is None:
            self._ticker = asyncio.create_task(self._tick_for_ever())
        current = self.current(wish)
        if current is None or (current.model, current.device) != (wish.model, wish.device):
            raise Unavailable(f"model deployment [{wish.id}] was stopped")
        task = self._running.get(wish.id)
        if task is None or (task.done() and not _succeeded(task)):
            task = self._running[wish.id] = asyncio.create_task(self._deploy(current))
            task.add_done_callback(_log_failure)
        return task

    async def _deploy(self, wish: Deployment) -> Running:
        row, folder = await self._pull(self.library.find(wish.model))
        if wish.device is Device.FASTEST and not await self._slowly(has_gpu):
            wish = replace(wish, device=Device.CPU)  # and so shares what is loaded there already
        wish = wish.fitted
        model = await self._model_for(row, folder, wish)
        loop = asyncio.get_running_loop()

        def broken() -> None:
            loop.call_soon_threadsafe(self._discard, wish.id, model)

        lane = Lane(
            model.backend,
            model.run,
            name=wish.id,
            workers=_first(wish),
            items=wish.queue,
            is_low=wish.is_low,
            broken=broken,
        )
        return Running(model, lane, wish.adaptive, self._clock())

    async def _pull(self, row: Model) -> tuple[Model, Path]:
        return await self._slowly(self.library.resolve, row, logged(row.id))

    async def _model_for(self, row: Model, folder: Path, wish: Deployment) -> Served:
        key = (row.id, folder, wish.threads, wish.device)
        loading = self._models.get(key)
        if loading is None or (loading.done() and not _succeeded(loading)):
            loading = self._models[key] = asyncio.create_task(self._load(key, row))
        self._awaited[key] += 1
        try:
            return await asyncio.shield(loading)
        finally:
            self._awaited[key] -= 1

    async def _load(self, key: _Key, row: Model) -> Served:
        _, folder, threads, device = key
        check_memory(row, folder)
        began = time.perf_counter()
        try:
            model = await self._slowly(opened, row, folder, threads, self._precision, device, self._limits)
        except (MemoryError, DeviceFault) as error:
            why = str(error) or "there is not enough memory"
            raise Unavailable(f"{row.id} could not be loaded: {why}") from None
        took = time.perf_counter() - began
        log.info("loaded %s on %s in %s in %.2f s", row.id, model.device, model.backend.precision, took)
        if not self._awaited[key]:  # all who wanted it were stopped in the meantime
            self._models.pop(key, None)
            await self._slowly(model.close)
        return model

    def _discard(self, id: str, model: Served) -> None:
        """Forget a deployment whose device has failed, and its model: the next request loads both again."""
        task = self._running.get(id)
        if task and _succeeded(task) and task.result().model is model:
            del self._running[id]
        is_its = {key for key, task in self._models.items() if _succeeded(task) and task.result() is model}
        self._models = {key: task for key, task in self._models.items() if key not in is_its}

    async def _drop_unused(self) -> None:
        used = {id(running.model) for _, running in self._loaded()}
        unused = [
            key
            for key, task in self._models.items()
            if _succeeded(task) and id(task.result()) not in used and not self._awaited[key]
        ]
        models = [self._models.pop(key).result() for key in unused]  # all, before anybody else has a turn
        if models:
            await self._slowly(_give_back, models)

    async def _slowly(self, work: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401 (work's own)
        return await asyncio.get_running_loop().run_in_executor(self._loader, work, *arguments)

    def _loaded(self) -> list[tuple[str, Running]]:
        return [(id, task.result()) for id, task in self._running.items() if _succeeded(task)]

    def _model(self, wish: Deployment) -> Served | None:
        task = self._running.get(wish.id)
        return task.result().model if task and _succeeded(task) else None

    def _identity_here(self, wish: Deployment) -> str | None:
        row = self.library.served(self.library.find(wish.model))
        path = self.library.path(row)
        return identity(row, path) if path else None

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(WINDOW)
            try:
                await self.tick()
            except Exception:
                log.exception("the allocations could not follow the load")


async def _aside(is_small: bool, work: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401 (work's own)
    """Do the work: here if it is small, else in another thread, so that other requests do not wait."""
    return work(*arguments) if is_small else await asyncio.to_thread(work, *arguments)


def _give_back(models: list[Served]) -> None:
    """Close them, in one thread: another could trim while this one still holds the last."""
    while models:
        models.pop().close()
    memory.trim()


def _first(wish: Deployment) -> int:
    """How many workers a deployment starts with."""
    return max(wish.adaptive.least, 1) if wish.adaptive else wish.allocations


def _portions(inputs: Inputs) -> Iterator[Inputs]:
    """Of many texts a part at a time; a query and its documents stay together."""
    if inputs.query is not None:
        yield inputs
        return
    first = size = 0
    for last, text in enumerate(inputs.texts, start=1):
        size += len(text)
        if size >= PORTION or last == len(inputs.texts):
            yield replace(inputs, texts=inputs.texts[first:last])
            first, size = last, 0


def _succeeded(task: asyncio.Task[Running] | asyncio.Task[Served]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None


def _diagnosis(task: asyncio.Task[Running]) -> dict[str, object]:
    if not _succeeded(task):
        return {"state": "failed" if task.done() else "starting"}
    return diagnosis(task.result().model, task.result().lane)


def _log_failure(task: asyncio.Task[Running]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.warning("a deployment could not be started: %s", error)
