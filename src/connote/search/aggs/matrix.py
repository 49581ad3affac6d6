"""How the values of several fields of numbers go together: matrix_stats.

https://www.elastic.co/docs/reference/aggregations/search-aggregations-matrix-stats-aggregation
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument
from connote.search.aggs.context import Context
from connote.search.aggs.options import Options
from connote.search.aggs.rows import Rows
from connote.search.aggs.tree import Agg
from connote.search.aggs.values import Doubles, Source

_MODES: Mapping[str, Callable[[Doubles], float]] = {
    "avg": lambda values: float(values.mean()),
    "min": lambda values: float(values.min()),
    "max": lambda values: float(values.max()),
    "sum": lambda values: float(values.sum()),
    "median": lambda values: float(np.median(values)),
}


@dataclass(frozen=True, kw_only=True)
class Matrix(Agg):
    """Of the documents that have all fields; of several values of one `mode` counts."""

    sources: Sequence[Source]
    mode: str = "avg"

    takes_subs: ClassVar[bool] = False

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """`fields`, `missing` by field, `mode`. Raises BadQuery, IllegalArgument."""
        fields, missing, mode = body.raw("fields"), body.object("missing") or {}, body.text("mode") or "avg"
        fields = [fields] if isinstance(fields, str) else fields
        if not isinstance(fields, list) or not fields or not all(isinstance(each, str) for each in fields):
            raise BadQuery("[matrix_stats] [fields] must be an array of the names of fields")
        if mode not in _MODES:
            raise BadQuery(f"Unknown MultiValueMode [{mode}]; known are [{', '.join(_MODES)}]")
        if not all(type(each) in (int, float) for each in missing.values()):
            raise IllegalArgument("[matrix_stats] [missing] must be numbers by field")
        return {"sources": [Source(name, body.kind, missing.get(name)) for name in dict.fromkeys(fields)], "mode": mode}

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:  # noqa: ARG002
        """By field its moments, and its covariance and correlation with each."""
        found = [self._values(part) for part in parts]
        values = np.concatenate(found) if found else np.zeros((0, len(self.sources)))
        values = values[~np.isnan(values).any(axis=1)]
        if not len(values):
            return {"doc_count": 0}
        names = [source.name for source in self.sources]
        return {"doc_count": len(values), "fields": _told(names, values)}

    def _values(self, rows: Rows) -> Doubles:
        """float64 [rows, fields], NaN without a value."""
        found = np.full((len(rows), len(self.sources)), np.nan)
        for number, source in enumerate(self.sources):
            which, values = source.numbers(rows)
            order = np.argsort(which, kind="stable")
            which, values = which[order], values[order]
            places, starts = np.unique(which, return_index=True)
            if len(places) == len(which):
                found[places, number] = values
                continue
            for place, own in zip(places.tolist(), np.split(values, starts[1:]), strict=True):
                found[place, number] = _MODES[self.mode](own)
        return found


def _told(names: Sequence[str], values: Doubles) -> list[dict[str, Any]]:
    """Of values [rows, fields]. Variance and covariance are those of samples; skewness and kurtosis of populations."""
    count, means = len(values), values.mean(axis=0)
    with np.errstate(all="ignore"):
        apart = values - means
        squares = (apart**2).sum(axis=0)
        products = apart.T @ apart
        skews = np.sqrt(count) * (apart**3).sum(axis=0) / squares**1.5
        kurtoses = count * (apart**4).sum(axis=0) / squares**2
        covariances = products / (count - 1) if count > 1 else np.zeros_like(products)
        correlations = products / np.sqrt(np.outer(squares, squares))
    np.fill_diagonal(correlations, 1.0)
    return [
        {
            "name": name,
            "count": count,
            "mean": float(means[at]),
            "variance": _finite(covariances[at, at]),
            "skewness": _finite(skews[at]),
            "kurtosis": _finite(kurtoses[at]),
            "covariance": {other: _finite(covariances[at, to]) for to, other in enumerate(names)},
            "correlation": {other: _finite(correlations[at, to]) for to, other in enumerate(names)},
        }
        for at, name in enumerate(names)
    ]


def _finite(value: Any) -> float | None:  # noqa: ANN401 (float64)
    return float(value) if np.isfinite(value) else None
