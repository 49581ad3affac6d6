"""Uploaded models give what torch gives, whatever else is in their batch."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from numpy.typing import NDArray
from torch import Tensor

from conftest import Load
from connote.contract.errors import Rejected, Unavailable
from connote.runtime import memory
from connote.runtime.backends.backend import Output, Precision, Reduction, Terms
from connote.runtime.backends.torchscript import TorchScriptBackend
from connote.runtime.lane import Lane
from connote.runtime.library import Library
from connote.runtime.local import Inputs
from connote.runtime.sandbox import confinement, pool
from connote.runtime.sandbox.limits import Limits
from connote.runtime.sandbox.process import Worker
from connote.runtime.tokenizer import Encoded
from uploads import INPUTS, encoded, forged, quietly, scripted, template, traced

TEXTS = ["a quiet house near the sea", "home", "There is no reason anyone would want a computer in their home. " * 4]
ITEMS = [encoded(5, 6, 7, 8, 9), encoded(10), encoded(11, 12), encoded(*range(5, 25))]
# A model that dies of one token only. What divides is not known before it runs.
TOUCHY = """_0 = torch.sub(torch.size(ids, 0), torch.add(torch.size(ids, 0), 1))
if bool(torch.any(torch.eq(ids, 99))):
  y = torch.floordiv(-9223372036854775808, _0)
else:
  y = 0
return torch.add(ids, y)"""
SLOW = """x = torch.ones([500, 500])
for _0 in range(100):
  x = torch.tanh(torch.matmul(x, x))
