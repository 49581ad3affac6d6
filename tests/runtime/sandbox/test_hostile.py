"""Models that mean harm: each harms nothing but its own requests."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from connote.contract.errors import ConnoteError, IllegalArgument, Rejected, Unavailable
from connote.runtime.backends.backend import Reduction
from connote.runtime.backends.torchscript import TorchScriptBackend
from connote.runtime.sandbox import faults
from connote.runtime.sandbox.check import check
from connote.runtime.sandbox.limits import Limits
from uploads import encoded, forged, scripted, template

LIMITS = Limits(memory=1 << 30, output=1 << 20)
HARM = Path("/tmp/connote-harm")  # noqa: S108 (nobody can write there)
INPUTS = [encoded(5, 6, 7), encoded(8)]
EXPECTED = [[5, 6, 7], [8]]


class ReadsFile(torch.nn.Module):
    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        return torch.from_file("/etc/passwd", False, 16) * ids * mask


class WritesFile(torch.nn.Module):
    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        return torch.from_file("/tmp/connote-harm", True, 16) * ids * mask  # noqa: S108


class Prints(torch.nn.Module):
    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        for _ in range(1_000_000):
            print("harm")
        return ids * mask


class Forks(torch.nn.Module):
    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        done: Tensor = torch.jit.wait(torch.jit.fork(torch.add, ids, mask))  # type: ignore[no-untyped-call]
        return done


class LoopsAtLoad(torch.nn.Module):
    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        return ids * mask

    @torch.jit.export
    def __getstate__(self) -> tuple[Tensor, bool]:
        return torch.zeros(1), self.training

    @torch.jit.export
    def __setstate__(self, state: tuple[Tensor, bool]) -> None:
        self.training = state[1]
        total = state[0]
        while bool(total[0] >= 0):
            total = total + 1


# What is refused before anything of it runs, and what the error names.
REFUSED: dict[str, tuple[type[torch.nn.Module] | tuple[str, ...], str]] = {
    "reads a file": (ReadsFile, "[aten::from_file]"),
    "writes a file": (WritesFile, "[aten::from_file]"),
    "prints": (Prints, "[prim::Print]"),
    "forks": (Forks, "prim::fork"),
    "saves": (('torch.save(ids, "/tmp/connote-harm")\nreturn ids',), "[aten::save]"),
    "calls a library": (("return ops.evil.run(ids)",), "[evil::run]"),
    "calls itself": (
        ("return (self).again(ids, )", "def again(self: OWN,\n    x: Tensor) -> Tensor:\n  return (self).again(x, )"),
        "called recursively",
    ),
    "hides a file's name in a method of its own": (
        (
            'return (ids).from_file("/etc/passwd")',
            "def from_file(self: OWN,\n    x: str) -> Tensor:\n  return torch.ones([1])",
        ),
        "not",
    ),
}
# What fails when it is run, with which error.
FAILING: dict[str, tuple[str, type[ConnoteError], str]] = {
    "loops": ("x = ids\n_0 = True\nwhile _0:\n  x = torch.add(x, 1)\nreturn x", Unavailable, "longer than 3 s"),
    "takes memory bit by bit": (
        """l = annotate(List[Tensor], [])
_0 = True
while _0:
  _1 = torch.append(l, torch.ones([16777216]))
return torch.cat(l)""",
        Unavailable,
        "memory",
    ),
    "takes memory at once": ("return torch.zeros([torch.size(ids, 0), 1000000000])", Unavailable, "memory"),
    "divides what overflows": (
        """_0 = torch.sub(torch.size(ids, 0), torch.add(torch.size(ids, 0), 1))
return torch.add(ids, torch.floordiv(-9223372036854775808, _0))""",
        Unavailable,
        "crashed",
    ),
    "gives very much": ("return torch.zeros([torch.size(ids, 0), 1000000])", IllegalArgument, "at most 1 MB"),
    "gives no numbers": ("return torch.div(torch.to(torch.mul(ids, 0), 6), 0.)", IllegalArgument, "not finite"),
    "gives too few": ("return torch.slice(ids, 0, 0, 1)", IllegalArgument, "for 2 inputs"),
    "looks past the end": ("return torch.select(ids, 0, 99)", IllegalArgument, "out of range"),
    "raises": ('ops.prim.RaiseException("no cats")\nreturn ids', IllegalArgument, "no cats"),
}


def workers() -> set[int]:
    """Worker processes of this process, zombies too."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # the thread has ended
            found |= {int(pid) for pid in (task / "children").read_text().split()}
    return found


