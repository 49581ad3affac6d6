"""The GPU's backend: the same code on the processor gives what transformers gives, and so do the fused kernels.

The kernels run in Triton's interpreter, in a process of its own, as the interpreter is chosen when Triton is imported.
"""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from checkpoints import FAMILIES, TEXTS, VOCABULARY, Toy, spread
from conftest import Make
from connote.contract.errors import Unavailable
from connote.runtime import placement
from connote.runtime.backends import captured, cuda, plain
from connote.runtime.backends.backend import AT_ONCE, DeviceFault, Precision
from connote.runtime.backends.captured import ROOMS, Captured, _Graph
from connote.runtime.backends.cuda import CudaBackend, _kernels, _Slot
from connote.runtime.backends.packed import Packed, Room, Sent, blank
from connote.runtime.catalog import Head
from connote.runtime.local import Inputs
from connote.runtime.placement import Checkpoint, Device
from connote.runtime.tokenizer import Encoded

TOGETHER = [*TEXTS, "the dogs sat on a mat. " * 20]


def backend(toy: Toy, device: str = "cpu", precision: Precision = Precision.FLOAT32) -> CudaBackend:
    own = Checkpoint.read(toy.folder, toy.head)
    return CudaBackend(own.architecture, own.weights, own.head, device=device, precision=precision)


def check(toy: Toy, made: CudaBackend, tolerance: float) -> None:
    """Every output is that of transformers."""
    query = "a mat" if toy.head in (Head.CROSS, Head.LATE) else None
    items = toy.load().encode(Inputs(TOGETHER, query=query))
    if toy.head is Head.LATE:
        items = items[1:]
    rows = toy.reference(TOGETHER, query=query if toy.head is Head.CROSS else None)
    for output, row, item in zip(made.run(items), rows, items, strict=True):
        expected = row[: item.used] if toy.head is Head.LATE else row
        got = spread(output, len(row)) if toy.head is Head.SPARSE else spread(output, VOCABULARY)
        assert got == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize("head", list(Head))
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_and_head_is_that_of_transformers(make: Make, family: str, head: Head) -> None:
    toy = make(family, head)
    check(toy, backend(toy), 1e-4)


@pytest.mark.parametrize("head", list(Head))
def test_bfloat16_is_near(make: Make, head: Head) -> None:
    toy = make("bert", head)
    check(toy, backend(toy, precision=Precision.BFLOAT16), 0.1)


