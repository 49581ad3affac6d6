"""A lane: the queue before one backend, and the threads that work it off in batches."""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import ceil

from connote.contract.errors import ConnoteError, Overloaded, Unavailable
from connote.runtime.backends.backend import Backend, DeviceFault, Output
from connote.runtime.backlog import Backlog
from connote.runtime.job import Item, Job, Room
from connote.runtime.tokenizer import Encoded

log = logging.getLogger("connote.runtime")

# Tokens that may wait, and seconds that they may take: most callers leave after 30. What then comes is refused at once;
# a request that finds room is taken whole.
CAPACITY, HORIZON = 1_000_000, 20.0
# A request of no more tokens waits for what is queued before it; a larger one also for what others have yet to queue.
SMALL = 1 << 14
# Tokens a second of a worker, until batches that show it have run; and what share of that a new batch leaves standing.
ASSUMED, ASSUMED_ON_GPU, MEMORY = 5_000.0, 200_000.0, 0.98
# What a client that is refused is told to wait at most, in seconds.
LONGEST_WAIT = 60


@dataclass(frozen=True)
class Totals:
    """What a lane has done since it started; `seconds` is the time that its workers were busy."""

    requests: int = 0
    items: int = 0
    tokens: int = 0
    batches: int = 0
    rejected: int = 0
    seconds: float = 0.0


@dataclass(eq=False)
class Promise:
    """A request that was admitted, and about how many tokens it has yet to submit."""

    left: int
    is_urgent: bool
    room: Room = field(default_factory=Room)


