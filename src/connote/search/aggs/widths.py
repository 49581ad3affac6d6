"""Buckets of numbers that lie near each other: variable_width_histogram.

https://www.elastic.co/docs/reference/aggregations/search-aggregations-bucket-variablewidthhistogram-aggregation
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connote.contract.errors import IllegalArgument
from connote.search.aggs.context import Context
from connote.search.aggs.options import Options
from connote.search.aggs.rows import Rows, grouped, parted
from connote.search.aggs.tree import Agg
from connote.search.aggs.values import Doubles, Source

# Of more different values than that, those with the smallest gaps between them are put together first.
_FEW, _MOST = 2000, 1000
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class VariableWidth(Agg):
    """So many buckets at most: the two whose middles are nearest are joined until there are no more."""

    source: Source
    most: int = 10

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """The field and `buckets`. Raises IllegalArgument."""
        body.ignore("shard_size", "initial_buffer")
        most = body.size("buckets", 10)
        if most > _MOST:
            raise IllegalArgument(f"[buckets] of [{body.kind}] must be at most {_MOST}, not [{most}]")
        return {"source": Source.read(body), "most": most}

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:
        """By their values: the least, the middle as `key`, the greatest."""
        form, values = self.source.format(context), self.source.all_numbers(parts)
        if not len(values):
            return {"buckets": []}
        different, counts = np.unique(values, return_counts=True)
        starts = clusters(different, counts, self.most)
        lows = different[starts]

        def split(rows: Rows) -> Any:  # noqa: ANN401 (pairs)
            which, own = self.source.numbers(rows)
            return parted(rows, which, np.searchsorted(lows, own, side="right") - 1)

        found, buckets = grouped(parts, split), []
        for number, (first, end) in enumerate(zip(starts, [*starts[1:], len(different)], strict=True)):
            own, weights = different[first:end], counts[first:end]
            scale = float(np.abs(own).max()) or 1.0  # or the sum may be no number
            middle = float(np.average(own / scale, weights=weights)) * scale
            shown = {**form.figure(float(own[0]), "min"), **form.bucket(middle), **form.figure(float(own[-1]), "max")}
            buckets.append(self.bucket(shown, found[number], context))
        return {"buckets": self.finished(buckets)}


def clusters(different: Doubles, counts: Ints, most: int) -> list[int]:
    """Where each cluster of rising values begins, of which there are so many of each; at most `most` clusters."""
    starts = np.arange(len(different))
    if len(different) > _FEW:
        gaps = np.sort(np.argsort(-np.diff(different), kind="stable")[: _FEW - 1])
        starts = np.concatenate([[0], gaps + 1])
    sizes, scale = np.add.reduceat(counts, starts).astype(np.float64), float(np.abs(different).max()) or 1.0
    middles = np.add.reduceat(different / scale * counts, starts) / sizes
    begins = starts.tolist()
    while len(begins) > most:
        at = int(np.argmin(np.diff(middles)))
        both = sizes[at] + sizes[at + 1]
        middles[at] += (middles[at + 1] - middles[at]) * (sizes[at + 1] / both)
        sizes[at] = both
        middles, sizes = np.delete(middles, at + 1), np.delete(sizes, at + 1)
        del begins[at + 1]
    return begins
