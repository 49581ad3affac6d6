"""How long the searches of an index take that should be quick, and how many searches there are."""

import time
from collections.abc import Callable
from typing import Self, TypeVar

T = TypeVar("T")

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
        self.count = 0

    def __enter__(self) -> Self:
        self.count += 1
        return self

    def __exit__(self, *_: object) -> None:
        self.count -= 1
