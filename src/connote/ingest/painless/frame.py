"""One run of a script: its variables, and how much it may still do."""

from collections.abc import Callable
from typing import Any

from connote.ingest.painless.fault import Fault
from connote.ingest.painless.values import Value

# Turns of loops, calls of methods, and elements that these look through, in hundreds.
MOST_STEPS = 500_000


class Frame:
    """`at` is the position of the statement that runs, `result` what `return` gave."""

    __slots__ = ("at", "left", "result", "slots")

    def __init__(self, slots: int, given: list[Value]) -> None:
        self.slots: list[Any] = [*given, *[None] * (slots - len(given))]
        self.at, self.left, self.result = 0, MOST_STEPS, None

    def spend(self, steps: int = 1) -> None:
        """Raise Fault if the script has done too much."""
        self.left -= steps
        if self.left < 0:
            raise Fault(
                "The maximum number of statements that can be executed in a loop has been reached.",
                "painless_error",
                self.at,
                final=True,
            )


Expression = Callable[[Frame], Value]
