"""What comes after the backend: from its output to what a caller wants."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def late_interaction(query: Array, document: Array) -> float:
    """The mean over the query's tokens of their best match in the document; both tokens × hidden, of length 1.

    ColBERT's MaxSim (https://arxiv.org/abs/2004.12832), divided by the number of query tokens.
    """
    return min(float((query @ document.T).max(axis=1).mean()), 1.0)  # rounding may give a little more
