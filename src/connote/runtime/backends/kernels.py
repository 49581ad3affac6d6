"""Kernels for GPUs in Triton, which comes with PyTorch's builds for CUDA on Linux."""

import torch
import triton
import triton.language as tl

from connote.runtime.backends import plain

# Tokens, vocabulary entries and the part of the hidden size that a program works on at once, its warps, and how many
# parts it holds. Two programs fit on a multiprocessor (of an H100; one elsewhere): while one looks for its maxima, the
# other multiplies. Of ten such tiles it was the fastest by a tenth or more.
_TILE = {"ROWS": 128, "COLUMNS": 128, "INNER": 64, "num_warps": 4, "num_stages": 3}
# Entries of the vocabulary that are looked through at once.
_SPAN = 2048


def maxima(
    tokens: torch.Tensor, texts: torch.Tensor, starts: torch.Tensor, decoder: torch.Tensor, bias: torch.Tensor
) -> torch.Tensor:
    """As `plain.Kernels` has it: projection, maximum and activation in one."""
    total, (vocabulary, hidden) = len(tokens), decoder.shape
    out = torch.zeros((len(starts) - 1, vocabulary), dtype=torch.float32, device=tokens.device)

    # Neighbouring programs read the same part of the decoder, which then stands in the cache.
    grid = triton.cdiv(total, _TILE["ROWS"]), triton.cdiv(vocabulary, _TILE["COLUMNS"])
    _maxima[grid](tokens, texts, starts, decoder, bias, out.view(torch.int32), total, vocabulary, hidden, **_TILE)
    return out


def gather(weights: torch.Tensor, room: int) -> tuple[torch.Tensor, torch.Tensor]:
    """As `plain.Kernels` has it, a program a text."""
    texts = len(weights)
    keys = torch.full((texts, room), plain.NONE, dtype=torch.int64, device=weights.device)
    counts = torch.empty(texts, dtype=torch.int32, device=weights.device)
    _gather[texts,](weights, keys, counts, weights.shape[1], room, SPAN=_SPAN)
    return keys, counts


def add_norm(
    x: torch.Tensor, residual: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, epsilon: float
) -> torch.Tensor:
    """As `plain.Kernels` has it, in one pass over memory, with sums in float32."""
    rows, hidden = x.shape
    out = torch.empty_like(x)
    _add_norm[rows,](x, residual, weight, bias, out, hidden, epsilon, SPAN=triton.next_power_of_2(hidden))
    return out


# The number of tokens is another in each batch, and where `texts` lie comes of it: nothing is compiled anew for them.
@triton.jit(do_not_specialize=["total"], do_not_specialize_on_alignment=["texts"])  # type: ignore[untyped-decorator]
def _maxima(  # noqa: PLR0917 (Triton's calls are positional)
    tokens: tl.tensor,
    texts: tl.tensor,
    starts: tl.tensor,
    decoder: tl.tensor,
    bias: tl.tensor,
    out: tl.tensor,
    total: tl.tensor,
    vocabulary: tl.tensor,
    HIDDEN: tl.constexpr,  # noqa: N803
    ROWS: tl.constexpr,  # noqa: N803
    COLUMNS: tl.constexpr,  # noqa: N803
    INNER: tl.constexpr,  # noqa: N803
) -> None:
    """A tile of tokens, whatever texts they are of, by a tile of the vocabulary.

    Maxima are joined as integers: floats that are not negative order as their bits do.
    """
    begin = tl.program_id(0) * ROWS
    rows, columns = begin + tl.arange(0, ROWS), tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    # What lies outside is read from the last row inside, and not used: loads without masks are faster.
    row, column = tl.minimum(rows, total - 1), tl.minimum(columns, vocabulary - 1).to(tl.int64)
    sums = tl.zeros([ROWS, COLUMNS], tl.float32)
    for start in range(0, HIDDEN, INNER):
        inner = start + tl.arange(0, INNER)
        left = tokens + row[:, None] * HIDDEN + inner[None, :]
        right = decoder + column[None, :] * HIDDEN + inner[:, None]
        if HIDDEN % INNER == 0:
            a, b = tl.load(left), tl.load(right)
        else:
            a = tl.load(left, mask=inner[None, :] < HIDDEN, other=0.0)
            b = tl.load(right, mask=inner[:, None] < HIDDEN, other=0.0)
        sums = tl.dot(a, b, sums, input_precision="ieee")
    sums += tl.load(bias + column)[None, :]
    first, last = tl.load(texts + begin), tl.load(texts + tl.minimum(begin + ROWS, total) - 1)
    for text in range(first, last + 1):
        if first == last:
            best = tl.maximum(tl.max(sums, axis=0), 0.0)
        else:
            own = (rows >= tl.load(starts + text)) & (rows < tl.load(starts + text + 1))
            best = tl.max(tl.where(own[:, None], sums, 0.0), axis=0)
        place = out + tl.cast(text, tl.int64) * vocabulary + columns
        tl.atomic_max(place, best.to(tl.int32, bitcast=True), mask=(columns < vocabulary) & (best > 0.0))


@triton.jit  # type: ignore[untyped-decorator]
def _gather(
    weights: tl.tensor,
    keys: tl.tensor,
    counts: tl.tensor,
    vocabulary: tl.tensor,
    room: tl.tensor,
    SPAN: tl.constexpr,  # noqa: N803
) -> None:
    """One text."""
    text, count = tl.program_id(0).to(tl.int64), 0
    for first in range(0, vocabulary, SPAN):
        ids = first + tl.arange(0, SPAN)
        value = tl.load(weights + text * vocabulary + ids, mask=ids < vocabulary, other=0.0)
        is_some = value > 0.0
        place = count + tl.cumsum(is_some.to(tl.int32), axis=0) - 1
        rank = 0x7FFFFFFF - value.to(tl.int32, bitcast=True)
        tl.store(keys + text * room + place, (rank.to(tl.int64) << 32) | ids, mask=is_some & (place < room))
        count += tl.sum(is_some.to(tl.int32), axis=0)
    tl.store(counts + text, count)


@triton.jit  # type: ignore[untyped-decorator]
def _add_norm(  # noqa: PLR0917 (Triton's calls are positional)
    x: tl.tensor,
    residual: tl.tensor,
    weight: tl.tensor,
    bias: tl.tensor,
    out: tl.tensor,
    hidden: tl.tensor,
    epsilon: tl.tensor,
    SPAN: tl.constexpr,  # noqa: N803
) -> None:
    """One row."""
    columns = tl.arange(0, SPAN)
    inside, place = columns < hidden, tl.program_id(0).to(tl.int64) * hidden + columns
    value = tl.load(x + place, mask=inside, other=0.0).to(tl.float32)
    value += tl.load(residual + place, mask=inside, other=0.0).to(tl.float32)
    value = tl.where(inside, value - tl.sum(value, axis=0) / hidden, 0.0)
    value *= tl.rsqrt(tl.sum(value * value, axis=0) / hidden + epsilon)
    value *= tl.load(weight + columns, mask=inside, other=0.0).to(tl.float32)
    value += tl.load(bias + columns, mask=inside, other=0.0).to(tl.float32)
    tl.store(out + place, value.to(out.dtype.element_ty), mask=inside)
