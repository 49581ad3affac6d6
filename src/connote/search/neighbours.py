"""The vectors of some documents that a search has found, and how alike they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from connote.contract.errors import IllegalArgument
from connote.search.collect import Seen
from connote.search.engine.arrays import Floats
from connote.search.mapping.semantic import SemanticText
from connote.search.mapping.vectors import DenseVector
from connote.search.retriever import Key

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Neighbours:
    """`rows` has a vector of each document: of several the one that is nearest to the query, else the first.

    `query` is a vector, if there is one; `similarity` one of those that fields of vectors have.
    """

    rows: Mapping[Key, Floats]
    query: Doubles | None
    similarity: str

    def alike(self, keys: Sequence[Key]) -> Doubles:
        """[keys, keys]: how alike each two are, as scores."""
        matrix = self._matrix(keys)
        return alike(matrix, matrix, self.similarity)

    def relevance(self, keys: Sequence[Key]) -> Doubles | None:
        """[keys]: how near to the query; None without one."""
        if self.query is None or not keys:
            return None
        found: Doubles = alike(self._matrix(keys), self.query[None], self.similarity)[:, 0]
        return found

    def _matrix(self, keys: Sequence[Key]) -> Doubles:
        return np.array([self.rows[key] for key in keys], dtype=np.float64).reshape(len(keys), -1)


def alike(one: Doubles, other: Doubles, similarity: str) -> Doubles:
    """[n, m]: the scores that Elasticsearch gives vectors [n, d] and [m, d] by that similarity.

    https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/dense-vector#dense-vector-similarity
    """
    if similarity == "l2_norm":
        away = ((one[:, None] - other[None]) ** 2).sum(axis=2)
        return np.asarray(1 / (1 + away))
    products = one @ other.T
    if similarity == "max_inner_product":
        return np.where(products < 0, 1 / (1 - np.minimum(products, 0)), products + 1)
    if similarity == "cosine":
        lengths = np.linalg.norm(one, axis=1)[:, None] * np.linalg.norm(other, axis=1)[None]
        products = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return np.asarray((1 + products) / 2)


def of(seen: Seen, number: int, name: str, keys: Sequence[Key], query: Doubles | None) -> Neighbours:
    """Those of the documents in one index, the `number`th. Raises IllegalArgument for a field of no vectors."""
    field = seen.reader.field(name)
    if not isinstance(field, DenseVector | SemanticText):
        raise IllegalArgument(f"[diversify] field [{name}] must be of type [dense_vector] or [semantic_text]")
    if isinstance(field, SemanticText) and query is None:
        raise IllegalArgument(f"[diversify] needs [query_vector] or [query_vector_builder] for [{name}]")
    kind = field.similarity if isinstance(field, DenseVector) else (field.model or {}).get("similarity", "cosine")
    rows: dict[Key, Floats] = {}
    for key in (each for each in keys if each.index == number):
        view = seen.snapshot.segments[key.segment].dense(field.name)
        own = None if view is None else view.matrix[view.owners.of(key.document)]
        if own is not None and len(own):
            if query is not None and own.shape[1] != len(query):
                raise IllegalArgument(
                    f"[diversify] the query vector has a different dimension [{len(query)}] than the vectors of "
                    f"[{name}] [{own.shape[1]}]"
                )
            at = 0 if query is None else int(np.argmax(alike(own.astype(np.float64), query[None], str(kind))))
            rows[key] = own[at]
    return Neighbours(rows, query, str(kind))
