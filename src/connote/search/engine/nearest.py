"""The nearest of many vectors: most are seen to be too far by their codes, and the rest is compared exactly."""

import numpy as np

from connote.search.engine import kernels, scores
from connote.search.engine.arrays import Floats, Ints, Mask
from connote.search.engine.codes import ROUNDED
from connote.search.engine.fields import Dense
from connote.search.engine.scores import Similarity
from connote.search.engine.segment import Segment

# Numbers of vectors that are compared as fast without their codes.
_FEW = 1_000_000


def pays(view: Dense) -> bool:
    """Whether it is worth while to look at codes first."""
    return kernels.is_native and view.matrix.size >= _FEW


def prepare(segment: Segment) -> Segment:
    """The same with the codes that its first search would have to make."""
    for name in segment.fields("dense"):
        view = segment.dense(name)
        if view is not None and pays(view):
            view.codes  # noqa: B018 (it makes them)
    return segment


def nearest(view: Dense, query: Floats, similarity: Similarity, allowed: Mask, count: int) -> tuple[Ints, Floats]:
    """Documents of one segment, rising, among which the nearest are, at most `count`, of those that are allowed.

    `allowed` bool [documents]. With each, how its nearest vector compares, as `scores.dense` tells it.
    """
    if pays(view):
        documents = candidates(view, query, similarity, allowed, count)
        rows, starts = view.owners.rows_of(documents)
        return documents, _best(scores.dense(view, query, similarity, rows), starts, similarity)
    return every(view, query, similarity, allowed)


def every(view: Dense, query: Floats, similarity: Similarity, allowed: Mask) -> tuple[Ints, Floats]:
    """All documents that are allowed and have a vector, likewise."""
    documents = np.flatnonzero(allowed & view.exists).astype(np.int32)
    compared = scores.dense(view, query, similarity)
    if not view.owners.single:
        compared = _best(compared, view.owners.starts, similarity)
    return documents, compared[documents]


def _best(compared: Floats, starts: Ints, similarity: Similarity) -> Floats:
    return -kernels.best(-compared, starts) if similarity == "l2" else kernels.best(compared, starts)


def candidates(view: Dense, query: Floats, similarity: Similarity, allowed: Mask, count: int) -> Ints:
    """Those documents, by codes: few more than `count`, unless many are nearly as near."""
    within = allowed & view.exists
    with np.errstate(over="ignore", invalid="ignore"):
        least, most = _bounds(view, query, similarity)
        is_known = np.isfinite(least.sum() + most.sum())  # not of numbers that are too great
    if is_known:
        first = kernels.top(view.owners.best(least), within, count)
        if 0 < count == len(first):
            within &= view.owners.best(most) >= view.owners.best(least)[first[-1]]
    return np.flatnonzero(within).astype(np.int32)


def _bounds(view: Dense, query: Floats, similarity: Similarity) -> tuple[Floats, Floats]:
    """What rises as a vector is nearer, at least and at most: float32 [rows]. They have room for rounded scores."""
    least, most = view.codes.products(query, view.magnitudes)
    length, off = np.float32(np.linalg.norm(query)), np.full_like(least, 2 * ROUNDED)
    if similarity == "cosine":
        lengths = view.magnitudes * length
        least, most = (
            np.divide(each, lengths, out=np.zeros_like(each), where=lengths > 0)  # a zero vector's cosine is 0
            for each in (least, most)
        )
    elif similarity == "l2":
        squares = view.magnitudes**2
        least, most = 2 * least - squares, 2 * most - squares
        off += np.float32(ROUNDED * (len(query) + 4)) * (view.magnitudes + length) ** 2
    return least - off, most + off
