"""What a backend is: an encoder with its head on one device, in one precision."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from connote.runtime.tokenizer import Encoded

# Batches that a GPU has in hand at once: while one is brought and fetched, the other computes.
AT_ONCE = 2


class Precision(StrEnum):
    """The numbers that the encoder computes with."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    INT8 = "int8"


class Reduction(StrEnum):
    """What becomes of the tensors that an uploaded model gives for a batch; an item's output has no padding."""

    FIRST = "first"  # of the first tensor the item's slice, without the batch dimension
    STACK = "stack"  # of all tensors that have the first one's shape the item's slices, stacked: [2, L] of two [B, L]
    TERMS = "terms"  # of the first tensor the terms: logits [B, L, V] are pooled; [B, V] and [B, 1, V] are already


@dataclass(frozen=True)
class Terms:
    """What a sparse head gives for an item: vocabulary ids (int64), and their weights above 0 (float32).

    Ids are rising; what is ranked has the highest weight first, and equal ones by id.
    """

    ids: NDArray[np.int64]
    weights: NDArray[np.float32]
    is_ranked: bool = False

    @classmethod
    def of(cls, row: NDArray[np.float32]) -> "Terms":
        """The non-zeros of a row over the vocabulary."""
        ids = np.flatnonzero(row > 0)
        return cls(ids, row[ids])


# For SPARSE terms, for MEAN and CLS a vector, for LATE a vector a token, for CROSS a score without dimensions.
Output = NDArray[np.float32] | Terms


class Backend(Protocol):
    """Loaded, and safe to use from many threads. An item's output does not depend on the others in its batch."""

    device: str  # "cpu", "cuda:0"
    precision: Precision
    budget: int  # tokens a batch, above which a larger one gains nothing
    pads: bool  # a batch costs as if each of its items were as long as the longest

    def run(self, batch: Sequence[Encoded]) -> list[Output]:
        """One output an item, in order. Computes outside of the GIL."""
        ...

    def close(self) -> None:
        """Give back the memory; nothing runs any more."""
        ...


class DeviceFault(Exception):
    """The device has failed, and what was loaded on it is lost; the input is not to blame."""
