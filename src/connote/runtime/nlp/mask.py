"""fill_mask: what may stand where a text has the mask token."""

from collections.abc import Sequence
from typing import cast

import numpy as np

from connote.contract.errors import Rejected
from connote.contract.nlp import FillMask, InferenceConfig
from connote.contract.predictions import Classified, TopClass
from connote.runtime.nlp.task import Array, Predicting, softmax
from connote.runtime.nlp.windows import Passage, Window


class Mask(Predicting):
    """Probabilities by softmax over the vocabulary, at the one mask of each text."""

    def encode(self, texts: Sequence[str], config: InferenceConfig) -> list[Window]:
        """Raises Rejected for a text without a mask that the model sees, or with several."""
        token, id = self.pieces.special.mask, self.pieces.mask
        if id is None:
            raise Rejected(f"the model's vocabulary has no {token} token, which fill_mask needs")
        found = super().encode(texts, config)
        for window in found:
            count = int(np.count_nonzero(window.ids == id))
            if count > 1:
                raise Rejected(f"only one {token} token should exist in the input")
            if count == 0:
                where = f" in the first [{window.used}] tokens, which the model sees" if window.is_truncated else ""
                raise Rejected(f"no {token} token could be found{where}")
        return found

    def kept(self, window: Window, output: Array) -> Array:
        """The row at the mask; all of a text's take up to hundreds of megabytes. Raises Rejected for another shape."""
        self._check(output, window.used)
        (place,) = np.flatnonzero(window.ids == self.pieces.mask)
        return output[place : place + 1].copy()

    def one(self, passage: Passage, windows: Sequence[Window], outputs: Sequence[Array]) -> Classified:  # noqa: ARG002
        """The best token, as many as are wanted, and the text with the best in place."""
        (logits,) = outputs
        self._check(logits, 1)
        shares = softmax(logits[0])[: len(self.pieces.tokens)]
        count = max(cast("FillMask", passage.config.options).num_top_classes, 0)
        best = np.argsort(-shares, kind="stable")[: max(count, 1)].tolist()
        classes = [TopClass(self.pieces.word(id), float(shares[id])) for id in best]
        filled = passage.text.replace(self.pieces.special.mask, classes[0].name)
        return Classified(classes[0], classes[:count], filled, passage.is_truncated)

    def _check(self, logits: Array, rows: int) -> None:
        if logits.ndim != 2 or len(logits) != rows or logits.shape[1] < len(self.pieces.tokens):
            told = f"a row of {len(self.pieces.tokens)} numbers for each of {rows} tokens"
            raise Rejected(f"fill_mask expects {told}; the model gives shape {list(logits.shape)}")
