"""The filter of system calls, run as the kernel runs it: also for the architecture that is not at hand."""

import errno

import pytest

from connote.runtime.sandbox.seccomp import ARCHITECTURES, program

ALLOW, KILL = 0x7FFF0000, 0x80000000
EPERM, ENOSYS = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
PID = 4711
THREAD = 0x3D0F00  # what glibc makes threads with
# From unistd.h: what must be refused.
REFUSED = {
    "x86_64": {"open": 2, "openat": 257, "socket": 41, "connect": 42, "fork": 57, "vfork": 58, "execve": 59, "kill": 62}
    | {"ptrace": 101, "mount": 165, "bpf": 321, "io_uring_setup": 425, "sendmsg": 46, "prctl": 157, "seccomp": 317}
    | {"read by the x32 interface": 0x40000000, "unknown": 9999},
    "aarch64": {"openat": 56, "socket": 198, "connect": 203, "execve": 221, "kill": 129, "ptrace": 117, "mount": 40}
    | {"bpf": 280, "io_uring_setup": 425, "sendmsg": 211, "prctl": 167, "seccomp": 277, "unknown": 9999},
}


def answer(architecture: str, number: int, first: int = 0, audit: int | None = None) -> int:
    """What the filter says to a call; how it is run: https://www.kernel.org/doc/html/latest/networking/filter.html."""
    calls = ARCHITECTURES[architecture]
    data = {0: number, 4: calls.audit if audit is None else audit, 16: first & 0xFFFFFFFF, 20: first >> 32}
    instructions, at, word = list(program(calls, PID)), 0, 0
    while True:
        operation, if_true, if_false, value = instructions[at]
        at += 1
        match operation:
            case 0x20:
                word = data[value]
            case 0x54:
                word &= value
            case 0x15:
                at += if_true if word == value else if_false
            case 0x06:
                return value
            case _:
                raise AssertionError(operation)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_computing_is_allowed(architecture: str) -> None:
    calls = ARCHITECTURES[architecture]
    assert {answer(architecture, calls.open[name]) for name in ("read", "write", "mmap", "futex", "exit")} == {ALLOW}
    assert answer(architecture, calls.clone, THREAD) == ALLOW
    assert answer(architecture, calls.tgkill, PID) == ALLOW


@pytest.mark.parametrize(("architecture", "name"), [(key, name) for key in REFUSED for name in REFUSED[key]])
def test_all_else_is_refused(architecture: str, name: str) -> None:
    assert answer(architecture, REFUSED[architecture][name]) == EPERM


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_no_process_is_made_and_no_other_is_signalled(architecture: str) -> None:
    calls = ARCHITECTURES[architecture]
    assert answer(architecture, calls.clone, 17) == EPERM
    assert answer(architecture, calls.clone, THREAD | 0x10000000) == EPERM  # in a namespace of users
    assert answer(architecture, calls.clone3) == ENOSYS
    assert answer(architecture, calls.tgkill, 1) == EPERM


def test_the_calls_of_another_architecture_end_the_process() -> None:
    assert answer("x86_64", 3, audit=0x40000003) == KILL
