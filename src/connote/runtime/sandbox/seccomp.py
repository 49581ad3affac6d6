"""The system calls that a worker may make once it is confined: those of computing, and of the one connection it has.

A classic BPF program that the kernel runs at each call: https://docs.kernel.org/userspace-api/seccomp_filter.html.
What is not listed is answered with EPERM, so a library that tries it gets an error and no process dies of it.
"""

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Calls:
    """An architecture's numbers, as in its unistd.h."""

    audit: int
    seccomp: int
    open: Mapping[str, int]  # allowed whatever their arguments
    clone: int
    clone3: int
    tgkill: int


_X86_64 = Calls(
    audit=0xC000003E,
    seccomp=317,
    clone=56,
    clone3=435,
    tgkill=234,
    open={
        "read": 0, "write": 1, "close": 3, "fstat": 5, "lseek": 8, "mmap": 9, "mprotect": 10, "munmap": 11,
        "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "readv": 19, "writev": 20,
        "sched_yield": 24, "mremap": 25, "madvise": 28, "nanosleep": 35, "getpid": 39, "sendto": 44,
        "recvfrom": 45, "exit": 60, "uname": 63, "gettimeofday": 96, "getrusage": 98, "sysinfo": 99,
        "sigaltstack": 131, "gettid": 186, "time": 201, "futex": 202, "sched_getaffinity": 204,
        "restart_syscall": 219, "clock_gettime": 228, "clock_getres": 229, "clock_nanosleep": 230,
        "exit_group": 231, "set_robust_list": 273, "getcpu": 309, "getrandom": 318, "membarrier": 324, "rseq": 334,
    },
)  # fmt: skip
_AARCH64 = Calls(
    audit=0xC00000B7,
    seccomp=277,
    clone=220,
    clone3=435,
    tgkill=131,
    open={
        "close": 57, "lseek": 62, "read": 63, "write": 64, "readv": 65, "writev": 66, "fstat": 80, "exit": 93,
        "exit_group": 94, "futex": 98, "set_robust_list": 99, "nanosleep": 101, "clock_gettime": 113,
        "clock_getres": 114, "clock_nanosleep": 115, "sched_getaffinity": 123, "sched_yield": 124,
        "restart_syscall": 128, "sigaltstack": 132, "rt_sigaction": 134, "rt_sigprocmask": 135,
        "rt_sigreturn": 139, "uname": 160, "getrusage": 165, "getcpu": 168, "gettimeofday": 169, "getpid": 172,
        "gettid": 178, "sysinfo": 179, "sendto": 206, "recvfrom": 207, "brk": 214, "munmap": 215, "mremap": 216,
        "mmap": 222, "mprotect": 226, "madvise": 233, "getrandom": 278, "membarrier": 283, "rseq": 293,
    },
)  # fmt: skip
ARCHITECTURES = {"x86_64": _X86_64, "aarch64": _AARCH64}

# linux/bpf_common.h, linux/filter.h: load a word, jump if equal, and with a mask, return.
_LOAD, _EQUAL, _AND, _RETURN = 0x20, 0x15, 0x54, 0x06
# linux/seccomp.h: answers, and where struct seccomp_data has its fields; arguments are 64 bits, low half first.
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCHITECTURE, _FIRST = 0, 4, 16
_SET_MODE_FILTER, _TSYNC = 1, 1
_GET_SECCOMP = 21  # linux/prctl.h
# linux/sched.h: a thread shares memory and signal handlers; what begins with CLONE_NEW makes a namespace.
_THREAD = 0x00010000 | 0x00000100 | 0x00000800
_NAMESPACES = 0x7E020080

Instruction = tuple[int, int, int, int]


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def is_possible() -> bool:
    """Whether this machine's kernel takes filters, and there is one for its architecture."""
    if platform.system() != "Linux" or platform.machine() not in ARCHITECTURES:
        return False
    return bool(ctypes.CDLL(None).prctl(_GET_SECCOMP, 0, 0, 0, 0) >= 0)


def restrict() -> None:
    """Put the filter on all threads of this process, for good. Raises OSError; needs no_new_privs."""
    calls = ARCHITECTURES[platform.machine()]
    instructions = list(program(calls, os.getpid()))
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)
    argument = _Program(len(instructions), code)
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(calls.seccomp, _SET_MODE_FILTER, _TSYNC, ctypes.byref(argument))
    if result:
        raise OSError(ctypes.get_errno(), "seccomp refused the filter")


def program(calls: Calls, pid: int) -> Iterator[Instruction]:
    """The instructions, each an operation, how far to jump if it is true and if not, and a number."""
    yield _LOAD, 0, 0, _ARCHITECTURE
    yield _EQUAL, 1, 0, calls.audit
    yield _RETURN, 0, 0, _KILL_PROCESS
    yield _LOAD, 0, 0, _NUMBER
    for number in sorted(calls.open.values()):
        yield _EQUAL, 0, 1, number
        yield _RETURN, 0, 0, _ALLOW
    # glibc then makes its threads with clone, whose flags can be seen here; clone3 has them in memory.
    yield _EQUAL, 0, 1, calls.clone3
    yield _RETURN, 0, 0, _ERRNO | errno.ENOSYS
    yield from _if_first(calls.clone, _THREAD | _NAMESPACES, _THREAD)
    yield from _if_first(calls.tgkill, 0xFFFFFFFF, pid)  # abort() signals itself
    yield _RETURN, 0, 0, _ERRNO | errno.EPERM


def _if_first(number: int, mask: int, value: int) -> Iterator[Instruction]:
    """Allow a call if the low half of its first argument has this value under the mask."""
    yield _EQUAL, 0, 5, number
    yield _LOAD, 0, 0, _FIRST
    yield _AND, 0, 0, mask
    yield _EQUAL, 0, 1, value
    yield _RETURN, 0, 0, _ALLOW
    yield _RETURN, 0, 0, _ERRNO | errno.EPERM
