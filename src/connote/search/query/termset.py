"""terms_set: as many of some terms as a document itself asks for.

https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-terms-set-query
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument
from connote.search.engine.arrays import Mask
from connote.search.engine.segment import Segment, Table
from connote.search.query import program
from connote.search.query.body import one_field
from connote.search.query.functions import Doubles, first
from connote.search.query.minimum import minimum
from connote.search.query.overlaps import check_single
from connote.search.query.program import Program
from connote.search.query.query import Explanation, Hits, MatchNone, Query, Weight
from connote.search.query.reader import Reader
from connote.search.query.script import Scripted
from connote.search.query.term import Term


@dataclass(frozen=True)
class TermsSetWeight:
    """Scores of terms, added up, where enough match. `least` gives float64 [size]; NaN is never enough."""

    terms: Sequence[Weight]
    least: Callable[[Table, Mask], Doubles]
    boost: float

    def run(self, table: Table, *, scored: bool) -> Hits:
        """Who has enough."""
        counts, points = np.zeros(table.size, dtype=np.int32), np.zeros(table.size, dtype=np.float32)
        for weight in self.terms:
            hits = weight.run(table, scored=scored)
            counts += hits.mask
            points += np.where(hits.mask, hits.points(), np.float32(0))
        mask = (counts > 0) & table.live if isinstance(table, Segment) else counts > 0
        mask &= counts >= self.least(table, mask)
        return Hits(mask, points * np.float32(self.boost) if scored else None)

    def explain(self, table: Table, document: int) -> Explanation | None:
        """Term by term."""
        hits = self.run(table, scored=True)
        if not hits.mask[document]:
            return None
        found = [each for weight in self.terms if (each := weight.explain(table, document)) is not None]
        return Explanation(float(hits.points()[document]), "sum of:", found)


@dataclass(frozen=True, kw_only=True)
class TermsSet(Query):
    """Terms, and who says how many of them are needed: a field of the document, a script or a number."""

    field: str
    terms: Sequence[Any]
    by_field: str | None = None
    by_script: Any = None
    by_number: Any = None

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401 (JSON)
        """`{"skills": {"terms": ["a", "b"], "minimum_should_match_field": "needed"}}`."""
        field, body, _ = one_field("terms_set", given, "terms")
        terms = body.required("terms", lambda value: value)
        if not isinstance(terms, list) or any(isinstance(each, list | dict) or each is None for each in terms):
            raise BadQuery("[terms_set] [terms] must be an array of values")
        by_field, by_script, by_number = (
            body.text("minimum_should_match_field"),
            body.raw("minimum_should_match_script"),
            body.raw("minimum_should_match"),
        )
        if sum(each is not None for each in (by_field, by_script, by_number)) != 1:
            raise BadQuery(
                "[terms_set] needs exactly one of [minimum_should_match], [minimum_should_match_field] and "
                "[minimum_should_match_script]"
            )
        if by_script is not None:
            program.check(by_script)
        if by_number is not None:
            minimum(by_number, 1)
        made = cls(
            field=field, terms=terms, by_field=by_field, by_script=by_script, by_number=by_number, **body.common()
        )
        body.done()
        return made

    def weigh(self, reader: Reader) -> Weight:
        """Every term as a query of its own."""
        if not self.terms:
            return MatchNone().weigh(reader)
        terms = [Term(field=self.field, value=each).weigh(reader) for each in self.terms]
        return TermsSetWeight(terms, self._least(reader), self.boost)

    def _least(self, reader: Reader) -> Callable[[Table, Mask], Doubles]:
        if self.by_field is not None:
            field = reader.field(self.by_field)
            if field is None:
                raise BadQuery(f"failed to find minimum_should_match field [{self.by_field}]")
            check_single(field)
            name = field.name
            return lambda table, _: first(table, name)
        if self.by_script is not None:
            scripted = Scripted(Program.of(self.by_script, reader).given(num_terms=len(self.terms)))
            return lambda table, wanted: scripted.values(table, np.zeros(table.size), wanted)
        needed = minimum(self.by_number, len(self.terms))
        if needed > len(self.terms):
            raise IllegalArgument(f"[terms_set] has {len(self.terms)} terms, of which {needed} are needed")
        return lambda table, _: np.full(table.size, float(needed))
