"""How many allocations a deployment should have, by its load."""

from dataclasses import dataclass

# Seconds over which load is measured, and for how many in a row it must be low before an allocation is given up.
WINDOW, PATIENCE = 1.0, 30


@dataclass(frozen=True)
class Adaptive:
    """The fewest and the most allocations; 0 as the fewest unloads the model when nobody has used it for a while."""

    least: int
    most: int


@dataclass(frozen=True)
class Load:
    """One window: how much of their time the allocations were busy (0 to 1), and how many items wait at its end."""

    busy: float
    waiting: int


def decide(workers: int, limits: Adaptive, load: Load, calm: int) -> tuple[int, int]:
    """How many allocations there should be now, and for how many windows in a row fewer would have done.

    They grow at once, to as many as have work, and shrink one by one.
    """
    least = max(limits.least, 1)
    if load.waiting > workers or load.busy > 0.9:
        return max(min(workers + max(load.waiting // workers, 1), limits.most), least), 0
    fewer_would_do = load.busy * workers < 0.7 * (workers - 1)
    if not fewer_would_do or workers <= least:
        return max(workers, least), 0
    return (workers - 1, 0) if calm + 1 >= PATIENCE else (workers, calm + 1)
