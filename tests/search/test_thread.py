"""Work beside the event loop, of which nobody may want the result any more."""

import asyncio
import threading
import time

import pytest

from connote.search.thread import Abandoned, abandonable, check


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
        task = asyncio.ensure_future(abandonable(work))
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
        return list(await asyncio.gather(*(abandonable(work, each) for each in (1, 2))))

    assert asyncio.run(both()) == [1, 2]
    check()  # outside of such work it says nothing
