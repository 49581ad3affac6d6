"""What the threads of this process do: their stacks, seen some times, and how long each computed meanwhile."""

import os
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

Stack = tuple[str, ...]
# The modules in which threads wait for something to do.
_WAITING = ("threading", "selectors", "queue", "concurrent.futures.thread")


@dataclass(frozen=True)
class Watched:
    """One thread. `stacks`: how often each was seen, the innermost call first. `waits`: whenever it was seen.

    `seconds`: of computing, to a tick of the system (10 ms); 0 where it does not tell.
    """

    name: str
    seconds: float
    stacks: Counter[Stack]
    waits: bool


def watch(seconds: float, snapshots: int) -> list[Watched]:
    """Watch all threads but this one for so long, those first that computed the most. Takes that time."""
    before, began = _computed(), time.monotonic()
    stacks: defaultdict[int, Counter[Stack]] = defaultdict(Counter)
    busy = set[int]()
    for number in range(1, snapshots + 1):
        for thread, frame in sys._current_frames().items():
            stacks[thread][tuple(_calls(frame))] += 1
            if frame.f_globals.get("__name__") not in _WAITING:
                busy.add(thread)
        time.sleep(max(began + seconds * number / snapshots - time.monotonic(), 0))
    after = _computed()
    found = []
    for each in threading.enumerate():
        ident, native = each.ident, each.native_id
        if ident is None or native is None or ident not in stacks or ident == threading.get_ident():
            continue
        computed = after.get(native, 0.0) - before.get(native, 0.0)
        found.append(Watched(each.name, max(computed, 0.0), stacks[ident], waits=ident not in busy))
    return sorted(found, key=lambda each: (-each.seconds, each.waits, each.name))


def _calls(frame: FrameType | None) -> Iterator[str]:
    """Where each call of a stack stands; nothing of the values that it has."""
    while frame is not None:
        code = frame.f_code
        module, file = frame.f_globals.get("__name__", "?"), Path(code.co_filename).name
        yield f"{module}.{code.co_qualname}({file}:{frame.f_lineno})"
        frame = frame.f_back


def _computed() -> dict[int, float]:
    """Seconds that each thread has computed, by the system's number of it.

    https://www.kernel.org/doc/html/latest/filesystems/proc.html, table 1-4: utime and stime, in ticks.
    """
    found = {each.native_id: 0.0 for each in threading.enumerate() if each.native_id is not None}
    for native in found:
        try:
            text = Path(f"/proc/self/task/{native}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:  # it has ended, or this is no Linux
            continue
        user, system = text.rpartition(")")[2].split()[11:13]  # a name may hold anything, spaces and brackets too
        found[native] = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return found