class Lane:
    """Batches form from what has queued up while the workers were busy; there are no timers.

    Each worker is one allocation: a thread that takes a batch, runs it and answers. The backend computes outside
    of the GIL, so several workers share one backend and its weights. What comes after the backend is the caller's.

    `run` is what runs a batch, if it is not the backend itself.

    Who comes while `items` items wait is refused, if that is set. A lane that is low computes behind others, as far as
    the system lets threads be of lower priority.

    `broken` is called once, from a worker, if the device fails: the lane then answers nobody any more. A lane that has
    ended, so or by `close`, never starts again.
    """

    def __init__(
        self,
        backend: Backend,
        run: Callable[[Sequence[Encoded]], Sequence[Output]] | None = None,
        *,
        name: str,
        workers: int,
        capacity: int | None = None,
        items: int | None = None,
        is_low: bool = False,
        broken: Callable[[], None] = lambda: None,
    ) -> None:
        self._backend, self._name, self._broken = backend, name, broken
        self._runs = run
        self._capacity = CAPACITY if capacity is None else capacity
        self._items, self._is_low = items, is_low
        self._backlog = Backlog(budget=backend.budget, pads=backend.pads, dropped=self._forget)
        self._promises: set[Promise] = set()
        self._pace = (0.0, 0.0)  # tokens and seconds of late batches that were not small
        self._known: dict[tuple[bytes, bytes], Item] = {}  # waiting or running
        self._ready = threading.Condition()
        self._fault: str | None = None
        self._wanted = 0
        self._threads: dict[int, threading.Thread] = {}  # by number, those that have not decided to end
        self.totals = Totals()
        self.scale(workers)

    @property
    def workers(self) -> int:
        """How many batches can run at once."""
        return self._wanted

    @property
    def waiting(self) -> int:
        """Items in the queue."""
        return self._backlog.items

    @property
    def waiting_tokens(self) -> int:
        """Tokens in the queue."""
        return self._backlog.tokens

    def scale(self, workers: int) -> None:
        """Change the number of workers; those too many end after their batch."""
        with self._ready:
            if self._fault is not None:
                return
            self._wanted = workers
            for number in set(range(workers)) - self._threads.keys():
                thread = threading.Thread(target=self._work, args=(number,), name=f"{self._name}-{number}", daemon=True)
                thread.start()
                self._threads[number] = thread
            self._ready.notify_all()

    @contextmanager
    def admitted(self, tokens: int, *, is_urgent: bool = False) -> Iterator[Promise]:
        """Room for a request of about so many tokens, which it may submit piece by piece while this lasts.

        Raises Overloaded at once if the queue is full, Unavailable if the lane has stopped.
        """
        promise = Promise(tokens, is_urgent)
        with self._ready:
            self._check_open()
            self._check_room(promise)
            self._promises.add(promise)
        try:
            yield promise
        finally:
            with self._ready:
                self._promises.discard(promise)

    def submit(
        self,
        encoded: Sequence[Encoded],
        *,
        is_urgent: bool = False,
        promise: Promise | None = None,
        left: int = 0,
    ) -> "Future[list[Output]]":
        """Queue items, urgent ones before all others; the future gives their outputs in order, or the first error.

        What only a future waits for that was cancelled is not computed. Raises Overloaded at once if the queue is
        full, unless they belong to a request that was admitted, which has `left` to submit after them; Unavailable if
        the lane has stopped.
        """
        job = Job(len(encoded), promise.room if promise else None)
        with self._ready:
            self._check_open()
            if promise is None:
                self._check_room(Promise(sum(item.used for item in encoded), is_urgent))
            else:
                promise.left = left
                if not left:  # what has kept its promise need not be looked at by all who come
                    self._promises.discard(promise)
            fresh = [self._join(item, job, position, is_urgent=is_urgent) for position, item in enumerate(encoded)]
            done = self.totals
            self.totals = replace(done, requests=done.requests + 1, items=done.items + len(encoded))
            self._ready.notify(sum(fresh))
        return job.done

    def close(self) -> None:
        """End the workers after their batch; what still waits is answered with Unavailable."""
        threads = list(self._threads.values())
        self._stop(f"model deployment [{self._name}] was stopped")
        for thread in threads:
            thread.join(timeout=10)

    def _check_open(self) -> None:
        if self._wanted == 0:
            raise Unavailable(self._fault or f"model deployment [{self._name}] is stopping")

    def _check_room(self, asked: Promise) -> None:
        if self._items is not None and self._backlog.items >= self._items:
            self.totals = replace(self.totals, rejected=self.totals.rejected + 1)
            waiting = f"[{self._name}] has {self._backlog.items} texts waiting"
            raise Overloaded(f"{waiting}, its queue is full. Unable to execute command")
        rate = self._rate()
        before, most = self._before(asked), min(self._capacity, HORIZON * rate)
        if before < most:
            return
        self.totals = replace(self.totals, rejected=self.totals.rejected + 1)
        error = Overloaded(
            f"inference queue of [{self._name}] is full ({self._backlog.items} items of {self._backlog.tokens} tokens "
            f"wait, {before} tokens would be computed before this request). Unable to execute command"
        )
        # Until half of it is done: at the first room that there is, all who were refused would come at once.
        seconds = ceil(max(before / 2, before - most) / rate)
        error.headers = {"Retry-After": str(min(max(seconds, 1), LONGEST_WAIT))}
        raise error

    def _before(self, asked: Promise) -> int:
        """Tokens that are computed before a request: what waits, and what others were promised; searches go first."""
        most = SMALL if asked.left <= SMALL else sys.maxsize
        before = self._backlog.urgent_tokens if asked.is_urgent else self._backlog.tokens
        return before + sum(min(one.left, most) for one in self._promises if one.is_urgent or not asked.is_urgent)

    def _rate(self) -> float:
        """Tokens a second of all workers, as of late."""
        tokens, seconds = self._pace
        if seconds:
            return self._wanted * tokens / seconds
        return self._wanted * (ASSUMED if self._backend.device == "cpu" else ASSUMED_ON_GPU)

    def _join(self, encoded: Encoded, job: Job, position: int, *, is_urgent: bool) -> bool:
        """Wait for the item, which may be on its way already; true if it is not."""
        fresh = Item(encoded, is_urgent, [(job, position)])
        known = self._known.get(fresh.key)
        if known is not None and (known.is_urgent or not is_urgent):
            known.waiting.append((job, position))
            return False
        self._known[fresh.key] = fresh
        self._backlog.add(fresh)
        return True

    def _work(self, number: int) -> None:
        if self._is_low:
            _step_back()
        while batch := self._take(number):
            began = time.perf_counter()
            try:
                self._run(batch)
            except DeviceFault as fault:
                log.exception("the device of [%s] has failed", self._name)
                self._break(batch, fault)
                return
            self._count(batch, time.perf_counter() - began)

    def _take(self, number: int) -> list[Item]:
        """The next batch; empty when this worker shall end."""
        with self._ready:
            while number < self._wanted:
                batch = self._backlog.take()
                if batch:
                    return batch
                self._ready.wait()
            del self._threads[number]
        return []

    def _run(self, batch: Sequence[Item]) -> None:
        """Compute and answer. A batch that fails is halved, until the item that fails stands alone."""
        try:
            outputs: Sequence[Output | Exception] = self._compute(batch)
        except DeviceFault:
            raise
        except Exception as error:  # noqa: BLE001 (a worker must outlive any batch; its callers get the error)
            if len(batch) > 1:
                middle = len(batch) // 2
                self._run(batch[:middle])
                self._run(batch[middle:])
                return
            outputs = [_described(error)]
        self._settle(batch, outputs)

    def _compute(self, batch: Sequence[Item]) -> Sequence[Output]:
        outputs = (self._runs or self._backend.run)([item.encoded for item in batch])
        if len(outputs) != len(batch):
            raise ValueError(f"{len(outputs)} outputs for {len(batch)} inputs")
        return outputs

    def _settle(self, items: Sequence[Item], answers: Sequence[Output | Exception]) -> None:
        with self._ready:
            for item in items:
                self._forget(item)
        for item, answer in zip(items, answers, strict=True):
            item.settle(answer)

    def _forget(self, item: Item) -> None:
        """Nobody can join it from now on."""
        if self._known.get(item.key) is item:
            del self._known[item.key]

    def _count(self, batch: Sequence[Item], seconds: float) -> None:
        tokens = sum(item.tokens for item in batch)
        with self._ready:
            done = self.totals
            if 2 * tokens >= self._backend.budget:  # of a small one most of the time is not the tokens'
                self._pace = MEMORY * self._pace[0] + tokens, MEMORY * self._pace[1] + seconds
            self.totals = replace(
                done,
                tokens=done.tokens + tokens,
                batches=done.batches + 1,
                seconds=done.seconds + seconds,
            )

    def _break(self, batch: Sequence[Item], fault: DeviceFault) -> None:
        reason = f"the device of model deployment [{self._name}] has failed ({fault}); it is loaded again"
        if self._stop(reason, batch):
            self._broken()

    def _stop(self, reason: str, running: Sequence[Item] = ()) -> bool:
        """Answer all who wait; whether it had not ended before."""
        with self._ready:
            is_first, self._fault, self._wanted = self._fault is None, self._fault or reason, 0
            left = [*running, *self._backlog.drain()]
            self._ready.notify_all()
        self._settle(left, [Unavailable(reason) for _ in left])
        return is_first


def _step_back() -> None:
    """Let other threads go first, which Linux can tell for each: https://man7.org/linux/man-pages/man7/sched.7.html."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def _described(error: Exception) -> ConnoteError:
    if isinstance(error, ConnoteError):
        return error
    if isinstance(error, MemoryError):
        return Unavailable("there is not enough memory to run the model on this input; send fewer or shorter texts")
    log.error("a model failed at an input", exc_info=error)
    return Unavailable(f"the model failed at this input: {type(error).__name__}")
