"""The tokens of a vocabulary as a sparse vector shows them."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from connote.contract.results import SparseVector
from connote.runtime import heads
from connote.runtime.backends.backend import Terms


class Display:
    """`tokens` by id, as they are shown; those with an id of `hidden` never are."""

    def __init__(self, tokens: NDArray[np.object_], hidden: NDArray[np.int64]) -> None:
        self._tokens = tokens
        self._is_shown = np.ones(len(tokens), dtype=bool)
        self._is_shown[hidden] = False
        shown = tokens[self._is_shown]
        self._unique = len(set(shown)) == len(shown)

    def vector(self, terms: Terms, is_truncated: bool) -> SparseVector:
        """The terms, highest weight first; an id beyond the vocabulary is shown as little as a hidden one."""
        if len(terms.ids) and (terms.ids.max() if terms.is_ranked else terms.ids[-1]) >= len(self._tokens):
            known = terms.ids < len(self._tokens)
            terms = replace(terms, ids=terms.ids[known], weights=terms.weights[known])
        ids, weights = heads.strongest(terms, self._is_shown)
        tokens = self._tokens[ids].tolist()
        if not self._unique:
            # Two tokens may be shown alike; the higher weight, which comes first, stands.
            first = dict(reversed(list(zip(tokens, range(len(tokens)), strict=True))))
            kept = sorted(first.values())
            tokens, weights, ids = [tokens[i] for i in kept], weights[kept], ids[kept]
        return SparseVector(tokens, weights, is_truncated, ids.astype(np.int32))
