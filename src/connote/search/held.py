"""What is in use of an index's past."""

import threading
from collections.abc import Callable
from itertools import count


class Held:
    """Sequence numbers that are in use: states of documents that were replaced after one of them are not removed.

    `lock` is held by those who find out what to keep, or what to remove.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._seen: dict[int, int] = {}
        self._numbers = count()

    def hold(self, seen: int) -> Callable[[], None]:
        """Keep all states, deletions too, that were replaced after that one, until what is returned is called."""
        with self.lock:
            number = next(self._numbers)
            self._seen[number] = seen

        def release() -> None:
            with self.lock:
                self._seen.pop(number, None)

        return release

    def oldest(self, newest: int) -> int:
        """The least that is held; `newest` if nothing is."""
        with self.lock:
            return min([newest, *self._seen.values()])
