"""Words of a field that are near those that were typed, as Lucene's DirectSpellChecker finds them.

https://lucene.apache.org/core/9_9_0/suggest/org/apache/lucene/search/spell/DirectSpellChecker.html
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from connote.contract.errors import IllegalArgument
from connote.search.analysis import Token
from connote.search.engine.fields import Inverted
from connote.search.fetch.source import SourceFilter
from connote.search.mapping.field import Field
from connote.search.mapping.keyword import Keyword
from connote.search.mapping.text import Text
from connote.search.query.body import Body
from connote.search.query.fuzzy import Fuzziness, within
from connote.search.query.reader import Reader

_MODES, _SORTS = ("missing", "popular", "always"), ("score", "frequency")
# How alike a word must be: 1 less the edits by the shorter length.
_LEAST = 0.5
_ACCEPTED = ("shard_size", "max_inspections", "string_distance", "lowercase_terms")


@dataclass(frozen=True)
class Terms:
    """`size` words for each that was typed."""

    kind: ClassVar[str] = "term"
    field: str
    analyzer: str | None
    size: int
    sort: str
    mode: str
    edits: int
    prefix: int
    least_length: int
    least_frequency: float
    most_frequency: float

    @classmethod
    def parse(cls, body: Body) -> "Terms":
        """Raises BadQuery, IllegalArgument."""
        for name in _ACCEPTED:
            body.raw(name)
        made = cls(
            body.required("field", str),
            body.text("analyzer"),
            body.whole("size", 5),
            (body.text("sort") or "score").lower(),
            (body.text("suggest_mode") or "missing").lower(),
            body.whole("max_edits", 2),
            body.whole("prefix_length", 1),
            body.whole("min_word_length", 4),
            body.number("min_doc_freq", 0),
            body.number("max_term_freq", 0.01),
        )
        if made.mode not in _MODES or made.sort not in _SORTS:
            raise IllegalArgument(f"[term] [suggest_mode] is one of {list(_MODES)}, and [sort] one of {list(_SORTS)}")
        if made.edits not in (1, 2):
            raise IllegalArgument(f"maxEdits must be between 1 and 2, found [{made.edits}]")
        if made.size < 1 or made.prefix < 0 or made.least_length < 1:
            raise IllegalArgument("[term] [size] and [min_word_length] must be positive, [prefix_length] not negative")
        return made

    def entries(self, text: str, readers: Sequence[Reader], source: SourceFilter) -> list[dict[str, Any]]:  # noqa: ARG002
        """One for each word of the text. Raises IllegalArgument for a field that is not there, or of no words."""
        fields = [self._field(reader) for reader in readers]
        return [
            {
                "text": text[token.start : token.end],
                "offset": token.start,
                "length": token.end - token.start,
                "options": self._options(token.term, readers),
            }
            for token in (self._tokens(text, readers[0], fields[0]) if readers else [])
        ]

    def _field(self, reader: Reader) -> Field:
        field = reader.field(self.field)
        if field is None:
            raise IllegalArgument(f"no mapping found for field [{self.field}]")
        if not isinstance(field, Text | Keyword):
            raise IllegalArgument(
                f"[term] suggestions are of text and keyword fields; [{field.name}] is [{field.kind}]"
            )
        return field

    def _tokens(self, text: str, reader: Reader, field: Field) -> list[Token]:
        analyzer = reader.mapping.analysis.analyzer(self.analyzer) if self.analyzer else None
        if self.analyzer and analyzer is None:
            raise IllegalArgument(f"analyzer [{self.analyzer}] doesn't exists")
        if analyzer is None and isinstance(field, Text):
            analyzer = field.search_analyzer
        return [Token(text, 0, len(text), 0)] if analyzer is None else analyzer.analyze(text)

    def _options(self, word: str, readers: Sequence[Reader]) -> list[dict[str, Any]]:
        count = sum(reader.snapshot.size for reader in readers)
        own = self._frequency(word, readers)
        most = self.most_frequency if self.most_frequency >= 1 else math.ceil(self.most_frequency * count)
        if len(word) < self.least_length or own > most or (self.mode == "missing" and own > 0):
            return []
        least = own if self.mode == "popular" else 0
        share = self.least_frequency if self.least_frequency >= 1 else int(self.least_frequency * count) - 1
        least = max(least, int(share))
        found: dict[str, tuple[float, int]] = {}
        for edits in range(1, self.edits + 1):  # what is farther away is looked at only if there are too few
            if len(found) < self.size:
                found = dict(self._near(word, edits, least, readers))
        first = 0 if self.sort == "score" else 1
        ordered = sorted(found.items(), key=lambda each: (-each[1][first], -each[1][1 - first], each[0]))
        return [{"text": term, "score": score, "freq": freq} for term, (score, freq) in ordered[: self.size]]

    def _near(
        self, word: str, edits: int, least: int, readers: Sequence[Reader]
    ) -> Iterator[tuple[str, tuple[float, int]]]:
        how = Fuzziness(kept=self.prefix)
        for view in self._views(readers):
            for term, far in within(view, word, edits, how):
                score = 1 - far / min(len(term), len(word)) if term else 0.0
                if term != word and score >= _LEAST and (freq := self._frequency(term, readers)) > least:
                    yield term, (score, freq)

    def _views(self, readers: Sequence[Reader]) -> Iterator[Inverted]:
        for reader in readers:
            name = self._field(reader).name
            for table in reader.tables:
                view = table.text(name) or table.words(name)
                if view is not None:
                    yield view

    def _frequency(self, term: str, readers: Sequence[Reader]) -> int:
        return sum(view.frequency(term) for view in self._views(readers))
