"""Kernels for GPUs in Triton, which comes with PyTorch's builds for CUDA on Linux."""

from typing import Any

import torch
import triton
import triton.language as tl

# Tokens, vocabulary entries and the part of the hidden size that a program works on at once. On a GPU the best is found
# by trying; elsewhere (the interpreter) it is the first.
_BLOCKS = [
    {"ROWS": rows, "COLUMNS": columns, "INNER": inner}
    for rows, columns, inner in ((64, 128, 64), (128, 128, 64), (64, 256, 64), (128, 256, 32))
]


def maxima(tokens: torch.Tensor, starts: torch.Tensor, decoder: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """The weights of `connote.runtime.backends.maxima.weigh`: projection, maximum and activation in one."""
    texts, (vocabulary, hidden) = len(starts) - 1, decoder.shape
    out = torch.empty((texts, vocabulary), dtype=torch.float32, device=tokens.device)

    def grid(block: dict[str, int]) -> tuple[int, int]:
        # Neighbouring programs read the same weights, which then stand in the cache.
        return texts, -(-vocabulary // block["COLUMNS"])

    fixed = {} if tokens.is_cuda else _BLOCKS[0]
    kernel = _tuned if tokens.is_cuda else _maxima
    kernel[grid](tokens.contiguous(), starts, decoder.contiguous(), bias, out, vocabulary, hidden, **fixed)
    return out


@triton.jit  # type: ignore[untyped-decorator]
def _maxima(  # noqa: PLR0917 (Triton's calls are positional)
    tokens: Any,  # noqa: ANN401
    starts: Any,  # noqa: ANN401
    decoder: Any,  # noqa: ANN401
    bias: Any,  # noqa: ANN401
    out: Any,  # noqa: ANN401
    vocabulary: Any,  # noqa: ANN401
    hidden: Any,  # noqa: ANN401
    ROWS: tl.constexpr,  # noqa: N803
    COLUMNS: tl.constexpr,  # noqa: N803
    INNER: tl.constexpr,  # noqa: N803
) -> None:
    text = tl.program_id(0)
    columns = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    inside = columns < vocabulary
    first, last = tl.load(starts + text), tl.load(starts + text + 1)
    best = tl.full([COLUMNS], float("-inf"), tl.float32)
    for begin in range(first, last, ROWS):
        rows = begin + tl.arange(0, ROWS)
        real = rows < last
        sums = tl.zeros([ROWS, COLUMNS], tl.float32)
        for start in range(0, hidden, INNER):
            inner = start + tl.arange(0, INNER)
            within = inner < hidden
            a = tl.load(
                tokens + rows[:, None] * hidden + inner[None, :], mask=real[:, None] & within[None, :], other=0.0
            )
            place = columns[None, :].to(tl.int64) * hidden + inner[:, None]
            b = tl.load(decoder + place, mask=inside[None, :] & within[:, None], other=0.0)
            sums = tl.dot(a, b, sums, input_precision="ieee")
        best = tl.maximum(best, tl.max(tl.where(real[:, None], sums, float("-inf")), axis=0))
    logits = best + tl.load(bias + columns, mask=inside, other=0.0)
    weights = tl.log(1.0 + tl.maximum(logits, 0.0))
    tl.store(out + text.to(tl.int64) * vocabulary + columns, weights, mask=inside)


_tuned = triton.autotune([triton.Config(block, num_warps=8) for block in _BLOCKS], key=["hidden"])(_maxima)
