"""Hits in the order of the names of their indices: the sort `_index`."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from connote.contract.settings import java
from connote.search.clauses import Column
from connote.search.engine.arrays import Ints
from connote.search.engine.segment import Segment
from connote.search.query.query import Hits


@dataclass(frozen=True)
class ByIndex:
    """By the name of the index, the same for all of its documents."""

    name: str
    is_descending: bool = False

    def keys(self, segment: Segment, hits: Hits, base: int) -> Column:  # noqa: ARG002
        """All alike."""
        return np.zeros(segment.size, dtype=np.int64)

    def after(self, segment: Segment, value: Any) -> float:  # noqa: ARG002, ANN401
        """Before these documents, among them or behind them."""
        way = (java(value) > self.name) - (java(value) < self.name)
        return float(-way if self.is_descending else way)

    def values(self, segment: Segment, documents: Ints, hits: Hits, base: int) -> list[Any]:  # noqa: ARG002
        """The name."""
        return [self.name] * len(documents)

    def comparable(self, value: Any) -> tuple[int, Any]:  # noqa: ANN401
        """The name."""
        return 0, value

    def shown(self, value: Any) -> Any:  # noqa: ANN401
        """The name."""
        return value
