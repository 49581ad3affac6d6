"""An archive in torch, in the worker: loaded, its graphs checked, run."""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from connote.runtime.backends.backend import Reduction
from connote.runtime.sandbox import source
from connote.runtime.sandbox.errors import BadArchive, BadInput
from connote.runtime.sandbox.operators import ALLOWED

Arrays = list[NDArray[Any]]
Vector = NDArray[np.int64]
_C: Any = torch._C  # untyped, as is what it makes
_jit: Any = torch.jit


class Module:
    """A TorchScript module. Raises BadArchive if torch cannot load it, or an operator of it is not allowed."""

    def __init__(self, data: bytes) -> None:
        unit = _C.CompilationUnit()
        try:
            raw = _C.import_ir_module_from_buffer(unit, data, torch.device("cpu"), {}, False)
            kinds = {kind for function in unit.get_functions() for kind in _kinds(function.graph)}
        except Exception as error:  # noqa: BLE001 (torch has many kinds)
            raise (MemoryError if _is_memory(error) else BadArchive)(f"torch cannot load it: {_said(error)}") from None
        source.refuse(kinds - ALLOWED)
        self._module = _jit._recursive.wrap_cpp_module(raw).eval()
        self._inputs = _inputs(raw)
        self.is_quantized = any(kind.startswith("quantized::") for kind in kinds)
        self.is_dynamic = any("dynamic" in kind for kind in kinds)
        self._token_axes: tuple[int, ...] | None = None

    def run(
        self, lengths: Vector, ids: Vector, types: Vector, pad: int, reduction: Reduction, most: int = sys.maxsize
    ) -> Arrays:
        """The arrays of all items, whose ids and types stand one after another (int64).

        Raises BadInput, also for more than `most` bytes, and MemoryError.
        """
        items = _Items(lengths.tolist(), torch.from_numpy(ids), torch.from_numpy(types), pad)
        try:
            with torch.inference_mode():
                arrays = self._reduced(items, reduction)
        except BadInput:
            raise
        except Exception as error:  # noqa: BLE001 (whatever a model raises is of its making)
            raise (MemoryError if _is_memory(error) else BadInput)(_said(error)) from None
        size = sum(array.nbytes for array in arrays)
        if size > most:
            raise BadInput(f"the model gives {size >> 20} MB for a batch, at most {most >> 20} MB are allowed")
        return arrays

    def _reduced(self, items: "_Items", reduction: Reduction) -> Arrays:
        if reduction is Reduction.TERMS:
            length = max(items.longest, 2)  # an axis of 1 is then not the tokens'
            return _terms(self._forward(items, length, reduction)[0], items, length)
        length = items.longest
        tensors = self._forward(items, length, reduction)
        alike = [tensor for tensor in tensors if tensor.shape == tensors[0].shape]
        axes = self._axes(items, length, tensors[0], reduction)
        if reduction is Reduction.FIRST:
            return [_array(_cut(row, axes, used)) for row, used in zip(tensors[0], items.lengths, strict=True)]
        stacked = torch.stack(alike, dim=1)
        axes = tuple(axis + 1 for axis in axes)
        return [_array(_cut(row, axes, used)) for row, used in zip(stacked, items.lengths, strict=True)]

    def _forward(self, items: "_Items", length: int, reduction: Reduction) -> list[Tensor]:
        """All tensors that the module gives, in order, each with an item a row."""
        output = self._module(*items.padded(length)[: self._inputs])
        tensors = list(_tensors(output))
        if not tensors:
            raise BadInput("the model gives no tensor")
        first = tensors[0]
        if reduction is Reduction.STACK and first.dim() == 3:
            # eland stacks what questions are answered by: https://github.com/elastic/eland, ml/pytorch/wrappers.py
            tensors = list(first)
            first = tensors[0]
        if not first.dim() or len(first) != len(items.lengths):
            raise BadInput(f"the model gives a tensor of {list(first.shape)} for {len(items.lengths)} inputs")
        return tensors

    def _axes(self, items: "_Items", length: int, output: Tensor, reduction: Reduction) -> tuple[int, ...]:
        """Those axes of the output that are as long as the padded inputs, because they are.

        Where a size is so by chance is seen by padding with one token more, once. Of a model that cannot do that now it
        is the second of three axes, or of two where they are one number a token.
        """
        alike = [axis for axis in range(1, output.dim()) if output.shape[axis] == length]
        if self._token_axes is None and alike:
            try:
                longer = self._forward(items, length + 1, reduction)[0]
            except Exception:  # noqa: BLE001 (as above)
                return (1,) if alike[0] == 1 and (output.dim() > 2 or reduction is Reduction.STACK) else ()
            self._token_axes = tuple(axis for axis in alike if longer.shape[axis] == length + 1)
        return tuple(axis for axis in self._token_axes or () if axis in alike)


