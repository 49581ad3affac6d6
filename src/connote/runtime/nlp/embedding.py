"""text_embedding: a vector a text."""

from collections.abc import Sequence

import numpy as np

from connote.contract.results import Cut, Dense
from connote.runtime.local import Outputs
from connote.runtime.nlp.task import Array, Task, finite
from connote.runtime.nlp.windows import Passage, Window


class Embedding(Task[Array]):
    """The vector that the model gives. Of one that gives a vector a token it is the first's, as in Elasticsearch."""

    def one(self, passage: Passage, windows: Sequence[Window], outputs: Sequence[Array]) -> Array:  # noqa: ARG002
        """Of shape [dimensions]."""
        vectors: Array = np.atleast_1d(outputs[0])
        return finite(vectors.reshape(-1, vectors.shape[-1])[0])

    def all(self, results: Sequence[Array], cuts: Sequence[Cut], reads: Sequence[int]) -> Outputs:
        """A row a text."""
        vectors = np.stack(results) if results else np.empty((0, 0), dtype=np.float32)
        return Dense(vectors, cuts, reads=reads)
