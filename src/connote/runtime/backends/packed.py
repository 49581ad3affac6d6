"""A batch for a GPU: the tokens of all texts below each other, without padding between them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from connote.runtime.architecture import Architecture
from connote.runtime.tokenizer import Encoded


@dataclass(frozen=True)
class Room:
    """How many tokens and texts a batch is made out to have; the texts end with one that has what tokens are left."""

    tokens: int
    texts: int


@dataclass(frozen=True)
class Packed:
    """A batch as `numbers` (int32), so that one copy takes it to a device; `bounds` is where each text begins."""

    numbers: NDArray[np.int32]
    bounds: list[int]
    longest: int

    @classmethod
    def of(cls, batch: Sequence[Encoded], sizes: Architecture, room: Room | None = None) -> "Packed":
        """The texts, and with `room` what is left of it."""
        lengths = [item.used for item in batch]
        bounds = [0, *np.cumsum(lengths).tolist()]
        total = room.tokens if room else bounds[-1]
        first = sizes.padding + 1 if sizes.family.offset_positions else 0
        rows = np.full((4, total), [[0], [0], [first], [len(batch)]], dtype=np.int32)
        known = rows[:, : bounds[-1]]
        np.concatenate([item.ids for item in batch], out=known[0], casting="unsafe")
        np.concatenate([item.types for item in batch], out=known[1], casting="unsafe")
        np.minimum(known[1], max(sizes.types - 1, 0), out=known[1])
        known[2] = np.arange(first, first + bounds[-1]) - np.repeat(bounds[:-1], lengths)
        known[3] = np.repeat(np.arange(len(batch)), lengths)
        ends = [total] * (room.texts - len(batch)) if room else []
        numbers = np.concatenate([rows.ravel(), np.array([*bounds, *ends], dtype=np.int32)])
        return cls(numbers, bounds, min(total, sizes.max_tokens) if room else max(lengths))


@dataclass(frozen=True)
class Sent:
    """A batch on a device. All int32: of each token its id, type, position and text; where each text starts."""

    ids: torch.Tensor
    types: torch.Tensor
    positions: torch.Tensor
    texts: torch.Tensor
    starts: torch.Tensor
    bounds: Sequence[int]
    longest: int

    @classmethod
    def of(cls, numbers: torch.Tensor, tokens: int, packed: Packed) -> "Sent":
        """Views of a batch's numbers."""
        ids, types, positions, texts = numbers[: 4 * tokens].view(4, tokens)
        return cls(ids, types, positions, texts, numbers[4 * tokens :], packed.bounds, packed.longest)


def blank(room: Room, most: int) -> list[Encoded]:
    """A batch that fits, of texts of at most so many tokens."""
    zeros = np.zeros(min(room.tokens // room.texts, most), dtype=np.int64)
    return [Encoded(zeros, zeros, len(zeros))] * (room.texts - 1)
