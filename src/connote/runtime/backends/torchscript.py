"""TorchScript that users upload, run by torch in worker processes that can harm nobody."""

from collections.abc import Sequence
from pathlib import Path

from connote.runtime.backends.backend import Output, Precision, Reduction
from connote.runtime.sandbox.limits import Limits
from connote.runtime.tokenizer import Encoded


class TorchScriptBackend:
    """An archive that `torch.jit.save` wrote, run with that many threads a worker. `run` may be called from many threads.

    Its `forward` takes ids and mask, then types and positions if it has as many parameters; all int64 [B, L].
    """

    device = "cpu"
    budget = 512
    precision: Precision
    pads: bool

    def __init__(self, definition: Path, *, reduction: Reduction, pad: int, threads: int, limits: Limits) -> None:
        raise NotImplementedError(definition, reduction, pad, threads, limits)

    def run(self, batch: Sequence[Encoded]) -> list[Output]:
        """One output an item."""
        raise NotImplementedError(batch)

    def close(self) -> None:
        """End all workers."""
