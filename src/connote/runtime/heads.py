"""What comes after the backend: from its output to what a caller wants."""

import numpy as np
from numpy.typing import NDArray

from connote.runtime.backends.backend import Terms

Array = NDArray[np.float32]


def strongest(terms: Terms, is_shown: NDArray[np.bool_]) -> tuple[NDArray[np.int64], Array]:
    """Ids and weights of the terms that are shown, highest weight first; equal weights stand by id."""
    ids, weights, kept = terms.ids, terms.weights, is_shown[terms.ids]
    if not kept.all():
        ids, weights = ids[kept], weights[kept]
    if terms.is_ranked:
        return ids, weights
    order = (-weights).argsort(kind="stable")
    return ids[order], weights[order]


def late_interaction(query: Array, document: Array) -> float:
    """The mean over the query's tokens of their best match in the document; both tokens × hidden, of length 1.

    ColBERT's MaxSim (https://arxiv.org/abs/2004.12832), divided by the number of query tokens.
    """
    return min(float((query @ document.T).max(axis=1).mean()), 1.0)  # rounding may give a little more
