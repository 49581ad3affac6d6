"""Wakefulness: a moment after an answer the next request is looked for, not waited for."""

import asyncio
import time
from contextlib import suppress
from typing import Self


class Awake:
    """The requests that are being answered: each is in this context. After the last the event loop does not sleep yet.

    To wake a processor that sleeps takes 0.1 ms (docs/performance.md), and who asks one request after the other waits
    for that each time. So for `seconds` the loop turns, as Seastar's does (`--idle-poll-time-us`); 0 is not at all.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds, self._open, self._until, self._turns = seconds, 0, 0.0, False

    def __enter__(self) -> Self:
        self._open += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._open -= 1
        if self._open == 0 and self._seconds:
            self._until = time.monotonic() + self._seconds
            if not self._turns:
                self._turn()

    def _turn(self) -> None:
        self._turns = False
        if not self._open and time.monotonic() < self._until:
            with suppress(RuntimeError):  # a request that ends when the loop does not run any more
                asyncio.get_running_loop().call_soon(self._turn)
                self._turns = True
