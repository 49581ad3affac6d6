"""How alike two words are, 0 to 1: the measures of `string_distance`, as Lucene has them.

https://lucene.apache.org/core/9_9_0/suggest/org/apache/lucene/search/spell/package-summary.html
"""

from collections.abc import Callable, Mapping
from itertools import takewhile

from connote.search.query.edits import distance

# Of two words, and the edits between them, neighbours that change places being one.
Likeness = Callable[[str, str, int], float]

_LEAST_ALIKE = 0.7  # from which on words that begin alike are the more so


def _shorter(one: str, other: str, edits: int) -> float:
    return 1 - edits / max(min(len(one), len(other)), 1)


def _longer(one: str, other: str, edits: int) -> float:  # noqa: ARG001
    longest = max(len(one), len(other), 1)
    return 1 - distance(one, other, longest, swapping=False) / longest


def _jaro_winkler(one: str, other: str, edits: int) -> float:  # noqa: ARG001
    """https://en.wikipedia.org/wiki/Jaro%E2%80%93Winkler_distance, without a limit of the beginning."""
    short, long = sorted((one, other), key=len)
    reach = max(len(long) // 2 - 1, 0)
    taken, first = [False] * len(long), list[str]()
    for at, letter in enumerate(short):
        near = range(max(at - reach, 0), min(at + reach + 1, len(long)))
        place = next((each for each in near if not taken[each] and long[each] == letter), None)
        if place is not None:
            taken[place] = True
            first.append(letter)
    if not first:
        return 0.0
    second = [letter for letter, is_taken in zip(long, taken, strict=True) if is_taken]
    swapped = sum(a != b for a, b in zip(first, second, strict=True)) // 2
    same = len(first)
    jaro = (same / len(one) + same / len(other) + (same - swapped) / same) / 3
    start = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    return jaro if jaro < _LEAST_ALIKE else jaro + min(0.1, 1 / len(long)) * start * (1 - jaro)


def _pairs(one: str, other: str, edits: int) -> float:  # noqa: ARG001
    """G. Kondrak, "N-gram similarity and distance", 2005, of pairs of letters."""
    longest = max(len(one), len(other), 1)
    if min(len(one), len(other)) < 2:
        return sum(a == b for a, b in zip(one, other, strict=False)) / longest if one and other else float(one == other)
    row = [float(at) for at in range(len(one) + 1)]
    for j, pair in enumerate(zip(f"\0{other}", other, strict=False), start=1):
        before, row = row, [float(j)]
        for i, own in enumerate(zip(f"\0{one}", one, strict=False), start=1):
            compared = 1 if own[0] == pair[0] == "\0" else 2
            cost = sum(a != b for a, b in zip(own, pair, strict=True)) / compared
            row.append(min(row[i - 1] + 1, before[i] + 1, before[i - 1] + cost))
    return 1 - row[-1] / longest


LIKENESS: Mapping[str, Likeness] = {
    "internal": _shorter,
    "damerau_levenshtein": _shorter,
    "levenshtein": _longer,
    "jaro_winkler": _jaro_winkler,
    "ngram": _pairs,
}
