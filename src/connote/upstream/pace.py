"""Pacing: calls wait for their turn, so that a service's limit is not passed."""

import asyncio
import heapq
from itertools import count

from connote.contract.errors import Overloaded

MOST_WAITING = 2000


class Pace:
    """A token bucket that saves up one call. Nobody is refused for coming early; urgent calls pass the others.

    Calls of one kind go in the order in which they came. One who leaves the queue takes no turn.
    """

    def __init__(self, name: str, per_minute: float) -> None:
        self._name, self.per_minute = name, per_minute
        self._queue: list[tuple[bool, int, asyncio.Future[None]]] = []
        self._numbers, self._next = count(), 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        """Whether it holds nobody up, as a new one would not."""
        return not self._queue and self._next <= asyncio.get_running_loop().time()

    async def turn(self, id: str, *, urgent: bool) -> None:
        """Wait for a turn of that endpoint. Raises Overloaded if too many wait already."""
        loop = asyncio.get_running_loop()
        if not self._queue and loop.time() >= self._next:
            self._next = loop.time() + 60 / self.per_minute
            return
        if len(self._queue) >= MOST_WAITING:
            raise Overloaded(
                f"Failed to execute task for inference id [{id}] because the request service [{self._name}] "
                "queue is full"
            )
        turn = loop.create_future()
        waiting = (not urgent, next(self._numbers), turn)
        heapq.heappush(self._queue, waiting)
        self._schedule(loop)
        try:
            await turn
        except asyncio.CancelledError:
            if waiting in self._queue:
                # The place is free for another.
                self._queue.remove(waiting)
                heapq.heapify(self._queue)
            elif not turn.cancelled():
                # It was its turn just now, and it is gone: the next one takes it.
                self._next = min(self._next, loop.time())
                self._schedule(loop, again=True)
            raise

    def _schedule(self, loop: asyncio.AbstractEventLoop, *, again: bool = False) -> None:
        if again and self._timer:
            self._timer.cancel()
            self._timer = None
        if self._timer is None and self._queue:
            self._timer = loop.call_at(self._next, self._release, loop)

    def _release(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now, interval = loop.time(), 60 / self.per_minute
        while self._queue and self._next <= now:
            *_, turn = heapq.heappop(self._queue)
            if not turn.done():
                turn.set_result(None)
                self._next = max(self._next, now - interval) + interval
        self._schedule(loop)
