"""TorchScript that users upload, run by torch in worker processes that can harm nobody."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connote.runtime.backends.backend import Output, Precision, Reduction, Terms
from connote.runtime.sandbox.faults import Faults
from connote.runtime.sandbox.frames import Batch
from connote.runtime.sandbox.limits import Limits
from connote.runtime.sandbox.pool import Pool
from connote.runtime.sandbox.process import Lost
from connote.runtime.tokenizer import Encoded


class TorchScriptBackend:
    """An archive that `torch.jit.save` wrote, run with that many threads. `run` may be called from many at once.

    Its `forward` takes ids and mask, then types and positions if it has as many parameters; all int64 [B, L]. Batches
    that run at the same time have a worker process each, so weights are not shared. A model that is quantized
    dynamically runs its items one by one: activations get one scale a batch, so neighbours would change them.

    Raises Rejected if the archive cannot be used, Unavailable if it cannot be loaded here and now.
    """

    device = "cpu"
    budget = 512  # padded tokens: of logits over a large vocabulary each takes a megabyte

    def __init__(self, definition: Path, *, reduction: Reduction, pad: int, threads: int, limits: Limits) -> None:
        self._reduction, self._batch, self._faults = reduction, Batch(pad, reduction), Faults()
        self._pool = Pool(definition, limits, threads)
        self.precision = Precision.INT8 if self._pool.ready.quantized else Precision.FLOAT32
        self.pads = not self._pool.ready.dynamic

    def run(self, batch: Sequence[Encoded]) -> list[Output]:
        """One output an item. Raises IllegalArgument or Unavailable if the model fails at these."""
        if self.pads:
            return self._run(batch)
        return [output for item in batch for output in self._run([item])]

    def close(self) -> None:
        """End all workers."""
        self._pool.close()

    def _run(self, batch: Sequence[Encoded]) -> list[Output]:
        self._faults.check()
        lengths = np.array([item.used for item in batch])
        ids, types = np.concatenate([item.ids for item in batch]), np.concatenate([item.types for item in batch])
        worker = self._pool.take()
        try:
            outputs = self._outputs(worker.run(self._batch, (lengths, ids, types)), len(batch))
        except Lost as lost:
            self._pool.drop(worker)
            raise self._faults.count(str(lost)) from None
        except BaseException:
            self._pool.give_back(worker)
            raise
        self._pool.give_back(worker)
        self._faults.clear()
        return outputs

    def _outputs(self, arrays: Sequence[NDArray[Any]], items: int) -> list[Output]:
        """What a worker has sent, checked: a model that has taken it over may send anything."""
        if self._reduction is Reduction.TERMS:
            outputs: list[Output] = [
                Terms(*pair) for pair in zip(arrays[::2], arrays[1::2], strict=False) if _are_terms(*pair)
            ]
            is_right = len(arrays) == 2 * items
        else:
            outputs = [array for array in arrays if array.dtype == np.float32 and np.isfinite(array).all()]
            is_right = len(arrays) == items
        if not is_right or len(outputs) != items:
            raise Lost("its process said what is no answer")
        return outputs


def _are_terms(ids: NDArray[Any], weights: NDArray[Any]) -> bool:
    if ids.dtype != np.int64 or weights.dtype != np.float32 or ids.ndim != 1 or ids.shape != weights.shape:
        return False
    is_rising = bool((ids >= 0).all() and (ids[1:] > ids[:-1]).all())  # differences could overflow
    return is_rising and bool((np.isfinite(weights) & (weights > 0)).all())
