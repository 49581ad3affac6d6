"""ONNX Runtime on the CPU."""

from collections.abc import Mapping

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from connote.runtime.graph import OUTPUT, Graph


class OnnxSession:
    """A graph, ready to run with that many threads. `run` may be called from many threads at once."""

    device = "cpu"

    def __init__(self, graph: Graph, threads: int) -> None:
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

    def run(self, inputs: Mapping[str, NDArray[np.int64]]) -> NDArray[np.float32]:
        """The graph's output. Computes outside of the GIL."""
        (output,) = self._session.run([OUTPUT], dict(inputs))
        result: NDArray[np.float32] = output
        return result
