"""What a process can no longer do once it is confined."""

import json
import subprocess
import sys

import pytest

from connote.runtime.sandbox import confinement

pytestmark = pytest.mark.skipif(not confinement.is_possible(), reason="needs Linux and seccomp")
# Each is tried from within, as code that has taken over a worker would.
ATTEMPTS = {
    "open": "open('/etc/hostname')",
    "open for writing": "os.open('/tmp/harm', os.O_CREAT | os.O_RDWR)",
    "look at a file": "os.stat('/etc/hostname')",
    "list a folder": "os.listdir('/')",
    "remove": "os.unlink('/tmp/harm')",
    "connect": "socket.socket().connect(('127.0.0.1', 9))",
    "make a local socket": "socket.socketpair()",
    "fork": "os.fork()",
    "run a program": "subprocess.run(['/bin/true'])",
    "become a program": "os.execv('/bin/true', ['true'])",
    "signal its parent": "os.kill(os.getppid(), signal.SIGKILL)",
    "signal all": "os.kill(-1, signal.SIGKILL)",
    "make a pipe": "os.pipe()",
    "raise a limit": "resource.setrlimit(resource.RLIMIT_CORE, (1, 1))",
    "make a process by clone": "system(CLONE, 17, 0, 0, 0, 0)",
    "make a namespace": "system(CLONE, 0x10000 | 0x100 | 0x800 | 0x20000000, 0, 0, 0, 0)",
    "make a process by clone3": "system(435, 0, 0)",
    "trace": "libc_call('ptrace', 16, os.getppid(), 0, 0)",
    "io_uring": "system(425, 1, 0)",
    "a file in memory": "os.memfd_create('x')",
    "a new filter": "libc_call('prctl', 22, 1, 0, 0, 0)",
    "take 2 GiB": "bytearray(2 << 30)",
}
PROBE = """
import ctypes, json, os, platform, resource, signal, socket, subprocess, sys, threading
from connote.runtime.sandbox import confinement

libc, CLONE = ctypes.CDLL(None, use_errno=True), 56 if platform.machine() == "x86_64" else 220
libc.prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]

def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result

def system(*numbers):
    return checked(libc.syscall(*numbers))

def libc_call(name, *numbers):
    return checked(getattr(libc, name)(*numbers))

def said(attempt):
    try:
        return repr(eval(attempt))
    except (OSError, MemoryError, ValueError) as error:
        return type(error).__name__ + " " + str(getattr(error, "errno", ""))

attempts = json.loads(sys.argv[1])
confinement.follow(os.getppid())
confinement.confine(1 << 30)
found = {name: said(attempt) for name, attempt in attempts.items()}
done = []
thread = threading.Thread(target=lambda: done.append(sum(range(10**6))))
thread.start()
thread.join()
found["thread"], found["memory"] = repr(done), repr(len(bytearray(1 << 28)))
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found() -> dict[str, str]:
    """What came of each attempt, and of a thread and of memory."""
    command = [sys.executable, "-I", "-c", PROBE, json.dumps(ATTEMPTS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)  # noqa: S603
    answers: dict[str, str] = json.loads(done.stdout)
    return answers


@pytest.mark.parametrize("name", ATTEMPTS)
def test_a_confined_process_cannot(found: dict[str, str], name: str) -> None:
    refused = {
        "PermissionError 1",
        "PermissionError 13",
        "MemoryError ",
        "ValueError ",
        "OSError 38",
    }  # EPERM, EACCES, ENOSYS
    assert found[name] in refused


def test_a_confined_process_computes_in_threads_and_takes_its_memory(found: dict[str, str]) -> None:
    assert found["thread"] == repr([sum(range(10**6))])
    assert found["memory"] == repr(1 << 28)


def test_the_second_lock_holds_without_the_first() -> None:
    probe = """
import ctypes
from connote.runtime.sandbox import landlock
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
if landlock.restrict():
    try:
        open("/etc/hostname")
        print("open")
    except PermissionError:
        print("refused")
else:
    print("none")
"""
    done = subprocess.run([sys.executable, "-I", "-c", probe], capture_output=True, text=True, timeout=60, check=True)  # noqa: S603
    if done.stdout == "none\n":
        pytest.skip("this kernel has no Landlock")
    assert done.stdout == "refused\n"


def test_a_process_that_follows_another_ends_with_it() -> None:
    child = "import os, time; from connote.runtime.sandbox import confinement; confinement.follow(os.getppid()); "
    child += "print(os.getpid(), flush=True); time.sleep(60)"
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-I', '-c', {child!r}]).wait()"
    with subprocess.Popen([sys.executable, "-I", "-c", parent], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        process.kill()
        assert process.stdout.read() == ""  # it is open in the child, too: this is seen when both have ended
    assert pid > 0
