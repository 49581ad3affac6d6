"""Work beside the event loop, of which nobody may want the result any more."""

import asyncio
import threading
import time

import pytest

from connote.search.aside import Abandoned, aside, check, finished


def test_work_stops_when_its_task_is_cancelled() -> None:
    began, stopped = threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        try:
            while True:
                check()
                time.sleep(0.001)
        except Abandoned:
            stopped.set()
            raise

    async def leaves() -> None:
        task = asyncio.ensure_future(aside(work))
        await asyncio.to_thread(began.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(leaves())
    assert stopped.wait(10)


def test_work_that_is_waited_for_goes_on_and_has_its_result() -> None:
    def work(number: int) -> int:
        check()
        return number

    async def both() -> list[int]:
        return list(await asyncio.gather(*(aside(work, each) for each in (1, 2))))

    assert asyncio.run(both()) == [1, 2]
    check()  # outside of such work it says nothing


def test_what_nobody_has_taken_is_undone() -> None:
    began, may_end, undone = threading.Event(), threading.Event(), list[str]()

    def work() -> str:
        began.set()
        may_end.wait(10)
        return "held"

    async def leaves() -> None:
        over = asyncio.Event()

        def undo(found: str) -> None:
            undone.append(found)
            over.set()

        task = asyncio.ensure_future(finished(work, undo))
        await asyncio.to_thread(began.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert undone == []
        may_end.set()
        await over.wait()

    asyncio.run(asyncio.wait_for(leaves(), 10))
    assert undone == ["held"]
