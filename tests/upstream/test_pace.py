"""Calls wait for their turn."""

import asyncio
import contextlib

import pytest

from connote.contract.errors import Overloaded
from connote.upstream import pace
from connote.upstream.pace import Pace

OFTEN = 60 * 200.0  # one in 5 ms


def test_calls_are_spread_and_none_is_dropped() -> None:
    async def run() -> tuple[list[int], float]:
        paced, order = Pace("openai", OFTEN), list[int]()

        async def call(number: int) -> None:
            await paced.turn("mine", urgent=False)
            order.append(number)

        start = asyncio.get_running_loop().time()
        await asyncio.gather(*(call(number) for number in range(20)))
        return order, asyncio.get_running_loop().time() - start

    order, seconds = asyncio.run(run())
    assert order == list(range(20))
    assert seconds >= 19 * 0.005 * 0.99  # the first is free


def test_urgent_calls_pass_the_others() -> None:
    async def run() -> list[str]:
        paced, order = Pace("openai", OFTEN), list[str]()

        async def call(name: str) -> None:
            await paced.turn("mine", urgent=name.startswith("search"))
            order.append(name)

        await paced.turn("mine", urgent=True)  # takes what is saved up
        await asyncio.gather(*(call(name) for name in ("ingest 1", "ingest 2", "search 1", "search 2")))
        return order

    assert asyncio.run(run()) == ["search 1", "search 2", "ingest 1", "ingest 2"]


@pytest.mark.parametrize("when", ["waiting", "at its turn"])
def test_one_who_leaves_takes_no_turn(when: str) -> None:
    async def run() -> float:
        paced, loop = Pace("openai", 60 * 10.0), asyncio.get_running_loop()
        await paced.turn("mine", urgent=True)
        leaving = asyncio.ensure_future(paced.turn("mine", urgent=True))
        staying = asyncio.ensure_future(paced.turn("mine", urgent=True))
        start = loop.time()
        await asyncio.sleep(0)
        if when == "at its turn":
            paced._release(loop)  # too early: nobody's turn yet
            paced._next = loop.time()
            paced._release(loop)  # the turn is given, and the task is cancelled before it wakes
        leaving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await leaving
        await staying
        return loop.time() - start

    assert asyncio.run(run()) < 0.15


def test_a_queue_that_is_full_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "MOST_WAITING", 2)

    async def run() -> None:
        paced = Pace("openai", 1)
        await paced.turn("mine", urgent=True)
        waiting = [asyncio.ensure_future(paced.turn("mine", urgent=True)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(
            Overloaded, match=r"inference id \[mine\] because the request service \[openai\] queue is full"
        ):
            await paced.turn("mine", urgent=True)
        for each in waiting:
            each.cancel()

    asyncio.run(run())


def test_one_who_leaves_makes_room_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "MOST_WAITING", 2)

    async def run() -> None:
        paced = Pace("openai", 1)
        await paced.turn("mine", urgent=True)
        for _ in range(5):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.001):
                    await paced.turn("mine", urgent=True)

    asyncio.run(run())
