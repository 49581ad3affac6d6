"""Vectors that are looked at by their codes first: the nearest are among those that are left."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from connote.search.engine import kernels, native, nearest, plain, scores
from connote.search.engine.arrays import Floats
from connote.search.engine.codes import Asked, Codes, Similarity
from connote.search.engine.fields import Dense

SEEDS = st.integers(0, 2**32 - 1)
Matrix = NDArray[np.float32]


def vectors(chosen: np.random.Generator, rows: int, dimensions: int) -> Matrix:
    """Of all lengths; some are zero, some the same, some have one number that is far above the others."""
    made = chosen.normal(size=(rows, dimensions)) * 10.0 ** chosen.choice([*range(-6, 6), -30, -20, 11], size=(rows, 1))
    made[chosen.random(rows) < 0.1] = 0
    made[chosen.random(rows) < 0.1] = made[0] if rows else 0
    made[chosen.random(rows) < 0.1, 0] *= 1e6
    return made.astype(np.float32)


def view(matrix: Matrix, counts: list[int]) -> Dense:
    """A field of so many vectors a document."""
    lengths = np.linalg.norm(matrix, axis=1).astype(np.float32)
    starts = np.cumsum([0, *counts]).astype(np.int32)
    return Dense({("owners",): starts, ("matrix",): matrix, ("magnitudes",): lengths})


def bounds(matrix: Matrix, query: Matrix, lengths: Floats) -> tuple[Floats, Floats]:
    """What is told of products; nothing of queries that are too small."""
    asked = Asked.of(query, "dot")
    every = np.full(len(matrix), np.inf, dtype=np.float32)
    return (-every, every) if asked is None else plain.bounds(Codes.of(matrix, lengths), asked)


@settings(max_examples=500, deadline=None)
@given(SEEDS, st.integers(0, 40), st.integers(1, 70))
def test_products_lie_between_what_codes_tell(seed: int, rows: int, dimensions: int) -> None:
    chosen = np.random.default_rng(seed)
    matrix, query = vectors(chosen, rows, dimensions), vectors(chosen, 1, dimensions)[0]
    least, most = bounds(matrix, query, np.linalg.norm(matrix, axis=1).astype(np.float32))
    exact = matrix.astype(np.float64) @ query.astype(np.float64)
    for products in (exact, matrix @ query):
        assert (least <= products).all()
        assert (products <= most).all()


@settings(max_examples=500, deadline=None)
@given(
    SEEDS,
    st.lists(st.integers(0, 3), max_size=60),
    st.integers(1, 40),
    st.integers(0, 12),
    st.sampled_from(["dot", "cosine", "l2"]),
)
def test_nobody_is_left_out_who_is_near(
    seed: int, counts: list[int], dimensions: int, count: int, similarity: Similarity
) -> None:
    chosen = np.random.default_rng(seed)
    field = view(vectors(chosen, sum(counts), dimensions), counts)
    query, allowed = vectors(chosen, 1, dimensions)[0], chosen.random(len(counts)) < 0.8
    found = nearest.candidates(field, query, similarity, allowed, count)
    raw = scores.dense(field, query, similarity)
    near = field.owners.best(-raw if similarity == "l2" else raw)
    best = kernels.top(near, allowed & field.exists, count)
    assert set(best.tolist()) <= set(found.tolist())
    assert found.tolist() == sorted(set(found.tolist()))
    assert (allowed & field.exists)[found].all()


def test_few_are_left_of_many() -> None:
    chosen = np.random.default_rng(3)
    field = view(chosen.normal(size=(20_000, 64)).astype(np.float32), [1] * 20_000)
    found = nearest.candidates(field, field.matrix[7], "cosine", np.ones(20_000, dtype=np.bool_), 10)
    assert 7 in found
    assert len(found) < 200


@pytest.mark.skipif(native.library() is None, reason="connote-native is not installed")
@settings(max_examples=1000, deadline=None)
@given(
    SEEDS,
    st.lists(st.integers(0, 3), max_size=60),
    st.booleans(),
    st.integers(1, 200),
    st.integers(-1, 70),
    st.sampled_from(["dot", "cosine", "l2"]),
)
def test_the_same_are_left_in_c_and_numpy(
    seed: int, counts: list[int], owned: bool, dimensions: int, count: int, similarity: Similarity
) -> None:
    chosen = np.random.default_rng(seed)
    field = view(vectors(chosen, sum(counts) if owned else len(counts), dimensions), counts)
    asked = Asked.of(vectors(chosen, 1, dimensions)[0], similarity)
    if asked is not None:
        mask = chosen.random(len(counts)) < chosen.random()
        arguments = (field.codes, asked, field.owners.starts if owned else None, mask, count)
        assert native.near(*arguments).tolist() == plain.near(*arguments).tolist()


@settings(deadline=None)
@given(SEEDS, st.integers(1, 9), st.sampled_from([-44, -43, -13, 0, 18]), st.sampled_from([-44, -41, 0, 18]))
def test_bounds_hold_of_all_numbers_that_there_are(seed: int, dimensions: int, great: int, asked: int) -> None:
    """The smallest have only a few bits."""
    chosen = np.random.default_rng(seed)
    matrix = (chosen.normal(size=(20, dimensions)) * 10.0**great).astype(np.float32)
    query = (chosen.normal(size=dimensions) * 10.0**asked).astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.sqrt(np.einsum("ij,ij->i", matrix, matrix))
        least, most = bounds(matrix, query, lengths)
    if np.isfinite(lengths).all():
        exact = matrix.astype(np.float64) @ query.astype(np.float64)
        assert ((least <= exact) & (exact <= most)).all()


def test_sums_of_long_vectors_fit() -> None:
    matrix = np.full((3, 4096), 5, dtype=np.float32)
    least, most = bounds(matrix, matrix[0], np.linalg.norm(matrix, axis=1).astype(np.float32))
    assert (least <= 4096 * 25).all()
    assert (most >= 4096 * 25).all()
    assert (most - least < 4096 * 25 * 0.01).all()
