"""How far searches are behind the writes of an index, and who brings them up."""

import threading
import time
from collections.abc import Callable

# How many seconds more than the refresh interval searches may be behind, rather than wait for one that refreshes.
_BEHIND = 1.0


class Freshness:
    """One refreshes at a time, and searches in the meantime see what was visible before.

    Unless that is long ago: nobody has searched then, and who comes first is no reason for others to find nothing.
    """

    def __init__(self) -> None:
        self._refreshing, self._refreshed_at = threading.Lock(), 0.0
        self._written = self._visible = 0  # batches of writes, and how many of them searches see

    def wrote(self) -> None:
        """There is something new to see. Only after the engine has it, and one at a time."""
        self._written += 1

    def must_wait(self, interval: float) -> bool:
        """Whether a search has to wait for a refresh, its own or another's, if the interval is so many seconds long.

        None is due if it is negative.
        """
        return self._is_due(interval, 0) and (not self._refreshing.locked() or self._is_due(interval, _BEHIND))

    def catch_up(self, interval: float, refresh: Callable[[], object]) -> None:
        """Refresh if a search has to wait for it. Raises what `refresh` raises."""
        if self.must_wait(interval):
            with self._refreshing:
                if self._is_due(interval, 0):
                    self._run(refresh)

    def refresh(self, refresh: Callable[[], object]) -> None:
        """Refresh in any case. Raises what `refresh` raises."""
        with self._refreshing:
            self._run(refresh)

    def _is_due(self, interval: float, more: float) -> bool:
        ago = time.monotonic() - self._refreshed_at
        return self._visible < self._written and interval >= 0 and ago >= interval + more

    def _run(self, refresh: Callable[[], object]) -> None:
        began, written = time.monotonic(), self._written
        try:
            refresh()
            self._visible = written
        finally:
            self._refreshed_at = began  # even if it failed, or every search would try again
