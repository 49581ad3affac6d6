"""PyTorch on a GPU: tokens without padding, bfloat16, and a sparse head that never holds its logits.

The figures for it are still owed, and with them torch.compile and CUDA graphs, which may pay for short texts:
`python -m bench.encode_gpu` measures.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch.nn import functional
from torch.nn.attention.varlen import varlen_attn

from connote.contract.errors import Unavailable
from connote.runtime.architecture import Architecture
from connote.runtime.backends import maxima
from connote.runtime.backends.backend import DeviceFault, Output, Precision, Terms
from connote.runtime.catalog import Head
from connote.runtime.tokenizer import Encoded
from connote.runtime.weights import Weights

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
class _Packed:
    """A batch on the device: `ids`, `types` and `positions` of all tokens, where each text starts (all int32)."""

    ids: torch.Tensor
    types: torch.Tensor
    positions: torch.Tensor
    starts: torch.Tensor
    bounds: Sequence[int]
    longest: int


class CudaBackend:
    """A checkpoint on one GPU, which works on one batch at a time; `run` may be called from many threads.

    Raises Unavailable if the device's memory cannot hold the weights. With device "cpu", in float32, it is the same
    code on the processor: for tests.
    """

    budget = 16_384  # tokens: enough to fill the device, little enough for search not to wait long
    pads = False

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
        self._device, self._lock = torch.device(device), threading.Lock()
        self._stream = torch.cuda.Stream(self._device) if self._device.type == "cuda" else None  # type: ignore[no-untyped-call]
        with self._guarded():
            self._load(_Loader(architecture, weights, self._device, _TYPES[precision]))

    def run(self, batch: Sequence[Encoded]) -> list[Output]:
        """One output an item."""
        with self._lock, self._guarded(), torch.inference_mode(), torch.cuda.stream(self._stream):
            packed = self._pack(batch)
            return self._output(self._encode(packed), packed)

    def close(self) -> None:
        """Give back the device's memory."""
        with self._lock:
            self.__dict__ = {"_lock": self._lock}
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

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

    def _pack(self, batch: Sequence[Encoded]) -> _Packed:
        lengths = [item.used for item in batch]
        bounds = [0, *np.cumsum(lengths).tolist()]
        sizes = self._sizes
        first = sizes.padding + 1 if sizes.family.offset_positions else 0
        rows = (
            np.concatenate([item.ids for item in batch]),
            np.minimum(np.concatenate([item.types for item in batch]), max(sizes.types - 1, 0)),
            np.concatenate([np.arange(first, first + length) for length in lengths]),
        )
        # One copy to the device for all of it.
        host = torch.from_numpy(np.concatenate([*rows, bounds]).astype(np.int32))
        if self._stream is not None:
            host = host.pin_memory()
        sent, total = host.to(self._device, non_blocking=True), bounds[-1]
        ids, types, positions = sent[: 3 * total].view(3, total)
        return _Packed(ids, types, positions, sent[3 * total :], bounds, max(lengths))

    def _encode(self, packed: _Packed) -> torch.Tensor:
        x = functional.embedding(packed.ids, self._words) + functional.embedding(packed.positions, self._positions)
        if self._types is not None:
            x = x + functional.embedding(packed.types, self._types)
        x = self._norm(x)
        for block in self._blocks:
            x = block.norm(block.out(self._attend(block.attention(x), packed)) + x)
            x = block.final_norm(block.down(self._activate(block.up(x), self._sizes.activation)) + x)
        return x

    def _attend(self, joint: torch.Tensor, packed: _Packed) -> torch.Tensor:
        heads, h = self._sizes.heads, self._sizes.hidden
        query, key, value = joint.view(-1, 3, heads, h // heads).unbind(1)
        if self._device.type == "cuda" and joint.dtype is torch.bfloat16:
            starts, longest = packed.starts, packed.longest
            mixed = varlen_attn(query, key, value, starts, starts, longest, longest)
            assert isinstance(mixed, torch.Tensor)  # noqa: S101 (a tuple only if more is asked for)
            return mixed.reshape(-1, h)
        parts = []
        for first, last in pairwise(packed.bounds):
            q, k, v = (x[first:last].transpose(0, 1) for x in (query, key, value))
            parts.append(functional.scaled_dot_product_attention(q, k, v).transpose(0, 1).reshape(-1, h))
        return torch.cat(parts)

    def _activate(self, x: torch.Tensor, name: str) -> torch.Tensor:
        if name in ("relu", "tanh"):
            return torch.relu(x) if name == "relu" else torch.tanh(x)
        return functional.gelu(x, approximate="none" if name == "gelu" else "tanh")

    def _output(self, x: torch.Tensor, packed: _Packed) -> list[Output]:
        firsts = packed.starts[:-1].long()
        match self._head:
            case Head.SPARSE:
                return self._terms(x, packed)
            case Head.LATE:
                vectors = functional.normalize(x.float(), dim=-1).cpu().numpy()
                return list(np.split(vectors, packed.bounds[1:-1]))
            case Head.CROSS:
                dense = self._activate(self._dense(x[firsts]), self._sizes.family.classifier_activation)
                scores = self._out(dense).float()
                return list((scores[:, -1] - scores[:, 0] if scores.shape[1] == 2 else scores[:, 0]).cpu().numpy())
            case Head.CLS:
                pooled = x[firsts].float()
            case Head.MEAN:
                # The length of the sum is divided out, so that the sum does for the mean.
                pooled = torch.segment_reduce(x.float(), "sum", lengths=packed.starts.diff().long(), axis=0)
        return list(functional.normalize(pooled, dim=-1).cpu().numpy())

    def _terms(self, x: torch.Tensor, packed: _Packed) -> list[Output]:
        """Only the pairs leave the device, in one copy."""
        sizes = self._sizes
        x = self._dense_norm(self._activate(self._dense(x), sizes.family.mlm_activation or sizes.activation))
        fused = self._stream is not None and maxima.can_fuse()
        weights = maxima.weigh(x, packed.starts, self._decoder, self._decoder_bias, fused=fused)
        texts, ids = weights.nonzero(as_tuple=True)
        counts = torch.bincount(texts, minlength=len(weights)).int()
        found = torch.cat([counts, ids.int(), weights[texts, ids].view(torch.int32)]).cpu().numpy()
        ends = np.cumsum(found[: len(weights)])
        numbers = found[len(weights) :].reshape(2, -1)
        own, values = numbers[0].astype(np.int64), numbers[1].view(np.float32)
        return [Terms(own[first:last], values[first:last]) for first, last in pairwise([0, *ends.tolist()])]

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Tell what the device refuses: a batch that it has no memory for, or everything from now on."""
        try:
            yield
        except torch.OutOfMemoryError as error:
            raise MemoryError(str(error)) from None
        except torch.AcceleratorError as error:
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


def device() -> str | None:
    """The first GPU, if PyTorch finds one."""
    return "cuda:0" if torch.cuda.is_available() else None
