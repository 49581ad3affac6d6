"""Lengths in one byte, as Lucene keeps them (SmallFloat.intToByte4): exact to 40, then four significant bits."""

import numpy as np

from connote.search.engine.arrays import Bytes, Floats, Longs

# Of 256 codes, 0 to 23 are the number itself, since the largest int needs no more than 232 codes above them.
_EXACT = 24


def _decode(code: int) -> int:
    """A number whose three bits after the leading one, and where that stands, are in the code (Lucene's long4ToInt)."""
    if code < _EXACT:
        return code
    bits, shift = (code - _EXACT) & 7, (code - _EXACT >> 3) - 1
    return _EXACT + (bits if shift < 0 else (bits | 8) << shift)


_DECODED = np.array([_decode(code) for code in range(256)], dtype=np.int64)
LENGTHS: Floats = _DECODED.astype(np.float32)
"""float32 [256]: the length that each code stands for."""


def encode(lengths: Longs) -> Bytes:
    """The code of the greatest length that is not greater."""
    return (np.searchsorted(_DECODED, lengths, side="right") - 1).astype(np.uint8)
