"""Pipelines over the figures of all buckets of a histogram: moving_fn, normalize, cumulative_cardinality."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.ingest.painless import Script
from connote.search.aggs.base import Base
from connote.search.aggs.metrics import Different, Spread, total
from connote.search.aggs.tree import Bucket
from connote.search.aggs.values import Doubles
from connote.search.thread import check


@dataclass(frozen=True, kw_only=True)
class Moving(Base):
    """moving_fn: what a script makes of the figures before each bucket's own, in a window that may be shifted.

    https://www.elastic.co/docs/reference/aggregations/search-aggregations-pipeline-movfn-aggregation
    """

    path: str
    script: Script
    params: Mapping[str, Any]
    window: int
    shift: int = 0

    def used(self) -> Iterable[str]:
        """The path."""
        return [self.path]

    def over(self, buckets: list[Bucket]) -> list[Bucket]:
        """The buckets; those without a figure have no window. Raises BadScript, IllegalArgument."""
        figures = [self.figure(each, self.path) for each in buckets]
        known, made, place = [each for each in figures if each is not None], list[Bucket](), 0
        for bucket, own in zip(buckets, figures, strict=True):
            if own is None:
                made.append(bucket)
                continue
            first, last = (min(max(place + self.shift - back, 0), len(known)) for back in (self.window, 0))
            found = self.script.run(params={**self.params}, values=known[first:last])
            if isinstance(found, bool) or not isinstance(found, int | float):
                raise IllegalArgument(f"the script of [{self.name}] must return a number")
            made.append({**bucket, self.name: self.form.figure(float(found) if math.isfinite(found) else None)})
            place += 1
        return made


@dataclass(frozen=True, kw_only=True)
class MovingPercentiles(Base):
    """moving_percentiles: those of all values of the buckets before each, in a window that may be shifted.

    https://www.elastic.co/docs/reference/aggregations/search-aggregations-pipeline-moving-percentiles-aggregation
    """

    path: str
    window: int
    shift: int = 0

    def used(self) -> Iterable[str]:
        """The path."""
        return [self.path]

    def over(self, buckets: list[Bucket]) -> list[Bucket]:
        """The buckets; the first has none before it. Raises IllegalArgument for a path to something else."""
        found, made = [each.get(self.path) for each in buckets], list[Bucket]()
        for place, bucket in enumerate(buckets):
            check()
            own = found[place]
            if not isinstance(own, Spread):
                raise IllegalArgument(
                    f"buckets_path must reference a percentiles aggregation, got: [{self.path}] ({self.kind})"
                )
            first, last = (min(max(place + self.shift - back, 0), len(found)) for back in (self.window, 0))
            values = [each.of for each in found[first:last] if isinstance(each, Spread)]
            made.append({**bucket, self.name: {**own.again(np.concatenate(values))}} if values else bucket)
        return made


def _spread(values: Doubles) -> float:
    return float(values.max() - values.min())


def _deviations(values: Doubles) -> Doubles:
    mean = total(values) / len(values)
    found: Doubles = (values - mean) / math.sqrt(total((values - mean) ** 2) / len(values))
    return found


_METHODS: Mapping[str, Callable[[Doubles], Doubles]] = {
    "rescale_0_1": lambda values: (values - values.min()) / _spread(values),
    "rescale_0_100": lambda values: 100 * (values - values.min()) / _spread(values),
    "percent_of_sum": lambda values: values / total(values),
    "mean": lambda values: (values - total(values) / len(values)) / _spread(values),
    "z-score": _deviations,
    "softmax": lambda values: np.exp(values) / np.exp(values).sum(),
}
METHODS = tuple(_METHODS)


@dataclass(frozen=True, kw_only=True)
class Normal(Base):
    """normalize: each figure as a part of all.

    https://www.elastic.co/docs/reference/aggregations/search-aggregations-pipeline-normalize-aggregation
    """

    path: str
    method: str

    def used(self) -> Iterable[str]:
        """The path."""
        return [self.path]

    def over(self, buckets: list[Bucket]) -> list[Bucket]:
        """The buckets; of those without a figure, and where it is divided by nothing, it is null."""
        figures = [self.figure(each, self.path) for each in buckets]
        known = np.array([each for each in figures if each is not None], dtype=np.float64)
        if not len(known):
            return buckets
        with np.errstate(all="ignore"):
            parts = iter(_METHODS[self.method](known).tolist())
        shown: Sequence[float | None] = [None if each is None else next(parts) for each in figures]
        return [
            {**bucket, self.name: self.form.figure(own if own is not None and math.isfinite(own) else None)}
            for bucket, own in zip(buckets, shown, strict=True)
        ]


@dataclass(frozen=True, kw_only=True)
class Growing(Base):
    """cumulative_cardinality: how many different values there are in all buckets up to each.

    https://www.elastic.co/docs/reference/aggregations/search-aggregations-pipeline-cumulative-cardinality-aggregation
    """

    path: str

    def used(self) -> Iterable[str]:
        """The path."""
        return [self.path]

    def over(self, buckets: list[Bucket]) -> list[Bucket]:
        """The buckets. Raises IllegalArgument for a path to something else than a cardinality."""
        known, made = set[Any](), list[Bucket]()
        for bucket in buckets:
            found = bucket.get(self.path)
            if not isinstance(found, Different):
                raise IllegalArgument(
                    f"buckets_path must reference a cardinality aggregation, got: [{self.path}] ({self.kind})"
                )
            known |= found.members
            made.append({**bucket, self.name: self.form.figure(len(known))})
        return made
