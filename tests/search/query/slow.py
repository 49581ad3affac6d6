"""What queries must come to, worked out document by document: slow, and plain to see that it is right."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]
Scores = dict[int, float]


def listed(value: Any) -> list[Any]:  # noqa: ANN401 (JSON)
    """The values of a field."""
    return [] if value is None else value if isinstance(value, list) else [value]


def words(document: Document, field: str) -> list[str]:
    """The terms of a text field, as the standard analyzer makes them of plain words."""
    return [word for text in listed(document.get(field)) for word in re.findall(r"\w+", str(text).lower())]


def places(document: Document, field: str) -> list[tuple[str, int]]:
    """The terms with their positions: values are a hundred apart."""
    found: list[tuple[str, int]] = []
    at = 0
    for text in listed(document.get(field)):
        own = re.findall(r"\w+", str(text).lower())
        found += [(word, at + place) for place, word in enumerate(own)]
        at += len(own) + (100 if own else 0)
    return found


def chosen(documents: Sequence[Document], test: Callable[[Document], bool], score: float = 1.0) -> Scores:
    """All that pass, with one score."""
    return {number: score for number, document in enumerate(documents) if test(document)}


class Bm25:
    """Okapi BM25 as in the books, with the factor k1 + 1: `lists` are the terms of each document.

    Without norms, as of keywords, all documents are one long; the average is still that of the lists.
    """

    def __init__(self, lists: Sequence[Sequence[str]], *, norms: bool = True) -> None:
        self.lists, self.norms, self.k1, self.b = lists, norms, 1.2, 0.75
        self.count = sum(1 for each in lists if each)
        self.average = sum(map(len, lists)) / self.count if self.count else 1.0

    def idf(self, term: str) -> float:
        """How rare a term is."""
        return self.idf_of(sum(1 for each in self.lists if term in each))

    def idf_of(self, frequency: int) -> float:
        """How rare what so many documents have is."""
        return math.log(1 + (self.count - frequency + 0.5) / (frequency + 0.5))

    def score(self, number: int, idf: float, frequency: float) -> float:
        """What it is worth that a document has something so often."""
        length = len(self.lists[number]) if self.norms else 1
        norm = self.k1 * (1 - self.b + self.b * length / self.average)
        return idf * (self.k1 + 1) * frequency / (frequency + norm)

    def term(self, term: str, boost: float = 1.0) -> Scores:
        """The scores of one term."""
        idf = self.idf(term)
        return {
            number: boost * self.score(number, idf, each.count(term))
            for number, each in enumerate(self.lists)
            if term in each
        }


def summed(parts: Sequence[Scores], least: int = 1) -> Scores:
    """Scores added up, of who is in at least so many of the parts."""
    numbers = {number for part in parts for number in part}
    return {
        number: sum(part.get(number, 0.0) for part in parts)
        for number in numbers
        if sum(number in part for part in parts) >= least
    }


def best(parts: Sequence[Scores], tie: float = 0.0) -> Scores:
    """The best score of the parts, and a share of the others."""
    found: Scores = {}
    for number in {number for part in parts for number in part}:
        own = [part[number] for part in parts if number in part]
        found[number] = max(own) + tie * (sum(own) - max(own))
    return found


def times(scores: Scores, factor: float) -> Scores:
    """All scores multiplied."""
    return {number: score * factor for number, score in scores.items()}


def same(found: Scores, wanted: Scores, tolerance: float = 2e-6) -> None:
    """The same documents, with the same scores within float32's error."""
    assert sorted(found) == sorted(wanted)
    for number, score in wanted.items():
        assert math.isclose(found[number], score, rel_tol=tolerance, abs_tol=1e-6), (number, found[number], score)


def metres(one: Mapping[str, float], lat: float, lon: float) -> float:
    """By the angle between the two places, as vectors from the middle of the earth."""
    vectors = []
    for latitude, longitude in ((one["lat"], one["lon"]), (lat, lon)):
        up, round_ = math.radians(latitude), math.radians(longitude)
        vectors.append((math.cos(up) * math.cos(round_), math.cos(up) * math.sin(round_), math.sin(up)))
    away = math.dist(*vectors)
    return 2 * 6_371_008.7714 * math.asin(min(away / 2, 1))
