"""pass_through: what the model gives."""

from collections.abc import Sequence

import numpy as np

from connote.contract.predictions import Tensor
from connote.runtime.nlp.task import Array, Predicting, finite
from connote.runtime.nlp.windows import Passage, Window


class Raw(Predicting):
    """The first tensor of the output, without padding."""

    def one(self, passage: Passage, windows: Sequence[Window], outputs: Sequence[Array]) -> Tensor:  # noqa: ARG002
        """Of at least two dimensions, as in Elasticsearch."""
        numbers = finite(np.atleast_2d(outputs[0]).astype(np.float32))
        return Tensor(numbers.shape, numbers.tobytes(), passage.is_truncated)
