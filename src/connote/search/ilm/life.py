"""How far an index has come in its life."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


def now() -> int:
    """Milliseconds since 1970."""
    return int(time.time() * 1000)


@dataclass
class Life:
    """The `phase` it is in, since when, and what of it is done; `rolled` is when it was rolled over.

    `error` is why the `action` that is next has failed so far, and `retries` how often it was tried again. Times are
    milliseconds since 1970.
    """

    phase: str | None = None
    since: int = field(default_factory=now)
    done: list[str] = field(default_factory=list)
    action: str | None = None
    action_since: int = field(default_factory=now)
    rolled: int | None = None
    error: dict[str, Any] | None = None
    retries: int = 0

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> "Life":
        """As it was kept."""
        return cls(**body)

    def kept(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)

    def enter(self, phase: str) -> None:
        """Begin a phase."""
        self.phase, self.since, self.done = phase, now(), []
        self.begin(None)

    def begin(self, action: str | None) -> None:
        """Come to an action; None when all are done."""
        if action != self.action:
            self.action, self.action_since = action, now()
        self.error, self.retries = None, 0
