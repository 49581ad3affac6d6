"""What an index counts."""

from dataclasses import dataclass


@dataclass
class Counts:
    """What an index has done since it was opened; seconds are of work."""

    indexed: int = 0
    deleted: int = 0
    failed: int = 0
    gets: int = 0
    searches: int = 0
    refreshes: int = 0
    commits: int = 0
    seconds_indexing: float = 0.0
    seconds_searching: float = 0.0
