"""Queries made of queries: bool, constant_score, dis_max, boosting."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument
from connote.search.engine.arrays import Mask, Ranked
from connote.search.engine.segment import Table
from connote.search.query.body import Body
from connote.search.query.minimum import minimum
from connote.search.query.query import Asks, Explanation, Hits, MatchAll, Query, Ranking, Weight, ranked
from connote.search.query.reader import Reader
from connote.search.thread import check

Parse = Callable[[Any], Query]
MOST_CLAUSES = 4096


@dataclass(frozen=True)
class BoolWeight(Ranking):
    """Scores of what must and what should match, added up."""

    must: Sequence[Weight]
    should: Sequence[Weight]
    filters: Sequence[Weight]
    never: Sequence[Weight]
    least: int
    boost: float

    def run(self, table: Table, *, scored: bool) -> Hits:
        """Those of all musts and filters, of enough shoulds, and of no must_not."""
        mask = np.ones(table.size, dtype=np.bool_)
        points = np.zeros(table.size, dtype=np.float32)
        for weight in self.filters:
            mask &= weight.run(table, scored=False).mask
        for weight in self.must:
            check()
            hits = weight.run(table, scored=scored)
            mask &= hits.mask
            if hits.scores is not None:
                points += hits.scores
        for weight in self.never:
            mask &= ~weight.run(table, scored=False).mask
        if self.least > len(self.should):
            return Hits.none(table.size)
        if self.should and (scored or self.least):
            self._should(table, mask, points, scored=scored)
        if not scored:
            return Hits(mask)
        return Hits(mask, points if self.boost == 1 else points * np.float32(self.boost))

    def rank(self, table: Table, allowed: Mask, count: int) -> Ranked | None:
        """Where one clause alone scores, its best of those that the filters let through."""
        scoring = [*self.must, *self.should]
        if len(scoring) != 1 or len(self.should) != self.least or self.boost != 1:
            return None
        for weight in self.filters:
            allowed = allowed & weight.run(table, scored=False).mask
        for weight in self.never:
            allowed = allowed & ~weight.run(table, scored=False).mask
        return ranked(scoring[0], table, allowed, count)

    def _should(self, table: Table, mask: Any, points: Any, *, scored: bool) -> None:  # noqa: ANN401 (arrays, changed)
        counts = np.zeros(table.size, dtype=np.int32)
        for weight in self.should:
            check()
            hits = weight.run(table, scored=scored)
            counts += hits.mask
            if hits.scores is not None:
                points += np.where(hits.mask, hits.scores, np.float32(0))
        if self.least:
            mask &= counts >= self.least

    def explain(self, table: Table, document: int) -> Explanation | None:
        """Clause by clause."""
        if not self.run(table, scored=False).mask[document]:
            return None
        details = [each.explain(table, document) for each in (*self.must, *self.should)]
        found = [each for each in details if each is not None]
        value = sum(each.value for each in found) * self.boost
        if len(found) == 1 and self.boost == 1:
            return found[0]
        return Explanation(value, "sum of:", found)


@dataclass(frozen=True, kw_only=True)
class Bool(Query):
    """All of `must` and `filter`, some of `should`, none of `must_not`."""

    must: Sequence[Query] = ()
    should: Sequence[Query] = ()
    filters: Sequence[Query] = ()
    never: Sequence[Query] = ()
    least: str | int | None = None

    @classmethod
    def parse(cls, given: Any, parse: Parse) -> Query:  # noqa: ANN401
        """`{"must": […], "should": …, "filter": …, "must_not": …, "minimum_should_match": 1}`."""
        body = Body("bool", given)
        clauses = {}
        for name in ("must", "should", "filter", "must_not"):
            value = body.raw(name)
            older = body.raw("mustNot") if name == "must_not" and value is None else None
            value = value if value is not None else older
            clauses[name] = [
                parse(each) for each in ([] if value is None else value if isinstance(value, list) else [value])
            ]
        if sum(map(len, clauses.values())) > MOST_CLAUSES:
            raise IllegalArgument(f"too_many_clauses: maxClauseCount is set to {MOST_CLAUSES}")
        least = body.raw("minimum_should_match")
        if least is not None:
            minimum(least, 1)
        body.raw("adjust_pure_negative")
        made = cls(
            must=clauses["must"],
            should=clauses["should"],
            filters=clauses["filter"],
            never=clauses["must_not"],
            least=least,
            **body.common(),
        )
        body.done()
        return made

    async def rewritten(self, asks: Asks, reader: Reader) -> Query:
        """Every clause."""
        groups = (self.must, self.should, self.filters, self.never)
        must, should, filters, never = [[await each.rewritten(asks, reader) for each in group] for group in groups]
        return replace(self, must=must, should=should, filters=filters, never=never)

    def weigh(self, reader: Reader) -> Weight:
        """Without must and filter, one of the shoulds is needed, whatever is said."""
        weights = [
            [each.weigh(reader) for each in group] for group in (self.must, self.should, self.filters, self.never)
        ]
        default = 1 if self.should and not self.must and not self.filters else 0
        least = default if self.least is None else max(minimum(self.least, len(self.should)), default)
        must, should, filters, never = weights
        if not any(weights):
            return MatchAll(boost=self.boost).weigh(reader)
        return BoolWeight(must, should, filters, never, least, self.boost)

    def parts(self) -> Sequence[Query]:
        """All clauses."""
        return (*self.must, *self.should, *self.filters, *self.never)


@dataclass(frozen=True)
class _ConstantWeight:
    inner: Weight
    score: float

    def run(self, table: Table, *, scored: bool) -> Hits:
        return Hits.constant(self.inner.run(table, scored=False).mask, self.score, scored=scored)

    def explain(self, table: Table, document: int) -> Explanation | None:
        inner = self.inner.explain(table, document)
        return None if inner is None else Explanation(self.score, "ConstantScore", [inner])


@dataclass(frozen=True, kw_only=True)
class ConstantScore(Query):
    """What matches a filter, with one score."""

    inner: Query

    @classmethod
    def parse(cls, given: Any, parse: Parse) -> Query:  # noqa: ANN401
        """`{"filter": {…}, "boost": 1.2}`."""
        body = Body("constant_score", given)
        made = cls(inner=body.required("filter", parse), **body.common())
        body.done()
        return made

    async def rewritten(self, asks: Asks, reader: Reader) -> Query:
        """The filter."""
        return replace(self, inner=await self.inner.rewritten(asks, reader))

    def weigh(self, reader: Reader) -> Weight:
        """The boost, for all."""
        return _ConstantWeight(self.inner.weigh(reader), self.boost)

    def parts(self) -> Sequence[Query]:
        """The filter."""
        return (self.inner,)


@dataclass(frozen=True)
class DisMaxWeight:
    """The best of some scores, and a share of the others."""

    weights: Sequence[Weight]
    tie: float
    boost: float

    def run(self, table: Table, *, scored: bool) -> Hits:
        """Who matches any."""
        mask = np.zeros(table.size, dtype=np.bool_)
        best, total = np.zeros(table.size, dtype=np.float32), np.zeros(table.size, dtype=np.float32)
        for weight in self.weights:
            check()
            hits = weight.run(table, scored=scored)
            mask |= hits.mask
            if hits.scores is not None:
                points = np.where(hits.mask, hits.scores, np.float32(0))
                np.maximum(best, points, out=best)
                total += points
        if not scored:
            return Hits(mask)
        return Hits(mask, (best + (total - best) * np.float32(self.tie)) * np.float32(self.boost))

    def explain(self, table: Table, document: int) -> Explanation | None:
        """Each that matches."""
        found = [each for weight in self.weights if (each := weight.explain(table, document)) is not None]
        if not found:
            return None
        best = max(each.value for each in found)
        value = (best + self.tie * (sum(each.value for each in found) - best)) * self.boost
        return Explanation(value, f"max plus {self.tie} times others of:" if self.tie else "max of:", found)


@dataclass(frozen=True, kw_only=True)
class DisMax(Query):
    """Any of the queries; the best score counts."""

    queries: Sequence[Query]
    tie: float = 0.0

    @classmethod
    def parse(cls, given: Any, parse: Parse) -> Query:  # noqa: ANN401
        """`{"queries": […], "tie_breaker": 0.3}`."""
        body = Body("dis_max", given)
        queries = body.required("queries", lambda value: value)
        made = cls(
            queries=[parse(each) for each in (queries if isinstance(queries, list) else [queries])],
            tie=body.number("tie_breaker", 0.0),
            **body.common(),
        )
        body.done()
        return made

    async def rewritten(self, asks: Asks, reader: Reader) -> Query:
        """Every query."""
        return replace(self, queries=[await each.rewritten(asks, reader) for each in self.queries])

    def weigh(self, reader: Reader) -> Weight:
        """The best of them."""
        return DisMaxWeight([each.weigh(reader) for each in self.queries], self.tie, self.boost)

    def parts(self) -> Sequence[Query]:
        """The queries."""
        return self.queries


@dataclass(frozen=True)
class _BoostingWeight:
    positive: Weight
    negative: Weight
    factor: float
    boost: float

    def run(self, table: Table, *, scored: bool) -> Hits:
        hits = self.positive.run(table, scored=scored)
        if not scored:
            return hits
        lowered = self.negative.run(table, scored=False).mask
        return Hits(
            hits.mask,
            np.where(lowered, hits.points() * np.float32(self.factor), hits.points()) * np.float32(self.boost),
        )

    def explain(self, table: Table, document: int) -> Explanation | None:
        found = self.positive.explain(table, document)
        if found is None:
            return None
        factors = [Explanation(self.boost, "boost")] if self.boost != 1 else []
        if self.negative.run(table, scored=False).mask[document]:
            factors.append(Explanation(self.factor, "negative_boost"))
        value = found.value * math.prod(each.value for each in factors)
        return Explanation(value, "product of:", [found, *factors]) if factors else found


@dataclass(frozen=True, kw_only=True)
class Boosting(Query):
    """What matches `positive`; what also matches `negative` is lowered."""

    positive: Query
    negative: Query
    factor: float

    @classmethod
    def parse(cls, given: Any, parse: Parse) -> Query:  # noqa: ANN401
        """`{"positive": {…}, "negative": {…}, "negative_boost": 0.5}`."""
        body = Body("boosting", given)
        positive, negative = (body.required(name, parse) for name in ("positive", "negative"))
        factor = body.number("negative_boost", -1)
        if factor < 0:
            raise BadQuery("[boosting] query requires 'negative_boost' to be set to be a positive value")
        made = cls(positive=positive, negative=negative, factor=factor, **body.common())
        body.done()
        return made

    async def rewritten(self, asks: Asks, reader: Reader) -> Query:
        """Both."""
        positive = await self.positive.rewritten(asks, reader)
        negative = await self.negative.rewritten(asks, reader)
        return replace(self, positive=positive, negative=negative)

    def weigh(self, reader: Reader) -> Weight:
        """The positive one's scores."""
        return _BoostingWeight(self.positive.weigh(reader), self.negative.weigh(reader), self.factor, self.boost)

    def parts(self) -> Sequence[Query]:
        """Both."""
        return (self.positive, self.negative)
