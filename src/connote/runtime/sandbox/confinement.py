"""What a worker takes from itself before it looks at an upload. None of it can be undone."""

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

from connote.runtime.sandbox import landlock, seccomp

# linux/prctl.h.
_PDEATHSIG, _DUMPABLE, _NO_NEW_PRIVS = 1, 4, 38
_FILES = 8


def is_possible() -> bool:
    """Whether workers can be confined on this machine."""
    return seccomp.is_possible()


def follow(parent: int) -> None:
    """End when the thread that started this process ends, or has ended."""
    if sys.platform == "linux":
        _prctl(_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def confine(memory: int) -> None:
    """No files, network, processes or privileges from here on, and so many bytes besides what is taken already.

    Raises OSError if the system refuses it.
    """
    os.chdir("/")
    first = _data() + memory
    for limit, most in (
        (resource.RLIMIT_DATA, first),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _FILES),
    ):
        resource.setrlimit(limit, (most, most))
    _prefer_to_die()
    _prctl(_DUMPABLE, 0)
    _prctl(_NO_NEW_PRIVS, 1)
    landlock.restrict()
    seccomp.restrict()


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), *[ctypes.c_ulong(0)] * 3):
        raise OSError(ctypes.get_errno(), f"prctl {option} is refused")


def _data() -> int:
    """Bytes that RLIMIT_DATA counts as taken."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))


def _prefer_to_die() -> None:
    """Where memory runs out all the same, the system is to end this process before others."""
    Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
