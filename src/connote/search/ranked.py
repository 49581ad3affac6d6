"""Sorting by words that have an order of their own: versions, addresses."""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from connote.search.clauses import ByField
from connote.search.engine.fields import Words
from connote.search.mapping import addresses, versions

Rank = Callable[[str], Any]
RANKS: Mapping[str, Rank] = {"version": versions.rank, "ip": addresses.rank}


class Order(NamedTuple):
    """Of a dictionary: int64 the words' numbers in their order, int64 by number the place, and the ranks in order."""

    numbers: NDArray[np.int64]
    places: NDArray[np.int64]
    ranks: list[Any]

    @classmethod
    def of(cls, view: Words, rank: Rank) -> "Order":
        """Made once for a segment's dictionary."""
        if view not in _known:
            ranks = [rank(view.terms[number]) for number in range(len(view.terms))]
            numbers = sorted(range(len(ranks)), key=ranks.__getitem__)
            places = np.empty(len(ranks), dtype=np.int64)
            places[numbers] = np.arange(len(ranks))
            _known[view] = cls(np.array(numbers, dtype=np.int64), places, [ranks[number] for number in numbers])
        return _known[view]


_known: "WeakKeyDictionary[Words, Order]" = WeakKeyDictionary()


@dataclass(frozen=True)
class ByRank(ByField):
    """A field's words by their ranks; keys are twice the places."""

    def comparable(self, value: Any) -> tuple[int, Any]:  # noqa: ANN401
        """The rank."""
        return super().comparable(value) if value is None else (0, self._rank(str(value)))

    @property
    def _rank(self) -> Rank:
        return RANKS[self.field.kind]

    def _rows(self, view: Words) -> NDArray[np.int64]:
        return 2 * Order.of(view, self._rank).places[view.ordinals]

    def _place(self, view: Words, word: str) -> int:
        ranks, wanted = Order.of(view, self._rank).ranks, self._rank(word)
        found = bisect_left(ranks, wanted)
        return 2 * found if found < len(ranks) and ranks[found] == wanted else 2 * found - 1

    def _term(self, view: Words, key: int) -> str:
        return str(view.terms[int(Order.of(view, self._rank).numbers[key // 2])])
