"""Vectors in one byte a number: their products are known nearly, and how far off they can be."""

import math
from typing import Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from connote.search.engine.arrays import Floats

# How vectors are compared: by their product, the cosine of their angle, or the square of their distance.
Similarity = Literal["dot", "cosine", "l2"]

_ROWS = 4096  # that are made at a time
_GREATEST = 127
# Of smaller numbers the squares of what is left out are too small for float32, and in the end their share of the
# greatest: all of them are left out, and taken to be twice as long as they can be.
_TINY = 1e-12
# What is less than that is lost in a float32 product.
_LEAST = float(np.finfo(np.float32).tiny)
# Sums of products must fit into 32 bits.
_MOST = 2**31 - 1
# By how much a float32 sum of n products can be off, as a share of the lengths' product: n times this, and as much for
# the sum that it is compared with. https://epubs.siam.org/doi/book/10.1137/1.9780898718027, section 3.1
ROUNDED = 2 * float(np.finfo(np.float32).eps)


class Codes(NamedTuple):
    """Row r of a matrix is about scales[r] x values[r]: int8 [rows, dimensions], float32 [rows].

    `errors` float32 [rows]: the length of what that leaves out; `lengths` float32 [rows]: that of the row itself.
    """

    values: NDArray[np.int8]
    scales: Floats
    errors: Floats
    lengths: Floats

    @classmethod
    def of(cls, matrix: Floats, lengths: Floats) -> Self:
        """Of float32 [rows, dimensions]."""
        rows = len(matrix)
        made = cls(np.empty(matrix.shape, np.int8), np.empty(rows, np.float32), np.empty(rows, np.float32), lengths)
        for start in range(0, rows, _ROWS):
            block, part = matrix[start : start + _ROWS], slice(start, start + _ROWS)
            greatest = np.abs(block).max(axis=1, initial=0)
            is_tiny = greatest < _TINY
            made.scales[part] = scales = np.where(is_tiny, np.float32(0), greatest / np.float32(_GREATEST))
            codes = np.rint(np.divide(block, scales[:, None], out=np.zeros_like(block), where=scales[:, None] > 0))
            made.values[part] = codes
            # A little more, for it is rounded itself.
            errors = np.linalg.norm(block - codes * scales[:, None], axis=1) * np.float32(1.001)
            made.errors[part] = np.where(is_tiny, greatest * np.float32(2 * np.sqrt(matrix.shape[1])), errors)
        return made


class Asked(NamedTuple):
    """A query that is about step x codes (int16 [dimensions]), and what its products with rows can be off by.

    That is `per_error` of a row's error, `per_length` of its length, and `least` in any case. `length` is the query's,
    as the exact comparison has it, and `room` the share of lengths that this may be rounded by.
    """

    codes: NDArray[np.int16]
    step: float
    per_error: float
    per_length: float
    least: float
    length: float
    room: float
    similarity: Similarity

    @classmethod
    def of(cls, query: Floats, similarity: Similarity) -> Self | None:
        """Of float32 [dimensions]; None of one so small that nothing is known of its products."""
        numbers = query.astype(np.float64)
        length, greatest = math.sqrt(np.dot(numbers, numbers)), float(np.abs(query).max(initial=0))
        step = greatest / min(np.iinfo(np.int16).max, _MOST // (_GREATEST * max(len(query), 1))) or 1.0
        if step < _LEAST:
            return None
        codes = np.rint(numbers / step)
        rest = numbers - codes * step
        missed, room = math.sqrt(np.dot(rest, rest)), ROUNDED * (len(query) + 4)
        # |x q - x' q'| <= |x - x'| |q'| + |x| |q - q'|, for q' is not longer than q and what was missed together.
        both = length + missed
        return cls(
            codes=codes.astype(np.int16),
            step=step,
            per_error=both,
            per_length=missed + room * both,
            least=(len(query) + 4) * _LEAST,
            length=float(np.sqrt(np.dot(query, query))),
            room=room,
            similarity=similarity,
        )
