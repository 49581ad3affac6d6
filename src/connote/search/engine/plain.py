"""The kernels in numpy."""

import numpy as np

from connote.search.engine.arrays import Bytes, Floats, Ints, Lists, Mask, Ranked
from connote.search.engine.codes import ROUNDED, Asked, Codes
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


def near(codes: Codes, asked: Asked, owners: Ints | None, mask: Mask, count: int) -> Ints:
    """Documents of the mask, rising, among which are the `count` that are nearest: all that can be, for what is known.

    `owners` says where each one's rows begin; None if rows are documents.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        least, most = bounds(codes, asked)
    if np.isfinite(least).all() and np.isfinite(most).all():  # not of numbers that are too great
        if owners is not None:
            least, most = best(least, owners), best(most, owners)
        first = top(least, mask, count)
        if 0 < count == len(first):
            mask = mask & (most >= least[first[-1]])
    return np.flatnonzero(mask).astype(np.int32)


def bounds(codes: Codes, asked: Asked) -> tuple[Floats, Floats]:
    """What rises as a row is nearer, at least and at most: float32 [rows]. What is compared exactly lies between."""
    sums = np.array([row.astype(np.int64) @ asked.codes.astype(np.int64) for row in codes.values], dtype=np.float64)
    own = codes.lengths.astype(np.float64)
    about = sums * (codes.scales.astype(np.float64) * asked.step)
    off = codes.errors.astype(np.float64) * asked.per_error + own * asked.per_length + asked.least
    if asked.similarity == "cosine":
        lengths = (codes.lengths * np.float32(asked.length)).astype(np.float64)
        some = lengths > 0  # a zero vector's cosine is 0
        about, off = (np.divide(each, lengths, out=np.zeros_like(each), where=some) for each in (about, off))
    elif asked.similarity == "l2":
        both = own + asked.length
        about, off = about * 2 - own * own, off * 2 + both * both * asked.room
    off = off + 2 * ROUNDED
    return (about - off).astype(np.float32), (about + off).astype(np.float32)


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
