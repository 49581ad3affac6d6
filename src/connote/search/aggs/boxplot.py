"""What a box plot is drawn of: the quartiles, and how far the values reach."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from connote.search.aggs.formats import Format
from connote.search.aggs.metrics import Metric
from connote.search.aggs.options import Options
from connote.search.aggs.values import Doubles

_NAMES = ("min", "max", "q1", "q2", "q3", "lower", "upper")


@dataclass(frozen=True, kw_only=True)
class Boxplot(Metric):
    """The whiskers reach to the last values within 1.5 times the distance of the quartiles, as Tukey has them."""

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """The field."""
        body.ignore("compression")
        return super().read(body)

    def figures(self, values: Doubles, form: Format) -> dict[str, Any]:
        """All seven; null without values."""
        shown: dict[str, Any] = {}
        for name, value in zip(_NAMES, _plot(values) if len(values) else [None] * len(_NAMES), strict=True):
            shown |= form.figure(value, name)
        return shown


def _plot(values: Doubles) -> list[float]:
    with np.errstate(over="ignore", invalid="ignore"):  # the distance of two values may be no number any more
        first, middle, third = np.percentile(values, [25, 50, 75]).tolist()
    reach = 1.5 * (third - first)
    inside = values[(values >= first - reach) & (values <= third + reach)]
    inside = inside if len(inside) else values
    return [float(values.min()), float(values.max()), first, middle, third, float(inside.min()), float(inside.max())]
