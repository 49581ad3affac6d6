"""What the machine is, and what of it is in use, as the kernel tells it."""

import os
import threading
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")


def installed() -> int:
    """Bytes of memory that the machine has."""
    return os.sysconf("SC_PHYS_PAGES") * _PAGE


def resident() -> int | None:
    """Bytes of memory that this process has in use; None where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE
    except OSError:
        return None


class Busy:
    """How busy all cores were since it was last asked, in percent; at first, since the machine was started."""

    def __init__(self) -> None:
        self._lock, self._idle, self._all = threading.Lock(), 0, 0
        self._percent: int | None = None

    def percent(self) -> int | None:
        """None where the system does not tell. Two calls within a tick (10 ms) have one answer."""
        try:
            line = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
        except OSError:
            return None
        ticks = [int(each) for each in line.split()[1:9]]  # the rest, of guests, is counted among these
        idle, total = ticks[3] + ticks[4], sum(ticks)
        with self._lock:
            if total > self._all:
                percent = round(100 * (1 - (idle - self._idle) / (total - self._all)))
                self._percent = min(max(percent, 0), 100)  # the count of idle ticks may go back
            self._idle, self._all = idle, total
            return self._percent
