"""PyTorch on a GPU: tokens without padding, bfloat16, and a sparse head that never holds its logits."""

import importlib.util
import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from torch.nn.attention.varlen import varlen_attn

from connote.contract.errors import Unavailable
from connote.runtime.architecture import Architecture
from connote.runtime.backends import plain
from connote.runtime.backends.backend import AT_ONCE, DeviceFault, Output, Precision, Terms
from connote.runtime.backends.captured import RECORDING, Captured, is_short_of_memory
from connote.runtime.backends.packed import Packed, Sent
from connote.runtime.catalog import Head
from connote.runtime.tokenizer import Encoded
from connote.runtime.weights import Weights

log = logging.getLogger("connote.runtime")

# Numbers that a head may have for attention to texts of any length at once: so many at most, and a multiple of it.
_WIDEST, _STEP = 256, 8
# By device, those of backends that are closed. PyTorch has 32, which it gives out again and again: nothing can be
# recorded on one that another model computes on.
_streams: defaultdict[str, SimpleQueue[torch.cuda.Stream]] = defaultdict(SimpleQueue)
_TYPES = {Precision.FLOAT32: torch.float32, Precision.BFLOAT16: torch.bfloat16}


@dataclass(frozen=True)
class _Linear:
    weight: torch.Tensor
    bias: torch.Tensor

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return functional.linear(x, self.weight, self.bias)


@dataclass(frozen=True)
class _Norm:
    weight: torch.Tensor
    bias: torch.Tensor
    epsilon: float

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return functional.layer_norm(x, x.shape[-1:], self.weight, self.bias, self.epsilon)


@dataclass(frozen=True)
class _Block:
    attention: _Linear  # queries, keys and values in one product
    out: _Linear
    norm: _Norm
    up: _Linear
    down: _Linear
    final_norm: _Norm


@dataclass(frozen=True)
class _Slot:
    """Where a batch runs: none on the processor."""

    stream: torch.cuda.Stream | None
    captured: Captured | None


