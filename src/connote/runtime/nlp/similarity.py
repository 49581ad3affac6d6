"""text_similarity: how near each text is to the one in the configuration."""

from collections.abc import Sequence
from typing import cast

import numpy as np

from connote.contract.errors import Rejected
from connote.contract.nlp import InferenceConfig, TextSimilarity
from connote.contract.results import Cut
from connote.runtime.local import Outputs, Scores
from connote.runtime.nlp.task import Array, Task, finite, row
from connote.runtime.nlp.windows import Passage, Window, encode_pairs


class Similarity(Task[float]):
    """A score of the pair, as the model gives it; of a text with windows the highest or the mean of theirs."""

    def encode(self, texts: Sequence[str], config: InferenceConfig) -> list[Window]:
        """The text that each is compared with comes first."""
        text = cast("TextSimilarity", config.options).text
        if text is None:
            raise Rejected("please provide configuration update for text_similarity task including the desired [text]")
        return encode_pairs(self.pieces, text, texts, config)

    def one(self, passage: Passage, windows: Sequence[Window], outputs: Sequence[Array]) -> float:  # noqa: ARG002
        """One number."""
        scores = finite(np.array([row(output, 1, "text_similarity")[0] for output in outputs]))
        how = cast("TextSimilarity", passage.config.options).span_score_combination_function
        return float(scores.max() if how == "max" else scores.mean(dtype=np.float64))

    def all(self, results: Sequence[float], cuts: Sequence[Cut], reads: Sequence[int]) -> Outputs:
        """A score a text."""
        return Scores(np.array(results, dtype=np.float32), cuts, reads)
