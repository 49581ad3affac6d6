"""Positions in a text as Elasticsearch counts them: in UTF-16 code units, of which an emoji has two."""

from collections.abc import Callable

import numpy as np


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The place of a part of a text without the spaces at its ends, which sentencepiece counts to a word."""
    inner = text[start:end]
    first = start + len(inner) - len(inner.lstrip())
    return first, first + len(inner.strip())


def units(text: str) -> Callable[[int], int]:
    """What turns a position that counts characters into one that counts code units."""
    if text.isascii():
        return int
    codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    pairs = np.concatenate([[0], np.cumsum(codes > 0xFFFF)])
    return lambda position: int(position + pairs[position])
