"""Queries without inference: a document-only sparse model weighs a query's tokens by a table.

Inference-free retrievers of this kind: https://arxiv.org/abs/2411.04403.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from connote.contract.errors import Unavailable
from connote.runtime.backends.backend import Terms
from connote.runtime.tokenizer import Encoded

FILE = "idf.json"


class Idf:
    """Weights by token id, as a model's idf.json gives them by token; tokens that it lacks weigh nothing."""

    def __init__(self, file: Path, ids: Mapping[str, int]) -> None:
        table = _read(file)
        self._weights = np.zeros(max(ids.values()) + 1, dtype=np.float32)
        for token, weight in table.items():
            if token in ids:
                self._weights[ids[token]] = weight
        if not self._weights.any():
            raise Unavailable(f"{file} has no token of the tokenizer beside it")

    def terms(self, query: Encoded) -> Terms:
        """Each of the query's tokens once, with its weight."""
        ids = np.unique(query.ids)
        weights = self._weights[ids]
        return Terms(ids[weights > 0], weights[weights > 0])


def _read(file: Path) -> dict[str, float]:
    try:
        table = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise Unavailable(f"{file} cannot be read: {error}") from None
    if not isinstance(table, dict):
        raise Unavailable(f"{file} must hold a JSON object of weights by token")
    for token, weight in table.items():
        if not isinstance(weight, int | float) or not 0 <= weight < float(np.finfo(np.float32).max):
            raise Unavailable(f"{file}: the weight of [{token}] must be a number of at least 0, not [{weight}]")
    return table
