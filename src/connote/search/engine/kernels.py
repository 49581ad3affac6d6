"""The hot loops."""

import numpy as np

from connote.search.engine.arrays import Bytes, Floats, Ints, Longs, Mask


def accumulate(
    scores: Floats, matched: Mask | None, docs: Ints, values: Floats, starts: Longs, ends: Longs, weights: Floats
) -> None:
    """Add weights[t] x values[i] to scores[docs[i]], for each term t and each i from starts[t] to ends[t].

    `matched` is set where anything is added. A document stands at most once in a term's list.
    """
    for start, end, weight in zip(starts.tolist(), ends.tolist(), weights, strict=True):
        at = docs[start:end]
        scores[at] += weight * values[start:end]
        if matched is not None:
            matched[at] = True


def bm25(
    scores: Floats,
    matched: Mask | None,
    docs: Ints,
    freqs: Ints,
    norms: Bytes,
    starts: Longs,
    ends: Longs,
    weights: Floats,
    inverse: Floats,
) -> None:
    """The same, adding weight - weight / (1 + frequency x inverse[norm of the document]): Lucene's BM25Similarity."""
    one = np.float32(1)
    for start, end, weight in zip(starts.tolist(), ends.tolist(), weights, strict=True):
        at = docs[start:end]
        frequencies = freqs[start:end].astype(np.float32)
        scores[at] += weight - weight / (one + frequencies * inverse[norms[at]])
        if matched is not None:
            matched[at] = True


def best(scores: Floats, starts: Ints) -> Floats:
    """The greatest score of the rows starts[d] to starts[d + 1], for each d; -inf if there is none."""
    result = np.full(len(starts) - 1, -np.inf, dtype=np.float32)
    some = starts[1:] > starts[:-1]
    if len(scores):
        result[some] = np.maximum.reduceat(scores, starts[:-1][some])
    return result


def top(scores: Floats, mask: Mask, count: int) -> Ints:
    """The `count` documents of the mask with the greatest scores, best first; among equals the smaller number."""
    found = np.flatnonzero(mask).astype(np.int32)
    if count <= 0:
        return found[:0]
    if count < len(found):
        scored = scores[found]
        least = np.partition(scored, len(found) - count)[len(found) - count]
        found = found[scored >= least]
    order = np.argsort(-scores[found], kind="stable")
    return found[order[:count]]
