"""Phrases: terms that stand in a row, or near it; and synonyms, which count as one term."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from connote.search.analysis import Token
from connote.search.engine.arrays import Floats
from connote.search.engine.fields import Text
from connote.search.engine.scores import Bm25
from connote.search.engine.segment import Table
from connote.search.query import sloppy
from connote.search.query.query import Explanation, Hits, MatchNone, Weight
from connote.search.query.reader import Reader
from connote.search.query.term import terms_weight
from connote.search.thread import check

# A place in a document as one number: the document above, the position below.
_SHIFT = 32
_POSITION = (1 << _SHIFT) - 1


@dataclass(frozen=True)
class PhraseWeight:
    """BM25 of a phrase: how often it stands in a document, and the sum of its terms' idf.

    `slots` are, by their distance from the first term, the terms that may stand there. With `slop` the terms may be
    moved by so many places in all; a match then counts 1 / (1 + moves), as in Lucene.
    """

    field: str
    slots: Sequence[tuple[int, Sequence[str]]]
    slop: int
    weight: float
    model: Bm25

    def run(self, table: Table, *, scored: bool) -> Hits:
        """Who has the phrase."""
        view = table.text(self.field)
        if view is None:
            return Hits.none(table.size)
        frequencies = self.frequencies(view, table.size)
        mask = frequencies > 0
        if not scored:
            return Hits(mask)
        weight, one = np.float32(self.weight), np.float32(1)
        return Hits(mask, weight - weight / (one + frequencies * self.model.inverse[view.norms]))

    def explain(self, table: Table, document: int) -> Explanation | None:
        """The frequency and the weight."""
        hits = self.run(table, scored=True)
        if not hits.mask[document]:
            return None
        words = " ".join("|".join(terms) for _, terms in self.slots)
        told = f'weight({self.field}:"{words}" in {document}), phrase of weight {self.weight:g}'
        return Explanation(float(hits.points()[document]), told)

    def frequencies(self, view: Text, size: int) -> Floats:
        """float32 [size]: how often each document has the phrase; with slop, the nearer the more."""
        places = [_places(view, terms) for _, terms in self.slots]
        found = np.zeros(size, dtype=np.float32)
        if any(len(each) == 0 for each in places):
            return found
        if self.slop == 0:
            starts = places[0]
            for (offset, _), each in zip(self.slots[1:], places[1:], strict=True):
                starts = starts[np.isin(starts, each - offset, assume_unique=False)]
            np.add.at(found, starts >> _SHIFT, np.float32(1))
            return found
        self._sloppy(places, found)
        return found

    def _sloppy(self, places: list[NDArray[np.int64]], found: Floats) -> None:
        """Document by document, of those that have all terms."""
        numbers = [each >> _SHIFT for each in places]
        shared = numbers[0]
        for each in numbers[1:]:
            shared = np.intersect1d(shared, each)
        repeats = self._repeats()
        for document in np.unique(shared).tolist():
            check()
            slots = []
            for (offset, _), each, own in zip(self.slots, places, numbers, strict=True):
                first, last = np.searchsorted(own, document), np.searchsorted(own, document, side="right")
                slots.append((offset, (each[first:last] & _POSITION).tolist()))
            found[document] = sloppy.frequency(slots, repeats, self.slop)

    def _repeats(self) -> list[list[int]]:
        """The numbers of slots that have the same term."""
        groups: dict[tuple[str, ...], list[int]] = {}
        for number, (_, terms) in enumerate(self.slots):
            groups.setdefault(tuple(sorted(terms)), []).append(number)
        return [group for group in groups.values() if len(group) > 1]


def _places(view: Text, terms: Sequence[str]) -> NDArray[np.int64]:
    """int64, rising: where one of the terms stands, in which document."""
    found = []
    for term in terms:
        postings = view.postings(term)
        positions, owners = view.positions(term)
        documents = np.repeat(postings.docs.astype(np.int64), np.diff(owners.starts))
        found.append(documents << _SHIFT | positions.astype(np.int64))
    return found[0] if len(found) == 1 else np.unique(np.concatenate(found))


@dataclass(frozen=True)
class SynonymWeight:
    """Terms of one meaning, as one: frequencies add up, and the document frequency is the highest of theirs."""

    field: str
    terms: Sequence[str]
    weight: float
    model: Bm25

    def run(self, table: Table, *, scored: bool) -> Hits:
        """Who has one of them."""
        view = table.text(self.field)
        if view is None:
            return Hits.none(table.size)
        frequencies = np.zeros(table.size, dtype=np.float32)
        for term in dict.fromkeys(self.terms):
            postings = view.postings(term)
            frequencies[postings.docs] += postings.values
        mask = frequencies > 0
        if not scored:
            return Hits(mask)
        weight, one = np.float32(self.weight), np.float32(1)
        return Hits(mask, weight - weight / (one + frequencies * self.model.inverse[view.norms]))

    def explain(self, table: Table, document: int) -> Explanation | None:
        """The sum."""
        hits = self.run(table, scored=True)
        if not hits.mask[document]:
            return None
        return Explanation(
            float(hits.points()[document]), f"weight(Synonym({self.field}:{'|'.join(self.terms)}) in {document})"
        )


def weight(reader: Reader, field: str, tokens: Sequence[Token], slop: int, expands: int) -> Weight:
    """The weight of these tokens as a phrase; those at one position are alternatives.

    With `expands` the last ones are beginnings of words, of which so many are tried.
    """
    places: dict[int, list[str]] = {}
    first = tokens[0].position
    for token in tokens:
        places.setdefault(token.position - first, []).append(token.term)
    slots = [(offset, list(dict.fromkeys(terms))) for offset, terms in sorted(places.items())]
    if expands:
        offset, beginnings = slots[-1]
        slots[-1] = (offset, _beginning(reader, field, beginnings, expands))
    if any(not terms for _, terms in slots):
        return MatchNone().weigh(reader)
    if len(slots) == 1:
        terms = slots[0][1]
        apart = expands or len(terms) == 1
        return terms_weight(reader, field, dict.fromkeys(terms, 1.0)) if apart else synonyms(reader, field, terms)
    model = reader.model(field)
    frequencies = [reader.frequency(field, term) for _, terms in slots for term in terms]
    return PhraseWeight(field, slots, slop, model.weight(frequencies), model)


def _beginning(reader: Reader, field: str, beginnings: Sequence[str], most: int) -> list[str]:
    """The first words that begin so, segment by segment."""
    found: dict[str, None] = {}
    for table in reader.tables:
        view = table.text(field)
        if view is not None:
            found |= {view.terms[at]: None for each in beginnings for at in view.terms.prefixed(each)[:most]}
    return list(found)[:most]


def synonyms(reader: Reader, field: str, terms: Sequence[str]) -> Weight:
    """The weight of synonyms."""
    model = reader.model(field)
    frequency = max(reader.frequency(field, term) for term in terms)
    return SynonymWeight(field, terms, model.weight([frequency]), model)