@pytest.fixture(scope="module")
def neighbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TorchScriptBackend]:
    """Another model, which means no harm."""
    file = tmp_path_factory.mktemp("neighbour") / "model.pt"
    file.write_bytes(template())
    model = backend(file)
    yield model
    model.close()


@pytest.fixture(autouse=True)
def unharmed(neighbour: TorchScriptBackend) -> Iterator[None]:
    """Whatever a test does, no process and no file is left, and the neighbour serves from the process that it had."""
    before = workers()
    yield
    assert workers() == before
    assert not HARM.exists()
    assert [output.tolist() for output in neighbour.run(INPUTS) if isinstance(output, np.ndarray)] == EXPECTED
    assert workers() == before


@pytest.fixture
def upload(tmp_path: Path) -> Callable[[bytes], Path]:
    """An archive as a file."""

    def write(data: bytes) -> Path:
        file = tmp_path / f"{len(list(tmp_path.iterdir()))}.pt"
        file.write_bytes(data)
        return file

    return write


def backend(file: Path, limits: Limits = LIMITS) -> TorchScriptBackend:
    return TorchScriptBackend(file, reduction=Reduction.FIRST, pad=0, threads=1, limits=limits)


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_with_the_reason(upload: Callable[[bytes], Path], tmp_path: Path, name: str) -> None:
    model, reason = REFUSED[name]
    file = upload(forged(*model)) if isinstance(model, tuple) else scripted(tmp_path / "model.pt", model())
    with pytest.raises(Rejected) as refused:
        backend(file).close()
    assert reason in refused.value.reason


@pytest.mark.parametrize("name", FAILING)
def test_fails_alone(upload: Callable[[bytes], Path], name: str) -> None:
    body, error, reason = FAILING[name]
    model = backend(upload(forged(body)), replace(LIMITS, batch_seconds=3 if name == "loops" else 60))
    try:
        for _ in range(2):  # a fresh worker takes the place of one that was lost
            with pytest.raises(error, match=reason):
                model.run(INPUTS)
    finally:
        model.close()


def test_a_model_that_loops_while_it_is_loaded_is_ended(tmp_path: Path) -> None:
    file = scripted(tmp_path / "model.pt", LoopsAtLoad())
    with pytest.raises(Unavailable, match="could not be loaded: it took longer than 8 s"):
        backend(file, Limits(load_seconds=8)).close()


def test_a_model_that_always_fails_is_left_alone_for_a_while(
    upload: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "MOST", 2)
    body, _, _ = FAILING["divides what overflows"]
    model = backend(upload(forged(body)))
    try:
        for _ in range(2):
            with pytest.raises(Unavailable, match="a fresh one takes its place"):
                model.run(INPUTS)
        before = workers()
        with pytest.raises(Unavailable, match="failed 2 times in a row, it crashed") as refused:
            model.run(INPUTS)
        assert workers() == before  # none was started for it
        assert 1 <= int(refused.value.headers["Retry-After"]) <= 10
    finally:
        model.close()


def test_a_pause_is_longer_after_each_fault_and_over_after_an_answer() -> None:
    now = 0.0
    breaker = faults.Faults(clock=lambda: now)
    for pause in (10, 20, 40):
        for _ in range(faults.MOST if pause == 10 else 1):
            breaker.check()
            breaker.count("it crashed")
        now += pause - 1
        with pytest.raises(Unavailable, match="tried again in 1 s"):
            breaker.check()
        now += 1
    breaker.check()
    breaker.clear()
    breaker.count("it crashed")
    breaker.check()


@pytest.mark.parametrize("data", [b"", os.urandom(1000), template()[:500]], ids=["nothing", "random", "half"])
def test_what_is_no_archive_is_refused(upload: Callable[[bytes], Path], data: bytes) -> None:
    file = upload(data)
    with pytest.raises(Rejected):
        check(file, LIMITS)
    with pytest.raises(Rejected):
        backend(file).close()


def test_an_archive_is_checked_without_loading_it(upload: Callable[[bytes], Path]) -> None:
    check(upload(template()), LIMITS)
    with pytest.raises(Rejected, match=r"\[prim::Print\]"):
        check(upload(forged("print(ids)\nreturn ids")), LIMITS)
