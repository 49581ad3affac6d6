"""Words of a text, as ICU's root locale sees them (https://unicode.org/reports/tr29/)."""

import unicodedata
from collections.abc import Callable

import numpy as np
from icu4py.breakers import SentenceBreaker, WordBreaker
from numpy.typing import NDArray

_ROOT = "root"


class Text:
    """A text with its word boundaries. All positions are code points, as in Python."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._from_utf16 = _from_utf16(text)
        starts, ends = self._segments(WordBreaker(text, _ROOT).segments)
        has_word = _has_word(text, starts, ends)
        self._word_starts, self._word_ends = starts[has_word], ends[has_word]

    def words(self) -> list[tuple[int, int]]:
        """Where the words begin and end."""
        return list(zip(self._word_starts.tolist(), self._word_ends.tolist(), strict=True))

    def count(self, start: int, end: int) -> int:
        """The words in [start, end).

        Counted are the boundaries from `start` to `end`, both included, at which a word ends. Where nothing stands
        between two words, one that ends at `start` is counted too.
        """
        first, last = np.searchsorted(self._word_ends, [start, end + 1])
        return max(int(last - first), 0)

    def word_ends(self, start: int, end: int) -> NDArray[np.int64]:
        """Where the words that end in (start, end] end."""
        first, last = np.searchsorted(self._word_ends, [start + 1, end + 1])
        return self._word_ends[first:last]

    def sentences(self) -> list[tuple[int, int]]:
        """The sentences, each with the white space after it."""
        starts, ends = self._segments(SentenceBreaker(self.text, _ROOT).segments)
        return list(zip(starts.tolist(), ends.tolist(), strict=True))

    def boundaries(self) -> list[int]:
        """Where words, and what stands between them, begin and end: from 0 to the end of the text."""
        return [0, *self._segments(WordBreaker(self.text, _ROOT).segments)[1].tolist()]

    def _segments(self, segments: Callable[[], object]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        pairs = np.array(list(segments()), dtype=np.int64).reshape(-1, 2)  # type: ignore[call-overload]
        if self._from_utf16 is not None:
            pairs = self._from_utf16[pairs]
        return pairs[:, 0], pairs[:, 1]


def count_words(text: str) -> int:
    """The words of a text."""
    return Text(text).count(0, len(text))


def to_utf16(text: str) -> NDArray[np.int64]:
    """By code point, its position in UTF-16 code units; one more for the end. `semantic_text` stores such offsets."""
    wide = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4") > 0xFFFF
    return np.concatenate([[0], np.cumsum(1 + wide, dtype=np.int64)])


def _from_utf16(text: str) -> NDArray[np.int64] | None:
    """By position in UTF-16 code units, which ICU speaks, the code point; None if they are the same."""
    if text.isascii() or max(text) <= "\uffff":
        return None
    positions = to_utf16(text)
    table = np.zeros(positions[-1] + 1, dtype=np.int64)
    table[positions] = np.arange(len(positions))
    return table


def _has_word(text: str, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which segments ICU gives a rule status other than none: those with a letter, a number, kana or an ideograph."""
    points = np.fromiter(map(_points, text), dtype=np.int64, count=len(text))
    before = np.concatenate([[0], np.cumsum(points)])
    has: NDArray[np.bool_] = before[ends] - before[starts] >= _WORD
    return has


# Points that make a segment a word. One letter does, and so do two underscores, though not one.
_WORD = 2


def _points(character: str) -> int:
    if character.isalpha() or character.isdecimal():
        return _WORD
    if character.isascii():
        return int(character == "_")
    # Letters that are no letters by category: circled ones, Roman numerals.
    if character.isupper() or character.islower() or unicodedata.category(character) == "Nl":
        return _WORD
    return int(unicodedata.category(character) == "Pc")
