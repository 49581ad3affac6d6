"""How long the searches of an index take that should be quick, and how many searches there are."""

import time
from collections.abc import Callable
from typing import Self, TypeVar

from connote.endpoints import asking

T = TypeVar("T")

# While one search is in the event loop, nobody sees that others wait. But if they did, one that came by another
# connection begins as soon as it has ended: in less than `_NEXT` seconds. Then it takes it that for `_MIXED` more will.
_NEXT, _MIXED = 0.002, 0.01

# Seconds after which a search was not quick, and for which no other is taken for quick then, or if that is longer, as
# many times as long as it took: the files of the index may not be in memory, and its disk slow.
_LONG, _REST, _TIMES = 0.02, 1.0, 50


class Pace:
    """How searches of one index have gone."""

    def __init__(self) -> None:
        self._slow_until = 0.0

    @property
    def is_quick(self) -> bool:
        """Whether none was slow lately that should have been quick."""
        return time.monotonic() >= self._slow_until

    def timed(self, work: Callable[[], T]) -> T:
        """What the work comes to, and remember how long it took."""
        began = time.monotonic()
        try:
            return work()
        finally:
            ended = time.monotonic()
            if ended - began > _LONG:
                self._slow_until = ended + max(_REST, _TIMES * (ended - began))


class Crowd:
    """The searches that have begun, and not ended: each counts itself while it is in this context."""

    def __init__(self) -> None:
        self._count, self._last, self._left, self._mixed_until = 0, object(), 0.0, 0.0

    @property
    def is_alone(self) -> bool:
        """Whether no other search would wait for the one that is here."""
        return self._count == 1 and time.monotonic() >= self._mixed_until

    def __enter__(self) -> Self:
        connection, now = asking.current().connection, time.monotonic()
        if connection != self._last and now - self._left < _NEXT:
            self._mixed_until = now + _MIXED
        self._count, self._last = self._count + 1, connection
        return self

    def __exit__(self, *_: object) -> None:
        self._count, self._left = self._count - 1, time.monotonic()
