"""connote's own engine for the CPU: no padding, int8, bfloat16 or float32, and a sparse head that never holds logits.

It is a package of its own, `connote-native` (folder `native/`), as it must be compiled. See docs/performance.md.
"""

import ctypes
import importlib.util
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from connote.contract.errors import Unavailable
from connote.runtime.architecture import Architecture
from connote.runtime.backends.backend import Output, Precision, Terms
from connote.runtime.catalog import Head
from connote.runtime.tokenizer import Encoded
from connote.runtime.weights import Tensor, Weights

_PRECISIONS = (Precision.FLOAT32, Precision.BFLOAT16, Precision.INT8)
_ACTIVATIONS = {"gelu": 0, "gelu_new": 1, "gelu_pytorch_tanh": 1, "relu": 2}

_Floats = ctypes.c_void_p


class _Sizes(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int32) for name in ("layers", "hidden", "heads", "inner", "vocabulary", "first_position")),
        *((name, ctypes.c_int32) for name in ("activation", "mlm_activation", "precision")),
        ("epsilon", ctypes.c_float),
    )


_PARTS = ("query", "key", "value", "out", "norm", "up", "down", "final_norm")


class _Layer(ctypes.Structure):
    _fields_ = tuple((f"{part}_{kind}", _Floats) for part in _PARTS for kind in ("weight", "bias"))


class _Tensors(ctypes.Structure):
    _fields_ = (
        *((name, _Floats) for name in ("words", "positions", "types", "norm", "norm_bias")),
        ("layers", ctypes.POINTER(_Layer)),
        *((name, _Floats) for name in ("dense", "dense_bias", "head_norm", "head_norm_bias")),
        *((name, _Floats) for name in ("decoder", "decoder_bias")),
        *((name, ctypes.c_int32) for name in ("position_rows", "type_rows")),
    )


class _Batch(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("ids", "types", "lengths")),
        *((name, ctypes.c_int32) for name in ("texts", "tokens")),
    )


@cache
def _library() -> ctypes.CDLL | None:
    spec = importlib.util.find_spec("connote_native")
    if spec is None or spec.origin is None:
        return None
    try:
        library = ctypes.CDLL(str(Path(spec.origin).with_name("engine.so")))
    except OSError:
        return None
    library.connote_model.restype = ctypes.c_void_p
    library.connote_context.restype = ctypes.c_void_p
    library.connote_context.argtypes = (ctypes.c_void_p, ctypes.c_int32)
    library.connote_drop_model.argtypes = library.connote_drop_context.argtypes = (ctypes.c_void_p,)
    library.connote_encode.argtypes = (ctypes.c_void_p, ctypes.POINTER(_Batch), ctypes.c_void_p)
    library.connote_sparse.argtypes = (ctypes.c_void_p, ctypes.POINTER(_Batch), ctypes.c_void_p)
    library.connote_sparse.restype = ctypes.c_int64
    library.connote_terms.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
    library.connote_gemm_seconds.restype = ctypes.c_double
    return library


def precisions() -> frozenset[Precision]:
    """What the engine can compute with on this CPU; nothing if it is not installed or the CPU lacks AVX-512 VNNI."""
    library = _library()
    bits = library.connote_precisions() if library else 0
    return frozenset(precision for bit, precision in enumerate(_PRECISIONS) if bits >> bit & 1)


def gemm_flops(precision: Precision, rows: int, columns: int, inner: int, rounds: int = 5) -> float:
    """Floating-point (or int8) operations a second of the engine's own matrix product, on one thread."""
    library = _library()
    if library is None:
        raise Unavailable("connote-native is not installed")
    seconds = library.connote_gemm_seconds(_PRECISIONS.index(precision), rows, columns, inner, rounds)
    return 2 * rows * columns * inner / float(seconds)


