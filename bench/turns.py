"""Taking turns: what is compared is measured in rounds, so that all see the same machine."""

import time
from collections.abc import Callable, Mapping

_SETTLE = 0.3  # until the threads of the one before have stopped to spin


def in_turn(tasks: Mapping[str, Callable[[], object]], rounds: int, burst: int = 1) -> dict[str, list[float]]:
    """The seconds that each task took, in every round.

    With a burst, a task runs so many times in its turn, after one run that only brings its weights back to the caches.
    """
    took: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            time.sleep(_SETTLE)
            if burst > 1:
                task()
            for _ in range(burst):
                took[name].append(seconds(task))
    return took


def seconds(task: Callable[[], object]) -> float:
    """How long one run takes."""
    began = time.perf_counter()
    task()
    return time.perf_counter() - began
