"""The query `intervals`: documents by words that stand near each other, or in some order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument
from connote.search.engine.arrays import Floats
from connote.search.engine.segment import Table
from connote.search.query.body import Body, one_field
from connote.search.query.boolean import MOST_CLAUSES
from connote.search.query.intervals import rules
from connote.search.query.intervals.rules import Rule
from connote.search.query.intervals.source import Interval, Source
from connote.search.query.places import frequencies
from connote.search.query.query import Explanation, Hits, MatchNone, Query, Weight
from connote.search.query.reader import Reader


@dataclass(frozen=True)
class IntervalsWeight:
    """How often a document has an interval, the narrower the more: of 1 / (1 + what it is wider than it need be).

    The score is the boost times the frequency's saturation, frequency / (1 + frequency), as in Lucene's IntervalQuery
    (https://lucene.apache.org/core/9_12_0/queries/org/apache/lucene/queries/intervals/IntervalQuery.html): how rare the
    words are does not count.
    """

    field: str
    source: Source
    boost: float

    def run(self, table: Table, *, scored: bool) -> Hits:
        """Who has one."""
        found = self._frequencies(table)
        mask = found > 0
        one = np.float32(1)
        return Hits(mask, np.float32(self.boost) * (one - one / (one + found)) if scored else None)

    def explain(self, table: Table, document: int) -> Explanation | None:
        """The saturation of the frequency."""
        frequency = float(self._frequencies(table)[document])
        if not frequency:
            return None
        told = f"IntervalQuery({self.field}), saturation of frequency, computed as w * S / (S + k) from:"
        parts = [
            Explanation(self.boost, "w, weight of this function"),
            Explanation(1.0, "k, pivot feature value that would give a score contribution equal to w/2"),
            Explanation(frequency, "S, the sloppy frequency of the interval"),
        ]
        return Explanation(self.boost * (1 - 1 / (1 + frequency)), told, parts)

    def _frequencies(self, table: Table) -> Floats:
        least = self.source.least

        def frequency(intervals: Sequence[Interval]) -> float:
            return sum(1 / max(each.end - each.start + 1 - least + 1, 1) for each in intervals)

        return frequencies(table, self.source, frequency)


@dataclass(frozen=True, kw_only=True)
class Intervals(Query):
    """Intervals by a rule, in one field and in those that the rule names."""

    field: str
    rule: Rule

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401 (JSON)
        """`{"text": {"match": {"query": "hot water"}, "boost": 2}}`."""
        field, body, _ = one_field("intervals", given, "match")
        common = body.common()
        made = cls(field=field, rule=_rule(body), **common)
        body.done()
        return made

    def weigh(self, reader: Reader) -> Weight:
        """Nothing, where a field is not there."""
        source = self.source(reader)
        return MatchNone().weigh(reader) if source is None else IntervalsWeight(self.field, source, self.boost)

    def source(self, reader: Reader) -> Source | None:
        """What finds the intervals. Raises IllegalArgument for what has no positions, and for too many words."""
        known = reader.field(self.field)
        if known is None or any(reader.field(name) is None for name in self.rule.fields()):
            return None
        made = self.rule.source(reader, known)
        if next(islice(made.words(), MOST_CLAUSES, None), None) is not None:
            raise IllegalArgument(f"too_many_clauses: maxClauseCount is set to {MOST_CLAUSES}")
        return made

    def standing(self, reader: Reader) -> Iterator[Source]:
        """For highlights: what marks the words of the intervals."""
        source = self.source(reader)
        return iter(() if source is None else (source,))


def _rule(body: Body) -> Rule:
    names = body.names()
    if not names:
        raise BadQuery("Missing intervals from interval query definition")
    if len(names) > 1:
        raise BadQuery(f"Only one interval rule can be specified, found [{names[0]}] and [{names[1]}]")
    return rules.parse({names[0]: body.raw(names[0])})
