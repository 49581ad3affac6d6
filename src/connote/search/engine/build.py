"""From rows to the arrays of a segment."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Generic, TypeVar

import numpy as np

from connote.search.engine import ids, kernels, norms
from connote.search.engine.arrays import Arrays, Ints, Stream, under
from connote.search.engine.row import Fields, Row, Tokens, Vector
from connote.search.engine.strings import Strings

_Value = TypeVar("_Value")


@dataclass(slots=True)
class _Column(Generic[_Value]):
    """The values of one field: `docs` says whose each is."""

    docs: list[int] = field(default_factory=list)
    values: list[_Value] = field(default_factory=list)


def build(rows: Sequence[Row]) -> Stream:
    """The arrays of a segment with these rows, whose ids are distinct, in this order."""
    yield ("seqs",), np.array([row.seq for row in rows], dtype=np.int64)
    yield ("versions",), np.array([row.version for row in rows], dtype=np.int64)
    yield from ids.build([row.id for row in rows])
    yield from _table(rows)


def columns(rows: Sequence[Fields]) -> Arrays:
    """The arrays of a table with these rows."""
    return dict(_table(rows))


def _table(rows: Sequence[Fields]) -> Stream:
    size = len(rows)
    for name, tokens in _columns(row.terms for row in rows).items():
        yield from under(("text", name), _text(tokens, size))
    for name, words in _columns(row.words for row in rows).items():
        yield from under(("words", name), _words(words, size))
    for name, numbers in _columns(row.numbers for row in rows).items():
        yield from under(("numbers", name), _numbers(numbers, size))
    for name, points in _columns(row.points for row in rows).items():
        yield from under(("points", name), _points(points, size))
    for name, vectors in _columns(row.sparse for row in rows).items():
        yield from under(("sparse", name), _sparse(vectors, size))
    for name, matrices in _columns(row.dense for row in rows).items():
        yield from under(("dense", name), _dense(matrices, size))
    for path, objects in _columns(row.nested for row in rows).items():
        yield from under(("nested", path), _nested(objects, size))


def _columns(values: Iterable[Mapping[str, _Value]]) -> Mapping[str, _Column[_Value]]:
    """The values of each field, without empty sequences, but with texts of no terms."""
    columns: defaultdict[str, _Column[Any]] = defaultdict(_Column)
    for doc, fields in enumerate(values):
        for name, value in fields.items():
            if len(value):  # type: ignore[arg-type]  # all are sequences; two of tokens are never empty
                columns[name].docs.append(doc)
                columns[name].values.append(value)
    return columns


def _text(column: _Column[Tokens], size: int) -> Stream:
    counts = np.fromiter((len(tokens.terms) for tokens in column.values), dtype=np.int64, count=len(column.values))
    docs = np.repeat(np.array(column.docs, dtype=np.int32), counts)
    positions = np.fromiter(chain.from_iterable(tokens.positions for tokens in column.values), np.int32, len(docs))
    present = np.zeros(size, dtype=np.bool_)
    present[column.docs] = True
    rising = np.ones(len(docs), dtype=np.bool_)
    rising[1:] = (docs[1:] != docs[:-1]) | (positions[1:] > positions[:-1])
    lengths = np.bincount(docs[rising], minlength=size)
    terms, ordinals = _ordinals(chain.from_iterable(tokens.terms for tokens in column.values), len(docs))
    order = np.argsort(ordinals, kind="stable")
    ordinals, docs = ordinals[order], docs[order]
    first = np.ones(len(docs), dtype=np.bool_)  # where a posting begins
    first[1:] = (ordinals[1:] != ordinals[:-1]) | (docs[1:] != docs[:-1])
    begins = np.flatnonzero(first)
    yield from _dictionary(terms)
    yield ("starts",), _starts(ordinals[begins], len(terms)).astype(np.int64)
    yield ("docs",), docs[begins]
    yield ("freqs",), np.diff(begins, append=len(docs)).astype(np.int32)
    yield ("norms",), norms.encode(lengths)
    yield ("present",), present
    yield ("position_starts",), _starts(ordinals, len(terms)).astype(np.int64)
    yield ("positions",), positions[order]


def _words(column: _Column[Sequence[str]], size: int) -> Stream:
    docs = _owners(column)
    terms, ordinals = _ordinals(chain.from_iterable(column.values), len(docs))
    pairs = np.sort(docs.astype(np.int64) << 32 | ordinals)
    pairs = pairs[np.diff(pairs, prepend=-1) > 0]  # a document has a word once
    docs, ordinals = (pairs >> 32).astype(np.int32), pairs.astype(np.int32)
    order = np.argsort(ordinals, kind="stable")
    yield from _dictionary(terms)
    yield ("starts",), _starts(ordinals, len(terms)).astype(np.int64)
    yield ("docs",), docs[order]
    yield ("ordinals",), ordinals
    yield ("owners",), _starts(docs, size)


def _numbers(column: _Column[Sequence[int | float]], size: int) -> Stream:
    flat = list(chain.from_iterable(column.values))
    real = any(isinstance(value, float) for value in flat)
    yield ("values",), np.array(flat, dtype=np.float64 if real else np.int64)
    yield ("owners",), _starts(_owners(column), size)


def _points(column: _Column[Sequence[tuple[float, float]]], size: int) -> Stream:
    places = np.array(list(chain.from_iterable(column.values)), dtype=np.float64)
    yield ("latitudes",), places[:, 0].copy()
    yield ("longitudes",), places[:, 1].copy()
    yield ("owners",), _starts(_owners(column), size)


def _sparse(column: _Column[Sequence[Vector]], size: int) -> Stream:
    vectors = list(chain.from_iterable(column.values))
    counts = np.fromiter((len(vector.tokens) for vector in vectors), dtype=np.int64, count=len(vectors))
    rows = np.repeat(np.arange(len(vectors), dtype=np.int32), counts)
    tokens, ordinals = _ordinals(chain.from_iterable(vector.tokens for vector in vectors), len(rows))
    weights = np.concatenate([np.asarray(vector.weights, dtype=np.float32) for vector in vectors])
    order = np.argsort(ordinals, kind="stable")
    yield from _dictionary(tokens)
    yield ("starts",), _starts(ordinals, len(tokens)).astype(np.int64)
    yield ("docs",), rows[order]
    yield ("weights",), weights[order]
    yield ("owners",), _starts(_owners(column), size)


def _dense(column: _Column[Any], size: int) -> Stream:
    matrix = np.concatenate(column.values, dtype=np.float32)
    yield ("matrix",), matrix
    yield ("magnitudes",), np.sqrt(np.einsum("ij,ij->i", matrix, matrix))
    yield ("owners",), _starts(_owners(column), size)


def _nested(column: _Column[Sequence[Fields]], size: int) -> Stream:
    yield ("owners",), _starts(_owners(column), size)
    yield from _table(list(chain.from_iterable(column.values)))


def _owners(column: _Column[Any]) -> Ints:
    """Whose each single value is."""
    return np.repeat(np.array(column.docs, dtype=np.int32), [len(value) for value in column.values])


def _ordinals(strings: Iterable[str], count: int) -> tuple[Strings, Ints]:
    """The distinct strings, sorted, and each string's place among them."""
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__  # a new string has the next number
    seen = np.fromiter((numbers[string] for string in strings), dtype=np.int32, count=count)
    known = Strings.of(numbers)
    order, places = kernels.distinct(known)
    return known.take(order), places[seen]


def _dictionary(terms: Strings) -> Stream:
    yield ("terms", "data"), terms.data
    yield ("terms", "starts"), terms.starts


def _starts(numbers: Ints, size: int) -> Ints:
    """Of `numbers`, of which each is below `size`: where each begins once they are sorted, and the end."""
    starts = np.zeros(size + 1, dtype=np.int32)
    np.cumsum(np.bincount(numbers, minlength=size), out=starts[1:])
    return starts
