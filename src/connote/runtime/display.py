"""The tokens of a vocabulary as a sparse vector shows them."""

import numpy as np
from numpy.typing import NDArray

from connote.contract.results import SparseVector
from connote.runtime.backends.backend import Terms


class Display:
    """`tokens` by id, as they are shown; those with an id of `hidden` never are."""

    def __init__(self, tokens: NDArray[np.object_], hidden: NDArray[np.int64]) -> None:
        self._tokens = tokens
        self._is_shown = np.ones(len(tokens) + 1, dtype=bool)
        self._is_shown[hidden] = self._is_shown[-1] = False  # the last stands for all that lie beyond
        shown = tokens[self._is_shown[:-1]]
        self._unique = len(set(shown)) == len(shown)

    def vector(self, terms: Terms, is_truncated: bool) -> SparseVector:
        """The terms, highest weight first; an id beyond the vocabulary is shown as little as a hidden one."""
        kept = self._is_shown.take(terms.ids, mode="clip")
        ids, weights = terms.ids[kept], terms.weights[kept]
        if not terms.is_ranked:
            order = (-weights).argsort(kind="stable")  # equal weights stand by id
            ids, weights = ids[order], weights[order]
        tokens = self._tokens[ids].tolist()
        if not self._unique:
            # Two tokens may be shown alike; the higher weight, which comes first, stands.
            first = dict(reversed(list(zip(tokens, range(len(tokens)), strict=True))))
            stand = sorted(first.values())
            tokens, weights, ids = [tokens[i] for i in stand], weights[stand], ids[stand]
        return SparseVector(tokens, weights, is_truncated, ids.astype(np.int32))
