"""What all span queries have in common: how they are combined, and how they score."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument
from connote.search.engine.arrays import Floats
from connote.search.engine.scores import Bm25
from connote.search.engine.segment import Table
from connote.search.query.boolean import MOST_CLAUSES
from connote.search.query.places import frequencies
from connote.search.query.query import Explanation, Hits, Query, Weight
from connote.search.query.reader import Reader
from connote.search.query.spans.source import Source, Span

Parse = Callable[[Any], Query]


@dataclass(frozen=True)
class SpanWeight:
    """BM25 of spans: each counts 1 / (1 + width), and the weight is the sum of the idf of all different terms.

    As Lucene's SpanWeight and SpanScorer
    (https://lucene.apache.org/core/9_12_0/queries/org/apache/lucene/queries/spans/SpanScorer.html).
    """

    source: Source
    weight: float
    model: Bm25

    def run(self, table: Table, *, scored: bool) -> Hits:
        """Who has one."""
        found = self._frequencies(table)
        mask = found > 0
        if not scored:
            return Hits(mask)
        view = table.text(self.source.scored)
        lengths = np.ones(table.size, dtype=np.uint8) if view is None else np.maximum(view.norms, 1)
        weight, one = np.float32(self.weight), np.float32(1)
        return Hits(mask, weight - weight / (one + found * self.model.inverse[lengths]))

    def explain(self, table: Table, document: int) -> Explanation | None:
        """The frequency and the weight."""
        hits = self.run(table, scored=True)
        if not hits.mask[document]:
            return None
        words = ", ".join(sorted({f"{field}:{term}" for field, term in self.source.words()}))
        frequency = float(self._frequencies(table)[document])
        parts = [Explanation(self.weight, "boost * idf, sum of:"), Explanation(frequency, f"phraseFreq={frequency:g}")]
        return Explanation(float(hits.points()[document]), f"weight(spans of {words} in {document}), result of:", parts)

    def _frequencies(self, table: Table) -> Floats:
        return frequencies(table, self.source, _frequency)


def _frequency(spans: Sequence[Span]) -> float:
    return sum(1 / (1 + each.width) for each in spans)


@dataclass(frozen=True, kw_only=True)
class SpanQuery(Query):
    """Base of the span queries."""

    def source(self, reader: Reader) -> Source:
        """What finds the spans. Raises IllegalArgument."""
        raise NotImplementedError

    def weigh(self, reader: Reader) -> Weight:
        """By the statistics of the field, and of all terms that the index has."""
        source = self.source(reader)
        words = list(islice(source.words(), MOST_CLAUSES + 1))
        if len(words) > MOST_CLAUSES:
            raise IllegalArgument(f"too_many_clauses: maxClauseCount is set to {MOST_CLAUSES}")
        model = reader.model(source.scored)
        weight = model.weight([reader.frequency(field, term) for field, term in dict.fromkeys(words)])
        return SpanWeight(source, weight * self.boost, model)

    def standing(self, reader: Reader) -> Iterator[Source]:
        """For highlights: what marks the words of the spans."""
        yield self.source(reader)


def inner(kind: str, name: str, given: Any, parse: Parse) -> SpanQuery:  # noqa: ANN401 (JSON)
    """A span query within another. Raises BadQuery for another query, and for one with a boost, which would be lost."""
    made = parse(given)
    if not isinstance(made, SpanQuery):
        raise BadQuery(f"{kind} [{name}] must be of type span query")
    if made.boost != 1:
        raise BadQuery(f"{kind} [{name}] as a nested span clause can't have non-default boost value [{made.boost}]")
    return made


def check_alike(sources: Sequence[Source]) -> None:
    """Raise IllegalArgument for sources of different fields."""
    if len({each.field for each in sources}) > 1:
        raise IllegalArgument("Clauses must have same field.")
