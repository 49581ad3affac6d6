"""The GPU's backend: the same code on the processor gives what transformers gives, and so do the fused kernels.

The kernels run in Triton's interpreter, in a process of its own, as the interpreter is chosen when Triton is imported.
"""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from checkpoints import FAMILIES, TEXTS, VOCABULARY, Toy, spread
from conftest import Make
from connote.contract.errors import Unavailable
from connote.runtime.backends import plain
from connote.runtime.backends.backend import DeviceFault, Precision
from connote.runtime.backends.captured import ROOMS
from connote.runtime.backends.cuda import CudaBackend
from connote.runtime.backends.packed import Packed, Room, Sent, blank
from connote.runtime.catalog import Head
from connote.runtime.local import Inputs
from connote.runtime.placement import Checkpoint

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
    environment = os.environ | {"TRITON_INTERPRET": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-c", KERNELS], capture_output=True, text=True, env=environment, check=False
    )
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
    environment = os.environ | {"TRITON_DEFAULT_FP_FUSION": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-c", COMPILED], capture_output=True, text=True, env=environment, check=False
    )
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


def test_int8_is_refused(make: Make) -> None:
    with pytest.raises(Unavailable, match=r"\[precision\] must be one of \[float32, bfloat16\]"):
        backend(make("bert", Head.MEAN), precision=Precision.INT8)


@pytest.mark.parametrize(
    ("fault", "raised"), [(torch.OutOfMemoryError("full"), MemoryError), (torch.AcceleratorError("lost"), DeviceFault)]
)
def test_what_the_device_refuses_is_told_apart(
    make: Make, monkeypatch: pytest.MonkeyPatch, fault: Exception, raised: type[Exception]
) -> None:
    toy = make("bert", Head.MEAN)
    made = backend(toy)

    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr(made, "_compute", fail)
    with pytest.raises(raised):
        made.run(toy.load().encode(Inputs(["a dog"])))


def test_what_is_closed_holds_nothing(make: Make) -> None:
    made = backend(make("bert", Head.SPARSE))
    made.close()
    assert not any(isinstance(value, torch.Tensor | list) for value in vars(made).values())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("precision", [Precision.FLOAT32, Precision.BFLOAT16])
@pytest.mark.parametrize("head", list(Head))
@pytest.mark.parametrize("family", FAMILIES)
def test_a_gpu_gives_the_same(make: Make, family: str, head: Head, precision: Precision) -> None:
    toy = make(family, head)
    check(toy, backend(toy, "cuda:0", precision), 1e-3 if precision is Precision.FLOAT32 else 0.1)
    assert np.isfinite(torch.cuda.memory_allocated())
