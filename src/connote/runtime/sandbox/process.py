"""A worker process, as its parent sees it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from connote.contract.errors import ConnoteError, IllegalArgument, Rejected, Unavailable
from connote.runtime.sandbox import confinement, frames
from connote.runtime.sandbox.frames import Batch, BrokenFrame, Fault, Ready, Result, Start
from connote.runtime.sandbox.limits import Limits

# Nothing of the parent's environment is a worker's business. Threads that a library starts when it is imported would be
# there before the confinement.
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
_CAUSES: Mapping[int, str] = {
    signal.SIGSEGV: "it crashed",
    signal.SIGABRT: "it crashed",
    signal.SIGBUS: "it crashed",
    signal.SIGFPE: "it crashed",
    signal.SIGILL: "it crashed",
    signal.SIGKILL: "the system ended it, as it does when memory runs out",
}


class Lost(Exception):
    """The worker has ended, or was ended since it took too long or said what is no answer."""


class Worker:
    """A process that has one archive. It ends with the thread that made it; `end` must be called all the same.

    Raises Unavailable where a process cannot be confined and `limits` do not allow it without.
    """

    def __init__(self, definition: Path, limits: Limits, *, threads: int = 1, load: bool = True) -> None:
        if not (confinement.is_possible() or limits.unconfined):
            raise Unavailable(
                "on this system a process cannot be confined (it needs Linux on x86-64 or arm64), so uploaded models "
                "do not run; if you trust all who may upload, set [runtime] unconfined_uploads = true"
            )
        self._limits, self.used = limits, time.monotonic()
        try:
            with definition.open("rb") as file:
                self._start = Start(
                    parent=os.getpid(),
                    memory=limits.memory_of(os.fstat(file.fileno()).st_size),
                    output=limits.output,
                    threads=threads,
                    load=load,
                    confined=confinement.is_possible(),
                )
                self._connection, self._process = _spawn(file.fileno())
        except OSError as error:
            raise Unavailable(f"the process of the model could not be started: {error.strerror}") from None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def open(self) -> Ready:
        """Wait until the archive is checked, and loaded if it is to be. Raises Rejected, Unavailable."""
        try:
            answer, _ = self._ask(self._start, (), self._limits.load_seconds, (Ready, Fault), 0)
        except Lost as lost:
            raise Unavailable(f"the model could not be loaded: {lost}") from None
        if isinstance(answer, Ready):
            return answer
        raise _refusal(answer)

    def run(self, batch: Batch, arrays: tuple[NDArray[Any], ...]) -> list[NDArray[Any]]:
        """The arrays of a batch. Raises IllegalArgument, Unavailable if the model failed at it, Lost."""
        answer, found = self._ask(batch, arrays, self._limits.batch_seconds, (Result, Fault), self._limits.output)
        self.used = time.monotonic()
        if isinstance(answer, Fault):
            raise _failure(answer)
        return found

    def end(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()
        self._connection.close()

    def _ask(
        self,
        message: frames.Message,
        arrays: tuple[NDArray[Any], ...],
        seconds: float,
        kinds: tuple[type[Any], ...],
        most: int,
    ) -> tuple[Any, list[NDArray[Any]]]:
        deadline = time.monotonic() + seconds
        try:
            frames.send(self._connection, message, arrays, deadline)
            return frames.receive(self._connection, kinds, most, deadline)
        except TimeoutError:
            self.end()
            raise Lost(f"it took longer than {seconds:g} s") from None
        except (BrokenFrame, OSError, MemoryError) as error:
            raise Lost(self._cause(error)) from None

    def _cause(self, error: Exception) -> str:
        """Why there is no answer. A process that has ended is no more than a moment from being seen so."""
        try:
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            code = 0
        self.end()
        if code < 0:
            return f"{_CAUSES.get(-code, 'it was ended')} ({_name(-code)})"
        return f"its process said what is no answer ({error})" if code == 0 else f"its process ended with {code}"


def _name(number: int) -> str:
    """A signal's name. A worker may end itself by any, also by those that have none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _spawn(archive: int) -> tuple[socket.socket, "subprocess.Popen[bytes]"]:
    ours, other = socket.socketpair()
    with other:
        try:
            return ours, subprocess.Popen(  # noqa: S603 (our own module)
                [sys.executable, "-I", "-m", "connote.runtime.sandbox.worker", str(other.fileno())],
                stdin=archive,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[other.fileno()],
                env=_ENVIRONMENT,
                cwd="/",
            )
        except BaseException:
            ours.close()
            raise


def _refusal(fault: Fault) -> ConnoteError:
    text = _printable(fault.text)
    match fault.kind:
        case "refused":
            return Rejected(f"the model cannot be used: {text}")
        case "memory":
            return Unavailable("there is not enough memory to load the model")
        case "missing":
            return Unavailable(f"uploaded models need PyTorch (pip install 'connote[uploads]'): {text}")
        case "system":
            return Unavailable(f"the process of the model cannot be confined on this system: {text}")


def _failure(fault: Fault) -> ConnoteError:
    if fault.kind == "memory":
        return Unavailable("there is not enough memory to run the model on this input; send fewer or shorter texts")
    return IllegalArgument(f"the model failed at this input: {_printable(fault.text)}")


def _printable(text: str) -> str:
    """What a hostile worker says ends in logs and answers."""
    return "".join(char if char.isprintable() else " " for char in text)
