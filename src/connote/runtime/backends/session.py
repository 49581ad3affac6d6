"""Graphs that others have made: a user's model.onnx, run by ONNX Runtime as it is, its output pooled here."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray

from connote.contract.errors import Unavailable
from connote.runtime.backends.backend import Output, Precision, Terms
from connote.runtime.catalog import GRAPH, Head
from connote.runtime.tokenizer import Encoded

Array = NDArray[np.float32]

IDS, MASK, TYPES = "input_ids", "attention_mask", "token_type_ids"
# Outputs, the most telling name first; what is called otherwise is taken in its order.
_OUTPUTS = ("last_hidden_state", "token_embeddings", "logits", "sentence_embedding")
# They compute one scale for a whole batch: an item's neighbours would change its output.
_DYNAMIC = {"DynamicQuantizeLinear", "DynamicQuantizeMatMul", "DynamicQuantizeLSTM"}
_MOST_TOKENS = 1 << 22


class SessionBackend:
    """A graph from ids, mask and perhaps types (int64 [B, L]) to numbers for tokens [B, L, N] or for texts [B, N]."""

    precision = Precision.FLOAT32
    device = "cpu"
    budget = 1024

    def __init__(self, folder: Path, head: Head, threads: int) -> None:
        file = folder / GRAPH
        self._head = head
        self.vocabulary, self._padding = _config(folder / "config.json")
        self.pads = not _is_dynamic(file)
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # noqa: BLE001 (its errors have no common base)
            raise Unavailable(f"{file} cannot be run: {_line(error)}") from None
        self._inputs = self._checked_inputs(file)
        self._output = self._chosen_output(file)

    def run(self, batch: Sequence[Encoded]) -> list[Output]:
        """One output an item."""
        if self.pads:
            return self._run(batch)
        return [output for item in batch for output in self._run([item])]

    def close(self) -> None:
        """Drop the session and its weights."""
        del self._session

    def _run(self, batch: Sequence[Encoded]) -> list[Output]:
        shape = (len(batch), max(item.used for item in batch))
        ids = np.full(shape, self._padding, dtype=np.int64)
        mask, types = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for row, item in enumerate(batch):
            ids[row, : item.used] = item.ids
            mask[row, : item.used] = 1
            types[row, : item.used] = item.types
        wires = {IDS: ids, MASK: mask, TYPES: types}
        try:
            (outputs,) = self._session.run([self._output], {name: wires[name] for name in self._inputs})
        except Exception as error:  # noqa: BLE001 (its errors have no common base)
            raise Unavailable(f"the graph fails at this input: {_line(error)}") from None
        return [self._item(output.astype(np.float32), item) for output, item in zip(outputs, batch, strict=True)]

    def _item(self, output: Array, item: Encoded) -> Output:
        """What the head makes of an item's [L, N] or [N]."""
        real = output[: item.used] if output.ndim == 2 else output
        match self._head:
            case Head.SPARSE:
                if output.ndim == 1:
                    return Terms.of(output)  # pooled by the graph
                return Terms.of(np.log1p(np.maximum(real.max(axis=0), 0)))
            case Head.CROSS:
                return np.asarray(real.reshape(-1)[0])
            case Head.LATE:
                return _normalized(real)
            case Head.CLS:
                return _normalized(real[0] if output.ndim == 2 else real)
            case _:
                return _normalized(real.mean(axis=0) if output.ndim == 2 else real)

    def _checked_inputs(self, file: Path) -> list[str]:
        names = [each.name for each in self._session.get_inputs()]
        if IDS not in names or not set(names) <= {IDS, MASK, TYPES}:
            raise Unavailable(f"{file} takes [{', '.join(names)}], not [{IDS}] and perhaps [{MASK}, {TYPES}]")
        return names

    def _chosen_output(self, file: Path) -> str:
        found: dict[str, list[object]] = {each.name: each.shape for each in self._session.get_outputs()}
        wanted = (3,) if self._head is Head.LATE else (2, 1) if self._head is Head.CROSS else (3, 2)
        for rank in wanted:
            fit = [name for name, shape in found.items() if len(shape) == rank]
            if fit:
                return min(fit, key=lambda name: _OUTPUTS.index(name) if name in _OUTPUTS else len(_OUTPUTS))
        raise Unavailable(f"{file} gives {found}: nothing that fits to the head [{self._head}]")


def _config(file: Path) -> tuple[int, int]:
    """The size of the vocabulary, and the id that pads."""
    try:
        config = json.loads(file.read_bytes())
        vocabulary, padding = config["vocab_size"], config.get("pad_token_id") or 0
    except (OSError, ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise Unavailable(f"{file} cannot be read: it needs [vocab_size] ({error})") from None
    if not isinstance(vocabulary, int) or not 0 < vocabulary < _MOST_TOKENS or not 0 <= padding < vocabulary:
        raise Unavailable(f"{file}: [vocab_size] must be a size and [pad_token_id] a token's id")
    return vocabulary, padding


def _is_dynamic(file: Path) -> bool:
    """Whether it quantises activations as they come. Raises Unavailable for what is no graph, or not in one file."""
    try:
        proto = onnx.load(str(file), load_external_data=False)
    except Exception as error:  # noqa: BLE001 (those of protobuf have no common base)
        raise Unavailable(f"{file} is no ONNX graph: {_line(error)}") from None
    # Weights that lie elsewhere could lie anywhere: https://onnx.ai/onnx/repo-docs/ExternalData.html
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in proto.graph.initializer):
        raise Unavailable(f"{file} has its weights in other files; they must be inside of it")
    return any(node.op_type in _DYNAMIC for node in proto.graph.node)


def _normalized(vectors: Array) -> Array:
    """Of length 1 along the last axis."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
