"""Searches that run on when nobody waits for them: some at a time, and each is kept for as long as was asked for."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from connote.contract.errors import ConnoteError, IllegalArgument, InvalidRequest, NotFound, Overloaded
from connote.search.asyncsearch import AsyncSearch, now, owned
from connote.search.thread import Abandoned, finished
from connote.store.asyncsearches import AsyncSearchStore, Kept

log = logging.getLogger("connote.search")

# How many run at a time: threads are left for those who wait. And how many may run, or wait for their turn.
_AT_ONCE, MOST_OPEN = 4, 500
# Bytes of the requests of all that run or wait.
MOST_ASKED = 64 * 2**20
# What may be kept: so many, of so many bytes together, each for so many seconds.
MOST_KEPT, MOST_BYTES, LEAST_SECONDS, MOST_SECONDS = 10_000, 2**30, 1.0, 30 * 86_400.0
# The largest answer that is kept, if the setting of Elasticsearch's name does not say another; as it is there.
LARGEST, LARGEST_BYTES = "search.max_async_search_response_size", 10 * 2**20
Work = Callable[[], Awaitable[dict[str, Any]]]


class AsyncSearches:
    """All of them. `largest` tells how many bytes an answer that is kept may have."""

    def __init__(self, store: AsyncSearchStore, largest: Callable[[], int]) -> None:
        self._store, self._largest = store, largest
        self._open: dict[str, AsyncSearch] = {}  # until what they came to is in the store
        self._kept: dict[str, Kept] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._forgetting: set[asyncio.Task[None]] = set()

    async def resume(self) -> None:
        """Find what was kept before this start."""
        found = await asyncio.to_thread(self._store.all)
        over = [id for id, each in found.items() if each.expires <= now()]
        await asyncio.to_thread(self._store.remove, over)
        self._kept = {id: each for id, each in found.items() if id not in over}
        for id, each in self._kept.items():
            self._time(id, each.expires)

    def start(self, work: Work, indices: int, keep: float | None, size: int = 0) -> AsyncSearch:
        """Begin a search over so many indices, kept alive for so many seconds; it was asked for in so many bytes.

        Raises InvalidRequest, Overloaded.
        """
        seconds = _kept_alive(keep)
        if self._open and size + sum(each.size for each in self._open.values()) > MOST_ASKED:
            raise Overloaded(
                f"async searches that run or wait have [{MOST_ASKED}] bytes together; wait until some have ended"
            )
        if len(self._open) >= MOST_OPEN:
            raise Overloaded(f"[{MOST_OPEN}] async searches run or wait already; delete those that are not needed")
        if len(self._kept) >= MOST_KEPT or sum(each.size for each in self._kept.values()) >= MOST_BYTES:
            raise Overloaded(
                f"the answers of [{len(self._kept)}] async searches are kept, which is as much as may be; delete those "
                "that are not needed, or keep them alive for a shorter time"
            )
        search = AsyncSearch(indices, now() + int(seconds * 1000), size=size)
        self._open[search.id] = search
        self._time(search.id, search.expires)
        search.running = asyncio.create_task(self._run(search, work))
        return search

    async def wait(self, search: AsyncSearch, seconds: float | None) -> None:
        """Wait until it has ended, but no longer than that."""
        if search.running is not None:
            await asyncio.wait([search.running], timeout=seconds)

    async def keep(self, search: AsyncSearch) -> None:
        """From now on it can be asked for by its id, if it is still kept alive."""
        search.is_kept = search.id in self._timers
        if search.is_kept and not search.is_running:
            await self._save(search)

    async def get(self, id: str, keep: float | None = None, seconds: float | None = 0.0) -> AsyncSearch:
        """The one of that id, if it runs waited for; `keep` says for how long it is kept from now on.

        Raises NotFound, InvalidRequest.
        """
        _check_own(id)
        if keep is not None:
            await self._prolong(id, now() + int(_kept_alive(keep) * 1000))
        if (search := self._open.get(id)) is not None:
            await self.wait(search, seconds)
            if id not in self._timers:
                raise NotFound(id)
            return search
        kept = self._kept.get(id)
        raw = None if kept is None else await asyncio.to_thread(self._store.get, id)
        if kept is None or raw is None:
            raise NotFound(id)
        return await asyncio.to_thread(AsyncSearch.loaded, raw, kept.expires)

    async def delete(self, id: str) -> None:
        """Forget one. If it runs, it ends. Raises NotFound."""
        _check_own(id)
        if id not in self._timers:
            raise NotFound(id)
        await self.forget(id)

    async def forget(self, id: str) -> None:
        """The same of one that may be gone already."""
        if (timer := self._timers.pop(id, None)) is not None:
            timer.cancel()
        search = self._open.pop(id, None)
        if search is not None and search.running is not None:
            search.running.cancel()
            await asyncio.wait([search.running])
        if self._kept.pop(id, None) is not None:
            await asyncio.to_thread(self._store.remove, [id])

    async def close(self) -> None:
        """End those that run: they are lost. What was kept stays."""
        for timer in self._timers.values():
            timer.cancel()
        running = [each.running for each in self._open.values() if each.running is not None]
        for each in running:
            each.cancel()
        await asyncio.gather(*running, *self._forgetting, return_exceptions=True)

    async def _run(self, search: AsyncSearch, work: Work) -> None:
        try:
            async with self._turn:
                search.end(await work())
        except ConnoteError as error:
            search.fail(error)
        except asyncio.CancelledError:
            search.fail(Abandoned("the search was cancelled, or is no longer kept alive"))
            raise
        except Exception:
            log.exception("async search failed")
            search.fail(ConnoteError("internal error; the server's log says more"))
        if search.is_kept:
            await self._save(search)

    async def _save(self, search: AsyncSearch) -> None:
        """Move what it came to into the store. If that cannot be, this is what it came to."""
        raw, most = await asyncio.to_thread(search.dumped), self._largest()
        if len(raw) > most:
            search.fail(
                IllegalArgument(
                    f"Can't store an async search response larger than [{most}] bytes. This limit can be set by "
                    f"changing the [{LARGEST}] setting."
                )
            )
            raw = search.dumped()
        if search.id not in self._timers:  # it was forgotten meanwhile
            return
        self._kept[search.id] = Kept(search.expires, len(raw))
        try:
            await finished(self._store.add, search.id, search.expires, raw)
        except ConnoteError as error:
            self._kept.pop(search.id, None)
            search.fail(error)
        else:
            self._open.pop(search.id, None)
            if search.id not in self._kept:
                await asyncio.to_thread(self._store.remove, [search.id])

    async def _prolong(self, id: str, expires: int) -> None:
        if id not in self._timers:
            raise NotFound(id)
        self._time(id, expires)
        if id in self._open:
            self._open[id].expires = expires
        if id in self._kept:
            self._kept[id] = replace(self._kept[id], expires=expires)
            await asyncio.to_thread(self._store.prolong, id, expires)

    def _time(self, id: str, expires: int) -> None:
        """Forget it at that time."""

        def over() -> None:
            task = asyncio.create_task(self.forget(id))
            self._forgetting.add(task)
            task.add_done_callback(self._forgetting.discard)

        if (timer := self._timers.get(id)) is not None:
            timer.cancel()
        self._timers[id] = asyncio.get_running_loop().call_later(max(expires - now(), 0) / 1000, over)


def _check_own(id: str) -> None:
    """Raise NotFound if somebody else has begun it, and who asks may not do everything."""
    if not id.endswith(owned()):
        raise NotFound(id)


def _kept_alive(seconds: float | None) -> float:
    """How long one is kept alive; None is for ever. Raises InvalidRequest."""
    if seconds is None or seconds > MOST_SECONDS:
        raise InvalidRequest(["[keep_alive] must be at most 30 days"])
    if seconds < LEAST_SECONDS:
        raise InvalidRequest([f"[keep_alive] must be greater or equals than 1 second, got:{seconds:g}s"])
    return seconds
