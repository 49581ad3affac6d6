"""Whether two averages differ by chance: t_test.

https://www.elastic.co/docs/reference/aggregations/search-aggregations-metrics-ttest-aggregation
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument
from connote.search.aggs.context import Context
from connote.search.aggs.options import Options
from connote.search.aggs.rows import Rows
from connote.search.aggs.tree import Agg
from connote.search.aggs.values import Doubles, Source
from connote.search.query.parse import parse as parse_query
from connote.search.query.query import Query

_KINDS = ("paired", "homoscedastic", "heteroscedastic")
_STEPS, _TINY, _CLOSE = 500, 1e-300, 1e-15


@dataclass(frozen=True)
class Sample:
    """A field, of the documents that match."""

    source: Source
    query: Query | None = None


@dataclass(frozen=True, kw_only=True)
class TTest(Agg):
    """Student's test of two samples, in pairs or of one variance, or Welch's of two: the two-sided probability."""

    one: Sample
    other: Sample
    test: str = "heteroscedastic"

    takes_subs: ClassVar[bool] = False

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """`a` and `b`, each with `field`, `missing`, `filter`; `type`. Raises BadQuery, IllegalArgument."""
        samples, test = [_sample(body, name) for name in ("a", "b")], body.text("type") or "heteroscedastic"
        if test not in _KINDS:
            raise BadQuery(f"[t_test] [type] must be one of [{', '.join(_KINDS)}], not [{test}]")
        if test == "paired" and any(each.query is not None for each in samples):
            raise IllegalArgument("Paired t-test doesn't support filters")
        return {"one": samples[0], "other": samples[1], "test": test}

    def queries(self) -> Iterator[Query]:
        """The filters."""
        return iter([each.query for each in (self.one, self.other) if each.query is not None])

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """The probability; null where there are too few values, or all are alike."""
        with np.errstate(over="ignore", invalid="ignore"):  # of values so great the spread is no number
            return {"value": self._probability(parts, context)}

    def _probability(self, parts: Sequence[Rows], context: Context) -> float | None:
        if self.test == "paired":
            apart = [_pairs(part, self.one.source, self.other.source) for part in parts]
            return _paired(np.concatenate(apart) if apart else np.zeros(0))
        own = [
            each.source.all_numbers(parts if each.query is None else context.matching(each.query, parts))
            for each in (self.one, self.other)
        ]
        return _unpaired(*own, is_alike=self.test == "homoscedastic")


def _sample(body: Options, name: str) -> Sample:
    given = body.object(name)
    if given is None:
        raise IllegalArgument(f"Required [{name}] of [t_test] is not there")
    own = Options(body.kind, given)
    query = own.object("filter")
    sample = Sample(Source.read(own), None if query is None else parse_query(query))
    own.done()
    return sample


def _pairs(rows: Rows, one: Source, other: Source) -> Doubles:
    """The differences, in rows that have both. Raises IllegalArgument for several values in a row."""
    columns = []
    for source in (one, other):
        which, values = source.numbers(rows)
        if len(np.unique(which)) != len(which):
            raise IllegalArgument("Encountered more than one value for a single document.")
        column = np.full(len(rows), np.nan)
        column[which] = values
        columns.append(column)
    apart: Doubles = columns[0] - columns[1]
    return apart[~np.isnan(apart)]


def _paired(apart: Doubles) -> float | None:
    count = len(apart)
    spread = float(apart.var(ddof=1)) if count > 1 else 0.0
    return (
        None if not 0 < spread < math.inf else probability(float(apart.mean()) / math.sqrt(spread / count), count - 1)
    )


def _unpaired(one: Doubles, other: Doubles, *, is_alike: bool) -> float | None:
    counts = len(one), len(other)
    if min(counts) < 2:
        return None
    spreads = [float(each.var(ddof=1)) / len(each) for each in (one, other)]
    freedom = counts[0] + counts[1] - 2.0
    if is_alike:
        pooled = sum(spread * count * (count - 1) for spread, count in zip(spreads, counts, strict=True)) / freedom
        spreads = [pooled / count for count in counts]
    if not 0 < sum(spreads) < math.inf:
        return None
    if not is_alike:
        parts = [spread / sum(spreads) for spread in spreads]
        freedom = 1 / sum(part**2 / (count - 1) for part, count in zip(parts, counts, strict=True))
    return probability(float(one.mean() - other.mean()) / math.sqrt(sum(spreads)), freedom)


def probability(t: float, freedom: float) -> float:
    """Of a value of Student's distribution at least so far from 0: https://dlmf.nist.gov/8.17."""
    return incomplete_beta(freedom / (freedom + t * t), freedom / 2, 0.5)


def incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b), as a continued fraction: https://dlmf.nist.gov/8.17#v."""
    if not 0 < x < 1:
        return min(max(x, 0.0), 1.0)
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(1 - x, b, a)
    front = a * math.log(x) + b * math.log1p(-x) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return math.exp(front) * _fraction(x, a, b) / a


def _fraction(x: float, a: float, b: float) -> float:
    """The fraction's value, by Lentz's method."""
    above, below = 1.0, 1 / _kept(1 - (a + b) * x / (a + 1))
    found = below
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for part in (even, odd):
            below = 1 / _kept(1 + part * below)
            above = _kept(1 + part / above)
            found *= above * below
        if abs(above * below - 1) < _CLOSE:
            break
    return found


def _kept(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
