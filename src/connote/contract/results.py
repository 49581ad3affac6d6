"""What inference gives: the only values that come up from `services`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from connote.contract.body import about
from connote.contract.errors import IllegalArgument, Malformed
from connote.contract.tasks import TaskType

Vector = NDArray[np.float32]


@dataclass(frozen=True)
class Usage:
    """Tokens that a service says it has read and written."""

    read: int = 0
    written: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(self.read + other.read, self.written + other.written)


NO_USAGE = Usage()


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

    @property
    def usage(self) -> Usage:
        """The tokens that it took, if the service says so."""
        ...

    def wire(self) -> dict[str, Any]:
        """The response body, made of dicts, lists, strings, numbers and numpy arrays."""
        ...


@dataclass(frozen=True)
class SparseVector:
    """Token strings with their weights (float32, same length), in the order in which they are shown.

    `ids` are the tokens' numbers in the model's vocabulary (same length), where they are known.
    """

    tokens: Sequence[str]
    weights: Vector
    is_truncated: bool = False
    ids: NDArray[np.int32] | None = None

    def wire(self) -> dict[str, Any]:
        """`is_truncated` comes first, as in Elasticsearch."""
        return {"is_truncated": self.is_truncated, "embedding": dict(zip(self.tokens, self.weights, strict=True))}


@dataclass(frozen=True)
class Sparse:
    """One sparse vector an input; `reads` is how many tokens of each a model on this machine has read."""

    vectors: Sequence[SparseVector]
    cuts: Sequence[Cut] = ()
    usage: Usage = NO_USAGE
    reads: Sequence[int] = ()

    def wire(self) -> dict[str, Any]:
        """The body of a sparse_embedding answer."""
        return {"sparse_embedding": [vector.wire() for vector in self.vectors]}


Element = Literal["float", "byte", "bit"]
Vectors = NDArray[np.float32] | NDArray[np.int8]


@dataclass(frozen=True)
class Dense:
    """One row of `vectors` an input.

    Elements are float32 (inputs × dimensions), or int8: bytes (inputs × dimensions), or packed bits (inputs ×
    dimensions / 8). `task` is text_embedding, or embedding, whose answers have another name. `reads` is as in Sparse.
    """

    vectors: Vectors
    cuts: Sequence[Cut] = ()
    usage: Usage = NO_USAGE
    element: Element = "float"
    task: TaskType = TaskType.TEXT_EMBEDDING
    reads: Sequence[int] = ()

    @property
    def dimensions(self) -> int:
        """How many dimensions a vector has."""
        return int(self.vectors.shape[1]) * (8 if self.element == "bit" else 1)

    def check(self, wished: int | None, field: str) -> None:
        """Raise IllegalArgument if a request wishes in that field for other dimensions."""
        if wished not in (None, self.dimensions):
            told = f"[{field}] is [{wished}], but the vectors of the endpoint have {self.dimensions} dimensions"
            raise about(field, IllegalArgument(told))

    def wire(self) -> dict[str, Any]:
        """The body of a text_embedding or embedding answer."""
        name = "text_embedding" if self.task is TaskType.TEXT_EMBEDDING else "embeddings"
        suffix = {"float": "", "byte": "_bytes", "bit": "_bits"}[self.element]
        return {name + suffix: [{"embedding": row} for row in self.vectors]}


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
    usage: Usage = NO_USAGE

    def wire(self) -> dict[str, Any]:
        """The body of a rerank answer."""
        return {"rerank": [rank.wire() for rank in self.ranks]}


@dataclass(frozen=True)
class Completion:
    """What a model has written, one text an answer."""

    texts: Sequence[str]
    usage: Usage = NO_USAGE
    cuts: Sequence[Cut] = ()

    def wire(self) -> dict[str, Any]:
        """The body of a completion answer."""
        return {"completion": [{"result": text} for text in self.texts]}


def join(parts: Sequence[Result]) -> Result:
    """The results of one request's parts as one; they are of one kind, sparse or dense.

    Raises Malformed if the parts do not fit together.
    """
    first, usage = parts[0], sum((part.usage for part in parts), NO_USAGE)
    if isinstance(first, Sparse):
        sparse = [part for part in parts if isinstance(part, Sparse)]
        return Sparse([vector for part in sparse for vector in part.vectors], usage=usage)
    if isinstance(first, Dense):
        dense = [part for part in parts if isinstance(part, Dense)]
        if len({(part.vectors.shape[1], part.element) for part in dense}) > 1:
            raise Malformed("the service answers with vectors that differ in length")
        return replace(first, vectors=np.concatenate([part.vectors for part in dense]), usage=usage)
    raise TypeError(f"parts of {type(first).__name__} cannot be joined")
