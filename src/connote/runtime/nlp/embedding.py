"""text_embedding: a vector a text."""

from collections.abc import Sequence

import numpy as np

from connote.contract.errors import Rejected
from connote.contract.results import Cut, Dense
from connote.runtime.local import Outputs
from connote.runtime.nlp.task import Array, Task, finite
from connote.runtime.nlp.windows import Passage, Window


class Embedding(Task[Array]):
    """The vector that the model gives. Of one that gives a vector a token it is the first's, as in Elasticsearch."""

    def one(self, passage: Passage, windows: Sequence[Window], outputs: Sequence[Array]) -> Array:  # noqa: ARG002
        """Of shape [dimensions]."""
        vectors: Array = np.atleast_1d(outputs[0])
        if not vectors.size:
            raise Rejected(f"text_embedding expects numbers; the model gives shape {list(vectors.shape)}")
        return finite(vectors.reshape(-1, vectors.shape[-1])[0])

    def all(self, results: Sequence[Array], cuts: Sequence[Cut], reads: Sequence[int]) -> Outputs:
        """A row a text."""
        if len({len(vector) for vector in results}) > 1:
            raise Rejected("text_embedding expects vectors of one length; those of the model differ by the text")
        vectors = np.stack(results) if results else np.empty((0, 0), dtype=np.float32)
        return Dense(vectors, cuts, reads=reads)
