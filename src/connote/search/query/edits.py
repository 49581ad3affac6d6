"""How many characters are to be put in, taken out or replaced (or two neighbours swapped) to make one word of another.

Optimal string alignment: https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from connote.search.engine.strings import Strings
from connote.search.thread import check

# Words that are compared at a time; more edits than anyone asks for.
_BLOCK, _MANY = 1 << 16, 100


def distance(one: str, other: str, most: int, *, swapping: bool = True) -> int:
    """The edits from one word to another; `most` + 1 for more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, start=1):
        earlier, before = before, row
        row = [i]
        for j, right in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if swapping and i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)


def near(word: str, words: Strings, places: range, most: int, *, swapping: bool = True) -> Iterator[tuple[int, int]]:
    """Of the words at some places those that are at most so many edits away: their places, and the edits."""
    for begin in range(places.start, places.stop, _BLOCK):
        check()
        points, starts = words.points(range(begin, min(begin + _BLOCK, places.stop)))
        lengths = np.diff(starts)
        at = np.flatnonzero(np.abs(lengths - len(word)) <= most)
        if len(at):
            rows = _distances(word, _letters(points, starts[at], len(word) + most), most, swapping=swapping)
            edits = rows[lengths[at], np.arange(len(at))]
            close = np.flatnonzero(edits <= most)
            yield from zip((at[close] + begin).tolist(), edits[close].tolist(), strict=True)


def begun(word: str, words: Strings, places: range, end: str, most: int, *, swapping: bool = True) -> Iterator[int]:
    """Of the words at some places those that have a beginning, before an `end`, at most so many edits away."""
    for begin in range(places.start, places.stop, _BLOCK):
        check()
        points, starts = words.points(range(begin, min(begin + _BLOCK, places.stop)))
        widest = len(word) + most
        letters = _letters(points, starts[:-1], widest)
        ends = letters == ord(end)
        lengths = np.where(ends.any(axis=0), ends.argmax(axis=0), widest)
        known = np.arange(max(len(word) - most, 0), widest + 1)
        rows = _distances(word, letters, most, swapping=swapping)[known]
        close = ((rows <= most) & (known[:, None] <= lengths)).any(axis=0)
        yield from (np.flatnonzero(close) + begin).tolist()


def _letters(points: NDArray[np.uint32], starts: NDArray[np.int64], widest: int) -> NDArray[np.uint32]:
    """uint32 [widest, words]: the letters from these starts on, also those behind the words."""
    found: NDArray[np.uint32] = np.append(points, 0)[np.minimum(starts + np.arange(widest)[:, None], len(points))]
    return found


def _distances(word: str, letters: NDArray[np.uint32], most: int, *, swapping: bool) -> NDArray[np.uint8]:
    """uint8 [widest + 1, words]: the edits from the word to the beginnings of others, `letters` [widest, words].

    Exact up to `most`; only the places of which lengths differ by no more are looked at.
    """
    widest, count = letters.shape
    own = [ord(letter) for letter in word]
    earlier = before = np.zeros((0, count), dtype=np.uint8)
    row = np.full((widest + 1, count), _MANY, dtype=np.uint8)
    row[: most + 1] = np.arange(min(most, widest) + 1, dtype=np.uint8)[:, None]
    for i, letter in enumerate(own, start=1):
        earlier, before, row = before, row, np.full((widest + 1, count), _MANY, dtype=np.uint8)
        if i <= most:
            row[0] = i
        for j in range(max(1, i - most), min(widest, i + most) + 1):
            cost = np.minimum(np.minimum(before[j], row[j - 1]) + 1, before[j - 1] + (letters[j - 1] != letter))
            if swapping and i > 1 and j > 1:
                swapped = (letters[j - 2] == letter) & (letters[j - 1] == own[i - 2])
                cost = np.where(swapped, np.minimum(cost, earlier[j - 2] + 1), cost)
            row[j] = cost
    return row
