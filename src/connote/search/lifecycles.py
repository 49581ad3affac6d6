"""Lifecycles of data streams: the index that is written to is rolled over as it grows, and old ones are deleted.

With them policies of indices are followed.

https://www.elastic.co/docs/manage-data/lifecycle/data-stream
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from itertools import product
from typing import Any

from connote.contract import durations
from connote.contract.errors import ConnoteError
from connote.search import datastreams
from connote.search.indices import Indices
from connote.search.rollover import Measured, conditions, rolls
from connote.search.streams import Changes, DataStream, is_backing

log = logging.getLogger("connote.search")

# How often is looked, if the setting of Elasticsearch's name does not say something else; as it is there.
INTERVAL, USUAL_INTERVAL, LEAST_INTERVAL = "data_streams.lifecycle.poll_interval", "5m", 1.0
# The system's clock has no room for more.
_MOST_INTERVAL = 3650 * 86_400.0
# When an index is rolled over, as in Elasticsearch; the age by how long documents are retained, in seconds:
# https://www.elastic.co/docs/reference/elasticsearch/configuration-reference/data-stream-lifecycle-settings
_FULL: Mapping[str, Any] = {"max_primary_shard_size": "50gb", "max_primary_shard_docs": 200_000_000, "min_docs": 1}
_DAY = 86_400.0
_AGES = ((_DAY, "1h"), (14 * _DAY, "1d"), (90 * _DAY, "7d"))
_LONGEST = "30d"


class Lifecycles:
    """Looks after all data streams, again and again. `interval` gives the seconds between two times.

    `beside` is done each time, too.
    """

    def __init__(
        self, indices: Indices, interval: Callable[[], float], beside: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self._indices, self._interval, self._beside = indices, interval, beside
        self._woken, self._is_ending = asyncio.Event(), False
        self._running: asyncio.Task[None] | None = None
        self._began: list[float] = []  # when lifecycles were last followed, and the time before that
        self._took = 0.0
        self.failures: dict[str, str] = {}  # by stream why its lifecycle could not be followed the last time

    def start(self) -> None:
        """Begin."""
        self._running = asyncio.create_task(self._for_ever())

    def wake(self) -> None:
        """Look at once: the interval may have changed."""
        self._woken.set()

    async def close(self) -> None:
        """End, once what is under way is done."""
        self._is_ending = True
        self.wake()
        if self._running is not None:
            await self._running

    async def run(self) -> None:
        """Roll over and delete what is due. What fails for one stream is logged, and harms no other."""
        self._began = [*self._began[-1:], time.time()]
        failures: dict[str, str] = {}
        for name, step in product(list(self._indices.streams), (self._roll, self._expire)):
            try:
                await step(name)
            except ConnoteError as error:
                failures[name] = error.reason
                log.warning("the lifecycle of data stream [%s] could not be followed: %s", name, error.reason)
            except Exception:
                failures[name] = "internal error; the server's log says more"
                log.exception("the lifecycle of data stream [%s] could not be followed", name)
        self.failures, self._took = failures, time.time() - self._began[-1]

    def stats(self) -> dict[str, Any]:
        """When they were last followed, for how long, and how many indices of each stream failed."""
        told: dict[str, Any] = {}
        if self._began:
            told |= _timed("last_run_duration", self._took)
        if len(self._began) > 1:
            told |= _timed("time_between_starts", self._began[1] - self._began[0])
        managed = [each for _, each in sorted(self._indices.streams.items()) if each.is_managed]
        streams = [
            {
                "name": each.name,
                "backing_indices_in_total": len(each.indices),
                "backing_indices_in_error": int(each.name in self.failures),
            }
            for each in managed
        ]
        return {**told, "data_stream_count": len(managed), "data_streams": streams}

    async def _for_ever(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._interval())
            if self._is_ending:
                return
            self._woken.clear()
            await self.run()
            if self._beside is not None:
                await self._followed(self._beside)

    async def _followed(self, beside: Callable[[], Awaitable[None]]) -> None:
        try:
            await beside()
        except Exception:
            log.exception("policies of indices could not be followed")

    async def _roll(self, name: str) -> None:
        stream = self._indices.streams.get(name)
        if stream is None or not stream.is_managed or not self._is_managed(stream.writer):
            return
        wanted = conditions({**_FULL, "max_age": _age(stream.retention)})
        index, created = await self._indices.open(stream.writer), self._indices.records[stream.writer].created
        if rolls(wanted, await asyncio.to_thread(Measured.of, index, created)):
            await datastreams.roll(self._indices, name, stream.writer, {})

    async def _expire(self, name: str) -> None:
        async with self._indices.writing:
            stream = self._indices.streams.get(name)
            if stream is None or not stream.is_managed or stream.retention is None:
                return
            gone = [each for each in stream.indices[:-1] if self._is_managed(each)]
            gone = [each for each in gone if self._age(stream, each) >= stream.retention]
            if gone:
                await self._indices.replace((), gone, Changes.without(self._indices.streams, gone))
                log.info("data stream [%s]: deleted [%s], older than [%ss]", name, ", ".join(gone), stream.retention)

    def _is_managed(self, index: str) -> bool:
        """Whether the index has no policy of its own, or does not prefer it."""
        settings = self._indices.records[index].settings
        return settings.get("lifecycle.name") is None or settings.get("lifecycle.prefer_ilm") in (False, "false")

    def _age(self, stream: DataStream, index: str) -> float:
        """Seconds since the index was rolled over; of one that came from elsewhere, since it was made."""
        records = self._indices.records
        began = stream.rolled.get(index, records[index].created)
        if index not in stream.rolled and is_backing(index, stream.name):  # older streams do not say when it was
            later = [records[each].created for each in stream.indices if records[each].created > began]
            began = min(later, default=began)
        said = int(records[index].settings.get("lifecycle.origination_date") or -1)
        return time.time() - (said if said >= 0 else began) / 1000


def interval(said: Any) -> float:  # noqa: ANN401 (JSON)
    """Seconds, of what the setting says. Raises IllegalArgument."""
    return min(max(durations.seconds(str(said), INTERVAL) or 0.0, LEAST_INTERVAL), _MOST_INTERVAL)


def _timed(name: str, seconds: float) -> dict[str, Any]:
    millis = int(seconds * 1000)
    return {f"{name}_in_millis": millis, name: f"{millis}ms" if millis < 1000 else f"{seconds:.1f}s"}


def _age(retention: float | None) -> str:
    """How old an index may be before it is rolled over."""
    return next((age for most, age in _AGES if retention is not None and retention <= most), _LONGEST)
