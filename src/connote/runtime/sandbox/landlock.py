"""No files and no network, as a second lock beside seccomp: https://docs.kernel.org/userspace-api/landlock.html."""

import ctypes
import os

# The same numbers on all architectures.
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_VERSION = 1
# By the version that the kernel has at least: rights to files, to TCP ports, and what may be reached of other processes
# (abstract sockets, signals). All of them are handled, and no rule gives any back.
_HANDLED = (
    (6, (1 << 16) - 1, 3, 3),
    (5, (1 << 16) - 1, 3, 0),
    (4, (1 << 15) - 1, 3, 0),
    (3, (1 << 15) - 1, 0, 0),
    (2, (1 << 14) - 1, 0, 0),
    (1, (1 << 13) - 1, 0, 0),
)


class _Ruleset(ctypes.Structure):
    """struct landlock_ruleset_attr."""

    _fields_ = (("files", ctypes.c_uint64), ("ports", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


def restrict() -> bool:
    """Take this thread's rights, and those of threads that it will make; false where the kernel has no Landlock.

    Needs no_new_privs.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)
    handled = next((rights for least, *rights in _HANDLED if version >= least), None)
    if handled is None:
        return False
    ruleset = _Ruleset(*handled)
    descriptor = libc.syscall(_CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(ctypes.sizeof(ruleset)), 0)
    if descriptor < 0:
        return False
    try:
        return bool(libc.syscall(_RESTRICT_SELF, descriptor, 0) == 0)
    finally:
        os.close(descriptor)
