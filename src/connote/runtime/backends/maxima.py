"""The sparse head in PyTorch: log1p(relu(max over a text's tokens of its logits)), without holding all logits.

SPLADE's head: https://arxiv.org/abs/2109.10086. To fuse it is Sparton's idea: https://arxiv.org/abs/2603.25011.
"""

import importlib.util

import torch

# Tokens × vocabulary entries that may exist at once where there is no Triton.
MOST_LOGITS = 1 << 25


def can_fuse() -> bool:
    """Whether Triton is installed."""
    return importlib.util.find_spec("triton") is not None


def weigh(
    tokens: torch.Tensor, starts: torch.Tensor, decoder: torch.Tensor, bias: torch.Tensor, *, fused: bool
) -> torch.Tensor:
    """The weights, texts × vocabulary in float32.

    `tokens` is T × hidden, those of all texts below each other; `starts` (int32, texts + 1) is where each begins, and
    T at the end; `decoder` is vocabulary × hidden, `bias` is float32. With `fused` in a Triton kernel, whose programs
    keep maxima of the logits that they have just computed; else over slices of the vocabulary.
    """
    if fused:
        from connote.runtime.backends import kernels  # noqa: PLC0415 (needs Triton)

        return kernels.maxima(tokens, starts, decoder, bias)
    lengths = starts.diff().long()
    text_of = torch.repeat_interleave(torch.arange(len(lengths), device=tokens.device), lengths)
    width = max(MOST_LOGITS // len(tokens), 1)
    parts = []
    for first in range(0, len(decoder), width):
        logits = (tokens @ decoder[first : first + width].T).float()
        best = torch.full((len(lengths), logits.shape[1]), -torch.inf, device=tokens.device)
        best = best.scatter_reduce(0, text_of[:, None].expand_as(logits), logits, "amax")
        parts.append(torch.log1p(torch.relu(best + bias[first : first + width])))
    return torch.cat(parts, dim=1)
