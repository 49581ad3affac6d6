"""Which rows (values, chunks, nested objects) belong to which document."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from connote.search.engine import kernels
from connote.search.engine.arrays import Floats, Ints, Mask, repeated


class Owners:
    """The rows of document d are starts[d] to starts[d + 1]: `starts` is int32 [documents + 1] and never falls."""

    def __init__(self, starts: Ints) -> None:
        self.starts = starts
        self.documents, self.rows = len(starts) - 1, int(starts[-1])

    @cached_property
    def exists(self) -> Mask:
        """Mask [documents]: who has a row."""
        return self.starts[1:] > self.starts[:-1]

    @cached_property
    def single(self) -> bool:
        """Whether every document has exactly one row, so that rows are documents."""
        return self.rows == self.documents and bool(self.exists.all())

    @cached_property
    def numbers(self) -> Ints:
        """int32 [rows]: whose each row is."""
        return repeated(np.arange(self.documents, dtype=np.int32), np.diff(self.starts))

    def of(self, document: int) -> slice:
        """The rows of a document."""
        return slice(int(self.starts[document]), int(self.starts[document + 1]))

    def rows_of(self, documents: Ints) -> tuple[NDArray[np.integer], Ints]:
        """The rows of some documents one after another, and where each document's begin, with the end of the last."""
        if self.single:
            return documents, np.arange(len(documents) + 1, dtype=np.int32)
        counts = np.diff(self.starts)[documents]
        starts = np.zeros(len(documents) + 1, dtype=np.int32)
        np.cumsum(counts, out=starts[1:])
        return np.arange(starts[-1]) + np.repeat(self.starts[:-1][documents] - starts[:-1], counts), starts

    def any(self, rows: Mask) -> Mask:
        """Mask [documents]: of whom one of these rows (a mask of them) is."""
        if self.single:
            return rows
        found = np.zeros(self.documents, dtype=np.bool_)
        found[self.numbers[rows]] = True
        return found

    def best(self, scores: Floats) -> Floats:
        """float32 [documents]: the greatest score of each one's rows, -inf without one."""
        return scores if self.single else kernels.best(scores, self.starts)