class CudaBackend:
    """A checkpoint on one GPU; `run` may be called from many threads.

    Raises Unavailable if the device's memory cannot hold the weights. With device "cpu", in float32, it is the same
    code on the processor: for tests.
    """

    budget = 16_384  # tokens: enough to fill the device, little enough for search not to wait long
    pads = False
    room = 1024  # terms of a text that leave the device at first; where there are more the batch is computed again

    def __init__(
        self,
        architecture: Architecture,
        weights: Weights,
        head: Head,
        *,
        device: str = "cuda:0",
        precision: Precision = Precision.BFLOAT16,
    ) -> None:
        if precision not in _TYPES:
            raise Unavailable(f"on a GPU [precision] must be one of [{', '.join(_TYPES)}]")
        self.device, self.precision, self._sizes, self._head = device, precision, architecture, head
        self._device = torch.device(device)
        self._on_gpu = self._device.type == "cuda"
        # What has bfloat16, since Ampere: attention to texts of any length at once, and Triton's kernels.
        is_new = self._on_gpu and precision is Precision.BFLOAT16 and has_bfloat16(self._device)
        each = architecture.hidden // architecture.heads
        self._is_varlen = is_new and each <= _WIDEST and each % _STEP == 0
        self._kernels: plain.Kernels = plain
        self._slots: SimpleQueue[_Slot] = SimpleQueue()
        with self._guarded(), torch.inference_mode():
            self._load(_Loader(architecture, weights, self._device, _TYPES[precision]))
            if is_new:
                self._kernels = _kernels(self._words[:1], self._norm)
            if self._on_gpu:  # what loads is on another stream than what computes
                torch.cuda.current_stream(self._device).synchronize()
            for _ in range(AT_ONCE):
                self._slots.put(self._slot())

    def run(self, batch: Sequence[Encoded]) -> list[Output]:
        """One output an item."""
        slot = self._slots.get()
        try:
            with self._guarded(), torch.inference_mode(), torch.cuda.stream(slot.stream):
                found = slot.captured.run(batch) if slot.captured else None
                if found is None:
                    found = self._run(batch)
                room = self.room
                while self._head is Head.SPARSE and (most := int(found[:, 0].max())) > room:
                    # What is computed in another way may have a term more; of odd rooms kernels are compiled anew.
                    room = -(-most // self.room) * self.room
                    found = self._run(batch, room)
            return self._split(found, batch)
        finally:
            self._slots.put(slot)

    def close(self) -> None:
        """Give back the device's memory."""
        slots = self._slots
        left = [slots.get() for _ in range(AT_ONCE)]  # once nothing runs any more
        streams = [slot.stream for slot in left if slot.stream]
        with RECORDING:
            left.clear()
            self.__dict__ = {"_slots": slots}
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
        for stream in streams:
            _streams[str(stream.device)].put(stream)
        for _ in range(AT_ONCE):
            slots.put(_Slot(None, None))

    def _slot(self) -> "_Slot":
        if not self._on_gpu:
            return _Slot(None, None)
        stream = _stream(self.device)
        # Plain PyTorch waits for the device to tell how many terms there are, which cannot be recorded.
        if not self._is_varlen or (self._head is Head.SPARSE and self._kernels is plain):
            return _Slot(stream, None)
        with torch.cuda.stream(stream):
            by_token = self._head is Head.LATE
            return _Slot(stream, Captured(self._compute, self._sizes, stream, by_token=by_token))

    def _run(self, batch: Sequence[Encoded], room: int | None = None) -> NDArray[Any]:
        """What `_compute` gives, on the host."""
        packed = Packed.of(batch, self._sizes)
        numbers = torch.from_numpy(packed.numbers)
        sent = (numbers.pin_memory() if self._on_gpu else numbers).to(self._device, non_blocking=True)
        found = self._compute(Sent.of(sent, packed.bounds[-1], packed), room)
        host = torch.empty_like(found, device="cpu", pin_memory=self._on_gpu).copy_(found, non_blocking=True)
        if self._on_gpu:
            torch.cuda.current_stream(self._device).synchronize()
        return host.numpy()

    def _load(self, loader: "_Loader") -> None:
        sizes = self._sizes
        h, f = sizes.hidden, sizes.intermediate
        self._words = loader.tensor("embeddings.word_embeddings.weight", sizes.vocabulary, h)
        self._positions = loader.tensor("embeddings.position_embeddings.weight", sizes.positions, h)
        self._types = loader.tensor("embeddings.token_type_embeddings.weight", sizes.types, h) if sizes.types else None
        self._norm = loader.norm("embeddings.LayerNorm")
        self._blocks = []
        for number in range(sizes.layers):
            names = {part: name.format(number) for part, name in sizes.family.layer.items()}
            self._blocks.append(
                _Block(
                    loader.linear([names["query"], names["key"], names["value"]], h, h),
                    loader.linear([names["out"]], h, h),
                    loader.norm(names["norm"]),
                    loader.linear([names["up"]], f, h),
                    loader.linear([names["down"]], h, f),
                    loader.norm(names["final_norm"]),
                )
            )
        if self._head is Head.SPARSE:
            mlm = sizes.family.mlm
            self._dense, self._dense_norm = loader.linear([mlm["dense"]], h, h), loader.norm(mlm["norm"])
            decoder, bias = loader.weights.decoder(), loader.weights.decoder_bias(mlm["bias"])
            tied = decoder == "embeddings.word_embeddings.weight"
            self._decoder = self._words if tied else loader.tensor(decoder, sizes.vocabulary, h)
            self._decoder_bias = loader.tensor(bias, sizes.vocabulary).float()
        if self._head is Head.CROSS:
            names = dict(sizes.family.classifier)
            labels = loader.weights.labels(f"{names['out']}.bias")
            self._dense, self._out = loader.linear([names["dense"]], h, h), loader.linear([names["out"]], labels, h)

    def _compute(self, sent: Sent, room: int | None = None) -> torch.Tensor:
        """What leaves the device: a row a text, with late interaction a token."""
        x = functional.embedding(sent.ids, self._words) + functional.embedding(sent.positions, self._positions)
        if self._types is not None:
            x = x + functional.embedding(sent.types, self._types)
        x = self._norm(x)
        for block in self._blocks:
            x = self._join(block.norm, block.out(self._attend(block.attention(x), sent)), x)
            inner = self._activate(block.up(x), self._sizes.activation)
            x = self._join(block.final_norm, block.down(inner), x)
        return self._finish(x, sent, room or self.room)

    def _join(self, norm: _Norm, x: torch.Tensor, residual: torch.Tensor) -> torch.Tensor:
        return self._kernels.add_norm(x, residual, norm.weight, norm.bias, norm.epsilon)

    def _attend(self, joint: torch.Tensor, sent: Sent) -> torch.Tensor:
        heads, h = self._sizes.heads, self._sizes.hidden
        query, key, value = joint.view(-1, 3, heads, h // heads).unbind(1)
        if self._is_varlen:
            starts, longest = sent.starts, sent.longest
            mixed = varlen_attn(query, key, value, starts, starts, longest, longest)
            assert isinstance(mixed, torch.Tensor)  # noqa: S101 (a tuple only if more is asked for)
            return mixed.reshape(-1, h)
        parts = []
        for first, last in pairwise(sent.bounds):
            q, k, v = (x[first:last].transpose(0, 1) for x in (query, key, value))
            parts.append(functional.scaled_dot_product_attention(q, k, v).transpose(0, 1).reshape(-1, h))
        return torch.cat(parts)

    def _activate(self, x: torch.Tensor, name: str) -> torch.Tensor:
        if name in ("relu", "tanh"):
            return torch.relu(x) if name == "relu" else torch.tanh(x)
        return functional.gelu(x, approximate="none" if name == "gelu" else "tanh")

    def _finish(self, x: torch.Tensor, sent: Sent, room: int) -> torch.Tensor:
        firsts = sent.starts[:-1].clamp(max=len(x) - 1)  # a text without tokens stands for one that is not there
        match self._head:
            case Head.SPARSE:
                sizes = self._sizes
                x = self._dense_norm(self._activate(self._dense(x), sizes.family.mlm_activation or sizes.activation))
                weights = self._kernels.maxima(x, sent.texts, sent.starts, self._decoder, self._decoder_bias)
                return plain.ranked(*self._kernels.gather(weights, room))
            case Head.CROSS:
                dense = self._activate(self._dense(x[firsts]), self._sizes.family.classifier_activation)
                scores = self._out(dense).float()
                return scores[:, -1] - scores[:, 0] if scores.shape[1] == 2 else scores[:, 0]
            case Head.LATE:
                pooled = x.float()
            case Head.CLS:
                pooled = x[firsts].float()
            case Head.MEAN:
                # The length of the sum is divided out, so that the sum does for the mean.
                lengths = sent.starts.diff().long()
                pooled = torch.segment_reduce(x.float(), "sum", lengths=lengths, axis=0, unsafe=True)
        return functional.normalize(pooled, dim=-1)

    def _split(self, found: NDArray[Any], batch: Sequence[Encoded]) -> list[Output]:
        """Outputs that hold nothing of each other's memory."""
        match self._head:
            case Head.SPARSE:
                room = found.shape[1] // 2
                ids, weights = found[:, 1 : 1 + room], found[:, 1 + room :].view(np.float32)
                return [
                    Terms(ids[text, :count].astype(np.int64), weights[text, :count].copy(), is_ranked=True)
                    for text, count in enumerate(found[:, 0].tolist())
                ]
            case Head.LATE:
                ends = np.cumsum([item.used for item in batch])[:-1]
                return [each.copy() for each in np.split(found, ends)]
        return list(found.copy())

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Tell what the device refuses: a batch that it has no memory for, or everything from now on."""
        try:
            yield
        except (torch.OutOfMemoryError, torch.AcceleratorError) as error:
            if is_short_of_memory(error):
                raise MemoryError(str(error)) from None
            raise DeviceFault(str(error).splitlines()[0]) from None


class _Loader:
    """A checkpoint's tensors on the device."""

    def __init__(self, architecture: Architecture, weights: Weights, device: torch.device, dtype: torch.dtype) -> None:
        self.weights, self._sizes, self._device, self._dtype = weights, architecture, device, dtype

    def tensor(self, name: str, *shape: int) -> torch.Tensor:
        return torch.from_numpy(self.weights.get(name, shape)).to(self._device, self._dtype)

    def linear(self, names: Sequence[str], outer: int, inner: int) -> _Linear:
        weight = torch.cat([self.tensor(f"{name}.weight", outer, inner) for name in names])
        return _Linear(weight, torch.cat([self.tensor(f"{name}.bias", outer) for name in names]))

    def norm(self, name: str) -> _Norm:
        scale, shift = (self.tensor(f"{name}.{part}", self._sizes.hidden) for part in ("weight", "bias"))
        return _Norm(scale, shift, self._sizes.epsilon)


def _kernels(x: torch.Tensor, norm: _Norm) -> plain.Kernels:
    """Triton's, if they can be had: it makes what launches them with a C compiler and Python's headers."""
    if importlib.util.find_spec("triton") is None:
        return plain
    from connote.runtime.backends import kernels  # noqa: PLC0415 (needs Triton)

    try:
        kernels.add_norm(x, x, norm.weight, norm.bias, norm.epsilon)
    except (torch.OutOfMemoryError, torch.AcceleratorError):
        raise
    except Exception as error:  # noqa: BLE001 (those of compilers have no common base)
        log.warning("the GPU is slower than it could be: Triton makes no kernels (%s)", error)
        return plain
    return kernels


def _stream(device: str) -> torch.cuda.Stream:
    """One that no other backend uses."""
    try:
        return _streams[device].get_nowait()
    except Empty:
        return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]


def device() -> str | None:
    """The first GPU, if PyTorch finds one."""
    return "cuda:0" if torch.cuda.is_available() else None


def has_bfloat16(device: str | torch.device = "cuda:0") -> bool:
    """Whether a GPU computes with it, as they do since Ampere: older ones only make out to."""
    return torch.cuda.get_device_capability(device) >= (8, 0)
