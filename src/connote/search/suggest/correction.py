"""The likeliest phrases, of which each word is the typed one or another.

M. Kernighan, K. Church and W. Gale, "A spelling correction program based on a noisy channel model", 1990. A phrase's
score is e to the sum of the decimal logarithms of its words' likelihoods, as Elasticsearch has it.
"""

import math
from collections.abc import Callable, Sequence
from heapq import nlargest
from typing import NamedTuple

from connote.contract.errors import IllegalArgument
from connote.search.suggest.candidates import Candidate
from connote.search.thread import check

# Phrases, or beginnings of phrases, that are compared at most.
_MOST = 1_000_000

_HIGHEST = 88.0  # e to it is among the greatest floats, which scores are

# The decimal logarithm of the likelihood of the last of these words.
Likelihood = Callable[[Sequence[Candidate]], float]


class Correction(NamedTuple):
    """A phrase with its score."""

    score: float
    words: tuple[Candidate, ...]

    def text(self, before: str = "", after: str = "") -> str:
        """The words; what was not typed between the tags, neighbours together."""
        parts = []
        for at, word in enumerate(self.words):
            opens = not word.is_typed and (at == 0 or self.words[at - 1].is_typed)
            closes = not word.is_typed and (at + 1 == len(self.words) or self.words[at + 1].is_typed)
            parts.append(f"{before if opens else ''}{word.term}{after if closes else ''}")
        return " ".join(parts)


class Place(NamedTuple):
    """A place in the phrase: the typed word, and the others."""

    typed: Candidate
    others: Sequence[Candidate]


def score(places: Sequence[Place], likelihood: Likelihood, reach: int) -> float:
    """The score of the phrase as it was typed; `reach` words together are looked at."""
    typed, found = [place.typed for place in places], 0.0
    for at in range(len(typed)):
        found += likelihood(typed[max(at + 1 - reach, 0) : at + 1])
    return _exp(found)


def best(places: Sequence[Place], likelihood: Likelihood, *, reach: int, errors: int, most: int) -> list[Correction]:
    """The best phrases with at most so many words that were not typed, the best first.

    Beginnings with the same last words go on alike, so of these only the best are kept. Raises IllegalArgument if
    there are too many.
    """
    _check_size(places, reach, errors, most)
    begun: dict[tuple[tuple[Candidate, ...], int], list[Correction]] = {((), 0): [Correction(0.0, ())]}
    for typed, others in places:
        longer: dict[tuple[tuple[Candidate, ...], int], list[Correction]] = {}
        for (last, wrong), phrases in begun.items():
            check()
            for word in (typed, *(others if wrong < errors else ())):
                run = (*last, word)
                gain, count = likelihood(run), wrong + (word is not typed)
                key = (run[max(len(run) + 1 - reach, 0) :], count)
                longer.setdefault(key, []).extend(
                    Correction(each.score + gain, (*each.words, word)) for each in phrases
                )
        begun = {key: nlargest(most, phrases, key=_order) for key, phrases in longer.items()}
    found = nlargest(most, (each for phrases in begun.values() for each in phrases), key=_order)
    return [Correction(_exp(each.score), each.words) for each in found]


def _exp(score: float) -> float:
    return math.exp(min(score, _HIGHEST))


def _order(phrase: Correction) -> tuple[float, list[str]]:
    return phrase.score, [word.term for word in phrase.words]


def _check_size(places: Sequence[Place], reach: int, errors: int, most: int) -> None:
    widest = 1 + max((len(place.others) for place in places), default=0)
    size = len(places) * widest**reach * (min(errors, len(places)) + 1) * most
    if size > _MOST:
        raise IllegalArgument(
            f"[phrase] would compare [{size}] phrases, and at most [{_MOST}] are; lower [size], [shard_size], "
            "[gram_size] or the generators' [size]"
        )
