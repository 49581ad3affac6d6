"""text_expansion: a weight a token of the vocabulary."""

from collections.abc import Sequence

from connote.contract.results import Cut, Sparse, SparseVector
from connote.runtime.backends.backend import Reduction, Terms
from connote.runtime.local import Outputs
from connote.runtime.nlp.pieces import Pieces
from connote.runtime.nlp.task import Task, finite
from connote.runtime.nlp.windows import Passage, Window


class Expansion(Task[SparseVector]):
    """The backend pools over all tokens, whether the model's graph does so or not."""

    reduction = Reduction.TERMS

    def __init__(self, pieces: Pieces) -> None:
        super().__init__(pieces)
        self._display = pieces.display()

    def one(self, passage: Passage, windows: Sequence[Window], outputs: Sequence[Terms]) -> SparseVector:  # noqa: ARG002
        """The terms, highest weight first, without special tokens."""
        (terms,) = outputs
        finite(terms.weights)
        return self._display.vector(terms, passage.is_truncated)

    def all(self, results: Sequence[SparseVector], cuts: Sequence[Cut], reads: Sequence[int]) -> Outputs:
        """A sparse vector a text."""
        return Sparse(results, cuts, reads=reads)
