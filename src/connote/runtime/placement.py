"""Placement: on which backend and in which precision a model runs on this machine."""

import importlib.util
import logging
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path

from connote.runtime import quality
from connote.runtime.architecture import Architecture
from connote.runtime.backends import native
from connote.runtime.backends.backend import Backend, Precision
from connote.runtime.backends.onnx import OnnxBackend
from connote.runtime.catalog import Head
from connote.runtime.quality import Quality
from connote.runtime.tokenizer import Encoded
from connote.runtime.weights import Weights

log = logging.getLogger("connote.runtime")

# Counts what changes the numbers of an engine: their quality is then measured anew.
ARITHMETIC = 1
# What the driver of a GPU makes, on Linux and on its subsystem in Windows.
_DRIVERS = ("/dev/nvidiactl", "/dev/dxg")
# A lower precision must promise to be this much faster, or the numbers of float32 are worth more.
WORTH = 1.5
_FASTEST_FIRST = (Precision.INT8, Precision.BFLOAT16)
# Time of one multiplication, relative: what the instructions of AVX-512 give.
_COST = {Precision.FLOAT32: 4, Precision.BFLOAT16: 2, Precision.INT8: 1}


class Device(StrEnum):
    """Where a model is wished to run."""

    CPU = "cpu"
    FASTEST = "fastest"  # a GPU if there is one


@dataclass(frozen=True)
class Placed:
    """A backend, and how near the precisions that were looked at come to float32."""

    backend: Backend
    quality: Mapping[str, Quality] = field(default_factory=dict)


@dataclass(frozen=True)
class Checkpoint:
    """What a backend is made of."""

    folder: Path
    architecture: Architecture
    weights: Weights
    head: Head

    @classmethod
    def read(cls, folder: Path, head: Head) -> "Checkpoint":
        """Read config.json, and open model.safetensors. Raises Unavailable if they are not right."""
        return cls(folder, Architecture.read(folder / "config.json"), Weights(folder / "model.safetensors"), head)


def place(
    checkpoint: Checkpoint,
    threads: int,
    precision: Precision | None,
    sample: Sequence[Encoded],
    device: Device = Device.CPU,
) -> Placed:
    """Open the checkpoint in that precision, or without one in the fastest that the quality gate lets pass.

    On a GPU that has it that is bfloat16, which loses nothing that shows in the ranking.
    """
    if device is Device.FASTEST and has_gpu():
        return Placed(_open_on_gpu(checkpoint, precision))
    if precision is not None:
        return Placed(_open(checkpoint, threads, precision))
    engine = _engine(checkpoint.architecture)
    wished = [one for one in _FASTEST_FIRST if one in engine.precisions and gain(checkpoint, one) >= WORTH]
    if not wished:
        return Placed(_open(checkpoint, threads, Precision.FLOAT32))
    key = f"{engine.name} {ARITHMETIC} {' '.join(wished)}"
    found = quality.recall(checkpoint.folder, key, lambda: _measure(checkpoint, wished, sample))
    chosen = next((one for one in wished if found[one].is_enough), Precision.FLOAT32)
    return Placed(_open(checkpoint, threads, chosen), found)


@cache
def has_gpu() -> bool:
    """Whether there is an NVIDIA GPU, and PyTorch to use it (`pip install connote[cuda]`)."""
    if not any(Path(path).exists() for path in _DRIVERS) or importlib.util.find_spec("torch") is None:
        return False  # PyTorch takes seconds to import
    from connote.runtime.backends import cuda  # noqa: PLC0415 (as above)

    return cuda.device() is not None


def gain(checkpoint: Checkpoint, precision: Precision) -> float:
    """How many times faster than float32 it should be, by counting multiplications."""
    own = checkpoint.architecture
    encoder = own.layers * (4 * own.hidden**2 + 2 * own.hidden * own.intermediate)
    head = own.hidden * own.vocabulary if checkpoint.head is Head.SPARSE else 0

    def cost(precision: Precision) -> int:
        screened = Precision.INT8 if _engine(own).screens else precision
        return encoder * _COST[precision] + head * _COST[screened]

    return cost(Precision.FLOAT32) / cost(precision)


@dataclass(frozen=True)
class _Engine:
    name: str
    precisions: frozenset[Precision]
    screens: bool  # its sparse head costs int8 in every precision


def _engine(architecture: Architecture) -> _Engine:
    if native.precisions() and native.obstacle(architecture) is None:
        return _Engine("native", native.precisions(), screens=True)
    return _Engine("onnx", frozenset(OnnxBackend.precisions), screens=False)


def _measure(checkpoint: Checkpoint, wished: Sequence[Precision], sample: Sequence[Encoded]) -> dict[str, Quality]:
    found = {}
    with closing(_open(checkpoint, 1, Precision.FLOAT32)) as reference:
        for precision in wished:
            with closing(_open(checkpoint, 1, precision)) as candidate:
                found[precision.value] = Quality.measure(reference, candidate, sample)
            log.info("%s in %s: cosine to float32 %s", checkpoint.folder.name, precision, found[precision.value])
    return found


def _open_on_gpu(checkpoint: Checkpoint, precision: Precision | None) -> Backend:
    from connote.runtime.backends.cuda import CudaBackend, has_bfloat16  # noqa: PLC0415 (needs PyTorch)

    own, wished = checkpoint, precision
    if wished not in (Precision.FLOAT32, Precision.BFLOAT16):
        wished = Precision.BFLOAT16 if has_bfloat16() else Precision.FLOAT32
    return CudaBackend(own.architecture, own.weights, own.head, precision=wished)


def _open(checkpoint: Checkpoint, threads: int, precision: Precision) -> Backend:
    own = checkpoint
    if _engine(own.architecture).name == "native":
        return native.NativeBackend(own.architecture, own.weights, own.head, threads, precision)
    return OnnxBackend(own.architecture, own.weights, own.head, threads, precision)