def test_logits_are_made_a_slice_of_the_vocabulary_at_a_time(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    toy = make("bert", Head.SPARSE)
    whole = backend(toy)
    monkeypatch.setattr(plain, "MOST_LOGITS", 100)
    check(toy, whole, 1e-4)


def run(script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A script in a process of its own."""
    environment = os.environ | variables | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(  # noqa: S603
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False
    )


KERNELS = """
import numpy as np, torch
from connote.runtime.backends import kernels, plain
torch.manual_seed(0)
for hidden, vocabulary, lengths in ((32, 70, [1]), (96, 300, [5, 64, 0, 130, 1]), (64, 129, [200, 65])):
    tokens, decoder = torch.randn(sum(lengths), hidden), torch.randn(vocabulary, hidden)
    starts = torch.tensor([0, *np.cumsum(lengths)], dtype=torch.int32)
    texts = torch.repeat_interleave(torch.arange(len(lengths)), starts.diff()).int()
    asked = tokens, texts, starts, decoder, torch.randn(vocabulary)
    weights, fused = plain.maxima(*asked), kernels.maxima(*asked)
    assert fused.shape == (len(lengths), vocabulary)
    torch.testing.assert_close(fused, weights, atol=1e-4, rtol=1e-4)
    assert (weights > 0).any()
    for room in (8, vocabulary):
        (keys, counts), (more, same) = kernels.gather(weights, room), plain.gather(weights, room)
        assert torch.equal(counts, same)
        assert torch.equal(keys, more)
    norm = torch.randn(sum(lengths), hidden), torch.randn(hidden), torch.randn(hidden), 1e-5
    torch.testing.assert_close(kernels.add_norm(tokens, *norm), plain.add_norm(tokens, *norm))
print("equal")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Triton is for Linux")
def test_the_kernels_give_what_plain_pytorch_does() -> None:
    told = run(KERNELS, TRITON_INTERPRET="1")
    assert told.stdout == "equal\n", told.stderr


def test_a_text_of_more_terms_than_leave_the_device_at_first_has_them_all(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy = make("bert", Head.SPARSE)
    monkeypatch.setattr(CudaBackend, "room", 2)
    check(toy, backend(toy), 1e-4)


def test_what_is_computed_again_may_have_more_terms_still(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    toy = make("bert", Head.SPARSE)
    made, rooms = backend(toy), list[int]()
    monkeypatch.setattr(CudaBackend, "room", 4)

    def run(_: object, room: int = 4) -> np.ndarray:
        rooms.append(room)
        count = (5, 9, 10)[len(rooms) - 1]
        ids, weights = np.arange(room), np.ones(room, np.float32).view(np.int32)
        return np.array([[count, *ids, *weights]], dtype=np.int32)

    monkeypatch.setattr(made, "_run", run)
    (terms,) = made.run(toy.load().encode(Inputs(["a dog"])))
    assert rooms == [4, 8, 12]
    assert spread(terms, 12).tolist() == [1] * 10 + [0] * 2


COMPILED = """
from triton import compile
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from connote.runtime.backends import kernels

tile = {name: value for name, value in kernels._TILE.items() if name.isupper()}
options = {name: value for name, value in kernels._TILE.items() if not name.isupper()}
NUMBERS, SIZE = "*bf16", "constexpr"
HEAD = [NUMBERS, "*i32", "*i32", NUMBERS, "*fp32", "*i32", "i32", "i32"]
for kernel, types, sizes, own in (
    (kernels._maxima, HEAD, {"HIDDEN": 384, **tile}, options),
    (kernels._gather, ["*fp32", "*i64", "*i32", "i32", "i32"], {"SPAN": 2048}, {}),
    (kernels._add_norm, [*[NUMBERS] * 5, "i32", "fp32"], {"SPAN": 512}, {}),
):
    signature = dict(zip(kernel.arg_names, [*types, *[SIZE] * len(sizes)], strict=True))
    for capability in (80, 90):  # Ampere, Hopper
        made = compile(ASTSource(kernel, signature, sizes), target=GPUTarget("cuda", capability, 32), options=own)
        assert made.asm["cubin"]
        assert made.metadata.shared < 100 << 10, "the memory of a multiprocessor of the smaller GPUs"
print("compiled")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Triton is for Linux")
def test_the_kernels_compile_for_gpus() -> None:
    told = run(COMPILED, TRITON_DEFAULT_FP_FUSION="1")
    assert told.stdout == "compiled\n", told.stderr


def test_a_batch_may_leave_room(make: Make) -> None:
    toy = make("bert", Head.SPARSE)
    sizes, items = Checkpoint.read(toy.folder, toy.head).architecture, toy.load().encode(Inputs(TEXTS))
    packed = Packed.of(items, sizes, Room(100, len(items) + 3))
    sent = Sent.of(torch.from_numpy(packed.numbers), 100, packed)
    assert sent.ids[: packed.bounds[-1]].tolist() == np.concatenate([item.ids for item in items]).tolist()
    assert sent.positions[: items[0].used].tolist() == list(range(items[0].used))
    assert sent.starts.diff().tolist() == [*[item.used for item in items], 100 - packed.bounds[-1], 0, 0]
    assert sent.texts.bincount().tolist() == [*[item.used for item in items], 100 - packed.bounds[-1]]


@pytest.mark.parametrize("room", ROOMS)
def test_a_blank_batch_fits_into_its_room(make: Make, room: Room) -> None:
    sizes = Checkpoint.read(make("bert", Head.SPARSE).folder, Head.SPARSE).architecture
    batch = blank(room, sizes.max_tokens)
    packed = Packed.of(batch, sizes, room)
    assert len(batch) < room.texts
    assert 0 < packed.bounds[-1] <= room.tokens
    assert len(packed.numbers) == 4 * room.tokens + room.texts + 1


class Recorded:
    """A graph that computes, instead of being played, with nothing of a batch but its numbers."""

    def __init__(self, compute: Callable[[Sent], torch.Tensor], room: Room, numbers: torch.Tensor) -> None:
        self._compute, self._room, self._numbers = compute, room, numbers
        self.found = self._computed()

    def replay(self) -> None:
        self.found.copy_(self._computed())

    def _computed(self) -> torch.Tensor:
        bounds = self._numbers[4 * self._room.tokens :].tolist()
        packed = Packed(self._numbers.numpy(), bounds, self._room.tokens)
        return self._compute(Sent.of(self._numbers, self._room.tokens, packed))


def recorded(self: Captured, compute: Callable[[Sent], torch.Tensor], room: Room) -> _Graph:
    packed = Packed.of(blank(room, self._sizes.max_tokens), self._sizes, room)
    numbers = torch.from_numpy(packed.numbers)
    graph = Recorded(compute, room, numbers)
    return _Graph(room, graph, numbers, graph.found, numbers.clone(), graph.found.clone())  # type: ignore[arg-type]


@pytest.mark.parametrize("head", list(Head))
@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_left_of_a_room_changes_nothing(
    make: Make, monkeypatch: pytest.MonkeyPatch, family: str, head: Head
) -> None:
    monkeypatch.setattr(Captured, "_capture", recorded)
    monkeypatch.setattr(captured, "ROOMS", tuple(Room(tokens, 9) for tokens in (16, 32, 64, 128)))
    toy = make(family, head)
    made = backend(toy)
    stream = SimpleNamespace(synchronize=lambda: None)
    with torch.inference_mode():
        graphs = Captured(made._compute, made._sizes, stream, by_token=head is Head.LATE)  # type: ignore[arg-type]
    for count in (1, 3, len(TOGETHER)):
        items = toy.load().encode(Inputs(TOGETHER[-count:]))
        with torch.inference_mode():
            found, expected = graphs.run(items), made._run(items)
        assert found is not None
        for one, other in zip(made._split(found, items), made._split(expected, items), strict=True):
            assert spread(one, VOCABULARY) == pytest.approx(spread(other, VOCABULARY), abs=1e-5)


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("full"), torch.AcceleratorError("full")])
def test_rooms_that_the_device_has_no_memory_for_are_left_out(
    make: Make, monkeypatch: pytest.MonkeyPatch, error: RuntimeError
) -> None:
    if isinstance(error, torch.AcceleratorError):
        error.error_code = 2  # type: ignore[attr-defined]

    def capture(_: object, __: object, room: Room) -> _Graph:
        if room.tokens > 100:
            raise error
        return _Graph(room, *[torch.zeros(1)] * 5)  # type: ignore[arg-type]

    monkeypatch.setattr(Captured, "_capture", capture)
    made = backend(make("bert", Head.MEAN))
    graphs = Captured(made._compute, made._sizes, None, by_token=False)  # type: ignore[arg-type]
    assert [graph.room.tokens for graph in graphs._graphs] == [16, 32, 64]
    assert graphs.run(made_of(65)) is None


def made_of(tokens: int) -> list[Encoded]:
    zeros = np.zeros(tokens, dtype=np.int64)
    return [Encoded(zeros, zeros, tokens)]


def test_without_a_compiler_a_gpu_computes_with_plain_pytorch(
    make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("triton")
    from connote.runtime.backends import kernels  # noqa: PLC0415 (needs Triton)

    def fail(*_: object) -> None:
        raise RuntimeError("Failed to find C compiler")

    made = backend(make("bert", Head.MEAN))
    assert _kernels(made._words[:1], made._norm) is plain  # nor on a processor
    monkeypatch.setattr(kernels, "add_norm", fail)
    assert _kernels(made._words[:1], made._norm) is plain
    assert "Failed to find C compiler" in caplog.text
    monkeypatch.setattr(kernels, "add_norm", lambda *_: None)
    assert _kernels(made._words[:1], made._norm) is kernels


def test_int8_is_refused(make: Make) -> None:
    with pytest.raises(Unavailable, match=r"\[precision\] must be one of \[float32, bfloat16\]"):
        backend(make("bert", Head.MEAN), precision=Precision.INT8)


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (torch.OutOfMemoryError("full"), MemoryError),
        (torch.AcceleratorError("no memory to share with the device"), MemoryError),
        (torch.AcceleratorError("lost"), DeviceFault),
    ],
)
def test_what_the_device_refuses_is_told_apart(
    make: Make, monkeypatch: pytest.MonkeyPatch, fault: Exception, raised: type[Exception]
) -> None:
    toy = make("bert", Head.MEAN)
    made = backend(toy)
    fault.error_code = 2 if raised is MemoryError else 1  # type: ignore[attr-defined]

    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr(made, "_compute", fail)
    with pytest.raises(raised):
        made.run(toy.load().encode(Inputs(["a dog"])))


def test_what_is_closed_holds_nothing(make: Make) -> None:
    made = backend(make("bert", Head.SPARSE))
    made.close()
    assert not any(isinstance(value, torch.Tensor | list) for value in vars(made).values())


def test_a_stream_is_used_again(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "_streams", defaultdict(SimpleQueue))
    streams = [SimpleNamespace(device=torch.device("cpu")) for _ in range(AT_ONCE)]
    made = backend(make("bert", Head.MEAN))
    made._slots = SimpleQueue()
    for stream in streams:
        made._slots.put(_Slot(stream, None))  # type: ignore[arg-type]
    made.close()
    made.close()  # once more does nothing
    assert [cuda._stream("cpu") for _ in streams] == streams


@pytest.mark.parametrize(
    ("capability", "asked", "precision"),
    [
        ((8, 0), None, Precision.BFLOAT16),
        ((9, 0), Precision.INT8, Precision.BFLOAT16),
        ((9, 0), Precision.FLOAT32, Precision.FLOAT32),
        ((7, 5), None, Precision.FLOAT32),
        ((7, 5), Precision.BFLOAT16, Precision.BFLOAT16),
    ],
)
def test_bfloat16_is_for_gpus_that_have_it(
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
    capability: tuple[int, int],
    asked: Precision | None,
    precision: Precision,
) -> None:
    toy = make("bert", Head.MEAN)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    monkeypatch.setattr(placement, "has_gpu", lambda: True)
    monkeypatch.setattr(cuda, "CudaBackend", partial(CudaBackend, device="cpu"))
    placed = placement.place(Checkpoint.read(toy.folder, toy.head), 1, asked, [], Device.FASTEST)
    assert placed.backend.precision is precision


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("precision", [Precision.FLOAT32, Precision.BFLOAT16])
@pytest.mark.parametrize("head", list(Head))
@pytest.mark.parametrize("family", FAMILIES)
def test_a_gpu_gives_the_same(make: Make, family: str, head: Head, precision: Precision) -> None:
    toy = make(family, head)
    check(toy, backend(toy, "cuda:0", precision), 1e-3 if precision is Precision.FLOAT32 else 0.1)
    assert np.isfinite(torch.cuda.memory_allocated())
