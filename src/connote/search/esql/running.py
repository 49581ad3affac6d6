"""What a query shares while it runs: its warnings, its clock, and what it may use."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any

from connote.contract.errors import IllegalArgument
from connote.search.thread import check

# Rows of a table, or values of a column, bytes of all texts that functions make, and failures that are told.
MOST_ROWS, MOST_BYTES, _TOLD = 5_000_000, 512 * 2**20, 20
# Bytes of all columns that are kept at once, and of an answer's values.
MOST_HELD, MOST_ANSWERED = 2**30, 256 * 2**20


@dataclass
class Running:
    """For one query. `now` is in milliseconds since 1970."""

    now: int = field(default_factory=lambda: int(time.time() * 1000))
    zone: tzinfo = UTC
    warnings: dict[str, None] = field(default_factory=dict)
    used: int = 0
    loaded: int = 0  # values that were read
    found: int = 0  # documents that were looked at
    stopping: threading.Event | None = None  # set when what was read so far is enough
    is_partial: bool = False  # whether rows were left out for that
    known: Mapping[tuple[str, str], Any] = field(default_factory=dict)  # what endpoints were asked for before

    def warn(self, text: str) -> None:
        """Tell something beside the answer, once."""
        if len(self.warnings) < 4 * _TOLD:
            self.warnings[text] = None

    def failed(self, at: str, text: str, why: str) -> None:
        """Tell that some values of an expression are null, for that reason."""
        told = f"evaluation of [{text}] failed, treating result as null. Only first {_TOLD} failures recorded."
        self.warn(f"Line {at}: {told}")
        if sum(each.startswith(f"Line {at}: java") for each in self.warnings) < _TOLD:
            self.warn(f"Line {at}: {why}")

    def spend(self, size: int) -> None:
        """Count bytes. Raises IllegalArgument past what a query may use, Abandoned if nobody waits any longer."""
        check()
        self.used += size
        if self.used > MOST_BYTES:
            raise IllegalArgument(f"the query needs more than [{MOST_BYTES}] bytes for the texts that it makes")


def check_rows(count: int) -> None:
    """Raise IllegalArgument for so many rows, or values of a column, if these are too many."""
    check()
    if count > MOST_ROWS:
        raise IllegalArgument(f"the query makes a table of [{count}] rows or values, and [{MOST_ROWS}] are the most")


def check_held(size: int) -> None:
    """Raise IllegalArgument for so many bytes of columns, if these are too many."""
    check()
    if size > MOST_HELD:
        raise IllegalArgument(f"the query needs more than [{MOST_HELD}] bytes for the columns that it makes")
