"""Figures over the values of a field: avg, sum, stats, percentiles and the like. All are exact."""

import math
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.contract.settings import java
from connote.search.aggs.context import Context
from connote.search.aggs.formats import Format
from connote.search.aggs.options import Options
from connote.search.aggs.ranges import places
from connote.search.aggs.rows import Keys, Rows
from connote.search.aggs.tallies import tallied
from connote.search.aggs.tree import Agg
from connote.search.aggs.values import Column, Doubles, Source
from connote.search.mapping.geo import GeoPoint

_PERCENTS = (1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0)


@dataclass(frozen=True, kw_only=True)
class Metric(Agg):
    """Base of those over one field of numbers."""

    source: Source

    takes_subs: ClassVar[bool] = False

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """The field."""
        body.ignore("execution_hint")
        return {"source": Source.read(body)}

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """The figures of all values."""
        return self.figures(self.source.all_numbers(parts), self.source.format(context))

    def figures(self, values: Doubles, form: Format) -> dict[str, Any]:
        """Of these values."""
        raise NotImplementedError


def total(values: Doubles) -> float:
    """The sum, rounded once."""
    try:
        return math.fsum(values.tolist())
    except OverflowError:
        return float(np.sum(values))


def _average(values: Doubles) -> float | None:
    return total(values) / len(values) if len(values) else None


def _deviation(values: Doubles) -> float | None:
    return float(np.median(np.abs(values - np.median(values)))) if len(values) else None


_FIGURES: dict[str, Callable[[Doubles], float | None]] = {
    "avg": _average,
    "min": lambda values: float(values.min()) if len(values) else None,
    "max": lambda values: float(values.max()) if len(values) else None,
    "sum": total,
    "median_absolute_deviation": _deviation,
}
FIGURES = tuple(_FIGURES)


@dataclass(frozen=True, kw_only=True)
class Figure(Metric):
    """avg, min, max, sum, median_absolute_deviation."""

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """The field."""
        body.ignore("compression")
        return super().read(body)

    def figures(self, values: Doubles, form: Format) -> dict[str, Any]:
        """One figure; null without values."""
        return form.figure(_FIGURES[self.kind](values))


def stats(values: Doubles, form: Format) -> dict[str, Any]:
    """Count, min, max, avg and sum."""
    figures: dict[str, float | None] = {name: _FIGURES[name](values) for name in ("min", "max", "avg", "sum")}
    shown: dict[str, Any] = {"count": len(values), **figures}
    if len(values):
        shown |= {
            f"{name}_as_string": text for name, value in figures.items() if (text := form.text(value)) is not None
        }
    return shown


@dataclass(frozen=True, kw_only=True)
class Stats(Metric):
    """Count, min, max, avg and sum."""

    def figures(self, values: Doubles, form: Format) -> dict[str, Any]:
        """All five."""
        return stats(values, form)


def extended(values: Doubles, form: Format, sigma: float) -> dict[str, Any]:
    """Those of `stats`, and how the values spread; bounds are `sigma` deviations from the average."""
    count, average = len(values), _average(values)
    spread = total((values - average) ** 2) if average is not None else None
    population = None if spread is None else spread / count
    sampling = None if spread is None or count < 2 else spread / (count - 1)
    shown = stats(values, form) | {
        "sum_of_squares": total(values**2) if count else None,
        "variance": population,
        "variance_population": population,
        "variance_sampling": sampling,
    }
    roots = [None if each is None else math.sqrt(each) for each in (population, population, sampling)]
    shown |= dict(zip(("std_deviation", "std_deviation_population", "std_deviation_sampling"), roots, strict=True))
    bounds: dict[str, float | None] = {}
    for root, suffix in zip(roots, ("", "_population", "_sampling"), strict=True):
        for side, sign in (("upper", 1), ("lower", -1)):
            bounds[side + suffix] = None if root is None or average is None else average + sign * sigma * root
    return shown | {"std_deviation_bounds": bounds}


