"""The nearest of many vectors: most are seen to be too far by their codes, and the rest is compared exactly."""

import numpy as np

from connote.search.engine import kernels, scores
from connote.search.engine.arrays import Floats, Ints, Mask
from connote.search.engine.codes import Asked, Similarity
from connote.search.engine.fields import Dense
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
    within, asked = allowed & view.exists, Asked.of(query, similarity)
    if asked is None:
        return np.flatnonzero(within).astype(np.int32)
    return kernels.near(view.codes, asked, None if view.owners.single else view.owners.starts, within, count)
