"""Words of a field that are near those that were typed.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/search-suggesters#term-suggester
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.search.analysis import Token
from connote.search.fetch.source import SourceFilter
from connote.search.mapping.field import Field
from connote.search.mapping.text import Text
from connote.search.query.body import Body
from connote.search.query.reader import Reader
from connote.search.suggest.spelling import Spelling
from connote.search.suggest.vocabulary import Vocabulary

_SORTS = ("score", "frequency")


@dataclass(frozen=True)
class Terms:
    """Some words for each that was typed."""

    kind: ClassVar[str] = "term"
    field: str
    analyzer: str | None
    sort: str
    spelling: Spelling

    @classmethod
    def parse(cls, body: Body) -> "Terms":
        """Raises BadQuery, IllegalArgument."""
        body.raw("shard_size")
        made = cls(
            body.required("field", str),
            body.text("analyzer"),
            (body.text("sort") or "score").lower(),
            Spelling.parse(body),
        )
        if made.sort not in _SORTS:
            raise IllegalArgument(f"[term] [sort] is one of {list(_SORTS)}")
        return made

    def entries(self, text: str, readers: Sequence[Reader], source: SourceFilter) -> list[dict[str, Any]]:  # noqa: ARG002
        """One for each word of the text. Raises IllegalArgument for a field that is not there, or of no words."""
        words = Vocabulary(self.kind, self.field, readers)
        return [
            {
                "text": text[token.start : token.end],
                "offset": token.start,
                "length": token.end - token.start,
                "options": self._options(token.term, words),
            }
            for token in (tokens(text, readers[0], words.fields[0], self.analyzer) if readers else [])
        ]

    def _options(self, word: str, words: Vocabulary) -> list[dict[str, Any]]:
        found = self.spelling.near(word, words)
        if self.sort == "frequency":
            found.sort(key=lambda each: (-each.frequency, -each.score, each.term))
        return [{"text": each.term, "score": np.float32(each.score), "freq": each.frequency} for each in found]


def tokens(text: str, reader: Reader, field: Field, name: str | None) -> list[Token]:
    """What is typed, by the analyzer of that name, or the field's. Raises IllegalArgument if there is none."""
    analyzer = reader.mapping.analysis.analyzer(name) if name else None
    if name and analyzer is None:
        raise IllegalArgument(f"analyzer [{name}] doesn't exists")
    if analyzer is None and isinstance(field, Text):
        analyzer = field.search_analyzer
    return [Token(text, 0, len(text), 0)] if analyzer is None else analyzer.analyze(text)
