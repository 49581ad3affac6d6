"""The native engine: each precision comes near to float32, and what it screens out would weigh nothing."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkpoints import FAMILIES, TEXTS, VOCABULARY, Toy, spread
from conftest import Make
from connote.contract.errors import Unavailable
from connote.runtime.backends import native
from connote.runtime.backends.backend import Precision, Terms
from connote.runtime.backends.onnx import OnnxBackend
from connote.runtime.catalog import Head
from connote.runtime.library import Library
from connote.runtime.local import Inputs
from connote.runtime.placement import Checkpoint
from connote.runtime.tokenizer import Encoded

# How far an output may be from that of float32, relative to its length.
TOLERANCE = {Precision.FLOAT32: 1e-5, Precision.BFLOAT16: 0.02, Precision.INT8: 0.05}


def item(*ids: int) -> Encoded:
    array = np.array(ids, dtype=np.int64)
    return Encoded(array, np.zeros_like(array), len(array))


def splade(library: Library, precision: Precision, threads: int = 1) -> native.NativeBackend:
    row = library.find(".elser_model_2")
    folder = library.path(row)
    assert folder is not None
    own = Checkpoint.read(folder, Head.SPARSE)
    return native.NativeBackend(own.architecture, own.weights, own.head, threads, precision)


@pytest.fixture(scope="module")
def exact(library: Library) -> native.NativeBackend:
    return splade(library, Precision.FLOAT32)


@pytest.fixture(scope="module")
def reference(library: Library) -> OnnxBackend:
    row = library.find(".elser_model_2")
    folder = library.path(row)
    assert folder is not None
    own = Checkpoint.read(folder, Head.SPARSE)
    return OnnxBackend(own.architecture, own.weights, own.head, 1)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("precision", list(Precision))
@pytest.mark.parametrize("head", list(Head))
@pytest.mark.parametrize("family", FAMILIES)
def test_every_precision_is_near_the_reference(
    make: Make, family: str, head: Head, precision: Precision, threads: int
) -> None:
    toy = make(family, head)
    model = toy.load(precision=precision, threads=threads)
    assert model.backend.precision is precision
    query = "a mat" if head is Head.CROSS else None
    items = model.encode(Inputs([*TEXTS, "the dogs sat on a mat. " * 20], query=query))
    if head is Head.LATE:
        items = items[1:]
    rows = toy.reference([*TEXTS, "the dogs sat on a mat. " * 20], query=query)
    for output, row, one in zip(model.run(items), rows, items, strict=True):
        expected = row[: one.used] if head is Head.LATE else row
        got = spread(output, len(row)) if head is Head.SPARSE else spread(output, VOCABULARY)
        assert float(np.linalg.norm(got - expected)) <= TOLERANCE[precision] * max(float(np.linalg.norm(expected)), 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 30_521), min_size=1, max_size=130), min_size=1, max_size=9))
def test_the_screen_loses_nothing(exact: native.NativeBackend, reference: OnnxBackend, texts: list[list[int]]) -> None:
    items = [item(*ids) for ids in texts]
    for ours, theirs in zip(exact.run(items), reference.run(items), strict=True):
        assert spread(ours, 30_522) == pytest.approx(spread(theirs, 30_522), abs=1e-4)


def test_terms_rise_by_id_and_weigh_something(exact: native.NativeBackend) -> None:
    (terms,) = exact.run([item(101, 2160, 2011, 1996, 2712, 102)])
    assert isinstance(terms, Terms)
    assert terms.ids.tolist() == sorted(set(terms.ids.tolist()))
    assert (terms.weights > 0).all()


@pytest.mark.parametrize("length", [1, 2, 5, 6, 7, 15, 16, 17, 63, 64, 65, 128, 511, 512])
def test_every_length_is_computed_to_its_end(exact: native.NativeBackend, reference: OnnxBackend, length: int) -> None:
    ids = item(*(np.random.default_rng(length).integers(1000, 30_000, length)))
    (ours,), (theirs,) = exact.run([ids]), reference.run([ids])
    assert spread(ours, 30_522) == pytest.approx(spread(theirs, 30_522), abs=1e-4)


def test_threads_and_callers_do_not_change_the_answer(library: Library, exact: native.NativeBackend) -> None:
    shared = splade(library, Precision.FLOAT32, threads=2)
    rng = np.random.default_rng(0)
    batches = [[item(*rng.integers(1000, 30_000, rng.integers(1, 60))) for _ in range(3)] for _ in range(24)]
    with ThreadPoolExecutor(4) as callers:
        together = list(callers.map(shared.run, batches))
    for batch, outputs in zip(batches, together, strict=True):
        for alone, output in zip(exact.run(batch), outputs, strict=True):
            assert spread(output, 30_522) == pytest.approx(spread(alone, 30_522), abs=1e-6)
    shared.close()


def test_closing_waits_for_what_runs(library: Library) -> None:
    backend, texts = splade(library, Precision.FLOAT32), [item(*range(1000, 1500))] * 8
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(backend.run, texts)
        while not backend._running:
            time.sleep(0.0005)
        backend.close()
        assert backend._running == 0
        assert len(running.result(10)) == 8
    with pytest.raises(Unavailable, match="has been unloaded"):
        backend.run(texts)
    backend.close()


THREADLESS = """
import resource, sys
import numpy as np
from pathlib import Path
from connote.runtime.backends.backend import Precision
from connote.runtime.backends.native import NativeBackend
from connote.runtime.catalog import Head
from connote.runtime.placement import Checkpoint
from connote.runtime.tokenizer import Encoded
own = Checkpoint.read(Path(sys.argv[1]), Head.SPARSE)
backend = NativeBackend(own.architecture, own.weights, own.head, 64, Precision.FLOAT32)
most = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + (100 << 20)
resource.setrlimit(resource.RLIMIT_AS, (most, most))
ids = np.arange(1000, 1020)
try:
    backend.run([Encoded(ids, np.zeros_like(ids), 20)])
except MemoryError:
    print("told")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it reads /proc")
def test_threads_that_cannot_be_had_are_told_and_end_nothing(library: Library) -> None:
    folder = library.path(library.find(".elser_model_2"))
    command = [sys.executable, "-c", THREADLESS, str(folder)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert told.stdout == "told\n", told.stderr


def test_what_the_engine_cannot_run_is_named(tmp_path: Path) -> None:
    toy = Toy.write(tmp_path, "bert", Head.MEAN, hidden_size=40)
    architecture = Checkpoint.read(toy.folder, Head.MEAN).architecture
    assert native.obstacle(architecture) == "its sizes are no multiples of 16"
    model = toy.load()  # ONNX Runtime does it
    assert spread(model.run(model.encode(Inputs(["a dog"])))[0], 0).shape == (40,)


def test_a_precision_that_the_machine_lacks_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "precisions", frozenset)
    toy = Toy.write(tmp_path, "bert", Head.MEAN)
    with pytest.raises(Unavailable, match=r"\[precision\] must be one of \[float32, int8\]"):
        toy.load(precision=Precision.BFLOAT16)