class _Items:
    """The inputs of a batch, to be padded on the right."""

    def __init__(self, lengths: Sequence[int], ids: Tensor, types: Tensor, pad: int) -> None:
        self.lengths, self.longest, self._pad = lengths, max(lengths), pad
        self._ids, self._types = torch.split(ids, list(lengths)), torch.split(types, list(lengths))

    def padded(self, length: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Ids, mask, types and positions, int64 [items, length]."""
        shape = (len(self.lengths), length)
        ids = torch.full(shape, self._pad)
        mask, types = torch.zeros(shape, dtype=torch.int64), torch.zeros(shape, dtype=torch.int64)
        for row, used in enumerate(self.lengths):
            ids[row, :used], mask[row, :used], types[row, :used] = self._ids[row], 1, self._types[row]
        return ids, mask, types, torch.arange(length).expand(shape).contiguous()


def _said(error: Exception) -> str:
    """What an error of torch says, without its traces: in the interpreter's errors the cause comes last, else first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    text = lines[-1] if lines[0].startswith("The following operation failed") else lines[0]
    return text.removeprefix("RuntimeError: ")[:500]


def warm() -> None:
    """Do all that makes torch import and read files on first use."""
    torch.set_num_threads(1)
    _C._jit_set_profiling_mode(False)
    ids = torch.ones(2, 3, dtype=torch.int64)
    traced = _jit.trace(_Sample(), (ids, ids), check_trace=False)
    words = np.ones(6, dtype=np.int64)
    Module(traced.save_to_buffer()).run(np.array([3, 3]), words, words, 0, Reduction.FIRST)
    packed = torch.ops.quantized.linear_prepack(torch.quantize_per_tensor(torch.ones(8, 8), 0.1, 0, torch.qint8), None)
    torch.ops.quantized.linear_dynamic(torch.ones(2, 8), packed)


class _Sample(torch.nn.Module):
    """A little of what encoders do."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.layer, self.norm = torch.nn.Embedding(4, 8), torch.nn.Linear(8, 8), torch.nn.LayerNorm(8)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        hidden = self.layer(self.table(ids))[:, None]
        seen = torch.nn.functional.scaled_dot_product_attention(hidden, hidden, hidden, mask[:, None, None].bool())
        return torch.nn.functional.gelu(self.norm(torch.softmax(seen @ seen.mT, -1) @ hidden))[:, 0]


def _is_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or any(
        text in str(error) for text in ("allocate memory", "bad_alloc", "not enough memory")
    )


def _kinds(graph: Any) -> Iterator[str]:  # noqa: ANN401 (a graph or a block of one)
    todo = [graph]
    while todo:
        for node in todo.pop().nodes():
            yield node.kind()
            todo.extend(node.blocks())


def _inputs(raw: Any) -> int:  # noqa: ANN401
    """How many tensors forward takes."""
    if not raw._has_method("forward"):
        raise BadArchive("the module has no [forward]")
    arguments = raw._get_method("forward").schema.arguments[1:]
    needed = [argument for argument in arguments if not argument.has_default_value()]
    count = max(len(needed), 2)
    if not count <= min(len(arguments), 4):
        raise BadArchive(
            f"[forward] takes {len(arguments)} arguments: it must take 2 to 4, of input_ids, attention_mask, "
            "token_type_ids, position_ids in this order"
        )
    return count


def _tensors(output: object) -> Iterator[Tensor]:
    """All tensors in what a module gave, which may be a tensor, or a tuple, list or dict of them."""
    if isinstance(output, Tensor):
        yield output
    elif isinstance(output, dict | tuple | list):
        for one in output.values() if isinstance(output, dict) else output:
            yield from _tensors(one)


def _cut(row: Tensor, axes: tuple[int, ...], used: int) -> Tensor:
    for axis in axes:
        row = row.narrow(axis - 1, 0, used)
    return row


def _array(tensor: Tensor) -> NDArray[Any]:
    array: NDArray[np.float32] = (tensor.dequantize() if tensor.is_quantized else tensor).float().contiguous().numpy()
    if not np.isfinite(array).all():
        raise BadInput("the model gives numbers that are not finite")
    return array


def _terms(output: Tensor, items: _Items, length: int) -> Arrays:
    """Ids and weights of each item, one item at a time."""
    if output.dim() == 3 and output.shape[1] == 1:
        output = output[:, 0]
    if not (output.dim() == 2 or (output.dim() == 3 and output.shape[1] == length)):
        raise BadInput(
            f"the model gives a tensor of {list(output.shape)}: for sparse vectors it must be "
            "[items, tokens, vocabulary], [items, 1, vocabulary] or [items, vocabulary]"
        )
    arrays: Arrays = []
    for row, used in zip(output, items.lengths, strict=True):
        # The maximum before what rises with it: the same, and little to compute.
        weights = _array(torch.log1p(torch.relu(row[:used].float().amax(0))) if output.dim() == 3 else row)
        ids = np.flatnonzero(weights > 0)
        arrays += [ids, weights[ids]]
    return arrays
