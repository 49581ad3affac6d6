"""A model that a user has uploaded: its pieces, its task, and the backend that runs its module."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import cast

from connote.contract.errors import Rejected
from connote.contract.nlp import InferenceConfig, TextSimilarity
from connote.contract.results import Cut
from connote.runtime.backends.backend import Backend, Output
from connote.runtime.catalog import Model
from connote.runtime.local import CHARACTERS, Inputs, Outputs
from connote.runtime.nlp.pieces import Pieces
from connote.runtime.nlp.tasks import TASKS
from connote.runtime.nlp.windows import Passage, Window
from connote.runtime.quality import Quality
from connote.runtime.tokenizer import Encoded


class NlpModel:
    """Loaded, and safe to use from many threads: encode, run in batches of any items, finish, as `LocalModel`."""

    quality: Mapping[str, Quality] = {}  # it runs in the precision that it was uploaded in

    def __init__(
        self, row: Model, config: InferenceConfig, pieces: Pieces, backend: Backend, identity: str | None = None
    ) -> None:
        self.row, self.config, self.backend, self.identity = row, config, backend, identity
        self._task = TASKS[config.task](pieces)

    @property
    def device(self) -> str:
        """Where it computes."""
        return self.backend.device

    def look_up(self, inputs: Inputs) -> Outputs | None:  # noqa: ARG002 (LocalModel's)
        """Nothing is known without inference."""
        return None

    def size(self, inputs: Inputs) -> int:
        """About how many tokens the model will see; nothing is tokenised for that."""
        config = self._asked(inputs)
        options, tokens = config.options, config.tokenization
        before = getattr(options, "text", None) or getattr(options, "question", None) or ""
        labels = len(getattr(options, "labels", None) or [""])
        most, total = tokens.max_sequence_length, 0
        for text in inputs.texts:
            length = (len(before) + len(text)) // CHARACTERS + 2
            total += min(length, most) if tokens.span < 0 else length * most // max(most - tokens.span, 1)
        return total * labels

    def encode(self, inputs: Inputs) -> list[Encoded]:
        """The items that the model is to see for a request. Raises Rejected for what its task cannot take."""
        prefix = self.row.prefix(inputs.search, inputs.is_bare)
        texts = [prefix + text for text in inputs.texts] if prefix else inputs.texts
        return list(self._task.encode(texts, self._asked(inputs)))

    def run(self, batch: Sequence[Encoded]) -> list[Output]:
        """Of each item's output what its task keeps; what an item's is does not depend on the others in the batch."""
        pairs = zip(cast("Sequence[Window]", batch), self.backend.run(batch), strict=True)
        return [self._task.kept(window, output) for window, output in pairs]

    def finish(self, encoded: Sequence[Encoded], outputs: Sequence[Output]) -> Outputs:
        """The answer to a request, from its items' outputs."""
        results, cuts, reads = [], list[Cut](), list[int]()
        pairs = zip(cast("Sequence[Window]", encoded), outputs, strict=True)
        for passage, group in groupby(pairs, key=lambda pair: pair[0].passage):
            windows, own = zip(*group, strict=True)
            results.append(self._task.one(passage, windows, own))
            if passage.is_truncated:
                cuts.append(_cut(len(reads), passage, windows))
            reads.append(sum(window.used for window in windows))
        return self._task.all(results, cuts, reads)

    def close(self) -> None:
        """Give back the memory."""
        self.backend.close()

    def _asked(self, inputs: Inputs) -> InferenceConfig:
        """The configuration of a request; its query, if it has one, is what a text_similarity model compares with."""
        config = inputs.config or self.config
        if inputs.query is None:
            return config
        if not isinstance(config.options, TextSimilarity):
            raise Rejected(f"a model for the task [{config.task}] cannot score texts against a query")
        return replace(config, options=replace(config.options, text=inputs.query))


def _cut(position: int, passage: Passage, windows: Sequence[Window]) -> Cut:
    used = max(window.used for window in windows)
    return Cut(position, max(passage.tokens, used), used)
