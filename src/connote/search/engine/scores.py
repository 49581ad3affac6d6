"""Scores of documents: BM25, sparse and dense vectors."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from connote.search.engine import kernels
from connote.search.engine.arrays import Floats, Lists, Mask, Ranked
from connote.search.engine.codes import Similarity
from connote.search.engine.fields import Dense, Inverted, Sparse, Text, Words
from connote.search.engine.norms import LENGTHS
from connote.search.engine.segment import Segment, Snapshot, Table

_BLOCK = 4096
_LEAST = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class Bm25:
    """BM25 over one field, in Lucene's arithmetic (float32, lengths in one byte), and with the factor k1 + 1.

    That is its LegacyBM25Similarity, by which Elasticsearch scores (https://issues.apache.org/jira/browse/LUCENE-8563);
    if not `has_factor`, its BM25Similarity.

    `count` documents have the field, and `sum_length` terms together, as Lucene counts: deleted ones too. Without norms
    all lengths are 1; boolean, a term counts its boost, however rare it is and often it stands (BooleanSimilarity).
    """

    count: int
    sum_length: int
    k1: float = 1.2
    b: float = 0.75
    has_norms: bool = True
    is_boolean: bool = False
    has_factor: bool = True

    @classmethod
    def of(cls, tables: Iterable[Table], field: str, k1: float = 1.2, b: float = 0.75) -> "Bm25":
        """From all segments of a snapshot (or a nested path's tables), for a field of text or words."""
        views = [view for table in tables if (view := table.text(field) or table.words(field)) is not None]
        return cls(sum(view.count for view in views), sum(view.sum_length for view in views), k1, b)

    def idf(self, frequency: int) -> np.float32:
        """ln(1 + (N - n + 0.5) / (n + 0.5)), for a term that stands in n of the N documents."""
        if self.is_boolean:
            return np.float32(1)
        return np.float32(np.log(1 + (self.count - frequency + 0.5) / (frequency + 0.5)))

    def weight(self, frequencies: Sequence[int], boost: float = 1.0) -> float:
        """Of a term, or of several in a row: boost x (k1 + 1) x the sum of their idf."""
        if self.is_boolean:
            return boost
        idf = np.float32(sum(float(self.idf(each)) for each in frequencies if each))
        return float(np.float32(boost) * np.float32(1 + self.k1 * self.has_factor) * idf)

    @cached_property
    def inverse(self) -> Floats:
        """float32 [256]: 1 / (k1 (1 - b + b x length / average)) for each code of a length."""
        if self.is_boolean:
            return np.full(len(LENGTHS), 1e30, dtype=np.float32)  # so that one occurrence counts in full
        k1, b, one = np.float32(self.k1), np.float32(self.b), np.float32(1)
        average = np.float32(self.sum_length / self.count) if self.count else one
        lengths = LENGTHS if self.has_norms else np.ones_like(LENGTHS)
        with np.errstate(divide="ignore"):  # infinite if nothing dampens, and a term counts in full
            return (one / (k1 * ((one - b) + b * lengths / average))).astype(np.float32)


def shown(tables: Iterable[tuple[Table, Mask]], field: str, k1: float, b: float) -> Bm25:
    """BM25 from those rows alone that have a mask [rows] each; their lengths are those that scores count by."""
    count = length = 0
    for table, live in tables:
        if (text := table.text(field)) is not None:
            norms = text.norms[live]
            count, length = count + int(np.count_nonzero(norms)), length + int(LENGTHS[norms].sum())
        elif (words := table.words(field)) is not None:
            count += int(np.count_nonzero(words.exists & live))
            length += int(np.count_nonzero(live[words.owners.numbers]))
    return Bm25(count, length, k1, b)


def frequency(tables: Iterable[Table], field: str, term: str) -> int:
    """In how many documents of all segments a term (or word) is, deleted ones too."""
    views = (table.text(field) or table.words(field) for table in tables)
    return sum(view.frequency(term) for view in views if view is not None)


def bm25(table: Table, field: str, weights: Mapping[str, float], model: Bm25) -> tuple[Floats, Mask]:
    """One segment's scores, and who has one of the terms (deleted ones too). Weights are those of the model, by term.

    A field of words counts as Lucene's without norms: each word once, and all lengths 1.
    """
    scores, matched = np.zeros(table.size, dtype=np.float32), np.zeros(table.size, dtype=np.bool_)
    view: Text | Words | None = table.text(field) or table.words(field)
    if view is not None:
        freqs = view.freqs if isinstance(view, Text) else np.ones_like(view.docs)
        norms = view.norms if isinstance(view, Text) else np.ones(table.size, dtype=np.uint8)
        kernels.bm25(_lists(view, weights), freqs, norms, model.inverse, scores, matched)
    return scores, matched


def sparse(view: Sparse, weights: Mapping[str, float]) -> tuple[Floats, Mask]:
    """One segment's dot products: float32 [rows], and which rows have one of the tokens.

    `view.owners.best` makes scores of documents of them, `view.owners.any` the documents that match.
    """
    scores, matched = np.zeros(view.owners.rows, dtype=np.float32), np.zeros(view.owners.rows, dtype=np.bool_)
    kernels.accumulate(_lists(view, weights), view.weights, scores, matched)
    return scores, matched


def dense(view: Dense, query: Floats, similarity: Similarity, rows: NDArray[np.integer] | None = None) -> Floats:
    """One segment's products, cosines or squared distances: float32 [rows]; with `rows` of those alone.

    A zero vector's cosine is 0.
    """
    matrix = view.matrix if rows is None else view.matrix[rows]
    if similarity == "l2":
        blocks = [matrix[at : at + _BLOCK] - query for at in range(0, len(matrix), _BLOCK)]
        return np.concatenate(
            [np.einsum("ij,ij->i", block, block) for block in blocks] or [np.zeros(0, dtype=np.float32)]
        )
    products: Floats = matrix @ query
    if similarity == "cosine":
        length = np.sqrt(np.dot(query, query))
        lengths = (view.magnitudes if rows is None else view.magnitudes[rows]) * length
        if view.shortest * float(length) > _LEAST:  # in no row the product of lengths is rounded to zero
            products /= lengths
        else:
            products = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return products


class Hits(NamedTuple):
    """Over all segments: (segment, document, score), best first, among equals the older; how many there are in all."""

    found: list[tuple[int, int, float]]
    total: int


def top(snapshot: Snapshot, parts: Sequence[tuple[Floats, Mask]], count: int) -> Hits:
    """The best of scores that are at hand. `parts` has those of each segment's documents, and which of them count.

    Deleted documents are left out here.
    """
    ranked = []
    for segment, (scores, matched) in zip(snapshot.segments, parts, strict=True):
        mask = np.logical_and(matched, segment.live)
        docs = kernels.top(scores, mask, count)
        ranked.append(Ranked(docs, scores[docs], int(np.count_nonzero(mask))))
    return _hits(ranked, count)


def top_sparse(
    snapshot: Snapshot, field: str, weights: Mapping[str, float], count: int, masks: Sequence[Mask] | None = None
) -> Hits:
    """The best by one sparse field alone, faster than `sparse` and `top`. `masks`: who may be found, a segment each."""
    return _hits([rank_sparse(each, field, weights, mask, count) for each, mask in _masked(snapshot, masks)], count)


def rank_sparse(table: Table, field: str, weights: Mapping[str, float], mask: Mask, count: int) -> Ranked:
    """The best of one segment. `mask` has its size, and is made for the kernels."""
    view = table.sparse(field)
    if view is None:
        return _NONE
    owners = None if view.owners.single else view.owners.starts
    return kernels.rank(_lists(view, weights), view.weights, owners, mask, count)


def top_bm25(
    snapshot: Snapshot,
    field: str,
    weights: Mapping[str, float],
    model: Bm25,
    count: int,
    masks: Sequence[Mask] | None = None,
) -> Hits:
    """The best by one text field alone, faster than `bm25` and `top`; weights are boost x idf, by term."""
    return _hits(
        [rank_bm25(each, field, weights, model, mask, count) for each, mask in _masked(snapshot, masks)], count
    )


def rank_bm25(table: Table, field: str, weights: Mapping[str, float], model: Bm25, mask: Mask, count: int) -> Ranked:
    """The best of one segment. `mask` has its size, and is made for the kernels."""
    view = table.text(field)
    if view is None:
        return _NONE
    return kernels.rank_bm25(_lists(view, weights), view.freqs, view.norms, model.inverse, mask, count)


_NONE = Ranked(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32), 0)


def _masked(snapshot: Snapshot, masks: Sequence[Mask] | None) -> Iterable[tuple[Segment, Mask]]:
    """The segments, and who may be found in each: a mask of its size, made for the kernels."""
    if masks is None:
        return ((segment, segment.live) for segment in snapshot.segments)
    return (
        (segment, np.logical_and(mask, segment.live)) for segment, mask in zip(snapshot.segments, masks, strict=True)
    )


def _hits(ranked: Sequence[Ranked], count: int) -> Hits:
    found = [
        (number, doc, score)
        for number, part in enumerate(ranked)
        for doc, score in zip(part.docs.tolist(), part.scores.tolist(), strict=True)
    ]
    found.sort(key=lambda hit: -hit[2])
    return Hits(found[: max(count, 0)], sum(part.total for part in ranked))


def _lists(view: Inverted, weights: Mapping[str, float]) -> Lists:
    """The lists of those terms that are here."""
    found, factors = view.find_all(weights), list(weights.values())
    if -1 in found:
        here = [at for at, ordinal in enumerate(found) if ordinal >= 0]
        found, factors = [found[at] for at in here], [factors[at] for at in here]
    ordinals = np.array(found, dtype=np.int64)
    return Lists(view.docs, view.starts[ordinals], view.starts[ordinals + 1], np.array(factors, dtype=np.float32))
