"""How much memory this process may still take."""

from pathlib import Path

_LIMIT, _USED = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")


def available() -> int | None:
    """Bytes, by the machine and by the limit of the container; None where the system does not tell."""
    found = [size for size in (_of_machine(), _of_container()) if size is not None]
    return min(found, default=None)


def _of_machine() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


def _of_container() -> int | None:
    """https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files."""
    try:
        return int(_LIMIT.read_text(encoding="ascii")) - int(_USED.read_text(encoding="ascii"))
    except (OSError, ValueError):  # there is none, or its limit is "max"
        return None
