"""Views of a segment's arrays, one a kind of field. What they give are views too: never write to them."""

from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from connote.search.engine.arrays import Arrays, Ints, Mask
from connote.search.engine.owners import Owners
from connote.search.engine.strings import Dictionary


class Postings(NamedTuple):
    """Where a term stands: documents (or rows), rising, and how often, or with what weight, in each."""

    docs: Ints
    values: NDArray[np.int32] | NDArray[np.float32]


class Inverted:
    """A sorted dictionary and, for each of its terms, a list: of term t it is `starts[t]` to `starts[t + 1]`."""

    def __init__(self, arrays: Arrays) -> None:
        self.terms = Dictionary(arrays["terms", "data"], arrays["terms", "starts"])
        self.starts = arrays["starts",]
        self.docs = arrays["docs",]
        self._found: dict[str, int] = {}

    def find(self, term: str) -> int:
        """The term's ordinal, or -1. Remembered, as queries have words in common."""
        ordinal = self._found.get(term)
        if ordinal is None:
            ordinal = self._found[term] = self.terms.find(term)
        return ordinal

    def span(self, ordinal: int) -> slice:
        """Where in `docs` the term's list is; empty for -1."""
        return slice(int(self.starts[ordinal]), int(self.starts[ordinal + 1])) if ordinal >= 0 else slice(0, 0)

    def frequency(self, term: str) -> int:
        """In how many documents (for sparse vectors: rows) it is, deleted ones too."""
        span = self.span(self.find(term))
        return int(span.stop - span.start)

    def having(self, ordinals: Iterable[int], size: int) -> Mask:
        """Mask [size]: which documents (rows) have one of these terms."""
        found = np.zeros(size, dtype=np.bool_)
        for ordinal in ordinals:
            found[self.docs[self.span(ordinal)]] = True
        return found


class Text(Inverted):
    """Analysed text. `norms` uint8 [documents]: the lengths as `norms.encode` rounds them; 0 without a term."""

    def __init__(self, arrays: Arrays) -> None:
        super().__init__(arrays)
        self.freqs = arrays["freqs",]
        self.norms = arrays["norms",]
        self.exists = arrays["present",]
        self._position_starts = arrays["position_starts",]
        self._positions = arrays["positions",]

    @cached_property
    def count(self) -> int:
        """How many documents have a term, deleted ones too."""
        return int(np.count_nonzero(self.norms))

    @property
    def sum_length(self) -> int:
        """How many terms all documents have, deleted ones and synonyms too."""
        return len(self._positions)

    def postings(self, term: str) -> Postings:
        """Documents and frequencies."""
        span = self.span(self.find(term))
        return Postings(self.docs[span], self.freqs[span])

    def positions(self, term: str) -> tuple[Ints, Owners]:
        """All positions of a term, and which of them belong to which of its postings (not: documents)."""
        ordinal = self.find(term)
        span = self.span(ordinal)
        ends = np.zeros(span.stop - span.start + 1, dtype=np.int32)
        np.cumsum(self.freqs[span], out=ends[1:])
        begin = int(self._position_starts[ordinal]) if ordinal >= 0 else 0
        return self._positions[begin : begin + int(ends[-1])], Owners(ends)


class Words(Inverted):
    """Values that are matched as a whole. A document's are distinct and sorted: `ordinals[owners.of(document)]`."""

    def __init__(self, arrays: Arrays) -> None:
        super().__init__(arrays)
        self.ordinals = arrays["ordinals",]
        self.owners = Owners(arrays["owners",])

    @property
    def exists(self) -> Mask:
        """Mask [documents]."""
        return self.owners.exists

    @cached_property
    def count(self) -> int:
        """How many documents have a value, deleted ones too."""
        return int(np.count_nonzero(self.exists))

    @property
    def sum_length(self) -> int:
        """How many values all documents have, deleted ones too."""
        return len(self.ordinals)

    def postings(self, word: str) -> Ints:
        """The documents that have it."""
        return self.docs[self.span(self.find(word))]


class Numbers:
    """Values in the order they came: `values[owners.of(document)]`, int64 or float64."""

    def __init__(self, arrays: Arrays) -> None:
        self.values = arrays["values",]
        self.owners = Owners(arrays["owners",])

    @property
    def exists(self) -> Mask:
        """Mask [documents]."""
        return self.owners.exists


class Points:
    """Places in degrees, float64: `latitudes[owners.of(document)]`, `longitudes[…]`."""

    def __init__(self, arrays: Arrays) -> None:
        self.latitudes = arrays["latitudes",]
        self.longitudes = arrays["longitudes",]
        self.owners = Owners(arrays["owners",])

    @property
    def exists(self) -> Mask:
        """Mask [documents]."""
        return self.owners.exists


class Sparse(Inverted):
    """Sparse vectors, one a row: here `docs` are rows, and `owners` says whose."""

    def __init__(self, arrays: Arrays) -> None:
        super().__init__(arrays)
        self.weights = arrays["weights",]
        self.owners = Owners(arrays["owners",])

    @property
    def exists(self) -> Mask:
        """Mask [documents]."""
        return self.owners.exists

    def postings(self, token: str) -> Postings:
        """Rows and weights."""
        span = self.span(self.find(token))
        return Postings(self.docs[span], self.weights[span])

    def vector(self, row: int) -> dict[str, float]:
        """One row's weights by token. It reads the whole field: for explaining, not for ranking."""
        places = np.flatnonzero(self.docs == row)
        tokens = np.searchsorted(self.starts, places, side="right") - 1
        return {self.terms[int(t)]: float(self.weights[p]) for t, p in zip(tokens, places, strict=True)}


class Dense:
    """Dense vectors, one a row: `matrix` float32 [rows, dimensions], `magnitudes` float32 [rows]."""

    def __init__(self, arrays: Arrays) -> None:
        self.matrix = arrays["matrix",]
        self.magnitudes = arrays["magnitudes",]
        self.owners = Owners(arrays["owners",])

    @property
    def exists(self) -> Mask:
        """Mask [documents]."""
        return self.owners.exists
