"""text_classification: the class of a text."""

from collections.abc import Sequence
from typing import cast

import numpy as np

from connote.contract.nlp import TextClassification
from connote.contract.predictions import Classified, TopClass
from connote.runtime.nlp.task import Array, Doubles, Predicting, row, softmax
from connote.runtime.nlp.windows import Passage, Window


class Classification(Predicting):
    """Probabilities by softmax; those of a text with windows are the mean of theirs."""

    def one(self, passage: Passage, windows: Sequence[Window], outputs: Sequence[Array]) -> Classified:  # noqa: ARG002
        """The best class, and as many as are wanted; all for a negative number."""
        options = cast("TextClassification", passage.config.options)
        labels = options.classification_labels
        scores = [row(output, len(labels) if labels else None, "text_classification") for output in outputs]
        shares = np.mean([softmax(each) for each in scores], axis=0)
        return classified(labels or _named(len(shares)), shares, options.num_top_classes, passage.is_truncated)


def classified(labels: Sequence[str], shares: Doubles, count: int, is_truncated: bool) -> Classified:
    """The best class of these probabilities, and the best `count`; all if that is negative."""
    classes = [TopClass(labels[i], float(shares[i])) for i in np.argsort(-shares, kind="stable").tolist()]
    return Classified(classes[0], classes if count < 0 else classes[:count], is_truncated=is_truncated)


def _named(count: int) -> list[str]:
    return [f"LABEL_{i}" for i in range(count)]
