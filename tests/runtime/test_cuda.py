"""The GPU's backend: the same code on the processor gives what transformers gives, and so does the fused kernel.

The kernel runs in Triton's interpreter, in a process of its own, as the interpreter is chosen when Triton is imported.
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
from connote.runtime.backends import maxima
from connote.runtime.backends.backend import DeviceFault, Precision
from connote.runtime.backends.cuda import CudaBackend
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
    monkeypatch.setattr(maxima, "MOST_LOGITS", 100)
    check(toy, whole, 1e-4)


KERNEL = """
import sys, numpy as np, torch
from connote.runtime.backends.maxima import weigh
torch.manual_seed(0)
for hidden, vocabulary, lengths in ((32, 70, [1]), (96, 300, [5, 64, 130, 1]), (64, 129, [200, 65])):
    tokens, decoder = torch.randn(sum(lengths), hidden), torch.randn(vocabulary, hidden)
    bias = torch.randn(vocabulary)
    starts = torch.tensor([0, *np.cumsum(lengths)], dtype=torch.int32)
    plain, fused = (weigh(tokens, starts, decoder, bias, fused=fused) for fused in (False, True))
    assert fused.shape == (len(lengths), vocabulary)
    torch.testing.assert_close(fused, plain, atol=1e-4, rtol=1e-4)
    assert (plain > 0).any()
print("equal")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Triton is for Linux")
def test_the_fused_kernel_weighs_as_plain_pytorch_does() -> None:
    environment = os.environ | {"TRITON_INTERPRET": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-c", KERNEL], capture_output=True, text=True, env=environment, check=False
    )
    assert told.stdout == "equal\n", told.stderr


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

    monkeypatch.setattr(made, "_encode", fail)
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
