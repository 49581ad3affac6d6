"""What is indexed: one document, as its mapping has parsed it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Tokens(NamedTuple):
    """What an analyser makes of one text field, in order: terms and, beside them, their positions, which never fall.

    Terms at one position (synonyms) count as one in the field's length, as in Lucene. Several values are one
    sequence; the gap between them is the caller's to add to the positions.
    """

    terms: Sequence[str]
    positions: Sequence[int]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, int]]) -> "Tokens":
        """From pairs of a term and its position."""
        pairs = list(pairs)
        return cls([term for term, _ in pairs], [position for _, position in pairs])


class Vector(NamedTuple):
    """A sparse vector: tokens, each once, and their finite weights."""

    tokens: Sequence[str]
    weights: Sequence[float] | NDArray[np.float32]


@dataclass(slots=True, kw_only=True)
class Fields:
    """Values by the full path of their field, a mapping a kind of field; nested objects are fields of their own.

    An empty sequence is the same as no value, except in `terms`: a text of no terms exists.
    """

    terms: Mapping[str, Tokens] = field(default_factory=dict)
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)
    numbers: Mapping[str, Sequence[int | float]] = field(default_factory=dict)
    """int64, or float64 if one value is a float. Dates are milliseconds since 1970."""
    points: Mapping[str, Sequence[tuple[float, float]]] = field(default_factory=dict)
    """Latitude and longitude in degrees."""
    sparse: Mapping[str, Sequence[Vector]] = field(default_factory=dict)
    """One vector a chunk."""
    dense: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    """[chunks, dimensions]"""
    nested: Mapping[str, Sequence["Fields"]] = field(default_factory=dict)

    def weight(self) -> int:
        """About how much memory it takes, counted in terms."""
        return (
            sum(len(tokens.terms) for tokens in self.terms.values())
            + sum(map(len, self.words.values()))
            + sum(map(len, self.numbers.values()))
            + sum(map(len, self.points.values()))
            + sum(len(vector.tokens) for vectors in self.sparse.values() for vector in vectors)
            + sum(matrix.size // 16 for matrix in self.dense.values())
            + sum(nested.weight() for objects in self.nested.values() for nested in objects)
            + 1
        )


@dataclass(slots=True, kw_only=True)
class Row(Fields):
    """A document: its id, which is unique in an index, and the sequence number and version that the store gave it."""

    id: str
    seq: int
    version: int
