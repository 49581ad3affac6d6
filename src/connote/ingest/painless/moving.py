"""`MovingFunctions`: figures of a window that slides over the buckets of a histogram. NaN is no value.

https://www.elastic.co/docs/reference/aggregations/search-aggregations-pipeline-movfn-aggregation
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connote.ingest.painless.fault import Fault
from connote.ingest.painless.values import is_number

Window = Sequence[float]
# What is added to values that are divided by, as by Elasticsearch.
_PADDING = 1e-10


def _known(values: Any) -> list[float]:  # noqa: ANN401 (a script's)
    if not isinstance(values, list) or not all(map(is_number, values)):
        raise Fault("a window must be a list of numbers", "class_cast_exception")
    return [float(each) for each in values if not math.isnan(each)]


def _average(values: Window) -> float:
    return sum(values) / len(values) if values else math.nan


def _deviation(values: Window, average: float) -> float:
    return math.sqrt(_average([(each - average) ** 2 for each in values])) if values else math.nan


def _linear(values: Window) -> float:
    """Each weighs as much as its place, the first 1; the weights count one more, as in Elasticsearch."""
    weight = sum(range(len(values) + 1)) + 1
    return sum(place * each for place, each in enumerate(values, 1)) / weight if values else math.nan


def _ewma(values: Window, alpha: float) -> float:
    """Exponentially weighted: each takes the part `alpha` of what comes out."""
    found = values[0] if values else math.nan
    for each in values[1:]:
        found = alpha * each + (1 - alpha) * found
    return found


def _holt(values: Window, alpha: float, beta: float) -> float:
    """Exponentially weighted, with a trend that begins with 0."""
    level, trend = values[0] if values else math.nan, 0.0
    for each in values[1:]:
        before, level = level, alpha * each + (1 - alpha) * (level + trend)
        trend = beta * (level - before) + (1 - beta) * trend
    return level


def _holt_winters(
    values: Window, alpha: float, beta: float, gamma: float, period: int, is_multiplicative: bool
) -> float:
    """With seasons of so many values, of which the first gives the level and its own course; the trend begins with 0.

    Raises Fault for fewer than two seasons.
    """
    if not values:
        return math.nan
    if period < 1 or len(values) < 2 * period:
        told = f"Holt-Winters aggregation requires at least (2 * period == 2 * {period} == {2 * period}) data-points "
        raise Fault(f"{told}to function.  Only [{len(values)}] were provided.", "illegal_argument_exception")
    own = [each + _PADDING for each in values] if is_multiplicative else list(values)
    level, trend = _average(own[:period]), 0.0
    season = [each / level if level else 0.0 for each in own[:period]]
    for number, each in enumerate(own[period:]):
        last = season[number]
        before, slope = level, trend
        plain = each / last if is_multiplicative else each - last
        level = alpha * plain + (1 - alpha) * (before + slope)
        trend = beta * (level - before) + (1 - beta) * slope
        course = each / (before + slope) if is_multiplicative else each - (before - slope)
        season.append(gamma * course + (1 - gamma) * last)
    last = season[len(own) - period]
    return (level + trend) * last if is_multiplicative else level + trend + last


def _of(function: Callable[..., float]) -> Callable[..., float]:
    """The function of a window as a script has it. A division by 0 gives NaN."""

    def run(values: Any, *rest: Any) -> float:  # noqa: ANN401
        try:
            return function(_known(values), *rest)
        except ZeroDivisionError:
            return math.nan

    return run


_OWN: Mapping[str, Callable[..., float]] = {
    "max": lambda values: max(values, default=math.nan),
    "min": lambda values: min(values, default=math.nan),
    "sum": math.fsum,
    "unweightedAvg": _average,
    "stdDev": _deviation,
    "linearWeightedAvg": _linear,
    "ewma": _ewma,
    "holt": _holt,
    "holtWinters": _holt_winters,
}
FUNCTIONS = {name: _of(function) for name, function in _OWN.items()}
