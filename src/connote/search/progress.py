"""How far a request over many documents has come."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from connote.contract.errors import VersionConflict
from connote.search.write.operation import Outcome

# Failures that are told; more are only counted.
_MOST_TOLD = 1000
# Seconds until it is looked again whether the rate has changed.
_LOOK = 0.05


@dataclass
class Progress:
    """Counts, told while it runs and at its end. `creates`: documents may be new. `is_cancelled` ends it early."""

    creates: bool = False
    total: int = 0
    created: int = 0
    updated: int = 0
    deleted: int = 0
    batches: int = 0
    conflicts: int = 0
    noops: int = 0
    per_second: float = -1.0  # documents; -1 is no limit. It may be changed while it runs
    throttled: float = 0.0  # seconds that were waited for its sake
    is_cancelled: bool = False
    failures: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)  # that searches do not see what was written
    status: int = 200

    def count(self, outcomes: Sequence[Outcome], *, proceeds: bool) -> bool:
        """Count what came of a batch. Whether to go on: a failure ends it; a conflict only unless it `proceeds`."""
        self.batches += 1
        before = len(self.failures)
        for outcome in outcomes:
            if outcome.error is None:
                self._succeeded(outcome)
            elif isinstance(outcome.error, VersionConflict):
                self.conflicts += 1
                if not proceeds:
                    self._failed(outcome)
            else:
                self._failed(outcome)
        return len(self.failures) == before

    async def throttle(self, documents: int, began: float) -> None:
        """Wait as long as so many documents are too many for the time since `began` (`time.perf_counter`)."""
        waits = time.perf_counter()
        while not self.is_cancelled and self.per_second > 0:
            left = began + documents / self.per_second - time.perf_counter()
            if left <= 0:
                break
            await asyncio.sleep(min(left, _LOOK))
        self.throttled += time.perf_counter() - waits

    def _succeeded(self, outcome: Outcome) -> None:
        if outcome.result == "created":
            self.created += 1
        elif outcome.result == "updated":
            self.updated += 1
        elif outcome.result == "deleted":
            self.deleted += 1
        else:
            self.noops += 1

    def _failed(self, outcome: Outcome) -> None:
        own = outcome.operation
        self.status = max(self.status, outcome.status)
        if outcome.error is not None and len(self.failures) < _MOST_TOLD:
            cause = outcome.error.told()
            self.failures.append({"index": own.index, "id": own.id, "cause": cause, "status": outcome.status})

    def wire(self) -> dict[str, Any]:
        """As a task's status shows it."""
        return {
            "total": self.total,
            "updated": self.updated,
            **({"created": self.created} if self.creates else {}),
            "deleted": self.deleted,
            "batches": self.batches,
            "version_conflicts": self.conflicts,
            "noops": self.noops,
            "retries": {"bulk": 0, "search": 0},
            "throttled_millis": int(self.throttled * 1000),
            "requests_per_second": self.per_second,
            **({"canceled": "by user request"} if self.is_cancelled else {}),
            "throttled_until_millis": 0,
        }

    def answer(self, seconds: float) -> dict[str, Any]:
        """As the answer shows it, when it has ended."""
        told = {"took": int(seconds * 1000), "timed_out": False, **self.wire(), "failures": self.failures}
        return {**told, "forced_refresh": False} if self.warnings else told
