"""Words of a field that are near another one, as Lucene's DirectSpellChecker finds them.

https://lucene.apache.org/core/9_9_0/suggest/org/apache/lucene/search/spell/DirectSpellChecker.html
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from connote.contract.errors import IllegalArgument
from connote.search.query.body import Body
from connote.search.query.fuzzy import Fuzziness, within
from connote.search.suggest.alike import LIKENESS
from connote.search.suggest.vocabulary import Vocabulary

MODES = ("missing", "popular", "always")
# How alike a word must be, if nothing else is said.
_LEAST = 0.5


class Near(NamedTuple):
    """A word, how alike it is, and in how many documents."""

    term: str
    score: float
    frequency: int


@dataclass(frozen=True)
class Spelling:
    """Which words are near."""

    size: int
    mode: str
    edits: int
    prefix: int
    least_length: int
    least_frequency: float
    most_frequency: float
    inspected: int
    least_score: float
    likeness: str

    @classmethod
    def parse(cls, body: Body) -> "Spelling":
        """Raises BadQuery, IllegalArgument."""
        body.raw("lowercase_terms")
        made = cls(
            body.whole("size", 5),
            (body.text("suggest_mode") or "missing").lower(),
            body.whole("max_edits", 2),
            body.whole("prefix_length", 1),
            body.whole("min_word_length", 4),
            body.number("min_doc_freq", 0),
            body.number("max_term_freq", 0.01),
            body.whole("max_inspections", 5),
            body.number("accuracy", _LEAST),
            (body.text("string_distance") or "internal").lower(),
        )
        if not all(map(math.isfinite, (made.least_frequency, made.most_frequency, made.least_score))):
            raise IllegalArgument(f"[{body.kind}] [min_doc_freq], [max_term_freq] and [accuracy] must be finite")
        if made.likeness not in LIKENESS:
            raise IllegalArgument(f"Illegal distance option {made.likeness}; there are {list(LIKENESS)}")
        if made.mode not in MODES:
            raise IllegalArgument(f"[{body.kind}] [suggest_mode] is one of {list(MODES)}")
        if made.edits not in (1, 2):
            raise IllegalArgument(f"maxEdits must be between 1 and 2, found [{made.edits}]")
        if made.size < 1 or made.prefix < 0 or made.least_length < 1:
            raise IllegalArgument(
                f"[{body.kind}] [size] and [min_word_length] must be positive, [prefix_length] not negative"
            )
        return made

    def near(self, word: str, words: Vocabulary, least: float | None = None) -> list[Near]:
        """The best first; only those in more than `least` documents (or that share of all), if `min_doc_freq` is less.

        What is two edits away is looked at only if there is too little that is one away. Raises IllegalArgument if
        it takes too long.
        """
        words.check()
        own = words.frequency(word)
        most = self.most_frequency if self.most_frequency >= 1 else math.ceil(self.most_frequency * words.documents)
        if len(word) < self.least_length or own > most or (self.mode == "missing" and own > 0):
            return []
        share = max(self.least_frequency, least or 0)
        share = share if share >= 1 else int(share * words.documents) - 1
        bound = max(own if self.mode == "popular" else 0, int(share))
        found: dict[str, Near] = {}
        for edits in range(1, self.edits + 1):
            if len(found) < self.size * self.inspected:
                found = {each.term: each for each in self._within(word, edits, bound, words)}
        return sorted(found.values(), key=lambda each: (-each.score, -each.frequency, each.term))[: self.size]

    def _within(self, word: str, edits: int, bound: int, words: Vocabulary) -> Iterator[Near]:
        how, alike = Fuzziness(kept=self.prefix), LIKENESS[self.likeness]
        for view in words.views:
            for term, far in within(view, word, edits, how):
                score = alike(word, term, far)
                if term != word and score >= self.least_score and (freq := words.frequency(term)) > bound:
                    yield Near(term, score, freq)
