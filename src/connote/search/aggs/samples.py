"""Buckets of the best documents: sampler, diversified_sampler, random_sampler."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.search.aggs.context import Context
from connote.search.aggs.filters import Single
from connote.search.aggs.options import Options
from connote.search.aggs.rows import Rows
from connote.search.aggs.values import Source


@dataclass(frozen=True, kw_only=True)
class Sampler(Single):
    """The documents with the best scores, of each index so many; random_sampler takes all, which is exact."""

    most: int = 100

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """`shard_size`."""
        if body.kind == "random_sampler":
            if not 0 < body.number("probability", 0) <= 1:
                raise IllegalArgument("[probability] must be between 0 and 0.5 or exactly 1")
            body.ignore("seed", "shard_seed")
            return {"most": 2**31}
        return {"most": body.size("shard_size", 100)}

    def rows(self, parts: Sequence[Rows], context: Context) -> list[Rows]:  # noqa: ARG002
        """The best of each index."""
        found = list[Rows]()
        for seen in {id(part.seen): part.seen for part in parts}.values():
            own = [part for part in parts if part.seen is seen]
            points = np.concatenate([part.hits.points()[part.documents] for part in own])
            kept = np.zeros(len(points), dtype=np.bool_)
            kept[self._chosen(np.argsort(-points, kind="stable"), own)] = True
            ends = np.cumsum([len(part) for part in own])
            masks = np.split(kept, ends[:-1])
            found += [part.take(part.numbers[mask]) for part, mask in zip(own, masks, strict=True)]
        return found

    def _chosen(self, order: Any, parts: Sequence[Rows]) -> Any:  # noqa: ANN401, ARG002 (int64)
        """Which of the rows of all parts, whose best first are `order`."""
        return order[: self.most]


@dataclass(frozen=True, kw_only=True)
class DiversifiedSampler(Sampler):
    """The best, of which so many at most have the same value of a field; those without one count as alike."""

    source: Source
    alike: int = 1

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """`field`, `shard_size`, `max_docs_per_value`."""
        body.ignore("execution_hint")
        alike = body.size("max_docs_per_value", 1)
        return {"alike": alike, "source": Source.read(body), **super().read(body)}

    def _chosen(self, order: Any, parts: Sequence[Rows]) -> Any:  # noqa: ANN401
        values = [value for part in parts for value in self._values(part)]
        taken, chosen = Counter[Any](), list[int]()
        for place in order.tolist():
            if taken[values[place]] < self.alike:
                taken[values[place]] += 1
                chosen.append(place)
            if len(chosen) == self.most:
                break
        return chosen

    def _values(self, rows: Rows) -> Iterator[Any]:
        """By row its value, None without one. Raises IllegalArgument for several."""
        column = self.source.any(rows)
        if len(np.unique(column.which)) != len(column.which):
            raise IllegalArgument("Sample diversifying key must be a single valued-field")
        own: list[Any] = [None] * len(rows)
        for at, key in zip(column.which.tolist(), column.keys.tolist(), strict=True):
            own[at] = column.value(key)
        return iter(own)
