"""The kernels in numpy."""

import numpy as np
from numpy.typing import NDArray

from connote.search.engine.arrays import Bytes, Floats, Ints, Lists, Mask, Ranked
from connote.search.engine.strings import Strings


def accumulate(lists: Lists, values: Floats, scores: Floats, matched: Mask) -> None:
    """Add weights[t] x values[i] to scores[docs[i]] for all i of each term t, and set matched[docs[i]]."""
    for start, end, weight in zip(lists.starts.tolist(), lists.ends.tolist(), lists.weights, strict=True):
        at = lists.docs[start:end]
        scores[at] += weight * values[start:end]
        matched[at] = True


def bm25(lists: Lists, freqs: Ints, norms: Bytes, inverse: Floats, scores: Floats, matched: Mask) -> None:
    """The same, adding weight - weight / (1 + frequency x inverse[norm of the document]): Lucene's BM25Similarity."""
    one = np.float32(1)
    for start, end, weight in zip(lists.starts.tolist(), lists.ends.tolist(), lists.weights, strict=True):
        at = lists.docs[start:end]
        scores[at] += weight - weight / (one + freqs[start:end].astype(np.float32) * inverse[norms[at]])
        matched[at] = True


def rank(lists: Lists, values: Floats, owners: Ints | None, mask: Mask, count: int) -> Ranked:
    """The best documents of the mask by what `accumulate` gives for their best rows.

    `owners` says where each one's rows begin; None if rows are documents.
    """
    rows = len(mask) if owners is None else int(owners[-1])
    scores, matched = np.zeros(rows, dtype=np.float32), np.zeros(rows, dtype=np.bool_)
    accumulate(lists, values, scores, matched)
    if owners is not None:
        scores = best(np.where(matched, scores, np.float32(-np.inf)), owners)
        matched = best(matched.astype(np.float32), owners) > 0
    return _ranked(scores, matched & mask, count)


def rank_bm25(lists: Lists, freqs: Ints, norms: Bytes, inverse: Floats, mask: Mask, count: int) -> Ranked:
    """The best documents of the mask by what `bm25` gives."""
    scores, matched = np.zeros(len(mask), dtype=np.float32), np.zeros(len(mask), dtype=np.bool_)
    bm25(lists, freqs, norms, inverse, scores, matched)
    return _ranked(scores, matched & mask, count)


def _ranked(scores: Floats, mask: Mask, count: int) -> Ranked:
    docs = top(scores, mask, count)
    return Ranked(docs, scores[docs], int(np.count_nonzero(mask)))


def best(scores: Floats, starts: Ints) -> Floats:
    """The greatest score of the rows starts[d] to starts[d + 1], for each d; -inf if there is none."""
    result = np.full(len(starts) - 1, -np.inf, dtype=np.float32)
    some = starts[1:] > starts[:-1]
    if len(scores):
        result[some] = np.maximum.reduceat(scores, starts[:-1][some])
    return result


def products(codes: NDArray[np.int8], query: NDArray[np.int16]) -> Ints:
    """int32 [rows]: the product of each row with the query. It must fit."""
    return np.concatenate(
        [row[None].astype(np.int32) @ query.astype(np.int32) for row in codes] or [np.zeros(0, np.int32)]
    )


def top(scores: Floats, mask: Mask, count: int) -> Ints:
    """The `count` documents of the mask with the greatest scores, best first; among equals the smaller number.

    A score that is no number is never among them.
    """
    found = np.flatnonzero(mask & ~np.isnan(scores)).astype(np.int32)
    if count <= 0:
        return found[:0]
    if count < len(found):
        scored = scores[found]
        least = np.partition(scored, len(found) - count)[len(found) - count]
        found = found[scored >= least]
    order = np.argsort(-scores[found], kind="stable")
    return found[order[:count]]


def distinct(strings: Strings) -> tuple[Ints, Ints]:
    """Of strings in any order: the numbers of the distinct ones, sorted, and each one's place among these."""
    raw = [strings.raw(number) for number in range(len(strings))]
    first = {string: number for number, string in reversed(list(enumerate(raw)))}
    places = {string: place for place, string in enumerate(sorted(first))}
    return (
        np.fromiter((first[string] for string in places), dtype=np.int32, count=len(places)),
        np.fromiter((places[string] for string in raw), dtype=np.int32, count=len(raw)),
    )
