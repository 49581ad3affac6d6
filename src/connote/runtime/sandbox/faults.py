"""How often a model has taken its workers down, so that it does not take the machine's time from others."""

import time
from collections.abc import Callable

from connote.contract.errors import Unavailable

# One bad item in a large batch takes down a worker for each halving of the batch: more than that is the model's fault.
MOST = 10
_FIRST_PAUSE, _LONGEST_PAUSE = 10.0, 300.0


class Faults:
    """A circuit breaker: after ten faults in a row the model is left alone for a while, after each more for longer."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._count, self._until, self._last = clock, 0, 0.0, ""

    def check(self) -> None:
        """Raises Unavailable while the model is left alone."""
        left = self._until - self._clock()
        if left > 0:
            error = Unavailable(
                f"the model failed {self._count} times in a row, {self._last}; it is tried again in {left:.0f} s"
            )
            error.headers = {"Retry-After": str(int(left) + 1)}
            raise error

    def count(self, text: str) -> Unavailable:
        """One more, and the error for those whose batch it was."""
        self._count, self._last = self._count + 1, text
        if self._count >= MOST:
            pause = _FIRST_PAUSE * 2 ** min(self._count - MOST, 10)
            self._until = self._clock() + min(pause, _LONGEST_PAUSE)
        return Unavailable(f"the model failed at this input: {text}; a fresh one takes its place")

    def clear(self) -> None:
        """It has answered."""
        self._count = 0
