"""The chunks of a semantic field that are nearest to the query."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connote.search import embedded
from connote.search.embedded import Chunk, Embedded
from connote.search.highlight.marks import parts
from connote.search.highlight.options import FieldOptions
from connote.search.mapping.field import Field
from connote.search.mapping.semantic import SemanticText
from connote.search.query.chunks import chunks_of
from connote.search.query.knn import Knn
from connote.search.query.match import Match
from connote.search.query.query import MatchAll, Query
from connote.search.query.reader import Reader
from connote.search.query.sparse import Sparse

Vector = Mapping[str, float] | NDArray[np.float32]


def chunks(
    field: Field,
    kept: Embedded,
    texts: Mapping[str, Sequence[str]],
    query: Query,
    reader: Reader,
    options: FieldOptions,
) -> list[str]:
    """The texts of the best chunks, as they stand in the field or the best first. `texts` are by their path."""
    found = scored(field, kept, texts, query, reader)
    order = sorted(range(len(found)), key=lambda at: -found[at][0])[: options.most or len(found)]
    return [found[at][1] for at in (order if options.by_score else sorted(order))]


def scored(
    field: Field, kept: Embedded, texts: Mapping[str, Sequence[str]], query: Query, reader: Reader
) -> list[tuple[float, str]]:
    """The chunks that the query is about, as they stand in the field: score and text."""
    vectors = list(_vectors(query, field.name, reader))
    if not vectors or not isinstance(field, SemanticText):
        return []
    similarity = str((field.model or {}).get("similarity", "cosine"))
    found = list[tuple[float, str]]()
    for path, part in kept.parts.items():
        joined = embedded.join(texts.get(path, []))
        for chunk in part.chunks:
            text, score = joined[chunk.start : chunk.end], _score(chunk, vectors, similarity)
            if score is not None and text.strip():
                found.append((score, text))
    return found


def _vectors(query: Query, name: str, reader: Reader) -> Iterator[Vector | None]:
    """The vectors that the field's chunks are compared with; None for a query that all match."""
    if isinstance(query, MatchAll):
        yield None
    elif isinstance(query, Match):
        if query.vector is not None and _is(reader, query.field, name):
            yield query.vector
    elif isinstance(query, Sparse):
        if query.weights is not None and _is(reader, chunks_of(reader, query.field), name):
            yield query.weights
    elif isinstance(query, Knn):
        if query.vector is not None and _is(reader, chunks_of(reader, query.field), name):
            yield query.vector
    else:
        yield from (each for part in parts(query) for each in _vectors(part, name, reader))


def _is(reader: Reader, field: str, name: str) -> bool:
    known = reader.field(field)
    return known is not None and known.name == name


def _score(chunk: Chunk, vectors: Sequence[Vector | None], similarity: str) -> float | None:
    """The sum of what each vector says of a chunk; None for one that none matches."""
    found = [score for vector in vectors if (score := _alike(chunk, vector, similarity)) is not None]
    return sum(found) if found else None


def _alike(chunk: Chunk, vector: Vector | None, similarity: str) -> float | None:
    if vector is None:
        return 0.0
    if isinstance(vector, Mapping):
        weights = [(vector[token], weight) for token, weight in _tokens(chunk) if token in vector]
        return float(sum(ours * theirs for ours, theirs in weights)) if weights else None
    own = chunk.vector
    if own.shape != vector.shape:
        return None
    if similarity == "l2_norm":
        return -float(np.sum((own - vector) ** 2))
    product = float(own @ vector)
    lengths = float(np.linalg.norm(own) * np.linalg.norm(vector)) if similarity == "cosine" else 1.0
    return product / lengths if lengths else 0.0


def _tokens(chunk: Chunk) -> Iterator[tuple[str, Any]]:
    return zip(chunk.tokens or (), chunk.vector.tolist(), strict=True) if chunk.tokens else iter(())
