"""How many bytes the fields of an index take, as `_disk_usage` tells it.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-indices-disk-usage
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connote.search.engine.arrays import Arrays, below
from connote.search.engine.segment import SEQUENCE, Segment
from connote.search.index import Index

# What the bytes of a field are used for; inverted indices are told by more words.
STRUCTURES = ("inverted_index", "stored_fields", "doc_values", "points", "norms", "term_vectors", "knn_vectors")
# Of text, keywords and sparse vectors: the arrays that lead from a term to its documents. Others lead from a document
# to its values.
_INVERTED = ("terms", "starts", "docs", "freqs", "positions", "position_starts", "weights")
_WITH_TERMS = ("text", "words", "sparse")
_OF_DOCUMENTS = {
    "ids": ("_id", "inverted_index"), "seqs": (SEQUENCE, "doc_values"), "versions": ("_version", "doc_values"),
}  # fmt: skip
_MANY = 1000  # documents at a time


@dataclass(frozen=True)
class Usage:
    """Bytes of an index: of its files, and by field and structure of the arrays in its segments."""

    files: int
    fields: Mapping[str, Mapping[str, int]]


def of(index: Index) -> Usage:
    """What the index uses. Reads the sizes of its files and of all documents, which takes time."""
    fields: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for segment in index.snapshot().segments:
        for field, structure, size in _arrays(segment.arrays):
            fields[field][structure] += size
        fields["_source"]["stored_fields"] += _stored(index, segment)
    return Usage(index.size(), dict(sorted(fields.items())))


def _stored(index: Index, segment: Segment) -> int:
    seqs = segment.seqs[segment.live].tolist()
    return sum(index.documents.length(seqs[at : at + _MANY]) for at in range(0, len(seqs), _MANY))


def _arrays(arrays: Arrays) -> Iterator[tuple[str, str, int]]:
    """Of each array the field, the structure and the size."""
    for key, array in arrays.items():
        if key[0] in _OF_DOCUMENTS:
            yield *_OF_DOCUMENTS[key[0]], array.nbytes
        elif key[0] != "nested":
            yield key[1], _structure(key[0], key[2]), array.nbytes
    for path in {key[1] for key in arrays if key[0] == "nested"}:
        inner = dict(below(arrays, "nested", path))
        yield path, "doc_values", inner.pop(("owners",)).nbytes
        yield from _arrays(inner)


def _structure(kind: str, name: str) -> str:
    if kind == "dense":
        return "knn_vectors"
    if name == "norms":
        return "norms"
    return "inverted_index" if kind in _WITH_TERMS and name in _INVERTED else "doc_values"
