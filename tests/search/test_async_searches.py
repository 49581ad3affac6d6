"""Searches that run on when nobody waits for them: how many, and that they end."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from connote.contract.errors import NotFound, Overloaded
from connote.search import asyncsearches
from connote.search.asyncsearches import AsyncSearches
from connote.search.thread import Abandoned, abandonable, check
from connote.store import database
from connote.store.asyncsearches import AsyncSearchStore

Story = Callable[[AsyncSearches], Awaitable[None]]


def told(folder: Path, story: Story) -> None:
    """Run the story with searches over a database of its own."""
    engine = database.connect(folder)

    async def run() -> None:
        searches = AsyncSearches(AsyncSearchStore(engine), lambda: 1000)
        await searches.resume()
        await story(searches)
        await searches.close()

    asyncio.run(run())
    engine.dispose()


async def found() -> dict[str, Any]:
    return {"hits": {}}


def test_a_search_in_a_thread_stops_when_it_is_deleted(tmp_path: Path) -> None:
    began, stopped = threading.Event(), threading.Event()

    def work() -> dict[str, Any]:
        began.set()
        try:
            while True:
                check()
                time.sleep(0.001)
        except Abandoned:
            stopped.set()
            raise

    async def story(searches: AsyncSearches) -> None:
        search = searches.start(lambda: abandonable(work), 1, 60)
        await searches.keep(search)
        await asyncio.to_thread(began.wait, 10)
        await searches.delete(search.id)
        with pytest.raises(NotFound):
            await searches.get(search.id)

    told(tmp_path, story)
    assert stopped.wait(10)


def test_a_few_run_at_a_time_and_the_others_wait_for_their_turn(tmp_path: Path) -> None:
    async def story(searches: AsyncSearches) -> None:
        going, most = 0, 0

        async def work() -> dict[str, Any]:
            nonlocal going, most
            going += 1
            most = max(most, going)
            await asyncio.sleep(0.01)
            going -= 1
            return {}

        every = [searches.start(work, 1, 60) for _ in range(20)]
        for each in every:
            await searches.wait(each, 10)
        assert not any(each.is_running for each in every)
        assert most == 4

    told(tmp_path, story)


def test_as_many_as_there_may_be_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncsearches, "MOST_OPEN", 5)

    async def story(searches: AsyncSearches) -> None:
        every = [searches.start(asyncio.Event().wait, 1, 60) for _ in range(5)]  # type: ignore[arg-type]
        with pytest.raises(Overloaded, match="delete those that are not needed"):
            searches.start(found, 1, 60)
        await searches.forget(every[0].id)
        searches.start(found, 1, 60)

    told(tmp_path, story)


def test_as_much_as_there_may_be_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncsearches, "MOST_BYTES", 200)

    async def story(searches: AsyncSearches) -> None:
        kept = [searches.start(found, 1, 60) for _ in range(3)]
        for each in kept:
            await searches.keep(each)
            await searches.wait(each, 10)
        with pytest.raises(Overloaded, match="are kept, which is as much as may be"):
            searches.start(found, 1, 60)
        for each in kept:
            await searches.delete(each.id)
        searches.start(found, 1, 60)

    told(tmp_path, story)


def test_deleting_while_the_end_is_being_kept_leaves_nothing(tmp_path: Path) -> None:
    async def story(searches: AsyncSearches) -> None:
        for pause in range(20):
            search = searches.start(found, 1, 60)
            await searches.keep(search)
            await asyncio.sleep(pause / 2000)
            await searches.delete(search.id)

    told(tmp_path, story)
    engine = database.connect(tmp_path)
    assert AsyncSearchStore(engine).all() == {}
    engine.dispose()


def test_one_that_is_forgotten_while_it_is_being_kept_leaves_nothing(tmp_path: Path) -> None:
    async def story(searches: AsyncSearches) -> None:
        for pause in range(20):
            search = searches.start(found, 1, 60)
            await searches.wait(search, 10)  # it has ended, so that `keep` saves it
            keeping = asyncio.create_task(searches.keep(search))
            await asyncio.sleep(pause / 4000)
            await searches.forget(search.id)
            await keeping

    told(tmp_path, story)
    engine = database.connect(tmp_path)
    assert AsyncSearchStore(engine).all() == {}
    engine.dispose()


def test_requests_that_wait_take_no_more_room_than_there_is(tmp_path: Path) -> None:
    async def story(searches: AsyncSearches) -> None:
        for _ in range(2):
            searches.start(asyncio.Event().wait, 1, 60, asyncsearches.MOST_ASKED // 2)  # type: ignore[arg-type]
        with pytest.raises(Overloaded, match="wait until some have ended"):
            searches.start(found, 1, 60, 1)

    told(tmp_path, story)


def test_what_breaks_is_told_and_not_shown(tmp_path: Path) -> None:
    async def broken() -> dict[str, Any]:
        raise KeyError("a fault of our own")

    async def story(searches: AsyncSearches) -> None:
        search = searches.start(broken, 2, 60)
        await searches.keep(search)
        wire = (await searches.get(search.id, seconds=10)).wire()
        assert (wire["is_running"], wire["is_partial"]) == (False, True)
        assert wire["error"] == {"type": "status_exception", "reason": "internal error; the server's log says more"}
        assert wire["response"]["_shards"] == {"total": 2, "successful": 0, "skipped": 0, "failed": 2}
        assert search.state()["completion_status"] == 500

    told(tmp_path, story)
