"""Chunks between separators, coarse ones first."""

import time
from collections.abc import Sequence
from itertools import pairwise

import regex

from connote.chunking import sentence
from connote.chunking.words import Text
from connote.contract.errors import IllegalArgument

# Separators are a user's regular expressions: they get this many seconds for one text.
_TIME = 2.0


def spans(text: Text, size: int, separators: Sequence[str]) -> list[tuple[int, int]]:
    """Cut at the first separator; join neighbours up to `size` words; cut what is still too long at the next one.

    A separator opens the piece after it. When there are none left, whole sentences are the pieces.
    Raises IllegalArgument if matching takes too long.
    """
    return _cut(text, 0, len(text.text), size, separators, time.monotonic() + _TIME)


def _cut(text: Text, start: int, end: int, size: int, separators: Sequence[str], until: float) -> list[tuple[int, int]]:
    if text.count(start, end) <= size:
        return [(start, end)]
    if not separators:
        part = Text(text.text[start:end])
        return [(start + a, start + b) for a, b in sentence.spans(part, size, 0)]
    pieces = _joined(text, _pieces(text.text, start, end, separators[0], until), size)
    return [chunk for a, b in pieces for chunk in _cut(text, a, b, size, separators[1:], until)]


def _pieces(text: str, start: int, end: int, separator: str, until: float) -> list[tuple[int, int]]:
    left = until - time.monotonic()
    try:
        if left <= 0:
            raise TimeoutError  # noqa: TRY301 (as the library does)
        found = regex.finditer(separator, text, regex.MULTILINE, pos=start, endpos=end, timeout=left, concurrent=True)
        cuts = [start, *dict.fromkeys(match.start() for match in found if match.start() > start), end]
    except TimeoutError:
        raise IllegalArgument(f"Chunk separator regex [{separator}] has exceeded the character read limit") from None
    return [(a, b) for a, b in pairwise(cuts) if a < b]


def _joined(text: Text, pieces: Sequence[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    words = 0
    for start, end in pieces:
        count = text.count(start, end)
        if joined and words + count <= size:
            joined[-1] = (joined[-1][0], end)
            words += count
        else:
            joined.append((start, end))
            words = count
    return joined
