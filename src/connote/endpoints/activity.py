"""Activity: what endpoints did in each of the last minutes, for those who watch. It is kept in memory only."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from connote.endpoints.attempt import Attempt

# An hour, minute by minute.
SLOTS, SECONDS = 60, 60


@dataclass
class Slot:
    """What one endpoint did in one slot of time; `milliseconds` is the mean of its requests, and `slowest` the most."""

    requests: int = 0
    errors: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_hits: int = 0
    cache_misses: int = 0
    milliseconds: float = 0.0
    slowest: float = 0.0

    def add(self, attempt: Attempt, hits: int, misses: int) -> None:
        """Count an attempt, and how many of its texts the cache had and had not."""
        took = attempt.seconds * 1000
        self.milliseconds += (took - self.milliseconds) / (self.requests + 1)
        self.slowest = max(self.slowest, took)
        self.requests += 1
        self.errors += attempt.error is not None
        self.input_tokens += attempt.usage.read
        self.output_tokens += attempt.usage.written
        self.cache_hits += hits
        self.cache_misses += misses


class Activity:
    """A ring of slots for each endpoint that has been asked.

    `cached` tells the hits and misses of an endpoint since the start; `clock` is in seconds, and never goes back.
    """

    def __init__(self, cached: Callable[[str], Mapping[str, int]], clock: Callable[[], float] = time.monotonic) -> None:
        self._cached, self._clock = cached, clock
        self._rings: dict[str, deque[tuple[int, Slot]]] = {}
        self._told: dict[str, tuple[int, int]] = {}

    def count(self, attempt: Attempt) -> None:
        """Count an attempt that has ended."""
        id, now = attempt.call.endpoint.id, self._now()
        ring = self._rings.setdefault(id, deque(maxlen=SLOTS))
        if not ring or ring[-1][0] != now:
            ring.append((now, Slot()))
        # What has become known of the cache since the last attempt belongs to this one, or to one that is under way.
        known, counts = self._told.get(id, (0, 0)), self._cached(id)
        hits, misses = self._told[id] = counts["hits"], counts["misses"]
        if hits < known[0] or misses < known[1]:
            known = 0, 0  # the cache counts anew for what was stopped meanwhile
        ring[-1][1].add(attempt, hits - known[0], misses - known[1])

    def forget(self, id: str) -> None:
        """The endpoint is there no more."""
        self._rings.pop(id, None)
        self._told.pop(id, None)

    def wire(self) -> dict[str, Any]:
        """For each endpoint, what there is of a slot as a list over the slots, oldest first and this minute last."""
        return {"slots": SLOTS, "seconds": SECONDS, "endpoints": {id: self._series(id) for id in sorted(self._rings)}}

    def _series(self, id: str) -> dict[str, list[float]]:
        by_time, now = dict(self._rings[id]), self._now()
        slots = [asdict(by_time.get(moment, Slot())) for moment in range(now - SLOTS + 1, now + 1)]
        return {field.name: [round(slot[field.name], 3) for slot in slots] for field in fields(Slot)}

    def _now(self) -> int:
        return int(self._clock() // SECONDS)
