"""How many, or how much, in a unit of time: rate.

https://www.elastic.co/docs/reference/aggregations/search-aggregations-metrics-rate-aggregation
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from connote.contract.errors import BadQuery, IllegalArgument
from connote.search.aggs.calendar import LENGTHS, MONTHS, Interval, Span
from connote.search.aggs.context import Context
from connote.search.aggs.formats import Format
from connote.search.aggs.metrics import total
from connote.search.aggs.options import Options
from connote.search.aggs.rows import Rows, count
from connote.search.aggs.tree import Agg
from connote.search.aggs.values import Source

_MODES = ("sum", "value_count")


@dataclass(frozen=True, kw_only=True)
class Rate(Agg):
    """Documents, or the sum or number of a field's values, of a bucket of dates by its length in units.

    Without a unit it is the bucket's own interval.
    """

    source: Source | None
    unit: str | None
    mode: str = "sum"
    pattern: str | None = None

    takes_subs: ClassVar[bool] = False

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """`unit`, `field`, `mode`. Raises BadQuery, IllegalArgument."""
        unit, mode, pattern = body.text("unit"), body.text("mode"), body.text("format")
        if mode is not None and mode not in _MODES:
            raise BadQuery(f"[rate] [mode] must be one of [{', '.join(_MODES)}], not [{mode}]")
        if mode is not None and "field" not in body:
            raise IllegalArgument("The mode parameter is only supported with field or script")
        return {
            "source": Source.read(body) if "field" in body or "script" in body else None,
            "unit": None if unit is None else Interval.calendar(unit).unit,
            "mode": mode or "sum",
            "pattern": pattern,
        }

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """The rate. Raises IllegalArgument outside of buckets of dates."""
        if context.span is None:
            raise IllegalArgument(
                "The rate aggregation can only be used inside a date histogram aggregation or composite aggregation "
                "with exactly one date histogram value source"
            )
        return Format.of(None, self.pattern).figure(self._amount(parts) / _units(context.span, self.unit))

    def _amount(self, parts: Sequence[Rows]) -> float:
        if self.source is None:
            return float(count(parts))
        if self.mode == "value_count":
            return float(sum(len(self.source.any(part).keys) for part in parts))
        return total(self.source.all_numbers(parts))


def _units(span: Span, unit: str | None) -> float:
    """How many units a span is long. Raises IllegalArgument for months in what is not made of months."""
    if unit is None:
        return 1.0
    if unit not in MONTHS:
        return (span.end - span.begin) / LENGTHS[unit]
    if span.unit not in MONTHS:
        raise IllegalArgument(
            f"Cannot use month-based rate unit [{unit}] with non-month based calendar interval histogram "
            f"[{span.unit or 'fixed'}] only week, day, hour, minute and second are supported for this histogram"
        )
    return MONTHS[span.unit] / MONTHS[unit]
