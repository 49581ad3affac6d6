"""What comes after the graph: from its output to what a caller wants."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def sparse(weights: Array, hidden: NDArray[np.int64]) -> tuple[NDArray[np.int64], Array]:
    """From a row of weights (vocabulary) the ids that weigh something, highest first, and their weights.

    Equal weights stand by id; hidden ids are left out.
    """
    weights = weights.copy()
    weights[hidden] = 0
    ids = np.flatnonzero(weights > 0)
    order = np.argsort(-weights[ids], kind="stable")
    return ids[order], weights[ids[order]]


def late_interaction(query: Array, document: Array) -> float:
    """The mean over the query's tokens of their best match in the document; both tokens × hidden, of length 1.

    ColBERT's MaxSim (https://arxiv.org/abs/2004.12832), divided by the number of query tokens.
    """
    return float((query @ document.T).max(axis=1).mean())
