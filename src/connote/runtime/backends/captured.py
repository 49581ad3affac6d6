"""Batches as CUDA graphs: one launch, rather than some hundred that take longer than what they launch.

https://docs.nvidia.com/cuda/cuda-c-programming-guide/index.html#cuda-graphs
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray

from connote.runtime.architecture import Architecture
from connote.runtime.backends.packed import Packed, Room, Sent, blank
from connote.runtime.tokenizer import Encoded

log = logging.getLogger("connote.runtime")

# Held by who records, and by who gives memory back. Recording fails if another thread waits for the whole device
# meanwhile: each recording begins with that, and so does giving back. PyTorch can record but one at a time, too.
RECORDING = threading.Lock()
_NO_MEMORY = 2  # https://docs.nvidia.com/cuda/cuda-runtime-api/group__CUDART__TYPES.html, cudaErrorMemoryAllocation
# Each is a graph: for queries, and for passages, which are longer. A batch takes the smallest that it fits into, unless
# more than half of it stays empty.
ROOMS = (
    *(Room(tokens, tokens // 4 + 1) for tokens in (16, 32, 64, 128, 256, 512)),
    *(Room(tokens, tokens // 64 + 1) for tokens in (1024, *range(2048, 16_385, 2048))),
)
SMALL = 16  # tokens, for which the smallest is taken in any case


@dataclass(frozen=True)
class _Graph:
    """What is recorded: from `numbers` to `found`, both on the device, with their places in memory of the host."""

    room: Room
    graph: torch.cuda.CUDAGraph
    numbers: torch.Tensor
    found: torch.Tensor
    brought: torch.Tensor
    fetched: torch.Tensor

    def holds(self, tokens: int, texts: int) -> bool:
        """Whether a batch fits; one text more has what stays empty."""
        return tokens <= self.room.tokens <= max(2 * tokens, SMALL) and texts < self.room.texts


class Captured:
    """`compute` on one stream of a GPU, for batches that fit into a room; they share memory, so one runs at a time.

    Rooms that the device has no memory for are left out.
    """

    def __init__(
        self, compute: Callable[[Sent], torch.Tensor], sizes: Architecture, stream: torch.cuda.Stream, *, by_token: bool
    ) -> None:
        self._sizes, self._stream, self._by_token = sizes, stream, by_token
        self._graphs: list[_Graph] = []
        for room in reversed(ROOMS):  # the largest first: the others find room in what it has taken
            try:
                self._graphs.insert(0, self._capture(compute, room))
            except RuntimeError as error:
                if not is_short_of_memory(error):
                    raise
                log.warning("batches of %d tokens are slower: the device has no memory to record them", room.tokens)

    def run(self, batch: Sequence[Encoded]) -> NDArray[Any] | None:
        """What `compute` gives for the batch, a row a text or with `by_token` a token; None if it does not fit."""
        total = sum(item.used for item in batch)
        graph = next((graph for graph in self._graphs if graph.holds(total, len(batch))), None)
        if graph is None:
            return None
        packed, rows = Packed.of(batch, self._sizes, graph.room), total if self._by_token else len(batch)
        graph.brought.numpy()[:] = packed.numbers
        graph.numbers.copy_(graph.brought, non_blocking=True)
        graph.graph.replay()
        graph.fetched[:rows].copy_(graph.found[:rows], non_blocking=True)
        self._stream.synchronize()
        return graph.fetched[:rows].numpy()

    def _capture(self, compute: Callable[[Sent], torch.Tensor], room: Room) -> _Graph:
        packed = Packed.of(blank(room, self._sizes.max_tokens), self._sizes, room)
        brought = torch.from_numpy(packed.numbers).pin_memory()
        numbers = brought.to(self._stream.device)
        sent = Sent.of(numbers, room.tokens, packed)
        compute(sent)  # what is set up at the first use cannot be recorded
        self._stream.synchronize()
        graph, pool = torch.cuda.CUDAGraph(), self._graphs[0].graph.pool() if self._graphs else None
        # Other models may be at work meanwhile: only what this thread does is held to the rules of recording.
        with RECORDING, torch.cuda.graph(graph, pool=pool, stream=self._stream, capture_error_mode="thread_local"):
            found = compute(sent)
        return _Graph(room, graph, numbers, found, brought, self._fetched(found))

    def _fetched(self, found: torch.Tensor) -> torch.Tensor:
        """A place on the host: that of another graph, if it is large enough."""
        for graph in self._graphs:
            if len(graph.fetched) >= len(found):
                return graph.fetched[: len(found)]
        return torch.empty_like(found, device="cpu", pin_memory=True)


def is_short_of_memory(error: RuntimeError) -> bool:
    """Whether there is no memory for what was asked, on the device or to share with it; nothing else is lost."""
    return isinstance(error, torch.OutOfMemoryError) or getattr(error, "error_code", None) == _NO_MEMORY
