"""Other words for each one that was typed (`direct_generator`).

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/search-suggesters#_direct_generators
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import IllegalArgument
from connote.search.query.body import Body
from connote.search.query.reader import Reader
from connote.search.suggest.spelling import Near, Spelling
from connote.search.suggest.vocabulary import Vocabulary


@dataclass(frozen=True)
class Candidate:
    """A word that may stand in a phrase: how like the typed one it is (1: the same), how often it is there."""

    term: str
    likeness: float
    count: int
    score: float = 0.0
    is_typed: bool = False


@dataclass(frozen=True)
class Generator:
    """Words of a field near the typed one, which goes through analyzers before it is looked up, and they after."""

    field: str
    spelling: Spelling
    before: str | None = None
    after: str | None = None

    @classmethod
    def parse(cls, given: Any) -> "Generator":  # noqa: ANN401 (JSON)
        """Raises BadQuery, IllegalArgument."""
        body = Body("direct_generator", given)
        body.raw("sort")
        made = cls(body.required("field", str), Spelling.parse(body), body.text("pre_filter"), body.text("post_filter"))
        body.done()
        return made

    def over(self, readers: Sequence[Reader], likelihood: float) -> "Drawing | None":
        """To draw candidates; None if the field is not there. Raises IllegalArgument for an analyzer that is not."""
        if any(reader.field(self.field) is None for reader in readers):
            return None
        return Drawing(self, Vocabulary("direct_generator", self.field, readers), readers, likelihood)


class Drawing:
    """A generator over some indices."""

    def __init__(self, generator: Generator, words: Vocabulary, readers: Sequence[Reader], likelihood: float) -> None:
        self.words, self._spelling, self._likelihood = words, generator.spelling, likelihood
        analysis = readers[0].mapping.analysis
        for name in (generator.before, generator.after):
            if name is not None and analysis.analyzer(name) is None:
                raise IllegalArgument(f"Analyzer [{name}] doesn't exists")
        self._before = analysis.analyzer(generator.before) if generator.before else None
        self._after = analysis.analyzer(generator.after) if generator.after else None
        least = self._spelling.least_frequency
        self._plateau = int(least if least >= 1 else least * words.documents)

    def known(self, term: str, likeness: float = 1.0, *, is_typed: bool = False) -> Candidate:
        """The typed word itself, or a synonym."""
        count = self.words.count(self._looked_up(term))
        score = likeness * ((count + 1) / (self.words.occurrences + 1))
        return Candidate(term, likeness, count, score, is_typed=is_typed)

    def near(self, term: str) -> Iterator[Candidate]:
        """Other words for it."""
        word = self._looked_up(term)
        least = None if self._spelling.mode == "always" else self._threshold(self.words.frequency(word))
        for found in self._spelling.near(word, self.words, least):
            yield from self._shown(found)

    def _looked_up(self, term: str) -> str:
        made = self._before.terms(term) if self._before else [term]
        return made[-1] if made else term

    def _threshold(self, frequency: int) -> int:
        """How frequent a word must be to be better than one of that frequency."""
        if frequency <= self._plateau:
            return 0
        return max(0, math.floor(frequency * math.log(frequency - self._plateau, 5) + 1 + 0.5))

    def _shown(self, found: Near) -> Iterator[Candidate]:
        count = self.words.count(found.term)
        score = found.score * ((count + 1) / (self.words.occurrences + 1))
        if self._after is None:
            yield Candidate(found.term, found.score, count, score)
            return
        before = -1
        for token in self._after.analyze(found.term):
            same, before = token.position > before and token.term == found.term, token.position
            yield Candidate(token.term, found.score if same else self._likelihood, count, score)
