"""Views of a segment's arrays, one a kind of field. What they give are views too: never write to them."""

import threading
from collections.abc import Collection, Iterable
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from connote.search.engine.arrays import Arrays, Bytes, Floats, Ints, Longs, Mask
from connote.search.engine.codes import Codes
from connote.search.engine.owners import Owners
from connote.search.engine.strings import Dictionary

# Terms of which a field remembers where they are.
_REMEMBERED = 100_000
# Held while codes are made, so that of several threads that need them only one does.
_making = threading.Lock()


class Postings(NamedTuple):
    """Where a term stands: documents (or rows), rising, and how often, or with what weight, in each."""

    docs: Ints
    values: NDArray[np.int32] | NDArray[np.float32]


class Inverted:
    """A sorted dictionary and, for each of its terms, a list: of term t it is `starts[t]` to `starts[t + 1]`."""

    def __init__(self, arrays: Arrays) -> None:
        self.terms = Dictionary(arrays["terms", "data"], arrays["terms", "starts"])
        self.starts: Longs = arrays["starts",]
        self.docs: Ints = arrays["docs",]
        self._found: dict[str, int] = {}

    def find(self, term: str) -> int:
        """The term's ordinal, or -1. Remembered, as queries have words in common."""
        ordinal = self._found.get(term)
        if ordinal is None:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            ordinal = self._found[term] = self.terms.find(term)
        return ordinal

    def find_all(self, terms: Collection[str]) -> list[int]:
        """The ordinal of each term, -1 for those that are not here."""
        found = list(map(self._found.get, terms))  # at once: another thread may forget them all at any moment
        return [self.find(term) if known is None else known for term, known in zip(terms, found, strict=True)]

    def entries(self, terms: Collection[str]) -> int:
        """How long the lists of these terms are together."""
        ordinals = np.array([each for each in self.find_all(terms) if each >= 0], dtype=np.int64)
        return int((self.starts[ordinals + 1] - self.starts[ordinals]).sum())

    def span(self, ordinal: int) -> slice:
        """Where in `docs` the term's list is; empty for -1."""
        return slice(int(self.starts[ordinal]), int(self.starts[ordinal + 1])) if ordinal >= 0 else slice(0, 0)

    def frequency(self, term: str) -> int:
        """In how many documents (for sparse vectors: rows) it is, deleted ones too."""
        span = self.span(self.find(term))
        return int(span.stop - span.start)

    def among(self, term: str, live: Mask) -> int:
        """In how many documents (rows) of these it is: mask [documents (rows)]."""
        return int(np.count_nonzero(live[self.docs[self.span(self.find(term))]]))

    def having(self, ordinals: Iterable[int], size: int) -> Mask:
        """Mask [size]: which documents (rows) have one of these terms."""
        found = np.zeros(size, dtype=np.bool_)
        if isinstance(ordinals, range) and ordinals.step == 1 and ordinals:  # their lists follow one another
            found[self.docs[int(self.starts[ordinals.start]) : int(self.starts[ordinals.stop])]] = True
            return found
        for ordinal in ordinals:
            found[self.docs[self.span(ordinal)]] = True
        return found


class Owned:
    """A field of some values, or vectors, a document."""

    def __init__(self, arrays: Arrays) -> None:
        self.owners = Owners(arrays["owners",])

    @property
    def exists(self) -> Mask:
        """Mask [documents]."""
        return self.owners.exists


class Text(Inverted):
    """Analysed text. `norms` uint8 [documents]: the lengths as `norms.encode` rounds them; 0 without a term."""

    def __init__(self, arrays: Arrays) -> None:
        super().__init__(arrays)
        self.freqs: Ints = arrays["freqs",]
        self.norms: Bytes = arrays["norms",]
        self.exists: Mask = arrays["present",]
        self.position_starts: Longs = arrays["position_starts",]
        self.all_positions: Ints = arrays["positions",]

    @cached_property
    def count(self) -> int:
        """How many documents have a term, deleted ones too."""
        return int(np.count_nonzero(self.norms))

    @property
    def sum_length(self) -> int:
        """How many terms all documents have, deleted ones and synonyms too."""
        return len(self.all_positions)

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
        begin = int(self.position_starts[ordinal]) if ordinal >= 0 else 0
        return self.all_positions[begin : begin + int(ends[-1])], Owners(ends)


class Words(Inverted, Owned):
    """Values that are matched as a whole. A document's are distinct and sorted: `ordinals[owners.of(document)]`."""

    def __init__(self, arrays: Arrays) -> None:
        Inverted.__init__(self, arrays)
        Owned.__init__(self, arrays)
        self.ordinals: Ints = arrays["ordinals",]

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


class Numbers(Owned):
    """Values in the order they came: `values[owners.of(document)]`, int64 or float64."""

    def __init__(self, arrays: Arrays) -> None:
        super().__init__(arrays)
        self.values = arrays["values",]


class Points(Owned):
    """Places in degrees, float64: `latitudes[owners.of(document)]`, `longitudes[…]`."""

    def __init__(self, arrays: Arrays) -> None:
        super().__init__(arrays)
        self.latitudes: NDArray[np.float64] = arrays["latitudes",]
        self.longitudes: NDArray[np.float64] = arrays["longitudes",]


class Sparse(Inverted, Owned):
    """Sparse vectors, one a row: here `docs` are rows, and `owners` says whose."""

    def __init__(self, arrays: Arrays) -> None:
        Inverted.__init__(self, arrays)
        Owned.__init__(self, arrays)
        self.weights: Floats = arrays["weights",]

    def postings(self, token: str) -> Postings:
        """Rows and weights."""
        span = self.span(self.find(token))
        return Postings(self.docs[span], self.weights[span])

    def vector(self, row: int) -> dict[str, float]:
        """One row's weights by token. It reads the whole field: for explaining, not for ranking."""
        places = np.flatnonzero(self.docs == row)
        tokens = np.searchsorted(self.starts, places, side="right") - 1
        return {self.terms[int(t)]: float(self.weights[p]) for t, p in zip(tokens, places, strict=True)}


class Dense(Owned):
    """Dense vectors, one a row: `matrix` float32 [rows, dimensions], `magnitudes` float32 [rows]."""

    def __init__(self, arrays: Arrays) -> None:
        super().__init__(arrays)
        self.matrix: Floats = arrays["matrix",]
        self.magnitudes: Floats = arrays["magnitudes",]
        self._codes: Codes | None = None

    @cached_property
    def shortest(self) -> float:
        """The least of the magnitudes."""
        return float(self.magnitudes.min(initial=np.inf))

    @property
    def has_codes(self) -> bool:
        """Whether they have been made."""
        return self._codes is not None

    @property
    def codes(self) -> Codes:
        """The vectors in one byte a number: made when first looked at, which takes as long as some searches."""
        if self._codes is None:
            with _making:
                self._codes = self._codes or Codes.of(self.matrix, self.magnitudes)
        return self._codes
