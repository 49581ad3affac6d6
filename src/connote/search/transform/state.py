"""How far a transform has come, and what it has done."""

from dataclasses import asdict, dataclass, field
from typing import Any

_TIMES = ("index", "search", "processing")


@dataclass
class Statistics:
    """Counts since it was made, or reset. Times are in seconds."""

    pages: int = 0
    processed: int = 0
    indexed: int = 0
    deleted: int = 0
    triggers: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(_TIMES, 0.0))
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_TIMES, 0))
    failures: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("index", "search"), 0))

    def took(self, what: str, seconds: float) -> None:
        """Count a piece of work: `index`, `search` or `processing`."""
        self.seconds[what] += seconds
        self.counts[what] += 1

    def wire(self) -> dict[str, Any]:
        """As `_stats` shows them."""
        told: dict[str, Any] = {
            "pages_processed": self.pages,
            "documents_processed": self.processed,
            "documents_indexed": self.indexed,
            "documents_deleted": self.deleted,
            "trigger_count": self.triggers,
        }
        for what in _TIMES:
            told |= {f"{what}_time_in_ms": int(self.seconds[what] * 1000), f"{what}_total": self.counts[what]}
        return told | {f"{what}_failures": count for what, count in self.failures.items()}


@dataclass
class State:
    """`is_started`: somebody wants it to run. `reason` is why it failed. `changed` is when the source last did.

    `checkpoint` counts how often it has gone through the source, `finished` is when it last did. Times are milliseconds
    since 1970.
    """

    is_started: bool = False
    checkpoint: int = 0
    finished: int = 0
    changed: int = 0
    searched: int = 0
    reason: str | None = None
    statistics: Statistics = field(default_factory=Statistics)

    @classmethod
    def read(cls, body: dict[str, Any]) -> "State":
        """As it was kept."""
        return cls(**{**body, "statistics": Statistics(**body["statistics"])})

    def kept(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)
