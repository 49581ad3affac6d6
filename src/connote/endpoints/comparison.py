"""How two endpoints compare: their errors and times, and how much alike their answers to one request are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connote.contract.chat import Chat
from connote.contract.results import Completion, Dense, Ranked, Result, Sparse, SparseVector
from connote.endpoints.attempt import Attempt

# Of a sparse vector its highest weights are compared; of a ranking the best documents.
TOP_TOKENS, TOP_DOCUMENTS = 20, 100


@dataclass
class Mean:
    """A running mean and maximum."""

    count: int = 0
    total: float = 0.0
    most: float = 0.0

    def add(self, value: float) -> None:
        """One more."""
        self.count, self.total, self.most = self.count + 1, self.total + value, max(self.most, value)

    def value(self) -> float | None:
        """The mean, if there is one."""
        return self.total / self.count if self.count else None


@dataclass
class Side:
    """One of the two: how many failed, and how long the others took."""

    errors: int = 0
    seconds: Mean = field(default_factory=Mean)
    last_error: str | None = None

    def count(self, attempt: Attempt) -> None:
        """Count an attempt that has ended."""
        if attempt.error is None:
            self.seconds.add(attempt.seconds)
            return
        self.errors += 1
        self.last_error = str(attempt.error) or type(attempt.error).__name__

    def wire(self) -> dict[str, Any]:
        """As JSON, times in milliseconds."""
        mean = self.seconds.value()
        return {
            "errors": self.errors,
            "mean_ms": None if mean is None else round(mean * 1e3, 3),
            "max_ms": round(self.seconds.most * 1e3, 3) if self.seconds.count else None,
            "last_error": self.last_error,
        }


@dataclass
class Figures:
    """What is known of an endpoint and its shadow, since the start or since it was reset."""

    shadow_id: str
    requests: int = 0
    dropped: int = 0
    live: Side = field(default_factory=Side)
    shadow: Side = field(default_factory=Side)
    likeness: dict[str, Mean] = field(default_factory=dict)

    def alike(self, values: Mapping[str, float]) -> None:
        """Take the figures of two answers that were compared."""
        for name, value in values.items():
            self.likeness.setdefault(name, Mean()).add(value)

    def wire(self) -> dict[str, Any]:
        """As JSON."""
        compared = max((mean.count for mean in self.likeness.values()), default=0)
        return {
            "requests": self.requests,
            "dropped": self.dropped,
            "live": self.live.wire(),
            "shadow": self.shadow.wire(),
            "compared": compared,
            "mean": {name: mean.value() for name, mean in self.likeness.items()},
        }


def compare(live: Result, shadow: Result) -> Mapping[str, float]:
    """Figures by name; none if the two cannot be compared, such as vectors of other lengths."""
    match live, shadow:
        case Dense(), Dense():
            return _named("cosine", _cosines(live, shadow))
        case Sparse(), Sparse():
            pairs = zip(live.vectors, shadow.vectors, strict=True)
            return _named("top_overlap", [_overlap(one, other) for one, other in pairs])
        case Ranked(), Ranked():
            return _named("order_agreement", _agreement(live, shadow))
        case ((Completion() | Chat()), (Completion() | Chat())):
            return {"live_characters": _characters(live), "shadow_characters": _characters(shadow)}
    return {}


def _named(name: str, values: Sequence[float]) -> dict[str, float]:
    return {name: float(np.mean(values))} if values else {}


def _cosines(live: Dense, shadow: Dense) -> Sequence[float]:
    one, other = _numbers(live), _numbers(shadow)
    if one.shape != other.shape:
        return []
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    found: list[float] = (np.sum(one * other, axis=1) / np.where(lengths > 0, lengths, 1.0)).tolist()
    return found


def _numbers(result: Dense) -> NDArray[np.float64]:
    """A row a vector; bits are -1 and 1."""
    if result.element == "bit":
        return np.unpackbits(result.vectors.view(np.uint8), axis=1).astype(np.float64) * 2 - 1
    return result.vectors.astype(np.float64)


def _overlap(one: SparseVector, other: SparseVector) -> float:
    """The share of the highest tokens that both have."""
    first, second = _top(one), _top(other)
    return len(first & second) / max(len(first), len(second), 1) if first or second else 1.0


def _top(vector: SparseVector) -> set[str]:
    return {vector.tokens[at] for at in np.argsort(-vector.weights, kind="stable")[:TOP_TOKENS]}


def _agreement(live: Ranked, shadow: Ranked) -> list[float]:
    """The share of pairs, of documents that both have, that are in the same order; none for less than two."""
    places = {rank.index: place for place, rank in enumerate(shadow.ranks)}
    found = np.array([places[rank.index] for rank in live.ranks[:TOP_DOCUMENTS] if rank.index in places])
    if len(found) < 2:
        return []
    above = np.triu_indices(len(found), 1)
    return [float(np.mean(found[above[0]] < found[above[1]]))]


def _characters(result: Completion | Chat) -> float:
    texts = (result.completion() if isinstance(result, Chat) else result).texts
    return float(sum(map(len, texts)))
