"""One run of a script: its variables, and how much it may still do."""

import time
from collections.abc import Callable
from typing import Any

from connote.ingest.painless.fault import Fault
from connote.ingest.painless.values import Value

# Turns of loops, calls of methods, and what these look through, in hundreds of elements. The seconds are for what a
# single step may still do.
MOST_STEPS, MOST_SECONDS = 500_000, 10.0


class Frame:
    """`at` is the position of the statement that runs, `result` what `return` gave."""

    __slots__ = ("at", "deadline", "left", "result", "slots")

    def __init__(self, slots: int, given: list[Value]) -> None:
        self.slots: list[Any] = [*given, *[None] * (slots - len(given))]
        self.at, self.left, self.result = 0, MOST_STEPS, None
        self.deadline = time.monotonic() + MOST_SECONDS

    def spend(self, steps: int = 1) -> None:
        """Raise Fault if the script has done too much."""
        self.left -= steps
        if self.left < 0 or time.monotonic() > self.deadline:
            raise Fault(
                "The maximum number of statements that can be executed in a loop has been reached.",
                "painless_error",
                self.at,
                final=True,
            )


Expression = Callable[[Frame], Value]
