"""Scores are those of brute force, over any segments."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connote.search.engine import scores
from connote.search.engine.codes import Similarity
from connote.search.engine.index import Index
from connote.search.engine.row import Row, Vector
from connote.search.engine.segment import Snapshot

TOKENS = [f"t{number}" for number in range(20)]
# Eighths: sums and products are exact in float32, so that scores can be compared exactly.
WEIGHTS = st.integers(1, 64).map(lambda eighths: eighths / 8)
VECTORS = st.dictionaries(st.sampled_from(TOKENS), WEIGHTS, max_size=8)
Chunks = list[dict[str, float]]
Documents = list[tuple[Chunks, bool, bool]]


def written(folder: str, documents: Documents) -> Snapshot:
    """Documents of chunks; some are deleted, after some a segment ends."""
    index = Index.open(Path(folder))
    for number, (chunks, _, ends) in enumerate(documents):
        vectors = [Vector(list(chunk), list(chunk.values())) for chunk in chunks]
        index.add([Row(id=str(number), seq=number, version=1, sparse={"f": vectors})])
        if ends:
            index.refresh()
    index.refresh()
    index.delete(str(number) for number, (_, deleted, _) in enumerate(documents) if deleted)
    snapshot = index.refresh()
    index.close()
    return snapshot


@settings(max_examples=1500, deadline=None)
@given(
    st.lists(st.tuples(st.lists(VECTORS, max_size=3), st.booleans(), st.booleans()), max_size=20),
    VECTORS,
    st.integers(1, 12),
)
def test_sparse_search_finds_the_best_chunks_exactly(documents: Documents, query: dict[str, float], count: int) -> None:
    wanted = []
    for number, (chunks, deleted, _) in enumerate(documents):
        met = [chunk for chunk in chunks if chunk.keys() & query.keys()]
        if met and not deleted:
            best = max(sum(weight * query.get(token, 0) for token, weight in chunk.items()) for chunk in met)
            wanted.append((-best, number))
    with TemporaryDirectory() as folder:
        snapshot = written(folder, documents)
        assert sparse_top(snapshot, query, count) == [(str(n), -score) for score, n in sorted(wanted)[:count]]


def sparse_top(snapshot: Snapshot, query: dict[str, float], count: int) -> list[tuple[str, float]]:
    parts = []
    for segment in snapshot.segments:
        view = segment.sparse("f")
        if view is None:
            parts.append((np.zeros(segment.size, dtype=np.float32), np.zeros(segment.size, dtype=np.bool_)))
            continue
        products, matched = scores.sparse(view, query)
        parts.append((view.owners.best(products), view.owners.any(matched)))
    hits = scores.top(snapshot, parts, count)
    assert scores.top_sparse(snapshot, "f", query, count) == hits  # the short way
    return [(snapshot.segments[s].ids[d], score) for s, d, score in hits.found]


@pytest.mark.parametrize("similarity", ["dot", "cosine", "l2"])
def test_dense_vectors_are_compared_exactly(similarity: Similarity, tmp_path: Path) -> None:
    chosen = np.random.default_rng(1)
    matrices = [chosen.normal(size=(chunks, 48)).astype(np.float32) for chunks in chosen.integers(0, 4, size=3000)]
    matrices[7][:] = 0
    query = chosen.normal(size=48).astype(np.float32)
    index = Index.open(tmp_path)
    index.add(Row(id=str(n), seq=n, version=1, dense={"v": matrix}) for n, matrix in enumerate(matrices))
    view = index.refresh().segments[0].dense("v")
    assert view is not None
    found = view.owners.best(scores.dense(view, query, similarity))
    assert found == pytest.approx([brute(matrix, query, similarity) for matrix in matrices], rel=1e-5, abs=1e-5)


def brute(matrix: np.ndarray, query: np.ndarray, similarity: Similarity) -> float:
    rows, q = matrix.astype(np.float64), query.astype(np.float64)
    if not len(rows):
        return -np.inf
    if similarity == "l2":
        return float(max(((row - q) ** 2).sum() for row in rows))
    products = [float(row @ q) for row in rows]
    if similarity == "dot":
        return max(products)
    lengths = [float(np.linalg.norm(row) * np.linalg.norm(q)) for row in rows]
    return max(p / length if length else 0.0 for p, length in zip(products, lengths, strict=True))


def test_equal_scores_keep_the_order_in_which_documents_came(tmp_path: Path) -> None:
    index = Index.open(tmp_path)
    for number in range(40):
        index.add([Row(id=str(number), seq=number, version=1, sparse={"f": [Vector(["t"], [1.0])]})])
        if number % 7 == 0:
            index.refresh()
    expected: Sequence[tuple[str, float]] = [(str(number), 1.0) for number in range(15)]
    assert sparse_top(index.refresh(), {"t": 1.0}, 15) == expected
    assert sparse_top(index.merge(), {"t": 1.0}, 15) == expected
