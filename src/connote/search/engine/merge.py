"""From several segments to the arrays of one, without what was deleted. Documents keep their order."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from connote.search.engine import ids as hashing
from connote.search.engine import kernels
from connote.search.engine.arrays import Array, Ints, Longs, Mask, Stream, repeated, under
from connote.search.engine.fields import Dense, Inverted, Numbers, Owned, Points, Sparse, Text, Words
from connote.search.engine.segment import Nested, Segment, Table
from connote.search.engine.strings import Strings, concatenated

_View_co = TypeVar("_View_co", covariant=True)
# Postings that are moved at a time: no step holds other threads up, and temporary arrays are small.
_BLOCK = 1 << 18


@dataclass(frozen=True)
class _Source(Generic[_View_co]):
    """What one segment brings: its view of a field, or None, and which documents of its table stay."""

    view: _View_co | None
    kept: Mask


def merge(segments: Sequence[Segment]) -> Stream:
    """The arrays of a segment with the live documents of all."""
    yield ("seqs",), np.concatenate([segment.seqs[segment.live] for segment in segments])
    yield ("versions",), np.concatenate([segment.versions[segment.live] for segment in segments])
    ids = concatenated([segment.ids.strings.take(np.flatnonzero(segment.live)) for segment in segments])
    yield ("ids", "data"), ids.data
    yield ("ids", "starts"), ids.starts
    yield from hashing.index(np.concatenate([segment.ids.hashed()[segment.live] for segment in segments]))
    yield from _tables([_Source(segment, segment.live) for segment in segments])


def _tables(sources: Sequence[_Source[Table]]) -> Stream:
    tables = [source.view for source in sources if source.view is not None]
    for kind, (view, merged) in _KINDS.items():
        for name in sorted({name for table in tables for name in table.fields(kind)}):
            views = [_Source(_left(source, view, name), source.kept) for source in sources]
            if any(source.view is not None for source in views):
                yield from under((kind, name), merged(views))


def _left(source: _Source[Table], view: Callable[[Table, str], Any], name: str) -> Any:  # noqa: ANN401  # any view
    """A table's view of a field, if a document that stays has the field."""
    found = None if source.view is None else view(source.view, name)
    if found is None:
        return None
    exists = found.exists if isinstance(found, Text) else found.owners.exists
    return found if np.any(exists & source.kept) else None


def _text(sources: Sequence[_Source[Text]]) -> Stream:
    yield ("norms",), _values(sources, lambda text: text.norms, np.uint8)
    yield ("present",), _values(sources, lambda text: text.exists, np.bool_)
    lists = _Lists(_renumbered(sources))
    yield from lists.dictionary()
    yield ("docs",), lists.docs()
    yield ("freqs",), lists.interleaved(lambda text, at, kept: text.freqs[at][kept], np.int32)
    totals = [part.sums(part.view.freqs) for part in lists.parts]
    yield ("position_starts",), lists.starts(totals)
    yield ("positions",), lists.interleaved(_positions, np.int32, totals)


def _positions(text: Text, at: slice, kept: Mask) -> Ints:
    """The positions of those postings in a slice that are kept."""
    freqs = text.freqs[at]
    begin = int(text.position_starts[np.searchsorted(text.starts, at.start)])  # a slice begins with a term
    return text.all_positions[begin : begin + int(freqs.sum())][repeated(kept, freqs)]


def _words(sources: Sequence[_Source[Words]]) -> Stream:
    yield ("owners",), _owners(sources)
    lists = _Lists(_renumbered(sources))
    yield from lists.dictionary()
    yield ("docs",), lists.docs()
    ordinals = iter(lists.ordinals)
    yield from _concatenated(sources, ordinals=lambda words: next(ordinals)[words.ordinals])


def _numbers(sources: Sequence[_Source[Numbers]]) -> Stream:
    yield ("owners",), _owners(sources)
    yield from _concatenated(sources, values=lambda numbers: numbers.values)


def _points(sources: Sequence[_Source[Points]]) -> Stream:
    yield ("owners",), _owners(sources)
    yield from _concatenated(
        sources, latitudes=lambda points: points.latitudes, longitudes=lambda points: points.longitudes
    )


def _sparse(sources: Sequence[_Source[Sparse]]) -> Stream:
    yield ("owners",), _owners(sources)
    lists = _Lists(_renumbered([_Source(source.view, _rows(source)) for source in sources]))
    yield from lists.dictionary()
    yield ("docs",), lists.docs()
    yield ("weights",), lists.interleaved(lambda sparse, at, kept: sparse.weights[at][kept], np.float32)


def _dense(sources: Sequence[_Source[Dense]]) -> Stream:
    yield ("owners",), _owners(sources)
    yield from _concatenated(sources, matrix=lambda dense: dense.matrix, magnitudes=lambda dense: dense.magnitudes)


def _nested(sources: Sequence[_Source[Nested]]) -> Stream:
    yield ("owners",), _owners(sources)
    yield from _tables([_Source(source.view, _rows(source)) for source in sources])


_KINDS: dict[str, tuple[Callable[[Table, str], Any], Callable[[Sequence[_Source[Any]]], Stream]]] = {
    "text": (Table.text, _text),
    "words": (Table.words, _words),
    "numbers": (Table.numbers, _numbers),
    "points": (Table.points, _points),
    "sparse": (Table.sparse, _sparse),
    "dense": (Table.dense, _dense),
    "nested": (Table.nested, _nested),
}