def obstacle(architecture: Architecture) -> str | None:
    """Why the engine cannot run such a model, or None if it can."""
    sizes = architecture
    if sizes.hidden % 16 or sizes.intermediate % 16 or (sizes.hidden // sizes.heads) % 2:
        return "its sizes are no multiples of 16"
    wished = {sizes.activation, sizes.family.mlm_activation or sizes.activation}
    if unknown := wished - _ACTIVATIONS.keys():
        return f"it does not know the activation [{unknown.pop()}]"
    return None


class NativeBackend:
    """A checkpoint in the engine. `run` may be called from many threads: they share the weights, not the buffers."""

    device = "cpu"
    budget = 256  # tokens; larger batches are no faster, and search waits longer behind them
    pads = False

    def __init__(
        self, architecture: Architecture, weights: Weights, head: Head, threads: int, precision: Precision
    ) -> None:
        library = _library()
        if library is None or precision not in precisions():
            raise Unavailable(f"the native engine cannot compute in {precision} on this machine")
        self.precision, self._head, self._threads, self._lib = precision, head, threads, library
        self._hidden = architecture.hidden
        source = _Source(architecture, weights)
        if head is not Head.SPARSE:
            self._pool = _classifier(architecture, weights) if head is Head.CROSS else _POOLS[head]
        tensors = source.tensors(sparse=head is Head.SPARSE)
        self._model = library.connote_model(ctypes.byref(source.sizes(precision)), ctypes.byref(tensors))
        self._kept = source.kept
        if not self._model:
            raise Unavailable("there is not enough memory for the model")
        self._free: list[int] = []
        self._running, self._closed = 0, False
        self._changed = threading.Condition()

    def run(self, batch: Sequence[Encoded]) -> list[Output]:
        """One output an item."""
        lengths = np.array([item.used for item in batch], dtype=np.int32)
        ids = np.concatenate([item.ids for item in batch]).astype(np.int32)
        types = np.concatenate([item.types for item in batch]).astype(np.int32)
        packed = _Batch(ids.ctypes.data, types.ctypes.data, lengths.ctypes.data, len(lengths), len(ids))
        with self._context() as context:
            if self._head is Head.SPARSE:
                return self._sparse(context, packed, len(batch))
            hidden = np.empty((len(ids), self._hidden), dtype=np.float32)
            if self._lib.connote_encode(context, ctypes.byref(packed), hidden.ctypes.data):
                raise MemoryError
        return self._pool(hidden, np.cumsum(lengths) - lengths)

    def close(self) -> None:
        """Give back the weights and all buffers, once what runs has ended."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: self._running == 0)
        while self._free:
            self._lib.connote_drop_context(self._free.pop())
        if self._model:
            self._lib.connote_drop_model(self._model)
        self._model, self._kept = None, []

    def _sparse(self, context: int, packed: _Batch, texts: int) -> list[Output]:
        counts = np.empty(texts, dtype=np.int32)
        total = self._lib.connote_sparse(context, ctypes.byref(packed), counts.ctypes.data)
        if total < 0:
            raise MemoryError
        ids, weights = np.empty(total, dtype=np.int32), np.empty(total, dtype=np.float32)
        self._lib.connote_terms(context, ids.ctypes.data, weights.ctypes.data)
        ends = np.cumsum(counts)
        return [
            Terms(ids[end - count : end].astype(np.int64), weights[end - count : end])
            for count, end in zip(counts, ends, strict=True)
        ]

    @contextmanager
    def _context(self) -> Iterator[int]:
        with self._changed:
            if self._closed:
                raise Unavailable("the model has been unloaded")
            self._running += 1
            context = self._free.pop() if self._free else None
        try:
            context = context or self._lib.connote_context(self._model, self._threads)
            if not context:
                raise MemoryError
            yield context
        finally:
            with self._changed:
                if context:
                    self._free.append(context)
                self._running -= 1
                self._changed.notify_all()


class _Source:
    """A checkpoint's tensors as the engine wants them.

    They must live while the model is made, and those in `kept`, which it does not copy, as long as the model.
    """

    def __init__(self, architecture: Architecture, weights: Weights) -> None:
        self._sizes, self._weights = architecture, weights
        self.kept: list[Tensor] = []
        self._read: dict[str, Tensor] = {}  # by name: a decoder may be tied to the word embeddings

    def sizes(self, precision: Precision) -> _Sizes:
        own = self._sizes
        return _Sizes(
            layers=own.layers,
            hidden=own.hidden,
            heads=own.heads,
            inner=own.intermediate,
            vocabulary=own.vocabulary,
            first_position=own.padding + 1 if own.family.offset_positions else 0,
            activation=_ACTIVATIONS[own.activation],
            mlm_activation=_ACTIVATIONS[own.family.mlm_activation or own.activation],
            precision=_PRECISIONS.index(precision),
            epsilon=own.epsilon,
        )

    def tensors(self, *, sparse: bool) -> _Tensors:
        own, h = self._sizes, self._sizes.hidden
        layers = (_Layer * own.layers)(*(self._layer(number) for number in range(own.layers)))
        result = _Tensors(
            words=self._keep("embeddings.word_embeddings.weight", own.vocabulary, h),
            positions=self._get("embeddings.position_embeddings.weight", own.positions, h),
            types=self._get("embeddings.token_type_embeddings.weight", own.types, h) if own.types else None,
            norm=self._get("embeddings.LayerNorm.weight", h),
            norm_bias=self._get("embeddings.LayerNorm.bias", h),
            layers=layers,
            position_rows=own.positions,
            type_rows=own.types,
        )
        if sparse:
            names = own.family.mlm
            result.dense = self._get(f"{names['dense']}.weight", h, h)
            result.dense_bias = self._get(f"{names['dense']}.bias", h)
            result.head_norm = self._get(f"{names['norm']}.weight", h)
            result.head_norm_bias = self._get(f"{names['norm']}.bias", h)
            result.decoder = self._keep(self._weights.decoder(), own.vocabulary, h)
            result.decoder_bias = self._keep(self._weights.decoder_bias(names["bias"]), own.vocabulary)
        return result

    def _layer(self, number: int) -> _Layer:
        h, f = self._sizes.hidden, self._sizes.intermediate
        shapes = {"up": (f, h), "down": (h, f), "norm": (h,), "final_norm": (h,)}
        layer = _Layer()
        for part, name in self._sizes.family.layer.items():
            shape = shapes.get(part, (h, h))
            setattr(layer, f"{part}_weight", self._get(f"{name.format(number)}.weight", *shape))
            setattr(layer, f"{part}_bias", self._get(f"{name.format(number)}.bias", shape[0]))
        return layer

    def _get(self, name: str, *shape: int) -> int:
        if name not in self._read:
            self._read[name] = self._weights.get(name, shape)
        return self._read[name].ctypes.data

    def _keep(self, name: str, *shape: int) -> int:
        pointer = self._get(name, *shape)
        self.kept.append(self._read[name])
        return pointer


# From the hidden states of all tokens (tokens × hidden) and where each text starts to an output a text.
_Pool = Callable[[Tensor, NDArray[np.int32]], list[Output]]


def _normalized(x: Tensor) -> Tensor:
    result: Tensor = x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), np.float32(1e-12))
    return result


_POOLS: dict[Head, _Pool] = {
    Head.MEAN: lambda hidden, starts: list(_normalized(np.add.reduceat(hidden, starts, axis=0))),
    Head.CLS: lambda hidden, starts: list(_normalized(hidden[starts])),
    Head.LATE: lambda hidden, starts: list(np.split(_normalized(hidden), starts[1:])),
}


def _classifier(architecture: Architecture, weights: Weights) -> _Pool:
    """Scores from the first tokens; of two labels, by how much the second one is ahead."""
    names, h = architecture.family.classifier, architecture.hidden
    labels = weights.labels(f"{names['out']}.bias")
    dense, dense_bias = weights.get(f"{names['dense']}.weight", (h, h)), weights.get(f"{names['dense']}.bias", (h,))
    out, out_bias = weights.get(f"{names['out']}.weight", (labels, h)), weights.get(f"{names['out']}.bias", (labels,))
    activate = np.tanh if architecture.family.classifier_activation == "tanh" else lambda x: np.maximum(x, 0)

    def score(hidden: Tensor, starts: NDArray[np.int32]) -> list[Output]:
        logits: Tensor = activate(hidden[starts] @ dense.T + dense_bias) @ out.T + out_bias
        return list(logits[:, -1] - logits[:, 0] if labels == 2 else logits[:, 0])

    return score
