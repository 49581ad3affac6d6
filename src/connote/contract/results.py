"""What inference gives: the only values that come up from `services`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]


@dataclass(frozen=True)
class Cut:
    """How much of one input was left out because the model takes no more."""

    position: int
    tokens: int
    used: int


class Result(Protocol):
    """A result knows how it looks on the wire."""

    @property
    def cuts(self) -> Sequence[Cut]:
        """Which inputs were cut."""
        ...

    def wire(self) -> dict[str, Any]:
        """The response body, made of dicts, lists, strings, numbers and numpy arrays."""
        ...


@dataclass(frozen=True)
class SparseVector:
    """Token strings with their weights (float32, same length), in the order in which they are shown."""

    tokens: Sequence[str]
    weights: Vector
    is_truncated: bool = False

    def wire(self) -> dict[str, Any]:
        """`is_truncated` comes first, as in Elasticsearch."""
        return {"is_truncated": self.is_truncated, "embedding": dict(zip(self.tokens, self.weights, strict=True))}


@dataclass(frozen=True)
class Sparse:
    """One sparse vector an input."""

    vectors: Sequence[SparseVector]
    cuts: Sequence[Cut] = ()

    def wire(self) -> dict[str, Any]:
        """The body of a sparse_embedding answer."""
        return {"sparse_embedding": [vector.wire() for vector in self.vectors]}


@dataclass(frozen=True)
class Dense:
    """One row of `vectors` (inputs × dimensions, float32) an input."""

    vectors: Vector
    cuts: Sequence[Cut] = ()

    def wire(self) -> dict[str, Any]:
        """The body of a text_embedding answer."""
        return {"text_embedding": [{"embedding": row} for row in self.vectors]}


@dataclass(frozen=True)
class Rank:
    """The score of one document: its position in the request, and its text if that is wanted."""

    index: int
    score: float
    text: str | None = None

    def wire(self) -> dict[str, Any]:
        """One element of a rerank answer."""
        shown = {"index": self.index, "relevance_score": np.float32(self.score)}
        return shown if self.text is None else shown | {"text": self.text}


@dataclass(frozen=True)
class Ranked:
    """Documents, best first."""

    ranks: Sequence[Rank]
    cuts: Sequence[Cut] = ()

    def wire(self) -> dict[str, Any]:
        """The body of a rerank answer."""
        return {"rerank": [rank.wire() for rank in self.ranks]}