return torch.add(ids, torch.mul(torch.sum(x), 0.))"""
Open = Callable[..., TorchScriptBackend]


class Pooled(torch.nn.Module):
    """A sentence embedding, as eland wraps it: the mean of the real tokens, of length 1."""

    def __init__(self, network: Any) -> None:  # noqa: ANN401
        super().__init__()
        self.network = network

    def forward(self, **inputs: Any) -> tuple[Tensor]:  # noqa: ANN401
        inputs.pop("return_dict")
        hidden, mask = self.network(**inputs)[0], inputs["attention_mask"].unsqueeze(-1)
        return (torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1),)


class Scripted(torch.nn.Module):
    """Control flow, and a dictionary out."""

    def forward(self, ids: Tensor, mask: Tensor) -> dict[str, Tensor]:
        total = ids * 0
        for i in range(ids.shape[1]):
            if int(mask[0, i]) == 1:
                total = total + ids[:, i : i + 1] * mask
        return {"logits": total.float(), "rest": ids}


class OneInput(torch.nn.Module):
    def forward(self, ids: Tensor) -> Tensor:
        return ids


class FiveInputs(torch.nn.Module):
    def forward(self, a: Tensor, b: Tensor, c: Tensor, d: Tensor, e: Tensor) -> Tensor:
        return a + b + c + d + e


class Optional(torch.nn.Module):
    def forward(self, ids: Tensor, mask: Tensor, scale: float = 2.0) -> Tensor:
        return ids * mask * scale


@pytest.fixture
def start() -> Iterator[Open]:
    """Opens backends, which are closed after the test."""
    opened: list[TorchScriptBackend] = []

    def open_(file: Path, reduction: Reduction = Reduction.FIRST, **changes: Any) -> TorchScriptBackend:  # noqa: ANN401
        given: dict[str, Any] = {"pad": 0, "threads": 1, "limits": Limits()} | changes
        opened.append(TorchScriptBackend(file, reduction=reduction, **given))
        return opened[-1]

    yield open_
    for backend in opened:
        backend.close()


@pytest.fixture
def upload(tmp_path: Path) -> Callable[[bytes], Path]:
    """An archive as a file."""

    def write(data: bytes) -> Path:
        file = tmp_path / "model.pt"
        file.write_bytes(data)
        return file

    return write


def bert(kind: Any, **config: Any) -> Any:  # noqa: ANN401
    """A small model with random weights that are not all alike."""
    torch.manual_seed(7)
    sizes: dict[str, Any] = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 48,
    }
    given: dict[str, Any] = {"vocab_size": 100, "max_position_embeddings": 64, "attn_implementation": "eager"}
    network = kind(transformers.BertConfig(**sizes, **given, **config)).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(std=0.3)
    return network


def alone(network: Any, item: Encoded) -> tuple[Tensor, ...]:  # noqa: ANN401
    """What torch gives for an item by itself, without the batch dimension."""
    given = (item.ids, np.ones_like(item.ids), item.types, np.arange(item.used))
    inputs = {name: torch.from_numpy(value)[None] for name, value in zip(INPUTS, given, strict=True)}
    with torch.no_grad():
        return tuple(tensor[0] for tensor in network(**inputs, return_dict=False))


def terms(output: Output, width: int) -> NDArray[np.float32]:
    """The terms of an output as a row."""
    assert isinstance(output, Terms)
    row = np.zeros(width, dtype=np.float32)
    row[output.ids] = output.weights
    return row


def close(outputs: Sequence[Output], expected: Sequence[NDArray[Any]]) -> None:
    for output, reference in zip(outputs, expected, strict=True):
        assert isinstance(output, np.ndarray)
        assert output.dtype == np.float32
        np.testing.assert_allclose(output, reference, rtol=0, atol=1e-5)


def test_the_first_tensor_comes_without_padding(start: Open, tmp_path: Path) -> None:
    network = bert(transformers.BertModel)
    backend = start(traced(tmp_path / "model.pt", network, inputs=4))
    assert (backend.precision, backend.pads, backend.device) == (Precision.FLOAT32, True, "cpu")
    expected = [alone(network, item)[0].numpy() for item in ITEMS]
    close(backend.run(ITEMS), expected)
    close([backend.run([item])[0] for item in ITEMS], expected)


def test_tensors_of_one_shape_are_stacked(start: Open, tmp_path: Path) -> None:
    network = bert(transformers.BertForQuestionAnswering)
    backend = start(traced(tmp_path / "model.pt", network, inputs=4), Reduction.STACK, threads=2)
    close(backend.run(ITEMS), [torch.stack(alone(network, item)).numpy() for item in ITEMS])


def test_logits_are_pooled_over_the_real_tokens(start: Open, tmp_path: Path) -> None:
    network = bert(transformers.BertForMaskedLM)
    backend = start(traced(tmp_path / "model.pt", network, inputs=4), Reduction.TERMS)
    expected = [torch.log1p(torch.relu(alone(network, item)[0])).amax(0).numpy() for item in ITEMS]
    for outputs in (backend.run(ITEMS), [backend.run([item])[0] for item in ITEMS]):
        for output, reference in zip(outputs, expected, strict=True):
            np.testing.assert_allclose(terms(output, 100), reference, rtol=0, atol=1e-5)


@pytest.mark.parametrize("shape", ["torch.slice(x, 1, 0, 1)", "torch.unsqueeze(torch.slice(x, 1, 0, 1), 1)"])
def test_what_is_pooled_already_stands_as_it_is(start: Open, upload: Callable[[bytes], Path], shape: str) -> None:
    body = f"x = torch.sub(torch.to(ids, 6), 6.5)\nreturn {shape}"
    backend = start(upload(forged(body)), Reduction.TERMS)
    outputs = backend.run([encoded(9, 1), encoded(2), encoded(7)])
    assert [terms(output, 1).tolist() for output in outputs] == [[2.5], [0], [0.5]]


def test_a_dynamically_quantized_model_gives_the_same_in_any_company(start: Open, tmp_path: Path) -> None:
    quantization: Any = torch.ao.quantization
    with quietly():
        network = quantization.quantize_dynamic(bert(transformers.BertModel), {torch.nn.Linear}, dtype=torch.qint8)
    backend = start(traced(tmp_path / "model.pt", network, inputs=4))
    assert (backend.precision, backend.pads) == (Precision.INT8, False)
    close(backend.run(ITEMS), [alone(network, item)[0].numpy() for item in ITEMS])


def test_a_size_that_is_the_padded_length_by_chance_is_not_cut(start: Open, upload: Callable[[bytes], Path]) -> None:
    backend = start(upload(forged("return torch.slice(torch.cat([ids, ids, ids, ids], 1), 1, 0, 4)")))
    outputs = backend.run([encoded(5, 6, 7, 8), encoded(9, 3)])
    close(outputs, [np.array([5, 6, 7, 8]), np.array([9, 3, 0, 0])])


def test_a_script_may_decide_and_give_a_dictionary(start: Open, tmp_path: Path) -> None:
    backend = start(scripted(tmp_path / "model.pt", Scripted()), pad=50)
    close(backend.run([encoded(5, 6), encoded(7, 8)]), [np.array([11, 11]), np.array([15, 15])])


def test_an_argument_with_a_default_keeps_it(start: Open, tmp_path: Path) -> None:
    close(start(scripted(tmp_path / "model.pt", Optional())).run([encoded(5, 6, 7)]), [np.array([10, 12, 14])])


@pytest.mark.parametrize("module", [OneInput(), FiveInputs()], ids=["one", "five"])
def test_another_number_of_arguments_is_refused(start: Open, tmp_path: Path, module: torch.nn.Module) -> None:
    with pytest.raises(Rejected, match="it must take 2 to 4, of input_ids, attention_mask"):
        start(scripted(tmp_path / "model.pt", module))


def test_minilm_gives_the_vectors_of_torch(start: Open, library: Library, load: Load, tmp_path: Path) -> None:
    _, folder = library.resolve(library.find("all-MiniLM-L6-v2"), lambda *_: None)
    network = Pooled(transformers.AutoModel.from_pretrained(folder).eval())
    items = load("all-MiniLM-L6-v2").encode(Inputs(TEXTS))
    backend = start(traced(tmp_path / "model.pt", network, inputs=4))
    close(backend.run(items), [alone(network, item)[0].numpy() for item in items])
    close(backend.run(items), [np.asarray(output) for output in load("all-MiniLM-L6-v2").run(items)])


def test_splade_gives_the_terms_of_the_fast_lane(start: Open, library: Library, load: Load, tmp_path: Path) -> None:
    fast = load(".elser_model_2")
    _, folder = library.resolve(library.find(".elser_model_2"), lambda *_: None)
    network = transformers.AutoModelForMaskedLM.from_pretrained(folder).eval()
    backend = start(traced(tmp_path / "model.pt", network, inputs=4), Reduction.TERMS)
    items = fast.encode(Inputs(TEXTS))
    width = network.config.vocab_size
    for output, reference in zip(backend.run(items), fast.run(items), strict=True):
        np.testing.assert_allclose(terms(output, width), terms(reference, width), rtol=0, atol=2e-5)


def test_only_the_item_that_crashes_the_model_fails(start: Open, upload: Callable[[bytes], Path]) -> None:
    lane = Lane(start(upload(forged(TOUCHY))), name="touchy", workers=1)
    good, bad = lane.submit([encoded(5, 6), encoded(7)]), lane.submit([encoded(99)])
    with pytest.raises(Unavailable, match=r"the model failed at this input: it crashed \(SIGFPE\)"):
        bad.result(timeout=120)
    close(good.result(timeout=120), [np.array([5, 6]), np.array([7])])
    lane.close()


def test_batches_run_at_once_in_workers_of_their_own(
    start: Open, upload: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = start(upload(forged(SLOW)))
    with ThreadPoolExecutor(3) as threads:
        outputs = list(threads.map(lambda i: backend.run([encoded(i)]), range(5, 11)))
    close([output for (output,) in outputs], [np.array([i]) for i in range(5, 11)])
    assert 2 <= len(children()) <= 3
    monkeypatch.setattr(pool, "IDLE", 0.0)
    backend.run([encoded(5)])
    assert len(children()) == 1  # those that are not needed are ended


def test_where_memory_does_not_suffice_for_another_worker_batches_wait(
    start: Open, upload: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = start(upload(forged(SLOW)))
    monkeypatch.setattr(memory, "available", lambda: 1 << 20)
    with ThreadPoolExecutor(3) as threads:
        assert len(list(threads.map(lambda i: backend.run([encoded(i)]), range(3)))) == 3
    assert len(children()) == 1
    with pytest.raises(Unavailable, match="about 400 MB of memory for a moment, 1 MB are free"):
        start(upload(template()))


def test_a_worker_that_was_ended_while_it_was_idle_is_replaced(start: Open, upload: Callable[[bytes], Path]) -> None:
    backend = start(upload(template()))
    (pid,) = children()
    os.kill(pid, signal.SIGKILL)
    while ") Z " not in Path(f"/proc/{pid}/stat").read_text():
        time.sleep(0.01)
    close(backend.run([encoded(5, 6)]), [np.array([5, 6])])
    assert len(children()) == 1


def test_a_worker_that_ends_by_a_signal_without_a_name_is_told(start: Open, upload: Callable[[bytes], Path]) -> None:
    backend = start(upload(forged("x = ids\n_0 = True\nwhile _0:\n  x = torch.add(x, 1)\nreturn x")))
    with ThreadPoolExecutor(1) as threads:
        busy = threads.submit(backend.run, [encoded(5)])
        time.sleep(0.5)
        (pid,) = children()
        os.kill(pid, 40)
        with pytest.raises(Unavailable, match=r"it was ended \(signal 40\)"):
            busy.result(timeout=10)


@pytest.mark.parametrize("ids", [[3, 3], [3, 2], [-1, 2], [5, -(1 << 63)]])
def test_terms_that_do_not_rise_are_no_answer(
    start: Open, upload: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch, ids: list[int]
) -> None:
    backend = start(upload(template()), Reduction.TERMS)
    said = [np.array(ids), np.ones(2, dtype=np.float32)]
    monkeypatch.setattr(Worker, "run", lambda *_: said)  # as one does that its model has taken over
    with pytest.raises(Unavailable, match="its process said what is no answer"):
        backend.run([encoded(5)])


def test_closing_ends_all_workers_also_busy_ones(start: Open, upload: Callable[[bytes], Path]) -> None:
    backend = start(upload(forged("x = ids\n_0 = True\nwhile _0:\n  x = torch.add(x, 1)\nreturn x")))
    with ThreadPoolExecutor(1) as threads:
        busy = threads.submit(backend.run, [encoded(5)])
        time.sleep(0.5)
        backend.close()
        with pytest.raises(Unavailable):
            busy.result(timeout=10)
    assert not children()
    with pytest.raises(Unavailable, match="was stopped"):
        backend.run([encoded(5)])


def test_where_nothing_can_be_confined_uploads_are_refused_unless_that_is_wanted(
    start: Open, upload: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confinement, "is_possible", lambda: False)
    file = upload(template())
    with pytest.raises(Unavailable, match=r"set \[runtime\] unconfined_uploads = true"):
        start(file)
    close(start(file, limits=Limits(unconfined=True)).run([encoded(5, 6)]), [np.array([5, 6])])


def test_workers_end_with_a_server_that_is_killed(upload: Callable[[bytes], Path]) -> None:
    program = """
import sys, threading, pathlib
from connote.runtime.backends.backend import Reduction
from connote.runtime.backends.torchscript import TorchScriptBackend
from connote.runtime.sandbox.limits import Limits
backend = TorchScriptBackend(pathlib.Path(sys.argv[1]), reduction=Reduction.FIRST, pad=0, threads=1, limits=Limits())
print(*[worker.pid for worker in backend._pool._workers], flush=True)
threading.Event().wait()
"""
    command = [sys.executable, "-c", program, str(upload(template()))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        server.kill()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


def children() -> set[int]:
    """The worker processes of this process."""
    found: set[int] = set()
    for thread in threading.enumerate():
        with suppress(FileNotFoundError, ProcessLookupError):  # the thread has ended
            found |= {int(pid) for pid in Path(f"/proc/self/task/{thread.native_id}/children").read_text().split()}
    return {pid for pid in found if _works(pid)}


def _works(pid: int) -> bool:
    """Whether it is a worker, and no server of other tests."""
    try:
        return b"connote.runtime.sandbox" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False  # it has ended