@dataclass(frozen=True, kw_only=True)
class ExtendedStats(Metric):
    """Those of `stats`, and how the values spread."""

    sigma: float = 2.0

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """The field, and how many deviations the bounds are away."""
        sigma = body.number("sigma", 2.0)
        if sigma < 0:
            raise IllegalArgument(f"[sigma] must be greater than or equal to 0. Found [{sigma}] in [{body.kind}]")
        return {"sigma": sigma, **super().read(body)}

    def figures(self, values: Doubles, form: Format) -> dict[str, Any]:
        """All of them."""
        return extended(values, form, self.sigma)


class Different(dict[str, Any]):
    """How many different values there are, which are known as `members` to who adds them up."""

    def __init__(self, found: Sequence[tuple[Column, Keys]]) -> None:
        self._found = found
        is_plain = len(found) == 1 and found[0][0].is_plain
        super().__init__(value=len(found[0][1] if is_plain else self.members))

    @cached_property
    def members(self) -> Set[Any]:
        """The values; where keys say all, these need not be known to be counted."""
        return {value for column, keys in self._found for value in column.values(keys)}


@dataclass(frozen=True, kw_only=True)
class Count(Agg):
    """value_count: how many values; cardinality: how many different ones."""

    source: Source

    takes_subs: ClassVar[bool] = False

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """The field."""
        body.ignore("precision_threshold", "rehash", "execution_hint")
        body.no_script()
        return {"source": Source.read(body)}

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:  # noqa: ARG002
        """The number."""
        columns = [self._column(part) for part in parts]
        if self.kind == "value_count":
            return {"value": sum(len(column.keys) for column in columns)}
        return Different([(column, tallied(column).keys) for column in columns])

    def _column(self, rows: Rows) -> Column:
        """The values; a place is a complex number."""
        if not isinstance(rows.seen.reader.field(self.source.name), GeoPoint):
            return self.source.any(rows)
        which, lats, lons = places(rows, self.source.name, self.kind)
        return Column(which, lats + 1j * lons)


class Spread(dict[str, Any]):
    """Percentiles, with the values that they are `of`, and `again`, which makes those of others."""

    def __init__(self, shown: dict[str, Any], values: Doubles, again: Callable[[Doubles], dict[str, Any]]) -> None:
        super().__init__(shown)
        self.of, self.again = values, again


@dataclass(frozen=True, kw_only=True)
class Percentiles(Metric):
    """percentiles: the values below which so many percent lie, as numpy's linear interpolation has them."""

    percents: Sequence[float] = _PERCENTS
    is_keyed: bool = True

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """The field, `percents` and `keyed`."""
        body.ignore("tdigest", "hdr", "compression")
        percents = _numbers(body, "percents", _PERCENTS)
        if not all(0 <= each <= 100 for each in percents):
            wrong = next(each for each in percents if not 0 <= each <= 100)
            raise IllegalArgument(f"percent must be in [0,100], got [{wrong}]: [{body.kind}]")
        return {"percents": percents, "is_keyed": body.flag("keyed", default=True), **super().read(body)}

    def label(self, body: Any) -> str:  # noqa: ARG002, ANN401
        """As Elasticsearch calls its way of finding them."""
        return "tdigest_percentiles"

    def figures(self, values: Doubles, form: Format) -> dict[str, Any]:
        """By percent; null without values."""
        found = np.percentile(values, self.percents).tolist() if len(values) else [None] * len(self.percents)
        shown = {"values": listed(self.percents, found, form, is_keyed=self.is_keyed)}
        return Spread(shown, values, lambda others: self.figures(others, form))


