"""What `kernels` has for GPUs, in plain PyTorch: for the processor, and for GPUs without Triton.

SPLADE's head: https://arxiv.org/abs/2109.10086. To fuse it is Sparton's idea: https://arxiv.org/abs/2603.25011.
"""

from typing import Protocol

import torch
from torch.nn import functional

# Tokens × vocabulary entries that may exist at once.
MOST_LOGITS = 1 << 25
NONE = (1 << 63) - 1  # sorts behind every key


class Kernels(Protocol):
    """What this module and `kernels` have in common."""

    def maxima(
        self,
        tokens: torch.Tensor,
        texts: torch.Tensor,
        starts: torch.Tensor,
        decoder: torch.Tensor,
        bias: torch.Tensor,
    ) -> torch.Tensor:
        """relu(max over a text's tokens of its logits), texts × vocabulary in float32, without holding all logits.

        `tokens` is T × hidden, those of all texts below each other; `texts` (int32, T) is which text each is of,
        `starts` (int32, texts + 1) where each begins, and T at the end; `decoder` is vocabulary × hidden, `bias` is
        float32.
        """
        ...

    def gather(self, weights: torch.Tensor, room: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Of what `maxima` gives the first `room` entries above 0 of each text, and how many it has (int32).

        They are texts × room keys (int64) that sort by falling weight, then by id: above its id the bits of a float
        that is not negative, which order as it does, counted from the end. NONE stands where there is none.
        """
        ...

    def add_norm(
        self, x: torch.Tensor, residual: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, epsilon: float
    ) -> torch.Tensor:
        """LayerNorm(x + residual), rows × hidden."""
        ...


def maxima(
    tokens: torch.Tensor, texts: torch.Tensor, starts: torch.Tensor, decoder: torch.Tensor, bias: torch.Tensor
) -> torch.Tensor:
    """As `Kernels` has it, a slice of the vocabulary at a time."""
    count, width = len(starts) - 1, max(MOST_LOGITS // len(tokens), 1)
    parts = []
    for first in range(0, len(decoder), width):
        logits = (tokens @ decoder[first : first + width].T).float() + bias[first : first + width]
        best = torch.zeros((count, logits.shape[1]), device=tokens.device)
        parts.append(best.scatter_reduce(0, texts.long()[:, None].expand_as(logits), logits, "amax"))
    return torch.cat(parts, dim=1)


def gather(weights: torch.Tensor, room: int) -> tuple[torch.Tensor, torch.Tensor]:
    """As `Kernels` has it."""
    is_some = weights > 0
    texts, ids = is_some.nonzero(as_tuple=True)
    places = is_some.cumsum(1)[texts, ids] - 1
    kept = places < room
    texts, ids, places = texts[kept], ids[kept], places[kept]
    ranks = 0x7FFFFFFF - weights[texts, ids].view(torch.int32).long()
    keys = torch.full((len(weights), room), NONE, device=weights.device)
    keys[texts, places] = (ranks << 32) | ids
    return keys, is_some.sum(1, dtype=torch.int32)


def ranked(keys: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Sort what `gather` gives: texts × (1 + 2 × room), int32.

    A row is how many entries the text has, their ids by falling weight, and the bits of log1p of their weights.
    """
    keys = keys.sort(dim=1).values
    weights = (0x7FFFFFFF - (keys >> 32)).int().view(torch.float32)
    return torch.cat([counts[:, None], keys.int(), torch.log1p(weights).view(torch.int32)], dim=1)


def add_norm(
    x: torch.Tensor, residual: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, epsilon: float
) -> torch.Tensor:
    """As `Kernels` has it."""
    return functional.layer_norm(x + residual, x.shape[-1:], weight, bias, epsilon)
