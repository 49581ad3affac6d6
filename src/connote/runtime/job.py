"""A job: one request's items, which may be computed in several batches, and together with those of others."""

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cached_property

from connote.contract.errors import IllegalArgument
from connote.runtime.backends.backend import Output, Terms
from connote.runtime.tokenizer import Encoded

# Bytes that the outputs of one request may take: an uploaded model may answer a short text with a gigabyte.
MOST_BYTES = 2 << 30


@dataclass(eq=False)
class Room:
    """What the outputs of a request may still take, in bytes; its jobs share it."""

    left: int = MOST_BYTES

    def take(self, output: Output) -> None:
        """Make room for an output. Raises IllegalArgument if there is none left."""
        self.left -= output.ids.nbytes + output.weights.nbytes if isinstance(output, Terms) else output.nbytes
        if self.left < 0:
            raise IllegalArgument(
                f"what the model gives for this request is over {MOST_BYTES >> 20} MB: send fewer texts"
            )


class Job:
    """Collects the outputs of `size` items; `done` gives all of them in order, or the first error."""

    def __init__(self, size: int, room: Room | None = None) -> None:
        self.done: Future[list[Output]] = Future()
        self._room = room or Room()
        self._outputs: list[Output | None] = [None] * size
        self._missing = size
        self._lock = threading.Lock()
        if size == 0:
            self.done.set_result([])

    @property
    def is_wanted(self) -> bool:
        """Whether the caller still waits."""
        return not self.done.done()

    def put(self, position: int, answer: Output | Exception) -> None:
        """Take the output of one item, or its error."""
        with self._lock:
            if self.done.done():
                return
            if isinstance(answer, Exception):
                self._fail(answer)
                return
            try:
                self._room.take(answer)
            except IllegalArgument as error:
                self._fail(error)
                return
            self._outputs[position] = answer
            self._missing -= 1
            if self._missing == 0:
                self._settle(None)

    def _fail(self, error: Exception) -> None:
        self._outputs.clear()  # whoever waits for another part of the request may hold this one for long
        self._settle(error)

    def _settle(self, error: Exception | None) -> None:
        if not self.done.set_running_or_notify_cancel():
            return
        if error is not None:
            self.done.set_exception(error)
        else:
            self.done.set_result([output for output in self._outputs if output is not None])


@dataclass(eq=False)
class Item:
    """One thing to compute, and all places that wait for it: equal inputs are one item."""

    encoded: Encoded
    is_urgent: bool
    waiting: list[tuple[Job, int]] = field(default_factory=list)

    @cached_property
    def key(self) -> tuple[bytes, bytes]:
        """Equal for equal inputs."""
        return self.encoded.ids.tobytes(), self.encoded.types.tobytes()

    @property
    def tokens(self) -> int:
        """How many tokens the model will see."""
        return self.encoded.used

    @property
    def is_wanted(self) -> bool:
        """Whether anybody still waits."""
        return any(job.is_wanted for job, _ in self.waiting)

    def settle(self, answer: Output | Exception) -> None:
        """Answer all who wait."""
        for job, position in self.waiting:
            job.put(position, answer)