@dataclass(frozen=True, kw_only=True)
class Ranks(Metric):
    """percentile_ranks: how many percent of the values are below these.

    Of values that are there themselves half counts; between two values the rank rises in a straight line, as in
    https://github.com/elastic/elasticsearch/blob/main/libs/tdigest/src/main/java/org/elasticsearch/tdigest/Dist.java
    """

    values: Sequence[float]
    is_keyed: bool = True

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """The field, `values` and `keyed`."""
        body.ignore("tdigest", "hdr", "compression")
        return {
            "values": _numbers(body, "values", ()),
            "is_keyed": body.flag("keyed", default=True),
            **super().read(body),
        }

    def label(self, body: Any) -> str:  # noqa: ARG002, ANN401
        """As Elasticsearch calls its way of finding them."""
        return "tdigest_percentile_ranks"

    def figures(self, values: Doubles, form: Format) -> dict[str, Any]:  # noqa: ARG002 (ranks are no values)
        """By value; null without values."""
        ordered = np.sort(values)
        found = [100 * _rank(each, ordered) if len(ordered) else None for each in self.values]
        return {"values": listed(self.values, found, Format(None), is_keyed=self.is_keyed)}


def _rank(value: float, ordered: Doubles) -> float:
    """Which part of the ordered values is below one; the first of them counts half."""
    count = len(ordered)
    below, upto = (int(np.searchsorted(ordered, value, side=side)) for side in ("left", "right"))
    if upto == 0:
        return 0.0
    equal = upto - max(below, 1)
    if upto == count:
        return (count - equal / 2) / count
    if equal:
        return (max(below, 1) - 0.5 + equal / 2) / count
    before, behind = ordered[upto - 1], ordered[upto]
    return float((upto - 0.5 + (value - before) / (behind - before)) / count)


def _numbers(body: Options, name: str, default: Sequence[float]) -> list[float]:
    given = body.raw(name, list(default))
    if not isinstance(given, list) or not given or not all(type(each) in (int, float) for each in given):
        raise IllegalArgument(f"[{name}] must be an array of numbers, not [{java(given)[:100]}]: [{body.kind}]")
    return [float(each) for each in given]


def listed(keys: Sequence[float], values: Sequence[Any], form: Format, *, is_keyed: bool) -> Any:  # noqa: ANN401
    """Figures by their keys, or as a list."""
    if not is_keyed:
        return [{"key": key, **form.figure(value)} for key, value in zip(keys, values, strict=True)]
    found: dict[str, Any] = {}
    for key, value in zip(keys, values, strict=True):
        found |= form.figure(value, str(key))
    return found


@dataclass(frozen=True, kw_only=True)
class WeightedAverage(Agg):
    """weighted_avg: of documents with one weight, the average of the values, each times the weight."""

    value: Source
    weight: Source
    pattern: str | None = None

    takes_subs: ClassVar[bool] = False

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """`value` and `weight`, each with `field` and `missing`."""
        body.ignore("value_type")
        return {"value": _source(body, "value"), "weight": _source(body, "weight"), "pattern": body.text("format")}

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """The average; null without values. Raises IllegalArgument for several weights in a document."""
        above, below = list[Doubles](), list[Doubles]()
        for part in parts:
            which, values = self.value.numbers(part)
            owners, weights = self.weight.numbers(part)
            if len(np.unique(owners)) != len(owners):
                raise IllegalArgument(
                    "Encountered more than one weight for a single document. Use a script to combine multiple "
                    "weights-per-doc into a single value."
                )
            own = np.full(len(part), np.nan)
            own[owners] = weights
            has = ~np.isnan(own[which])
            above.append(values[has] * own[which][has])
            below.append(own[which][has])
        weight = total(np.concatenate(below)) if below else 0.0
        average = total(np.concatenate(above)) / weight if weight else None
        return Format.of(context.field(self.value.name), self.pattern).figure(average)


def _source(body: Options, name: str) -> Source:
    given = body.object(name)
    if given is None:
        raise IllegalArgument(f"Required [{name}] of [{body.kind}] is not there")
    inner = Options(body.kind, given)
    source = Source.read(inner)
    inner.done()
    return source
