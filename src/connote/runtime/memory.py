"""How much memory this process may still take."""

import ctypes
import gc
from pathlib import Path

_GROUP = Path("/sys/fs/cgroup")
# What is counted as used, and given back when it is needed: files that were read, as those of models are.
_CACHED = ("active_file", "inactive_file", "slab_reclaimable")


def available() -> int | None:
    """Bytes, by the machine and by the limit of the container; None where the system does not tell."""
    found = [size for size in (_of_machine(), _of_container()) if size is not None]
    return min(found, default=None)


def trim() -> None:
    """Give back to the system what is free: glibc keeps what many small pieces have left, hundreds of MB of a model."""
    gc.collect()
    give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)  # other systems have none, and need none
    if give_back:
        give_back(0)


def _of_machine() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


def _of_container() -> int | None:
    """https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files."""
    try:
        limit, used = (int((_GROUP / name).read_text(encoding="ascii")) for name in ("memory.max", "memory.current"))
        found = dict(line.split() for line in (_GROUP / "memory.stat").read_text(encoding="ascii").splitlines())
        return limit - used + sum(int(found.get(name, 0)) for name in _CACHED)
    except (OSError, ValueError):  # there is none, or its limit is "max"
        return None
