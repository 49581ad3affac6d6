"""The workers of one upload: as many as batches run at once."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from connote.contract.errors import Unavailable
from connote.runtime import memory
from connote.runtime.sandbox.frames import Ready
from connote.runtime.sandbox.limits import Limits
from connote.runtime.sandbox.process import Worker

# Bytes that torch takes before there is a model, and seconds that a worker stays which is not needed.
_TORCH, IDLE = 400 << 20, 300.0
# An archive while it is loaded: as it is read, twice as torch hands it on, and as weights.
_COPIES = 4


class Pool:
    """Workers that are started when they are needed; the first is at once, and tells what it has: `ready`.

    Raises what `Worker.open` raises, and Unavailable with the numbers if there is not the memory.
    """

    def __init__(self, definition: Path, limits: Limits, threads: int) -> None:
        self._definition, self._limits, self._threads = definition, limits, threads
        try:
            self._needed = _TORCH + _COPIES * definition.stat().st_size
        except OSError as error:
            raise Unavailable(f"the definition of the model cannot be read: {error.strerror}") from None
        # Workers end with the thread that starts them: so they do whatever happens to this process.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="torchscript")
        self._workers: set[Worker] = set()
        self._idle: list[Worker] = []  # the one used last comes last
        self._changed = threading.Condition()
        self._is_closed = False
        self.ready = Ready()
        try:
            self.give_back(self._start())
        except BaseException:
            self.close()
            raise

    def take(self) -> Worker:
        """One that nobody else has. Where memory does not suffice for another, this waits for one."""
        while True:
            with self._changed:
                self._check_open()
                worker = self._idle.pop() if self._idle else None
                if worker is None and self._workers and not self._has_room():
                    self._changed.wait(timeout=1)
                    continue
            if worker is None:
                return self._start()
            if worker.is_alive:
                return worker
            self.drop(worker)

    def give_back(self, worker: Worker) -> None:
        """It may be taken again. Those that have not been for long are ended."""
        with self._changed:
            self._idle.append(worker)
            stale = [one for one in self._idle[:-1] if time.monotonic() - one.used > IDLE]
            self._changed.notify()
        for one in stale:
            self.drop(one)

    def drop(self, worker: Worker) -> None:
        """End it."""
        with self._changed:
            self._workers.discard(worker)
            if worker in self._idle:
                self._idle.remove(worker)
            self._changed.notify()
        worker.end()

    def close(self) -> None:
        """End all, whatever they do."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            workers = set(self._workers)
        for worker in workers:
            self.drop(worker)
        self._starter.shutdown()

    def _start(self) -> Worker:
        with self._changed:
            self._check_open()
            if not self._has_room():
                raise Unavailable(
                    f"loading the model takes about {self._needed >> 20} MB of memory for a moment, "
                    f"{(memory.available() or 0) >> 20} MB are free"
                )
            worker = self._starter.submit(Worker, self._definition, self._limits, threads=self._threads).result()
            self._workers.add(worker)
        try:
            self.ready = worker.open()
        except BaseException:
            self.drop(worker)
            raise
        return worker

    def _check_open(self) -> None:
        if self._is_closed:
            raise Unavailable("the model deployment was stopped")

    def _has_room(self) -> bool:
        free = memory.available()
        return free is None or free >= self._needed
