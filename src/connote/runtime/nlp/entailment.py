"""zero_shot_classification: which labels a text entails (https://arxiv.org/abs/1909.00161)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from connote.contract.errors import Rejected
from connote.contract.nlp import InferenceConfig, ZeroShotClassification
from connote.contract.predictions import Classified
from connote.runtime.nlp.classification import classified
from connote.runtime.nlp.task import Array, Predicting, row, softmax
from connote.runtime.nlp.windows import Asked, Passage, Window, all_windows


class Entailment(Predicting):
    """A model input a label: the text, then the hypothesis that it is what the label says."""

    def encode(self, texts: Sequence[str], config: InferenceConfig) -> list[Window]:
        """The labels of a text stand together, in the order of the configuration."""
        options = _options(config)
        if not options.labels:
            raise Rejected("zero_shot_classification requires non-empty [labels]")
        hypotheses = [options.hypothesis_template.replace("{}", label) for label in options.labels]
        second = list(self.pieces.encode(hypotheses))
        texts_and_tokens = zip(texts, self.pieces.encode(texts), strict=True)
        pairs = (Asked(text, each, config, first) for text, first in texts_and_tokens for each in second)
        return _of_one(all_windows(self.pieces, pairs), len(second))

    def one(self, passage: Passage, windows: Sequence[Window], outputs: Sequence[Array]) -> Classified:  # noqa: ARG002
        """All labels, best first."""
        options = _options(passage.config)
        given = [label.lower() for label in options.classification_labels]
        yes, no = given.index("entailment"), given.index("contradiction")
        scores = np.stack([row(output, len(given), "zero_shot_classification") for output in outputs])
        labels = options.labels or []
        if options.multi_label or len(labels) == 1:
            shares = softmax(scores[:, [no, yes]])[:, 1]
        else:
            shares = softmax(scores[:, yes])
        return classified(labels, shares, -1, passage.is_truncated)


def _of_one(pairs: Sequence[Window], count: int) -> list[Window]:
    """So many pairs at a time are of one text: the passage of the longest, which is cut if any is."""
    found = list[Window]()
    for first in range(0, len(pairs), count):
        own = pairs[first : first + count]
        passage = max(own, key=lambda pair: pair.passage.tokens).passage
        found += [replace(pair, passage=passage) for pair in own]
    return found


def _options(config: InferenceConfig) -> ZeroShotClassification:
    return cast("ZeroShotClassification", config.options)
