"""ONNX Runtime on the CPU."""

from collections.abc import Sequence

import numpy as np
import onnxruntime as ort

from connote.contract.errors import Unavailable
from connote.runtime import graph as graphs
from connote.runtime.architecture import Architecture
from connote.runtime.backends.backend import Output, Precision, Terms
from connote.runtime.catalog import Head
from connote.runtime.tokenizer import Encoded
from connote.runtime.weights import Weights


class OnnxBackend:
    """A checkpoint's graph, run with that many threads. `run` may be called from many threads at once.

    In int8 items run one by one: activations get one scale a tensor, so an item's neighbours would change its output.
    """

    precisions = (Precision.FLOAT32, Precision.INT8)
    device = "cpu"
    budget = 1024  # padded tokens; above about this many a CPU leaves its caches

    def __init__(
        self,
        architecture: Architecture,
        weights: Weights,
        head: Head,
        threads: int,
        precision: Precision = Precision.FLOAT32,
    ) -> None:
        if precision not in self.precisions:
            raise Unavailable(f"on this machine [precision] must be one of [{', '.join(self.precisions)}]")
        graph = graphs.build(architecture, weights, head, precision)
        self.precision, self.pads = precision, precision is not Precision.INT8
        self._head, self._padding, self._inputs = head, architecture.padding, graph.inputs
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # A spinning thread steals the core from the tokenizer and from the other allocations.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        names = list(graph.tensors)
        values = [ort.OrtValue.ortvalue_from_numpy(graph.tensors[name]) for name in names]
        options.add_external_initializers(names, values)
        self._session = ort.InferenceSession(graph.proto, options, providers=["CPUExecutionProvider"])

    def run(self, batch: Sequence[Encoded]) -> list[Output]:
        """One output an item."""
        if self.pads:
            return self._run(batch)
        return [output for item in batch for output in self._run([item])]

    def _run(self, batch: Sequence[Encoded]) -> list[Output]:
        """The batch, padded to its longest."""
        shape = (len(batch), max(item.used for item in batch))
        ids = np.full(shape, self._padding, dtype=np.int64)
        mask, types = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for row, item in enumerate(batch):
            ids[row, : item.used] = item.ids
            mask[row, : item.used] = 1
            types[row, : item.used] = item.types
        wires = {graphs.IDS: ids, graphs.MASK: mask, graphs.TYPES: types}
        (outputs,) = self._session.run([graphs.OUTPUT], {name: wires[name] for name in self._inputs})
        match self._head:
            case Head.SPARSE:
                return [Terms.of(output) for output in outputs]
            case Head.LATE:
                return [output[: item.used] for output, item in zip(outputs, batch, strict=True)]
            case _:
                return list(outputs)

    def close(self) -> None:
        """Drop the session and its weights."""
        del self._session