def _values(sources: Sequence[_Source[_View_co]], array: Callable[[_View_co], Array], type_: type) -> Array:
    """One value a document, 0 where a segment lacks the field."""
    return np.concatenate(
        [
            np.zeros(np.count_nonzero(source.kept), dtype=type_)
            if source.view is None
            else array(source.view)[source.kept]
            for source in sources
        ]
    )


def _owners(sources: Sequence[_Source[Owned | Nested]]) -> Ints:
    starts = np.zeros(sum(np.count_nonzero(source.kept) for source in sources) + 1, dtype=np.int32)
    np.cumsum(_values(sources, lambda view: np.diff(view.owners.starts), np.int32), out=starts[1:])
    return starts


def _rows(source: _Source[Owned | Nested]) -> Mask:
    """Which rows belong to documents that stay."""
    if source.view is None:
        return np.zeros(0, dtype=np.bool_)
    return repeated(source.kept, np.diff(source.view.owners.starts))


def _concatenated(sources: Sequence[_Source[Any]], **parts: Callable[[Any], Array]) -> Stream:
    """Arrays of one value a row."""
    for name, array in parts.items():
        yield (name,), np.concatenate([array(source.view)[_rows(source)] for source in sources if source.view])


class _Part:
    """The posting lists of one segment, and what becomes of the numbers in them."""

    def __init__(self, view: Any, numbers: Ints) -> None:  # noqa: ANN401  # any view with lists
        self.view, self._numbers = view, numbers
        self.counts = self.sums(None)

    def blocks(self) -> Iterator[tuple[slice, slice, Ints]]:
        """The lists, some terms at a time: which terms, which postings, and their new numbers, -1 for deleted ones."""
        starts, begin = self.view.starts, 0
        while begin < len(starts) - 1:
            end = max(begin + 1, int(np.searchsorted(starts, starts[begin] + _BLOCK, side="right")) - 1)
            postings = slice(int(starts[begin]), int(starts[end]))
            yield slice(begin, end), postings, self._numbers[self.view.docs[postings]]
            begin = end

    def sums(self, values: Ints | None) -> Longs:
        """For each term, the sum of these values over the postings that are kept; without values, their number."""
        sums = np.zeros(len(self.view.terms), dtype=np.int64)
        for terms, postings, numbers in self.blocks():
            kept = (numbers >= 0).astype(np.int64)
            if values is not None:
                kept *= values[postings]
            sums[terms] = np.add.reduceat(kept, self.view.starts[terms] - postings.start)  # no list is empty
        return sums


class _Lists:
    """The lists of all segments for one field, and the dictionary of the terms that have any left."""

    def __init__(self, parts: Sequence[_Part]) -> None:
        self.parts = parts
        self._used = [part.counts > 0 for part in parts]
        terms = concatenated(
            [part.view.terms.take(np.flatnonzero(used)) for part, used in zip(parts, self._used, strict=True)]
        )
        firsts, ordinals = kernels.distinct(terms)
        self._terms: Strings = terms.take(firsts)
        self.ordinals = []  # for each part, from its ordinals to the new ones; 0 for those that are gone
        begin = 0
        for used in self._used:
            new = np.zeros(len(used), dtype=np.int32)
            end = begin + int(np.count_nonzero(used))
            new[used] = ordinals[begin:end]
            self.ordinals.append(new)
            begin = end

    def dictionary(self) -> Stream:
        """The terms, and where their lists begin."""
        yield ("terms", "data"), self._terms.data
        yield ("terms", "starts"), self._terms.starts
        yield ("starts",), self.starts([part.counts for part in self.parts])

    def starts(self, counts: Sequence[Longs]) -> Longs:
        """Where each term's elements begin, if the parts bring so many for each of their terms."""
        starts = np.zeros(len(self._terms) + 1, dtype=np.int64)
        for count, new, used in zip(counts, self.ordinals, self._used, strict=True):
            starts[new[used] + 1] += count[used]
        np.cumsum(starts, out=starts)
        return starts

    def docs(self) -> Array:
        """The new numbers of documents."""
        return self._placed([part.counts for part in self.parts], np.int32, None)

    def interleaved(
        self, take: Callable[[Any, slice, Mask], Array], type_: type, counts: Sequence[Longs] | None = None
    ) -> Array:
        """What `take` gives of each slice of postings for those that are kept, term by term, and part by part."""
        return self._placed([part.counts for part in self.parts] if counts is None else counts, type_, take)

    def _placed(self, counts: Sequence[Longs], type_: type, take: Callable[[Any, slice, Mask], Array] | None) -> Array:
        starts = self.starts(counts)
        placed: Array = np.empty(int(starts[-1]), dtype=type_)
        free = starts.copy()
        for part, count, new, used in zip(self.parts, counts, self.ordinals, self._used, strict=True):
            for terms, postings, numbers in part.blocks():
                kept = numbers >= 0
                elements = numbers[kept] if take is None else take(part.view, postings, kept)
                many = count[terms]
                first = free[new[terms]] - (np.cumsum(many) - many)
                placed[repeated(first, many) + np.arange(len(elements))] = elements
            free[new[used]] += count[used]
        return placed


def _renumbered(sources: Sequence[_Source[Inverted]]) -> list[_Part]:
    """The segments that have the field, with the numbers that their documents (or rows) get."""
    parts: list[_Part] = []
    begin = 0
    for source in sources:
        count = int(np.count_nonzero(source.kept))
        if source.view is not None:
            numbers = np.full(len(source.kept), -1, dtype=np.int32)
            numbers[source.kept] = np.arange(begin, begin + count, dtype=np.int32)
            parts.append(_Part(source.view, numbers))
        begin += count
    return parts
