"""A lane: the queue before one model, and the threads that work it off in batches."""

import logging
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from connote.contract.errors import Overloaded, Unavailable
from connote.runtime.backends.backend import Output
from connote.runtime.local import Outputs
from connote.runtime.tokenizer import Encoded

log = logging.getLogger("connote.runtime")

# Padded tokens a batch. Above about this many a CPU leaves its caches and gains nothing.
MAX_TOKENS = 1024


class Runnable(Protocol):
    """What a lane needs of a model; `LocalModel` has it."""

    def run(self, batch: Sequence[Encoded]) -> list[Output]:
        """One output an item."""
        ...

    def finish(self, encoded: Sequence[Encoded], outputs: Sequence[Output]) -> Outputs:
        """The answer to one request, from the outputs of its items."""
        ...


@dataclass(eq=False)
class Job:
    """One request: its items may be spread over several batches."""

    encoded: Sequence[Encoded]
    done: "Future[Outputs]" = field(default_factory=Future)

    def __post_init__(self) -> None:
        """Make room for the outputs."""
        self._outputs: list[Output | None] = [None] * len(self.encoded)
        self._missing = len(self.encoded)
        self._lock = threading.Lock()

    def put(self, position: int, output: Output) -> bool:
        """Take one output; true if it was the last one missing."""
        with self._lock:
            self._outputs[position] = output
            self._missing -= 1
            return self._missing == 0

    def outputs(self) -> list[Output]:
        """All outputs, in the order of the items."""
        return [output for output in self._outputs if output is not None]

    def settle(self, answer: "Outputs | Exception") -> None:
        """Answer the caller, unless that has been done or the caller has left."""
        with self._lock:
            if self.done.done() or not self.done.set_running_or_notify_cancel():
                return
            if isinstance(answer, Exception):
                self.done.set_exception(answer)
            else:
                self.done.set_result(answer)


@dataclass(frozen=True)
class Entry:
    """One item of a job, waiting."""

    job: Job
    position: int

    @property
    def tokens(self) -> int:
        """How many tokens the model will see."""
        return self.job.encoded[self.position].used


class Lane:
    """Batches form from what has queued up while the workers were busy; there are no timers.

    Each worker is one allocation: a thread that takes a batch, runs it and answers. The backend computes outside
    of the GIL, so several workers share one model and its weights.
    """

    def __init__(self, model: Runnable, *, name: str, workers: int, capacity: int = 4096) -> None:
        self._model, self._name, self._capacity = model, name, capacity
        self._queue: deque[Entry] = deque()
        self._ready = threading.Condition()
        self._wanted = 0
        self._threads: list[threading.Thread] = []
        self.scale(workers)

    @property
    def workers(self) -> int:
        """How many batches can run at once."""
        return self._wanted

    @property
    def waiting(self) -> int:
        """Items in the queue."""
        return len(self._queue)

    def scale(self, workers: int) -> None:
        """Change the number of workers; those too many end after their batch."""
        with self._ready:
            self._wanted = workers
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            for number in range(len(self._threads), workers):
                thread = threading.Thread(target=self._work, args=(number,), name=f"{self._name}-{number}", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._ready.notify_all()

    def submit(self, encoded: Sequence[Encoded]) -> "Future[Outputs]":
        """Queue one request; the future gives its answer. Raises Overloaded at once if the queue is full."""
        job = Job(encoded)
        # Neighbours of like length waste least padding.
        order = sorted(range(len(encoded)), key=lambda position: encoded[position].used)
        with self._ready:
            if self._wanted == 0:
                raise Unavailable(f"model deployment [{self._name}] is stopping")
            if len(self._queue) >= self._capacity:
                raise Overloaded(
                    f"inference queue of [{self._name}] is full ({self._capacity} items). Unable to execute command"
                )
            self._queue.extend(Entry(job, position) for position in order)
            self._ready.notify(len(order))
        return job.done

    def close(self) -> None:
        """End the workers after their batch; what still waits is answered with Unavailable."""
        self.scale(0)
        with self._ready:
            left = {entry.job for entry in self._queue}
            self._queue.clear()
        for job in left:
            job.settle(Unavailable(f"model deployment [{self._name}] was stopped"))
        for thread in self._threads:
            thread.join(timeout=10)

    def _work(self, number: int) -> None:
        while batch := self._take(number):
            try:
                self._answer(batch)
            except Exception as error:  # noqa: BLE001 (a worker must outlive any batch; its callers get the error)
                for entry in batch:
                    entry.job.settle(error)

    def _take(self, number: int) -> list[Entry]:
        """The oldest entries that fit in one batch; empty when this worker shall end."""
        with self._ready:
            while number < self._wanted:
                batch = self._fill()
                if batch:
                    return batch
                self._ready.wait()
        return []

    def _fill(self) -> list[Entry]:
        batch: list[Entry] = []
        longest = 0
        while self._queue:
            entry = self._queue[0]
            longest = max(longest, entry.tokens)
            if batch and longest * (len(batch) + 1) > MAX_TOKENS:
                break
            self._queue.popleft()
            if not entry.job.done.done():  # its caller may have left
                batch.append(entry)
        return batch

    def _answer(self, batch: Sequence[Entry]) -> None:
        outputs = self._model.run([entry.job.encoded[entry.position] for entry in batch])
        for entry, output in zip(batch, outputs, strict=True):
            job = entry.job
            if job.put(entry.position, output):
                job.settle(self._model.finish(job.encoded, job.outputs()))
